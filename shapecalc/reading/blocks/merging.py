"""Drafts of one role as one block: what differs is an argument, what is left out a ``when``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from shapecalc.language.expression import Binary, Conditional, Expression
from shapecalc.language.tree import Setting
from shapecalc.reading.blocks.aligning import Alignment, Slot
from shapecalc.reading.blocks.arguments import Arguments, as_setting
from shapecalc.reading.blocks.draft import (
    FIRST,
    NOT_FIRST,
    Draft,
    Item,
    Link,
    constant,
    expression_of,
    first_and_rest,
    is_indexed,
    is_number,
    key,
    rest_of,
)
from shapecalc.reading.blocks.optional import pass_through
from shapecalc.reading.blocks.proving import is_right
from shapecalc.reading.blocks.repeating import fold_runs

Given = dict[str, Setting]


class Merged:
    """One block for several drafts, and what each of those gives it."""

    def __init__(self, alignment: Alignment, symbols: dict[str, int]) -> None:
        self.drafts = alignment.drafts
        self.slots = alignment.slots
        self.block = self.drafts[0]
        self.arguments = Arguments(self.drafts, symbols)
        self.count = len(self.drafts)
        self.same = self.shown_twice()
        self.shapes: list[Any] = []  # what comes into the items of the place under work

    def shown_twice(self) -> Counter[str]:
        """How many places have a setting of each name, to tell whose an argument is."""
        found: Counter[str] = Counter()
        for slot in self.slots:
            found.update({name for item in slot.items.values() for name in item.settings})
        return found

    def make(self) -> list[Given] | None:
        """Write the block into the first of the drafts; what each gives it, None if that fails."""
        made: dict[int, Item] = {}
        items = []
        kept: list[tuple[Item, Slot]] = []
        for slot in self.slots:
            item = next(iter(slot.items.values())).copy()
            for each in slot.items.values():
                made[id(each)] = item
                item.links = each.links if item.links is None else item.links
                item.path = item.path or each.path
            kept.append((item, slot))
            items.append(item)
        for item, slot in sorted(kept, key=lambda pair: -len(pair[1].items)):
            self.numbers(item, slot)  # what all uses have tells more of its numbers
        for item, slot in kept:
            self.presence(item, slot)
            self.fed(item, made)
        block = self.block
        given, declared = self.arguments.given(), self.arguments.declared()
        for number, draft in enumerate(self.drafts):
            pairs = [(item, slot.items.get(number)) for item, slot in kept]
            if not is_right(draft, given[number], declared, pairs, self.arguments.symbols):
                return None
        pass_through(items)
        if block.is_numbered:
            fold_runs(items)
        block.items = items
        block.outputs = {
            name: Link(made[id(e.source)] if isinstance(e.source, Item) else e.source, e.output)
            for name, e in block.outputs.items()
        }
        block.arguments = declared
        return given

    def fed(self, item: Item, made: dict[int, Item]) -> None:
        """Let an item be fed by what the block holds."""
        if item.links is not None:
            item.links = [
                Link(made[id(each.source)] if isinstance(each.source, Item) else each.source, out)
                for each, out in ((link, link.output) for link in item.links)
            ]
        if item.share is not None:
            item.share = made[id(item.share)]

    def presence(self, item: Item, slot: Slot) -> None:
        """Leave an item out where its place is empty."""
        if len(slot.items) == self.count:
            return
        present = [number in slot.items for number in range(self.count)]
        condition = self.arguments.condition(present, self.title(item))
        item.when = as_setting(item.mark, condition)

    def title(self, item: Item) -> str:
        """What an item is called in the name of an argument."""
        last = item.path.rpartition(".")[2]
        if last and not last.isdigit():
            return last
        return (item.block.title if item.block is not None else item.kind).lower()

    def numbers(self, item: Item, slot: Slot) -> None:
        """Write what differs between the items of a place as expressions."""
        names: dict[str, None] = {}
        numbers = range(self.count)
        for each in slot.items.values():
            names.update(dict.fromkeys(each.settings))
        for name in sorted(names, key=lambda name: name == "padding"):
            settings = [slot.items[n].setting(name) if n in slot.items else None for n in numbers]
            settings = spread(settings)
            given = [each for each in settings if each is not None]
            if len(given) == len(slot.items):
                self.shapes = [slot.items[n].shape if n in slot.items else None for n in numbers]
                item.settings[name] = self.one(item, name, settings, given)
        item.settings = {name: item.settings[name] for name in names if name in item.settings}
        repeats = [slot.items[n].repeat if n in slot.items else None for n in range(self.count)]
        counts = [each for each in repeats if each is not None]
        if counts:
            item.repeat = self.one(item, "depth", repeats, counts)

    def one(
        self, item: Item, name: str, settings: list[Setting | None], given: list[Setting]
    ) -> Setting:
        """A setting for all uses."""
        first = given[0]
        if len({key(each) for each in given}) == 1:
            named = self.arguments.by_name(settings, name) if len(given) < self.count else None
            return first if named is None else as_setting(item.mark, named)
        if name == rest_of(item.kind) and first.kind == Setting.LIST:
            settings = self.with_the_rest(settings, given)
            given = [each for each in settings if each is not None]
        if first.kind == Setting.LIST:
            parts = [
                self.one(
                    item,
                    name,
                    [None if each is None else each.content[n] for each in settings],
                    [each.content[n] for each in given],
                )
                for n in range(len(first.content))
            ]
            return Setting(Setting.LIST, parts, item.mark)
        if not is_number(first):
            return first
        if any(is_indexed(each) for each in given):
            return self.in_copies(item, name, settings, given)
        kernel = item.settings.get("kernel_size") if name == "padding" else None
        wanted = self.wanted(item, name)
        shapes = self.shapes if name in _FOLLOWING else []
        axis = _FOLLOWING.get(name)
        expression = self.arguments.of(settings, wanted, _expression(kernel), shapes, axis)
        return as_setting(item.mark, expression)

    def with_the_rest(
        self, settings: list[Setting | None], given: list[Setting]
    ) -> list[Setting | None]:
        """Shapes of which one size that no parameter gives is what is left over, -1."""
        rows = [each.content for each in given]
        if any(self.arguments.number(size) == -1 for row in rows for size in row):
            return settings
        columns = [
            [None if each is None else each.content[n] for each in settings]
            for n in range(len(rows[0]))
        ]
        for n, column in enumerate(columns):
            keys = {key(each) for each in column if each is not None}
            if len(keys) > 1 and self.arguments.known(column, "", None) is None:
                rest = constant(-1, given[0].mark)
                return [
                    None
                    if each is None
                    else Setting(
                        Setting.LIST, [*each.content[:n], rest, *each.content[n + 1 :]], each.mark
                    )
                    for each in settings
                ]
        return settings

    def in_copies(
        self, item: Item, name: str, settings: list[Setting | None], given: list[Setting]
    ) -> Setting:
        """A setting of which the first copy of a repeated entry has another value."""
        sides = []
        for n in (0, 1):
            halves = [None if each is None else first_and_rest(each) for each in settings]
            column = [None if each is None else each[n] for each in halves]
            present = [each for each in column if each is not None]
            sides.append(self.one(item, name, column, present))
        first, rest = sides
        if key(first) == key(rest):
            return first
        flags = [each.content for each in sides if type(each.content) is bool]
        if len(flags) == 2:
            return as_setting(item.mark, FIRST if flags[0] else NOT_FIRST)
        if flags:
            test: Expression = FIRST if type(first.content) is bool else NOT_FIRST
            other = rest if type(first.content) is bool else first
            operator = "or" if flags[0] else "and"
            test = test if flags[0] else _NOT[test]
            return as_setting(item.mark, Binary(operator, test, expression_of(other)))
        return as_setting(item.mark, Conditional(FIRST, expression_of(first), expression_of(rest)))

    def wanted(self, item: Item, name: str) -> str:
        """What an argument would be called that no parameter of the constructor is."""
        last = item.path.rpartition(".")[2]
        if self.same[name] < 2 or not last or last.isdigit():
            return name
        return f"{last}_{name}"


_FOLLOWING: dict[str, str | None] = {
    **dict.fromkeys(("out_channels", "groups"), "in_channels"),
    **dict.fromkeys(("shape", "sizes", "size")),
    "out_features": "in_features",
}
"""Fields whose numbers may follow from what comes in, and from which dimension."""

_NOT: dict[Expression, Expression] = {FIRST: NOT_FIRST, NOT_FIRST: FIRST}


def spread(settings: list[Setting | None]) -> list[Setting | None]:
    """Settings of which some are a list as lists all of them: a number is that of every axis."""
    lists = [each for each in settings if each is not None and each.kind == Setting.LIST]
    if not lists:
        return settings
    count = len(lists[0].content)
    return [
        each
        if each is None or each.kind == Setting.LIST
        else Setting(Setting.LIST, [each] * count, each.mark)
        for each in settings
    ]


def _expression(setting: Setting | None) -> Expression | None:
    if setting is not None and setting.kind == Setting.EXPRESSION:
        found: Expression = setting.content
        return found
    return None


def clusters(drafts: list[Draft]) -> list[Alignment]:
    """Drafts of one role, those together that can be one block."""
    found: list[Alignment] = []
    for draft in drafts:
        for number, cluster in enumerate(found):
            more = cluster.with_another(draft)
            if more is not None and is_one(more):
                found[number] = more
                break
        else:
            found.append(Alignment(draft))
    return found


def is_one(alignment: Alignment) -> bool:
    """Whether lists are alike enough for a reader to see one block in them."""
    shortest = min(len(draft.items) for draft in alignment.drafts)
    ways = {tuple(sorted(slot.items)) for slot in alignment.slots}
    shared, all_places = alignment.shared, len(alignment.slots)
    return 2 * shared >= max(shortest, all_places - shared - 2) and len(ways) <= 8


def merged(drafts: list[Draft], symbols: dict[str, int]) -> list[tuple[Draft, Draft, Given]]:
    """Each draft with the block that stands for it, and what it gives that."""
    found: list[tuple[Draft, Draft, Given]] = []
    for cluster in clusters(drafts):
        if len(cluster.drafts) == 1:
            found.append((cluster.drafts[0], cluster.drafts[0], {}))
            continue
        one = Merged(cluster, symbols)
        given = one.make()
        if given is None:
            found += [(draft, draft, {}) for draft in cluster.drafts]
            continue
        found += [(draft, one.block, each) for draft, each in zip(cluster.drafts, given)]
    return found


__all__ = ["Merged", "clusters", "merged"]
