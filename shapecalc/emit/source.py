"""Python source: values and calls, and statements laid out as ruff lays them out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from typing import Any

WIDTH = 88
"""The longest line, ruff's own."""

_OPERATORS = (
    (" for ", " if "),
    (" if ", " else "),
    (" or ",),
    (" and ",),
    (" == ", " != ", " < ", " <= ", " > ", " >= "),
    (" + ", " - "),
    (" * ", " / ", " // ", " % "),
    (" ** ",),
)
"""What a long expression is broken at, the weakest first: those of a loop, then operators."""


def literal(value: Any, *, exact: bool = False) -> str:
    """A value of a setting as Python: fractions as floats, which torch takes, unless exact.

    >>> literal((3, 5)), literal("same"), literal(Fraction(1, 100000))
    ('(3, 5)', '"same"', '1e-05')
    """
    if isinstance(value, (tuple, list)):
        return sequence([literal(item, exact=exact) for item in value])
    if isinstance(value, Fraction):
        return f"Fraction({value.numerator}, {value.denominator})" if exact else repr(float(value))
    if isinstance(value, float):
        return f'float("{value}")'
    if isinstance(value, str):
        return json.dumps(value)
    return repr(value)


def sequence(items: Sequence[str]) -> str:
    """A tuple of items.

    >>> sequence(["a"]), sequence(["a", "b"])
    ('(a,)', '(a, b)')
    """
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def call(
    function: str, positional: Iterable[str] = (), named: Iterable[tuple[str, str]] = ()
) -> str:
    """A call.

    >>> call("nn.Linear", ["3", "4"], [("bias", "False")])
    'nn.Linear(3, 4, bias=False)'
    """
    return f"{function}({', '.join([*positional, *(f'{name}={text}' for name, text in named)])})"


def loop(element: str, variable: str, iterable: str, condition: str | None = None) -> str:
    """What stands between the brackets of a comprehension."""
    text = f"{element} for {variable} in {iterable}"
    return f"{text} if {condition}" if condition else text


def lines(text: str, indent: int, before: str = "", after: str = "") -> list[str]:
    """An expression behind some text, on as many lines as it needs, indented.

    A call that is too long takes its arguments on one line of their own, or else each on its own;
    an expression that is broken at its operators stands in brackets.
    """
    pad = " " * indent
    if fits(f"{pad}{before}{text}{after}"):
        return [f"{pad}{before}{text}{after}"]
    parts = _parts(text)
    if len(parts) == 1:
        broken = _bracketed(text, indent, before, after)
        if broken is not None and fits(broken[0]):
            return broken
        if broken is None and not before:
            return [f"{pad}{before}{text}{after}"]
    inside = _inside(text, indent + 4)
    return [f"{pad}{before}(", *inside, f"{pad}){after}"]


def fits(line: str) -> bool:
    """Whether a line is no longer than it may be."""
    return len(line) <= WIDTH


def _inside(text: str, indent: int, before: str = "", after: str = "") -> list[str]:
    """An expression that stands within brackets already."""
    pad = " " * indent
    if fits(f"{pad}{before}{text}{after}"):
        return [f"{pad}{before}{text}{after}"]
    parts = _parts(text)
    if len(parts) == 1:
        return _bracketed(text, indent, before, after) or [f"{pad}{before}{text}{after}"]
    first, last = parts[0], len(parts) - 1
    found = _inside(first, indent, before)
    for i, part in enumerate(parts[1:], 1):
        operator, _, operand = part.partition(" ")
        found += _inside(operand, indent, f"{operator} ", after if i == last else "")
    return found


def _bracketed(text: str, indent: int, before: str, after: str) -> list[str] | None:
    """A call or the like broken at its brackets; None if it has none."""
    pad = " " * indent
    found = _last_bracket(text)
    if found is None:
        return None
    opened, closed = found
    head, tail = f"{pad}{before}{text[: opened + 1]}", f"{pad}{text[closed:]}{after}"
    inside = text[opened + 1 : closed]
    items = split(inside)
    is_tuple = not items[-1]
    if is_tuple:
        del items[-1]
    if fits(f"{pad}    {inside}") and not is_tuple:
        return [head, f"{pad}    {inside}", tail]
    comma = "," if len(items) > 1 or is_tuple else ""
    body = []
    for item in items:
        named = re.match(r"\w+=(?!=)|\*(?=\()", item)
        name = named[0] if named else ""
        body += _inside(item[len(name) :], indent + 4, name, comma)
    return [head, *body, tail]


def _last_bracket(text: str) -> tuple[int, int] | None:
    """Where the last call's brackets open and close, or those of a subscript or list."""
    found: dict[str, tuple[int, int]] = {}
    depth = start = 0
    for at, sign in enumerate(text):
        if sign in "([{":
            start = at if depth == 0 else start
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0 and at > start + 1:
                found[text[start]] = (start, at)
    return found.get("(") or found.get("[")


def _parts(text: str) -> list[str]:
    """An expression broken at its weakest operators, each in front of its operand."""
    for operators in _OPERATORS:
        places = [at for at in _outside(text) if text.startswith(operators, at)]
        if places and (operators[0] != " for " or text.startswith(" for ", places[0])):
            ends = [*places, len(text)]
            return [text[: places[0]], *(text[a + 1 : b] for a, b in pairwise(ends))]
    return [text]


def _outside(text: str) -> Iterable[int]:
    """The places outside of all brackets."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            yield at


def split(text: str) -> list[str]:
    """Arguments, or items, apart.

    >>> split("a, f(b, c), dim=1")
    ['a', 'f(b, c)', 'dim=1']
    """
    places = [at for at in _outside(text) if text[at] == ","]
    ends = [-1, *places, len(text)]
    return [text[a + 1 : b].strip() for a, b in pairwise(ends)]


class Lines:
    """Lines of a function's body, at a depth that changes."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.depth = 8

    def add(self, text: str, before: str = "", after: str = "") -> None:
        """Add a statement."""
        self.text += lines(text, self.depth, before, after)

    def add_modules(self, container: str, made: list[tuple[str, str, str | None]]) -> None:
        """Make a Sequential of modules of which some may be left out."""
        self.add("nn.Sequential()", f"{container} = ")
        for name, text, condition in made:
            added = call(f"{container}.add_module", [f'"{name}"', text])
            if condition is None:
                self.add(added)
            else:
                with self.under(f"if {condition}:"):
                    self.add(added)

    @contextmanager
    def apart(self) -> Iterator[list[str]]:
        """Collect what is added meanwhile, one level deeper, in a list of its own."""
        before, self.text = self.text, []
        self.depth += 4
        yield self.text
        self.depth -= 4
        self.text = before

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """Put what is added meanwhile below a head such as ``if x:``."""
        self.add(head)
        self.depth += 4
        yield
        self.depth -= 4
