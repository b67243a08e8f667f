"""What other tools count of the same network, and where each difference comes from.

A convention is a rule for each kind that the tool knows, read from its source: the named parts of
what it counts there. Kinds without a rule count nothing, as in the tool. Figures are for a module
in evaluation, as the tools run it; ``docs/conventions.md`` tells where a tool is plainly wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, exactdiv, prod, total
from shapecalc.analysis.measures import alike
from shapecalc.analysis.tools import TOOLS, Tool
from shapecalc.layers import KINDS, Layer, Tensor
from shapecalc.layers.convolution import Convolution, TransposedConvolution
from shapecalc.layers.normalisation import BatchNorm, InstanceNorm
from shapecalc.layers.pooling import AdaptivePool, AvgPool, MaxPool
from shapecalc.layers.resampling.interpolation import Resampling

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report

Parts = dict[str, Dim]
Rule = Callable[[Any, Sequence[Tensor], Tensor], Parts]
"""From a layer, its inputs and its output to what is counted, by part."""

MATMUL = "products"
ATTENTION = "attention"
BIAS = "bias"
NORM = "norms"
ACTIVATION = "activations"
POOL = "pooling"
SOFTMAX = "softmax"
GATES = "gates"
RESAMPLING = "resampling"
PARTS = (MATMUL, ATTENTION, BIAS, NORM, ACTIVATION, POOL, SOFTMAX, GATES, RESAMPLING)
"""The parts in the order in which they are told."""


class Convention(NamedTuple):
    """How a tool counts: a rule for each kind that it knows."""

    tool: Tool
    rules: Mapping[type[Layer], Rule]

    def of(self, layer: LayerReport) -> Parts:
        """What the tool counts of a layer, by part; empty for what it does not know."""
        node = layer.node
        for base in type(node.layer).__mro__:
            if base in self.rules:
                found = self.rules[base](node.layer, node.inputs, node.output)
                return {part: count for part, count in found.items() if count != 0}
        return {}


class Counted(NamedTuple):
    """A network by a convention: what is counted in each part."""

    convention: Convention
    parts: Parts
    macs: Dim | None

    @property
    def total(self) -> Dim:
        """The figure that the tool tells."""
        return total(list(self.parts.values()))


def counted(report: Report, name: str) -> Counted:
    """A report's network as a tool counts it; raises ``KeyError`` for a tool that is not known.

    >>> import shapecalc
    >>> report = shapecalc.load("resnet50").report()
    >>> counted(report, "fvcore").total, counted(report, "thop").total
    (4111512576, 4133742592)
    """
    convention = CONVENTIONS[name]
    found: dict[str, list[Dim]] = {}
    products: list[Dim] = []  # of layers whose products the tool tells
    for layer, number in alike(report):
        parts = {part: number * count for part, count in convention.of(layer).items()}
        for part, count in parts.items():
            found.setdefault(part, []).append(count)
        if not isinstance(layer.node.layer, _WITHOUT_MACS):
            products.append(parts.get(MATMUL, 0))
    macs = exactdiv(total(products), 2) if convention.tool.macs else None
    return Counted(convention, {part: total(found[part]) for part in PARTS if part in found}, macs)


# -- rules ----------------------------------------------------------------------------------------


def _macs(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {MATMUL: layer.macs(*x, y=y)}


def _macs_and_bias(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {MATMUL: layer.macs(*x, y=y), BIAS: prod(y.shape) if layer.bias else 0}


def _flops(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {MATMUL: 2 * layer.macs(*x, y=y)}


def _flops_and_bias(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {MATMUL: 2 * layer.macs(*x, y=y), BIAS: prod(y.shape) if layer.bias else 0}


def _nothing(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {}


def _each(part: str, times: int = 1, *, of: str = "output") -> Rule:
    """So many for every element of the input or output."""

    def rule(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
        return {part: times * prod((x[0] if of == "input" else y).shape)}

    return rule


def _norm(plain: int, affine: int) -> Rule:
    """So many for every element, and others where a scale and a shift are learned."""

    def rule(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
        return {NORM: (affine if layer.weights() else plain) * prod(y.shape)}

    return rule


# -- attention ------------------------------------------------------------------------------------


def _between_places(layer: Any, x: Sequence[Tensor], y: Tensor) -> Dim:
    """The products of attention: of queries with keys, and of the scores with values."""
    whole: Dim = layer.macs(*x, y=y)
    return whole - _projections(layer, x) if isinstance(layer, _MULTIHEAD) else whole


def _projections(layer: Any, x: Sequence[Tensor]) -> Dim:
    """The products of the four linear layers in multi-head attention."""
    query, key, value = (prod(each.shape) for each in _roles(x))
    projections: Dim = (2 * query + key + value) * layer.embed_dim
    return projections


def _roles(x: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    return x[0], x[min(1, len(x) - 1)], x[-1]


def _projected(scale: int, *, bias: bool = False) -> Rule:
    """The linear layers alone: what is between them is a function that the tool does not know."""

    def rule(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
        query, key, value = (prod(each.shape[:2]) * layer.embed_dim for each in _roles(x))
        biases = 2 * query + key + value if bias and layer.bias else 0
        return {MATMUL: scale * _projections(layer, x), BIAS: biases}

    return rule


def _attention_by_ptflops(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # the last projection's bias counts although there is none, keys and values of other sizes as
    # if they were projected to their own, and places that bias_kv or zero_attn add do not
    length = 1 if layer.batch_first else 0
    query, key, value = _roles(x)
    batch, dim = query.shape[1 - length], query.shape[2]
    places, others = query.shape[length], key.shape[length]
    scores = places * others * layer.num_heads
    heads = (dim // layer.num_heads, value.shape[2] // layer.num_heads)
    products = places * dim**2 + others * (key.shape[2] ** 2 + value.shape[2] ** 2)
    biases = (places + 2 * others) * dim if layer.bias else 0
    return {
        MATMUL: batch * (products + places * value.shape[2] ** 2),
        ATTENTION: batch * (scores * total(list(heads)) + places * dim),
        SOFTMAX: batch * scores,
        BIAS: batch * (biases + places * value.shape[2]),
    }


# -- recurrent layers -----------------------------------------------------------------------------


def _steps(layer: Any, x: Sequence[Tensor]) -> Dim:
    """How many times each matrix is used."""
    return x[0].batch if isinstance(layer, _CELLS) else prod(x[0].shape[:2])


def _state_bias(layer: Any, x: Sequence[Tensor], y: Tensor) -> Dim:
    vectors = [prod(shape) for shape in layer.weights().values() if len(shape) == 1]
    return _steps(layer, x) * total(vectors)


def _recurrent(operations: Mapping[str, int], scale: int = 1) -> Rule:
    """Products, biases, and so many operations on each value of a state.

    With ``scale`` 2 a product counts its additions too, of which each row has one less.
    """

    def rule(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
        kind = layer.kind.removesuffix("Cell")
        depth = 1 if isinstance(layer, _CELLS) else layer.depth()
        steps = _steps(layer, x) * depth * layer.hidden_size
        first = 2 * layer.gates * steps if scale == 2 else 0
        return {
            MATMUL: scale * layer.macs(*x, y=y) - first,
            BIAS: _state_bias(layer, x, y),
            GATES: operations[kind] * steps,
        }

    return rule


def _macs_and_state_bias(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {MATMUL: layer.macs(*x, y=y), BIAS: _state_bias(layer, x, y)}


# -- what single tools do of their own ------------------------------------------------------------


def _adaptive_by_thop(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # (kernel + 1) for every output, where the kernel is the quotient of the sizes
    return {POOL: prod(x[0].shape) + prod(y.shape)}


def _softmax_by_thop(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    if layer.dim is None:
        return {}  # where the tool fails
    features = x[0].shape[layer.dim]
    return {SOFTMAX: exactdiv(prod(x[0].shape), features) * (3 * features - 1)}


def _transposed_by_thop(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # the rule of convolutions, on a weight whose first two sizes are exchanged
    channels = exactdiv(x[0].channels, layer.groups)
    return {MATMUL: prod(y.shape) * channels * prod(layer.kernel_size)}


def _transposed_by_calflops(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # its bias counts the positions that a convolution, not transposed, would have
    settings = zip(x[0].spatial, layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    places = [(n + 2 * p - (d * (k - 1) + 1)) // s + 1 for n, k, s, p, d in settings]
    channels = exactdiv(y.channels, layer.groups)
    bias = x[0].batch * channels * prod(places) if layer.bias else 0
    return {MATMUL: 2 * layer.macs(*x, y=y), BIAS: bias}


def _power_pool(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # an average pool, then a ReLU and a product
    return {POOL: prod(x[0].shape) + 2 * prod(y.shape)}


def _response_norm(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # an average pool over padded channels, with a square before it and two operations behind
    padded = x[0].batch * (x[0].channels + layer.size - 1) * prod(x[0].spatial)
    return {NORM: 3 * prod(x[0].shape) + padded}


_THOP_UPSAMPLING = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259, "trilinear": 31}


def _upsample_by_thop(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    return {RESAMPLING: _THOP_UPSAMPLING.get(layer.mode, 0) * prod(y.shape)}


def _upsample_by_fvcore(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    per_output = {"nearest": 1, "bilinear": 4}
    return {RESAMPLING: per_output.get(layer.mode, 0) * prod(y.shape) if y.spatial[1:] else 0}


def _upsample_by_calflops(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
    # a size counts without batch and channels, and a factor as if it were 1
    if len(x) == 1 and layer.size is None:
        return {RESAMPLING: prod(x[0].shape)}
    is_one = len(x) == 1 and not isinstance(layer.size, (tuple, list))
    return {RESAMPLING: layer.size if is_one else prod(y.spatial)}


def _parameters_by_torchinfo(layer: Layer, x: Sequence[Tensor], y: Tensor) -> Parts:
    """Parameters times the batch; in convolutions times the positions of the output as well."""
    slides = isinstance(layer, _CONVOLUTIONS)
    times = y.shape[0] * (prod(y.spatial) if slides else 1)
    part = NORM if isinstance(layer, _NORMS) else MATMUL
    found: dict[str, list[Dim]] = {}
    for name, shape in layer.weights().items():
        own = BIAS if name == "bias" and part != NORM else part
        found.setdefault(own, []).append(times * prod(shape))
    return {own: total(counts) for own, counts in found.items()}


def _rnn_by_torchinfo(layer: Layer, x: Sequence[Tensor], y: Tensor) -> Parts:
    # a cell's output has no places: its features are taken for them
    weights = [prod(shape) for shape in layer.weights().values()]
    return {MATMUL: prod(y.shape[:2]) * total(weights)}


def _kinds(*names: str) -> tuple[type[Layer], ...]:
    return tuple(KINDS[name] for name in names)


def _all(kinds: Iterable[type[Layer]], rule: Rule) -> dict[type[Layer], Rule]:
    return dict.fromkeys(kinds, rule)


_MULTIHEAD = _kinds("MultiheadAttention")
_ATTENTION = _kinds("MultiheadAttention", "ScaledDotProductAttention")
_CELLS = _kinds("RNNCell", "LSTMCell", "GRUCell")
_RECURRENT = (*_kinds("RNN", "LSTM", "GRU"), *_CELLS)
_FIXED_UPSAMPLING = _kinds("UpsamplingNearest2d", "UpsamplingBilinear2d", "Interpolate")
_POWER_POOLS = _kinds("LPPool1d", "LPPool2d", "LPPool3d")
_CONVOLUTIONS: tuple[type[Layer], ...] = (Convolution, TransposedConvolution)
_POOLS: tuple[type[Layer], ...] = (AvgPool, MaxPool, AdaptivePool)
_LAYER_NORMS = _kinds("GroupNorm", "LayerNorm")
_NORMS: tuple[type[Layer], ...] = (BatchNorm, InstanceNorm, *_LAYER_NORMS)
_LINEAR = _kinds("Linear")
_PRODUCTS = _kinds("MatMul", "Einsum")
_WITHOUT_MACS = (*_kinds("Einsum"), *_RECURRENT)
"""Kinds of which calflops tells FLOPs only."""
_AVERAGES = _kinds("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d")


def _known_to_torch(scale: int) -> Rule:
    def rule(layer: Any, x: Sequence[Tensor], y: Tensor) -> Parts:
        if not layer.counted_by_torch:
            return {}
        between = _between_places(layer, x, y) if isinstance(layer, _ATTENTION) else 0
        products = layer.macs(*x, y=y) - between
        return {MATMUL: scale * products, ATTENTION: scale * between}

    return rule


CONVENTIONS: dict[str, Convention] = {
    each.tool.name: each
    for each in (
        Convention(
            TOOLS["torch"],
            {Layer: _known_to_torch(2)},
        ),
        Convention(
            TOOLS["torchvision"],
            {Layer: _known_to_torch(1)},
        ),
        Convention(
            TOOLS["fvcore"],
            {
                **_all((*_CONVOLUTIONS, *_LINEAR, *_PRODUCTS, *_CELLS), _macs),
                **_all(_MULTIHEAD, _projected(1)),
                BatchNorm: _norm(1, 2),
                **_all((InstanceNorm, *_LAYER_NORMS), _norm(4, 5)),
                **_all(_kinds("AdaptiveAvgPool2d"), _each(POOL, of="input")),
                Resampling: _upsample_by_fvcore,
            },
        ),
        Convention(
            TOOLS["ptflops"],
            {
                **_all((*_CONVOLUTIONS, *_LINEAR), _macs_and_bias),
                **_all(_MULTIHEAD, _attention_by_ptflops),
                **_all(_RECURRENT, _recurrent({"RNN": 1, "GRU": 7, "LSTM": 10})),
                **_all(_NORMS, _norm(1, 2)),
                **_all(_kinds("LayerNorm"), _norm(1, 1)),
                **_all(_kinds("LocalResponseNorm"), _response_norm),
                **_all(_kinds("ReLU", "PReLU", "ELU", "GELU"), _each(ACTIVATION, 2)),
                **_all(_kinds("LeakyReLU", "SiLU", "ReLU6"), _each(ACTIVATION)),
                **_all(_POOLS, _each(POOL, 2, of="input")),
                **_all(_POWER_POOLS, _power_pool),
                **_all(_kinds("Softmax", "Softmax2d"), _each(SOFTMAX)),
                **_all(_kinds("Upsample"), _each(RESAMPLING, 2)),
                **_all(_FIXED_UPSAMPLING, _each(RESAMPLING)),
            },
        ),
        Convention(
            TOOLS["ptflops-aten"],
            {
                **_all((*_CONVOLUTIONS, *_LINEAR), _macs_and_bias),
                **_all(_PRODUCTS, _macs),
                **_all(_MULTIHEAD, _projected(1, bias=True)),
                **_all((*_kinds("RNN", "GRU"), *_CELLS), _macs_and_state_bias),
            },
        ),
        Convention(
            TOOLS["thop"],
            {
                **_all((Convolution, *_LINEAR), _macs),
                TransposedConvolution: _transposed_by_thop,
                **_all(_RECURRENT, _recurrent({"RNN": 1, "GRU": 7, "LSTM": 8})),
                **_all((BatchNorm, InstanceNorm, *_kinds("LayerNorm")), _norm(2, 4)),
                AvgPool: _each(POOL),
                **_all(_AVERAGES, _adaptive_by_thop),
                **_all(_kinds("PReLU"), _each(ACTIVATION, of="input")),
                **_all(_kinds("Softmax"), _softmax_by_thop),
                Resampling: _upsample_by_thop,
                **_all(_kinds("Interpolate"), _nothing),
            },
        ),
        Convention(
            TOOLS["torchinfo"],
            {
                Layer: _parameters_by_torchinfo,
                **_all(_RECURRENT, _rnn_by_torchinfo),
                **_all((*_MULTIHEAD, *_kinds("Parameter")), _nothing),
            },
        ),
        Convention(
            TOOLS["calflops"],
            {
                Convolution: _flops_and_bias,
                TransposedConvolution: _transposed_by_calflops,
                **_all((*_LINEAR, *_kinds("Einsum")), _flops),
                **_all(_MULTIHEAD, _projected(2)),
                **_all(_RECURRENT, _recurrent({"RNN": 1, "GRU": 7, "LSTM": 10}, scale=2)),
                BatchNorm: _norm(1, 2),
                **_all((InstanceNorm, *_LAYER_NORMS), _norm(4, 5)),
                **_all(_kinds("LocalResponseNorm"), _response_norm),
                **_all(
                    _kinds("ReLU", "PReLU", "ELU", "LeakyReLU", "SiLU", "GELU"),
                    _each(ACTIVATION),
                ),
                **_all(_POOLS, _each(POOL, of="input")),
                **_all(_POWER_POOLS, _power_pool),
                **_all(_kinds("Softmax", "Softmax2d"), _each(SOFTMAX)),
                Resampling: _upsample_by_calflops,
            },
        ),
    )
}
"""The conventions by name."""
