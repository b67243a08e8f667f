"""What makes submodules: the calls that stand in a constructor, as trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.trace import untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.names import variable
from shapecalc.emitting.numbers.agree import is_right
from shapecalc.emitting.numbers.copies import at_index, rest_of_copies
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.numbers.roles import Role
from shapecalc.emitting.printer import flat
from shapecalc.emitting.scope.outside import outside, told_by_use, told_outside
from shapecalc.emitting.scope.owner import Given, PerCopy, is_size
from shapecalc.emitting.scope.presence import copy_condition, count_of
from shapecalc.emitting.scope.scope import Scope, given, in_python
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.expression import (
    Binary,
    Comparison,
    Conditional,
    Name,
    Number,
    Unary,
)
from shapecalc.language.tree import Block, Entry, Setting
from shapecalc.layers import KINDS, OUTPUT, Layer
from shapecalc.layers.compound import PerAxis
from shapecalc.layers.field import REQUIRED, Field, SameAs
from shapecalc.layers.types import Number as FloatField

FEW = 3
"""Up to how many copies are written out one by one, where they differ."""


class Written(NamedTuple):
    """A class or function that has been written, and what a call of it has to find.

    ``parameters`` are the letters that its constructor takes, in order; ``defaults`` are the
    values of those that need not be given. ``extras`` are numbers that hang on the input's size,
    known for each use that needs them by the identity of its part. ``condition`` says when there
    is anything in it, where all in it hangs on that: a tree in its own letters.
    """

    name: str
    parameters: list[str]
    defaults: dict[str, Any]
    extras: dict[str, dict[int, Given]]
    condition: Any = None


class Constructor:
    """Makes the calls for the entries of a scope; ``block`` writes what makes a block."""

    def __init__(self, scope: Scope, block: Callable[[Block], Written]) -> None:
        self.scope = scope
        self.block = block

    def inner(self, scope: Scope) -> Constructor:
        """The same in a scope inside this one."""
        return Constructor(scope, self.block)

    def one(self, entry: Entry, wanted: Sequence[str] = ()) -> Any:
        """The call that makes one copy of an entry."""
        return self.use(entry) if entry.block is not None else self.layer(entry, wanted)

    # -- layers -----------------------------------------------------------------------------------

    def layer(self, entry: Entry, wanted: Sequence[str] = ()) -> Any:
        """The call that makes a layer; what torch takes by default is left out.

        ``wanted`` are the outputs that are asked for besides the first.
        """
        copies = self.scope.copies(entry)
        kind = KINDS[entry.kind]
        settings: dict[str, Any] = {}
        for name, field in kind.fields.items():
            if name in entry.settings:
                if not is_default(entry, field, copies[0].layer):
                    tree = self.scope.setting(entry.settings[name], field, copies)
                    if not _is_torch_default(tree, field, copies[0].layer):
                        settings[name] = _as_typed(tree, field)
            elif field.infer is not None:
                if not _is_inferred_by_torch(field, copies):
                    settings[name] = self.inferred(entry, name, copies)
            elif not is_default(entry, field, copies[0].layer):
                settings[name] = field_literal(getattr(copies[0].layer, name), field)
        if wanted and kind.requested_by:
            settings[kind.requested_by] = syntax.TRUE
        return made_by(kind, settings)

    def inferred(self, entry: Entry, name: str, copies: list[Copy]) -> Any:
        """A field that follows from the input."""
        values = [getattr(copy.layer, name) for copy in copies]
        if not isinstance(values[0], tuple):
            samples = [copy.sample(value) for copy, value in zip(copies, values)]
            return self.scope.number(samples, copies, name, entry.mark)
        items = []
        for i in range(len(values[0])):
            samples = [copy.sample(value[i]) for copy, value in zip(copies, values)]
            items.append(self.scope.number(samples, copies, f"{name}_{i}", entry.mark))
        return items[0] if len(items) == 1 else syntax.Sequence(tuple(items))

    # -- blocks -----------------------------------------------------------------------------------

    def use(self, entry: Entry) -> Any:
        """The call that makes a use of a block: sizes by position, and what it is named for."""
        assert entry.block is not None
        written = self.block(entry.block)
        found = {name: self.given(entry, name, written) for name in written.parameters}
        arguments = [name for name in found if name in entry.block.arguments]
        required = [name for name in arguments if name not in written.defaults]
        own = self.scope.parameters
        by_place = {
            name
            for name, tree in found.items()
            if (required == [name] or tree == Name(own.get(name, name), 0))
            and name not in written.defaults
        }
        positional: list[Any] = []
        named: list[tuple[str, Any]] = []
        for name, tree in found.items():
            if tree is None:
                continue
            is_first = name not in arguments and is_size(name, entry.block)
            if not named and (name in by_place or is_first):
                positional.append(tree)
            else:
                named.append((self.scope.parameters.get(name, name), tree))
        return syntax.Invoke(Name(written.name, 0), tuple(positional), tuple(named))

    def given(self, entry: Entry, name: str, written: Written) -> Any:
        """What a use gives for a letter inside of the block; None where the default does."""
        assert entry.block is not None
        copies = self.scope.copies(entry)
        scope = self.scope
        if name in written.extras:
            return self.from_extra(entry, name, written.extras[name], copies)
        role = scope.roles.of(entry.block, name)
        if name in entry.settings:
            return scope.argument(entry.settings[name], role, copies)
        if name in entry.block.arguments:
            default = entry.block.arguments[name]
            if name in written.defaults:
                return None
            if default is not None and default.is_constant:
                return scope.argument(default, role, copies)
            if default is not None and default.kind == Setting.LIST:
                return self.list_by_default(entry, name, default, role)
            return self.by_default(entry, name, copies, role)
        if name in scope.known.knobs:
            if name in scope.arguments:
                message = f"argument {name!r} hides the symbol of that name from {entry.kind}"
                raise scope.error(entry.mark, message, "give the argument another name")
            return scope.renamed(Name(name, 0))
        return self.from_outside(entry, name, copies, Role.WHOLE)

    def from_extra(
        self, entry: Entry, name: str, by_use: dict[int, Given], copies: list[Copy]
    ) -> Any:
        """What a use gives for a number, or numbers, that hang on the input's size."""
        scope = self.scope
        known = [copy for copy in copies if id(scope.known.first(copy.built)) in by_use]
        values = [by_use[id(scope.known.first(copy.built))] for copy in known]
        lists = [each for each in values if isinstance(each, PerCopy)]
        if not lists:
            trees = [each for each in values if not isinstance(each, PerCopy)]
            samples = [told_outside(scope, tree, copy) for copy, tree in zip(known, trees)]
            return scope.number(samples, known, name, entry.mark) if known else Number(0)
        items = []
        for i in range(max(len(each.trees) for each in lists)):
            there = [(c, e.trees[i]) for c, e in zip(known, lists) if i < len(e.trees)]
            samples = [told_outside(scope, tree, copy) for copy, tree in there]
            told = scope.number(samples, [copy for copy, _ in there], f"{name}_{i}", entry.mark)
            items.append(told)
        return syntax.Sequence(tuple(items))

    def by_default(self, entry: Entry, name: str, copies: list[Copy], role: Role) -> Any:
        """What the default of an argument, which hangs on others, comes to at one use."""
        assert entry.block is not None
        default = entry.block.arguments[name]
        copies = [c for c in copies if name in self.scope.known.inside(c.built).letters]
        if not copies:
            message = f"argument {name!r} has no value here, and {entry.kind} is made of it"
            raise self.scope.error(entry.mark, message, "give it one, even if nothing asks for it")
        content = default.expression if default is not None else None
        tree = None
        if content is not None:
            tree = told_by_use(self.scope, content, entry, copies)
        samples = [outside(self.scope, name, copy) for copy in copies]
        if tree is None or not is_right(tree, samples):
            return self.from_outside(entry, name, copies, role)
        if not syntax.names(tree):
            return given(samples[0].value, role)
        return self.scope.renamed(self.scope.of_role(tree, role))

    def list_by_default(self, entry: Entry, name: str, default: Setting, role: Role) -> Any:
        """A default that is a list, some of whose items hang on other arguments, at one use."""
        copies = self.scope.copies(entry)
        items = []
        for item in default.content:
            if item.kind == Setting.LIST:
                items.append(self.list_by_default(entry, name, item, role))
            elif item.is_constant:
                items.append(self.scope.argument(item, role, copies))
            else:
                tree = told_by_use(self.scope, item.content, entry, copies)
                if tree is None:
                    message = f"argument {name!r} has a default that no expression tells here"
                    raise self.scope.error(entry.mark, message, "give it one at this use")
                items.append(self.scope.told(tree, role, copies))
        return syntax.Sequence(tuple(items))

    def from_outside(self, entry: Entry, name: str, copies: list[Copy], role: Role) -> Any:
        """A letter inside a block as an expression outside of it."""
        samples = [outside(self.scope, name, copy) for copy in copies]
        values = {sample.value for sample in samples}
        if role == Role.FLAG and len(values) == 1:
            return syntax.literal(bool(values.pop()))
        return self.scope.number(samples, copies, name, entry.mark)

    # -- copies -----------------------------------------------------------------------------------

    def copies(self, entry: Entry, one: Any, container: str = "nn.Sequential") -> Any:
        """The call that makes all copies of an entry, in a container; ``one`` makes one of them."""
        count = count_of(self.scope, entry)
        is_list = container == "nn.ModuleList"
        condition = copy_condition(self.scope, entry)
        places = None if condition is None else places_where(condition, count)
        if places is not None and not is_list:
            return sequential_of([(str(i), at_index(one, i)) for i in places])
        if condition is not None:
            keyed = syntax.Sequence((syntax.call("str", Name("index", 0)), one))
            made = syntax.call("OrderedDict", self.loop(entry, keyed))
            return syntax.call("nn.ModuleDict" if is_list else container, made)
        items = written_out(one, count, is_some=entry in self.scope.known.required)
        if is_list:
            if len(items) == 1 and isinstance(items[0], syntax.Star):
                return syntax.call(container, items[0].items)
            return syntax.call(container, syntax.Sequence(tuple(items), "[]"))
        return syntax.call(container, *items)

    def loop(self, entry: Entry, one: Any) -> syntax.Loop:
        """What there is of each copy of an entry that is there."""
        condition = copy_condition(self.scope, entry)
        test = None if condition is None else self.scope.tested(condition)
        return syntax.Loop(one, "index", syntax.call("range", count_of(self.scope, entry)), test)


