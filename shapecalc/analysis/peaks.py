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

from shapecalc.algebra.arithmetic import Dim, is_symbolic, known, total
from shapecalc.algebra.program import Program
from shapecalc.algebra.tally import Tally

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
        self._slots = _Slots(_tried(self._sizes, least))
        self._moments = dict(_moments(turns, of_size, self._slots))
        self._bytes_of: dict[int, Dim] = {}  # moments, by what they are
        self._tally, self._told = Tally(), self._slots.none  # they are mostly told in a row

    def among(self, paths: Iterable[str]) -> dict[str, Dim]:
        """What is held in the turns of those of these layers that may hold the most.

        They are the ones that no other is known to exceed, by their paths; the first of those that
        hold the same.
        """
        first: dict[int, str] = {}  # there is one moment for what is held
        for path in paths:
            first.setdefault(id(self._moments[path]), path)
        most = [self._moments[path] for path in first.values()]
        if len(most) > 1:
            most = self._most(most)
        return {first[id(moment)]: self._bytes(moment) for moment in most}

    def _most(self, moments: list[_Moment]) -> list[_Moment]:
        """Those of some moments that no other is known to exceed.

        What holds the most somewhere comes first, as what exceeds another holds more everywhere.
        """
        proofs = _Proofs(self._sizes, self._slots, self._least)
        rows = [moment.tried[:TRIED_FIRST] for moment in moments]
        more = _nowhere_less(rows)
        found = 0  # a bit for each of the moments
        left = (1 << len(moments)) - 1
        for place in sorted(range(len(moments)), key=lambda n: moments[n].tried, reverse=True):
            if proofs.are_spent:  # the rest may all hold the most, as far as is known
                found |= left
                break
            left ^= 1 << place
            larger = _bits(found & more[rows[place]])
            if not any(proofs.exceeds(moments[other], moments[place]) for other in larger):
                found |= 1 << place
        return [moments[place] for place in _bits(found)]

    def _bytes(self, moment: _Moment) -> Dim:
        if id(moment) not in self._bytes_of:
            for size, more in self._slots.apart(moment, self._told):
                self._tally.add(self._sizes[size], more)
            self._told = moment
            self._bytes_of[id(moment)] = self._tally.total
        return self._bytes_of[id(moment)]


class _Slots:
    """Bits for tensors that come and go; their sizes are numbered."""

    def __init__(self, tried: list[tuple[Any, ...]]) -> None:
        self._tried = tried
        self._sizes: list[int] = []  # of each bit
        self._bits: list[list[int]] = [[] for _ in tried]  # of each size
        self._masks = [0] * len(tried)  # the same as a number
        self._counts = [0] * len(tried)
        self.none = self.now = _Moment(0, (0,) * len(tried[0]) if tried else ())
        # networks come back to what was held; numbers of many bits in a row have few hashes alone
        self._known = {(0, 0): self.none}
        self._hash = 0

    def hold(self, size: int) -> None:
        """One more tensor of a size."""
        count = self._counts[size]
        self._counts[size] += 1
        if count == len(self._bits[size]):
            self._bits[size].append(len(self._sizes))
            self._masks[size] |= 1 << len(self._sizes)
            self._sizes.append(size)
        self._turn(size, count, 1)

    def free(self, size: int) -> None:
        """One less."""
        self._counts[size] -= 1
        self._turn(size, self._counts[size], -1)

    def apart(self, a: _Moment, b: _Moment) -> Iterator[tuple[int, int]]:
        """The sizes of which one moment holds more than another, or less, and by how many."""
        if more := a.held & ~b.held:
            yield from self._counts_of(more).items()
        if less := b.held & ~a.held:
            for size, count in self._counts_of(less).items():
                yield size, -count

    def _counts_of(self, held: int) -> dict[int, int]:
        """How many tensors of each size are held, where any is."""
        if held.bit_count() > len(self._masks):
            found = {size: (held & mask).bit_count() for size, mask in enumerate(self._masks)}
            return {size: count for size, count in found.items() if count}
        counts: dict[int, int] = {}
        for bit in _bits(held):
            counts[self._sizes[bit]] = counts.get(self._sizes[bit], 0) + 1
        return counts

    def _turn(self, size: int, count: int, by: int) -> None:
        """Set or clear the bit of the tensor of that size that ``count`` others come before."""
        held = self.now.held ^ 1 << self._bits[size][count]
        self._hash += by * hash(self._tried[size])
        known = self._known.get((self._hash, held))
        if known is None:
            changed = zip(self.now.tried, self._tried[size], strict=True)
            known = _Moment(held, tuple([a + by * b for a, b in changed]))
            self._known[self._hash, held] = known
        self.now = known


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


