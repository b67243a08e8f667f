"""A network at other values of its symbols, at which what is written of it has to be right too.

Symbols that decide anything but the input's size are candidates for knobs of what is emitted. A
derivation tells a number at all values of a knob unless some condition turns out otherwise, so the
knobs that conditions hang on are tried one by one and together, and all others at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from shapecalc.emitting import letters as lettering
from shapecalc.emitting.letters import Lettered, Memory, every, settings_of
from shapecalc.emitting.python import tests
from shapecalc.language.evaluation import Undecided
from shapecalc.language.expression import Binary, Call, names, parts
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind
from shapecalc.language.tree import Block, Entry, Setting, Spec
from shapecalc.language.words import BATCH
from shapecalc.network import Network

ENOUGH = 4
"""At how many other values of a knob what is written is tried, if no condition depends on it."""

PATIENCE = 6
"""After how many values a knob is taken for one that no condition depends on."""

SMALL = (2, 5, 3, 4, 0, 1, 6, 7, 8)
"""Values that are tried for every knob."""

FEW = 8
"""How many knobs are tried one by one, whether conditions depend on them or not."""

TOGETHER = 10
"""How many times several knobs are changed at once."""

EMPTY = 2
"""At how many values of all others a knob is tried that leaves no copy of an entry."""

MOST_LAYERS = 50
"""How many layers more than four times its own the network may have at other values."""

WORK = 2_500
"""How many layers and blocks are built in all variants, about; large networks have fewer."""

LEAST = 2
"""At how many values of a knob a network is built, however large it is."""


class Variant(NamedTuple):
    """The network on letters, where some symbols have other values than their own."""

    changed: Mapping[str, Any]
    built: Lettered


def candidates(spec: Spec) -> frozenset[str]:
    """The symbols that settings use: those that decide more than the input's size."""
    used = {name for entries in _lists(spec) for name in _names_in(entries)}
    used |= {name for default in _defaults(spec) for name in default.names()}
    for name, default in reversed(spec.symbols.items()):
        if name in used:
            used |= default.names()
    return frozenset(spec.symbols) & used - {BATCH}


def _lists(spec: Spec) -> list[list[Entry]]:
    return [spec.entries, *(block.entries for block in spec.blocks.values())]


def _defaults(spec: Spec) -> list[Setting]:
    return [d for block in spec.blocks.values() for d in block.arguments.values() if d]