def sequential_of(made: list[tuple[str, Any]]) -> Any:
    """A Sequential of modules under their names, or without those that are just their places."""
    if [name for name, _ in made] == [str(i) for i in range(len(made))]:
        return syntax.call("nn.Sequential", *(tree for _, tree in made))
    if not made:
        return syntax.call("nn.Sequential")
    if any(name.isdigit() for name, _ in made):
        pairs = tuple(syntax.Sequence((syntax.Text(name), tree)) for name, tree in made)
        return syntax.call(
            "nn.Sequential", syntax.call("OrderedDict", syntax.Sequence(pairs, "[]"))
        )
    named = syntax.Invoke(Name("OrderedDict", 0), (), tuple(made))
    return syntax.call("nn.Sequential", named)


def places_where(condition: Any, count: Any) -> list[int] | None:
    """The numbers of the copies that are there; None where they are many, or hang on more."""
    if not isinstance(count, Number) or not 0 < count.value <= FEW:
        return None
    if syntax.names(condition) != {"index"}:
        return None
    return [i for i in range(int(count.value)) if truth(evaluate(condition, {"index": i}))]


def written_out(one: Any, count: Any, *, is_some: bool = False) -> list[Any]:
    """The copies of a module: one by one where they are few, else in a loop.

    Where all but the first are alike, that stands before the loop, if there ``is_some``.
    """
    number = int(count.value) if isinstance(count, Number) else None
    by_index = "index" in syntax.names(one)
    if number is not None and 0 < number <= FEW and (by_index or number <= 2):
        return [at_index(one, i) for i in range(number)]
    rest = rest_of_copies(one)
    is_some = is_some or (number is not None and number > 0)
    if is_some and by_index and "index" not in syntax.names(rest):
        first = at_index(one, 0)
        more: Any = Binary("-", count, Number(1)) if number is None else Number(number - 1)
        return [first, syntax.Star(syntax.Loop(rest, "_", syntax.call("range", more)))]
    if number is not None and by_index:
        return [syntax.Star(over_numbers(one, number))]
    running = "index" if by_index else "_"
    return [syntax.Star(syntax.Loop(one, running, syntax.call("range", count)))]


