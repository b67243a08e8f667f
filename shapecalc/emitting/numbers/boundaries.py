"""At which values of a symbol something in a spec turns, and with what period its sizes round.

The spec itself is asked, not the network, but for sizes of tensors, which are told as they follow
from the symbols at their own values. Two sides that are compared turn where their difference
changes its sign, which a line through two of its values tells, for most are lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import cache, cached_property, partial
from itertools import islice, pairwise
from math import floor
from typing import Any, NamedTuple

from shapecalc.emitting.numbers.entries import every, lists, settings_in
from shapecalc.emitting.numbers.incoming import Asked
from shapecalc.emitting.numbers.letters import Memory
from shapecalc.emitting.work import BOUND, TRIED
from shapecalc.graph.scope import Fatal, Over
from shapecalc.language.evaluation import Undecided, evaluate
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Number,
    Unary,
    names,
    parts,
)
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind
from shapecalc.language.tree import Block, Entry, Setting, Spec

MOST_USES = 8
"""In how many uses of a block its expressions are evaluated."""

FARTHEST = 1_000
"""The largest value at which something is looked for that turns."""

LINES = 4
"""How many lines are laid through what is none."""

STEP = 8
"""How far is looked where the next number is the same, as where it is rounded."""

DIVISIONS = ("/", "//", "%")
"""The operators that divide."""

HALF = Number(Fraction(1, 2))
"""Between no copy and one."""

UNTOLD = (ExpressionError, Undecided, KeyError, TypeError, Fatal)
"""What is raised of numbers that are not told."""


class Place(NamedTuple):
    """A number in a block, of which it matters whether it is negative, zero or positive."""

    tree: Expression
    block: Block | None

    @property
    def is_of_copies(self) -> bool:
        """Whether it differs from copy to copy."""
        return any(name.name == "index" for name in names(self.tree))

    @property
    def comes_again(self) -> bool:
        """Whether it is a remainder, which any few values in a row tell as well as others."""
        return "%" in _operators(self.tree)


class Boundaries:
    """Where a spec turns, of which some symbols have been given values.

    ``sizes`` are the numbers that turn it and hang on sizes of tensors, in the network's symbols.
    """

    def __init__(
        self,
        memory: Memory,
        given: Mapping[str, Any],
        values: Mapping[str, Any],
        sizes: Iterable[Expression] = (),
    ) -> None:
        self.behind = memory.behind
        self.work = memory.work
        self.spec = spec = memory.behind.spec
        self.given = given
        self.values = values
        self.uses: dict[str, list[tuple[Entry, Block | None]]] = {}
        self.counts: dict[Block | None, list[Expression]] = {}
        for block, entries in lists(spec):
            for entry in every(entries):
                if entry.block is not None:
                    self.uses.setdefault(entry.kind, []).append((entry, block))
                if entry.repeat is not None and entry.repeat.expression is not None:
                    self.counts.setdefault(block, []).append(entry.repeat.expression)
        found = dict.fromkeys([*_places(spec), *(Place(tree, None) for tree in sizes)])
        self.places: dict[str, list[Place]] = {}  # by the symbols that they hang on
        for place in found:
            symbols = frozenset() if place.comes_again else self.hanging(place)
            self.work.add(len(symbols))
            for symbol in symbols:
                self.places.setdefault(symbol, []).append(place)

    def hanging(self, place: Place) -> frozenset[str]:
        """The symbols that a number hangs on, or the number of the copies that it is of."""
        trees = self.counts.get(place.block, ()) if place.is_of_copies else (place.tree,)
        found = {each.name for tree in trees for each in names(tree)}
        return self.behind.symbols(found, place.block)

    def turns(self, symbol: str) -> list[int]:
        """The values of a symbol from which on something is another than below them."""
        at = cache(lambda value: _At(self, symbol, value))
        own = floor(self.values[symbol])
        found: set[int] = set()
        for place in self.places.get(symbol, ()):
            for each in self.reached(place, at(own)) if place.is_of_copies else [place]:
                for use in at(own).uses(each.block):
                    found.update(_turns(partial(_number, at, each, use), own))
        return sorted(found)

    def reached(self, place: Place, at: _At) -> Iterator[Place]:
        """What turns where there is a copy at which something turns."""
        numbers = {
            number
            for use in at.uses(place.block)
            for number in _turns(partial(at.number, place, use), 0)
        }
        for count in self.counts.get(place.block, ()):
            for number in numbers:
                yield Place(Binary("-", count, Number(number + 1)), place.block)

    @cached_property
    def periods(self) -> dict[str, int]:
        """The largest number by which something is divided that hangs on a symbol, above 1."""
        divisors: dict[tuple[frozenset[str], Block | None], int] = {}
        for setting, block in settings_in(self.spec):
            for divisor in (each for tree in expressions(setting) for each in _divisors(tree)):
                names_in = setting.names(), block
                divisors[names_in] = max(floor(divisor), divisors.get(names_in, 1))
        found: dict[str, int] = {}
        for names_in, divisor in divisors.items():
            for symbol in self.behind.symbols(*names_in):
                found[symbol] = max(found.get(symbol, 1), divisor)
        return found


class _At:
    """What names stand for where a symbol has some value."""

    def __init__(self, boundaries: Boundaries, symbol: str, value: int) -> None:
        self.entries = boundaries.uses
        self.known: dict[str, list[Mapping[str, Any]]] = {}
        self.symbols: Mapping[str, Any] = {}
        self.work = boundaries.work
        boundaries.work.add(BOUND * len(boundaries.values))
        with suppress(SpecError, SettingError, Undecided):
            self.symbols = bind(boundaries.spec, {**boundaries.given, symbol: value}, ())

    def scopes(self, block: Block | None) -> list[Mapping[str, Any]]:
        """The values of names in the first uses of a block."""
        if block is None:
            return [self.symbols]
        if block.name not in self.known:
            self.known[block.name] = []  # a block in itself is an error elsewhere
            found = (
                Over(arguments_of(block, entry, outer, self.symbols), self.symbols)
                for entry, where in self.entries.get(block.name, ())
                for outer in self.scopes(where)
            )
            self.known[block.name] = [*islice(found, MOST_USES)]
        return self.known[block.name]

    def uses(self, block: Block | None) -> range:
        """The numbers of the uses of a block that are asked."""
        return range(len(self.scopes(block)))

    def number(self, place: Place, use: int, index: int = 0) -> Any | None:
        """A number in a use of its block; None if it is not told."""
        self.work.add(TRIED)
        scope = self.scopes(place.block)[use]
        with suppress(*UNTOLD):
            return evaluate(place.tree, Over({"index": index}, scope)) - 0
        return None


def arguments_of(
    block: Block, use: Entry, outer: Mapping[str, Any], symbols: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a block's arguments in one use, of those that are told."""
    found: dict[str, Any] = {}
    inside = Over(found, symbols)
    for name, default in block.arguments.items():
        given = use.settings.get(name)
        with suppress(*UNTOLD):
            if given is not None:
                found[name] = given.value(outer)
            elif default is not None:
                found[name] = default.value(inside)
    return found


