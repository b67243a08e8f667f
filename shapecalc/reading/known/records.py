"""Data classes and namespaces."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import (
    OBJECT,
    Default,
)
from shapecalc.reading.evaluator.methods import native_attribute
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Instance,
    Quiet,
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


NAMESPACE = Class("Namespace", (OBJECT,))
NAMESPACE.names["__contains__"] = Builtin(
    "__contains__", lambda rt, self, name: plain(name) in self.attributes
)


@known("types.SimpleNamespace", "argparse.Namespace")
def _namespace(rt: Any, values: Any = None, **kwargs: Any) -> Any:
    found = Instance(NAMESPACE)
    found.attributes.update({**(rt.as_dict(values) if values is not None else {}), **kwargs})
    return found


class Configuration(dict):
    """A dictionary whose items are attributes as well, as packages of configurations have it."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """An item, or a method of dictionaries or of these packages."""
        if name in self:
            return self[name]
        if name in ("freeze", "defrost", "lock", "unlock", "set_new_allowed", "unlocked"):
            return Quiet(name)
        if name in ("clone", "copy", "__deepcopy__"):
            return Builtin(name, lambda rt, *memo: _configured(rt, dict(self)))
        found = native_attribute(rt, self, name)
        if found is None:
            raise rt.no_attribute(self, name)
        return found

    def known_set(self, rt: Any, name: str, item: Any) -> None:
        """``config.name = item``."""
        self[name] = _configured(rt, item)

    known_set_item = known_set


def _configured(rt: Any, value: Any) -> Any:
    """A dictionary as a configuration, and those inside it; anything else is as it is."""
    if not isinstance(value, dict):
        return value
    rt.step(len(value))
    return Configuration({name: _configured(rt, each) for name, each in value.items()})


@known(
    "easydict.EasyDict",
    "yacs.config.CfgNode",
    "fvcore.common.config.CfgNode",
    "ml_collections.ConfigDict",
    "ml_collections.config_dict.ConfigDict",
    "attrdict.AttrDict",
    "munch.Munch",
    "box.Box",
    "omegaconf.OmegaConf.create",
)
def _configuration(rt: Any, values: Any = None, new_allowed: Any = None, **kwargs: Any) -> Any:
    given = dict(rt.as_dict(values)) if values is not None else {}
    return _configured(rt, {**given, **kwargs})
