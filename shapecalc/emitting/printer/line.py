"""Trees of Python on one line, as ruff writes them: spaces, and brackets where they are needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from shapecalc.emitting.syntax import (
    Attribute,
    Constant,
    Dots,
    Formatted,
    Invoke,
    Item,
    Keyed,
    Loop,
    Noted,
    Sequence,
    Slice,
    Star,
    Text,
)
from shapecalc.language.expression import Binary, Call, Comparison, Conditional, Name, Number, Unary

WIDTH = 88
"""The longest line, ruff's own."""

STRENGTH = {"or": 1, "and": 2, "|": 5, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "@": 6}
LOOP, CONDITIONAL, NOT, COMPARISON, UNARY, POWER, ATOM = -1, 0, 3, 4, 7, 8, 9


def fits(line: str) -> bool:
    """Whether a line is no longer than it may be."""
    return len(line) <= WIDTH


MOST_ITEMS = WIDTH // 3
"""How many items a line has room for, as each has a sign at least, a comma and a space."""


def is_wide(tree: Any) -> bool:
    """Whether there are more arguments or items than a line has room for.

    >>> from shapecalc.emitting.syntax import read
    >>> is_wide(read(f"f({'a, ' * 30})")), is_wide(read("f(a, [b, c])"))
    (True, False)
    """
    inside: tuple[Any, ...] = ()
    if isinstance(tree, Bare):
        return is_wide(tree.tuple)
    if isinstance(tree, Sequence):
        inside = tree.items
    elif isinstance(tree, Invoke):
        inside = (*tree.positional, *(value for _, value in tree.named))
    return len(inside) > MOST_ITEMS or any(map(is_wide, inside))


def flat(tree: Any) -> str:
    """A tree on one line.

    >>> from shapecalc.emitting.syntax import read
    >>> flat(read("f( (a-b)*2 , c [ : , 1:n+1 ] , x=-( a if b else c ))"))
    'f((a - b) * 2, c[:, 1 : n + 1], x=-(a if b else c))'
    """
    return written(tree)[0]


def written(tree: Any) -> tuple[str, int]:
    """A tree on one line, and how strongly it holds together."""
    return _FLAT[type(tree)](tree)


def held(tree: Any, strength: int) -> str:
    """A tree on one line, in brackets where it does not hold together as strongly."""
    text, its_own = written(tree)
    return text if its_own >= strength else f"({text})"


def _number(tree: Number) -> tuple[str, int]:
    if isinstance(tree.value, Fraction):
        return f"{tree.value.numerator} / {tree.value.denominator}", STRENGTH["/"]
    return str(tree.value), ATOM


def _unary(tree: Unary) -> tuple[str, int]:
    if tree.operator == "not":
        return f"not {held(tree.operand, NOT)}", NOT
    is_power = isinstance(tree.operand, Binary) and tree.operand.operator == "**"
    return f"-{held(tree.operand, ATOM if is_power else UNARY)}", UNARY


def _binary(tree: Binary) -> tuple[str, int]:
    if tree.operator == "**":
        left, right = held(tree.left, ATOM), held(tree.right, UNARY)
        tight = (
            _is_dotted(tree.right) and _is_dotted(tree.left) and not isinstance(tree.left, Unary)
        )
        return f"{left}**{right}" if tight else f"{left} ** {right}", POWER
    strength = STRENGTH[tree.operator]
    left, right = held(tree.left, strength), held(tree.right, strength + 1)
    return f"{left} {tree.operator} {right}", strength


def _is_simple(tree: Any) -> bool:
    """Whether ruff writes no space around a slice's colon with this on its side."""
    if isinstance(tree, Unary):
        return tree.operator == "-" and _is_simple(tree.operand)
    if isinstance(tree, Number):
        return not isinstance(tree.value, Fraction)
    return isinstance(tree, (Name, Constant))


def _is_dotted(tree: Any) -> bool:
    """Whether it is a name, or names joined by dots, which a power is written close to as well."""
    return _is_simple(tree) or (isinstance(tree, Attribute) and _is_dotted(tree.owner))


