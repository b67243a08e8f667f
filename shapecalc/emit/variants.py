"""A network at other values of its symbols, at which what is written of it has to be right too.

Symbols that decide anything but the input's size are candidates for knobs of what is emitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from shapecalc.emit import letters as lettering
from shapecalc.emit.letters import Lettered
from shapecalc.graph.build import build
from shapecalc.language.expression import Undecided
from shapecalc.language.parse import BATCH
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind
from shapecalc.language.tree import Entry, Spec
from shapecalc.network import Network

ENOUGH = 3
"""At how many other values of a knob what is written is tried, if no condition depends on it."""

PATIENCE = 6
"""After how many values a knob is taken for one that no condition depends on."""

SMALL = (2, 5, 3, 4, 0, 1, 6, 7, 8)
"""Values that are tried for every knob."""

MOST_PAIRS = 30
"""For how many pairs of knobs it is tried what they do together."""

MOST_LAYERS = 50
"""How many layers more than four times its own the network may have at other values."""


class Variant(NamedTuple):
    """The network on letters, where some symbols have other values than their own."""

    changed: Mapping[str, Any]
    built: Lettered


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
    network: Network,
    settings: Mapping[str, Any],
    values: Mapping[str, Any],
    knobs: list[str],
    base: Lettered,
) -> list[Variant]:
    """The network at other values of each knob, of two, and of all at once, where there is one."""
    tries = _Tries(network.spec, settings, base)
    found: list[Variant] = []
    others: dict[str, list[Any]] = {}
    decisive: set[str] = set()
    for name in knobs:
        alone = tries.kept(name, _other_values(values[name]))
        found += alone
        others[name] = _telling(name, alone, base, values[name])
        if len(alone) < ENOUGH or any(each.built.decisions != base.decisions for each in alone):
            decisive.add(name)
    pairs = [pair for pair in combinations(knobs, 2) if decisive & {*pair}]
    for one, other in pairs[:MOST_PAIRS]:
        first = [(others[one][0], value) for value in others[other]]
        second = [(value, others[other][0]) for value in others[one][1:]]
        found += tries.all((one, other), [*first, *second])
    found += tries.all(knobs, zip(*others.values()))
    return found


def _telling(name: str, alone: list[Variant], base: Lettered, own: Any) -> list[Any]:
    """Values of a knob to be tried with another's: those that switch a condition come first.

    Large ones differ most. Some values, as a repeat of 0, make a network with another knob only.
    """
    switches = [each.changed[name] for each in alone if each.built.decisions != base.decisions]
    largest = sorted((each.changed[name] for each in alone), reverse=True)
    more = _other_values(own)[: max(0, ENOUGH - len(alone))]
    return [value for value in dict.fromkeys([*switches, *largest, *more, 0]) if value != own]


def _other_values(value: Any) -> list[Any]:
    """Values that a knob may have as well: near ones, multiples, and both of a switch."""
    near: list[Any] = [value + 1, 0, 2 * value, 1, value - 1]
    if isinstance(value, Fraction):
        near = [value + 4, 2 * value, value / 2]
    elif value in (0, 1):
        near = [1 - value]
    return [each for each in dict.fromkeys([*near, *SMALL]) if each != value]


class _Tries:
    """Builds the network at other values of its symbols."""

    def __init__(self, spec: Spec, settings: Mapping[str, Any], base: Lettered) -> None:
        self.spec = spec
        self.settings = settings
        self.base = base
        self.most_layers = MOST_LAYERS + 4 * len(base.built.graph)

    def kept(self, knob: str, tried: Iterable[Any]) -> list[Variant]:
        """The variants at the first few values of a knob, and where a condition turns out anew."""
        found: list[Variant] = []
        seen = {self.base.decisions}
        for i, variant in enumerate(self.all([knob], zip(tried))):
            if i >= PATIENCE and len(seen) == 1:
                break
            if len(found) < ENOUGH or variant.built.decisions not in seen:
                seen.add(variant.built.decisions)
                found.append(variant)
        return found

    def all(self, knobs: Sequence[str], tried: Iterable[Sequence[Any]]) -> Iterator[Variant]:
        """The variants at all values of some knobs, where there is a network."""
        for together in tried:
            changed = dict(zip(knobs, together))
            built = self.built(changed)
            if built is not None:
                yield Variant(changed, built)

    def built(self, changed: Mapping[str, Any]) -> Lettered | None:
        """The network where some symbols have other values; None if it is none there."""
        try:
            values = bind(self.spec, {**self.settings, **changed}, ())
            build(self.spec, values, self.most_layers)  # on letters less is checked
            return lettering.build(self.spec, values, self.most_layers, frozenset(changed))
        except (SpecError, SettingError, Undecided):
            return None
