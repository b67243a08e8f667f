"""Rules written down as they are computed.

A :class:`Traced` number remembers how it came about. A rule that runs on numbers runs on it
unchanged and leaves behind its own derivation: the formula in letters, the numbers put in, the
steps and the result, in the order in which the rule was written.

>>> from shapecalc.algebra.window import Window
>>> N, F, S, P = (Traced.letter(*each) for each in [("N", 224), ("F", 11), ("S", 4), ("P", 2)])
>>> print(" = ".join(steps(Window.symmetric(F, S, P).output(N), ASCII)))
floor((N + 2P - F)/S) + 1 = floor((224 + 2*2 - 11)/4) + 1 = floor(217/4) + 1 = 54 + 1 = 55
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from shapecalc.algebra import arithmetic
from shapecalc.algebra.arithmetic import untraced as untraced


class Leaf(NamedTuple):
    """A letter, and the value it stands for."""

    letter: str
    value: Any


class Number(NamedTuple):
    """A number that stands in the rule itself."""

    value: Any


class Sum(NamedTuple):
    """Terms in the order they were added, each with a whole factor before it."""

    terms: tuple[tuple[int, Tree], ...]
    value: Any


class Product(NamedTuple):
    """Factors in the order they were multiplied."""

    factors: tuple[Tree, ...]
    value: Any


class Quotient(NamedTuple):
    """A division: ``rounding`` is floor, ceil, or exact where nothing remains."""

    top: Tree
    bottom: Tree
    rounding: str
    value: Any


class Apply(NamedTuple):
    """A function of its arguments: min, max or gcd."""

    function: str
    arguments: tuple[Tree, ...]
    value: Any


Tree: TypeAlias = "Leaf | Number | Sum | Product | Quotient | Apply"


class Traced(arithmetic.Calculable):
    """A number with its derivation. It supports ``+ - * // % /`` with numbers and its like.

    Comparisons are those of the values, so that rules which check their settings may run.
    """

    __slots__ = ("opposite", "tree")

    def __init__(self, tree: Tree, opposite: Tree | None = None) -> None:
        self.tree = tree
        self.opposite = opposite  # known where it is a negative, so that -(-a // b) is a ceiling

    @classmethod
    def letter(cls, letter: str, value: Any) -> Traced:
        """A value known by a letter."""
        return cls(Leaf(letter, value))

    @property
    def value(self) -> Any:
        """The number, or formula, it comes to."""
        return self.tree.value

    def __repr__(self) -> str:
        return f"Traced({write(self.tree, ASCII)!r}, {self.value})"

    def __eq__(self, other: object) -> bool:
        return bool(self.value == (other.value if isinstance(other, Traced) else other))

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < _tree(other).value)

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= _tree(other).value)

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > _tree(other).value)

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= _tree(other).value)

    def __hash__(self) -> int:
        return hash(self.tree)

    def __round__(self) -> Traced:
        return Traced(Apply("round", (self.tree,), round(self.value)))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __add__(self, other: Any) -> Traced:
        return Traced(_add(self.tree, _tree(other), 1))

    def __radd__(self, other: Any) -> Traced:
        return Traced(_add(_tree(other), self.tree, 1))

    def __sub__(self, other: Any) -> Traced:
        return Traced(_add(self.tree, _tree(other), -1))

    def __rsub__(self, other: Any) -> Traced:
        return Traced(_add(_tree(other), self.tree, -1))

    def __neg__(self) -> Traced:
        if self.opposite is not None:
            return Traced(self.opposite, self.tree)
        return Traced(_add(Number(0), self.tree, -1), self.tree)

    def __mul__(self, other: Any) -> Traced:
        return Traced(_multiply(self.tree, _tree(other)))

    def __rmul__(self, other: Any) -> Traced:
        return Traced(_multiply(_tree(other), self.tree))

    def __pow__(self, exponent: int) -> Traced:
        product = Traced(Number(1))
        for _ in range(exponent):
            product = product * self
        return product

    def __floordiv__(self, other: Any) -> Traced:
        bottom = _tree(other)
        opposite = None if self.opposite is None else _divide(self.opposite, bottom, "ceil")
        return Traced(_divide(self.tree, bottom, "floor"), opposite)

    def __rfloordiv__(self, other: Any) -> Traced:
        return Traced(_divide(_tree(other), self.tree, "floor"))

    def __truediv__(self, other: Any) -> Traced:
        return Traced(_divide(self.tree, _tree(other), "exact"))

    def __rtruediv__(self, other: Any) -> Traced:
        return Traced(_divide(_tree(other), self.tree, "exact"))

    def __mod__(self, other: Any) -> Traced:
        whole: Traced = other * (self // other)
        return self - whole

    def __rmod__(self, other: Any) -> Traced:
        return Traced(_tree(other)) % self

    # -- what arithmetic.py asks of a value that is no number ----------------------------------

    @staticmethod
    def extreme(which: str, values: Iterable[Any]) -> Traced:
        """The least or greatest of some values."""
        trees = tuple(_tree(value) for value in values)
        function = arithmetic.smallest if which == "smallest" else arithmetic.largest
        value = function(*(tree.value for tree in trees))
        if len(set(trees)) == 1:
            return Traced(trees[0])
        return Traced(Apply("min" if which == "smallest" else "max", trees, value))

    @staticmethod
    def sum(values: Iterable[Any]) -> Traced:
        """The sum of some values, all drawn together in one go."""
        trees = [_tree(value) for value in values]
        merged: dict[Tree, int] = {}
        for tree in trees:
            for factor, term in _terms(tree):
                merged[term] = merged.get(term, 0) + factor
        terms = tuple((factor, term) for term, factor in merged.items() if factor != 0)
        return Traced(_simple_sum(terms, sum(tree.value for tree in trees)))

    def gcd(self, m: Any) -> Traced:
        """The greatest common divisor with a number."""
        other = _tree(m)
        return Traced(Apply("gcd", (self.tree, other), arithmetic.gcd(self.value, other.value)))


def _tree(value: Any) -> Tree:
    return value.tree if isinstance(value, Traced) else Number(value)


def _terms(tree: Tree) -> tuple[tuple[Any, Tree], ...]:
    if isinstance(tree, Sum):
        return tree.terms
    if isinstance(tree, Number) and isinstance(tree.value, (int, Fraction)):
        return ((tree.value, _ONE),) if tree.value != 0 else ()
    return ((1, tree),)


_ONE = Number(1)


def _add(left: Tree, right: Tree, sign: int) -> Tree:
    """The terms of both in order; like terms are drawn together where the first of them stands."""
    merged: dict[Tree, int] = {}
    for factor, term in _terms(left):
        merged[term] = merged.get(term, 0) + factor
    for factor, term in _terms(right):
        merged[term] = merged.get(term, 0) + sign * factor
    terms = tuple((factor, term) for term, factor in merged.items() if factor != 0)
    value = left.value + right.value if sign > 0 else left.value - right.value
    return _simple_sum(terms, value)


def _simple_sum(terms: tuple[tuple[int, Tree], ...], value: Any) -> Tree:
    if not terms:
        return Number(0)
    if len(terms) == 1:
        factor, term = terms[0]
        if term == _ONE:
            return Number(factor)
        if factor == 1:
            return term
    return Sum(terms, value)


def _multiply(left: Tree, right: Tree) -> Tree:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Number):
            if one.value in (0, 1):
                return other if one.value == 1 else Number(0)
            if isinstance(other, Number):
                return Number(one.value * other.value)
    (first, one), (second, other) = _split(left), _split(right)
    factor = first * second
    if factor != 1:
        return Sum(((factor, _multiply(one, other)),), left.value * right.value)
    factors = (*_factors(left), *_factors(right))
    return Product(factors, left.value * right.value)


def _split(tree: Tree) -> tuple[int, Tree]:
    """A whole factor of a tree, and the rest."""
    if isinstance(tree, Number) and isinstance(tree.value, int):
        return tree.value, _ONE
    if isinstance(tree, Sum) and len(tree.terms) == 1:
        return tree.terms[0]
    return 1, tree


def _factors(tree: Tree) -> tuple[Tree, ...]:
    return tree.factors if isinstance(tree, Product) else (tree,)


def _divide(top: Tree, bottom: Tree, rounding: str) -> Tree:
    if isinstance(bottom, Number) and bottom.value == 1 and not isinstance(top.value, Fraction):
        return top
    value = _quotient(top.value, bottom.value, rounding)
    if isinstance(top, Number) and isinstance(bottom, Number):
        return Number(value)
    return Quotient(top, bottom, rounding, value)


def _quotient(a: Any, b: Any, rounding: str) -> Any:
    if rounding == "floor":
        return a // b
    if rounding == "ceil":
        return arithmetic.ceildiv(a, b)
    if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        quotient = Fraction(a) / b
        return quotient.numerator if quotient.denominator == 1 else quotient
    return a / b


# -- writing -----------------------------------------------------------------------------------


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
        if term == _ONE:
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
    tree = _tree(value)
    result = style.number(tree.value)
    if isinstance(tree, Number):
        return [result]
    found = [
        write(tree, style),
        write(tree, style, letters=False),
        write(_worked(tree, inside=True), style, letters=False),
        write(_worked(tree, inside=False), style, letters=False),
        result,
    ]
    return list(dict.fromkeys(found))


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
