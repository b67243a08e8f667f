"""What is known of a network that is to be written: what was built, at several values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.algebra.trace import as_tree, untraced
from shapecalc.analysis.report import Report
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.numbers.agree import Sample, Told
from shapecalc.emitting.numbers.letters import Inside, Lettered, Memory
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Block, Entry, Setting, Spec
from shapecalc.language.words import BATCH
from shapecalc.layers import Layer
from shapecalc.network import Network


class Holder(NamedTuple):
    """What holds a list's layers in one use: a part, the use, and the number of the copy."""

    part: Part
    use: Part
    number: int | None = None


class Copy(NamedTuple):
    """One copy of an entry in one use: what was built, and what is known there."""

    built: Node | Part
    use: Part
    inside: Inside
    number: int | None
    changed: frozenset[str]

    def sample(self, value: Any) -> Sample:
        """A number there, which may be traced."""
        inside = self.inside
        return Sample(untraced(value), as_tree(value), inside.letters, self.number, self.changed)

    @property
    def layer(self) -> Layer:
        """The layer, where it is one."""
        assert isinstance(self.built, Node)
        return self.built.layer


class Known:
    """The network built at its own values and at others; the first build is at its own.

    ``knobs`` are the symbols that are parameters of what is written, and ``letters`` these and the
    batch. ``required`` are the entries of which a copy has to be there, for sizes hang on it;
    ``empty`` those that somewhere have none.
    """

    def __init__(
        self,
        network: Network,
        settings: Mapping[str, Any],
        report: Report,
        memory: Memory,
        builds: list[Lettered],
        knobs: frozenset[str],
        required: frozenset[Entry],
    ) -> None:
        self.spec: Spec = network.spec
        self.settings = settings
        self.values = report.symbols
        self.report = report
        self.knobs = knobs
        self.letters = knobs | {BATCH}
        self.required = required
        self.empty = frozenset().union(*(build.empty for build in builds))
        self.roots = [build.built.root for build in builds]
        self._inside = memory.inside
        self.symbols = memory.symbols
        self.behind = memory.behind
        self.decisive: dict[tuple[int, str], bool] = {}  # whether weights in a use hang on a size
        self.work = memory.work
        self.told = Told(memory.work)
        self._built: dict[int, dict[tuple[int, bool], list[Node | Part]]] = {}
        self.uses: dict[str, list[Part]] = {}
        self.used_by: dict[str, dict[Entry, None]] = {}
        self.changed: dict[int, frozenset[str]] = {}
        self._first: dict[int, Part] = {}
        for build in builds:
            self.changed[id(build.built.root)] = build.changed
            self._collect(build.built.root, build.changed)

    def _collect(self, part: Part, changed: frozenset[str]) -> None:
        """Note the uses of blocks; of those that are alike, as they are built once, the first."""
        for child in part.children:
            if isinstance(child, Part):
                if child.is_use:
                    assert child.entry is not None
                    self.used_by.setdefault(child.written, {})[child.entry] = None
                    first = self._first.setdefault(id(child.children), child)
                    if first is not child:
                        continue
                    self.changed[id(child)] = changed
                    self.uses.setdefault(child.written, []).append(child)
                self._collect(child, changed)

    def first(self, use: Any) -> Part:
        """The first of all uses of a block that are like one."""
        return self._first[id(use.children)]

    def given_to(self, block: Block) -> set[str]:
        """The arguments that any use of a block gives."""
        return {name for entry in self.used_by.get(block.name, ()) for name in entry.settings}

    def error(self, mark: Mark, message: str, *notes: str) -> EmitError:
        """The error that something cannot be written."""
        return EmitError(self.spec.source, mark, message, *notes)

    def inside(self, part: Any) -> Inside:
        """What is known inside a use of a block, or inside the network."""
        return self._inside[id(part)]

    def built(self, part: Part, entry: Entry, *, are_branches: bool = False) -> list[Node | Part]:
        """What was built of an entry in a part: all but its branches, or these alone."""
        known = self._built.get(id(part))
        if known is None:
            known = self._built[id(part)] = {}
            for child in part.children:
                if child.entry is not None:
                    known.setdefault((id(child.entry), _is_branch(child)), []).append(child)
        return known.get((id(entry), are_branches), [])

    def copies(
        self, entry: Entry, holders: Iterable[Holder], *, single: bool = False
    ) -> Iterator[Copy]:
        """What was built of an entry in all uses, copy by copy.

        ``single`` says that each holder is itself one copy of it.
        """
        if entry.repeat is not None and not single:
            holders = self.copy_holders(entry, holders)
        for holder in holders:
            self.work.add(1)
            for child in self.built(holder.part, entry):
                yield self.copy(child, holder.use, holder.number)

    def copy(self, built: Node | Part, use: Part, number: int | None) -> Copy:
        """What was built somewhere in a use."""
        return Copy(built, use, self.inside(use), number, self.changed[id(use)])

    def copy_holders(self, entry: Entry, holders: Iterable[Holder]) -> list[Holder]:
        """What holds the inside of each copy of a repeated entry."""
        return [
            Holder(copy, holder.use, copy.number)
            for holder in holders
            for repeat in self.built(holder.part, entry)
            if isinstance(repeat, Part)
            for copy in repeat.children
            if isinstance(copy, Part)
        ]

    def branches(self, entry: Entry, holders: Iterable[Holder]) -> list[list[Holder]]:
        """What holds the layers of each branch of a join, of which the holders hold one copy."""
        found: list[list[Holder]] = [[] for _ in entry.branches or ()]
        for holder in holders:
            for i, part in enumerate(self.built(holder.part, entry, are_branches=True)):
                assert isinstance(part, Part)
                found[i].append(Holder(part, holder.use, holder.number))
        return found

    def derived(self, name: str) -> Setting | None:
        """The default of a knob that is worked out of other knobs."""
        default = self.spec.symbols[name]
        if name in self.settings or default.is_constant or not default.names() & self.knobs:
            return None
        return default


def _is_branch(child: Node | Part) -> bool:
    return isinstance(child, Part) and child.role == Role.BRANCH
