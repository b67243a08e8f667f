"""When is the most held? Sums of tensors' sizes compared, as formulas.

As layers run, what is held changes by a few tensors. So two layers' turns are compared by those
that only one of them holds, and a formula is made of what is held at those few that may hold the
most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from shapecalc.algebra.arithmetic import Dim, is_symbolic, total
from shapecalc.algebra.program import Program

if TYPE_CHECKING:
    from shapecalc.analysis.memory import Turn
    from shapecalc.graph.graph import Source

Least = Mapping[str, int]
"""The least values of symbols."""

TRIED = 24
"""At so many settings of the symbols two formulas are compared before it is proven."""


TRIED_FIRST = 6
"""At so many of them all turns are put in order, so that few are left to be compared in pairs."""


class _Moment(NamedTuple):
    """What is held at a time, a bit for each tensor; and its bytes at some settings.

    Tensors of one size have bits of their own beside one another, and the first of these are set:
    so what is held is the same number wherever as many of each size are.
    """

    held: int
    tried: tuple[Any, ...]


class Peaks:
    """What is held in the turns of a network's layers, ready to be compared."""

    def __init__(self, turns: Iterable[Turn], sizes: Mapping[Source, Dim], least: Least) -> None:
        self._least = least
        numbers: dict[Dim, int] = {}
        of_size = {source: numbers.setdefault(size, len(numbers)) for source, size in sizes.items()}
        self._sizes = list(numbers)
        slots = _Slots(_tried(self._sizes, least))
        self._moments = dict(_moments(turns, of_size, slots))
        self._of_bit = slots.of_bit

    def among(self, paths: Iterable[str]) -> dict[str, Dim]:
        """What is held in the turns of those of these layers that may hold the most.

        They are the ones that no other is known to exceed, by their paths; the first of those that
        hold the same.
        """
        first: dict[int, str] = {}
        for path in paths:
            first.setdefault(self._moments[path].held, path)
        most = self._most([self._moments[path] for path in first.values()])
        return {first[moment.held]: self._bytes(moment) for moment in most}

    def _most(self, moments: list[_Moment]) -> list[_Moment]:
        """Those of some moments that no other is known to exceed."""
        proofs = _Proofs(self._sizes, self._of_bit, self._least)
        rows = [moment.tried[:TRIED_FIRST] for moment in moments]
        compared = _compared(rows)
        found = 0  # a bit for each of the moments
        for place, moment in enumerate(moments):
            if proofs.are_spent:  # the rest may all hold the most, as far as is known
                found |= ((1 << len(moments)) - 1) >> place << place
                break
            more, less = compared[rows[place]]
            if any(proofs.exceeds(moments[other], moment) for other in _bits(found & more)):
                continue
            for other in _bits(found & less):
                if proofs.exceeds(moment, moments[other]):
                    found ^= 1 << other
            found |= 1 << place
        return [moments[place] for place in _bits(found)]

    def _bytes(self, moment: _Moment) -> Dim:
        return total([self._sizes[self._of_bit[bit]] for bit in _bits(moment.held)])


class _Slots:
    """Bits for tensors that come and go; their sizes are numbered."""

    def __init__(self, tried: list[tuple[Any, ...]]) -> None:
        self._tried = tried
        self._bits: list[list[int]] = [[] for _ in tried]
        self._counts = [0] * len(tried)
        self._known: dict[int, _Moment] = {}  # networks come back to what was held
        self.of_bit: list[int] = []
        """The number of the size that each bit stands for."""
        self.now = _Moment(0, (0,) * len(tried[0]) if tried else ())

    def hold(self, size: int) -> None:
        """One more tensor of a size."""
        count = self._counts[size]
        self._counts[size] += 1
        if count == len(self._bits[size]):
            self._bits[size].append(len(self.of_bit))
            self.of_bit.append(size)
        self._turn(size, count, 1)

    def free(self, size: int) -> None:
        """One less."""
        self._counts[size] -= 1
        self._turn(size, self._counts[size], -1)

    def _turn(self, size: int, count: int, by: int) -> None:
        """Set or clear the bit of the tensor of that size that ``count`` others come before."""
        held = self.now.held ^ 1 << self._bits[size][count]
        if held not in self._known:
            changed = zip(self.now.tried, self._tried[size], strict=True)
            self._known[held] = _Moment(held, tuple([a + by * b for a, b in changed]))
        self.now = self._known[held]


def _moments(
    turns: Iterable[Turn], of_size: Mapping[Source, int], slots: _Slots
) -> Iterator[tuple[str, _Moment]]:
    """What is held in each layer's turn, by its path; sources are told by numbers of sizes."""
    for turn in turns:
        for source in turn.made:
            slots.hold(of_size[source])
        yield turn.path, slots.now
        for source in turn.freed:
            slots.free(of_size[source])


_Row = tuple[Any, ...]


