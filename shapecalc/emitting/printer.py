"""The one printer: trees of Python laid out as ruff lays them out by default.

What does not fit on a line is broken at brackets that it has; what has none is put in brackets and
broken at its operators, the weakest first. A text is never broken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from collections.abc import Sequence as Many
from fractions import Fraction
from typing import Any, NamedTuple

from shapecalc.emitting.docstring import docstring
from shapecalc.emitting.syntax import (
    Assign,
    Attribute,
    Class,
    Constant,
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
    With,
)
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Name,
    Number,
    Unary,
)

WIDTH = 88
"""The longest line, ruff's own."""

STEP = 4
"""How far a body is indented."""

_STRENGTH = {"or": 1, "and": 2, "|": 5, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "@": 6}
_LOOP, _CONDITIONAL, _NOT, _COMPARISON, _UNARY, _POWER, _ATOM = -1, 0, 3, 4, 7, 8, 9


def fits(line: str) -> bool:
    """Whether a line is no longer than it may be."""
    return len(line) <= WIDTH


# -- one line ------------------------------------------------------------------------------------


def flat(tree: Any) -> str:
    """A tree on one line.

    >>> from shapecalc.emitting.syntax import read
    >>> flat(read("f( (a-b)*2 , c [ : , 1:n+1 ] , x=-( a if b else c ))"))
    'f((a - b) * 2, c[:, 1 : n + 1], x=-(a if b else c))'
    """
    return _flat(tree)[0]


def _flat(tree: Any) -> tuple[str, int]:
    """A tree on one line, and how strongly it holds together."""
    return _FLAT[type(tree)](tree)


def _held(tree: Any, strength: int) -> str:
    text, its_own = _flat(tree)
    return text if its_own >= strength else f"({text})"


def _number(tree: Number) -> tuple[str, int]:
    if isinstance(tree.value, Fraction):
        return f"{tree.value.numerator} / {tree.value.denominator}", _STRENGTH["/"]
    return str(tree.value), _ATOM


def _unary(tree: Unary) -> tuple[str, int]:
    if tree.operator == "not":
        return f"not {_held(tree.operand, _NOT)}", _NOT
    is_power = isinstance(tree.operand, Binary) and tree.operand.operator == "**"
    return f"-{_held(tree.operand, _ATOM if is_power else _UNARY)}", _UNARY


def _binary(tree: Binary) -> tuple[str, int]:
    if tree.operator == "**":
        left, right = _held(tree.left, _ATOM), _held(tree.right, _UNARY)
        tight = (
            _is_dotted(tree.right) and _is_dotted(tree.left) and not isinstance(tree.left, Unary)
        )
        return f"{left}**{right}" if tight else f"{left} ** {right}", _POWER
    strength = _STRENGTH[tree.operator]
    left, right = _held(tree.left, strength), _held(tree.right, strength + 1)
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
    text = _held(tree.first, _COMPARISON + 1)
    rest = (f" {operator} {_held(part, _COMPARISON + 1)}" for operator, part in tree.rest)
    return text + "".join(rest), _COMPARISON


def _conditional(tree: Conditional) -> tuple[str, int]:
    then, test = _held(tree.then, 1), _held(tree.test, 1)
    return f"{then} if {test} else {_held(tree.otherwise, 0)}", _CONDITIONAL


def _invoke(tree: Invoke) -> tuple[str, int]:
    return f"{_held(tree.function, _ATOM)}({', '.join(_arguments(tree))})", _ATOM


def _arguments(tree: Invoke) -> list[str]:
    named = [f"{name}={flat(value)}" if name else f"**{flat(value)}" for name, value in tree.named]
    return [*map(flat, tree.positional), *named]


def _item(tree: Item) -> tuple[str, int]:
    return f"{_held(tree.owner, _ATOM)}[{', '.join(map(flat, _places(tree)))}]", _ATOM


def _places(tree: Item) -> tuple[Any, ...]:
    """What stands between an item's brackets."""
    place = tree.place
    if isinstance(place, Sequence) and place.brackets == "()" and len(place.items) > 1:
        return place.items
    return (place,)


