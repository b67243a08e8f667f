"""Formulas in one symbol as functions: a polynomial on each residue class of a period."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import lcm, prod
from typing import Any

import sympy

from shapecalc.algebra.nodes import Extreme, FloorDiv, Smallest, symbols
from shapecalc.algebra.sums import multiplied_out

MOST_VALUES = 2048
"""At most so many values of a formula are looked at to find that it repeats."""

FEW_VALUES = 8
"""So many are looked at first, since most of what has no sign shows both among them."""


@lru_cache(maxsize=65536)
def period(expr: sympy.Expr) -> int | None:
    """The period; None if none is known."""
    if expr.is_Rational or expr.is_Symbol:
        return 1
    if expr.is_Add or expr.is_Mul:
        return _common(expr.args)
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return period(expr.base)
    if isinstance(expr, FloorDiv) and expr.args[1].is_Integer and _is_whole(expr.args[0]):
        inner = period(multiplied_out(expr.args[0]))
        return None if inner is None else inner * int(expr.args[1])
    if isinstance(expr, Extreme) and all(each.is_number or repeats(each) for each in expr.args):
        return _common(expr.args)
    return None


def _common(parts: tuple[sympy.Expr, ...]) -> int | None:
    periods = [period(multiplied_out(part)) for part in parts]
    known = [each for each in periods if each is not None]
    return lcm(*known) if len(known) == len(periods) else None


@lru_cache(maxsize=65536)  # floors in one another share what they are made of
def _is_whole(expr: sympy.Expr) -> bool:
    """Whether all coefficients are whole numbers, on which a floor's period counts."""
    return bool(expr.is_Integer) if expr.is_Rational else all(map(_is_whole, expr.args))


def in_one_integer(expr: sympy.Expr) -> bool:
    """Whether it hangs on one symbol only, which is an integer."""
    found = symbols(expr)
    return len(found) == 1 and all(each.is_integer for each in found)


def degree(expr: sympy.Expr) -> int:
    """The highest power that a formula with a period may grow with."""
    if expr.is_Symbol:
        return 1
    if expr.is_Add:
        return max(map(degree, expr.args))
    if expr.is_Mul:
        return sum(map(degree, expr.args))
    if expr.is_Pow:
        return degree(expr.base) * int(expr.exp)
    return degree(expr.args[0]) if isinstance(expr, FloorDiv) else 0


def repeats(expr: sympy.Expr) -> list[Any] | None:
    """The values of a formula that does nothing but repeat, over one period; None if unknown."""
    length, times = _looked_at(expr)
    if not length:
        return None
    function = compiled(expr)
    values = [function(n) for n in range(length)]
    again = (function(n) == values[n % length] for n in range(length, length * times))
    return values if all(again) else None


def _looked_at(expr: sympy.Expr) -> tuple[int, int]:
    """A period, and how many of them tell that a formula repeats; none if they are too many."""
    length = period(expr) if in_one_integer(expr) else None
    if length is None or length > MOST_VALUES:
        return 0, 0
    times = degree(expr) + 1
    return (length, times) if length * times <= MOST_VALUES else (0, 0)


@lru_cache(maxsize=16384)
def sign_everywhere(expr: sympy.Expr) -> int | None:
    """1 if a formula is never negative, -1 if never positive, 0 if always 0; None if unknown.

    Whole numbers of either sign are meant, so that is known of numbers and of what repeats.
    """
    if expr.is_number:
        return int(sympy.sign(expr))
    expr = multiplied_out(expr)
    values = None if _takes_both_signs(expr) else repeats(expr)
    if values is None:
        return None
    least, greatest = min(values), max(values)
    if least == greatest == 0:
        return 0
    return 1 if least >= 0 else -1 if greatest <= 0 else None


def _takes_both_signs(expr: sympy.Expr) -> bool:
    """Whether a look at few values tells that it is now less and now more than 0."""
    length, _ = _looked_at(expr)
    if not length:
        return False
    function = compiled(expr)
    values = [function(n) for n in range(min(length, FEW_VALUES))]
    return bool(min(values) < 0 < max(values))


_Step = Callable[[int, list[Any]], Any]
"""One part of a formula from the value of its symbol and from those of the parts before it."""


def compiled(expr: sympy.Expr) -> Callable[[int], Any]:
    """The formula as a function of its one symbol, which works out once what recurs in it."""
    steps: dict[sympy.Expr, tuple[int, _Step]] = {}
    _compile(expr, steps)
    run = [step for _, step in steps.values()]

    def function(n: int) -> Any:
        values: list[Any] = []
        for step in run:
            values.append(step(n, values))
        return values[-1]

    return function


def _compile(expr: sympy.Expr, steps: dict[sympy.Expr, tuple[int, _Step]]) -> int:
    """The place of an expression among the steps, which it is added to with all that it needs."""
    if expr not in steps:
        places = [_compile(each, steps) for each in expr.args]  # numbers and symbols have none
        steps[expr] = len(steps), _step(expr, places)
    return steps[expr][0]


def _step(expr: sympy.Expr, places: list[int]) -> _Step:
    if expr.is_Symbol:
        return lambda n, values: n
    if expr.is_Rational:
        number = int(expr) if expr.is_Integer else Fraction(int(expr.p), int(expr.q))
        return lambda n, values: number
    if expr.is_Add:
        return lambda n, values: sum([values[place] for place in places])
    if expr.is_Mul:
        return lambda n, values: prod([values[place] for place in places])
    if isinstance(expr, Extreme):
        choose = min if isinstance(expr, Smallest) else max
        return lambda n, values: choose([values[place] for place in places])
    if not (expr.is_Pow or isinstance(expr, FloorDiv)):
        raise TypeError(f"no function for {expr}")
    calculate = operator.pow if expr.is_Pow else operator.floordiv
    one, other = places
    return lambda n, values: calculate(values[one], values[other])
