"""Diagrams in the language of Graphviz."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from shapecalc.analysis.report import Report
from shapecalc.diagram import labels
from shapecalc.diagram.colours import THEMES, Theme
from shapecalc.diagram.effort import IN_ALL, MANY_PIECES, MOVES, Link, ensure_few, pieces
from shapecalc.diagram.layout import Layout, lay_out
from shapecalc.diagram.plan import Edge, Frame, Item, Plan, Vertex, plan
from shapecalc.diagram.shading import Shading, group, thickness
from shapecalc.diagram.syntax import attributes, text
from shapecalc.graph.graph import Role
from shapecalc.table import Writer
from shapecalc.table import title as title_of

STRAIGHT = 1000
"""How much the main path is to be straight; that clusters be narrow counts 128 in dot."""
LEVEL = 100
"""The same where two columns climb to the same levels, to which shortcuts pull them."""

FONT = "Helvetica,Arial,sans-serif"
CHARACTER, PAD = 5, 6
"""The width of a frame's letter, and what is left free beside its text, in points."""


Written: TypeAlias = tuple[str, str, dict[str, Any]]
"""An edge as it is written: from where to where, and its attributes."""


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
    most_pieces: int | None = None,
) -> str:
    """The source of a report's diagram for Graphviz; the same report gives the same text.

    Parts nested deeper than ``depth`` are folded, none by default; or all are but those at the
    paths ``opened``. ``color_by`` shades boxes by their share of ``macs``, ``params`` or
    ``activations``, ``widths`` draws edges as thick as the tensors are large; both raise
    ``ValueError`` where these are formulas. ``direction`` is ``TB`` for top-down or ``LR``. The
    title is the network's name and inputs; an empty one is left out. ``ids`` gives elements the
    ids and classes told in :mod:`shapecalc.diagram`. ``grouped`` writes activations,
    normalisations and dropout into the box of the layer before them. Raises
    :class:`shapecalc.diagram.effort.TooLarge` where more than ``most_pieces`` would have to be laid
    out in one column, or twice as many in all.

    >>> import shapecalc
    >>> text = dot(shapecalc.load("conv5x5_direct").report(), ids=False)
    >>> text.splitlines()[-3:]  # doctest: +ELLIPSIS
    ['  input0 -> layer0 [label=" 256 x 28 x 28 ", weight=1000]', '  layer0 -> output0 [...]', '}']
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
    ).write(title, most_pieces)


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
        self.shading = Shading(report, plan.vertices, theme, color_by)
        self.direction = direction
        self.is_down = direction == "TB"
        self.legend = legend
        self.widths = widths
        self.ids = ids
        self.shape = Writer()
        self.texts: dict[str, list[str]] = {}
        self.column: dict[str, int] = {}
        self.climbing: int | None = None
        self.is_packed = False
        self.least: dict[str, float] = {}
        self.main: set[str] = set()
        self.entering: Counter[str] = Counter()
        self.leaving: Counter[str] = Counter()
        self.forks: dict[str, tuple[str, str]] = {}
        self.starts: dict[tuple[str, str], list[str]] = {}
        self.out: list[str] = []

    def write(self, title: str | None, most_pieces: int | None) -> str:
        vertices = self.plan.vertices
        if most_pieces is not None:  # an edge crosses a rank or more
            ensure_few(len(vertices) + len(self.plan.edges), "", IN_ALL * most_pieces)
        for vertex in vertices:
            self.texts[vertex.id] = self.lines(vertex)
        layout = lay_out(self.plan, self.texts, is_down=self.is_down)
        for i, items in enumerate(layout.columns):
            for item in items:
                own = [item] if isinstance(item, Vertex) else item.vertices()
                self.column.update({vertex.id: i for vertex in own})
        self.climbing = 1 if layout.climbs else None
        self.find_branches(vertices)
        self.main = set(
            self.on_path(self.plan.root, {self.plan.edges[i].target for i in layout.spine})
        )
        self.count_crossings()
        self.widen(self.plan.root)
        edges = list(self.edges(layout))
        more: dict[str, Any] = {}
        if most_pieces is not None and self.bound(edges, layout, most_pieces) > MANY_PIECES:
            more["nslimit"] = MOVES
        has_columns = len(layout.columns) > 1 and not layout.climbs
        self.out = ["digraph network {"]
        self.is_packed = has_columns or self.legend or not self.is_down
        self.head(title, more)
        if self.is_packed:
            self.columns(layout.columns if has_columns else [self.plan.root.items])
        else:
            self.items(self.plan.root.items, 0)
        self.out += [f"  {a} -> {b} {attributes(values)}" for a, b, values in edges]
        return "\n".join([*self.out, "}", ""])

    def bound(self, edges: Iterable[Written], layout: Layout, most: int) -> int:
        """How much a column has that Graphviz has to lay out; what would take long is refused."""
        main = {self.plan.edges[i].source for i in layout.spine}
        links = [Link(a, b, values.get("minlen", 1)) for a, b, values in edges]
        found = pieces(links, self.column, main)
        largest = max(found.values(), default=0)
        ensure_few(largest, " in one column", most)
        ensure_few(sum(found.values()), "", IN_ALL * most)
        return largest

    def head(self, title: str | None, more: Mapping[str, Any]) -> None:
        """What holds of the whole graph, with ``more`` of it, of all boxes and of all edges."""
        theme = self.theme
        base = {"fontname": FONT, "fontcolor": theme.text}
        lines = [labels.clipped(title_of(self.report, self.shape) if title is None else title)]
        meanings = [f"{name} = {meaning}" for name, meaning in self.shape.abbreviations.items()]
        lines += labels.wrapped(meanings, labels.LONGEST)
        graph = {
            **base,
            "rankdir": self.direction,
            "bgcolor": theme.ground,
            "label": text(line for line in lines if line),
            "labelloc": "t",
            "fontsize": 13,
            "nodesep": 0.25,
            "ranksep": 0.14,
            "pad": 0.1,
            **more,
        }
        edge: dict[str, Any] = {**base, "color": theme.edge, "fontsize": 9, "arrowsize": 0.6}
        if self.is_packed:  # columns and legend are not connected: side by side, in their order
            graph |= {"pack": 20, "packmode": "array_ti999"}
            edge["minlen"] = 2  # dot leaves no room for labels in components that it packs
            graph["ranksep"] = 0.05
        node = {
            **base,
            "shape": "box",
            "style": "rounded,filled",
            "fontsize": 10,
            "margin": "0.1,0.05",
            "height": 0.3,
            "width": 0.6,
        }
        for name, values in (("graph", graph), ("node", node), ("edge", edge)):
            self.out.append(f"  {name} {attributes(values)}")

    # -- boxes and frames ---------------------------------------------------------------------

    def lines(self, vertex: Vertex) -> list[str]:
        """The lines of a box, fit to be shown."""
        width = labels.WIDE if self.is_down else labels.NARROW
        lines = [*labels.lines(self.report, vertex, self.shape, width), self.shading.remark(vertex)]
        return [labels.clipped(line) for line in lines if line]

    def columns(self, columns: list[list[Item]]) -> None:
        """Columns, or rows, which dot packs in the order of the first clusters in them.

        From left to right dot counts rows from below, and what stands in a cluster too.
        """
        ends = [(self.column[edge.source], self.column[edge.target]) for edge in self.plan.edges]
        links = {b: a for a, b in ends if a != b and len(columns) > 1}
        order = list(enumerate(columns))
        if not self.is_down:
            self.write_legend()
            order.reverse()
        for i, items in order:
            start = [self.sign("from", i)] if i in links else []
            end = [self.sign("to", target) for target in sorted(links) if links[target] == i]
            if self.is_down:
                self.packed_column(i, items, start, end)
            else:
                with self.hidden(f"column{i}"):
                    self.out += [f"    {sign}" for sign in (*start, *end)]
                    self.items(items, 1)
        if self.is_down:
            self.write_legend()

    def packed_column(self, i: int, items: list[Item], start: list[str], end: list[str]) -> None:
        """A column, of which only what it begins with stands in clusters.

        In one that nobody sees, edges with labels would not be straight.
        """
        inputs = [item for item in items if isinstance(item, Vertex) and item.role == "input"]
        for place, line in enumerate([*start, *map(self.vertex, inputs)]):
            with self.hidden(f"column{i}_{place}"):
                self.out.append(f"    {line}")
        self.items([item for item in items if item not in inputs], 0)
        self.out += [f"  {sign}" for sign in end]

    @contextmanager
    def hidden(self, name: str) -> Iterator[None]:
        """A cluster that nobody sees, around what is written within."""
        self.out.append(f"  subgraph cluster_{name} {{")
        self.out.append('    graph [style=invis, label="", margin=0]')
        yield
        self.out.append("  }")

    def sign(self, name: str, column: int) -> str:
        """One of the two signs that say where the main path goes on."""
        values = {
            "label": str(column),
            "shape": "circle",
            "style": "filled",
            "fillcolor": self.theme.text,
            "fontcolor": self.theme.ground,
            "color": self.theme.text,
            "fontsize": 9,
            "width": 0.22,
            "height": 0.22,
            "margin": 0,
            "fixedsize": "true",
        }
        return f"{name}{column} {attributes(values)}"

    def items(self, items: Sequence[Item], level: int) -> None:
        inside = set()
        for item in items if self.is_down else reversed(items):
            if isinstance(item, Vertex):
                inside.add(item.id)
                self.out.append("  " * (level + 1) + self.vertex(item))
            else:
                self.frame(item, level)
        for row in self.rows(inside):
            side_by_side = " -> ".join(row)
            self.out.append(
                f"{'  ' * (level + 1)}{{rank=same; {side_by_side} [style=invis, minlen=1]}}"
            )

    def rows(self, inside: Collection[str]) -> Iterator[list[str]]:
        """The boxes with which branches begin, which stand in a row in the spec's order."""
        for start in sorted({self.forks[each] for each in inside if each in self.forks}):
            row = [each for each in self.starts[start] if each in inside]
            if len(row) > 1:
                yield row if self.is_down else row[::-1]

    def find_branches(self, vertices: Iterable[Vertex]) -> None:
        """Group the boxes with which branches begin by the join and what feeds them."""
        joins = {vertex.id: _branch(vertex) for vertex in vertices}
        for edge in self.plan.edges:
            join = joins[edge.target]
            if join is not None and edge.target not in self.forks:
                self.forks[edge.target] = (edge.source, join)
                self.starts.setdefault((edge.source, join), []).append(edge.target)

    def widen(self, frame: Frame) -> None:
        """Make room for the texts of frames beside the edge that leaves in the middle.

        A text stands in the corner where its frame is left: several edges may enter a frame, but
        most have one way out. So the box at the exit is made twice as wide as the text.
        """
        for item in frame.items:
            if isinstance(item, Frame):
                *_, last = item.vertices()
                longest = max(map(len, labels.heading(item)))
                wide = 2 * (longest * CHARACTER + PAD) / 72
                self.least[last.id] = round(max(wide, self.least.get(last.id, 0)), 2)
                self.widen(item)

    def on_path(self, frame: Frame, path: Collection[str]) -> Iterator[str]:
        """The frames that the main path goes through."""
        for item in frame.items:
            if isinstance(item, Frame):
                if any(vertex.id in path for vertex in item.vertices()):
                    yield item.id
                yield from self.on_path(item, path)

    def count_crossings(self) -> None:
        """Count the edges that enter and leave frames, which would cross labels at that end."""
        around: dict[str, set[str]] = {}

        def visit(frame: Frame, outer: set[str]) -> None:
            for item in frame.items:
                if isinstance(item, Frame):
                    visit(item, {*outer, item.id})
                else:
                    around[item.id] = outer

        visit(self.plan.root, set())
        for edge in self.plan.edges:
            ends = around.get(edge.source, set()), around.get(edge.target, set())
            self.leaving.update(ends[0] - ends[1])
            self.entering.update(ends[1] - ends[0])

    def frame(self, frame: Frame, level: int) -> None:
        theme = self.theme
        climbs = self.column[next(frame.vertices()).id] == self.climbing
        entering, leaving = self.entering[frame.id], self.leaving[frame.id]
        at_start = frame.id in self.main or (not self.is_down and entering == 1)
        at_end = self.is_down and not climbs and leaving <= entering + 1
        lines = labels.heading(frame)
        if not self.is_down:  # shortcuts pass below a single line
            lines = [", ".join(lines)]
        values: dict[str, Any] = {
            "label": text(map(labels.clipped, lines), "\\l"),
            "labeljust": "l" if at_start else "r",
            "labelloc": "b" if at_end else "t",
            "style": "rounded,filled",
            "fillcolor": theme.frames[(level - (not self.is_down)) % 2],
            "color": theme.border,
            "fontsize": 10,
            "margin": 8,
        }
        if self.ids:
            values |= {"id": frame.id, "class": "part"}
        indent = "  " * (level + 1)
        self.out.append(f"{indent}subgraph cluster_{frame.id} {{")
        self.out.append(f"{indent}  graph {attributes(values)}")
        self.items(frame.items, level + 1)
        self.out.append(f"{indent}}}")

    def vertex(self, vertex: Vertex) -> str:
        values = {"label": text(self.texts[vertex.id]), **self.shading.look(vertex).attributes()}
        if vertex.role in ("input", "output"):
            values |= {"shape": "ellipse", "margin": "0.04,0.02"}
        if vertex.part is not None or vertex.copies > 1:
            values["peripheries"] = 2
        if vertex.id in self.least and self.is_down:
            values["width"] = self.least[vertex.id]
        if self.ids:
            folded = ["folded"] if vertex.part is not None else []
            colour = [group(vertex)] if vertex.nodes else []
            values |= {"id": vertex.id, "class": " ".join([vertex.role, *folded, *colour])}
        return f"{vertex.id} {attributes(values)}"

    # -- edges --------------------------------------------------------------------------------

    def edges(self, layout: Layout) -> Iterator[Written]:
        thick = thickness(self.plan.edges) if self.widths else []
        linked: set[int] = set()
        for i, edge in enumerate(self.plan.edges):
            values: dict[str, Any] = {"label": self.size(edge)}
            if i in layout.spine:
                values["weight"] = LEVEL if layout.climbs else STRAIGHT
            if thick:
                values["penwidth"] = thick[i]
            a, b = edge.source, edge.target
            column = self.column[b]
            if layout.climbs:
                if self.climb(layout, i, values):
                    a, b = b, a
            elif self.column[a] != column:
                if column not in linked:
                    linked.add(column)
                    yield a, f"to{column}", {**values}
                a = f"from{column}"
            if self.ids:
                values["id"] = f"edge{i}"
            yield a, b, values

    def climb(self, layout: Layout, i: int, values: dict[str, Any]) -> bool:
        """Lead an edge of a U along its level or upwards; whether its ends are exchanged."""
        edge = self.plan.edges[i]
        is_skip = self.column[edge.source] == 0 and i not in layout.spine
        if self.column[edge.target] == 0:
            return False
        if is_skip or i in layout.level:
            values |= {"minlen": 0, "weight": 2 * LEVEL}
            return False
        values["dir"] = "back"
        if i in layout.back:
            values |= {"weight": 1, "tailport": "e", "headport": "n"}
            values["label"] = f"  {values['label']}"
        return True

    def size(self, edge: Edge) -> str:
        """A tensor's shape; the spaces keep it off the line beside it."""
        size = labels.clipped(self.shape.shape(self.report.told(edge.tensor.shape)) or "1")
        return text([f"{'  ' if self.widths else ' '}{size} "])

    # -- legend -------------------------------------------------------------------------------

    def write_legend(self) -> None:
        """A frame with a box for each colour that is there."""
        if not self.legend:
            return
        theme = self.theme
        self.out.append("  subgraph cluster_legend {")
        graph = {"label": "legend", "labeljust": "l", "fontsize": 11, "color": theme.border}
        self.out.append(f"    graph {attributes({**graph, 'style': 'rounded'})}")
        rows = list(self.shading.legend())
        for i, (words, look) in enumerate(rows):
            self.out.append(f"    legend{i} {attributes({'label': text([words]), **look})}")
        for i in range(len(rows) - 1):
            self.out.append(f"    legend{i} -> legend{i + 1} [style=invis, minlen=1]")
        self.out.append("  }")


def _branch(vertex: Vertex) -> str | None:
    """The path of the join that a box stands in a branch of, if it does."""
    part = vertex.part or (vertex.nodes[0].part if vertex.nodes else None)
    if part is None or part.role != Role.BRANCH or part.parent is None:
        return None
    return f"{part.parent.path} {part.entry.name if part.entry else ''}"
