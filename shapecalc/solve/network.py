"""One unknown of a whole network: the values of a symbol for which everything is as wanted.

The network is built once with the symbol left free. What its layers need of the symbol and what is
wanted of its sizes and totals are equations and inequalities in that symbol, each solved exactly
(:mod:`shapecalc.algebra.residues`); the answer is what their solutions have in common. No value is
ever tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from math import lcm
from typing import Any, NamedTuple

from shapecalc.algebra import residues
from shapecalc.algebra.arithmetic import Dim, Quantity
from shapecalc.algebra.formula import Formula, evaluate, is_integral
from shapecalc.algebra.solutions import EVERYTHING, NOTHING, Solutions, in_words
from shapecalc.analysis.constraints import LARGEST_MODULUS
from shapecalc.analysis.report import Report
from shapecalc.graph.graph import Part
from shapecalc.language.problem import did_you_mean
from shapecalc.language.symbols import known, no_symbol
from shapecalc.layers import Tensor
from shapecalc.network import Network


class QuestionError(ValueError):
    """What is asked makes no sense for this network; ``option`` is the one to blame."""

    def __init__(self, message: str, option: str) -> None:
        super().__init__(message)
        self.option = option


class NoSolution(Exception):
    """No value gives what is wanted, or the question stays open; the message says why."""


SPELLED = {"macs": "MACs", "flops": "FLOPs"}
"""Columns of totals that are not written as they are called."""


class OutputSize(NamedTuple):
    """Wanted: a layer, block or branch puts out these sizes.

    One size is meant for all spatial axes that depend on the unknown, as many as there are spatial
    axes for those, and one more for the whole shape without its batch.
    """

    path: str
    sizes: tuple[int, ...]


class Amount(NamedTuple):
    """Wanted: a total of the report is ``==``, ``<=``, ``>=``, ``<`` or ``>`` a number."""

    column: str
    relation: str
    value: int


class Want(NamedTuple):
    """A condition on one formula: ``subject`` tells what the formula says of the network."""

    subject: str
    formula: Dim
    relation: str
    value: int

    def holds_for(self) -> Solutions:
        """The values of the unknown that it holds for."""
        difference = self.formula - self.value
        if self.relation == "==":
            return _solved(difference, "==", self)
        if self.relation in ("<", "<="):
            difference = -difference
        return _solved(difference - (self.relation in ("<", ">")), ">=", self)

    def __str__(self) -> str:
        return f"{self.formula} {self.relation} {self.value:,}"


class Answer(NamedTuple):
    """The values of ``symbol`` that give what was wanted.

    ``without_remainder`` are those among them at which no window drops a pixel, where a size was
    wanted; ``needs`` the conditions that the network itself imposes, with the layers they come
    from, ``open`` those of them that could not be solved and are left to be checked; ``values``
    those of other symbols.
    """

    symbol: str
    solutions: Solutions
    without_remainder: Solutions | None
    wants: tuple[Want, ...]
    needs: tuple[tuple[Solutions, tuple[str, ...]], ...]
    open: tuple[tuple[str, tuple[str, ...]], ...]
    values: dict[str, Quantity]
    is_exact: bool


def solve(
    network: Network,
    symbol: str,
    wanted: Iterable[OutputSize | Amount] = (),
    settings: Mapping[str, Any] | None = None,
    *,
    exact: bool = False,
) -> Answer:
    """All positive whole values of a symbol for which the network is as wanted.

    ``settings`` are values of other symbols, or formulas that bring the symbol in; ``exact`` keeps
    only values at which no window drops a pixel. Raises :class:`NoSolution`,
    :class:`QuestionError`, and what :meth:`Network.report` raises.

    >>> import shapecalc
    >>> answer = solve(shapecalc.load("cifar10"), "H", [OutputSize("maxpool3", (4,))])
    >>> in_words(answer.solutions, "H")
    'H = 32 .. 39'
    """
    settings = dict(settings or {})
    _check_symbol(network, symbol, settings)
    report = network.report(settings, symbolic={symbol} & set(known(network.spec)))
    if symbol in report.symbols and not isinstance(report.symbols[symbol], Formula):
        raise NoSolution(
            f"{symbol} decides which layers the network has, so no formula holds for all its "
            f"values; look at single ones with 'shapecalc show --set {symbol}=...'"
        )
    wanted = list(wanted)
    wants = tuple(dict.fromkeys(want for each in wanted for want in _wants(report, symbol, each)))
    needs, unsolved = _needs(report)
    legal = _common(solutions for solutions, _ in needs)
    allowed = _common([legal, *_no_remainders(report)]) if exact else legal
    solutions = _common([allowed, *(want.holds_for() for want in wants)])
    if solutions.is_empty:
        raise NoSolution(_reason(symbol, wants, legal, allowed))
    values = {name: value for name, value in report.symbols.items() if name != symbol}
    whole = None
    if any(isinstance(each, OutputSize) for each in wanted):
        with suppress(NoSolution):  # it was not asked for, so it may stay open
            whole = _common([solutions, *_no_remainders(report)])
    return Answer(symbol, solutions, whole, wants, needs, unsolved, values, exact)


def _check_symbol(network: Network, symbol: str, settings: Mapping[str, Any]) -> None:
    """The unknown must be there, be whole, have no value, and be the only one."""
    if symbol in settings:
        raise QuestionError(f"{symbol} is solved for, so it cannot be set as well", "--set")
    names = known(network.spec)
    values = network.values(settings, {symbol} & set(names))
    free = {s for value in values.values() if isinstance(value, Formula) for s in value.symbols}
    if symbol not in names and symbol not in free:
        raise QuestionError(no_symbol(symbol, names), "--for")
    own = values.get(symbol)
    if isinstance(own, Formula) and not is_integral(own):
        fresh = next(n for n in (symbol[0].lower(), "n", "unknown") if n not in {*names, *free})
        raise QuestionError(
            f"{symbol} takes fractions, and only whole numbers can be solved for; put one in its "
            f"place, as in --set {symbol}={fresh}/8 --for {fresh}",
            "--for",
        )
    if others := sorted(free - {symbol}):
        raise QuestionError(f"{' and '.join(others)} has no value; give it one", "--set")


# -- what is wanted -------------------------------------------------------------------------------


def _wants(report: Report, symbol: str, wanted: OutputSize | Amount) -> Iterator[Want]:
    if isinstance(wanted, Amount):
        formula = getattr(report.totals, wanted.column)
        subject = f"the {SPELLED.get(wanted.column, wanted.column)}"
        want = Want(subject, formula, wanted.relation, wanted.value)
        if not _depends(formula, symbol) and want.holds_for().is_empty:
            raise NoSolution(f"{subject} are {formula:,}, whatever {symbol} is")
        yield want
        return
    tensor = _output(report, wanted.path)
    for axis, size in _axes(tensor, symbol, wanted):
        formula = tensor.shape[axis]
        if not _depends(formula, symbol) and formula != size:
            raise NoSolution(
                f"{wanted.path} puts out {tensor}: that {formula} is never {size}, "
                f"whatever {symbol} is"
            )
        if isinstance(formula, Formula):
            yield Want(wanted.path, formula, "==", size)


def _axes(tensor: Tensor, symbol: str, wanted: OutputSize) -> Iterable[tuple[int, int]]:
    """The axes that sizes are wanted of, each with its size."""
    sizes, rank = wanted.sizes, len(tensor.shape)
    depending = [axis for axis in range(1, rank) if _depends(tensor.shape[axis], symbol)]
    if len(sizes) == 1:
        if not depending:
            raise NoSolution(f"{wanted.path} puts out {tensor}, whatever {symbol} is")
        spatial = [axis for axis in depending if axis > 1]
        return [(axis, sizes[0]) for axis in spatial or depending]
    if len(sizes) not in (rank - 2, rank - 1):
        raise QuestionError(
            f"{wanted.path} puts out {tensor}: give one size for what depends on {symbol}, "
            f"or all {rank - 1}" + (f", or the last {rank - 2}" if rank > 3 else ""),
            "--output",
        )
    return zip(range(rank - len(sizes), rank), sizes, strict=True)


def _output(report: Report, path: str) -> Tensor:
    """What the layer, block or branch at a path puts out."""
    outputs = {layer.path: layer.node.output for layer in report}
    outputs.update(_part_outputs(report.built.root))
    if path not in outputs:
        hint = did_you_mean(path, outputs) or "'shapecalc show' lists the layers there are"
        raise QuestionError(f"no layer at {path!r}; {hint}", "--at")
    return outputs[path]


def _part_outputs(part: Part) -> Iterator[tuple[str, Tensor]]:
    for child in part.children:
        if isinstance(child, Part):
            if child.output is not None:
                yield child.path, child.output.tensor
            yield from _part_outputs(child)


def _depends(formula: Quantity, symbol: str) -> bool:
    return isinstance(formula, Formula) and symbol in formula.symbols


# -- what the network needs -----------------------------------------------------------------------


def _needs(
    report: Report,
) -> tuple[
    tuple[tuple[Solutions, tuple[str, ...]], ...],
    tuple[tuple[str, tuple[str, ...]], ...],
]:
    """What holds of the unknown where the network is one: solved, and what stays open."""
    solved: dict[Solutions, tuple[str, ...]] = {}
    unsolved = []
    for constraint in report.constraints:
        if constraint.solutions is None:
            unsolved.append((constraint.condition, constraint.paths))
        else:
            paths = solved.get(constraint.solutions, ())
            solved[constraint.solutions] = tuple(dict.fromkeys([*paths, *constraint.paths]))
    return tuple(solved.items()), tuple(unsolved)


def _no_remainders(report: Report) -> Iterator[Solutions]:
    """For every sliding window, the values at which its last step ends with its input.

    In ceil mode a window that sticks out takes the last cells in, so nothing is ever dropped.
    """
    for layer in report:
        own = layer.node.layer
        if "kernel_size" not in own.fields or getattr(own, "ceil_mode", False):
            continue
        tensor = layer.node.inputs[0]
        windows = own.windows(*layer.node.inputs) or ()
        for window, size in zip(windows, tensor.spatial, strict=False):
            if isinstance(size, Formula):
                remainder = window.remainder(size)
                yield _solved(remainder, "==", f"{layer.path} drops {remainder} cells")


# -- sets -----------------------------------------------------------------------------------------


def _solved(difference: Quantity, relation: str, what: object) -> Solutions:
    if not isinstance(difference, Formula):
        holds = difference == 0 if relation == "==" else difference >= 0
        return EVERYTHING if holds else NOTHING
    found = residues.solve(difference, relation)
    if found is None:
        raise NoSolution(f"{what}: no exact method solves this, so it stays open")
    return found if isinstance(found, Solutions) else EVERYTHING if found else NOTHING


def _common(sets: Iterable[Solutions]) -> Solutions:
    """What sets have in common."""
    found = EVERYTHING
    for each in dict.fromkeys(sets):
        if lcm(found.modulus, each.modulus) > LARGEST_MODULUS:
            raise NoSolution("what is wanted repeats too seldom to be solved, so it stays open")
        found = each.intersect(found)
    return found


# -- why not --------------------------------------------------------------------------------------


def _reason(symbol: str, wants: tuple[Want, ...], legal: Solutions, allowed: Solutions) -> str:
    if legal.is_empty:
        return f"no value of {symbol} makes this a network"
    if allowed.is_empty:
        return f"at every value of {symbol} some window drops a pixel"
    for want in wants:
        if _common([legal, want.holds_for()]).is_empty:
            near = _nearest(symbol, want, legal)
            return f"{want.subject} cannot be {_wished(want)}: {near}"
    together = _common([legal, *(want.holds_for() for want in wants)])
    if not together.is_empty:
        return f"some window drops a pixel wherever it is as wanted, {in_words(together, symbol)}"
    alone = [
        f"{_briefly(want)} where {in_words(_common([legal, want.holds_for()]), symbol)}"
        for want in wants
    ]
    return "each alone can be had, but not together: " + "; ".join(alone)


def _wished(want: Want) -> str:
    return f"{want.value:,}" if want.relation == "==" else f"{want.relation} {want.value:,}"


def value_at(formula: Dim, symbol: str, n: int) -> int:
    """What a count or size is where the unknown has a value that the network allows."""
    value = evaluate(formula, {symbol: n})
    assert isinstance(value, int)
    return value


def _briefly(want: Want) -> str:
    return str(want) if want.relation == "==" else f"{want.subject} {_wished(want)}"


def _nearest(symbol: str, want: Want, legal: Solutions) -> str:
    """The values next to the wanted one that can be reached, and where."""
    near = []
    for relation, best in (("<", max), (">", min)):
        aside = _common([legal, want._replace(relation=relation).holds_for()])
        if aside.is_empty:
            continue
        ends = {n for interval in aside.intervals() for n in interval if n is not None}
        reached = best(value_at(want.formula, symbol, n) for n in ends)
        there = _common([legal, want._replace(relation="==", value=reached).holds_for()])
        near.append(f"{reached:,} at {in_words(there, symbol)}")
    return ("nearest are " if len(near) > 1 else "the nearest is ") + " and ".join(near)
