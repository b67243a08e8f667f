"""Layers that change the resolution: interpolation, and cells moved between axes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import Dim, Shape, exactdiv, is_number, known, prod
from shapecalc.algebra.phases import Phases, linear
from shapecalc.algebra.requirement import Requirement, at_least, divides, equal, refuse
from shapecalc.algebra.window import Window
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe, PerAxis, PerInputAxis
from shapecalc.layers.field import field
from shapecalc.layers.needs import Divisors
from shapecalc.layers.scaling import Scaling, scaled
from shapecalc.layers.sliding import fits
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Choice, Flag, Number, Parts, Whole

_TAPS = {
    "nearest": 0,
    "nearest-exact": 0,
    "linear": 2,
    "bilinear": 4,
    "trilinear": 8,
    "bicubic": 16,
}
"""How many input values are weighted for one output value; copying one is no arithmetic."""

_AXES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
"""The number of spatial axes of the modes that need a certain one."""


class Resampling(Scaling, abstract=True):
    """Interpolate the input to a given size, or to its own size times a factor, rounded down.

    A size times a factor is what :func:`~shapecalc.layers.scaling.scaled` makes of them.

    >>> from fractions import Fraction
    >>> from shapecalc.layers import KINDS
    >>> up = KINDS["UpsamplingNearest2d"](scale_factor=[2, Fraction(3, 2)])
    >>> up.output(Tensor((1, 8, 7, 7))).shape
    (1, 8, 14, 10)
    """

    keeps = ()

    size: Any = field(
        Maybe(PerInputAxis(Whole()), "a scale_factor"), "size of the output", default=None
    )
    scale_factor: Any = field(
        Maybe(PerInputAxis(Number(0, formulas="whole")), "a size"),
        "output size over input size, in place of size",
        default=None,
    )
    mode: str

    work = "a product for every input value that is weighted"
    example = {"scale_factor": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.size is not None and self.scale_factor is not None:
            yield refuse(
                "has both size and scale_factor, which say the same",
                field="scale_factor",
                hint="leave one of them out",
            )
        if self.size is None and self.scale_factor is None:
            yield refuse(
                "has neither size nor scale_factor",
                hint="state one of them, as in {layer.kind}: {{scale_factor: 2}}{layer.near}",
                layer=self,
            )
        axes = len(x.spatial)
        for name in ("size", "scale_factor"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != axes:
                yield refuse(
                    "has {field} with {count} values but receives {axes} spatial axes: {x}",
                    field=name,
                    count=len(value),
                    axes=axes,
                    x=x,
                )
        for size, received in zip(self.output(x).spatial, x.spatial):
            yield at_least(
                size,
                1,
                "has scale_factor {factor:times}, which leaves nothing of a size of {received}",
                field="scale_factor",
                factor=self.scale_factor,
                received=received,
            )

    def factors(self, x: Tensor) -> tuple[Any, ...]:
        if self.scale_factor is None:
            return ()
        return _per_axis(self.scale_factor, len(x.spatial))

    def output(self, x: Tensor) -> Tensor:
        if self.size is not None:
            return x.with_spatial(_per_axis(self.size, len(x.spatial)))
        return x.with_spatial(map(scaled, x.spatial, self.factors(x)))

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        """Known where each axis grows by a whole number of times, corners not aligned."""
        if self.scale_factor is not None:
            factors = _per_axis(self.scale_factor, len(x[0].spatial))
        else:
            sizes = zip(self.output(*x).spatial, x[0].spatial)
            factors = tuple(
                Fraction(known(out), known(n)) if is_number(out + n) else None for out, n in sizes
            )
        if not all(is_number(factor) and factor == int(factor) for factor in factors):
            return None
        if _TAPS[self.mode] == 0:
            return tuple(Phases.spread(int(n), int(n), 0) for n in factors)
        if self.mode == "bicubic" or self._aligns_corners():
            return None
        return tuple(linear(int(n)) for n in factors)

    def _aligns_corners(self) -> bool:
        return bool(getattr(self, "align_corners", False))

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * _TAPS[self.mode]


def _per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


class Upsample(Resampling):
    """Interpolate along every spatial axis.

    >>> from shapecalc.layers import KINDS
    >>> up = KINDS["Upsample"](scale_factor=2, mode="bilinear")
    >>> up.output(Tensor((1, 64, 28, 28))).shape
    (1, 64, 56, 56)
    """

    mode: str = field(Choice(*_TAPS), "how values in between are found", default="nearest")
    align_corners: bool | None = field(
        Maybe(Flag(), "false"), "map the corner cells' centres to each other", default=None
    )
    recompute_scale_factor: bool | None = field(
        Maybe(Flag(), "false"),
        "interpolate by the ratio of the whole sizes, not by scale_factor",
        default=None,
    )

    ndims = (3, 4, 5)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        axes = _AXES.get(self.mode)
        if axes is not None and len(x.spatial) != axes:
            yield refuse(
                "has mode {mode}, which takes {wanted} spatial axes, but receives {axes}: {x}",
                field="mode",
                hint="modes for this input: {modes}",
                mode=self.mode,
                wanted=axes,
                axes=len(x.spatial),
                x=x,
                modes=", ".join(_modes(len(x.spatial))),
            )
        if axes is None and self.align_corners is not None:
            yield refuse(
                "has align_corners, which means nothing in mode {mode}",
                field="align_corners",
                hint="leave it out, or choose an interpolating mode",
                mode=self.mode,
            )
        if self.recompute_scale_factor and self.size is not None:
            yield refuse(
                "has recompute_scale_factor and size, but no scale_factor to recompute",
                field="recompute_scale_factor",
                hint="leave it out",
            )
        yield from super().requires(x)


def _modes(axes: int) -> list[str]:
    return [mode for mode in _TAPS if _AXES.get(mode, axes) == axes]


class UpsamplingNearest2d(Resampling, rank=2):
    """Scale height and width by repeating the nearest cell."""

    mode = "nearest"


class UpsamplingBilinear2d(Resampling, rank=2):
    """Scale height and width by bilinear interpolation, corners aligned."""

    mode = "bilinear"

    def _aligns_corners(self) -> bool:
        return True


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


class _Patches(Layer, rank=2, abstract=True):
    """What Fold and Unfold have in common: an image on one side, its patches on the other."""

    keeps = ()

    kernel_size: Shape = field(PerAxis(Whole()), "size of a patch", letter="F")
    dilation: Shape = field(PerAxis(Whole()), "step inside a patch", letter="D", default=1)
    padding: Shape = field(PerAxis(Whole(0)), "zeros on each side", letter="P", default=0)
    stride: Shape = field(PerAxis(Whole()), "step between patches", letter="S", default=1)

    def _positions(self) -> tuple[Window, ...]:
        settings = self.kernel_size, self.stride, self.padding, self.dilation
        return tuple(map(Window.symmetric, *settings))

    def _patches_of(self, image: Tensor) -> Dim:
        return prod(window.output(size) for window, size in zip(self._positions(), image.spatial))


class Unfold(_Patches):
    """Lay the patches that a convolution would see side by side, each as one column.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["Unfold"](kernel_size=3, padding=1).output(Tensor((1, 16, 8, 8))).shape
    (1, 144, 64)
    """

    called = ("nn.functional.unfold",)

    example = {"kernel_size": 3, "padding": 1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from fits(x, self._positions())

    def output(self, x: Tensor) -> Tensor:
        return x.with_shape((x.batch, x.channels * prod(self.kernel_size), self._patches_of(x)))


class Fold(_Patches):
    """Add columns up to the image whose patches they are: an Unfold run backwards.

    >>> from shapecalc.layers import KINDS
    >>> fold = KINDS["Fold"](output_size=8, kernel_size=3, padding=1)
    >>> fold.output(Tensor((1, 144, 64))).shape
    (1, 16, 8, 8)
    """

    called = ("nn.functional.fold",)
    signature = ("output_size", "kernel_size", "dilation", "padding", "stride")

    output_size: Shape = field(PerAxis(Whole()), "height and width of the image")

    work = "every element is added once"
    ndims = (3,)
    example = {"output_size": 8, "kernel_size": 2, "stride": 2}
    example_shapes = ((1, 16, 16),)

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        return ("output_size",)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        cells = prod(self.kernel_size)
        yield divides(
            cells,
            x.channels,
            "receives columns of {left}, no multiple of the {right} cells of a patch",
            field="kernel_size",
        )
        image = self.output(x)
        yield from fits(image, self._positions(), "output")
        (columns,) = x.spatial
        patches = self._patches_of(image)
        yield equal(
            columns,
            patches,
            "receives {left} columns but an output of {size:times} has {right} patches",
            field="output_size",
            size=self.output_size,
        )

    def output(self, x: Tensor) -> Tensor:
        return x.with_shape(
            (x.batch, exactdiv(x.channels, prod(self.kernel_size)), *self.output_size)
        )

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape)
