"""Pools: each output value sums up a window, or an even share, of one channel of the input."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, gcd, prod
from shapecalc.algebra.requirement import Requirement, at_least, equal, refuse
from shapecalc.algebra.window import Window, spread
from shapecalc.layers.base import Layer
from shapecalc.layers.field import Flag, Maybe, Number, PerAxis, SameAs, Whole, field
from shapecalc.layers.scaling import Scaling, scaled
from shapecalc.layers.sliding import CELLS, STEP, fits
from shapecalc.layers.tensor import FLOATS, Tensor


class _SlidingPool(Layer, abstract=True):
    """What the pools that slide a window have in common."""

    slides = True

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

    def windows(self, x: Tensor) -> tuple[Window, ...]:
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


class _FindsMaxima(Layer, abstract=True):
    """What puts out the places of the maxima it keeps, too, where something asks for them."""

    def beside(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"indices": Tensor(y.shape, "int64")}

    on_request = frozenset({"indices"})
    returns_on_request = "output, indices"
    requested_by = "return_indices"

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        y = self.output(x)
        return {"output": y, "indices": Tensor(y.shape, "int64")}


class MaxPool(_FindsMaxima, _SlidingPool, abstract=True):
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


class AdaptivePool(Layer, abstract=True):
    """Split the input evenly into as many windows as the output has cells.

    Window ``i`` of ``m`` goes from ``floor(i*n/m)`` up to ``ceil((i + 1)*n/m)``; neighbours share
    a cell where a boundary ``i*n/m`` is no whole number. That happens at all but ``gcd(n, m) - 1``
    of the ``m - 1`` inner boundaries, so the windows of one axis have ``n + m - gcd(n, m)`` cells.

    >>> from shapecalc.layers import KINDS
    >>> pool = KINDS["AdaptiveAvgPool2d"](output_size=[None, 1])
    >>> x = Tensor((1, 512, 7, 7))
    >>> y = pool.output(x)
    >>> y.shape, pool.elementwise(x, y)
    ((1, 512, 7, 1), 25088)
    """

    output_size: tuple[Any, ...] = field(
        PerAxis(Maybe(Whole(), "the input's size")),
        "size of the output",
        letter="M",
    )

    dtypes = FLOATS
    work = "every cell of every window; those that two windows share count twice"
    example = {"output_size": 1}

    def output(self, x: Tensor) -> Tensor:
        return x.with_spatial(
            size if wanted is None else wanted for size, wanted in zip(x.spatial, self.output_size)
        )

    def decisive(self, x: Tensor) -> Iterator[Dim]:
        """Sizes that share no known divisor with the input's: their windows cannot be counted."""
        for size, wanted in zip(x.spatial, self.output_size):
            if wanted is not None and gcd(size, wanted) is None:
                yield wanted

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        cells = map(_cells_of_windows, x.spatial, self.output_size)
        return x.batch * x.channels * prod(cells)

    def bin(self, i: int, n: int, m: int) -> tuple[int, int]:
        return i * n // m, -(-(i + 1) * n // m)


def _cells_of_windows(n: Dim, m: Dim | None) -> Dim:
    if m is None:
        return n
    shared = gcd(n, m)
    assert shared is not None
    return n + m - shared


class FractionalMaxPool(_FindsMaxima, Scaling, abstract=True):
    """Keep the largest value of each of overlapping windows, whose places are drawn at random.

    The output has a given size, or the input's size times a ratio, rounded down; as that is below
    the input's, the steps between windows vary. Graham, "Fractional max-pooling" (2014).

    >>> from shapecalc.layers import KINDS
    >>> pool = KINDS["FractionalMaxPool2d"](kernel_size=2, output_ratio=Fraction(7, 10))
    >>> pool.output(Tensor((1, 64, 56, 50))).shape
    (1, 64, 39, 35)
    """

    kernel_size: Shape = field(PerAxis(Whole()), "size of a window", letter="F")
    output_size: Any = field(
        Maybe(PerAxis(Whole()), "an output_ratio"), "size of the output", default=None
    )
    output_ratio: Any = field(
        Maybe(PerAxis(Number(0, 1)), "an output_size"),
        "output size over input size, in place of output_size",
        default=None,
    )

    dtypes = FLOATS
    work = "every cell of every window"
    example = {"kernel_size": 2, "output_size": 5}

    spare: ClassVar[int] = 0
    """How many cells of an axis torch wants beyond those that the windows need."""

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if (self.output_size is None) == (self.output_ratio is None):
            how_many = "neither" if self.output_size is None else "both"
            yield refuse(
                "has {how_many} of output_size and output_ratio",
                field="output_ratio",
                hint="it takes one of them",
                how_many=how_many,
            )
        if any(ratio in (0, 1) for ratio in self.output_ratio or ()):
            yield refuse(
                "has output_ratio {ratio:times}, not between 0 and 1",
                field="output_ratio",
                ratio=self.output_ratio,
            )
        for size, out, kernel in zip(x.spatial, self.output(x).spatial, self.kernel_size):
            yield at_least(
                out,
                1,
                "has output_ratio {ratio:times}, which leaves nothing of a size of {size}",
                field="output_ratio",
                ratio=self.output_ratio,
                size=size,
            )
            yield at_least(
                size,
                out + kernel - 1 + self.spare,
                "has {out} windows of {kernel} that do not fit a size of {left}, "
                "each at a place of its own",
                field="kernel_size",
                out=out,
                kernel=kernel,
            )

    def factors(self, x: Tensor) -> tuple[Any, ...]:
        return self.output_ratio or ()

    def output(self, x: Tensor) -> Tensor:
        if self.output_size is not None:
            return x.with_spatial(self.output_size)
        return x.with_spatial(map(scaled, x.spatial, self.factors(x)))

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * prod(self.kernel_size)


