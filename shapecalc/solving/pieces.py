"""The network for every value of the unknown, piece by piece.

A piece is a stretch of values for which the network is of one structure, built once with the
unknown as a symbol, or a single value, for which it is built of numbers. The smallest values are
always built of numbers, since that is where formulas have their exceptions. Where the unknown
decides the structure, in ``when`` or ``repeat``, the stretches are as long as that allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from math import lcm
from typing import Any, NamedTuple

from shapecalc.algebra import residues
from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.enclosure import supposing
from shapecalc.algebra.form import degree, function_of, period
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.solutions import Solutions
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.report import Report
from shapecalc.graph.build import Builder
from shapecalc.graph.graph import Built, Need
from shapecalc.language.evaluation import Undecided
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind, known
from shapecalc.layers import Tensor
from shapecalc.network import Network
from shapecalc.solving.deepening import Deepening, has_index
from shapecalc.solving.sets import Stretch
from shapecalc.solving.wanted import outputs

SMALLEST = 4
"""From here on formulas are relied on."""

SECOND_LOOK = 32
"""Up to here values are tried one by one where a network of formulas is refused as a whole."""

MOST_PIECES = 1000
MOST_BUILT = 20_000
"""How many pieces, and layers in them, are built before the rest is left open."""

MOST_CLASSES = 64
"""How many residues of the unknown may each have a network of their own."""


class Window(NamedTuple):
    """What the last step of a window leaves over along one axis: cells, and what decides that."""

    path: str
    axis: int
    remainder: Quantity
    decides: tuple[Any, ...]


class Piece(NamedTuple):
    """What the network is for a stretch of values of the unknown; of numbers if it is a single one.

    ``refused`` says why it is none there, else it is None.
    """

    stretch: Stretch
    refused: SpecError | SettingError | None
    symbols: Mapping[str, Quantity]
    tensors: Mapping[str, Tensor]
    totals: Mapping[str, Quantity]
    needs: tuple[Need, ...]
    windows: tuple[Window, ...]
    report: Report | None

    @property
    def first(self) -> int:
        """Its smallest value, which no other piece has."""
        return self.stretch.first

    @property
    def paths(self) -> list[str]:
        """The layers, blocks and branches there are, where the report is kept."""
        return list(outputs(self.report)) if self.report is not None else []


class Pieces:
    """Builds the pieces of one network for one unknown; what is asked of them decides what is kept.

    ``paths`` are those of layers whose output is asked for, ``columns`` the totals asked for.
    """

    def __init__(
        self,
        network: Network,
        symbol: str,
        settings: Mapping[str, Any],
        paths: set[str],
        columns: set[str],
        windows: bool,
    ) -> None:
        self.network = network
        self.symbol = symbol
        self.settings = settings
        self.paths = paths
        self.columns = columns
        self.windows = windows
        self.is_own = symbol in known(network.spec)
        self.built = 0
        self.step = 1  # at which residues decide
        self.too_long: SpecError | None = None  # for formulas, of whichever stretch
        self.turn: int | None = None  # up to which a decision that was open is the same
        self.is_last = False  # and no further pieces are needed
        self.most: int | None = None  # beyond which there are more layers than there may be

    @property
    def limit(self) -> str:
        """Why no network has more layers than it may."""
        return f"the network has more than {self.network.most_layers:,} layers"

    # -- one piece ----------------------------------------------------------------------------

    def single(self, n: int) -> Piece:
        """The network for one value, in numbers."""
        try:
            if self.is_own:
                values = bind(self.network.spec, {**self.settings, self.symbol: n}, ())
            else:  # a name that only a setting knows
                values = {
                    name: evaluate(value, {self.symbol: n})
                    for name, value in bind(self.network.spec, self.settings, ()).items()
                }
            builder = Builder(self.network.spec, values, self.network.most_layers)
            return self.piece(Stretch(n, n), values, builder)
        except (SpecError, SettingError) as error:
            return self.none(Stretch(n, n), error)
        except ZeroDivisionError:
            refused = SettingError(f"a division by zero at {self.symbol} = {n}")
            return self.none(Stretch(n, n), refused)

    def symbolic(self, stretch: Stretch) -> Piece | Undecided | None:
        """The network with the unknown as a symbol; what is undecided if structure hangs on it.

        None where formulas would be longer than they may be.
        """
        last = math.inf if stretch.last is None else stretch.last
        with supposing({self.symbol: stretch.step}, **{self.symbol: (stretch.first, last)}):
            builder: Deepening | None = None
            try:
                free = {self.symbol} if self.is_own else set()
                values = bind(self.network.spec, self.settings, free)
                network = self.network
                builder = Deepening(network.spec, values, network.most_layers, network.most_terms)
                piece = self.piece(stretch, values, builder)
                return self.deepened(piece, builder) if builder.found else piece
            except Undecided as undecided:
                if self.symbol not in undecided.symbols:
                    raise
                return undecided
            except SpecError as error:
                if any(problem.is_of_formulas for problem in error.problems):
                    self.too_long = error
                    return None
                if builder is not None and builder.begun:  # it may be wrong in fewer copies alone
                    return Undecided(builder.begun[0].count)
                return self.none(stretch, error)

    def piece(self, stretch: Stretch, values: dict[str, Quantity], builder: Builder) -> Piece:
        """The piece for these values of the symbols."""
        report = Report(self.network.name, values, made := self.made(builder))
        asked: list[Need] = []
        spec = self.network.spec
        if spec.require:
            from shapecalc.analysis.budget import needs, symbol_needs

            asked += symbol_needs(spec.require, values, spec.source)
            asked += needs(report, spec.require, spec.source)
        self.built += sum(len(layer.weights) // 4 for layer in report)
        tensors = outputs(report) if self.paths else {}
        totals = report.totals if self.columns else None
        return Piece(
            stretch,
            None,
            values,
            {path: tensors[path] for path in self.paths if path in tensors},
            {column: getattr(totals, column) for column in self.columns},
            (*made.needs, *asked),
            tuple(_windows(report)) if self.windows else (),
            report,
        )

    def deepened(self, piece: Piece, builder: Deepening) -> Piece:
        """The piece of a network in which one copy stands for all that follow it."""
        assert piece.report is not None
        layers = piece.report.layers
        builder.check(layers, self.paths)
        windows = [window.remainder for window in piece.windows]
        if self.network.spec.require or any(map(has_index, windows)):
            raise Undecided(builder.found[0].count)
        stretch = builder.within(piece.stretch)
        if piece.stretch.last is None and stretch.last is not None:
            self.most = max(self.most or 0, stretch.last)
        totals = builder.totals(layers, self.columns)
        return piece._replace(stretch=stretch, totals=totals, report=None)

    def made(self, builder: Builder) -> Built:
        """What is built; what that takes counts, also if it is no network."""
        try:
            return builder.built()
        finally:
            self.built += builder.steps

    def none(self, stretch: Stretch, error: SpecError | SettingError) -> Piece:
        """A piece where the network is none."""
        self.built += 1
        return Piece(stretch, error, {}, {}, {}, (), (), None)

    # -- several at once ----------------------------------------------------------------------

    def symbolics(self, first: int, last: int | None) -> list[Piece] | None:
        """The network with the unknown as a symbol, from one value to another.

        It is one piece, or where a residue decides, one for each. None where the structure hangs on
        more than that.
        """
        found: list[Piece] = []
        waiting = [] if self.too_long else [Stretch(first, last)]
        while waiting:
            stretch = waiting.pop()
            made = self.symbolic(stretch)
            if made is None:
                return None
            if isinstance(made, Piece):
                found.append(made)
                continue
            self.step = lcm(self.step, step := _deciding(made.formula, stretch))
            if step == stretch.step or self.built > MOST_BUILT:
                self.turn = _turn(made.formula, stretch.first)
                return None
            waiting += stretch.classes(step)
        return sorted(found, key=lambda piece: piece.first) or None

    def all(self) -> Iterator[Piece]:
        """The pieces in order, without end where every value has one of its own.

        Raises what is said of too long formulas where few values could be tried without them.
        """
        rest = self.symbolics(SMALLEST, None)
        for n in range(SMALLEST):
            before = self.built
            yield self.single(n)
            if self.too_long is not None and self.built - before > MOST_BUILT // 2:
                raise self.too_long
        if rest is None or not any(piece.refused for piece in rest):
            yield from rest or self.as_far_as_they_go(SMALLEST)
            return
        is_contradicted = False
        for n in range(SMALLEST, SECOND_LOOK):
            each = self.single(n)
            is_contradicted = is_contradicted or each.refused is None
            yield each
        if is_contradicted:
            yield from self.symbolics(SECOND_LOOK, None) or self.as_far_as_they_go(SECOND_LOOK)
        else:
            yield rest[0]._replace(stretch=Stretch(SECOND_LOOK, None))

    def up_to_a_turn(self, start: int) -> tuple[list[Piece] | None, int | None]:
        """The network from a value on, and up to which; None where that is no piece of symbols."""
        rest, end = self.symbolics(start, None), None
        while rest is None and not self.too_long and self.turn is not None:
            if end is not None and self.turn >= end:
                return None, None
            end = self.turn
            rest = [self.single(start)] if end == start else self.symbolics(start, end)
        return rest, end

    def as_far_as_they_go(self, start: int) -> Iterator[Piece]:
        """Stretches as long as the structure stays the same, single values where it does not."""
        width, wait, waited = 1, 1, 0
        while True:
            least = 2 * self.step  # numbers, so that each residue has several
            if waited >= wait:
                waited = 0
                rest, end = self.up_to_a_turn(start)
                if end is None and rest is not None:
                    self.is_last = True
                    yield from rest
                    return
                if end is not None and rest is not None:
                    yield from rest
                    start, waited = end + 1, wait
                    continue
                width = max(width, least)
            pieces = self.symbolics(start, start + width - 1) if width > 1 else None
            if pieces is not None:
                yield from pieces
                start += width
                width *= 2
                waited = wait
            elif width > least:
                width = max(width // 2, least)
            else:
                if width > 1:
                    wait = min(2 * wait, 64)
                width, waited = 1, waited + 1
                yield self.single(start)
                start += 1


def _turn(formula: Formula, first: int) -> int | None:
    """Up to which number a formula compares with 0 as at the first; None if that never changes."""
    ends = []
    for relation in ("==", ">="):
        found = residues.solve(formula, relation)
        if isinstance(found, Solutions):
            others = found.complement() if first in found else found
            ends.append(others.above(first + 1))
    known = [end for end in ends if end is not None]
    return min(known) - 1 if known else None


def _deciding(formula: Formula, stretch: Stretch) -> int:
    """The step at which a formula in the unknown no longer changes, or only that of the stretch."""
    repeats = period(formula)
    if repeats is None:
        return stretch.step
    step = lcm(stretch.step, repeats)
    is_long = stretch.last is None or stretch.last - stretch.first >= 2 * step - 1
    if step > MOST_CLASSES or not is_long:
        return stretch.step
    value = function_of(formula)
    looks = range(degree(formula) + 1)
    is_settled = any(
        len({value(n + step * q) for q in looks}) == 1
        for n in range(stretch.first, stretch.first + step, stretch.step)
    )
    return step if is_settled else stretch.step


def _windows(report: Report) -> Iterator[Window]:
    """For every sliding window and axis, what its last step leaves over.

    Of layers that are alike it is found once.
    """
    known: dict[tuple[int, int], list[Window]] = {}
    for layer in report:
        key = layer.node.likeness
        if key not in known:
            known[key] = list(_windows_of(layer))
        for window in known[key]:
            yield Window(layer.path, *window[1:])


def _windows_of(layer: LayerReport) -> Iterator[Window]:
    """In ceil mode a window that sticks out takes the last cells in: nothing is ever dropped."""
    own, inputs = layer.node.layer, layer.node.inputs
    if own.slides and not own.rounds_up:
        windows = zip(own.windows(*inputs) or (), inputs[0].spatial, strict=False)
        for axis, (window, size) in enumerate(windows):
            yield Window(layer.path, axis, window.remainder(size), (*window, size))


def dropping(pieces: list[Piece], symbol: str) -> set[tuple[str, int]]:
    """The windows and axes that have to do with the unknown; all there are where none has.

    They are not the same everywhere, or hang on the unknown in what is a formula.
    """
    legal = [{(w.path, w.axis): w for w in piece.windows} for piece in pieces if not piece.refused]
    every = {key for windows in legal for key in windows}
    found = {
        key
        for key in every
        if len({windows[key].decides if key in windows else None for windows in legal}) > 1
        or any(
            isinstance(part, Formula) and symbol in part.symbols
            for windows in legal
            if key in windows
            for part in windows[key].decides
        )
    }
    return found or every
