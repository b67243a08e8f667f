"""What a report in symbols says against what reports with numbers say, at many settings.

A setting of the symbols is a network exactly where all conditions hold and no symbol is below its
least value, and there every formula comes to the number of the report with numbers. Tensors without
elements, which torch takes and conditions are not about, are left out, and so are numbers that mean
something else where they are negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from random import Random
from typing import Any

import sympy

import shapecalc
from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.formula import Formula, expanded
from shapecalc.analysis.report import Report
from shapecalc.language import evaluation, expression
from shapecalc.language.problem import SpecError
from shapecalc.layers.reshaping.cutting import _from_end
from shapecalc.network import Network

PYTHON = {"__builtins__": {}, "min": min, "max": max}
"""The names that conditions and formulas may use beside symbols."""

SAID_ONCE = ("receptive-field-beyond-input", "batch-norm-of-one")
"""Warnings that are said of the first layer alone, which may be another in numbers."""

HANGING = ("inexact-factor", "flatten-missing")
"""Warnings that tell at which sizes they hold, or that take formulas for an image's sides."""

SKIPPED = ("symbols", "kept", "constraints", "warnings", "peak_at")
"""What of a report is not compared number by number."""

COUNTING_FROM_END = ("start", "end", "shape", "size", "unflattened_size")
"""Fields in which a negative number counts from the end or stands for what is left."""

LONGEST = 200
"""Formulas longer than this are not read back: an expression may not be as long as they."""

LOWEST = -(10**9)


