"""Random values of fields, and values just outside of what fields take."""

from __future__ import annotations

from fractions import Fraction
from functools import cache, singledispatch
from math import inf
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shapecalc.layers.compound import Either, ListOf, Maybe, OneOrMore, PerAxis, PerInputAxis
from shapecalc.layers.types import Choice, Dimension, FieldType, Flag, Number, Whole

NUMBERS = (
    *(-2, -1, Fraction(-1, 2), 0, Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)),
    *(Fraction(3, 4), 1, 2, 3),
)
"""Numbers that a float holds exactly, so that torch rounds at the same places."""

SMALL = st.integers(1, 4)
"""Sizes along an axis, as of kernels and steps."""


class Scope(NamedTuple):
    """What fits a layer: the number of its axes, the unit of its sizes, those of its input."""

    rank: int
    unit: int
    sizes: tuple[int, ...]


@cache
def once_in(n: int) -> st.SearchStrategy[bool]:
    """True once in ``n`` draws."""
    return st.sampled_from([False] * (n - 1) + [True])


@singledispatch
def values(type: FieldType, scope: Scope) -> st.SearchStrategy[Any]:
    """Values of a field's type, of which most fit."""
    raise NotImplementedError(type)


@values.register
def _(type: Whole, scope: Scope) -> st.SearchStrategy[int]:
    if type.least is None:
        return st.integers(-3, 4)
    if type.least != 1:
        return st.integers(type.least, 4)
    return st.one_of(*[_multiple(scope.unit)] * 5, st.sampled_from(scope.sizes))


@values.register
def _(type: Dimension, scope: Scope) -> st.SearchStrategy[int]:
    return _dimension(len(scope.sizes))


@cache
def _dimension(ndim: int) -> st.SearchStrategy[int]:
    """One of so many dimensions, seldom the next one."""
    one = st.integers(-ndim, ndim - 1)
    return st.one_of(*[one] * 7, st.sampled_from((-ndim - 1, ndim)))


@cache
def _multiple(unit: int) -> st.SearchStrategy[int]:
    """A small multiple, which seldom slips."""
    if unit == 1:
        return SMALL
    return st.builds(lambda n, slips: n * unit + slips, SMALL, once_in(8))


@values.register
def _(type: Flag, scope: Scope) -> st.SearchStrategy[bool]:
    return st.booleans()


@values.register
def _(type: Number, scope: Scope) -> st.SearchStrategy[Any]:
    return _number(type.least, type.most, type.infinite)


@cache
def _number(least: int | None, most: int | None, infinite: bool) -> st.SearchStrategy[Any]:
    lowest, highest = -inf if least is None else least, inf if most is None else most
    within = [number for number in NUMBERS if lowest <= number <= highest]
    return st.sampled_from([*within, inf, -inf] if infinite else within)


@values.register
def _(type: Choice, scope: Scope) -> st.SearchStrategy[str]:
    return st.sampled_from(type.ordered)


@values.register
def _(type: Maybe, scope: Scope) -> st.SearchStrategy[Any]:
    item = values(type.item, scope)
    return item | item | st.none()


@values.register
def _(type: ListOf, scope: Scope) -> st.SearchStrategy[Any]:
    least, most = (1, 3) if type.length is None else (type.length, type.length)
    item = values(type.item, scope._replace(unit=1))
    lists = st.lists(item, min_size=least, max_size=most)
    if isinstance(type.item, Dimension):  # the order of all dimensions
        order = st.permutations(range(len(scope.sizes)))
        return order | order | order | lists
    return lists


@values.register
def _(type: OneOrMore, scope: Scope) -> st.SearchStrategy[Any]:
    return _one_or_list(type.item, scope, 1, 3)


@values.register
def _(type: PerInputAxis, scope: Scope) -> st.SearchStrategy[Any]:
    axes = max(len(scope.sizes) - 2, 1)
    return _one_or_list(type.item, scope, axes, axes)


@values.register
def _(type: PerAxis, scope: Scope) -> st.SearchStrategy[Any]:
    one = values(type.single, scope._replace(unit=1))
    items = values(type.item, scope._replace(unit=1))
    lengths = type.lengths(scope.rank)
    return st.one_of(one, *(st.lists(items, min_size=n, max_size=n) for n in lengths))


@values.register
def _(type: Either, scope: Scope) -> st.SearchStrategy[Any]:
    return values(type.choice, scope) | values(type.other, scope)


def _one_or_list(item: FieldType, scope: Scope, least: int, most: int) -> st.SearchStrategy[Any]:
    one = values(item, scope._replace(unit=1))
    return one | st.lists(one, min_size=least, max_size=most)


@singledispatch
def just_outside(type: FieldType) -> Any:
    """A value that a type almost takes; None if it has no bounds."""
    return None


@just_outside.register
def _(type: Whole) -> Any:
    return None if type.least is None else type.least - 1


@just_outside.register
def _(type: Dimension) -> Any:
    return None  # that there is such a dimension is required


@just_outside.register
def _(type: Number) -> Any:
    if type.most is not None:
        return type.most + 1
    return None if type.least is None else type.least - 1


@just_outside.register
def _(type: Choice) -> Any:
    return "another"


@just_outside.register
def _(type: PerAxis) -> Any:
    return [type.least] if not type.listed else just_outside(type.single)


@just_outside.register(Maybe)
@just_outside.register(PerInputAxis)
def _(type: Any) -> Any:
    return just_outside(type.item)


@just_outside.register
def _(type: Either) -> Any:
    return just_outside(type.choice)