def _slice(tree: Slice) -> tuple[str, int]:
    sides = [tree.start, tree.stop, *([] if tree.step is None else [tree.step])]
    if all(side is None or _is_simple(side) for side in sides):
        return ":".join("" if side is None else flat(side) for side in sides), _ATOM
    texts = ["" if side is None else flat(side) for side in sides]
    return " : ".join(texts).strip().replace(" :  : ", " :: "), _ATOM


def _sequence(tree: Sequence) -> tuple[str, int]:
    opened, closed = tree.brackets[0], tree.brackets[1]
    comma = "," if len(tree.items) == 1 and opened == "(" else ""
    return f"{opened}{', '.join(map(flat, tree.items))}{comma}{closed}", _ATOM


def _keyed(tree: Keyed) -> tuple[str, int]:
    return f"{flat(tree.key)}: {flat(tree.value)}", _ATOM


def _star(tree: Star) -> tuple[str, int]:
    return f"*{_held(tree.items, _CONDITIONAL)}", _ATOM


def _loop(tree: Loop) -> tuple[str, int]:
    text = f"{flat(tree.element)} for {tree.variable} in {_held(tree.items, 1)}"
    return text if tree.condition is None else f"{text} if {_held(tree.condition, 1)}", _LOOP


def _formatted(tree: Formatted) -> tuple[str, int]:
    texts = (part.value if isinstance(part, Text) else f"{{{flat(part)}}}" for part in tree.parts)
    return f'f"{"".join(texts)}"', _ATOM


def _call(tree: Call) -> tuple[str, int]:
    return f"{tree.function}({', '.join(map(flat, tree.arguments))})", _ATOM


_FLAT: dict[type, Callable[[Any], tuple[str, int]]] = {
    Number: _number,
    Name: lambda tree: (tree.name, _ATOM),
    Unary: _unary,
    Binary: _binary,
    Comparison: _comparison,
    Conditional: _conditional,
    Call: _call,
    Constant: lambda tree: (repr(tree.value), _ATOM),
    Text: lambda tree: (json.dumps(tree.value, ensure_ascii=False), _ATOM),
    Formatted: _formatted,
    Dots: lambda tree: ("...", _ATOM),
    Attribute: lambda tree: (f"{_held(tree.owner, _ATOM)}.{tree.name}", _ATOM),
    Item: _item,
    Slice: _slice,
    Invoke: _invoke,
    Sequence: _sequence,
    Keyed: _keyed,
    Star: _star,
    Loop: _loop,
    Noted: lambda tree: _flat(tree.tree),
}


# -- several lines -------------------------------------------------------------------------------


def lines(tree: Any, indent: int, before: str = "", after: str = "") -> list[str]:
    r"""An expression between some text, on as many lines as it needs, outside of all brackets.

    >>> from shapecalc.emitting.syntax import read
    >>> long = read("self.convolution(image) + self.bias_of_it[0] + self.another_bias_of_it[1:2]")
    >>> print(*lines(long, 8, "out = "), sep="\n")
            out = (
                self.convolution(image) + self.bias_of_it[0] + self.another_bias_of_it[1:2]
            )
    """
    pad = " " * indent
    line = f"{pad}{before}{flat(tree)}{after}"
    if fits(line) and not _has_notes(tree):
        return [line]
    if len(_links(tree)) < _FLUENT and _breaks_in_brackets(tree):
        broken = _greedy(_pieces(tree), indent, before, after)
        if fits(broken[0]):
            return broken
    inside = within(tree, indent + STEP)
    if isinstance(tree, (Name, Attribute, Number, Constant, Text)) and not fits(inside[0]):
        return [line]
    return [f"{pad}{before}(", *inside, f"{pad}){after}"]


