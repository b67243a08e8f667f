"""Rules written down as they are computed.

A :class:`Traced` number remembers how it came about. A rule that runs on numbers runs on it
unchanged and leaves behind its own derivation: the formula in letters, the numbers put in, the
steps and the result, in the order in which the rule was written.

>>> from shapecalc.algebra.window import Window
>>> N, F, S, P = (Traced.letter(*each) for each in [("N", 224), ("F", 11), ("S", 4), ("P", 2)])
>>> from shapecalc.algebra.steps import ASCII, steps
>>> print(" = ".join(steps(Window.symmetric(F, S, P).output(N), ASCII)))
floor((N + 2P - F)/S) + 1 = floor((224 + 2*2 - 11)/4) + 1 = floor(217/4) + 1 = 54 + 1 = 55
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from shapecalc.algebra import arithmetic
from shapecalc.algebra.arithmetic import untraced as untraced
from shapecalc.algebra.intervals import whole


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
        from shapecalc.algebra.steps import ASCII, write  # which knows this file

        return f"Traced({write(self.tree, ASCII)!r}, {self.value})"

    def __eq__(self, other: object) -> bool:
        return bool(self.value == (other.value if isinstance(other, Traced) else other))

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < as_tree(other).value)

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= as_tree(other).value)

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > as_tree(other).value)

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= as_tree(other).value)

    def __hash__(self) -> int:
        return hash(self.tree)

    def __round__(self) -> Traced:
        return Traced(Apply("round", (self.tree,), round(self.value)))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __add__(self, other: Any) -> Traced:
        return Traced(_add(self.tree, as_tree(other), 1))

    def __radd__(self, other: Any) -> Traced:
        return Traced(_add(as_tree(other), self.tree, 1))

    def __sub__(self, other: Any) -> Traced:
        return Traced(_add(self.tree, as_tree(other), -1))

    def __rsub__(self, other: Any) -> Traced:
        return Traced(_add(as_tree(other), self.tree, -1))

    def __neg__(self) -> Traced:
        if self.opposite is not None:
            return Traced(self.opposite, self.tree)
        return Traced(_add(Number(0), self.tree, -1), self.tree)

    def __mul__(self, other: Any) -> Traced:
        return Traced(_multiply(self.tree, as_tree(other)))

    def __rmul__(self, other: Any) -> Traced:
        return Traced(_multiply(as_tree(other), self.tree))

    def __pow__(self, exponent: int) -> Traced:
        product = Traced(Number(1))
        for _ in range(abs(exponent)):
            product = product * self
        return 1 / product if exponent < 0 else product

    def __floordiv__(self, other: Any) -> Traced:
        bottom = as_tree(other)
        opposite = None if self.opposite is None else _divide(self.opposite, bottom, "ceil")
        return Traced(_divide(self.tree, bottom, "floor"), opposite)

    def __rfloordiv__(self, other: Any) -> Traced:
        return Traced(_divide(as_tree(other), self.tree, "floor"))

    def __truediv__(self, other: Any) -> Traced:
        return Traced(_divide(self.tree, as_tree(other), "exact"))

    def __rtruediv__(self, other: Any) -> Traced:
        return Traced(_divide(as_tree(other), self.tree, "exact"))

    def __mod__(self, other: Any) -> Traced:
        whole: Traced = other * (self // other)
        return self - whole

    def __rmod__(self, other: Any) -> Traced:
        return Traced(as_tree(other)) % self

    # -- what arithmetic.py asks of a value that is no number ----------------------------------

    @staticmethod
    def extreme(which: str, values: Iterable[Any]) -> Traced:
        """The least or greatest of some values."""
        trees = tuple(as_tree(value) for value in values)
        function = arithmetic.smallest if which == "smallest" else arithmetic.largest
        value = function(*(tree.value for tree in trees))
        if len(set(trees)) == 1:
            return Traced(trees[0])
        return Traced(Apply("min" if which == "smallest" else "max", trees, value))

    @staticmethod
    def sum(values: Iterable[Any]) -> Traced:
        """The sum of some values, all drawn together in one go."""
        trees = [as_tree(value) for value in values]
        merged: dict[Tree, int] = {}
        for tree in trees:
            for factor, term in _terms(tree):
                merged[term] = merged.get(term, 0) + factor
        terms = tuple((factor, term) for term, factor in merged.items() if factor != 0)
        values = [tree.value for tree in trees]
        formulas = [value for value in values if arithmetic.is_symbolic(value)]
        return Traced(_simple_sum(terms, formulas[0].sum(values) if formulas else sum(values)))

    def gcd(self, m: Any) -> Traced:
        """The greatest common divisor with a number."""
        other = as_tree(m)
        return Traced(Apply("gcd", (self.tree, other), arithmetic.gcd(self.value, other.value)))


def as_tree(value: Any) -> Tree:
    """How a value came about; a number that does not know stands for itself.

    >>> as_tree(3)
    Number(value=3)
    """
    return value.tree if isinstance(value, Traced) else Number(value)


def leaves(tree: Tree) -> int:
    """How many letters and numbers stand in a derivation.

    >>> n = Traced.letter("n", 12)
    >>> leaves((n * n // 2 + n + 3).tree), leaves(n.tree)
    (5, 1)
    """
    count, stack = 0, [tree]
    while stack:
        node = stack.pop()
        match node:
            case Sum():
                stack += [term for _, term in node.terms]
            case Product():
                stack += node.factors
            case Quotient():
                stack += (node.top, node.bottom)
            case Apply():
                stack += node.arguments
            case _:
                count += 1
    return count


def _terms(tree: Tree) -> tuple[tuple[Any, Tree], ...]:
    if isinstance(tree, Sum):
        return tree.terms
    if isinstance(tree, Number) and isinstance(tree.value, (int, Fraction)):
        return ((tree.value, ONE),) if tree.value != 0 else ()
    return ((1, tree),)


ONE = Number(1)


def _add(left: Tree, right: Tree, sign: int) -> Tree:
    """The terms of both in order; like terms are drawn together where the first of them stands."""
    merged = {term: factor for factor, term in _terms(left)}
    for factor, term in _terms(right):
        merged[term] = merged.get(term, 0) + sign * factor
    terms = tuple([(factor, term) for term, factor in merged.items() if factor != 0])
    value = left.value + right.value if sign > 0 else left.value - right.value
    return _simple_sum(terms, whole(value))


def _simple_sum(terms: tuple[tuple[int, Tree], ...], value: Any) -> Tree:
    if not terms:
        return Number(0)
    if len(terms) == 1:
        factor, term = terms[0]
        if term == ONE:
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
    factor, value = first * second, whole(left.value * right.value)
    if factor != 1:
        return Sum(((factor, _multiply(one, other)),), value)
    factors = (*_factors(left), *_factors(right))
    return Product(factors, value)


def _split(tree: Tree) -> tuple[int, Tree]:
    """A whole factor of a tree, and the rest."""
    if isinstance(tree, Number) and isinstance(tree.value, int):
        return tree.value, ONE
    if isinstance(tree, Sum) and len(tree.terms) == 1:
        return tree.terms[0]
    return 1, tree


def _factors(tree: Tree) -> tuple[Tree, ...]:
    return tree.factors if isinstance(tree, Product) else (tree,)


def _divide(top: Tree, bottom: Tree, rounding: str) -> Tree:
    if isinstance(bottom, Number) and bottom.value == 1:
        if isinstance(top, Quotient) and top.rounding == "exact":
            value = _quotient(top.value, 1, rounding)
            return Quotient(top.top, top.bottom, rounding, value)
        is_whole = not isinstance(top.value, Fraction)
        if is_whole and (rounding == "exact" or not _is_divided(top)):
            return top
    value = _quotient(top.value, bottom.value, rounding)
    if isinstance(top, Number) and isinstance(bottom, Number):
        return Number(value)
    return Quotient(top, bottom, rounding, value)


def _is_divided(tree: Tree) -> bool:
    """Whether there is a division in a sum or product that is exact only at some values."""
    if isinstance(tree, Quotient):
        return tree.rounding == "exact"
    parts = [term for _, term in tree.terms] if isinstance(tree, Sum) else _factors(tree)
    return any(part is not tree and _is_divided(part) for part in parts)


def _quotient(a: Any, b: Any, rounding: str) -> Any:
    if rounding == "floor":
        return a // b
    if rounding == "ceil":
        return arithmetic.ceildiv(a, b)
    if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        return whole(Fraction(a) / b)
    return a / b
