"""A network at other values of its symbols, at which what is written of it has to be right too.

Symbols that decide anything but the input's size are candidates for knobs of what is emitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from shapecalc.build import build
from shapecalc.emit import letters as lettering
from shapecalc.emit.letters import Lettered
from shapecalc.emit.python import tests, used
from shapecalc.network import Network
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
from shapecalc.spec.tree import Entry, Spec

MOST_VARIANTS = 3
"""At how many other values of each knob what is written is tried."""

MOST_COPIES = 8
"""For how many copies of an entry it is looked whether a symbol decides that they are there."""


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


def variants(
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
