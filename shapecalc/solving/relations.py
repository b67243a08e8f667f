"""Conditions on one unknown: at a number they hold or not, and over a stretch they may be open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import lcm
from typing import Any

from shapecalc.algebra import residues
from shapecalc.algebra.arithmetic import Quantity, is_symbolic
from shapecalc.algebra.enclosure import compiled
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.intervals import holds
from shapecalc.algebra.residues import on_stretch
from shapecalc.algebra.solutions import EVERYTHING, NOTHING, Interval, Solutions
from shapecalc.analysis.constraints import LARGEST_MODULUS
from shapecalc.language import evaluation, expression
from shapecalc.language.expression import Binary, Comparison, Expression, Number, Unary

LARGEST_DIVIDED = 10**13
"""The largest number that is taken apart into its prime factors."""

HIGHEST_DEGREE = 8
"""The highest degree of a polynomial that is solved on a stretch."""


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

    def inverted(self) -> Solutions | None:
        """All positive numbers that it holds for, where an exact method inverts it."""
        return None


class Comparing(Test):
    """A formula that stands in a relation to 0.

    >>> from math import inf
    >>> test = Comparing(512 - Formula.symbol("h"), ">=", "h")
    >>> test.at(512), test.over(1, 9), test.over(513, inf), test.over(512, 513)
    (True, True, False, None)
    """

    def __init__(self, difference: Quantity, relation: str, symbol: str, words: str = "") -> None:
        self.relation = relation
        self.symbol = symbol
        self.words = words or f"{difference} {relation} 0"
        self._difference = difference
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

    def inverted(self) -> Solutions | None:
        """All positive numbers that it holds for, where an exact method inverts it.

        >>> n = Formula.symbol("n")
        >>> Comparing(n % 3 - 1, "!=", "n").inverted().conditions("n")
        {'residue': 'n % 3 != 1'}
        """
        difference = self._difference
        if not isinstance(difference, Formula):
            return EVERYTHING if holds((difference, difference), self.relation) else NOTHING
        if self.relation == ">" and not difference.is_whole:
            return None
        if self.relation == ">":
            return _as_set(residues.solve(difference - 1, ">="))
        if self.relation != "!=":
            return _as_set(residues.solve(difference, self.relation))
        found = _as_set(residues.solve(difference, "=="))
        return None if found is None else found.complement()


def _as_set(found: Solutions | bool | None) -> Solutions | None:
    return {True: EVERYTHING, False: NOTHING}[found] if isinstance(found, bool) else found


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

    def inverted(self) -> Solutions | None:
        """All positive numbers that as many hold for as must, where exact methods invert them."""
        found = [test.inverted() for test in self.tests]
        known = [each for each in found if each is not None]
        if len(known) < len(found) or lcm(*(each.modulus for each in known)) > LARGEST_MODULUS:
            return None
        return reduce(Solutions.intersect if self.every else Solutions.union, known)


def read_test(condition: str, symbol: str) -> Test | None:
    """A condition as it is written, as a test; None where it is beyond what is understood here.

    >>> from math import inf
    >>> divisor = read_test("64 % h == 0 or h == 1", "h")
    >>> [n for n in range(1, 100) if divisor.at(n)], divisor.over(65, inf)
    ([1, 2, 4, 8, 16, 32, 64], False)
    """
    try:
        return _test(expression.parse(condition), symbol, condition)
    except (expression.ExpressionError, evaluation.Undecided, KeyError, NotImplementedError):
        return None


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _test(tree: Expression, symbol: str, words: str, is_wanted: bool = True) -> Test:
    """The test of a tree, or where it is not wanted, of its opposite."""
    if isinstance(tree, Binary) and tree.operator in ("and", "or"):
        both = [_test(part, symbol, words, is_wanted) for part in (tree.left, tree.right)]
        return Joined(both, (tree.operator == "and") is is_wanted, words)
    if isinstance(tree, Unary) and tree.operator == "not":
        return _test(tree.operand, symbol, words, not is_wanted)
    if not isinstance(tree, Comparison):
        raise NotImplementedError
    scope = {symbol: Formula.symbol(symbol)}
    dividing = _dividing(tree, scope, symbol, words) if is_wanted else None
    if dividing is not None:
        return dividing
    sides = [evaluation.evaluate(part, scope) for part in (tree.first, *(p for _, p in tree.rest))]
    tests: list[Test] = []
    for (relation, _), left, right in zip(tree.rest, sides, sides[1:]):
        sign = relation if is_wanted else _OPPOSITE[relation]
        if sign.startswith("<"):
            left, right, sign = right, left, sign.replace("<", ">")
        tests.append(Comparing(left - right, sign, symbol, words))
    return tests[0] if len(tests) == 1 else Joined(tests, is_wanted, words)


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
