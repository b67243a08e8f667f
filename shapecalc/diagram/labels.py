"""The text in boxes and on frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from shapecalc.algebra.arithmetic import total
from shapecalc.diagram.plan import Frame, Vertex
from shapecalc.graph import Node, Part
from shapecalc.layers.field import SameAs
from shapecalc.layers.tensor import times
from shapecalc.report import Report
from shapecalc.spec.text import shown
from shapecalc.table import Writer, decimal

LONGEST = 60
"""How many characters of a line are shown."""


def lines(report: Report, vertex: Vertex, write: Writer) -> Iterator[str]:
    """The lines of a box: its name, and what stands in it."""
    if vertex.role in ("input", "output"):
        yield vertex.name
    elif vertex.part is None:
        yield f"{vertex.name}{_copies(vertex)}"
        for node in vertex.nodes:
            line = f"{node.layer.kind} {settings(node, write)}".rstrip()
            if line.lower() != vertex.name.rstrip("0123456789"):  # add1 is an Add
                yield line
            if node.shared is not None:
                yield f"weights of {node.shared}"
    else:
        what = _what(vertex.part)
        params = total([report[node.path].params for node in vertex.layers])
        counted = isinstance(params, int) and params
        yield vertex.name
        yield (f"{what}{_copies(vertex)}" if what else _inside(vertex)) + (
            f", {decimal(params) or params} params" if counted else ""
        )


def heading(frame: Frame) -> list[str]:
    """The lines on a frame: its name, and the block in it, or how many that are not alike."""
    what = f"{_what(frame.part)}{_copies(frame)}"
    return [frame.name, f"{frame.count} {what}" if frame.count > 1 else what]


def _what(part: Part) -> str:
    """The block that a part uses or repeats, the kind of layer that it repeats."""
    if part.kind == "repeat":
        assert part.entry is not None
        return part.entry.kind
    return "" if part.kind == "branch" else part.kind


def _copies(item: Vertex | Frame) -> str:
    return f" x {item.copies}" if item.copies > 1 else ""


def _inside(vertex: Vertex) -> str:
    """The kinds of layers in a branch, in order of their first appearance."""
    counts = Counter(node.layer.kind for node in vertex.nodes)
    kinds = [kind if count == 1 else f"{count} {kind}" for kind, count in counts.items()]
    return ", ".join(kinds[:3]) + (", ..." if len(kinds) > 3 else "")


def settings(node: Node, write: Writer) -> str:
    """The settings of a layer that are not as they are by default: ``64, 7 x 7, stride 2``."""
    told = []
    for name, declared in node.layer.fields.items():
        value = vars(node.layer)[name]
        if declared.infer is not None:
            continue
        if declared.is_required:
            told.append(_all(value, write))
        elif value is not None and value != _default(node, declared):
            told.append(_named(name, value, write))
    return ", ".join(told)


def _default(node: Node, declared: Any) -> Any:
    if isinstance(declared.default, SameAs):
        return vars(node.layer)[declared.default.name]
    return (
        None if declared.default is None else declared.type.read(declared.default, node.layer.rank)
    )


def _all(value: Any, write: Writer) -> str:
    if isinstance(value, tuple):
        return times(_value(item, write) for item in value)
    return _value(value, write)


def _named(name: str, value: Any, write: Writer) -> str:
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
    return write(value) if hasattr(value, "symbols") else shown(value)


def clipped(text: str) -> str:
    """A line of printable characters that is not too long."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
