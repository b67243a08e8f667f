"""Between which numbers a formula lies where its symbols have least values."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import sympy

from shapecalc.algebra.nodes import Extreme, FloorDiv, Smallest, expanded, length
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


UNKNOWN = Range(None, None)

MOST_SHIFTED = 64
"""The longest sum that is written anew with symbols counted from their least values."""


def range_of(expr: sympy.Expr, least: Mapping[str, int]) -> Range:
    """Numbers that a formula lies between; symbols that have no least value may be any number.

    What never falls as a symbol grows is least where all symbols are; else the parts of the
    formula are bounded, each for itself.
    """
    known = {each.name: least.get(each.name) for each in expr.free_symbols}
    return _range_of(expr, tuple(sorted((k, v) for k, v in known.items() if v is not None)))


@lru_cache(maxsize=16384)
def _range_of(expr: sympy.Expr, known: tuple[tuple[str, int], ...]) -> Range:
    least = dict(known)
    expr = expanded(expr)
    found = _parts(with_remainders(expr), least)
    if found.is_never_negative:
        return found
    if _grows(expr, least):
        return Range(_where_least(expr, least), found.greatest)
    return _from_least(expr, least, found)


def _from_least(expr: sympy.Expr, least: Mapping[str, int], found: Range) -> Range:
    """What is seen where symbols are written as their least values and what they have above these.

    ``H*S - S`` is ``h + h*s`` for ``H = h + 1`` and ``S = s + 1``.
    """
    known = [each for each in expr.free_symbols if least.get(each.name) and each.is_integer]
    if not known or length(expr) > MOST_SHIFTED:
        return found
    shifted = expanded(expr.xreplace({each: each + least[each.name] for each in known}))
    other = _parts(with_remainders(shifted), {**least, **{each.name: 0 for each in known}})
    return Range(
        _closer(found.least, other.least, max), _closer(found.greatest, other.greatest, min)
    )


def _closer(a: Number | None, b: Number | None, choose: Any) -> Number | None:
    ends = [end for end in (a, b) if end is not None]
    return choose(ends) if ends else None


def _parts(expr: sympy.Expr, least: Mapping[str, int]) -> Range:
    if expr.is_Rational:
        number = int(expr) if expr.is_Integer else Fraction(int(expr.p), int(expr.q))
        return Range(number, number)
    if expr.is_Symbol:
        return Range(least.get(expr.name), None)
    if expr.is_Pow:
        return _power(_parts(expr.base, least), expr.exp)
    parts = [_parts(argument, least) for argument in expr.args]
    if expr.is_Add:
        return Range(_total(part.least for part in parts), _total(part.greatest for part in parts))
    if expr.is_Mul:
        product = parts[0]
        for part in parts[1:]:
            product = _product(product, part)
        return product
    if isinstance(expr, FloorDiv):
        return _quotient(*parts)
    if isinstance(expr, Remainder):
        return Range(0, int(expr.args[1]) - 1)
    if isinstance(expr, Extreme):
        return _extreme(parts, min if isinstance(expr, Smallest) else max)
    return UNKNOWN


def _total(ends: Any) -> Number | None:
    found: Number = 0
    for end in ends:
        if end is None:
            return None
        found += end
    return found


def _power(base: Range, exponent: sympy.Expr) -> Range:
    if not exponent.is_Integer or exponent < 0:
        return UNKNOWN
    if base.is_never_negative:
        n = int(exponent)
        top = None if base.greatest is None else base.greatest**n
        return Range(base.least**n, top)  # type: ignore[operator]
    return Range(0, None) if exponent % 2 == 0 else UNKNOWN


def _product(a: Range, b: Range) -> Range:
    if a.least is not None and a.least == a.greatest:
        a, b = b, a
    if b.least is not None and b.least == b.greatest:  # times a number
        ends = [None if end is None else end * b.least for end in a]
        return Range(*ends) if b.least >= 0 else Range(ends[1], ends[0])
    if a.is_never_negative and b.is_never_negative:
        bounded = a.greatest is not None and b.greatest is not None
        return Range(
            a.least * b.least,  # type: ignore[operator]
            a.greatest * b.greatest if bounded else None,  # type: ignore[operator]
        )
    return UNKNOWN


def _quotient(top: Range, bottom: Range) -> Range:
    if bottom.least is None or bottom.least < 1:
        return UNKNOWN
    return Range(_floor(top.least, bottom, low=True), _floor(top.greatest, bottom, low=False))


def _floor(end: Number | None, bottom: Range, *, low: bool) -> Number | None:
    """The end of a quotient: towards 0 with the largest divisor, away from it with the least."""
    if end is None:
        return None
    if (end >= 0) != low:
        return end // bottom.least
    if bottom.greatest is None:
        return 0 if end >= 0 else -1
    return end // bottom.greatest


def _extreme(parts: list[Range], choose: Any) -> Range:
    ends = []
    for side in zip(*parts, strict=True):
        known = [end for end in side if end is not None]
        ends.append(choose(known) if len(known) == len(side) else None)
    lows = [part.least for part in parts if part.least is not None]
    highs = [part.greatest for part in parts if part.greatest is not None]
    if choose is max and ends[0] is None and lows:
        ends[0] = max(lows)  # at least the one that is known
    if choose is min and ends[1] is None and highs:
        ends[1] = min(highs)
    return Range(*ends)


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
