"""One entry: the submodule that it makes, its call, and what that returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.calls import standing_inputs
from shapecalc.emitting.classes.order import is_state
from shapecalc.emitting.classes.sharing import Shared
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.scope.shapes import Shapes
from shapecalc.emitting.syntax import Assign, Do
from shapecalc.emitting.work import TRIED, WRITTEN
from shapecalc.language.expression import Name, Number
from shapecalc.language.tree import Entry
from shapecalc.layers import KINDS, OUTPUT
from shapecalc.pace import now

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body

FIRST_PIECE = "0"
"""What the output that goes on is also called, of a kind whose outputs are numbered."""


class Entries:
    """Writes single entries."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def entry(self, scope: Scope, entry: Entry, sources: list[str], target: str) -> Any | None:
        """Write an entry in constructor and forward; the attribute that it made, if it is one."""
        now.count += 1
        scope.known.work.at = entry.mark
        scope.known.work.add(WRITTEN + TRIED * len(entry.sources or ()))
        if scope.is_repeated(entry):
            made = self.body.copies.repeated(scope, entry, sources, target)
            self.body.copies.check_asked(scope, entry)
            return made
        inputs: list[Any] = [Name(source, 0) for source in sources]
        if entry.branches is not None:
            inputs = self.body.branches.outputs(scope, entry, entry.branches, sources[0])
        comment = Shapes(scope).behind(entry)
        if is_state(entry):
            attribute = self.body.values.home(entry.name)
            self.body.init.append(
                Assign(attribute, self.body.constructor.inner(scope).layer(entry))
            )
            self.passed(scope, entry, attribute, target, comment)
            return attribute
        if entry.block is None and not KINDS[entry.kind].in_torch:
            self.passed(
                scope, entry, self.body.calls.function(scope, entry, inputs), target, comment
            )
            return None
        attribute = self.owned(scope, entry)
        self.passed(scope, entry, self.call(scope, entry, attribute, inputs), target, comment)
        return attribute

    def passed(
        self,
        scope: Scope,
        entry: Entry,
        value: Any,
        target: str,
        comment: str = "",
        called: str = "",
    ) -> None:
        """Assign what a call returns: its output, and others that are asked for by their names.

        ``called`` is how what is called is referred to, where it is not the entry's name.
        """
        called = called or entry.name
        wanted = self.wanted(entry, called)
        pattern, value = returned_by(entry, value, wanted)
        if isinstance(pattern, Name) and not wanted:
            if target == "_" and not isinstance(value, Name):
                self.body.forward.body.append(Do(value, comment))
            else:
                self.body.forward.assign(target, value, comment)
            return
        meanings = {OUTPUT: target}
        first = next(iter(entry.block.outputs)) if entry.block is not None else FIRST_PIECE
        for name in wanted:
            own = self.output_variable(entry, called, name)
            meanings[OUTPUT if name == first else name] = own
        if isinstance(pattern, Name) and entry.block is None:
            pattern, value = self.pieces(scope, entry, value, meanings)
        if target == "_" or (entry.block is not None and len(entry.block.outputs) > 1):
            comment = ""
        self.body.forward.body.append(Assign(target_of(pattern, meanings), value, comment=comment))
        if target not in ("_", meanings[OUTPUT]):
            self.body.forward.assign(target, Name(meanings[OUTPUT], 0))

    def pieces(
        self, scope: Scope, entry: Entry, value: Any, asked: dict[str, str]
    ) -> tuple[Any, Any]:
        """What is taken of a call that makes numbered pieces, and how.

        Of several, as a pattern; a single one as an item of the call.
        """
        taken = sorted(0 if name == OUTPUT else int(name) for name in asked if asked[name] != "_")
        call = value.owner if isinstance(value, syntax.Item) else value
        if len(taken) == 1:
            name = OUTPUT if taken[0] == 0 else str(taken[0])
            return Name(name, 0), syntax.Item(call, Number(taken[0]))
        count = taken[-1] + 1
        made = max(len(copy.built.outputs) for copy in scope.copies(entry))
        if count < made:
            call = syntax.Item(call, syntax.Slice(None, Number(count), None))
        names = [OUTPUT, *map(str, range(1, count))]
        return syntax.Sequence(tuple(Name(name, 0) for name in names)), call

    def output_variable(self, entry: Entry, called: str, name: str) -> str:
        """The variable of an output besides the one that goes on."""
        full = f"{called}.{name}"
        own = self.body.forward.variables.get(full)
        if own is None:
            is_taken = name in self.body.forward.taken
            is_unclear = name.isdigit() or called != entry.name or is_taken
            own = self.body.forward.variable(full.replace(".", "_") if is_unclear else name)
            self.body.forward.variables[full] = own
        return own

    def wanted(self, entry: Entry, called: str = "") -> list[str]:
        """The outputs of an entry, or of a copy of it, that are asked for by their names."""
        names = self.body.classes.asked(self.body.scope).get(entry, ())
        prefix = f"{called or entry.name}.".removeprefix(f"{entry.name}.")
        found = sorted(name[len(prefix) :] for name in names if name.startswith(prefix))
        if entry.repeat is not None and not called:
            return [name for name in found if name.partition(".")[0].isdigit()]
        is_copy = entry.repeat is not None and called == entry.name  # which a number then means
        return [n for n in found if (n.isdigit() and not is_copy) or n in outputs_of(entry)]

    def owned(self, scope: Scope, entry: Entry) -> Any:
        """The attribute that a submodule is; an earlier one where it shares all that that has."""
        attribute = self.body.values.home(entry.name)
        if entry.share is not None:
            other = self.body.shared.get(entry.share.name)
            if other is not None and self.body.sharing.is_same(scope, entry, other):
                self.body.shared[entry.name] = other
                return other.attribute
        made = self.body.constructor.inner(scope).one(entry, self.wanted(entry))
        self.body.init.append(Assign(attribute, made))
        self.body.shared[entry.name] = Shared(attribute, entry, scope)
        if entry.share is not None:
            self.body.sharing.tie(scope, entry, attribute)
        return attribute

    def call(self, scope: Scope, entry: Entry, attribute: Any, inputs: list[Any]) -> Any:
        """The call of a submodule."""
        if entry.block is not None:
            return syntax.call(attribute, *inputs)
        names, meanings = standing_inputs(inputs)
        wanted = self.wanted(entry)
        texts = {copy.layer.call("_module_", names, wanted) for copy in scope.copies(entry)}
        only = self.body.calls.only(scope, entry, texts)
        return syntax.replaced(syntax.read(only), {**meanings, "_module_": attribute})


