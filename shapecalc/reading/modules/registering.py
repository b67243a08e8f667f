"""Layers that are called but not registered: torch neither counts nor trains their weights."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from shapecalc.language.problem import Mark, Problem
from shapecalc.reading.evaluator.values import Instance, Place
from shapecalc.reading.modules import Leaf, every_tensor, is_module, leaf_tensors, walk
from shapecalc.reading.tensors.traced import Op

CONTAINERS: dict[Any, str] = {list: "ModuleList", tuple: "ModuleList", dict: "ModuleDict"}
"""What registers the layers in a collection of Python's own."""


def unregistered(
    root: Instance, operations: Iterable[Op], before: Container[int]
) -> Iterator[Problem]:
    """A problem for each collection that keeps layers with weights from being registered.

    ``before`` are the modules, by their ids, that were registered before the network was called.
    """
    beside = [op for op in operations if op.instance and id(op.instance) not in before]
    if not beside:
        return
    modules = list(walk(root))
    known = {id(module) for _, module in modules}
    learned = {id(tensor.stored) for _, tensor in every_tensor(root, buffers=False)}
    told: set[str] = set()
    for op in beside:
        instance = op.instance
        if instance is None or id(instance) in known or not isinstance(instance.data, Leaf):
            continue
        own = [each.stored for each in leaf_tensors(instance).values()]
        if all(each is None or each.is_buffer or id(each) in learned for each in own):
            continue
        path, kind = _holder(modules, instance)
        key = path or str(instance.data.place)
        if key not in told:
            told.add(key)
            yield _problem(op, instance, path, kind)


def _holder(modules: list[tuple[str, Instance]], wanted: Instance) -> tuple[str, str]:
    """The attribute whose collection has a module, and what would register it."""
    for path, module in modules:
        for name, value in module.attributes.items():
            if type(value) in CONTAINERS and any(each is wanted for each in _inside(value)):
                return f"{path}.{name}" if path else name, CONTAINERS[type(value)]
    return "", ""


def _inside(value: Any, depth: int = 0) -> Iterator[Instance]:
    """The modules in a collection, and below them."""
    if is_module(value):
        for _, each in walk(value):
            yield each
    elif type(value) in CONTAINERS and depth < 4:
        for each in value.values() if isinstance(value, dict) else value:
            yield from _inside(each, depth + 1)


def _problem(op: Op, instance: Instance, path: str, kind: str) -> Problem:
    made = instance.data.place
    mark = made if isinstance(made, Place) else op.place or Mark(1, 1)
    what = instance.data.kind
    if path:
        message = f"{what} is not registered: {path!r} is no nn.{kind}"
        return Problem(mark, message, (
            "its weights would not be among the network's parameters, and not be trained",
            f"nn.{kind}(...) around what is in {path!r} registers it",
        ))  # fmt: skip
    message = f"{what} is not registered: no attribute of a module holds it"
    hint = "made in __init__ and kept in an attribute, its weights are trained"
    return Problem(mark, message, (hint,))
