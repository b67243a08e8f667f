"""From what a network computes to the tree of a spec.

A module's call becomes a block where one tensor goes in and one comes out; else what is inside it
stands in the list around it. Weights that are used again are shared by name.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Any

from shapecalc.language.problem import Mark
from shapecalc.language.tree import Block, Entry, Reference, Setting, Spec
from shapecalc.language.words import name_stem
from shapecalc.layers import KINDS, OUTPUT
from shapecalc.layers.field import Either, PerAxis, SameAs
from shapecalc.reading import sizes
from shapecalc.reading.blocks import Tidying
from shapecalc.reading.sizes import Size
from shapecalc.reading.trace import Call, Given, Op, TensorValue, exact

Wire = tuple[Any, str]
"""An operation, or an input of the network, and which of its outputs."""


def wire_of(value: TensorValue) -> Wire:
    """Where a tensor comes from."""
    return (value.source, value.output)


class Flow:
    """Which tensors go into every call, and which come out of it."""

    def __init__(self, root: Call, results: Iterable[TensorValue]) -> None:
        self.inside: dict[int, list[Wire]] = {}
        self.outside: dict[int, list[Wire]] = {}
        self.ops: dict[int, int] = {}
        self.chains: dict[int, list[Call]] = {}
        self.root = root
        for op in operations(root):
            for value in op.inputs:
                self.use(wire_of(value), op.call)
        for value in results:
            self.use(wire_of(value), root)

    def chain(self, call: Call) -> list[Call]:
        """A call and those around it, the innermost first."""
        found = self.chains.get(id(call))
        if found is None:
            found = []
            each: Call | None = call
            while each is not None:
                found.append(each)
                each = each.parent
            self.chains[id(call)] = found
        return found

    def use(self, wire: Wire, user: Call) -> None:
        """Note that a tensor is used in a call."""
        source = wire[0]
        using = self.chain(user)
        making = self.chain(source.call) if isinstance(source, Op) else [self.root]
        around = {id(call) for call in making}
        for call in using:
            if id(call) in around:
                break
            into = self.inside.setdefault(id(call), [])
            if wire not in into:
                into.append(wire)
        around = {id(call) for call in using}
        for call in making:
            if id(call) in around:
                break
            out = self.outside.setdefault(id(call), [])
            if wire not in out:
                out.append(wire)


def operations(call: Call) -> Iterable[Op]:
    """All operations inside a call, in order."""
    for item in call.items:
        if isinstance(item, Op):
            yield item
        else:
            yield from operations(item)


class Names:
    """The names of one list: those asked for where they are free, else numbered by kind."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.counts: dict[str, int] = {}

    def given(self, wanted: str) -> str:
        """A name that was asked for, or one like it."""
        name = identifier(wanted)
        found, n = name, 1
        while found in self.taken:
            n += 1
            found = f"{name}_{n}"
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