def within(tree: Any, indent: int, before: str = "", after: str = "") -> list[str]:
    """The same of an expression that stands within brackets already."""
    pad = " " * indent
    if isinstance(tree, Noted):
        *lines, last = within(tree.tree, indent, before, after)
        noted = f"{last}  # {tree.comment}"
        return [*lines, noted if tree.comment and fits(noted) else last]
    line = f"{pad}{before}{flat(tree)}{after}"
    if fits(line) and not _has_notes(tree):
        return [line]
    parts = _broken(tree)
    if len(parts) == 1:
        return _greedy(_pieces(tree), indent, before, after)
    found: list[str] = []
    for i, part in enumerate(parts):
        ahead = before if i == 0 else part.operator
        behind = after if i == len(parts) - 1 else ""
        if isinstance(part.tree, str):
            found.append(f"{pad}{ahead}{part.tree}{behind}")
        elif part.held:
            text = f"{pad}{ahead}({flat(part.tree)}){behind}"
            found += (
                [text]
                if fits(text)
                else [f"{pad}{ahead}(", *within(part.tree, indent + STEP), f"{pad}){behind}"]
            )
        elif isinstance(part.tree, _Link):
            found += part.tree.lines(indent, ahead, behind)
        else:
            found += within(part.tree, indent, ahead, behind)
    return found


class _Part(NamedTuple):
    """An operand on a line of its own, behind its operator; where ``held``, in brackets."""

    operator: str
    tree: Any
    held: bool = False


def _broken(tree: Any) -> list[_Part]:
    """An expression broken at its weakest operators."""
    if isinstance(tree, Loop):
        parts = [_Part("", tree.element), _Part(f"for {tree.variable} in ", tree.items)]
        return [*parts, *([] if tree.condition is None else [_Part("if ", tree.condition)])]
    if isinstance(tree, Conditional):
        otherwise = [_part("", tree.otherwise, 0)]
        if isinstance(tree.otherwise, Conditional):
            otherwise = _broken(tree.otherwise)
        return [
            _part("", tree.then, 1),
            _part("if ", tree.test, 1),
            otherwise[0]._replace(operator="else "),
            *otherwise[1:],
        ]
    if isinstance(tree, Comparison):
        rest = [_part(f"{operator} ", part, _COMPARISON + 1) for operator, part in tree.rest]
        return [_part("", tree.first, _COMPARISON + 1), *rest]
    if isinstance(tree, Binary) and tree.operator != "**":
        strength = _STRENGTH[tree.operator]
        left = tree.left
        if tree.operator in ("and", "or"):  # broken at all of them, however strong
            first, *others = _conditions(tree.right, strength + 1)
            return [
                *_conditions(left, strength),
                first._replace(operator=f"{tree.operator} "),
                *others,
            ]
        last = _part(f"{tree.operator} ", tree.right, strength + 1)
        if isinstance(left, Binary) and _STRENGTH.get(left.operator) == strength:
            return [*_broken(left), last]
        return [_part("", left, strength), last]
    links = _links(tree)
    if len(links) >= _FLUENT:
        return [_Part("", _first(tree)), *(_Part("", link) for link in links)]
    return [_Part("", tree)]


def _conditions(tree: Any, strength: int) -> list[_Part]:
    is_held = _flat(tree)[1] < strength
    is_choice = isinstance(tree, Binary) and tree.operator in ("and", "or")
    return _broken(tree) if is_choice and not is_held else [_part("", tree, strength)]


def _part(operator: str, tree: Any, strength: int) -> _Part:
    return _Part(operator, tree, _flat(tree)[1] < strength)


_FLUENT = 2
"""At how many calls of methods of what calls give a chain is broken before its dots."""


class _Link(NamedTuple):
    """What follows a call in a chain: ``.name``, then what is called or taken of it."""

    name: str
    behind: list[Any]

    def lines(self, indent: int, before: str, after: str) -> list[str]:
        """The link on lines of its own."""
        owner: Any = Name(f".{self.name}", 0)
        for each in self.behind:
            owner = (
                Invoke(owner, each.positional, each.named)
                if isinstance(each, Invoke)
                else Item(owner, each.place)
            )
        return within(owner, indent, before, after)