class FractionalMaxPool2d(FractionalMaxPool, rank=2):
    """Keep the largest value of each of overlapping windows of height and width."""

    called = ("nn.functional.fractional_max_pool2d",)


class FractionalMaxPool3d(FractionalMaxPool, rank=3):
    """Keep the largest value of each of overlapping windows of depth, height and width.

    In three dimensions torch wants each axis one cell larger than the windows need.
    """

    called = ("nn.functional.fractional_max_pool3d",)

    spare = 1


class MaxPool1d(MaxPool, rank=1):
    """Keep the largest value of each window along a length."""

    called = (
        "nn.functional.max_pool1d(kernel_size, stride, padding, dilation, ceil_mode)",
        "torch.max_pool1d",
    )


class MaxPool2d(MaxPool, rank=2):
    """Keep the largest value of each window of height and width."""

    called = (
        "nn.functional.max_pool2d(kernel_size, stride, padding, dilation, ceil_mode)",
        "torch.max_pool2d",
    )


class MaxPool3d(MaxPool, rank=3):
    """Keep the largest value of each window of depth, height and width."""

    called = (
        "nn.functional.max_pool3d(kernel_size, stride, padding, dilation, ceil_mode)",
        "torch.max_pool3d",
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


class _AdaptivePool1d(AdaptivePool, rank=1, abstract=True):
    """Along a length torch has no null that keeps the size."""

    output_size: Shape = field(PerAxis(Whole()), "size of the output", letter="M")


class AdaptiveAvgPool1d(_AdaptivePool1d):
    """Average along a length, to a given number of values."""

    keeps = ()

    called = ("nn.functional.adaptive_avg_pool1d", "torch.adaptive_avg_pool1d")


class AdaptiveAvgPool2d(AdaptivePool, rank=2):
    """Average over height and width, to an output of given size."""

    keeps = ()

    called = ("nn.functional.adaptive_avg_pool2d",)


class AdaptiveAvgPool3d(AdaptivePool, rank=3):
    """Average over depth, height and width, to an output of given size."""

    keeps = ()

    called = ("nn.functional.adaptive_avg_pool3d",)


class AdaptiveMaxPool1d(_FindsMaxima, _AdaptivePool1d):
    """Keep the largest values along a length, to a given number of them."""

    called = ("nn.functional.adaptive_max_pool1d", "torch.adaptive_max_pool1d")


class AdaptiveMaxPool2d(_FindsMaxima, AdaptivePool, rank=2):
    """Keep the largest values over height and width, to an output of given size."""

    called = ("nn.functional.adaptive_max_pool2d",)


class AdaptiveMaxPool3d(_FindsMaxima, AdaptivePool, rank=3):
    """Keep the largest values over depth, height and width, to an output of given size."""

    called = ("nn.functional.adaptive_max_pool3d",)


class MaxUnpool(Layer, abstract=True):
    """Put values back at the places where a max pool found them, and zeros everywhere else.

    It takes the values and the places, a max pool's ``indices``, in that order.

    >>> from shapecalc.layers import KINDS
    >>> unpool = KINDS["MaxUnpool2d"](kernel_size=2)
    >>> unpool.output(Tensor((1, 64, 56, 56)), Tensor((1, 64, 56, 56), "int64")).shape
    (1, 64, 112, 112)
    """

    arity = (2, 2)
    promotes = True  # places are whole numbers, whatever the values are

    kernel_size: Shape = field(PerAxis(Whole()), "size of the pool's window", letter="F")
    stride: Shape = field(
        PerAxis(Whole()), "the pool's step", letter="S", default=SameAs("kernel_size")
    )
    padding: Shape = field(PerAxis(Whole(0)), "the pool's padding", letter="P", default=0)

    example = {"kernel_size": 2}

    @classmethod
    def example_inputs(cls) -> tuple[Tensor, ...]:
        shape = (1, 4, *[8] * cls.rank)
        return Tensor(shape), Tensor(shape, "int64")

    def requires(self, x: Tensor, indices: Tensor) -> Iterator[Requirement]:
        if indices.dtype != "int64":
            yield refuse(
                "takes places of type int64 second but receives {dtype}",
                hint="a max pool's are its output 'indices'",
                dtype=indices.dtype,
            )
        for size, place in zip(x.shape, indices.shape):
            yield equal(
                size, place, "receives values of {x} but places of {places}", x=x, places=indices
            )
        for size in self.output(x, indices).spatial:
            yield at_least(
                size,
                1,
                "has padding that leaves a size of {left}",
                field="padding",
            )

    def output(self, x: Tensor, indices: Tensor) -> Tensor:
        settings = zip(x.spatial, self.kernel_size, self.stride, self.padding)
        return x.with_spatial(spread(size, k, s, p, 0, 1) for size, k, s, p in settings)


class MaxUnpool1d(MaxUnpool, rank=1):
    """Put values along a length back at the places where a max pool found them."""

    called = ("nn.functional.max_unpool1d(kernel_size, stride, padding)",)


class MaxUnpool2d(MaxUnpool, rank=2):
    """Put values over height and width back at the places where a max pool found them."""

    called = ("nn.functional.max_unpool2d(kernel_size, stride, padding)",)


class MaxUnpool3d(MaxUnpool, rank=3):
    """Put values of a volume back at the places where a max pool found them."""

    called = ("nn.functional.max_unpool3d(kernel_size, stride, padding)",)
