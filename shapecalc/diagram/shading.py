"""How boxes are coloured, by the family of their layers or their share, and how thick edges are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, prod, total
from shapecalc.analysis.measures import MEASURES
from shapecalc.analysis.report import Report
from shapecalc.diagram.colours import BORDERS, GROUPS, MEANINGS, Theme, shade
from shapecalc.diagram.plan import Edge, Vertex

WIDEST = 5
"""The width of the thickest edge, in points."""


class Look(NamedTuple):
    """How a box is filled, bordered and written on."""

    fill: str
    border: str
    text: str

    def attributes(self) -> dict[str, Any]:
        """The same as attributes of a node."""
        return {"fillcolor": self.fill, "color": self.border, "fontcolor": self.text}


class Shading:
    """The colours of a diagram's boxes; ``by`` names what they are shaded by, if they are.

    Raises ``ValueError`` where that is a formula.
    """

    def __init__(
        self, report: Report, vertices: list[Vertex], theme: Theme, by: str | None
    ) -> None:
        self.theme = theme
        self.by = by
        self.vertices = vertices
        self.shares: dict[str, float] = {}
        if by is not None:
            self.shares = _shares(report, vertices, by)
        self.most = max(self.shares.values(), default=0) or 1

    def remark(self, vertex: Vertex) -> str:
        """What a box says of its share."""
        share = self.shares.get(vertex.id, 0)
        return f"{_percent(share)} of {MEASURES[self.by or ''].label}" if share else ""

    def look(self, vertex: Vertex) -> Look:
        """The colours of a box."""
        theme = self.theme
        if not vertex.nodes:
            return Look(theme.plain, theme.edge, theme.text)
        if self.by is None:
            return self._family(group(vertex))
        return self._share(self.shares[vertex.id] / self.most)

    def _family(self, name: str) -> Look:
        return Look(self.theme.fills[name], BORDERS[name], self.theme.text)

    def _share(self, share: float) -> Look:
        fill, text = shade(self.theme, share)
        return Look(fill, self.theme.border, text)

    def legend(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the colours mean, in words and as attributes of a node."""
        if self.by is None:
            there = {group(vertex) for vertex in self.vertices if vertex.nodes}
            for name, meaning in MEANINGS.items():
                if name in there:
                    yield meaning, self._family(name).attributes()
        else:
            steps = len(self.theme.scale)
            for i in range(steps):
                least, most = (_percent(self.most * j / steps) for j in (i, i + 1))
                words = f"{least} to {most} of {MEASURES[self.by].label}"
                yield words, self._share(i / steps).attributes()
        if any(vertex.part is not None for vertex in self.vertices):
            folded = Look(self.theme.plain, self.theme.border, self.theme.text)
            yield "folded block", {**folded.attributes(), "peripheries": 2}


def group(vertex: Vertex) -> str:
    """The colour of a box: its first layer's, or of most layers with matrix products in a part."""
    groups = [GROUPS.get(node.layer.family, "other") for node in vertex.nodes]
    if vertex.part is None:
        return groups[0]
    heavy = [
        name
        for name, node in zip(groups, vertex.nodes)
        if node.layer.macs(*node.inputs, y=node.output) != 0
    ]
    return Counter(heavy or groups).most_common(1)[0][0]


def _shares(report: Report, vertices: list[Vertex], name: str) -> dict[str, float]:
    """Every box's share of a total."""
    values = {
        vertex.id: number(
            total([report[node.path].counts[name] for node in vertex.layers]),
            f"shading by {name}",
        )
        for vertex in vertices
        if vertex.nodes
    }
    whole = sum(values.values()) or 1
    return {place: value / whole for place, value in values.items()}


def thickness(edges: Sequence[Edge]) -> list[float]:
    """The widths of edges in points: they are as the square roots of the tensors' sizes."""
    sizes = [number(prod(edge.tensor.shape), "widths") for edge in edges]
    most = max(sizes, default=1)
    return [round(max(0.5, WIDEST * sqrt(size / most)), 2) for size in sizes]


def number(value: Dim, what: str) -> int:
    """A number; raises ``ValueError`` for a formula, that says what needs the number."""
    if not isinstance(value, int):
        raise ValueError(f"{what} needs numbers, but {value} is a formula")
    return value


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share == 0 or share >= 0.0001 else "under 0.01 %"
