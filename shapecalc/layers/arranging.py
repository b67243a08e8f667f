"""Arranging: the same elements under other sizes, or in another order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapecalc.algebra.arithmetic import Dim, Shape, exactdiv, is_number, prod
from shapecalc.algebra.requirement import Requirement, at_least, divides, equal, refuse
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import ListOf, Maybe, OneOrMore
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.pointwise import KeepsShape
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Dimension, SizeOrRest, Whole

_DIM = Dimension()


class Reshape(Layer):
    """Give the elements other sizes, in the order in which they lie; one size may be -1.

    The batch is written, as ``B``: sizes may be merged with it, as windows of an image are.

    >>> Reshape(shape=[1, 197, 3, 12, 64]).output(Tensor((1, 197, 2304))).shape
    (1, 197, 3, 12, 64)
    >>> Reshape(shape=[-1, 7, 7, 96]).output(Tensor((2, 8, 8, 7, 7, 96))).shape
    (128, 7, 7, 96)
    """

    called = ("torch.reshape", "Tensor.reshape(*shape)", "Tensor.view(*shape)")
    writes = False
    in_torch = False
    rest = "shape"

    shape: Shape = field(
        ListOf(SizeOrRest(), what="sizes"), "the sizes, the batch B included; -1 for what is left"
    )

    example = {"shape": [1, 2, -1, 8, 8]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if 0 in self.shape or self.shape.count(-1) > 1:
            yield refuse(
                "has shape {shape:list}",
                field="shape",
                hint="its sizes are positive, of which one may be -1",
                shape=self.shape,
            )
        known, elements = self._known(), prod(x.shape)
        has_batch = self.shape[:1] in ((), (-1,), x.shape[:1])
        if -1 in self.shape:
            yield divides(
                known,
                elements,
                "makes {shape:times} of {x.shape:times}, but {right} does not divide {left}",
                field="shape",
                hint="" if has_batch else "the batch is kept where it stands in front: [B, -1]",
                shape=self.shape,
                x=x,
            )
            return
        for received, made in _in_groups(x.shape, self.shape):
            yield equal(
                received,
                made,
                "makes {shape:times} of {x.shape:times}, but {known} does not make {elements}",
                field="shape",
                hint="" if has_batch else "the batch is kept where it stands in front: [B, -1]",
                shape=self.shape,
                x=x,
                known=known,
                elements=elements,
            )

    def _known(self) -> Dim:
        """The product of the sizes that are given."""
        return prod(size for size in self.shape if size != -1)

    def output(self, x: Tensor) -> Tensor:
        if -1 not in self.shape:
            return x.with_shape(self.shape)
        elements, known = prod(x.shape), self._known()
        left = elements // known if is_number(elements) else exactdiv(elements, known)
        return x.with_shape(left if size == -1 else size for size in self.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.reshape{settings['shape']}"


def _in_groups(received: Shape, made: Shape) -> list[tuple[Dim, Dim]]:
    """Products of sizes that have to be equal for all elements to be there.

    Where sizes follow each other as they do in both shapes, what one side of a group has can be
    shown to be at most what the other has, group by group: then the products of all are equal if
    and only if those of each group are. ``H, W`` made ``H//7, 7, W//7, 7`` asks for two multiples
    of 7, in place of one equation in both sizes.

    >>> _in_groups((2, 12, 5), (2, 3, 4, 5))
    [(120, 120)]
    """
    if all(map(is_number, (*received, *made))):
        return [(prod(received), prod(made))]
    groups, rest = _followed(received, made)
    if rest != (1, 1):
        back, left = _followed(made, received)
        if left == (1, 1):
            return [(a, b) for b, a in back]
        unequal = [*(group for group in groups if group[0] != group[1]), rest]
        return [(prod(a for a, _ in unequal), prod(b for _, b in unequal))]
    return groups


def _followed(received: Shape, made: Shape) -> tuple[list[tuple[Dim, Dim]], tuple[Dim, Dim]]:
    """The groups as far as they go, of which the second side is never larger; and what is left."""
    groups: list[tuple[Dim, Dim]] = []
    have: Dim = 1
    wanted: Dim = 1
    left, right = list(received), list(made)
    while left or right:
        if left and (have == 1 or not right):
            have = have * left.pop(0)
        elif right and (wanted == 1 or not left or _never_more(wanted, have)):
            wanted = wanted * right.pop(0)
        else:
            have = have * left.pop(0)
        if _closes(have, wanted):
            groups.append((have, wanted))
            have, wanted = 1, 1
    return groups, (have, wanted)


def _never_more(a: Dim, b: Dim) -> bool:
    return at_least(b, a).decide() is True


def _closes(have: Dim, wanted: Dim) -> bool:
    """Whether a group is complete: its sides are equal, or nearly so, the second never larger."""
    if have == wanted:
        return True
    if have == 1 or wanted == 1 or not _never_more(wanted, have):
        return False
    decided = equal(have, wanted).decide()
    return decided is not False and not isinstance(decided, bool) and bool(decided.solutions)


class Transpose(Layer):
    """Swap two dimensions.

    >>> Transpose(dim0=1, dim1=2).output(Tensor((1, 197, 12, 64))).shape
    (1, 12, 197, 64)
    """

    called = ("torch.transpose", "Tensor.transpose", "torch.swapaxes",
              "Tensor.swapaxes", "torch.swapdims", "Tensor.swapdims")  # fmt: skip
    writes = False
    in_torch = False

    near = "a Permute puts all dimensions into another order: Permute: [0, 2, 1]"

    dim0: int = field(_DIM, "the one dimension")
    dim1: int = field(_DIM, "the other dimension")

    example = {"dim0": 1, "dim1": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim0, "dim0")
        yield from names_axis(x, self.dim1, "dim1")

    def output(self, x: Tensor) -> Tensor:
        shape = list(x.shape)
        shape[self.dim0], shape[self.dim1] = shape[self.dim1], shape[self.dim0]
        return x.with_shape(shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.transpose({settings['dim0']}, {settings['dim1']})"


def names_axes(x: Tensor, dims: Sequence[int], field: str) -> Iterator[Requirement]:
    """The requirement that dimensions are those of the input, each named once."""
    for dim in dims:
        yield from names_axis(x, dim, field)
    n = len(x.shape)
    if len({dim % n for dim in dims}) < len(dims):
        yield refuse(
            "has {field} {dims:list}, which names a dimension twice", field=field, dims=dims
        )


class MoveDim(Layer):
    """Move dimensions to other places; the others keep their order.

    >>> MoveDim(source=1, destination=-1).output(Tensor((1, 3, 224, 200))).shape
    (1, 224, 200, 3)
    """

    called = ("torch.movedim", "Tensor.movedim", "torch.moveaxis", "Tensor.moveaxis")
    writes = False
    in_torch = False

    source: tuple[int, ...] = field(OneOrMore(_DIM, what="dimensions"), "the dimensions to move")
    destination: tuple[int, ...] = field(
        OneOrMore(_DIM, what="dimensions"), "their places in the output, in the same order"
    )

    example = {"source": 1, "destination": -1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axes(x, self.source, "source")
        yield from names_axes(x, self.destination, "destination")
        if len(self.source) != len(self.destination):
            yield refuse(
                "moves {sources} dimensions to {places} places",
                field="destination",
                sources=len(self.source),
                places=len(self.destination),
            )

    def output(self, x: Tensor) -> Tensor:
        n = len(x.shape)
        moved = {to % n: x.shape[at] for at, to in zip(self.source, self.destination)}
        gone = {dim % n for dim in self.source}
        rest = iter([size for axis, size in enumerate(x.shape) if axis not in gone])
        return x.with_shape(moved[axis] if axis in moved else next(rest) for axis in range(n))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.movedim({settings['source']}, {settings['destination']})"


class Roll(KeepsShape):
    """Shift along dimensions; what goes out at one end comes in at the other.

    Without dims, all elements are shifted as if they lay in one row.

    >>> Roll(shifts=[-3, -3], dims=[1, 2]).output(Tensor((1, 56, 56, 96))).shape
    (1, 56, 56, 96)
    """

    keeps = ()

    called = ("torch.roll", "Tensor.roll")
    in_torch = False

    shifts: Shape = field(OneOrMore(Whole(None)), "how far, along each of the dimensions")
    dims: tuple[int, ...] | None = field(
        Maybe(OneOrMore(_DIM, what="dimensions"), "all in one row"),
        "the dimensions",
        default=None,
    )

    example = {"shifts": [-3, -3], "dims": [2, 3]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for dim in self.dims or ():
            yield from names_axis(x, dim, "dims")
        if len(self.shifts) != len(self.dims or (0,)):
            yield refuse(
                "has shifts {shifts:list} for dims {dims:list}",
                field="shifts",
                hint="each of the dims takes a shift",
                shifts=self.shifts,
                dims=self.dims or (),
            )

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        dims = "" if settings["dims"] == "None" else f", {settings['dims']}"
        return f"{inputs[0]}.roll({settings['shifts']}{dims})"


class Flip(KeepsShape):
    """Turn the order along dimensions round.

    >>> Flip(dims=[3]).output(Tensor((1, 3, 32, 32))).shape
    (1, 3, 32, 32)
    """

    keeps = ()

    called = ("torch.flip", "Tensor.flip(*dims)")
    in_torch = False

    dims: tuple[int, ...] = field(
        OneOrMore(_DIM, what="dimensions"), "the dimensions to turn round"
    )

    example = {"dims": [3]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axes(x, self.dims, "dims")

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.flip({settings['dims']})"
