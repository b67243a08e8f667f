"""Derivations as the data of a page: trees whose leaves are places in its program."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.program import Program
from shapecalc.algebra.trace import Apply, Leaf, Number, Product, Quotient, Sum, Traced
from shapecalc.analysis.report import Report
from shapecalc.derivation.equation import Chain, Derivation, Equation
from shapecalc.derivation.layer import Explainer, Setting
from shapecalc.derivation.lines import Line, Section
from shapecalc.derivation.picture import corner, legend
from shapecalc.diagram import labels


class Derivations:
    """Tells the layers of a network, found for the values of its symbols and again without them.

    >>> import shapecalc
    >>> report = shapecalc.load("lenet5").report()
    >>> told = Derivations(Program(), report, report).of("conv1")
    >>> told["settings"][0][:2], [each["heading"] for each in told["sections"]]
    (['out_channels', 'K'], ['shape', 'cost', 'seen from the input'])
    """

    def __init__(self, program: Program, report: Report, found: Report) -> None:
        self.program = program
        self.now = Explainer(report, found)
        self.always = Explainer(found)
        self._told: dict[Any, tuple[Any, Any]] = {}  # what layers that are alike have in common

    def of(self, path: str) -> dict[str, Any]:
        """What there is to say about a layer.

        A line in words alone may be right only for the values that the report was made for: it is
        told with ``now``, and what takes its place for other values with ``else``.
        """
        told = self.always.explain(path)
        now = self.now.in_words(path)
        return {
            "about": told.doc.replace("``", ""),
            "inputs": [[source, self._once(shape, self._sizes)] for source, shape in told.inputs],
            "output": self._once(told.output, self._sizes),
            "settings": self._once(told.settings, self._settings),
            "sections": [self._section(each, now.get(each.heading)) for each in told.sections],
        }

    def _once(self, each: object, tell: Callable[..., Any], *others: Hashable) -> Any:
        """What is told of something, found once; it is kept, so that no other has its identity."""
        key = (id(each), *others)
        if key not in self._told:
            self._told[key] = each, tell(each, *others)
        return self._told[key][1]

    def _settings(self, settings: list[Setting]) -> list[Any]:
        return [[each.field, each.letter, self._value(each.value)] for each in settings]

    def _value(self, value: Any) -> Any:
        """A setting: sizes as places of the program, anything else as text."""
        if isinstance(value, tuple) and value and all(map(_is_size, value)):
            return [*map(self.program.add, value)]
        return self.program.add(value) if _is_size(value) else labels.plain(value)

    def _section(self, told: Section, now: list[Line] | None) -> dict[str, Any]:
        drawn = told.picture and corner(*told.picture)
        return {
            "heading": told.heading,
            "lines": self._once(told.lines, self._lines, None if now is None else tuple(now)),
            **({"picture": f"{drawn}\n{legend()}"} if drawn else {}),
        }

    def _lines(self, always: list[Line], now: tuple[Line, ...] | None) -> list[list[Any]]:
        """All lines of a section, and those that are told ``now``; None where all of them are."""
        found = []
        for line in always:
            if line.value is not None:
                found.append([line.name, line.remark, "always", self._derived(line.value)])
            else:
                is_told = now is None or line in now
                found.append([line.name, line.remark, "always" if is_told else "else"])
        own = [line for line in now or () if line not in always]
        return found + [[line.name, line.remark, "now"] for line in own]

    def _derived(self, value: Derivation) -> list[Any]:
        if isinstance(value, Equation):
            trees = self._tree(value.left.tree), self._tree(value.right.tree)
            return ["equation", *trees, value.known]
        if isinstance(value, Chain):
            return [
                "chain",
                [self._sizes(v if isinstance(v, tuple) else (v,)) for v in value.values],
            ]
        if isinstance(value, tuple):
            return ["sizes", self._sizes(value)]
        return ["steps", self._number(value)]

    def _sizes(self, values: Iterable[Any]) -> list[Any]:
        return [self._number(value) for value in values]

    def _number(self, value: Any) -> list[Any]:
        return self._tree(value.tree if isinstance(value, Traced) else Number(value))

    def _tree(self, tree: Any) -> list[Any]:
        """A derivation as lists: what it is, then its parts."""
        if isinstance(tree, Leaf):
            return ["letter", tree.letter, self.program.add(tree.value)]
        if isinstance(tree, Number):
            return ["number", self.program.add(tree.value)]
        if isinstance(tree, Sum):
            return [
                "+",
                [[self.program.add(factor), self._tree(term)] for factor, term in tree.terms],
            ]
        if isinstance(tree, Product):
            return ["*", [self._tree(factor) for factor in tree.factors]]
        if isinstance(tree, Quotient):
            return ["/", self._tree(tree.top), self._tree(tree.bottom), tree.rounding]
        assert isinstance(tree, Apply)
        return [tree.function, [self._tree(argument) for argument in tree.arguments]]


def _is_size(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or is_symbolic(value)
