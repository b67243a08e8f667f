"""Pools undone: values go back to where they came from."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.algebra.arithmetic import Shape
from shapecalc.algebra.requirement import Requirement, at_least, equal, refuse
from shapecalc.algebra.window import spread
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import PerAxis
from shapecalc.layers.field import SameAs, field
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Whole


class MaxUnpool(Layer, abstract=True):
    """Put values back at the places where a max pool found them, and zeros everywhere else.

    It takes the values and the places, a max pool's ``indices``, in that order.

    >>> from shapecalc.layers import KINDS
    >>> unpool = KINDS["MaxUnpool2d"](kernel_size=2)
    >>> unpool.output(Tensor((1, 64, 56, 56)), Tensor((1, 64, 56, 56), "int64")).shape
    (1, 64, 112, 112)
    """

    arity = (2, 2)
    takes = ("input", "indices")
    takes_also = ("output_size",)
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
