"""What kinds require of settings and inputs, as far as it is the same for several, or for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, untraced
from shapecalc.algebra.requirement import Requirement, at_least, equal, refuse, whole
from shapecalc.layers.tensor import Tensor, times

if TYPE_CHECKING:
    from shapecalc.algebra.formula import Formula
    from shapecalc.layers.base import Layer
    from shapecalc.layers.field import Field


def names_axis(x: Tensor, dim: int, field: str = "dim") -> Iterator[Requirement]:
    """The requirement that ``dim`` is one of the input's dimensions, counted as torch does."""
    n = len(x.shape)
    if not -n <= dim < n:
        yield refuse(
            "has {field} {dim} but receives {n} dimensions: batch x {x}",
            field=field,
            hint="{field} counts from 0, the batch, to {last}, or backwards from -1",
            dim=dim,
            n=n,
            x=x,
            last=n - 1,
        )


MOST_PIECES = 10_000
"""How many outputs a layer may have."""


def few_enough(pieces: Any, field: str) -> Iterator[Requirement]:
    """The requirement that a layer which cuts has no more outputs than can be listed."""
    pieces = untraced(pieces)
    if isinstance(pieces, int) and pieces > MOST_PIECES:
        yield refuse(
            "cuts into {pieces:,} pieces, and each is an output: {most:,} at most",
            field=field,
            hint="a Slice or a Select takes the one that is needed",
            pieces=pieces,
            most=MOST_PIECES,
        )


class Divisors(NamedTuple):
    """What to say of the divisors of a number that are nearest to one that does not divide it.

    Nothing, where the two are no plain numbers.

    >>> str(Divisors("num_heads", 512, 12))
    'num_heads that divide 512: nearest are 8 and 16'
    >>> str(Divisors("num_heads", 7, 12))
    'num_heads that divide 7: the nearest is 7'
    """

    what: str
    number: Dim
    wanted: Dim

    def __str__(self) -> str:
        number, wanted = self.number, self.wanted
        if not (isinstance(number, int) and isinstance(wanted, int)):
            return ""
        below = min(wanted, number)
        lower = range(below, max(below - _FARTHEST, 0), -1)
        beyond = range(wanted + 1, min(wanted + _FARTHEST, number + 1))
        nearest = (next((n for n in each if number % n == 0), None) for each in (lower, beyond))
        near = [str(n) for n in nearest if n is not None]
        if not near:
            return ""
        said = (
            f"nearest are {' and '.join(near)}" if len(near) == 2 else f"the nearest is {near[0]}"
        )
        return f"{self.what} that divide {number}: {said}"


_FARTHEST = 10_000
"""How far from a number its neighbours are looked for."""


# -- what every kind requires --------------------------------------------------------------------


def wrong_arity(layer: Layer, received: int) -> Requirement:
    """The refusal of a number of inputs that the kind does not take."""
    wanted = layer.inputs_wanted()
    return refuse("takes {wanted} but receives {received}", wanted=wanted, received=received)


def wrong_ndim(layer: Layer, x: Tensor) -> Requirement:
    """The refusal of a number of dimensions that the kind does not take."""
    names = {
        2: "features",
        3: "channels x length",
        4: "channels x height x width",
        5: "channels x depth x height x width",
    }
    wanted = list(layer.ndims or ())
    if len(wanted) > 3:
        expected = f"{wanted[0] - 1} or more dimensions"
    else:
        expected = times(layer.axes) or " or ".join(names[n] for n in wanted)
    too_many = len(x.shape) > wanted[-1]
    return refuse(
        "takes {expected} (behind the batch) but receives {x}",
        hint="a Flatten before it makes features of them"
        if too_many and 2 in wanted
        else "its only dimension is the first: a Flatten that keeps the batch has start_dim: 1"
        if len(x.shape) == 1
        else "",
        expected=expected,
        x=x,
    )


def wrong_dtype(layer: Layer, x: Tensor) -> Requirement:
    """The refusal of an element type that the kind does not take."""
    dtypes = layer.dtypes or ()
    if "int64" in dtypes:
        return refuse(
            "takes indices but receives {x.dtype}: {x}",
            hint="an input of indices is declared as {{shape: [...], dtype: {dtype}}}",
            x=x,
            dtype=dtypes[0],
        )
    return refuse(
        "takes {dtypes:or} but receives {x.dtype}: {x}",
        hint="an Embedding turns indices into numbers"
        if x.dtype in ("int64", "int32")
        else "an input is declared with the type that it is converted to",
        dtypes=dtypes,
        x=x,
    )


def several_dtypes(x: Sequence[Tensor]) -> Requirement:
    """The refusal of inputs of several element types."""
    dtypes = dict.fromkeys(tensor.dtype for tensor in x)
    return refuse("takes inputs of one element type but receives {dtypes:and}", dtypes=dtypes)


def settled(declared: Field, item: Formula) -> Iterator[Requirement]:
    """A size given by a formula must be a whole number, not too small; any number within bounds."""
    kind = declared.type
    if not kind.symbolic:
        for a, b in ((item, kind.least), (kind.most, item)):
            if a is not None and b is not None:
                yield at_least(
                    a,
                    b,
                    "has {field} {size}, not {wanted}",
                    field=declared.name,
                    size=item,
                    wanted=kind.describe(1),
                )
        return
    yield from whole(
        item,
        declared.type.least,
        "has {field} {size}, not {wanted}",
        field=declared.name,
        wanted=kind.describe(1),
    )


def agree(name: str, stated: Any, received: Any) -> Iterator[Requirement]:
    """A size that is stated must be the one that is received."""
    sizes, own = (stated, received) if isinstance(stated, tuple) else ((stated,), (received,))
    never: list[tuple[Any, Any]] = [(0, 1)]
    for a, b in zip(sizes, own) if len(sizes) == len(own) else never:
        yield equal(
            a,
            b,
            "states {field} {stated:times} but receives {received:times}",
            field=name,
            hint="leave {field} out to have it inferred",
            stated=stated,
            received=received,
        )
