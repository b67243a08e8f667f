"""For which sizes is it true? Equations and inequalities of formulas, decided exactly.

A formula in one symbol made of floors is a straight line plus something periodic, of a period L
that its denominators give. On each residue class ``n = L*q + r`` every floor disappears and what
is left is affine in q, so two values decide it: the comparison holds for all q, for none, from
some q on, or at a single one. The answer is a :class:`Solutions`, never a guess.
"""

from __future__ import annotations

from functools import lru_cache
from math import lcm
from typing import NamedTuple

from shapecalc.algebra.formula import Formula, expanded, function_of, period

LONGEST_PERIOD = 4096
"""Beyond this period a question stays open, and is reported as the equation itself."""


class Interval(NamedTuple):
    """The whole numbers from ``first`` to ``last``; without end if ``last`` is None."""

    first: int
    last: int | None


class Solutions(NamedTuple):
    """A set of positive whole numbers: for each residue modulo ``modulus``, some intervals.

    >>> even = Solutions(2, ((Interval(2, None),), ()))
    >>> 6 in even, 7 in even, even.conditions("H")
    (True, False, {'residue': 'H % 2 == 0'})
    """

    modulus: int
    classes: tuple[tuple[Interval, ...], ...]

    def __contains__(self, n: object) -> bool:
        assert isinstance(n, int)
        return any(
            first <= n and (last is None or n <= last)
            for first, last in self.classes[n % self.modulus]
        )

    @property
    def is_empty(self) -> bool:
        """Whether no number at all is in the set."""
        return not any(self.classes)

    @property
    def is_everything(self) -> bool:
        """Whether every positive number is in the set."""
        return self == EVERYTHING

    def intersect(self, other: Solutions) -> Solutions:
        """The numbers that are in both sets."""
        modulus = lcm(self.modulus, other.modulus)
        classes = (
            _common(
                self.classes[r % self.modulus], other.classes[r % other.modulus], r, modulus
            )
            for r in range(modulus)
        )
        return _simplest(modulus, tuple(classes))

    @property
    def least(self) -> int:
        """The smallest number in the set, which must not be empty."""
        return min(intervals[0].first for intervals in self.classes if intervals)

    def conditions(self, name: str) -> dict[str, str]:
        """The set in words that Python understands: conditions that must all hold.

        They go by their sort: ``residue`` and ``bound`` where those two say it all, else ``cases``.
        """
        if self.is_empty:
            return {"cases": "False"}
        shape = [bool(intervals) for intervals in self.classes]
        ends = {i.last for intervals in self.classes for i in intervals}
        starts = [intervals[0].first for intervals in self.classes if intervals]
        least = min(starts)
        if ends != {None} or any(start - self.modulus >= least for start in starts):
            return {"cases": self._cases(name)}
        said = {} if all(shape) else {"residue": _congruence(name, self.modulus, shape)}
        if least > min(n for n in range(1, self.modulus + 1) if shape[n % self.modulus]):
            said["bound"] = f"{name} >= {least}"
        return said

    def _cases(self, name: str) -> str:
        """The general case, class by class."""
        cases: list[str] = []
        for r, intervals in enumerate(self.classes):
            where = f"{name} % {self.modulus} == {r}" if self.modulus > 1 else ""
            for first, last in intervals:
                if first == last:
                    cases.append(f"{name} == {first}")
                    continue
                limit = f"{name} >= {first}" if last is None else f"{first} <= {name} <= {last}"
                cases.append(f"({where} and {limit})" if where else limit)
        return " or ".join(cases)


EVERYTHING = Solutions(1, ((Interval(1, None),),))
"""All positive whole numbers."""


