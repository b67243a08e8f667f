"""Conditions that say nothing more where others hold: what is a multiple is written as one.

Where ``X % p == 0`` is asked for and ``X`` is positive, it is ``p*q`` for some ``q`` of at least 1.
Put into another condition, that may decide it: ``X >= p`` is so then, and ``p*(X//p) == X``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, is_symbolic
from shapecalc.algebra.form import cancelled
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.nodes import parts
from shapecalc.algebra.requirement import Claim, Condition, Least, at_least, decide
from shapecalc.algebra.solutions import Solutions

MOST = 200
"""Of more conditions than these none is looked at."""

MOST_TRIED = 4_000
"""At so many numbers conditions are tried together, and no more."""


def beside_others(
    conditions: Iterable[Condition], least: Least
) -> dict[Condition, bool | Condition]:
    """What conditions, all of which hold, still say beside the others, where that is less than all.

    True of one that follows from the others, False of one that cannot hold beside them; less of
    one whose alternatives are not all left.

    >>> from shapecalc.algebra.formula import Formula
    >>> from shapecalc.algebra.requirement import divides
    >>> heads, width = Formula.symbol("heads"), Formula.symbol("width")
    >>> rules = [divides(heads, width), at_least(width, heads), at_least(width, 2 * heads)]
    >>> ones = {"heads": 1, "width": 1}
    >>> found = beside_others([rule.decide(ones) for rule in rules], ones)
    >>> {each.equation: said for each, said in found.items()}
    {'width >= heads': True}
    """
    given = dict.fromkeys(conditions)
    multiples = list(_multiples(given)) if 1 < len(given) <= MOST else []
    if not multiples:
        return {}
    written = _Written(multiples, least)
    found: dict[Condition, bool | Condition] = {}
    for condition in given:
        if condition.claims and condition not in written.sources:
            decided = {claim: written.decide(claim) for claim in condition.claims}
            left = [claim for claim, holds in decided.items() if holds is not False]
            if True in decided.values():
                found[condition] = True
            elif len(left) < len(decided):
                found[condition] = decide(left, least)
    return found


def telling(
    conditions: Collection[Condition], symbol: str, numbers: Solutions
) -> frozenset[Condition]:
    """The fewest conditions on a symbol that leave the same of some numbers, the shortest first.

    All of them where there are too many to be tried.

    >>> from shapecalc.algebra.formula import Formula
    >>> from shapecalc.algebra.requirement import divides
    >>> from shapecalc.algebra.solutions import Interval
    >>> p = Formula.symbol("p")
    >>> rules = [divides(p, 28), divides(p, 14), at_least(28 // p, 2)]
    >>> to_28 = Solutions(1, ((Interval(1, 28),),))
    >>> found = telling([rule.decide() for rule in rules], "p", to_28)
    >>> [each.equation for each in found]
    ['14 % p == 0']
    """
    if numbers.size is None or len(conditions) * numbers.size > MOST_TRIED:
        return frozenset(conditions)
    members = list(numbers.members())
    refused = {
        condition: {n for n in members if not _holds(condition, {symbol: n})}
        for condition in conditions
    }
    for condition in sorted(refused, key=lambda each: len(each.equation), reverse=True):
        others = [own for other, own in refused.items() if other != condition]
        if refused[condition] <= set().union(*others):
            del refused[condition]
    return frozenset(refused)


def _holds(condition: Condition, values: dict[str, int]) -> bool:
    try:
        return condition.at(values, {}) is True
    except ZeroDivisionError:  # where there is no such quotient, nothing holds of it
        return False


class _Multiple(NamedTuple):
    """A condition that asks for a number to be a multiple of a divisor."""

    condition: Condition
    number: Formula
    divisor: Dim

    @property
    def extent(self) -> tuple[Any, ...]:
        """What grows with the divisor: what is a multiple of another comes after it."""
        told = str(self.divisor)
        return len(_parts(self.divisor)), len(told), told


def _multiples(conditions: Iterable[Condition]) -> Iterator[_Multiple]:
    for condition in conditions:
        if len(condition.claims) != 1 or condition.claims[0].relation != "%":
            continue
        number, divisor = cancelled(condition.claims[0].left, condition.claims[0].right)
        if is_symbolic(number):
            yield _Multiple(condition, number, divisor)


def _parts(size: Dim) -> set[Any]:
    return parts(size.expr) if isinstance(size, Formula) else set()


class _Written:
    """Conditions in which multiples are written as products.

    ``sources`` are those that say that they are some, of each number the one that says most.
    """

    def __init__(self, multiples: list[_Multiple], least: Least) -> None:
        self.least = dict(least)
        self.symbols: dict[str, Any] = {}
        self.parts: dict[Any, Any] = {}
        self.sources: set[Condition] = set()
        waiting = {each.number.expr: each for each in sorted(multiples, key=lambda m: m.extent)}
        inside = {
            expr: (_parts(each.number) | _parts(each.divisor)) - {expr}
            for expr, each in waiting.items()
        }
        while ready := [expr for expr in waiting if waiting.keys().isdisjoint(inside[expr])]:
            for expr in ready:
                self._write(waiting.pop(expr))
        self.known = dict(self.parts)

    def _write(self, multiple: _Multiple) -> None:
        """Write a number, if it is positive, as so many times its divisor."""
        self.known = dict(self.parts)  # without what was found before it was written
        try:
            number, divisor = self._of(multiple.number), self._of(multiple.divisor)
        except ZeroDivisionError:
            return
        if not (self._is_positive(number) and self._is_positive(divisor)):
            return
        name = f"{len(self.least)} times"  # no symbol of a spec is called so
        self.least[name] = 1
        product = divisor * Formula.symbol(name)
        expr = multiple.number.expr
        if expr.is_Symbol:
            self.symbols[expr.name] = product
        else:
            self.parts[expr] = product
        self.sources.add(multiple.condition)

    def _is_positive(self, size: Any) -> bool:
        return at_least(size, 1).decide(self.least) is True

    def _of(self, size: Any) -> Any:
        return evaluate(size, self.symbols, self.known)

    def decide(self, claim: Claim) -> bool | Condition | None:
        """Whether a claim holds wherever the multiples are some; None where it has no value."""
        try:
            own = Claim(self._of(claim.left), claim.relation, self._of(claim.right))
        except ZeroDivisionError:
            return None
        return decide([own], self.least)