def _number(at: Callable[[int], _At], place: Place, use: int, value: int) -> Any | None:
    return at(value).number(place, use)


def sizes_asked(asked: Iterable[Asked], spec: Spec, inside: Mapping[int, Any]) -> list[Expression]:
    """The numbers that turn something and hang on sizes of tensors, in the network's symbols."""
    found: dict[Expression, None] = {}
    conditions = {
        entry.when for _, entries in lists(spec) for entry in every(entries) if entry.when
    }
    for each in asked:
        for tree in expressions(each.setting):
            turning = [*_turning(tree), *(_asked(tree) if each.setting in conditions else ())]
            found.update(dict.fromkeys(each.told(one, inside) for one in turning))
    return [*found]


def _places(spec: Spec) -> Iterator[Place]:
    """The numbers that turn something in a spec."""
    for block, entries in lists(spec):
        for entry in every(entries):
            if entry.when is not None and entry.when.expression is not None:
                yield from (Place(tree, block) for tree in _asked(entry.when.expression))
            if entry.repeat is not None and entry.repeat.expression is not None:
                yield Place(Binary("-", entry.repeat.expression, HALF), block)
    for setting, block in (*settings_in(spec), *((each, None) for each in spec.symbols.values())):
        for tree in expressions(setting):
            yield from (Place(found, block) for found in _turning(tree))


def expressions(setting: Setting) -> Iterator[Expression]:
    """The expressions in a setting."""
    for item in setting.items() or ():
        yield from expressions(item)
    if setting.expression is not None:
        yield setting.expression


def _turning(tree: Expression) -> Iterator[Expression]:
    """The numbers in an expression at whose zeros it turns."""
    if isinstance(tree, Conditional):
        yield from _asked(tree.test)
    elif isinstance(tree, Comparison):
        sides = [tree.first, *(side for _, side in tree.rest)]
        yield from (Binary("-", one, other) for one, other in pairwise(sides))
    elif isinstance(tree, Call) and tree.function in ("min", "max"):
        yield from (Binary("-", tree.arguments[0], other) for other in tree.arguments[1:])
    elif isinstance(tree, Call) and tree.function == "abs":
        yield tree.arguments[0]
    for part in parts(tree):
        yield from _turning(part)


def _asked(test: Expression) -> Iterator[Expression]:
    """The numbers that a condition takes for true or false."""
    if isinstance(test, Unary) and test.operator == "not":
        yield from _asked(test.operand)
    elif isinstance(test, Binary) and test.operator in ("and", "or"):
        yield from _asked(test.left)
        yield from _asked(test.right)
    elif not isinstance(test, Comparison):
        yield test


def _operators(tree: Expression) -> set[str]:
    own = {tree.operator} if isinstance(tree, Binary) else set()
    return own.union(*map(_operators, parts(tree)))


def _divisors(tree: Expression) -> Iterator[Any]:
    """The numbers by which something is divided in an expression."""
    if isinstance(tree, Binary) and tree.operator in DIVISIONS:
        yield from (each.value for each in [tree.right] if isinstance(each, Number))
    for part in parts(tree):
        yield from _divisors(part)


def _turns(number: Callable[[int], Any], start: int) -> list[int]:
    """The whole numbers at which a function has another sign than just below, those it leads to."""
    at = start
    for _ in range(LINES):
        here = number(at)
        for step in (1, STEP):
            there = number(at + step)
            if here is None or there is None:
                return []
            if there != here:
                break
        else:
            return []
        at = floor(at - here * step / Fraction(there - here))
        if not -1 <= at <= FARTHEST:
            return []
        signs = {value: _sign(number(value)) for value in range(max(at - step, 0), at + step + 2)}
        found = [
            value for value in signs if value - 1 in signs and signs[value] != signs[value - 1]
        ]
        if found:
            return found
        at = max(at, 0)
    return []


def _sign(number: Any) -> int | None:
    return None if number is None else (number > 0) - (number < 0)
