"""What a diagram shows: boxes, the frames around them, and the edges between them.

A part that is folded is one box; one that is open has a frame around what it holds. Branches have
no frame: they stand side by side. Copies of a repeat that are alike are drawn once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, TypeAlias

from shapecalc.analysis.report import Report
from shapecalc.graph.graph import Node, Part, Role, Source
from shapecalc.layers import Tensor

FOLLOWERS = ("activation", "normalisation", "dropout")
"""Families whose layers are written into the box of the layer that feeds nothing else."""


class Vertex:
    """A box: layers in a row, a folded part, an input or an output of the network.

    ``nodes`` are the layers drawn, ``copies`` how many times they follow on themselves, and
    ``layers`` all that the box stands for. ``tensor`` is what comes out of it.

    >>> import shapecalc
    >>> shown = plan(shapecalc.load("lenet5").report())
    >>> box = shown.vertices[1]
    >>> box.name, box.copies, str(box.tensor)
    ('conv1', 1, '6 x 28 x 28')
    """

    __slots__ = ("copies", "id", "layers", "name", "nodes", "part", "role", "tensor")

    def __init__(
        self,
        role: str,
        id: str,
        name: str,
        nodes: list[Node],
        part: Part | None = None,
        tensor: Tensor | None = None,
    ) -> None:
        self.role = role
        self.id = id
        self.name = name
        self.nodes = nodes
        self.layers = list(nodes)
        self.part = part
        self.copies = 1
        self.tensor = tensor if tensor is not None or not nodes else nodes[-1].output

    def __repr__(self) -> str:
        return f"<{self.role} {self.id} {self.name!r}>"


class Frame:
    """A frame around what an open part holds; the outermost stands for the whole network.

    What it holds follows ``copies`` times on itself; or it holds ``count`` copies that are not
    all alike.

    >>> import shapecalc
    >>> shown = plan(shapecalc.load("lenet5").report())
    >>> len(list(shown.root.vertices())), shown.root.copies
    (10, 1)
    """

    __slots__ = ("copies", "count", "id", "items", "name", "part")

    def __init__(self, part: Part, id: str, name: str) -> None:
        self.part = part
        self.id = id
        self.name = name
        self.copies = 1
        self.count = 1
        self.items: list[Vertex | Frame] = []

    def vertices(self) -> Iterator[Vertex]:
        """All boxes inside, in order."""
        for item in self.items:
            if isinstance(item, Vertex):
                yield item
            else:
                yield from item.vertices()

    def __repr__(self) -> str:
        return f"<frame {self.id} {self.name!r}>"


Item: TypeAlias = "Vertex | Frame"


class Edge(NamedTuple):
    """A tensor's way from box to box, by their ids, and the layer or input it comes from.

    >>> import shapecalc
    >>> shown = plan(shapecalc.load("lenet5").report())
    >>> shown.edges[0].origin, str(shown.edges[0].tensor)
    ('input', '3 x 32 x 32')
    """

    source: str
    target: str
    origin: str
    tensor: Tensor


class Plan(NamedTuple):
    """What a diagram shows.

    >>> import shapecalc
    >>> shown = plan(shapecalc.load("lenet5").report())
    >>> len(shown.vertices), len(shown.edges)
    (10, 9)
    """

    root: Frame
    edges: list[Edge]

    @property
    def vertices(self) -> list[Vertex]:
        """All boxes in order."""
        return list(self.root.vertices())


def plan(
    report: Report,
    depth: int | None = None,
    *,
    opened: Collection[str] | None = None,
    grouped: bool = True,
) -> Plan:
    """Plan the diagram of a report.

    Parts that are nested deeper than ``depth`` are folded, as in the table; or all are but those at
    the paths ``opened``. With ``grouped``, activations, normalisations and dropout stand in the
    box of the layer before them.

    >>> import shapecalc
    >>> plan(shapecalc.load("lenet5").report()).vertices[:3]
    [<input input0 'input'>, <layer layer0 'conv1'>, <layer layer1 'maxpool1'>]
    """
    return _Planner(report, depth, opened, grouped).plan()


class _Planner:
    def __init__(
        self, report: Report, depth: int | None, opened: Collection[str] | None, grouped: bool
    ) -> None:
        self.report = report
        self.depth = depth
        self.opened = opened
        self.grouped = grouped
        self.homes: dict[str, Vertex] = {}
        self.returned = report.built.returned
        self.layer_ids = {layer.path: f"layer{i}" for i, layer in enumerate(report.layers)}
        parts = enumerate(_parts(report.built.root))
        self.part_ids = {id(part): f"part{i}" for i, part in parts}

    def plan(self) -> Plan:
        root = Frame(self.report.built.root, "network", self.report.name)
        inputs = [
            Vertex("input", f"input{i}", name, [], tensor=tensor)
            for i, (name, tensor) in enumerate(self.report.inputs.items())
        ]
        self.homes.update({vertex.name: vertex for vertex in inputs})
        self.fill(root, root.part, 0)
        edges = list(self.edges(root))
        outputs = []
        for i, (source, tensor) in enumerate(self.report.built.outputs):
            names = self.report.built.output_names
            name = "output" if len(self.report.built.outputs) == 1 else f"output {source}"
            name = f"output {names[i]}" if names else name
            outputs.append(Vertex("output", f"output{i}", name, [], tensor=tensor))
            edges.append(Edge(self.homes[source.path].id, f"output{i}", str(source), tensor))
        _place(root, inputs, outputs, edges)
        return Plan(root, edges)

    # -- boxes and frames ---------------------------------------------------------------------

    def fill(self, frame: Frame, part: Part, level: int) -> None:
        """Draw what a part holds into a frame."""
        for child in part.children:
            if isinstance(child, Node):
                if not self.follows(frame, child):
                    self.add(frame, self.box([child], frame))
            elif any(True for _ in child.nodes()):
                self.part(frame, child, level)

    def part(self, frame: Frame, part: Part, level: int) -> None:
        if self.is_folded(part, level):
            self.add(frame, self.folded(part, frame))
        elif part.role == Role.BRANCH:
            self.fill(frame, part, level + 1)
        elif part.role == Role.REPEAT:
            self.repeat(frame, part, level + 1)
        else:
            inside = Frame(part, self.part_ids[id(part)], _below(frame, part.path))
            frame.items.append(inside)
            self.fill(inside, part, level + 1)

    def is_folded(self, part: Part, level: int) -> bool:
        if self.opened is not None:
            return part.path not in self.opened
        return self.depth is not None and level + 1 >= self.depth

    def repeat(self, frame: Frame, part: Part, level: int) -> None:
        """Draw the copies of a repeat, those that follow on their like only once."""
        runs = list(_runs(part))
        own = self.part_ids[id(part)]
        inside = frame
        if len(runs) > 1:
            inside = Frame(part, own, _below(frame, part.path))
            inside.count = sum(map(len, runs))
            frame.items.append(inside)
        for i, run in enumerate(runs):
            name = _below(frame, _range(part, run, len(runs)))
            around = inside
            first = run[0].children
            if len(run) > 1 and len(first) > 1:  # a join and its branches need a frame
                around = Frame(part, own if len(runs) == 1 else f"{own}run{i}", name)
                inside.items.append(around)
            for child in first:
                if isinstance(child, Node):
                    self.add(around, self.box([child], around))
                else:
                    self.part(around, child, level)
            if len(first) == 1 or around is not inside:
                inside.items[-1].copies = len(run)
                inside.items[-1].name = name
            self.stand_for(run)

    def stand_for(self, run: list[Part]) -> None:
        """Let the boxes of the first copy stand for the layers of the others."""
        firsts = list(run[0].nodes())
        for copy in run[1:]:
            for first, node in zip(firsts, copy.nodes()):
                vertex = self.homes[first.path]
                self.homes[node.path] = vertex
                vertex.layers.append(node)

    def follows(self, frame: Frame, node: Node) -> bool:
        """Whether a layer is written into the box before it, and if so, do it."""
        before = frame.items[-1] if frame.items else None
        if not self.grouped or not isinstance(before, Vertex) or before.part is not None:
            return False
        last = before.nodes[-1]
        if (
            last.part is not node.part
            or node.sources != (Source(last.path),)
            or node.layer.family not in FOLLOWERS
            or node.output.shape != last.output.shape
            or last.path in self.returned
            or len(self.report.built.readers.get(last.path, ())) != 1
        ):
            return False
        before.nodes.append(node)
        before.layers.append(node)
        self.homes[node.path] = before
        return True

    def box(self, nodes: list[Node], frame: Frame) -> Vertex:
        path = nodes[0].path
        return Vertex("layer", self.layer_ids[path], _below(frame, path), nodes)

    def folded(self, part: Part, frame: Frame) -> Vertex:
        name = _below(frame, part.path)
        tensor = part.output.tensor if part.output else None
        vertex = Vertex("part", self.part_ids[id(part)], name, list(part.nodes()), part, tensor)
        if part.role == Role.REPEAT:
            vertex.copies = len(part.children)
        return vertex

    def add(self, frame: Frame, vertex: Vertex) -> None:
        frame.items.append(vertex)
        for node in vertex.nodes:
            self.homes[node.path] = vertex

    # -- edges --------------------------------------------------------------------------------

    def edges(self, root: Frame) -> Iterator[Edge]:
        for vertex in root.vertices():
            seen = set()
            for node in vertex.nodes:
                for source, tensor in zip(node.sources, node.inputs):
                    home = self.homes[source.path]
                    if home is vertex or (vertex.part is not None and source in seen):
                        continue
                    seen.add(source)
                    yield Edge(home.id, vertex.id, str(source), tensor)


def _parts(part: Part) -> Iterator[Part]:
    """The parts inside a part, outer ones before inner ones."""
    for child in part.children:
        if isinstance(child, Part):
            yield child
            yield from _parts(child)


def _below(frame: Frame, path: str) -> str:
    """A path as it reads inside a frame."""
    outer = frame.part.base
    return path[len(outer) + 1 :] if outer else path


# -- repeats -----------------------------------------------------------------------------------


def _runs(part: Part) -> Iterator[list[Part]]:
    """The copies of a repeat, in runs of those with the same settings and shapes."""
    previous: Source | None = None
    run: list[Part] = []
    last: Any = None
    for copy in part.children:
        assert isinstance(copy, Part)
        nodes = list(copy.nodes())
        if not nodes:  # everything in it is left out
            continue
        inside = {node.path: i for i, node in enumerate(nodes)}
        if previous is None:
            fed = dict.fromkeys(s for node in nodes for s in node.sources if s.path not in inside)
            previous = next(iter(fed)) if len(fed) == 1 else None
        own = [
            (
                node.layer,
                node.inputs,
                tuple(
                    ["in" if s == previous else (inside.get(s.path, s), s.output) for s in sources]
                ),
                node.shared,
            )
            for node, sources in [(node, node.sources) for node in nodes]
        ]
        if run and own != last:
            yield run
            run = []
        run.append(copy)
        last = own
        previous = copy.output.source if copy.output is not None else None
    if run:
        yield run


def _range(part: Part, run: list[Part], runs: int) -> str:
    """What to call the box or frame of a run."""
    if runs == 1:
        return part.path
    first, last = run[0].name, run[-1].name
    base = f"{part.base}." if part.base else ""
    return f"{base}{first}" + (f" to {last}" if first != last else "")


# -- inputs and outputs ------------------------------------------------------------------------


def _place(root: Frame, inputs: list[Vertex], outputs: list[Vertex], edges: list[Edge]) -> None:
    """Put inputs before what first takes them, and outputs behind where they come from."""
    places = {}
    for i, item in enumerate(root.items):
        for vertex in (item,) if isinstance(item, Vertex) else item.vertices():
            places[vertex.id] = i
    before: dict[int, list[Vertex]] = {}
    behind: dict[int, list[Vertex]] = {}
    first: dict[str, int] = {}  # what takes a vertex first
    for edge in edges:
        if edge.target in places:
            place = places[edge.target]
            first[edge.source] = min(place, first.get(edge.source, place))
    for vertex in inputs:
        before.setdefault(first.get(vertex.id, 0), []).append(vertex)
    sources = {edge.target: edge.source for edge in edges}
    for vertex in outputs:
        behind.setdefault(places.get(sources[vertex.id], len(root.items) - 1), []).append(vertex)
    items: list[Item] = []
    for i, item in enumerate(root.items):
        items += [*before.get(i, ()), item, *behind.get(i, ())]
    root.items = items or [*inputs, *outputs]
