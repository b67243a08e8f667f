"""Warnings about cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, is_symbolic, prod, smallest, total
from shapecalc.algebra.requirement import Least
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.convolution import Convolution
from shapecalc.lint.base import Finding, check, surely_at_least

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report

NARROWEST = 16
"""The narrowest reduction that GoogLeNet and SqueezeNet make; less is not proposed."""


class Reduction(NamedTuple):
    """A convolution behind a 1x1 convolution to fewer channels, and what both cost together."""

    channels: Dim
    macs: Dim
    params: Dim


@check("costly-convolution")
def costly_convolution(report: Report) -> Iterator[Finding]:
    """A convolution costs over half the network, and would shrink behind a 1x1 reduction."""
    convolutions = list(report.of(lambda kind: issubclass(kind, Convolution)))
    if not convolutions:
        return
    all_macs = report.totals.macs
    # a network of one convolution is a lesson or an experiment: there the gain should be plain
    least = report.least
    worth = 2 if len(convolutions) > 1 else 4
    for layer in _costliest(report, convolutions):
        if not surely_at_least(2 * layer.macs, all_macs + 1, least):
            continue
        reduction = _reduced(layer, least)
        if reduction is not None and surely_at_least(layer.macs, worth * reduction.macs, least):
            yield Finding(layer.path, _told(layer, all_macs, reduction))


LARGE = 10**6
"""A side of an input that no layer makes too small."""


def _costliest(report: Report, layers: list[LayerReport]) -> list[LayerReport]:
    """Those that cost over half where inputs are large, all other symbols alike: one at most.

    That is a few additions for each, while what holds for all values takes a proof.
    """
    sides = [size for tensor in report.inputs.values() for size in tensor.shape]
    large = {name for size in sides if is_symbolic(size) for name in size.symbols}
    known: dict[Any, Any] = {}

    def somewhere(count: Dim) -> Any:
        if not is_symbolic(count):
            return count
        from shapecalc.algebra.formula import evaluate

        settings = {name: LARGE if name in large else 97 for name in count.symbols}
        return evaluate(count, settings, known)

    try:
        all_macs = somewhere(report.totals.macs)
        return [layer for layer in layers if 2 * somewhere(layer.macs) > all_macs]
    except ZeroDivisionError:
        return layers


def _reduced(layer: LayerReport, least: Least) -> Reduction | None:
    """The same convolution with a reduction before it, if that makes sense.

    The width is that of the literature: a quarter of the channels that come in, as in a bottleneck
    of ResNet, and no more than half of those that go out, as before GoogLeNet's 5x5 convolutions.
    """
    conv: Any = layer.node.layer
    if conv.groups != 1 or not surely_at_least(prod(conv.kernel_size), 2, least):
        return None
    channels = smallest(conv.in_channels // 4, conv.out_channels // 2)
    if not surely_at_least(channels, NARROWEST, least):
        return None
    (x,) = layer.node.inputs
    before = KINDS[f"Conv{conv.rank}d"](out_channels=channels, kernel_size=1).bound(x)
    between = before.output(x)
    settings = {name: value for name, value in vars(conv).items() if name != "in_channels"}
    after = type(conv)(**settings).bound(between)
    macs = before.macs(x, between) + after.macs(between, layer.node.output)
    return Reduction(channels, macs, _params(before) + _params(after))


def _params(layer: Layer) -> Dim:
    return total([prod(shape) for shape in layer.weights().values()])


def _told(layer: LayerReport, all_macs: Dim, reduction: Reduction) -> str:
    share, times_less = "", ""
    if isinstance(layer.macs, int) and isinstance(all_macs, int):
        share = f", {100 * layer.macs // all_macs} % of the network"
    if isinstance(layer.macs, int) and isinstance(reduction.macs, int):
        tenths = 10 * layer.macs // reduction.macs
        times_less = f", {tenths // 10}.{tenths % 10} times fewer,"
    return (
        f"{_count(layer.macs)} MACs{share}; behind a 1x1 convolution to "
        f"{_count(reduction.channels)} channels {_count(reduction.macs)}{times_less} and "
        f"{_count(reduction.params)} params instead of {_count(layer.params)}"
    )


def _count(count: Dim) -> str:
    return f"{count:,}" if isinstance(count, int) else str(count)
