"""The parameters of a constructor: a block's arguments, sizes, and symbols that are knobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.trace import Tree
from shapecalc.emit.names import EmitError
from shapecalc.emit.source import literal
from shapecalc.emit.values import Values, in_python, words
from shapecalc.graph.graph import Part
from shapecalc.language.expression import ExpressionError
from shapecalc.language.tree import Block, Entry, Setting

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter


class Written(NamedTuple):
    """A class or function that has been written, and what a call of it has to find.

    ``sizes`` are sizes of the input, ``knobs`` symbols of the spec, and ``extras`` numbers that
    hang on the input's size, known for each use that needs them, by the identity of its part.
    ``given`` are arguments whose default does, which every use has to give.
    """

    name: str
    sizes: list[str]
    knobs: list[str]
    extras: dict[str, dict[int, Tree]]
    given: list[str]
    text: list[str]


class Parameters(Values):
    """Collects what a class or a function has to be given, and writes its parameters."""

    def __init__(
        self, emitter: Emitter, entries: list[Entry], uses: list[Part], block: Block | None
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.given: list[str] = []
        self.checks: dict[str, None] = {}

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

    def signature(self) -> tuple[list[str], list[str]]:
        """The constructor's parameters, those without a default first, and its first lines.

        A default that is an expression is worked out there, of what was given.
        """
        needed, optional, first = self.argument_parameters()
        for name in self.knobs():
            self.knob_parameter(name, needed, optional, first)
        for count in self.checks:
            error = f'ValueError("{count} must be at least 1")'
            first += [f"if {operand(count)} < 1:", f"    raise {error}"]
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
                value = literal(in_python(default.value({})), exact=name not in numbers)
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
        order = _settling_order(self.arguments)
        for i, name in reversed([*enumerate(order)]):
            default = self.arguments[name]
            if default is None or default.is_constant or name not in self.needed:
                continue
            is_in_ring = default.names() & {*order[i:]}
            text = None if is_in_ring else self.default(name, default)
            if text is None:
                self.given.append(name)
            else:
                found[name] = text
        return found

    def default(self, name: str, default: Setting) -> str | None:
        """A default that is an expression, as source; None if no one is right at every use."""
        copies = [self.copy(use, use, None) for use in self.uses]
        as_number = name in self.emitter.numbers(self.block)
        try:
            return self.setting(default, None, copies, as_number=as_number)
        except (EmitError, ExpressionError):
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


def operand(text: str) -> str:
    """An expression so that it can be compared, or stand beside ``and``."""
    return f"({text})" if words(text) & {"if", "and", "or", "not"} else text


def _defaulted(name: str, text: str) -> list[str]:
    return [f"if {name} is None:", f"    {name} = {text}"]


def _settling_order(arguments: dict[str, Setting | None]) -> list[str]:
    """The arguments, each behind those that its default uses, but in a ring of defaults."""
    met: list[str] = []
    order: list[str] = []

    def settle(name: str) -> None:
        met.append(name)
        default = arguments[name]
        for other in arguments:
            if default is not None and other in default.names() and other not in met:
                settle(other)
        order.append(name)

    for name in arguments:
        if name not in met:
            settle(name)
    return order


def _annotation(value: Any) -> str:
    if isinstance(value, list):
        return "tuple[int, ...]"
    if value is None:
        return "None"
    if isinstance(value, str):
        return "str"
    return type(value).__name__
