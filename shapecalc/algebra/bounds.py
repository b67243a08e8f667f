"""Between which numbers a formula lies where its symbols have least values.

That is asked of every formula that has to be positive, once, so trouble is taken with it: what
never falls as its symbols grow is least where they are, and what is left is bounded part by part,
by :mod:`shapecalc.algebra.intervals`, also with symbols counted from their least values.
(Ranges with an end, and many of them, are for :mod:`shapecalc.algebra.enclosure`.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import sympy

from shapecalc.algebra.intervals import ANYTHING, OVER, Bounds, narrowed
from shapecalc.algebra.nodes import Extreme, FloorDiv, Largest, Smallest, expanded, length
from shapecalc.algebra.writing import Remainder, with_remainders

Number = Any  # int or Fraction


class Range(NamedTuple):
    """From ``least`` to ``greatest``, without an end where that is None."""

    least: Number | None
    greatest: Number | None

    @property
    def is_never_negative(self) -> bool:
        """Whether all its numbers are at least 0."""
        return self.least is not None and self.least >= 0


MOST_SHIFTED = 64
"""The longest sum that is written anew with symbols counted from their least values."""

MOST_SHIFTED_SYMBOLS = 12
"""A sum of more symbols is not: each term is then a product of sums, which takes time."""


def range_of(expr: sympy.Expr, least: Mapping[str, int]) -> Range:
    """Numbers that a formula lies between; symbols that have no least value may be any number.

    What never falls as a symbol grows is least where all symbols are; else the parts of the
    formula are bounded, each for itself.
    """
    known = {each.name: least.get(each.name) for each in expr.free_symbols}
    return _range_of(expr, tuple(sorted((k, v) for k, v in known.items() if v is not None)))


@lru_cache(maxsize=16384)
def _range_of(expr: sympy.Expr, known: tuple[tuple[str, int], ...]) -> Range:
    low, high = _bounds(expanded(expr), dict(known))
    return Range(*(None if isinstance(end, float) else end for end in (low, high)))


def _bounds(expr: sympy.Expr, least: Mapping[str, int]) -> Bounds:
    found = _parts(with_remainders(expr), least)
    if found[0] >= 0:
        return found
    if _grows(expr, least):
        return _where_least(expr, least), found[1]
    return _from_least(expr, least, found)


def _from_least(expr: sympy.Expr, least: Mapping[str, int], found: Bounds) -> Bounds:
    """What is seen where symbols are written as their least values and what they have above these.

    ``H*S - S`` is ``h + h*s`` for ``H = h + 1`` and ``S = s + 1``.
    """
    known = [each for each in expr.free_symbols if least.get(each.name) and each.is_integer]
    if not 0 < len(known) <= MOST_SHIFTED_SYMBOLS or length(expr) > MOST_SHIFTED:
        return found
    if _has_each_once(expr):
        return found
    shifted = expanded(expr.xreplace({each: each + least[each.name] for each in known}))
    other = _parts(with_remainders(shifted), {**least, **{each.name: 0 for each in known}})
    return narrowed(found, other)


def _has_each_once(expr: sympy.Expr) -> bool:
    """Whether each symbol stands in one place only, so that bounds of its parts lose nothing."""
    places = [part for part in sympy.preorder_traversal(expr) if part.is_Symbol]
    return len(places) == len(set(places))


_SIGNS = {
    sympy.Add: "+",
    sympy.Mul: "*",
    sympy.Pow: "**",
    FloorDiv: "//",
    Remainder: "%",
    Smallest: "min",
    Largest: "max",
}


def _parts(expr: sympy.Expr, least: Mapping[str, int]) -> Bounds:
    if expr.is_Rational:
        number = int(expr) if expr.is_Integer else Fraction(int(expr.p), int(expr.q))
        return number, number
    if expr.is_Symbol:
        return least.get(expr.name, -math.inf), math.inf
    sign = _SIGNS.get(expr.func)
    return OVER[sign](*[_parts(part, least) for part in expr.args]) if sign else ANYTHING


def _grows(expr: sympy.Expr, least: Mapping[str, int]) -> bool:
    """Whether the expression never falls as a symbol grows from its least value on."""
    if expr.is_Symbol:
        return bool(expr.is_integer) and expr.name in least
    if expr.is_Number:
        return True
    if expr.is_Mul:
        return all(_grows_from_zero(part, least) for part in expr.args)
    if expr.is_Add or isinstance(expr, Extreme):
        return all(_grows(part, least) for part in expr.args)
    if isinstance(expr, FloorDiv):
        return bool(expr.args[1].is_Integer) and _grows(expr.args[0], least)
    if expr.is_Pow:
        return bool(expr.exp.is_Integer and expr.exp > 0) and _grows_from_zero(expr.base, least)
    return False


def _grows_from_zero(expr: sympy.Expr, least: Mapping[str, int]) -> bool:
    return _grows(expr, least) and _where_least(expr, least) >= 0


def _where_least(expr: sympy.Expr, least: Mapping[str, int]) -> Number:
    """The value where all symbols have their least values."""
    from shapecalc.algebra.formula import Formula, evaluate

    return evaluate(Formula(expr), {each.name: least[each.name] for each in expr.free_symbols})
