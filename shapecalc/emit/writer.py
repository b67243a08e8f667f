"""What stands in a constructor: numbers, settings, and the calls that make submodules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Tree, untraced
from shapecalc.emit.agree import Sample, agree
from shapecalc.emit.letters import KNOWN, Inside
from shapecalc.emit.names import EmitError, clash
from shapecalc.emit.python import (
    as_float,
    exact,
    is_flag,
    replaced,
    settled_choices,
    used,
    whole,
    write,
)
from shapecalc.emit.source import call, literal, loop, sequence
from shapecalc.emit.trees import moved, stated, tree_of
from shapecalc.graph import Node, Part
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import REQUIRED, Field, Flag, PerAxis, SameAs
from shapecalc.layers.field import Number as NumberField
from shapecalc.spec.expression import Call, Expression, evaluate
from shapecalc.spec.parse import TENSOR_NAMES
from shapecalc.spec.problem import Mark
from shapecalc.spec.tree import Block, Entry, Setting

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter

AXES = {"in_channels": 1, "in_height": 2, "in_width": 3, "in_features": -1}
"""The sizes of an incoming tensor that expressions can ask for, and their axes."""


class Written(NamedTuple):
    """A class or function that has been written, and what a call of it has to find.

    ``sizes`` are sizes of the input, ``knobs`` symbols of the spec, and ``extras`` numbers that
    hang on the input's size, known for each use, by the identity of its part. ``given`` are
    arguments whose default does, which every use has to give.
    """

    name: str
    sizes: list[str]
    knobs: list[str]
    extras: dict[str, dict[int, Tree]]
    given: list[str]
    text: list[str]


class Holder(NamedTuple):
    """What holds a list's layers in one use: a part, the use, and the number of the copy."""

    part: Part
    use: Part
    number: int | None = None


class Copy(NamedTuple):
    """One copy of an entry in one use: what was built, and what is known there."""

    built: Node | Part
    use: Part
    inside: Inside
    number: int | None

    def sample(self, value: Any) -> Sample:
        """A number there, which may be traced."""
        inside = self.inside
        return Sample(untraced(value), tree_of(value), inside.letters, self.number, inside.changed)

    @property
    def layer(self) -> Layer:
        """The layer, where it is one."""
        assert isinstance(self.built, Node)
        return self.built.layer


