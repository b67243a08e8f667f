"""``inspect``: what a function or class takes, and what the calls that run are given."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Frame,
    Function,
    Instance,
    Method,
    Partial,
)
from shapecalc.reading.known.base import NAMES

KNOWN = NAMES.part(__name__)
known = KNOWN.function

_EMPTY = Class("_empty", (OBJECT,))
_PARAMETER = Class("Parameter", (OBJECT,), {"empty": _EMPTY})
_SIGNATURE = Class("Signature", (OBJECT,), {"empty": _EMPTY})

KINDS = (
    "POSITIONAL_ONLY",
    "POSITIONAL_OR_KEYWORD",
    "VAR_POSITIONAL",
    "KEYWORD_ONLY",
    "VAR_KEYWORD",
)
"""Python's kinds of parameters, each a number."""

_PARAMETER.names.update({name: number for number, name in enumerate(KINDS)})

_BOUND = Class(
    "BoundArguments",
    (OBJECT,),
    {"apply_defaults": Builtin("apply_defaults", lambda rt, self: None)},
)

KNOWN["inspect.Parameter"] = _PARAMETER

KNOWN["inspect._empty"] = _EMPTY

known("inspect.isclass")(lambda rt, value: isinstance(value, Class))

known("inspect.isfunction")(lambda rt, value: isinstance(value, Function))

known("inspect.ismethod")(lambda rt, value: isinstance(value, Method))


@known("inspect.signature")
def _signature(rt: Any, value: Any, **kwargs: Any) -> Instance:
    found = Instance(_SIGNATURE)
    found.attributes["parameters"] = _parameters(rt, value)
    found.attributes["return_annotation"] = _EMPTY
    return found


def _bind(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> Instance:
    """What each parameter would stand for in a call."""
    found = Instance(_BOUND)
    names = list(self.attributes["parameters"])
    found.attributes["arguments"] = {**dict(zip(names, args)), **kwargs}
    found.attributes.update(args=args, kwargs=kwargs)
    return found


_SIGNATURE.names.update(bind=Builtin("bind", _bind), bind_partial=Builtin("bind_partial", _bind))


@known("inspect.getfullargspec")
def _arguments(rt: Any, value: Any) -> Instance:
    parameters = _parameters(rt, value, is_bound=False)
    found = Instance(Class("FullArgSpec", (OBJECT,)))
    kinds = {name: KINDS[each.attributes["kind"]] for name, each in parameters.items()}
    found.attributes["args"] = [n for n, k in kinds.items() if k.startswith("POSITIONAL")]
    found.attributes["kwonlyargs"] = [n for n, k in kinds.items() if k == "KEYWORD_ONLY"]
    found.attributes["varargs"] = next((n for n, k in kinds.items() if k == "VAR_POSITIONAL"), None)
    found.attributes["varkw"] = next((n for n, k in kinds.items() if k == "VAR_KEYWORD"), None)
    return found


def _parameters(rt: Any, value: Any, is_bound: bool = True) -> dict[str, Instance]:
    """The parameters of a function by name, in order, without what it is bound to."""
    bound = 0
    if isinstance(value, Partial):
        rest = dict(list(_parameters(rt, value.function, is_bound).items())[len(value.args) :])
        return {name: each for name, each in rest.items() if name not in value.kwargs}
    if isinstance(value, Method):
        value, bound = value.function, 1
    if isinstance(value, Class):
        cls = value
        value = cls.find("__init__") if cls.has("__init__") else None
        if isinstance(value, Builtin) and cls.kind is not None:
            return _of_kind(cls.kind)
        if isinstance(value, Builtin) and cls.has("__fields__"):
            return {name: _parameter(name, 1) for name in cls.find("__fields__")}
        bound = 1
    elif isinstance(value, Instance):
        found = rt.attribute_or_none(value, "forward") or rt.attribute(value, "__call__")
        return _parameters(rt, found, is_bound)
    if not isinstance(value, Function):
        return {}
    code, defaults = value.code, value.defaults
    positional = code.positional[bound:] if is_bound else code.positional
    names = [(name, 1) for name in positional]
    names += [(code.star, 2)] if code.star is not None else []
    names += [(name, 3) for name in code.keyword_only]
    names += [(code.double_star, 4)] if code.double_star is not None else []
    return {name: _parameter(name, kind, defaults.get(name, _EMPTY)) for name, kind in names}


def _of_kind(kind: str) -> dict[str, Instance]:
    from shapecalc.layers import KINDS as CATALOGUE  # its kinds, where one is asked for

    return {name: _parameter(name, 1) for name in CATALOGUE[kind].parameters()}


def _parameter(name: str, kind: int, default: Any = _EMPTY) -> Instance:
    found = Instance(_PARAMETER)
    found.attributes.update(name=name, kind=kind, default=default, annotation=_EMPTY)
    return found


class _Running:
    """A call that is running, by how many calls it is away from the innermost one."""

    def __init__(self, frame: Frame, depth: int) -> None:
        self.frame = frame
        self.depth = depth

    def known_attribute(self, rt: Any, name: str) -> Any:
        """Its caller, and its names."""
        if name == "f_back":
            return _running(rt, self.depth + 1)
        if name == "f_locals":
            return dict(self.frame.names)
        raise rt.cannot(f"{name} of a call that is running is not known")


def _running(rt: Any, depth: int) -> _Running | None:
    if not depth:
        return _Running(rt.frame, 0) if rt.frame is not None else None
    frame = rt.calls[-depth][3] if depth <= len(rt.calls) else None
    return None if frame is None else _Running(frame, depth)


known("inspect.currentframe")(lambda rt: _running(rt, 0))


@known("inspect.getargvalues")
def _argument_values(rt: Any, running: _Running) -> tuple[Any, ...]:
    """Names of the parameters, of those that take the rest, and the values of all names."""
    names = dict(running.frame.names)
    if running.frame.function is None:
        return [], None, None, names
    code = running.frame.function.code
    return [*code.positional, *code.keyword_only], code.star, code.double_star, names
