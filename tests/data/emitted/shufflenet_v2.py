"""ShuffleNetV2.

Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design,
2018, as torchvision builds it, whose checkpoints load. Units split the channels, work
on one half, and shuffle both together.

2,278,604 parameters and 144,907,992 multiply-accumulates for an input of 3 x 224 x 224,
batch 1.
"""

import torch
from torch import Tensor, nn


class Conv(nn.Sequential):
    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int = 1,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                channels,
                kernel_size=kernel_size,
                stride=stride,
                padding=padding,
                bias=False,
            ),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )


def depthwise(in_channels: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=in_channels,
            bias=False,
        ),
        nn.BatchNorm2d(in_channels),
    ]


def pointwise(in_channels: int, channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, channels, kernel_size=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]


class Shortcut(nn.Sequential):
    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(*depthwise(in_channels, 2), *pointwise(in_channels, channels))


class Residual(nn.Sequential):
    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__(
            *pointwise(in_channels, channels),
            *depthwise(channels, stride),
            *pointwise(channels, channels),
        )


class DownUnit(nn.Module):
    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.branch1 = Shortcut(in_channels, channels // 2)
        self.branch2 = Residual(in_channels, channels=channels // 2, stride=2)
        self.channelshuffle1 = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)  # [B, channels // 2, (H + 1) // 2, (W + 1) // 2]
        branch2 = self.branch2(x)
        # [B, 2 * (channels // 2), (H + 1) // 2, (W + 1) // 2]
        x = torch.cat((branch1, branch2), dim=1)
        x = self.channelshuffle1(x)
        return x


class Unit(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch2 = Residual(in_channels // 2, channels=in_channels // 2, stride=1)
        self.channelshuffle1 = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        passed, x = x.chunk(2, dim=1)
        x = self.branch2(x)  # [B, in_channels // 2, H, W]
        x = torch.cat((passed, x), dim=1)  # [B, in_channels, H, W]
        x = self.channelshuffle1(x)
        return x


class Stage(nn.Sequential):
    def __init__(self, in_channels: int, channels: int, repeats: int) -> None:
        super().__init__(
            DownUnit(in_channels, channels),
            *(Unit(2 * (channels // 2)) for _ in range(repeats)),
        )


class ShuffleNetV2(nn.Module):
    """ShuffleNetV2."""

    def __init__(
        self,
        num_classes: int = 1000,
        channels2: int = 116,
        channels3: int | None = None,
        channels4: int | None = None,
        channels5: int = 1024,
    ) -> None:
        super().__init__()
        if channels3 is None:
            channels3 = 2 * channels2
        if channels4 is None:
            channels4 = 2 * channels3
        self.conv1 = Conv(3, 24, kernel_size=3, stride=2, padding=1)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stage2 = Stage(24, channels=channels2, repeats=3)
        self.stage3 = Stage(2 * (channels2 // 2), channels=channels3, repeats=7)
        self.stage4 = Stage(2 * (channels3 // 2), channels=channels4, repeats=3)
        self.conv5 = Conv(2 * (channels4 // 2), channels5)
        self.fc = nn.Linear(channels5, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # [B, 24, 112, 112]
        x = self.maxpool(x)  # [B, 24, 56, 56]
        x = self.stage2(x)  # [B, 2 * (channels2 // 2), 28, 28]
        x = self.stage3(x)  # [B, 2 * (channels3 // 2), 14, 14]
        x = self.stage4(x)  # [B, 2 * (channels4 // 2), 7, 7]
        x = self.conv5(x)  # [B, channels5, 7, 7]
        x = torch.mean(x, dim=(2, 3))  # [B, channels5]
        x = self.fc(x)  # [B, num_classes]
        return x


if __name__ == "__main__":
    model = ShuffleNetV2().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    print(tuple(output.shape))
