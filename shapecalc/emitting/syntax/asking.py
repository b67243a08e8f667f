"""Questions to ask of trees: what they are made of, which names they use; and changes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from operator import is_
from typing import Any, TypeAlias

from shapecalc.emitting.syntax.nodes import (
    Assign,
    Attribute,
    Class,
    Constant,
    Do,
    Dots,
    For,
    Formatted,
    Function,
    If,
    Invoke,
    Item,
    Keyed,
    Loop,
    Noted,
    Parameter,
    Raise,
    Return,
    Sequence,
    Slice,
    Star,
    Statement,
    Text,
    Tree,
    With,
)
from shapecalc.language import expression as spec
from shapecalc.language.expression import Binary, Comparison, Conditional, Name, Number, Unary

_SPEC = frozenset({Number, Name, Unary, Binary, Comparison, Conditional, spec.Call})

_OWN = frozenset(
    {Constant, Text, Formatted, Attribute, Item, Slice, Dots, Invoke, Sequence, Keyed, Star, Loop}
    | {Noted}
    | {Assign, Do, Return, Raise, If, For, With, Parameter, Function, Class}
)

_NODES = _SPEC | _OWN

_ATOMS = frozenset({Number, Name, Constant, Text, Dots})
"""What has no parts."""


_FIELDS: dict[Any, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind)) for kind in _OWN
}

_HELD: dict[Any, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind) if each.type not in ("str", "bool"))
    for kind in _OWN
}
"""The fields that may hold trees: not those that are words or flags."""


def parts(node: Any) -> Iterable[Any]:
    """What a tree, a statement or a definition is made of directly."""
    kind = type(node)
    if kind in _ATOMS:
        return ()
    if kind in _SPEC:
        return spec.parts(node)
    found: list[Any] = []
    if kind in _OWN:
        for field in _HELD[kind]:
            _gather(getattr(node, field), found)
    return found


def _gather(value: Any, found: list[Any]) -> None:
    kind = type(value)
    if kind in _NODES:
        found.append(value)
    elif kind is tuple:
        for each in value:
            if type(each) in _NODES:
                found.append(each)
            else:
                _gather(each, found)


def walk(*nodes: Any) -> Iterator[Any]:
    """Trees and all that they are made of, a node before its parts."""
    stack = [*reversed(nodes)]
    while stack:
        node = stack.pop()
        yield node
        if type(node) not in _ATOMS:
            stack.extend(reversed([*parts(node)]))


def names(*nodes: Any) -> set[str]:
    """The names that are looked up; of an item of a list that is an argument, the list's.

    The variable of a loop is a name of its own, and means nothing outside of it.

    >>> from shapecalc.emitting.syntax import read
    >>> sorted(names(read("f(index, *(n + index for index in range(m)))")))
    ['f', 'index', 'm', 'n', 'range']
    """
    found: set[str] = set()
    stack = [*nodes]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is Name:
            found.add(node.name.partition("[")[0])
        elif kind is Loop:
            inside = names(node.element, *([] if node.condition is None else [node.condition]))
            found |= inside - {node.variable}
            stack.append(node.items)
        elif kind is For:
            found |= names(*node.body) - names(node.variable)
            stack.append(node.items)
        elif kind not in _ATOMS:
            stack.extend(parts(node))
    return found


def size(tree: Tree) -> int:
    """How many names, numbers and operations there are."""
    return sum(1 for _ in walk(tree))


Change: TypeAlias = "Callable[[Any], Any]"


def changed(node: Any, change: Change) -> Any:
    """A tree or statement with some of its nodes replaced; what is replaced is not looked into.

    Where nothing is replaced it is the same tree.
    """
    found = change(node)
    if found is not None:
        return found
    kind = type(node)
    if kind in _ATOMS or kind not in _NODES:
        return node
    before = [*node] if kind in _SPEC else [getattr(node, field) for field in _FIELDS[kind]]
    after = _each_changed(before, change)
    return node if all(map(is_, before, after)) else kind(*after)


def _each_changed(values: Iterable[Any], change: Change) -> list[Any]:
    return [
        changed(each, change)
        if type(each) in _NODES
        else _changed(each, change)
        if type(each) is tuple
        else each
        for each in values
    ]


def _changed(value: tuple[Any, ...], change: Change) -> tuple[Any, ...]:
    """The same of what a field holds."""
    if not value:
        return value
    after = _each_changed(value, change)
    return value if all(map(is_, value, after)) else tuple(after)


def replaced(tree: Any, meanings: Mapping[str, Any]) -> Any:
    """A tree with names replaced by what they mean."""

    def meant(node: Any) -> Any:
        return meanings.get(node.name) if isinstance(node, Name) else None

    return changed(tree, meant) if meanings else tree


def plain(tree: Any) -> Any:
    """An expression without the columns of its names, so that like ones are equal."""

    def change(node: Any) -> Any:
        return Name(node.name, 0) if isinstance(node, Name) else None

    return changed(tree, change)


def statements(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements of a body, those inside of others included."""
    for each in body:
        yield each
        if isinstance(each, If):
            yield from statements((*each.then, *each.otherwise))
        elif isinstance(each, (For, With)):
            yield from statements(each.body)
