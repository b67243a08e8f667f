"""Arguments of torch's functions by the names that torch has for them."""

from __future__ import annotations

from inspect import CO_VARKEYWORDS, signature
from typing import Any

from shapecalc.language.problem import did_you_mean
from shapecalc.reading.evaluator.values import Builtin
from shapecalc.reading.functions.base import SAME

_ANYWHERE = """
device dtype generator inplace layout memory_format non_blocking out pin_memory requires_grad
training _stacklevel
"""

ANYWHERE = frozenset(_ANYWHERE.split())
"""Arguments that many functions have, and that change no size."""

OF_TORCH = ("torch.", "Tensor.", "nn.")

Given = tuple[list[Any], dict[str, Any]]


class Arguments:
    """The part of the reader that knows what torch calls the arguments of its functions."""

    error: Any

    def other_call(
        self, function: Builtin, args: list[Any], kwargs: dict[str, Any]
    ) -> Given | None:
        """A call as the function that stands here for one of torch takes it; None if it cannot.

        What is called otherwise here is given by its place, what numpy calls otherwise by torch's
        name.
        """
        if not function.name.startswith(OF_TORCH):
            return None
        named = {SAME.get(name, name): value for name, value in kwargs.items()}
        if named.keys() != kwargs.keys() and _binds(function, args, named):
            return args, named
        for form in forms(function.name):
            found = _placed(function, form, args, kwargs)
            if found is not None:
                return found
        return None

    def check_names(self, function: Builtin, kwargs: dict[str, Any]) -> None:
        """Python's error for an argument that torch has not, where a function takes all here."""
        if function.is_strict or not function.name.startswith(OF_TORCH):
            return
        code = getattr(function.run, "__code__", None)
        if code is None or not code.co_flags & CO_VARKEYWORDS:
            return
        own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for name in kwargs:
            if name not in own:
                self.check_name(function.name, name)

    def check_name(self, function: str, name: str) -> None:
        """Python's error for an argument that a function of torch has not."""
        if name in ANYWHERE or not (known := names(function)):
            return
        if name not in known and SAME.get(name, name) not in known:
            message = f"{function}() got an unexpected keyword argument {name!r}"
            hint = did_you_mean(name, known)
            raise self.error("TypeError", f"{message}; {hint}" if hint else message)


def forms(function: str) -> tuple[str, ...]:
    """The parameters of a function of torch, in each of its forms."""
    from shapecalc.reading.functions.signatures import SIGNATURES

    return SIGNATURES.get(function, ())


def names(function: str) -> list[str]:
    """What a function of torch calls its parameters, in any form; empty where that is not known."""
    return [name for form in forms(function) for name in form.split() if name != "*"]


def _placed(function: Builtin, form: str, args: list[Any], kwargs: dict[str, Any]) -> Given | None:
    """A call with as many arguments by their places as it needs."""
    given, rest = list(args), dict(kwargs)
    for name in form.partition(" *")[0].split()[len(args) :]:
        if name not in rest:
            return None
        given.append(rest.pop(name))
        if _binds(function, given, rest):
            return given, rest
    return None


def _binds(function: Builtin, args: list[Any], kwargs: dict[str, Any]) -> bool:
    try:
        signature(function.run).bind(None, *args, **kwargs)
    except TypeError:
        return False
    return True
