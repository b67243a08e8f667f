"""A bound on time: no layer is faster than its work on a device, nor than moving its tensors.

Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
architectures" (2009). Every tensor is read or written once, which caches can undercut between
layers, and fused kernels do.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, prod, total
from shapecalc.analysis.measures import MEASURES, width

if TYPE_CHECKING:
    from shapecalc.analysis.report import LayerReport


class Device(NamedTuple):
    """What a device does in a second at most: operations, and bytes from and to its memory."""

    flops: Fraction
    bandwidth: Fraction


def moved(layer: LayerReport) -> Dim:
    """The bytes that a layer reads and writes: inputs, outputs, weights; of a view, none."""
    if not layer.node.layer.writes:
        return 0
    tensors = [*layer.node.inputs, *layer.node.made.values()]
    sizes = [width(tensor.dtype, layer.dtype) * prod(tensor.shape) for tensor in tensors]
    weights = MEASURES["params"].bytes
    return total([*sizes, weights.of(layer) if weights else 0])


def work(layer: LayerReport) -> Any:
    """All operations of a layer, those on single elements too."""
    return layer.flops + layer.elementwise


def seconds(layer: LayerReport, device: Device) -> Fraction | None:
    """The least time that a layer takes; None where its sizes are formulas.

    >>> import shapecalc
    >>> conv1 = shapecalc.load("vgg16").report()["group1.convrelu1.0.conv1"]
    >>> float(seconds(conv1, Device(Fraction(10**13), Fraction(10**11))))
    0.00013454336
    """
    flops, bytes_moved = work(layer), moved(layer)
    if not isinstance(flops, int) or not isinstance(bytes_moved, int):
        return None
    return max(flops / device.flops, bytes_moved / device.bandwidth)


def bound(layers: Iterable[LayerReport], device: Device) -> Fraction | None:
    """The least time of layers one after the other; None where a size is a formula."""
    each = [seconds(layer, device) for layer in layers]
    return None if None in each else sum((s for s in each if s is not None), Fraction(0))
