"""The arguments of one block for several uses, and what follows from them.

A number that differs between uses is a parameter of the constructor, an expression in some that
the code itself writes, a simple multiple; and where nothing gives every use its number, an argument
of its own. That each use gets its numbers is so by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shapecalc.language.expression import (
    Binary,
    Comparison,
    Expression,
    Name,
    Number,
    Unary,
    names,
)
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Setting
from shapecalc.language.words import TENSOR_NAMES, has_meaning, is_identifier
from shapecalc.reading.blocks.draft import Draft, constant, is_plain, key
from shapecalc.reading.blocks.formulas import size
from shapecalc.reading.blocks.parameters import (
    LEAST_WIDTH,
    Parameters,
    agree,
    exact,
    negated,
    products,
    scaled,
    substituted,
    worth_in,
)
from shapecalc.reading.evaluator.sizes import Size, expression

Column = Sequence["Setting | None"]
"""A number in every use; None in those without the layer that has it."""


class Arguments(Parameters):
    """What one block declares, and what each of several drafts gives it."""

    def __init__(self, drafts: list[Draft], symbols: dict[str, int]) -> None:
        super().__init__(drafts, symbols)
        self.values: dict[str, list[Setting | None]] = {}
        self.columns: dict[str, list[Any]] = {}
        self.derived: dict[str, Expression] = {}
        self.used: list[Expression] = []

    # -- numbers ----------------------------------------------------------------------------------

    def of(
        self,
        column: Column,
        wanted: str,
        kernel: Expression | None = None,
        shapes: Sequence[Any] = (),
        axis: str | None = None,
    ) -> Expression:
        """An expression that gives every use its number.

        ``wanted`` is what an argument would be called that is no parameter; ``kernel`` the size of
        the window whose padding this is; ``shapes`` what comes in, in every use, and ``axis`` the
        dimension that it may follow from.
        """
        found = self.known(column, wanted, kernel) or self.incoming(column, shapes, axis)
        return found if found is not None else self.own(column, wanted)

    def incoming(
        self, column: Column, shapes: Sequence[Any], axis: str | None = None
    ) -> Expression | None:
        """A size of what comes in, or a part of one; of one dimension if that is named."""
        numbers = [*map(self.maybe, column)]
        known = [shape for shape in shapes if shape is not None]
        ranks = {len(shape) for shape in known}
        if len(ranks) != 1 or len(known) != sum(value is not None for value in column):
            return None
        (rank,) = ranks
        named = {"in_features": rank - 1, "in_channels": 1}
        named |= {"in_height": 2, "in_width": 3} if rank == 4 else {}
        columns = {
            name: [None if shape is None else shape[at] for shape in shapes]
            for name, at in named.items()
            if rank > at > 0 and axis in (None, name)
        }
        for name, sizes in columns.items():
            if agree(sizes, numbers):
                return Name(name, 0)
        for name, sizes in columns.items():
            for tree in scaled(name, sizes, numbers, least=1):
                return tree
        return None

    def known(self, column: Column, wanted: str, kernel: Expression | None) -> Expression | None:
        """An expression in parameters of the constructor."""
        numbers = [*map(self.maybe, column)]
        if any(n is None and value is not None for n, value in zip(numbers, column)):
            return None
        is_flag = any(type(n) is bool for n in numbers)
        if is_flag:
            return self.flag(numbers, wanted)
        for tree in self.ways(numbers, wanted, kernel):
            name = next((name for each, name, _ in self.written if each == tree), "")
            if size(tree) > 2 and name and is_identifier(name) and name not in self.order:
                return self.declared_as(tree, name, wanted)
            self.use(tree)
            return tree
        return None

    def ways(
        self, numbers: list[Any], wanted: str, kernel: Expression | None
    ) -> Iterator[Expression]:
        """Expressions with these values, the plainest first."""
        for tree in self.used:
            if size(tree) > 1 and _is_of_numbers(self.worth(tree), numbers):
                yield tree
        columns = dict(sorted(self.numbers.items(), key=lambda pair: pair[0] != wanted))
        for name in sorted(columns, key=lambda name: name not in self.values):
            if agree(columns[name], numbers):
                yield Name(name, 0)
        for name in self.values:
            if name not in self.numbers and agree(self.worn(name), numbers):
                yield Name(name, 0)
        if kernel is not None and names(kernel):
            half = Binary("//", kernel, Number(2))
            known = self.with_own()
            if agree([worth_in(half, scope) for scope in known], numbers):
                yield half
        for tree, _, column in self.written:
            if _is_of_numbers(column, numbers):
                yield tree
        for name, values in columns.items():
            yield from scaled(name, values, numbers)
        yield from products(columns, numbers)

    def with_own(self) -> list[dict[str, Any]]:
        """The names in scope in every use, arguments of the block's own as well."""
        found = []
        for n, scope in enumerate(self.scopes):
            own = {name: self.worn(name)[n] for name in self.values}
            found.append({**own, **scope})
        return found

    def use(self, tree: Expression) -> None:
        """Make the parameters in an expression arguments."""
        self.used.append(tree)
        for each in names(tree):
            if each.name not in self.values and each.name not in TENSOR_NAMES:
                column = self.numbers.get(each.name) or self.flags[each.name]
                self.values[each.name] = [number(value, self.mark) for value in column]

    def own(self, column: Column, wanted: str) -> Expression:
        """An argument that is no parameter of the constructor.

        A batch so many times is that many, times the batch: what a block is made with knows none.
        """
        often = [None if value is None else _batches(value) for value in column]
        if [n is None for n in often] == [value is None for value in column]:
            counts = [None if n is None else constant(n, self.mark) for n in often]
            return Binary("*", self.of(counts, wanted), Name("B", 0))
        keys = [None if value is None else key(value) for value in column]
        for name, values in self.values.items():
            if name not in self.numbers and name not in self.flags:
                others = [None if value is None else key(value) for value in values]
                if agree(others, keys):
                    return Name(name, 0)
        name = self.free(wanted)
        self.values[name] = list(column)
        return Name(name, 0)

    def free(self, wanted: str) -> str:
        """A name that no argument has."""
        stem = wanted if is_identifier(wanted) and not has_meaning(wanted) else f"{wanted}_"
        stem = stem if is_identifier(stem) else "value"
        name, number = stem, 1
        taken = {*self.values, *self.derived, *self.made.given, *self.taken}
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        return name

    # -- conditions -------------------------------------------------------------------------------

    def condition(self, present: list[bool], wanted: str) -> Expression:
        """An expression that is true in some of the uses and not in the others."""
        found = self.flag(list(present), wanted)
        if found is not None:
            return found
        if [not each for each in present] in [self.worn(name) for name in self.values]:
            for name in self.values:
                if self.worn(name) == [not each for each in present]:
                    return Unary("not", Name(name, 0))
        column = [constant(each, self.mark) for each in present]
        return self.own(column, f"has_{wanted}")

    def worn(self, name: str) -> list[Any]:
        """The values of an argument, which stays as it was declared."""
        if name not in self.columns:
            self.columns[name] = [*map(self.maybe, self.values[name])]
        return self.columns[name]

    def by_name(self, column: Column, name: str) -> Expression | None:
        """The parameter of a name, where it has these values and others in other uses."""
        known = self.numbers.get(name)
        if known is None or len(set(known)) < 2:
            return None
        if any(self.number(each) is None for each in column if each is not None):
            return None
        if not agree(known, [*map(self.maybe, column)]):
            return None
        self.use(Name(name, 0))
        return Name(name, 0)

    def flag(self, numbers: list[Any], wanted: str = "") -> Expression | None:
        """A condition with these values, in parameters."""
        for tree, name in self.conditions(numbers):
            return self.declared_as(tree, name, wanted)
        return None

    def conditions(self, numbers: list[Any]) -> Iterator[tuple[Expression, str]]:
        """Conditions with these values, first what the code decides by; and its names for them."""
        opposite = [None if each is None else not each for each in numbers]
        for name in [name for name in self.values if name in self.flags]:
            if agree(self.flags[name], numbers):
                yield Name(name, 0), ""
            if agree(self.flags[name], opposite):
                yield Unary("not", Name(name, 0)), ""
        for name, column in self.flags.items():
            if agree(column, numbers):
                yield Name(name, 0), ""
            if agree(column, opposite):
                yield Unary("not", Name(name, 0)), ""
        for tree, name, column in (*self.decisions, *self.written):
            if all(type(each) is bool for each in column):
                if agree(column, numbers):
                    yield tree, name
                if agree(column, opposite):
                    yield negated(tree), ""
        for name, column in self.numbers.items():
            for value in sorted(set(column))[:-1] if len(set(column)) > 2 else ():
                more = Comparison(Name(name, 0), ((">", Number(value)),))
                for tree in (more, negated(more)):
                    if type(value) is int and agree(self.worth(tree) or (), numbers):
                        yield tree, ""
            small = sorted({each for each in column if type(each) is int and each < LEAST_WIDTH})
            for value in small:
                for operator in ("==", "!="):
                    tree = Comparison(Name(name, 0), ((operator, Number(value)),))
                    if agree(self.worth(tree) or (), numbers):
                        yield tree, ""
        for tree in self.pairs():
            if agree(self.worth(tree) or (), numbers):
                yield tree, ""

    def pairs(self) -> Iterator[Expression]:
        """Whether two parameters are the same."""
        widths = list(self.numbers)[:8]
        for n, first in enumerate(widths):
            for second in widths[n + 1 :]:
                for operator in ("==", "!="):
                    yield Comparison(Name(first, 0), ((operator, Name(second, 0)),))

    def declared_as(self, tree: Expression, name: str, wanted: str) -> Expression:
        """A condition, or an argument that has it as its default.

        It is one where it is long or asks for what comes into the block, which is known there.
        """
        for known, default in self.derived.items():
            if default == tree:
                return Name(known, 0)
            if default == negated(tree):
                return Unary("not", Name(known, 0))
        asks = {each.name for each in names(tree)} & self.coming.keys()
        if not asks and size(tree) <= 4 and not name:
            self.use(tree)
            return tree
        whole = substituted(tree, self.coming)
        for known, default in self.derived.items():
            if default == whole:
                return Name(known, 0)
            if default == negated(whole):
                return Unary("not", Name(known, 0))
        own = name if is_identifier(name) and name not in self.order else f"has_{wanted}"
        own = self.free(own)
        self.use(whole)
        self.derived[own] = whole
        self.values[own] = [None] * self.count
        return Name(own, 0)

    # -- what is declared and given ---------------------------------------------------------------

    def default(self, name: str) -> Setting | None:
        """The default of an argument: as the constructor has it, or most often given."""
        if name in self.derived:
            return Setting(Setting.EXPRESSION, self.derived[name], self.mark)
        column = self.values[name]
        if name in self.flags:
            default = self.made.defaults.get(name, _NONE)
            return None if default is _NONE else constant(_is_there(default), self.mark)
        if name in self.numbers:
            default = self.made.defaults.get(name)
            return constant(exact(default), self.mark) if is_plain(default) else None
        keys = [key(value) for value in column if value is not None]
        if len(keys) == len(column) and not all(value[1] == "bool" for value in keys):
            return None
        often = max(dict.fromkeys(keys), key=keys.count)
        return next(value for value in column if value is not None and key(value) == often)

    def declared(self) -> dict[str, Setting | None]:
        """The arguments in the constructor's order, then those of their own."""
        own = [name for name in self.values if name not in self.order]
        ordered = [name for name in self.order if name in self.values]
        needed = [name for name in own if self.default(name) is None]
        more = [name for name in own if self.default(name) is not None]
        at = next((n for n, each in enumerate(ordered) if self.default(each)), len(ordered))
        ordered[at:at] = needed
        return {name: self.default(name) for name in [*ordered, *more]}

    def given(self) -> list[dict[str, Setting]]:
        """What each use gives."""
        found = []
        declared = self.declared()
        for number in range(self.count):
            settings = {}
            for name, default in declared.items():
                value = self.values[name][number]
                if value is not None and (default is None or key(default) != key(value)):
                    settings[name] = value
            found.append(settings)
        return found


_NONE = object()


def _is_of_numbers(column: list[Any] | None, numbers: list[Any]) -> bool:
    """Whether a column has these values, and is of no conditions."""
    return column is not None and bool not in map(type, column) and agree(column, numbers)


def _is_there(value: Any) -> bool:
    return value if type(value) is bool else value is not None


def _batches(value: Setting) -> int | None:
    """How many times the batch a value is, as in ``2*B``; None if it is something else."""
    match value.content:
        case Name("B", _):
            return 1
        case Binary("*", Number(int(count)), Name("B", _)):
            return count
    return None


def number(value: Any, mark: Mark) -> Setting:
    """A number as a setting, with what it follows from."""
    return as_setting(mark, expression(value)) if isinstance(value, Size) else constant(value, mark)


def as_setting(mark: Mark, tree: Expression) -> Setting:
    """An expression as a setting."""
    return Setting(Setting.EXPRESSION, tree, mark)
