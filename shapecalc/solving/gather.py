"""All pieces of a network, as far as it takes: where it hangs on the unknown, to a proven end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.algebra.formula import Formula
from shapecalc.graph.graph import Part
from shapecalc.language.problem import SpecError
from shapecalc.solving.pieces import MOST_BUILT, MOST_PIECES, SMALLEST, Piece, Pieces
from shapecalc.solving.sets import Stretch
from shapecalc.solving.structure import Growth
from shapecalc.solving.wanted import Amount

MORE = "there are more layers than there may be"


class Ending(NamedTuple):
    """Where the pieces end, and why; ``is_structural`` where each value is a network of its own.

    ``last`` is None where the last piece has no end.
    """

    last: int | None
    beyond: str
    is_complete: bool
    is_structural: bool


def gather(pieces: Pieces, amounts: Sequence[Amount]) -> tuple[list[Piece], Ending]:
    """The pieces up to the last that matters."""
    found: list[Piece] = []
    growth: Growth | None = None
    legal: Piece | None = None
    for piece in pieces.all():
        found.append(piece)
        if piece.first >= SMALLEST and piece.stretch.is_single:
            if growth is None:
                growth = Growth(pieces.network.spec, pieces.symbol, pieces.settings)
            beyond = _ends(growth, piece, legal, amounts)
            if beyond:
                return found, Ending(piece.first, beyond, True, True)
            if (line := _line(pieces, growth, piece, legal)) is not None:
                found[-1] = line
                beyond = "every further copy is like the last"
                if line.stretch.last is not None:
                    beyond += f", and beyond {line.stretch.last:,} {MORE}"
                return found, Ending(piece.first, beyond, True, True)
        last = piece.stretch.last
        is_enough = len(found) > MOST_PIECES or pieces.built > MOST_BUILT
        if is_enough and last is not None and last >= SMALLEST and not pieces.is_last:
            return found, Ending(last, "", False, True)
        if not piece.refused:
            legal = piece
    beyond = f"beyond {pieces.most:,} {MORE}" if pieces.most is not None else ""
    return found, Ending(None, beyond, True, growth is not None)


def _ends(growth: Growth, piece: Piece, legal: Piece | None, amounts: Sequence[Amount]) -> str:
    """Why no larger number of copies can be wanted; empty if that is not known."""
    if isinstance(piece.refused, SpecError):
        before = legal.report if legal is not None else None
        if growth.stays(piece.refused, before):
            return piece.refused.problems[0].message
    elif piece.report is not None:
        for amount in amounts:
            if amount.relation in ("<", "<=", "=="):
                before = legal.report if legal is not None else None
                least = growth.least(piece.report, before, amount.column)
                if least > amount.value or (least == amount.value and amount.relation == "<"):
                    return f"{amount.subject} are {least:,} or more"
    return ""


def _line(pieces: Pieces, growth: Growth, piece: Piece, legal: Piece | None) -> Piece | None:
    """All deeper networks at once, where every further copy is like the last."""
    if piece.report is None or legal is None or legal.report is None:
        return None
    if legal.first != piece.first - 1 or not growth.is_steady(piece.report, legal.report):
        return None
    if any(growth.moves(piece.report, path, path in piece.tensors) for path in pieces.paths):
        return None
    further = pieces.single(piece.first + 1)
    if further.report is None:
        return None
    n = Formula.symbol(pieces.symbol) - piece.first
    sizes = [(len(r), _steps(r.built.root)) for r in (piece.report, further.report)]
    most = pieces.network.most_layers
    room = [(limit - a) // (b - a) for a, b, limit in zip(*sizes, (most, 2 * most)) if b > a]
    totals = {
        column: value + n * (further.totals[column] - value)
        for column, value in piece.totals.items()
    }
    room += growth.room(piece.report, further.report)
    last = piece.first + min(room) if room else None
    symbols = {**piece.symbols, pieces.symbol: Formula.symbol(pieces.symbol)}
    return piece._replace(stretch=Stretch(piece.first, last), totals=totals, symbols=symbols)


def _steps(part: Part) -> int:
    """How many steps it takes to build a part: layers, joins and uses of blocks."""
    return sum(
        (_steps(child) + child.is_use) if isinstance(child, Part) else 1 for child in part.children
    )
