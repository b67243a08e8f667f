"""Blocks that are there in some uses only, and what joins their output with others.

A block that is left out cannot feed anything. One whose entries are all left out passes its input
on: so a shortcut with a projection and one without are one list, with one join.
"""

from __future__ import annotations

from shapecalc.language.expression import Binary, Expression, Name
from shapecalc.language.tree import Setting
from shapecalc.reading.blocks.draft import Item, Link, constant, expression_of, key
from shapecalc.reading.blocks.parameters import negated

NEEDED = "needed"
"""The argument of a block that may be empty."""


def pass_through(items: list[Item]) -> None:
    """Let optional blocks pass on what comes in where they are empty, and join it once."""
    for item in [*items]:
        found = _twins(item, items)
        if found is not None:
            _empty(item)
            for join, twin in found:
                join.when = None
                items.remove(twin)
                _replace(items, twin, join)


def _twins(item: Item, items: list[Item]) -> list[tuple[Item, Item]] | None:
    """The joins that an optional block feeds, each with its like that does without."""
    if item.block is None or item.when is None or item.repeat or item.share:
        return None
    if item.block.outputs or len(item.block.inputs) > 1 or item.links is None:
        return None
    (source,) = item.links
    readers = [each for each in items if item in each.reads()]
    found = []
    for join in readers:
        if join.when is None or key(join.when) != key(item.when) or join.block is not None:
            return None
        twin = next((e for e in items if _is_twin(e, join, item, source)), None)
        if twin is None:
            return None
        found.append((join, twin))
    return found if found and not _follows(item, items) else None


def _is_twin(other: Item, join: Item, item: Item, source: Link) -> bool:
    """Whether an item is a join again, in all uses but those of the join, without a block."""
    if other is join or other.kind != join.kind or other.when is None or join.when is None:
        return False
    ours, theirs = expression_of(join.when), expression_of(other.when)
    if negated(ours) != theirs and negated(theirs) != ours:
        return False
    links = [source if link == Link(item) else link for link in join.links or ()]
    settings = {name: key(each) for name, each in join.settings.items()}
    return other.links == links and settings == {n: key(e) for n, e in other.settings.items()}


def _follows(item: Item, items: list[Item]) -> bool:
    """Whether what stands behind an item is fed by it without saying so."""
    at = items.index(item) + 1
    return at == len(items) or items[at].links is None


def _empty(item: Item) -> None:
    """Let a block be empty where its use was left out."""
    block = item.block
    assert block is not None
    assert item.when is not None
    if NEEDED not in block.arguments:
        needed: Expression = Name(NEEDED, 0)
        for each in block.items:
            test = needed
            if each.when is not None:
                test = Binary("and", needed, expression_of(each.when))
            each.when = Setting(Setting.EXPRESSION, test, each.mark)
        block.arguments[NEEDED] = constant(True, block.mark)
    item.settings[NEEDED] = item.when
    item.when = None


def _replace(items: list[Item], before: Item, after: Item) -> None:
    """Let what is fed by an item be fed by another."""
    for item in items:
        if item.links is not None:
            item.links = [
                Link(after, link.output) if link.source is before else link for link in item.links
            ]
