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


def size_of(channels: int, width: Fraction) -> int:
    size = max(8, 8 * ((channels * width + 4) // 8))
    return size + 8 if 10 * size < 9 * channels * width else size


class ConvNormActivation(nn.Sequential):
    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                channels,
                kernel_size=kernel_size,
                stride=stride,
                padding=kernel_size // 2,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(channels),
            nn.ReLU6(),
        )


class Bottleneck(nn.Sequential):
    def __init__(
        self, in_channels: int, expand: int, channels: int, stride: int
    ) -> None:
        hidden = in_channels * expand
        layers: list[nn.Module] = []
        if expand != 1:
            layers.append(ConvNormActivation(in_channels, hidden, kernel_size=1))
        layers += [
            ConvNormActivation(hidden, hidden, stride=stride, groups=hidden),
            nn.Conv2d(hidden, channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(channels),
        ]
        super().__init__(*layers)


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
        self.has_shortcut = stride == 1 and in_channels == out
        self.conv = Bottleneck(in_channels, expand, channels=out, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        x = self.conv(x)  # [B, out, (H - 1) // stride + 1, (W - 1) // stride + 1]
        if self.has_shortcut:
            x = x + identity  # [B, out, H, W]
        return x


class Features(nn.Sequential):
    def __init__(self, width: float | Fraction, stem: int, head: int) -> None:
        width = Fraction(width).limit_denominator()
        super().__init__(
            ConvNormActivation(3, stem, stride=2),
            InvertedResidual(stem, expand=1, channels=16, width=width),
            InvertedResidual(
                size_of(16, width), expand=6, channels=24, width=width, stride=2
            ),
            InvertedResidual(size_of(24, width), expand=6, channels=24, width=width),
            InvertedResidual(
                size_of(24, width), expand=6, channels=32, width=width, stride=2
            ),
            InvertedResidual(size_of(32, width), expand=6, channels=32, width=width),
            InvertedResidual(size_of(32, width), expand=6, channels=32, width=width),
            InvertedResidual(
                size_of(32, width), expand=6, channels=64, width=width, stride=2
            ),
            *(
                InvertedResidual(size_of(64, width), expand=6, channels=64, width=width)
                for _ in range(3)
            ),
            InvertedResidual(size_of(64, width), expand=6, channels=96, width=width),
            InvertedResidual(size_of(96, width), expand=6, channels=96, width=width),
            InvertedResidual(size_of(96, width), expand=6, channels=96, width=width),
            InvertedResidual(
                size_of(96, width), expand=6, channels=160, width=width, stride=2
            ),
            InvertedResidual(size_of(160, width), expand=6, channels=160, width=width),
            InvertedResidual(size_of(160, width), expand=6, channels=160, width=width),
            InvertedResidual(size_of(160, width), expand=6, channels=320, width=width),
            ConvNormActivation(size_of(320, width), head, kernel_size=1),
        )


class Classifier(nn.Sequential):
    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(nn.Dropout(0.2), nn.Linear(in_features, num_classes))


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
        self.features = Features(width, stem, head)
        self.adaptiveavgpool1 = nn.AdaptiveAvgPool2d(1)
        self.flatten1 = nn.Flatten()
        self.classifier = Classifier(head, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # [B, head, 7, 7]
        x = self.adaptiveavgpool1(x)  # [B, head, 1, 1]
        x = self.flatten1(x)  # [B, head]
        x = self.classifier(x)  # [B, num_classes]
        return x


if __name__ == "__main__":
    model = MobileNetV2().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 224, 224))
    print(tuple(output.shape))
