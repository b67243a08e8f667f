"""Reductions: dimensions are summed up, averaged, or searched, and what is left is smaller.

Work is counted per element of the input: 1 where it is added, multiplied or compared once; 2 where
it is squared, or taken to a power, and added; 4 for a variance, in which it is added, its distance
to the mean taken, squared and added. Roots and divisions at the end are not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, prod
from shapecalc.algebra.requirement import Requirement
from shapecalc.layers.arranging import names_axes
from shapecalc.layers.base import Layer
from shapecalc.layers.calling import call, function_name
from shapecalc.layers.compound import Maybe, OneOrMore
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.pointwise import KeepsShape
from shapecalc.layers.tensor import FLOATS, OUTPUT, Tensor, counted
from shapecalc.layers.types import Dimension, Flag, Number

_DIM = Dimension()


class _Reduction(Layer, abstract=True):
    """What reductions over some dimensions have in common."""

    in_torch = False

    operations: ClassVar[int] = 1
    """How many operations each element of the input takes."""

    dim: tuple[int, ...] | None = field(
        Maybe(OneOrMore(_DIM, what="dimensions"), "all, the batch among them"),
        "dimensions to reduce",
    )
    keepdim: bool = field(Flag(), "keep them, with size 1", default=False)

    work = "every element is taken in"
    example: ClassVar[Mapping[str, object]] = {"dim": [2, 3]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axes(x, self.dim or (), "dim")

    def output(self, x: Tensor) -> Tensor:
        n = len(x.shape)
        gone = {dim % n for dim in self.dim} if self.dim else set(range(n))
        if self.keepdim:
            return x.with_shape(1 if i in gone else size for i, size in enumerate(x.shape))
        return x.with_shape(size for i, size in enumerate(x.shape) if i not in gone)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return self.operations * prod(x.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call(function_name(self), self, settings, inputs[0])


class Mean(_Reduction):
    """Average over dimensions; every element of the input is added once.

    >>> Mean(dim=[2, 3]).output(Tensor((1, 2048, 7, 7))).shape
    (1, 2048)
    >>> Mean(dim=1, keepdim=True).output(Tensor((1, 196, 768))).shape
    (1, 1, 768)
    """

    keeps = ()

    called = ("torch.mean", "Tensor.mean")
    dtypes = FLOATS


class Sum(_Reduction):
    """Add up over dimensions; whole numbers become int64.

    >>> Sum(dim=-1).output(Tensor((1, 196, 768))).shape
    (1, 196)
    """

    keeps = ()

    called = ("torch.sum", "Tensor.sum")

    def output(self, x: Tensor) -> Tensor:
        return counted(super().output(x))


class _Extreme(_Reduction, abstract=True):
    """An element that is found, and along one dimension its place as well, on request."""

    keeps = ("inputs", "output")

    on_request = frozenset({"indices"})
    returns_on_request = "output, indices"
    near = "MaxPool2d and AdaptiveMaxPool2d keep the greatest of windows"

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        y = self.output(x)
        if self.dim is None or len(self.dim) > 1:
            return {OUTPUT: y}
        return {OUTPUT: y, "indices": Tensor(y.shape, "int64")}

    def requested(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        (dim,) = self.dim or ()
        keepdim = ", keepdim=True" if settings["keepdim"] == "True" else ""
        return f"{inputs[0]}.{self.kind.lower()}(dim={dim}{keepdim})"


class Max(_Extreme):
    """Take the greatest element over dimensions; ``indices`` are its places along one.

    >>> Max(dim=1).output(Tensor((1, 196, 768))).shape
    (1, 768)
    """

    called = ("torch.amax", "Tensor.amax")


class Min(_Extreme):
    """Take the least element over dimensions; ``indices`` are its places along one.

    >>> Min(dim=[2, 3], keepdim=True).output(Tensor((1, 64, 56, 56))).shape
    (1, 64, 1, 1)
    """

    called = ("torch.amin", "Tensor.amin")


class Var(_Reduction):
    """Take the variance over dimensions, with Bessel's correction unless stated otherwise.

    >>> Var(dim=[2, 3], keepdim=True).output(Tensor((1, 64, 56, 56))).shape
    (1, 64, 1, 1)
    """

    called = ("torch.var", "Tensor.var")
    dtypes = FLOATS
    operations = 4

    correction: int | Fraction = field(
        Number(), "subtracted from the number of elements that is divided by", default=1
    )


class Std(Var):
    """Take the standard deviation over dimensions, with Bessel's correction unless otherwise.

    >>> Std(dim=1).output(Tensor((1, 196, 768))).shape
    (1, 768)
    """

    keeps = ("inputs", "output")

    called = ("torch.std", "Tensor.std")


class Norm(_Reduction):
    """Take the length of vectors along dimensions: the root of the sum of squares, or of powers.

    >>> Norm(dim=-1, keepdim=True).output(Tensor((1, 196, 768))).shape
    (1, 196, 1)
    """

    keeps = ("inputs", "output")

    called = (
        "torch.linalg.vector_norm(ord, dim, keepdim)",
        "torch.norm(ord, dim, keepdim)",
        "Tensor.norm(ord, dim, keepdim)",
    )
    dtypes = FLOATS
    operations = 2

    ord: int | Fraction | float = field(Number(infinite=True), "the exponent", default=2)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call("torch.linalg.vector_norm", self, settings, inputs[0])


class _AlongOne(Layer, abstract=True):
    """What kinds that look along one dimension have in common."""

    in_torch = False

    dim: int = field(_DIM, "the dimension")

    work = "every element is taken in"
    example: ClassVar[Mapping[str, object]] = {"dim": -1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call(function_name(self), self, settings, inputs[0])


class ArgMax(_AlongOne):
    """Find the place of the greatest element along a dimension.

    >>> ArgMax(dim=1).output(Tensor((1, 1000)))
    Tensor(shape=(1,), dtype='int64')
    """

    keeps = ()

    called = ("torch.argmax", "Tensor.argmax")

    keepdim: bool = field(Flag(), "keep the dimension, with size 1", default=False)

    def output(self, x: Tensor) -> Tensor:
        n = len(x.shape)
        kept = (1,) if self.keepdim else ()
        axis = self.dim % n
        return Tensor((*x.shape[:axis], *kept, *x.shape[axis + 1 :]), "int64")


class ArgMin(ArgMax):
    """Find the place of the least element along a dimension.

    >>> ArgMin(dim=1, keepdim=True).output(Tensor((1, 1000))).shape
    (1, 1)
    """

    called = ("torch.argmin", "Tensor.argmin")


class CumSum(_AlongOne, KeepsShape):
    """Add up along a dimension, each place with all before it.

    >>> CumSum(dim=1).output(Tensor((1, 16), "int32"))
    Tensor(shape=(1, 16), dtype='int64')
    """

    keeps = ()

    called = ("torch.cumsum", "Tensor.cumsum")

    def output(self, x: Tensor) -> Tensor:
        return counted(x)


class Normalize(KeepsShape):
    """Divide vectors along dimensions by their length.

    >>> Normalize().output(Tensor((1, 128))).shape
    (1, 128)
    """

    keeps_more = True

    called = ("nn.functional.normalize",)
    dtypes = FLOATS
    in_torch = False

    p: int | Fraction | float = field(Number(infinite=True), "the exponent", default=2)
    dim: tuple[int, ...] = field(
        OneOrMore(_DIM, what="dimensions"), "dimensions the vectors lie along", default=1
    )
    eps: int | Fraction = field(
        Number(0), "least length, against division by zero", default=Fraction(1, 10**12)
    )

    work = "every element is squared, added and divided"
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 64),)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axes(x, self.dim, "dim")

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return 3 * prod(x.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call("nn.functional.normalize", self, settings, inputs[0])
