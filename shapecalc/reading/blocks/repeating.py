"""Items that follow each other and are the same but for a number: one item, repeated.

What differs from copy to copy follows from ``index``: the first has another value, each has one
more than the one before, or two take turns. Copies have the names of a list's items.
"""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from shapecalc.language.expression import Binary, Comparison, Conditional, Expression, Name, Number
from shapecalc.language.tree import Setting
from shapecalc.layers import KINDS
from shapecalc.reading.blocks.draft import (
    FIRST,
    NOT_FIRST,
    Draft,
    Item,
    Link,
    constant,
    expression_of,
    is_indexed,
    key,
)

INDEX = Name("index", 0)


def folded(items: Sequence[Item], path: str) -> Item | None:
    """One item for several that feed each other, if that can be said; its path is the list's."""
    first = items[0]
    if first.block is None and KINDS[first.kind].is_state:
        return None  # they are no copies of one, but tensors beside each other
    for item, after in pairwise(items):
        if after.links is not None and after.links != [Link(item)]:
            return None
    for item in items:
        if item.block is not first.block or item.kind != first.kind:
            return None
        if item.share or item.when or item.repeat:
            return None
        if any(is_indexed(each) for each in item.settings.values()):
            return None
    made = first.copy()
    made.path = path
    names = dict.fromkeys(name for item in items for name in item.settings)
    for name in names:
        column = [item.setting(name) for item in items]
        known = [each for each in column if each is not None]
        if len(known) < len(column):
            return None
        setting = indexed(known)
        if setting is None:
            return None
        made.settings[name] = setting
    made.repeat = constant(len(items), first.mark)
    return made


def indexed(column: list[Setting]) -> Setting | None:
    """The value of every copy, from its index."""
    keys = [key(each) for each in column]
    if len(set(keys)) == 1:
        return column[0]
    if any(each.kind in (Setting.LIST, Setting.MAPPING) for each in column):
        return None
    if any(isinstance(each.content, str) for each in column):
        return None
    if any(isinstance(each.content, bool) for each in column):
        way = _flags([each.content for each in column])
        return None if way is None else Setting(Setting.EXPRESSION, way, column[0].mark)
    tree = _first(column, keys) or _turns(column, keys) or _steps(column)
    return None if tree is None else Setting(Setting.EXPRESSION, tree, column[0].mark)


def _flags(column: list[Any]) -> Expression | None:
    """Which copies have something: the first, all others, every second."""
    if any(type(each) is not bool for each in column):
        return None
    if len(set(column[1:])) == 1:
        return FIRST if column[0] else NOT_FIRST
    if len(column) > 2 and all(each is column[n % 2] for n, each in enumerate(column)):
        rest = Number(0 if column[0] else 1)
        return Comparison(Binary("%", INDEX, Number(2)), (("==", rest),))
    return None


def _first(column: list[Setting], keys: list[Any]) -> Expression | None:
    """The first has another value than all others."""
    if len(set(keys[1:])) > 1:
        return None
    return Conditional(FIRST, expression_of(column[0]), expression_of(column[1]))


def _turns(column: list[Setting], keys: list[Any]) -> Expression | None:
    """Two values take turns."""
    if any(each != keys[n % 2] for n, each in enumerate(keys)):
        return None
    even = Comparison(Binary("%", INDEX, Number(2)), (("==", Number(0)),))
    return Conditional(even, expression_of(column[0]), expression_of(column[1]))


def _steps(column: list[Setting]) -> Expression | None:
    """Each has as much more than the one before it, or as many times as much."""
    if any(each.kind != Setting.CONSTANT or type(each.content) is not int for each in column):
        return None
    numbers = [each.content for each in column]
    step = numbers[1] - numbers[0]
    if len(numbers) < 3 or step == 0:
        return None
    if all(n == numbers[0] + step * i for i, n in enumerate(numbers)):
        more: Expression = INDEX if step == 1 else Binary("*", Number(step), INDEX)
        return more if numbers[0] == 0 else Binary("+", Number(numbers[0]), more)
    if numbers[0] > 0 and numbers[1] % numbers[0] == 0:
        factor = numbers[1] // numbers[0]
        if all(n == numbers[0] * factor**i for i, n in enumerate(numbers)):
            power = Binary("**", Number(factor), INDEX)
            return power if numbers[0] == 1 else Binary("*", Number(numbers[0]), power)
    return None


def number(draft: Draft) -> None:
    """Let the items of a sequence be called by their places, if they are."""
    places = [str(n) for n in range(len(draft.items))]
    is_plain = not draft.outputs and is_chain(draft.items)
    if is_plain and [item.path for item in draft.items] == places:
        draft.is_numbered = True
        for item in draft.items:
            if item.repeat is None:  # copies of one with a name stand below that
                item.path = ""


def is_chain(items: list[Item]) -> bool:
    """Whether each item is fed by the one before it, and nothing else refers to one."""
    return not any(item.links is not None or item.share is not None for item in items)


