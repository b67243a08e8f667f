"""What layers and losses are made with: arguments by the names that torch has for them."""

from __future__ import annotations

from ast import literal_eval
from functools import cache
from typing import Any

from shapecalc.language.problem import did_you_mean
from shapecalc.reading.modules.constructors import CONSTRUCTORS

_RENAMED = {"min_value": "min_val", "max_value": "max_val"}
"""What torch calls arguments by now, whose older names it takes too."""


@cache
def parameters_of(kind: str) -> tuple[str, ...]:
    """The names of what torch's class of a kind is made with, in torch's order."""
    return tuple(each.partition("=")[0] for each in CONSTRUCTORS[kind])


@cache
def defaults_of(kind: str) -> dict[str, Any]:
    """What the arguments of a class's constructor are where none are given; of no class nothing."""
    pairs = (each.partition("=") for each in CONSTRUCTORS.get(kind, ()))
    return {name: literal_eval(default) for name, equals, default in pairs if equals}


def bound(
    rt: Any, kind: str, names: tuple[str, ...], args: Any, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """A constructor's arguments by name, Python's error where they are not torch's."""
    if len(args) > len(names):
        message = f"{kind}.__init__() takes {len(names) + 1} positional arguments but "
        raise rt.error("TypeError", f"{message}{len(args) + 1} were given")
    raw: dict[str, Any] = dict(zip(names, args))
    for name, value in kwargs.items():
        if name not in names:
            message = f"{kind}.__init__() got an unexpected keyword argument '{name}'"
            hint = did_you_mean(name, names)
            raise rt.error("TypeError", f"{message}; {hint}" if hint else message)
        name = _RENAMED.get(name, name)
        if name in raw:
            raise rt.error(
                "TypeError", f"{kind}.__init__() got multiple values for argument '{name}'"
            )
        raw[name] = value
    return raw
