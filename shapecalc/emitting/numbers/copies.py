"""Trees for single copies of an entry: for one whose number is known, or for all but the first."""

from __future__ import annotations

from typing import Any

from shapecalc.emitting.numbers.python import is_of_first, worked_out
from shapecalc.emitting.syntax import FALSE, TRUE, Invoke, Tree, changed, names, replaced
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.expression import Binary, Comparison, Conditional, Name, Number

_EXTREMES = {Name("max", 0): max, Name("min", 0): min}


def at_index(tree: Tree, index: int) -> Any:
    """A tree for one copy of several, whose number is known."""
    meanings = {"index": Number(index)}

    def change(node: Any) -> Any:
        if isinstance(node, Binary) and names(node) == {"index"}:
            return worked_out(replaced(node, meanings))
        if isinstance(node, Binary) and node.operator == "*":
            sides = [changed(side, change) for side in (node.left, node.right)]
            if sides[1] == Number(1):
                return sides[0]
            if isinstance(sides[1], Number) and not isinstance(node.right, Number):
                sides.reverse()  # a number stands first
            return Binary("*", *sides)
        if isinstance(node, Invoke) and node.function in _EXTREMES and "index" in names(node):
            items = [at_index(each, index) for each in node.positional]
            if all(isinstance(each, Number) for each in items):
                values = [each.value for each in items]
                return Number(_EXTREMES[node.function](values))
        return None

    return changed(replaced(changed(tree, change), meanings), _decided_choice)


def rest_of_copies(tree: Any) -> Any:
    """A tree for the copies behind the first; one that tells no other of them apart."""
    return changed(tree, _behind_first)


def _behind_first(node: Any) -> Any:
    if isinstance(node, Conditional) and is_of_first(node.test):
        return changed(node.otherwise, _behind_first)
    return FALSE if is_of_first(node) else None


def _decided_choice(node: Any) -> Any:
    if isinstance(node, Conditional) and not names(node.test):
        try:
            is_so = truth(evaluate(node.test, {}))
        except KeyError:
            return None
        return changed(node.then if is_so else node.otherwise, _decided_choice)
    if isinstance(node, Comparison) and not names(node):
        return TRUE if truth(evaluate(node, {})) else FALSE
    return None
