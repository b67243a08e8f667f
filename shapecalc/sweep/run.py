"""Sweeping: a symbolic report for each structure, its closed forms for everything else.

Symbols that decide what is built are gone through one by one. For the others the totals are
formulas, and what must hold of the symbols are claims on formulas; both are computed for a block of
settings at once. What breaks a claim is left out and counted by its reason.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.vectorised import FITS
from shapecalc.analysis.budget import UnknownFact
from shapecalc.language.expression import Expression, ExpressionError, parse_condition
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, known, no_symbol
from shapecalc.network import Network
from shapecalc.sweep.choose import Columns, Selection, joined, take
from shapecalc.sweep.closed import Closed
from shapecalc.sweep.grid import Over, combinations, pieces, size

MEASURES = ("params", "macs", "flops", "elementwise", "activations", "weight_bytes")
"""The totals that a row tells where no others are asked for."""

PIECE = 1 << 18
"""How many settings a piece of the whole has, in which one process does the work."""

MOST_STRUCTURES = 64
"""How many structures' closed forms are kept."""

MOST_TABLES = 16
"""How many tables of the best rows wait until they are looked through."""

Key = tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]


class Refused(NamedTuple):
    """Why no setting of a structure works, or the symbols that decide more of it."""

    reason: str
    deciding: frozenset[str] = frozenset()


class Result(NamedTuple):
    """What comes of a piece: rows, how many settings there were, and why some are left out.

    >>> import shapecalc
    >>> swept = Sweep(shapecalc.load("lenet5"), [Over("H", (4, 32))], columns=["macs"])
    >>> (result,) = swept.results()
    >>> result.seen, sum(result.left_out.values()), [list(rows(each)) for each in result.tables]
    (2, 1, [[{'H': 32, 'macs': 651720}]])
    """

    tables: list[Columns]
    seen: int
    left_out: Counter[str]