def _names_in(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        for setting in settings_of(entry):
            yield from setting.names()
        for branch in entry.branches or ():
            yield from _names_in(branch.entries)


def has_point(spec: Spec, setting: Setting) -> bool:
    """Whether a number is written as one that need not be whole, such as 1.0."""
    if setting.kind != Setting.CONSTANT or not isinstance(setting.content, (int, Fraction)):
        return False
    line, column = setting.mark[:2]
    text = spec.source.line(line)[column - 1 :]
    digits = len(text) - len(text.lstrip("+-0123456789_"))
    return text[digits : digits + 1] == "." and not isinstance(setting.content, bool)


def decisive(spec: Spec) -> frozenset[str]:
    """The symbols that conditions or numbers of copies ask for, arguments looked through."""
    found = _Behind(spec)
    for block, entries in found.lists:
        found.entries(entries, block)
    return found.symbols


def behind(spec: Spec, names: Iterable[str], block: Block | None) -> frozenset[str]:
    """The symbols that names in a block hang on, arguments looked through."""
    found = _Behind(spec)
    found.add(names, block)
    return found.symbols


class _Behind:
    """What names hang on: those of symbols, and of arguments by their block."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.met: set[tuple[str, str]] = set()
        self.given: dict[tuple[str, str], list[tuple[Block | None, Setting]]] = {}
        self.lists = [(None, spec.entries), *((b, b.entries) for b in spec.blocks.values())]
        for block, entries in self.lists:
            self.gather(entries, block)

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that have been met."""
        return frozenset(name for owner, name in self.met if not owner)

    def gather(self, entries: list[Entry], block: Block | None) -> None:
        """Note what uses of blocks give to arguments."""
        for entry in entries:
            if entry.block is not None:
                for name, setting in entry.settings.items():
                    self.given.setdefault((entry.kind, name), []).append((block, setting))
            for branch in entry.branches or ():
                self.gather(branch.entries, block)

    def entries(self, entries: list[Entry], block: Block | None) -> None:
        for entry in entries:
            for setting in (entry.when, entry.repeat):
                if setting is not None:
                    self.add(setting.names(), block)
            for setting in entry.settings.values():
                self.choices(setting, block)
            for branch in entry.branches or ():
                self.entries(branch.entries, block)

    def choices(self, setting: Setting, block: Block | None) -> None:
        for item in setting.items() or [setting]:
            if item.kind == Setting.EXPRESSION:
                for test in tests(item.content):
                    self.add({each.name for each in names(test)}, block)

    def add(self, found: Iterable[str], block: Block | None) -> None:
        for name in found:
            owner = block.name if block is not None and name in block.arguments else ""
            if (owner, name) in self.met:
                continue
            self.met.add((owner, name))
            default = (block.arguments if owner and block else self.spec.symbols).get(name)
            if default is not None:
                self.add(default.names(), block if owner else None)
            for where, setting in self.given.get((owner, name), []):
                self.add(setting.names(), where)


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
        if len(knobs) > FEW:
            deciding = decisive(spec)
            self.switches = [name for name in knobs if name in deciding]
        rationals = _rationals(spec)
        self.near = {name: _other_values(values[name], name in rationals) for name in knobs}
        self.others = {name: self.near[name][:ENOUGH] for name in knobs}

    def all(self) -> list[Variant]:
        """The variants in which one knob changes, or all, or some."""
        found: list[Variant] = []
        emptying: dict[str, Any] = {}
        for name in self.switches:
            alone = self.tries.kept(name, self.near[name], WORK * 2 // 3 // len(self.switches))
            found += alone
            self.others[name] = _telling(name, alone, self.base, self.values[name])
            for each in alone:
                if each.built.empty - self.base.empty:
                    emptying[name] = each.changed[name]
        found += self.tries.all(self.knobs, zip(*self.others.values()))
        for name, value in emptying.items():
            rows = zip(*({**self.others, name: [value] * EMPTY}.values()))
            found += self.tries.all(self.knobs, islice(rows, EMPTY))
        return found + self.mixed(frozenset(self.knobs))

    def mixed(self, knobs: frozenset[str]) -> list[Variant]:
        """Variants in which some of these knobs change."""
        switches = [name for name in self.switches if name in knobs]
        if len(switches) < 2:
            return []
        rows = TOGETHER * min(3, len(switches))
        return [*self.tries.mixed(switches, self.others, self.values, rows, WORK // 4)]


def _telling(name: str, alone: list[Variant], base: Lettered, own: Any) -> list[Any]:
    """Values of a knob to be tried with another's: those that switch a condition come first.

    Large ones differ most. Some values, as a repeat of 0, make a network with another knob only.
    """
    switches = [each.changed[name] for each in alone if each.built.decisions != base.decisions]
    largest = sorted((each.changed[name] for each in alone), reverse=True)
    more = _other_values(own)[: max(0, ENOUGH - len(alone))]
    return [value for value in dict.fromkeys([*switches, *largest, *more, 0]) if value != own]


def _other_values(value: Any, is_rational: bool = False) -> list[Any]:
    """Values that a knob may have as well: near ones, multiples, and both of a switch."""
    near: list[Any] = [value + 1, 0, 2 * value, 1, value - 1, 3 * value]
    if isinstance(value, Fraction) or is_rational:
        half = Fraction(value) / 2
        uneven = [value + Fraction(5, 7), value * Fraction(83, 89)]  # what is rounded shows there
        near = [*uneven, 0, value + 4, 2 * value, half.numerator if half.denominator == 1 else half]
    elif value in (0, 1):
        near = [1 - value]
    return [each for each in dict.fromkeys([*near, *SMALL]) if each != value]


def _rationals(spec: Spec) -> set[str]:
    """The symbols that need not be whole: they are written so, or what they make is rounded."""
    lists = [spec.entries, *(block.entries for block in spec.blocks.values())]
    settings = [s for entries in lists for e in every(entries) for s in e.settings.values()]
    settings += [*_defaults(spec), *spec.symbols.values()]
    expressions = [s.expression for s in settings if s.expression is not None]
    rounded = {name for tree in expressions for name in _rounded_names(tree)}
    return {name for name, own in spec.symbols.items() if name in rounded or has_point(spec, own)}


def _rounded_names(tree: Any) -> set[str]:
    """The names that are rounded in an expression without being divided there."""
    if isinstance(tree, Call) and tree.function in ("ceil", "floor", "round"):
        return set() if divides(tree) else {each.name for each in names(tree)}
    return {name for part in parts(tree) for name in _rounded_names(part)}


def divides(tree: Any) -> bool:
    """Whether there is a division in an expression."""
    if isinstance(tree, Binary) and tree.operator in ("/", "//", "%"):
        return True
    return any(divides(part) for part in parts(tree))


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

    def kept(self, knob: str, tried: Iterable[Any], work: int) -> list[Variant]:
        """The variants at the first few values of a knob, and where a condition turns out anew.

        Twice, for a number may be right by chance. ``work`` is how much may be built for it.
        """
        found: list[Variant] = []
        seen = Counter([self.base.decisions] * 2)
        most = self.spent + work
        for count, variant in enumerate(islice(self.all([knob], zip(tried)), PATIENCE), 1):
            if len(found) < ENOUGH or seen[variant.built.decisions] < 2:
                found.append(variant)
            seen[variant.built.decisions] += 1
            if count >= LEAST and self.spent >= most:
                break
        return found

    def all(self, knobs: Sequence[str], tried: Iterable[Sequence[Any]]) -> Iterator[Variant]:
        """The variants at all values of some knobs, where there is a network."""
        for together in tried:
            changed = dict(zip(knobs, together))
            built = self.built(changed)
            if built is not None:
                yield Variant(changed, built)

    def mixed(
        self,
        knobs: Sequence[str],
        others: Mapping[str, list[Any]],
        own: Mapping[str, Any],
        rows: int,
        work: int,
    ) -> Iterator[Variant]:
        """Variants in which some of several knobs change, the same ones each time."""
        random = Random(0)  # noqa: S311
        seen: set[tuple[Any, ...]] = set()
        most = self.spent + work
        count = 0
        for _ in range(2 * rows):
            chosen = random.sample(list(knobs), random.randint(2, min(len(knobs), 4)))
            changed = {name: random.choice([*others[name], own[name]]) for name in chosen}
            changed = {name: value for name, value in changed.items() if value != own[name]}
            row = tuple(sorted(changed.items()))
            if len(changed) < 2 or row in seen:
                continue
            seen.add(row)
            built = self.built(changed)
            if built is not None:
                count += 1
                yield Variant(changed, built)
            if count == rows or (count >= LEAST and self.spent >= most):
                return

    def built(self, changed: Mapping[str, Any]) -> Lettered | None:
        """The network where some symbols have other values; None if it is none there."""
        try:
            values = bind(self.spec, {**self.settings, **changed}, ())
            built = lettering.build(
                self.spec, values, self.knobs, self.most_layers, self.memory, frozenset(changed)
            )
        except (SpecError, SettingError, Undecided):
            self.spent += self.base.steps // 2
            return None
        self.spent += built.steps + self.base.steps // 3
        return built
