"""Pools whose windows lie at places that are drawn at random."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.layers.compound import Maybe, PerAxis
from shapecalc.layers.field import field
from shapecalc.layers.pooling.maxima import FindsMaxima
from shapecalc.layers.scaling import Scaling, scaled
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Number, Whole


class FractionalMaxPool(FindsMaxima, Scaling, abstract=True):
    """Keep the largest value of each of overlapping windows, whose places are drawn at random.

    The output has a given size, or the input's size times a ratio, rounded down; as that is below
    the input's, the steps between windows vary. Graham, "Fractional max-pooling" (2014).

    >>> from fractions import Fraction
    >>> from shapecalc.layers import KINDS, Tensor
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
