"""Statements, functions and classes laid out."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Many

from shapecalc.emitting.printer.docstring import docstring
from shapecalc.emitting.printer.line import fits, flat, without_brackets
from shapecalc.emitting.printer.several import STEP, lines
from shapecalc.emitting.syntax import (
    Assign,
    Class,
    For,
    Function,
    If,
    Parameter,
    Raise,
    Return,
    Statement,
    With,
)


def body(statements: Iterable[Statement], indent: int) -> list[str]:
    """Statements, each on as many lines as it needs; ``pass`` where there are none."""
    found = [line for each in statements for line in statement(each, indent)]
    return found or [f"{' ' * indent}pass"]


def statement(node: Statement, indent: int) -> list[str]:
    """One statement; its comment stands behind it, or above it if it is too long."""
    if isinstance(node, If):
        found = [*lines(node.test, indent, "if ", ":"), *body(node.then, indent + STEP)]
        if node.otherwise:
            found += [f"{' ' * indent}else:", *body(node.otherwise, indent + STEP)]
        return found
    if isinstance(node, For):
        head = f"for {flat(without_brackets(node.variable))} in "
        return [*lines(node.items, indent, head, ":"), *body(node.body, indent + STEP)]
    if isinstance(node, With):
        return [*lines(node.context, indent, "with ", ":"), *body(node.body, indent + STEP)]
    if isinstance(node, Raise):
        return lines(node.value, indent, "raise ")
    if isinstance(node, Assign):
        typed = f": {flat(node.annotation)}" if node.annotation is not None else ""
        head = f"{flat(without_brackets(node.target))}{typed} {node.operator}= "
        found = lines(node.value, indent, head)
    elif isinstance(node, Return):
        found = lines(without_brackets(node.value), indent, "return ")
    else:
        found = lines(node.value, indent)
    return _commented(found, node.comment, indent)


def _commented(written: list[str], comment: str, indent: int) -> list[str]:
    if not comment:
        return written
    if len(written) == 1 and fits(f"{written[0]}  # {comment}"):
        return [f"{written[0]}  # {comment}"]
    return [f"{' ' * indent}# {comment}", *written]


def function(node: Function, indent: int) -> list[str]:
    """A function, or a method."""
    told = docstring(node.told, indent + STEP) if node.told else []
    return [*_signature(node, indent), *told, *body(node.body, indent + STEP)]


def _signature(node: Function, indent: int) -> list[str]:
    pad, deeper = " " * indent, " " * (indent + STEP)
    given = [*(["self"] if node.is_method else []), *map(_parameter, node.parameters)]
    head, tail = f"{pad}def {node.name}(", f") -> {flat(node.returns)}:"
    if fits(f"{head}{', '.join(given)}{tail}"):
        return [f"{head}{', '.join(given)}{tail}"]
    together = f"{deeper}{', '.join(given)}{',' if len(given) == 1 else ''}"
    inside = [together] if fits(together) else [f"{deeper}{each}," for each in given]
    return [head, *inside, f"{pad}{tail}"]


def _parameter(node: Parameter) -> str:
    typed = f"{node.name}: {flat(node.annotation)}"
    return typed if node.default is None else f"{typed} = {flat(node.default)}"


def class_(node: Class) -> list[str]:
    """A class."""
    told = docstring(node.told, STEP) if node.told else []
    methods: Many[list[str]] = [function(each, STEP) for each in node.methods]
    declared = [f"{' ' * STEP}{_parameter(each)}" for each in node.declared]
    found = [f"class {node.name}({flat(node.base)}):"]
    for i, part in enumerate(part for part in (told, declared, *methods) if part):
        found += [*([""] if i else []), *part]
    return found


def definition(node: Class | Function) -> list[str]:
    """A class, or a function outside of all classes."""
    return class_(node) if isinstance(node, Class) else function(node, 0)
