"""One class: its constructor makes the submodules, its forward runs them in the spec's order.

A block is a class, and so is a branch that is no chain, and one copy of a repeated join: what is
in them has the paths in the state that the report tells.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.trace import Leaf, untraced
from shapecalc.emit import syntax
from shapecalc.emit.constructor import (
    Constructor,
    in_source,
    is_run_plainly,
    sequential_of,
)
from shapecalc.emit.forward import (
    OPTIONAL,
    RUNNING,
    Forward,
    asked_for,
    names_of,
    parts_together,
    referenced,
    referenced_inside,
    returned,
    without_alias,
)
from shapecalc.emit.known import Copy, Holder
from shapecalc.emit.names import EmitError, clash
from shapecalc.emit.printer import fits, flat
from shapecalc.emit.scope import AXES, Scope, in_python
from shapecalc.emit.shapes import Shapes
from shapecalc.emit.syntax import Assign, Attribute, Do, For, If, Statement
from shapecalc.emit.trees import tree_of
from shapecalc.graph.graph import Node, Part
from shapecalc.language.expression import Comparison, Conditional, Name, Number, Unary
from shapecalc.language.parse import BATCH
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Branch, Entry, Setting
from shapecalc.layers import KINDS, OUTPUT
from shapecalc.layers.field import Text

if TYPE_CHECKING:
    from shapecalc.emit.module import Classes

INDENT = 8
"""How far the statements of a method are indented."""


class Shared(NamedTuple):
    """A submodule whose weights others may use: how it is reached, and what it was made of."""

    attribute: Any
    entry: Entry
    scope: Scope


class Tie(NamedTuple):
    """A weight of a submodule, by its path below it, that is an outer one's."""

    path: str
    outer: Any


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
        self.attributes = {*names_of(_everything(scope.entries))}
        self.shared: ChainMap[str, Shared] = ChainMap()
        self.ties: list[Tie] = []
        self.checks: list[Any] = []
        self.optional: set[str] = set()
        self.flags: list[str] = []
        self.loop_count: Any = None
        self.kept: dict[Any, Any] = {}  # what attributes hold, wherever they are asked for
        self.within = 0  # how many conditions hold where statements are added
        self.inputs = inputs
        self.batch_size: str | None = None
        self.sizes: dict[str, str] = {}
        self.is_list = False  # whether submodules are items of the class itself

    # -- lists of entries -------------------------------------------------------------------------

    def chain(self, scope: Scope, current: str, running: str, outputs: frozenset[str]) -> str:
        """Write the entries of a list; the variable that holds what comes out at its end.

        ``running`` is the variable that goes from entry to entry where none has to be kept, and
        ``outputs`` are the names of those that are asked for afterwards.
        """
        built = [each for each in scope.entries if scope.is_built(each)]
        scope.check_left_out(built)
        for entry in built:
            self.check_name(entry.name, entry.mark)
        kept = _kept(scope.entries, built, outputs)
        conditions = [self.presence(scope, entry, kept) for entry in built]
        at = 0
        while at < len(built):
            end = at + 1
            condition = conditions[at]
            while condition is not None and end < len(built) and conditions[end] == condition:
                end += 1
            members = [
                (entry, entry.name in kept, _feeds(built, conditions, i))
                for i, entry in enumerate(built[at:end], at)
            ]
            if condition is None:
                current = self.always(
                    scope, *members[0], current, running, built[at + 1 :], outputs
                )
            else:
                asked = referenced(built[end:]) | outputs
                current = self.sometimes(scope, condition, members, current, running, asked)
            at = end
        return current

    def presence(self, scope: Scope, entry: Entry, kept: set[str]) -> Any | None:
        """The condition that an entry is there, as it is tested in the constructor."""
        is_missed = entry.name in kept or entry.sources is not None
        return scope.presence(entry, is_missed=is_missed)

    def always(
        self,
        scope: Scope,
        entry: Entry,
        kept: bool,
        feeds: bool,
        current: str,
        running: str,
        later: list[Entry],
        outputs: frozenset[str],
    ) -> str:
        """Write an entry that is always there; the variable that its output is in."""
        is_fed = entry.sources is None or entry is scope.single
        sources = [current] if is_fed else self.sources(entry)
        target = self.forward.variable(entry.name) if kept else running if feeds else "_"
        if is_state(entry) and not scope.is_repeated(entry):
            target = flat(self.home(entry.name))  # it is a value as it stands
            self.entry(scope, entry, [], target)
            self.forward.variables[entry.name] = target
            return target
        condition = self.hoisted(scope, entry)
        if condition == syntax.FALSE:
            self.forward.variables[entry.name] = sources[0]
            return sources[0]
        if condition is not None:
            asked = referenced(later) | outputs
            if kept and not self.is_asked(sources[0], current, asked - {entry.name}, later):
                target = sources[0]
            self.unless_empty(scope, entry, condition, sources[0], target)
        else:
            self.entry(scope, entry, sources, target)
        self.forward.variables[entry.name] = target
        return target

    def is_asked(self, variable: str, current: str, asked: set[str], later: list[Entry]) -> bool:
        """Whether what is in a variable is still asked for by what comes later."""
        names = {name for name, own in self.forward.variables.items() if own == variable}
        return bool(names & asked)

    def sometimes(
        self,
        scope: Scope,
        condition: Any,
        members: list[tuple[Entry, bool, bool]],
        current: str,
        running: str,
        asked: set[str],
    ) -> str:
        """Write entries that are there under one condition; what is in ``running`` passes on."""
        passes = members[-1][2]
        needs_old = passes or members[0][0].sources is None
        for entry, kept, _ in members:
            if kept:
                name = self.forward.variable(entry.name)
                self.forward.variables[entry.name] = name
                if entry.name in asked:
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
                target = self.forward.variables[entry.name] if kept else running if feeds else "_"
                attribute = self.entry(scope, entry, sources, target)
                made += [attribute] if attribute is not None else []
                self.forward.variables[entry.name] = inside = target
            if passes and inside != running:
                self.forward.assign(running, Name(inside, 0))
        self.within -= 1
        statements, self.init = self.init[count:], self.init[:count]
        test = self.tested(condition, statements, made, members[0][0])
        if body:
            self.forward.body.append(If(test, tuple(body)))
        return running if passes else inside

    def tested(
        self, condition: Any, statements: list[Statement], made: list[Any], first: Entry
    ) -> Any:
        """Make submodules where a condition holds; how forward asks whether they are there."""
        if len(made) == 1 and len(statements) == 1 and isinstance(statements[0], Assign):
            only = statements[0]
            if only.target == made[0]:
                self.optionally(only.target, only.value, condition)
                return syntax.is_there(only.target)
        if not self.is_of_constructor(condition):
            flag = condition
        else:
            name = condition.name if isinstance(condition, Name) else f"has_{first.name}"
            asked = self.scope.boolean(condition)
            flag = self.computed(name, asked) if statements else self.in_forward(name, asked)
            if statements and flag.name not in self.flags:
                self.flags.append(flag.name)
        if statements:
            self.init.append(If(condition, tuple(statements)))
        return flag

    def optionally(self, target: Any, value: Any, condition: Any) -> None:
        """Make a submodule where a condition holds, else none."""
        whole = Assign(target, Conditional(condition, value, syntax.NONE))  # type: ignore[arg-type]
        if fits(f"{' ' * INDENT}{flat(target)} = {flat(whole.value)}"):
            self.init.append(whole)
        else:
            self.init += [Assign(target, syntax.NONE), If(condition, (Assign(target, value),))]

    def hoisted(self, scope: Scope, entry: Entry) -> Any | None:
        """When a use of a block that may be empty is there; None if the block is never empty."""
        if entry.block is None or scope.is_repeated(entry):
            return None
        written = self.classes.block(entry.block)
        if written.condition is None or entry.share is not None:
            return None
        return self.classes.condition_at(scope, entry, written)

    def unless_empty(
        self, scope: Scope, entry: Entry, condition: Any, source: str, target: str
    ) -> None:
        """Write a use of a block that passes its input on where its condition does not hold."""
        attribute = self.home(entry.name)
        self.optionally(attribute, self.constructor.inner(scope).use(entry), condition)
        self.shared[entry.name] = Shared(attribute, entry, scope)
        if target != source:
            self.forward.assign(target, Name(source, 0))
        with self.forward.apart() as body:
            called = syntax.call(attribute, Name(target, 0))
            self.forward.assign(target, called, Shapes(scope).behind(entry))
        test = syntax.is_there(attribute)
        self.forward.body.append(If(test, tuple(body)))

    def sources(self, entry: Entry) -> list[str]:
        """The variables that an entry is fed from."""
        found = []
        for reference, mark in entry.sources or ():
            name = asked_for(reference)
            if name not in self.forward.variables:
                raise self.scope.error(mark, f"{name!r} is left out, and feeds what is not")
            found.append(self.forward.variables[name])
        return found

    def check_name(self, name: str, mark: Mark) -> None:
        """Refuse a name that an attribute of a module cannot have."""
        if why := clash(name):
            raise self.scope.error(mark, why, "choose another name")

    # -- one entry --------------------------------------------------------------------------------

    def entry(self, scope: Scope, entry: Entry, sources: list[str], target: str) -> Any | None:
        """Write an entry in constructor and forward; the attribute that it made, if it is one."""
        if scope.is_repeated(entry):
            return self.repeated(scope, entry, sources, target)
        inputs: list[Any] = [Name(source, 0) for source in sources]
        if entry.branches is not None:
            inputs = self.branches(scope, entry, entry.branches, sources[0])
        comment = Shapes(scope).behind(entry)
        if is_state(entry):
            attribute = self.home(entry.name)
            self.init.append(Assign(attribute, self.constructor.inner(scope).layer(entry)))
            self.passed(entry, attribute, target, comment)
            return attribute
        if entry.block is None and not KINDS[entry.kind].in_torch:
            self.passed(entry, self.function(scope, entry, inputs), target, comment)
            return None
        attribute = self.owned(scope, entry)
        self.passed(entry, self.call(scope, entry, attribute, inputs), target, comment)
        return attribute

    def passed(self, entry: Entry, value: Any, target: str, comment: str = "") -> None:
        """Assign what a call returns: its output, and others that are asked for by their names."""
        wanted = self.wanted(entry)
        pattern, value = _returned(entry, value, wanted)
        if isinstance(pattern, Name):
            if target == "_" and not isinstance(value, Name):
                self.forward.body.append(Do(value, comment))
            else:
                self.forward.assign(target, value, comment)
            return
        meanings = {OUTPUT: target}
        for name in wanted:
            full = f"{entry.name}_{name}" if name.isdigit() else name
            own = self.forward.variables.get(f"{entry.name}.{name}") or self.forward.variable(full)
            self.forward.variables[f"{entry.name}.{name}"] = own
            meanings[name] = own
        self.forward.body.append(Assign(_target(pattern, meanings), value, comment=comment))

    def wanted(self, entry: Entry) -> list[str]:
        """The outputs of an entry besides the first that are asked for."""
        names = self.classes.asked(self.scope)
        prefix = f"{entry.name}."
        return sorted(name[len(prefix) :] for name in names if name.startswith(prefix))

    def owned(self, scope: Scope, entry: Entry) -> Any:
        """The attribute that a submodule is; an earlier one where it shares all that that has."""
        attribute = self.home(entry.name)
        if entry.share is not None:
            other = self.shared.get(entry.share.name)
            if other is not None and self.is_same(scope, entry, other):
                self.shared[entry.name] = other
                return other.attribute
        made = self.constructor.inner(scope).one(entry, self.wanted(entry))
        self.init.append(Assign(attribute, made))
        self.shared[entry.name] = Shared(attribute, entry, scope)
        if entry.share is not None:
            self.tie(scope, entry, attribute)
        return attribute

    def is_same(self, scope: Scope, entry: Entry, other: Shared) -> bool:
        """Whether two entries are one module, set alike wherever they are."""
        mine, theirs = scope.copies(entry), other.scope.copies(other.entry)
        if other.scope.is_repeated(other.entry) or len(theirs) == 0:
            return False
        by_use: dict[int, Copy] = {}
        for each in theirs:
            by_use.setdefault(id(each.use), each)
        for copy in mine:
            first = by_use.get(id(copy.use))
            if first is None:
                return False
            if entry.block is None:
                if copy.layer != first.layer:
                    return False
                continue
            letters = [self.scope.known.inside(each.built).letters for each in (copy, first)]
            if any(letters[0][name] != letters[1][name] for name in entry.block.arguments):
                return False
        return True

    def tie(self, scope: Scope, entry: Entry, attribute: Any) -> None:
        """Use the weights of an earlier submodule, which may be in a class outside of this one."""
        assert entry.share is not None
        paths = _state(scope.copies(entry))
        other = self.shared.get(entry.share.name)
        outer = None if other is None else other.attribute
        for path in paths:
            if outer is not None:
                self.init.append(Assign(_below(attribute, path), _below(outer, path)))
            else:
                outside = f"{entry.share.name}:{path}"
                self.ties.append(Tie(f"{entry.name}.{path}", outside))

    def tie_inside(self, attribute: Any, ties: list[Tie], *, is_repeated: bool) -> None:
        """Tie the weights inside a submodule whose class could not, to those here."""
        for tie in ties:
            name, _, path = tie.outer.partition(":")
            if name not in self.shared:
                inner = flat(attribute).removeprefix("self.")
                self.ties.append(Tie(f"{inner}.{tie.path}", tie.outer))
                continue
            outer = _below(self.shared[name].attribute, path)
            if is_repeated:
                each = Name("each", 0)
                tied = Assign(_below(each, tie.path), outer)
                self.init.append(For(each, attribute, (tied,)))
            else:
                self.init.append(Assign(_below(attribute, tie.path), outer))

    def call(self, scope: Scope, entry: Entry, attribute: Any, inputs: list[Any]) -> Any:
        """The call of a submodule."""
        if entry.block is not None:
            return syntax.call(attribute, *inputs)
        names, meanings = _standing_inputs(inputs)
        wanted = self.wanted(entry)
        texts = {copy.layer.call("_module_", names, wanted) for copy in scope.copies(entry)}
        only = self.only(scope, entry, texts)
        return syntax.replaced(syntax.read(only), {**meanings, "_module_": attribute})

    def function(self, scope: Scope, entry: Entry, inputs: list[Any]) -> Any:
        """The call of a kind that torch has as a function."""
        copies = scope.copies(entry)
        given: dict[str, Any] = {}
        for name, field in KINDS[entry.kind].fields.items():
            given[name] = syntax.literal(in_python(getattr(copies[0].layer, name)))
            setting = entry.settings.get(name)
            if setting is not None and setting.kind == Setting.MAPPING:
                given |= self.by_name(scope, entry, name, inputs)
            elif setting is not None and BATCH in setting.names() - {*scope.arguments}:
                given[name] = self.with_batch(scope, entry, name, inputs)
            elif setting is not None and not isinstance(field.type, Text):
                tree = scope.setting(setting, field, copies)
                given[name] = self.in_forward(f"{entry.name}_{name}", tree)
        texts, meanings = in_source(given)
        names, sources = _standing_inputs(inputs)
        if self.wanted(entry) and KINDS[entry.kind].returns_on_request:
            told = {copy.layer.requested(names, texts) for copy in copies}
        else:
            told = {copy.layer.function(names, texts) for copy in copies}
        only = self.only(scope, entry, told)
        return syntax.replaced(syntax.read(only), {**meanings, **sources})

    def by_name(self, scope: Scope, entry: Entry, name: str, inputs: list[Any]) -> dict[str, Any]:
        """Sizes that have names; a batch that follows from the others is left to torch."""
        setting, field = entry.settings[name], KINDS[entry.kind].fields[name]
        copies = scope.copies(entry)
        found: dict[str, Any] = {}
        for key, item in setting.content.items():
            if BATCH not in item.names() - {*scope.arguments}:
                tree = scope.setting(item, field, copies)
                found[f"{name}.{key}"] = self.in_forward(f"{entry.name}_{key}", tree)
            elif all(copy.layer.infers(key) for copy in copies):
                found[f"{name}.{key}"] = Number(-1)
            else:
                found[f"{name}.{key}"] = self.batch_alone(scope, item, copies, inputs)
        return found

    def with_batch(self, scope: Scope, entry: Entry, name: str, inputs: list[Any]) -> Any:
        """Sizes in which the batch is written: that of an input of the entry, or of the network.

        Of a reshape without a -1 it is what is left.
        """
        setting, field = entry.settings[name], KINDS[entry.kind].fields[name]
        items = setting.items() or [setting]
        with_it = [item for item in items if BATCH in item.names()]
        is_left = entry.kind == "Reshape" and len(with_it) == 1
        is_left = is_left and all(item.content != -1 for item in items)
        copies = scope.copies(entry)
        batch = self.batch(copies, inputs, is_left=is_left)
        if batch is None or not (is_left or all(map(_is_batch_alone, with_it))):
            raise self.no_batch(scope, setting)
        found = []
        for i, item in enumerate(items):
            if item not in with_it:
                tree = scope.setting(item, field, copies)
                found.append(self.in_forward(f"{entry.name}_{name}_{i}", tree))
            else:
                found.append(batch if _is_batch_alone(item) else Number(-1))
        return syntax.Sequence(tuple(found))

    def batch_alone(
        self, scope: Scope, item: Setting, copies: Sequence[Copy], inputs: list[Any]
    ) -> Any:
        """A size that is the batch."""
        batch = self.batch(copies, inputs, is_left=False)
        if batch is None or not _is_batch_alone(item):
            raise self.no_batch(scope, item)
        return batch

    def no_batch(self, scope: Scope, setting: Setting) -> EmitError:
        """The error that nothing tells the batch where a setting asks for it."""
        hint = "write -1 for it, or for another size"
        return scope.error(setting.mark, "the batch is not known here", hint)

    def batch(self, copies: Sequence[Copy], inputs: list[Any], *, is_left: bool) -> Any | None:
        """The batch, as the first size of what holds it; None if that is not known."""
        for i, tensor in enumerate(inputs):
            if all(_is_batch(self.scope, copy, copy.built.inputs[i].shape[0]) for copy in copies):  # type: ignore[union-attr]
                return _first_size(tensor)
        if is_left:
            return Number(-1)
        first = next(iter(self.inputs.values()), None)
        fed = [copy.inside.letters.get(BATCH) for copy in copies]
        own = [untraced(size) for size, copy in zip(fed, copies) if not copy.changed]
        if first is None or any(size != self.scope.known.values[BATCH] for size in own):
            return None
        if self.batch_size is None:
            self.batch_size = self.forward.variable("batch")
            kept = Assign(Name(self.batch_size, 0), _first_size(Name(first, 0)))
            self.forward.first.append(kept)
        return Name(self.batch_size, 0)

    def only(self, scope: Scope, entry: Entry, texts: set[str]) -> str:
        """The one text for all uses."""
        if len(texts) > 1:
            message = f"{entry.kind} has settings that change from use to use"
            raise scope.error(entry.mark, message, "write it for each use on its own")
        return texts.pop()

    # -- values of the constructor in forward -----------------------------------------------------

    def is_of_constructor(self, tree: Any) -> bool:
        """Whether an expression has names that only the constructor knows."""
        own = {self.scope.parameters.get(name, name) for name in self.scope.allowed}
        return bool(syntax.names(tree) & {"index", *own, *self.scope.owner.extras})

    def in_forward(self, name: str, tree: Any) -> Any:
        """A value that the constructor knows for forward: kept in an attribute, if it has to be."""
        if isinstance(tree, syntax.Sequence):
            items = (self.in_forward(f"{name}_{i}", each) for i, each in enumerate(tree.items))
            return syntax.Sequence(tuple(items), tree.brackets)
        if self.sizes_in(tree):
            return self.with_sizes(name, tree)
        if not self.is_of_constructor(tree):
            return tree
        if "index" in syntax.names(tree):
            return self.by_index(name, tree)
        if not _is_plain(tree) or (self.within and self.is_worked_out(tree)):
            return self.computed(name, tree)
        return syntax.changed(tree, self.setting)

    def is_worked_out(self, tree: Any) -> bool:
        """Whether there is an argument in it that may have a value only where a condition holds."""
        defaults = [self.scope.arguments.get(name) for name in syntax.names(tree)]
        return any(each is not None and not each.is_constant for each in defaults)

    def setting(self, tree: Any) -> Any | None:
        """The attribute of its own name that a parameter is kept in; None of what is none."""
        if not isinstance(tree, Name):
            return None
        if tree not in self.kept:
            self.kept[tree] = self.attribute(tree.name)
            self.settings.append(Assign(self.kept[tree], tree))
        return self.kept[tree]

    def computed(self, name: str, tree: Any) -> Any:
        """The attribute that what the constructor computes is kept in."""
        if tree in self.kept:
            return self.kept[tree]
        attribute = self.attribute(name)
        self.init.append(Assign(attribute, tree))
        if not self.within:
            self.kept[tree] = attribute
        return attribute

    def by_index(self, name: str, tree: Any) -> Any:
        """What is different for each copy, of which forward knows the number."""
        attribute = self.attribute(name)
        if self.loop_count is None:
            self.init.append(Assign(attribute, tree))
            return attribute
        loop = syntax.Loop(tree, "index", syntax.call("range", self.loop_count))
        self.init.append(Assign(attribute, syntax.Sequence((loop,), "[]")))
        return syntax.Item(attribute, Name("index", 0))

    def sizes_in(self, tree: Any) -> set[str]:
        """The arguments in an expression that are sizes of the input, which forward sees."""
        own = {self.scope.parameters.get(name, name) for name in self.scope.owner.seen}
        return own & syntax.names(tree) if "input" in self.inputs else set()

    def with_sizes(self, name: str, tree: Any) -> Any:
        """An expression in which sizes of the input are variables of forward."""
        if isinstance(tree, Name):
            if tree.name not in self.sizes:
                self.sizes[tree.name] = self.forward.variable(tree.name)
                place = Number(AXES[self.scope.owner.seen[tree.name]])
                shape = Attribute(Name(self.inputs["input"], 0), "shape")
                size = Assign(Name(self.sizes[tree.name], 0), syntax.Item(shape, place))
                self.forward.first.append(size)
            return Name(self.sizes[tree.name], 0)

        def change(node: Any) -> Any:
            return None if node is tree else self.in_forward(name, node)

        return syntax.changed(tree, change)

    def attribute(self, name: str) -> Any:
        """A new attribute for something that is no submodule."""
        while name in self.attributes or clash(name):
            name += "_"
        self.attributes.add(name)
        return syntax.own(name)

    def home(self, name: str) -> Any:
        """The attribute that a submodule is; one with a number has to be asked for."""
        if name.isdigit():
            return syntax.call("self.get_submodule", syntax.Text(name))
        return syntax.own(name)

    # -- branches ---------------------------------------------------------------------------------

    def branches(
        self, scope: Scope, entry: Entry, branches: list[Branch], source: str
    ) -> list[Any]:
        """Write the branches of a join; what holds what they put out."""
        insides = self.scope.known.branches(entry, scope.holders)
        inner = [scope.inner(b.entries, holders) for b, holders in zip(branches, insides)]
        if branches[0].name is None:
            return self.listed(scope, entry, inner, source)
        found: list[Any] = []
        for branch, own in zip(branches, inner):
            assert branch.name is not None
            self.check_name(branch.name, branch.mark)
            variable = self.named_branch(branch.name, own, source)
            self.forward.variables[branch.name] = variable
            found.append(Name(variable, 0))
        return found

    def named_branch(self, name: str, scope: Scope, source: str) -> str:
        """Write one branch with a name; the variable that holds what it puts out."""
        if not any(holder.part.children for holder in scope.holders):
            scope.check_left_out([])
            return source
        if not any(_has_modules(holder.part) for holder in scope.holders):
            return self.inline(scope, source, self.forward.variable(name))
        attribute = self.home(name)
        variable = self.forward.variable(name)
        ahead, scope = _functions_ahead(scope)
        if ahead is not None:
            source = self.inline(ahead, source, variable)
        called = self.branch_module(scope, attribute, name, source)
        self.forward.assign(variable, called, Shapes(scope).of_lists())
        return variable

    def inline(self, scope: Scope, source: str, variable: str) -> str:
        """Write a list of functions, which needs no class; the variable that holds its output."""
        with self.forward.inner():
            self.shared = self.shared.new_child()
            found = self.chain(scope, source, variable, frozenset())
            self.shared = self.shared.parents
        return found

    def branch_module(self, scope: Scope, attribute: Any, name: str, source: str) -> Any:
        """Make the module of a branch; its call."""
        if _is_chain(scope):
            members, optional = self.members(scope)
            self.init.append(Assign(attribute, members))
            for condition, member, made in optional:
                added = syntax.call(Attribute(attribute, "add_module"), syntax.Text(member), made)
                self.init.append(Do(added) if condition is None else If(condition, (Do(added),)))
            return syntax.call(attribute, Name(source, 0))
        part = self.classes.part(self, scope, name)
        self.init.append(Assign(attribute, part.made))
        self.tie_inside(attribute, part.ties, is_repeated=False)
        return syntax.call(attribute, Name(source, 0), *self.free(part.free))

    def free(self, names: list[str]) -> list[Any]:
        """The variables that a part is given besides its input."""
        missing = [name for name in names if name not in self.forward.variables]
        assert not missing, missing
        return [Name(self.forward.variables[name], 0) for name in names]

    def members(self, scope: Scope) -> tuple[Any, list[tuple[Any, str, Any]]]:
        """The Sequential of a chain, and what is added to it, with conditions, where some are."""
        built = [each for each in scope.entries if scope.is_built(each)]
        scope.check_left_out(built)
        made: list[tuple[Any, str, Any]] = []
        for entry in built:
            self.check_name(entry.name, entry.mark)
            condition = scope.presence(entry, is_missed=False)
            made.append((condition, entry.name, self.module(scope, entry)))
        if all(condition is None for condition, _, _ in made):
            return sequential_of([(name, tree) for _, name, tree in made]), []
        return syntax.call("nn.Sequential"), made

    def numbered(self) -> list[Any] | None:
        """The modules of a list that is a Sequential: a chain in which names are places."""
        entries = [each for each in self.scope.entries if self.scope.is_built(each)]
        places = [str(i) for i in range(len(entries))]
        if [each.name for each in entries] != places or not entries or not _is_chain(self.scope):
            return None
        if any(self.scope.presence(each, is_missed=False) is not None for each in entries):
            return None
        self.scope.check_left_out(entries)
        return [self.module(self.scope, entry) for entry in entries]

    def module(self, scope: Scope, entry: Entry) -> Any:
        """The call that makes an entry, in a Sequential if it is repeated."""
        constructor = self.constructor.inner(scope)
        one = constructor.one(entry)
        if not scope.is_repeated(entry):
            return one
        self.require(scope, entry)
        return constructor.copies(entry, one)

    def listed(self, scope: Scope, entry: Entry, inner: list[Scope], source: str) -> list[Any]:
        """Branches without names, which are items of a list in the join's name."""
        attribute: Any = syntax.SELF if self.is_list else self.home(entry.name)
        made: list[Any] = []
        found: list[Any] = []
        ties: list[tuple[Any, list[Tie]]] = []
        for i, each in enumerate(inner):
            item = syntax.Item(attribute, Number(i))
            module: Any = syntax.call("nn.Identity")
            if not any(holder.part.children for holder in each.holders):
                each.check_left_out([])
                found.append(Name(source, 0))
            elif not any(_has_modules(holder.part) for holder in each.holders):
                variable = self.forward.variable(f"{entry.name}_{i}")
                found.append(Name(self.inline(each, source, variable), 0))
            elif _is_chain(each) and all(e.when is None for e in each.entries):
                module = self.members(each)[0]
                found.append(syntax.call(item, Name(source, 0)))
            else:
                part = self.classes.part(self, each, f"{entry.name}_branch")
                module = part.made
                ties.append((item, part.ties))
                found.append(syntax.call(item, Name(source, 0), *self.free(part.free)))
            made.append(module)
        if any(module != syntax.call("nn.Identity") for module in made):
            items = syntax.Sequence(tuple(made), "[]")
            if self.is_list:
                self.init.append(
                    Do(syntax.call(Attribute(syntax.call("super"), "__init__"), items))
                )
            else:
                self.init.append(Assign(attribute, syntax.call("nn.ModuleList", items)))
        for item, own in ties:
            self.tie_inside(item, own, is_repeated=False)
        return found

    # -- copies -----------------------------------------------------------------------------------

    def require(self, scope: Scope, entry: Entry) -> None:
        """Ask for at least one copy of an entry where sizes hang on that."""
        if entry in scope.known.required:
            count = scope.count(entry)
            if "index" not in syntax.names(count):
                self.checks.append(count)

    def repeated(self, scope: Scope, entry: Entry, sources: list[str], target: str) -> Any | None:
        """Write the copies of an entry; the attribute that holds them, if they are submodules."""
        self.require(scope, entry)
        if entry.share is not None and entry.branches is None:
            other = self.shared.get(entry.share.name)
            if other is not None and self.is_same(scope, entry, other):
                self.loop(
                    scope,
                    entry,
                    sources,
                    target,
                    lambda given: self.call(scope, entry, other.attribute, given),
                )
                return None
        if entry.branches is not None:
            return self.repeated_join(scope, entry, sources, target)
        if entry.block is None and not KINDS[entry.kind].in_torch:
            self.loop(
                scope, entry, sources, target, lambda given: self.function(scope, entry, given)
            )
            return None
        constructor = self.constructor.inner(scope)
        one = constructor.one(entry)
        attribute = self.home(entry.name)
        self.shared[entry.name] = Shared(attribute, entry, scope)
        comment = Shapes(scope).behind(entry)
        asked = self.wanted(entry)
        if is_run_plainly(entry) and len(sources) == 1 and entry.share is None:
            self.init.append(Assign(attribute, constructor.copies(entry, one)))
            if asked:
                self.sliced(attribute, entry, sources[0], target, [int(each) for each in asked])
            else:
                called = syntax.call(attribute, Name(sources[0], 0))
                self.forward.assign(target, called, comment)
            return attribute
        made = constructor.copies(entry, one, "nn.ModuleList")
        self.init.append(Assign(attribute, made))
        if entry.share is not None:
            self.tie_copies(scope, entry, attribute)
        self.modules_loop(
            attribute,
            made,
            entry,
            sources,
            target,
            lambda each, given: self.call(scope, entry, each, given),
        )
        return attribute

    def tie_copies(self, scope: Scope, entry: Entry, attribute: Any) -> None:
        """Let all copies use the weights of one earlier submodule."""
        assert entry.share is not None
        each = Name("each", 0)
        paths = _state(scope.copies(entry)[:1])
        ties = [Tie(path, f"{entry.share.name}:{path}") for path in paths]
        body: list[Statement] = []
        for tie in ties:
            other = self.shared.get(entry.share.name)
            if other is None:
                message = "copies cannot use weights of a layer in another class"
                raise scope.error(entry.share.mark, message, "put it in a block, and repeat that")
            body.append(Assign(_below(each, tie.path), _below(other.attribute, tie.path)))
        self.init.append(For(each, attribute, tuple(body)))

    def sliced(
        self, attribute: Any, entry: Entry, source: str, target: str, asked: list[int]
    ) -> None:
        """Run copies of which the outputs of some are asked for by their numbers."""
        start = 0
        for number in sorted(asked):
            variable = self.forward.variable(f"{entry.name}_{number}")
            part = syntax.Slice(Number(start) if start else None, Number(number + 1), None)
            called = syntax.call(syntax.Item(attribute, part), Name(source, 0))
            self.forward.assign(variable, called)
            self.forward.variables[f"{entry.name}.{number}"] = source = variable
            start = number + 1
        rest = syntax.Item(attribute, syntax.Slice(Number(start), None, None))
        self.forward.assign(target, syntax.call(rest, Name(source, 0)))

    def modules_loop(
        self, attribute: Any, made: Any, entry: Entry, sources: list[str], target: str, run: Any
    ) -> None:
        """Run copies that are submodules one after another."""
        variable = self.forward.variable(entry.name)
        items = attribute
        if made.function == syntax.name("nn.ModuleDict"):
            items = syntax.call(Attribute(attribute, "values"))
        if target == "_":
            target = self.forward.variable(entry.name)
        self.start(sources, target)
        each = Name(variable, 0)
        with self.forward.apart() as body:
            if len(sources) == 1:
                self.passed(entry, run(each, [Name(target, 0)]), target)
            else:
                self.first_or_later(entry, sources, target, lambda given: run(each, given))
        if len(sources) == 1:
            self.forward.body.append(For(each, items, tuple(body)))
            return
        both = syntax.Sequence((Name("index", 0), each))
        self.forward.body.append(For(both, syntax.call("enumerate", items), tuple(body)))

    def first_or_later(self, entry: Entry, sources: list[str], target: str, run: Any) -> None:
        """Run a copy that takes several inputs if it is the first, else what the last put out."""
        is_first = Comparison(Name("index", 0), (("==", Number(0)),))
        with self.forward.apart() as first:
            self.passed(entry, run([Name(source, 0) for source in sources]), target)
        with self.forward.apart() as later:
            self.passed(entry, run([Name(target, 0)]), target)
        self.forward.body.append(If(is_first, tuple(first), tuple(later)))

    def start(self, sources: list[str], target: str) -> None:
        """Let a loop's variable begin with what comes in."""
        if sources[0] != target and len(sources) == 1:
            self.forward.assign(target, Name(sources[0], 0))

    def loop(self, scope: Scope, entry: Entry, sources: list[str], target: str, run: Any) -> None:
        """Run what has no modules of its own as often as there are copies."""
        if target == "_":
            target = self.forward.variable(entry.name)
        self.start(sources, target)
        count = scope.count(entry)
        before, self.loop_count = self.loop_count, count
        with self.forward.apart() as body:
            if len(sources) == 1:
                self.passed(entry, run([Name(target, 0)]), target)
            else:
                self.first_or_later(entry, sources, target, run)
        self.loop_count = before
        self.counted(scope, entry, count, body)

    def counted(self, scope: Scope, entry: Entry, count: Any, body: list[Statement]) -> None:
        """Run statements of forward as often as there are copies of an entry."""
        condition = scope.copy_condition(entry)
        if condition is None:
            numbers = syntax.call("range", self.in_forward(f"{entry.name}_repeat", count))
        else:
            numbers = self.attribute(f"{entry.name}_copies")
            test = scope.tested(condition)
            loop = syntax.Loop(Name("index", 0), "index", syntax.call("range", count), test)
            self.init.append(Assign(numbers, syntax.Sequence((loop,), "[]")))
        index = "index" if "index" in syntax.names(*body) else "_"
        if body:
            self.forward.body.append(For(Name(index, 0), numbers, tuple(body)))

    def repeated_join(
        self, scope: Scope, entry: Entry, sources: list[str], target: str
    ) -> Any | None:
        """Write the copies of a join with branches: a class for one, or a loop of functions."""
        assert entry.branches is not None
        holders = scope.known.copy_holders(entry, scope.holders)
        inner = scope.inner([entry], holders, single=entry)
        if not any(_has_modules(holder.part) for holder in holders):
            self.loop(
                inner_of(scope),
                entry,
                sources,
                target,
                lambda given: self.one_join(inner, entry, given, target),
            )
            return None
        part = self.classes.part(self, inner, entry.name)
        attribute = self.home(entry.name)
        self.shared[entry.name] = Shared(attribute, entry, scope)
        constructor = self.constructor.inner(scope)
        comment = Shapes(scope).behind(entry)
        if part.free:
            made = constructor.copies(entry, part.made, "nn.ModuleList")
            self.init.append(Assign(attribute, made))
            others = self.free(part.free)
            self.modules_loop(
                attribute,
                made,
                entry,
                sources,
                target,
                lambda each, given: syntax.call(each, *given, *others),
            )
        else:
            self.init.append(Assign(attribute, constructor.copies(entry, part.made)))
            called = syntax.call(attribute, Name(sources[0], 0))
            self.forward.assign(target, called, comment)
        self.tie_inside(attribute, part.ties, is_repeated=True)
        return attribute

    def one_join(self, scope: Scope, entry: Entry, given: list[Any], target: str) -> Any:
        """One copy of a join of functions."""
        assert entry.branches is not None
        with self.forward.inner():
            inputs = self.branches(scope, entry, entry.branches, given[0].name)
        return self.function(scope, entry, inputs)


