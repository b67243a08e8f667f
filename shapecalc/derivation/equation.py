"""Derivations in writing: a number from its formula to its value, an equation, a tensor's sizes."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from shapecalc.algebra.steps import Style, steps, write
from shapecalc.algebra.trace import Number, Quotient, Traced, untraced


class Equation(NamedTuple):
    """``left = right`` in letters; where ``known``, the right side is followed to its value."""

    left: Traced
    right: Traced
    known: bool = True


class Chain(NamedTuple):
    """Values that are the same, written one after another: numbers, formulas, tensors' sizes."""

    values: tuple[Any, ...]


Derivation: TypeAlias = "Traced | Equation | Chain | tuple[Any, ...] | Any"
"""A traced number, an equation or chain, the sizes of a tensor, or a number or formula."""


def parts(value: Derivation, style: Style) -> list[str]:
    """What stands between the equals signs of a derivation.

    >>> from shapecalc.algebra.steps import ASCII
    >>> F = Traced.letter("F", 5)
    >>> parts(F // 2, ASCII), parts((8, F, F), ASCII)
    (['floor(F/2)', 'floor(5/2)', '2'], ['8 x F x F', '8 x 5 x 5'])
    """
    if isinstance(value, Equation):
        left = write(value.left.tree, style)
        if value.known:
            return [left, *steps(value.right, style)]
        return [left, write(value.right.tree, style)]
    if isinstance(value, Chain):
        told = [
            sizes(each, style) if isinstance(each, tuple) else style.number(each)
            for each in value.values
        ]
        return list(dict.fromkeys(told))
    if isinstance(value, tuple):
        return list(dict.fromkeys([sizes(value, style), sizes(value, style, letters=False)]))
    return steps(value, style)


def written(value: Derivation, style: Style) -> str:
    """A derivation from formula to result."""
    return " = ".join(parts(value, style))


def sizes(values: tuple[Any, ...], style: Style, *, letters: bool = True) -> str:
    """The sizes of a tensor, in letters or as what they come to; 1 of a single number."""
    told = []
    for value in values:
        text = style.number(untraced(value))
        if letters and isinstance(value, Traced):
            text = write(value.tree, style)
        told.append(f"({text})" if " " in text and len(values) > 1 else text)
    return style.between.join(told) or "1"


def share(total: int, parts: int) -> Traced:
    """A number divided by another, as a derivation of its own.

    >>> share(4, 2)
    Traced('4/2', 2)
    """
    value = untraced(Traced.letter("", total) / parts)
    return Traced(Quotient(Number(total), Number(parts), "exact", value))
