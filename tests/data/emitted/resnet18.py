"""ResNet-18.

He et al., Deep Residual Learning for Image Recognition, 2015, as torchvision builds it:
no bias in convolutions, batch normalisation after each, a strided 1 x 1 convolution
where a shortcut changes the shape. Published: 11,689,512 parameters, 1.814 GMACs. The
names are torchvision's, so that its checkpoints load.

11,689,512 parameters and 1,814,073,344 multiply-accumulates for an input of
3 x 224 x 224, batch 1.
"""

import torch
from torch import Tensor, nn


class Downsample(nn.Sequential):
    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, channels, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(channels),
        )


class BasicBlock(nn.Module):
    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or in_channels != channels:
            self.downsample = Downsample(in_channels, channels, stride)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        x = self.conv1(x)  # [B, channels, (H - 1) // stride + 1, (W - 1) // stride + 1]
        x = self.bn1(x)
        x = self.relu1(x)
        x = self.conv2(x)
        x = self.bn2(x)
        if self.downsample is not None:
            identity = self.downsample(identity)
        x = x + identity  # [B, channels, (H - 1) // stride + 1, (W - 1) // stride + 1]
        x = self.relu2(x)
        return x


class ResNet18(nn.Module):
    """ResNet-18."""

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64), BasicBlock(64, 64))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))
        self.layer3 = nn.Sequential(
            BasicBlock(128, 256, stride=2), BasicBlock(256, 256)
        )
        self.layer4 = nn.Sequential(
            BasicBlock(256, 512, stride=2), BasicBlock(512, 512)
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # [B, 64, 112, 112]
        x = self.bn1(x)
        x = self.relu(x)
        x = self.maxpool(x)  # [B, 64, 56, 56]
        x = self.layer1(x)
        x = self.layer2(x)  # [B, 128, 28, 28]
        x = self.layer3(x)  # [B, 256, 14, 14]
        x = self.layer4(x)  # [B, 512, 7, 7]
        x = self.avgpool(x)  # [B, 512, 1, 1]
        x = self.flatten1(x)  # [B, 512]
        x = self.fc(x)  # [B, num_classes]
        return x


if __name__ == "__main__":
    model = ResNet18().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    print(tuple(output.shape))