def inner_of(scope: Scope) -> Scope:
    """The scope itself; a loop counts the copies in it."""
    return scope


# -- questions -----------------------------------------------------------------------------------


def is_state(entry: Entry) -> bool:
    """Whether an entry is a tensor that the module holds."""
    return entry.block is None and KINDS[entry.kind].is_state


def _fed(entry: Entry) -> set[str] | None:
    """The names that an entry is fed from; None if it is what comes before it."""
    if entry.sources is not None:
        return {asked_for(each.name) for each in entry.sources}
    takes_nothing = entry.block is None and KINDS[entry.kind].arity[1] == 0
    return set() if takes_nothing else None


def _kept(entries: list[Entry], built: list[Entry], outputs: frozenset[str]) -> set[str]:
    """The entries whose output needs a variable of its own: it is asked for by its name later."""
    found = set(outputs)
    if outputs and built and found == {built[-1].name}:
        found = set()
    built = [each for each in built if not is_state(each)]
    for i, entry in enumerate(built):
        before = {built[i - 1].name} if i else set()
        direct = _fed(entry) or set()
        if i > 1 and _is_beside(built, i - 1) and built[i - 2].name in direct:
            before = {built[i - 2].name}  # what goes on passes by what is made beside it
        found |= direct - before
        for branch in entry.branches or ():
            found |= referenced_inside(branch.entries)
    return found & names_of(entries)


