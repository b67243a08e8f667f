"""ResNet-18.

He et al., Deep Residual Learning for Image Recognition, 2015, as torchvision builds it:
no bias in convolutions, batch normalisation after each, a strided 1 x 1 convolution
where a shortcut changes the shape. Published: 11,689,512 parameters, 1.814 GMACs. The
names are torchvision's, but for `downsample.conv` and `downsample.bn`, which it numbers
0 and 1.

11,689,512 parameters and 1,814,073,344 multiply-accumulates for an input of
3 x 224 x 224, batch 1.
"""

import torch
from torch import Tensor, nn


class Downsample(nn.Module):
    """A block of ResNet-18."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        needed = stride != 1 or in_channels != channels
        self.conv = None
        if needed:
            self.conv = nn.Conv2d(
                in_channels, channels, kernel_size=1, stride=stride, bias=False
            )
        self.bn = nn.BatchNorm2d(channels) if needed else None

    def forward(self, x: Tensor) -> Tensor:
        if self.conv is not None:
            # [B, channels, (H - 1) // stride + 1, (W - 1) // stride + 1]
            x = self.conv(x)
        if self.bn is not None:
            x = self.bn(x)
        return x


class BasicBlock(nn.Module):
    """A block of ResNet-18."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = Downsample(in_channels, channels=channels, stride=stride)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        # [B, channels, (H - 1) // stride + 1, (W - 1) // stride + 1]
        out = self.conv1(x)
        out = self.bn1(out)
        out = self.relu1(out)
        out = self.conv2(out)
        bn2 = self.bn2(out)
        downsample = self.downsample(x)
        out = bn2 + downsample
        return self.relu2(out)


class ResNet18(nn.Module):
    """ResNet-18."""

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(*(BasicBlock(64, channels=64) for _ in range(2)))
        self.layer2 = nn.Sequential(
            *(
                BasicBlock(
                    64 if index == 0 else 128,
                    channels=128,
                    stride=2 if index == 0 else 1,
                )
                for index in range(2)
            )
        )
        self.layer3 = nn.Sequential(
            *(
                BasicBlock(
                    128 if index == 0 else 256,
                    channels=256,
                    stride=2 if index == 0 else 1,
                )
                for index in range(2)
            )
        )
        self.layer4 = nn.Sequential(
            *(
                BasicBlock(
                    256 if index == 0 else 512,
                    channels=512,
                    stride=2 if index == 0 else 1,
                )
                for index in range(2)
            )
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # [B, 64, 112, 112]
        x = self.bn1(x)  # [B, 64, 112, 112]
        x = self.relu(x)  # [B, 64, 112, 112]
        x = self.maxpool(x)  # [B, 64, 56, 56]
        x = self.layer1(x)  # [B, 64, 56, 56]
        x = self.layer2(x)  # [B, 128, 28, 28]
        x = self.layer3(x)  # [B, 256, 14, 14]
        x = self.layer4(x)  # [B, 512, 7, 7]
        x = self.avgpool(x)  # [B, 512, 1, 1]
        x = self.flatten1(x)  # [B, 512]
        return self.fc(x)  # [B, 1000]


if __name__ == "__main__":
    model = ResNet18().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    print(tuple(output.shape))
