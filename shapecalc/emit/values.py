"""Numbers, settings and conditions as source that is right in all uses of a scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Tree, untraced
from shapecalc.emit.agree import Sample, agree
from shapecalc.emit.letters import KNOWN, Inside
from shapecalc.emit.names import EmitError, variable
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
from shapecalc.emit.source import literal, sequence
from shapecalc.emit.trees import stated, tree_of
from shapecalc.graph.graph import Node, Part
from shapecalc.language.expression import Call, Expression, evaluate
from shapecalc.language.parse import TENSOR_NAMES
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Block, Entry, Setting
from shapecalc.layers import Layer
from shapecalc.layers.field import Field, Flag, PerAxis
from shapecalc.layers.field import Number as NumberField

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter

AXES = {"in_channels": 1, "in_height": 2, "in_width": 3, "in_features": -1}
"""The sizes of an incoming tensor that expressions can ask for, and their axes."""


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


class Values:
    """What can be said in one scope: a block's for all its uses at once, or the network's.

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
        self.arguments = block.arguments if block else {}
        names = dict.fromkeys(name for use in uses for name in emitter.inside(use).sizes)
        self.sizes = [name for name in names if name.rstrip("_") in KNOWN]
        self.allowed = frozenset(self.arguments) | emitter.knobs | frozenset(self.sizes)
        self.parameters = emitter.parameters

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
            for child in self.emitter.built(holder.part, entry):
                if entry.repeat is None:
                    yield self.copy(child, holder.use, holder.number)
                    continue
                assert isinstance(child, Part)
                for copy in child.children:
                    assert isinstance(copy, Part)
                    for each in self.emitter.built(copy, entry):
                        yield self.copy(each, holder.use, copy.number)

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
        taken = self.emitter.parameter_names(self.block)
        name = variable(f"{within.replace('.', '_')}_{field}", taken)
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
            return literal(in_python(setting.content), exact=field is None and not as_number)
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
        return write(self.typed(tree, field, copies, as_number), self.parameters)

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

    def typed(
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


def words(text: str) -> set[str]:
    """The words in some source."""
    return set(re.findall(r"\w+", text))


def in_python(value: Any) -> Any:
    """A value as Python has it: lists as tuples, and no derivations."""
    if isinstance(value, (list, tuple)):
        return tuple(map(in_python, value))
    return untraced(value)


def _value(tree: Expression, sample: Sample) -> Any:
    return evaluate(tree, {**sample.letters, "index": sample.number})
