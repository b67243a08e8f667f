"""Which numbers of a range meet all conditions, where no exact method inverts them.

The range is cut in halves, over and over. Where bounds (:mod:`shapecalc.algebra.enclosure`) decide
a condition for a whole stretch at once, it is taken or dropped as one; where rounded quotients do
not change, what is left is a polynomial, and solved; what remains is tried number by number. So
nothing is left out, and a range without end is known to its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import LARGEST, Quantity, is_symbolic
from shapecalc.algebra.enclosure import compiled
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.intervals import holds
from shapecalc.algebra.residues import on_stretch
from shapecalc.algebra.solutions import Interval, Solutions
from shapecalc.language import evaluation, expression
from shapecalc.language.expression import Binary, Comparison, Expression, Number, Unary

MOST_STEPS = 1_000_000
"""How many steps of formulas are run before a question is left open."""

WIDE = 16
"""A stretch of so many numbers or more is worth being solved as a polynomial."""

LARGEST_DIVIDED = 10**13
"""The largest number that is taken apart into its prime factors."""

HIGHEST_DEGREE = 8
"""The highest degree of such a polynomial."""


class Open(Exception):
    """It would take too long to try all that there is to try."""


class Test:
    """A condition on one unknown: at a number it holds or not, over a stretch it may be open."""

    words: str
    length: int

    def at(self, n: int) -> bool:
        """Whether it holds for a number."""
        raise NotImplementedError

    def over(self, first: int, last: Any) -> bool | None:
        """Whether it holds for all numbers of a stretch, or for none; else None."""
        raise NotImplementedError

    def solved(self, first: int, last: int) -> list[Interval] | None:
        """The numbers of a stretch that it holds for, where that is more than trying."""
        return None


class Comparing(Test):
    """A formula that stands in a relation to 0.

    >>> test = Comparing(512 - Formula.symbol("h"), ">=", "h")
    >>> test.at(512), test.over(1, 9), test.over(513, math.inf), test.over(512, 513)
    (True, True, False, None)
    """

    def __init__(self, difference: Quantity, relation: str, symbol: str, words: str = "") -> None:
        self.relation = relation
        self.symbol = symbol
        self.words = words or f"{difference} {relation} 0"
        self._compiled = compiled(difference)
        self.length = self._compiled.length

    def at(self, n: int) -> bool:
        """Whether it holds for a number; not where the formula has no value."""
        try:
            value = self._compiled.at({self.symbol: n})
        except ZeroDivisionError:
            return False
        return bool(holds((value, value), self.relation))

    def over(self, first: int, last: Any) -> bool | None:
        """Whether it holds for all numbers of a stretch, or for none; else None."""
        return holds(self._compiled.over({self.symbol: (first, last)}), self.relation)

    def solved(self, first: int, last: int) -> list[Interval] | None:
        """The numbers of a stretch that it holds for, where it is a polynomial all over it."""
        if self.relation not in ("==", ">=") or first < 1:
            return None
        degree = self._compiled.degree({self.symbol: (first, last)})
        if degree is None or degree > min(HIGHEST_DEGREE, last - first):
            return None
        values = [self._compiled.at({self.symbol: first + q}) for q in range(degree + 1)]
        if not all(isinstance(value, int) for value in values):
            return None
        found = on_stretch(values, first, self.relation)
        return [
            Interval(start, last if end is None else min(end, last))
            for start, end in found
            if start <= last
        ]


class Dividing(Comparing):
    """A straight line in the unknown that has to divide a number.

    >>> n = Formula.symbol("n")
    >>> [list(each) for each in Dividing(12, 2 * n, "n").solved(2, 100)]
    [[2, 2], [3, 3], [6, 6]]
    """

    def __init__(self, number: int, divisor: Formula, symbol: str, words: str = "") -> None:
        super().__init__(number % divisor, "==", symbol, words)
        self.number = number
        self._divisor = compiled(divisor)

    def solved(self, first: int, last: int) -> list[Interval] | None:
        """The numbers of a stretch at which the line is a divisor."""
        if first == last or self._divisor.degree({self.symbol: (first, last)}) != 1:
            return None
        here, there = (self._divisor.at({self.symbol: n}) for n in (first, first + 1))
        slope = there - here
        start = here - slope * first
        if not isinstance(slope, int):
            return None
        found = [
            (divisor - start) // slope
            for divisor in _divisors(self.number)
            if (divisor - start) % slope == 0
        ]
        return [Interval(n, n) for n in sorted(found) if first <= n <= last]


@lru_cache(maxsize=256)
def _divisors(number: int) -> list[int]:
    """The positive divisors of a positive number, by its prime factors."""
    found, factor = [1], 2
    while factor * factor <= number:
        powers = [1]
        while number % factor == 0:
            number //= factor
            powers.append(powers[-1] * factor)
        found = [n * power for n in found for power in powers]
        factor += 1
    return found + [n * number for n in found] if number > 1 else found


class Joined(Test):
    """Several tests, of which all must hold, or at least one."""

    def __init__(self, tests: Sequence[Test], every: bool, words: str) -> None:
        self.tests = tests
        self.every = every
        self.words = words
        self.length = sum(test.length for test in tests)

    def at(self, n: int) -> bool:
        """Whether as many hold for a number as must."""
        each = (test.at(n) for test in self.tests)
        return all(each) if self.every else any(each)

    def over(self, first: int, last: Any) -> bool | None:
        """Whether as many hold as must for all numbers of a stretch, or for none; else None."""
        found = [test.over(first, last) for test in self.tests]
        if (not self.every) in found:
            return not self.every
        return None if None in found else self.every


def read_test(condition: str, symbol: str) -> Test | None:
    """A condition as it is written, as a test; None where it is beyond what is understood here.

    >>> divisor = read_test("64 % h == 0 or h == 1", "h")
    >>> [n for n in range(1, 100) if divisor.at(n)], divisor.over(65, math.inf)
    ([1, 2, 4, 8, 16, 32, 64], False)
    """
    try:
        return _test(expression.parse(condition), symbol, condition)
    except (expression.ExpressionError, evaluation.Undecided, KeyError, NotImplementedError):
        return None


_RELATIONS = {"<": ">", "<=": ">=", ">": ">", ">=": ">=", "==": "==", "!=": "!="}


def _test(tree: Expression, symbol: str, words: str) -> Test:
    if isinstance(tree, Binary) and tree.operator in ("and", "or"):
        both = [_test(tree.left, symbol, words), _test(tree.right, symbol, words)]
        return Joined(both, tree.operator == "and", words)
    if isinstance(tree, Unary) and tree.operator == "not":
        raise NotImplementedError
    if not isinstance(tree, Comparison):
        raise NotImplementedError
    scope = {symbol: Formula.symbol(symbol)}
    sides = [evaluation.evaluate(part, scope) for part in (tree.first, *(p for _, p in tree.rest))]
    tests: list[Test] = []
    dividing = _dividing(tree, scope, symbol, words)
    if dividing is not None:
        return dividing
    for (relation, _), left, right in zip(tree.rest, sides, sides[1:]):
        difference = right - left if relation.startswith("<") else left - right
        tests.append(Comparing(difference, _RELATIONS[relation], symbol, words))
    return tests[0] if len(tests) == 1 else Joined(tests, True, words)


def _dividing(
    tree: Comparison, scope: dict[str, Formula], symbol: str, words: str
) -> Dividing | None:
    """The test of ``number % divisor == 0``, if a comparison is that."""
    if len(tree.rest) != 1 or tree.rest[0] != ("==", Number(0)):
        return None
    remainder = tree.first
    if not isinstance(remainder, Binary) or remainder.operator != "%":
        return None
    number, divisor = (
        evaluation.evaluate(part, scope) for part in (remainder.left, remainder.right)
    )
    is_plain = isinstance(number, int) and 0 < number <= LARGEST_DIVIDED
    return Dividing(number, divisor, symbol, words) if is_plain and is_symbolic(divisor) else None


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
