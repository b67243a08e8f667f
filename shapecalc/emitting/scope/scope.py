"""What is a value in one class: numbers, settings and conditions as trees, right in all its uses.

A scope is that of a block for all its uses at once, that of the network, or that of a part of
either which has a class of its own. What is a name here are arguments, sizes of the input that a
constructor can be given, symbols that are knobs, and the number of a copy.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from shapecalc.algebra.trace import Leaf, untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.names import EmitError, variable, word
from shapecalc.emitting.numbers import python
from shapecalc.emitting.numbers.agree import Sample, agree, value_of
from shapecalc.emitting.numbers.known import Copy, Holder, Known
from shapecalc.emitting.numbers.roles import Role, Roles
from shapecalc.emitting.numbers.trees import stated
from shapecalc.emitting.scope.outside import incoming, size_before
from shapecalc.emitting.scope.owner import Given, Owner, PerCopy, by_use, fits
from shapecalc.language.expression import (
    Binary,
    ExpressionError,
)
from shapecalc.language.expression import Name as SpecName
from shapecalc.language.expression import Number as SpecNumber
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Entry, Setting
from shapecalc.language.words import TENSOR_NAMES
from shapecalc.layers.compound import PerAxis, not_null, single
from shapecalc.layers.field import Field
from shapecalc.layers.types import Flag, Number


class Tied(Exception):
    """Some number hangs on symbols in a way that no expression tells, so they are no knobs.

    Whether without one of them the others can be is tried, unless it ``are_all`` that cannot.
    """

    def __init__(self, names: frozenset[str], *, are_all: bool = False) -> None:
        super().__init__(", ".join(sorted(names)))
        self.fixed = names if are_all else frozenset({max(names)})


class Scope:
    """What is a value among some entries.

    ``single`` is the entry of which it is one copy, and ``assumed`` are those whose condition holds
    wherever there is anything.
    """

    def __init__(
        self,
        known: Known,
        roles: Roles,
        parameters: dict[str, str],
        owner: Owner,
        entries: list[Entry],
        holders: list[Holder],
        single: Entry | None = None,
        assumed: frozenset[Entry] = frozenset(),
    ) -> None:
        self.known = known
        self.roles = roles
        self.parameters = parameters
        self.owner = owner
        self.block = owner.block
        self.entries = entries
        self.holders = holders
        self.single = single
        self.assumed = assumed
        self.arguments = self.block.arguments if self.block else {}
        named = frozenset(self.arguments) | known.knobs | frozenset(owner.sizes)
        self.allowed = named.difference(owner.fixed)

    def inner(
        self, entries: list[Entry], holders: list[Holder], single: Entry | None = None
    ) -> Scope:
        """The scope of a list inside this one, whose names are the same."""
        return Scope(self.known, self.roles, self.parameters, self.owner, entries, holders, single)

    def error(self, mark: Mark, message: str, *notes: str) -> EmitError:
        """The error that something cannot be written."""
        return self.known.error(mark, message, *notes)

    # -- what was built ---------------------------------------------------------------------------

    def copies(self, entry: Entry) -> list[Copy]:
        """What was built of an entry in all uses, copy by copy."""
        return list(self.known.copies(entry, self.holders, single=entry is self.single))

    def is_built(self, entry: Entry) -> bool:
        """Whether an entry is there in any use."""
        found = self.known.copies(entry, self.holders, single=entry is self.single)
        return any(True for _ in found)

    def is_always_built(self, entry: Entry) -> bool:
        """Whether an entry is there in all uses."""
        is_single = entry is self.single
        return all(
            any(True for _ in self.known.copies(entry, [holder], single=is_single))
            for holder in self.holders
        )

    def is_repeated(self, entry: Entry) -> bool:
        """Whether there are several copies of an entry here."""
        return entry.repeat is not None and entry is not self.single

    def role(self, name: str) -> Role:
        """What a name stands for."""
        if name in self.owner.extras:
            is_list = any(isinstance(each, PerCopy) for each in self.owner.extras[name].values())
            return Role.LIST if is_list else Role.WHOLE
        if name in self.owner.sizes or name in self.owner.further or name == "index":
            return Role.WHOLE
        return self.roles.of(self.block, name)

    def has_value(self, name: str) -> bool:
        """Whether an argument has a value at every use, even one where nothing asks for it."""
        return all(name in self.known.inside(use).letters for use in self.owner.uses)

    def annotation(self, name: str) -> str:
        """The type of what a name stands for."""
        role = self.role(name)
        if role != Role.LIST or name in self.owner.extras:
            return role.value
        return self.roles.annotation(self.block, name)

    def rationals(self, tree: Any) -> set[str]:
        """The names in an expression that stand for numbers that need not be whole."""
        kinds = (Role.RATIONAL, Role.FLOAT)
        return {name for name in syntax.names(tree) if self.role(name) in kinds}

    def flags(self, tree: Any) -> set[str]:
        """The names in an expression that stand for true or false."""
        return {name for name in syntax.names(tree) if self.role(name) == Role.FLAG}

    def renamed(self, tree: Any) -> Any:
        """A tree with the names of parameters for those of the spec."""

        def change(node: Any) -> Any:
            if not isinstance(node, SpecName):
                return None
            name, bracket, item = node.name.partition("[")
            is_number = name == "index" and name not in self.arguments  # of a copy, not given
            own: Any = SpecName(name if is_number else self.parameters.get(name, name), 0)
            return syntax.Item(own, SpecNumber(int(item.rstrip("]")))) if bracket else own

        return syntax.changed(tree, change)

    # -- numbers ----------------------------------------------------------------------------------

    def agreed(self, samples: list[Sample]) -> Any | None:
        """The plainest expression in names here that is right in all samples; None if none is."""
        allowed = self.allowed.union(self.owner.same) if self.owner.same else self.allowed
        found = agree(samples, allowed, self.known.told)
        if found is None and self.owner.further:
            found = agree(samples, allowed.union(self.owner.further), self.known.told)
        names = {size: SpecName(own, 0) for size, own in self.owner.same.items()}
        return None if found is None else syntax.replaced(found, names)

    def number(self, samples: list[Sample], copies: list[Copy], field: str, mark: Mark) -> Any:
        """A whole number; what hangs on the input's size becomes a parameter."""
        features = self.owner.features
        found = self.agreed(samples)
        if found is None and features:
            found = agree(samples, self.allowed.union(features), self.known.told)
        if found is not None:
            named = {name: SpecName(own, 0) for name, own in features.items()}
            found = syntax.replaced(found, named)
            return self.renamed(python.whole(found, self.rationals(found)))
        each = by_use(samples, copies)
        if self.block is None or each is None:
            self.check_tied(samples)
            message = f"{field} differs from copy to copy in a way that no expression tells"
            raise self.error(mark, message, "write the copies one by one")
        return self.parameter(each, copies[0], field)

    def parameter(self, given: dict[int, Given], copy: Copy, field: str) -> Any:
        """A parameter for what each use is given: a number, or one for each copy inside of it."""
        name = next((own for own, known in self.owner.extras.items() if fits(given, known)), "")
        if not name:
            name = self.extra_name(given, copy, field)
            self.owner.extras[name] = {}
        self.owner.extras[name] |= given
        is_list = any(isinstance(each, PerCopy) for each in given.values())
        own = SpecName(name, 0)
        return syntax.Item(own, SpecName("index", 0)) if is_list else own

    def extra_name(self, given: dict[int, Given], copy: Copy, field: str) -> str:
        """What a parameter is called: the size of the input that it is, or what it is for."""
        taken = {*self.allowed, *self.parameters.values(), *self.owner.extras}
        within = copy.built.path[len(copy.use.path) + 1 :].split(".")
        words = [each for each in within if not each.isdigit()]
        return variable(word("_".join([*words, field])).strip("_"), taken)

    def check_tied(self, samples: list[Sample]) -> None:
        """Find the symbols whose values decide that no expression is right."""
        base = [each for each in samples if not each.changed]
        if base and agree(base, self.allowed, self.known.told) is None:
            return
        groups = dict.fromkeys(each.changed for each in samples if each.changed)
        for changed in sorted(groups, key=len):
            among = [each for each in samples if each.changed <= changed]
            if agree(among, self.allowed, self.known.told) is None:
                raise Tied(changed)
        raise Tied(frozenset().union(*groups))

    # -- settings ---------------------------------------------------------------------------------

    def setting(self, setting: Setting, field: Field | None, copies: list[Copy]) -> Any:
        """A setting of a layer, of the type that its field takes."""
        kind = not_null(field.type) if field is not None else None
        if setting.kind == Setting.LIST:
            items = tuple(self.setting(item, field, copies) for item in setting.content)
            is_one = isinstance(kind, PerAxis) and len(items) == 1
            return items[0] if is_one else syntax.Sequence(items)
        is_flag = isinstance(kind, Flag)
        if setting.kind == Setting.CONSTANT:
            value = in_python(setting.content)
            if field is not None and _is_of_floats(field) and type(value) is int:
                value = float(value)
            return syntax.literal(bool(value) if is_flag else value)
        tree = self.meant(setting, copies)
        if not syntax.names(tree):
            value = value_of(tree, copies[0].sample(0))
            return syntax.literal(bool(value) if is_flag else value)
        if is_flag:
            return self.renamed(self.truth(tree))
        if isinstance(tree, SpecName) and self.role(tree.name) in (Role.WORD, Role.LIST):
            return self.renamed(tree)
        if field is not None and isinstance(single(field.type), Number):
            return self.renamed(python.as_float(tree, self.exact_names(tree)))
        return self.renamed(python.whole(tree, self.rationals(tree)))

    def argument(self, setting: Setting, role: Role, copies: list[Copy]) -> Any:
        """What an argument of a block, which has a role there, is given."""
        if setting.kind == Setting.LIST:
            items = [self.argument(item, role, copies) for item in setting.content]
            return syntax.Sequence(tuple(items))
        if setting.kind == Setting.CONSTANT:
            return given(in_python(setting.content), role)
        return self.told(self.meant(setting, copies), role, copies)

    def told(self, tree: Any, role: Role, copies: list[Copy]) -> Any:
        """An expression that an argument of some role is given."""
        if not syntax.names(tree):
            return given(value_of(tree, copies[0].sample(0)), role)
        return self.renamed(self.of_role(tree, role))

    def of_role(self, tree: Any, role: Role) -> Any:
        """An expression for a parameter of some role."""
        if role == Role.FLAG:
            return self.truth(tree)
        if role == Role.FLOAT:
            return python.as_float(tree, self.exact_names(tree))
        rationals = self.rationals(tree)
        if role == Role.RATIONAL:
            return tree if isinstance(tree, SpecName) else python.exact(tree, rationals)
        if role in (Role.WORD, Role.LIST):
            return tree
        return python.whole(tree, rationals)

    def truth(self, tree: Any) -> Any:
        """An expression for true or false."""
        found = python.condition(tree, self.flags(tree))
        return python.exact(found, self.rationals(found))

    def boolean(self, tree: Any) -> Any:
        """What stands behind ``if`` as true or false."""
        names = [self.parameters.get(name, name) for name in self.allowed]
        flags = [own for name, own in zip(self.allowed, names) if self.role(name) == Role.FLAG]
        is_so = python.is_condition(tree) or isinstance(tree, syntax.Invoke)
        return tree if is_so else python.condition(tree, flags)

    def exact_names(self, tree: Any) -> set[str]:
        """The names that the constructor holds as fractions."""
        return {name for name in syntax.names(tree) if self.role(name) == Role.RATIONAL}

    def meant(self, setting: Setting, copies: list[Copy], *, is_size: bool = True) -> Any:
        """An expression with names that mean nothing here replaced by what they stand for.

        ``is_size`` says that it is a number which uses of a block can be made to give.
        """
        meanings: dict[str, Any] = {}
        for name in syntax.names(setting.content) - {"index"}:
            if name.endswith(")"):
                samples = [copy.sample(size_before(name, copy)) for copy in copies]
                meanings[name] = self.size(name, samples, setting.mark, copies, is_size=is_size)
            elif name in TENSOR_NAMES and name not in self.arguments:
                samples = [incoming(self, name, copy) for copy in copies]
                meanings[name] = self.size(name, samples, setting.mark, copies, is_size=is_size)
            elif name not in self.allowed:
                meanings[name] = stated(self.owner.fixed.get(name, self.known.values.get(name)))
        return python.settled_choices(syntax.replaced(syntax.plain(setting.content), meanings))

    def size(
        self, name: str, samples: list[Sample], mark: Mark, copies: list[Copy], *, is_size: bool
    ) -> Any:
        """A size of the incoming tensor, or of an earlier entry, that an expression asks for."""
        own = {each.tree.letter if isinstance(each.tree, Leaf) else "" for each in samples}
        if len(own) == 1 and own <= {*self.owner.further}:
            return SpecName(own.pop(), 0)
        found = self.agreed(samples)
        if found is not None:
            return found
        each = by_use(samples, copies)
        if self.block is not None and is_size and each is not None:
            return self.parameter(each, copies[0], name)
        self.check_tied(samples)
        message = f"{name} differs from use to use in a way that no expression tells"
        raise self.error(mark, message, "give the block an argument for it")

    def tested(self, tree: Any) -> Any:
        """A condition as what stands behind ``if``."""
        return self.renamed(python.exact(tree, self.rationals(tree)))

    def default(self, name: str) -> Any | None:
        """A default of an argument that is an expression; None if no one is right at every use."""
        default = self.arguments[name]
        assert default is not None
        copies = [self.known.copy(use, use, None) for use in self.owner.uses]
        try:
            return self.argument(default, self.role(name), copies)
        except (EmitError, ExpressionError):
            return None


