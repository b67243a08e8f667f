"""One expression for a number that has to be right in many places.

A block's class is written once and used many times; what has to stand in it is known for each use
as a number with its derivation. The expression that is written must give the right number at
every use, and at other values of the network's symbols, which is tried out, not assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Traced, Tree
from shapecalc.emitting.python import settled_choices
from shapecalc.emitting.syntax import names, size
from shapecalc.emitting.trees import decided, expression, settled, stated, tree_of
from shapecalc.language.expression import (
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Name,
    Number,
    evaluate,
)

INDEX = Name("index", 0)


class Sample(NamedTuple):
    """A number at one use: its derivation, and what the letters stand for there.

    ``number`` is the copy's, and ``changed`` are the symbols that have other values than their own.
    """

    value: Any
    tree: Tree
    letters: Mapping[str, Any]
    number: int | None = None
    changed: frozenset[str] = frozenset()


def agree(samples: Sequence[Sample], allowed: frozenset[str]) -> Expression | None:
    """The plainest expression in allowed names that is right in all samples; None if none is.

    It may depend on the copy's ``index``: the first copy is told apart, or the number grows.
    """
    if samples[0].number is None:
        return _uniform(samples, allowed)
    return _uniform(samples, allowed | {"index"}) or _by_index(samples, allowed | {"index"})


def _uniform(samples: Sequence[Sample], allowed: frozenset[str]) -> Expression | None:
    candidates: dict[Expression, None] = {}
    for tree in dict.fromkeys(each.tree for each in samples):
        for each in (decided(tree), tree):
            candidates[_told(each, allowed)] = None
    for candidate in sorted(candidates, key=size):
        if names(candidate) and is_right(candidate, samples):
            return candidate
    first = samples[0].value
    if all(each.value == first for each in samples):
        return stated(first)
    # a size of the input, of which the block has a parameter for its own name
    alike: list[Expression] = [Name(name, 0) for name in sorted(allowed)]
    return next((name for name in alike if is_right(name, samples)), None)


def _told(tree: Tree, allowed: frozenset[str]) -> Expression:
    """A derivation as an expression in allowed names."""
    found: Expression = settled_choices(expression(settled(tree, allowed)))
    return found


def _by_index(samples: Sequence[Sample], allowed: frozenset[str]) -> Expression | None:
    least = min(each.number or 0 for each in samples)
    at_first = _uniform([s for s in samples if s.number == least], allowed - {"index"})
    later = [each for each in samples if each.number != least]
    if at_first is None or not later:
        return at_first
    after = _uniform(later, allowed)
    if after is not None:
        return Conditional(Comparison(INDEX, (("==", Number(least)),)), at_first, after)
    return _growing(samples, at_first, allowed) or _listed(samples)


def _growing(
    samples: Sequence[Sample], at_first: Expression, allowed: frozenset[str]
) -> Expression | None:
    """A number that grows by the same with each copy."""
    index = Traced(Leaf("index", 1))
    for one in samples:
        if one.number != 1:
            continue
        zero = next((s for s in samples if s.number == 0 and s.letters is one.letters), None)
        if zero is None:
            continue
        growth = Traced(one.tree) - Traced(zero.tree)
        grown = _told(tree_of(Traced(zero.tree) + index * growth), allowed)
        if is_right(grown, samples):
            return grown
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
    number = {} if sample.number is None else {"index": sample.number}
    return evaluate(tree, {**sample.letters, **number})
