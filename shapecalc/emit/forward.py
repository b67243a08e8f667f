"""The statements of a class: what makes its submodules, and what runs them in the spec's order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.emit.names import variable
from shapecalc.emit.shapes import Shapes
from shapecalc.emit.sharing import Shared, SharingWriter
from shapecalc.emit.source import Lines, fits, lines, literal
from shapecalc.emit.values import Copy, Holder, words
from shapecalc.emit.writer import is_plain, is_run_plainly
from shapecalc.graph.graph import Part
from shapecalc.language.tree import Block, Branch, Entry
from shapecalc.layers import KINDS
from shapecalc.layers.field import Text

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


class Step(NamedTuple):
    """An entry in its place: what holds its modules, and the variables it is fed from and puts out.

    ``holders`` hold what was built of it.
    """

    entry: Entry
    holders: list[Holder]
    sources: list[str]
    home: Home
    name: str


class ForwardWriter(SharingWriter):
    """Writes lists of entries into a constructor and a forward; joins are written by subclasses."""

    def __init__(
        self, emitter: Emitter, entries: list[Entry], uses: list[Part], block: Block | None
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.forward = Lines()
        self.shapes = Shapes(self)
        self.last_shape = ""
        self.variables: ChainMap[str, str] = ChainMap()
        self.taken = emitter.parameter_names(block)
        self.attribute_names = set(_names(entries))
        self.optional: set[str] = set()
        self.owner = "self"
        self.loop_count = ""
        self.outputs = [] if block else [reference.name for reference in emitter.spec.outputs]

    def branches(
        self, entry: Entry, branches: list[Branch], holders: list[Holder], source: str, home: Home
    ) -> list[str]:
        """Write the branches of a join; the variables or calls that hold what they put out."""
        raise NotImplementedError

    def loop(self, step: Step, shape: str) -> str:
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
        return f"{self.owner}.{name}"

    @contextmanager
    def copies_of(self, owner: str, count: str = "") -> Iterator[None]:
        """Write one copy of several: what is kept is its owner's, or a list of so many items."""
        before = self.owner, self.loop_count
        self.owner, self.loop_count = owner, count
        yield
        self.owner, self.loop_count = before

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
            is_missed = kept or entry.sources is not None
            needed = set(self.needed)
            condition = self.presence(entry, holders, is_missed=is_missed)
            if condition is None:
                self.entry(Step(entry, holders, sources, home, name))
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
            step = Step(entry, holders, sources, home, name)
            if not self.optional_entry(step, condition, passed):
                self.needed = needed
            self.variables[entry.name] = name
        return current

    def optional_entry(self, step: Step, condition: str, running: str) -> bool:
        """Write an entry that may be left out, and pass its output on to ``running``.

        Returns whether there was anything to write.
        """
        with self.init.apart() as init, self.forward.apart() as forward:
            guard = self.entry(step)
            if step.name != running:
                self.forward.add(step.name, f"{running} = ")
        if not (init or forward):
            return False
        if guard:
            self.optional_module(step.home.of(step.entry.name), step.home, condition, init)
        else:
            flag = condition if _is_flag(condition) else f"bool({condition})"
            guard = self.kept(f"has_{step.entry.name}", flag)
            if init:
                self.init.add(f"if {guard}:")
                self.init.text += init
        if forward:
            self.forward.add(f"if {guard}:")
            self.forward.text += forward
        return True

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

    def entry(self, step: Step) -> str:
        """Write what an entry needs in the constructor, and its statements in forward.

        Returns the condition that it is there, as the attributes tell; empty if they do not.
        """
        entry, holders, sources, home, name = step
        holders = [each for each in holders if any(True for _ in self.copies(entry, [each]))]
        copies = list(self.copies(entry, holders))
        shape = self.shapes.behind(entry, copies, holders)
        if entry.repeat is not None and (len(sources) > 1 or not is_plain(entry)):
            return self.loop(step._replace(holders=holders), shape)
        if entry.branches is not None:
            sources = self.branches(entry, entry.branches, holders, sources[0], home)
        if entry.block is None and KINDS[entry.kind].is_state:
            attribute = f"{home.object}.{entry.name}"  # of a ModuleDict, too: it is no module
            self.init.add(self.layer(entry, copies), f"{attribute} = ")
            self.statement(name, attribute, shape)
            return ""
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

    def function(self, entry: Entry, copies: list[Copy], sources: list[str]) -> str:
        """The source of a kind that torch has as a function."""
        settings = {}
        for name, field in KINDS[entry.kind].fields.items():
            settings[name] = literal(getattr(copies[0].layer, name))
            given = entry.settings.get(name)
            if given is not None and given.kind == given.MAPPING:
                for key, item in given.content.items():
                    text = self.setting(item, field, copies)
                    settings[f"{name}.{key}"] = self.in_forward(f"{entry.name}_{key}", text)
            elif given is not None and not isinstance(field.type, Text):
                text = self.setting(given, field, copies)
                settings[name] = self.in_forward(f"{entry.name}_{name}", text)
        return self.only(entry, [copy.layer.function(sources, settings) for copy in copies])

    def in_forward(self, name: str, text: str) -> str:
        """Source for forward of a value that the constructor knows: kept, if it has to be."""
        if not words(text) & {"index", *self.emitter.parameter_names(self.block)}:
            return text
        return self.kept(name, text)

    def kept(self, name: str, text: str) -> str:
        """Keep a value in an attribute for forward, or those of all copies in a loop."""
        attribute = self.attribute(name)
        if self.loop_count and "index" in words(text):
            self.init.add(f"[{text} for index in range({self.loop_count})]", f"{attribute} = ")
            return f"{attribute}[index]"
        self.init.add(text, f"{attribute} = ")
        return attribute

    def only(self, entry: Entry, texts: list[str]) -> str:
        """The one text for all uses."""
        if len(set(texts)) > 1:
            message = f"{entry.kind} has settings that change from use to use"
            raise self.error(entry.mark, message, "write it for each use on its own")
        return texts[0]

    def statement(self, name: str, text: str, shape: str = "") -> None:
        """A statement of forward with the shape that comes out, if that has not just been told."""
        if text == name:
            return
        written = lines(text, self.forward.depth, f"{name} = ")
        if shape and len(written) == 1 and fits(f"{written[0]}  # {shape}"):
            written = [f"{written[0]}  # {shape}"]
        elif shape and shape != self.last_shape:
            written = [f"{' ' * self.forward.depth}# {shape}", *written]
        self.last_shape = shape
        self.forward.text += written


def referenced(entries: list[Entry]) -> set[str]:
    """The names that entries of a list are fed from, and lists inside it from outside of them."""
    found = set()
    for entry in entries:
        found |= {reference.name for reference in entry.sources or ()}
        for branch in entry.branches or ():
            own: set[str] = set()
            for each in branch.entries:
                found |= referenced([each]) - own
                own.add(each.name)
    return found


def _names(entries: list[Entry]) -> Iterator[str]:
    """The names of submodules."""
    for entry in entries:
        yield entry.name
        for branch in entry.branches or ():
            if branch.name is not None:
                yield branch.name
            yield from _names(branch.entries)


def _is_flag(condition: str) -> bool:
    compared = any(f" {operator} " in condition for operator in ("==", "!=", "<", "<=", ">", ">="))
    return compared and not words(condition) & {"and", "or"}
