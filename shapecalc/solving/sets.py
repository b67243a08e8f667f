"""Sets of whole numbers from 0 on, put together from stretches that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import lcm
from typing import NamedTuple

from shapecalc.algebra.solutions import Interval, Solutions, simplest
from shapecalc.analysis.constraints import LARGEST_MODULUS

EMPTY = Solutions(1, ((),))


class TooSeldom(Exception):
    """What is wanted repeats too seldom for its set to be written down."""


class Stretch(NamedTuple):
    """The numbers from one to another, or every so many of them; without end if that is None.

    >>> list(Stretch(0, 3).numbers.members()), list(Stretch(5, 9, step=2).numbers.members())
    ([0, 1, 2, 3], [5, 7, 9])
    """

    first: int
    last: int | None
    step: int = 1

    @property
    def is_single(self) -> bool:
        """Whether it is a single number."""
        return self.first == self.last

    @property
    def numbers(self) -> Solutions:
        """The numbers as a set."""
        classes: list[tuple[Interval, ...]] = [()] * self.step
        classes[self.first % self.step] = (Interval(self.first, self.last),)
        return Solutions(self.step, tuple(classes))

    def classes(self, step: int) -> list[Stretch]:
        """The same numbers as those of each residue by a multiple of the step.

        >>> [tuple(each) for each in Stretch(4, 9).classes(4)]
        [(4, 8, 4), (5, 9, 4), (6, 6, 4), (7, 7, 4)]
        """
        firsts = range(self.first, self.first + step, self.step)
        if self.last is None:
            return [Stretch(n, None, step) for n in firsts]
        return [
            Stretch(n, self.last - (self.last - n) % step, step) for n in firsts if n <= self.last
        ]


def common(sets: Iterable[Solutions]) -> Solutions:
    """What some sets, at least one, have in common; raises :class:`TooSeldom`."""
    return reduce(_both, dict.fromkeys(sets))


def _both(a: Solutions, b: Solutions) -> Solutions:
    if lcm(a.modulus, b.modulus) > LARGEST_MODULUS:
        raise TooSeldom
    # all positive numbers are taken for all there are on the right, and 0 may be one of them
    return b.intersect(a) if b.is_everything else a.intersect(b)


def together(sets: Iterable[Solutions]) -> Solutions:
    """All numbers of some sets that have none in common; raises :class:`TooSeldom`.

    >>> even = Solutions(2, ((Interval(4, None),), ()))
    >>> together([Stretch(0, 1).numbers, even]).conditions("n")
    {'cases': 'n == 0 or (n % 2 == 0 and n >= 4) or n == 1'}
    """
    own = [each for each in sets if not each.is_empty]
    if not own:
        return EMPTY
    modulus = lcm(*(each.modulus for each in own))
    if modulus > LARGEST_MODULUS:
        raise TooSeldom
    everywhere = [each.classes[0] for each in own if each.modulus == 1]
    merged = _joined([i for intervals in everywhere for i in intervals], 1)
    parts = [Solutions(1, (merged,)), *(each for each in own if each.modulus > 1)]
    classes = []
    for r in range(modulus):
        found = [
            moved
            for each in parts
            for interval in each.classes[r % each.modulus]
            if (moved := _moved(interval, r, modulus)) is not None
        ]
        classes.append(_joined(found, modulus))
    return simplest(modulus, tuple(classes))


def _moved(interval: Interval, r: int, modulus: int) -> Interval | None:
    """An interval with its ends moved onto a residue class; None if nothing is left."""
    first = interval.first + (r - interval.first) % modulus
    last = interval.last
    if last is not None:
        last -= (last - r) % modulus
        if last < first:
            return None
    return Interval(first, last)


def _joined(intervals: list[Interval], step: int) -> tuple[Interval, ...]:
    """Intervals in order, those that follow each other as one."""
    joined: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.first):
        before = joined[-1].last if joined else None
        if joined and before is not None and before + step >= each.first:
            joined[-1] = Interval(joined[-1].first, each.last)
        else:
            joined.append(each)
    return tuple(joined)
