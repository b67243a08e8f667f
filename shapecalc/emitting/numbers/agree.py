"""One expression for a number that has to be right in many places.

A block's class is written once and used many times; what has to stand in it is known for each use
as a number with its derivation. The expression that is written must give the right number at
every use, and at other values of the network's symbols, which is tried out, not assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Traced, Tree, as_tree
from shapecalc.algebra.trace import Number as Plain
from shapecalc.emitting.numbers.python import settled_choices, tests
from shapecalc.emitting.numbers.trees import (
    collapsed,
    decided,
    expression,
    length,
    settled,
    stated,
)
from shapecalc.emitting.syntax import names, size
from shapecalc.emitting.work import COUNTED, TRIED, Work
from shapecalc.graph.scope import Over
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.expression import (
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Name,
    Number,
)

INDEX = Name("index", 0)

LARGEST = 400
"""The most numbers and operations of a derivation that is written: nobody reads a longer one."""

MOST_TRIED = 60
"""How many derivations are tried for one that is right everywhere."""


class Sample(NamedTuple):
    """A number at one use: its derivation, and what the letters stand for there.

    ``number`` is the copy's, and ``changed`` are the symbols that have other values than their own.
    """

    value: Any
    tree: Tree
    letters: Mapping[str, Any]
    number: int | None = None
    changed: frozenset[str] = frozenset()


class Told:
    """Derivations as expressions, each worked out once: those of blocks that are alike are equal.

    ``work`` counts in how many samples expressions are tried.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self._known: dict[frozenset[str], dict[Tree, Expression]] = {}

    def of(self, tree: Tree, allowed: frozenset[str]) -> Expression:
        """A derivation as an expression in allowed names."""
        known = self._known.setdefault(allowed, {})  # the same names are held once
        if tree not in known:
            self.work.add(TRIED * length(tree, LARGEST))
            known[tree] = settled_choices(expression(collapsed(settled(tree, allowed))))
        return known[tree]

    def is_right(self, tree: Expression, samples: Iterable[Sample]) -> bool:
        """Whether an expression has the samples' values."""
        return is_right(tree, self._counted(samples))

    def _counted(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        for each in samples:
            self.work.add(TRIED)
            yield each


def agree(samples: Sequence[Sample], allowed: frozenset[str], told: Told) -> Expression | None:
    """The plainest expression in allowed names that is right in all samples; None if none is.

    It may depend on the copy's ``index``: the first copy is told apart, or the number grows.
    """
    first = samples[0]
    if all(type(each.tree) is Plain and each.value == first.value for each in samples):
        return stated(first.value)
    if first.number is None:
        return _uniform(samples, allowed, told)
    allowed |= {"index"}
    return _uniform(samples, allowed, told) or _by_index(samples, allowed, told)


def _uniform(samples: Sequence[Sample], allowed: frozenset[str], told: Told) -> Expression | None:
    candidates: dict[Expression, None] = {}
    for tree in _shortest([*dict.fromkeys(each.tree for each in samples)], told.work):
        found = told.of(tree, allowed)
        candidates[found] = None
        if all(_goes_both_ways(test, samples) for test in tests(found)):
            candidates[told.of(decided(tree), allowed)] = None
    for candidate in sorted(candidates, key=size):
        if names(candidate) and told.is_right(candidate, samples):
            return candidate
    first = samples[0].value
    if all(each.value == first for each in samples):
        return stated(first)
    # a size of the input, of which the block has a parameter for its own name
    alike: list[Expression] = [Name(name, 0) for name in sorted(allowed)]
    return next((name for name in alike if told.is_right(name, samples)), None)


def _goes_both_ways(test: Expression, samples: Iterable[Sample]) -> bool:
    """Whether a condition holds at some uses and not at others: what is right at all needs none."""
    met: set[bool] = set()
    try:
        for each in samples:
            met.add(truth(value_of(test, each)))
            if len(met) == 2:
                return True
    except (ExpressionError, KeyError, TypeError):
        pass
    return False


def _shortest(trees: list[Tree], work: Work) -> list[Tree]:
    """The derivations that are worth trying, the shortest first."""
    found = [(length(tree, LARGEST), tree) for tree in trees]
    work.add(sum(count for count, _ in found) // COUNTED)
    found = sorted((each for each in found if each[0] <= LARGEST), key=itemgetter(0))
    return [tree for _, tree in found[:MOST_TRIED]]


def _by_index(samples: Sequence[Sample], allowed: frozenset[str], told: Told) -> Expression | None:
    least = min(each.number or 0 for each in samples)
    at_first = _uniform([s for s in samples if s.number == least], allowed - {"index"}, told)
    later = [each for each in samples if each.number != least]
    if at_first is None or not later:
        return at_first
    after = _uniform(later, allowed, told)
    if after is not None:
        return Conditional(Comparison(INDEX, (("==", Number(least)),)), at_first, after)
    return _growing(samples, allowed, told) or _listed(samples)


def _growing(samples: Sequence[Sample], allowed: frozenset[str], told: Told) -> Expression | None:
    """A number that grows by the same with each copy."""
    index = Traced(Leaf("index", 1))
    at_zero = {id(each.letters): each.tree for each in samples if each.number == 0}
    grown = []
    for one in samples:
        zero = at_zero.get(id(one.letters)) if one.number == 1 else None
        if zero is not None:
            grown.append(as_tree(Traced(zero) + index * (Traced(one.tree) - Traced(zero))))
    for tree in _shortest([*dict.fromkeys(grown)], told.work):
        found = told.of(tree, allowed)
        if told.is_right(found, samples):
            return found
    return None


def _listed(samples: Sequence[Sample]) -> Expression | None:
    """The numbers one by one, where every use has the same, and as many."""
    found: dict[int, Any] = {}
    last: dict[int, int] = {}
    for each in samples:
        assert each.number is not None
        last[id(each.letters)] = max(each.number, last.get(id(each.letters), 0))
        if found.setdefault(each.number, each.value) != each.value:
            return None
    if len({*last.values()}) > 1:
        return None
    tree = stated(found[max(found)])
    for index in sorted(found, reverse=True)[1:]:
        here = Comparison(INDEX, (("==", Number(index)),))
        tree = Conditional(here, stated(found[index]), tree)
    return tree


def is_right(tree: Expression, samples: Iterable[Sample]) -> bool:
    """Whether an expression has the samples' values."""
    try:
        return all(value_of(tree, each) == each.value for each in samples)
    except (ExpressionError, KeyError, TypeError):
        return False


def value_of(tree: Expression, sample: Sample) -> Any:
    """What an expression comes to at one use."""
    if sample.number is None:
        return evaluate(tree, sample.letters)
    return evaluate(tree, Over({"index": sample.number}, sample.letters))
