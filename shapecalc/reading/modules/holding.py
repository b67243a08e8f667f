"""What a module holds: submodules, learned tensors and buffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shapecalc.layers import Layer
from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import (
    MISSING,
    Builtin,
    CannotRead,
    Class,
    Function,
    Instance,
    Place,
)
from shapecalc.reading.tensors.traced import Stored, TensorValue

MODULE = Class("Module", (OBJECT,))

NN: dict[str, Any] = {"Module": MODULE}
"""What ``torch.nn`` holds, by name; its layers since they were first asked for."""

HOOKS = "forward pre-hooks"
"""Under what a module keeps what is to be done before each call: no name of an attribute."""

AFTER = "forward hooks"
"""Under what it keeps what is to be done after each call."""

DEEPEST = 500
"""How deep modules may nest."""


class Leaf:
    """What an instance of a kind keeps: its settings, and the layer they make."""

    __slots__ = ("given", "kind", "layer", "place", "raw", "tensors")

    def __init__(self, kind: str, raw: dict[str, Any], place: Any) -> None:
        self.kind = kind
        self.raw = raw  # as the code gives them
        self.given: dict[str, Any] = {}
        self.place = place
        self.layer: Layer | None = None
        self.tensors: dict[str, TensorValue] = {}


def method(cls: Class, *names: str) -> Any:
    """Make a function a method of a class known here."""

    def note(run: Any) -> Any:
        for name in names:
            cls.names[name] = Builtin(name, run)
        return run

    return note


def is_parameter(value: Any) -> bool:
    """Whether a value is a learned tensor."""
    return (
        isinstance(value, TensorValue) and value.stored is not None and not value.stored.is_buffer
    )


def is_buffer(value: Any) -> bool:
    """Whether a value is a tensor that is kept but not learned."""
    return isinstance(value, TensorValue) and value.stored is not None and value.stored.is_buffer


def is_module(value: Any) -> bool:
    """Whether a value is a module."""
    return isinstance(value, Instance) and MODULE in value.cls.mro


def children(value: Instance) -> Iterator[tuple[str, Instance]]:
    """The submodules by name, each once."""
    seen: set[int] = set()
    for name, each in value.attributes.items():
        if is_module(each) and id(each) not in seen:
            seen.add(id(each))
            yield name, each


class Registered(dict):
    """``module._modules`` and its like: what a module holds by name, and what is put into it."""

    def __init__(self, owner: Instance, held: Iterable[tuple[str, Any]]) -> None:
        super().__init__(held)
        self.owner = owner

    def known_set_item(self, rt: Any, name: str, item: Any) -> None:
        """``module._modules[name] = item``."""
        self[name] = item
        rt.set_attribute(self.owner, name, item)

    def known_delete_item(self, name: str) -> None:
        """``del module._parameters[name]``."""
        del self[name]
        forget(self.owner, name)


def walk(value: Instance) -> Iterator[tuple[str, Instance]]:
    """A module and all below it, each once, by path."""
    seen: set[int] = set()
    waiting = [("", value)]
    while waiting:
        path, each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield path, each
        inner = [
            (name, child)
            for name, child in each.attributes.items()
            if child.__class__ is Instance and MODULE in child.cls.mro
        ]
        if inner:
            if path.count(".") > DEEPEST:
                raise CannotRead(None, f"modules nest deeper than {DEEPEST}")
            before = f"{path}." if path else ""
            waiting += [(before + name, child) for name, child in reversed(inner)]


def trained_otherwise(root: Instance) -> Iterator[str]:
    """The places of classes in a network that set themselves to training in a way of their own."""
    for cls in dict.fromkeys(base for _, each in walk(root) for base in each.cls.mro):
        if isinstance(cls.names.get("train"), Function) and isinstance(cls.place, Place):
            yield f"{cls.place.source.name}:{cls.place.line}: {cls.name} has a train() of its own"


def set_training(value: Instance, mode: Any) -> None:
    """Say of a module and all below it that they are in training, as they are when made, or not."""
    for _, each in walk(value):
        if "training" in each.attributes:
            each.attributes["training"] = mode


def tensors_of(value: Instance) -> dict[str, TensorValue]:
    """A module's own learned tensors and buffers, by name; not weights that are computed."""
    own = leaf_tensors(value) if isinstance(value.data, Leaf) else {}
    return {
        name: each
        for name, each in (*own.items(), *value.attributes.items())
        if isinstance(each, TensorValue) and each.stored is not None
    }


def leaf_tensors(value: Instance) -> dict[str, TensorValue]:
    """The tensors of a layer of the catalogue; none while a size is still to be inferred."""
    leaf: Leaf = value.data
    layer = leaf.layer
    if (
        leaf.tensors
        or layer is None
        or any(layer.__dict__[name] is None for name in layer.inferred)
    ):
        return leaf.tensors
    for name, shape in layer.weights().items():
        leaf.tensors[name] = stored(shape, "float32", False, value, name)
    for name, tensor in layer.buffers().items():
        leaf.tensors[name] = stored(tensor.shape, tensor.dtype, True, value, name)
    return leaf.tensors


def forget(value: Instance, name: str) -> bool:
    """Take a submodule or a tensor from a module; whether it had one.

    A layer of the catalogue has a tensor of the shape in its place, which counts nothing, until
    code gives it another.
    """
    found = value.attributes.pop(name, MISSING) is not MISSING
    if isinstance(value.data, Leaf) and name in leaf_tensors(value):
        own = value.data.tensors[name]
        value.data.tensors[name] = TensorValue(own.shape, own.dtype)
        found = True
    return found


def stored(
    shape: Any, dtype: str, is_buffer: bool, owner: Instance | None = None, name: str = ""
) -> TensorValue:
    """A learned tensor or a buffer."""
    value = TensorValue(tuple(shape), dtype)
    value.stored = Stored(value.shape, is_buffer)
    if owner is not None:
        value.stored.owner = owner
        value.stored.weight_of = (owner, name)
    value.grown = value.stored
    return value


def learned(rt: Any, value: TensorValue) -> TensorValue:
    """A tensor as a learned one; what is computed in forward is no module's, and stays as it is."""
    if value.stored is not None or (rt.current is not None and not value.is_constant):
        return value
    return stored(value.shape, value.dtype if value.dtype in FLOATS else "float32", False)


def all_tensors(root: Instance) -> Iterator[tuple[str, TensorValue]]:
    """All learned tensors and buffers, by path, each once."""
    seen: set[int] = set()
    for path, module in walk(root):
        for name, value in tensors_of(module).items():
            if id(value.stored) not in seen:
                seen.add(id(value.stored))
                yield f"{path}.{name}" if path else name, value


def every_tensor(root: Instance, buffers: bool) -> Iterator[tuple[str, TensorValue]]:
    """All learned tensors, or all buffers, by path, each once."""
    return (pair for pair in all_tensors(root) if is_buffer(pair[1]) is buffers)


def named(rt: Any, name: Any) -> str:
    """The name of a submodule, which has to be a string."""
    if not isinstance(plain(name), str):
        found = type(plain(name)).__name__
        raise rt.error("TypeError", f"module name should be a string. Got {found}")
    return str(plain(name))
