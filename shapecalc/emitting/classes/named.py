"""Copies with names of their own, as submodules of a class that is no Sequential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.forward import asked_for
from shapecalc.emitting.classes.members import copy_name
from shapecalc.emitting.numbers.entries import every
from shapecalc.emitting.scope.presence import copy_condition
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.syntax import Assign, Do, For, If, Statement
from shapecalc.language.expression import Name, Number
from shapecalc.language.naming import may_be_copy
from shapecalc.language.tree import Entry

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body


class NamedCopies:
    """Writes copies that are attributes, under names that are worked out."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.name: Name | None = None  # the variable that the name of a copy is in

    def write(
        self,
        scope: Scope,
        entry: Entry,
        one: Any,
        sources: list[str],
        target: str,
        others: Sequence[Any] = (),
    ) -> None:
        """Write the copies that calls of ``one`` make; each takes ``others`` besides its input."""
        assert entry.copy_names is not None
        if len(sources) != 1 or entry.share is not None:
            message = f"{entry.kind} copies with names of their own have one source and no 'share'"
            raise scope.error(entry.copy_names.mark, message, "leave the braces out")
        if target == "_":
            target = self.body.forward.variable(entry.stem)
        name = copy_name(scope, entry)
        loop = self.body.constructor.inner(scope).loop(entry, name)
        added: Statement = Do(syntax.call("self.add_module", name, one))
        inside = added if loop.condition is None else If(loop.condition, (added,))
        self.body.init.append(For(Name("index", 0), loop.items, (inside,)))
        names = self.body.values.attribute(f"{entry.stem}_names")
        self.body.init.append(Assign(names, syntax.Sequence((loop,), "[]")))
        if sources[0] != target:
            self.body.forward.assign(target, Name(sources[0], 0))
        start = 0
        for place, called in sorted(self.asked(scope, entry).items()):
            self.run(scope, entry, names, target, others, start, place + 1)
            own = self.body.forward.variable(called)
            self.body.forward.assign(own, Name(target, 0))
            self.body.forward.variables[called] = own
            start = place + 1
        self.run(scope, entry, names, target, others, start, None)

    def run(
        self,
        scope: Scope,
        entry: Entry,
        names: Any,
        target: str,
        others: Sequence[Any],
        start: int,
        stop: int | None,
    ) -> None:
        """Run the copies from one to another."""
        items = names
        if start or stop is not None:
            end = None if stop is None else Number(stop)
            items = syntax.Item(names, syntax.Slice(Number(start) if start else None, end, None))
        if self.name is None:
            self.name = Name(self.body.forward.variable("name"), 0)
        with self.body.forward.apart() as inside:
            each = syntax.call("self.get_submodule", self.name)
            called = self.body.entries.call(scope, entry, each, [Name(target, 0), *others])
            self.body.entries.passed(scope, entry, called, target, called=f"{entry.name}.")
        self.body.forward.body.append(For(self.name, items, tuple(inside)))

    def asked(self, scope: Scope, entry: Entry) -> dict[int, str]:
        """What the copies are called that others are fed from, by their places."""
        entries = scope.block.entries if scope.block is not None else scope.known.spec.entries
        own = scope.known.spec.outputs if scope.block is None else scope.block.outputs.values()
        given = [*own, *(each for e in every(entries) for each in e.sources or ())]
        wanted = {asked_for(each.name): each.mark for each in given}
        found: dict[int, str] = {}
        is_of_some = copy_condition(scope, entry) is not None
        places: dict[str, set[int | None]] = {}
        for copy in scope.copies(entry):
            places.setdefault(copy.built.name, set()).add(copy.number)
        for called, mark in wanted.items():
            if not may_be_copy(called.partition(".")[0], entry.name):
                continue
            if "." in called:
                message = f"{called!r} is an output of a single copy, which is not told apart"
                raise scope.error(mark, message, "feed from the last of them")
            if is_of_some or len(places.get(called, ())) != 1:
                message = f"{called!r} is not always the same copy"
                raise scope.error(mark, message, "feed from the last of them")
            found[next(iter(places[called])) or 0] = called
        return found