@lru_cache(maxsize=65536)
def solve(difference: Formula, relation: str) -> Solutions | bool | None:
    """For which values of its symbol a formula is ``== 0`` or ``>= 0``.

    True or False where it is decided for all values, None where the question stays open.

    >>> H = Formula.symbol("H")
    >>> solve(2 * (H // 2) - H, "==").conditions("H")
    {'residue': 'H % 2 == 0'}
    >>> solve((H - 1) // 2 - (H + 3) // 2 + 2, "==")
    True
    """
    difference = expanded(difference)
    if not isinstance(difference, Formula):
        return difference == 0 if relation == "==" else difference >= 0
    length = period(difference)
    if length is None or length > LONGEST_PERIOD:
        return None
    function = function_of(difference)
    classes = tuple(_class(function(r), function(r + length), r, length, relation) for r in range(length))
    found = _simplest(length, classes)
    return True if found.is_everything else False if found.is_empty else found


def _class(at_zero: int, at_one: int, r: int, length: int, relation: str) -> tuple[Interval, ...]:
    """The solutions among n = length*q + r, q >= 0, of an affine function given at q = 0 and 1."""
    slope = at_one - at_zero
    least, most = (1 if r == 0 else 0), None
    if slope == 0:
        if at_zero != 0 if relation == "==" else at_zero < 0:
            return ()
    elif relation == "==":
        if at_zero % slope:
            return ()
        most = -at_zero // slope
        least = max(least, most)
    elif slope > 0:
        least = max(least, -(at_zero // slope))
    else:
        most = at_zero // -slope
    if most is not None and most < least:
        return ()
    return (Interval(length * least + r, None if most is None else length * most + r),)


def _common(
    a: tuple[Interval, ...], b: tuple[Interval, ...], r: int, modulus: int
) -> tuple[Interval, ...]:
    """The intersection of two lists of intervals, with bounds moved onto the residue class."""
    both = []
    for one in a:
        for two in b:
            first = max(one.first, two.first)
            first += (r - first) % modulus
            lasts = [last for last in (one.last, two.last) if last is not None]
            last = min(lasts) if lasts else None
            if last is not None:
                last -= (last - r) % modulus
            if last is None or first <= last:
                both.append(Interval(first, last))
    return tuple(both)


def _simplest(modulus: int, classes: tuple[tuple[Interval, ...], ...]) -> Solutions:
    """The same set with the smallest modulus that tells it."""
    for smaller in range(1, modulus):
        if modulus % smaller == 0:
            merged = [_merge(classes[r::smaller], smaller) for r in range(smaller)]
            if all(intervals is not None for intervals in merged):
                return Solutions(smaller, tuple(merged))  # type: ignore[arg-type]
    return Solutions(modulus, classes)


def _merge(classes: tuple[tuple[Interval, ...], ...], step: int) -> tuple[Interval, ...] | None:
    """Classes that interleave as one class of a smaller modulus; None if they do not."""
    if not any(classes):
        return ()
    if any(len(intervals) != 1 for intervals in classes):
        return None
    firsts = [intervals[0].first for intervals in classes]
    lasts = [intervals[0].last for intervals in classes]
    if max(firsts) - min(firsts) > step * (len(classes) - 1):
        return None
    if None in lasts:
        return (Interval(min(firsts), None),) if set(lasts) == {None} else None
    ends = [last for last in lasts if last is not None]
    if max(ends) - min(ends) > step * (len(classes) - 1):
        return None
    return (Interval(min(firsts), max(ends)),)


def _congruence(name: str, modulus: int, shape: list[bool]) -> str:
    inside = [r for r, is_in in enumerate(shape) if is_in]
    remainder = f"{name} % {modulus}"
    if len(inside) == 1:
        return f"{remainder} == {inside[0]}"
    if inside == list(range(len(inside))):
        return f"{remainder} <= {inside[-1]}"
    if len(inside) == modulus - 1:
        return f"{remainder} != {shape.index(False)}"
    if inside == list(range(inside[0], modulus)):
        return f"{remainder} >= {inside[0]}"
    return f"{remainder} in {{{', '.join(map(str, inside))}}}"
