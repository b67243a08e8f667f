"""What formulas are made of: symbols, sums and products of sympy's, floors, minima and maxima."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from math import comb, prod
from operator import is_
from typing import Any

import sympy

from shapecalc.algebra.sorting import in_order

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
def scaled(expr: sympy.Expr, number: int) -> sympy.Expr:
    """An expression times a number, as sympy's ``*`` makes it but in a fiftieth of its time.

    >>> scaled(2 * sympy.Symbol("x"), 3)
    6*x
    """
    if number == 1:
        return expr
    if number == 0 or expr.is_Number:
        return expr * number
    if not expr.is_Add:
        return _term_scaled(expr, number)
    terms = [_term_scaled(term, number) for term in expr.args]
    return added(terms) if any(map(_is_unlike_others, terms)) else _sum_of(terms)


def _term_scaled(term: sympy.Expr, number: int) -> sympy.Expr:
    """What is no sum times a number other than 0 and 1."""
    factors = term.args if term.is_Mul else (term,)
    coefficient = sympy.S.One
    if factors[0].is_Rational:
        coefficient, *factors = factors
        if len(factors) == 1 and factors[0].is_Add and not coefficient.is_Integer:
            return term * number  # which is multiplied out
    if any(factor.is_Pow and factor.base.is_Number for factor in factors):
        return term * number  # powers of one number come together
    coefficient *= number
    if coefficient is not sympy.S.One:
        factors = (coefficient, *factors)
    return sympy.Mul._from_args(factors, is_commutative=True)


def shifted(expr: sympy.Expr, number: int) -> sympy.Expr:
    """An expression plus a number, as sympy's ``+`` makes it.

    >>> shifted(sympy.Symbol("x") + 1, 2)
    x + 3
    """
    if number == 0:
        return expr
    if expr.is_Number:
        return expr + number
    terms = expr.args if expr.is_Add else (expr,)
    constant = sympy.Integer(number)
    if terms[0].is_Rational:
        constant, terms = terms[0] + number, terms[1:]
    return sympy.Add._from_args((constant, *terms) if constant.p else terms, is_commutative=True)


def added(summands: Sequence[sympy.Expr]) -> sympy.Expr:
    """The sum of expressions, as sympy's ``Add`` makes it, which asks every number what it is.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> added([2 * x + 1, y, 3 * x - 1])
    5*x + y
    """
    constant = sympy.S.Zero
    numbers: dict[sympy.Expr, sympy.Rational] = {}
    once: dict[sympy.Expr, sympy.Expr] = {}  # what needs not be made anew
    for summand in summands:
        for term in summand.args if summand.is_Add else (summand,):
            if term.is_Rational:
                constant = constant + term if constant.p else term
                continue
            number, rest = parted(term)
            if _is_unlike_others(rest):
                return sympy.Add(*summands)  # which multiplies out, or draws powers together
            if rest in numbers:
                numbers[rest] += number
                once.pop(rest, None)
            else:
                numbers[rest], once[rest] = number, term
    found = [once[rest] if rest in once else times(rest, n) for rest, n in numbers.items() if n.p]
    return _sum_of([constant, *found] if constant.p else found)


def parted(term: sympy.Expr) -> tuple[sympy.Rational, sympy.Expr]:
    """The number in front of what is no sum, and the rest.

    >>> parted(3 * sympy.Symbol("x"))
    (3, x)
    """
    if term.is_Mul:
        return _parted(term)
    return (term, sympy.S.One) if term.is_Rational else (sympy.S.One, term)


@lru_cache(maxsize=65536)
def _parted(product: sympy.Expr) -> tuple[sympy.Rational, sympy.Expr]:
    """The same of a product, of which sympy makes the rest anew each time."""
    number, rest = product.as_coeff_Mul(rational=True)
    return number, rest


def _is_unlike_others(term: sympy.Expr) -> bool:
    """Whether sympy does more to a term of a sum than add it to its like.

    Numbers before sums are multiplied into them, and those before their own powers drawn in.
    """
    if term.is_Mul and len(term.args) == 2 and term.args[0].is_Rational:
        term = term.args[1]
    return bool(term.is_Add or (term.is_Pow and term.base.is_Number))


def _sum_of(terms: list[sympy.Expr]) -> sympy.Expr:
    """The sum of terms of which no two are alike; a number among them stands first."""
    first = terms[:1] if terms and terms[0].is_Rational else []
    others = terms[len(first) :]
    if len(others) > 1:
        in_order(others)
    return sympy.Add._from_args([*first, *others], is_commutative=True)


def times(term: sympy.Expr, coefficient: sympy.Rational) -> sympy.Expr:
    """A number times what has no number in front."""
    if coefficient is sympy.S.One or term is sympy.S.One:
        return coefficient if term is sympy.S.One else term
    factors = term.args if term.is_Mul else (term,)
    return sympy.Mul._from_args((coefficient, *factors), is_commutative=True)


@lru_cache(maxsize=65536)
def multiplied(one: sympy.Expr, other: sympy.Expr) -> sympy.Expr:
    """The product of two expressions, as sympy's ``*`` makes it, which asks what each of them is.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> multiplied(2 * x * y, 3 * x)
    6*x**2*y
    """
    for number, rest in ((one, other), (other, one)):
        if number.is_Integer:
            return scaled(rest, int(number))
    first, second = powers_of(one), powers_of(other)
    if first is None or second is None:
        return one * other
    powers = {base: n + second.get(base, 0) for base, n in first.items()}
    powers = {base: n for base, n in {**second, **powers}.items() if n}
    if any(base.is_Add and (n != 1 or len(powers) == 1) for base, n in powers.items()):
        return one * other  # a sum is squared, or multiplied by a number
    return of_powers(parted(one)[0] * parted(other)[0], powers)


def of_powers(coefficient: sympy.Rational, powers: Mapping[sympy.Expr, int]) -> sympy.Expr:
    """A number times powers, none of them 0; a sum is no power, and not alone with a number.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> of_powers(sympy.Integer(6), {y: 1, x: 2})
    6*x**2*y
    """
    if not coefficient.p or not powers:
        return coefficient
    found = [base if n == 1 else base**n for base, n in powers.items()]
    if len(found) > 1:
        in_order(found)
    if coefficient is not sympy.S.One:
        found.insert(0, coefficient)
    return sympy.Mul._from_args(found, is_commutative=True)


def product(factors: Sequence[sympy.Expr]) -> sympy.Expr:
    """The product of several expressions, as sympy's ``Mul`` makes it.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> product([sympy.Integer(2), x, y + 1])
    2*x*(y + 1)
    """
    numbers = [factor for factor in factors if factor.is_Rational]
    others = [factor for factor in factors if not factor.is_Rational]
    return reduce(multiplied, [*others, *numbers])  # what is one sum is multiplied by numbers


def replaced(expr: sympy.Expr, by: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """An expression with parts in the place of others, as sympy's ``xreplace`` makes it.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> replaced(3 * x * FloorDiv(y, 2), {FloorDiv(y, 2): x})
    3*x**2
    """
    if expr in by:
        return by[expr]
    args = [replaced(part, by) for part in expr.args]
    if all(map(is_, args, expr.args)):
        return expr
    if expr.is_Add:
        return added(args)
    return product(args) if expr.is_Mul else expr.func(*args)


def terms_of(expr: sympy.Expr) -> dict[sympy.Expr, Fraction]:
    """The summands of an expression multiplied out, each with its rational coefficient."""
    found = multiplied_out(expr).as_coefficients_dict().items()
    return {t: Fraction(int(c.p), int(c.q)) for t, c in found if c}


@lru_cache(maxsize=65536)
def expanded(expr: sympy.Expr) -> sympy.Expr:
    """Products and powers multiplied out, unless nobody could read the result."""
    if is_flat(expr) or length(expr) > MOST_TERMS:
        return expr
    found = _distributed(expr)
    return sympy.expand(expr) if found is None else found


def _distributed(expr: sympy.Expr) -> sympy.Expr | None:
    """Products of sums, added, in which nothing else is to be multiplied out; None of any other."""
    if expr.is_Add:
        parts = [part if is_flat(part) else _distributed(part) for part in expr.args]
        known = [part for part in parts if part is not None]
        return added(known) if len(known) == len(parts) else None
    sums = [part for part in expr.args if part.is_Add] if expr.is_Mul else []
    if not sums or not all(map(is_flat, expr.args)):
        return None
    factors = [part for part in expr.args if not part.is_Add]
    terms = (sympy.Mul._from_args(factors, is_commutative=True),)
    for each in sums:
        product = added([multiplied(term, other) for term in terms for other in each.args])
        terms = sympy.Add.make_args(product)
    return product


def multiplied_out(expr: sympy.Expr) -> sympy.Expr:
    """Products multiplied out, unless nobody could read the result."""
    if expr.is_Atom or isinstance(expr, (FloorDiv, Extreme)):
        return expr
    if is_flat(expr) or length(expr) > MOST_TERMS:
        return expr
    if expr.is_Add:
        return added([*map(multiplied_out, expr.args)])
    if (found := _distributed(expr)) is not None:
        return found
    out = sympy.expand_mul(expr, deep=False)
    return multiplied_out(out) if out.is_Add and out != expr else out


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
