"""One class: its constructor makes the submodules, its forward runs them in the spec's order.

A block is a class, and so is a branch that is no chain, and one copy of a repeated join: what is
in them has the paths in the state that the report tells.
"""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.branches import Branches
from shapecalc.emitting.classes.calls import Calls
from shapecalc.emitting.classes.conditions import Conditions
from shapecalc.emitting.classes.constructor import Constructor
from shapecalc.emitting.classes.copies import Copies
from shapecalc.emitting.classes.entries import Entries
from shapecalc.emitting.classes.forward import OPTIONAL, Forward, asked_for
from shapecalc.emitting.classes.members import Members, check_name
from shapecalc.emitting.classes.named import NamedCopies
from shapecalc.emitting.classes.order import (
    feeds,
    is_state,
    kept_apart,
    last_asked,
)
from shapecalc.emitting.classes.sharing import Shared, Sharing, Tie
from shapecalc.emitting.classes.values import Values
from shapecalc.emitting.printer import flat
from shapecalc.emitting.scope.presence import check_left_out, presence
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.syntax import Assign, If, Statement
from shapecalc.language.expression import Name
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Entry

if TYPE_CHECKING:
    from shapecalc.emitting.module import Classes


class Later(NamedTuple):
    """What is asked for from a place in a list on, or as what comes out of it.

    ``last`` tells where each name is asked for the last time.
    """

    last: dict[str, int]
    place: int
    outputs: frozenset[str]

    def asks_for(self, name: str) -> bool:
        """Whether the output of an entry is still asked for by its name."""
        return name in self.outputs or self.last.get(name, -1) >= self.place


