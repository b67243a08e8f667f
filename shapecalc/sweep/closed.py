"""One structure of a network in closed forms: what its rows tell, and what must hold for them.

A condition on one symbol takes values off its axis, before anything is computed for the rest; one
on several symbols takes settings out of a block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.requirement import LOWEST
from shapecalc.algebra.vectorised import FITS, Vectorised
from shapecalc.analysis.budget import Facts
from shapecalc.language.expression import Expression, parse_condition
from shapecalc.sweep.choose import Columns
from shapecalc.sweep.conditions import Compiler, Test, plain
from shapecalc.sweep.grid import Over, array, blocks, size

if TYPE_CHECKING:
    from shapecalc.analysis.report import Report

BLOCK = 1 << 16
"""How many settings are computed at once."""


class Closed:
    """The closed forms of a report in which the symbols of some axes are left."""

    def __init__(
        self,
        report: Report,
        free: Sequence[Over],
        told: Sequence[str],
        where: Iterable[tuple[str, Expression]] = (),
    ) -> None:
        facts = Facts(report)
        compiler = Compiler()
        self.told = {name: compiler.name(facts[name]) for name in told}
        self.least = {
            axis.name: report.built.least.get(axis.name, 1 if axis.name == "B" else LOWEST)
            for axis in free
        }
        self.on_axes: dict[str, list[Test]] = {axis.name: [] for axis in free}
        self.on_blocks: list[Test] = []
        for test in _needed(report, facts, compiler):
            alone = next(iter(test.symbols)) if len(test.symbols) == 1 else None
            self.on_axes.get(alone or "", self.on_blocks).append(test)
        self.where = [compiler.expression(text, tree, facts) for text, tree in where]
        self.forms = Vectorised(compiler.formulas, {axis.name: axis.range for axis in free})

    def rows(
        self, axes: Sequence[Over], left_out: Counter[str], looked_at: Sequence[str]
    ) -> Iterator[Rows]:
        """The rows of a grid in blocks; what breaks a condition is counted by its reason."""
        kept = self._kept(axes, left_out)
        if any(not axis.values for axis in kept):
            return
        forms = self.forms.within({axis.name: axis.range for axis in kept})
        tests = [test for test in self.on_blocks if not test.proven(forms.range_of)]
        asked = [name for test in (*tests, *self.where) for name in test.names]
        asked += [self.told[name] for name in looked_at if name in self.told]
        for block in blocks(kept, BLOCK):
            yield from self._of_block(forms, block, tests, asked, left_out)

    def _of_block(
        self,
        forms: Vectorised,
        block: Columns,
        tests: Sequence[Test],
        asked: Sequence[str],
        left_out: Counter[str],
    ) -> Iterator[Rows]:
        import numpy as np

        shape = np.broadcast_shapes(*(values.shape for values in block.values()))
        found = forms.run(block, asked)
        kept: Any = None
        for test in tests:
            holds = np.broadcast_to(test.holds(found), shape)
            if not holds.all():
                broken = ~holds if kept is None else kept & ~holds
                _count(left_out, test.said, int(broken.sum()))
                kept = holds if kept is None else kept & holds
        for test in self.where:
            holds = np.broadcast_to(test.holds(found), shape)
            kept = holds if kept is None else kept & holds
        if kept is None or kept.all():
            yield Rows(self, forms, block, found, shape, None)
        elif kept.any():
            yield Rows(self, forms, block, found, shape, np.flatnonzero(kept))

    def _kept(self, axes: Sequence[Over], left_out: Counter[str]) -> list[Over]:
        """The axes with the values that may work; what is taken off is counted."""
        found: list[Over] = []
        for i, axis in enumerate(axes):
            others = size(found) * size(axes[i + 1 :])
            found.append(self._of_axis(axis, others, left_out))
        return found

    def _of_axis(self, axis: Over, others: int, left_out: Counter[str]) -> Over:
        least = self.least[axis.name]
        values = [value for value in axis.values if value >= least]
        _count(left_out, f"{axis.name} >= {least}", others * (len(axis.values) - len(values)))
        tests = self.on_axes[axis.name]
        if not values or not tests:
            return Over(axis.name, tuple(values))
        import numpy as np

        rest = Over(axis.name, tuple(values))
        forms = self.forms.within({axis.name: rest.range, **self._others(axis.name)})
        tests = [test for test in tests if not test.proven(forms.range_of)]
        found = forms.run({axis.name: array(rest)}, [name for test in tests for name in test.names])
        kept = np.ones(len(values), dtype=bool)
        for test in tests:
            holds = test.holds(found)
            _count(left_out, test.said, others * int((kept & ~holds).sum()))
            kept &= holds
        return Over(axis.name, tuple(value for value, each in zip(values, kept.tolist()) if each))

    def _others(self, name: str) -> dict[str, None]:
        return {each: None for each in self.on_axes if each != name}


class Rows:
    """Rows of a block, whose columns are computed when they are asked for."""

    def __init__(
        self,
        closed: Closed,
        forms: Vectorised,
        block: Columns,
        found: Columns,
        shape: tuple[int, ...],
        chosen: Any,
    ) -> None:
        self.closed = closed
        self.forms = forms
        self.block = block
        self.found = found
        self.shape = shape
        self.chosen = chosen

    def columns(self, names: Iterable[str], constants: Columns) -> Columns:
        """Columns of the rows; those of symbols that have one value here are given."""
        names = list(names)
        told = {name: self.closed.told[name] for name in names if name in self.closed.told}
        missing = [each for each in told.values() if each not in self.found]
        found = {**self.found, **self.forms.run(self.block, missing)} if missing else self.found
        values = {**constants, **self.block, **{name: found[each] for name, each in told.items()}}
        return {name: self._flat(values[name]) for name in names}

    def at(self, chosen: Any) -> Rows:
        """Some of the rows, for which alone the rest is computed."""
        import numpy as np

        if chosen is None:
            return self
        block = {
            name: np.broadcast_to(values, self.shape).reshape(-1)[self._places(chosen)]
            for name, values in self.block.items()
        }
        return Rows(self.closed, self.forms, block, {}, (len(chosen),), None)

    def _places(self, chosen: Any) -> Any:
        return chosen if self.chosen is None else self.chosen[chosen]

    def _flat(self, values: Any) -> Any:
        import numpy as np

        flat = np.broadcast_to(values, self.shape).reshape(-1)
        return tight(flat if self.chosen is None else flat[self.chosen])


def _count(left_out: Counter[str], reason: str, settings: int) -> None:
    if settings:
        left_out[reason] += settings


def tight(values: Any) -> Any:
    """Values in 64 bits where all fit; else whole ones as integers, the others as fractions."""
    import numpy as np

    if values.dtype != object:
        return values
    found = [plain(value) for value in values.tolist()]
    fits = all(type(value) is int and -FITS <= value <= FITS for value in found)
    if fits:
        return np.array(found, dtype=np.int64)
    told = np.empty(len(found), dtype=object)
    told[:] = found
    return told


def _needed(report: Report, facts: Facts, compiler: Compiler) -> Iterator[Test]:
    """What must hold of the symbols, each condition once, with the layer that needs it first."""
    seen: set[Any] = set()
    for need in [*report.built.needs, *report.required]:
        condition = need.condition
        if (condition.claims or condition.equation) in seen:
            continue
        seen.add(condition.claims or condition.equation)
        if condition.claims:
            said = f"{condition.equation} ({need.path or 'require'})"
            yield compiler.one_of(said, condition.claims)
        else:
            tree = parse_condition(condition.equation)
            yield compiler.expression(condition.equation, tree, facts)