def _is_beside(built: list[Entry], place: int) -> bool:
    """Whether an entry is made beside what goes on, as a shortcut is, and joined right after it."""
    own, entry = built[place].name, built[place]
    before, after = built[place - 1].name, built[place + 1]
    fed = _fed(entry)
    if fed is None or before in fed or not {own, before} <= (_fed(after) or set()):
        return False
    return not any({own, before} & referenced([each]) for each in built[place + 2 :])


def _feeds(built: list[Entry], conditions: list[Any], place: int) -> bool:
    """Whether what follows an entry takes its output without a name, or may."""
    name = built[place].name
    for i in range(place + 1, len(built)):
        fed = _fed(built[i])
        if fed is None or name in fed:
            return True
        passes = is_state(built[i]) or conditions[i] is not None
        if not passes and not (i == place + 1 and i + 1 < len(built) and _is_beside(built, i)):
            return False
    return True


def _everything(entries: list[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        for branch in entry.branches or ():
            yield from _everything(branch.entries)


def _is_plain(tree: Any) -> bool:
    """Whether it is a name, with a sign or compared with a number, which forward can do itself."""
    if isinstance(tree, Unary):
        return tree.operator == "-" and isinstance(tree.operand, Name)
    if isinstance(tree, Comparison):
        return isinstance(tree.first, Name) and all(isinstance(e, Number) for _, e in tree.rest)
    return isinstance(tree, Name)


def _is_batch_alone(item: Setting) -> bool:
    return isinstance(item.content, Name) and item.content.name == BATCH


def _is_batch(scope: Scope, copy: Copy, size: Any) -> bool:
    """Whether a size is the network's batch, and no other first size that is called like it."""
    tree = tree_of(size)
    is_called_so = isinstance(tree, Leaf) and tree.letter == BATCH
    return is_called_so and (bool(copy.changed) or untraced(size) == scope.known.values[BATCH])


def _first_size(tensor: Any) -> Any:
    return syntax.replaced(syntax.read("_tensor_.shape[0]"), {"_tensor_": tensor})


def _functions_ahead(scope: Scope) -> tuple[Scope | None, Scope]:
    """The functions that a list begins with, if what follows them is a chain, and that."""
    entries = [entry for entry in scope.entries if scope.is_built(entry)]
    count = 0
    while count < len(entries) and _is_plain_function(entries[count]):
        count += 1
    rest = scope.inner(entries[count:], scope.holders)
    if count == 0 or len(entries) < len(scope.entries) or not _is_chain(rest):
        return None, scope
    return scope.inner(entries[:count], scope.holders), rest


def _is_plain_function(entry: Entry) -> bool:
    """Whether an entry is a function of what comes before it, and always there."""
    if entry.block is not None or entry.branches is not None or entry.when or entry.repeat:
        return False
    kind = KINDS[entry.kind]
    return not kind.in_torch and not kind.is_state and _fed(entry) is None


def _is_chain(scope: Scope) -> bool:
    """Whether a list is run as a Sequential runs its modules."""
    return all(
        entry.sources is None
        and entry.branches is None
        and entry.share is None
        and is_run_plainly(entry)
        for entry in scope.entries
        if scope.is_built(entry)
    )


def _returned(entry: Entry, value: Any, wanted: list[str]) -> tuple[Any, Any]:
    """What a call returns, as a pattern of the outputs' names, and the call that returns it."""
    if entry.block is not None:
        return Name(OUTPUT, 0), value
    kind = KINDS[entry.kind]
    told = kind.returns_on_request if wanted and kind.returns_on_request else kind.returns
    pattern = syntax.read(told)
    if not isinstance(pattern, Name) or not wanted:
        return pattern, value
    # pieces, which are numbered: of the call that makes all of them, the function takes one
    if isinstance(value, syntax.Item):
        value = value.owner
    count = max(int(name) for name in wanted) + 1
    names = [OUTPUT, *map(str, range(1, count))]
    return syntax.Sequence(tuple(Name(name, 0) for name in names)), value


def _target(pattern: Any, meanings: dict[str, str]) -> Any:
    """What a call's results are assigned to; what is not asked for to ``_``."""
    if isinstance(pattern, syntax.Sequence):
        items = tuple(_target(each, meanings) for each in pattern.items)
        if all(item == Name("_", 0) for item in items):
            return items[0]
        return syntax.Sequence(items)
    assert isinstance(pattern, Name)
    return Name(meanings.get(pattern.name, "_"), 0)


def _standing_inputs(inputs: list[Any]) -> tuple[list[str], dict[str, Any]]:
    """Names that stand for inputs in a kind's source, and what they mean."""
    meanings = {f"_x{i}_": tree for i, tree in enumerate(inputs)}
    return [*meanings], meanings


def _below(owner: Any, path: str) -> Any:
    """What is found on a path below an owner."""
    for name in path.split("."):
        owner = syntax.Item(owner, Number(int(name))) if name.isdigit() else Attribute(owner, name)
    return owner


def _state(copies: list[Copy]) -> list[str]:
    """The paths of all weights and buffers in what was built, below it."""
    found: dict[str, None] = {}
    for copy in copies:
        built = copy.built
        nodes = [built] if isinstance(built, Node) else [*built.nodes()]
        for node in nodes:
            within = node.path[len(built.path) :].lstrip(".")
            for name in (*node.layer.weights(), *node.layer.buffers()):
                if name in node.tied:
                    found[f"{within}.{name}" if within else name] = None
    return [*found]


def _has_modules(part: Part) -> bool:
    """Whether anything in a branch, or in the copies of an entry, is a module."""
    return any(
        child.layer.in_torch or child.layer.is_state
        if isinstance(child, Node)
        else child.is_use or _has_modules(child)
        for child in part.children
    )


__all__ = [
    "RUNNING",
    "Body",
    "Holder",
    "Shared",
    "Tie",
    "parts_together",
    "returned",
    "without_alias",
]
