"""What an emitter knows of a network: what is built of it, for several values of its symbols.

Symbols that decide anything but the input's size are knobs of what is emitted. What is written
has to be right at other values of theirs, too, so the network is built at some, and a symbol for
which nothing right can be written keeps its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from shapecalc.build import build
from shapecalc.emit import letters as lettering
from shapecalc.emit.letters import Inside, Lettered
from shapecalc.emit.names import EmitError, variable
from shapecalc.emit.python import tests, used
from shapecalc.emit.writer import Tied, Written
from shapecalc.graph import Part
from shapecalc.layers import KINDS
from shapecalc.layers.field import Number
from shapecalc.network import Network
from shapecalc.report import Report
from shapecalc.spec.expression import (
    Expression,
    ExpressionError,
    Undecided,
    evaluate,
    truth,
)
from shapecalc.spec.parse import BATCH
from shapecalc.spec.problem import SpecError
from shapecalc.spec.symbols import SettingError, bind
from shapecalc.spec.tree import Block, Entry, Setting, Spec

MOST_VARIANTS = 3
"""At how many other values of each knob what is written is tried."""

MOST_COPIES = 8
"""For how many copies of an entry it is looked whether a symbol decides that they are there."""


class Emitter:
    """The network built at its own values and at others, and what has been written of it."""

    def __init__(
        self,
        network: Network,
        settings: Mapping[str, Any],
        report: Report,
        builds: list[Lettered],
        knobs: frozenset[str],
    ) -> None:
        self.spec: Spec = network.spec
        self.settings = settings
        self.values = report.symbols
        self.report = report
        self.knobs = knobs
        self.roots = [build.built.root for build in builds]
        self._inside = {part: inside for build in builds for part, inside in build.inside.items()}
        self.uses: dict[str, list[Part]] = {}
        for root in self.roots:
            _collect_uses(root, self.uses)
        self.written: dict[str, Written] = {}
        self._numbers: dict[str, frozenset[str]] = {}
        self.parameters: dict[str, str] = {}

    def name_parameters(self, taken: Iterable[str]) -> None:
        """Choose names of parameters that hide no name of the source's own."""
        blocks = self.spec.blocks.values()
        names = {*self.spec.symbols, *(name for block in blocks for name in block.arguments)}
        renamed = {name: variable(name, frozenset(taken)) for name in names}
        self.parameters = {name: own for name, own in renamed.items() if own != name}

    def parameter_names(self, block: Block | None) -> set[str]:
        """The names of all parameters that a constructor may have."""
        names = {*self.knobs, *lettering.KNOWN, *(block.arguments if block else ())}
        return {self.parameters.get(name, name) for name in names}

    def inside(self, part: Any) -> Inside:
        """What is known inside a use of a block, or inside the network."""
        return self._inside[id(part)]

    def block(self, block: Block) -> Written:
        """What makes a block, written when it is first asked for."""
        raise NotImplementedError

    def told(self, block: Block | None) -> str:
        """What is said of a block, or of the network."""
        if block is None:
            return f"{self.report.name}."
        return block.about or f"A block of {self.report.name}."

    def derived(self, name: str) -> Setting | None:
        """The default of a knob that is worked out of other knobs."""
        default = self.spec.symbols[name]
        if name in self.settings or default.is_constant or not default.names() & self.knobs:
            return None
        return default

    def numbers(self, block: Block | None) -> frozenset[str]:
        """The arguments, or symbols, that end up only where torch takes floats."""
        key = block.name if block else ""
        if key not in self._numbers:
            names = frozenset(block.arguments if block else self.spec.symbols)
            lists = [block.entries] if block else [self.spec.entries]
            defaults = list(block.arguments.values()) if block else []
            if block is None:
                lists += [each.entries for each in self.spec.blocks.values()]
                defaults += [d for b in self.spec.blocks.values() for d in b.arguments.values()]
                defaults += self.spec.symbols.values()
            exact = {name for default in defaults if default for name in default.names()}
            found: set[str] = set()
            for entries in lists:
                for names_used, is_number in self._places(entries):
                    found |= names_used
                    if not is_number:
                        exact |= names_used
            self._numbers[key] = names & found - exact
        return self._numbers[key]

    def _places(self, entries: list[Entry]) -> Iterator[tuple[frozenset[str], bool]]:
        """The names that settings use, and whether torch takes a float there."""
        for entry in entries:
            numbers = self.numbers(entry.block) if entry.block else frozenset()
            fields = {} if entry.block else KINDS[entry.kind].fields
            for name, setting in entry.settings.items():
                is_number = name in numbers or (
                    name in fields and isinstance(fields[name].type, Number)
                )
                yield setting.names(), is_number
            for decisive in (entry.when, entry.repeat):
                if decisive is not None:
                    yield decisive.names(), False
            for branch in entry.branches or ():
                yield from self._places(branch.entries)


