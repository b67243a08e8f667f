"""Blocks of which all hangs on one condition: where that does not hold, their uses are left out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shapecalc.algebra.trace import untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import Written
from shapecalc.emitting.numbers.entries import every
from shapecalc.emitting.scope.outside import told_by_use
from shapecalc.emitting.scope.presence import Unlike
from shapecalc.emitting.scope.scope import Scope
from shapecalc.graph.graph import Part
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.tree import Block, Entry, Spec


def common_condition(spec: Spec, block: Block, unlike: Collection[str]) -> Any | None:
    """The condition of all entries of a block, if there is one that its uses can tell."""
    if block.name in unlike or not block.entries or block.outputs or block.inline:
        return None
    if len(block.inputs) > 1:
        return None  # where it is left out, one of them is passed on and not the others
    first = block.entries[0].when
    if first is None or first.expression is None:
        return None
    condition = syntax.plain(first.expression)
    names = syntax.names(condition)
    sizes = {"in_channels", "in_features"}
    known = names <= {*block.arguments, *sizes} and bool(names)
    for entry in block.entries:
        when = entry.when.expression if entry.when is not None else None
        if when is None or syntax.plain(when) != condition or entry.repeat is not None:
            return None
    if names & sizes and block.entries[0].sources is not None:
        return None
    if names & sizes and len(block.entries) > 1:
        return None
    return condition if known and _is_used_alone(spec, block) else None


def _is_used_alone(spec: Spec, block: Block) -> bool:
    """Whether no use of a block is repeated, shared or in a branch."""
    lists = [spec.entries, *(each.entries for each in spec.blocks.values())]
    alone = sum(
        entry.block is block
        for entries in lists
        for entry in entries
        if entry.repeat is None and entry.share is None and entry.when is None
    )
    uses = sum(entry.block is block for entries in lists for entry in every(entries))
    return alone == uses


def condition_at(scope: Scope, entry: Entry, written: Written) -> Any | None:
    """The condition of a use of a block that may be empty; None if it is never so."""
    assert entry.block is not None
    copies = scope.copies(entry)
    tree = told_by_use(scope, written.condition, entry, copies)
    if tree is None:
        raise Unlike(entry.kind)
    for copy in copies:
        assert isinstance(copy.built, Part)
        value = truth(evaluate(tree, {**copy.inside.letters, "index": copy.number}))
        if untraced(value) != bool(copy.built.children):
            raise Unlike(entry.kind)
    if not syntax.names(tree):
        return None if copies[0].built.children else syntax.FALSE  # type: ignore[union-attr]
    return scope.tested(tree)
