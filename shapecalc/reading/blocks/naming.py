"""Names of entries and of blocks, and the tree that they stand in."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from shapecalc.language.expression import Binary, Expression, Name, Number
from shapecalc.language.naming import CopyNames, Order
from shapecalc.language.tree import Block, Entry, Reference, Setting
from shapecalc.language.words import name_stem
from shapecalc.layers import KINDS
from shapecalc.reading.blocks.draft import Draft, Item, Link


class Names:
    """The names of one list: those asked for where they are free, else numbered by kind."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.counts: dict[str, int] = {}

    def given(self, wanted: str) -> str:
        """A name that was asked for, or one like it."""
        parts = wanted.split(".")
        name = ".".join(part if part.isdigit() else identifier(part) for part in parts)
        found, n = name, 1
        while found in self.taken:
            n += 1
            found = identifier(f"{name}_{n}")
        self.taken.add(found)
        return found

    def automatic(self, kind: str) -> str:
        """The name of an entry that has none, as the spec language numbers them."""
        stem = name_stem(kind)
        while True:
            self.counts[stem] = self.counts.get(stem, 0) + 1
            name = f"{stem}{self.counts[stem]}"
            if name not in self.taken:
                self.taken.add(name)
                return name


def identifier(path: str) -> str:
    """A path as a name: ``layers.0`` is ``layers_0``."""
    name = re.sub(r"\W", "_", path)
    if not name or name[0].isdigit():
        name = f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def entry_names(items: list[Item], taken: Iterable[str]) -> dict[int, str]:
    """The names of a list's entries: the code's own, else numbered as the spec language does."""
    names = Names(taken)
    found: dict[int, str] = {}
    plain = {item.path for item in items}
    for item in items:
        words = item.path.split(".")
        if any(".".join(words[:n]) in plain for n in range(1, len(words))):
            item.path = identifier(item.path)  # below what stands here as a whole
    for item in sorted(items, key=lambda item: not item.has_weights):  # weights keep their names
        if item.path:
            if item.path.isdigit() and item.path in names.taken:
                item.path = ""
            else:
                found[id(item)] = names.given(item.path)
    for item in items:
        if not item.path:
            kind = item.kind if item.block is None else item.block.name
            found[id(item)] = names.automatic(kind)
    return found


def block_names(drafts: list[Draft], uses: list[Item]) -> None:
    """Name blocks after their classes, numbered where one class makes several."""
    taken: set[str] = set()
    for draft in drafts:
        name = identifier(draft.title)
        if draft.is_sequence:
            paths = [item.path for item in uses if item.block is draft and item.path]
            name = next(filter(None, map(camel, paths)), "") or name
        if name in KINDS:
            name = f"{name}Block"
        free, number = name, 1
        while free in taken or free in KINDS:
            number += 1
            free = f"{name}{number}" if not name[-1].isdigit() else f"{name}_{number}"
        taken.add(free)
        draft.name = free


def camel(path: str) -> str:
    """A name as a class's: ``layer_1`` is ``Layer``."""
    words = [word for word in re.split(r"[_\d.]+", path) if word]
    return "".join(word[0].upper() + word[1:] for word in words)


def tree(
    items: list[Item],
    taken: Iterable[str],
    blocks: dict[int, Block],
    *,
    is_numbered: bool = False,
) -> tuple[list[Entry], dict[int, str]]:
    """The entries of a list, and the names of its items."""
    names = entry_names(items, taken)
    order = Order(is_inline=False) if is_numbered else None
    entries = []
    for item in items:
        entry = Entry(item.kind, item.mark)
        entry.name = names[id(item)]
        entry.is_numbered = is_numbered and not item.path
        if item.copies is not None:
            entry.copy_names = copy_names(item.copies, item)
            entry.name = names[id(item)] = entry.copy_names.text
        entry.settings = in_order(item)
        entry.repeat, entry.when, entry.silence = item.repeat, item.when, item.silence
        if item.block is not None:
            entry.block = blocks[id(item.block)]
            entry.kind = entry.block.name
        if item.links is not None:
            entry.sources = [Reference(written(link, names), item.mark) for link in item.links]
        if item.share is not None:
            entry.share = Reference(names[id(item.share)], item.mark)
        if order is not None:
            if entry.is_numbered and order.next is not None and entry.repeat is None:
                entry.name = names[id(item)] = str(order.next)
            order.count(entry)
        entries.append(entry)
    return entries, names


def copy_names(copies: tuple[str, int, str], item: Item) -> CopyNames:
    """The names of copies that are numbered from one on."""
    from shapecalc.language.writer import written as expression_text  # only where there are such

    head, start, tail = copies
    index: Expression = Name("index", 0)
    if start:
        index = Binary("+", index, Number(start))
    text = f"{head}{{{expression_text(index)}}}{tail}"
    parts: list[str | Setting] = [head, Setting(Setting.EXPRESSION, index, item.mark), tail]
    return CopyNames(text, [part for part in parts if part], item.mark)


def in_order(item: Item) -> dict[str, Setting]:
    """The settings in the order in which a kind or block declares them."""
    declared = KINDS[item.kind].fields if item.block is None else item.block.arguments
    order = {name: n for n, name in enumerate(declared)}
    return dict(sorted(item.settings.items(), key=lambda pair: order.get(pair[0], len(order))))


def written(link: Link, names: dict[int, str]) -> str:
    """What an entry is fed from, as a spec says it."""
    if isinstance(link.source, Item) and link.source.copies is not None:
        (head, start, tail), (copy, _, output) = link.source.copies, link.output.partition(".")
        name = f"{head}{start + int(copy)}{tail}"
        return f"{name}.{output}" if output else name
    source = link.source if isinstance(link.source, str) else names[id(link.source)]
    return f"{source}.{link.output}" if link.output else source


def block_of(draft: Draft, blocks: dict[int, Block]) -> None:
    """Fill the block of a draft."""
    block = blocks[id(draft)]
    block.arguments = draft.arguments
    block.inputs = list(draft.inputs)
    block.numbered = draft.is_numbered
    block.entries, names = tree(draft.items, draft.inputs, blocks, is_numbered=draft.is_numbered)
    block.outputs = {
        name: Reference(written(link, names), draft.mark) for name, link in draft.outputs.items()
    }
