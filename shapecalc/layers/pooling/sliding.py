"""Pools that slide a window over the input in even steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.algebra.window import Window
from shapecalc.layers.compound import Maybe, PerAxis
from shapecalc.layers.field import SameAs, field
from shapecalc.layers.pooling.maxima import FindsMaxima
from shapecalc.layers.sliding import CELLS, STEP, Sliding, fits
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Flag, Number, Whole


class _SlidingPool(Sliding, abstract=True):
    """What the pools that slide a window have in common."""

    by_channel = True

    kernel_size: Shape
    ceil_mode: bool

    work = "every cell of every window"
    example = {"kernel_size": 2}

    @property
    def rounds_up(self) -> bool:
        return self.ceil_mode

    def _window_settings(self) -> tuple[Shape, ...]:
        """Kernel, stride and so on, in the order in which :class:`Window` takes them."""
        raise NotImplementedError

    def _slid(self) -> tuple[Window, ...]:
        window = Window.rounded_up if self.ceil_mode else Window.symmetric
        return tuple(map(window, *self._window_settings()))

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        windows = self.windows(x)
        for kernel, window in zip(self.kernel_size, windows):
            yield at_least(
                kernel,
                2 * window.before,
                "has padding {padding}, more than half of kernel_size {left}",
                field="padding",
                hint="for more, put a padding layer before it",
                padding=window.before,
            )
        yield from fits(x, windows)

    def output(self, x: Tensor) -> Tensor:
        sizes = [window.output(size) for window, size in zip(self.windows(x), x.spatial)]
        return x.with_spatial(sizes)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * prod(self.kernel_size)


class MaxPool(FindsMaxima, _SlidingPool, abstract=True):
    """Keep the largest value of each window.

    The size follows Dumoulin and Visin, "A guide to convolution arithmetic" (2016), chapter 3,
    rounded up in ceil mode as torch does.

    >>> from shapecalc.layers import KINDS
    >>> pool = KINDS["MaxPool2d"](kernel_size=3, stride=2)
    >>> pool.output(Tensor((1, 64, 112, 112))).shape
    (1, 64, 55, 55)
    """

    signature = ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode")

    kernel_size: Shape = field(STEP, "size of the window", letter="F")
    stride: Shape = field(
        STEP,
        "step between positions",
        letter="S",
        default=SameAs("kernel_size"),
    )
    padding: Shape = field(CELLS, "cells on each side", letter="P", default=0)
    dilation: Shape = field(STEP, "step inside the window", letter="D", default=1)
    ceil_mode: bool = field(Flag(), "round the output's size up, not down", default=False)

    @property
    def dilations(self) -> Shape:
        return self.dilation

    def _window_settings(self) -> tuple[Shape, ...]:
        return self.kernel_size, self.stride, self.padding, self.dilation


class AvgPool(_SlidingPool, abstract=True):
    """Average each window.

    The size follows Dumoulin and Visin, "A guide to convolution arithmetic" (2016), chapter 3,
    rounded up in ceil mode as torch does.

    >>> from shapecalc.layers import KINDS
    >>> pool = KINDS["AvgPool2d"](kernel_size=3, stride=2, padding=1, ceil_mode=True)
    >>> pool.output(Tensor((1, 64, 112, 112))).shape
    (1, 64, 57, 57)
    """

    dtypes = FLOATS

    kernel_size: Shape = field(STEP, "size of the window", letter="F")
    stride: Shape = field(
        STEP,
        "step between positions",
        letter="S",
        default=SameAs("kernel_size"),
    )
    padding: Shape = field(CELLS, "zeros on each side", letter="P", default=0)
    ceil_mode: bool = field(Flag(), "round the output's size up, not down", default=False)
    count_include_pad: bool = field(Flag(), "let the padding count in the average", default=True)

    def _window_settings(self) -> tuple[Shape, ...]:
        return self.kernel_size, self.stride, self.padding


class LPPool(_SlidingPool, abstract=True):
    """Take the p-norm of each window: the p-th root of its sum of p-th powers.

    The size follows Dumoulin and Visin, "A guide to convolution arithmetic" (2016), chapter 3,
    rounded up in ceil mode as torch does.

    >>> from shapecalc.layers import KINDS
    >>> pool = KINDS["LPPool1d"](norm_type=2, kernel_size=3)
    >>> pool.output(Tensor((1, 16, 50))).shape
    (1, 16, 16)
    """

    keeps_more = True

    dtypes = FLOATS

    norm_type: int | Fraction | float = field(
        Number(infinite=True), "the exponent p; infinite for the largest value", letter="p"
    )
    kernel_size: Shape = field(PerAxis(Whole()), "size of the window", letter="F")
    stride: Shape = field(
        STEP,
        "step between positions",
        letter="S",
        default=SameAs("kernel_size"),
    )
    ceil_mode: bool = field(Flag(), "round the output's size up, not down", default=False)

    example = {"norm_type": 2, "kernel_size": 2}

    def _window_settings(self) -> tuple[Shape, ...]:
        return self.kernel_size, self.stride

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.norm_type == 0:
            yield refuse("has norm_type 0, but there is no 0th root", field="norm_type")
        yield from super().requires(x)


def _covers_kernel(layer: _SlidingPool, x: Tensor) -> Iterator[Requirement]:
    """Torch's average over three dimensions wants an input as large as the kernel, unpadded."""
    for size, kernel in zip(x.spatial, layer.kernel_size):
        yield at_least(
            size,
            kernel,
            "has kernel_size {kernel:times}, larger than its input of {x.spatial:times}, "
            "which torch refuses in three dimensions even with padding",
            field="kernel_size",
            kernel=layer.kernel_size,
            x=x,
        )


