"""Repeated entries: containers of copies, and the loops that run them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import is_run_plainly
from shapecalc.emitting.classes.members import counted
from shapecalc.emitting.classes.order import has_modules, is_state
from shapecalc.emitting.classes.sharing import Shared
from shapecalc.emitting.scope.presence import copy_condition, count_of
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.scope.shapes import Shapes
from shapecalc.emitting.syntax import Assign, Attribute, For, If, Statement
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.expression import Comparison, Name, Number
from shapecalc.language.tree import Entry
from shapecalc.layers import KINDS

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body


Run = Callable[[list[Any]], Any]
"""Runs one copy on what it is given."""


class Copies:
    """Writes the copies of entries."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def require(self, scope: Scope, entry: Entry) -> None:
        """Ask for at least one copy of an entry where sizes hang on that."""
        if entry in scope.known.required:
            self.body.checks += counted(scope, entry)

    def repeated(self, scope: Scope, entry: Entry, sources: list[str], target: str) -> Any | None:
        """Write the copies of an entry; the attribute that holds them, if they are submodules."""
        self.require(scope, entry)
        if entry.branches is not None:
            return self.repeated_join(scope, entry, sources, target)
        run = self.without_modules(scope, entry)
        if run is not None:
            self.loop(scope, entry, sources, target, run)
            return None
        constructor = self.body.constructor.inner(scope)
        one = constructor.one(entry)
        if entry.copy_names is not None:
            self.body.named.write(scope, entry, one, sources, target)
            return None
        attribute = self.body.values.home(entry.name)
        self.body.shared[entry.name] = Shared(attribute, entry, scope)
        if is_run_plainly(entry) and len(sources) == 1 and entry.share is None:
            self.body.init.append(Assign(attribute, constructor.copies(entry, one)))
            self.in_sequence(scope, entry, attribute, sources[0], target)
        else:
            made = constructor.copies(entry, one, "nn.ModuleList")
            self.body.init.append(Assign(attribute, made))
            self.one_by_one(scope, entry, attribute, made, sources, target)
        return attribute

    def without_modules(self, scope: Scope, entry: Entry) -> Run | None:
        """How copies are run that have no modules: by those of another entry, or as functions."""
        if entry.share is not None:
            other = self.body.shared.get(entry.share.name)
            if other is not None and self.body.sharing.is_same(scope, entry, other):
                shared = other.attribute
                return lambda given: self.body.entries.call(scope, entry, shared, given)
        if is_state(entry):
            message = f"copies of a {entry.kind} cannot be written for torch"
            raise scope.error(entry.mark, message, "write them one by one")
        if entry.block is None and not KINDS[entry.kind].in_torch:
            return lambda given: self.body.calls.function(scope, entry, given)
        return None

    def in_sequence(
        self, scope: Scope, entry: Entry, attribute: Any, source: str, target: str
    ) -> None:
        """Run a Sequential of copies, one by one where something inside of them is asked for."""
        asked = self.body.entries.wanted(entry)
        if any(not each.isdigit() for each in asked):
            self.asked_of_copies(scope, entry, attribute, source, target, asked)
        else:
            self.in_pieces(scope, entry, attribute, source, target)

    def in_pieces(
        self, scope: Scope, entry: Entry, attribute: Any, source: str, target: str
    ) -> None:
        """Run a Sequential of copies, in pieces where what is behind one of them is asked for."""
        asked = self.body.entries.wanted(entry)
        if asked:
            self.sliced(attribute, entry, source, target, self.places(scope, entry, asked))
        else:
            called = syntax.call(attribute, Name(source, 0))
            self.body.forward.assign(target, called, Shapes(scope).behind(entry))

    def one_by_one(
        self,
        scope: Scope,
        entry: Entry,
        attribute: Any,
        made: Any,
        sources: list[str],
        target: str,
    ) -> None:
        """Run copies in a loop, those of a ModuleList."""
        if entry.share is not None:
            self.body.sharing.tie_copies(scope, entry, attribute)
        asked = self.body.entries.wanted(entry)
        if asked and len(sources) == 1 and entry.block is not None:
            keyed = is_keyed(made)
            self.asked_of_copies(scope, entry, attribute, sources[0], target, asked, keyed=keyed)
            return
        self.modules_loop(
            scope,
            attribute,
            made,
            entry,
            sources,
            target,
            lambda each, given: self.body.entries.call(scope, entry, each, given),
        )

    def places(self, scope: Scope, entry: Entry, asked: list[str]) -> dict[int, int]:
        """Where the copies that are asked for stand among those that are there, by their numbers.

        A copy is missing whose place is not certain.
        """
        numbers = sorted({int(each.partition(".")[0]) for each in asked})
        condition = copy_condition(scope, entry)
        if condition is None:
            return {number: number for number in numbers}
        if syntax.names(condition) != {"index"}:
            return {}
        there = [bool(truth(evaluate(condition, {"index": i}))) for i in range(numbers[-1] + 1)]
        return {number: sum(there[:number]) for number in numbers if there[number]}

    def sliced(
        self, attribute: Any, entry: Entry, source: str, target: str, places: dict[int, int]
    ) -> None:
        """Run copies of which the outputs of some are asked for by their numbers."""
        start = 0
        for number, place in places.items():
            variable = self.body.forward.variable(f"{entry.name}_{number}")
            called = syntax.call(_part(attribute, start, place + 1), Name(source, 0))
            self.body.forward.assign(variable, called)
            self.body.forward.variables[f"{entry.name}.{number}"] = source = variable
            start = place + 1
        called = syntax.call(_part(attribute, start, None), Name(source, 0))
        self.body.forward.assign(target, called)

    def asked_of_copies(
        self,
        scope: Scope,
        entry: Entry,
        attribute: Any,
        source: str,
        target: str,
        asked: list[str],
        *,
        keyed: bool = False,
    ) -> None:
        """Run copies of a block of which single ones have outputs that are asked for by names."""
        items = syntax.call("list", values_of(attribute)) if keyed else attribute
        if target == "_":
            target = self.body.forward.variable(entry.stem)
        self.start([source], target)
        start = 0
        for number, place in self.places(scope, entry, asked).items():
            self.copies_between(scope, entry, items, target, start, place)
            key = syntax.Text(str(number)) if keyed else Number(place)
            called = self.body.entries.call(scope, entry, syntax.Item(attribute, key), [])
            given = syntax.Invoke(called.function, (Name(target, 0),))
            self.body.entries.passed(scope, entry, given, target, called=f"{entry.name}.{number}")
            if str(number) in asked:
                self.keep_copy(f"{entry.name}.{number}", target)
            start = place + 1
        self.copies_between(scope, entry, items, target, start, None)

    def copies_between(
        self, scope: Scope, entry: Entry, items: Any, target: str, start: int, stop: int | None
    ) -> None:
        """Run the copies between two of which outputs are asked for."""
        if start == stop:
            return
        each = Name(self.body.forward.variable(entry.stem), 0)
        with self.body.forward.apart() as body:
            called = syntax.call(each, Name(target, 0))
            self.body.entries.passed(scope, entry, called, target, called=f"{entry.name}.")
        self.body.forward.body.append(For(each, _part(items, start, stop), tuple(body)))

    def modules_loop(
        self,
        scope: Scope,
        attribute: Any,
        made: Any,
        entry: Entry,
        sources: list[str],
        target: str,
        run: Any,
    ) -> None:
        """Run copies that are submodules one after another."""
        variable = self.body.forward.variable(entry.stem)
        items = values_of(attribute) if is_keyed(made) else attribute
        if target == "_":
            target = self.body.forward.variable(entry.stem)
        self.start(sources, target)
        each = Name(variable, 0)
        with self.body.forward.apart() as body:
            if len(sources) == 1:
                self.body.entries.passed(scope, entry, run(each, [Name(target, 0)]), target)
            else:
                self.first_or_later(scope, entry, sources, target, lambda given: run(each, given))
        if len(sources) == 1:
            start = 0
            asked = [] if items is not attribute else self.body.entries.wanted(entry)
            for number in sorted(int(name) for name in asked if name.isdigit()):
                self.body.forward.body.append(For(each, _part(items, start, number + 1), (*body,)))
                self.keep_copy(f"{entry.name}.{number}", target)
                start = number + 1
            self.body.forward.body.append(For(each, _part(items, start, None), (*body,)))
            return
        both = syntax.Sequence((Name("index", 0), each))
        self.body.forward.body.append(For(both, syntax.call("enumerate", items), tuple(body)))

    def first_or_later(
        self, scope: Scope, entry: Entry, sources: list[str], target: str, run: Any
    ) -> None:
        """Run a copy that takes several inputs if it is the first, else what the last put out."""
        is_first = Comparison(Name("index", 0), (("==", Number(0)),))
        with self.body.forward.apart() as first:
            given = run([Name(source, 0) for source in sources])
            self.body.entries.passed(scope, entry, given, target, called=f"{entry.name}.")
        with self.body.forward.apart() as later:
            given = run([Name(target, 0)])
            self.body.entries.passed(scope, entry, given, target, called=f"{entry.name}.")
        self.body.forward.body.append(If(is_first, tuple(first), tuple(later)))

    def asked(self, scope: Scope, entry: Entry) -> dict[int, str]:
        """How copies are called that are asked for, by their numbers."""
        if entry.copy_names is not None:
            return self.body.named.asked(scope, entry)
        numbers = [each for each in self.body.entries.wanted(entry) if each.isdigit()]
        return {int(each): f"{entry.name}.{each}" for each in numbers}

    def keep_copy(self, called: str, target: str) -> None:
        """Keep what a copy has put out, which is asked for by what it is called."""
        own = self.body.forward.variable(called.replace(".", "_"))
        self.body.forward.assign(own, Name(target, 0))
        self.body.forward.variables[called] = own

    def start(self, sources: list[str], target: str) -> None:
        """Let a loop's variable begin with what comes in."""
        if sources[0] != target and len(sources) == 1:
            self.body.forward.assign(target, Name(sources[0], 0))

    def loop(self, scope: Scope, entry: Entry, sources: list[str], target: str, run: Run) -> None:
        """Run what has no modules of its own as often as there are copies."""
        if target == "_":
            target = self.body.forward.variable(entry.stem)
        self.start(sources, target)
        count = count_of(scope, entry)
        before, self.body.values.loop_count = self.body.values.loop_count, count
        with self.body.forward.apart() as body:
            if len(sources) == 1:
                given = run([Name(target, 0)])
                self.body.entries.passed(scope, entry, given, target, called=f"{entry.name}.")
            else:
                self.first_or_later(scope, entry, sources, target, run)
        self.body.values.loop_count = before
        self.counted(scope, entry, count, body, target)

    def counted(
        self, scope: Scope, entry: Entry, count: Any, body: list[Statement], target: str
    ) -> None:
        """Run statements of forward as often as there are copies of an entry."""
        if not body:
            return
        condition = copy_condition(scope, entry)
        if condition is not None and entry.copy_names is not None:
            self.body.named.asked(scope, entry)  # of which none has a place that is certain
        index = Name("index" if "index" in syntax.names(*body) else "_", 0)
        if condition is None:
            start = 0
            times = self.body.values.in_forward(f"{entry.stem}_repeat", count)
            for number, called in sorted(self.asked(scope, entry).items()):
                ends = (Number(start), Number(number + 1)) if start else (Number(number + 1),)
                self.body.forward.body.append(For(index, syntax.call("range", *ends), tuple(body)))
                self.keep_copy(called, target)
                start = number + 1
            numbers = syntax.call("range", *([Number(start)] if start else []), times)
        else:
            numbers = self.body.values.attribute(f"{entry.stem}_copies")
            test = scope.tested(condition)
            loop = syntax.Loop(Name("index", 0), "index", syntax.call("range", count), test)
            self.body.init.append(Assign(numbers, syntax.Sequence((loop,), "[]")))
        self.body.forward.body.append(For(index, numbers, tuple(body)))

    def check_asked(self, scope: Scope, entry: Entry) -> None:
        """Refuse copies that are asked for and have no variable."""
        for each in self.body.entries.wanted(entry):
            if f"{entry.name}.{each}" not in self.body.forward.variables:
                message = f"copy {each!r} of {entry.kind} {entry.name!r} cannot be asked for"
                hint = "write the copies one by one"
                raise scope.error(entry.mark, f"{message} in what is emitted", hint)

    def repeated_join(
        self, scope: Scope, entry: Entry, sources: list[str], target: str
    ) -> Any | None:
        """Write the copies of a join with branches: a class for one, or a loop of functions."""
        assert entry.branches is not None
        holders = scope.known.copy_holders(entry, scope.holders)
        inner = scope.inner([entry], holders, single=entry)
        if not any(has_modules(holder.part) for holder in holders):
            self.loop(
                scope,
                entry,
                sources,
                target,
                lambda given: self.one_join(inner, entry, given, target),
            )
            return None
        part = self.body.classes.part(self.body, inner, entry.stem)
        others = self.body.branches.free(part.free)
        if entry.copy_names is not None:
            if part.ties:
                message = f"{entry.kind} copies with names of their own share no weights"
                raise scope.error(entry.copy_names.mark, message, "leave the braces out")
            self.body.named.write(scope, entry, part.made, sources, target, others)
            return None
        attribute = self.body.values.home(entry.name)
        self.body.shared[entry.name] = Shared(attribute, entry, scope)
        constructor = self.body.constructor.inner(scope)
        if part.free:
            made = constructor.copies(entry, part.made, "nn.ModuleList")
            self.body.init.append(Assign(attribute, made))
            self.modules_loop(
                scope,
                attribute,
                made,
                entry,
                sources,
                target,
                lambda each, given: syntax.call(each, *given, *others),
            )
        else:
            self.body.init.append(Assign(attribute, constructor.copies(entry, part.made)))
            self.in_pieces(scope, entry, attribute, sources[0], target)
        self.body.sharing.tie_inside(attribute, part.ties, is_repeated=True)
        return attribute

    def one_join(self, scope: Scope, entry: Entry, given: list[Any], target: str) -> Any:
        """One copy of a join of functions."""
        assert entry.branches is not None
        with self.body.forward.inner():
            inputs = self.body.branches.outputs(scope, entry, entry.branches, given[0].name)
        return self.body.calls.function(scope, entry, inputs)


def is_keyed(made: Any) -> bool:
    """Whether copies are held in a dictionary, by their numbers."""
    return bool(made.function == syntax.name("nn.ModuleDict"))


def values_of(attribute: Any) -> Any:
    """The submodules in a dictionary of them."""
    return syntax.call(Attribute(attribute, "values"))


def _part(items: Any, start: int, stop: int | None) -> Any:
    """Those of several items from one to another."""
    if not start and stop is None:
        return items
    ends = (Number(start) if start else None, None if stop is None else Number(stop))
    return syntax.Item(items, syntax.Slice(*ends, None))
