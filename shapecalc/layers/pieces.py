"""Cutting a dimension into pieces, all of which are outputs: ``split1``, ``split1.1`` and so on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, ceildiv, exactdiv, total, untraced
from shapecalc.algebra.enclosure import only_value
from shapecalc.algebra.requirement import Requirement, equal
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import PerInputAxis
from shapecalc.layers.field import field
from shapecalc.layers.needs import few_enough, names_axis
from shapecalc.layers.tensor import OUTPUT, Tensor, numbered
from shapecalc.layers.types import Dimension, Whole


class _Pieces(Layer, abstract=True):
    """What the kinds that cut have in common."""

    writes = False
    in_torch = False

    dim: int = field(Dimension(), "the dimension", default=1)

    def output(self, x: Tensor) -> Tensor:
        return self.outputs(x)[OUTPUT]

    def _sizes(self, x: Tensor) -> Shape:
        """The size that is cut, where there is such a dimension."""
        n = len(x.shape)
        return (x.shape[self.dim],) if -n <= self.dim < n else ()


class Split(_Pieces):
    """Cut a dimension into pieces of one size, the last with what is left, or of several sizes.

    That dimension is 1 unless stated; ``torch.split`` has 0, the batch.

    >>> outputs = Split(split_size=[384, 64, 64], dim=-1).outputs(Tensor((1, 16, 512)))
    >>> {name: piece.shape for name, piece in outputs.items()}
    {'output': (1, 16, 384), '1': (1, 16, 64), '2': (1, 16, 64)}
    """

    called = ("torch.split(split_size, dim=0)", "Tensor.split(split_size, dim=0)")

    split_size: Dim | tuple[Dim, ...] = field(
        PerInputAxis(Whole()), "the size of a piece, or the sizes of all"
    )

    example: ClassVar[Mapping[str, object]] = {"split_size": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        size, pieces = x.shape[self.dim], self.split_size
        if isinstance(pieces, tuple):
            sizes = total(pieces)
            yield equal(
                sizes,
                size,
                "cuts {right} into {pieces:list}, which are {left} together",
                field="split_size",
                pieces=pieces,
            )
            return
        yield from few_enough(self._count(size), "split_size")

    def decisive(self, x: Tensor) -> Iterator[Dim]:
        if isinstance(self.split_size, tuple):
            return
        for size in self._sizes(x):
            if self._count(size) is None:
                yield from (size, self.split_size)

    def _count(self, size: Dim) -> int | None:
        """The number of pieces of one size, if it is known; of a size of 0 there is none."""
        pieces = self.split_size
        assert not isinstance(pieces, tuple)
        if pieces == 0:
            return None
        count = counted(ceildiv(size, pieces))
        return counted(exactdiv(size, pieces)) if count is None else count

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        size, pieces = x.shape[self.dim], self.split_size
        if not isinstance(pieces, tuple):
            count = self._count(size) or 1
            pieces = (*[pieces] * (count - 1), size - (count - 1) * pieces)
        return numbered(x.with_size(self.dim, piece) for piece in pieces)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.split({settings['split_size']}, dim={settings['dim']})[0]"


class Unbind(_Pieces):
    """Take all places of a dimension apart; the dimension goes.

    >>> outputs = Unbind(dim=2).outputs(Tensor((1, 197, 3, 12, 64)))
    >>> list(outputs), outputs["2"].shape
    (['output', '1', '2'], (1, 197, 12, 64))
    """

    called = ("torch.unbind(dim=0)", "Tensor.unbind(dim=0)")

    def decisive(self, x: Tensor) -> Iterator[Dim]:
        yield from (size for size in self._sizes(x) if counted(size) is None)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        size = x.shape[self.dim]
        yield from few_enough(size, "dim")

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        axis = self.dim % len(x.shape)
        size = x.shape[axis]
        rest = x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :]))
        return numbered([rest] * (counted(size) or 1))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.unbind({settings['dim']})[0]"


def counted(number: Dim) -> int | None:
    """A number of pieces, if it is known; that of a formula may follow from what is supposed."""
    count = only_value(untraced(number))
    return count if isinstance(count, int) else None
