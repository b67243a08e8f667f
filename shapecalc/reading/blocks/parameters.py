"""The parameters of a class's constructor, and what follows from them in every use of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from shapecalc.language.evaluation import evaluate
from shapecalc.language.expression import (
    RESERVED,
    Binary,
    Comparison,
    Expression,
    ExpressionError,
    Name,
    Number,
    Unary,
)
from shapecalc.language.tree import Setting
from shapecalc.language.words import BATCH, TENSOR_NAMES, has_meaning, is_identifier
from shapecalc.reading.blocks.draft import Draft, is_plain
from shapecalc.reading.blocks.formulas import Formulas
from shapecalc.reading.evaluator.sizes import Size, terms_of
from shapecalc.reading.evaluator.values import Instance
from shapecalc.reading.modules import is_module

LEAST_WIDTH = 8
"""The least number that is said to be a multiple or a part of another."""


class Parameters:
    """What several drafts of one class were made with: numbers and flags, use by use."""

    def __init__(self, drafts: list[Draft], symbols: dict[str, int]) -> None:
        self.symbols = symbols
        self.drafts = drafts
        self.count = len(drafts)
        self.mark = drafts[0].mark
        self.made = drafts[0].made
        self.taken = {*RESERVED, *TENSOR_NAMES, BATCH, "index", "input", *symbols}
        self.taken |= {name for draft in drafts for name in draft.inputs}
        self.numbers: dict[str, list[Any]] = {}
        self.flags: dict[str, list[Any]] = {}
        columns: dict[str, list[Any]] = {
            n: [draft.made.given.get(n) for draft in drafts] for n in self.made.given
        }
        self.records = {name for name, column in columns.items() if all(map(is_record, column))}
        for name in self.records:
            for attribute in columns[name][0].attributes:
                column = [each.attributes.get(attribute) for each in columns[name]]
                columns.setdefault(attribute, column)
        self.order = [*columns]
        for name in sorted(columns, key=comes_in):
            self.parameter(name, columns[name])
        self.scopes = [
            {name: column[n] for name, column in (*self.numbers.items(), *self.flags.items())}
            for n in range(self.count)
        ]

    def parameter(self, name: str, column: list[Any]) -> None:
        """Sort a parameter of the constructor: a number, a flag, or neither."""
        if name in self.taken or has_meaning(name) or not is_identifier(name):
            return
        if name.startswith("_"):
            return
        if all(type(value) is bool for value in column):
            self.flags[name] = column
        elif all(type(value) in (int, bool, float, Fraction, Size) for value in column):
            self.numbers[name] = [exact(value) for value in column]
        elif any(value is None for value in column) and not any(map(is_plain, column)):
            self.flags[name] = [value is not None for value in column]

    @cached_property
    def formulas(self) -> Formulas:
        """What the class's own code writes."""
        return Formulas(self.made, set(self.numbers), set(self.flags), self.records)

    @cached_property
    def written(self) -> list[tuple[Expression, str, list[Any]]]:
        """What the class's own code writes: expressions, their names, their value in every use."""
        found: list[tuple[Expression, str, list[Any]]] = []
        for tree, name in self.formulas.all() if self.made.cls is not None else ():
            column = self.worth(tree)
            if column is not None and not isinstance(tree, Name):
                found.append((tree, name, column))
        return found

    def worth(self, tree: Expression) -> list[Any] | None:
        """The value of an expression in every use; None where it has none."""
        try:
            return [evaluate(tree, scope) for scope in self.scopes]
        except (ExpressionError, KeyError, ArithmeticError, ValueError, TypeError):
            return None

    @cached_property
    def decisions(self) -> list[tuple[Expression, str, list[Any]]]:
        """What the class's own code decides by, and its value in every use."""
        found = []
        for tree, name in self.formulas.tests() if self.made.cls is not None else ():
            column = self.worth(tree)
            if column is not None:
                found.append((tree, name, column))
        return found

    @cached_property
    def coming(self) -> dict[str, Expression]:
        """The parameters that are a size of what comes into the block, in every use."""
        found: dict[str, Expression] = {}
        shapes = [draft.shape for draft in self.drafts]
        known = [shape for shape in shapes if shape is not None and len(shape) > 1]
        if len(known) == self.count:
            for name, column in self.numbers.items():
                if comes_in(name):
                    for size_name, axis in (("in_channels", 1), ("in_features", -1)):
                        if agree([shape[axis] for shape in known], column):
                            found.setdefault(name, Name(size_name, 0))
        return found

    def number(self, setting: Setting) -> Any:
        """The number that a setting is, with what it follows from; None for what is none."""
        if setting.kind == Setting.CONSTANT:
            return setting.content
        if setting.kind != Setting.EXPRESSION:
            return None
        return worth_in(setting.content, self.symbols)

    def maybe(self, setting: Setting | None) -> Any:
        """The number that a setting is, where there is one."""
        return None if setting is None else self.number(setting)


