"""Derivations in writing: a traced number as its formula, the numbers put in, and each step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from shapecalc.algebra import arithmetic
from shapecalc.algebra.trace import (
    ONE,
    Apply,
    Leaf,
    Number,
    Product,
    Quotient,
    Sum,
    Tree,
    as_tree,
)


class Style(NamedTuple):
    """How derivations are written: signs, powers, names, and what stands around a quotient."""

    times: str
    minus: str
    between: str  # the sizes of a tensor
    floor: tuple[str, str]
    ceil: tuple[str, str]
    over: str
    power: Callable[[str, int], str]
    number: Callable[[Any], str]
    name: Callable[[str], str]


def _digits(value: Any) -> str:
    """The value without separators, so that it can be put into a calculator, or searched for."""
    return str(_readable(value))


def _readable(value: Any) -> Any:
    """A formula with its common factors drawn out; a number as it is."""
    return _factored(value) if arithmetic.is_symbolic(value) else value


@lru_cache(maxsize=4096)  # a derivation writes the same formula many times
def _factored(formula: Any) -> Any:
    return formula.factored()


def _typeset(value: Any) -> str:
    text = _digits(value).replace(" - ", " − ").replace("**", "^").replace("*", "·")
    return f"−{text[1:]}" if text.startswith("-") else text


def _latex(value: Any) -> str:
    if arithmetic.is_number(value):
        return str(value)
    return str(_readable(value).latex())


def _superscript(base: str, exponent: int) -> str:
    return base + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _latex_name(name: str) -> str:
    """A letter with its index, a function, or a word in upright letters."""
    if name in ("min", "max", "gcd"):
        return f"\\{name}"
    found = re.fullmatch(r"([A-Za-z])_?(\w*)('?)", name)
    if found is not None and len(found[2]) <= 1:
        return f"{found[1]}_{found[2]}{found[3]}" if found[2] else name
    return rf"\mathrm{{{name}}}".replace("_", r"\_")


UNICODE = Style("·", "−", " x ", ("⌊", "⌋"), ("⌈", "⌉"), "{}/{}", _superscript, _typeset, str)
ASCII = Style(
    "*", "-", " x ", ("floor(", ")"), ("ceil(", ")"), "{}/{}", "{}^{}".format, _digits, str
)
LATEX = Style(
    r" \cdot ",
    "-",
    r" \times ",
    (r"\left\lfloor ", r" \right\rfloor"),
    (r"\left\lceil ", r" \right\rceil"),
    r"\frac{{{}}}{{{}}}",
    "{}^{{{}}}".format,
    _latex,
    _latex_name,
)

_SUM, _QUOTIENT, _PRODUCT, _POWER, _ATOM = range(5)


def write(tree: Tree, style: Style, *, letters: bool = True) -> str:
    """A derivation's formula in letters, or with the numbers put in."""
    return _Pen(style, letters).write(tree)[0]


