"""The statements of a class: what makes its submodules, and what runs them in the spec's order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.emit.names import variable
from shapecalc.emit.shapes import Shapes
from shapecalc.emit.source import Lines, fits, lines, literal
from shapecalc.emit.values import Copy, Holder, words
from shapecalc.emit.writer import Writer, is_plain, is_run_plainly
from shapecalc.graph import Part
from shapecalc.layers import KINDS
from shapecalc.spec.tree import Block, Branch, Entry

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter


class Home(NamedTuple):
    """Where the submodules of a list are: attributes of an object, or items of a ModuleDict."""

    object: str
    is_dict: bool = False

    def of(self, name: str) -> str:
        """How a submodule is referred to."""
        return f'{self.object}["{name}"]' if self.is_dict else f"{self.object}.{name}"

    def has(self, name: str) -> str:
        """The condition that it is there."""
        return f'"{name}" in {self.object}' if self.is_dict else f"{self.of(name)} is not None"


class Shared(NamedTuple):
    """A submodule whose weights others may use."""

    attribute: str
    entry: Entry
    holders: list[Holder]


class ForwardWriter(Writer):
    """Writes lists of entries into a constructor and a forward; joins are written by subclasses."""

    def __init__(
        self, emitter: Emitter, entries: list[Entry], uses: list[Part], block: Block | None
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.init = Lines()
        self.forward = Lines()
        self.shapes = Shapes(self)
        self.variables: ChainMap[str, str] = ChainMap()
        self.attributes: ChainMap[str, Shared] = ChainMap()
        self.taken = emitter.parameter_names(block)
        self.attribute_names = set(_names(entries))
        self.optional: set[str] = set()
        self.outputs = [] if block else [reference.name for reference in emitter.spec.outputs]

    def branches(
        self, entry: Entry, branches: list[Branch], holders: list[Holder], source: str, home: Home
    ) -> list[str]:
        """Write the branches of a join; the variables or calls that hold what they put out."""
        raise NotImplementedError

    def loop(
        self,
        entry: Entry,
        holders: list[Holder],
        sources: list[str],
        home: Home,
        name: str,
        shape: str,
    ) -> str:
        """Write the copies of an entry as a loop in forward."""
        raise NotImplementedError

    def variable(self, name: str) -> str:
        """A new variable."""
        found = variable(name, self.taken)
        self.taken.add(found)
        return found

    def attribute(self, name: str) -> str:
        """A new attribute for something that is no submodule."""
        while name in self.attribute_names:
            name += "_"
        self.attribute_names.add(name)
        return f"self.{name}"

    # -- lists of entries ---------------------------------------------------------------------

    def chain(
        self, entries: list[Entry], holders: list[Holder], current: str, home: Home, running: str
    ) -> str:
        """Write the entries of a list; the variable that holds what comes out at its end.

        ``running`` is the variable that goes from entry to entry where none has to be kept.
        """
        built = [each for each in entries if any(True for _ in self.copies(each, holders))]
        self.check_left_out(entries, built)
        kept_names = self.references(entries, built)
        for position, entry in enumerate(built):
            self.check_name(entry.name, entry.mark)
            sources = [current] if entry.sources is None else self.sources(entry)
            kept = entry.name in kept_names
            feeds = self.feeds(entries, built[position + 1 : position + 2])
            name = self.variable(entry.name) if kept else running if feeds else "_"
            condition = self.condition(entry, holders)
            if entry.repeat is not None and "index" in words(condition or ""):
                condition = None  # it is that of single copies
            if condition is None:
                self.entry(entry, holders, sources, home, name)
                self.variables[entry.name] = current = name
                continue
            if kept:
                self.optional.add(entry.name)
                self.forward.add("None", f"{name} = ")
            passed = name
            if feeds:
                if current != running:
                    self.forward.add(current, f"{running} = ")
                sources = [running if each == current else each for each in sources]
                passed = current = running
            self.optional_entry(entry, holders, sources, home, name, condition, passed)
            self.variables[entry.name] = name
        return current

    def optional_entry(
        self,
        entry: Entry,
        holders: list[Holder],
        sources: list[str],
        home: Home,
        name: str,
        condition: str,
        running: str,
    ) -> None:
        """Write an entry that may be left out, and pass its output on to ``running``."""
        with self.init.apart() as init, self.forward.apart() as forward:
            guard = self.entry(entry, holders, sources, home, name)
            if name != running:
                self.forward.add(name, f"{running} = ")
        if not (init or forward):
            return
        if guard:
            self.optional_module(home.of(entry.name), home, condition, init)
        else:
            guard = self.attribute(f"has_{entry.name}")
            self.init.add(condition if _is_flag(condition) else f"bool({condition})", f"{guard} = ")
            if init:
                self.init.add(f"if {guard}:")
                self.init.text += init
        if forward:
            self.forward.add(f"if {guard}:")
            self.forward.text += forward

    def optional_module(self, attribute: str, home: Home, condition: str, init: list[str]) -> None:
        """Make a submodule that is None, or not there, where the condition is false."""
        code = init[0].strip().removeprefix(f"{attribute} = ")
        short = f"{attribute} = {code} if {condition} else None"
        if home.is_dict:
            pass
        elif len(init) == 1 and fits(" " * self.init.depth + short):
            self.init.add(short)
            return
        else:
            self.init.add("None", f"{attribute} = ")
        self.init.add(f"if {condition}:")
        self.init.text += init

    def feeds(self, entries: list[Entry], following: list[Entry]) -> bool:
        """Whether an output may be taken by what follows it, or comes out of its list."""
        if not following:
            return entries is not self.entries or not self.outputs
        return following[0].sources is None or following[0].when is not None

    def references(self, entries: list[Entry], built: list[Entry]) -> set[str]:
        """The names in a list whose outputs are taken by others than what follows them."""
        found = referenced(built)
        return found | set(self.outputs) if entries is self.entries else found

    def sources(self, entry: Entry) -> list[str]:
        """The variables that an entry is fed from."""
        for name, mark in entry.sources or ():
            if name not in self.variables:
                raise self.error(mark, f"{name!r} is left out, and feeds what is not")
        return [self.variables[name] for name, _ in entry.sources or ()]

    # -- one entry ----------------------------------------------------------------------------

    def entry(
        self, entry: Entry, holders: list[Holder], sources: list[str], home: Home, name: str
    ) -> str:
        """Write what an entry needs in the constructor, and its statements in forward.

        Returns the condition that it is there, as the attributes tell; empty if they do not.
        """
        holders = [each for each in holders if any(True for _ in self.copies(entry, [each]))]
        copies = list(self.copies(entry, holders))
        shape = self.shapes.behind(entry, copies, holders)
        if entry.repeat is not None and (len(sources) > 1 or not is_plain(entry)):
            return self.loop(entry, holders, sources, home, name, shape)
        if entry.branches is not None:
            sources = self.branches(entry, entry.branches, holders, sources[0], home)
        if entry.block is None and not KINDS[entry.kind].in_torch:
            self.statement(name, self.function(entry, copies, sources), shape)
            return ""
        attribute = home.of(entry.name)
        self.init.add(self.owned(entry, holders, copies), f"{attribute} = ")
        self.tie(entry, copies, attribute)
        self.attributes[entry.name] = Shared(attribute, entry, holders)
        self.statement(name, self.call(entry, copies, attribute, sources), shape)
        return home.has(entry.name)

    def call(self, entry: Entry, copies: list[Copy], attribute: str, sources: list[str]) -> str:
        """The source that runs a submodule."""
        if is_run_plainly(entry):
            return f"{attribute}({', '.join(sources)})"
        return self.only(entry, [copy.layer.call(attribute, sources) for copy in copies])

    def function(
        self, entry: Entry, copies: list[Copy], sources: list[str], count: str = ""
    ) -> str:
        """The source of a kind that torch has as a function."""
        settings = {}
        for name, field in KINDS[entry.kind].fields.items():
            settings[name] = literal(getattr(copies[0].layer, name))
            if name in entry.settings:
                text = self.setting(entry.settings[name], field, copies)
                settings[name] = self.in_forward(f"{entry.name}_{name}", text, count)
        return self.only(entry, [copy.layer.function(sources, settings) for copy in copies])

    def in_forward(self, name: str, text: str, count: str = "") -> str:
        """Source for forward of a value that the constructor knows: kept, if it has to be."""
        found = words(text)
        if "index" in found and count:
            attribute = self.attribute(name)
            self.init.add(f"[{text} for index in range({count})]", f"{attribute} = ")
            return f"{attribute}[index]"
        if not found & self.emitter.parameter_names(self.block):
            return text
        attribute = self.attribute(name)
        self.init.add(text, f"{attribute} = ")
        return attribute

    def only(self, entry: Entry, texts: list[str]) -> str:
        """The one text for all uses."""
        if len(set(texts)) > 1:
            message = f"{entry.kind} has settings that change from use to use"
            raise self.error(entry.mark, message, "write it for each use on its own")
        return texts[0]

    def statement(self, name: str, text: str, shape: str = "") -> None:
        """A statement of forward with the shape that comes out."""
        if text == name:
            return
        written = lines(text, self.forward.depth, f"{name} = ")
        if shape and len(written) == 1 and fits(f"{written[0]}  # {shape}"):
            written = [f"{written[0]}  # {shape}"]
        elif shape:
            written = [f"{' ' * self.forward.depth}# {shape}", *written]
        self.forward.text += written

    # -- weights that are shared --------------------------------------------------------------

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
        for name in copies[0].layer.weights():
            self.init.add(f"{attribute}.{name} = {other}.{name}")


def referenced(entries: list[Entry]) -> set[str]:
    """The names that entries of a list, or of lists inside it, are fed from."""
    found = set()
    for entry in entries:
        found |= {reference.name for reference in entry.sources or ()}
        for branch in entry.branches or ():
            found |= referenced(branch.entries)
    return found


def _names(entries: list[Entry]) -> Iterator[str]:
    """The names of submodules."""
    for entry in entries:
        yield entry.name
        for branch in entry.branches or ():
            if branch.name is not None:
                yield branch.name


def _is_flag(condition: str) -> bool:
    compared = any(f" {operator} " in condition for operator in ("==", "!=", "<", "<=", ">", ">="))
    return compared and not words(condition) & {"and", "or"}
