"""The one form that sums, products, floors, minima and maxima of symbols are brought into.

Sums and products are sympy's; floors, minima and maxima are ours, because their canonical form is
what makes formulas comparable:

* whole multiples of the divisor leave the floor: ``(H - 1)//32 + 1`` is ``(H + 31)//32``;
* nested floors collapse: ``(H//2)//2`` is ``H//4``;
* a common factor cancels: ``(2*H + 1)//4`` is ``H//2``;
* what all arguments of a minimum have in common leaves it: ``min(H + W, H)`` is ``H + min(W, 0)``;
* a maximum of what is known to be larger is that: ``max(2*((H + 1)//2) - H, 0)`` has no maximum.

These identities hold for all integers, negative ones too (Graham, Knuth and Patashnik, "Concrete
Mathematics", 3.2). Symbols are integers of either sign, unless they are rational.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import gcd, lcm
from typing import Any

import sympy

from shapecalc.algebra.nodes import (
    MOST_TERMS,
    Extreme,
    FloorDiv,
    Largest,
    Smallest,
    contains,
    is_flat,
    is_monomial,
    is_whole,
    length,
    names,
    polynomial_powers_of,
)
from shapecalc.algebra.ordering import sort_key
from shapecalc.algebra.periodic import sign_everywhere
from shapecalc.algebra.sums import added, expanded, multiplied, multiplied_out, scaled, terms_of


@lru_cache(maxsize=65536)
def floordiv(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr:
    """Floor division in canonical form."""
    if d is sympy.S.One and is_flat(n) and is_whole(n):
        return n
    if not d.is_Integer:
        return _by_formula(n, d)
    if d == 0:
        raise ZeroDivisionError
    divisor = int(d)
    if divisor < 0:
        return floordiv(-n, -d)
    terms = terms_of(n)
    if any(map(_divides_by_symbols, terms)):
        top, bottom = n.as_numer_denom()
        if names(bottom):
            return floordiv(top, d * bottom)
    scale = lcm(*(c.denominator for c in terms.values()))
    divisor *= scale
    terms = {term: c * scale for term, c in terms.items()}
    constant = int(terms.pop(sympy.S.One, 0))
    if not all(term.is_integer for term in terms):
        whole, rest = divmod(constant, divisor)
        return FloorDiv(_sum(terms, rest), sympy.Integer(divisor)) + whole
    return _floor_of_integers({t: int(c) for t, c in terms.items()}, constant, divisor)


def _divides_by_symbols(term: sympy.Expr) -> bool:
    factors = sympy.Mul.make_args(term)
    return any(each.is_Pow and each.exp.could_extract_minus_sign() for each in factors)


def _by_formula(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr:
    """A quotient whose divisor is a formula or a fraction: cancelled, without whole multiples."""
    if (found := _of_coprime(n, d) or _by_symbol(n, d)) is not None:
        return found
    quotient = _quotient(n, d)
    if is_whole(quotient):
        return quotient
    n, d = quotient.as_numer_denom()
    if d.is_Integer:
        return floordiv(n, d)
    if d.could_extract_minus_sign():
        n, d = -n, -d
    inside: list[sympy.Expr] = []
    outside: list[sympy.Expr] = []
    for term in sympy.Add.make_args(multiplied_out(n)):
        (outside if (term / d).is_integer else inside).append(term)
    rest = sympy.Add(*(term / d for term in outside))
    return FloorDiv(sympy.Add(*inside), d) + rest if inside else rest


def _of_coprime(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr | None:
    """The floor of a product over another without a symbol in common: only numbers cancel.

    The long way finds the same; sympy thinks about whether each quotient is whole.
    """
    (factor, top), (divisor, bottom) = n.as_coeff_Mul(), d.as_coeff_Mul()
    of_top, of_bottom = polynomial_powers_of(top), polynomial_powers_of(bottom)
    if not of_bottom or of_top is None or not (factor.is_Integer and divisor.is_Integer):
        return None
    if not all(base.is_Symbol for base in (*of_top, *of_bottom)):
        return None
    if factor == 0 or divisor < 0 or not of_top.keys().isdisjoint(of_bottom):
        return None
    common = gcd(int(factor), int(divisor))
    return FloorDiv(scaled(top, int(factor) // common), scaled(bottom, int(divisor) // common))


def _by_symbol(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr | None:
    """The floor of a sum of products over a symbol that some of them have, which come out."""
    if not d.is_Symbol:
        return None
    terms = sympy.Add.make_args(multiplied_out(n))
    if not all(is_monomial(term) and is_whole(term) for term in terms):
        return None
    outside = [term for term in terms if d in term.free_symbols]
    inside = [term for term in terms if d not in term.free_symbols]
    if not inside or 0 in inside:
        return None
    return FloorDiv(sympy.Add(*inside), d) + sympy.Add(*(term / d for term in outside))


def _quotient(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr:
    """A quotient without common factors; of what has no symbol in common only numbers can be."""
    if names(n) & names(d) or not (is_flat(n) and is_flat(d)):
        return cancelled(n / d)
    (factor, top), (divisor, bottom) = n.primitive(), d.primitive()
    return factor / divisor * top / bottom


def _floor_of_integers(terms: dict[sympy.Expr, int], constant: int, d: int) -> sympy.Expr:
    outside = {t: c // d for t, c in terms.items() if c % d == 0}
    inside = {t: c for t, c in terms.items() if c % d}
    common = gcd(d, *inside.values())
    if common > 1:
        inside = {t: c // common for t, c in inside.items()}
        constant, d = constant // common, d // common
    whole, constant = divmod(constant, d)
    rest = _sum(outside, whole)
    if not inside or d == 1:
        return rest + _sum(inside, constant)
    if max(inside.values()) < 0:  # floor(-x/d) = -floor((x + d - 1)/d)
        return rest - floordiv(
            _sum({t: -c for t, c in inside.items()}, d - 1 - constant), sympy.Integer(d)
        )
    floors = [
        t for t, c in inside.items() if c == 1 and isinstance(t, FloorDiv) and t.args[1].is_Integer
    ]
    if len(floors) == 1:  # floor((floor(m/e) + r)/d) = floor((m + e r)/(e d))
        numerator, e = floors[0].args
        others = {t: c for t, c in inside.items() if t is not floors[0]}
        return rest + floordiv(numerator + e * _sum(others, constant), e * d)
    decided = _without_extreme(inside, constant, d)
    if decided is not None:
        return rest + decided
    return rest + FloorDiv(_sum(inside, constant), sympy.Integer(d))


def _without_extreme(inside: dict[sympy.Expr, int], constant: int, d: int) -> sympy.Expr | None:
    """A floor of a maximum is the maximum of floors, of which one may be known to be larger."""
    found = [t for t in inside if isinstance(t, Extreme)]
    if len(found) != 1:
        return None
    node, factor = found[0], inside[found[0]]
    rest = _sum({t: c for t, c in inside.items() if t is not node}, constant)
    kind: type[Extreme] = type(node)
    if factor < 0:
        kind = Smallest if kind is Largest else Largest
    floors = [floordiv(rest + factor * argument, sympy.Integer(d)) for argument in node.args]
    decided = extreme(floors, kind)
    return None if contains(decided, Extreme) else decided


def extreme(values: Sequence[sympy.Expr], kind: type[Extreme]) -> sympy.Expr:
    """The least or greatest of some values, without those known not to be it."""
    values = [each for value in values for each in (value.args if type(value) is kind else [value])]
    values = list(dict.fromkeys(values))
    if len(values) == 1:
        return values[0]
    split = [terms_of(value) for value in values]
    common = {
        term: c
        for term, c in split[0].items()
        if term != 1 and all(other.get(term) == c for other in split[1:])
    }
    scale = lcm(*(c.denominator for terms in split for t, c in terms.items() if t not in common))
    rests = [{t: int(c * scale) for t, c in terms.items() if t not in common} for terms in split]
    kept: dict[Any, list[_Terms]] = {}
    for value in rests:
        _keep(kept.setdefault(_wide(value), []), value, 1 if kind is Largest else -1)
    sums = [_sum(terms, 0) for alike in kept.values() for terms in alike]
    if any(type(each) is kind for each in sums) and len(sums) > 1:  # what it was added to is gone
        best = extreme(sums, kind)
    else:
        best = sums[0] if len(sums) == 1 else kind(*sorted(sums, key=sort_key))
    return _sum(common, 0) + best / scale


_Terms = dict[sympy.Expr, int]
"""The terms of a sum with their factors."""


def _wide(value: _Terms) -> frozenset[tuple[sympy.Expr, int]]:
    """The terms of more symbols than one: where they differ, no difference has a known sign."""
    return frozenset([(term, c) for term, c in value.items() if len(names(term)) > 1])


def _keep(kept: list[_Terms], value: _Terms, direction: int) -> None:
    """Put a value among those of which each may be the extreme."""
    signs = [_sign(other, value) for other in kept]
    if any(sign is not None and sign * direction >= 0 for sign in signs):
        return
    kept[:] = [other for other, sign in zip(kept, signs, strict=True) if sign is None]
    kept.append(value)


def _sign(a: _Terms, b: _Terms) -> int | None:
    """The sign of a difference everywhere; None if it has none, or more symbols than one."""
    difference: _Terms = {}
    symbols: set[str] = set()
    for terms, others in ((a, b), (b, a)):
        for term, c in terms.items():
            if term not in difference and others.get(term, 0) != c:
                difference[term] = a.get(term, 0) - b.get(term, 0)
                symbols |= names(term)
                if len(symbols) > 1:
                    return None
    return sign_everywhere(_sum(difference, 0))


@lru_cache(maxsize=65536)
def common_divisor(n: sympy.Expr, m: sympy.Expr) -> sympy.Expr | None:
    """The greatest common divisor of a formula and a number, or of two where one divides the other.

    Prime by prime: ``gcd(n, p**k)`` is ``p**k`` less ``p**j - p**(j - 1)`` for each ``j`` up to
    ``k`` whose ``p**j`` does not divide ``n``, which ``min(n % p**j, 1)`` tells.
    """
    if not m.is_Integer:
        divisors = (b for a, b in ((n, m), (m, n)) if cancelled(a / b).is_integer)
        return next(divisors, None)
    found = sympy.S.One
    for prime, power in _primes(int(m)).items():
        lacking = [_lacking(n, prime, j) for j in range(1, power + 1)]
        found = multiplied(found, added([sympy.Integer(prime**power), *lacking]))
    return found


@lru_cache(maxsize=4096)
def _primes(number: int) -> dict[int, int]:
    """The primes that a number is a product of, and their powers."""
    found: dict[int, int] = sympy.factorint(number)
    return found


@lru_cache(maxsize=65536)
def _lacking(n: sympy.Expr, prime: int, j: int) -> sympy.Expr:
    """How much less a common divisor is where a formula is no multiple of ``prime**j``, negated.

    Formulas share few powers of primes among many divisors: each is looked at once.
    """
    divisor = prime**j
    remainder = added([n, scaled(floordiv(n, sympy.Integer(divisor)), -divisor)])
    return scaled(extreme([remainder, sympy.S.One], Smallest), prime ** (j - 1) - divisor)


def collected(terms: Sequence[sympy.Expr]) -> sympy.Expr:
    """A sum, multiplied out where that makes it shorter, as polynomials in one symbol are."""
    plain = added(terms)
    return _shorter(plain) if plain.is_Add else plain


MOST_DENOMINATORS = 8
"""Quotients by more divisors than these are not drawn together to one."""


def apart(terms: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """Terms of a sum, each a whole number; where they are quotients by many divisors, as floors."""
    found = [(n, d) for n, d in map(_ratio, terms) if d != 1]
    if len({d for _, d in found}) <= MOST_DENOMINATORS:
        return list(terms)
    return [n if d == 1 else floordiv(n, d) for n, d in map(_ratio, terms)]


@lru_cache(maxsize=65536)
def _ratio(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """What a term is over what; over nothing if its form tells that it is whole."""
    return (term, sympy.S.One) if is_whole(term) else term.as_numer_denom()


MOST_TIMES = 4
"""A term is thought to have no more symbols: so many times more than terms are not collected."""


@lru_cache(maxsize=4096)
def _shorter(plain: sympy.Expr) -> sympy.Expr:
    if not any(part.is_Add for term in plain.args if term.is_Mul for part in term.args):
        return plain
    if length(plain) > MOST_TERMS or len(names(plain)) > MOST_TIMES * len(plain.args):
        return plain
    split = [term.as_coeff_Mul() for term in plain.args]  # what differs by a number is done once
    out = added([multiplied(factor, expanded(rest)) for factor, rest in split])
    return out if len(sympy.Add.make_args(out)) <= len(plain.args) else plain


def cancelled(quotient: sympy.Expr) -> sympy.Expr:
    """A quotient without common factors, unless it is too long to find them."""
    if is_monomial(quotient) or length(quotient) > MOST_TERMS:
        return quotient
    return sympy.cancel(quotient)


def sides(expr: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """Two sums whose difference is a positive multiple of a sum, in whole numbers without minus."""
    terms = terms_of(expr)
    scale = lcm(*(c.denominator for c in terms.values()))
    common = gcd(*(int(c * scale) for c in terms.values()))
    whole = {t: int(c * scale) // common for t, c in terms.items()}
    left = {t: c for t, c in whole.items() if c > 0}
    right = {t: -c for t, c in whole.items() if c < 0}
    return _sum(left, 0), _sum(right, 0)


def _sum(terms: Mapping[sympy.Expr, Any], constant: int) -> sympy.Expr:
    number = sympy.Rational(constant)
    return added([number, *(term if c == 1 else _times(term, c) for term, c in terms.items())])


@lru_cache(maxsize=65536)
def _times(term: sympy.Expr, factor: Any) -> sympy.Expr:
    return scaled(term, factor) if factor == int(factor) else term * sympy.Rational(factor)
