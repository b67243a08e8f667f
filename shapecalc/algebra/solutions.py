"""Sets of sizes: what an equation or inequality of formulas is solved by."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import count
from math import lcm
from typing import NamedTuple


class Interval(NamedTuple):
    """The whole numbers from ``first`` to ``last``; without end if ``last`` is None."""

    first: int
    last: int | None


Class = tuple[Interval, ...]
"""The members of a set in one residue class: apart from each other, in ascending order."""


class Solutions(NamedTuple):
    """A set of whole numbers: for each residue modulo ``modulus``, some intervals.

    It has a smallest member, if any: sizes are positive, and settings are asked for from some
    number on, which is 1 where nothing else is said.

    >>> even = Solutions(2, ((Interval(2, None),), ()))
    >>> 6 in even, 7 in even, even.conditions("H")
    (True, False, {'residue': 'H % 2 == 0'})
    """

    modulus: int
    classes: tuple[Class, ...]

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
        first = self.classes[0]
        return self.modulus == 1 and len(first) == 1 and first[0].first <= 1 and not first[0].last

    @property
    def least(self) -> int:
        """The smallest number in the set, which must not be empty."""
        return min(intervals[0].first for intervals in self.classes if intervals)

    @property
    def greatest(self) -> int | None:
        """The largest number in the set, which must not be empty; None if there is none."""
        lasts = [intervals[-1].last for intervals in self.classes if intervals]
        known = [last for last in lasts if last is not None]
        return max(known) if len(known) == len(lasts) else None

    @property
    def size(self) -> int | None:
        """How many numbers are in the set, None for infinitely many."""
        found = 0
        for first, last in self.intervals():
            if last is None:
                return None
            found += (last - first) // self.modulus + 1
        return found

    def intervals(self) -> Iterator[Interval]:
        """All intervals; each holds every ``modulus``-th number from its first to its last."""
        for intervals in self.classes:
            yield from intervals

    def members(self) -> Iterator[int]:
        """The numbers of the set in ascending order.

        >>> list(Solutions(3, ((Interval(3, 6),), (Interval(4, 4),), ())).members())
        [3, 4, 6]
        """
        step = self.modulus
        return merge(
            *(
                count(first, step) if last is None else range(first, last + 1, step)
                for first, last in self.intervals()
            )
        )

    def below(self, n: int) -> int | None:
        """The largest member up to a number, None if there is none."""
        found = []
        for first, last in self.intervals():
            if first <= n:
                end = n if last is None else min(n, last)
                found.append(end - (end - first) % self.modulus)
        return max(found, default=None)

    def above(self, n: int) -> int | None:
        """The smallest member from a number on, None if there is none.

        >>> Solutions(16, ((Interval(16, None),), *[()] * 15)).above(250)
        256
        """
        found = []
        for first, last in self.intervals():
            if last is None or last >= n:
                start = max(n, first)
                found.append(start + (first - start) % self.modulus)
        return min(found, default=None)

    def intersect(self, other: Solutions) -> Solutions:
        """The numbers that are in both sets."""
        if self == other or self.is_empty or (other.modulus == 1 and other._holds_from(self.least)):
            return self
        modulus = lcm(self.modulus, other.modulus)
        classes = (
            _common(self.classes[r % self.modulus], other.classes[r % other.modulus], r, modulus)
            for r in range(modulus)
        )
        return simplest(modulus, tuple(classes))

    def _holds_from(self, n: int) -> bool:
        """Whether a set of modulus 1 holds all numbers from one on."""
        return any(first <= n and last is None for first, last in self.classes[0])

    def complement(self, least: int = 1) -> Solutions:
        """The numbers from ``least`` on that are not in the set."""
        classes = (_gaps(own, r, self.modulus, least) for r, own in enumerate(self.classes))
        return simplest(self.modulus, tuple(classes))

    def union(self, other: Solutions) -> Solutions:
        """The numbers that are in one of the sets, or in both."""
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        least = min(self.least, other.least)
        return self.complement(least).intersect(other.complement(least)).complement(least)

    def conditions(self, name: str, least: int = 1) -> dict[str, str]:
        """The set in words that Python understands: conditions that must all hold.

        They go by their sort: ``residue`` and ``bound`` where those two say it all, else ``cases``.
        That numbers are at least ``least`` is understood, and not said.
        """
        if self.is_empty:
            return {"cases": "False"}
        shape = [bool(intervals) for intervals in self.classes]
        ends = {i.last for intervals in self.classes for i in intervals}
        starts = [intervals[0].first for intervals in self.classes if intervals]
        lowest, least = least, min(starts)
        if ends != {None} or any(start - self.modulus >= least for start in starts):
            return {"cases": self._cases(name, lowest)}
        said = {} if all(shape) else {"residue": congruence(name, self.modulus, shape)}
        if least > _first(shape, lowest):
            said["bound"] = f"{name} >= {least}"
        return said

    def _cases(self, name: str, least: int) -> str:
        """The general case, class by class; from ``least`` on as far as no lower end is said."""
        cases: list[str] = []
        for r, intervals in enumerate(self.classes):
            where = f"{name} % {self.modulus} == {r}" if self.modulus > 1 else ""
            for first, last in intervals:
                if first == last:
                    cases.append(f"{name} == {first}")
                    continue
                if last is None:
                    limit = f"{name} >= {first}"
                elif first - self.modulus < least:
                    limit = f"{name} <= {last}"
                else:
                    limit = f"{first} <= {name} <= {last}"
                cases.append(f"({where} and {limit})" if where else limit)
        return " or ".join(cases)


def _first(shape: list[bool], least: int) -> int:
    """The first number from ``least`` on whose residue is one of those said to be in."""
    return next(n for n in range(least, least + len(shape)) if shape[n % len(shape)])


def at_least(n: int) -> Solutions:
    """All whole numbers from one on.

    >>> at_least(0).conditions("P", least=0), at_least(3).conditions("P", least=0)
    ({}, {'bound': 'P >= 3'})
    """
    return Solutions(1, ((Interval(n, None),),))


EVERYTHING = Solutions(1, ((Interval(1, None),),))
"""All positive whole numbers."""

NOTHING = Solutions(1, ((),))
"""No number at all."""


def simplest(modulus: int, classes: tuple[Class, ...]) -> Solutions:
    """The set of these classes with the smallest modulus that tells it."""
    for smaller in range(1, modulus):
        if modulus % smaller == 0:
            merged = []
            for r in range(smaller):
                intervals = _merge(classes[r::smaller], smaller)
                if intervals is None:
                    break
                merged.append(intervals)
            else:
                return Solutions(smaller, tuple(merged))
    return Solutions(modulus, classes)


def congruence(name: str, modulus: int, shape: list[bool]) -> str:
    """The residues that ``shape`` says are in, as a condition.

    >>> congruence("H", 4, [True, True, False, False]), congruence("H", 2, [True, False])
    ('H % 4 <= 1', 'H % 2 == 0')
    """
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


def _common(a: Class, b: Class, r: int, modulus: int) -> Class:
    """The intersection of two lists of intervals, with bounds moved onto the residue class."""
    both: list[Interval] = []
    for one in a:
        for two in b:
            first = max(one.first, two.first)
            first += (r - first) % modulus
            lasts = [last for last in (one.last, two.last) if last is not None]
            last = min(lasts) if lasts else None
            if last is not None:
                last -= (last - r) % modulus
                if last < first:
                    continue
            if both and first - modulus == both[-1].last:  # what parted them is not in this class
                first = both.pop().first
            both.append(Interval(first, last))
    return tuple(both)


def _gaps(intervals: Class, r: int, modulus: int, least: int) -> Class:
    """The numbers of a residue class, from ``least`` on, that lie in none of the intervals."""
    gaps = []
    start = least + (r - least) % modulus
    for first, last in intervals:
        if first > start:
            gaps.append(Interval(start, first - modulus))
        if last is None:
            return tuple(gaps)
        start = last + modulus
    return (*gaps, Interval(start, None))


def _merge(classes: tuple[Class, ...], step: int) -> Class | None:
    """Classes that interleave as one class of a smaller modulus; None if they do not."""
    if not any(classes):
        return ()
    if not all(classes) or len(set(map(len, classes))) > 1:
        return None
    merged = [_interleaved(intervals, step) for intervals in zip(*classes, strict=True)]
    known = tuple(intervals for intervals in merged if intervals is not None)
    return known if len(known) == len(merged) else None


def _interleaved(intervals: tuple[Interval, ...], step: int) -> Interval | None:
    """One interval of each of the classes as a single one of a smaller step."""
    firsts = [interval.first for interval in intervals]
    lasts = [interval.last for interval in intervals]
    if max(firsts) - min(firsts) > step * (len(intervals) - 1):
        return None
    if None in lasts:
        return Interval(min(firsts), None) if set(lasts) == {None} else None
    ends = [last for last in lasts if last is not None]
    if max(ends) - min(ends) > step * (len(intervals) - 1):
        return None
    return Interval(min(firsts), max(ends))


MOST_RUNS = 12
"""How many separate stretches of numbers are written out."""


def in_words(solutions: Solutions, name: str, least: int = 1) -> str:
    """The set as a person would say it: stretches of numbers, and what repeats for ever.

    ``least`` is the smallest number that there is.

    >>> in_words(Solutions(1, ((Interval(32, 39),),)), "H")
    'H = 32 .. 39'
    >>> in_words(Solutions(2, ((Interval(2, 96),), ())), "H")
    'H % 2 == 0, H <= 96'
    >>> in_words(Solutions(2, ((Interval(8, None),), (Interval(3, 5),))), "H")
    'H = 3, 5 or H % 2 == 0, H >= 8'
    """
    if solutions.is_empty:
        return f"no {name}"
    if solutions.is_everything or solutions == at_least(least):
        return f"any {name}"
    if _is_pattern(solutions) and not _is_short(solutions):
        return _pattern(solutions, name, least)
    start = _tail_start(solutions, least)
    tail = solutions.intersect(at_least(start))
    head = solutions.intersect(Solutions(1, ((Interval(solutions.least, start - 1),),)))
    said = [] if head.is_empty else [f"{name} = {_runs(head)}"]
    return " or ".join(said if tail.is_empty else [*said, _pattern(tail, name, least)])


def _is_pattern(solutions: Solutions) -> bool:
    """Whether it is all numbers of some residues between two bounds, and not more than that."""
    low, high, step = solutions.least, solutions.greatest, solutions.modulus
    for r, intervals in enumerate(solutions.classes):
        first = low + (r - low) % step
        last = None if high is None else high - (high - r) % step
        if intervals and intervals != (Interval(first, last),):
            return False
    return True


def _is_short(solutions: Solutions) -> bool:
    """Whether it ends before what repeats in it would be seen."""
    high = solutions.greatest
    return high is not None and high - solutions.least < 3 * solutions.modulus


def _pattern(solutions: Solutions, name: str, least: int) -> str:
    low, high, step = solutions.least, solutions.greatest, solutions.modulus
    shape = [bool(intervals) for intervals in solutions.classes]
    said = [] if all(shape) else [congruence(name, step, shape)]
    lowest = _first(shape, least)
    if high is None:
        if low > lowest or not said:
            said.append(f"{name} >= {low}")
    elif low > lowest or low == 0:
        said.append(f"{name} = {low} .. {high}")
    else:
        said.append(f"{name} <= {high}")
    return ", ".join(said)


def _tail_start(solutions: Solutions, least: int) -> int:
    """From here on the set does nothing but repeat."""
    start = min(least, solutions.least)
    for first, last in solutions.intervals():
        start = max(start, (first - solutions.modulus if last is None else last) + 1)
    return start


def _runs(solutions: Solutions) -> str:
    """A finite set as its stretches of neighbouring numbers."""
    said: list[str] = []
    gaps = solutions.complement(solutions.least)
    start: int | None = solutions.least
    while start is not None:
        if len(said) == MOST_RUNS:
            return ", ".join([*said, f"... {solutions.greatest}"])
        gap = gaps.above(start)
        assert gap is not None
        between = ", " if gap == start + 2 else " .. "
        said.append(str(start) if gap == start + 1 else f"{start}{between}{gap - 1}")
        start = solutions.above(gap)
    return ", ".join(said)
