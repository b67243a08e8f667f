"""Joins: layers that make one tensor of several, whose sizes have to agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import ClassVar, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Shape, is_number, largest, prod, total
from shapecalc.algebra.message import series
from shapecalc.algebra.requirement import Requirement, broadcasts, equal, may_stretch, refuse
from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.layers import axes
from shapecalc.layers.base import Layer
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.reshaping import names_new_axis, with_new_axis
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Dimension

Inputs = tuple[Tensor, ...]


class Join(Layer, abstract=True):
    """What all joins have in common."""

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    in_torch = False

    stretches: ClassVar[bool] = False
    """Whether a size of 1 stretches to another input's, as torch broadcasts."""

    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 4, 8, 8), (1, 4, 8, 8))

    @property
    def does(self) -> str:
        """What it does, as the verb of a message."""
        raise NotImplementedError

    def _agree(
        self, x: Inputs, axis: int, ndim: int, sizes: Iterable[Dim]
    ) -> Iterator[Requirement]:
        """The requirement that the sizes along one of ``ndim`` dimensions are the same.

        Where they stretch, one that turns out to be 1 agrees with any other.
        """
        require = broadcasts if self.stretches else equal
        for first, other in _pairs(sizes, self.stretches):
            yield require(
                first,
                other,
                "{join.does} {inputs}, which differ in {axis} ({left} and {right})",
                join=self,
                inputs=Listed(x),
                axis=Axis(axis, ndim),
            )

    def _same_ndim(self, x: Inputs) -> Iterator[Requirement]:
        if len({len(tensor.shape) for tensor in x}) > 1:
            yield refuse(
                "{join.does} {inputs}, which differ in the number of dimensions",
                join=self,
                inputs=Listed(x),
            )


class Concat(Join):
    """Put the inputs one behind the other along a dimension; the other sizes must agree.

    That dimension is 1, the channels, unless stated; ``torch.cat`` has 0, the batch.

    >>> inputs = tuple(Tensor((1, channels, 28, 28)) for channels in (64, 128, 32, 32))
    >>> Concat().output(*inputs).shape
    (1, 256, 28, 28)
    >>> inputs = Tensor((1, 3, 4, 4)), Tensor((1, 3, 9, 4))
    >>> [r.problem() for r in Concat().requirements(*inputs) if not r.decide()]
    ['concatenates along dim 1: 3 x 4 x 4 and 3 x 9 x 4, which differ in height (4 and 9)']
    """

    keeps = ()

    promotes = True
    grows = "dim"
    takes_list = True

    dim: int = field(Dimension(), "dimension that grows", default=1)

    @property
    def is_idle_alone(self) -> bool:
        return True

    @property
    def does(self) -> str:
        return f"concatenates along dim {self.dim}:"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield from self._same_ndim(x)
        yield from names_axis(x[0], self.dim)
        n = len(x[0].shape)
        for axis in range(n):
            if axis != self.dim % n:
                yield from self._agree(x, axis, n, (tensor.shape[axis] for tensor in x))

    def output(self, *x: Tensor) -> Tensor:
        grown = total(tensor.shape[self.dim] for tensor in x)
        return Tensor(_agreed(x), promoted(x)).with_size(self.dim, grown)

    def windows(self, *x: Tensor) -> tuple[Window, ...] | None:
        along_channels = self.dim % len(x[0].shape) == 1
        return (IDENTITY,) * len(x[0].spatial) if along_channels else None

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"torch.cat(({', '.join(inputs)}{',' * (len(inputs) == 1)}), dim={settings['dim']})"


class Stack(Join):
    """Put the inputs, all of one shape, one behind the other along a new dimension.

    That dimension is 1, behind the batch, unless stated; ``torch.stack`` has 0, before it.

    >>> Stack().output(Tensor((1, 8, 64)), Tensor((1, 8, 64))).shape
    (1, 2, 8, 64)
    """

    keeps = ()

    promotes = True
    takes_list = True

    dim: int = field(Dimension(), "place of the new dimension in the output", default=1)

    @property
    def does(self) -> str:
        return f"stacks along dim {self.dim}:"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield from self._same_ndim(x)
        yield from names_new_axis(x[0], self.dim)
        n = len(x[0].shape)
        for axis in range(n):
            yield from self._agree(x, axis, n, (tensor.shape[axis] for tensor in x))

    def output(self, *x: Tensor) -> Tensor:
        return with_new_axis(Tensor(_agreed(x), promoted(x)), self.dim, len(x))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return (
            f"torch.stack(({', '.join(inputs)}{',' * (len(inputs) == 1)}), dim={settings['dim']})"
        )


MOST_STRETCHED = 24
"""So many different formulas are looked at in pairs for whether they agree or one is 1."""


