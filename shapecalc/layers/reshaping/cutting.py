"""A part of the elements along a dimension: slices and chunks."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shapecalc.algebra.arithmetic import (
    Dim,
    Shape,
    ceildiv,
    is_number,
    is_symbolic,
    known,
    largest,
    smallest,
    untraced,
)
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe, PerInputAxis
from shapecalc.layers.field import field
from shapecalc.layers.needs import MOST_PIECES, few_enough, names_axis
from shapecalc.layers.tensor import Tensor, numbered
from shapecalc.layers.types import Dimension, Whole


class _Piece(Layer, abstract=True):
    """What the layers that take a part of one dimension have in common."""

    writes = False
    in_torch = False

    dim: int
    step: Dim = 1

    def _bounds(self, n: Dim) -> tuple[Dim, Dim]:
        """Where the piece starts and stops in a dimension of size ``n``."""
        raise NotImplementedError

    def output(self, x: Tensor) -> Tensor:
        start, stop = self._bounds(x.shape[self.dim])
        return x.with_size(self.dim, ceildiv(stop - start, self.step))

    def windows(self, x: Tensor) -> tuple[Window, ...]:
        """Cells that are left out are padding taken away."""
        axis = self.dim % len(x.shape)
        windows = [IDENTITY] * len(x.shape)
        start, stop = self._bounds(x.shape[axis])
        windows[axis] = Window(1, self.step, -start, stop - x.shape[axis])
        return tuple(windows[2:])


class Slice(Layer):
    """Take a part of one dimension or of several, ``x[start:end:step]`` in Python's notation.

    A negative number counts from the end. Where Python would find nothing, it is refused. Of
    several dimensions, the others are lists as well, or the same for all of them.

    >>> x = Tensor((1, 197, 768))
    >>> Slice(dim=1, start=1).output(x).shape, Slice(dim=-1, end=-68, step=7).output(x).shape
    ((1, 196, 768), (1, 197, 100))
    >>> Slice(dim=[2, 3], start=1, end=[-1, 30]).output(Tensor((1, 8, 32, 32))).shape
    (1, 8, 30, 29)
    """

    writes = False
    in_torch = False

    dim: int | tuple[int, ...] = field(
        PerInputAxis(Dimension()), "dimension, or dimensions, to take a part of"
    )
    start: Dim | tuple[Dim, ...] = field(
        PerInputAxis(Whole(None)), "first place that is taken", default=0
    )
    end: Any = field(
        Maybe(PerInputAxis(Maybe(Whole(None))), "the end"),
        "first place that is not taken any more",
        default=None,
    )
    step: Dim | tuple[Dim, ...] = field(
        PerInputAxis(Whole()), "distance between places that are taken", letter="S", default=1
    )

    example = {"dim": 2, "start": 1, "end": -1}

    def _cuts(self) -> list[_Cut]:
        """What is done to each dimension."""
        dims = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        given = [
            value if isinstance(value, tuple) else (value,) * len(dims)
            for value in (self.start, self.end, self.step)
        ]
        return [_Cut(dim=dim, start=a, end=b, step=c) for dim, a, b, c in zip(dims, *given)]

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        dims = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        for name in ("start", "end", "step"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != len(dims):
                yield refuse(
                    "has {field} for {given} of {n} dimensions",
                    field=name,
                    given=len(value),
                    n=len(dims),
                )
        for dim in dims:
            yield from names_axis(x, dim)
        if not dims or len({dim % len(x.shape) for dim in dims}) < len(dims):
            yield refuse(
                "has dim {dims:list}, which names one twice, or none", field="dim", dims=dims
            )
        for cut in self._cuts():
            yield from cut.requires(x)

    def decisive(self, x: Tensor) -> Iterator[Dim]:
        """Places of which it has to be known whether they count from the end."""
        for place in (place for cut in self._cuts() for place in (cut.start, cut.end)):
            if place is not None and is_symbolic(place):
                from shapecalc.algebra.enclosure import unsettled  # which numbers have no need of

                if unsettled(place, "<"):
                    yield place

    def output(self, x: Tensor) -> Tensor:
        for cut in self._cuts():
            x = cut.output(x)
        return x

    def windows(self, x: Tensor) -> tuple[Window, ...]:
        windows = (IDENTITY,) * len(x.spatial)
        for cut in self._cuts():
            windows = tuple([a.then(b) for a, b in zip(windows, cut.windows(x))])
        return windows

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        """One subscript for dimensions counted from the first, one for those from the last."""
        dims = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        sides = [_items(settings[name], len(dims)) for name in ("start", "end", "step")]
        parts = {dim: _part(*each) for dim, *each in zip(dims, *sides)}
        ahead = [parts.get(dim, ":") for dim in range(max(parts) + 1)]
        behind = [parts.get(dim, ":") for dim in range(min(parts), 0)]
        found = inputs[0] + (f"[{', '.join(ahead)}]" if max(parts) >= 0 else "")
        return found + (f"[..., {', '.join(behind)}]" if behind else "")


def _items(text: str, count: int) -> list[str]:
    """The source of each item of a tuple; of a single value so many times."""
    tree = ast.parse(text, mode="eval").body
    if isinstance(tree, (ast.Tuple, ast.List)):
        return [ast.unparse(item) for item in tree.elts]
    return [text] * count


def _part(start: str, end: str, step: str) -> str:
    """A slice as it stands in a subscript."""
    sides = ["" if start == "0" else start, "" if end == "None" else end]
    sides += [] if step == "1" else [step]
    simple = all(side.lstrip("-").isalnum() or not side for side in sides)
    return ":".join(sides) if simple else " : ".join(sides).strip()


class _Cut(_Piece, abstract=True):
    """A part of one dimension."""

    dim: int = field(Dimension(), "dimension")
    start: Dim = field(Whole(None), "first place that is taken", default=0)
    end: Dim | None = field(
        Maybe(Whole(None), "the end"), "first place that is not taken any more", default=None
    )
    step: Dim = field(Whole(), "distance between places that are taken", letter="S", default=1)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        size = x.shape[self.dim]
        for name in ("start", "end"):
            place = getattr(self, name)
            if is_symbolic(place) and _from_end(place):
                yield at_least(
                    -place - 1,
                    0,
                    "has {field} {place}, which is to count from the end",
                    field=name,
                    place=place,
                )
            elif is_symbolic(place):
                yield at_least(
                    place,
                    0,
                    "has {field} {left}, which may be negative: only a number, "
                    "or a symbol behind a minus, counts from the end",
                    field=name,
                )
        for start in self._starts(size):
            for stop in self._stops(size):
                yield at_least(
                    stop,
                    start + 1,
                    "takes {start}:{end} of dim {dim} of batch x {x}, which is nothing of {size}",
                    field="start",
                    start=self.start,
                    end="" if self.end is None else self.end,
                    dim=self.dim,
                    x=x,
                    size=size,
                )

    def _starts(self, n: Dim) -> Shape:
        """The start is the largest of these: Python stops at 0 when it counts from the end."""
        return (n + self.start, 0) if _from_end(self.start) else (self.start,)

    def _stops(self, n: Dim) -> Shape:
        """The stop is the smallest of these: Python stops at the end."""
        if self.end is None:
            return (n,)
        return (n + self.end,) if _from_end(self.end) else (self.end, n)

    def _bounds(self, n: Dim) -> tuple[Dim, Dim]:
        return largest(*self._starts(n)), smallest(*self._stops(n))


def _from_end(place: Dim) -> bool:
    """Whether a place counts from the end: a negative number, or ``-m`` of what is positive."""
    place = untraced(place)
    if not is_symbolic(place):
        return place < 0
    from shapecalc.algebra.enclosure import decided  # which numbers have no need of

    known = decided(place, "<")
    return (-place).never_negative() if known is None else known


class Chunk(_Piece):
    """Take one of the pieces that ``torch.chunk`` makes of a dimension.

    All pieces have the size ``ceil(n/chunks)`` but the last, which has what is left; there may be
    fewer than asked for. Where the first is taken, the others are outputs as well: ``chunk1.1``.

    >>> x = Tensor((1, 116, 28, 28))
    >>> Chunk(chunks=2, index=1).output(x).shape, Chunk(chunks=3, index=2).output(x).shape
    ((1, 58, 28, 28), (1, 38, 28, 28))
    """

    chunks: int = field(Whole(symbolic=False), "number of pieces")
    dim: int = field(Dimension(), "dimension to cut", default=1)
    index: int = field(Whole(0, symbolic=False), "piece to take, counted from 0", default=0)

    example = {"chunks": 2, "index": 1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        size = x.shape[self.dim]
        piece = ceildiv(size, self.chunks)
        yield at_least(
            size,
            self.index * piece + 1,
            "takes the piece of index {index}, but {left} cut into {chunks} makes {pieces} pieces "
            "of up to {piece}",
            field="index",
            hint="the first piece has index 0",
            index=self.index,
            chunks=self.chunks,
            pieces=ceildiv(size, piece),
            piece=piece,
        )
        if self.index == 0:  # then the others are outputs as well
            most = min(known(size), self.chunks) if is_number(size) else self.chunks
            yield from few_enough(most, "chunks")

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        if self.index != 0:
            return super().outputs(x)
        size = x.shape[self.dim]
        most = smallest(self.chunks, MOST_PIECES)
        count = ceildiv(size, ceildiv(size, self.chunks)) if is_number(size) else most
        pieces = [Chunk(chunks=self.chunks, dim=self.dim, index=i) for i in range(known(count))]
        return numbered(piece.output(x) for piece in pieces)

    def offers(self, output: str, x: Tensor) -> Iterator[Requirement]:
        size = x.shape[self.dim]
        if is_symbolic(size) and output.isdigit():
            yield at_least(size, int(output) * ceildiv(size, self.chunks) + 1)

    def _bounds(self, n: Dim) -> tuple[Dim, Dim]:
        piece = ceildiv(n, self.chunks)
        start = self.index * piece
        if self.index == 0:
            return 0, piece
        if self.index == self.chunks - 1:
            return start, n
        return start, smallest(start + piece, n)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return (
            f"{inputs[0]}.chunk({settings['chunks']}, dim={settings['dim']})[{settings['index']}]"
        )
