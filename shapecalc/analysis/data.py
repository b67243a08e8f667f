"""What a report holds as plain data, for programs that read it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.decimals import quotient
from shapecalc.analysis.measures import DEFAULT

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report
    from shapecalc.layers import Tensor


def plain(value: Any) -> Any:
    """Numbers as they are, formulas and fractions as text, tuples as lists."""
    if isinstance(value, (tuple, list)):
        return [item if type(item) is int else plain(item) for item in value]
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {name: item if type(item) is int else plain(item) for name, item in value.items()}
    return quotient(value) if isinstance(value, Fraction) else str(value)


def as_data(report: Report, *, memory: bool) -> dict[str, Any]:
    """A report as plain data; layers that are alike have the same lists in it, not to be changed.

    With ``memory``, every layer tells its own as well.
    """
    return {
        "name": report.name,
        "symbols": {name: plain(value) for name, value in report.symbols.items()},
        **({"kept": plain(report.kept)} if report.kept else {}),
        "inputs": [
            {"name": name, "shape": plain(tensor.shape), "dtype": _called(report, tensor)}
            for name, tensor in report.inputs.items()
        ],
        "layers": list(_layers(report, memory=memory)),
        "outputs": [
            {**({"name": name} if name else {}), "path": path, "shape": plain(tensor.shape)}
            for name, (path, tensor) in zip_longest(report.built.output_names, report.outputs)
        ],
        "totals": plain(report.totals.by_name | {"memory": report.memory.to_dict()}),
        "constraints": [
            {"condition": each.condition, "layers": list(each.layers)}
            | ({"required": True} if each.is_required else {})
            for each in report.constraints
        ],
        "warnings": [
            {"code": each.code, "path": each.path, "message": each.message}
            for each in report.warnings
        ],
    }


def _called(report: Report, tensor: Tensor) -> str:
    return report.dtype if tensor.dtype == DEFAULT else tensor.dtype


def _layers(report: Report, *, memory: bool) -> Iterator[dict[str, Any]]:
    """The layers of a report; what those that are alike have in common is found once."""
    alike: dict[int, dict[str, Any]] = {}  # layers that are alike have the same counts
    seen: dict[int, dict[str, Any]] = {}
    fields, passed_by = report.receptive_fields, report.passed_by
    for layer in report:
        common = alike.get(id(layer.counts))
        if common is None:
            common = alike[id(layer.counts)] = _common(layer)
        found = {
            "path": layer.path,
            "kind": layer.kind,
            "inputs": list(layer.inputs),
            **common,
            "receptive_field": None,
        }
        field = fields[layer.path]
        if field is not None:
            if id(field) not in seen:
                seen[id(field)] = field.to_dict()
            found["receptive_field"] = seen[id(field)]
        if layer.path in passed_by:
            found["active_params"] = plain(layer.params - passed_by[layer.path])
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


def copied(data: Any) -> Any:
    """Plain data once more, of which no part stands in two places."""
    if type(data) is dict:
        return {name: copied(each) if type(each) in _HOLD else each for name, each in data.items()}
    return [copied(each) if type(each) in _HOLD else each for each in data]


_HOLD = (dict, list)
