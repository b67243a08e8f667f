"""A layer seen from the network's input: its receptive field, and its numbers as closed forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.trace import Traced
from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.report import Report
from shapecalc.analysis.views import ReceptiveField
from shapecalc.derivation.equation import Chain
from shapecalc.derivation.lines import Line, listed, said
from shapecalc.layers.axes import behind_batch
from shapecalc.layers.tensor import times


def from_input(
    report: Report, layer: LayerReport, names: tuple[str, ...], closed: Report
) -> Iterator[Line]:
    """The receptive field of a layer, and its numbers where the input's sizes are symbols.

    ``names`` are those of the output's dimensions, ``closed`` is a report with such symbols.
    """
    yield from _view(report, layer)
    if layer.path in closed:
        lines = list(_closed_forms(layer, names, closed))
        if lines:
            for name, tensor in closed.inputs.items():
                yield Line(name, tensor.shape[1:])
        yield from lines


def _closed_forms(layer: LayerReport, names: tuple[str, ...], closed: Report) -> Iterator[Line]:
    """The layer's numbers as formulas in the sizes of the network's input, and what it needs."""
    own = closed[layer.path]
    forms = list(zip(names, own.output_shape[1:], layer.output_shape[1:]))
    forms += [("params", own.params, layer.params), ("MACs", own.macs, layer.macs)]
    for name, form, value in forms:
        if is_symbolic(form):
            yield Line(name, Chain((form, value)))
    told = [said(need.condition) for need in closed.needs_of.get(layer.path, ())]
    conditions = dict.fromkeys(filter(None, told))  # what holds of all sizes goes without saying
    if layer.node.layer.joins:
        yield from _branches(own, list(conditions))
    elif conditions:
        yield Line("needs", remark=", ".join(conditions))
    together = [each.condition for each in closed.constraints_of.get(layer.path, ())]
    if not conditions.keys() >= {*together}:
        yield Line("with the others", remark=", ".join(together))


def _branches(own: LayerReport, conditions: list[str]) -> Iterator[Line]:
    """What comes into a join, told from the network's input, and when it agrees."""
    symbols = {
        name
        for shape in own.input_shapes
        for size in shape[1:]
        for name in getattr(size, "symbols", ())
    }
    if symbols:
        for source, shape in zip(own.inputs, own.input_shapes):
            yield Line(f"from {source}", shape[1:])
        every = f"for every {listed(sorted(symbols))}"
        yield Line(
            "they agree", remark=f"where {' and '.join(conditions)}" if conditions else every
        )


def _view(report: Report, layer: LayerReport) -> Iterator[Line]:
    """The receptive field, composed of the one of the layer before and the layer's own window."""
    field = report.receptive_fields[layer.path]
    own = layer.node.layer
    if field is None or not field.size:
        return
    windows = own.windows(*layer.node.inputs) or ()
    before = report.receptive_fields.get(layer.node.sources[0].path) or _AT_INPUT
    takes_turns = not windows or before.least != before.size or field.least != field.size
    if own.joins or takes_turns or all(window == IDENTITY for window in windows):
        of = f", that of {'all inputs together' if own.joins else layer.inputs[0]}"
        of = "" if takes_turns and not own.joins and field.size != before.size else of
        yield Line("receptive field", remark=f"{times(field.size)}{of}")
        yield Line("jump", remark=times(field.to_dict()["stride"]))
        yield Line("padding", remark=times(field.padding))
        return
    source = layer.inputs[0]
    told: dict[Any, list[str]] = {}
    for i, (name, window) in enumerate(zip(behind_batch(len(windows) + 2)[1:], windows)):
        at = [values[i % len(values)] for values in before]
        told.setdefault((*at, *window[:3]), []).append(name)
    for setting, names in told.items():
        inside = f" in {listed(names)}" if len(told) > 1 else ""
        yield from _composed(inside, source, *setting)


_AT_INPUT = ReceptiveField((1,), (1,), (0,))


def _composed(inside: str, source: str, *setting: Any) -> Iterator[Line]:
    letters: list[Any] = [Traced.letter(name, n) for name, n in zip("RJQkSP", setting)]
    size, jump, ahead, reach, stride, pad = letters
    seen = Window(size, jump, ahead, 0).then(Window(reach, stride, pad, 0))
    of = f"R, J and Q are those of {source}, k is the kernel's extent"
    yield Line(f"receptive field{inside}", seen.extent, of)
    yield Line(f"jump{inside}", seen.stride, "from one output's view to the next")
    yield Line(f"padding{inside}", seen.before, "cells that the first view begins before the input")
