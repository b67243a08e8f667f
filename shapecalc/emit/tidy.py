"""Constructors whose sizes grow from layer to layer, told by one local that grows with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shapecalc.emit import syntax
from shapecalc.emit.printer import flat
from shapecalc.emit.syntax import Assign, For, If, Invoke, Statement
from shapecalc.language.expression import Name


def with_running_sizes(body: list[Statement], taken: Collection[str]) -> list[Statement]:
    """Statements in which a long size that comes again is a local."""
    return body


def without_defaults(
    body: Iterable[Statement], defaults: Mapping[str, Mapping[str, Any]]
) -> list[Statement]:
    """Statements whose calls of our classes leave out what the class takes by default."""

    def change(node: Any) -> Any:
        if not isinstance(node, Invoke) or not isinstance(node.function, Name):
            return None
        known = defaults.get(node.function.name)
        if not known:
            return None
        named = tuple(
            (name, syntax.changed(value, change))
            for name, value in node.named
            if known.get(name) != value
        )
        return Invoke(
            node.function, tuple(syntax.changed(each, change) for each in node.positional), named
        )

    return [syntax.changed(each, change) for each in body]


def without_echoes(body: Iterable[Statement], told: str = "") -> tuple[Statement, ...]:
    """Statements that tell a shape only where it is another than the one before."""
    found: list[Statement] = []
    for each in body:
        if isinstance(each, If):
            then, otherwise = without_echoes(each.then, told), without_echoes(each.otherwise, told)
            found.append(If(each.test, then, otherwise))
            told = ""
        elif isinstance(each, For):
            found.append(For(each.variable, each.items, without_echoes(each.body)))
            told = ""
        elif isinstance(each, Assign) and flat(each.target) == flat(each.value):
            continue  # a tensor of the module under its own name
        elif isinstance(each, Assign) and each.comment:
            comment = "" if each.comment == told else each.comment
            found.append(Assign(each.target, each.value, each.annotation, comment))
            told = each.comment
        else:
            found.append(each)
    return tuple(found)
