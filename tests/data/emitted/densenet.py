"""DenseNet.

Huang et al., Densely Connected Convolutional Networks, 2016, with bottlenecks and
compression (DenseNet-BC), as torchvision builds it: every layer sees what all layers
before it in its block have put out, and adds `growth` channels to that.

7,978,856 parameters and 2,834,161,664 multiply-accumulates for an input of
3 x 224 x 224, batch 1.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class DenseLayer(nn.Module):
    def __init__(self, in_channels: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(in_channels, 4 * growth, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(4 * growth, growth, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        x = self.norm1(x)  # [B, in_channels, H, W]
        x = self.relu1(x)
        x = self.conv1(x)  # [B, 4 * growth, H, W]
        x = self.norm2(x)
        x = self.relu2(x)
        x = self.conv2(x)  # [B, growth, H, W]
        return torch.cat((identity, x), dim=1)  # [B, in_channels + growth, H, W]


class DenseBlock(nn.Sequential):
    def __init__(self, in_channels: int, layers: int, growth: int) -> None:
        super().__init__(
            OrderedDict(
                (
                    f"denselayer{index + 1}",
                    DenseLayer(in_channels + index * growth, growth),
                )
                for index in range(layers)
            )
        )


class Transition(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, in_channels // 2, kernel_size=1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)  # [B, in_channels, H, W]
        x = self.relu(x)
        x = self.conv(x)  # [B, in_channels // 2, H, W]
        x = self.pool(x)  # [B, in_channels // 2, H // 2, W // 2]
        return x


class Features(nn.Module):
    def __init__(self, growth: int, layers3: int, layers4: int) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(
            3, 2 * growth, kernel_size=7, stride=2, padding=3, bias=False
        )
        self.norm0 = nn.BatchNorm2d(2 * growth)
        self.relu0 = nn.ReLU()
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        self.denseblock1 = DenseBlock(2 * growth, 6, growth)
        self.transition1 = Transition(8 * growth)
        self.denseblock2 = DenseBlock(4 * growth, 12, growth)
        self.transition2 = Transition(16 * growth)
        self.denseblock3 = DenseBlock(8 * growth, layers3, growth)
        channels = 8 * growth + layers3 * growth
        self.transition3 = Transition(channels)
        channels //= 2
        self.denseblock4 = DenseBlock(channels, layers4, growth)
        self.norm5 = nn.BatchNorm2d(channels + layers4 * growth)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv0(x)  # [B, 2 * growth, (H + 1) // 2, (W + 1) // 2]
        x = self.norm0(x)
        x = self.relu0(x)
        x = self.pool0(x)  # [B, 2 * growth, (H + 3) // 4, (W + 3) // 4]
        x = self.denseblock1(x)  # [B, 8 * growth, (H + 3) // 4, (W + 3) // 4]
        x = self.transition1(x)  # [B, 4 * growth, (H + 3) // 8, (W + 3) // 8]
        x = self.denseblock2(x)  # [B, 16 * growth, (H + 3) // 8, (W + 3) // 8]
        x = self.transition2(x)  # [B, 8 * growth, (H + 3) // 16, (W + 3) // 16]
        x = self.denseblock3(x)
        x = self.transition3(x)
        x = self.denseblock4(x)
        x = self.norm5(x)
        return x


class DenseNet(nn.Module):
    """DenseNet."""

    def __init__(
        self,
        num_classes: int = 1000,
        growth: int = 32,
        depth: int = 121,
        layers3: int | None = None,
        layers4: int | None = None,
    ) -> None:
        super().__init__()
        if layers3 is None:
            layers3 = (
                24
                if depth == 121
                else 36
                if depth == 161
                else 32
                if depth == 169
                else 48
            )
        if layers4 is None:
            layers4 = 16 if depth == 121 else 24 if depth == 161 else 32
        self.features = Features(growth, layers3, layers4)
        self.relu1 = nn.ReLU()
        self.adaptiveavgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.classifier = nn.Linear(
            (8 * growth + layers3 * growth) // 2 + layers4 * growth, num_classes
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.relu1(x)
        x = self.adaptiveavgpool1(x)
        # [B, (8 * growth + layers3 * growth) // 2 + layers4 * growth]
        x = self.flatten1(x)
        x = self.classifier(x)  # [B, num_classes]
        return x


if __name__ == "__main__":
    model = DenseNet().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    print(tuple(output.shape))
