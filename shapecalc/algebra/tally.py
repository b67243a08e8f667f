"""Sums that sizes come to and go from again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from shapecalc.algebra.arithmetic import Dim, is_symbolic, total

if TYPE_CHECKING:
    from shapecalc.algebra.formula import Formula


class Tally:
    """A sum of sizes, to which some are added and from which others are taken.

    Formulas are counted by what their numbers multiply, and are added only when the sum is asked
    for: so sizes that differ by a number are one, and nothing is left of what is taken away.

    >>> from shapecalc.algebra.formula import Formula
    >>> B = Formula.symbol("B")
    >>> tally = Tally([3, 2 * B, 6 * B, B // 2])
    >>> tally.add(B // 2, -1)
    >>> tally.total, tally.without([B]).total, tally.key == tally.without([B, -B]).key
    (Formula('8*B + 3'), Formula('7*B + 3'), True)
    """

    __slots__ = ("_counts", "_numbers", "_parted", "_rests")

    def __init__(self, sizes: Iterable[Dim] = ()) -> None:
        self._numbers = 0
        self._counts: dict[int, int] = {}  # how often there is each of the rests, by its place
        self._rests: dict[Formula, int] = {}  # what no number stands before, and its place
        # the places of sizes, which are kept, so that no other has their identity
        self._parted: dict[int, tuple[int, int, Formula]] = {}
        for size in sizes:
            self.add(size)

    def add(self, size: Dim, times: int = 1) -> None:
        """Add a size so many times, or take it away."""
        if not is_symbolic(size):
            self._numbers += times * size
            return
        number, place, _ = self._parted.get(id(size)) or self._part(size)
        if count := self._counts.get(place, 0) + times * number:
            self._counts[place] = count
        else:
            del self._counts[place]

    def _part(self, size: Formula) -> tuple[int, int, Formula]:
        """The number that stands before it, and the place of the rest; found once for a size."""
        number, rest = size.parted
        place = self._rests.setdefault(rest, len(self._rests))
        self._parted[id(size)] = found = number, place, size
        return found

    def without(self, sizes: Iterable[Dim]) -> Tally:
        """Another of what it has beside some sizes."""
        found = object.__new__(Tally)
        found._numbers, found._counts = self._numbers, dict(self._counts)
        found._rests, found._parted = self._rests, self._parted
        for size in sizes:
            found.add(size, -1)
        return found

    @property
    def key(self) -> tuple[int, frozenset[tuple[int, int]]]:
        """What tells it from what it was before, and is without some sizes."""
        return self._numbers, frozenset(self._counts.items())

    @property
    def total(self) -> Dim:
        """How much it is together."""
        rests = list(self._rests)
        return total([self._numbers, *[n * rests[place] for place, n in self._counts.items()]])