class _Pen:
    """Writes trees; every piece of text comes with how strongly it holds together."""

    def __init__(self, style: Style, letters: bool) -> None:
        self.style = style
        self.letters = letters

    def write(self, tree: Tree) -> tuple[str, int]:
        if isinstance(tree, Leaf):
            return (self.style.name(tree.letter), _ATOM) if self.letters else self.value(tree.value)
        if isinstance(tree, Number):
            return self.value(tree.value)
        if isinstance(tree, Sum):
            return self.sum(tree)
        if isinstance(tree, Product):
            return self.product(tree)
        if isinstance(tree, Quotient):
            return self.quotient(tree)
        inside = ", ".join(self.write(argument)[0] for argument in tree.arguments)
        return f"{self.style.name(tree.function)}({inside})", _ATOM

    def value(self, value: Any) -> tuple[str, int]:
        text = self.style.number(value)
        if isinstance(value, int):
            return text, _ATOM if value >= 0 else _SUM
        if isinstance(value, Fraction):
            return text, _QUOTIENT if value >= 0 else _SUM
        outside = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", text))
        return text, _SUM if " " in outside else _ATOM if text.isidentifier() else _QUOTIENT

    def held(self, tree: Tree, strength: int) -> str:
        text, own = self.write(tree)
        return text if own >= strength else f"({text})"

    def sum(self, tree: Sum) -> tuple[str, int]:
        text = ""
        for factor, term in tree.terms:
            piece = self.term(abs(factor), term)
            if not text:
                text = piece if factor > 0 else f"{self.style.minus}{piece}"
            else:
                text += f" {'+' if factor > 0 else self.style.minus} {piece}"
        return text, _SUM if len(tree.terms) > 1 or tree.terms[0][0] < 0 else _PRODUCT

    def term(self, factor: int | Fraction, term: Tree) -> str:
        if term == ONE:
            return self.style.number(factor)
        if factor == 1:
            return self.held(term, _QUOTIENT)
        text = self.held(term, _PRODUCT)
        is_letter = isinstance(term, Leaf) and len(term.letter) <= 2
        joined = self.letters and (is_letter or text.startswith("("))
        return f"{self.style.number(factor)}{'' if joined else self.style.times}{text}"

    def product(self, tree: Product) -> tuple[str, int]:
        pieces = []
        factors = list(tree.factors)
        while factors:
            count = 1
            while len(factors) > count and factors[count] == factors[0]:
                count += 1
            one = self.held(factors[0], _PRODUCT if count == 1 else _ATOM)
            pieces.append(one if count == 1 else self.style.power(one, count))
            del factors[:count]
        return self.style.times.join(pieces), _PRODUCT if len(pieces) > 1 else _POWER

    def quotient(self, tree: Quotient) -> tuple[str, int]:
        fraction = self.style is LATEX
        top, bottom = (_SUM, _SUM) if fraction else (_PRODUCT, _POWER)
        text = self.style.over.format(self.held(tree.top, top), self.held(tree.bottom, bottom))
        if tree.rounding == "exact":
            return text, _ATOM if fraction else _QUOTIENT
        before, after = self.style.floor if tree.rounding == "floor" else self.style.ceil
        return f"{before}{text}{after}", _ATOM


def steps(value: Any, style: Style = UNICODE) -> list[str]:
    """A derivation from its formula to its value, without steps that say the same again."""
    return list(dict.fromkeys(_steps(as_tree(value), style)))


def in_numbers(value: Any, style: Style = UNICODE) -> str:
    """The step behind the formula, with the numbers put in, and the value.

    >>> from shapecalc.algebra.trace import Traced
    >>> in_numbers((Traced.letter("N", 7) - 3) // 2 + 1)
    '⌊(7 − 3)/2⌋ + 1 = 3'
    """
    tree = as_tree(value)
    found: dict[str, None] = {}
    for step in _steps(tree, style):
        found[step] = None
        if len(found) == 3:  # the further ones are not told
            return f"{[*found][1]} = {style.number(tree.value)}"
    return " = ".join(found)


def _steps(tree: Tree, style: Style) -> Iterator[str]:
    if not isinstance(tree, Number):
        yield write(tree, style)
        worked = [_worked(tree, inside=True), _worked(tree, inside=False)]
        for each in dict.fromkeys([tree, *worked]):
            yield write(each, style, letters=False)
    yield style.number(tree.value)


def _worked(tree: Tree, *, inside: bool) -> Tree:
    """The tree with what stands inside quotients worked out, or the quotients themselves."""
    if isinstance(tree, (Quotient, Apply)):
        if not inside:
            return Number(tree.value)
        if isinstance(tree, Quotient):
            return tree._replace(top=Number(tree.top.value), bottom=Number(tree.bottom.value))
        return tree._replace(arguments=tuple(Number(each.value) for each in tree.arguments))
    if isinstance(tree, Sum):
        terms = tuple((factor, _worked(term, inside=inside)) for factor, term in tree.terms)
        return Sum(terms, tree.value)
    if isinstance(tree, Product):
        return Product(tuple(_worked(each, inside=inside) for each in tree.factors), tree.value)
    return tree
