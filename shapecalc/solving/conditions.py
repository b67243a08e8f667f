"""What the pieces of a network need and what is wanted of them, solved for the unknown."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from shapecalc.algebra import residues
from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.solutions import Solutions
from shapecalc.analysis.constraints import combine
from shapecalc.solving.pieces import SMALLEST, Piece, dropping
from shapecalc.solving.relations import Comparing, Test, read_test
from shapecalc.solving.search import Found, Open, search
from shapecalc.solving.sets import EMPTY, TooSeldom, common, together
from shapecalc.solving.wanted import Said, Want


class Stays(Exception):
    """A condition can neither be inverted nor be tried through; the message tells which."""


class Need(NamedTuple):
    """A condition that layers impose, solved where it could be inverted."""

    condition: str
    solutions: Solutions | None
    paths: tuple[str, ...]


class Conditions:
    """The conditions on one unknown over all pieces of its network.

    ``searched`` is what had to be tried for the last answer, ``given_up`` are conditions that could
    neither be inverted nor tried through, with the layers they come from.
    """

    def __init__(self, pieces: list[Piece], symbol: str) -> None:
        self.pieces = pieces
        self.symbol = symbol
        self.searched: list[Found] = []
        self.given_up: dict[str, tuple[str, ...]] = {}
        self._own = {piece.first: self._needed(piece) for piece in pieces if not piece.refused}
        self._dropping = dropping([piece for piece in pieces if self._may_be(piece)], symbol)

    def solve(self, wants: Iterable[Want], *, exact: bool = False) -> Solutions:
        """The values at which the network is one and as wanted; raises :class:`Stays`."""
        wants = list(wants)
        self.searched = []
        return together([self._piece(piece, wants, exact) for piece in self.pieces])

    def needs(self) -> tuple[tuple[Need, ...], tuple[Need, ...]]:
        """The conditions that layers impose, and those of them that were left open."""
        found: dict[str, Need] = {}
        for piece in self.pieces:
            for need in self._own.get(piece.first, ()):
                if piece.first > SMALLEST and _is_implied(need, piece):
                    continue  # it says where the stretch begins or ends
                known = found.get(need.condition)
                paths = dict.fromkeys([*(known.paths if known else ()), *need.paths])
                found[need.condition] = need._replace(paths=tuple(paths))
        unsolved = tuple(found.pop(condition) for condition in self.given_up)
        solved = tuple(found.values())
        if sum(not piece.stretch.is_single for piece in self.pieces) > 1:
            with suppress(Stays, TooSeldom):
                legal = self.solve(())
                solved = tuple(need for need in solved if _holds_of(need, legal))
        return solved, unsolved

    def _may_be(self, piece: Piece) -> bool:
        """Whether what a piece needs leaves any value of its stretch, as far as that is solved."""
        if piece.refused:
            return False
        solved = [need.solutions for need in self._own[piece.first] if need.solutions is not None]
        try:
            return not common([piece.stretch.numbers, *solved]).is_empty
        except TooSeldom:
            return True

    def _needed(self, piece: Piece) -> list[Need]:
        found: dict[object, Need] = {}
        for each in combine(piece.needs):
            solutions = each.solutions
            if solutions is None and (test := read_test(each.condition, self.symbol)) is not None:
                solutions = test.inverted()
            key = each.condition if solutions is None else solutions
            known = found.get(key)
            paths = dict.fromkeys([*(known.paths if known else ()), *each.paths])
            condition = known.condition if known else each.condition
            found[key] = Need(condition, solutions, tuple(paths))
        return list(found.values())

    def _piece(self, piece: Piece, wants: list[Want], exact: bool) -> Solutions:
        if piece.refused:
            return EMPTY
        sets = [piece.stretch.numbers]
        tests: list[Test] = []
        doubtful: list[Test] = []
        for need in self._own[piece.first]:
            if need.solutions is not None:
                sets.append(need.solutions)
            elif (test := read_test(need.condition, self.symbol)) is None:
                self.given_up[need.condition] = need.paths
            elif need.condition not in self.given_up:
                doubtful.append(test)
        for value, relation, words in self._asked(piece, wants, exact):
            decided = _solved(value, relation)
            if decided is False:
                return EMPTY
            if isinstance(decided, Solutions):
                sets.append(decided)
            elif decided is None:
                tests.append(Comparing(value, relation, self.symbol, words))
        own = common(sets)
        if own.is_empty or not (tests or doubtful):
            return own
        try:
            return self._searched(own, [*doubtful, *tests])
        except Open:
            if tests:
                raise Stays(tests[0].words) from None
            for test in doubtful:
                self.given_up[test.words] = ()
            return own

    def _searched(self, own: Solutions, tests: list[Test]) -> Solutions:
        found = search(tests, own.least, own.greatest)
        self.searched.append(found)
        return common([own, found.solutions])

    def _asked(
        self, piece: Piece, wants: list[Want], exact: bool
    ) -> Iterable[tuple[Quantity, str, str]]:
        """What is asked of a piece: formulas that must be ``== 0`` or ``>= 0``, and in words."""
        for want in wants:
            value = _said(want, piece)
            if value is None:  # it is not there
                yield 1, "==", ""
                continue
            difference = value - want.value
            words = f"{want.subject}: {value} {want.relation} {want.value:,}"
            if want.relation == "==":
                yield difference, "==", words
                continue
            if want.relation in ("<", "<="):
                difference = -difference
            yield difference - (want.relation in ("<", ">")), ">=", words
        for window in piece.windows if exact else ():
            if (window.path, window.axis) in self._dropping:
                words = f"{window.path} drops {window.remainder} cells"
                yield window.remainder, "==", words


def _is_implied(need: Need, piece: Piece) -> bool:
    """Whether all values of a piece's stretch meet a need."""
    return need.solutions is not None and _holds_of(need, piece.stretch.numbers)


def _holds_of(need: Need, numbers: Solutions) -> bool:
    """Whether all of some numbers meet a need, which may be one of a single piece."""
    try:
        return need.solutions is None or common([numbers, need.solutions]) == numbers
    except TooSeldom:
        return False


def _said(want: Want, piece: Piece) -> Quantity | None:
    said: Said = next(each for each in want.said if each.stretch == piece.stretch)
    return said.value


def _solved(difference: Quantity, relation: str) -> Solutions | bool | None:
    if not isinstance(difference, Formula):
        return difference == 0 if relation == "==" else difference >= 0
    return residues.solve(difference, relation)
