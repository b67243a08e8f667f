"""Warnings about sizes that broadcast by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.algebra.window import IDENTITY
from shapecalc.layers.joining import Broadcast, aligned
from shapecalc.lint.base import Finding, check

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report


@check("broadcast-by-chance")
def broadcast_by_chance(report: Report) -> Iterator[Finding]:
    """A join stretches a size of 1 that nobody wrote: a window happens to have one position."""
    for layer in report.of(lambda kind: issubclass(kind, Broadcast)):
        shapes = [tensor.shape for tensor in layer.node.inputs]
        if len({*shapes}) == 1:
            continue
        ndim = max(map(len, shapes))
        for axis, sizes in enumerate(aligned(shapes)):
            largest = max((size for size in sizes if isinstance(size, int)), default=1)
            if largest == 1 or len(sizes) < len(shapes):
                continue
            for source, shape, size in zip(layer.node.sources, shapes, sizes, strict=True):
                own = axis + len(shape) - ndim
                made = _made_one(report, source.path, own) if size == 1 else None
                if made is not None:
                    message = (
                        f"stretches the 1 of {source.path!r} to {largest}; that 1 is what the "
                        f"window of {made.path!r} comes to, and other inputs would not agree"
                    )
                    yield Finding(layer.path, message)


def _made_one(report: Report, path: str, axis: int) -> LayerReport | None:
    """The layer whose window has one position along an axis, though it does not cover its input."""
    while path in report:
        layer = report[path]
        windows = layer.node.layer.windows(*layer.node.inputs)
        if windows is None or len(layer.node.sources) != 1 or not 2 <= axis < 2 + len(windows):
            return None
        window, size = windows[axis - 2], layer.node.inputs[0].shape[axis]
        if window != IDENTITY:
            size, extent = layer.node.inputs[0].shape[axis], window.extent
            covers = not (isinstance(size, int) and isinstance(extent, int) and extent < size)
            return None if covers else layer
        path = layer.node.sources[0].path
    return None
