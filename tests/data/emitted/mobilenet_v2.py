"""MobileNetV2.

Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018, as
torchvision builds it. `width` multiplies the channels, which are rounded to multiples
of 8.

3,504,872 parameters and 300,774,272 multiply-accumulates for an input of 3 x 224 x 224,
batch 1.
"""

import math
from fractions import Fraction

import torch
from torch import Tensor, nn


class ConvNormActivation(nn.Module):
    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels,
            channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(channels)
        self.relu6_1 = nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.bn(x)
        x = self.relu6_1(x)
        return x


class InvertedResidual(nn.Module):
    def __init__(
        self,
        in_channels: int,
        expand: int,
        channels: float | Fraction,
        width: float | Fraction,
        stride: int = 1,
    ) -> None:
        super().__init__()
        channels = Fraction(channels).limit_denominator()
        width = Fraction(width).limit_denominator()
        near = max(8, math.floor(channels * width + 4) // 8 * 8)
        out = near + 8 if 10 * near < 9 * channels * width else near
        hidden = in_channels * expand
        self.has_shortcut = stride == 1 and in_channels == out
        self.expand = None
        if expand != 1:
            self.expand = ConvNormActivation(in_channels, hidden, kernel_size=1)
        self.depthwise = ConvNormActivation(
            hidden, hidden, stride=stride, groups=hidden
        )
        self.project = nn.Conv2d(hidden, out, kernel_size=1, bias=False)
        self.bn = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        if self.expand is not None:
            x = self.expand(x)  # [B, hidden, H, W]
        # [B, hidden, (H - 1) // stride + 1, (W - 1) // stride + 1]
        x = self.depthwise(x)
        x = self.project(x)  # [B, out, (H - 1) // stride + 1, (W - 1) // stride + 1]
        x = self.bn(x)
        if self.has_shortcut:
            x = x + identity  # [B, out, H, W]
        return x


class MobileNetV2(nn.Module):
    """MobileNetV2."""

    def __init__(
        self,
        num_classes: int = 1000,
        width: float | Fraction = 1,
        stem: int | None = None,
        head: int | None = None,
    ) -> None:
        super().__init__()
        width = Fraction(width).limit_denominator()
        if stem is None:
            stem = max(8, math.floor(32 * width + 4) // 8 * 8)
        if head is None:
            head = math.floor(1280 * max(Fraction(1), width) + 4) // 8 * 8
        self.stem = ConvNormActivation(3, stem, stride=2)
        self.stage1 = InvertedResidual(stem, expand=1, channels=16, width=width)
        channels = 8 * ((16 * width + 4) // 8)
        self.stage2 = nn.Sequential(
            InvertedResidual(
                max(8, channels) + 8
                if 10 * max(8, channels) < 9 * 16 * width
                else max(8, channels),
                expand=6,
                channels=24,
                width=width,
                stride=2,
            ),
            InvertedResidual(
                max(8, 8 * ((24 * width + 4) // 8)), expand=6, channels=24, width=width
            ),
        )
        channels = 8 * ((24 * width + 4) // 8)
        self.stage3 = nn.Sequential(
            InvertedResidual(
                max(8, channels), expand=6, channels=32, width=width, stride=2
            ),
            InvertedResidual(
                max(8, 8 * ((32 * width + 4) // 8)), expand=6, channels=32, width=width
            ),
            InvertedResidual(
                max(8, 8 * ((32 * width + 4) // 8)), expand=6, channels=32, width=width
            ),
        )
        channels = 8 * ((32 * width + 4) // 8)
        self.stage4 = nn.Sequential(
            InvertedResidual(
                max(8, channels), expand=6, channels=64, width=width, stride=2
            ),
            *(
                InvertedResidual(
                    max(8, 8 * ((64 * width + 4) // 8)),
                    expand=6,
                    channels=64,
                    width=width,
                )
                for _ in range(3)
            ),
        )
        channels = 8 * ((64 * width + 4) // 8)
        self.stage5 = nn.Sequential(
            InvertedResidual(max(8, channels), expand=6, channels=96, width=width),
            InvertedResidual(
                max(8, 8 * ((96 * width + 4) // 8)), expand=6, channels=96, width=width
            ),
            InvertedResidual(
                max(8, 8 * ((96 * width + 4) // 8)), expand=6, channels=96, width=width
            ),
        )
        channels = 8 * ((96 * width + 4) // 8)
        self.stage6 = nn.Sequential(
            InvertedResidual(
                max(8, channels), expand=6, channels=160, width=width, stride=2
            ),
            InvertedResidual(
                max(8, 8 * ((160 * width + 4) // 8)),
                expand=6,
                channels=160,
                width=width,
            ),
            InvertedResidual(
                max(8, 8 * ((160 * width + 4) // 8)),
                expand=6,
                channels=160,
                width=width,
            ),
        )
        channels = 8 * ((160 * width + 4) // 8)
        self.stage7 = InvertedResidual(
            max(8, channels), expand=6, channels=320, width=width
        )
        self.head = ConvNormActivation(
            max(8, 8 * ((320 * width + 4) // 8)), head, kernel_size=1
        )
        self.adaptiveavgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.dropout1 = nn.Dropout(0.2)
        self.classifier = nn.Linear(head, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)  # [B, stem, 112, 112]
        x = self.stage1(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = self.stage4(x)
        x = self.stage5(x)
        x = self.stage6(x)
        x = self.stage7(x)
        x = self.head(x)  # [B, head, 7, 7]
        x = self.adaptiveavgpool1(x)  # [B, head, 1, 1]
        x = self.flatten1(x)  # [B, head]
        x = self.dropout1(x)
        x = self.classifier(x)  # [B, num_classes]
        return x


if __name__ == "__main__":
    model = MobileNetV2().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    print(tuple(output.shape))
