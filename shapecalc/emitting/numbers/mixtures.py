"""Which knobs change together, and to which values: drawn, but the same ones each time.

Numbers go wrong where several conditions turn out otherwise together. Mostly the one of
several draws is taken that brings together most outcomes of three knobs that have not met, so that
of few knobs all do within some rows; others are as they come, for fewer may matter together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, count
from random import Random
from typing import Any

DRAWN = 12
"""Of how many draws the one is taken that brings most together."""

LARGEST = 4
"""How many knobs change together at most."""

MET = 3
"""Of how many knobs outcomes are to come together."""


class Mixtures:
    """Draws what changes together.

    ``others`` are the values of each knob that may be taken, and ``outcome`` tells of a knob's
    value what it decides, as far as that is known.

    >>> mixtures = Mixtures({"a": [0], "b": [0], "c": [0]}, {"a": 1, "b": 1, "c": 1}, lambda *_: 0)
    >>> rows = mixtures.rows(["a", "b", "c"])
    >>> any(len(next(rows)) == 3 for _ in range(4))
    True
    """

    def __init__(
        self,
        others: Mapping[str, Sequence[Any]],
        own: Mapping[str, Any],
        outcome: Callable[[str, Any], Any],
    ) -> None:
        self.others = others
        self.own = own
        self.outcome = outcome
        self.alike: dict[str, list[list[Any]]] = {}

    def rows(self, knobs: Sequence[str]) -> Iterator[dict[str, Any]]:
        """What changes together, without end; it may come again, or be nothing."""
        random = Random(0)  # noqa: S311
        met: set[tuple[Any, ...]] = set()
        for number in count():
            drawn = [self.drawn(random, knobs) for _ in range(DRAWN if number % 3 else 1)]
            row = max(drawn, key=lambda each: len(self.together(each) - met))
            met |= self.together(row)
            yield row

    def drawn(self, random: Random, knobs: Sequence[str]) -> dict[str, Any]:
        """Some knobs with values, without those that have their own."""
        chosen = random.sample(list(knobs), random.randint(2, min(len(knobs), LARGEST)))
        row = {name: random.choice(random.choice(self.values(name))) for name in chosen}
        return {name: value for name, value in row.items() if value != self.own[name]}

    def values(self, name: str) -> list[list[Any]]:
        """The values that a knob may have, those that decide the same together."""
        if name not in self.alike:
            found: dict[Any, list[Any]] = {}
            for value in self.others[name]:
                found.setdefault(self.outcome(name, value), []).append(value)
            self.alike[name] = [[self.own[name]], *found.values()]
        return self.alike[name]

    def together(self, row: Mapping[str, Any]) -> set[tuple[Any, ...]]:
        """The outcomes that come together in a row."""
        outcomes = [(name, self.outcome(name, row[name])) for name in sorted(row)]
        return {*combinations(outcomes, MET)}