def _links(tree: Any) -> list[_Link]:
    """The links of a chain of calls behind its first call."""
    found: list[_Link] = []
    behind: list[Any] = []
    while isinstance(tree, (Invoke, Item, Attribute)):
        if isinstance(tree, Attribute):
            if not isinstance(tree.owner, (Invoke, Item)):
                break
            found.insert(0, _Link(tree.name, behind))
            behind = []
            tree = tree.owner
        else:
            behind = [tree, *behind]
            tree = tree.function if isinstance(tree, Invoke) else tree.owner
    return found


def _first(tree: Any) -> Any:
    """What a chain of calls begins with, its first call included."""
    for _ in _links(tree):
        while not isinstance(tree, Attribute):
            tree = tree.function if isinstance(tree, Invoke) else tree.owner
        tree = tree.owner
    return tree


class _Brackets(NamedTuple):
    """An expression that ends in brackets, and what stands between them."""

    head: str
    items: list[tuple[str, Any]]
    tail: str
    needs_comma: bool = False  # even where there is one item
    is_sequence: bool = False  # whose items stand each on a line of its own

    def flat(self) -> str:
        """All on one line."""
        comma = "," if self.needs_comma else ""
        inside = ", ".join(f"{name}{flat(each)}" for name, each in self.items)
        return f"{self.head}{inside}{comma}{self.tail}"


def _brackets(tree: Any) -> _Brackets | None:
    if isinstance(tree, Invoke):
        named = [(f"{name}=" if name else "**", value) for name, value in tree.named]
        items = [*(("", each) for each in tree.positional), *named]
        return _Brackets(f"{_held(tree.function, _ATOM)}(", items, ")") if items else None
    if isinstance(tree, Call):
        return _Brackets(f"{tree.function}(", [("", each) for each in tree.arguments], ")")
    if isinstance(tree, Item):
        inside = [("", each) for each in _places(tree)]
        return _Brackets(f"{_held(tree.owner, _ATOM)}[", inside, "]")
    if isinstance(tree, Sequence) and tree.items:
        opened, closed = tree.brackets[0], tree.brackets[1]
        is_one = opened == "(" and len(tree.items) == 1
        return _Brackets(opened, [("", each) for each in tree.items], closed, is_one, True)
    if isinstance(tree, _Bare):
        return _brackets(tree.tuple)
    if isinstance(tree, Star):
        inner = _brackets(tree.items)
        if isinstance(tree.items, Loop):
            return _Brackets("*(", [("", tree.items)], ")")
        return inner and inner._replace(head=f"*{inner.head}")
    return None


def _bracketed(
    brackets: _Brackets, indent: int, before: str, after: str, base: int | None = None
) -> list[str]:
    """An expression that ends in brackets, broken in them; ``base`` is the line's own indent."""
    base = indent if base is None else base
    pad, deeper = " " * base, " " * (base + STEP)
    head, tail = f"{' ' * indent}{before}{brackets.head}", f"{pad}{brackets.tail}{after}"
    together = deeper + ", ".join(f"{name}{flat(item)}" for name, item in brackets.items)
    is_noted = any(_has_notes(item) for _, item in brackets.items)
    if fits(together) and not brackets.is_sequence and not is_noted:
        return [head, together, tail]
    comma = "," if len(brackets.items) > 1 or brackets.needs_comma else ""
    body = [
        line for name, item in brackets.items for line in within(item, base + STEP, name, comma)
    ]
    return [head, *body, tail]


def _has_notes(tree: Any) -> bool:
    """Whether there are comments among the arguments of a call, or of calls in it."""
    if isinstance(tree, Invoke):
        return any(map(_has_notes, tree.positional)) or any(_has_notes(v) for _, v in tree.named)
    return isinstance(tree, Noted) and bool(tree.comment)


def _breaks_in_brackets(tree: Any) -> bool:
    """Whether an expression is broken in brackets that it has: those of calls, or of operands.

    Of operators there may be one at most, beside such brackets.
    """
    if not isinstance(tree, (Unary, Binary, Comparison, Conditional)):
        return _brackets(tree) is not None
    if isinstance(tree, Unary):
        return _flat(tree.operand)[1] < _UNARY or _breaks_in_brackets(tree.operand)
    if isinstance(tree, Conditional):
        return False
    parts = _broken(tree)
    ends = parts[0], parts[-1]
    return len(parts) == 2 and any(
        part.held or _has_brackets(part.tree, is_last) for part, is_last in zip(ends, (False, True))
    )


