"""What formulas are made of: symbols, sums and products of sympy's, floors, minima and maxima."""

from __future__ import annotations

from functools import lru_cache
from math import comb, prod
from typing import Any

import sympy

MOST_TERMS = 4096
"""The longest sum that products are multiplied out to."""


class Operation(sympy.Function):  # type: ignore[misc]
    """What sympy has no operation for. There is nothing that it could evaluate in one."""

    def __new__(cls, *args: sympy.Expr) -> Operation:
        """An operation on expressions, made without asking whether they are decimal numbers."""
        made: Operation = sympy.Basic.__new__(cls, *args)
        return made

    @classmethod
    @lru_cache
    def class_key(cls) -> Any:
        """Where sympy sorts it among functions; found once."""
        return super().class_key()


class FloorDiv(Operation):
    """``n // d``, rounded down. Made by :func:`floordiv`, which brings it into canonical form."""

    nargs = 2
    is_integer = True

    def __hash__(self) -> int:
        """The hash of its form and of how long its divisor is: 2**61 and 1 have the same hash."""
        if self._mhash is None:  # where sympy keeps it
            divisor = self.args[1]
            length = divisor.p.bit_length() if divisor.is_Integer else 0
            self._mhash: int | None = hash((super().__hash__(), length))
        return self._mhash

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        top, bottom = map(printer._print, self.args)
        floor = rf"\left\lfloor \frac{{{top}}}{{{bottom}}} \right\rfloor"
        return floor if exp is None else rf"{{{floor}}}^{{{exp}}}"


class Extreme(Operation):
    """A minimum or maximum; sympy's own would reason about their arguments at length."""

    def _eval_is_integer(self) -> bool | None:
        known: bool | None = sympy.core.logic.fuzzy_and(each.is_integer for each in self.args)
        return known

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = r"\min" if isinstance(self, Smallest) else r"\max"
        inside = ", ".join(map(printer._print, self.args))
        return rf"{name}\left({inside}\right)" + ("" if exp is None else f"^{{{exp}}}")


class Smallest(Extreme):
    """The least of its arguments."""


class Largest(Extreme):
    """The greatest of its arguments."""


@lru_cache(maxsize=65536)
def symbol(name: str, rational: bool) -> sympy.Symbol:
    """A symbol of either sign."""
    return sympy.Symbol(name, **({"rational": True} if rational else {"integer": True}))


@lru_cache(maxsize=65536)
def is_flat(expr: sympy.Expr) -> bool:
    """Whether there is nothing to multiply out in it, as in nearly all long sums."""
    if expr.is_Pow:
        base, exponent = expr.args
        return bool(exponent.is_Integer and not (base.is_Add or base.is_Mul) and is_flat(base))
    if expr.is_Mul and any(part.is_Add for part in expr.args):
        return False
    return all(map(is_flat, expr.args))


@lru_cache(maxsize=65536)
def powers_of(term: sympy.Expr) -> dict[sympy.Expr, int] | None:
    """The whole powers of symbols, functions and sums that a term multiplies; None if of others.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> powers_of(3 * x**2 / y), powers_of(2**x)
    ({x: 2, y: -1}, None)
    """
    found: dict[sympy.Expr, int] = {}
    for factor in term.args if term.is_Mul else (term,):
        if factor.is_Rational:
            continue
        base, power = factor.args if factor.is_Pow else (factor, sympy.S.One)
        if not (power.is_Integer and (base.is_Symbol or base.is_Function or base.is_Add)):
            return None
        found[base] = found.get(base, 0) + int(power)
    return found


def polynomial_powers_of(term: sympy.Expr) -> dict[sympy.Expr, int] | None:
    """The powers where nothing is divided by and no sum is multiplied; None elsewhere."""
    found = powers_of(term)
    if found is None or any(n < 0 or base.is_Add for base, n in found.items()):
        return None
    return found


def is_monomial(expr: sympy.Expr) -> bool:
    """Whether it is a number times whole powers of symbols, which may be negative."""
    for factor in sympy.Mul.make_args(expr):
        base = factor.base if factor.is_Pow and factor.exp.is_Integer else factor
        if not (base.is_Symbol or factor.is_Rational):
            return False
    return True