class MaxPool1d(MaxPool, rank=1):
    """Keep the largest value of each window along a length."""

    called = (
        "nn.functional.max_pool1d(kernel_size, stride, padding, dilation, ceil_mode)",
        "torch.max_pool1d(kernel_size, stride, padding, dilation, ceil_mode)",
    )


class MaxPool2d(MaxPool, rank=2):
    """Keep the largest value of each window of height and width."""

    called = (
        "nn.functional.max_pool2d(kernel_size, stride, padding, dilation, ceil_mode)",
        "torch.max_pool2d(kernel_size, stride, padding, dilation, ceil_mode)",
    )


class MaxPool3d(MaxPool, rank=3):
    """Keep the largest value of each window of depth, height and width."""

    called = (
        "nn.functional.max_pool3d(kernel_size, stride, padding, dilation, ceil_mode)",
        "torch.max_pool3d(kernel_size, stride, padding, dilation, ceil_mode)",
    )


class AvgPool1d(AvgPool, rank=1):
    """Average each window along a length."""

    called = ("nn.functional.avg_pool1d", "torch.avg_pool1d")


class AvgPool2d(AvgPool, rank=2):
    """Average each window of height and width."""

    called = ("nn.functional.avg_pool2d",)

    divisor_override: Dim | None = field(
        Maybe(Whole(), "the window's size"), "what the sum is divided by", default=None
    )


class AvgPool3d(AvgPool, rank=3):
    """Average each window of depth, height and width."""

    called = ("nn.functional.avg_pool3d",)

    divisor_override: Dim | None = field(
        Maybe(Whole(), "the window's size"), "what the sum is divided by", default=None
    )

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from _covers_kernel(self, x)
        yield from super().requires(x)


class LPPool1d(LPPool, rank=1):
    """Take the p-norm of each window along a length."""

    kernel_size: Shape = field(PerAxis(Whole(), listed=False), "size of the window", letter="F")

    called = ("nn.functional.lp_pool1d",)


class LPPool2d(LPPool, rank=2):
    """Take the p-norm of each window of height and width."""

    called = ("nn.functional.lp_pool2d",)


class LPPool3d(LPPool, rank=3):
    """Take the p-norm of each window of depth, height and width."""

    called = ("nn.functional.lp_pool3d",)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        # An infinite norm is computed as a maximum, all others as an average.
        if not math.isinf(self.norm_type):
            yield from _covers_kernel(self, x)
        yield from super().requires(x)
