"""Selecting: places of a dimension by number, by a list, by another tensor, or the greatest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, prod
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import OneOrMore
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.tensor import OUTPUT, Tensor
from shapecalc.layers.types import Dimension, Flag, Place, Whole

_DIM = Dimension()


def _has_place(x: Tensor, dim: int, place: Dim, field: str = "index") -> Iterator[Requirement]:
    """The requirement that a dimension has a place; a negative one counts from the end."""
    size = x.shape[dim]
    for needed in (place + 1, -place):
        yield at_least(
            size,
            needed,
            "takes place {place} of dim {dim} of batch x {x}, which has {left}",
            field=field,
            hint="places count from 0 to {last}, or backwards from -1",
            place=place,
            dim=dim,
            x=x,
            last=size - 1,
        )


class Select(Layer):
    """Take one place of a dimension, ``x[:, index]``; the dimension goes.

    >>> Select(dim=1, index=0).output(Tensor((1, 197, 768))).shape
    (1, 768)
    """

    called = ("torch.select", "Tensor.select")
    writes = False
    in_torch = False

    dim: int = field(_DIM, "the dimension")
    index: Dim = field(Place(), "the place; a negative one counts from the end")

    example: ClassVar[Mapping[str, object]] = {"dim": 1, "index": 0}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        yield from _has_place(x, self.dim, self.index)

    def output(self, x: Tensor) -> Tensor:
        axis = self.dim % len(x.shape)
        return x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :]))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.select({settings['dim']}, {settings['index']})"


class IndexSelect(Layer):
    """Take the places of a dimension that a list names, in its order.

    >>> IndexSelect(dim=1, index=[2, 1, 0]).output(Tensor((1, 3, 32, 32))).shape
    (1, 3, 32, 32)
    """

    keeps = ()

    called = ("torch.index_select", "Tensor.index_select")
    in_torch = False

    dim: int = field(_DIM, "the dimension")
    index: tuple[int, ...] = field(
        OneOrMore(Whole(0, symbolic=False)), "the places, counted from 0"
    )

    example: ClassVar[Mapping[str, object]] = {"dim": 1, "index": [2, 1, 0]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        yield from _has_place(x, self.dim, max(self.index))

    def output(self, x: Tensor) -> Tensor:
        return x.with_size(self.dim, len(self.index))

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"index": Tensor((len(self.index),), "int64")}

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        index = f"torch.tensor({settings['index']}, device={inputs[0]}.device)"
        return f"{inputs[0]}.index_select({settings['dim']}, {index})"


class Index(Layer):
    """Take the places of a dimension that a second input names, ``x[index]``.

    The second input's dimensions stand in place of that dimension, the first unless stated.

    >>> table, places = Tensor((169, 3)), Tensor((2401,), "int64")
    >>> Index().output(table, places).shape
    (2401, 3)
    """

    arity = (2, 2)
    promotes = True
    in_torch = False

    dim: int = field(_DIM, "the dimension", default=0)

    @classmethod
    def example_inputs(cls) -> tuple[Tensor, ...]:
        return Tensor((1, 4, 8)), Tensor((1, 6), "int64")

    def requires(self, x: Tensor, index: Tensor) -> Iterator[Requirement]:
        if index.dtype not in ("int64", "int32", "uint8"):
            yield refuse(
                "takes places, whole numbers, second but receives {index.dtype}",
                hint="an Arange or a Buffer of type int64 holds places",
                index=index,
            )
        if not x.shape:
            yield refuse("takes places of a single number")
        yield from names_axis(x, self.dim)

    def output(self, x: Tensor, index: Tensor) -> Tensor:
        axis = self.dim % len(x.shape)
        return x.with_shape((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        dim = self.dim
        before = ":, " * dim if dim >= 0 else "..., "
        behind = ", :" * (-1 - dim) if dim < 0 else ""
        return f"{inputs[0]}[{before}{inputs[1]}{behind}]"


class TopK(Layer):
    """Take the k greatest places along a dimension, the greatest first; ``indices`` tell which.

    >>> scores = Tensor((1, 2048, 8))
    >>> TopK(k=2).outputs(scores)["indices"]
    Tensor(shape=(1, 2048, 2), dtype='int64')
    """

    keeps = ()
    in_torch = False

    on_request = frozenset({"indices"})
    returns_on_request = "output, indices"
    work = "every element is looked at"

    k: Dim = field(Whole(), "how many are taken", letter="k")
    dim: int = field(_DIM, "the dimension", default=-1)
    largest: bool = field(Flag(), "the greatest; if not, the least", default=True)

    example: ClassVar[Mapping[str, object]] = {"k": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        yield at_least(
            x.shape[self.dim],
            self.k,
            "takes the {k} greatest of dim {dim} of batch x {x}, which has {left}",
            field="k",
            k=self.k,
            dim=self.dim,
            x=x,
        )

    def output(self, x: Tensor) -> Tensor:
        return x.with_size(self.dim, self.k)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        y = self.output(x)
        return {OUTPUT: y, "indices": Tensor(y.shape, "int64")}

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape)

    def beside(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"indices": Tensor(y.shape, "int64")}

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{self.requested(inputs, settings)}.values"

    def requested(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        dim = "" if settings["dim"] == "-1" else f", dim={settings['dim']}"
        least = ", largest=False" if settings["largest"] == "False" else ""
        return f"{inputs[0]}.topk({settings['k']}{dim}{least})"