class Tied(Exception):
    """Some number hangs on symbols in a way that no expression tells, so they are no knobs."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = names


class Writer:
    """Writes what can be said in one scope: a block's for all its uses at once, or the network's.

    ``uses`` are the uses of the block, or the whole network, in all the builds there are.
    """

    def __init__(
        self, emitter: Emitter, entries: list[Entry], uses: list[Part], block: Block | None
    ) -> None:
        self.emitter = emitter
        self.entries = entries
        self.uses = uses
        self.block = block
        self.holders = [Holder(use, use) for use in uses]
        self.needed: set[str] = set()
        self.extras: dict[str, dict[int, Tree]] = {}
        self.given: list[str] = []
        self.arguments = block.arguments if block else {}
        names = dict.fromkeys(name for use in uses for name in emitter.inside(use).sizes)
        self.sizes = [name for name in names if name.rstrip("_") in KNOWN]
        self.allowed = frozenset(self.arguments) | emitter.knobs | frozenset(self.sizes)
        self.parameters = emitter.parameters

    def written(self, name: str, text: list[str]) -> Written:
        """What has been written, under its name."""
        sizes = [size for size in self.sizes if size in self.needed]
        return Written(name, sizes, self.knobs(), self.extras, self.given, text)

    def knobs(self) -> list[str]:
        """The symbols of the spec that it needs, those included that defaults are worked out of."""
        symbols = self.emitter.spec.symbols
        for name in reversed(symbols):
            default = self.emitter.derived(name)
            if self.block is None and name in self.needed and default is not None:
                self.needed |= default.names() & self.emitter.knobs
        return [name for name in symbols if name in self.needed and name not in self.arguments]

    def error(self, mark: Mark, message: str, *notes: str) -> EmitError:
        """The error that something cannot be written."""
        return EmitError(self.emitter.spec.source, mark, message, *notes)

    # -- what was built -----------------------------------------------------------------------

    def copy(self, built: Node | Part, use: Part, number: int | None) -> Copy:
        """What was built somewhere in a use."""
        return Copy(built, use, self.emitter.inside(use), number)

    def copies(self, entry: Entry, holders: Iterable[Holder]) -> Iterator[Copy]:
        """What was built of an entry in all uses, copy by copy."""
        for holder in holders:
            for child in _built(holder, entry):
                if entry.repeat is None:
                    yield self.copy(child, holder.use, holder.number)
                    continue
                assert isinstance(child, Part)
                for each in _built(Holder(child, holder.use), entry):
                    yield self.copy(each, holder.use, int(each.path.rpartition(".")[2]))

    def is_base(self, copy: Copy) -> bool:
        """Whether it is of the build with the symbols' own values."""
        return not copy.inside.changed

    # -- numbers ------------------------------------------------------------------------------

    def number(self, samples: list[Sample], copies: list[Copy], field: str, mark: Mark) -> str:
        """A number as source; what hangs on the input's size becomes a parameter."""
        found = agree(samples, self.allowed)
        if found is not None:
            return self.text(found, samples)
        if self.block is None or any(each.number is not None for each in samples):
            self.check_tied(samples)
            message = f"{field} differs from copy to copy in a way that no expression tells"
            raise self.error(mark, message, "write the copies one by one")
        within = copies[0].built.path[len(copies[0].use.path) + 1 :]
        name = f"{within.replace('.', '_')}_{field}"
        while name in self.arguments:
            name += "_"
        own = self.extras.setdefault(name, {})
        for each, copy in zip(samples, copies):
            own[id(copy.use)] = each.tree
        return name

    def check_tied(self, samples: list[Sample]) -> None:
        """Find the symbols whose values decide that no expression is right."""
        base = [each for each in samples if not each.changed]
        if base and agree(base, self.allowed) is None:
            return
        groups = dict.fromkeys(each.changed for each in samples if each.changed)
        for changed in sorted(groups, key=len):
            if agree([s for s in samples if s.changed <= changed], self.allowed) is None:
                raise Tied(changed)
        raise Tied(frozenset().union(*groups))

    def text(self, tree: Expression, samples: Iterable[Sample]) -> str:
        """An expression for a whole number as source."""
        self.needed |= used(tree) - {"index"}
        return write(whole(tree, self.fractions(tree, samples)), self.parameters)

    def fractions(self, tree: Expression, samples: Iterable[Sample]) -> set[str]:
        """The names in an expression that stand for fractions somewhere."""
        names = used(tree)
        letters = [each.letters for each in samples]
        return {
            name for name in names if any(isinstance(one.get(name), Fraction) for one in letters)
        }

    # -- settings -----------------------------------------------------------------------------

    def setting(
        self, setting: Setting, field: Field | None, copies: list[Copy], *, as_number: bool = False
    ) -> str:
        """A setting as source. Expressions stay expressions.

        Without a field it is a block's argument, exact unless it is used ``as_number`` only.
        """
        if setting.kind == Setting.CONSTANT:
            return literal(_in_python(setting.content), exact=field is None and not as_number)
        if setting.kind == Setting.LIST:
            items = [
                self.setting(item, field, copies, as_number=as_number) for item in setting.content
            ]
            is_one = field is not None and isinstance(field.type, PerAxis) and len(items) == 1
            return items[0] if is_one else sequence(items)
        tree = self.meant(setting, copies)
        if not used(tree):
            value = _value(tree, copies[0].sample(0))
            is_flag_field = field is not None and isinstance(field.type, Flag)
            return literal(bool(value) if is_flag_field else value, exact=field is None)
        return write(self.in_python(tree, field, copies, as_number), self.parameters)

    def meant(self, setting: Setting, copies: list[Copy]) -> Expression:
        """An expression with names that mean nothing here replaced by what they stand for."""
        meanings: dict[str, Expression] = {}
        for name in used(setting.content) - {"index"}:
            if name in TENSOR_NAMES and name not in self.arguments:
                meanings[name] = self.tensor_size(name, setting.mark, copies)
            elif name not in self.allowed:
                meanings[name] = stated(self.emitter.values[name])
        tree = settled_choices(replaced(setting.content, meanings))
        self.needed |= used(tree) - {"index"}
        return tree

    def in_python(
        self, tree: Expression, field: Field | None, copies: list[Copy], as_number: bool
    ) -> Expression:
        """An expression of the type that its field takes."""
        samples = [copy.sample(0) for copy in copies]
        fractions = self.fractions(tree, samples)
        if as_number or (field is not None and isinstance(field.type, NumberField)):
            numbers = self.emitter.numbers(self.block)
            return as_float(tree, {name for name in fractions if name not in numbers})
        values = [_value(tree, each) for each in samples]
        if any(isinstance(value, bool) for value in values) or (
            field is not None and isinstance(field.type, Flag)
        ):
            flags = all(
                isinstance(each.letters.get(name), bool) for each in samples for name in used(tree)
            )
            return tree if flags or is_flag(tree) else Call("bool", (exact(tree, fractions),))
        if field is not None or all(isinstance(value, int) for value in values):
            return whole(tree, fractions)
        return exact(tree, fractions)

    def tensor_size(self, name: str, mark: Mark, copies: list[Copy]) -> Expression:
        """A size of the incoming tensor that an expression asks for."""
        samples = [self.incoming(name, copy) for copy in copies]
        found = agree(samples, self.allowed)
        if found is None:
            self.check_tied(samples)
            message = f"{name} differs from use to use in a way that no expression tells"
            raise self.error(mark, message, "give the block an argument for it")
        return found

    def incoming(self, name: str, copy: Copy) -> Sample:
        """A size of a copy's input."""
        axis = AXES[name]
        if isinstance(copy.built, Node):
            return copy.sample(copy.built.inputs[0].shape[axis])
        inside = self.emitter.inside(copy.built)
        letter = inside.sizes[axis]
        if copy.built is copy.use:
            value = inside.letters[letter]
            return copy.sample(value)._replace(tree=Leaf(letter, value))
        return self.outside(letter, copy)

    def outside(self, letter: str, copy: Copy) -> Sample:
        """What a letter inside a use of a block is, told in the letters around it."""
        inside = self.emitter.inside(copy.built)
        sample = copy.sample(inside.letters[letter])
        return sample._replace(tree=inside.outside[letter])

    def condition(self, entry: Entry, holders: list[Holder]) -> str | None:
        """The condition of an entry as source; None if it is always there."""
        if entry.when is None or entry.when.expression is None:
            return None
        copies = list(self.copies(entry, holders))
        tree = self.meant(entry.when, copies)
        if not used(tree):
            return None
        if "index" not in used(tree) or entry.repeat is None:
            self.check_condition(entry, tree, holders)
        samples = [copy.sample(0) for copy in copies]
        return write(exact(tree, self.fractions(tree, samples)), self.parameters)

    def check_condition(self, entry: Entry, tree: Expression, holders: list[Holder]) -> None:
        """A size that a condition asks for must be told right where the entry is left out too."""
        assert entry.when is not None
        for holder in holders:
            is_there = any(True for _ in self.copies(entry, [holder]))
            there = self.copy(holder.part, holder.use, holder.number)
            told = bool(_value(tree, there.sample(0)))
            if told is not is_there and not (told and entry.repeat is not None):
                message = "'when' asks for a size that cannot be told where the entry is left out"
                raise self.error(entry.when.mark, message, "give the block an argument for it")

    def check_left_out(self, entries: list[Entry], built: list[Entry]) -> None:
        """Entries that are left out everywhere must not depend on symbols that may change."""
        for entry in entries:
            for decisive in (entry.when, entry.repeat):
                if entry not in built and decisive is not None:
                    names = decisive.names() & self.emitter.knobs - self.arguments.keys()
                    if names:
                        raise Tied(names)

    # -- what makes submodules ----------------------------------------------------------------

    def check_name(self, name: str, mark: Mark) -> None:
        """Refuse a name that an attribute of a module cannot have."""
        if why := clash(name):
            raise self.error(mark, why, "choose another name")

    def chained(
        self, entries: list[Entry], holders: list[Holder]
    ) -> list[tuple[Entry, str, str | None]]:
        """The calls that make the entries of a chain, those that may be left out with a condition.

        Entries that are left out in every use are not among them.
        """
        built = [each for each in entries if any(True for _ in self.copies(each, holders))]
        self.check_left_out(entries, built)
        made = []
        for entry in built:
            self.check_name(entry.name, entry.mark)
            condition = self.condition(entry, holders)
            if entry.repeat is not None and "index" in words(condition or ""):
                condition = None  # it is that of single copies
            made.append((entry, self.module(entry, holders), condition))
        return made

    def module(self, entry: Entry, holders: list[Holder]) -> str:
        """The call that makes an entry, in a Sequential if it is repeated."""
        one = self.one(entry, holders)
        if entry.repeat is None:
            return one
        return self.repeated(entry, holders, one, "nn.Sequential")

    def one(self, entry: Entry, holders: list[Holder]) -> str:
        """The call that makes one copy of an entry."""
        copies = list(self.copies(entry, holders))
        return self.use(entry, copies) if entry.block else self.layer(entry, copies)

    def repeated(self, entry: Entry, holders: list[Holder], one: str, container: str) -> str:
        """The call that makes all copies of an entry, in a container."""
        condition = self.copy_condition(entry, holders)
        numbers = f"range({self.count(entry, holders)})"
        if condition is None:
            each = loop(one, "index" if "index" in words(one) else "_", numbers)
            return (
                f"{container}(*({each}))"
                if container == "nn.Sequential"
                else f"{container}({each})"
            )
        keyed = loop(f"(str(index), {one})", "index", numbers, condition)
        made = f"OrderedDict({keyed})"
        return call(container if container == "nn.Sequential" else "nn.ModuleDict", [made])

    def copy_condition(self, entry: Entry, holders: list[Holder]) -> str | None:
        """The condition by which single copies of a repeated entry are left out, as source."""
        condition = self.condition(entry, holders)
        return condition if condition and "index" in words(condition) else None

    def count(self, entry: Entry, holders: list[Holder]) -> str:
        """How often an entry is repeated, as source."""
        assert entry.repeat is not None
        copies = [copy._replace(number=None) for copy in self.copies(entry, holders)]
        first: dict[int, Copy] = {}
        for copy in copies:
            first.setdefault(id(copy.use), copy)
        return self.setting(entry.repeat, None, list(first.values()))

    def layer(self, entry: Entry, copies: list[Copy]) -> str:
        """The call that makes a layer; what torch takes by default is left out."""
        kind = KINDS[entry.kind]
        given: dict[str, str] = {}
        for name, field in kind.fields.items():
            if name in entry.settings:
                if not _is_default(entry, field, copies[0].layer):
                    given[name] = self.setting(entry.settings[name], field, copies)
            elif field.infer is not None:
                if not _is_inferred_by_torch(field, copies):
                    given[name] = self.inferred(entry, name, copies)
            elif not _is_default(entry, field, copies[0].layer):
                given[name] = _literal(getattr(copies[0].layer, name), field)
        return kind.constructor(given)

    def inferred(self, entry: Entry, name: str, copies: list[Copy]) -> str:
        """A field that follows from the input, as source."""
        values = [getattr(copy.layer, name) for copy in copies]
        if not isinstance(values[0], tuple):
            samples = [copy.sample(value) for copy, value in zip(copies, values)]
            return self.number(samples, copies, name, entry.mark)
        items = []
        for i in range(len(values[0])):
            samples = [copy.sample(value[i]) for copy, value in zip(copies, values)]
            items.append(self.number(samples, copies, f"{name}_{i}", entry.mark))
        return items[0] if len(items) == 1 else f"({', '.join(items)})"

    def use(self, entry: Entry, copies: list[Copy]) -> str:
        """The call that makes a use of a block."""
        assert entry.block is not None
        written = self.emitter.block(entry.block)
        names = self.emitter.parameters
        positional = [
            self.number([self.outside(name, copy) for copy in copies], copies, name, entry.mark)
            for name in written.sizes
        ]
        numbers = self.emitter.numbers(entry.block)
        named: list[tuple[str, str]] = [
            (names.get(name, name), self.setting(setting, None, copies, as_number=name in numbers))
            for name, setting in entry.settings.items()
        ]
        for name in written.given:
            if name not in entry.settings:
                samples = [self.outside(name, copy) for copy in copies]
                own = names.get(name, name)
                named.append((own, self.number(samples, copies, name, entry.mark)))
        for name in written.knobs:
            if name in self.arguments:
                message = f"argument {name!r} hides the symbol of that name from {entry.kind}"
                raise self.error(entry.mark, message, "give the argument another name")
            self.needed.add(name)
            named.append((names.get(name, name), names.get(name, name)))
        for name, trees in written.extras.items():
            samples = [self.told_outside(trees[id(copy.built)], copy) for copy in copies]
            named.append((name, self.number(samples, copies, name, entry.mark)))
        return call(written.name, positional, named)

    def told_outside(self, tree: Tree, copy: Copy) -> Sample:
        """A number inside a use of a block, told in the letters around it."""
        outside = self.emitter.inside(copy.built).outside

        def meaning(leaf: Leaf) -> Tree:
            return outside.get(leaf.letter, leaf)

        return copy.sample(moved(tree, meaning))

    # -- parameters ---------------------------------------------------------------------------

    def signature(self) -> tuple[list[str], list[str]]:
        """The constructor's parameters, those without a default first, and its first lines.

        A default that is an expression is worked out there, of what was given.
        """
        needed, optional, first = self.argument_parameters()
        for name in self.knobs():
            self.knob_parameter(name, needed, optional, first)
        sizes = [f"{self.parameters.get(n, n)}: int" for n in self.sizes if n in self.needed]
        return [*sizes, *needed, *(f"{n}: int" for n in self.extras), *optional], first

    def argument_parameters(self) -> tuple[list[str], list[str], list[str]]:
        """Those of a block's arguments."""
        needed: list[str] = []
        optional: list[str] = []
        first: list[str] = []
        numbers = self.emitter.numbers(self.block)
        defaults = self.worked_out()
        for name in _settling_order(self.arguments):
            own, default = self.parameters.get(name, name), self.arguments[name]
            typed = f"{own}: {self.annotation(name)}"
            if default is None or name in self.given:
                needed.append(typed)
            elif default.is_constant:
                value = literal(_in_python(default.value({})), exact=name not in numbers)
                optional.append(f"{typed} = {value}")
            elif self.is_given(name):
                optional.append(f"{typed} | None = None")
                first += _defaulted(own, defaults[name]) if name in defaults else []
            elif name in defaults:
                first.append(f"{own} = {defaults[name]}")
        return needed, optional, first

    def worked_out(self) -> dict[str, str]:
        """The defaults that are expressions, of arguments that are needed, as source."""
        found: dict[str, str] = {}
        for name in reversed(_settling_order(self.arguments)):
            default = self.arguments[name]
            if default is None or default.is_constant or name not in self.needed:
                continue
            text = self.default(name, default)
            if text is None:
                self.given.append(name)
            else:
                found[name] = text
        return found

    def default(self, name: str, default: Setting) -> str | None:
        """A default that is an expression, as source; None if it differs from use to use."""
        copies = [self.copy(use, use, None) for use in self.uses]
        as_number = name in self.emitter.numbers(self.block)
        try:
            return self.setting(default, None, copies, as_number=as_number)
        except EmitError:
            return None

    def is_given(self, name: str) -> bool:
        """Whether any use gives an argument."""
        return any(use.entry is not None and name in use.entry.settings for use in self.uses)

    def annotation(self, name: str) -> str:
        """The type of an argument."""
        values = [self.emitter.inside(use).letters[name] for use in self.uses]
        default = self.arguments[name]
        if default is not None and default.is_constant:
            values.append(default.value({}))
        if name in self.emitter.numbers(self.block):
            return "float"
        return " | ".join(sorted({_annotation(value) for value in values}))

    def knob_parameter(
        self, name: str, needed: list[str], optional: list[str], first: list[str]
    ) -> None:
        """The parameter of a symbol; of the network itself, with the value it has."""
        own = self.parameters.get(name, name)
        value = self.emitter.values[name]
        as_number = name in self.emitter.numbers(None)
        kind = "float" if as_number else _annotation(value)
        default = self.emitter.derived(name)
        if self.block is not None:
            needed.append(f"{own}: {kind}")
        elif default is None:
            optional.append(f"{own}: {kind} = {literal(value, exact=not as_number)}")
        else:
            copies = [self.copy(use, use, None) for use in self.uses]
            optional.append(f"{own}: {kind} | None = None")
            first += _defaulted(own, self.setting(default, None, copies, as_number=as_number))


