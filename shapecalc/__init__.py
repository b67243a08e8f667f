"""Shapes, parameters and costs of neural networks from short declarative specs.

>>> import shapecalc
>>> net = shapecalc.load("lenet5")
>>> report = net.report(H=32)
>>> report.totals.params
62006

What the command line does is here as well: :func:`solve`, :func:`diff`, :func:`explain`,
:func:`render`, :func:`emit` and :func:`check`. They are imported when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError
from shapecalc.loading import load
from shapecalc.network import Network

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report
    from shapecalc.api import check, diff, emit, explain, render, solve
    from shapecalc.layers import Layer, Tensor

__all__ = [
    "Layer",
    "LayerReport",
    "Network",
    "Report",
    "SettingError",
    "SpecError",
    "Tensor",
    "check",
    "diff",
    "emit",
    "explain",
    "load",
    "render",
    "solve",
]
__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("Report", "LayerReport"), "shapecalc.analysis.report"),
    **dict.fromkeys(("check", "diff", "emit", "explain", "render", "solve"), "shapecalc.api"),
    **dict.fromkeys(("Layer", "Tensor"), "shapecalc.layers"),
}
"""Where that is which is imported when it is used."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'shapecalc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
