"""Between which numbers a formula lies where its symbols have least values.

That is asked of every formula that has to be positive, once, so trouble is taken with it: what
never falls as its symbols grow is least where they are, and what is left is bounded part by part,
by :mod:`shapecalc.algebra.intervals`, also with symbols counted from their least values.
(Ranges with an end, and many of them, are for :mod:`shapecalc.algebra.enclosure`.)
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import sympy

from shapecalc.algebra.arithmetic import Dim
from shapecalc.algebra.intervals import ANYTHING, OVER, Bounds, narrowed
from shapecalc.algebra.nodes import Extreme, FloorDiv, Largest, Smallest, length, names, symbols
from shapecalc.algebra.sums import (
    added,
    expanded,
    multiplied,
    parted,
    product,
    replaced,
    scaled,
    shifted,
    times,
)
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

MOST_WRITTEN = 256
"""How many terms it may then have: a product of symbols is one of sums, of two terms each."""

MOST_DIVIDED = 16
"""The longest sum in which floors are written as quotients."""


def range_of(expr: sympy.Expr, least: Mapping[str, int]) -> Range:
    """Numbers that a formula lies between; symbols that have no least value may be any number.

    What never falls as a symbol grows is least where all symbols are; else the parts of the
    formula are bounded, each for itself.
    """
    known = {name: least.get(name) for name in names(expr)}
    return _range_of(expr, tuple(sorted((k, v) for k, v in known.items() if v is not None)))


@lru_cache(maxsize=16384)
def _range_of(expr: sympy.Expr, known: tuple[tuple[str, int], ...]) -> Range:
    low, high = _bounds(expanded(expr), dict(known))
    return Range(*(None if isinstance(end, float) else end for end in (low, high)))


def is_plainly_positive(expr: sympy.Expr, least: Mapping[str, int]) -> bool:
    """Whether bounds of its parts show that it is never negative."""
    return bool(_parts(with_remainders(expanded(expr)), least)[0] >= 0)


def _bounds(expr: sympy.Expr, least: Mapping[str, int]) -> Bounds:
    found = _parts(with_remainders(expr), least)
    if found[0] >= 0:
        return found
    growth = _Growth(least)
    if growth.never_falls(expr):
        return growth.start(expr), found[1]
    found = _from_least(expr, least, found)
    return found if found[0] >= 0 else _without_floors(expr, least, found)


def _from_least(expr: sympy.Expr, least: Mapping[str, int], found: Bounds) -> Bounds:
    """What is seen where symbols are written as their least values and what they have above these.

    ``H*S - S`` is ``h + h*s`` for ``H = h + 1`` and ``S = s + 1``.
    """
    known = {each for each in symbols(expr) if least.get(each.name) and each.is_integer}
    if not known or length(expr) > MOST_SHIFTED or _has_each_once(expr):
        return found
    if sum([_written(term, known) for term in sympy.Add.make_args(expr)]) > MOST_WRITTEN:
        return found
    written = expanded(replaced(expr, {each: shifted(each, least[each.name]) for each in known}))
    other = _parts(with_remainders(written), {**least, **{each.name: 0 for each in known}})
    return narrowed(found, other)


def _written(term: sympy.Expr, known: Collection[sympy.Symbol]) -> int:
    """How many terms a product has about, with sums of two in the place of these symbols."""
    count = 1
    for factor in sympy.Mul.make_args(term):
        base, power = factor.as_base_exp()
        each = abs(int(power)) + 1 if power.is_Integer else 2
        count *= each ** len(symbols(base).intersection(known))
    return count


def _without_floors(expr: sympy.Expr, least: Mapping[str, int], found: Bounds) -> Bounds:
    """What is seen where ``x//n`` is written as ``(x - x % n)/n``, of which the ``x`` may cancel.

    ``2*(3*H//2) - H`` is ``2*H - (3*H % 2)``.
    """
    if length(expr) > MOST_DIVIDED:
        return found
    terms = [_quotients_of(term) for term in sympy.Add.make_args(expr)]
    if not any(terms):
        return found
    kept = [term for term, quotients in zip(sympy.Add.make_args(expr), terms) if not quotients]
    return narrowed(found, _parts(expanded(added([*kept, *chain(*terms)])), least))


def _quotients_of(term: sympy.Expr) -> list[sympy.Expr]:
    """The summands of a term with its first floor as a quotient; none where it has no floor."""
    factors = list(sympy.Mul.make_args(term))
    for place, floor in enumerate(factors):
        if _is_of_numbers(floor):
            top, bottom = floor.args
            others = product([sympy.S.One, *factors[:place], *factors[place + 1 :]])
            summands = (*sympy.Add.make_args(top), scaled(Remainder(top, bottom), -1))
            return [_over(multiplied(others, each), bottom) for each in summands]
    return []


def _over(term: sympy.Expr, number: sympy.Integer) -> sympy.Expr:
    coefficient, rest = parted(term)
    return times(rest, coefficient / number)


def _is_of_numbers(expr: sympy.Expr) -> bool:
    """Whether it is the floor of a whole number divided by one that is known."""
    if not isinstance(expr, FloorDiv):
        return False
    top, bottom = expr.args
    return bool(bottom.is_Integer and bottom > 0 and top.is_integer)


def _has_each_once(expr: sympy.Expr) -> bool:
    """Whether each symbol stands in one place only, so that bounds of its parts lose nothing."""
    places = [part for part in sympy.preorder_traversal(expr) if part.is_Symbol]
    return len(places) == len(set(places))


def is_multiple(a: Dim, b: Dim, least: Mapping[str, int]) -> bool:
    """Whether ``a`` is seen to be ``b`` times symbols and a number, all at least 1.

    >>> from shapecalc.algebra.formula import Formula
    >>> H, W = Formula.symbol("H"), Formula.symbol("W")
    >>> is_multiple(6 * H * (W - 1), 4 * (W - 1), {"H": 1}), is_multiple(H * W, W, {"H": 0})
    (True, False)
    """
    own, other = _powers(sympy.sympify(a)), dict(_powers(sympy.sympify(b)))
    if own[sympy.S.One] < other.pop(sympy.S.One):
        return False
    for base, power in own.items():
        more = power - other.pop(base, 0)
        is_least = base.is_Symbol and base.is_integer and least.get(base.name, 0) >= 1
        if more and base != 1 and not (is_least and more > 0):
            return False
    return not other


@lru_cache(maxsize=16384)
def _powers(expr: sympy.Expr) -> dict[sympy.Expr, Any]:
    """The powers that an expression multiplies, and as that of 1 its number."""
    number, rest = expr.as_coeff_Mul(rational=True)
    if rest.is_Add or number.p < 0:
        number, rest = expr.primitive()
    factors = [each.as_base_exp() for each in sympy.Mul.make_args(rest)]
    return {sympy.S.One: number} | {base: power for base, power in factors if base != 1}


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
    """Bounds from those of the parts; what stands in it several times is looked at once."""
    known: dict[sympy.Expr, Bounds] = {}

    def over(part: sympy.Expr) -> Bounds:
        if part.is_Rational:
            number = _number(part)
            return number, number
        if part.is_Symbol:
            return least.get(part.name, -math.inf), math.inf
        if part not in known:
            sign = _SIGNS.get(part.func)
            known[part] = OVER[sign](*map(over, part.args)) if sign else ANYTHING
        return known[part]

    return over(expr)


def _number(expr: sympy.Rational) -> Number:
    return int(expr.p) if expr.is_Integer else Fraction(int(expr.p), int(expr.q))


class _Growth:
    """What never falls as a symbol grows from its least value on, part by part, each once."""

    def __init__(self, least: Mapping[str, int]) -> None:
        self._least = least
        self._never_falls: dict[sympy.Expr, bool] = {}
        self._starts: dict[sympy.Expr, Any] = {}

    def never_falls(self, expr: sympy.Expr) -> bool:
        """Whether the expression never falls as a symbol grows from its least value on."""
        if expr not in self._never_falls:
            self._never_falls[expr] = self._look_at(expr)
        return self._never_falls[expr]

    def _look_at(self, expr: sympy.Expr) -> bool:
        if expr.is_Symbol:
            return bool(expr.is_integer) and expr.name in self._least
        if expr.is_Number:
            return True
        if expr.is_Mul:
            return all(map(self._from_zero, expr.args))
        if expr.is_Add or isinstance(expr, Extreme):
            return all(map(self.never_falls, expr.args))
        if isinstance(expr, FloorDiv):
            return bool(expr.args[1].is_Integer) and self.never_falls(expr.args[0])
        if expr.is_Pow:
            return bool(expr.exp.is_Integer and expr.exp > 0) and self._from_zero(expr.base)
        return False

    def _from_zero(self, expr: sympy.Expr) -> bool:
        return self.never_falls(expr) and self.start(expr) >= 0

    def start(self, expr: sympy.Expr) -> Number:
        """The value where all symbols have their least values."""
        from shapecalc.algebra.formula import Formula, evaluate

        return evaluate(Formula(expr), self._least, self._starts)
