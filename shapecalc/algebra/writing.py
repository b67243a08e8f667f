"""Formulas as text in Python's integer arithmetic: ``+ - * // % **``, ``min`` and ``max``.

What is written is what Python reads: parentheses stand wherever Python would group otherwise, and
the text of a formula, read back, is the formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import sympy

from shapecalc.algebra.nodes import (
    Extreme,
    FloorDiv,
    Operation,
    Smallest,
    added,
    contains,
    has_minus,
    is_whole,
    multiplied,
    parted,
    product,
    ratio,
    terms_of,
    times,
)
from shapecalc.algebra.ordering import ordered, sort_key

SUM, PRODUCT, POWER, ATOM = range(4)
"""How strongly a piece of text holds together."""


class Remainder(Operation):
    """``n % d``, for reading: in formulas it is ``n - d*(n//d)``."""

    nargs = 2
    is_integer = True


@lru_cache(maxsize=65536)
def write(expr: sympy.Expr) -> str:
    """An expression as text."""
    return _write(with_remainders(expr))[0]


def operand(expr: sympy.Expr, *, right: bool = False) -> str:
    """An expression as an operand of ``%``, in parentheses where it needs them."""
    expr = with_remainders(expr)
    return _held(expr, POWER if right or isinstance(expr, (FloorDiv, Remainder)) else PRODUCT)


def _held(expr: sympy.Expr, strength: int) -> str:
    text, own = _write(expr)
    return text if own >= strength else f"({text})"


@lru_cache(maxsize=65536)
def _write(expr: sympy.Expr) -> tuple[str, int]:
    if expr.is_Symbol:
        return expr.name, ATOM
    if expr.is_Integer:
        return str(expr.p), ATOM if expr.p >= 0 else SUM
    if expr.is_Add:
        return _sum(expr)
    if isinstance(expr, Extreme):
        name = "min" if isinstance(expr, Smallest) else "max"
        return f"{name}({', '.join(_write(each)[0] for each in expr.args)})", ATOM
    if isinstance(expr, FloorDiv):
        return _quotient(expr.args[0], expr.args[1], "//")
    if isinstance(expr, Remainder):
        return _quotient(expr.args[0], expr.args[1], " % ")
    numerator, denominator = ratio(expr)
    if denominator != 1:  # the value is whole, so rounding down changes nothing
        return _quotient(numerator, denominator, "//")
    if expr.is_Pow:
        return f"{_held(expr.base, ATOM)}**{_held(expr.exp, ATOM)}", POWER
    if has_minus(expr):
        return f"-{_held(-expr, _strength(-expr))}", SUM
    factors = [_held(each, POWER) for each in sorted(expr.args, key=sort_key)]
    return "*".join(factors), PRODUCT


def _strength(expr: sympy.Expr) -> int:
    """What an operand of a minus sign must hold: a product may go without parentheses."""
    return PRODUCT if expr.is_Mul and ratio(expr)[1] == 1 else POWER


def _quotient(top: sympy.Expr, bottom: sympy.Expr, sign: str) -> tuple[str, int]:
    is_quotient = isinstance(top, (FloorDiv, Remainder)) or (not top.is_Add and ratio(top)[1] != 1)
    return f"{_held(top, POWER if is_quotient else PRODUCT)}{sign}{_held(bottom, POWER)}", PRODUCT


def _sum(expr: sympy.Expr) -> tuple[str, int]:
    text = ""
    for term in _without_fractions(ordered(expr)):
        sign, piece = _signed(term)
        if not text:
            text = _write(term)[0] if sign == "-" else piece
        else:
            text += f" {sign} {piece}"
    return text, SUM


@lru_cache(maxsize=65536)
def _signed(term: sympy.Expr) -> tuple[str, str]:
    """The sign of a term, and the rest of it as text."""
    if has_minus(term) and not term.is_Add:
        return "-", _held(-term, PRODUCT)
    return "+", _held(term, PRODUCT)


@lru_cache(maxsize=65536)
def _is_fraction(term: sympy.Expr) -> bool:
    return not is_whole(term) and bool(ratio(term)[1] != 1)


def _without_fractions(terms: list[sympy.Expr]) -> list[sympy.Expr]:
    """The terms with those that may be fractions drawn together: their sum is a whole number."""
    parts = [_is_fraction(term) for term in terms]
    if not any(parts):
        return terms
    parts = [part or not term.is_integer for part, term in zip(parts, terms, strict=True)]
    together = sympy.Add(*(t for t, part in zip(terms, parts, strict=True) if part))
    quotient = FloorDiv(*together.as_numer_denom())
    whole = [t for t, part in zip(terms, parts, strict=True) if not part]
    return [*whole[: parts.index(True)], quotient, *whole[parts.index(True) :]]


# -- remainders -----------------------------------------------------------------------------------


def with_remainders(expr: sympy.Expr) -> sympy.Expr:
    """An expression with ``n % d`` for every ``n - d*(n//d)`` in it."""
    return _with_remainders(expr) if contains(expr, FloorDiv) else expr


@lru_cache(maxsize=65536)
def _with_remainders(expr: sympy.Expr) -> sympy.Expr:
    if not expr.args:
        return expr
    if expr.is_Add:
        return _drawn_together(expr)
    args = [with_remainders(each) for each in expr.args]
    if args == list(expr.args):
        return expr
    return product(args) if expr.is_Mul else expr.func(*args)


def _drawn_together(expr: sympy.Expr) -> sympy.Expr:
    terms = {term: number for number, term in map(parted, expr.args)}
    found = []
    for term, factor in list(terms.items()):
        if isinstance(term, FloorDiv) and term.args[1].is_Integer:
            for c, n, d in _candidates(term, -factor, terms):
                lacks = {t: terms.get(t, 0) - c * k for t, k in terms_of(n).items()}
                if term in terms and not any(lacks.values()):
                    for gone in (term, *lacks):
                        terms.pop(gone, None)
                    found.append(times(Remainder(with_remainders(n), d), c))
                    break
    rest = [multiplied(c, with_remainders(t)) for t, c in terms.items()]
    return added([*rest, *found])


def _candidates(
    floor: FloorDiv, factor: sympy.Rational, terms: Mapping[sympy.Expr, sympy.Rational]
) -> Iterator[tuple[sympy.Rational, sympy.Expr, sympy.Integer]]:
    """What ``c*(n % d)`` the floor may belong to: ``c``, ``n`` and ``d``."""
    top, bottom = floor.args
    if (factor / bottom).is_Integer:
        yield factor / bottom, top, bottom
    for other, c in terms.items():
        if isinstance(other, FloorDiv) and other is not floor and other.args[1].is_Integer:
            by, rest = divmod(int(bottom), int(other.args[1]))
            if rest or by < 2 or c * by != factor:
                continue
            offset = (top - other.args[0]) / other.args[1]
            if offset.is_Integer:
                yield c, other + offset, sympy.Integer(by)