class Body:
    """The statements of one class; lists inside it that have no class of their own are in it."""

    def __init__(self, classes: Classes, scope: Scope, inputs: dict[str, str]) -> None:
        self.classes = classes
        self.scope = scope
        self.constructor = Constructor(scope, classes.block)
        self.settings: list[Statement] = []  # what forward is told of the parameters
        self.init: list[Statement] = []
        self.forward = Forward(inputs.values())
        self.forward.variables.update(inputs)
        self.shared: ChainMap[str, Shared] = ChainMap()
        self.ties: list[Tie] = []
        self.checks: list[Any] = []
        self.optional: set[str] = set()
        self.flags: list[str] = []
        self.tests: dict[Any, Any] = {}  # the conditions that tests in forward stand for
        self.within = 0  # how many conditions hold where statements are added
        self.inputs = inputs
        self.is_list = False  # whether submodules are items of the class itself
        self.values = Values(self)
        self.conditions = Conditions(self)
        self.sharing = Sharing(self)
        self.calls = Calls(self)
        self.entries = Entries(self)
        self.branches = Branches(self)
        self.members = Members(self.constructor, self.checks, self.conditions.is_hoisted)
        self.named = NamedCopies(self)
        self.copies = Copies(self)

    def chain(self, scope: Scope, current: str, running: str, outputs: frozenset[str]) -> str:
        """Write the entries of a list; the variable that holds what comes out at its end.

        ``running`` is the variable that goes from entry to entry where none has to be kept, and
        ``outputs`` are the names of those that are asked for afterwards.
        """
        built = [each for each in scope.entries if scope.is_built(each)]
        check_left_out(scope, built)
        for entry in built:
            self.check_called(scope, entry)
        last = last_asked(built)
        kept = kept_apart(scope, built, outputs, last)
        conditions = [self.presence(scope, entry, kept) for entry in built]
        at = 0
        while at < len(built):
            end = at + 1
            condition = conditions[at]
            while condition is not None and end < len(built) and conditions[end] == condition:
                end += 1
            members = [
                (entry, entry.name in kept, feeds(built, conditions, i, last))
                for i, entry in enumerate(built[at:end], at)
            ]
            later = Later(last, end, outputs)
            if condition is None:
                current = self.always(scope, *members[0], current, running, later)
            else:
                current = self.sometimes(scope, condition, members, current, running, later)
            at = end
        return current

    def presence(self, scope: Scope, entry: Entry, kept: set[str]) -> Any | None:
        """The condition that an entry is there, as it is tested in the constructor."""
        is_missed = entry.name in kept or entry.sources is not None
        return presence(scope, entry, is_missed=is_missed)

    def always(
        self,
        scope: Scope,
        entry: Entry,
        kept: bool,
        feeds: bool,
        current: str,
        running: str,
        later: Later,
    ) -> str:
        """Write an entry that is always there; the variable that its output is in."""
        is_fed = entry.sources is None or entry is scope.single
        sources = [current] if is_fed else self.sources(entry)
        target = self.forward.variable(entry.stem) if kept else running if feeds else "_"
        if is_state(entry) and not scope.is_repeated(entry):
            target = flat(self.values.home(entry.name))  # it is a value as it stands
            self.entries.entry(scope, entry, [], target)
            self.forward.variables[entry.name] = target
            return target
        condition = self.conditions.hoisted(scope, entry)
        if condition == syntax.FALSE:
            self.forward.variables[entry.name] = sources[0]
            return sources[0]
        if condition is not None:
            if kept and not self.is_asked(sources[0], later, but=entry.name):
                target = sources[0]
            self.conditions.unless_empty(scope, entry, condition, sources[0], target)
        else:
            self.entries.entry(scope, entry, sources, target)
        self.forward.variables[entry.name] = target
        return target

    def is_asked(self, variable: str, later: Later, but: str) -> bool:
        """Whether what is in a variable is still asked for, by any name but one."""
        names = (name for name, own in self.forward.variables.items() if own == variable)
        return any(name != but and later.asks_for(name) for name in names)

    def sometimes(
        self,
        scope: Scope,
        condition: Any,
        members: list[tuple[Entry, bool, bool]],
        current: str,
        running: str,
        later: Later,
    ) -> str:
        """Write entries that are there under one condition; what is in ``running`` passes on."""
        passes = members[-1][2] and current != "_"  # what is not kept, nobody asks for
        needs_old = passes or members[0][0].sources is None
        targets: dict[Entry, str] = {}  # names of this list, which may hide those that feed it
        for entry, kept, _ in members:
            if kept:
                name = targets[entry] = self.forward.variable(entry.stem)
                if later.asks_for(entry.name):
                    self.optional.add(entry.name)
                    none = Assign(Name(name, 0), syntax.NONE, OPTIONAL)
                    self.forward.body.append(none)
        if passes and current != running:
            self.forward.assign(running, Name(current, 0))
        before = running if passes else current
        made: list[Any] = []
        count = len(self.init)
        self.within += 1
        with self.forward.apart() as body:
            inside = before if needs_old else current
            for entry, kept, feeds in members:
                sources = [inside] if entry.sources is None else self.sources(entry)
                target = targets[entry] if kept else running if feeds else "_"
                attribute = self.entries.entry(scope, entry, sources, target)
                made += [attribute] if attribute is not None else []
                self.forward.variables[entry.name] = inside = target
            if passes and inside != running:
                self.forward.assign(running, Name(inside, 0))
        self.within -= 1
        statements, self.init = self.init[count:], self.init[:count]
        test = self.conditions.tested(condition, statements, made, members[0][0])
        self.tests[test] = condition
        if body:
            self.forward.body.append(If(test, tuple(body)))
        return running if passes else inside

    def sources(self, entry: Entry) -> list[str]:
        """The variables that an entry is fed from."""
        found = []
        for reference, mark in entry.sources or ():
            name = asked_for(reference)
            if name not in self.forward.variables:
                raise self.scope.error(mark, f"{name!r} is left out, and feeds what is not")
            found.append(self.forward.variables[name])
        return found

    def check_called(self, scope: Scope, entry: Entry) -> None:
        """Refuse an entry that no attribute can be called like."""
        if entry.is_inline or not entry.has_name:
            message = f"{entry.kind} has a number that hangs on what is there, but not in a chain"
            raise scope.error(entry.mark, message, "give the entries of this list names")
        self.check_name(entry.stem, entry.mark)

    def check_name(self, name: str, mark: Mark) -> None:
        """Refuse a name that an attribute of a module cannot have."""
        check_name(self.scope, name, mark)


def results(body: Body, outputs: list[str]) -> tuple[Any, Any]:
    """What a forward returns that puts out some entries, and the type of that."""
    variables = [body.forward.variables[name] for name in outputs]
    optional = syntax.read("Tensor | None")
    kinds = tuple(optional if name in body.optional else syntax.TENSOR for name in outputs)
    if len(outputs) == 1:
        return Name(variables[0], 0), kinds[0]
    items = tuple(Name(each, 0) for each in variables)
    return syntax.Sequence(items), syntax.Item(Name("tuple", 0), syntax.Sequence(kinds))


def named_results(body: Body, outputs: list[str], names: list[str]) -> tuple[Any, Any]:
    """What a forward returns that puts out entries under names, and the type of that."""
    variables = [Name(body.forward.variables[output], 0) for output in outputs]
    items = (syntax.Keyed(syntax.Text(name), each) for name, each in zip(names, variables))
    held = syntax.read("Tensor | None") if body.optional else syntax.TENSOR
    types = syntax.Sequence((Name("str", 0), held))
    return syntax.Sequence(tuple(items), "{}"), syntax.Item(Name("dict", 0), types)
