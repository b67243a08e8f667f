"""What is no chain: branches that are joined, and copies that torch has no container for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shapecalc.emit.forward import ForwardWriter, Home, Step
from shapecalc.emit.source import call
from shapecalc.emit.values import Copy, Holder, words
from shapecalc.emit.writer import is_chained
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.tree import Branch, Entry
from shapecalc.layers import KINDS

IDENTITY = "nn.Identity()"
MODULES = "nn.ModuleDict()"
"""What stands in a list of branches for one without modules, and for one that is no chain."""


class JoinWriter(ForwardWriter):
    """Writes joins, and loops over copies."""

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
        insides = _insides(entry, branches, holders)
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
        if any(_has_modules(holder.part) for holder in inside):
            self.init.add("nn.ModuleDict()", f"{attribute} = ")
        with self.inner():
            return self.chain(branch.entries, inside, source, Home(attribute, is_dict=True), name)

    def sequential(self, attribute: str, entries: list[Entry], inside: list[Holder]) -> None:
        """Make a branch that is a chain of modules."""
        made = self.chained(entries, inside)
        if not any(condition for _, _, condition in made):
            self.init.add(_sequential(made), f"{attribute} = ")
            return
        named = [(entry.name, text, condition) for entry, text, condition in made]
        self.init.add_modules(attribute, named)

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
        if not any(_has_modules(holder.part) for holder in inside):
            return IDENTITY
        if all(is_chained(each) and each.when is None for each in branch.entries):
            return _sequential(self.chained(branch.entries, inside))
        return MODULES

    # -- copies that are no plain chain -------------------------------------------------------

    def loop(self, step: Step, shape: str) -> str:
        """Write the copies of an entry as a loop in forward."""
        entry, holders, sources, home, name = step
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
            return self.joins_loop(step._replace(name=name), entry.branches)
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
        with self.forward.apart() as inside, self.copies_of(self.owner, count):
            self.statement(name, self.function(entry, copies, [name]))
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

    def joins_loop(self, step: Step, branches: list[Branch]) -> str:
        """Copies of a join."""
        entry, holders = step.entry, step.holders
        if KINDS[entry.kind].in_torch:
            hint = "put it in a block, and repeat that"
            raise self.error(entry.mark, f"a repeated {entry.kind} cannot be written", hint)
        if any(holder.number is not None for holder in holders):
            hint = "put the inner one in a block"
            message = f"a repeated {entry.kind} within a repeated entry cannot be written"
            raise self.error(entry.mark, message, hint)
        if any(_has_modules(part) for holder in holders for part in _inner(holder.part, entry)):
            self.loop_with_modules(step, branches, self.copy_condition(entry, holders))
            return step.home.has(entry.name)
        count = self.count(entry, holders)
        with self.forward.apart() as inside, self.copies_of(self.owner, count):
            self.copy_of_join(step, branches, "")
        self.loop_without_modules(entry, holders, inside)
        return ""

    def loop_with_modules(self, step: Step, branches: list[Branch], condition: str | None) -> None:
        """Copies of a join: a list of what its branches have in each."""
        entry = step.entry
        attribute, each = step.home.of(entry.name), self.variable(entry.name)
        container = "nn.ModuleList()" if condition is None else "nn.ModuleDict()"
        self.init.add(container, f"{attribute} = ")
        values = "" if condition is None else ".values()"
        with self.init.apart() as init:
            if condition is not None:
                self.init.depth += 4
            if branches[0].name is not None:
                self.init.add("nn.ModuleDict()", f"{each} = ")
            head = f"for {each} in {attribute}{values}:"
            with self.forward.under(head), self.copies_of(each):
                self.copy_of_join(step, branches, each)
            if condition is None:
                self.init.add(f"{attribute}.append({each})")
            else:
                self.init.add(f"{attribute}[str(index)] = {each}")
                self.init.depth -= 4
        index = "index" if "index" in words(" ".join([*init, condition or ""])) else "_"
        self.init.add(f"for {index} in range({self.count(entry, step.holders)}):")
        if condition is not None:
            self.init.text.append(f"{' ' * (self.init.depth + 4)}if {condition}:")
        self.init.text += init

    def copy_of_join(self, step: Step, branches: list[Branch], each: str) -> None:
        """One copy of a join: its branches, which ``each`` holds, and what joins them."""
        entry, holders, _, _, name = step
        within = [
            Holder(child, holder.use, index)
            for holder in holders
            for child in _inner(holder.part, entry)
            for index in _copy_numbers(child)
        ]
        with self.inner():
            outputs = self.copy_branches(entry, branches, within, name, each)
            copies = list(self.copies(entry, holders))
            self.statement(name, self.function(entry, copies, outputs))

    def copy_branches(
        self, entry: Entry, branches: list[Branch], within: list[Holder], source: str, each: str
    ) -> list[str]:
        """The branches of one copy of a join."""
        if branches[0].name is not None:
            return self.branches(entry, branches, within, source, Home(each, is_dict=True))
        insides = _insides(entry, branches, within)
        return self.listed_branches(entry, branches, insides, source, each)


def _sequential(made: list[tuple[Entry, str, str | None]]) -> str:
    named = [(entry.name, code) for entry, code, _ in made]
    return call("nn.Sequential", [call("OrderedDict", (), named)])


def _insides(entry: Entry, branches: list[Branch], holders: list[Holder]) -> list[list[Holder]]:
    """What holds the layers of each branch of a join."""
    return [
        [Holder(_branch(holder, entry, i), holder.use, holder.number) for holder in holders]
        for i in range(len(branches))
    ]


def _branch(holder: Holder, entry: Entry, position: int) -> Part:
    """A branch of a join; of a repeated one, which the holder's part is, in the holder's copy."""
    part = holder.part
    if entry.repeat is not None:
        part = next(each for each in _inner(part, entry) if each.number == holder.number)
    found = [each for each in _inner(part, entry) if each.role == Role.BRANCH]
    return found[position]


def _copy_numbers(repeat: Part) -> list[int]:
    """The numbers of the copies that were built of a repeated entry."""
    return [copy.number for copy in repeat.children if isinstance(copy, Part)]


def _inner(part: Part, entry: Entry) -> list[Part]:
    """The parts that an entry made in another."""
    return [each for each in part.children if isinstance(each, Part) and each.entry is entry]


def _has_modules(part: Part) -> bool:
    """Whether anything in a branch, or in the copies of an entry, is a module."""
    return any(
        child.layer.in_torch or child.layer.is_state
        if isinstance(child, Node)
        else child.is_use or _has_modules(child)
        for child in part.children
    )
