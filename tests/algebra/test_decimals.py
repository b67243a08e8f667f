"""Decimals against exact fractions: the same numbers, told as they were written."""

from __future__ import annotations

import copy
import operator
import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.decimals import Decimal, quotient

decimals = st.decimals(-99, 99, places=3).map(str)
numbers = st.integers(-9, 9) | st.fractions(-9, 9, max_denominator=40)
OPERATIONS = (operator.add, operator.sub, operator.mul, operator.truediv, operator.mod)


@given(decimals, numbers, st.sampled_from(OPERATIONS))
def test_calculating_with_a_decimal_is_exact(text, other, operation):
    for a, b in ((Decimal(text), other), (other, Decimal(text))):
        if b == 0 and operation in (operator.truediv, operator.mod):
            continue
        found = operation(a, b)
        assert found == operation(Fraction(a), Fraction(b))
        assert Fraction(str(found)) == found


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Decimal("0.50"), "0.50"),
        (Decimal("1e-5"), "1e-5"),
        (3 * Decimal("0.33"), "0.99"),
        (-Decimal(".5") / 2, "-0.25"),
        (Decimal("1.5") ** 2, "2.25"),
        (Fraction(1, 2) + Decimal("0.01"), "0.51"),
        (Decimal("0.5") / 3, "1/6"),
        (Decimal("2.5") * 2, "5"),
    ],
)
def test_what_ends_is_told_as_a_decimal(found, text):
    assert str(found) == text


def test_a_copy_is_told_alike():
    number = Decimal("0.50")
    assert str(pickle.loads(pickle.dumps(number))) == "0.50"
    assert copy.deepcopy(number) is number
    assert quotient(number) == "1/2"
