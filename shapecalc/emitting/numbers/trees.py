"""Derivations of sizes: moved from one scope to another, and turned into expressions."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any, cast

from shapecalc.algebra.trace import (
    Apply,
    Leaf,
    Number,
    Product,
    Quotient,
    Sum,
    Traced,
    Tree,
    as_tree,
)
from shapecalc.emitting.numbers.choices import POWER, Chosen, moved
from shapecalc.emitting.numbers.python import is_condition
from shapecalc.emitting.syntax import negated, replaced
from shapecalc.language import expression as spec
from shapecalc.language.expression import Binary, Call, Conditional, Expression, Name, Unary

_ONE = Number(1)

LONG = 100
"""A derivation with more numbers and operations is not made shorter by a factor alone."""


def settled(tree: Tree, allowed: frozenset[str]) -> Tree:
    """The derivation with letters that may not be used replaced by their values."""

    def meaning(leaf: Leaf) -> Tree:
        return leaf if leaf.letter.partition("[")[0] in allowed else Number(leaf.value)

    return cancelled(as_tree(moved(tree, meaning)))


def cancelled(tree: Tree) -> Tree:
    """The derivation without factors by which it is divided exactly: n/w*w is n.

    >>> n, w = Traced.letter("n", 12), Traced.letter("w", 4)
    >>> cancelled((n / w * w).tree), cancelled((w * (3 * n / (3 * w)) + 1).tree).terms[0]
    (Leaf(letter='n', value=12), (1, Leaf(letter='n', value=12)))
    """
    if isinstance(tree, (Number, Leaf)):
        return tree
    if isinstance(tree, Sum) and len(tree.terms) > 1:
        terms = [factor * Traced(cancelled(term)) for factor, term in tree.terms]
        return Traced.sum(terms).tree
    factor, over, under = _ratio(tree)
    kept = [*over]
    left = []
    for each in under:
        if each in kept:
            kept.remove(each)
        else:
            left.append(each)
    top = reduce(mul, map(Traced, kept), Traced(Number(factor.numerator)))
    found = top.tree
    if left or factor.denominator != 1:
        bottom = reduce(mul, map(Traced, left), Traced(Number(factor.denominator)))
        found = as_tree(top / bottom)
    is_less = len(left) < len(under) or length(found, LONG) < length(tree, LONG)
    return found if is_less else tree


def collapsed(tree: Any) -> Any:
    """The derivation with a floor of a floor as one floor, and without divisions that are exact.

    For whole numbers floor((floor((n + a)/b) + c)/d) is floor((n + a + b*c)/(b*d)).

    >>> n = Traced.letter("n", 12)
    >>> from shapecalc.emitting.printer import flat
    >>> flat(expression(collapsed(((((n + 1) // 2) + 1) // 2 // 2).tree)))
    '(n + 3) // 8'
    """
    if isinstance(tree, Sum):
        terms = [(factor, collapsed(term)) for factor, term in tree.terms]
        found = Traced.sum(factor * Traced(term) for factor, term in terms).tree
        return _multiplied_out(found)
    if isinstance(tree, Product):
        return tree._replace(factors=tuple(map(collapsed, tree.factors)))
    if isinstance(tree, Apply):
        return tree._replace(arguments=tuple(map(collapsed, tree.arguments)))
    if not isinstance(tree, Quotient):
        return tree
    top, bottom = collapsed(tree.top), collapsed(tree.bottom)
    if bottom == Number(1) and isinstance(top, Quotient) and top.rounding == "exact":
        return tree._replace(top=top.top, bottom=top.bottom)
    if tree.rounding != "exact" and _is_whole(bottom) and _is_multiple(top, bottom.value):
        return Traced.sum(f // bottom.value * Traced(term) for f, term in top.terms).tree
    inner, added = _floor_and_number(top)
    if tree.rounding == "floor" and _is_whole(bottom) and inner is not None:
        below = inner.bottom.value
        top = (Traced(inner.top) + added * below).tree
        return tree._replace(top=top, bottom=Number(below * bottom.value))
    return tree._replace(top=top, bottom=bottom)


def _multiplied_out(tree: Tree) -> Tree:
    """A sum with the sums in it multiplied out where it has less terms then: 2*(n - 1) + 2."""
    if not isinstance(tree, Sum) or len(tree.terms) < 2:
        return tree
    inner = [
        (factor * own, part)
        for factor, term in tree.terms
        for own, part in (term.terms if isinstance(term, Sum) else ((1, term),))
    ]
    if len(inner) == len(tree.terms):
        return tree
    found = Traced.sum(factor * Traced(part) for factor, part in inner).tree
    count = len(found.terms) if isinstance(found, Sum) else 1
    return found if count < len(tree.terms) else tree


def _floor_and_number(tree: Any) -> tuple[Quotient | None, int]:
    """A floor of which a number is the divisor, and the whole number that is added to it."""
    terms = tree.terms if isinstance(tree, Sum) else ((1, tree),)
    floors = [t for f, t in terms if isinstance(t, Quotient) and t.rounding == "floor" and f == 1]
    numbers = [factor for factor, term in terms if isinstance(term, Number)]
    is_plain = len(floors) == 1 and len(floors) + len(numbers) == len(terms)
    if not is_plain or not _is_whole(floors[0].bottom) or any(type(n) is not int for n in numbers):
        return None, 0
    return floors[0], sum(numbers)


def _is_multiple(tree: Any, of: int) -> bool:
    """Whether it is a sum of which every term is a whole number so many times."""
    return isinstance(tree, Sum) and all(
        type(factor) is int and factor % of == 0 and type(term.value) is int
        for factor, term in tree.terms
    )


def _is_whole(tree: Any) -> bool:
    """Whether it is a whole number above 0."""
    return isinstance(tree, Number) and type(tree.value) is int and tree.value > 0


def _ratio(tree: Tree) -> tuple[Fraction, list[Tree], list[Tree]]:
    """The number before a product of exact quotients, and the factors over and under its line."""
    if isinstance(tree, Number) and isinstance(tree.value, (int, Fraction)):
        return Fraction(tree.value), [], []
    if isinstance(tree, Sum) and len(tree.terms) == 1:
        ((first, term),) = tree.terms
        factor, over, under = _ratio(term)
        return factor * first, over, under
    if isinstance(tree, Product):
        parts = [_ratio(each) for each in tree.factors]
        whole = reduce(mul, (part[0] for part in parts), Fraction(1))
        return whole, [t for part in parts for t in part[1]], [t for p in parts for t in p[2]]
    if isinstance(tree, Quotient) and tree.rounding == "exact" and tree.bottom.value:
        (above, over, under), (below, down, up) = _ratio(tree.top), _ratio(tree.bottom)
        return above / below, [*over, *up], [*under, *down]
    return Fraction(1), [tree], []


_SINGLE = (Leaf, Number)
"""What is made of no other derivations."""


def length(tree: Any, most: int) -> int:
    """How many numbers and operations a derivation has; counted no further than some are exceeded.

    >>> length((Traced.letter("n", 2) * 3 + 1).tree, 100), length(Leaf("n", 2), 0)
    (6, 1)
    """
    stack, count = [tree], 0
    while stack and count <= most:
        node = stack.pop()
        count += 1
        if type(node) not in _SINGLE:
            stack += [each for each in node if isinstance(each, tuple)]
    return count


def letters_in(tree: Any) -> set[str]:
    """The letters in a derivation.

    >>> letters_in((Traced.letter("n", 2) * 3 + 1).tree)
    {'n'}
    """
    return {part.letter for part in parts_of(tree) if isinstance(part, Leaf)}


def parts_of(tree: Any) -> list[Any]:
    """A derivation and all that it is made of; what stands in many places once."""
    stack, met = [tree], {}
    while stack:
        node = stack.pop()
        if id(node) not in met:
            met[id(node)] = node
            if type(node) not in _SINGLE:
                stack += [each for each in node if isinstance(each, tuple)]
    return [*met.values()]


def decided(tree: Any) -> Tree:
    """The derivation without its conditions, as if what they chose stood there."""
    if isinstance(tree, Chosen):
        return decided(tree.taken)
    if isinstance(tree, Sum):
        return tree._replace(terms=tuple((f, decided(term)) for f, term in tree.terms))
    if isinstance(tree, Product):
        return tree._replace(factors=tuple(map(decided, tree.factors)))
    if isinstance(tree, Quotient):
        return tree._replace(top=decided(tree.top), bottom=decided(tree.bottom))
    if isinstance(tree, Apply):
        return tree._replace(arguments=tuple(map(decided, tree.arguments)))
    return cast(Tree, tree)


def expression(tree: Any) -> Expression:
    """A derivation as an expression."""
    if isinstance(tree, Leaf):
        return Name(tree.letter, 0)
    if isinstance(tree, Number):
        return stated(tree.value)
    if isinstance(tree, Sum):
        return _sum(tree)
    if isinstance(tree, Quotient):
        inner = tree.top
        if tree.bottom == Number(1) and isinstance(inner, Quotient) and inner.rounding == "exact":
            tree = tree._replace(top=inner.top, bottom=inner.bottom)
        top, bottom = expression(tree.top), expression(tree.bottom)
        if tree.rounding == "ceil":
            rounded: Expression = negated(Binary("//", negated(top), bottom))
            return rounded
        return Binary("//" if tree.rounding == "floor" else "/", top, bottom)
    if isinstance(tree, Apply):
        if _is_of_signs(tree):
            return Call("abs", (expression(tree.arguments[0]),))
        if tree.function == POWER:
            return Binary("**", *map(expression, tree.arguments))
        return Call(tree.function, tuple(map(expression, tree.arguments)))
    if isinstance(tree, Chosen):
        then, otherwise = expression(tree.then), expression(tree.otherwise)
        if then == otherwise:
            return then
        test = replaced(tree.test, {name: expression(each) for name, each in tree.meanings})
        return test if tree.is_flag and is_condition(test) else Conditional(test, then, otherwise)
    return reduce(_times, (_power_of(each, n) for each, n in Counter(tree.factors).items()))


def _power_of(tree: Tree, count: int) -> Expression:
    """A factor that comes so many times."""
    return expression(tree) if count == 1 else Binary("**", expression(tree), spec.Number(count))


def _is_of_signs(tree: Apply) -> bool:
    """Whether it is the larger of a number and the same with the other sign, which abs is."""
    if tree.function != "max" or len(tree.arguments) != 2:
        return False
    one, other = map(Traced, tree.arguments)
    return (one + other).tree == Number(0)


def _times(left: Expression, right: Expression) -> Expression:
    return Binary("*", left, right)


def stated(value: Any) -> Expression:
    """A number, its sign apart, a whole one without a denominator; a word or a flag as it is."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, str) or value >= 0:
        return spec.Number(value)
    return Unary("-", spec.Number(-value))


def _sum(tree: Sum) -> Expression:
    half = _other_half(tree)
    if half is not None:
        return Binary("//", expression(half), spec.Number(2))
    remainder = _remainder(tree)
    if remainder is not None:
        return remainder
    found: Expression | None = None
    for factor, term in _drawn_in(tree):
        if isinstance(term, Number):
            piece: Expression = spec.Number(abs(factor))
        elif abs(factor) == 1:
            piece = expression(term)
        else:
            factors = term.factors if isinstance(term, Product) else (term,)
            powers = (_power_of(each, n) for each, n in Counter(factors).items())
            piece = reduce(_times, powers, stated(abs(factor)))
        if found is None:
            found = piece if factor > 0 else Unary("-", piece)
        else:
            found = Binary("+" if factor > 0 else "-", found, piece)
    assert found is not None
    return found


def _other_half(tree: Sum) -> Tree | None:
    """The number of which a sum is what remains beside the larger half: n - ceil(n/2) is n//2."""
    for factor, half in tree.terms:
        is_half = isinstance(half, Quotient) and half.rounding == "ceil"
        if factor == -1 and isinstance(half, Quotient) and is_half and half.bottom == Number(2):
            whole = Traced.sum(f * Traced(term) for f, term in tree.terms if term != half).tree
            return whole if whole == half.top else None
    return None


def _remainder(tree: Sum) -> Expression | None:
    """A sum that is what remains of a division: n + c - d*(n//d) is n % d + c."""
    for factor, term in tree.terms:
        bottom, floor = Number(-factor), term
        if isinstance(term, Product) and len(term.factors) == 2 and factor == -1:
            bottom, floor = cast(Any, term.factors)
        if not isinstance(floor, Quotient) or floor.rounding != "floor" or floor.bottom != bottom:
            continue
        others = Traced.sum(f * Traced(t) for f, t in tree.terms if t != term)
        rest = (others - Traced(floor.top)).tree
        if isinstance(rest, Number):
            found: Expression = Binary("%", expression(floor.top), expression(bottom))
            sign = "+" if rest.value > 0 else "-"
            return Binary(sign, found, stated(abs(rest.value))) if rest.value else found
    return None


def _drawn_in(tree: Sum) -> tuple[tuple[Any, Tree], ...]:
    """The terms; a number beside a floor goes into it: (n - 2)//2 + 1 is n//2."""
    floors = [
        (factor, term) for factor, term in tree.terms if isinstance(term, Quotient) and factor == 1
    ]
    numbers = [factor for factor, term in tree.terms if isinstance(term, Number)]
    if len(tree.terms) != 2 or len(floors) != 1 or len(numbers) != 1:
        return tree.terms
    floor, added = floors[0][1], numbers[0]
    below = (Traced(floor.top) + added * Traced(floor.bottom)).tree
    if floor.rounding == "floor" and not isinstance(below, Sum):  # (n - m)//m + 1 is n//m
        return ((1, (Traced(below) // Traced(floor.bottom)).tree),)
    if not isinstance(floor.top, Sum) or all(term != _ONE for _, term in floor.top.terms):
        return tree.terms  # there is no number in it that this one would change
    bottom = floor.bottom.value
    known = isinstance(floor.bottom, Number) and isinstance(bottom, int)
    if floor.rounding != "floor" or not known or isinstance(added, Fraction):
        return tree.terms
    top = (Traced(floor.top) + added * bottom).tree
    return ((1, (Traced(top) // bottom).tree),)
