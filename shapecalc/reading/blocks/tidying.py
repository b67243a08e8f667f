"""Blocks as a person would write them: one for a class, with arguments, and what repeats once.

Blocks are made one from the innermost outwards, so that what uses them sees one block where the
code has one class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from shapecalc.language.tree import Block, Reference, Spec
from shapecalc.reading.blocks.draft import Draft, Item, Link
from shapecalc.reading.blocks.merging import Given, merged
from shapecalc.reading.blocks.naming import block_names, block_of, tree, written
from shapecalc.reading.blocks.repeating import (
    fold_lists,
    fold_names,
    fold_runs,
    folded_sequence,
    number,
    relink,
    relinked,
)
from shapecalc.reading.evaluator import sizes


class Tidying:
    """The lists of one network and its blocks: from one for each call to one for each class.

    Blocks of the roles ``apart`` stay as they are, and so does the network's own list for None.
    """

    def __init__(
        self,
        spec: Spec,
        items: list[Item],
        outputs: list[Link],
        drafts: list[Draft],
        apart: Collection[Any] = (),
    ) -> None:
        self.apart = apart
        self.spec = spec
        self.items = items
        self.outputs = outputs
        self.drafts = drafts
        values = {name: setting.content for name, setting in spec.symbols.items()}
        self.symbols: dict[str, int] = {
            name: sizes.symbol(name, n) for name, n in {"B": 1, **values}.items()
        }

    def all(self) -> None:
        """Make blocks one, fold what repeats, and fill the spec."""
        for group in self.groups():
            if group[0].role in self.apart:
                continue
            for draft in group:
                number(draft)
                for fold in (fold_lists, fold_names):
                    moved = fold(draft.items)
                    relink(draft.items, moved)
                    draft.outputs = {n: relinked(e, moved) for n, e in draft.outputs.items()}
            self.merge(self.not_folded(group))
        for fold in (fold_lists, fold_names) if None not in self.apart else ():
            moved = fold(self.items)
            relink(self.items, moved)
            self.outputs = [relinked(each, moved) for each in self.outputs]
        self.used_only()
        self.fill()

    def groups(self) -> Iterator[list[Draft]]:
        """Drafts that may become one, those that are used before those that use them."""
        height: dict[int, int] = {}
        for draft in self.drafts:  # the inner ones come first
            inner = [height[id(item.block)] for item in draft.items if item.block is not None]
            height[id(draft)] = 1 + max(inner, default=0)
        roles: dict[Any, list[Draft]] = {}
        for draft in self.drafts:
            roles.setdefault(draft.role, []).append(draft)
        of = {id(draft): role for role, group in roles.items() for draft in group}
        uses = {
            role: {of[id(i.block)] for draft in group for i in draft.items if i.block is not None}
            for role, group in roles.items()
        }
        rings = {role for role in roles if role in _reached(role, uses)}
        groups: dict[Any, list[Draft]] = {}
        for draft in self.drafts:
            role = (draft.role, height[id(draft)]) if draft.role in rings else draft.role
            groups.setdefault(role, []).append(draft)
        done: set[int] = set()
        waiting = list(groups.values())
        while waiting:
            rest: list[list[Draft]] = []
            for group in waiting:
                own: set[int] = {id(draft) for draft in group}
                used = {id(i.block) for d in group for i in d.items if i.block is not None}
                if used <= done | own:
                    yield group
                    done |= own
                else:
                    rest.append(group)
            if len(rest) == len(waiting):  # classes that use each other: one by one
                rest = [[draft] for group in waiting for draft in group]
                rest.sort(key=lambda group: height[id(group[0])])
            waiting = rest

    def uses(self) -> list[Item]:
        """The items that use blocks."""
        lists = [self.items, *(draft.items for draft in self.drafts)]
        return [item for items in lists for item in items if item.block is not None]

    def not_folded(self, group: list[Draft]) -> list[Draft]:
        """Write sequences of one block as that block, repeated, where they are used; the others."""
        shared = {id(item.block) for item in self.uses() if item.share is not None}
        ones = {id(draft): folded_sequence(draft) for draft in group if id(draft) not in shared}
        for item in self.uses():
            one = ones.get(id(item.block))
            if one is not None:
                item.kind, item.block, item.repeat = one.kind, one.block, one.repeat
                item.settings = dict(one.settings)
        return [draft for draft in group if ones.get(id(draft)) is None]

    def merge(self, group: list[Draft]) -> None:
        """Make one block of those of one role."""
        if len(group) < 2:
            for draft in group:
                if draft.is_numbered:
                    fold_runs(draft.items)
            return
        replaced: dict[int, tuple[Draft, Given]] = {}
        for draft, one, given in merged(group, self.symbols):
            replaced[id(draft)] = one, given
        for item in self.uses():
            if id(item.block) in replaced:
                item.block, settings = replaced[id(item.block)]
                item.settings = dict(settings)

    def used_only(self) -> None:
        """Keep the blocks that something uses."""
        kept: dict[int, Draft] = {}

        def keep(items: list[Item]) -> None:
            for item in items:
                if item.block is not None and id(item.block) not in kept:
                    keep(item.block.items)
                    kept[id(item.block)] = item.block

        keep(self.items)
        self.drafts = list(kept.values())

    def fill(self) -> None:
        """Write blocks, entries and outputs into the spec."""
        spec = self.spec
        block_names(self.drafts, self.uses())
        blocks = {id(draft): Block(draft.name, draft.mark) for draft in self.drafts}
        for draft in self.drafts:
            block_of(draft, blocks)
        spec.blocks = {block.name: block for block in blocks.values()}
        spec.entries, names = tree(self.items, spec.inputs, blocks)
        mark = self.items[-1].mark if self.items else None
        if self.outputs and mark is not None:
            spec.outputs = [Reference(written(link, names), mark) for link in self.outputs]


def _reached(role: Any, uses: dict[Any, set[Any]]) -> set[Any]:
    """The roles that one uses, directly or through others."""
    found: set[Any] = set()
    stack = [role]
    while stack:
        for each in uses[stack.pop()] - found:
            found.add(each)
            stack.append(each)
    return found
