"""Convolutions and transposed convolutions in one, two and three dimensions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Shape, exactdiv, largest, prod
from shapecalc.algebra.phases import Phases
from shapecalc.algebra.requirement import Requirement, at_least, divides, equal
from shapecalc.algebra.window import Window, spread
from shapecalc.layers.base import FieldError, Layer
from shapecalc.layers.compound import Either, PerAxis
from shapecalc.layers.field import field, inferred
from shapecalc.layers.sliding import CELLS, STEP, Sliding, fits
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Choice, Flag, Parts, Whole


def _received_channels(layer: Layer, x: Tensor) -> Dim:
    return x.channels


class _AnyConvolution(Layer, abstract=True):
    """What a convolution and its transpose have in common."""

    out_channels: Dim = field(Whole(), "number of filters", letter="K")
    kernel_size: Shape = field(PerAxis(Whole()), "size of a filter", letter="F")
    stride: Shape = field(STEP, "step between positions", letter="S", default=1)
    padding: Any = field(CELLS, "cells on each side", letter="P", default=0)
    groups: Dim = field(
        Parts(), "parts the channels are split into, convolved apart", letter="G", default=1
    )
    dilation: Shape = field(STEP, "step inside the kernel", letter="D", default=1)
    bias: bool = field(Flag(), "add a learned number to each output channel", default=True)
    in_channels: Dim = inferred(_received_channels, "channels of the input", letter="C")

    dtypes = FLOATS
    work = "the bias, added to every output"
    example = {"out_channels": 8, "kernel_size": 3, "padding": 1}

    @property
    def dilations(self) -> Shape:
        return self.dilation

    def _groups_divide(self) -> Iterator[Requirement]:
        if self.groups == 1:
            return
        common = _CommonDivisors(self.in_channels, self.out_channels)
        for name, channels in zip(("in_channels", "out_channels"), common):
            yield divides(
                self.groups,
                channels,
                "has groups {right}, which does not divide {name} {left}",
                field="groups",
                hint="{common}",
                name=name,
                common=common,
            )

    def _bias(self) -> dict[str, Shape]:
        return {"bias": (self.out_channels,)} if self.bias else {}

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) if self.bias else 0


class Convolution(Sliding, _AnyConvolution, abstract=True):
    """Slide filters over the input: every output value is one dot product.

    The size follows Dumoulin and Visin, "A guide to convolution arithmetic" (2016), relationship 6.

    >>> from shapecalc.layers import KINDS
    >>> Conv2d = KINDS["Conv2d"]
    >>> conv = Conv2d(out_channels=64, kernel_size=7, stride=2, padding=3)
    >>> conv.output(Tensor((1, 3, 224, 224))).shape
    (1, 64, 112, 112)
    """

    signature = (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "bias",
        "padding_mode",
    )

    padding: Any = field(
        Either(Choice("valid", "same"), CELLS),
        "cells around the input on each side",
        letter="P",
        default=0,
    )
    padding_mode: str = field(
        Choice("zeros", "reflect", "replicate", "circular"),
        "what the padding is filled with",
        default="zeros",
    )

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.padding_mode != "zeros":
            self._refuse_short("dilation" if self.padding == "same" else "padding", settings)

    def _refuse_short(self, name: str, settings: Mapping[str, Any]) -> None:
        """Torch fills padding from the input for each value of a list: one is for one axis."""
        given = settings.get(name)
        if isinstance(given, (list, tuple)) and len(given) != self.rank:
            wanted = f"a number, or a list of {self.rank}, in padding_mode {self.padding_mode}"
            raise FieldError(name, wanted, given, None)

    def _slid(self) -> tuple[Window, ...]:
        if self.padding == "same":
            return tuple(map(Window.same, self.kernel_size, self.dilation))
        padding = (0,) * self.rank if self.padding == "valid" else self.padding
        return tuple(map(Window.symmetric, self.kernel_size, self.stride, padding, self.dilation))

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for step in self.stride if self.padding == "same" else ():
            yield equal(
                step,
                1,
                "has padding same and stride {stride:times}, which torch refuses",
                field="padding",
                hint="state the padding as a number, or take stride 1",
                stride=self.stride,
            )
        yield from self._groups_divide()
        yield from fits(x, self.windows(x))
        yield from self._padding_fits(x)

    def _padding_fits(self, x: Tensor) -> Iterator[Requirement]:
        """Padding that is filled from the input needs an input to be filled from."""
        spare = {"reflect": 1, "circular": 0}.get(self.padding_mode)
        if spare is None:
            return
        for size, window in zip(x.spatial, self.windows(x)):
            for padding in (window.before, window.after):
                yield at_least(
                    size,
                    padding + spare,
                    "pads by {padding} in mode {mode}, too much for size {left}",
                    field="padding_mode",
                    padding=padding,
                    mode=self.padding_mode,
                )

    def output(self, x: Tensor) -> Tensor:
        sizes = [window.output(size) for window, size in zip(self.windows(x), x.spatial)]
        return x.with_channels(self.out_channels).with_spatial(sizes)

    def weights(self) -> dict[str, Shape]:
        filters = (self.out_channels, exactdiv(self.in_channels, self.groups), *self.kernel_size)
        return {"weight": filters, **self._bias()}

    def macs(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * exactdiv(self.in_channels, self.groups) * prod(self.kernel_size)


class TransposedConvolution(_AnyConvolution, abstract=True):
    """Spread every input value over a patch of the output: a convolution's sizes run backwards.

    The size follows Dumoulin and Visin, "A guide to convolution arithmetic" (2016), relationship
    14. Every input value is multiplied once with each weight of its group, so the work is
    counted over the *input's* positions.

    >>> from shapecalc.layers import KINDS
    >>> up = KINDS["ConvTranspose2d"](out_channels=64, kernel_size=2, stride=2)
    >>> up.output(Tensor((1, 128, 28, 28))).shape
    (1, 64, 56, 56)
    """

    spreads = True
    takes_also = ("output_size",)

    signature = (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "output_padding",
        "groups",
        "bias",
        "dilation",
        "padding_mode",
    )

    padding: Any = field(
        CELLS,
        "cells taken off the output on each side",
        letter="P",
        default=0,
    )
    output_padding: Shape = field(CELLS, "cells added to the output's end", letter="A", default=0)
    padding_mode: str = field(Choice("zeros"), "what lies around the input", default="zeros")

    example = {"out_channels": 8, "kernel_size": 2, "stride": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from self._groups_divide()
        for extra, stride, dilation in zip(self.output_padding, self.stride, self.dilation):
            yield at_least(
                largest(stride, dilation),
                extra + 1,
                "has output_padding {extra}, not smaller than stride or dilation",
                field="output_padding",
                hint="it chooses between the sizes that a stride leaves open: at most {most} here",
                extra=extra,
                most=largest(stride, dilation) - 1,
            )
        for size in self.output(x).spatial:
            yield at_least(
                size,
                1,
                "has padding {padding:times}, which leaves nothing of "
                "an input of {x.spatial:times}: the output would be {left} wide",
                field="padding",
                padding=self.padding,
                x=x,
            )

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        settings = (self.kernel_size, self.stride, self.padding, self.dilation)
        if not all(isinstance(value, int) for setting in settings for value in setting):
            return None
        return tuple(itertools.starmap(Phases.spread, zip(*settings)))

    def output(self, x: Tensor) -> Tensor:
        sizes = map(
            spread,
            x.spatial,
            self.kernel_size,
            self.stride,
            self.padding,
            self.output_padding,
            self.dilation,
        )
        return x.with_channels(self.out_channels).with_spatial(sizes)

    def weights(self) -> dict[str, Shape]:
        filters = (self.in_channels, exactdiv(self.out_channels, self.groups), *self.kernel_size)
        return {"weight": filters, **self._bias()}

    def macs(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape) * exactdiv(self.out_channels, self.groups) * prod(self.kernel_size)


class _CommonDivisors(NamedTuple):
    a: Dim
    b: Dim

    def __str__(self) -> str:
        a, b = self
        if not (isinstance(a, int) and isinstance(b, int)):
            return ""
        common = [str(n) for n in range(1, min(a, b, 4096) + 1) if a % n == b % n == 0]
        return f"groups that divide {a} and {b}: {', '.join(common)}"


class Conv1d(Convolution, rank=1):
    """Convolve along a length."""


class Conv2d(Convolution, rank=2):
    """Convolve over height and width."""


class Conv3d(Convolution, rank=3):
    """Convolve over depth, height and width."""


class ConvTranspose1d(TransposedConvolution, rank=1):
    """Convolve backwards along a length, to a longer output."""


class ConvTranspose2d(TransposedConvolution, rank=2):
    """Convolve backwards over height and width, to a larger output."""


class ConvTranspose3d(TransposedConvolution, rank=3):
    """Convolve backwards over depth, height and width, to a larger output."""