def outputs_of(entry: Entry) -> set[str]:
    """The names of the outputs that an entry may have; another of its name may have others."""
    if entry.block is not None:
        return {*entry.block.outputs}
    kind = KINDS[entry.kind]
    told = (kind.returns, kind.returns_on_request)
    return {name for each in told if each for name in syntax.names(syntax.read(each))}


def returned_by(entry: Entry, value: Any, wanted: list[str]) -> tuple[Any, Any]:
    """What a call returns, as a pattern of the outputs' names, and the call that returns it."""
    if entry.block is not None:
        names = [OUTPUT, *list(entry.block.outputs)[1:]]
        every = tuple(Name(name, 0) for name in names)
        return (every[0] if len(every) == 1 else syntax.Sequence(every)), value
    kind = KINDS[entry.kind]
    told = kind.returns_on_request if wanted and kind.returns_on_request else kind.returns
    return syntax.read(told), value


def target_of(pattern: Any, meanings: dict[str, str]) -> Any:
    """What a call's results are assigned to; what is not asked for to ``_``."""
    if isinstance(pattern, syntax.Sequence):
        items = tuple(target_of(each, meanings) for each in pattern.items)
        if all(item == Name("_", 0) for item in items):
            return items[0]
        return syntax.Sequence(items)
    assert isinstance(pattern, Name)
    return Name(meanings.get(pattern.name, "_"), 0)
