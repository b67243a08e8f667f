"""The one analysis: what every layer of a network is, holds and costs, and the totals.

Multiply-accumulates count convolutions, linear layers and matrix products without their bias, as
torchvision publishes them; ``flops`` is twice that, as torch's ``FlopCounterMode`` counts.
Everything done to single elements is apart, in ``elementwise``. A tensor that two layers share
counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity, Shape, prod, total
from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.analysis.constraints import Constraint, combine
from shapecalc.graph.graph import Built, Node
from shapecalc.layers import Tensor

if TYPE_CHECKING:
    from shapecalc import lint

BYTES = {
    "float64": 8,
    "int64": 8,
    "float32": 4,
    "int32": 4,
    "float16": 2,
    "bfloat16": 2,
    "uint8": 1,
    "bool": 1,
}
"""The bytes an element takes, by its type."""


class LayerReport:
    """What is known of one layer; every count is a number, or a formula.

    ``params`` are elements of learnable tensors, ``buffers`` of other state; ``macs`` and ``flops``
    multiply-accumulates and twice as many; ``elementwise`` operations on single elements;
    ``activations`` the elements it writes. ``output_shape`` is its first output's,
    ``output_shapes`` are all by name.
    """

    __slots__ = (
        "activations",
        "buffers",
        "buffers_of",
        "elementwise",
        "input_shapes",
        "inputs",
        "kind",
        "macs",
        "node",
        "output_shape",
        "output_shapes",
        "params",
        "path",
        "weights",
    )

    def __init__(self, node: Node) -> None:
        layer, x, y = node.layer, node.inputs, node.output
        self.node = node
        self.path = node.path
        self.kind = layer.kind
        self.inputs = tuple([str(source) for source in node.sources])
        self.input_shapes = tuple([tensor.shape for tensor in node.inputs])
        self.output_shape: Shape = y.shape
        self.output_shapes = {name: tensor.shape for name, tensor in node.outputs.items()}
        self.weights: dict[str, Shape] = layer.weights()
        self.buffers_of: dict[str, Tensor] = layer.buffers()
        self.params: Dim = 0
        self.buffers: Dim = 0
        if node.shared is None:
            self.params = total([prod(shape) for shape in self.weights.values()])
            self.buffers = total([prod(tensor.shape) for tensor in self.buffers_of.values()])
        self.macs: Dim = layer.macs(*x, y=y)
        self.elementwise: Dim = layer.elementwise(*x, y=y)
        written = self.output_shapes.values() if layer.writes else ()
        self.activations: Dim = total([prod(shape) for shape in written])

    @property
    def flops(self) -> Dim:
        """Twice the multiply-accumulates."""
        return 2 * self.macs

    def __repr__(self) -> str:
        return f"<{self.kind} {self.path!r}: {self.node.output}, {self.params} params>"


class Totals(NamedTuple):
    """The sums over all layers; bytes follow from the types of the elements."""

    params: Dim
    trainable: Dim
    buffers: Dim
    macs: Dim
    flops: Dim
    elementwise: Dim
    activations: Dim
    weight_bytes: Dim
    buffer_bytes: Dim
    activation_bytes: Dim


class ReceptiveField(NamedTuple):
    """What an output sees of the network's input, along each spatial axis.

    ``size`` is how far it sees, ``stride`` the distance between the views of neighbouring
    outputs, ``padding`` how far the first view begins before the input.
    """

    size: Shape
    stride: Shape
    padding: Shape


class Report:
    """The analysis of a network for given values of its symbols.

    >>> import shapecalc
    >>> report = shapecalc.load("lenet5").report()
    >>> report["conv1"].output_shape, report.totals.params
    ((1, 6, 28, 28), 62006)
    """

    def __init__(
        self,
        name: str,
        symbols: Mapping[str, Quantity],
        built: Built,
        silence: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.symbols = dict(symbols)
        self.built = built
        self.silence = frozenset(silence)
        self.layers = [LayerReport(data["node"]) for _, data in built.graph.nodes(data=True)]

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The network's inputs by name."""
        return self.built.inputs

    @property
    def outputs(self) -> list[tuple[str, Tensor]]:
        """What the network returns: where it comes from, as in ``lstm1.h_n``, and the tensor."""
        return [(str(wire.source), wire.tensor) for wire in self.built.outputs]

    @cached_property
    def _by_path(self) -> dict[str, LayerReport]:
        return {layer.path: layer for layer in self.layers}

    def __getitem__(self, path: str) -> LayerReport:
        """The layer at a path; raises ``KeyError`` with the nearest there is."""
        try:
            return self._by_path[path]
        except KeyError:
            from shapecalc.language.problem import did_you_mean

            inside = next((each for each in self._by_path if each.startswith(f"{path}.")), "")
            hint = f"inside is {inside!r}" if inside else did_you_mean(path, self._by_path)
            raise KeyError(f"no layer at {path!r}" + (f"; {hint}" if hint else "")) from None

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def __iter__(self) -> Iterator[LayerReport]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    @cached_property
    def totals(self) -> Totals:
        """The sums over all layers."""
        return sums(self.layers)

    @cached_property
    def constraints(self) -> list[Constraint]:
        """What must hold of the symbols for the network to be one."""
        return combine(self.built.needs)

    @cached_property
    def receptive_fields(self) -> dict[str, ReceptiveField | None]:
        """Every layer's view of the input; None where no window describes it.

        That is so behind a layer in which every output sees the whole input, behind one that
        enlarges, and where branches see the input in different steps.
        """
        windows: dict[str, tuple[Window, ...] | None] = {
            name: (IDENTITY,) * len(tensor.spatial) if tensor.spatial else None
            for name, tensor in self.inputs.items()
        }
        for layer in self.layers:
            sources = [windows[source.path] for source in layer.node.sources]
            windows[layer.path] = _seen(layer.node, sources)
        return {layer.path: _field(windows[layer.path]) for layer in self.layers}

    @cached_property
    def warnings(self) -> list[lint.Warning]:
        """What is legal but probably unwanted, unless the spec silences it."""
        from shapecalc.lint import warnings

        return warnings(self)

    def __repr__(self) -> str:
        return f"<Report of {self.name!r}: {len(self)} layers, {self.totals.params} params>"

    def _repr_html_(self) -> str:
        """The table of the report, as notebooks show it."""
        from shapecalc.table import html, lay_out  # a reader, which imports this module

        return html(lay_out(self))

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, as ``show --format json`` prints it."""
        return {
            "name": self.name,
            "symbols": {name: plain(value) for name, value in self.symbols.items()},
            "inputs": [
                {"name": name, "shape": plain(tensor.shape), "dtype": tensor.dtype}
                for name, tensor in self.inputs.items()
            ],
            "layers": [self._layer(layer) for layer in self.layers],
            "outputs": [
                {"path": path, "shape": plain(tensor.shape)} for path, tensor in self.outputs
            ],
            "totals": {name: plain(value) for name, value in self.totals._asdict().items()},
            "constraints": [
                {"condition": each.condition, "layers": list(each.paths)}
                for each in self.constraints
            ],
            "warnings": [
                {"code": each.code, "path": each.path, "message": each.message}
                for each in self.warnings
            ],
        }

    def _layer(self, layer: LayerReport) -> dict[str, Any]:
        field = self.receptive_fields[layer.path]
        found = {
            "path": layer.path,
            "kind": layer.kind,
            "inputs": list(layer.inputs),
            "input_shapes": plain(layer.input_shapes),
            "output_shape": plain(layer.output_shape),
            "weights": {name: plain(shape) for name, shape in layer.weights.items()},
            "buffers_of": {name: plain(each.shape) for name, each in layer.buffers_of.items()},
        }
        if len(layer.output_shapes) > 1:
            found["output_shapes"] = plain(layer.output_shapes)
        for name in ("params", "buffers", "macs", "flops", "elementwise", "activations"):
            found[name] = plain(getattr(layer, name))
        found["receptive_field"] = None if field is None else plain(field._asdict())
        if layer.node.shared is not None:
            found["shares"] = layer.node.shared
        return found


def sums(layers: Iterable[LayerReport]) -> Totals:
    """The sums over some layers."""
    layers = list(layers)
    own = [layer for layer in layers if layer.node.shared is None]
    params = total([layer.params for layer in layers])
    macs = total([layer.macs for layer in layers])
    buffers = [
        BYTES[_buffer_dtype(layer, tensor)] * prod(tensor.shape)
        for layer in own
        for tensor in layer.buffers_of.values()
    ]
    return Totals(
        params=params,
        trainable=params,
        buffers=total([layer.buffers for layer in layers]),
        macs=macs,
        flops=2 * macs,
        elementwise=total([layer.elementwise for layer in layers]),
        activations=total([layer.activations for layer in layers]),
        weight_bytes=total([BYTES[_weight_dtype(layer)] * layer.params for layer in own]),
        buffer_bytes=total(buffers),
        activation_bytes=total(
            [BYTES[layer.node.output.dtype] * layer.activations for layer in layers]
        ),
    )


def _weight_dtype(layer: LayerReport) -> str:
    """Weights have the type of what the layer puts out, if that is no integer."""
    dtype = layer.node.output.dtype
    return dtype if "float" in dtype else "float32"


def _buffer_dtype(layer: LayerReport, tensor: Tensor) -> str:
    """Running statistics have the type of the weights; a counter keeps its own."""
    return _weight_dtype(layer) if "float" in tensor.dtype else tensor.dtype


def _seen(node: Node, sources: list[tuple[Window, ...] | None]) -> tuple[Window, ...] | None:
    own = node.layer.windows(*node.inputs)
    views = [source for source in sources if source is not None]
    if own is None or len(views) < len(sources):
        return None
    together = _union(views)
    return together and tuple([seen.then(window) for seen, window in zip(together, own)])


def _union(views: list[tuple[Window, ...]]) -> tuple[Window, ...] | None:
    """The view of a join: from the first cell that a branch sees to the last."""
    if all(view == views[0] for view in views):
        return views[0]
    if any([w.stride for w in view] != [w.stride for w in views[0]] for view in views):
        return None
    return tuple(_hull(axis) for axis in zip(*views))


def _hull(windows: tuple[Window, ...]) -> Window:
    from shapecalc.algebra.arithmetic import largest

    before = largest(*(w.before for w in windows))
    reach = largest(*(w.extent - w.before for w in windows))
    return Window(before + reach, windows[0].stride, before, largest(*(w.after for w in windows)))


def _field(windows: tuple[Window, ...] | None) -> ReceptiveField | None:
    if windows is None:
        return None
    return ReceptiveField(
        tuple([w.extent for w in windows]),
        tuple([w.stride for w in windows]),
        tuple([w.before for w in windows]),
    )


def plain(value: Any) -> Any:
    """Numbers as they are, formulas and fractions as text, tuples as lists."""
    if isinstance(value, int):
        return value
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return str(value)
