"""The order that terms and factors are written in: sympy's, found without its general ways."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from shapecalc.algebra.nodes import has_minus, powers_of


def ordered(expr: sympy.Expr) -> list[sympy.Expr]:
    """The terms of a sum in sympy's order, of which it takes the square of their number to find.

    Terms are compared by their exponents of one symbol, function or sum after the other, the higher
    one first; here those that are 0 are not looked at, so that what stands in a key is further
    from 0 the earlier its base comes.
    """
    if _is_taken_off(expr):
        return list(expr.args)
    terms = [(powers_of(term), term) for term in expr.args]
    if any(powers is None for powers, _ in terms):
        found: list[sympy.Expr] = expr.as_ordered_terms()
        return found
    bases = {base for powers, _ in terms for base in powers or ()}
    before = {base: i for i, base in enumerate(sorted(bases, key=sort_key, reverse=True), 1)}

    def key(pair: tuple[dict[sympy.Expr, int] | None, sympy.Expr]) -> list[tuple[int, int]]:
        powers = sorted([(-before[base], n) for base, n in (pair[0] or {}).items()])
        return [*[(place if n > 0 else -place, -n) for place, n in powers], (0, 0)]

    return [term for _, term in sorted(terms, key=key)]


def _is_taken_off(expr: sympy.Expr) -> bool:
    """Whether it is a positive number less a multiple of something, as ``1 - 2*x``."""
    number, other = expr.args[0], expr.args[-1]
    if len(expr.args) != 2 or not number.is_Rational or not other.is_Mul:
        return False
    return bool(number.p > 0 and len(other.args) == 2 and has_minus(other))


@lru_cache(maxsize=65536)
def sort_key(expr: sympy.Expr) -> Any:
    """What sympy orders expressions by; its way to find that of a sum takes the square of it.

    Numbers in it are Python's, which are compared in no time.
    """
    if expr.is_Rational:
        return expr.class_key(), (0, ()), (), _number(expr)
    if expr.is_Atom:
        return (*expr.sort_key()[:2], sort_key(sympy.S.One), 1)
    number, rest = expr.as_coeff_Mul()
    base, exponent = rest.as_base_exp() if rest.is_Pow else (rest, sympy.S.One)
    if base.is_Atom:
        inside: tuple[Any, ...] = (str(base),)
    elif base.is_Add:
        inside = tuple(map(sort_key, ordered(base)))
    elif base.is_Mul:
        inside = tuple(sorted(map(sort_key, base.args)))
    else:
        inside = tuple(map(sort_key, base.args))
    return base.class_key(), (len(inside), inside), sort_key(exponent), _number(number)


def _number(value: sympy.Rational) -> int | Fraction:
    return value.p if value.is_Integer else Fraction(value.p, value.q)
