"""What a spec decides where its symbols have certain values: of what it comes to there, alone.

The spec itself is asked, not the network, which takes longer to be built. What hangs on sizes of
tensors is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any

from shapecalc.emitting.numbers.boundaries import UNTOLD, arguments_of, expressions
from shapecalc.emitting.numbers.lettered import plain
from shapecalc.emitting.work import AT_ONCE, BOUND, Work
from shapecalc.graph.scope import Over
from shapecalc.language.evaluation import Undecided, evaluate, truth
from shapecalc.language.expression import Call, Comparison, Conditional, Expression, parts
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind
from shapecalc.language.tree import Block, Entry, Setting, Spec

MANY = 2
"""As many copies of an entry are as any larger number of them."""

Decision = tuple[int, int]
"""The number of what is asked, and how it turned out."""


class Decisions:
    """What a spec decides, of which some symbols have been given values.

    ``asked_for`` are the symbols that blocks ask for: the inside of one is gone along once for the
    same values of these and of its arguments.
    """

    def __init__(
        self,
        spec: Spec,
        given: Mapping[str, Any],
        asked_for: Mapping[str, Sequence[str]],
        work: Work,
    ) -> None:
        self.spec = spec
        self.given = given
        self.asked_for = asked_for
        self.work = work
        self.uses: dict[Any, tuple[Decision, ...]] = {}
        self.numbers: dict[tuple[Setting, int], int] = {}
        self.turning: dict[Setting, list[Expression]] = {}

    def together(self, changed: Mapping[str, Any]) -> frozenset[tuple[Decision, ...]]:
        """The pairs of what is decided where some symbols have other values; none if they may not.

        >>> import shapecalc
        >>> layers = [{"ReLU": None, "when": "n > 1"}, {"Tanh": None, "repeat": "n"}]
        >>> spec = shapecalc.load({"symbols": {"n": 1}, "input": [4], "layers": layers}).spec
        >>> decisions = Decisions(spec, {}, {}, Work(1_000, spec))
        >>> decisions.together({"n": 0}), decisions.together({"n": 9})
        (frozenset({((0, False), (1, 0))}), frozenset({((0, True), (1, 2))}))
        """
        try:
            symbols = bind(self.spec, {**self.given, **changed}, ())
        except (SpecError, SettingError, Undecided):
            return frozenset()
        found = {*_Walk(self, symbols).entries(self.spec.entries, symbols)}
        self.work.add(BOUND * len(symbols) + len(found) ** 2 // AT_ONCE)
        return frozenset(combinations(sorted(found), 2))

    def number(self, setting: Setting, part: int = 0) -> int:
        """A number for what is asked in a setting."""
        return self.numbers.setdefault((setting, part), len(self.numbers))

    def asked(self, setting: Setting) -> list[Expression]:
        """What in a setting turns out in one way or another."""
        if setting not in self.turning:
            trees = expressions(setting)
            self.turning[setting] = [each for tree in trees for each in _turning(tree)]
        return self.turning[setting]


class _Walk:
    """One walk along a spec."""

    def __init__(self, decisions: Decisions, symbols: Mapping[str, Any]) -> None:
        self.decisions = decisions
        self.symbols = symbols

    def entries(self, entries: list[Entry], scope: Mapping[str, Any]) -> Iterator[Decision]:
        """What is decided in a list."""
        for entry in entries:
            if entry.repeat is None:
                yield from self.entry(entry, scope)
                continue
            yield from self.inside(entry.repeat, scope)
            count = _told(entry.repeat, scope)
            yield self.decisions.number(entry.repeat), min(count, MANY)
            for index in sorted({0, 1, count - 1} & {*range(count)}):
                yield from self.entry(entry, Over({"index": index}, scope))

    def entry(self, entry: Entry, scope: Mapping[str, Any]) -> Iterator[Decision]:
        """What is decided in one copy of an entry."""
        if entry.when is not None:
            is_there = bool(_told(entry.when, scope))
            yield self.decisions.number(entry.when), is_there
            if not is_there:
                return
        for setting in entry.settings.values():
            yield from self.inside(setting, scope)
        if entry.block is not None:
            yield from self.use(entry, entry.block, scope)
        for branch in entry.branches or ():
            yield from self.entries(branch.entries, scope)

    def use(self, entry: Entry, block: Block, scope: Mapping[str, Any]) -> Iterator[Decision]:
        """What is decided in a use of a block."""
        given = arguments_of(block, entry, scope, self.symbols)
        symbols = [self.symbols[name] for name in self.decisions.asked_for[block.name]]
        key = block.name, plain([*given.items()]), plain(symbols)
        if key not in self.decisions.uses:
            self.decisions.uses[key] = ()  # a block in itself is an error elsewhere
            self.decisions.uses[key] = (*dict.fromkeys(self.block(block, given)),)
        yield from self.decisions.uses[key]

    def block(self, block: Block, given: Mapping[str, Any]) -> Iterator[Decision]:
        """What is decided inside a block."""
        inside = Over(given, self.symbols)
        for default in block.arguments.values():
            if default is not None:
                yield from self.inside(default, inside)
        yield from self.entries(block.entries, inside)

    def inside(self, setting: Setting, scope: Mapping[str, Any]) -> Iterator[Decision]:
        """What is decided in the expressions of a setting."""
        for part, tree in enumerate(self.decisions.asked(setting), start=1):
            with suppress(*UNTOLD):
                yield self.decisions.number(setting, part), _turned(tree, scope)


def _told(setting: Setting, scope: Mapping[str, Any]) -> int:
    """How often something is there; once where that is not told."""
    with suppress(*UNTOLD, ValueError):
        return int(setting.value(scope))
    return 1


def _turned(tree: Expression, scope: Mapping[str, Any]) -> int:
    """How something turns out: whether it holds, or which of several numbers it is."""
    if not isinstance(tree, Call):
        return truth(evaluate(tree, scope))
    values = [evaluate(each, scope) for each in tree.arguments]
    if tree.function == "abs":
        return bool(values[0] < 0)
    return values.index(min(values) if tree.function == "min" else max(values))


def _turning(tree: Expression) -> Iterator[Expression]:
    """What in an expression turns out in one way or another: conditions, and numbers compared."""
    if isinstance(tree, Conditional):
        yield tree.test
    elif isinstance(tree, Comparison) or (
        isinstance(tree, Call) and tree.function in ("min", "max", "abs")
    ):
        yield tree
    for part in parts(tree):
        yield from _turning(part)