def _has_brackets(tree: Any, is_last: bool) -> bool:
    """Whether an operand begins, or ends, with an expression that has brackets of its own."""
    while isinstance(tree, (Binary, Unary)):
        side = "right" if is_last else "left"
        tree = getattr(tree, "operand" if isinstance(tree, Unary) else side)
    if not is_last and isinstance(tree, (Invoke, Item, Attribute)):
        return False  # it begins with the name of what is called
    return _brackets(tree) is not None


def _pieces(tree: Any) -> list[str | _Brackets]:
    """An expression as text and brackets in turn."""
    if isinstance(tree, Attribute):
        return [*_pieces(tree.owner), f".{tree.name}"]
    if isinstance(tree, (Invoke, Item)):
        brackets = _brackets(tree)
        owner = tree.function if isinstance(tree, Invoke) else tree.owner
        if brackets is None:
            return [*_pieces(owner), "()"]
        return [*_pieces(owner), brackets._replace(head=brackets.head[-1])]
    if isinstance(tree, Unary):
        sign = "not " if tree.operator == "not" else "-"
        return [sign, *_operand(_part("", tree.operand, _UNARY))]
    parts = _broken(tree) if isinstance(tree, (Binary, Comparison)) else []
    if len(parts) > 1:
        found: list[str | _Brackets] = []
        for i, part in enumerate(parts):
            found += [f" {part.operator}" if i else "", *_operand(part)]
        return found
    return [_brackets(tree) or flat(tree)]


def _operand(part: _Part) -> list[str | _Brackets]:
    if part.held:
        return [_Brackets("(", [("", part.tree)], ")")]
    return [flat(part.tree)] if isinstance(part.tree, str) else _pieces(part.tree)


def _greedy(pieces: list[str | _Brackets], indent: int, before: str, after: str) -> list[str]:
    """Text and brackets in turn; brackets are broken where what follows does not fit."""
    pad = " " * indent
    done: list[str] = []
    line = pad + before
    pieces = [*pieces, after]
    for i, piece in enumerate(pieces):
        if isinstance(piece, str):
            line += piece
            continue
        text = piece.flat()
        is_noted = any(_has_notes(item) for _, item in piece.items)
        if fits(line + text + _up_to_brackets(pieces[i + 1 :])) and not is_noted:
            line += text
        else:
            *broken, last = _bracketed(piece, 0, line, "", indent)
            done += broken
            line = last
    return [*done, line]


def _up_to_brackets(pieces: Many[str | _Brackets]) -> str:
    text = ""
    for piece in pieces:
        if not isinstance(piece, str):
            return text + piece.head
        text += piece
    return text


# -- statements and definitions ------------------------------------------------------------------


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
        head = f"for {flat(_bare(node.variable))} in "
        return [*lines(node.items, indent, head, ":"), *body(node.body, indent + STEP)]
    if isinstance(node, With):
        return [*lines(node.context, indent, "with ", ":"), *body(node.body, indent + STEP)]
    if isinstance(node, Raise):
        return lines(node.value, indent, "raise ")
    if isinstance(node, Assign):
        typed = f": {flat(node.annotation)}" if node.annotation is not None else ""
        head = f"{flat(_bare(node.target))}{typed} {node.operator}= "
        found = lines(node.value, indent, head)
    elif isinstance(node, Return):
        found = lines(_bare(node.value), indent, "return ")
    else:
        found = lines(node.value, indent)
    return _commented(found, node.comment, indent)


class _Bare(NamedTuple):
    """A tuple of several items without its brackets."""

    tuple: Sequence


def _bare(tree: Any) -> Any:
    is_tuple = isinstance(tree, Sequence) and tree.brackets == "()" and len(tree.items) > 1
    return _Bare(tree) if is_tuple else tree


_FLAT[_Bare] = lambda tree: (flat(tree.tuple)[1:-1], _LOOP)


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
