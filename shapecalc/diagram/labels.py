"""The text in boxes and on frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic, total
from shapecalc.analysis.report import Report
from shapecalc.diagram.plan import Frame, Vertex
from shapecalc.graph.graph import Node
from shapecalc.language.text import shown
from shapecalc.layers.tensor import times
from shapecalc.layout import decimal
from shapecalc.table import Writer

LONGEST = 60
"""How many characters of a line are shown."""

WIDE, NARROW = 48, 24
"""A longer line is broken at its commas: what boxes hold, and where they had better be narrow."""


def lines(report: Report, vertex: Vertex, write: Writer, width: int = WIDE) -> Iterator[str]:
    """The lines of a box: its name, and what stands in it, in ``width`` characters if possible."""
    if vertex.role in ("input", "output"):
        yield from vertex.name.split(" ", 1)
    elif vertex.part is None:
        yield f"{vertex.name}{_copies(vertex)}"
        for node in vertex.nodes:
            line = f"{node.layer.kind} {settings(node, write)}".rstrip()
            is_alone = len(vertex.nodes) == 1
            if not is_alone or line.lower() != vertex.name.rstrip("0123456789"):  # add1 is an Add
                yield from wrapped(line.split(", "), width)
            if node.shared is not None:
                yield f"weights of {node.shared}"
    else:
        what = vertex.part.written
        params = total([report[node.path].params for node in vertex.layers])
        counted = isinstance(params, int) and params
        told = [f"{what}{_copies(vertex)}"] if what else list(_inside(vertex))
        if counted:
            told.append(f"{decimal(params) or params} params")
        yield vertex.name
        yield from wrapped(told, NARROW)


def heading(frame: Frame) -> list[str]:
    """The lines on a frame: its name, and the block in it, or how many that are not alike."""
    what = f"{frame.part.written}{_copies(frame)}"
    return [frame.name, f"{frame.count} {what}" if frame.count > 1 else what]


def _copies(item: Vertex | Frame) -> str:
    return f" x {item.copies}" if item.copies > 1 else ""


def _inside(vertex: Vertex) -> Iterator[str]:
    """The kinds of layers in a branch, in order of their first appearance."""
    counts = Counter(node.layer.kind for node in vertex.nodes)
    for i, (kind, count) in enumerate(counts.items()):
        if i == 3:
            yield "..."
            return
        yield kind if count == 1 else f"{count} {kind}"


def settings(node: Node, write: Writer) -> str:
    """The settings of a layer that are not as they are by default: ``64, 7 x 7, stride 2``."""
    told = []
    for name, declared in node.layer.fields.items():
        value = vars(node.layer)[name]
        is_required = declared.is_required
        if declared.infer is not None or not (is_required or value != node.layer.default_of(name)):
            continue
        if _are_places(declared, value):
            told.append(f"{name} {listed(value)}")
        elif is_required:
            told.append(_all(value, write))
        elif value is not None:
            told.append(_named(name, value, write))
    return ", ".join(told)


def _are_places(declared: Any, value: Any) -> bool:
    """Whether a setting names dimensions or places in them, numbers that are no sizes."""
    values = value if isinstance(value, tuple) else (value,)
    is_place = declared.type.is_place or not declared.type.symbolic
    return is_place and bool(values) and all(type(v) is int for v in values)


def listed(value: Any) -> str:
    """Numbers that are no sizes, a list in brackets and not too long.

    >>> listed(-1), listed((1,)), listed((0, 2, 3, 1)), listed(tuple(range(100)))
    ('-1', '1', '[0 2 3 1]', '[0 1 2 3 ... 99]')
    """
    values = [str(each) for each in (value if isinstance(value, tuple) else (value,))]
    if len(values) > 6:
        values[4:-1] = ["..."]
    return values[0] if len(values) == 1 else f"[{' '.join(values)}]"


def _all(value: Any, write: Writer) -> str:
    if isinstance(value, tuple):
        return times(_value(item, write) for item in value)
    return _value(value, write)


def _named(name: str, value: Any, write: Writer) -> str:
    if isinstance(value, tuple) and all(isinstance(each, tuple) for each in value):
        return ", ".join(f"{own} {_value(size, write)}" for own, size in value)
    if isinstance(value, bool):
        return name if value else f"no {name}"
    return f"{name} {_value(value, write)}"


def _value(value: Any, write: Writer) -> str:
    if isinstance(value, tuple) and value:
        if all(item == value[0] for item in value):
            return _value(value[0], write)
        return times(_value(item, write) for item in value)
    if isinstance(value, str):
        return value
    return write(value) if is_symbolic(value) else plain(value)


def plain(value: Any) -> str:
    """A value as in a spec, a fraction as a decimal where it is one exactly.

    >>> plain(Fraction(2, 5)), plain(Fraction(1, 3))
    ('0.4', '1/3')
    """
    if isinstance(value, Fraction):
        decimal = Decimal(value.numerator) / value.denominator
        if decimal == value:
            return str(decimal)
    return shown(value)


def wrapped(pieces: Iterable[str], width: int) -> list[str]:
    """Pieces with commas between them, in lines of that width where it is possible.

    >>> wrapped(["Conv2d 64", "7 x 7", "stride 2"], 20)
    ['Conv2d 64, 7 x 7,', 'stride 2']
    """
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + len(piece) + 2 <= width:
            lines[-1] += f", {piece}"
        else:
            lines.append(piece)
    return [f"{each}," for each in lines[:-1]] + lines[-1:]


def clipped(text: str) -> str:
    """A line of printable characters that is not too long."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
