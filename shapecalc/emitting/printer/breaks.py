"""Where an expression may be broken: at its weakest operators, in its brackets, before its dots."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.emitting.printer.line import (
    ATOM,
    COMPARISON,
    MOST_ITEMS,
    STRENGTH,
    Bare,
    flat,
    held,
    is_wide,
    places_of,
    written,
)
from shapecalc.emitting.syntax import Attribute, Invoke, Item, Loop, Noted, Sequence, Star
from shapecalc.language.expression import Binary, Call, Comparison, Conditional, Name


class Part(NamedTuple):
    """An operand on a line of its own, behind its operator; where ``held``, in brackets."""

    operator: str
    tree: Any
    held: bool = False


def operands(tree: Any) -> list[Part]:
    """An expression broken at its weakest operators."""
    if isinstance(tree, Loop):
        parts = [Part("", tree.element), Part(f"for {tree.variable} in ", tree.items)]
        return [*parts, *([] if tree.condition is None else [Part("if ", tree.condition)])]
    if isinstance(tree, Conditional):
        otherwise = [operand("", tree.otherwise, 0)]
        if isinstance(tree.otherwise, Conditional):
            otherwise = operands(tree.otherwise)
        return [
            operand("", tree.then, 1),
            operand("if ", tree.test, 1),
            otherwise[0]._replace(operator="else "),
            *otherwise[1:],
        ]
    if isinstance(tree, Comparison):
        rest = [operand(f"{operator} ", part, COMPARISON + 1) for operator, part in tree.rest]
        return [operand("", tree.first, COMPARISON + 1), *rest]
    if isinstance(tree, Binary) and tree.operator != "**":
        strength = STRENGTH[tree.operator]
        left = tree.left
        if tree.operator in ("and", "or"):  # broken at all of them, however strong
            first, *others = _conditions(tree.right, strength + 1)
            return [
                *_conditions(left, strength),
                first._replace(operator=f"{tree.operator} "),
                *others,
            ]
        last = operand(f"{tree.operator} ", tree.right, strength + 1)
        if isinstance(left, Binary) and STRENGTH.get(left.operator) == strength:
            return [*operands(left), last]
        return [operand("", left, strength), last]
    links = links_of(tree)
    if len(links) >= FLUENT:
        return [Part("", first_of(tree)), *(Part("", link) for link in links)]
    return [Part("", tree)]


def _conditions(tree: Any, strength: int) -> list[Part]:
    is_held = written(tree)[1] < strength
    is_choice = isinstance(tree, Binary) and tree.operator in ("and", "or")
    return operands(tree) if is_choice and not is_held else [operand("", tree, strength)]


def operand(operator: str, tree: Any, strength: int) -> Part:
    """An operand behind its operator, held in brackets where it is weaker than it has to be."""
    return Part(operator, tree, written(tree)[1] < strength)


FLUENT = 2
"""At how many calls of methods of what calls give a chain is broken before its dots."""


class Link(NamedTuple):
    """What follows a call in a chain: ``.name``, then what is called or taken of it."""

    name: str
    behind: list[Any]

    @property
    def tree(self) -> Any:
        """The link as a tree that stands on lines of its own."""
        owner: Any = Name(f".{self.name}", 0)
        for each in self.behind:
            owner = (
                Invoke(owner, each.positional, each.named)
                if isinstance(each, Invoke)
                else Item(owner, each.place)
            )
        return owner


def links_of(tree: Any) -> list[Link]:
    """The links of a chain of calls behind its first call."""
    found: list[Link] = []
    behind: list[Any] = []
    while isinstance(tree, (Invoke, Item, Attribute)):
        if isinstance(tree, Attribute):
            if not isinstance(tree.owner, (Invoke, Item)):
                break
            found.insert(0, Link(tree.name, behind))
            behind = []
            tree = tree.owner
        else:
            behind = [tree, *behind]
            tree = tree.function if isinstance(tree, Invoke) else tree.owner
    return found


def first_of(tree: Any) -> Any:
    """What a chain of calls begins with, its first call included."""
    for _ in links_of(tree):
        while not isinstance(tree, Attribute):
            tree = tree.function if isinstance(tree, Invoke) else tree.owner
        tree = tree.owner
    return tree


class Brackets(NamedTuple):
    """An expression that ends in brackets, and what stands between them."""

    head: str
    items: list[tuple[str, Any]]
    tail: str
    needs_comma: bool = False  # even where there is one item
    is_sequence: bool = False  # whose items stand each on a line of its own

    @property
    def is_wide(self) -> bool:
        """Whether there is more in them than a line has room for."""
        return len(self.items) > MOST_ITEMS or any(is_wide(item) for _, item in self.items)

    @property
    def has_notes(self) -> bool:
        """Whether there are comments in them."""
        return any(has_notes(item) for _, item in self.items)

    def flat(self) -> str:
        """All on one line."""
        comma = "," if self.needs_comma else ""
        inside = ", ".join(f"{name}{flat(each)}" for name, each in self.items)
        return f"{self.head}{inside}{comma}{self.tail}"


def brackets_of(tree: Any) -> Brackets | None:
    """An expression with the brackets that it ends in; None if it does not end in any."""
    if isinstance(tree, Invoke):
        named = [(f"{name}=" if name else "**", value) for name, value in tree.named]
        items = [*(("", each) for each in tree.positional), *named]
        return Brackets(f"{held(tree.function, ATOM)}(", items, ")") if items else None
    if isinstance(tree, Call):
        return Brackets(f"{tree.function}(", [("", each) for each in tree.arguments], ")")
    if isinstance(tree, Item):
        inside = [("", each) for each in places_of(tree)]
        return Brackets(f"{held(tree.owner, ATOM)}[", inside, "]")
    if isinstance(tree, Sequence) and tree.items:
        opened, closed = tree.brackets[0], tree.brackets[1]
        is_one = opened == "(" and len(tree.items) == 1
        return Brackets(opened, [("", each) for each in tree.items], closed, is_one, True)
    if isinstance(tree, Bare):
        return brackets_of(tree.tuple)
    if isinstance(tree, Star):
        inner = brackets_of(tree.items)
        if isinstance(tree.items, Loop):
            return Brackets("*(", [("", tree.items)], ")")
        return inner and inner._replace(head=f"*{inner.head}")
    return None


def has_notes(tree: Any) -> bool:
    """Whether there are comments among the arguments of a call, or of calls in it."""
    if isinstance(tree, Invoke):
        return any(map(has_notes, tree.positional)) or any(has_notes(v) for _, v in tree.named)
    return isinstance(tree, Noted) and bool(tree.comment)