def over_numbers(one: Any, count: int) -> syntax.Loop:
    """A loop over some copies; over the numbers themselves, where these alone tell them apart."""
    lists = {each: numbers_in(each, count) for each in syntax.walk(one)}
    lists = {each: numbers for each, numbers in lists.items() if numbers}

    def told(meanings: dict[Any, Any]) -> Any:
        return syntax.changed(
            one, lambda node: meanings.get(node) if type(node) is Conditional else None
        )

    own = Name(variable("channels", syntax.names(one)), 0)
    rest = told(dict.fromkeys(lists, own))
    if len(lists) == 1 and "index" not in syntax.names(rest):
        return syntax.Loop(rest, own.name, syntax.Sequence(next(iter(lists.values()))))
    items = {each: syntax.Item(syntax.Sequence(f), Name("index", 0)) for each, f in lists.items()}
    return syntax.Loop(told(items), "index", syntax.call("range", Number(count)))


def numbers_in(tree: Any, count: int) -> tuple[Any, ...]:
    """The numbers that conditions tell one by one for all of some copies; none of another tree."""
    found: list[Any] = []
    while isinstance(tree, Conditional):
        if tree.test != Comparison(Name("index", 0), (("==", Number(len(found))),)):
            return ()
        found.append(tree.then)
        tree = tree.otherwise
    found.append(tree)
    is_list = len(found) == count and not syntax.names(*found)
    return tuple(found) if is_list else ()


