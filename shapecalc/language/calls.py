"""Python's calls, read as the entry that says the same: ``nn.Linear(10, 5)`` is ``Linear: 5``."""

from __future__ import annotations

import ast
import re
from typing import Any

from shapecalc.layers import Layer

_IDLE = ("device", "dtype", "inplace")
"""Arguments that tell nothing of sizes."""


def is_call(text: str) -> bool:
    """Whether a text is a call, as Python writes it.

    >>> is_call("Conv2d(3, 64, 3)"), is_call("Conv2d")
    (True, False)
    """
    return re.match(r"\s*[A-Za-z_][\w.]*\s*\(", text) is not None


def called(text: str) -> str:
    """What a call calls, with the module before it.

    >>> called("nn.Linear(10, 5)")
    'nn.Linear'
    """
    return text.partition("(")[0].strip()


def as_entry(text: str, kind: type[Layer]) -> str:
    """The entry that says what the call of a kind's class says; what is inferred is left out.

    Where the arguments are not understood, it is a sketch.

    >>> from shapecalc.layers import KINDS
    >>> as_entry("Conv2d(3, 64, 3, padding=1)", KINDS["Conv2d"])
    'Conv2d: {out_channels: 64, kernel_size: 3, padding: 1}'
    >>> as_entry("nn.Linear(10, 5)", KINDS["Linear"])
    'Linear: 5'
    """
    said = settings_of(text, kind)
    return sketch(kind) if said is None else entry_of(kind, said)


def entry_of(kind: type[Layer], said: dict[str, str]) -> str:
    """The entry of a kind with settings, a first one alone without its name.

    >>> from shapecalc.layers import KINDS
    >>> entry_of(KINDS["Linear"], {"out_features": "5"})
    'Linear: 5'
    """
    if not said:
        return kind.kind
    if list(said) == [next(iter(kind.fields))] and not said[next(iter(said))].startswith("{"):
        return f"{kind.kind}: {next(iter(said.values()))}"
    return f"{kind.kind}: {{{', '.join(f'{name}: {value}' for name, value in said.items())}}}"


def settings_of(text: str, kind: type[Layer]) -> dict[str, str] | None:
    """What the call of a kind's class sets, without what is inferred; None if it is not understood.

    Arguments stand in torch's order, or else in that of the fields which the kind needs.

    >>> from shapecalc.layers import KINDS
    >>> settings_of("Conv2d(3, 64, 3)", KINDS["Conv2d"])
    {'out_channels': '64', 'kernel_size': '3'}
    >>> settings_of("Conv2d(64, 3)", KINDS["Conv2d"])
    {'out_channels': '64', 'kernel_size': '3'}
    """
    orders = [_arguments(text, order) for order in (kind.parameters(), kind.required)]
    given = next((each for each in orders if each and {*kind.required} <= each.keys()), orders[0])
    if given is None:
        return None
    return {
        name: value
        for name, value in given.items()
        if name not in _IDLE and not (name in kind.fields and kind.fields[name].infer is not None)
    }


def sketch(kind: type[Layer]) -> str:
    """An entry of a kind with the fields that it needs.

    >>> from shapecalc.layers import KINDS
    >>> sketch(KINDS["Conv2d"])
    'Conv2d: {out_channels: ..., kernel_size: ...}'
    """
    if not kind.required:
        return kind.kind
    if kind.required == (next(iter(kind.fields)),):
        return f"{kind.kind}: ..."
    return f"{kind.kind}: {{{', '.join(f'{name}: ...' for name in kind.required)}}}"


def _arguments(text: str, names: tuple[str, ...]) -> dict[str, str] | None:
    """The arguments of a call by name, as a spec writes them; None where they are no literals."""
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(call, ast.Call) or len(call.args) > len(names):
        return None
    pairs: list[tuple[str | None, ast.expr]] = [*zip(names, call.args)]
    pairs += [(keyword.arg, keyword.value) for keyword in call.keywords]
    given = {}
    for name, value in pairs:
        said = _value(value)
        if name is None or said is None:
            return None
        given[name] = said
    return given


def _value(node: ast.expr) -> str | None:
    """A value as a spec writes it: a literal, a list of them, or an expression."""
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [_value(item) for item in node.elts]
        return None if None in items else f"[{', '.join(filter(None, items))}]"
    if isinstance(node, ast.Constant):
        words: dict[Any, str] = {True: "true", False: "false", None: "null"}
        if node.value is None or isinstance(node.value, bool):
            return words[node.value]
        return str(node.value) if isinstance(node.value, (int, float, str)) else None
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Load)
    if all(isinstance(each, allowed) for each in ast.walk(node)):
        return ast.unparse(node)
    return None
