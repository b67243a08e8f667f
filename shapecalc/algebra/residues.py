"""For which sizes is it true? Equations and inequalities of formulas, decided exactly.

A formula in one symbol made of sums, products and floors is a polynomial whose coefficients repeat
with a period L that its denominators give. On each residue class ``n = L*q + r`` every floor
disappears and what is left is one polynomial in q, so as many values as its degree and one more
decide it. Where its forward differences keep their sign it is monotone, and a root is found by
bisection; where they do not, their own roots, found the same way, cut it into monotone pieces. A
minimum or maximum cuts the numbers into those for which the one or the other argument counts. The
answer is a set, :class:`Solutions`, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from shapecalc.algebra.form import (
    degree,
    function_of,
    period,
    split_extreme,
    straight_line,
    unrounded,
)
from shapecalc.algebra.formula import Formula, expanded
from shapecalc.algebra.solutions import (
    EVERYTHING,
    NOTHING,
    Class,
    Interval,
    Solutions,
    at_least,
    simplest,
)

__all__ = ["EVERYTHING", "LONGEST_PERIOD", "NOTHING", "Interval", "Solutions", "solve"]

LONGEST_PERIOD = 4096
"""Beyond this period a question stays open, and is reported as the equation itself."""

HIGHEST_DEGREE = 16
"""Beyond this degree a question stays open."""


@lru_cache(maxsize=65536)
def solve(difference: Formula, relation: str, least: int = 1) -> Solutions | bool | None:
    """For which values of its symbol, from ``least`` on, a formula is ``== 0`` or ``>= 0``.

    True or False where it is decided for all of them, None where the question stays open.

    >>> H = Formula.symbol("H")
    >>> solve(2 * (H // 2) - H, "==").conditions("H")
    {'residue': 'H % 2 == 0'}
    >>> solve((H - 1) // 2 - (H + 3) // 2 + 2, "==")
    True
    >>> solve(16 * (H // 4 - 3) ** 2 - 400, "==").conditions("H")
    {'cases': '32 <= H <= 35'}
    """
    numbers = at_least(least)
    found = _solutions(difference, relation, numbers)
    if found is None:
        return None
    return True if found == numbers else False if found.is_empty else found


def _solutions(difference: Any, relation: str, among: Solutions) -> Solutions | None:
    """The solutions among some numbers; None where the question stays open."""
    line = straight_line(difference) if isinstance(difference, Formula) else None
    if line is not None:
        return among.intersect(Solutions(1, (_along(*line, among.least, relation),)))
    difference = expanded(difference)
    if relation == ">=" and isinstance(difference, Formula):
        difference = unrounded(difference)
    if not isinstance(difference, Formula):
        holds = difference == 0 if relation == "==" else difference >= 0
        return among if holds else NOTHING
    if len(difference.symbols) != 1:
        return None
    length = period(difference)
    if length is None:
        return _piecewise(difference, relation, among)
    if length > LONGEST_PERIOD or degree(difference) > HIGHEST_DEGREE:
        return None
    function = function_of(difference)
    values = range(degree(difference) + 1)
    least = among.least
    firsts = sorted(range(least, least + length), key=lambda n: n % length)
    classes = tuple(
        _class([function(first + length * q) for q in values], first, length, relation)
        for first in firsts
    )
    return among.intersect(simplest(length, classes))


def _along(slope: int, start: int, least: int, relation: str) -> Class:
    """The solutions of ``slope*n + start`` from a number on: what most questions come to."""
    if relation == "==":
        root, rest = divmod(-start, slope)
        return () if rest or root < least else (Interval(root, root),)
    if slope > 0:
        return (Interval(max(least, -(start // slope)), None),)
    last = start // -slope
    return () if last < least else (Interval(least, last),)


def _piecewise(difference: Formula, relation: str, among: Solutions) -> Solutions | None:
    """The solutions where one argument of a minimum or maximum counts, and where the other."""
    split = split_extreme(difference)
    if split is None:
        return None
    order, if_reached, otherwise = split
    where = _solutions(order, ">=", at_least(among.least))
    if where is None:
        return None
    pieces = []
    for value, numbers in ((if_reached, where), (otherwise, where.complement(among.least))):
        own = among.intersect(numbers)
        if value is None:
            own = NOTHING
        piece = own if own.is_empty else _solutions(value, relation, own)
        if piece is None:
            return None
        pieces.append(piece)
    return pieces[0].union(pieces[1])


def _class(values: list[int], first: int, length: int, relation: str) -> Class:
    """The solutions among n = first + length*q of a polynomial, by its values at q = 0, 1, ..."""
    wanted = (0,) if relation == "==" else (0, 1)
    runs = _signs(_differences(values))
    ends = [run.start - 1 for run in runs[1:]]
    found: list[tuple[int, int | None]] = []
    for run, end in zip(runs, [*ends, None], strict=True):
        if run.sign not in wanted:
            continue
        start = run.start
        if found and found[-1][1] == start - 1:
            start = found.pop()[0]
        found.append((start, end))
    return tuple(
        Interval(first + length * start, None if end is None else first + length * end)
        for start, end in found
    )


def on_stretch(values: list[int], first: int, relation: str) -> Class:
    """The solutions from ``first`` on of a polynomial given by its values there, one by one.

    >>> on_stretch([64 - n * 2 for n in (25, 26)], 25, "==")
    (Interval(first=32, last=32),)
    """
    return _class(values, first, 1, relation)


class _Run(NamedTuple):
    """From ``start`` on, up to the next run, a polynomial has this sign."""

    start: int
    sign: int


def _differences(values: list[int]) -> list[int]:
    """The forward differences at 0 of a polynomial: its coefficients in Newton's form."""
    found = []
    while any(values):
        found.append(values[0])
        values = [after - before for before, after in pairwise(values)]
    return found


def _signs(differences: list[int]) -> list[_Run]:
    """The signs of a polynomial in q >= 0, run by run."""
    if len(differences) < 2:
        return [_Run(0, _sign(differences[0] if differences else 0))]
    steps = _signs(differences[1:])
    ends = [step.start for step in steps[1:]]
    runs: list[_Run] = []
    for step, end in zip(steps, [*ends, None], strict=True):
        for run in _monotone(differences, step.start, end, step.sign):
            if not runs or run.sign != runs[-1].sign:
                runs.append(run)
    return runs


def _monotone(differences: list[int], start: int, end: int | None, direction: int) -> list[_Run]:
    """The signs where a polynomial rises (1), falls (-1) or stays (0), from start to end."""
    sign = _sign(_value(differences, start))
    if direction == 0 or sign == direction:
        return [_Run(start, sign)]
    runs = [_Run(start, sign)]
    crossing = start
    if sign:
        if len(differences) == 2:  # a straight line
            crossing = -(-abs(differences[0]) // abs(differences[1]))
            crossing = crossing if end is None else min(crossing, end)
        else:
            crossing = _first(lambda q: direction * _value(differences, q) >= 0, start, end)
        if crossing == end:
            return runs
    if _value(differences, crossing) == 0:
        runs.append(_Run(crossing, 0))
        crossing += 1
    return runs if crossing == end else [*runs, _Run(crossing, direction)]


def _first(holds: Callable[[int], bool], start: int, end: int | None) -> int:
    """The first number from start on for which it holds, and then for all; ``end`` if none."""
    step = 1
    while end is None:
        if holds(start + step):
            end = start + step
        step *= 2
    while start < end:
        middle = (start + end) // 2
        if holds(middle):
            end = middle
        else:
            start = middle + 1
    return end


def _value(differences: list[int], q: int) -> int:
    """Newton's forward formula: the sum of the differences times the binomials of q."""
    result, binomial = 0, 1
    for k, difference in enumerate(differences):
        result += difference * binomial
        binomial = binomial * (q - k) // (k + 1)
    return result


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
