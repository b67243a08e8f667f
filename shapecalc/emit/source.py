"""Python source: expressions, values and calls, laid out as ruff lays them out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Union

from shapecalc.algebra.trace import Apply, Leaf, Quotient, Sum, Tree
from shapecalc.algebra.trace import Number as TracedNumber
from shapecalc.spec.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    Name,
    Number,
    Unary,
)

WIDTH = 88
"""The longest line, ruff's own."""

_STRENGTH = {"or": 1, "and": 2, "not": 3, "<": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6}
_UNARY, _POWER, _ATOM = 7, 8, 9
_FUNCTIONS = {"ceil": "math.ceil", "floor": "math.floor", "gcd": "math.gcd"}


def write(tree: Expression, names: Mapping[str, Expression] | None = None) -> str:
    """An expression as Python, with some names replaced by expressions.

    >>> from shapecalc.spec.expression import parse
    >>> write(parse("2*(n-1)**2 if n>1 else -n"))
    '2 * (n - 1) ** 2 if n > 1 else -n'
    """
    return _write(tree, names or {})[0]


def _write(tree: Expression, names: Mapping[str, Expression]) -> tuple[str, int]:
    if isinstance(tree, Number):
        if isinstance(tree.value, Fraction):
            text = f"Fraction({tree.value.numerator}, {tree.value.denominator})"
            return text, _ATOM
        return str(tree.value), _ATOM if tree.value >= 0 else _UNARY
    if isinstance(tree, Name):
        meant = names.get(tree.name)
        return (tree.name, _ATOM) if meant is None else _write(meant, {})
    if isinstance(tree, Call):
        inside = ", ".join(_write(each, names)[0] for each in tree.arguments)
        if tree.function in ("min", "max") and len(tree.arguments) == 1:
            return _write(tree.arguments[0], names)
        return f"{_FUNCTIONS.get(tree.function, tree.function)}({inside})", _ATOM
    if isinstance(tree, Conditional):
        then, test, otherwise = (
            _held(part, names, strength)
            for part, strength in ((tree.then, 1), (tree.test, 1), (tree.otherwise, 0))
        )
        return f"{then} if {test} else {otherwise}", 0
    if isinstance(tree, Unary):
        if tree.operator == "not":
            return f"not {_held(tree.operand, names, 3)}", 3
        return f"-{_held(tree.operand, names, _UNARY)}", _UNARY
    if isinstance(tree, Comparison):
        text = _held(tree.first, names, 5)
        return text + "".join(f" {op} {_held(part, names, 5)}" for op, part in tree.rest), 4
    return _binary(tree, names)


def _binary(tree: Binary, names: Mapping[str, Expression]) -> tuple[str, int]:
    if tree.operator == "**":
        left, right = _held(tree.left, names, _ATOM), _held(tree.right, names, _UNARY)
        simple = left.isalnum() and right.isalnum()  # ruff closes up powers of simple operands
        return f"{left}**{right}" if simple else f"{left} ** {right}", _POWER
    strength = _STRENGTH[tree.operator]
    left = _held(tree.left, names, strength)
    right = _held(tree.right, names, strength + 1)
    return f"{left} {tree.operator} {right}", strength


def _held(tree: Expression, names: Mapping[str, Expression], strength: int) -> str:
    text, own = _write(tree, names)
    return text if own >= strength else f"({text})"


def expression(tree: Tree) -> Expression:
    """A derivation as an expression."""
    if isinstance(tree, Leaf):
        return Name(tree.letter, 0)
    if isinstance(tree, TracedNumber):
        return Number(tree.value) if tree.value >= 0 else Unary("-", Number(-tree.value))
    if isinstance(tree, Sum):
        return _sum(tree)
    if isinstance(tree, Quotient):
        top, bottom = expression(tree.top), expression(tree.bottom)
        if tree.rounding == "ceil":
            return Unary("-", Binary("//", Unary("-", top), bottom))
        whole = tree.rounding == "floor" or isinstance(tree.value, int)
        return Binary("//" if whole else "/", top, bottom)
    if isinstance(tree, Apply):
        return Call(tree.function, tuple(map(expression, tree.arguments)))
    found = expression(tree.factors[0])
    for factor in tree.factors[1:]:
        found = Binary("*", found, expression(factor))
    return found