class Lowering:
    """Makes the tree of one trace."""

    def __init__(self, spec: Spec, root: Call, results: list[TensorValue]) -> None:
        self.spec = spec
        self.root = root
        self.results = results
        self.flow = Flow(root, results)
        self.inlined: set[int] = {id(root)}
        self.blocks: dict[Any, Block] = {}
        self.entries: dict[int, Entry] = {}
        self.automatic: set[int] = set()  # the entries that nobody named
        self.classes: dict[int, str] = {}
        self.made: dict[int, Any] = {}
        self.made_with: dict[int, Any] = {}
        self.shares: dict[int, Call | Op] = {}
        self.dead = self.needless()
        self.decide()

    # -- what stands as a block ------------------------------------------------------------------

    def needless(self) -> set[int]:
        """Operations whose results nobody uses, and which cost nothing."""
        used: set[int] = {id(value.source) for value in self.results}
        dead: set[int] = set()
        for op in reversed(list(operations(self.root))):
            if id(op) not in used and not op.weights:
                y = next(iter(op.outputs.values())).tensor
                if not op.layer.macs(*[each.tensor for each in op.inputs], y=y):
                    dead.add(id(op))
                    continue
            used.update(id(value.source) for value in op.inputs)
        return dead

    def count(self, call: Call) -> int:
        """How many operations that stay are inside a call."""
        return sum(1 for op in operations(call) if id(op) not in self.dead)

    def decide(self) -> None:
        """Decide which calls are blocks, and which operations share weights with which."""
        for call in self.calls(self.root):
            into = self.flow.inside.get(id(call), [])
            out = self.flow.outside.get(id(call), [])
            if len(into) != 1 or len(out) != 1 or not self.count(call):
                self.inlined.add(id(call))
        changed = True
        while changed:
            changed = False
            self.shares = {}
            for op in operations(self.root):
                if op.shared is not None and not self.shared(op, op.shared):
                    for call in self.between(op.call, op.shared.call):
                        if id(call) not in self.inlined:
                            self.inlined.add(id(call))
                            changed = True
        for op in operations(self.root):
            if op.shared is not None:
                self.shared(op, op.shared)

    def calls(self, call: Call) -> Iterable[Call]:
        """All calls inside a call."""
        for item in call.items:
            if isinstance(item, Call):
                yield item
                yield from self.calls(item)

    def list_of(self, call: Call) -> Call:
        """The call in whose list something inside a call stands."""
        found = call
        while id(found) in self.inlined and found.parent is not None:
            found = found.parent
        return found

    def shared(self, op: Op, other: Op) -> bool:
        """Whether the sharing of weights can be said, and where."""
        mine: Call | None = op.call
        theirs: Call | None = other.call
        if self.list_of(op.call) is self.list_of(other.call):
            self.shares[id(op)] = other
            return True
        while mine is not None and theirs is not None and mine is not theirs:
            if mine.instance is None or mine.instance is not theirs.instance:
                return False
            if id(mine) not in self.inlined and id(theirs) not in self.inlined:
                above, below = mine.parent, theirs.parent
                if above is not None and below is not None and self.alike(mine, theirs):
                    if self.list_of(above) is self.list_of(below):
                        self.shares.setdefault(id(mine), theirs)
                        return True
            mine, theirs = mine.parent, theirs.parent
        return False

    def alike(self, call: Call, first: Call) -> bool:
        """Whether all weights that a call uses are those that another uses, in the same order."""
        own = [op for op in operations(call) if op.weights]
        others = [op for op in operations(first) if op.weights]
        return len(own) == len(others) and all(
            op.shared is other for op, other in zip(own, others, strict=True)
        )

    def between(self, a: Call, b: Call) -> list[Call]:
        """The calls around two, up to where they meet."""
        first, second = self.flow.chain(a), self.flow.chain(b)
        common = {id(call) for call in first} & {id(call) for call in second}
        return [call for call in [*first, *second] if id(call) not in common]

    # -- the tree ---------------------------------------------------------------------------------

    def network(self) -> None:
        """Fill the spec."""
        names = Names(self.spec.inputs)
        known: dict[Wire, str] = {}
        for op_or_given in self.spec_inputs:
            known[(op_or_given, OUTPUT)] = op_or_given.name
        first = (self.spec_inputs[0], OUTPUT) if len(self.spec_inputs) == 1 else None
        self.spec.entries = []
        last = self.fill(self.root, self.spec.entries, names, known, first)
        wires = [wire_of(value) for value in self.results]
        for n, wire in enumerate(wires):
            if isinstance(wire[0], Given):  # an input that is given back
                entry = self.new_entry("Identity", None, names)
                entry.sources = [Reference(known[wire], entry.mark)]
                self.spec.entries.append(entry)
                known[("again", str(n))] = entry.name
                wires[n] = last = ("again", str(n))
        if wires != [last] or self.spec.output_names:
            mark = Mark(1, 1)
            self.spec.outputs = [Reference(known[wire], mark) for wire in wires]
        self.names, self.known = names, known
        self.spec.blocks = {block.name: block for block in self.blocks.values()}

    spec_inputs: list[Given]

    def fill(
        self,
        call: Call,
        entries: list[Entry],
        names: Names,
        known: dict[Wire, str],
        before: Wire | None,
        prefix: str = "",
    ) -> Wire | None:
        """Put what is inside a call into a list; what the last entry puts out."""
        for item in call.items:
            if isinstance(item, Op):
                if id(item) not in self.dead:
                    before = self.operation(item, entries, names, known, before, prefix)
            elif not self.count(item):
                continue
            elif id(item) in self.inlined:
                inner = self.joined(prefix, item.name)
                before = self.fill(item, entries, names, known, before, inner)
            else:
                before = self.use(item, entries, names, known, before, prefix)
        return before

    def joined(self, prefix: str, name: str) -> str:
        """A path in a list around a call that is no block."""
        return ".".join(part for part in (prefix, name) if part)

    def new_entry(self, kind: str, mark: Mark | None, names: Names, wanted: str = "") -> Entry:
        """An entry with its name."""
        entry = Entry(kind, mark or Mark(1, 1))
        self.name(entry, wanted, names, kind)
        return entry

    def name(self, entry: Entry, wanted: str, names: Names, kind: str) -> None:
        """Name an entry: as is wanted, or by its kind and a number."""
        if is_word(wanted):
            entry.name = names.given(wanted)
        else:
            entry.name = names.automatic(kind)
            self.automatic.add(id(entry))

    def operation(
        self,
        op: Op,
        entries: list[Entry],
        names: Names,
        known: dict[Wire, str],
        before: Wire | None,
        prefix: str,
    ) -> Wire:
        """The entry of an operation."""
        wanted = self.joined(prefix, op.name) if op.name else ""
        entry = self.new_entry(op.kind, op.place, names, wanted)
        entry.settings = settings(op, entry.mark)
        wires = [wire_of(value) for value in op.inputs]
        if wires and (wires != [before] or before is None):
            entry.sources = [Reference(known[wire], entry.mark) for wire in wires]
        other = self.shares.get(id(op))
        if other is not None:
            entry.share = Reference(self.entries[id(other)].name, entry.mark)
        entries.append(entry)
        self.entries[id(op)] = entry
        for n, output in enumerate(op.outputs):
            known[(op, output)] = entry.name if n == 0 else f"{entry.name}.{output}"
        first = next(iter(op.outputs))
        known[(op, OUTPUT)] = entry.name
        return (op, first)

    def use(
        self,
        call: Call,
        entries: list[Entry],
        names: Names,
        known: dict[Wire, str],
        before: Wire | None,
        prefix: str,
    ) -> Wire:
        """The entry of a module's call that is a block."""
        (into,) = self.flow.inside[id(call)]
        (out,) = self.flow.outside[id(call)]
        inner: list[Entry] = []
        inner_names = Names(["input"])
        inner_known = {into: "input"}
        last = self.fill(call, inner, inner_names, inner_known, into)
        if last != out:
            entry = self.new_entry("Identity", inner[-1].mark, inner_names)
            entry.sources = [Reference(inner_known[out], entry.mark)]
            inner.append(entry)
        block = self.block(call, inner)
        wanted = self.joined(prefix, call.name)
        entry = Entry(block.name, call.place or Mark(1, 1))
        entry.block = block
        self.name(entry, wanted, names, block.name)
        if into != before:
            entry.sources = [Reference(known[into], entry.mark)]
        other = self.shares.get(id(call))
        if other is not None and id(other) in self.entries:
            entry.share = Reference(self.entries[id(other)].name, entry.mark)
        entries.append(entry)
        self.entries[id(call)] = entry
        known[out] = entry.name
        return out

    def block(self, call: Call, entries: list[Entry]) -> Block:
        """The block of entries: one that is there already, or a new one."""
        name = identifier(call.instance.cls.name if call.instance is not None else "Block")
        key = (name, tuple([written(entry) for entry in entries]))
        found = self.blocks.get(key)
        if found is None:
            taken = {block.name for block in self.blocks.values()} | KINDS.keys()
            free, n = name, 1
            while free in taken:
                n += 1
                free = f"{name}{n}"
            place = call.instance.cls.place if call.instance is not None else None
            found = self.blocks[key] = Block(free, place or call.place or Mark(1, 1))
            found.entries = entries
            self.classes[id(found)] = name
            self.made[id(found)] = self.made_with.get(id(call.instance), ({}, {}))
        return found

    def tidy(self) -> None:
        """Write blocks as a person would."""
        blocks = list(self.blocks.values())
        Tidying(self.spec, blocks, self.classes, self.made, self.automatic).all()


