"""The factors of a formula: drawn out of sums for a reader, and found where they decide a sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import gcd, lcm
from typing import Any

import sympy

from shapecalc.algebra.nodes import Extreme, length, names, polynomial_powers_of, powers_of
from shapecalc.algebra.sorting import in_order
from shapecalc.algebra.sums import added, multiplied, of_powers, parted

MOST_DRAWN_OUT = 100
"""The longest sum that common factors are drawn out of, which takes time and helps no reader."""


def drawn_out(expr: sympy.Expr) -> sympy.Expr:
    """An expression with common factors drawn out, unless it is too long to read anyway."""
    if isinstance(expr, Extreme):
        return expr.func(*map(drawn_out, expr.args))
    if length(expr) > MOST_DRAWN_OUT or _is_drawn_out(expr):
        return expr
    found = _of_products(expr) if expr.is_Add else None
    return sympy.factor_terms(expr) if found is None else found


@lru_cache(maxsize=65536)
def _is_drawn_out(expr: sympy.Expr) -> bool:
    """Whether it is seen that nothing can be drawn out, as of most long sums."""
    if expr.is_Add and _of_products(expr) is not expr:
        return False
    return all(map(_is_drawn_out, expr.args))


@lru_cache(maxsize=65536)
def _of_products(expr: sympy.Expr) -> sympy.Expr | None:
    """A sum of numbers times powers, common factors drawn out; None if it is another.

    Sums, floors, minima and maxima do for symbols where nothing is to be drawn out inside them.
    """
    powers = [powers_of(term) for term in expr.args]
    if any(own is None or not all(map(_is_atom_here, own, own.values())) for own in powers):
        return None
    numbers = [parted(term)[0] for term in expr.args]
    content = _content(numbers)
    common = dict(powers[0] or {})
    for own in powers[1:]:
        common = {base: min(n, own[base]) for base, n in common.items() if own and base in own}
    if content == 1 and not common:
        return expr
    rest = added(
        [
            _product(number / content, _without(own or {}, common))
            for number, own in zip(numbers, powers, strict=True)
        ]
    )
    if not rest.is_Add or rest in common:
        return None
    factors = [*[base**n for base, n in common.items()], rest]
    in_order(factors)  # as sympy makes it, so that equal products are equal
    numbered = factors if content == 1 else [content, *factors]
    return sympy.Mul._from_args(numbered, is_commutative=True)


def _is_atom_here(base: sympy.Expr, power: int) -> bool:
    """Whether a power of something is multiplied, and nothing is drawn out of what it is of."""
    return power > 0 and _is_drawn_out(base)


def _product(number: sympy.Rational, powers: Mapping[sympy.Expr, int]) -> sympy.Expr:
    """A number times powers; into a single sum it is multiplied."""
    (base, n), *more = powers.items() or [(sympy.S.One, 1)]
    is_sum = base.is_Add and n == 1 and not more
    return multiplied(number, base) if is_sum else of_powers(number, powers)


def _without(powers: Mapping[sympy.Expr, int], gone: Mapping[sympy.Expr, int]) -> dict[Any, int]:
    """The powers that are left where others are divided out."""
    left = {base: n - gone.get(base, 0) for base, n in powers.items()}
    return {base: n for base, n in left.items() if n}


def _content(numbers: Sequence[sympy.Rational]) -> sympy.Rational:
    """The largest number by which all are whole; negative where all of them are."""
    common = sympy.Rational(gcd(*(n.p for n in numbers)), lcm(*(n.q for n in numbers)))
    return -common if all(n.p < 0 for n in numbers) else common


MOST_FACTORED = 24
"""The longest sum that is factored."""


MOST_FACTORED_SYMBOLS = 6
"""A sum of more symbols is not factored: the time that takes grows steeply with their number."""


@lru_cache(maxsize=4096)
def factors(expr: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The factors of a product that decide its sign, each once; those of a sum if it is short.

    An even power that it is divided by does not, and an odd power is its base.
    """
    if length(expr) <= MOST_FACTORED and len(names(expr)) > 1:
        expr = _factored(expr)
    parts = [p for p in sympy.Mul.make_args(expr) if not _is_inverse_square(p)]
    bases = [p.base if p.is_Pow and p.exp.is_Integer and p.exp % 2 else p for p in parts]
    return tuple(dict.fromkeys(bases))


def _is_inverse_square(part: sympy.Expr) -> bool:
    return bool(part.is_Pow and part.exp.is_Integer and part.exp < 0 and part.exp % 2 == 0)


def _factored(expr: sympy.Expr) -> sympy.Expr:
    """A sum as a product, as far as it takes little time to find."""
    if _is_prime(expr):
        content, rest = expr.primitive()
        return sympy.Mul(content, rest, evaluate=False) if content != 1 else rest
    is_large = len(names(expr)) > MOST_FACTORED_SYMBOLS
    return sympy.factor_terms(expr) if is_large else sympy.factor(expr)


def _is_prime(expr: sympy.Expr) -> bool:
    """Whether it is a sum whose form tells that it has no factors but numbers.

    ``2*m*H + r`` has none, if ``H`` is not in m and r, and a term of r has nothing of m: of two
    factors one would be without H, and divide both 2*m and r.
    """
    if not expr.is_Add:
        return False
    terms = [polynomial_powers_of(term.as_coeff_Mul()[1]) for term in expr.args]
    known = [own for own in terms if own is not None]
    if len(known) < len(terms):
        return False
    times = Counter(base for own in known for base in own)
    return any(
        any(own.keys().isdisjoint(other) for other in known)
        for own in known
        if any(n == 1 and times[base] == 1 for base, n in own.items())
    )