def is_plain(entry: Entry) -> bool:
    """Whether an entry is a module of its own, run as ``module(x)``."""
    return entry.branches is None and entry.share is None and is_run_plainly(entry)


def is_run_plainly(entry: Entry) -> bool:
    """Whether torch runs what an entry makes as ``module(...)``, and needs nothing besides."""
    if entry.block is not None:
        return True
    kind = KINDS[entry.kind]
    return kind.in_torch and kind.call is Layer.call


def is_chained(entry: Entry) -> bool:
    """Whether an entry can stand in a Sequential."""
    return is_plain(entry) and entry.sources is None


def words(text: str) -> set[str]:
    """The words in some source."""
    return set(re.findall(r"\w+", text))


def _value(tree: Expression, sample: Sample) -> Any:
    return evaluate(tree, {**sample.letters, "index": sample.number})


def _defaulted(name: str, text: str) -> list[str]:
    return [f"if {name} is None:", f"    {name} = {text}"]


def _settling_order(arguments: dict[str, Setting | None]) -> list[str]:
    """The arguments, each behind those that its default uses."""
    order: list[str] = []

    def settle(name: str) -> None:
        default = arguments[name]
        for other in arguments:
            if default is not None and other in default.names() and other not in order:
                settle(other)
        order.append(name)

    for name in arguments:
        if name not in order:
            settle(name)
    return order


