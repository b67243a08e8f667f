"""A block for several drafts is tried with what each gives it, before it stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.language.evaluation import truth
from shapecalc.language.expression import ExpressionError
from shapecalc.language.tree import Setting
from shapecalc.reading.blocks.draft import Draft, Item, rest_of
from shapecalc.reading.blocks.parameters import same

Scope = dict[str, Any]


def is_right(
    draft: Draft,
    given: Mapping[str, Setting],
    declared: Mapping[str, Setting | None],
    pairs: list[tuple[Item, Item | None]],
    symbols: Mapping[str, int],
) -> bool:
    """Whether a block gives a draft its layers, with its numbers.

    ``pairs`` are the items of the block, each with that of the draft, if it has one.
    """
    try:
        scope: Scope = {**symbols, **incoming(draft.shape)}
        own = {name: given.get(name, default) for name, default in declared.items()}
        plain = {n: s for n, s in own.items() if s is not None and not s.names() & own.keys()}
        inside = {**symbols, **{name: each.value(scope) for name, each in plain.items()}}
        for name, each in own.items():
            if each is not None and name not in plain:
                inside[name] = each.value({**scope, **inside})
        return all(_agree(item, other, inside) for item, other in pairs)
    except (ExpressionError, KeyError, TypeError, ArithmeticError, ValueError):
        return False


def incoming(shape: Any) -> Scope:
    """The sizes of a tensor that comes in, by their names."""
    if shape is None or len(shape) < 2:
        return {}
    found = {"in_channels": shape[1], "in_features": shape[-1]}
    return found | ({"in_height": shape[2], "in_width": shape[3]} if len(shape) == 4 else {})


def _agree(item: Item, other: Item | None, scope: Scope) -> bool:
    """Whether an item of the block is what the draft has in its place."""
    scope = {**scope, **incoming(other.shape if other is not None else None)}
    if item.when is not None and truth(item.when.value(scope)) is not (other is not None):
        return False
    if other is None:
        return item.when is not None
    for index in (0, 1, 2) if item.repeat is not None else (0,):
        local = {**scope, "index": index}
        for name in item.settings.keys() | other.settings.keys():
            ours, theirs = item.setting(name), other.setting(name)
            if ours is None or theirs is None:
                return False
            if not _is_value(ours.value(local), theirs.value(local), name == rest_of(item.kind)):
                return False
    return item.repeat is None or _is_repeat(item, other, scope)


def _is_repeat(item: Item, other: Item, scope: Scope) -> bool:
    assert item.repeat is not None
    return other.repeat is not None and item.repeat.value(scope) == other.repeat.value(scope)


def _is_value(ours: Any, theirs: Any, may_be_rest: bool) -> bool:
    """Whether two values are one; of a shape, one size may be what is left over."""
    if isinstance(ours, list) and not isinstance(theirs, list):
        theirs = [theirs] * len(ours)
    if isinstance(ours, list):
        pairs = zip(ours, theirs)
        return len(ours) == len(theirs) and all(_is_value(a, b, may_be_rest) for a, b in pairs)
    if may_be_rest and ours == -1:
        return True
    if type(ours) is bool or type(theirs) is bool:
        return ours is theirs
    return same(ours, theirs)


__all__ = ["incoming", "is_right"]
