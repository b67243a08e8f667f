"""What a layer of the catalogue is made of inside, as far as code asks: its tensors, by module.

``attention.out_proj.weight`` and ``encoder.layers[0].linear1`` are initialised, tied and counted in
code; the layer runs as a whole.
"""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.values import MISSING, Builtin, Class, Instance
from shapecalc.reading.modules.containers import MODULE_LIST
from shapecalc.reading.modules.holding import MODULE, leaf_tensors
from shapecalc.reading.tensors.traced import TensorValue


class Part:
    """Where a module inside a layer is: the layer, and the path from it."""

    __slots__ = ("layer", "path")

    def __init__(self, layer: Instance, path: str) -> None:
        self.layer = layer
        self.path = path


def leaf_part(value: Instance, name: str) -> Any:
    """The module of this name inside a layer; MISSING where none of its tensors is in one."""
    return _part(value, name) if below(leaf_tensors(value), name) else MISSING


def _part(layer: Instance, path: str) -> Instance:
    inner = below(leaf_tensors(layer), path)
    names = dict.fromkeys(each.partition(".")[0] for each in inner)
    found = {
        name: inner[name] if name in inner else _part(layer, f"{path}.{name}") for name in names
    }
    is_list = all(name.isdigit() for name in found)
    part = Instance(MODULE_LIST if is_list else _class_of_parts(layer.data.kind))
    part.attributes.update(found)
    part.data = Part(layer, path)
    return part


def store_in_part(rt: Any, part: Part, name: str, item: Any) -> None:
    """Put a tensor into a module inside a layer, in place of its own."""
    path = f"{part.path}.{name}"
    tensors = leaf_tensors(part.layer)
    if not isinstance(item, TensorValue) or path not in tensors:
        raise not_replaced(rt, part.layer, path)
    tensors[path] = item


def not_replaced(rt: Any, layer: Instance, path: str) -> Exception:
    """The error of code that puts something of its own inside a layer."""
    kind = layer.data.kind
    error: Exception = rt.cannot(
        f"a {kind} whose {path} is another is not in the catalogue",
        f"a {kind} of the code's own, with what it is made of, is read",
    )
    return error


def below(tensors: dict[str, TensorValue], name: str) -> dict[str, TensorValue]:
    """Those of tensors by path that are in a module, by their paths there."""
    start = f"{name}."
    return {path[len(start) :]: each for path, each in tensors.items() if path.startswith(start)}


def _class_of_parts(kind: str) -> Class:
    def forward(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> Any:
        raise rt.cannot(f"a {kind} runs as a whole, and none of the modules inside it alone")

    cls = Class(f"part of {kind}", (MODULE,))
    cls.names["forward"] = Builtin("forward", forward)
    return cls
