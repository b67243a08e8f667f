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
    >>> tally.total, tally.without([B]).total, tally.key == Tally([8 * B, 1, 2]).key
    (Formula('8*B + 3'), Formula('7*B + 3'), True)
    """

    __slots__ = ("_formulas", "_numbers")

    def __init__(self, sizes: Iterable[Dim] = ()) -> None:
        self._numbers = 0
        self._formulas: dict[Formula, int] = {}  # how often there is what no number stands before
        for size in sizes:
            self.add(size)

    def add(self, size: Dim, times: int = 1) -> None:
        """Add a size so many times, or take it away."""
        if not is_symbolic(size):
            self._numbers += times * size
            return
        number, rest = size.parted
        if count := self._formulas.get(rest, 0) + times * number:
            self._formulas[rest] = count
        else:
            del self._formulas[rest]

    def without(self, sizes: Iterable[Dim]) -> Tally:
        """Another of what it has beside some sizes."""
        found = Tally()
        found._numbers, found._formulas = self._numbers, dict(self._formulas)
        for size in sizes:
            found.add(size, -1)
        return found

    @property
    def key(self) -> tuple[int, frozenset[tuple[Dim, int]]]:
        """What tells it from others."""
        return self._numbers, frozenset(self._formulas.items())

    @property
    def total(self) -> Dim:
        """How much it is together."""
        return total([self._numbers, *[n * rest for rest, n in self._formulas.items()]])
