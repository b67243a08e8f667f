"""Cells moved between axes, and channels between groups."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.algebra.arithmetic import Dim, exactdiv
from shapecalc.algebra.phases import Phases
from shapecalc.algebra.requirement import Requirement, divides
from shapecalc.algebra.window import Window
from shapecalc.layers.base import Layer
from shapecalc.layers.field import field
from shapecalc.layers.needs import Divisors
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Parts, Whole


class PixelShuffle(Layer, rank=2):
    """Make every group of r x r channels one channel with r times the height and width.

    Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network" (2016).

    >>> from shapecalc.layers import KINDS
    >>> KINDS["PixelShuffle"](upscale_factor=2).output(Tensor((1, 64, 28, 28))).shape
    (1, 16, 56, 56)
    """

    keeps = ()

    called = ("nn.functional.pixel_shuffle", "torch.pixel_shuffle")

    upscale_factor: Dim = field(Whole(), "how much larger height and width become", letter="r")

    example = {"upscale_factor": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield divides(
            self.upscale_factor**2,
            x.channels,
            "has upscale_factor {factor}, whose square does not divide "
            "the {left} channels it receives",
            field="upscale_factor",
            factor=self.upscale_factor,
        )

    def output(self, x: Tensor) -> Tensor:
        r = self.upscale_factor
        return x.with_channels(exactdiv(x.channels, r**2)).with_spatial(
            r * size for size in x.spatial
        )

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        r = self.upscale_factor
        return (Phases.spread(r, r, 0),) * 2 if isinstance(r, int) else None


class PixelUnshuffle(Layer, rank=2):
    """Make every r x r patch of a channel r x r channels: a PixelShuffle run backwards.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["PixelUnshuffle"](downscale_factor=2).output(Tensor((1, 16, 56, 56))).shape
    (1, 64, 28, 28)
    """

    keeps = ()

    called = ("nn.functional.pixel_unshuffle", "torch.pixel_unshuffle")

    downscale_factor: Dim = field(Whole(), "how much smaller height and width become", letter="r")

    example = {"downscale_factor": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for size in x.spatial:
            yield divides(
                self.downscale_factor,
                size,
                "has downscale_factor {right}, which does not divide height and width of {x}",
                field="downscale_factor",
                x=x,
            )

    def output(self, x: Tensor) -> Tensor:
        r = self.downscale_factor
        return x.with_channels(x.channels * r**2).with_spatial(
            exactdiv(size, r) for size in x.spatial
        )

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        r = self.downscale_factor
        return (Phases.of_window(Window(r, r, 0, 0)),) * 2


class ChannelShuffle(Layer):
    """Deal the channels of several groups out in turn.

    Zhang et al., "ShuffleNet: an extremely efficient convolutional neural network for mobile
    devices" (2018).

    >>> from shapecalc.layers import KINDS
    >>> KINDS["ChannelShuffle"](groups=3).output(Tensor((1, 240, 28, 28))).shape
    (1, 240, 28, 28)
    """

    keeps = ()

    called = ("nn.functional.channel_shuffle", "torch.channel_shuffle")

    groups: Dim = field(Parts(), "parts the channels are split into", letter="G")

    ndims = range(3, 65)
    example = {"groups": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield divides(
            self.groups,
            x.channels,
            "has groups {right}, which does not divide the {left} channels it receives",
            field="groups",
            hint="{divisors}",
            divisors=Divisors("groups", x.channels, self.groups),
        )

    def output(self, x: Tensor) -> Tensor:
        return x
