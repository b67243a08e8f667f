"""What can be wanted of a network, and what that says of one report of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.analysis.measures import MEASURES
from shapecalc.analysis.report import Report
from shapecalc.graph.graph import Part, Source
from shapecalc.language.problem import did_you_mean
from shapecalc.layers import Tensor
from shapecalc.solving.sets import Stretch


class QuestionError(ValueError):
    """What is asked makes no sense for this network; ``option`` is the one to blame.

    >>> import shapecalc
    >>> try:
    ...     shapecalc.solve("lenet5", "depth", params=1000)
    ... except QuestionError as error:
    ...     print(error.option, error, sep=": ")
    --for: the spec has no symbol 'depth'; it has B, H, W, num_classes
    """

    def __init__(self, message: str, option: str) -> None:
        super().__init__(message)
        self.option = option


class NoSolution(Exception):
    """No value gives what is wanted, or the question stays open; the message says why.

    >>> import shapecalc
    >>> try:
    ...     shapecalc.solve("lenet5", "num_classes", params=62007)
    ... except NoSolution as error:
    ...     print(str(error)[:67])
    the params cannot be 62,007: nearest are 62,006 at num_classes = 10
    """


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

    @property
    def subject(self) -> str:
        """What it is a number of, in words."""
        return f"the {MEASURES[self.column].label}"


class Said(NamedTuple):
    """What a size or total is for a stretch of values of the unknown; None if it is not there."""

    stretch: Stretch
    value: Quantity | None


class Want(NamedTuple):
    """A condition on one size or total: ``subject`` tells what of, ``said`` what it is where."""

    subject: str
    said: tuple[Said, ...]
    relation: str
    value: int

    @property
    def formula(self) -> Quantity | None:
        """The one formula or number that it is wherever it is there; None if there is no such."""
        known = [each for each in self.said if each.value is not None]
        formulas = {each.value for each in known if isinstance(each.value, Formula)}
        if not formulas:
            numbers = {each.value for each in known}
            return numbers.pop() if len(numbers) == 1 else None
        formula = formulas.pop()
        if formulas:
            return None
        (symbol,) = formula.symbols
        for stretch, value in known:
            if not isinstance(value, Formula) and _at(formula, symbol, stretch.first) != value:
                return None
        return formula

    def at(self, symbol: str, n: int) -> int:
        """Its value where the unknown has a value at which it is there."""
        for stretch, value in self.said:
            if n in stretch.numbers and value is not None:
                found = evaluate(value, {symbol: n})
                assert isinstance(found, int)
                return found
        raise KeyError(n)

    def __str__(self) -> str:
        return f"{self.formula} {self.relation} {self.value:,}"


def _at(formula: Quantity, symbol: str, n: int) -> Quantity | None:
    try:
        return evaluate(formula, {symbol: n})
    except ZeroDivisionError:
        return None


def outputs(report: Report) -> dict[str, Tensor]:
    """What every layer, block and branch puts out; further outputs of a layer by their names."""
    found = {
        str(Source(layer.path, name)): tensor
        for layer in report
        for name, tensor in layer.node.outputs.items()
    }
    parts = [report.built.root]
    while parts:
        for child in parts.pop().children:
            if isinstance(child, Part):
                parts.append(child)
                if child.output is not None:
                    found.setdefault(child.path, child.output.tensor)
    return found


def no_layer(path: str, known: Iterable[str]) -> QuestionError:
    """There is no layer at a path."""
    hint = did_you_mean(path, list(known)) or "'shapecalc show' lists the layers there are"
    return QuestionError(f"no layer at {path!r}; {hint}", "--at")


def axes(
    tensors: Sequence[Tensor], symbol: str, wanted: OutputSize, far: str
) -> list[tuple[int, int]]:
    """The axes that sizes are wanted of, each with its size, where ``tensors`` can be put out.

    ``far`` says how far that is known.
    """
    sizes, tensor = wanted.sizes, tensors[-1]
    rank = len(tensor.shape)
    depending = [axis for axis in range(1, rank) if _depends(tensors, axis, symbol)]
    if len(sizes) == 1:
        if not depending:
            sides = range(2, rank) if rank > 2 else range(1, rank)
            if all(tensor.shape[axis] == sizes[0] for axis in sides):
                return [(axis, sizes[0]) for axis in sides]
            raise NoSolution(f"{wanted.path} puts out {tensor}, whatever {symbol} is{far}")
        spatial = [axis for axis in depending if axis > 1]
        return [(axis, sizes[0]) for axis in spatial or depending]
    if len(sizes) not in (rank - 2, rank - 1):
        raise QuestionError(
            f"{wanted.path} puts out {tensor}: give one size for what depends on {symbol}, "
            f"or all {rank - 1}" + (f", or the last {rank - 2}" if rank > 3 else ""),
            "--output",
        )
    for axis, size in zip(range(rank - len(sizes), rank), sizes, strict=True):
        fixed = tensor.shape[axis]
        if axis not in depending and fixed != size:
            raise NoSolution(
                f"{wanted.path} puts out {tensor}: that {fixed} is never {size}, "
                f"whatever {symbol} is{far}"
            )
    return list(zip(range(rank - len(sizes), rank), sizes, strict=True))


def _depends(tensors: Sequence[Tensor], axis: int, symbol: str) -> bool:
    sizes = [tensor.shape[axis] if axis < len(tensor.shape) else None for tensor in tensors]
    return len(set(sizes)) > 1 or any(
        isinstance(size, Formula) and symbol in size.symbols for size in sizes
    )