def made_by(kind: type[Layer], given: dict[str, Any]) -> Any:
    """The call that makes a kind of settings, as the kind says it in source."""
    texts, meanings = in_source(given)
    return syntax.replaced(syntax.read(kind.constructor(texts)), meanings)


def in_source(given: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Settings as a kind takes them, which is source, and what the names in it stand for.

    A setting that has names is one name there; what is plain is told as it is.
    """
    meanings: dict[str, Any] = {}

    def standing(name: str, tree: Any) -> str:
        if not syntax.names(tree):
            return flat(tree)
        if isinstance(tree, syntax.Sequence):
            items = [standing(f"{name}{i}_", item) for i, item in enumerate(tree.items)]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        meanings[name] = tree
        return name

    found = {name: standing(f"_{name.replace('.', '_')}_", tree) for name, tree in given.items()}
    return found, meanings


def is_run_plainly(entry: Entry) -> bool:
    """Whether torch runs what an entry makes as ``module(x)``, and it gives just its output."""
    if entry.block is not None:
        return len(entry.block.outputs) < 2
    kind = KINDS[entry.kind]
    return kind.in_torch and kind.call is Layer.call and kind.returns == OUTPUT


def is_default(entry: Entry, field: Field, layer: Layer) -> bool:
    """Whether torch would take the same value if it were not given."""
    setting = entry.settings.get(field.name)
    default = field.torch_default
    if default is REQUIRED or (setting is not None and not setting.is_constant):
        return False
    value = getattr(layer, field.name)
    if isinstance(default, SameAs):
        same = entry.settings.get(default.name)
        constant = setting is None or (same is not None and same.is_constant)
        return constant and bool(value == getattr(layer, default.name))
    return bool(value == (default if default is None else field.type.read(default, layer.rank)))


def _is_torch_default(tree: Any, field: Field, layer: Layer) -> bool:
    """Whether an expression has come to the value that torch takes if none is given."""
    default = field.torch_default
    if default is REQUIRED or default is None or isinstance(default, SameAs):
        return False
    is_plain = not syntax.names(tree)
    return is_plain and tree in (
        syntax.literal(default),
        field_literal(field.type.read(default, layer.rank), field),
    )


def _as_typed(tree: Any, field: Field) -> Any:
    """A whole number as the float that torch wants, which torch.jit.script is strict about."""
    if not isinstance(field.type, FloatField):
        return tree
    if isinstance(tree, Number):
        return syntax.Constant(float(tree.value))
    is_negative = isinstance(tree, Unary) and isinstance(tree.operand, Number)
    return Unary(tree.operator, _as_typed(tree.operand, field)) if is_negative else tree


def _is_inferred_by_torch(field: Field, copies: list[Copy]) -> bool:
    """Whether torch takes the same value for a field if it is not given."""
    values = [getattr(copy.layer, field.name) for copy in copies]
    if isinstance(field.torch_default, SameAs):
        other = field.torch_default.name
        return all(untraced(v) == untraced(getattr(c.layer, other)) for v, c in zip(values, copies))
    return values[0] is None


def field_literal(value: Any, field: Field) -> Any:
    """A value of a kind's field; one axis has one number."""
    is_one = isinstance(field.type, PerAxis) and isinstance(value, tuple) and len(value) == 1
    return syntax.literal(in_python(value[0] if is_one else value))
