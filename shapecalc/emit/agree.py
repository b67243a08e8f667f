"""One expression for a number that has to be right in many places.

A block's class is written once and used many times; what has to stand in it is known for each use
as a number with its derivation. The expression that is written must give the right number at
every use, which is tried out, not assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.trace import Number as TracedNumber
from shapecalc.algebra.trace import Traced, Tree, untraced
from shapecalc.emit.source import expression
from shapecalc.spec.expression import (
    Binary,
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Name,
    Number,
    evaluate,
    names,
)

INDEX = Name("index", 0)


class Sample(NamedTuple):
    """A number at one use: its derivation, what the letters stand for there, and the copy."""

    value: Any
    tree: Tree
    letters: Mapping[str, Any]
    index: int | None = None


def sample(value: Any, letters: Mapping[str, Any], index: int | None = None) -> Sample:
    """A sample of a number that may be traced."""
    tree = value.tree if isinstance(value, Traced) else TracedNumber(value)
    return Sample(untraced(value), tree, letters, index)


def agree(samples: Sequence[Sample], allowed: frozenset[str]) -> Expression | None:
    """The plainest expression in allowed names that is right in all samples; None if none is.

    It may depend on the copy's ``index``: the first copy is told apart, or the number grows.
    """
    return _uniform(samples, allowed) or _by_index(samples, allowed)


def _uniform(samples: Sequence[Sample], allowed: frozenset[str]) -> Expression | None:
    candidates = dict.fromkeys(expression(each.tree) for each in samples)
    for candidate in sorted(candidates, key=lambda tree: len(names(tree)) == 0):
        if all(name.name in allowed for name in names(candidate)) and _right(candidate, samples):
            return candidate
    first = samples[0].value
    if all(each.value == first for each in samples):
        return Number(first)
    return None


def _by_index(samples: Sequence[Sample], allowed: frozenset[str]) -> Expression | None:
    if samples[0].index is None:
        return None
    at_first = _uniform([each for each in samples if each.index == 0], allowed)
    later = [each for each in samples if each.index != 0]
    if at_first is None or not later:
        return at_first
    after = _uniform(later, allowed)
    if after is not None:
        return Conditional(Comparison(INDEX, (("==", Number(0)),)), at_first, after)
    return _growing(samples, at_first, allowed) or _listed(samples)


def _growing(
    samples: Sequence[Sample], at_first: Expression, allowed: frozenset[str]
) -> Expression | None:
    """A number that grows by the same with each copy."""
    for one in samples:
        if one.index != 1:
            continue
        zero = next(s for s in samples if s.index == 0 and s.letters is one.letters)
        growth = Traced(one.tree) - Traced(zero.tree)
        grown = Binary("+", at_first, Binary("*", INDEX, expression(growth.tree)))
        if all(n.name in allowed | {"index"} for n in names(grown)) and _right(grown, samples):
            return grown
    return None


def _listed(samples: Sequence[Sample]) -> Expression | None:
    """The numbers one by one, where every use has the same."""
    found: dict[int, Any] = {}
    for each in samples:
        assert each.index is not None
        if found.setdefault(each.index, each.value) != each.value:
            return None
    tree: Expression = Number(found[max(found)])
    for index in sorted(found, reverse=True)[1:]:
        here = Comparison(INDEX, (("==", Number(index)),))
        tree = Conditional(here, Number(found[index]), tree)
    return tree


def _right(tree: Expression, samples: Sequence[Sample]) -> bool:
    for each in samples:
        scope = {**each.letters, "index": each.index}
        try:
            if evaluate(tree, scope) != each.value:
                return False
        except (ExpressionError, KeyError, TypeError):
            return False
    return True