class Broadcast(Join, abstract=True):
    """Combine the inputs element by element, as torch broadcasts them.

    Shapes are aligned at their last dimensions; a size of 1, or one that is missing, stretches to
    the others'. Each further input is one operation per element of the output.
    """

    promotes = True
    stretches = True
    work = "one for every output and every input beyond the first"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        n = max(len(tensor.shape) for tensor in x)
        for axis, sizes in enumerate(aligned([tensor.shape for tensor in x])):
            formulas = {size for size in sizes if not is_number(size)}
            if len(formulas) > MOST_STRETCHED:
                yield refuse(
                    "{join.does} sizes of {axis} that are {count} different formulas, any of "
                    "which may be 1; whether so many agree is not looked into",
                    join=self,
                    axis=Axis(axis, n),
                    count=len(formulas),
                    hint="leave fewer symbols open, as with --symbolic=H",
                )
                return
            yield from self._agree(x, axis, n, stretched(sizes))

    def output(self, *x: Tensor) -> Tensor:
        return Tensor(broadcast([tensor.shape for tensor in x]), promoted(x))

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return (len(x) - 1) * prod(y.shape)

    def windows(self, *x: Tensor) -> tuple[Window, ...] | None:
        out = self.output(*x)
        for tensor in x:
            if len(tensor.shape) != len(out.shape):
                return None
            if any(_may_be_seen_from_all(*sizes) for sizes in zip(tensor.spatial, out.spatial)):
                return None
        return (IDENTITY,) * len(out.spatial)


def _may_be_seen_from_all(size: Dim, whole: Dim) -> bool:
    """Whether a size is, or may be, a single cell that stretches."""
    if is_number(size) and is_number(whole):
        return size == 1 != whole
    return size != whole and may_stretch(size, whole)


def plainest(sizes: Iterable[Dim]) -> Dim:
    """Of sizes that are equal, the one to go on with: a number, or the shortest formula.

    >>> from shapecalc.algebra.formula import Formula
    >>> H = Formula.symbol("H")
    >>> plainest([2 * (H // 2), H])
    Formula('H')
    """
    sizes = tuple(sizes)
    different = list(dict.fromkeys(sizes))
    if len(different) == 1:
        return _telling(sizes)
    return min(different, key=lambda size: 0 if is_number(size) else len(str(size)))


def _telling(sizes: Shape) -> Dim:
    """Of equal sizes one that knows more than its number, as source that is read has them."""
    return next((size for size in sizes if size.__class__ is not int), sizes[0])


def broadcast(shapes: list[Shape]) -> Shape:
    """The shape that shapes broadcast to, where they agree.

    >>> broadcast([(8, 1, 6), (5, 1)])
    (8, 5, 6)
    """
    return tuple(_broadcast(stretched(sizes)) for sizes in aligned(shapes))


def _broadcast(sizes: Shape) -> Dim:
    """What sizes that agree, or are 1, stretch to: their maximum, unless none of them can be 1."""
    size = sizes[0]
    for other in sizes[1:]:
        if is_number(size) or is_number(other) or size == other:
            size = plainest((size, other))
        elif may_stretch(size, other):
            size = largest(size, other) if may_stretch(other, size) else other
        else:
            size = size if may_stretch(other, size) else plainest((size, other))
    return size


def _pairs(sizes: Iterable[Dim], stretch: bool) -> Iterator[tuple[Dim, Dim]]:
    """The sizes to compare: each with the first, or where a size may be 1, with all others."""
    different = list(dict.fromkeys(sizes))
    if not stretch:
        return iter([(different[0], other) for other in different[1:]])
    return combinations(different, 2)


_WIDENING = (
    "bool",
    "uint8",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)


def promoted(x: Inputs) -> str:
    """The element type that torch gives a tensor made of several.

    >>> promoted((Tensor((1,), "int64"), Tensor((1,), "float16")))
    'float16'
    """
    types = {tensor.dtype for tensor in x}
    if {"float16", "bfloat16"} <= types:  # neither holds the values of the other
        types.add("float32")
    return max(types, key=_WIDENING.index)


def _agreed(x: Inputs) -> Shape:
    return tuple(map(plainest, zip(*(tensor.shape for tensor in x), strict=True)))


def aligned(shapes: list[Shape]) -> list[Shape]:
    """For each dimension of the broadcast shape, the sizes of the shapes that have it."""
    n = max(map(len, shapes))
    return [
        tuple(shape[axis - n] for shape in shapes if axis - n >= -len(shape)) for axis in range(n)
    ]


def stretched(sizes: Shape) -> Shape:
    """The sizes that have to agree: a known 1 stretches to any other."""
    return tuple(size for size in sizes if size != 1) or (_telling(sizes),)


class Listed(NamedTuple):
    """The inputs' shapes in a message, with their batch where it is not clear what is the batch."""

    x: Inputs

    def __str__(self) -> str:
        if len({len(tensor.shape) for tensor in self.x}) > 1:
            return series(f"batch x {tensor}" for tensor in self.x)
        return series(self.x)


class Axis(NamedTuple):
    """A dimension in a message, by its name.

    ``names`` are those of the dimensions behind the batch, if they are known; else they are those
    of channels first.

    >>> str(Axis(1, 4)), str(Axis(1, 4, ("height", "width", "channels")))
    ('channels', 'height')
    """

    number: int
    ndim: int
    names: tuple[str, ...] | None = None

    def __str__(self) -> str:
        behind = axes.behind_batch(self.ndim) if self.names is None else self.names
        names = ("batch", *behind)
        return names[self.number] if self.number < len(names) else f"dimension {self.number}"