def _comparison(tree: Comparison) -> tuple[str, int]:
    text = held(tree.first, COMPARISON + 1)
    rest = (f" {operator} {held(part, COMPARISON + 1)}" for operator, part in tree.rest)
    return text + "".join(rest), COMPARISON


def _conditional(tree: Conditional) -> tuple[str, int]:
    then, test = held(tree.then, 1), held(tree.test, 1)
    return f"{then} if {test} else {held(tree.otherwise, 0)}", CONDITIONAL


def _invoke(tree: Invoke) -> tuple[str, int]:
    return f"{held(tree.function, ATOM)}({', '.join(_arguments(tree))})", ATOM


def _arguments(tree: Invoke) -> list[str]:
    named = [f"{name}={flat(value)}" if name else f"**{flat(value)}" for name, value in tree.named]
    return [*map(flat, tree.positional), *named]


def _item(tree: Item) -> tuple[str, int]:
    return f"{held(tree.owner, ATOM)}[{', '.join(map(flat, places_of(tree)))}]", ATOM


def places_of(tree: Item) -> tuple[Any, ...]:
    """What stands between an item's brackets."""
    place = tree.place
    if isinstance(place, Sequence) and place.brackets == "()" and len(place.items) > 1:
        return place.items
    return (place,)


def _slice(tree: Slice) -> tuple[str, int]:
    sides = [tree.start, tree.stop, *([] if tree.step is None else [tree.step])]
    if all(side is None or _is_simple(side) for side in sides):
        return ":".join("" if side is None else flat(side) for side in sides), ATOM
    texts = ["" if side is None else flat(side) for side in sides]
    return " : ".join(texts).strip().replace(" :  : ", " :: "), ATOM


def _sequence(tree: Sequence) -> tuple[str, int]:
    opened, closed = tree.brackets[0], tree.brackets[1]
    comma = "," if len(tree.items) == 1 and opened == "(" else ""
    return f"{opened}{', '.join(map(flat, tree.items))}{comma}{closed}", ATOM


def _keyed(tree: Keyed) -> tuple[str, int]:
    return f"{flat(tree.key)}: {flat(tree.value)}", ATOM


def _star(tree: Star) -> tuple[str, int]:
    return f"*{held(tree.items, CONDITIONAL)}", ATOM


def _loop(tree: Loop) -> tuple[str, int]:
    text = f"{flat(tree.element)} for {tree.variable} in {held(tree.items, 1)}"
    return text if tree.condition is None else f"{text} if {held(tree.condition, 1)}", LOOP


def _formatted(tree: Formatted) -> tuple[str, int]:
    texts = (part.value if isinstance(part, Text) else f"{{{flat(part)}}}" for part in tree.parts)
    return f'f"{"".join(texts)}"', ATOM


def _call(tree: Call) -> tuple[str, int]:
    return f"{tree.function}({', '.join(map(flat, tree.arguments))})", ATOM


class Bare(NamedTuple):
    """A tuple of several items without its brackets."""

    tuple: Sequence


def without_brackets(tree: Any) -> Any:
    """A tree that stands alone, as behind ``return``, where a tuple needs no brackets."""
    is_tuple = isinstance(tree, Sequence) and tree.brackets == "()" and len(tree.items) > 1
    return Bare(tree) if is_tuple else tree


_FLAT: dict[type, Callable[[Any], tuple[str, int]]] = {
    Number: _number,
    Name: lambda tree: (tree.name, ATOM),
    Unary: _unary,
    Binary: _binary,
    Comparison: _comparison,
    Conditional: _conditional,
    Call: _call,
    Constant: lambda tree: (repr(tree.value), ATOM),
    Text: lambda tree: (json.dumps(tree.value, ensure_ascii=False), ATOM),
    Formatted: _formatted,
    Dots: lambda tree: ("...", ATOM),
    Attribute: lambda tree: (f"{held(tree.owner, ATOM)}.{tree.name}", ATOM),
    Item: _item,
    Slice: _slice,
    Invoke: _invoke,
    Sequence: _sequence,
    Keyed: _keyed,
    Star: _star,
    Loop: _loop,
    Noted: lambda tree: written(tree.tree),
    Bare: lambda tree: (flat(tree.tuple)[1:-1], LOOP),
}
