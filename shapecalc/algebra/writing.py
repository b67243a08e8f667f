"""Formulas as text in Python's integer arithmetic: ``+ - * // % **``, ``min`` and ``max``.

What is written is what Python reads: parentheses stand wherever Python would group otherwise, and
the text of a formula, read back, is the formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import sympy

from shapecalc.algebra.nodes import (
    Extreme,
    FloorDiv,
    Operation,
    Smallest,
    contains,
    has_minus,
    is_whole,
    ratio,
)
from shapecalc.algebra.ordering import ordered, sort_key
from shapecalc.algebra.sums import added, multiplied, parted, product, terms_of, times

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
    floors = [_floor(term) for term in terms if _is_divided(term)]
    alike: dict[sympy.Expr, list[_Floor]] = {}
    for own in floors:
        alike.setdefault(own.rest, []).append(own)
    found = []
    for own in floors:
        for c, n, d in _candidates(own, alike[own.rest], terms):
            lacks = {t: terms.get(t, 0) - c * k for t, k in terms_of(n).items()}
            if not any(lacks.values()):
                for gone in (own.floor, *lacks):
                    terms.pop(gone, None)
                found.append(times(Remainder(with_remainders(n), d), c))
                break
    rest = [multiplied(c, with_remainders(t)) for t, c in terms.items()]
    return added([*rest, *found])


class _Floor(NamedTuple):
    """A floor ``(number + rest)//bottom``."""

    floor: FloorDiv
    number: sympy.Rational
    rest: sympy.Expr
    bottom: int


def _is_divided(term: sympy.Expr) -> bool:
    return isinstance(term, FloorDiv) and bool(term.args[1].is_Integer)


def _floor(term: FloorDiv) -> _Floor:
    top, bottom = term.args
    number, rest = top.as_coeff_Add()
    return _Floor(term, number, rest, int(bottom))


def _candidates(
    own: _Floor, alike: Iterable[_Floor], terms: Mapping[sympy.Expr, sympy.Rational]
) -> Iterator[tuple[sympy.Rational, sympy.Expr, sympy.Integer]]:
    """What ``c*(n % d)`` a floor among terms may belong to: ``c``, ``n`` and ``d``.

    ``n`` is what it divides, or a floor of what differs from that by a number.
    """
    if own.floor not in terms:
        return
    factor = -terms[own.floor]
    c = factor / own.bottom
    if c.is_Integer:
        top, bottom = own.floor.args
        yield c, top, bottom
    for other in alike:
        by, left = divmod(own.bottom, other.bottom)
        if left or by < 2 or terms.get(other.floor, 0) * by != factor:
            continue
        offset = (own.number - other.number) / other.bottom
        if offset.is_Integer:
            yield terms[other.floor], other.floor + offset, sympy.Integer(by)
