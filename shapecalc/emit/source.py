"""Python source: values and calls, laid out as ruff lays them out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Union

WIDTH = 88
"""The longest line, ruff's own."""


def literal(value: Any, *, exact: bool = False) -> str:
    """A value of a setting as Python: fractions as floats, which torch takes, unless exact.

    >>> literal((3, 5)), literal("same"), literal(Fraction(1, 100000))
    ('(3, 5)', '"same"', '1e-05')
    """
    if isinstance(value, (tuple, list)):
        items = ", ".join(literal(item, exact=exact) for item in value)
        return f"({items}{',' if len(value) == 1 else ''})"
    if isinstance(value, Fraction):
        return f"Fraction({value.numerator}, {value.denominator})" if exact else repr(float(value))
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
    """``element for variable in iterable if condition``, within the brackets of a call."""

    element: Code
    variable: str
    iterable: str
    condition: str = ""

    @property
    def loop(self) -> list[str]:
        """What stands behind the element."""
        loop = [f"for {self.variable} in {self.iterable}"]
        return [*loop, f"if {self.condition}"] if self.condition else loop


class Starred(NamedTuple):
    """``*(element for ...)``: what a loop gives, as arguments of their own."""

    each: Each


Code = Union[str, Make, Each, Starred]


def parsed(text: str) -> Code:
    """Source of a call taken apart as far as needed to lay it out; anything else as it is.

    >>> parsed("torch.cat((a, b), dim=1)")
    Make(function='torch.cat', positional=[Make(function='', positional=['a', 'b'], ...
    """
    head, opened, rest = text.partition("(")
    if not opened or not rest.endswith(")") or not re.fullmatch(r"[\w.]*", head):
        return text
    pieces = _split(rest[:-1])
    if pieces is None or pieces == [""]:
        return text
    named = [piece.split("=", 1) for piece in pieces if re.match(r"\w+=(?!=)", piece)]
    positional = [parsed(piece) for piece in pieces[: len(pieces) - len(named)]]
    return Make(head, positional, [(name, parsed(each)) for name, each in named])


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
    if isinstance(code, Starred):
        return f"*({flat(code.each)})"
    if isinstance(code, Each):
        return " ".join([flat(code.element), *code.loop])
    opening, closing = code.bracket
    comma = "," if code.bracket == "()" and not code.function and _is_single(code) else ""
    return f"{code.function}{opening}{', '.join(_arguments(code))}{comma}{closing}"


def _is_single(code: Make) -> bool:
    return len(code.positional) == 1 and not code.named


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
        loop = [" " * indent + part for part in code.loop]
        return [*lines(code.element, indent, before), *loop[:-1], loop[-1] + after]
    if isinstance(code, Starred):
        return [f"{pad}{before}*(", *lines(code.each, deeper), f"{pad}){after}"]
    opening, closing = code.bracket
    head, foot = f"{pad}{before}{code.function}{opening}", f"{pad}{closing}{after}"
    inside = ", ".join(_arguments(code))
    is_loop = _is_single(code) and isinstance(code.positional[0], (Each, Starred))
    if deeper + len(inside) <= WIDTH and not (code.function == "" and _is_single(code)):
        return [head, f"{' ' * deeper}{inside}", foot]
    arguments = [*(("", each) for each in code.positional), *((f"{n}=", c) for n, c in code.named)]
    comma = "" if is_loop else ","
    return [
        head,
        *(line for name, each in arguments for line in lines(each, deeper, name, comma)),
        foot,
    ]
