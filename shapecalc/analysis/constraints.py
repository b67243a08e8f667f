"""What must hold of a network's symbols, drawn together from what its layers need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.requirement import Condition
from shapecalc.graph.graph import Need

if TYPE_CHECKING:
    from shapecalc.algebra.solutions import Solutions


REQUIRED = ""
"""The path of a need that no layer imposes but the spec itself."""

LARGEST_MODULUS = 2**16
"""Conditions that together repeat more seldom than this are not drawn together."""


MOST_ROUNDS = 4
"""How often what is known of single symbols is put into what is open."""


class Constraint(NamedTuple):
    """A condition in Python's arithmetic and the layers that impose it.

    ``symbol`` and ``solutions`` are given where the condition was solved for one symbol.

    >>> import shapecalc
    >>> (found,) = shapecalc.load("unet").report(symbolic=["H"]).constraints
    >>> found.condition, found.symbol, 32 in found.solutions, found.is_required
    ('H % 16 == 0', 'H', True, False)
    >>> found.layers[-1]
    'concat4'
    """

    condition: str
    paths: tuple[str, ...]
    symbol: str | None = None
    solutions: Solutions | None = None

    @property
    def is_required(self) -> bool:
        """Whether the spec itself asks for it, beside what its layers do."""
        return REQUIRED in self.paths

    @property
    def layers(self) -> tuple[str, ...]:
        """The paths without the sign for the spec itself."""
        return tuple(path for path in self.paths if path != REQUIRED)

    def __str__(self) -> str:
        return self.condition


def combine(needs: Iterable[Need], least: Mapping[str, int] | None = None) -> list[Constraint]:
    """All needs as the fewest constraints: one of each sort for a symbol, and open equations.

    ``least`` are the least values that symbols are understood to have, 0 for any other; all are
    positive where it is left out. What an open equation says more than what the rest has said is
    left: where a symbol has one value only, that is put in. What follows from others is left out.
    """
    solved: dict[str, list[Need]] = {}
    waiting = list(dict.fromkeys(needs))
    lowest = {symbol: 1 if least is None else least.get(symbol, 0) for symbol in _symbols(waiting)}
    for _ in range(MOST_ROUNDS):
        waiting = _sort(waiting, solved)
        sets = {symbol: _together(own, lowest[symbol]) for symbol, own in solved.items()}
        settled = {symbol: own.least for symbol, own in sets.items() if own.size == 1}
        known = {symbol: own.least for symbol, own in sets.items() if not own.is_empty}
        after = _simplified(waiting, settled, lowest | known)
        after = _beside_others(after, lowest | known)
        if after == waiting:
            break
        waiting = after
    found = [
        each
        for symbol, own in solved.items()
        for each in _solved(symbol, own, sets[symbol], lowest[symbol])
    ]
    waiting = _telling(waiting, sets)
    equations: dict[str, list[str]] = {}
    for need in waiting:
        equations.setdefault(need.condition.equation, []).append(need.path)
    return found + [
        Constraint(equation, tuple(dict.fromkeys(paths))) for equation, paths in equations.items()
    ]


def _symbols(needs: Iterable[Need]) -> set[str]:
    claims = (claim for need in needs for claim in need.condition.claims)
    return {symbol for claim in claims for symbol in claim.symbols}


def _sort(needs: list[Need], solved: dict[str, list[Need]]) -> list[Need]:
    """Put needs to those of their symbol; those that are not solved, or not with them, are left."""
    left = []
    moduli = {
        symbol: lcm(*(each.condition.solutions.modulus for each in own if each.condition.solutions))
        for symbol, own in solved.items()
    }
    for need in needs:
        symbol, solutions = need.condition.symbol, need.condition.solutions
        if symbol is not None and solutions is not None:
            modulus = lcm(solutions.modulus, moduli.get(symbol, 1))
            if modulus <= LARGEST_MODULUS:
                moduli[symbol] = modulus
                solved.setdefault(symbol, []).append(need)
                continue
            need = need._replace(condition=need.condition._replace(symbol=None, solutions=None))
        left.append(need)
    return left


def _together(needs: list[Need], lowest: int) -> Solutions:
    from shapecalc.algebra.solutions import at_least

    sets = [need.condition.solutions for need in needs if need.condition.solutions is not None]
    return reduce(lambda a, b: a.intersect(b), dict.fromkeys(sets)).intersect(at_least(lowest))


def _simplified(
    needs: list[Need], settled: Mapping[str, int], least: Mapping[str, int]
) -> list[Need]:
    """What open equations still say; the equation itself where it cannot hold."""
    known: dict[Condition, bool | Condition] = {}
    for condition in {need.condition: None for need in needs}:
        known[condition] = condition.at(settled, least) if condition.claims else condition
    return _with(needs, known)


def _with(needs: list[Need], said: Mapping[Condition, bool | Condition]) -> list[Need]:
    """The needs with what their conditions still say; without those that say nothing more."""
    left = []
    for need in needs:
        decided = said.get(need.condition, False)
        if isinstance(decided, Condition):
            left.append(need._replace(condition=decided))
        elif not decided:
            left.append(need)
    return left


def _beside_others(needs: list[Need], least: Mapping[str, int]) -> list[Need]:
    """What open equations say beside the others."""
    if len(needs) < 2:
        return needs
    from shapecalc.algebra.implied import beside_others  # which mostly nothing has need of

    said = beside_others([need.condition for need in needs], least)
    return _with(needs, said) if said else needs


def _telling(needs: list[Need], sets: Mapping[str, Solutions]) -> list[Need]:
    """Without needs that leave out none of a symbol's numbers, which are few, beside the others."""
    few = {symbol: own for symbol, own in sets.items() if own.size}
    alone: dict[str, list[Condition]] = {}
    for condition in dict.fromkeys(need.condition for need in needs if few):
        symbols = {name for claim in condition.claims for name in claim.symbols}
        if len(symbols) == 1 and symbols <= few.keys():
            alone.setdefault(symbols.pop(), []).append(condition)
    several = {symbol: own for symbol, own in alone.items() if len(own) > 1}
    if not several:
        return needs
    from shapecalc.algebra.implied import telling

    left_out: set[Condition] = set()
    for symbol, conditions in several.items():
        left_out |= set(conditions) - telling(conditions, symbol, few[symbol])
    return [need for need in needs if need.condition not in left_out]


def _solved(
    symbol: str, needs: list[Need], together: Solutions, lowest: int
) -> Iterable[Constraint]:
    """The intersection of one symbol's conditions; each part with the layers that ask for it."""
    own = [(need.path, need.condition.solutions) for need in needs if need.condition.solutions]
    for sort, condition in together.conditions(symbol, lowest).items():
        paths = [path for path, s in own if sort == "cases" or sort in s.conditions(symbol, lowest)]
        if sort == "bound":
            least = max(solutions.least for _, solutions in own)
            paths = [path for path, solutions in own if solutions.least == least]
        yield Constraint(condition, tuple(dict.fromkeys(paths)), symbol, together)