def _nowhere_less(rows: list[_Row]) -> dict[_Row, int]:
    """For each of some rows the places of those that are nowhere less, as bits.

    >>> _nowhere_less([(1, 2), (2, 1), (1, 1)])
    {(1, 2): 1, (2, 1): 2, (1, 1): 7}
    """
    places: dict[_Row, int] = {}
    for place, row in enumerate(rows):
        places[row] = places.get(row, 0) | 1 << place
    found = dict.fromkeys(places, (1 << len(rows)) - 1)
    for column in map(itemgetter, range(len(rows[0]) if rows else 0)):
        seen = 0
        for _, equal in groupby(sorted(places, key=column, reverse=True), column):
            alike = list(equal)
            for row in alike:
                seen |= places[row]
            for row in alike:
                found[row] &= seen
    return found


def _bits(number: int) -> Iterator[int]:
    """The places of the bits that are set.

    >>> list(_bits(0b1101)), list(_bits(0))
    ([0, 2, 3], [])
    """
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


_Apart = frozenset[tuple[int, int]]
"""Sizes by their numbers, and how many more of each one moment holds than another, or less."""


class _Proofs:
    """Which turns hold at least what others do, as far as it is proven with so much work.

    What is not proven any more makes a maximum longer, and no less right.
    """

    MOST = 500
    """How many terms are looked at closely in all: what that decides is mostly among the first."""

    LONGEST = 512
    """How many are in one difference."""

    IN_VAIN = 100_000
    """How often values are compared that tell nothing; a proof that fails counts for fifty.

    What succeeds leaves one layer less to look at, and so need not be counted.
    """

    def __init__(self, sizes: list[Dim], slots: _Slots, least: Least) -> None:
        self._sizes = sizes
        self._slots = slots
        self._least = least
        self._left = self.MOST
        self._in_vain = 0
        self._proven: dict[_Apart, int] = {}  # the least number with which it is never negative
        self._unproven: dict[_Apart, int] = {}  # the greatest with which it was not seen to be

    @property
    def are_spent(self) -> bool:
        """Whether so much was in vain that nothing is tried any more."""
        return self._in_vain > self.IN_VAIN

    def exceeds(self, a: _Moment, b: _Moment) -> bool:
        """Whether a holds at least what b does: a few values mostly show that not."""
        if not b.held & ~a.held:
            return True
        if not all(x >= y for x, y in zip(a.tried, b.tried, strict=True)):
            self._in_vain += 1
            return False
        apart: dict[int, int] = {}
        number = 0
        for size, more in self._slots.apart(a, b):
            if is_symbolic(self._sizes[size]):
                apart[size] = more
            else:
                number += more * known(self._sizes[size])
        # mostly less is enough, of which others have as much
        fewest = -sum([count for count in apart.values() if count < 0])
        less = {size: min(count, fewest) for size, count in apart.items() if fewest}
        found = self._known(frozenset(less.items()), min(number, 0))
        found = found or self._known(frozenset(apart.items()), number)
        self._in_vain += 0 if found else 50
        return found

    def _known(self, apart: _Apart, number: int) -> bool:
        """Whether formulas so many times each, and a number, are never negative together.

        What is proven with one number holds with all that are greater.
        """
        if number >= self._proven.get(apart, number + 1):
            return True
        if number > self._unproven.get(apart, number - 1):
            sizes = {self._sizes[size]: count for size, count in apart}
            if self._is_never_negative(sizes, number):
                self._proven[apart] = number
                return True
            self._unproven[apart] = number
        return False

    def _is_never_negative(self, apart: dict[Dim, int], number: int) -> bool:
        """Whether a sum of so many times these sizes, none of which is negative, is not either."""
        if number >= 0 and self._covered(dict(apart)):
            return True
        sizes = [size * count for size, count in apart.items()]
        return self._never_negative(total([*sizes, number]))

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