def _sum(tree: Sum) -> Expression:
    found: Expression | None = None
    for factor, term in tree.terms:
        one = isinstance(term, TracedNumber)
        piece = expression(term)
        if abs(factor) != 1 or one:
            piece = Number(abs(factor)) if one else Binary("*", Number(abs(factor)), piece)
        if found is None:
            found = piece if factor > 0 else Unary("-", piece)
        else:
            found = Binary("+" if factor > 0 else "-", found, piece)
    assert found is not None
    return found


def literal(value: Any) -> str:
    """A value of a setting as Python: fractions as floats, which torch takes.

    >>> literal((3, 5)), literal("same"), literal(Fraction(1, 100000))
    ('(3, 5)', '"same"', '1e-05')
    """
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Fraction):
        return repr(float(value))
    if isinstance(value, float):
        return f'float("{value}")'
    if isinstance(value, str):
        return json.dumps(value)
    return repr(value)


class Make(NamedTuple):
    """A call: what is called, arguments by position, and by name; or, without a function, a
    tuple or a list.
    """

    function: str
    positional: Sequence[Code] = ()
    named: Sequence[tuple[str, Code]] = ()
    bracket: str = "()"


class Each(NamedTuple):
    """``*(element for variable in range(count))``."""

    element: Code
    variable: str
    count: str


Code = Union[str, Make, Each]


def parsed(text: str) -> Code:
    """Source of a call taken apart as far as needed to lay it out; anything else as it is.

    >>> parsed("torch.cat((a, b), dim=1)")
    Make(function='torch.cat', positional=[Make(function='', positional=['a', 'b'], ...
    """
    head, opened, rest = text.partition("(")
    if not opened or not rest.endswith(")") or not re.fullmatch(r"[\w.]*", head):
        return text
    pieces = _split(rest[:-1])
    if pieces is None:
        return text
    named = [piece.split("=", 1) for piece in pieces if re.match(r"\w+=(?!=)", piece)]
    positional = [parsed(piece) for piece in pieces[: len(pieces) - len(named)]]
    return Make(head, positional, [(name, each) for name, each in named] if named else ())


def _split(text: str) -> list[str] | None:
    """The text at its outermost commas; None if its brackets do not match."""
    pieces, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return None
        if sign == "," and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    return [*pieces, text[start:].strip()]


def flat(code: Code) -> str:
    """Code on one line."""
    if isinstance(code, str):
        return code
    if isinstance(code, Each):
        return f"*({flat(code.element)} for {code.variable} in range({code.count}))"
    opening, closing = code.bracket
    return f"{code.function}{opening}{', '.join(_arguments(code))}{closing}"


def _arguments(code: Make) -> list[str]:
    return [*map(flat, code.positional), *(f"{name}={flat(each)}" for name, each in code.named)]


def lines(code: Code, indent: int, before: str = "", after: str = "") -> list[str]:
    """Code behind some text, on as many lines as it needs, indented.

    A call that is too long takes its arguments on one line of their own, or else each on its own.
    """
    pad = " " * indent
    one = f"{pad}{before}{flat(code)}{after}"
    if len(one) <= WIDTH or isinstance(code, str):
        return [one]
    deeper = indent + 4
    if isinstance(code, Each):
        loop = f"{' ' * deeper}for {code.variable} in range({code.count})"
        return [f"{pad}{before}*(", *lines(code.element, deeper), loop, f"{pad}){after}"]
    inside = ", ".join(_arguments(code))
    opening, closing = code.bracket
    head, foot = f"{pad}{before}{code.function}{opening}", f"{pad}{closing}{after}"
    if deeper + len(inside) <= WIDTH:
        return [head, f"{' ' * deeper}{inside}", foot]
    arguments = [*(("", each) for each in code.positional), *((f"{n}=", c) for n, c in code.named)]
    if len(arguments) == 1 and not arguments[0][0]:
        comma = "" if isinstance(arguments[0][1], Each) else ","
        return [head, *lines(arguments[0][1], deeper, "", comma), foot]
    return [
        head,
        *(line for name, each in arguments for line in lines(each, deeper, name, ",")),
        foot,
    ]
