"""Sets of whole numbers from 0 on, put together from stretches that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import lcm

from shapecalc.algebra.solutions import Interval, Solutions, simplest
from shapecalc.analysis.constraints import LARGEST_MODULUS

EMPTY = Solutions(1, ((),))


class TooSeldom(Exception):
    """What is wanted repeats too seldom for its set to be written down."""


def stretch(first: int, last: int | None) -> Solutions:
    """All numbers from one to another.

    >>> list(stretch(0, 3).members())
    [0, 1, 2, 3]
    """
    return Solutions(1, ((Interval(first, last),),))


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
    >>> together([stretch(0, 1), even]).conditions("n")
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