def is_word(path: str) -> bool:
    """Whether a path names something, and is no number in a sequence."""
    return bool(path) and not path.isdigit()


def written(entry: Entry) -> Any:
    """What tells whether two entries are the same."""
    return (
        entry.kind,
        entry.name,
        tuple([(name, value_key(setting)) for name, setting in entry.settings.items()]),
        None if entry.sources is None else tuple([source.name for source in entry.sources]),
        entry.share.name if entry.share else None,
    )


def value_key(setting: Setting) -> Any:
    """A setting as a value that can be compared."""
    if setting.kind == Setting.LIST:
        return tuple([value_key(each) for each in setting.content])
    content = setting.content
    if isinstance(content, dict):
        return tuple([(name, value_key(each)) for name, each in content.items()])
    return (setting.kind, type(content).__name__, content)


def settings(op: Op, mark: Mark) -> dict[str, Setting]:
    """What an entry says: no more than is not inferred, and not the default."""
    found: dict[str, Setting] = {}
    layer = op.layer
    for name, value in op.settings.items():
        declared = layer.fields.get(name)
        if declared is None or declared.infer is not None or value is None:
            continue
        kept = layer.__dict__[name]
        if declared.default is not None and not declared.is_required:
            default = declared.default
            default = (
                layer.__dict__[default.name]
                if isinstance(default, SameAs)
                else layer._default(declared)
            )
            if kept == default:
                continue
        type = declared.type.other if isinstance(declared.type, Either) else declared.type
        if isinstance(type, PerAxis) and isinstance(value, (list, tuple)):
            covers = len(value) == len(kept) or type.short == "repeated"
            alike = all(each == value[0] for each in value)
            if covers and (
                len(value) == 1 or (alike and not any(isinstance(each, Size) for each in value))
            ):
                value = value[0]
        found[name] = setting(value, mark)
    return found


def setting(value: Any, mark: Mark) -> Setting:
    """A value as the tree holds it."""
    if isinstance(value, Size):
        return Setting(Setting.EXPRESSION, sizes.expression(value), mark)
    if isinstance(value, (list, tuple)):
        return Setting(Setting.LIST, [setting(each, mark) for each in value], mark)
    if isinstance(value, dict):
        content = {name: setting(each, mark) for name, each in value.items()}
        return Setting(Setting.MAPPING, content, mark)
    return Setting(Setting.CONSTANT, exact(value), mark)
