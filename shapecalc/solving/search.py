"""Which numbers of a range meet all conditions, where no exact method inverts them.

The range is cut in halves, over and over. Where bounds (:mod:`shapecalc.algebra.enclosure`) decide
a condition for a whole stretch at once, it is taken or dropped as one; where rounded quotients do
not change, what is left is a polynomial, and solved; what remains is tried number by number. So
nothing is left out, and a range without end is known to its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import LARGEST
from shapecalc.algebra.solutions import Interval, Solutions
from shapecalc.solving.relations import Test

MOST_STEPS = 1_000_000
"""How many steps of formulas are run before a question is left open."""

WIDE = 16
"""A stretch of so many numbers or more is worth being solved as a polynomial."""


class Open(Exception):
    """It would take too long to try all that there is to try."""


class Found(NamedTuple):
    """The numbers that meet all conditions.

    They were looked for from ``first`` to ``last``; beyond, the condition ``beyond`` never holds.
    Where all conditions hold from there on, or the range ends there, ``beyond`` is empty.
    """

    solutions: Solutions
    first: int
    last: int
    beyond: str


def search(tests: Sequence[Test], first: int, last: int | None) -> Found:
    """All numbers of a range that meet all conditions; raises :class:`Open` if it takes too long.

    >>> from shapecalc.solving.relations import read_test
    >>> found = search([read_test("512 % h == 0", "h")], 1, None)
    >>> list(found.solutions.members()), found.last, found.beyond
    ([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], 512, '512 % h == 0')
    """
    searching = _Search(tests)
    stretches: list[Interval] = []
    start, tried, beyond = first, first - 1 if last is None else last, ""
    while last is None or start <= last:
        if last is None:
            decided = searching.over(start, math.inf)
            if decided is True:
                stretches.append(Interval(start, None))
                tried = start - 1
                break
            if decided is False:
                tried = searching.edge(first, start) - 1
                beyond = searching.blamed(tried + 1)
                break
            if start > LARGEST:  # nothing is as large
                tried = start - 1
                break
        end = max(2 * start, start + WIDE) - 1 if last is None else last
        stretches += searching.within(start, end)
        start = end + 1
    return Found(Solutions(1, (_merged(stretches),)), first, tried, beyond)


def _merged(stretches: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for each in stretches:
        if merged and merged[-1].last is not None and merged[-1].last + 1 >= each.first:
            each = Interval(merged.pop().first, each.last)
        merged.append(each)
    return tuple(merged)


class _Search:
    def __init__(self, tests: Sequence[Test]) -> None:
        self.tests = tests
        self.steps = 0

    def spend(self, test: Test) -> None:
        self.steps += test.length
        if self.steps > MOST_STEPS:
            raise Open

    def over(self, first: int, last: Any) -> bool | None:
        """Whether all conditions hold over a stretch, or one of them never does; else None."""
        return self.undecided(first, last)[0]

    def undecided(self, first: int, last: Any) -> tuple[bool | None, list[Test]]:
        """The same, and the conditions that are not decided."""
        rest = []
        for test in self.tests:
            self.spend(test)
            found = test.over(first, last)
            if found is False:
                return False, []
            if found is None:
                rest.append(test)
        return (None if rest else True), rest

    def edge(self, low: int, high: int) -> int:
        """The first number from which on one condition is seen never to hold."""
        test = next(test for test in self.tests if test.over(high, math.inf) is False)
        while low < high:
            middle = (low + high) // 2
            self.spend(test)
            if test.over(middle, math.inf) is False:
                high = middle
            else:
                low = middle + 1
        return high

    def blamed(self, start: int) -> str:
        """The condition that never holds from a number on."""
        for test in self.tests:
            if test.over(start, math.inf) is False:
                return test.words
        return ""

    def within(self, first: int, last: int) -> Iterator[Interval]:
        """The stretches of a range where all conditions hold, in order."""
        stack = [(first, last)]
        while stack:
            low, high = stack.pop()
            if high - low < WIDE // 2:
                yield from self.one_by_one(low, high)
                continue
            whole, rest = self.undecided(low, high)
            if whole is not None:
                if whole:
                    yield Interval(low, high)
                continue
            found = self.polynomials(rest, low, high)
            if found is not None:
                yield from found
                continue
            middle = (low + high) // 2
            stack += [(middle + 1, high), (low, middle)]

    def one_by_one(self, low: int, high: int) -> Iterator[Interval]:
        for n in range(low, high + 1):
            for test in self.tests:
                self.spend(test)
                if not test.at(n):
                    break
            else:
                yield Interval(n, n)

    def polynomials(self, tests: list[Test], low: int, high: int) -> list[Interval] | None:
        """The stretches where some conditions hold that are polynomials all over a range."""
        found = [Interval(low, high)]
        for test in tests:
            self.spend(test)
            own = test.solved(low, high) if high - low >= WIDE else None
            if own is None:
                return None
            found = [
                Interval(max(a.first, b.first), min(_end(a), _end(b)))
                for a in found
                for b in own
                if max(a.first, b.first) <= min(_end(a), _end(b))
            ]
        return found


def _end(interval: Interval) -> int:
    assert interval.last is not None
    return interval.last
