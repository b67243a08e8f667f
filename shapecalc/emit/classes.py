"""One class: its constructor makes the submodules, its forward runs them in the spec's order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.emit.names import docstring, variable
from shapecalc.emit.shapes import Shapes
from shapecalc.emit.source import call, fits, lines, literal
from shapecalc.emit.writer import (
    Copy,
    Holder,
    Writer,
    Written,
    is_chained,
    is_plain,
    is_run_plainly,
    words,
)
from shapecalc.graph import Part
from shapecalc.layers import KINDS
from shapecalc.spec.tree import Block, Branch, Entry

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter


IDENTITY = "nn.Identity()"
MODULES = "nn.ModuleDict()"
"""What stands in a list of branches for one without modules, and for one that is no chain."""


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


class Lines:
    """Lines of a function's body, at a depth that changes."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.depth = 8

    def add(self, text: str, before: str = "", after: str = "") -> None:
        """Add a statement."""
        self.text += lines(text, self.depth, before, after)

    def add_modules(self, container: str, made: list[tuple[Entry, str, str | None]]) -> None:
        """Make a Sequential of modules of which some may be left out."""
        self.add("nn.Sequential()", f"{container} = ")
        for entry, text, condition in made:
            added = call(f"{container}.add_module", [f'"{entry.name}"', text])
            if condition is None:
                self.add(added)
            else:
                with self.under(f"if {condition}:"):
                    self.add(added)

    @contextmanager
    def apart(self) -> Iterator[list[str]]:
        """Collect what is added meanwhile, one level deeper, in a list of its own."""
        before, self.text = self.text, []
        self.depth += 4
        yield self.text
        self.depth -= 4
        self.text = before

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """Put what is added meanwhile below a head such as ``if x:``."""
        self.add(head)
        self.depth += 4
        yield
        self.depth -= 4


class Shared(NamedTuple):
    """A submodule whose weights others may use."""

    attribute: str
    entry: Entry
    holders: list[Holder]


