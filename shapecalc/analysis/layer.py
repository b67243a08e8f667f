"""What is known of one layer: its shapes, weights and measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.algebra.arithmetic import Dim, Shape
from shapecalc.analysis.measures import DEFAULT, MEASURES, Measure
from shapecalc.graph.graph import Built, Node, Part
from shapecalc.layers import Tensor
from shapecalc.pace import now

if TYPE_CHECKING:
    from shapecalc.analysis.terms import Meter


class LayerReport:
    """What is known of one layer; every count is a number, or a formula.

    Each measure is an attribute: ``layer.params``. ``output_shape`` is its first output's,
    ``output_shapes`` are all by name.

    >>> import shapecalc
    >>> conv = shapecalc.load("lenet5").report()["conv1"]
    >>> conv.kind, conv.output_shape, conv.params, conv.buffers
    ('Conv2d', (1, 6, 28, 28), 456, 0)
    >>> conv.macs, conv.flops, conv.elementwise, conv.activations
    (352800, 705600, 4704, 4704)
    >>> conv.inputs, conv.input_shapes
    (('input',), ((1, 3, 32, 32),))
    >>> conv.weights, conv.path_of("weight"), conv.owns("weight")
    ({'weight': (6, 3, 5, 5), 'bias': (6,)}, 'conv1.weight', True)
    """

    __slots__ = (
        "buffers_of",
        "counts",
        "dtype",
        "node",
        "output_shape",
        "output_shapes",
        "path",
        "weights",
    )

    def __init__(self, node: Node, dtype: str = DEFAULT) -> None:
        layer = node.layer
        self.dtype = dtype
        self.node = node
        self.path = node.path
        self.output_shape: Shape = node.output.shape
        self.output_shapes = {name: tensor.shape for name, tensor in node.made.items()}
        self.weights: dict[str, Shape] = layer.weights()
        self.buffers_of: dict[str, Tensor] = layer.buffers()
        self.counts: dict[str, Dim] = {}
        for name, measure in MEASURES.items():  # a measure may count on those before it
            self.counts[name] = measure.of(self)

    @property
    def kind(self) -> str:
        """The layer's kind."""
        return self.node.layer.kind

    @property
    def inputs(self) -> tuple[str, ...]:
        """Where its inputs come from: paths, as in ``lstm1.h_n``, or names of the network's."""
        return tuple([str(source) for source in self.node.sources])

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """The shapes of its inputs."""
        return tuple([tensor.shape for tensor in self.node.inputs])

    def owns(self, weight: str) -> bool:
        """Whether a weight or buffer is its own, and not that of the layer it shares with."""
        return weight not in self.node.tied

    def path_of(self, weight: str) -> str:
        """The path of a weight or buffer, as in torch; a tensor that stands alone has its own."""
        return f"{self.path}.{weight}" if weight else self.path

    def _at(self, node: Node) -> LayerReport:
        """The report of the same layer on the same inputs at another place."""
        found = object.__new__(LayerReport)
        found.dtype = self.dtype  # name by name: a network may have very many copies of a layer
        found.output_shape = self.output_shape
        found.output_shapes = self.output_shapes
        found.weights = self.weights
        found.buffers_of = self.buffers_of
        found.counts = self.counts
        found.node = node
        found.path = node.path
        return found

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Dim: ...

    def __repr__(self) -> str:
        return f"<{self.kind} {self.path!r}: {self.node.output}, {self.params} params>"


def _counted(measure: Measure) -> property:
    def count(layer: LayerReport) -> Dim:
        return layer.counts[measure.name]

    count.__doc__ = f"Its {measure.name}: {measure.doc}."
    return property(count)


for _measure in MEASURES.values():  # with __getattr__ all other attributes would take longer
    setattr(LayerReport, _measure.name, _counted(_measure))


def reports(built: Built, dtype: str, meter: Meter | None = None) -> Iterator[LayerReport]:
    """A report for every layer; what a layer alike has on its inputs is not counted again."""
    known: dict[tuple[int, int, frozenset[str], str], LayerReport] = {}
    now.begin("counting")
    for node in built.nodes.values():
        floats = _dtype(node, dtype)
        if node.shared is not None:
            yield LayerReport(node, floats)
            continue
        key = *node.likeness, node.requested, floats
        alike = known.get(key)
        if alike is None:
            known[key] = alike = LayerReport(node, floats)
            if meter is not None:
                meter.add(node, alike.counts.values())
            yield alike
        else:
            yield alike._at(node)


def _dtype(node: Node, default: str) -> str:
    """The type of floats in a layer: what it, or a block around it, says; else the network's."""
    if node.entry.dtype:
        return node.entry.dtype
    part: Part | None = node.part
    while part is not None:
        if part.entry is not None and part.entry.dtype:
            return part.entry.dtype
        part = part.parent
    return default
