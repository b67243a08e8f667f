"""Source as trees: a kind tells its call as plain source."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, cast

from shapecalc.emitting.syntax.nodes import (
    Attribute,
    Constant,
    Dots,
    Invoke,
    Item,
    Loop,
    Sequence,
    Slice,
    Star,
    Tree,
    literal,
)
from shapecalc.language.expression import Binary, Comparison, Conditional, Name, Unary
from shapecalc.language.operators import ARITHMETIC, RELATIONS

_BINARY = {**ARITHMETIC, ast.MatMult: "@", ast.BitOr: "|"}
_COMPARE = {**RELATIONS, ast.Is: "is", ast.IsNot: "is not"}


@lru_cache(maxsize=4096)
def read(text: str) -> Tree:
    """Source as a tree: what a kind says of its call.

    >>> from shapecalc.emitting.syntax.nodes import call, name
    >>> from shapecalc.language.expression import Number
    >>> read("x.permute(0, -1)") == call(name("x.permute"), Number(0), Unary("-", Number(1)))
    True
    """
    return _read(ast.parse(text, mode="eval").body)


def _read(node: Any) -> Tree:
    if isinstance(node, ast.Constant):
        value = node.value
        if value is ...:
            return Dots()
        return literal(value) if not isinstance(value, float) else Constant(value)
    if isinstance(node, ast.Name):
        return Name(node.id, 0)
    if isinstance(node, ast.Attribute):
        return Attribute(_read(node.value), node.attr)
    if isinstance(node, ast.Call):
        named = tuple((each.arg or "", _read(each.value)) for each in node.keywords)
        return Invoke(_read(node.func), tuple(map(_read, node.args)), named)
    if isinstance(node, ast.Subscript):
        return Item(_read(node.value), _read(node.slice))
    if isinstance(node, ast.Slice):
        parts = [
            None if each is None else _read(each) for each in (node.lower, node.upper, node.step)
        ]
        return Slice(*parts)
    if isinstance(node, (ast.Tuple, ast.List)):
        brackets = "()" if isinstance(node, ast.Tuple) else "[]"
        return Sequence(tuple(map(_read, node.elts)), brackets)
    if isinstance(node, ast.Starred):
        return Star(_read(node.value))
    return _read_arithmetic(node)


def _read_arithmetic(node: Any) -> Tree:
    if isinstance(node, ast.UnaryOp):
        operator = "not" if isinstance(node.op, ast.Not) else "-"
        return Unary(operator, cast(Any, _read(node.operand)))
    if isinstance(node, ast.BinOp):
        return Binary(
            _BINARY[type(node.op)], cast(Any, _read(node.left)), cast(Any, _read(node.right))
        )
    if isinstance(node, ast.BoolOp):
        operator = "and" if isinstance(node.op, ast.And) else "or"
        first, *others = map(_read, node.values)
        for each in others:
            first = Binary(operator, cast(Any, first), cast(Any, each))
        return first
    if isinstance(node, ast.Compare):
        rest = tuple((_COMPARE[type(o)], _read(c)) for o, c in zip(node.ops, node.comparators))
        return Comparison(cast(Any, _read(node.left)), cast(Any, rest))
    if isinstance(node, ast.IfExp):
        return Conditional(
            *(cast(Any, _read(each)) for each in (node.test, node.body, node.orelse))
        )
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        (one,) = node.generators
        assert isinstance(one.target, ast.Name)
        condition = _read(one.ifs[0]) if one.ifs else None
        loop = Loop(_read(node.elt), one.target.id, _read(one.iter), condition)
        return loop if isinstance(node, ast.GeneratorExp) else Sequence((loop,), "[]")
    raise ValueError(f"{ast.unparse(node)!r} has no place in emitted source")