def is_record(value: Any) -> bool:
    """Whether a value holds others by name, as a configuration does."""
    return isinstance(value, Instance) and not is_module(value) and bool(value.attributes)


def exact(value: Any) -> Any:
    """A float as the fraction that is written, anything else as it is."""
    return Fraction(str(value)) if isinstance(value, float) else value


def worth_in(tree: Expression, scope: dict[str, Any]) -> Any:
    """The value of an expression; None where it has none."""
    try:
        return evaluate(tree, scope)
    except (ExpressionError, KeyError, TypeError, ArithmeticError):
        return None


def agree(column: Sequence[Any], numbers: Sequence[Any]) -> bool:
    """Whether a column has these values, wherever there are any."""
    return len(column) == len(numbers) and all(
        number is None or (value is not None and same(value, number))
        for value, number in zip(column, numbers)
    )


def same(value: Any, number: Any) -> bool:
    """Whether two numbers are the same, and stay so when symbols change."""
    if isinstance(value, Size) or isinstance(number, Size):
        is_whole = isinstance(value, int) and isinstance(number, int)
        return is_whole and terms_of(value) == terms_of(number)
    if type(value) is Fraction and type(number) is int:
        return False  # a ratio that happens to be whole is no count
    return bool(value == number)


def comes_in(name: str) -> bool:
    """Whether a parameter is what comes in, which is inferred: others are put first."""
    return name.lower().startswith(("in", "cin", "c_in", "c1"))


def scaled(
    name: str, column: list[Any], numbers: list[Any], least: int = LEAST_WIDTH
) -> Iterator[Expression]:
    """Multiples and parts of a parameter."""
    pairs = [(a, b) for a, b in zip(column, numbers) if b is not None]
    wide = all(type(n) in (int, Size) and n >= least for pair in pairs for n in pair)
    if not wide or len({a for a, _ in pairs}) < 2:
        return  # small numbers, as strides, have many a reason
    first, second = pairs[0]
    if second % first == 0 and 1 < (factor := second // first) <= 64:
        if all(same(a * factor, b) for a, b in pairs):
            yield Binary("*", Number(factor), Name(name, 0))
    if first % second == 0 and 1 < (factor := first // second) <= 64:
        if all(same(a // factor, b) for a, b in pairs):
            yield Binary("//", Name(name, 0), Number(factor))


def products(columns: dict[str, list[Any]], numbers: list[Any]) -> Iterator[Expression]:
    """Products of two parameters."""
    if any(n is not None and (type(n) is not int or n < LEAST_WIDTH) for n in numbers):
        return
    varied = [name for name, column in columns.items() if len(set(column)) > 1][:8]
    for n, first in enumerate(varied):
        for second in varied[n + 1 :]:
            product = [a * b for a, b in zip(columns[first], columns[second])]
            if agree(product, numbers):
                yield Binary("*", Name(first, 0), Name(second, 0))


def substituted(tree: Any, names: dict[str, Expression]) -> Any:
    """An expression with others in the place of some names."""
    if isinstance(tree, Name):
        return names.get(tree.name, tree)
    if not hasattr(tree, "_fields"):
        is_row = isinstance(tree, tuple)
        return tuple([substituted(each, names) for each in tree]) if is_row else tree
    return type(tree)(*[substituted(each, names) for each in tree])


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def negated(tree: Expression) -> Expression:
    """A condition that is true where another is false."""
    if isinstance(tree, Unary) and tree.operator == "not":
        return tree.operand
    if isinstance(tree, Comparison) and len(tree.rest) == 1:
        ((relation, side),) = tree.rest
        return Comparison(tree.first, ((_OPPOSITE[relation], side),))
    return Unary("not", tree)
