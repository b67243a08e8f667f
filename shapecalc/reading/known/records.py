"""Data classes and namespaces."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import (
    OBJECT,
    Default,
)
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Instance,
)
from shapecalc.reading.known.base import NAMES

KNOWN = NAMES.part(__name__)
known = KNOWN.function


@known("dataclasses.dataclass", "torch.jit.script_dataclass")
def _dataclass(rt: Any, cls: Any = None, **kwargs: Any) -> Any:
    if isinstance(cls, Class):
        return rt.as_record(cls)
    return Builtin(
        "dataclass", lambda rt, each: rt.as_record(each) if isinstance(each, Class) else each
    )


@known("dataclasses.field")
def _field(rt: Any, *, default: Any = ..., default_factory: Any = None, **kwargs: Any) -> Any:
    return Default(default, default_factory, default is not ...)


@known("dataclasses.asdict")
def _asdict(rt: Any, value: Any) -> Any:
    return {name: value.attributes[name] for name in value.cls.find("__fields__")}


@known("dataclasses.replace")
def _replace(rt: Any, value: Any, **kwargs: Any) -> Any:
    return rt.call(value.cls, [], {**_asdict(rt, value), **kwargs})


@known("dataclasses.fields")
def _fields(rt: Any, value: Any) -> Any:
    cls = value if isinstance(value, Class) else value.cls
    found = []
    for name in cls.find("__fields__"):
        each = Instance(Class("Field", (OBJECT,)))
        each.attributes["name"] = name
        found.append(each)
    return found


@known(
    "types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict", "omegaconf.OmegaConf.create"
)
def _namespace(rt: Any, values: Any = None, **kwargs: Any) -> Any:
    found = Instance(Class("SimpleNamespace", (OBJECT,)))
    found.attributes.update({**(rt.as_dict(values) if values is not None else {}), **kwargs})
    return found
