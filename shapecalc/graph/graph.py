"""The network as a graph: what its nodes hold, and the parts that the spec wrote as one.

An edge knows which outputs go along it: ``graph.edges[a, b]["outputs"]`` names them in the order
in which the layer at ``b`` takes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.requirement import Condition
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Entry
from shapecalc.layers import OUTPUT, Layer, Tensor

if TYPE_CHECKING:
    import networkx as nx


class Source(NamedTuple):
    """Where a tensor comes from: the path of a layer, or an input's name, and which output."""

    path: str
    output: str = OUTPUT

    def __str__(self) -> str:
        return self.path if self.output == OUTPUT else f"{self.path}.{self.output}"


class Wire(NamedTuple):
    """What an entry passes on: a tensor and where it comes from."""

    source: Source
    tensor: Tensor

    @property
    def origin(self) -> str:
        """The path of the layer, or the name of the input, that it comes from."""
        return self.source.path


_NONE: frozenset[str] = frozenset()


class Node:
    """A layer or join in its place: what ``graph.nodes[path]["node"]`` holds.

    ``name`` is what it is called in the part that it stands in; ``sources`` and ``inputs`` tell
    what comes in, ``outputs`` what goes out, by name, of which ``output`` is the first; ``shared``
    is the path of the layer whose weights it uses, if they are not its own, and ``tied`` are the
    names of those weights and buffers: of a layer of the same kind all, of another's the matrix or
    the filters alone. ``requested`` are those of the outputs that are made on request alone which
    others take, or which the network returns.
    """

    __slots__ = (
        *("entry", "inputs", "layer", "name", "output", "outputs"),
        *("part", "path", "requested", "shared", "sources", "tied"),
    )

    def __init__(
        self,
        path: str,
        name: str,
        layer: Layer,
        entry: Entry,
        part: Part,
        sources: tuple[Source, ...],
        inputs: tuple[Tensor, ...],
        outputs: dict[str, Tensor],
        shared: str | None,
    ) -> None:
        self.path = path
        self.name = name
        self.layer = layer
        self.entry = entry
        self.part = part
        self.sources = sources
        self.inputs = inputs
        self.outputs = outputs
        self.output = next(iter(outputs.values()))
        self.shared = shared
        self.tied = _NONE
        self.requested = _NONE

    @property
    def made(self) -> dict[str, Tensor]:
        """The outputs that it makes: what it makes on request alone only where that is taken."""
        if self.requested == self.layer.on_request:
            return self.outputs
        left_out = self.layer.on_request - self.requested
        return {name: tensor for name, tensor in self.outputs.items() if name not in left_out}

    @property
    def likeness(self) -> tuple[int, int]:
        """What copies of a layer on the same inputs have in common, while the network is there.

        >>> import shapecalc
        >>> report = shapecalc.load({"input": [8], "layers": [{"Linear": 8, "repeat": 3}]}).report()
        >>> len({layer.node.likeness for layer in report})
        1
        """
        return id(self.layer), id(self.inputs)

    def request(self, output: str) -> None:
        """Note that others take one of the outputs, or that the network returns it."""
        if output in self.layer.on_request:
            self.requested |= {output}

    @property
    def mark(self) -> Mark:
        """Its place in the spec."""
        return self.entry.mark

    @property
    def called(self) -> str:
        """Its name where copies are taken apart; see :func:`called`."""
        return called(self, self.part)

    def wire(self, output: str = OUTPUT) -> Wire:
        """What passes on one of its outputs; raises ``KeyError`` if it has none of the name.

        The first answers to 0 as well, where the others are numbered.
        """
        if output == "0" and "1" in self.outputs:
            output = OUTPUT
        return Wire(Source(self.path, output), self.outputs[output])

    def __repr__(self) -> str:
        return f"<{self.layer.kind} {self.path!r}: {self.output}>"


class Role:
    """What a part of a network is there for."""

    NETWORK = "network"
    """The whole."""
    USE = "use"
    """A use of a block."""
    BRANCH = "branch"
    """A branch of a join."""
    REPEAT = "repeat"
    """The copies of an entry, each a part of its own."""
    COPY = "copy"
    """One copy of a repeated entry: a layer, a use of a block, or a join with its branches."""


