"""How a kind that torch has as a function is called."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from shapecalc.layers.base import Layer


def function_name(layer: Layer) -> str:
    """The function's name: the first of what denotes the kind.

    >>> from shapecalc.layers import KINDS
    >>> function_name(KINDS["Mean"](dim=1))
    'torch.mean'
    """
    return layer.called[0].partition("(")[0]


def call(function: str, layer: Layer, settings: Mapping[str, str], *inputs: str) -> str:
    """A call of a function with those settings, as source, that are not the defaults.

    >>> from shapecalc.layers import KINDS
    >>> mean = KINDS["Mean"](dim=1)
    >>> call("torch.mean", mean, {"dim": "1", "keepdim": "False"}, "x")
    'torch.mean(x, dim=1)'
    """
    given = [
        f"{name}={settings[name]}"
        for name, declared in layer.fields.items()
        if settings[name] != _as_source(declared.default)
    ]
    return f"{function}({', '.join([*inputs, *given])})"


def _as_source(default: object) -> str:
    return repr(float(default)) if isinstance(default, Fraction) else repr(default)