def emit(network: Network, settings: Mapping[str, Any] | None, make: Callable[..., str]) -> str:
    """What ``make`` writes of a network, with as many of its symbols for knobs as can be."""
    settings = settings or {}
    values, built = network.build(settings)
    free = [name for name, value in values.items() if hasattr(value, "symbols")]
    if free:
        mark = network.spec.symbols[free[0]].mark
        hint = f"set it: --set {free[0]}=..."
        raise EmitError(network.spec.source, mark, f"symbol {free[0]!r} has no value", hint)
    report = Report(network.name, values, built)
    base = lettering.build(network.spec, values, network.most_layers)
    knobs = candidates(network.spec)
    variants = list(_variants(network, settings, values, sorted(knobs)))
    while True:
        builds = [base, *(build for names, build in variants if names <= knobs)]
        try:
            return make(network, settings, report, builds, knobs)
        except Tied as tied:
            knobs -= tied.names


def candidates(spec: Spec) -> frozenset[str]:
    """The symbols that settings use: those that decide more than the input's size."""
    lists = [spec.entries, *(block.entries for block in spec.blocks.values())]
    defaults = [d for block in spec.blocks.values() for d in block.arguments.values() if d]
    used = {name for entries in lists for name in _names_in(entries)}
    used |= {name for default in defaults for name in default.names()}
    for name, default in reversed(spec.symbols.items()):
        if name in used:
            used |= default.names()
    return frozenset(spec.symbols) & used - {BATCH}


def _names_in(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        for setting in [*entry.settings.values(), entry.when, entry.repeat]:
            if setting is not None:
                yield from setting.names()
        for branch in entry.branches or ():
            yield from _names_in(branch.entries)


def _variants(
    network: Network, settings: Mapping[str, Any], values: Mapping[str, Any], knobs: list[str]
) -> Iterator[tuple[frozenset[str], Lettered]]:
    """The network at other values of each knob, and of all at once, where there is one."""
    others: dict[str, list[Any]] = {}
    for name in knobs:
        others[name] = []
        for value in [*_switches(network.spec, name, values), *_other_values(values[name])]:
            found = _built(network, {**settings, name: value}, frozenset({name}))
            if found is not None:
                others[name].append(value)
                yield frozenset({name}), found
            if len(others[name]) >= MOST_VARIANTS:
                break
    for i in range(MOST_VARIANTS if len(knobs) > 1 else 0):
        together = {name: found[i] for name, found in others.items() if i < len(found)}
        found = _built(network, {**settings, **together}, frozenset(together))
        if together and found is not None:
            yield frozenset(together), found


def _other_values(value: Any) -> list[Any]:
    """Values that a knob may have as well: near ones, multiples, and both of a switch."""
    if isinstance(value, Fraction):
        return [2 * value, value / 2, value + 1, 1]
    if value in (0, 1):
        return [1 - value, 2, 5, 3, 4]
    return [value + 1, 2 * value, 3 * value + 1, value - 1, 3 * value, value + 2, value // 2, 1]


def _switches(spec: Spec, name: str, values: Mapping[str, Any]) -> list[Any]:
    """A value of a symbol that switches a condition, for each condition that it decides."""
    own = values[name]
    tried = dict.fromkeys([*_other_values(own), *range(9), *(own * 2**n for n in range(2, 7))])
    found: dict[Any, None] = {}
    lists = [spec.entries, *(block.entries for block in spec.blocks.values())]
    for test in dict.fromkeys(test for entries in lists for test in _tests(entries)):
        names = used(test)
        if name in names and names <= {*values, "index"}:
            now = _truths(test, values)
            switching = (v for v in tried if _truths(test, {**values, name: v}) != now)
            found.update(dict.fromkeys(islice(switching, 1)))
    return list(found)


def _truths(test: Expression, values: Mapping[str, Any]) -> list[bool]:
    """Whether a condition holds for the first copies of an entry; for any, if it has no index."""
    copies = MOST_COPIES if "index" in used(test) else 1
    try:
        return [truth(evaluate(test, {**values, "index": index})) for index in range(copies)]
    except ExpressionError:
        return []


def _tests(entries: list[Entry]) -> Iterator[Expression]:
    """The conditions in a list of entries, those within expressions included."""
    for entry in entries:
        if entry.when is not None and entry.when.expression is not None:
            yield entry.when.expression
        for setting in entry.settings.values():
            if setting.expression is not None:
                yield from tests(setting.expression)
        for branch in entry.branches or ():
            yield from _tests(branch.entries)


def _built(
    network: Network, settings: Mapping[str, Any], changed: frozenset[str]
) -> Lettered | None:
    try:
        values = bind(network.spec, settings, ())
        build(network.spec, values, network.most_layers)  # on letters less is checked
        return lettering.build(network.spec, values, network.most_layers, changed)
    except (SpecError, SettingError, Undecided):
        return None


def _collect_uses(part: Part, uses: dict[str, list[Part]]) -> None:
    for child in part.children:
        if isinstance(child, Part):
            if child.is_use:
                uses.setdefault(child.kind, []).append(child)
            _collect_uses(child, uses)