class ClassWriter(Writer):
    """Writes one class: the network's, or a block's for all its uses at once."""

    def __init__(
        self,
        emitter: Emitter,
        name: str,
        entries: list[Entry],
        uses: list[Part],
        block: Block | None = None,
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.name = name
        self.init = Lines()
        self.forward = Lines()
        self.shapes = Shapes(self)
        self.variables: ChainMap[str, str] = ChainMap()
        self.attributes: ChainMap[str, Shared] = ChainMap()
        self.taken = {"x", *emitter.parameter_names(block)}
        self.attribute_names = set(_names(entries))
        self.optional: set[str] = set()
        spec = emitter.spec
        self.inputs = ["input"] if block else list(spec.inputs)
        self.outputs = [] if block else [reference.name for reference in spec.outputs]

    # -- the class as a whole -----------------------------------------------------------------

    def write(self) -> Written:
        """The class with its constructor and its forward."""
        for name in self.inputs:
            self.variables[name] = "x" if name == "input" else self.variable(name)
        first = self.variables[self.inputs[0]]
        running = "x"
        if first == "x" and self.inputs[0] in _referenced(self.entries):
            running = self.variable("out")
        last = self.chain(self.entries, self.holders, first, Home("self"), running)
        returns, result = self.result(last)
        parameters, prelude = self.signature()
        takes = [f"{self.variables[name]}: Tensor" for name in self.inputs]
        text = [
            f"class {self.name}(nn.Module):",
            *docstring(self.emitter.told(self.block), 4),
            "",
            *_signature("__init__", parameters, "None"),
            "        super().__init__()",
            *(f"        {line}" for line in prelude),
            *self.init.text,
            "",
            *_signature("forward", takes, returns),
            *self.forward.text,
            *lines(result, 8, "return "),
        ]
        return self.written(self.name, text)

    def result(self, last: str) -> tuple[str, str]:
        """What forward returns: its type, and its expression."""
        present = [name for name in self.outputs if name in self.variables]
        if not present:
            return "Tensor", last
        told = ", ".join(self.variables[name] for name in present)
        if any(name in self.optional for name in present):
            comma = "," if len(present) == 1 else ""
            return "tuple[Tensor, ...]", f"tuple(y for y in ({told}{comma}) if y is not None)"
        return ("Tensor" if len(present) == 1 else "tuple[Tensor, ...]"), told

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
        referenced = self.references(entries, built)
        for position, entry in enumerate(built):
            self.check_name(entry.name, entry.mark)
            sources = [current] if entry.sources is None else self.sources(entry)
            kept = entry.name in referenced
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
        found = _referenced(built)
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

    # -- branches -----------------------------------------------------------------------------

    @contextmanager
    def inner(self) -> Iterator[None]:
        """The scope of a list inside this one: its names are its own."""
        self.variables, self.attributes = self.variables.new_child(), self.attributes.new_child()
        yield
        self.variables, self.attributes = self.variables.parents, self.attributes.parents

    def branches(
        self, entry: Entry, branches: list[Branch], holders: list[Holder], source: str, home: Home
    ) -> list[str]:
        """Write the branches of a join; the variables or calls that hold what they put out."""
        insides = [
            [Holder(_branch(holder, entry, i), holder.use, holder.number) for holder in holders]
            for i in range(len(branches))
        ]
        if branches[0].name is None:
            return self.listed_branches(entry, branches, insides, source, home.of(entry.name))
        found = []
        for branch, inside in zip(branches, insides):
            assert branch.name is not None
            self.check_name(branch.name, branch.mark)
            variable = self.variable(branch.name)
            output = self.branch(branch, inside, source, home.of(branch.name), variable)
            if output == source and branch.name in self.references(self.entries, self.entries):
                self.forward.add(source, f"{variable} = ")
                output = variable
            if entry.repeat is None:
                self.variables[branch.name] = output
            found.append(output)
        return found

    def branch(
        self, branch: Branch, inside: list[Holder], source: str, attribute: str, name: str
    ) -> str:
        """Write one branch with a name."""
        if not any(holder.part.children for holder in inside):
            return source
        if all(is_chained(entry) for entry in branch.entries):
            self.sequential(attribute, branch.entries, inside)
            self.statement(name, f"{attribute}({source})", self.shapes.of_lists(inside))
            return name
        if _makes_modules(branch.entries):
            self.init.add("nn.ModuleDict()", f"{attribute} = ")
        with self.inner():
            return self.chain(branch.entries, inside, source, Home(attribute, is_dict=True), name)

    def sequential(self, attribute: str, entries: list[Entry], inside: list[Holder]) -> None:
        """Make a branch that is a chain of modules."""
        made = self.chained(entries, inside)
        if not any(condition for _, _, condition in made):
            self.init.add(_sequential(made), f"{attribute} = ")
            return
        self.init.add_modules(attribute, made)

    def listed_branches(
        self,
        entry: Entry,
        branches: list[Branch],
        insides: list[list[Holder]],
        source: str,
        attribute: str,
    ) -> list[str]:
        """Branches without names: a ModuleList in the join's name."""
        made = [self.listed_branch(*each) for each in zip(branches, insides)]
        if any(text != IDENTITY for text in made):
            self.init.add(f"nn.ModuleList([{', '.join(made)}])", f"{attribute} = ")
        found = []
        for i, (text, branch, inside) in enumerate(zip(made, branches, insides)):
            own = f"{attribute}[{i}]"
            if text not in (IDENTITY, MODULES):
                found.append(f"{own}({source})")
            elif any(holder.part.children for holder in inside):
                name = self.variable(f"{entry.name}_{i}")
                with self.inner():
                    home = Home(own, is_dict=True)
                    found.append(self.chain(branch.entries, inside, source, home, name))
            else:
                found.append(source)
        return found

    def listed_branch(self, branch: Branch, inside: list[Holder]) -> str:
        """What stands in the list of branches for one of them."""
        if not any(holder.part.children for holder in inside) or not _makes_modules(branch.entries):
            return IDENTITY
        if all(is_chained(each) and each.when is None for each in branch.entries):
            return _sequential(self.chained(branch.entries, inside))
        return MODULES

    # -- copies that are no plain chain -------------------------------------------------------

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
        if len(sources) > 1 or entry.share is not None:
            what = "fed from several places" if len(sources) > 1 else "that shares weights"
            hint = "put it in a block, and repeat that"
            raise self.error(entry.mark, f"a repeated {entry.kind} {what} cannot be written", hint)
        if name == "_":
            name = self.variable(entry.name)
        if sources[0] != name:
            self.forward.add(sources[0], f"{name} = ")
        if shape:
            self.forward.add(f"# {shape}")
        if entry.branches is not None:
            return self.joins_loop(entry, entry.branches, holders, home, name)
        copies = list(self.copies(entry, holders))
        if not KINDS[entry.kind].in_torch:
            self.function_loop(entry, holders, copies, name)
            return ""
        attribute = home.of(entry.name)
        made = self.repeated(entry, holders, self.one(entry, holders), "nn.ModuleList")
        self.init.add(made, f"{attribute} = ")
        each = self.variable(entry.name)
        values = ".values()" if made.startswith("nn.ModuleDict(") else ""
        with self.forward.under(f"for {each} in {attribute}{values}:"):
            self.statement(name, self.call(entry, copies, each, [name]))
        return home.has(entry.name)

    def function_loop(
        self, entry: Entry, holders: list[Holder], copies: list[Copy], name: str
    ) -> None:
        """Copies of a kind that torch has as a function."""
        count = self.count(entry, holders)
        with self.forward.apart() as inside:
            self.statement(name, self.function(entry, copies, [name], count))
        self.loop_without_modules(entry, holders, inside)

    def loop_without_modules(self, entry: Entry, holders: list[Holder], inside: list[str]) -> None:
        """Run some lines of forward as often as there are copies of an entry."""
        count = self.count(entry, holders)
        condition = self.copy_condition(entry, holders)
        if condition is None:
            numbers = f"range({self.in_forward(f'{entry.name}_repeat', count)})"
        else:
            numbers = self.attribute(f"{entry.name}_copies")
            self.init.add(f"[index for index in range({count}) if {condition}]", f"{numbers} = ")
        index = "index" if "index" in words(" ".join(inside)) else "_"
        self.forward.add(f"for {index} in {numbers}:")
        self.forward.text += inside or [f"{' ' * (self.forward.depth + 4)}pass"]

    def joins_loop(
        self, entry: Entry, branches: list[Branch], holders: list[Holder], home: Home, name: str
    ) -> str:
        """Copies of a join: a list of what its branches have in each."""
        if KINDS[entry.kind].in_torch:
            hint = "put it in a block, and repeat that"
            raise self.error(entry.mark, f"a repeated {entry.kind} cannot be written", hint)
        if any(holder.number is not None for holder in holders):
            hint = "put the inner one in a block"
            message = f"a repeated {entry.kind} within a repeated entry cannot be written"
            raise self.error(entry.mark, message, hint)
        condition = self.copy_condition(entry, holders)
        within = [
            Holder(child, holder.use, index)
            for holder in holders
            for child in holder.part.children
            if isinstance(child, Part) and child.entry is entry and child.kind == "repeat"
            for index in _copy_numbers(child)
        ]
        if not _makes_modules_in(branches):
            with self.forward.apart() as inside, self.inner():
                outputs = self.copy_branches(entry, branches, within, name, "")
                copies = list(self.copies(entry, holders))
                self.statement(name, self.function(entry, copies, outputs))
            self.loop_without_modules(entry, holders, inside)
            return ""
        attribute, each = home.of(entry.name), self.variable(entry.name)
        container = "nn.ModuleList()" if condition is None else "nn.ModuleDict()"
        self.init.add(container, f"{attribute} = ")
        values = "" if condition is None else ".values()"
        with self.init.apart() as init:
            if condition is not None:
                self.init.depth += 4
            if branches[0].name is not None:
                self.init.add("nn.ModuleDict()", f"{each} = ")
            with self.forward.under(f"for {each} in {attribute}{values}:"), self.inner():
                outputs = self.copy_branches(entry, branches, within, name, each)
                copies = list(self.copies(entry, holders))
                self.statement(name, self.function(entry, copies, outputs))
            if condition is None:
                self.init.add(f"{attribute}.append({each})")
            else:
                self.init.add(f"{attribute}[str(index)] = {each}")
                self.init.depth -= 4
        index = "index" if "index" in words(" ".join([*init, condition or ""])) else "_"
        self.init.add(f"for {index} in range({self.count(entry, holders)}):")
        if condition is not None:
            self.init.text.append(f"{' ' * (self.init.depth + 4)}if {condition}:")
        self.init.text += init
        return home.has(entry.name)

    def copy_branches(
        self, entry: Entry, branches: list[Branch], within: list[Holder], source: str, each: str
    ) -> list[str]:
        """The branches of one copy of a join."""
        if branches[0].name is not None:
            return self.branches(entry, branches, within, source, Home(each, is_dict=True))
        insides = [
            [Holder(_branch(holder, entry, i), holder.use, holder.number) for holder in within]
            for i in range(len(branches))
        ]
        return self.listed_branches(entry, branches, insides, source, each)


def _sequential(made: list[tuple[Entry, str, str | None]]) -> str:
    named = [(entry.name, code) for entry, code, _ in made]
    return call("nn.Sequential", [call("OrderedDict", (), named)])


def _branch(holder: Holder, entry: Entry, position: int) -> Part:
    """A branch of a join; of a repeated one, which the holder's part is, in the holder's copy."""
    found = [
        child
        for child in holder.part.children
        if isinstance(child, Part) and child.kind == "branch" and child.entry is entry
    ]
    if entry.repeat is not None:
        own = f"{holder.part.path}.{holder.number}."
        found = [child for child in found if child.path.startswith(own)]
    return found[position]


def _copy_numbers(repeat: Part) -> list[int]:
    """The numbers of the copies that were built of a repeated entry."""
    start = len(repeat.path) + 1
    return list(dict.fromkeys(int(c.path[start:].partition(".")[0]) for c in repeat.children))


def _makes_modules(entries: list[Entry]) -> bool:
    """Whether any entry of a list is a submodule, or has one in a branch."""
    return any(
        entry.block is not None
        or KINDS[entry.kind].in_torch
        or _makes_modules_in(entry.branches or [])
        for entry in entries
    )


def _makes_modules_in(branches: list[Branch]) -> bool:
    return any(_makes_modules(branch.entries) for branch in branches)


def _referenced(entries: list[Entry]) -> set[str]:
    """The names that entries of a list, or of lists inside it, are fed from."""
    found = set()
    for entry in entries:
        found |= {reference.name for reference in entry.sources or ()}
        for branch in entry.branches or ():
            found |= _referenced(branch.entries)
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


def _signature(name: str, parameters: list[str], returns: str) -> list[str]:
    return lines(call(f"def {name}", ["self", *parameters]), 4, "", f" -> {returns}:")
