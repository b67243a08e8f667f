"""Distances: how far apart, or how alike, two tensors are along one dimension."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from shapecalc.algebra.arithmetic import Dim, prod
from shapecalc.algebra.requirement import Requirement
from shapecalc.algebra.window import Window
from shapecalc.layers.field import field
from shapecalc.layers.joining import Broadcast
from shapecalc.layers.needs import names_axis
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Dimension, Flag, Number


class _Distance(Broadcast, abstract=True):
    """What the distances have in common: the inputs broadcast, then a dimension is summed up."""

    arity = (2, 2)
    takes = ("x1", "x2")
    in_torch = True
    dtypes = FLOATS

    work = "the products and squares, or differences and powers, that are summed up"
    example_shapes = ((1, 64), (1, 64))

    def windows(self, *x: Tensor) -> tuple[Window, ...] | None:
        return None


class CosineSimilarity(_Distance):
    """Divide the dot product of two vectors by their lengths.

    The work is 3 operations per element, for the product and the two squares that are summed up,
    and one division per output.

    >>> x = Tensor((1, 64, 7, 7)), Tensor((1, 64, 1, 1))
    >>> CosineSimilarity().output(*x).shape
    (1, 7, 7)
    """

    keeps_more = True

    called = ("nn.functional.cosine_similarity", "torch.cosine_similarity")

    dim: int = field(Dimension(), "dimension the vectors lie along", default=1)
    eps: int | Fraction = field(
        Number(0), "least length, against division by zero", default=Fraction(1, 10**8)
    )

    does = "compares"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield from super().requires(*x)
        yield from names_axis(super().output(*x), self.dim)

    def output(self, *x: Tensor) -> Tensor:
        whole = super().output(*x)
        axis = self.dim % len(whole.shape)
        return whole.with_shape((*whole.shape[:axis], *whole.shape[axis + 1 :]))

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return 3 * prod(super().output(*x).shape) + prod(y.shape)


class PairwiseDistance(_Distance):
    """Take the p-norm of the difference of two vectors, along the last dimension.

    The work is 2 operations per element: subtract, and sum up the power.

    >>> PairwiseDistance().output(Tensor((8, 128)), Tensor((8, 128))).shape
    (8,)
    """

    keeps = ("output",)

    def kept(self, *x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"difference": x[0]}

    called = ("nn.functional.pairwise_distance", "torch.pairwise_distance")

    p: int | Fraction | float = field(Number(infinite=True), "the exponent", default=2)
    eps: int | Fraction = field(Number(), "added to the difference", default=Fraction(1, 10**6))
    keepdim: bool = field(Flag(), "keep the dimension, with size 1", default=False)

    does = "compares"

    def output(self, *x: Tensor) -> Tensor:
        whole = super().output(*x)
        kept = (1,) if self.keepdim else ()
        return whole.with_shape((*whole.shape[:-1], *kept))

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return 2 * prod(super().output(*x).shape)
