"""What an ``if`` has decided is not asked again inside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.syntax import Assign, For, If, Loop, Statement
from shapecalc.language.expression import Binary, Conditional, Name, Unary

_DECIDING = frozenset({If, Conditional, For, Loop})
"""Where a condition is decided, or hangs on what is bound there."""

Facts = Mapping[Any, bool]
"""Conditions, by what they are where something stands."""


def without_implied(body: Iterable[Statement]) -> list[Statement]:
    """Statements whose conditions hang on no more than is open where they stand.

    >>> from shapecalc.emitting.syntax import Assign, If, read
    >>> inner = Assign(read("kernel"), read("1 if b == 4 or on else 3"))
    >>> (found,) = without_implied([If(read("on"), (inner,))])
    >>> found.then[0].value
    Number(value=1)
    """
    return [_under(each, {}) for each in body]


def _under(node: Any, facts: Facts) -> Any:
    """A statement or tree where some conditions are decided."""

    def change(each: Any) -> Any:
        if type(each) not in _DECIDING:
            return None
        if isinstance(each, If):
            test = _open(each.test, facts)
            if type(test) is bool:  # which of the two runs is not told by what is around: kept
                test = each.test
            then = _all(each.then, {**facts, **_told(test, True)})
            return If(test, then, _all(each.otherwise, {**facts, **_told(test, False)}))
        if isinstance(each, Conditional):
            test = _open(each.test, facts)
            if type(test) is bool:
                return _under(each.then if test else each.otherwise, facts)
            then = _under(each.then, {**facts, **_told(test, True)})
            return Conditional(test, then, _under(each.otherwise, {**facts, **_told(test, False)}))
        bound = syntax.names(each.variable) if isinstance(each, For) else {each.variable}
        inside = _without(facts, bound)
        return None if inside == facts else _parts_under(each, inside)

    return syntax.changed(node, change)


def _parts_under(node: Any, facts: Facts) -> Any:
    """A loop whose parts stand where some conditions are decided."""
    if isinstance(node, For):
        return For(node.variable, node.items, _all(node.body, facts))
    condition = None if node.condition is None else _under(node.condition, facts)
    return Loop(_under(node.element, facts), node.variable, _under(node.items, facts), condition)


def _all(body: Iterable[Statement], facts: Facts) -> tuple[Statement, ...]:
    body = tuple(body)
    assigned = {
        each.target.name
        for each in syntax.statements(body)
        if isinstance(each, Assign) and isinstance(each.target, Name)
    }
    return tuple(_under(each, _without(facts, assigned)) for each in body)


def _without(facts: Facts, names: set[str]) -> Facts:
    """Facts that hang on none of some names, which stand for something else."""
    return {tree: held for tree, held in facts.items() if not names & syntax.names(tree)}


def _told(test: Any, holds: bool) -> dict[Any, bool]:
    """What follows from a condition that holds, or does not."""
    found = {test: holds}
    if isinstance(test, Binary) and test.operator == ("and" if holds else "or"):
        found |= _told(test.left, holds) | _told(test.right, holds)
    if isinstance(test, Unary) and test.operator == "not":
        found |= _told(test.operand, not holds)
    return found


def _open(test: Any, facts: Facts) -> Any:
    """What is open of a condition; whether it holds where nothing is."""
    if test in facts:
        return facts[test]
    if isinstance(test, Unary) and test.operator == "not":
        inner = _open(test.operand, facts)
        return not inner if type(inner) is bool else Unary("not", inner)
    if isinstance(test, Binary) and test.operator in ("and", "or"):
        left, right = _open(test.left, facts), _open(test.right, facts)
        decisive = test.operator == "or"
        if decisive in (each for each in (left, right) if type(each) is bool):
            return decisive
        if type(left) is bool:
            return right
        return left if type(right) is bool else Binary(test.operator, left, right)
    return test
