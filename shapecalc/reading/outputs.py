"""What forward gives back: its tensors, in order, and their names."""

from __future__ import annotations

from collections.abc import Iterable
from keyword import iskeyword
from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import Instance
from shapecalc.reading.modules import is_module
from shapecalc.reading.tensors.traced import TensorValue


def tensors(value: Any, depth: int = 0) -> Iterable[TensorValue]:
    """The tensors that forward gives back, in order."""
    if isinstance(value, TensorValue):
        yield value
    elif isinstance(value, Instance) and depth < 8:
        inner = plain(value)
        if inner is not value:
            yield from tensors(inner, depth + 1)
        elif not is_module(value):
            for each in value.attributes.values():
                yield from tensors(each, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < 8:
        for each in value:
            yield from tensors(each, depth + 1)
    elif isinstance(value, dict) and depth < 8:
        for each in value.values():
            yield from tensors(each, depth + 1)


def names_of(result: Any) -> list[str]:
    """The names in a dictionary of tensors; none if it has others, or is something else."""
    if not isinstance(result, dict):
        return []
    named = all(
        isinstance(name, str) and name.isidentifier() and not iskeyword(name) for name in result
    )
    return list(result) if named and all(map(_is_tensor, result.values())) else []


def _is_tensor(value: Any) -> bool:
    return isinstance(value, TensorValue)
