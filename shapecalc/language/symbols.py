"""The values of a spec's symbols: defaults, settings, and those that stay symbols."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import LARGEST, Quantity, is_symbolic
from shapecalc.language import evaluation, expression
from shapecalc.language.evaluation import Undecided
from shapecalc.language.expression import ExpressionError
from shapecalc.language.problem import Problem, SpecError, did_you_mean, listing
from shapecalc.language.tree import Setting, Spec
from shapecalc.language.words import BATCH, has_meaning, is_constant

DEEPEST = 64
"""How many symbols may depend on each other through settings."""


class SettingError(ValueError):
    """A value was set for a symbol that is not there, or that it cannot have.

    >>> import shapecalc
    >>> try:
    ...     shapecalc.load("lenet5").report(height=28)
    ... except shapecalc.SettingError as error:
    ...     print(error)
    the spec has no symbol 'height'; it has B, H, W, num_classes
    """

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a stack: the setting is wrong, not the program."""
        return [f"error: {self}"]


def bind(spec: Spec, settings: Mapping[str, Any], symbolic: Iterable[str]) -> dict[str, Quantity]:
    """The values of all symbols: numbers, or formulas in the symbols that have none.

    ``settings`` are numbers, formulas, or expressions in which new names are free symbols;
    ``symbolic`` names the symbols that stay symbols. Raises :class:`SettingError`, and
    :class:`Undecided` where a default asks for the value of a symbol that has none.
    """
    return _Binder(spec, settings, symbolic).all()


def as_member(spec: Spec, name: str) -> Spec:
    """The spec of one member of a family: its symbols have the member's values for defaults."""
    found = copy.copy(spec)
    found.symbols = spec.symbols | spec.members[name]
    found.name = name
    return found


def known(spec: Spec) -> list[str]:
    """The names of a spec's symbols, the batch size first."""
    return list(dict.fromkeys([BATCH, *spec.symbols]))


def no_symbol(name: str, names: list[str]) -> str:
    """What to tell of a name that is none of the symbols."""
    hint = did_you_mean(name, names) or f"it has {listing(names)}"
    if names == [BATCH]:
        hint = f"it has {BATCH} alone, and 'symbols: {{{name}: ...}}' would declare another"
    return f"the spec has no symbol {name!r}; {hint}"


class _Binder:
    def __init__(self, spec: Spec, settings: Mapping[str, Any], symbolic: Iterable[str]) -> None:
        self.spec = spec
        self.settings = settings
        self.symbolic = frozenset(symbolic)
        self.names = dict.fromkeys(known(spec))
        self.values: dict[str, Any] = {}
        self.under_way: list[str] = []
        for name in [*settings, *self.symbolic]:
            if name not in self.names:
                raise SettingError(no_symbol(name, [*self.names]))

    def all(self) -> dict[str, Quantity]:
        for name in self.names:
            self.value(name)
        batch = self.values[BATCH]
        if not is_symbolic(batch) and not (type(batch) is int and 0 < batch <= LARGEST):
            raise SettingError(f"the batch size {BATCH} must be a positive integer, not {batch}")
        return self.values

    def value(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        if name in self.under_way:
            ring = " -> ".join([*self.under_way, name])
            raise SettingError(f"the value of {name!r} depends on itself: {ring}")
        if len(self.under_way) > DEEPEST:
            raise SettingError(f"settings depend on each other through more than {DEEPEST} symbols")
        self.under_way.append(name)
        self.values[name] = value = self.settled(name)
        self.under_way.pop()
        return value

    def settled(self, name: str) -> Any:
        if name in self.settings:
            return self.given(name, self.settings[name])
        default = self.spec.symbols.get(name)
        if name not in self.symbolic:
            value = self.default(default) if default is not None else 1
            if value is not None:
                return value
        return self.symbol(name, default)

    def default(self, setting: Setting) -> Any:
        try:
            return setting.value(_Lookup(self))
        except ExpressionError as error:
            problem = Problem(setting.mark, error.message, (error.hint,))
            raise SpecError(self.spec.source, [problem]) from None
        except Undecided as undecided:
            undecided.mark = undecided.mark or setting.mark
            raise

    def symbol(self, name: str, default: Setting | None) -> Any:
        from shapecalc.algebra.formula import Formula

        try:
            rational = default is not None and isinstance(self.default(default), Fraction)
        except Undecided:
            rational = False
        return Formula.symbol(name, rational=rational)

    def given(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return evaluation.evaluate(expression.parse(value), _Lookup(self))
            except ExpressionError as error:
                told = "; ".join(filter(None, (error.message, error.hint)))
                raise SettingError(f"{name}={value}: {told}") from None
            except Undecided as undecided:
                raise SettingError(f"{name}={value} {undecided}, which has no value") from None
        if isinstance(value, bool) or not (
            isinstance(value, (int, Fraction)) or is_symbolic(value)
        ):
            kinds = "an integer, a Fraction, a formula or an expression"
            hint = f"; as text, '{value}', it is exact" if isinstance(value, float) else ""
            raise SettingError(f"{name}: expected {kinds}, got {value!r}{hint}")
        if isinstance(value, Fraction) and value.denominator == 1:
            return value.numerator
        return value


class _Lookup(dict[str, Any]):
    """The names in a setting's expression: symbols of the spec, or else new free symbols."""

    def __init__(self, binder: _Binder) -> None:
        super().__init__()
        self.binder = binder

    def __missing__(self, name: str) -> Any:
        if name in self.binder.names:
            return self.binder.value(name)
        if has_meaning(name):
            hint = "; a symbol is a number, such as 1 or 0" if is_constant(name) else ""
            message = f"{name!r} has a meaning of its own and cannot be a new symbol{hint}"
            raise SettingError(message)
        from shapecalc.algebra.formula import Formula

        return Formula.symbol(name)