class Part:
    """A stretch of the network that the spec wrote as one, in one of the roles of :class:`Role`.

    ``name`` is what it is called in the part that it stands in: an entry's or a branch's name, a
    copy's number. ``base`` is the path below which what it holds stands: its own, or that of the
    list around it where it has no level of its own, as copies that are entries of that list and
    the use of an inline block. The parts and nodes of a network are a tree of their own, which
    folding and emission follow.
    """

    __slots__ = (
        *("base", "children", "entry", "name", "number", "output", "outputs"),
        *("parent", "path", "role"),
    )

    def __init__(
        self,
        path: str,
        name: str,
        role: str,
        parent: Part | None,
        entry: Entry | None,
        base: str | None = None,
        number: int = 0,
    ) -> None:
        self.path = path
        self.base = path if base is None else base
        self.name = name
        self.number = number  # of a copy, among those that its repeat counts
        self.role = role
        self.parent = parent
        self.entry = entry
        self.children: list[Part | Node] = []
        self.output: Wire | None = None
        self.outputs: dict[str, Wire | None] = {}  # of a use of a block that names them

    @property
    def is_use(self) -> bool:
        """Whether it is a use of a block."""
        return self.role == Role.USE

    @property
    def is_flat(self) -> bool:
        """Whether what it holds stands in the list around it, without a level of its own."""
        return self.base != self.path

    @property
    def called(self) -> str:
        """Its name where copies are taken apart; see :func:`called`."""
        return called(self, self.parent)

    @property
    def written(self) -> str:
        """The kind or block that the spec wrote it with; empty for a branch and the network."""
        if self.entry is None or self.role == Role.BRANCH:
            return ""
        return self.entry.kind

    @property
    def members(self) -> list[Part | Node]:
        """What it holds; what copies hold, and parts without a level of their own, in their place.

        Copies that are entries of a list are among its members.
        """
        found: list[Part | Node] = []
        for child in self.children:
            is_passed = isinstance(child, Part) and (child.role == Role.COPY or child.is_flat)
            found += child.members if is_passed and isinstance(child, Part) else [child]
        return found

    def uses(self) -> Iterator[Entry]:
        """The uses of blocks that this stands in, the innermost first."""
        part: Part | None = self
        while part is not None:
            if part.is_use:
                assert part.entry is not None
                yield part.entry
            part = part.parent

    def nodes(self) -> Iterator[Node]:
        """All layers and joins inside, in order."""
        stack = [iter(self.children)]
        while stack:
            for child in stack[-1]:
                if isinstance(child, Node):
                    yield child
                elif len(child.children) == 1 and isinstance(child.children[0], Node):
                    yield child.children[0]  # a copy of a layer, of which there may be very many
                else:
                    stack.append(iter(child.children))
                    break
            else:
                stack.pop()


def called(child: Node | Part, parent: Part | None) -> str:
    """What a child is called among the members of a part.

    What a copy holds is called like the copy, but for the branches of a join: ``0.body``.
    """
    if parent is None or parent.role != Role.COPY or child.path == parent.path:
        return child.name
    return f"{parent.name}.{child.name}"


class Need(NamedTuple):
    """A condition on the symbols and the layer that imposes it."""

    condition: Condition
    path: str


class Built:
    """A network built for given values of its symbols.

    ``nodes`` are its layers and joins by their paths, in order, ``root`` the whole as a part.
    ``output_names`` are those under which the outputs are returned; none if that is in order.
    """

    def __init__(
        self,
        nodes: dict[str, Node],
        root: Part,
        inputs: dict[str, Tensor],
        outputs: list[Wire],
        needs: list[Need],
        least: dict[str, int],
        output_names: tuple[str, ...] = (),
    ) -> None:
        self.nodes = nodes
        self.root = root
        self.inputs = inputs
        self.outputs = outputs
        self.needs = needs
        self.least = least
        self.output_names = output_names

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """Who takes outputs of each layer, in order; nothing of those that nobody reads."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            for path, _ in node.sources:
                known = found.setdefault(path, [])
                if not known or known[-1] is not node:
                    known.append(node)
        return found

    @cached_property
    def returned(self) -> frozenset[str]:
        """The layers and inputs that outputs of the network come from, by paths and names."""
        return frozenset([wire.origin for wire in self.outputs])

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """The network as a graph, made when it is first asked for."""
        import networkx as nx  # here, for commands that do without it to start sooner

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from((path, {"node": node}) for path, node in self.nodes.items())
        graph.add_edges_from(edge for node in self.nodes.values() for edge in self._edges(node))
        return graph

    def _edges(self, node: Node) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """An edge from each layer that a node takes outputs of."""
        taken: dict[str, tuple[str, ...]] = {}
        for path, output in node.sources:
            if path in self.nodes:
                taken[path] = (*taken.get(path, ()), output)
        for path, outputs in taken.items():
            yield path, node.path, {"outputs": outputs}
