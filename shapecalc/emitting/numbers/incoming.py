"""Sizes of tensors that a spec asks for, in the network's symbols: conditions turn with them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Number, Tree, as_tree
from shapecalc.emitting import syntax
from shapecalc.emitting.numbers.choices import moved
from shapecalc.emitting.numbers.lettered import LONGEST, meaning_of
from shapecalc.emitting.numbers.trees import expression, length
from shapecalc.graph.graph import Part
from shapecalc.graph.scope import Fatal
from shapecalc.language.expression import Expression, ExpressionError
from shapecalc.language.tree import Setting
from shapecalc.language.words import TENSOR_NAMES

if TYPE_CHECKING:
    from shapecalc.emitting.numbers.letters import Inside


class Asked(NamedTuple):
    """A setting that asks for sizes of tensors, and what its names mean in a part's letters."""

    setting: Setting
    meanings: dict[str, Tree]
    part: Part

    def told(self, tree: Expression, inside: Mapping[int, Inside]) -> Expression:
        """An expression of the setting in the network's symbols."""
        meanings = {name: self.outside(own, inside) for name, own in self.meanings.items()}
        told: Expression = syntax.replaced(
            tree, {name: expression(own) for name, own in meanings.items()}
        )
        return told

    def outside(self, tree: Tree, inside: Mapping[int, Inside]) -> Tree:
        """A number in a part as it is told in the network; its value where that is too long."""
        part: Part | None = self.part
        while part is not None:
            if part.is_use:
                tree = as_tree(moved(tree, meaning_of(inside[id(part)].outside)))
            if length(tree, LONGEST) > LONGEST:
                return Number(tree.value)
            part = part.parent
        return as_tree(moved(tree, _without_index))


def asked(setting: Setting, scope: Mapping[str, Any], part: Part) -> Asked | None:
    """A setting that asks for sizes of tensors where it stands; None if it does not."""
    names = setting.names()
    if not any(name in TENSOR_NAMES or name.endswith(")") for name in names):
        return None
    with suppress(ExpressionError, Fatal, KeyError):  # what is not told is not asked for
        return Asked(setting, {name: as_tree(scope[name]) for name in names}, part)
    return None


def _without_index(leaf: Leaf) -> Tree:
    return Number(leaf.value) if leaf.letter == "index" else leaf
