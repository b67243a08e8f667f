"""Expressions on as many lines as they need.

What does not fit on a line is broken at brackets that it has; what has none is put in brackets and
broken at its operators, the weakest first. A text is never broken.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Any

from shapecalc.emitting.printer.breaks import (
    FLUENT,
    Brackets,
    Link,
    Part,
    brackets_of,
    has_notes,
    links_of,
    operand,
    operands,
)
from shapecalc.emitting.printer.line import UNARY, fits, flat, is_wide, written
from shapecalc.emitting.syntax import Attribute, Constant, Invoke, Item, Keyed, Noted, Text
from shapecalc.language.expression import Binary, Comparison, Conditional, Name, Number, Unary

STEP = 4
"""How far what stands on lines of its own is indented."""


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
    line = "" if is_wide(tree) else f"{pad}{before}{flat(tree)}{after}"
    if line and fits(line) and not has_notes(tree):
        return [line]
    if len(links_of(tree)) < FLUENT and _breaks_in_brackets(tree):
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
    if isinstance(tree, Keyed):
        return within(tree.value, indent, f"{before}{flat(tree.key)}: ", after)
    line = "" if is_wide(tree) else f"{pad}{before}{flat(tree)}{after}"
    if line and fits(line) and not has_notes(tree):
        return [line]
    parts = operands(tree)
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
        elif isinstance(part.tree, Link):
            found += within(part.tree.tree, indent, ahead, behind)
        else:
            found += within(part.tree, indent, ahead, behind)
    return found


def _bracketed(
    brackets: Brackets, indent: int, before: str, after: str, base: int | None = None
) -> list[str]:
    """An expression that ends in brackets, broken in them; ``base`` is the line's own indent."""
    base = indent if base is None else base
    pad, deeper = " " * base, " " * (base + STEP)
    head, tail = f"{' ' * indent}{before}{brackets.head}", f"{pad}{brackets.tail}{after}"
    if not brackets.is_sequence and not brackets.is_wide and not brackets.has_notes:
        together = deeper + ", ".join(f"{name}{flat(item)}" for name, item in brackets.items)
        if fits(together):
            return [head, together, tail]
    comma = "," if len(brackets.items) > 1 or brackets.needs_comma else ""
    body = [
        line for name, item in brackets.items for line in within(item, base + STEP, name, comma)
    ]
    return [head, *body, tail]


def _breaks_in_brackets(tree: Any) -> bool:
    """Whether an expression is broken in brackets that it has: those of calls, or of operands.

    Of operators there may be one at most, beside such brackets.
    """
    if not isinstance(tree, (Unary, Binary, Comparison, Conditional)):
        return brackets_of(tree) is not None
    if isinstance(tree, Unary):
        return written(tree.operand)[1] < UNARY or _breaks_in_brackets(tree.operand)
    if isinstance(tree, Conditional):
        return False
    parts = operands(tree)
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
    return brackets_of(tree) is not None


def _pieces(tree: Any) -> list[str | Brackets]:
    """An expression as text and brackets in turn."""
    if isinstance(tree, Attribute):
        return [*_pieces(tree.owner), f".{tree.name}"]
    if isinstance(tree, (Invoke, Item)):
        brackets = brackets_of(tree)
        owner = tree.function if isinstance(tree, Invoke) else tree.owner
        if brackets is None:
            return [*_pieces(owner), "()"]
        return [*_pieces(owner), brackets._replace(head=brackets.head[-1])]
    if isinstance(tree, Unary):
        sign = "not " if tree.operator == "not" else "-"
        return [sign, *_operand(operand("", tree.operand, UNARY))]
    parts = operands(tree) if isinstance(tree, (Binary, Comparison)) else []
    if len(parts) > 1:
        found: list[str | Brackets] = []
        for i, part in enumerate(parts):
            found += [f" {part.operator}" if i else "", *_operand(part)]
        return found
    return [brackets_of(tree) or flat(tree)]


def _operand(part: Part) -> list[str | Brackets]:
    if part.held:
        return [Brackets("(", [("", part.tree)], ")")]
    return [flat(part.tree)] if isinstance(part.tree, str) else _pieces(part.tree)


def _greedy(pieces: list[str | Brackets], indent: int, before: str, after: str) -> list[str]:
    """Text and brackets in turn; brackets are broken where what follows does not fit."""
    pad = " " * indent
    done: list[str] = []
    line = pad + before
    pieces = [*pieces, after]
    for i, piece in enumerate(pieces):
        if isinstance(piece, str):
            line += piece
            continue
        text = "" if piece.is_wide or piece.has_notes else piece.flat()
        if text and fits(line + text + _up_to_brackets(pieces[i + 1 :])):
            line += text
        else:
            *broken, last = _bracketed(piece, 0, line, "", indent)
            done += broken
            line = last
    return [*done, line]


def _up_to_brackets(pieces: Many[str | Brackets]) -> str:
    text = ""
    for piece in pieces:
        if not isinstance(piece, str):
            return text + piece.head
        text += piece
    return text
