"""Questions to ask of trees: what they are made of, which names they use; and changes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
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

_SPEC = (Number, Name, Unary, Binary, Comparison, Conditional, spec.Call)


_OWN = frozenset(
    {Constant, Text, Formatted, Attribute, Item, Slice, Dots, Invoke, Sequence, Keyed, Star, Loop}
    | {Noted}
    | {Assign, Do, Return, Raise, If, For, With, Parameter, Function, Class}
)


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def parts(node: Any) -> Iterator[Any]:
    """What a tree, a statement or a definition is made of directly."""
    if isinstance(node, _SPEC):
        yield from spec.parts(node)
    elif type(node) in _OWN:
        for field in _fields(node.__class__):
            yield from _nodes(getattr(node, field))


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, _SPEC) or type(value) in _OWN:
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _nodes(each)


def walk(*nodes: Any) -> Iterator[Any]:
    """Trees and all that they are made of, a node before its parts."""
    stack = [*reversed(nodes)]
    while stack:
        node = stack.pop()
        yield node
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
        if isinstance(node, Name):
            found.add(node.name.partition("[")[0])
        elif isinstance(node, Loop):
            inside = names(node.element, *([] if node.condition is None else [node.condition]))
            found |= inside - {node.variable}
            stack.append(node.items)
        elif isinstance(node, For):
            found |= names(*node.body) - names(node.variable)
            stack.append(node.items)
        else:
            stack.extend(parts(node))
    return found


def size(tree: Tree) -> int:
    """How many names, numbers and operations there are."""
    return sum(1 for _ in walk(tree))


Change: TypeAlias = "Callable[[Any], Any]"


def changed(node: Any, change: Change) -> Any:
    """A tree or statement with some of its nodes replaced; what is replaced is not looked into."""
    found = change(node)
    if found is not None:
        return found
    if isinstance(node, (Number, Name)):
        return node
    if isinstance(node, _SPEC):
        return type(node)(*(_changed(each, change) for each in node))
    if type(node) in _OWN:
        values = [_changed(getattr(node, field), change) for field in _fields(node.__class__)]
        return type(node)(*values)
    return node


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, _SPEC) or type(value) in _OWN:
        return changed(value, change)
    if isinstance(value, tuple):
        return tuple(_changed(each, change) for each in value)
    return value


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
