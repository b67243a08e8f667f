"""What must hold of a network's symbols, drawn together from what its layers need."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.graph.graph import Need

if TYPE_CHECKING:
    from shapecalc.algebra.solutions import Solutions


LARGEST_MODULUS = 2**16
"""Conditions that together repeat more seldom than this are not drawn together."""


class Constraint(NamedTuple):
    """A condition in Python's arithmetic and the layers that impose it.

    ``symbol`` and ``solutions`` are given where the condition was solved for one symbol.
    """

    condition: str
    paths: tuple[str, ...]
    symbol: str | None = None
    solutions: Solutions | None = None

    def __str__(self) -> str:
        return self.condition


def combine(needs: Iterable[Need]) -> list[Constraint]:
    """All needs as the fewest constraints: one of each sort for a symbol, and open equations."""
    by_symbol: dict[str, list[Need]] = {}
    equations: dict[str, list[str]] = {}
    moduli: dict[str, int] = {}
    for need in needs:
        equation, symbol, solutions = need.condition
        modulus = lcm(moduli.get(symbol or "", 1), solutions.modulus) if solutions else 1
        if symbol is None or modulus > LARGEST_MODULUS:
            equations.setdefault(equation, []).append(need.path)
        else:
            moduli[symbol] = modulus
            by_symbol.setdefault(symbol, []).append(need)
    found = [each for symbol, own in by_symbol.items() for each in _solved(symbol, own)]
    return found + [
        Constraint(equation, tuple(dict.fromkeys(paths))) for equation, paths in equations.items()
    ]


def _solved(symbol: str, needs: list[Need]) -> list[Constraint]:
    """The intersection of one symbol's conditions; each part with the layers that ask for it."""
    own = [(need.path, need.condition.solutions) for need in needs if need.condition.solutions]
    together = reduce(lambda a, b: a.intersect(b), dict.fromkeys(s for _, s in own))
    said = together.conditions(symbol)
    found = []
    for sort, condition in said.items():
        paths = [path for path, s in own if sort == "cases" or sort in s.conditions(symbol)]
        if sort == "bound":
            least = max(solutions.least for _, solutions in own)
            paths = [path for path, solutions in own if solutions.least == least]
        found.append(Constraint(condition, tuple(dict.fromkeys(paths)), symbol, together))
    return found