def given(value: Any, role: Role) -> Any:
    """A value for a parameter of some role."""
    if role == Role.FLAG and value in (0, 1):
        return syntax.literal(bool(value))
    if role == Role.FLOAT and type(value) is int:
        return syntax.literal(float(value))
    if role in (Role.RATIONAL, Role.FLOAT) and not isinstance(value, (int, str, tuple)):
        return as_written(value)
    return syntax.literal(value)


def as_written(value: Any) -> Any:
    """A fraction as a decimal where it is one, else as a quotient.

    >>> from fractions import Fraction
    >>> from shapecalc.emitting.printer import flat
    >>> flat(as_written(Fraction(3, 4))), flat(as_written(Fraction(1, 3)))
    ('0.75', '1 / 3')
    """
    if Fraction(str(float(value))) == value:
        return syntax.literal(value)
    return Binary("/", SpecNumber(value.numerator), SpecNumber(value.denominator))


def _is_of_floats(field: Field) -> bool:
    """Whether torch means a float: scripts take no other number then."""
    return isinstance(field.type, Number) and isinstance(field.torch_default, Fraction)


def in_python(value: Any) -> Any:
    """A value as Python has it: lists as tuples, and no derivations."""
    if isinstance(value, (list, tuple)):
        return tuple(map(in_python, value))
    return untraced(value)
