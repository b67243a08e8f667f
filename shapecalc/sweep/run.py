"""Sweeping: a symbolic report for each structure, its closed forms for everything else.

Symbols that decide what is built are gone through one by one. For the others the totals are
formulas, and what must hold of the symbols are claims on formulas; both are computed for a block of
settings at once. What breaks a claim is left out and counted by its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.requirement import LOWEST, Claim
from shapecalc.algebra.vectorised import Vectorised
from shapecalc.graph.graph import Need
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, known
from shapecalc.network import Network
from shapecalc.sweep.grid import Over, blocks, combinations

if TYPE_CHECKING:
    from shapecalc.analysis.report import Report

MEASURES = ("params", "macs", "flops", "elementwise", "activations", "weight_bytes")
"""The totals that a row tells, beside the symbols."""

BLOCK = 1 << 16
"""How many settings are computed at once."""

Columns = dict[str, Any]
"""An array for each column; all are as long as there are rows."""


class Sweep:
    """The rows of a sweep in blocks, and while they are taken, what was left out and why."""

    def __init__(
        self, network: Network, over: Sequence[Over], settings: Mapping[str, Any] | None = None
    ) -> None:
        self.network = network
        self.over = list(over)
        self.settings = dict(settings or {})
        self.left_out: Counter[str] = Counter()
        self.seen = 0
        names = [axis.name for axis in over]
        for name in names:
            if name not in known(network.spec):
                raise SettingError(f"the spec has no symbol {name!r} to go through")
            if name in self.settings or names.count(name) > 1:
                raise SettingError(f"{name} has values twice")

    @property
    def columns(self) -> list[str]:
        """The names of the columns: the symbols gone through, then the totals."""
        return [*(axis.name for axis in self.over), *MEASURES]

    def __iter__(self) -> Iterator[Columns]:
        """Blocks of rows, in the order of the settings wherever structures allow."""
        structural = self._structural()
        apart = [axis for axis in self.over if axis.name in structural]
        free = [axis for axis in self.over if axis.name not in structural]
        for chosen in combinations(apart):
            yield from self._of_structure(chosen, free)

    def _structural(self) -> set[str]:
        """The symbols that keep their value where they are to stay symbols."""
        names = {axis.name for axis in self.over}
        first = {axis.name: axis.values[0] for axis in self.over}
        found: set[str] = set()
        while True:
            settings = {**self.settings, **{name: first[name] for name in found}}
            try:
                values = self.network.values(settings, names - found)
                report = self.network.report(settings, symbolic=names - found)
                values = report.symbols
            except SpecError:
                return names  # some other value may do: each is looked at alone
            more = {name for name in names - found if not _is_itself(values[name], name)}
            if not more:
                return found
            found |= more

    def _of_structure(
        self, chosen: Mapping[str, int | Fraction], free: Sequence[Over]
    ) -> Iterator[Columns]:
        settings = {**self.settings, **chosen}
        names = [axis.name for axis in free]
        count = 1
        for axis in free:
            count *= len(axis.values)
        try:
            report = self.network.report(settings, symbolic=names)
        except SpecError as error:
            self.seen += count
            self.left_out[error.problems[0].message] += count
            return
        if any(not _is_itself(report.symbols[name], name) for name in names):
            # here a symbol decides the structure that did not do so at the first setting
            name = next(n for n in names if not _is_itself(report.symbols[n], n))
            axis = next(each for each in free if each.name == name)
            for value in axis.values:
                yield from self._of_structure(
                    {**chosen, name: value}, [each for each in free if each.name != name]
                )
            return
        yield from self._computed(report, chosen, free)

    def _computed(
        self, report: Report, chosen: Mapping[str, int | Fraction], free: Sequence[Over]
    ) -> Iterator[Columns]:
        import numpy as np

        totals = {name: getattr(report.totals, name) for name in MEASURES}
        conditions = _Conditions(report, free)
        ranges = {axis.name: axis.range for axis in free}
        formulas = Vectorised({**totals, **conditions.formulas}, ranges)
        for block in blocks(free, BLOCK):
            shape = np.broadcast_shapes(*(values.shape for values in block.values()))
            found = formulas.run(block)
            kept = np.ones(shape, dtype=bool)
            for reason, holds in conditions.decided(block, found, shape):
                self.left_out[reason] += int((kept & ~holds).sum())
                kept &= holds
            self.seen += kept.size
            if not kept.any():
                continue
            columns: Columns = {}
            for axis in self.over:
                values = block.get(axis.name, _constant(chosen.get(axis.name)))
                columns[axis.name] = np.broadcast_to(values, shape)[kept]
            for name in MEASURES:
                columns[name] = np.broadcast_to(found[name], shape)[kept]
            yield columns


class _Conditions:
    """What must hold of the symbols of a report, as formulas to be computed with the totals."""

    def __init__(self, report: Report, free: Sequence[Over]) -> None:
        self.report = report
        self.free = free
        self.formulas: dict[str, Any] = {}
        self.claims: list[tuple[str, list[tuple[str, str]]]] = []
        self.open: list[str] = []
        for need in dict.fromkeys([*report.built.needs, *report.required]):
            self._add(need)

    def _add(self, need: Need) -> None:
        condition = need.condition
        said = f"{condition.equation} ({need.path or 'require'})"
        if not condition.claims:
            self.open.append(condition.equation)
            return
        alternatives = []
        for claim in condition.claims:
            alternatives += self._formula(claim)
        self.claims.append((said, alternatives))

    def _formula(self, claim: Claim) -> list[tuple[str, str]]:
        name = f"claim {len(self.formulas)}"
        self.formulas[name] = claim.difference
        return [(name, ">=" if claim.relation == ">=" else "==")]

    def decided(
        self, block: Columns, found: Mapping[str, Any], shape: tuple[int, ...]
    ) -> Iterator[tuple[str, Any]]:
        """Every condition in words, and where it holds."""
        import numpy as np

        for axis in self.free:
            least = self.report.built.least.get(axis.name, 1 if axis.name == "B" else LOWEST)
            if least > LOWEST:
                yield f"{axis.name} >= {least}", _truths(block[axis.name] >= least)
        for said, alternatives in self.claims:
            values = [(found[name], relation) for name, relation in alternatives]
            each = [_truths(v >= 0 if relation == ">=" else v == 0) for v, relation in values]
            yield said, np.any(np.broadcast_arrays(*each), axis=0) if len(each) > 1 else each[0]
        for equation in self.open:
            names = [axis.name for axis in self.free]
            rows = zip(*(np.broadcast_to(block[name], shape).ravel() for name in names))
            holds = [_holds(equation, dict(zip(names, row))) for row in rows]
            yield equation, np.array(holds, dtype=bool).reshape(shape)


def _holds(equation: str, values: Mapping[str, Any]) -> bool:
    from shapecalc.language.expression import evaluate, parse, truth

    return truth(evaluate(parse(equation), {name: _plain(each) for name, each in values.items()}))


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, Fraction)) else int(value)


def _truths(values: Any) -> Any:
    import numpy as np

    return np.asarray(values, dtype=bool)


def _is_itself(value: Any, name: str) -> bool:
    return is_symbolic(value) and value.symbols == {name}


def _constant(value: Any) -> Any:
    import numpy as np

    fits = isinstance(value, int) and abs(value) < 2**63
    return np.array(value, dtype=np.int64 if fits else object)


def sweep(
    network: Network, over: Sequence[Over], settings: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """All rows of a sweep, as dicts; what does not work is left out.

    >>> import shapecalc
    >>> net = shapecalc.load("resnet18")
    >>> [row["macs"] for row in sweep(net, [Over("H", (224, 256))])]
    [1814073344, 2073153536]
    """
    return [row for block in Sweep(network, over, settings) for row in rows(block)]


def rows(columns: Columns) -> Iterator[dict[str, Any]]:
    """The rows of a block, their values Python's own."""
    lists = [values.tolist() for values in columns.values()]
    for row in zip(*lists):
        yield dict(zip(columns, row))
