"""Which knobs change together, and to which values: drawn, but the same ones each time.

Numbers go wrong where several conditions turn out otherwise together. Mostly the one of several
draws is taken in which most pairs of what is decided have not met in a network yet, and after that
most outcomes of three knobs; others are as they come, for fewer may matter together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import combinations, count
from random import Random
from typing import Any, NamedTuple

DRAWN = 12
"""How many draws are added to those of which the one is taken that brings most together."""

KEPT = 5
"""Of how many times as many draws it is taken at most."""

LARGEST = 4
"""How many knobs change together at most."""

MET = 3
"""Of how many knobs outcomes are to come together."""

Row = Mapping[str, Any]
"""Values of the knobs that change."""

Together = frozenset[Hashable]
"""What comes together in a row."""


class Draw(NamedTuple):
    """A row, what is decided together in it, and which outcomes of knobs come together."""

    row: Row
    decided: Together
    outcomes: Together


class Mixtures:
    """Draws what changes together.

    ``others`` are the values of each knob that may be taken, and ``outcome`` tells of a knob's
    value what it decides, as far as that is known. ``decided`` tells of a row what is decided
    together in it, and ``draws`` is of how many more draws the next is taken.

    >>> mixtures = Mixtures({"a": [0], "b": [0], "c": [0]}, lambda *_: 0)
    >>> rows = mixtures.rows(["a", "b", "c"])
    >>> any(len(next(rows)) == 3 for _ in range(4))
    True
    """

    def __init__(
        self,
        others: Mapping[str, Sequence[Any]],
        outcome: Callable[[str, Any], Any],
        decided: Callable[[Row], Together] = lambda _: frozenset(),
        draws: int = DRAWN,
    ) -> None:
        self.others = others
        self.outcome = outcome
        self.decided = decided
        self.draws = draws
        self.alike: dict[str, list[list[Any]]] = {}
        self.met: set[Hashable] = set()
        self.failed: set[Hashable] = set()
        self.hopeless: set[Hashable] = set()

    def rows(self, knobs: Sequence[str]) -> Iterator[Row]:
        """What changes together, two knobs or more, until no more is drawn.

        A row in which there is a network is to be noted as built before the next is asked for: what
        is in two rows without one, and in none with one, is looked for no longer.
        """
        random = Random(0)  # noqa: S311
        seen: set[frozenset[Any]] = set()
        drawn: list[Draw] = []
        for number in count(1):
            is_best = number % 3 > 0
            for row in [self.drawn(random, knobs) for _ in range(self.draws if is_best else 1)]:
                if (key := frozenset(row.items())) not in seen:
                    seen.add(key)
                    drawn.append(self.draw(row))
            if not drawn:
                return
            taken = max(drawn, key=self.news) if is_best else drawn[-1]
            drawn = [each for each in drawn if each is not taken][-KEPT * self.draws :]
            yield taken.row
            self.met |= taken.outcomes
            new = taken.decided - self.met
            self.hopeless |= new & self.failed
            self.failed |= new

    def built(self, row: Row) -> None:
        """Note a row in which there is a network."""
        self.met.update(*self.draw(row)[1:])

    def draw(self, row: Row) -> Draw:
        """A row with what comes together in it."""
        outcomes = [(name, self.outcome(name, row[name])) for name in sorted(row)]
        return Draw(row, self.decided(row), frozenset(combinations(outcomes, MET)))

    def news(self, draw: Draw) -> tuple[int, int]:
        """How much comes together in a row that has not met."""
        return len(draw.decided - self.met - self.hopeless), len(draw.outcomes - self.met)

    def drawn(self, random: Random, knobs: Sequence[str]) -> Row:
        """Some knobs with other values than their own."""
        chosen = random.sample(list(knobs), random.randint(2, min(len(knobs), LARGEST)))
        return {name: random.choice(random.choice(self.values(name))) for name in chosen}

    def values(self, name: str) -> list[list[Any]]:
        """The values that a knob may have, those that decide the same together."""
        if name not in self.alike:
            found: dict[Any, list[Any]] = {}
            for value in self.others[name]:
                found.setdefault(self.outcome(name, value), []).append(value)
            self.alike[name] = [*found.values()]
        return self.alike[name]
