"""Layers and blocks that use the weights of an earlier one."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.emit.source import Lines
from shapecalc.emit.values import Copy, Holder
from shapecalc.emit.writer import Writer
from shapecalc.graph.graph import Part
from shapecalc.language.tree import Block, Entry

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter


class Shared(NamedTuple):
    """A submodule whose weights others may use."""

    attribute: str
    entry: Entry
    holders: list[Holder]


class SharingWriter(Writer):
    """Writes what makes a submodule, which may be an earlier one or use its weights."""

    def __init__(
        self, emitter: Emitter, entries: list[Entry], uses: list[Part], block: Block | None
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.init = Lines()
        self.attributes: ChainMap[str, Shared] = ChainMap()

    def owned(self, entry: Entry, holders: list[Holder], copies: list[Copy]) -> str:
        """What makes a submodule; an earlier one where it shares all that this has."""
        if entry.share is None:
            return self.module(entry, holders)
        if entry.share.name not in self.attributes or entry.repeat is not None:
            message = "weights can be shared within one class, and between single copies only"
            raise self.error(entry.share.mark, message)
        attribute, other, where = self.attributes[entry.share.name]
        others = list(self.copies(other, where))
        if entry.block is None:
            if not copies[0].layer.buffers():
                return self.module(entry, holders)
            if any(copy.layer != first.layer for copy, first in zip(copies, others)):
                self.refuse_sharing(entry)
            return attribute
        for copy, first in zip(copies, others):
            mine, theirs = (self.emitter.inside(each.built).letters for each in (copy, first))
            if any(mine[name] != theirs[name] for name in entry.block.arguments):
                self.refuse_sharing(entry)
        return attribute

    def refuse_sharing(self, entry: Entry) -> None:
        """Two that are one module must be alike."""
        assert entry.share is not None
        message = (
            f"{entry.name!r} is set otherwise than {entry.share.name!r}, and cannot be the same"
        )
        raise self.error(entry.share.mark, message, "give both the same settings")

    def tie(self, entry: Entry, copies: list[Copy], attribute: str) -> None:
        """Use the weights of an earlier layer."""
        if entry.share is None or entry.block is not None or copies[0].layer.buffers():
            return
        other = self.attributes[entry.share.name].attribute
        for name in copies[0].layer.weights().keys() & copies[0].built.tied:  # type: ignore[union-attr]
            self.init.add(f"{attribute}.{name} = {other}.{name}")