class Sweep:
    """The rows of a sweep, and while they are taken, what was left out and why.

    ``columns`` are totals, and other facts that a requirement can name, as ``peak_memory`` and
    ``conv5.height``; raises :class:`SettingError` for what is not known.

    >>> import shapecalc
    >>> swept = Sweep(shapecalc.load("vit"), [Over("H", (160, 161, 176))], columns=["macs"])
    >>> [table["macs"].tolist() for table in swept], dict(swept.left_out)
    ([[12425576448, 13699301376]], {'H % 16 == 0 (require)': 1})
    """

    def __init__(
        self,
        network: Network,
        over: Sequence[Over],
        settings: Mapping[str, Any] | None = None,
        columns: Iterable[str] = MEASURES,
        selection: Selection = Selection(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self.network = network
        self.over = list(over)
        self.settings = dict(settings or {})
        self.selection = selection
        self.left_out: Counter[str] = Counter()
        self.seen = 0
        self._structures: OrderedDict[Key, Closed | Refused] = OrderedDict()
        names = [axis.name for axis in over]
        for name in names:
            if name not in known(network.spec):
                raise SettingError(no_symbol(name, known(network.spec)))
            if name in self.settings or names.count(name) > 1:
                raise SettingError(f"{name} has values twice")
        asked = dict.fromkeys([*names, *columns, *selection.looks_at])
        self.columns = list(asked)
        self._facts = [name for name in asked if name not in names]
        self._where = [(text, _condition(text)) for text in selection.where]

    @property
    def total(self) -> int:
        """How many settings there are."""
        return size(self.over)

    def __iter__(self) -> Iterator[Columns]:
        """The rows in tables, in the order of the settings wherever structures allow.

        Rows that are chosen by each other come at the end, in one table.
        """
        best = Best(self)
        for result in self.results():
            self.take(result)
            if self.selection.reduces:
                best.add(result.tables)
            else:
                yield from result.tables
        if self.selection.reduces:
            yield best.table()

    def check(self) -> None:
        """Raise :class:`SettingError` for columns and conditions that are not known."""
        for piece in self.pieces(1):
            for _ in self.tables(piece, Counter()):
                break
            break

    def results(self) -> Iterator[Result]:
        """What comes of one piece after the other."""
        return map(self.result, self.pieces(PIECE))

    def result(self, axes: Sequence[Over]) -> Result:
        """What comes of the settings of one grid."""
        left_out: Counter[str] = Counter()
        return Result(list(self.tables(axes, left_out)), size(axes), left_out)

    def take(self, result: Result) -> None:
        """Count what came of a piece."""
        self.seen += result.seen
        self.left_out.update(result.left_out)

    def pieces(self, most: int) -> Iterator[list[Over]]:
        """Grids of at most so many settings, which together are all, structure by structure."""
        structural = self._structural()
        apart = [axis for axis in self.over if axis.name in structural]
        free = [axis for axis in self.over if axis.name not in structural]
        for chosen in combinations(apart):
            single = [Over(name, (value,)) for name, value in chosen.items()]
            for piece in pieces(free, most):
                yield [*single, *piece]

    def tables(self, axes: Sequence[Over], left_out: Counter[str]) -> Iterator[Columns]:
        """The rows of one grid; of those that are chosen by each other, the ones that may be."""
        single = {axis.name: axis.values[0] for axis in axes if len(axis.values) == 1}
        structural = self._structural() & set(single)
        chosen = {name: value for name, value in single.items() if name in structural}
        yield from self._of(chosen, [axis for axis in axes if axis.name not in chosen], left_out)

    def _of(
        self, chosen: Mapping[str, Any], free: Sequence[Over], left_out: Counter[str]
    ) -> Iterator[Columns]:
        closed = self._closed(chosen, [axis.name for axis in free])
        if isinstance(closed, Closed):
            counted: Counter[str] = Counter()
            try:
                tables = list(self._computed(closed, chosen, free, counted))
            except ZeroDivisionError:  # somewhere in here a formula has no value
                yield from self._apart(free[0], chosen, free, left_out)
            else:
                left_out.update(counted)
                yield from tables
        elif closed.deciding:  # one that did not at the first setting
            axis = next(each for each in free if each.name in closed.deciding)
            yield from self._apart(axis, chosen, free, left_out)
        else:
            left_out[closed.reason] += size(free)

    def _apart(
        self,
        axis: Over,
        chosen: Mapping[str, Any],
        free: Sequence[Over],
        left_out: Counter[str],
    ) -> Iterator[Columns]:
        """The rows of a grid where one symbol is given each of its values."""
        rest = [each for each in free if each is not axis]
        for value in axis.values:
            yield from self._of({**chosen, axis.name: value}, rest, left_out)

    def _computed(
        self,
        closed: Closed,
        chosen: Mapping[str, Any],
        free: Sequence[Over],
        left_out: Counter[str],
    ) -> Iterator[Columns]:
        constants = {name: _constant(value) for name, value in chosen.items()}
        for rows in closed.rows(free, left_out, self.selection.looks_at):
            if self.selection.reduces:
                asked = rows.columns(self.selection.looks_at, constants)
                rows = rows.at(self.selection.partly(asked))
            yield rows.columns(self.columns, constants)

    # -- structures -------------------------------------------------------------------------------

    def _structural(self) -> frozenset[str]:
        """The symbols that decide what is built, at the first setting of each."""
        if not hasattr(self, "_deciding"):
            first = {axis.name: axis.values[0] for axis in self.over}
            found = {axis.name for axis in self.over if not self._is_whole_or_may_not(axis)}
            while True:
                settings = {**self.settings, **{name: first[name] for name in found}}
                more = self.network.deciding(settings, first.keys() - found)
                if not more:
                    break
                found |= more
            self._deciding = frozenset(found)
        return self._deciding

    def _is_whole_or_may_not(self, axis: Over) -> bool:
        """Whether formulas in the symbol hold for its values: fractions ask for one that may be."""
        if axis.range is not None:
            return True
        value = self.network.values(self.settings, [axis.name])[axis.name]
        return is_symbolic(value) and not value.is_whole

    def _closed(self, chosen: Mapping[str, Any], free: Sequence[str]) -> Closed | Refused:
        key = tuple(chosen.items()), tuple(free)
        if key not in self._structures:
            self._structures[key] = self._made(chosen, free)
            if len(self._structures) > MOST_STRUCTURES:
                self._structures.popitem(last=False)
        self._structures.move_to_end(key)
        return self._structures[key]

    def _made(self, chosen: Mapping[str, Any], free: Sequence[str]) -> Closed | Refused:
        settings = {**self.settings, **chosen}
        try:
            report = self.network.report(settings, symbolic=free)
        except SpecError as error:
            reason = error.problems[0].message
            return Refused(reason, frozenset(self.network.deciding(settings, free)))
        if report.kept:
            return Refused("", frozenset(report.kept))
        axes = [axis for axis in self.over if axis.name in free]
        try:
            return Closed(report, axes, self._facts, self._where)
        except UnknownFact as unknown:
            if len(self._structures):  # others have what this one has not
                return Refused(unknown.args[0])
            raise SettingError("; ".join([unknown.args[0], *unknown.args[1]])) from None
        except ExpressionError as error:
            raise SettingError(f"--where: {error.message}") from None


class Best:
    """The rows that are best of all that were added.

    >>> import shapecalc
    >>> from shapecalc.sweep.choose import Selection
    >>> over, fewest = [Over("H", (28, 32, 36))], Selection(first=1, by="macs")
    >>> swept = Sweep(shapecalc.load("lenet5"), over, selection=fewest, columns=["macs"])
    >>> best = Best(swept)
    >>> for result in swept.results():
    ...     best.add(result.tables)
    >>> list(rows(best.table()))
    [{'H': 28, 'macs': 543720}]
    """

    def __init__(self, swept: Sweep) -> None:
        self.swept = swept
        self.selection = swept.selection
        self.found: list[Columns] = []

    def add(self, tables: Iterable[Columns]) -> None:
        """Take rows in, and leave those that are no longer best."""
        self.found += tables
        if len(self.found) >= MOST_TABLES:
            self.found = [self.partly()]

    def partly(self) -> Columns:
        """Those that may be best when more are added."""
        rows = joined([self._none(), *self.found])
        return take(rows, self.selection.partly(rows))

    def table(self) -> Columns:
        """The best of them, in their order."""
        rows = joined([self._none(), *self.found])
        return take(rows, self.selection.last(rows))

    def _none(self) -> Columns:
        import numpy as np

        return {name: np.zeros(0, dtype=np.int64) for name in self.swept.columns}


def _condition(text: str) -> Expression:
    try:
        return parse_condition(text)
    except ExpressionError as error:
        raise SettingError(f"--where {text!r}: {error.message}") from None


def _constant(value: Any) -> Any:
    import numpy as np

    fits = isinstance(value, int) and abs(value) <= FITS
    return np.array(value, dtype=np.int64 if fits else object)


def sweep(
    network: Network,
    over: Sequence[Over],
    settings: Mapping[str, Any] | None = None,
    columns: Iterable[str] = MEASURES,
    selection: Selection = Selection(),  # noqa: B008
) -> list[dict[str, Any]]:
    """All rows of a sweep, as dicts; what does not work is left out.

    >>> import shapecalc
    >>> net = shapecalc.load("resnet18")
    >>> [row["macs"] for row in sweep(net, [Over("H", (224, 256))])]
    [1814073344, 2073153536]
    >>> cheap = Selection(where=("peak_memory <= 7e6",))
    >>> sweep(net, [Over("H", (224, 256))], columns=["peak_memory"], selection=cheap)
    [{'H': 224, 'peak_memory': 6422528}]
    """
    swept = Sweep(network, over, settings, columns, selection)
    return [row for table in swept for row in rows(table)]


def rows(columns: Columns) -> Iterator[dict[str, Any]]:
    """The rows of a table, their values Python's own.

    >>> import numpy as np
    >>> list(rows({"H": np.array([28, 32]), "params": np.array([10, 20])}))
    [{'H': 28, 'params': 10}, {'H': 32, 'params': 20}]
    """
    lists = [values.tolist() for values in columns.values()]
    for row in zip(*lists):
        yield dict(zip(columns, row))
