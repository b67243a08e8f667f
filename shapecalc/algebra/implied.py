"""Conditions that say nothing more where others hold: what is a multiple is written as one.

Where ``X % p == 0`` is asked for and ``X`` is positive, it is ``p*q`` for some ``q`` of at least 1.
Put into another condition, that may decide it: ``X >= p`` is so then, and ``p*(X//p) == X``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.requirement import Claim, Condition, Least, at_least, decide

MOST = 200
"""Of more conditions than these none is looked at."""

MOST_NUMBERS = 200
"""Nor for more numbers than these."""


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
    if not 1 < len(given) <= MOST:
        return {}
    multiples = list(_multiples(given, least))
    if not multiples:
        return {}
    written = _Written({number: divisor for _, number, divisor in multiples}, least)
    sources = {condition for condition, _, _ in multiples}
    found: dict[Condition, bool | Condition] = {}
    for condition in given:
        if condition.claims and condition not in sources:
            left = [claim for claim in condition.claims if written.decide([claim]) is not False]
            if written.decide(left) is True:
                found[condition] = True
            elif len(left) < len(condition.claims):
                found[condition] = decide(left, least)
    return found


def telling(
    conditions: Iterable[Condition], symbol: str, numbers: Collection[int]
) -> frozenset[Condition]:
    """The fewest conditions on a symbol that leave the same of some numbers, the shortest first.

    >>> from shapecalc.algebra.formula import Formula
    >>> from shapecalc.algebra.requirement import divides
    >>> p = Formula.symbol("p")
    >>> rules = [divides(p, 28), divides(p, 14), at_least(28 // p, 2)]
    >>> found = telling([rule.decide() for rule in rules], "p", range(1, 29))
    >>> [each.equation for each in found]
    ['14 % p == 0']
    """
    refused = {
        condition: {n for n in numbers if condition.at({symbol: n}, {}) is not True}
        for condition in conditions
    }
    for condition in sorted(refused, key=lambda each: len(each.equation), reverse=True):
        others = [own for other, own in refused.items() if other != condition]
        if refused[condition] <= set().union(*others):
            del refused[condition]
    return frozenset(refused)


def _multiples(
    conditions: Iterable[Condition], least: Least
) -> Iterator[tuple[Condition, Any, Any]]:
    """The conditions that a positive number is a multiple of one, with the two."""
    from shapecalc.algebra.form import cancelled

    for condition in conditions:
        if len(condition.claims) != 1 or condition.claims[0].relation != "%":
            continue
        number, divisor = cancelled(condition.claims[0].left, condition.claims[0].right)
        if is_symbolic(number) and _is_positive(number, least) and _is_positive(divisor, least):
            yield condition, number, divisor


def _is_positive(size: Any, least: Least) -> bool:
    return at_least(size, 1).decide(least) is True


class _Written:
    """Conditions with multiples written as products."""

    def __init__(self, multiples: dict[Any, Any], least: Least) -> None:
        self.least = dict(least)
        self.symbols: dict[str, Any] = {}
        self.parts: dict[Any, Any] = {}
        left = dict(multiples)
        while left:
            ready = [number for number in left if not _has_any(left[number], left)]
            if not ready:  # each divides another: those stay as they are
                break
            for number in ready:
                self._write(number, left.pop(number))

    def _write(self, number: Any, divisor: Any) -> None:
        from shapecalc.algebra.formula import Formula

        name = f"{len(self.least)} times"  # no symbol of a spec is called so
        self.least[name] = 1
        product = self._of(divisor) * Formula.symbol(name)
        if number.expr.is_Symbol:
            self.symbols[number.expr.name] = product
        else:
            self.parts[number.expr] = product

    def _of(self, size: Any) -> Any:
        from shapecalc.algebra.formula import evaluate

        return evaluate(size, self.symbols, self.parts)

    def decide(self, claims: Iterable[Claim]) -> bool | Condition:
        """Whether one of some claims holds wherever the multiples are some."""
        own = [Claim(self._of(left), relation, self._of(right)) for left, relation, right in claims]
        return decide(own, self.least)


def _has_any(divisor: Any, numbers: Iterable[Any]) -> bool:
    return is_symbolic(divisor) and divisor.expr.has(*[number.expr for number in numbers])