def fold_runs(items: list[Item]) -> None:
    """Say items of a numbered list that are one block, in a row, once."""
    at = end = 0
    while at < len(items):
        block = items[at].block
        end = max(end, at + 1)
        while block is not None and end < len(items) and items[end].block is block:
            end += 1
        count = _most_folded(items, at, end)
        one = folded(items[at : at + count], "") if count > 1 else None
        if one is not None and is_plain_row(one, count):
            items[at : at + count] = [one]
            end -= count - 1
        at += 1


def _most_folded(items: list[Item], at: int, end: int) -> int:
    """How many items from one on are said as one, or 1: where some are, so are fewer of them."""
    most = min(2, end - at)
    while most < end - at and folded(items[at : at + most], "") is not None:
        most = min(2 * most, end - at)
    counts = range(2, most + 1)
    return 1 + bisect(counts, False, key=lambda n: folded(items[at : at + n], "") is None)


def is_plain_row(one: Item, count: int) -> bool:
    """Whether more is the same of a few copies than is not."""
    other = sum(is_indexed(each) for each in one.settings.values())
    return count > 2 or 2 * other <= len(one.settings)


def fold_names(items: list[Item]) -> dict[int, Link]:
    """Say uses of one block whose names are numbered once; what stands for which."""
    moved: dict[int, Link] = {}
    shared = {id(item.share) for item in items} | asked(items)
    at = 0
    while at < len(items):
        head, number, tail = _numbered_name(items[at].path)
        end = at + 1
        while end < len(items) and items[end].path == f"{head}{number + end - at}{tail}":
            end += 1
        start = at if number < 0 else _start_of_folded(items, at, end, shared)
        if number >= 0 and start < end:
            run = items[start:end]
            one = folded(run, items[start].path)
            assert one is not None
            one.copies = (head, number + start - at, tail)
            for n, item in enumerate(run):
                moved[id(item)] = Link(one, str(n))
            items[start:end] = [one]
        at = start if start == end else start + 1
    return moved


def _start_of_folded(items: list[Item], at: int, end: int, shared: set[int]) -> int:
    """From where on the rest of a run is said as one, or its end: what can be, can be of fewer."""
    wanted = 1 if "-" in items[at].path else 3

    def can_be(start: int) -> bool:
        run = items[start:end]
        is_free = run[0].block is not None and not any(id(item) in shared for item in run)
        return is_free and folded(run, "") is not None

    starts = range(at, end - wanted + 1)
    found = bisect_left(starts, True, key=can_be)
    return starts[found] if found < len(starts) else end


def asked(items: Sequence[Item]) -> set[int]:
    """The items of which another than the first output is used: they stand by themselves."""
    links = [link for item in items for link in item.links or ()]
    return {id(link.source) for link in links if link.output}


def _numbered_name(path: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([A-Za-z][\w-]*?)(\d+)([A-Za-z_-]*)", path)
    return (found[1], int(found[2]), found[3]) if found is not None else ("", -1, "")


def fold_lists(items: list[Item]) -> dict[int, Link]:
    """Say items of a list of modules once, with how many there are; what stands for which.

    They have the list's name and their number, ``layers.0`` and so on.
    """
    moved: dict[int, Link] = {}
    shared = {id(item.share) for item in items} | asked(items)
    at = 0
    while at < len(items):
        stem, _, number = items[at].path.rpartition(".")
        end = at + 1
        if stem and number == "0":
            while end < len(items) and items[end].path == f"{stem}.{end - at}":
                end += 1
            more = [item.path for item in items if item.path.startswith(f"{stem}.")]
            run = items[at:end]
            is_whole = len(more) == len(run) and not any(id(item) in shared for item in run)
            one = folded(run, stem) if is_whole else None
            if one is not None and (run[0].block is not None or len(run) > 1):
                last = len(run) - 1
                for n, item in enumerate(run):
                    moved[id(item)] = Link(one, "" if n == last else str(n))
                items[at:end] = [one]
                end = at + 1
        at = end
    return moved


def folded_sequence(draft: Draft) -> Item | None:
    """A sequence whose items are all uses of one block as that block, repeated."""
    items = draft.items
    if not draft.is_sequence or draft.outputs or len(draft.inputs) > 1 or not items:
        return None
    if not draft.is_numbered:
        return None
    first = items[0]
    if first.block is None and len(items) < 2:
        return None
    return folded(items, "")


def relink(items: list[Item], moved: dict[int, Link]) -> None:
    """Let what referred to an item refer to what stands for it."""
    for item in items:
        if item.links is not None:
            item.links = [relinked(link, moved) for link in item.links]


def relinked(link: Link, moved: dict[int, Link]) -> Link:
    """A link to what stands for what it linked to."""
    new = moved.get(id(link.source))
    if new is None:
        return link
    return Link(new.source, ".".join(part for part in (new.output, link.output) if part))
