"""What Python's operators cannot say: alike on numbers and on formulas."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import (
    ceildiv,
    exactdiv,
    gcd,
    is_number,
    is_symbolic,
    largest,
    prod,
    smallest,
    total,
)
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.trace import Traced

H = Formula.symbol("H")

numbers = st.integers(-200, 200)
positive = st.integers(1, 60)


@given(numbers, positive)
def test_ceildiv_is_the_first_multiple_that_reaches(a, b):
    assert ceildiv(a, b) == next(n for n in range(-201, 202) if n * b >= a)
    assert evaluate(ceildiv(H, b), {"H": a}) == ceildiv(a, b)


@given(positive, positive)
def test_exactdiv_undoes_a_product(a, b):
    assert exactdiv(a * b, b) == a
    assert exactdiv(b * H, b) == H
    assert evaluate(exactdiv(H, b), {"H": a * b}) == a


@given(positive, positive)
def test_gcd_is_the_largest_common_divisor(n, m):
    expected = max(d for d in range(1, m + 1) if n % d == m % d == 0)
    assert gcd(n, m) == expected
    assert evaluate(gcd(H, m), {"H": n}) == expected


@given(st.lists(numbers, min_size=1, max_size=6))
def test_folds_are_those_of_python(values):
    assert smallest(*values) == min(values)
    assert largest(*values) == max(values)
    assert prod(values) == math.prod(values)
    assert total(values) == sum(values)
    assert type(total(values)) is int


def test_folds_of_nothing_are_neutral():
    assert prod(()) == 1
    assert total(()) == 0


def test_a_sum_of_formulas_takes_numbers_along():
    assert total([H, 2, H, 3]) == 2 * H + 5
    assert total([H, -H, 3]) == 3
    assert prod([H, 2, H]) == 2 * H**2


def test_a_flag_and_a_formula_are_no_numbers():
    assert is_number(3)
    assert is_number(Fraction(3, 4))
    assert not is_number(True)
    assert not is_number(H)
    assert not is_number(0.5)


def test_only_a_formula_is_symbolic():
    assert is_symbolic(H)
    assert not any(map(is_symbolic, (3, Fraction(1, 2), True, None, "H", Traced.letter("H", 3))))