def _built(holder: Holder, entry: Entry) -> list[Node | Part]:
    """What was built of an entry in a list, or, of a repeated join, in one copy of the list."""
    return [
        child
        for child in holder.part.children
        if child.entry is entry and not (isinstance(child, Part) and child.kind == "branch")
    ]


def _is_inferred_by_torch(field: Field, copies: list[Copy]) -> bool:
    """Whether torch takes the same value for a field if it is not given."""
    values = [getattr(copy.layer, field.name) for copy in copies]
    if isinstance(field.torch_default, SameAs):
        other = field.torch_default.name
        return all(untraced(v) == untraced(getattr(c.layer, other)) for v, c in zip(values, copies))
    return values[0] is None


def _is_default(entry: Entry, field: Field, layer: Layer) -> bool:
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


def _literal(value: Any, field: Field) -> str:
    """A default of a kind's; one axis has one number."""
    is_one = isinstance(field.type, PerAxis) and isinstance(value, tuple) and len(value) == 1
    return literal(_in_python(value[0] if is_one else value))


def _in_python(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(map(_in_python, value))
    return untraced(value)


def _annotation(value: Any) -> str:
    if isinstance(value, list):
        return "tuple[int, ...]"
    if value is None:
        return "None"
    if isinstance(value, str):
        return "str"
    return type(value).__name__
