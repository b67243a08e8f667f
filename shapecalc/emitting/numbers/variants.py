"""A network at other values of its symbols, at which what is written of it has to be right too.

Symbols that decide anything but the input's size are candidates for knobs of what is emitted. A
derivation tells a number at all values of a knob unless some condition turns out otherwise, so the
knobs that conditions hang on are tried one by one and together, and all others at once.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle, islice, zip_longest
from typing import Any, NamedTuple

from shapecalc.emitting.names import EmitError
from shapecalc.emitting.numbers import letters as lettering
from shapecalc.emitting.numbers.boundaries import sizes_asked
from shapecalc.emitting.numbers.decisions import Decisions
from shapecalc.emitting.numbers.letters import Lettered, Memory
from shapecalc.emitting.numbers.mixtures import Mixtures
from shapecalc.emitting.numbers.tried import Tried, other_values, tried
from shapecalc.emitting.syntax import names as names_in
from shapecalc.emitting.work import BOUND
from shapecalc.language.evaluation import Undecided
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind
from shapecalc.language.tree import Spec
from shapecalc.network import Network

ENOUGH = 4
"""How many times all knobs are changed at once, and how many values of each are taken for it."""

FEW = 8
"""How many knobs are tried one by one, whether conditions depend on them or not."""

TOGETHER = 8
"""How many times several knobs are changed at once."""

EMPTY = 1
"""At how many values of all others a knob is tried that leaves no copy of an entry."""

MOST_LAYERS = 50
"""How many layers more than four times its own the network may have at other values."""

WORK = 2_500
"""How many layers and blocks are built in all variants, about; large networks have fewer."""

LEAST_DRAWN, MOST_DRAWN = 6, 40
"""Of how many draws what is changed at once is taken, of small networks more."""

LEAST = 2
"""At how many values of a knob a network is built, however large it is."""


class Variant(NamedTuple):
    """The network on letters, where some symbols have other values than their own."""

    changed: Mapping[str, Any]
    built: Lettered


class Variants:
    """The network at other values of single knobs, of several, and of all at once.

    ``layers`` is how many it has at its own values.
    """

    def __init__(
        self,
        network: Network,
        settings: Mapping[str, Any],
        values: Mapping[str, Any],
        knobs: list[str],
        base: Lettered,
        memory: Memory,
        layers: int,
    ) -> None:
        spec = network.spec
        self.base = base
        self.values = values
        self.knobs = knobs
        self.tries = _Tries(spec, settings, base, frozenset(knobs), memory, layers)
        self.switches = knobs
        sizes = sizes_asked(base.asked, spec, memory.inside)
        if len(knobs) > FEW:
            deciding = memory.behind.decisive.union(*(names_in(tree) for tree in sizes))
            self.switches = [name for name in knobs if name in deciding]
        self.decisions = Decisions(spec, settings, memory.symbols, memory.work)
        self.tried = tried(memory, settings, values, knobs, sizes)
        self.others = {name: self.tried[name].values[:ENOUGH] for name in knobs}
        self.differs: dict[tuple[str, Any], bool] = {}

    def all(self) -> list[Variant]:
        """The variants in which one knob changes, or all, or some."""
        found: list[Variant] = []
        emptying: dict[str, Any] = {}
        wanted = sum(self.tried[name].most for name in self.switches)
        for name in self.switches:
            tried = self.tried[name]
            alone = self.tries.alone(name, tried, WORK // 2 * tried.most // wanted)
            found += alone
            for each in alone:
                value = each.changed[name]
                self.differs[name, value] = each.built.decisions != self.base.decisions
                if each.built.empty - self.base.empty:
                    emptying[name] = value
            self.others[name] = self.telling(name, [each.changed[name] for each in alone])
        rows = zip(*map(cycle, self.others.values()))
        found += self.tries.all(self.knobs, islice(rows, ENOUGH))
        for name, value in emptying.items():
            rows = zip(*map(cycle, {**self.others, name: [value]}.values()))
            found += self.tries.all(self.knobs, islice(rows, EMPTY))
        return found + self.mixed(frozenset(self.knobs), found)

    def mixed(self, knobs: frozenset[str], before: list[Variant]) -> list[Variant]:
        """Variants in which some of these knobs change, after others."""
        switches = [name for name in self.switches if name in knobs]
        if len(switches) < 2:
            return []
        rows = TOGETHER * min(3, len(switches))
        draws = min(max(WORK // (self.base.steps or 1) // 2, LEAST_DRAWN), MOST_DRAWN)
        mixtures = Mixtures(self.others, self.outcome, self.decisions.together, draws)
        for each in before:
            mixtures.built(each.changed)
        return [*self.tries.mixed(mixtures, switches, rows, WORK // 4)]

    def telling(self, name: str, alone: list[Any]) -> list[Any]:
        """Values of a knob to be tried with another's: first one of each that decide else.

        Large ones differ most. Some values, as a repeat of 0, make a network with others only, and
        are taken where something turns there.
        """
        own = self.values[name]
        deciding: dict[Any, list[Any]] = {}
        for value in sorted(alone, reverse=True):
            deciding.setdefault(self.outcome(name, value), []).append(value)
        alike = deciding.pop((bisect(self.tried[name].turns, own), False), [])
        first = [value for column in zip_longest(*deciding.values()) for value in column]
        more = other_values(own)[: max(0, ENOUGH - len(alone))]
        turns = self.tried[name].turns
        none = [0] if bisect(turns, 0) not in {bisect(turns, value) for value in alone} else []
        found = dict.fromkeys([*first, *alike, *more, *none])
        return [value for value in found if value is not None and value != own]

    def outcome(self, name: str, value: Any) -> Any:
        """What a value of a knob decides: between which turns it is, and if it did so alone."""
        return bisect(self.tried[name].turns, value), self.differs.get((name, value))


class _Tries:
    """Builds the network at other values of its symbols.

    ``spent`` is how many layers and blocks have been built, about: what fails fails half-way, and
    what is built goes through those that are known as well.
    """

    def __init__(
        self,
        spec: Spec,
        settings: Mapping[str, Any],
        base: Lettered,
        knobs: frozenset[str],
        memory: Memory,
        layers: int,
    ) -> None:
        self.spec = spec
        self.settings = settings
        self.base = base
        self.knobs = knobs
        self.memory = memory
        self.most_layers = MOST_LAYERS + 4 * layers
        self.spent = 0
        self.met: set[frozenset[Any]] = set()

    def alone(self, knob: str, tried: Tried, work: int) -> list[Variant]:
        """The variants at the first few values of a knob; ``work`` is how much may be built."""
        found: list[Variant] = []
        most = self.spent + work
        for variant in islice(self.all([knob], zip(tried.values)), tried.most):
            found.append(variant)
            if len(found) >= LEAST and self.spent >= most:
                break
        return found

    def all(self, knobs: Sequence[str], tried: Iterable[Sequence[Any]]) -> Iterator[Variant]:
        """The variants at all values of some knobs, where there is a network that is not known."""
        for together in tried:
            changed = dict(zip(knobs, together))
            row = frozenset(changed.items())
            built = None if row in self.met else self.built(changed)
            self.met.add(row)
            if built is not None:
                yield Variant(changed, built)

    def mixed(
        self, mixtures: Mixtures, knobs: Sequence[str], rows: int, work: int
    ) -> Iterator[Variant]:
        """The variants at the first few rows in which several knobs change."""
        most = self.spent + work
        count = 0
        for changed in islice(mixtures.rows(knobs), 2 * rows):
            built = self.built(changed)
            if built is not None:
                count += 1
                mixtures.built(changed)
                yield Variant(changed, built)
            if count == rows or self.spent >= (most if count >= LEAST else most + work):
                return

    def built(self, changed: Mapping[str, Any]) -> Lettered | None:
        """The network where some symbols have other values; None if it is none there."""
        try:
            self.memory.work.add(BOUND * len(self.spec.symbols))
            values = bind(self.spec, {**self.settings, **changed}, ())
            built = lettering.build(
                self.spec, values, self.knobs, self.most_layers, self.memory, frozenset(changed)
            )
        except EmitError:
            raise  # it is too much work
        except (SpecError, SettingError, Undecided):
            self.spent += self.base.steps // 2
            return None
        self.spent += built.steps + self.base.steps // 3
        return built