class Disagreement(AssertionError):
    """What numbers say otherwise than formulas."""


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds, as Python understands it, and as a spec does if it can say it."""
    try:
        python = bool(eval(condition, PYTHON, dict(values)))
    except ZeroDivisionError:
        return False
    with suppress(expression.ExpressionError):  # it is too long, or about a set of numbers
        own = bool(evaluation.evaluate(expression.parse(condition), {"False": 0, **values}))
        if python != own:
            raise Disagreement(f"{condition} is {python} in Python, {own} in a spec")
    return python


class Compared:
    """A network with some symbols left open, to be compared with numbers."""

    def __init__(self, spec: Mapping[str, Any], symbolic: list[str]) -> None:
        self.network: Network = shapecalc.load(spec)
        self.own = self.network.report()
        self.general: Report = self.network.report(symbolic=symbolic)
        self.open = [name for name in symbolic if name not in self.general.kept]
        self.data = self.general.to_dict(memory=True)
        self.accepted = self.refused = 0

    def settings(self, rng: Random) -> dict[str, Any]:
        """Values for the open symbols, near their defaults or small."""
        found: dict[str, Any] = dict(self.general.kept)
        for name in self.open:
            default = self.own.symbols[name]
            if isinstance(default, Fraction):
                found[name] = default * rng.choice((1, 2, Fraction(1, 2), 4))
                continue
            near = [default + d for d in (-3, -2, -1, 0, 0, 1, 1, 2, 3, 7)]
            other = [1, 2, 3, 4, 0, 2 * default, 3 * default, default // 2]
            other += [rng.randint(1, 40), rng.randint(40, 300)]
            found[name] = rng.choice(near + other)
            if name == "B":
                found[name] = max(found[name], 1)
        return found

    def below(self, values: Mapping[str, Any], least: int) -> list[str]:
        """The symbols below what they are understood to be, or below ``least`` if that is all."""
        known = self.general.built.least
        return [name for name in self.open if values[name] < known.get(name, least)]

    def at(self, values: dict[str, Any]) -> None:
        """Compare with the report at some values; raises :class:`Disagreement`."""
        scope = {**self.own.symbols, **values}
        conditions = dict.fromkeys(each.condition for each in self.general.constraints)
        broken = [condition for condition in conditions if not holds(condition, scope)]
        below = self.below(values, 0)
        if not below:
            self.check_solutions(scope)
        try:
            report = self.network.report(values)
        except SpecError as error:
            problem = error.problems[0].message
            self.refused += 1
            if not broken and not below and "division by zero" not in problem:
                raise Disagreement(f"refused though all conditions hold: {problem}") from None
            return
        self.accepted += 1
        is_empty = any(0 in shape for layer in report for shape in _shapes(layer))
        is_else = is_empty or self.counts_from_end(report)
        if broken:
            if not (is_else or below):
                raise Disagreement(f"accepted though broken: {broken}")
            return
        if not below:
            if not self.multiplies_otherwise(report):
                self.compare(report, scope)
            return
        below = self.below(values, LOWEST)
        if len(below) == 1 and not is_else:  # of two, a product is positive
            raise Disagreement(f"accepted though {below[0]} is below what is understood")

    def check_solutions(self, scope: Mapping[str, Any]) -> None:
        """The sets of values that constraints on one symbol name are where they all hold."""
        for each in self.general.constraints:
            if each.symbol is None or each.solutions is None:
                continue
            own = [o.condition for o in self.general.constraints if o.symbol == each.symbol]
            value = scope[each.symbol]
            if (value in each.solutions) != all(holds(condition, scope) for condition in own):
                raise Disagreement(f"{each.symbol} may be {each.solutions}, with {own} at {value}")

    def counts_from_end(self, report: Report) -> bool:
        """Whether a formula came to a negative number, which means another thing than a size."""
        for mine, own in zip(self.general, report, strict=True):
            there = vars(own.node.layer)
            for name, value in vars(mine.node.layer).items():
                one = value if isinstance(value, tuple) else (value,)
                other = there[name] if isinstance(there[name], tuple) else (there[name],)
                if name in COUNTING_FROM_END and any(
                    is_symbolic(a) and isinstance(b, int) and (b < 0 or _from_end(a))
                    for a, b in zip(one, other)
                ):
                    return True
        return False

    def multiplies_otherwise(self, report: Report) -> bool:
        """Whether an Einsum has a size 1, which torch takes in other steps than formulas count."""
        return any(
            mine.kind == "Einsum" and any(m != n == 1 for m, n in zip(_all(mine), _all(own)))
            for mine, own in zip(self.general, report, strict=True)
        )

    def compare(self, report: Report, scope: Mapping[str, Any]) -> None:
        """All figures of a report, its warnings, and where its memory peaks."""
        for where, mine, theirs in _differences(self.data, report.to_dict(memory=True), scope, ""):
            raise Disagreement(f"{where}: {mine} is not {theirs}")
        now = {(each.code, each.path) for each in report.warnings}
        codes = {code for code, _ in now}
        for each in self.general.warnings:
            is_there = (each.code, each.path) in now or (
                each.code in SAID_ONCE and each.code in codes
            )
            if not is_there and each.code not in HANGING:
                raise Disagreement(f"{each.code} of {each.path} is not said in numbers: {each}")
        peak_at = self.data["totals"]["memory"]["peak_at"]
        if peak_at is not None:
            step = next(step for step in report.memory.steps if step.path == peak_at)
            if step.live != report.memory.peak:
                raise Disagreement(f"peak at {peak_at}, but it is at {report.memory.peak_at}")

    def check_written(self) -> None:
        """Every formula reads back as itself."""
        scope = {
            name: Formula.symbol(name, rational=isinstance(self.own.symbols[name], Fraction))
            for name in self.open
        }
        for formula in dict.fromkeys(_formulas(self.general)):
            if len(str(formula)) > LONGEST or _has_exact_quotient(formula):
                continue
            read = evaluation.evaluate(expression.parse(str(formula)), scope)
            if read != formula and expanded(read) != expanded(formula):
                raise Disagreement(f"{formula} is read as {read}")


def _all(layer: Any) -> Iterator[Any]:
    """All sizes that a layer receives."""
    return chain.from_iterable(layer.input_shapes)


def _shapes(layer: Any) -> Iterator[tuple[Any, ...]]:
    yield from layer.output_shapes.values()
    yield from layer.input_shapes


def _has_exact_quotient(formula: Formula) -> bool:
    """Whether it divides exactly, which as text is not told from dividing and rounding down."""
    powers = formula.expr.atoms(sympy.Pow)
    fractions = [n for n in formula.expr.atoms(sympy.Rational) if not n.is_Integer]
    return bool(fractions) or any(power.exp.could_extract_minus_sign() for power in powers)


def _formulas(report: Report) -> Iterator[Formula]:
    for layer in report:
        values: list[Any] = [*layer.counts.values()]
        for shape in (*layer.output_shapes.values(), *layer.weights.values()):
            values += shape
        yield from filter(is_symbolic, values)
    yield from filter(is_symbolic, report.totals.by_name.values())


def _differences(
    mine: Any, theirs: Any, scope: Mapping[str, Any], where: str
) -> Iterator[tuple[str, Any, Any]]:
    """Where formulas do not come to the numbers, by the way there in the report."""
    if mine == theirs:
        return
    if isinstance(mine, dict) and isinstance(theirs, dict):
        more = (mine.keys() ^ theirs.keys()) - {"output_shapes", *SKIPPED}
        if more and not where.endswith(("weights", "output_shapes")):
            yield where, sorted(mine), sorted(theirs)
            return
        for name in mine:
            if name in theirs and name not in SKIPPED:
                yield from _differences(mine[name], theirs[name], scope, f"{where}/{name}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for number, (one, other) in enumerate(zip(mine, theirs)):
            yield from _differences(one, other, scope, f"{where}/{number}")
    elif where.endswith("receptive_field") and mine is None:
        return  # with numbers more can be known
    elif isinstance(mine, list) and "/receptive_field/" in where:  # a range that is none here
        if any(_number(each, scope, where) != theirs for each in mine):
            yield where, mine, theirs
    elif isinstance(mine, str) and isinstance(theirs, (int, str)):
        number = _number(mine, scope, where)
        if number != (Fraction(theirs) if isinstance(theirs, str) else theirs):
            yield where, f"{mine} = {number}", theirs
    else:
        yield where, mine, theirs


def _number(text: Any, scope: Mapping[str, Any], where: str) -> Any:
    """What a formula comes to in Python; a stride of a receptive field may be a fraction."""
    if not isinstance(text, str):
        return text
    if "/receptive_field/" in where and re.search("[^/]/[^/]", text):
        return eval(text, PYTHON, {name: Fraction(value) for name, value in scope.items()})
    value = eval(text, PYTHON, dict(scope))
    if isinstance(value, Fraction) and value.denominator == 1:  # of a symbol that is one
        return int(value)
    if type(value) is not int:
        raise Disagreement(f"{where}: {text} comes to {value!r}")
    return value
