"""The network as a graph: what its nodes hold, and the parts that the spec wrote as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.requirement import Condition
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Entry
from shapecalc.layers import Layer, Tensor

if TYPE_CHECKING:
    import networkx as nx


class Wire(NamedTuple):
    """What an entry passes on: a tensor and the layer or input it comes from."""

    origin: str
    tensor: Tensor


class Node:
    """A layer or join in its place: what ``graph.nodes[path]["node"]`` holds."""

    __slots__ = ("entry", "inputs", "layer", "output", "part", "path", "shared", "sources")

    def __init__(
        self,
        path: str,
        layer: Layer,
        entry: Entry,
        part: Part,
        sources: tuple[str, ...],
        inputs: tuple[Tensor, ...],
        output: Tensor,
        shared: str | None,
    ) -> None:
        self.path = path
        self.layer = layer
        self.entry = entry
        self.part = part
        self.sources = sources
        self.inputs = inputs
        self.output = output
        self.shared = shared

    @property
    def x(self) -> Any:
        """The input as the layer's methods take it: a tensor, or a tuple of them for a join."""
        return self.inputs if self.layer.joins else self.inputs[0]

    @property
    def mark(self) -> Mark:
        """Its place in the spec."""
        return self.entry.mark

    def __repr__(self) -> str:
        return f"<{self.layer.kind} {self.path!r}: {self.output}>"


class Part:
    """A stretch of the network that the spec wrote as one: a block's use, a branch, a repeat.

    The parts and nodes of a network are a tree of their own, which folding and emission follow.
    """

    __slots__ = ("children", "entry", "kind", "output", "parent", "path")

    def __init__(self, path: str, kind: str, parent: Part | None, entry: Entry | None) -> None:
        self.path = path
        self.kind = kind
        self.parent = parent
        self.entry = entry
        self.children: list[Part | Node] = []
        self.output: Wire | None = None

    @property
    def is_use(self) -> bool:
        """Whether it is a use of a block."""
        return self.entry is not None and self.entry.block is not None and self.kind != "repeat"

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
        for child in self.children:
            if isinstance(child, Node):
                yield child
            else:
                yield from child.nodes()


class Need(NamedTuple):
    """A condition on the symbols and the layer that imposes it."""

    condition: Condition
    path: str


class Built(NamedTuple):
    """A network built for given values of its symbols."""

    graph: nx.DiGraph[str]
    root: Part
    inputs: dict[str, Tensor]
    outputs: list[Wire]
    needs: list[Need]
