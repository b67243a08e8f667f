"""What other tools count of the same network, and where each difference comes from.

A convention is a rule for each kind that the tool knows, read from its source: the named parts of
what it counts there. Kinds without a rule count nothing, as in the tool. Figures are for a module
in evaluation, as the tools run it; ``docs/conventions.md`` tells where a tool is plainly wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, exactdiv, prod, total
from shapecalc.analysis.tools import TOOLS, Tool
from shapecalc.layers import KINDS, Layer, Tensor
from shapecalc.layers.convolution import Convolution, TransposedConvolution
from shapecalc.layers.normalisation import BatchNorm, InstanceNorm
from shapecalc.layers.pooling import AdaptivePool, AvgPool, MaxPool
from shapecalc.layers.resampling import Resampling

if TYPE_CHECKING:
    from shapecalc.analysis.report import LayerReport, Report

Parts = dict[str, Dim]
Rule = Callable[[Any, Any, Tensor], Parts]
"""From a layer, its first input and its output to what is counted, by part."""

MATMUL = "products"
BIAS = "bias"
NORM = "norms"
ACTIVATION = "activations"
POOL = "pooling"
SOFTMAX = "softmax"
RESAMPLING = "resampling"
PARTS = (MATMUL, BIAS, NORM, ACTIVATION, POOL, SOFTMAX, RESAMPLING)
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
                x = node.inputs[0] if node.inputs else None
                found = self.rules[base](node.layer, x, node.output)
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
    for layer in report:
        for part, count in convention.of(layer).items():
            found.setdefault(part, []).append(count)
    parts = {part: total(found[part]) for part in PARTS if part in found}
    products = [layer.macs for layer in report if MATMUL in convention.of(layer)]
    return Counted(convention, parts, total(products) if convention.tool.macs else None)


# -- rules ----------------------------------------------------------------------------------------


def _macs(layer: Any, x: Tensor, y: Tensor) -> Parts:
    return {MATMUL: layer.macs(x, y=y)}


def _macs_and_bias(layer: Any, x: Tensor, y: Tensor) -> Parts:
    return {MATMUL: layer.macs(x, y=y), BIAS: prod(y.shape) if layer.bias else 0}


def _flops(layer: Any, x: Tensor, y: Tensor) -> Parts:
    return {MATMUL: 2 * layer.macs(x, y=y)}


def _flops_and_bias(layer: Any, x: Tensor, y: Tensor) -> Parts:
    return {MATMUL: 2 * layer.macs(x, y=y), BIAS: prod(y.shape) if layer.bias else 0}


def _each(part: str, times: int = 1, *, of: str = "output") -> Rule:
    """So many for every element of the input or output."""

    def rule(layer: Any, x: Tensor, y: Tensor) -> Parts:
        return {part: times * prod((x if of == "input" else y).shape)}

    return rule


def _norm(plain: int, affine: int) -> Rule:
    """So many for every element, and others where a scale and a shift are learned."""

    def rule(layer: Any, x: Tensor, y: Tensor) -> Parts:
        return {NORM: (affine if layer.weights() else plain) * prod(x.shape)}

    return rule


def _adaptive_by_thop(layer: Any, x: Tensor, y: Tensor) -> Parts:
    # (kernel + 1) for every output, where the kernel is the quotient of the sizes
    return {POOL: prod(x.shape) + prod(y.shape)}


def _softmax_by_thop(layer: Any, x: Tensor, y: Tensor) -> Parts:
    features = x.shape[layer.dim]
    return {SOFTMAX: exactdiv(prod(x.shape), features) * (3 * features - 1)}


def _transposed_by_thop(layer: Any, x: Tensor, y: Tensor) -> Parts:
    # the rule of convolutions, on a weight whose first two sizes are exchanged
    return {MATMUL: prod(y.shape) * exactdiv(x.channels, layer.groups) * prod(layer.kernel_size)}


def _transposed_by_calflops(layer: Any, x: Tensor, y: Tensor) -> Parts:
    # its bias counts the positions that a convolution, not transposed, would have
    settings = zip(x.spatial, layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    places = [(n + 2 * p - (d * (k - 1) + 1)) // s + 1 for n, k, s, p, d in settings]
    channels = exactdiv(y.channels, layer.groups)
    bias = x.batch * channels * prod(places) if layer.bias else 0
    return {MATMUL: 2 * layer.macs(x, y=y), BIAS: bias}


_THOP_UPSAMPLING = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}


def _upsample_by_thop(layer: Any, x: Tensor, y: Tensor) -> Parts:
    return {RESAMPLING: _THOP_UPSAMPLING.get(layer.mode, 0) * prod(y.shape)}


def _upsample_by_fvcore(layer: Any, x: Tensor, y: Tensor) -> Parts:
    per_output = {"nearest": 1, "bilinear": 4}
    return {RESAMPLING: per_output.get(_mode(layer), 0) * prod(y.shape) if y.spatial[1:] else 0}


def _mode(layer: Any) -> str:
    return str(getattr(layer, "mode", "nearest"))


def _parameters_by_torchinfo(layer: Layer, x: Tensor, y: Tensor) -> Parts:
    """Parameters times the batch; in convolutions times the positions of the output as well."""
    slides = isinstance(layer, (Convolution, TransposedConvolution))
    times = y.shape[0] * (prod(y.spatial) if slides else 1)
    part = NORM if isinstance(layer, _NORMS) else MATMUL
    found: dict[str, list[Dim]] = {}
    for name, shape in layer.weights().items():
        own = BIAS if name == "bias" and part != NORM else part
        found.setdefault(own, []).append(times * prod(shape))
    return {own: total(counts) for own, counts in found.items()}


def _rnn_by_torchinfo(layer: Layer, x: Tensor, y: Tensor) -> Parts:
    return {MATMUL: prod(y.shape[:2]) * total([prod(shape) for shape in layer.weights().values()])}


def _projections_only(layer: Any, x: Tensor, y: Tensor) -> Parts:
    # the products inside are torch's fused attention, which the tool does not know
    return {MATMUL: layer.macs(x, y=y) - 2 * prod(x.shape) * x.shape[1 if layer.batch_first else 0]}


def _kinds(*names: str) -> tuple[type[Layer], ...]:
    return tuple(KINDS[name] for name in names)


def _all(kinds: Iterable[type[Layer]], rule: Rule) -> dict[type[Layer], Rule]:
    return dict.fromkeys(kinds, rule)


_CONVOLUTIONS: tuple[type[Layer], ...] = (Convolution, TransposedConvolution)
_POOLS: tuple[type[Layer], ...] = (AvgPool, MaxPool, AdaptivePool)
_LAYER_NORMS = _kinds("GroupNorm", "LayerNorm")
_NORMS: tuple[type[Layer], ...] = (BatchNorm, InstanceNorm, *_LAYER_NORMS)
_LINEAR = _kinds("Linear")
_PRODUCTS = _kinds("MatMul", "Einsum")
_AVERAGES = _kinds("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d")


def _known_to_torch(scale: int) -> Rule:
    def rule(layer: Any, x: Tensor, y: Tensor) -> Parts:
        return {MATMUL: scale * layer.macs(x, y=y) if layer.counted_by_torch else 0}

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
                **_all((*_CONVOLUTIONS, *_LINEAR, *_PRODUCTS), _macs),
                **_all(_kinds("MultiheadAttention"), _projections_only),
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
                **_all(_NORMS, _norm(1, 2)),
                **_all(_kinds("LayerNorm"), _norm(1, 1)),
                **_all(_kinds("ReLU", "PReLU", "ELU", "GELU"), _each(ACTIVATION, 2)),
                **_all(_kinds("LeakyReLU", "SiLU", "ReLU6"), _each(ACTIVATION)),
                **_all(_POOLS, _each(POOL, 2, of="input")),
                **_all(_kinds("Softmax"), _each(SOFTMAX)),
                **_all(_kinds("Upsample"), _each(RESAMPLING, 2)),
            },
        ),
        Convention(
            TOOLS["ptflops-aten"],
            {**_all((*_CONVOLUTIONS, *_LINEAR), _macs_and_bias), **_all(_PRODUCTS, _macs)},
        ),
        Convention(
            TOOLS["thop"],
            {
                **_all((Convolution, *_LINEAR), _macs),
                TransposedConvolution: _transposed_by_thop,
                **_all((BatchNorm, InstanceNorm, *_kinds("LayerNorm")), _norm(2, 4)),
                AvgPool: _each(POOL),
                **_all(_AVERAGES, _adaptive_by_thop),
                **_all(_kinds("PReLU"), _each(ACTIVATION, of="input")),
                **_all(_kinds("Softmax"), _softmax_by_thop),
                **_all(_kinds("Upsample"), _upsample_by_thop),
            },
        ),
        Convention(
            TOOLS["torchinfo"],
            {
                Layer: _parameters_by_torchinfo,
                **_all(_kinds("RNN", "LSTM", "GRU"), _rnn_by_torchinfo),
                **_all(_kinds("MultiheadAttention", "Parameter"), lambda layer, x, y: {}),
            },
        ),
        Convention(
            TOOLS["calflops"],
            {
                Convolution: _flops_and_bias,
                TransposedConvolution: _transposed_by_calflops,
                **_all((*_LINEAR, *_PRODUCTS), _flops),
                BatchNorm: _norm(1, 2),
                **_all((InstanceNorm, *_LAYER_NORMS), _norm(4, 5)),
                **_all(
                    _kinds("ReLU", "PReLU", "ELU", "LeakyReLU", "SiLU", "GELU"),
                    _each(ACTIVATION),
                ),
                **_all(_POOLS, _each(POOL, of="input")),
                **_all(_kinds("Softmax"), _each(SOFTMAX)),
            },
        ),
    )
}
"""The conventions by name."""