def _compared(rows: list[_Row]) -> dict[_Row, tuple[int, int]]:
    """For each of some rows the places of those nowhere less, and of those nowhere more, as bits.

    >>> _compared([(1, 2), (2, 1), (1, 1)])
    {(1, 2): (1, 5), (2, 1): (2, 6), (1, 1): (7, 4)}
    """
    places: dict[_Row, int] = {}
    for place, row in enumerate(rows):
        places[row] = places.get(row, 0) | 1 << place
    more = dict.fromkeys(places, (1 << len(rows)) - 1)
    less = dict(more)
    for column in map(itemgetter, range(len(rows[0]) if rows else 0)):
        rising = sorted(places, key=column)
        for own, order in ((less, rising), (more, reversed(rising))):
            seen = 0
            for _, equal in groupby(order, column):
                alike = list(equal)
                for row in alike:
                    seen |= places[row]
                for row in alike:
                    own[row] &= seen
    return {row: (more[row], less[row]) for row in places}


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _tried(sizes: list[Dim], least: Least) -> list[tuple[Any, ...]]:
    """Each size at some settings, in which symbols differ as they like from their least values.

    They are small in one, of very different orders in the next, and some are the least in a third:
    what grows with a padding need not grow where there is none. A setting at which one of the sizes
    has no value is left out.
    """
    program = Program()
    places = [program.add(size) for size in sizes]
    settings = _settings(sorted({step[1] for step in program.steps if step[0] == "name"}), least)
    try:
        results = program.run(settings)
    except ZeroDivisionError:
        results = program.run([each for each in settings if _has_values(program, each)])
    return [tuple(results[place]) for place in places]


def _settings(symbols: Iterable[str], least: Least) -> list[dict[str, int]]:
    return [
        {
            name: least.get(name, 1) + _above(number, crc32(f"{name}{number}".encode()))
            for name in symbols
        }
        for number in range(TRIED)
    ]


def _has_values(program: Program, setting: Mapping[str, int]) -> bool:
    try:
        program.run([setting])
    except ZeroDivisionError:
        return False
    return True


def _above(number: int, chance: int) -> int:
    """How much more than its least value a symbol is in one of the settings, by chance."""
    if number % 3 == 2:
        return 0 if chance & 1 else (chance >> 1) % 997
    return chance % 97 if number % 2 else (chance >> 8) % (1 << chance % 20)


class _Proofs:
    """Which turns hold at least what others do, as far as it is proven with so much work.

    What is not proven any more makes a maximum longer, and no less right.
    """

    MOST = 4_000
    """How many terms are looked at closely in all."""

    LONGEST = 512
    """How many are in one difference."""

    IN_VAIN = 100_000
    """How often values are compared that tell nothing; a proof that fails counts for fifty.

    What succeeds leaves one layer less to look at, and so need not be counted.
    """

    def __init__(self, sizes: list[Dim], of_bit: list[int], least: Least) -> None:
        self._sizes = sizes
        self._of_bit = of_bit
        self._least = least
        self._left = self.MOST
        self._in_vain = 0
        self._known: dict[frozenset[tuple[int, int]], bool] = {}

    @property
    def are_spent(self) -> bool:
        """Whether so much was in vain that nothing is tried any more."""
        return self._in_vain > self.IN_VAIN

    def exceeds(self, a: _Moment, b: _Moment) -> bool:
        """Whether a holds at least what b does: a few values mostly show that not."""
        if not all(x >= y for x, y in zip(a.tried, b.tried, strict=True)):
            self._in_vain += 1
            return False
        apart: dict[int, int] = {}
        for held, count in ((a.held & ~b.held, 1), (b.held & ~a.held, -1)):
            for bit in _bits(held):
                size = self._of_bit[bit]
                apart[size] = apart.get(size, 0) + count
        key = frozenset(apart.items())
        if key not in self._known:
            self._known[key] = self._proven({self._sizes[size]: count for size, count in key})
        self._in_vain += 0 if self._known[key] else 50
        return self._known[key]

    def _proven(self, apart: dict[Dim, int]) -> bool:
        """Whether a sum of so many times these sizes, none of which is negative, is not either."""
        if self._covered(dict(apart)):
            return True
        return self._never_negative(total([size * count for size, count in apart.items()]))

    def _covered(self, apart: dict[Dim, int]) -> bool:
        """Whether each size that is taken off is part of a larger one of its own."""
        from shapecalc.algebra.bounds import is_multiple

        larger = [size for size, count in apart.items() if count > 0]
        for small in [size for size, count in apart.items() if count < 0]:
            for size in larger:
                if apart[small] < 0 and is_multiple(size, small, self._least):
                    matched = min(apart[size], -apart[small])
                    apart[size] -= matched
                    apart[small] += matched
        return all(count >= 0 for count in apart.values())

    def _never_negative(self, difference: Dim) -> bool:
        if not is_symbolic(difference):
            return bool(difference >= 0)
        length = difference.length
        if length > self.LONGEST:
            return False
        if difference.never_negative(self._least, quick=True):
            return True
        if length > self._left:
            return False
        self._left -= length
        return difference.never_negative(self._least)


def exceeds(a: Dim, b: Dim, least: Least | None) -> bool:
    """Whether ``a`` is known to be at least ``b``."""
    if a == b:
        return True
    difference: Any = a - b
    if not is_symbolic(difference):
        return bool(difference >= 0)
    return difference.never_negative(least)
