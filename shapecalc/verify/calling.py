"""Calling a module of whatever signature, and the tensors in whatever it returns."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.verify import run

DEEPEST = 8
MOST = 10_000
"""How deep what is returned may be nested, and of how many parts it may be."""

FEW = 3
"""So many sorts of things that are no tensors are told."""

Inputs = Mapping[str, Any]
Way = Callable[[Any, Inputs], Any]


class Returned(NamedTuple):
    """What a module returned: its tensors with their names, and what else there was, in words."""

    tensors: tuple[tuple[str, Any], ...]
    others: tuple[str, ...]

    @property
    def rest(self) -> str:
        """In words, what there is besides tensors."""
        sorts = list(dict.fromkeys(self.others))
        told = sorts[:FEW] + (["more"] if len(sorts) > FEW else [])
        return " and ".join(told)


def ways(model: Any, names: Iterable[str]) -> list[Way]:
    """The ways in which a module may want the inputs of these names, the likeliest first."""
    inputs = list(names)
    try:
        parameters = inspect.signature(model.forward).parameters
    except (TypeError, ValueError):
        return [_in_order]
    kinds = inspect.Parameter
    asked = [
        each
        for each in parameters.values()
        if each.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    ]
    required = [each for each in asked if each.default is kinds.empty]
    takes_more = len(asked) < len(parameters)
    fit = all(
        name in parameters and parameters[name].kind != kinds.POSITIONAL_ONLY for name in inputs
    )
    by_keyword = any(each.kind == kinds.KEYWORD_ONLY for each in required)
    if fit and (len(inputs) > 1 or by_keyword):
        return [_by_name, _in_order]
    if by_keyword and len(required) == len(inputs):
        keywords = [each.name for each in required]
        return [lambda model, given: model(**dict(zip(keywords, given.values())))]
    if len(inputs) > 1 and len(asked) == 1:
        return [_as_mapping, _as_list, *([_in_order, _by_name] if takes_more else [])]
    if takes_more and not asked:
        return [_in_order, _by_name]
    return [_in_order]


def _in_order(model: Any, given: Inputs) -> Any:
    return model(*given.values())


def _by_name(model: Any, given: Inputs) -> Any:
    return model(**given)


def _as_mapping(model: Any, given: Inputs) -> Any:
    return model(dict(given))


def _as_list(model: Any, given: Inputs) -> Any:
    return model(list(given.values()))


def returned(output: Any) -> Returned:
    """The tensors of an output, wherever they are in it; ``None`` is nothing.

    >>> returned("done").others
    ("the text 'done'",)
    """
    tensors: list[tuple[str, Any]] = []
    others: list[str] = []
    for name, each in _parts(output, "", DEEPEST):
        if isinstance(each, run.torch().Tensor):
            tensors.append((name, each))
        else:
            others.append(f"the text {each!r}" if isinstance(each, str) else _article(each))
        if len(tensors) + len(others) >= MOST:
            break
    return Returned(tuple(tensors), tuple(others))


def _article(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"


def _parts(output: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    """What is in an output that is no container, with the innermost name it has."""
    if output is None:
        return
    inside = _inside(output) if depth else None
    if inside is None:
        yield name, output
        return
    for key, each in inside:
        yield from _parts(each, key or name, depth - 1)


def _inside(output: Any) -> Iterable[tuple[str, Any]] | None:
    """The parts of a container by name, the empty one if they have none; None for no container."""
    torch = run.torch()
    if isinstance(output, (torch.Tensor, torch.nn.Module, str, bytes, int, float, complex, type)):
        return None
    if isinstance(output, Mapping):
        return ((str(key), each) for key, each in output.items())
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        return zip(output._fields, output)
    if dataclasses.is_dataclass(output):
        return ((each.name, getattr(output, each.name)) for each in dataclasses.fields(output))
    if isinstance(output, Iterable):
        return (("", each) for each in output)
    if getattr(output, "__dict__", None):
        return list(vars(output).items())
    return None
