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


def held(text: str) -> str:
    """An operand in parentheses, unless it is one word or one number.

    >>> held("2"), held("-2"), held("a + b")
    ('2', '(-2)', '(a + b)')
    """
    return text if is_word(text) else f"({text})"


def is_word(text: str) -> bool:
    """Whether source is one name, attribute or number.

    >>> is_word("self.scale"), is_word("2"), is_word("f(x)")
    (True, True, False)
    """
    return text.replace(".", "").replace("_", "").isalnum()
