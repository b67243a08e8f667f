"""How large a network is bound to be, counted before it is built.

Blocks that use blocks, and repeats in repeats, say much in few words: twenty lines can ask for a
million layers. What they ask for is counted here in time that grows with the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.language.evaluation import Undecided, truth
from shapecalc.language.expression import ExpressionError
from shapecalc.language.tree import Block, Entry, Setting, Spec

MOST_USES = 10_000
"""How many different uses of blocks are looked at; what more there are is not counted."""

MOST_STEPS = 16
"""How many defaults may hang on one another in what is counted."""


class _Unknown(Exception):
    """A value depends on what is known only while building: a size, or a copy's number."""


class _Known(Mapping[str, Any]):
    """The values that are known ahead: those of a use's arguments over those of the symbols.

    A default is worked out when it is asked for, for there may be many arguments, and many uses.
    """

    __slots__ = ("own", "symbols", "under_way")

    def __init__(self, symbols: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> None:
        self.symbols = symbols
        self.own = dict(own or {})  # a value, none, a default yet to be worked out, or _Unknown
        self.under_way = 0

    def __getitem__(self, name: str) -> Any:
        if name not in self.own:
            if name in self.symbols:
                return self.symbols[name]
            raise _Unknown
        value = self.own[name]
        if isinstance(value, Setting) and self.under_way < MOST_STEPS:
            self.own[name] = _Unknown  # until it is known, and for good if it depends on itself
            self.under_way += 1
            self.own[name] = value = _value(value, self)
            self.under_way -= 1
        if value is None or value is _Unknown or isinstance(value, Setting):
            raise _Unknown
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({**self.symbols, **self.own})

    def __len__(self) -> int:
        return len({**self.symbols, **self.own})


def foreseen(spec: Spec, values: Mapping[str, Any], deepest: int) -> Iterator[tuple[Entry, int]]:
    """The entries of a network, each with how many layers it comes to at least.

    What depends on sizes or on a copy's number counts as nothing, and so does what is wrong. A
    use of a block counts as one at least: it is work though all in it is left out.
    """
    counter = _Counter(values, deepest)
    known = _Known(counter.values)
    for entry in spec.entries:
        yield entry, counter.entry(entry, known, 0)


class _Counter:
    def __init__(self, values: Mapping[str, Any], deepest: int) -> None:
        self.values = {name: value for name, value in values.items() if not is_symbolic(value)}
        self.deepest = deepest
        self.known: dict[Any, int] = {}

    def entries(self, entries: list[Entry], scope: _Known, depth: int) -> int:
        return sum(self.entry(entry, scope, depth) for entry in entries)

    def entry(self, entry: Entry, scope: _Known, depth: int) -> int:
        if depth > self.deepest:
            return 0
        try:
            count = 1
            if entry.repeat is not None:
                count = entry.repeat.value(scope)
                scope = _Known(scope.symbols, {**scope.own, "index": _Unknown})
            if entry.when is not None and not truth(entry.when.value(scope)):
                return 0
        except (_Unknown, ExpressionError, Undecided):
            return 0
        if type(count) is not int or count < 1:
            return 0
        if entry.block is not None:
            return count * self.block(entry, entry.block, scope, depth)
        branches = entry.branches or ()
        return count * (1 + sum(self.entries(each.entries, scope, depth + 1) for each in branches))

    def block(self, entry: Entry, block: Block, scope: _Known, depth: int) -> int:
        given = {name: _value(setting, scope) for name, setting in entry.settings.items()}
        key = (block.name, tuple(sorted((name, repr(value)) for name, value in given.items())))
        if key not in self.known:
            if len(self.known) >= MOST_USES:
                return 0
            self.known[key] = 0  # a block that uses itself is an error, told elsewhere
            inside = _Known(self.values, {**block.arguments, **given})
            self.known[key] = max(self.entries(block.entries, inside, depth + 1), 1)
        return self.known[key]


def _value(setting: Setting, scope: _Known) -> Any:
    """A setting's value, or :class:`_Unknown` itself."""
    try:
        value = setting.value(scope)
    except (_Unknown, ExpressionError, Undecided):
        return _Unknown
    return _Unknown if is_symbolic(value) else value