def has_minus(term: sympy.Expr) -> bool:
    """Whether a term is written with a minus: of a product that is seen at its number."""
    number = term.args[0] if term.is_Mul else term
    if term.is_Mul or number.is_Rational:
        return bool(number.is_Rational and number.p < 0)
    return bool(term.could_extract_minus_sign())


def ratio(expr: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """What an expression is over what; where nothing is divided in it, that is seen at once."""
    if _is_undivided(expr):
        return expr, sympy.S.One
    top, bottom = expr.as_numer_denom()
    return top, bottom


@lru_cache(maxsize=65536)
def _is_undivided(expr: sympy.Expr) -> bool:
    """Whether nothing is divided in its sums, products and powers."""
    if expr.is_Rational:
        return bool(expr.is_Integer)
    if expr.is_Pow:
        return bool(expr.exp.is_Integer and expr.exp.p > 0 and _is_undivided(expr.base))
    if expr.is_Add or expr.is_Mul:
        return all(map(_is_undivided, expr.args))
    return True


def _is_whole_monomial(expr: sympy.Expr) -> bool:
    for factor in sympy.Mul.make_args(expr):
        if factor.is_Rational:
            is_whole = factor.is_Integer
        else:
            is_whole = factor.is_Symbol or factor.exp > 0
            is_whole = is_whole and (factor.base if factor.is_Pow else factor).is_integer
        if not is_whole:
            return False
    return True


@lru_cache(maxsize=65536)
def is_whole(expr: sympy.Expr) -> bool:
    """Whether it is a whole number for all whole values of its symbols, as far as is known."""
    if is_monomial(expr):
        return _is_whole_monomial(expr)
    if expr.is_Add or expr.is_Mul:  # sympy's own way is a long one, and mostly not needed
        return all(map(is_whole, expr.args)) or bool(expr.is_integer)
    return bool(expr.is_integer)


@lru_cache(maxsize=65536)
def symbols(expr: sympy.Expr) -> frozenset[sympy.Symbol]:
    """Its symbols; sympy's own way to find them walks through all of it each time."""
    return frozenset([expr]) if expr.is_Symbol else frozenset().union(*map(symbols, expr.args))


@lru_cache(maxsize=65536)
def names(expr: sympy.Expr) -> frozenset[str]:
    """The names of its symbols."""
    return frozenset([each.name for each in symbols(expr)])


@lru_cache(maxsize=65536)
def contains(expr: sympy.Expr, kind: Any) -> bool:
    """Whether a node of a kind stands in it."""
    return isinstance(expr, kind) or any(contains(part, kind) for part in expr.args)


def parts(expr: sympy.Expr) -> set[sympy.Expr]:
    """All that stands in an expression, itself included."""
    found: set[sympy.Expr] = set()
    waiting = [expr]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += each.args
    return found


@lru_cache(maxsize=65536)
def depth(expr: sympy.Expr) -> int:
    """How many floors, minima, maxima and products of sums stand in one another."""
    inside = max(map(depth, expr.args), default=0)
    is_product = expr.is_Mul and any(part.is_Add for part in expr.args)
    return inside + (is_product or isinstance(expr, (FloorDiv, Extreme)))


@lru_cache(maxsize=65536)
def length(expr: sympy.Expr) -> int:
    """About how many terms an expression has when it is multiplied out."""
    if expr.is_Add:
        return sum(map(length, expr.args))
    if expr.is_Mul:
        return prod(map(length, expr.args))
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return comb(length(expr.base) + int(expr.exp) - 1, int(expr.exp))
    return max(map(length, expr.args), default=1)


@lru_cache(maxsize=65536)
def terms(expr: sympy.Expr) -> int:
    """How many terms stand in an expression as it is, those inside floors and products too."""
    if expr.is_Add:
        return sum(map(terms, expr.args))
    return max(1, sum([terms(part) for part in expr.args if part.args]))
