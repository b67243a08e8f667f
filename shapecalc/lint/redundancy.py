"""Warnings about what a network has but does not need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shapecalc.layers import Layer, Tensor
from shapecalc.layers.convolution import Convolution, TransposedConvolution
from shapecalc.layers.linear import Linear
from shapecalc.layers.tensor import times
from shapecalc.lint.base import Finding, check

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report
    from shapecalc.graph.graph import Node

_BIASED = (Linear, Convolution, TransposedConvolution)
"""Kinds with a bias for each channel."""


@check("bias-before-norm")
def bias_before_norm(report: Report) -> Iterator[Finding]:
    """A bias goes straight into a normalisation, which subtracts it again."""
    if not any(report.of(lambda kind: kind.centers)):
        return
    uses: dict[str, list[LayerReport]] = {}
    for layer in report.of(lambda kind: issubclass(kind, _BIASED)):
        if _adds_to_channels(layer.node):
            uses.setdefault(layer.node.shared or layer.path, []).append(layer)
    for path, places in uses.items():
        norms = [_subtracted_by(report, place) for place in places]
        # weights used in several places are in vain only if they are so in all of them
        if all(norms):
            (count,) = report[path].weights["bias"]
            message = (
                f"{norms[0]!r} subtracts the bias again; bias: false would save {count} params"
            )
            yield Finding(path, message)


def _subtracted_by(report: Report, layer: LayerReport) -> str:
    """The name of the normalisation that takes the layer's result; none if others take it too."""
    if layer.path in report.built.returned:
        return ""
    readers = report.built.readers.get(layer.path, ())
    if not readers or not all(reader.layer.centers for reader in readers):
        return ""
    name: str = readers[0].name
    return name


def _adds_to_channels(node: Node) -> bool:
    """Whether it adds a learned number to all of a channel, the second dimension."""
    layer: Any = node.layer
    return layer.bias and (not isinstance(layer, Linear) or len(node.output.shape) == 2)


@check("unused-layer")
def unused_layer(report: Report) -> Iterator[Finding]:
    """Nobody uses the layer's result, and the network does not return it."""
    readers = report.built.readers
    returned = report.built.returned
    for layer in report.layers:
        if layer.path not in readers and layer.path not in returned:
            yield Finding(
                layer.path, "no layer uses its result, and the network does not return it"
            )


@check("stated-size")
def stated_size(report: Report) -> Iterator[Finding]:
    """A size is stated that follows from the input: one more number to keep right."""
    for layer in report.of(lambda kind: bool(kind.inferred)):
        bound, entry = layer.node.layer, layer.node.entry
        for name, setting in entry.settings.items():
            is_stated = name in bound.inferred and setting.content is not None
            if not is_stated or not _follows(bound, name, layer.node.inputs):
                continue
            value = getattr(bound, name)
            said = times(value) if isinstance(value, tuple) else value
            message = f"{name} {said} follows from the input and can be left out"
            yield Finding(layer.path, message)
            break


def _follows(layer: Layer, name: str, x: tuple[Tensor, ...]) -> bool:
    """Whether the layer is the same where a field is left out."""
    others = {
        other: value for other, value in vars(layer).items() if other != name and value is not None
    }
    return type(layer)(**others).bound(*x) == layer
