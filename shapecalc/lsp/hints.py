"""Shapes at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.algebra.arithmetic import Shape
from shapecalc.analysis.report import Report
from shapecalc.graph.graph import Node, Part
from shapecalc.language.problem import Mark
from shapecalc.layers import Tensor
from shapecalc.lsp.reading import Reading
from shapecalc.table import PlainWriter

MOST_SHAPES = 3
"""How many shapes are told of one line, that of a block that is used several times."""


class Hint(NamedTuple):
    """What stands at the end of a line, and the same in full where that was cut short."""

    mark: Mark
    text: str
    all: str = ""


def hints(reading: Reading) -> Iterator[Hint]:
    """The shapes that each line puts out, in the order of lines; of several entries, the last's."""
    if reading.report is None or reading.network is None:
        return
    lines: dict[int, tuple[Mark, list[str]]] = {}
    for name, given in reading.network.spec.inputs.items():
        if name in reading.report.inputs:
            shape = _told(reading.report, reading.report.inputs[name].shape)
            lines[given.mark.line] = given.mark, [shape]
    for mark, made in sorted(reading.written.items(), key=lambda each: each[0][:2]):
        source = getattr(mark, "source", reading.source)
        shapes = [output(reading.report, each) for each in made]
        if any(shapes) and source.name == reading.source.name:
            lines[mark.line] = mark, list(dict.fromkeys(filter(None, shapes)))
    for _, (mark, shapes) in sorted(lines.items()):
        is_cut = len(shapes) > MOST_SHAPES
        told = [*shapes[: MOST_SHAPES - 1], "...", shapes[-1]] if is_cut else shapes
        yield Hint(mark, ", ".join(told), ", ".join(shapes) if is_cut else "")


def output(report: Report, made: Node | Part) -> str:
    """The shape that a layer or part puts out; empty where a part puts out nothing."""
    tensor = _tensor(made)
    return "" if tensor is None else _told(report, tensor.shape)


def _tensor(made: Node | Part) -> Tensor | None:
    if isinstance(made, Node):
        return made.output
    return made.output.tensor if made.output else None


def _told(report: Report, shape: Shape) -> str:
    return PlainWriter().shape(report.told(shape))
