"""The calls that make submodules, as they stand in a constructor."""

from __future__ import annotations

from typing import Any

from shapecalc.algebra.trace import Leaf, Tree, untraced
from shapecalc.emit.agree import Sample
from shapecalc.emit.names import clash
from shapecalc.emit.parameters import Parameters, operand
from shapecalc.emit.source import call, literal, loop
from shapecalc.emit.trees import moved
from shapecalc.emit.values import Copy, Holder, Tied, in_python, words
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Entry
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import REQUIRED, Field, PerAxis, SameAs


class Writer(Parameters):
    """Writes what constructors hold, of a class or of a function that makes a Sequential."""

    def check_name(self, name: str, mark: Mark) -> None:
        """Refuse a name that an attribute of a module cannot have."""
        if why := clash(name):
            raise self.error(mark, why, "choose another name")

    def check_left_out(self, entries: list[Entry], built: list[Entry]) -> None:
        """Entries that are left out everywhere must not depend on symbols that may change."""
        for entry in entries:
            for decisive in (entry.when, entry.repeat):
                if entry not in built and decisive is not None:
                    names = decisive.names() & self.emitter.knobs - self.arguments.keys()
                    if names:
                        raise Tied(names)

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
            condition = self.presence(entry, holders, is_missed=False)
            made.append((entry, self.module(entry, holders), condition))
        return made

    def presence(self, entry: Entry, holders: list[Holder], *, is_missed: bool) -> str | None:
        """The condition that an entry is there, as source; None if it is, or is not missed.

        An entry without copies is missed where its output is kept, or where what it passes on is
        not what came before it.
        """
        condition = self.condition(entry, holders)
        if entry.repeat is None:
            return condition
        is_of_copies = condition is not None and "index" in words(condition)
        if not is_missed or all(any(True for _ in self.copies(entry, [h])) for h in holders):
            return None if is_of_copies else condition
        count = self.count(entry, holders)
        if is_of_copies:
            return f"any({loop(condition or '', 'index', f'range({count})')})"
        if entry not in self.emitter.empty:
            return condition
        return f"{operand(condition)} and {operand(count)}" if condition else count

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
        count = self.setting(entry.repeat, None, list(first.values()))
        if entry in self.emitter.required and "index" not in words(count):
            self.checks[count] = None
        return count

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
            known = [copy for copy in copies if id(copy.built) in trees]
            samples = [self.told_outside(trees[id(copy.built)], copy) for copy in known]
            text = self.number(samples, known, name, entry.mark) if known else "0"
            named.append((name, text))
        return call(written.name, positional, named)

    def told_outside(self, tree: Tree, copy: Copy) -> Sample:
        """A number inside a use of a block, told in the letters around it."""
        outside = self.emitter.inside(copy.built).outside

        def meaning(leaf: Leaf) -> Tree:
            return outside.get(leaf.letter, leaf)

        return copy.sample(moved(tree, meaning))


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
    return literal(in_python(value[0] if is_one else value))
