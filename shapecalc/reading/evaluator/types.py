"""What asks for the types of values: ``isinstance``, ``issubclass``, ``callable``, ``type``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.operators import plain, type_name
from shapecalc.reading.evaluator.values import (
    CALLABLE,
    Builtin,
    Class,
    Function,
    Instance,
    Method,
    Partial,
    Quiet,
)

BUILTINS: dict[str, Any] = {}
"""Python's own functions and what else it has without an import, by name."""


def builtin(name: str) -> Callable[[Any], Any]:
    """Make a function known under a name."""

    def note(run: Any) -> Any:
        BUILTINS[name] = Builtin(name, run)
        return run

    return note


@builtin("isinstance")
def _isinstance(rt: Any, value: Any, kinds: Any) -> bool:
    if isinstance(kinds, Class):
        return is_instance(rt, value, kinds)
    return any(is_instance(rt, value, kind) for kind in _flat(kinds))


def _flat(kinds: Any) -> Iterable[Any]:
    if isinstance(kinds, tuple):
        for each in kinds:
            yield from _flat(each)
    else:
        yield kinds


_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float,),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
    "tuple": (tuple,),
    "dict": (dict,),
    "set": (set,),
    "frozenset": (frozenset,),
    "range": (range,),
    "bytes": (bytes,),
    "complex": (complex,),
    "slice": (slice,),
    "Iterable": (list, tuple, dict, set, frozenset, str, range),
    "Sequence": (list, tuple, str, range),
    "Container": (list, tuple, dict, set, str),
    "Collection": (list, tuple, dict, set, frozenset, str, range),
    "Sized": (list, tuple, dict, set, frozenset, str, range),
    "Mapping": (dict,),
    "Number": (int, float),
    "Integral": (int,),
    "Real": (int, float),
    "Callable": (Function, Builtin, Method, Partial, Class),
    "FunctionType": (Function,),
    "partial": (Partial,),
    "NoneType": (type(None),),
    "OrderedDict": (dict,),
}


def is_instance(rt: Any, value: Any, kind: Any) -> bool:
    """``isinstance(value, kind)``."""
    if isinstance(kind, Class):
        if isinstance(value, Instance):
            return value.cls.is_a(kind)
        if kind is OBJECT:
            return True
        return rt.is_known_instance(value, kind)
    name = getattr(kind, "name", "") or getattr(kind, "__name__", "")
    name = name.rpartition(".")[2]
    if name == "type":
        return isinstance(value, Class)
    if name in ("EnumMeta", "EnumType"):
        return isinstance(value, Class) and value.names.get("__members__") is not None
    if name == "Hashable":
        return not isinstance(plain(value), (list, dict, set))
    found = _TYPES.get(name, ())
    if isinstance(value, Instance):
        if name == "Callable":
            return True
        if name in ("Iterable", "Sequence") and value.cls.has("__iter__"):
            return True
        return plain(value) is not value and isinstance(plain(value), found)
    if name == "Iterable" and isinstance(value, rt.tensor_type):
        return True
    return isinstance(value, found) or rt.is_known_instance(value, kind)


@builtin("issubclass")
def _issubclass(rt: Any, cls: Any, kinds: Any) -> bool:
    return any(_is_below(cls, kind) for kind in _flat(kinds))


def _is_below(cls: Any, kind: Any) -> bool:
    if isinstance(cls, Class):
        return isinstance(kind, Class) and cls.is_a(kind)
    ours, theirs = (_TYPES.get(getattr(each, "name", ""), ()) for each in (cls, kind))
    return bool(ours and theirs) and all(issubclass(each, theirs) for each in ours)


@builtin("callable")
def _callable(rt: Any, value: Any) -> bool:
    if isinstance(value, Instance):
        return bool(value.cls.has("__call__") or rt.is_module(value))
    return isinstance(value, (*CALLABLE, Quiet))


@builtin("type")
def _type(rt: Any, value: Any, *more: Any) -> Any:
    if more:
        bases, names = more
        return rt.new_class(value, list(bases), dict(names), None, {})
    if isinstance(value, Instance):
        return value.cls
    if isinstance(value, Class):
        return BUILTINS["type"]
    found = rt.known_type(value)
    if found is not None:
        return found
    return BUILTINS.get(type_name(value)) or rt.type_of(value)
