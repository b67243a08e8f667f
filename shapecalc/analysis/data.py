"""What a report holds as plain data, for programs that read it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.decimals import quotient

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report


def plain(value: Any) -> Any:
    """Numbers as they are, formulas and fractions as text, tuples as lists."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, (tuple, list)):
        return [item if type(item) is int else plain(item) for item in value]
    if isinstance(value, dict):
        return {name: item if type(item) is int else plain(item) for name, item in value.items()}
    return quotient(value) if isinstance(value, Fraction) else str(value)


def layers(report: Report, *, memory: bool) -> Iterator[dict[str, Any]]:
    """The layers of a report; what those that are alike have in common is found once."""
    alike: dict[int, dict[str, Any]] = {}  # layers that are alike have the same counts
    seen: dict[int, dict[str, Any]] = {}
    for layer in report:
        common = alike.get(id(layer.counts))
        if common is None:
            common = alike[id(layer.counts)] = _common(layer)
        found = {
            "path": layer.path,
            "kind": layer.kind,
            "inputs": list(layer.inputs),
            **_copied(common),
            "receptive_field": None,
        }
        field = report.receptive_fields[layer.path]
        if field is not None:
            if id(field) not in seen:
                seen[id(field)] = field.to_dict()
            found["receptive_field"] = _copied(seen[id(field)])
        if layer.path in report.passed_by:
            found["active_params"] = plain(layer.params - report.passed_by[layer.path])
        if layer.node.shared is not None:
            found["shares"] = layer.node.shared
        if memory:
            found["memory"] = plain(report.memory.of(layer))
        yield found


def _common(layer: LayerReport) -> dict[str, Any]:
    """What does not hang on where a layer stands."""
    found = {
        "input_shapes": plain(layer.input_shapes),
        "output_shape": plain(layer.output_shape),
        "weights": plain(layer.weights),
        "buffers_of": {name: plain(each.shape) for name, each in layer.buffers_of.items()},
    }
    if len(layer.output_shapes) > 1:
        found["output_shapes"] = plain(layer.output_shapes)
    found |= plain(layer.counts)
    return found


def _copied(data: Any) -> Any:
    """Plain data once more, so that who changes it changes no other layer's."""
    if type(data) is dict:
        return {name: _copied(each) if type(each) in _HOLD else each for name, each in data.items()}
    return [_copied(each) if type(each) in _HOLD else each for each in data]


_HOLD = (dict, list)
