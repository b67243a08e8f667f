"""Diagrams in the language of Graphviz."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from math import sqrt
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, prod, total
from shapecalc.diagram import labels
from shapecalc.diagram.colours import BORDERS, GROUPS, MEANINGS, THEMES, Theme, shade
from shapecalc.diagram.layout import Layout, lay_out
from shapecalc.diagram.plan import Edge, Frame, Item, Plan, Vertex, plan
from shapecalc.report import Report
from shapecalc.table import Writer, title as title_of

COLOURINGS = {"macs": "MACs", "params": "params", "activations": "activations"}
"""What boxes can be shaded by."""

FONT = "Helvetica,Arial,sans-serif"
WIDEST = 9
"""The width of the thickest edge, in points."""


def dot(
    report: Report,
    *,
    depth: int | None = None,
    opened: Collection[str] | None = None,
    theme: str = "light",
    color_by: str | None = None,
    direction: str = "TB",
    title: str | None = None,
    legend: bool = False,
    widths: bool = False,
    ids: bool = True,
    grouped: bool = True,
) -> str:
    """The source of a report's diagram for Graphviz; the same report gives the same text.

    Parts nested deeper than ``depth`` are folded, none by default; or all are but those at the
    paths ``opened``. ``color_by`` shades boxes by their share of ``macs``, ``params`` or
    ``activations``, ``widths`` draws edges as thick as the tensors are large; both raise
    ``ValueError`` where these are formulas. ``direction`` is ``TB`` for top-down or ``LR``. The
    title is the network's name and inputs; an empty one is left out. ``ids`` gives elements the
    ids and classes told in :mod:`shapecalc.diagram`. ``grouped`` writes activations,
    normalisations and dropout into the box of the layer before them.

    >>> import shapecalc
    >>> print(dot(shapecalc.load("conv5x5_direct").report(), ids=False)[:29])
    digraph network {
      graph [
    """
    return _Writer(
        report,
        plan(report, depth, opened=opened, grouped=grouped),
        theme=THEMES[theme],
        color_by=color_by,
        direction=direction,
        legend=legend,
        widths=widths,
        ids=ids,
    ).write(title)


class _Look(NamedTuple):
    """How a box is filled, bordered and written on, and the name of its colour."""

    fill: str
    border: str
    text: str
    group: str


class _Writer:
    def __init__(
        self,
        report: Report,
        plan: Plan,
        *,
        theme: Theme,
        color_by: str | None,
        direction: str,
        legend: bool,
        widths: bool,
        ids: bool,
    ) -> None:
        self.report = report
        self.plan = plan
        self.theme = theme
        self.color_by = color_by
        self.direction = direction
        self.legend = legend
        self.widths = widths
        self.ids = ids
        self.shape = Writer()
        self.texts: dict[str, list[str]] = {}
        self.shares: dict[str, float] = {}
        self.out: list[str] = []

    def write(self, title: str | None) -> str:
        vertices = self.plan.vertices
        if self.color_by is not None:
            self.shares = self.shares_of(vertices, self.color_by)
        for vertex in vertices:
            self.texts[vertex.id] = list(map(labels.clipped, self.lines(vertex)))
        layout = lay_out(self.plan, self.texts)
        edges = list(self.edges(layout))
        self.out = ["digraph network {"]
        self.head(title)
        self.columns(layout)
        self.out += edges
        if self.legend:
            self.write_legend(vertices)
        return "\n".join([*self.out, "}", ""])

    def head(self, title: str | None) -> None:
        """What holds of the whole graph, of all boxes and of all edges."""
        theme = self.theme
        text = {"fontname": FONT, "fontcolor": theme.text}
        lines = [labels.clipped(title_of(self.report, self.shape) if title is None else title)]
        lines += [f"{name} = {text}" for name, text in self.shape.abbreviations.items()]
        graph = {
            **text,
            "rankdir": self.direction,
            "bgcolor": theme.ground,
            "label": _text(line for line in lines if line),
            "labelloc": "t",
            "fontsize": 13,
            "nodesep": 0.22,
            "ranksep": 0.2,
            "pad": 0.15,
        }
        node = {
            **text,
            "shape": "box",
            "style": "rounded,filled",
            "fontsize": 10,
            "margin": "0.12,0.05",
            "height": 0.3,
            "width": 0.6,
        }
        edge = {**text, "color": theme.edge, "fontsize": 9, "arrowsize": 0.6}
        for name, attributes in (("graph", graph), ("node", node), ("edge", edge)):
            self.out.append(f"  {name} {_attributes(attributes)}")

    # -- boxes and frames ---------------------------------------------------------------------

    def lines(self, vertex: Vertex) -> Iterator[str]:
        yield from labels.lines(self.report, vertex, self.shape)
        share = self.shares.get(vertex.id)
        if share:
            yield f"{_percent(share)} of {COLOURINGS[self.color_by or '']}"

    def columns(self, layout: Layout) -> None:
        if len(layout.columns) == 1:
            self.items(layout.columns[0], 0)
            return
        for i, column in enumerate(layout.columns):
            self.out.append(f"  subgraph cluster_column{i} {{")
            self.out.append("    graph [style=invis, label=\"\", margin=4]")
            self.items(column, 1)
            self.out.append("  }")

    def items(self, items: Iterable[Item], level: int) -> None:
        for item in items:
            if isinstance(item, Vertex):
                self.out.append("  " * (level + 1) + self.vertex(item))
            else:
                self.frame(item, level)

    def frame(self, frame: Frame, level: int) -> None:
        theme = self.theme
        attributes: dict[str, Any] = {
            "label": _text([labels.clipped(labels.heading(frame))]),
            "labeljust": "l",
            "style": "rounded,filled",
            "fillcolor": theme.frames[level % 2],
            "color": theme.border,
            "fontsize": 11,
            "margin": 8,
        }
        if self.ids:
            attributes |= {"id": frame.id, "class": "part"}
        indent = "  " * (level + 1)
        self.out.append(f"{indent}subgraph cluster_{frame.id} {{")
        self.out.append(f"{indent}  graph {_attributes(attributes)}")
        self.items(frame.items, level + 1)
        self.out.append(f"{indent}}}")

    def vertex(self, vertex: Vertex) -> str:
        look = self.look(vertex)
        attributes: dict[str, Any] = {
            "label": _text(self.texts[vertex.id]),
            "fillcolor": look.fill,
            "color": look.border,
        }
        if look.text != self.theme.text:
            attributes["fontcolor"] = look.text
        if vertex.role in ("input", "output"):
            attributes["shape"] = "ellipse"
        if vertex.part is not None or vertex.copies > 1:
            attributes["peripheries"] = 2
        if any(node.layer.joins for node in vertex.nodes) and vertex.part is None:
            attributes["ordering"] = "in"
        if self.ids:
            folded = " folded" if vertex.part is not None else ""
            attributes |= {"id": vertex.id, "class": f"{vertex.role}{folded} {look.group}".rstrip()}
        return f"{vertex.id} {_attributes(attributes)}"

    def look(self, vertex: Vertex) -> _Look:
        theme = self.theme
        if not vertex.nodes:
            return _Look(theme.plain, theme.edge, theme.text, "")
        group = _group(vertex)
        if self.color_by is None:
            return _Look(theme.fills[group], BORDERS[group], theme.text, group)
        most = max(self.shares.values()) or 1
        fill, text = shade(theme, self.shares[vertex.id] / most)
        return _Look(fill, theme.border, text, group)

    def shares_of(self, vertices: list[Vertex], name: str) -> dict[str, float]:
        """Every box's share of a total."""
        values = {
            vertex.id: _number(
                total([getattr(self.report[node.path], name) for node in vertex.layers]),
                f"shading by {name}",
            )
            for vertex in vertices
            if vertex.nodes
        }
        whole = sum(values.values()) or 1
        return {place: value / whole for place, value in values.items()}

    # -- edges --------------------------------------------------------------------------------

    def edges(self, layout: Layout) -> Iterator[str]:
        column = {}
        for i, items in enumerate(layout.columns):
            for item in items:
                for vertex in (item,) if isinstance(item, Vertex) else item.vertices():
                    column[vertex.id] = i
        thickness = self.thickness()
        for i, edge in enumerate(self.plan.edges):
            attributes: dict[str, Any] = {"label": _text([self.size(edge)])}
            if i in layout.spine:
                attributes["weight"] = 20
            if thickness:
                attributes["penwidth"] = thickness[i]
            if self.ids:
                attributes["id"] = f"edge{i}"
            a, b = edge.source, edge.target
            if column[a] != column[b] and not (layout.climbs and i in layout.spine):
                attributes |= {"minlen": 0, "weight": 2} if layout.climbs else {"constraint": "false"}
            elif layout.climbs and column[b] == 1:
                attributes["dir"] = "back"
                a, b = b, a
            yield f"  {a} -> {b} {_attributes(attributes)}"

    def size(self, edge: Edge) -> str:
        return labels.clipped(self.shape.shape(edge.tensor.shape[1:]) or "1")

    def thickness(self) -> list[float]:
        """The widths of the edges: their areas are as the sizes of the tensors."""
        if not self.widths:
            return []
        sizes = [_number(prod(edge.tensor.shape), "widths") for edge in self.plan.edges]
        most = max(sizes, default=1)
        return [round(max(0.5, WIDEST * sqrt(size / most)), 2) for size in sizes]

    # -- legend -------------------------------------------------------------------------------

    def write_legend(self, vertices: list[Vertex]) -> None:
        """A frame with a box for each colour that is there."""
        theme = self.theme
        self.out.append("  subgraph cluster_legend {")
        graph = {"label": "legend", "labeljust": "l", "fontsize": 11, "color": theme.border}
        self.out.append(f"    graph {_attributes({**graph, 'style': 'rounded'})}")
        rows = list(self.meanings(vertices))
        for i, (text, attributes) in enumerate(rows):
            self.out.append(f"    legend{i} {_attributes({'label': _text([text]), **attributes})}")
        for i in range(len(rows) - 1):
            self.out.append(f"    legend{i} -> legend{i + 1} [style=invis]")
        self.out.append("  }")

    def meanings(self, vertices: list[Vertex]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        theme = self.theme
        if self.color_by is not None:
            steps = len(theme.scale)
            most = max(self.shares.values(), default=0)
            for i in range(steps):
                fill, text = shade(theme, i / steps)
                label = f"{_percent(most * i / steps)} to {_percent(most * (i + 1) / steps)}"
                yield (
                    f"{label} of {COLOURINGS[self.color_by]}",
                    {"fillcolor": fill, "fontcolor": text, "color": theme.border},
                )
        else:
            there = {_group(vertex) for vertex in vertices if vertex.nodes}
            for group, meaning in MEANINGS.items():
                if group in there:
                    yield meaning, {"fillcolor": theme.fills[group], "color": BORDERS[group]}
        if any(vertex.part is not None for vertex in vertices):
            look = {"fillcolor": theme.plain, "color": theme.border, "peripheries": 2}
            yield "folded; the colour is its layers'", look


def _group(vertex: Vertex) -> str:
    """The colour of a box: its first layer's, or of most layers with matrix products in a part."""
    families = [GROUPS.get(node.layer.family, "other") for node in vertex.nodes]
    if vertex.part is None:
        return families[0]
    heavy = [
        group
        for group, node in zip(families, vertex.nodes)
        if node.layer.macs(node.x, node.output) != 0
    ]
    return Counter(heavy or families).most_common(1)[0][0]


def _number(value: Dim, what: str) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{what} needs numbers, but {value} is a formula")
    return value


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _text(lines: Iterable[str]) -> str:
    """Lines as a label, in which nothing is markup: not ``\\``, and no entity such as ``&lt;``."""
    return "\\n".join(line.replace("\\", "\\\\").replace("&", "&amp;") for line in lines)


def _attributes(attributes: Mapping[str, Any]) -> str:
    return f"[{', '.join(f'{name}={_quoted(value)}' for name, value in attributes.items())}]"


def _quoted(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) else '"' + value.replace('"', '\\"') + '"'
