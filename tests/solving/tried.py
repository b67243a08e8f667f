"""What networks are at one value of an unknown after the other, by nothing but their reports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from unittest import mock

from shapecalc.analysis.layer import LayerReport
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, known
from shapecalc.layers import OUTPUT
from shapecalc.network import Network

HOLDS = {
    "==": lambda a, b: a == b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


class Leftover(NamedTuple):
    """A window along one axis, its input's size, and the cells its last step leaves over."""

    window: tuple[int, ...]
    size: int
    cells: int


class Tried(NamedTuple):
    """What a network is at one value: shapes without the batch, totals, what windows leave over."""

    shapes: dict[str, tuple[int, ...]]
    totals: dict[str, int]
    leftovers: dict[tuple[str, int], Leftover]


def with_value(network: Network, symbol: str, settings: dict[str, Any], n: int) -> dict[str, Any]:
    """The settings with a value in place of the unknown, which may be new in them."""
    if symbol in known(network.spec):
        return {**settings, symbol: n}
    return {
        name: re.sub(rf"\b{symbol}\b", str(n), value) if isinstance(value, str) else value
        for name, value in settings.items()
    }


def tried(network: Network, symbol: str, settings: dict[str, Any], n: int) -> Tried | None:
    """The network for plain numbers; None where ``show`` refuses it."""
    with mock.patch("shapecalc.analysis.advice.advised", lambda error, *_: error):  # it is slow
        try:
            report = network.report(with_value(network, symbol, settings, n))
        except (SpecError, SettingError):
            return None
    return Tried(
        {
            path: shape[1:]
            for layer in report
            for path, shape in {layer.path: layer.output_shape, **_further(layer)}.items()
        },
        report.totals.by_name,
        {key: left for layer in report for key, left in _leftovers(layer)},
    )


def _further(layer: LayerReport) -> dict[str, Any]:
    return {
        f"{layer.path}.{name}": shape
        for name, shape in layer.output_shapes.items()
        if name != OUTPUT
    }


def _leftovers(layer: LayerReport) -> Iterable[tuple[tuple[str, int], Leftover]]:
    own = layer.node.layer
    if not own.slides or getattr(own, "ceil_mode", False):
        return
    for axis, window in enumerate(own.windows(*layer.node.inputs) or ()):
        size = layer.input_shapes[0][2 + axis]
        yield (layer.path, axis), Leftover(tuple(window), size, _cells(tuple(window), size))


def _cells(window: tuple[int, ...], size: int) -> int:
    """The cells behind the last of a window's positions."""
    extent, stride, before, after = window
    padded = size + before + after
    return padded - extent - range(0, padded - extent + 1, stride)[-1]


def depends(legal: dict[int, Tried]) -> set[tuple[str, int]]:
    """The windows and axes that are not the same at all values that make a network, or else all."""
    keys = {key for each in legal.values() for key in each.leftovers}
    found = {
        key
        for key in keys
        if len({(each.leftovers.get(key) or (None, None))[:2] for each in legal.values()}) > 1
    }
    return found or keys


def is_exact(each: Tried, sides: set[tuple[str, int]]) -> bool:
    """Whether none of these windows leaves anything over."""
    return not any(left.cells for key, left in each.leftovers.items() if key in sides)
