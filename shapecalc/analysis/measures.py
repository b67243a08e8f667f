"""What is counted of every layer: each measure declared once, and read by whatever tells it.

Multiply-accumulates count convolutions, linear layers and matrix products without their bias, as
torchvision publishes them; ``flops`` is twice that, as torch's ``FlopCounterMode`` counts.
Everything done to single elements is apart, in ``elementwise``. A tensor that two layers share
counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.arithmetic import Dim, prod, total
from shapecalc.layers import Tensor
from shapecalc.layers.tensor import BYTES

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport


class Bytes(NamedTuple):
    """The same in bytes: what that total is called, and how it is read off a layer."""

    name: str
    label: str
    of: Callable[[LayerReport], Dim]


class Measure(NamedTuple):
    """A count that every layer has, and the network in total.

    ``name`` is what reports and options call it, ``label`` what it is called in a sentence,
    ``heading`` what stands over a column. ``of`` reads it off a layer, ``bytes`` tells it in
    bytes. ``twice`` is the measure that it is two times of, in sums as well. ``per_sample`` says
    that it grows with the batch; ``is_rounded`` that a total is told in three digits beside the
    exact number.
    """

    name: str
    label: str
    heading: str
    doc: str
    of: Callable[[LayerReport], Dim]
    bytes: Bytes | None = None
    per_sample: bool = False
    is_rounded: bool = False
    twice: str | None = None


def _params(layer: LayerReport) -> Dim:
    return total([prod(shape) for name, shape in layer.weights.items() if layer.owns(name)])


def _buffers(layer: LayerReport) -> Dim:
    return total([prod(each.shape) for name, each in layer.buffers_of.items() if layer.owns(name)])


def _macs(layer: LayerReport) -> Dim:
    return layer.node.layer.macs(*layer.node.inputs, y=layer.node.output)


def _elementwise(layer: LayerReport) -> Dim:
    return layer.node.layer.elementwise(*layer.node.inputs, y=layer.node.output)


def _activations(layer: LayerReport) -> Dim:
    if not layer.node.layer.writes:
        return 0
    return total([prod(shape) for shape in layer.output_shapes.values()])


DEFAULT = "float32"
"""The element type of floats where nothing else is said."""


def width(dtype: str, default: str = DEFAULT) -> int:
    """The bytes of an element, where ``default`` stands for the default type.

    >>> width("float32"), width("float32", "float16"), width("int64", "float16")
    (4, 2, 8)
    """
    return BYTES[default if dtype == DEFAULT else dtype]


def _weight_bytes(layer: LayerReport) -> Dim:
    return width(_weight_dtype(layer), layer.dtype) * layer.params


def _buffer_bytes(layer: LayerReport) -> Dim:
    own = [each for name, each in layer.buffers_of.items() if layer.owns(name)]
    return total(
        [width(_buffer_dtype(layer, each), layer.dtype) * prod(each.shape) for each in own]
    )


def _activation_bytes(layer: LayerReport) -> Dim:
    if not layer.node.layer.writes:
        return 0
    outputs = layer.node.made.values()
    return total([width(tensor.dtype, layer.dtype) * prod(tensor.shape) for tensor in outputs])


def _weight_dtype(layer: LayerReport) -> str:
    """Weights have the type of what the layer puts out, if that is no integer."""
    dtype = layer.node.output.dtype
    return dtype if "float" in dtype else DEFAULT


def _buffer_dtype(layer: LayerReport, tensor: Tensor) -> str:
    """Running statistics have the type of the weights; a counter keeps its own."""
    return _weight_dtype(layer) if "float" in tensor.dtype else tensor.dtype


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "params",
            "params",
            "Params",
            "elements of learnable tensors",
            _params,
            Bytes("weight_bytes", "bytes of weights", _weight_bytes),
        ),
        Measure(
            "buffers",
            "buffers",
            "Buffers",
            "elements of state that is kept but not learned",
            _buffers,
            Bytes("buffer_bytes", "bytes of buffers", _buffer_bytes),
        ),
        Measure(
            "macs",
            "MACs",
            "MACs",
            "multiply-accumulates of all matrix products",
            _macs,
            per_sample=True,
            is_rounded=True,
        ),
        Measure(
            "flops",
            "FLOPs",
            "FLOPs",
            "twice the multiply-accumulates",
            lambda layer: 2 * layer.macs,
            per_sample=True,
            is_rounded=True,
            twice="macs",
        ),
        Measure(
            "elementwise",
            "elementwise",
            "Elementwise",
            "operations on single elements",
            _elementwise,
            per_sample=True,
        ),
        Measure(
            "activations",
            "activations",
            "Activations",
            "elements that it writes",
            _activations,
            Bytes("activation_bytes", "bytes of activations", _activation_bytes),
            per_sample=True,
        ),
    )
}
"""Every measure by its name, in the order in which they are told."""


def labels() -> dict[str, str]:
    """What the totals are called in words, those in bytes at the end.

    >>> labels()["macs"], labels()["weight_bytes"]
    ('MACs', 'bytes of weights')
    """
    counts = {name: measure.label for name, measure in MEASURES.items()}
    in_bytes = [measure.bytes for measure in MEASURES.values() if measure.bytes]
    return counts | {each.name: each.label for each in in_bytes}


class Totals:
    """The sums of every measure over some layers, as attributes: ``totals.params``.

    What is told in bytes is among them; ``trainable`` are the params that are learned, which is
    all of them.

    >>> import shapecalc
    >>> totals = shapecalc.load("lenet5").report().totals
    >>> totals.params, totals.active_params, totals.macs, totals.flops == 2 * totals.macs
    (62006, 62006, 651720, True)
    >>> list(totals.by_name)[:4]
    ['params', 'trainable', 'buffers', 'macs']
    """

    __slots__ = ("_alike", "_found", "_more")

    def __init__(
        self, layers: Iterable[LayerReport], more: Mapping[str, Dim] | None = None
    ) -> None:
        self._alike = alike(layers)
        self._found: dict[str, Dim] = {}  # each is summed when it is asked for
        self._more = more or {}

    @property
    def by_name(self) -> dict[str, Dim]:
        """All sums by their names, in their order."""
        return {name: getattr(self, name) for name in (*_SUMMED, *self._more)}

    @property
    def active_params(self) -> Dim:
        """The params that a token uses: all, but for experts that it does not choose."""
        return self._more.get("active_params", self.params)

    def __getattr__(self, name: str) -> Dim:
        if name not in _SUMMED:
            raise AttributeError(f"there is no measure {name!r}")
        if name not in self._found:
            self._found[name] = self._sum(name)
        return self._found[name]

    def _sum(self, name: str) -> Dim:
        if name == "trainable":
            return self.params
        twice = MEASURES[name].twice if name in MEASURES else None
        if twice is not None:
            once: Dim = getattr(self, twice)
            return 2 * once
        return _over_all(_SUMMED[name], self._alike)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Totals) and self.by_name == other.by_name

    def __hash__(self) -> int:
        return hash(tuple(self.by_name.items()))

    def __repr__(self) -> str:
        return f"Totals({', '.join(f'{name}={value}' for name, value in self.by_name.items())})"


Alike = Collection[tuple["LayerReport", int]]
"""Layers of which those that share their counts are one, and how many it stands for."""


def alike(layers: Iterable[LayerReport]) -> Alike:
    """The different layers among some, and how many of each there are.

    >>> import shapecalc
    >>> spec = {"input": [8], "layers": [{"Linear": 8, "repeat": 5}, "ReLU"]}
    >>> [(layer.kind, number) for layer, number in alike(shapecalc.load(spec).report())]
    [('Linear', 5), ('ReLU', 1)]
    """
    found: dict[int, tuple[LayerReport, int]] = {}
    for layer in layers:
        first, number = found.get(id(layer.counts), (layer, 0))
        found[id(layer.counts)] = first, number + 1
    return found.values()


def _over_all(of: Callable[[LayerReport], Dim], layers: Alike) -> Dim:
    return total([of(one) if n == 1 else n * of(one) for one, n in layers])


def _counted(name: str) -> Callable[[LayerReport], Dim]:
    return lambda layer: layer.counts[name]


_SUMMED: dict[str, Callable[[LayerReport], Dim]] = {
    "params": _counted("params"),
    "trainable": _counted("params"),
    **{name: _counted(name) for name in MEASURES},
    **{each.bytes.name: each.bytes.of for each in MEASURES.values() if each.bytes},
}
"""What is summed, by its name among the totals, in their order."""
