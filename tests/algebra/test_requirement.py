"""Requirements: decided on numbers, decided or said on formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import largest
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.requirement import Condition, at_least, divides, equal, refuse
from tests.algebra.formulas import formula, lines

H, W = Formula.symbol("H"), Formula.symbol("W")

numbers = st.integers(-50, 50)


def problem():
    return "is wrong"


@given(numbers, numbers)
def test_numbers_are_decided(a, b):
    assert equal(a, b, problem).decide() is (a == b)
    assert at_least(a, b, problem).decide() is (a >= b)
    if b:
        assert divides(b, a, problem).decide() is (a % b == 0)


def test_what_is_refused_does_not_hold():
    assert refuse(problem).decide() is False


@given(lines(most=6), lines(most=6), st.integers(1, 6))
def test_formulas_are_decided_as_every_size_is(one, other, divisor):
    a, b = formula(one, "H"), formula(other, "H")
    for make in (
        lambda a, b: equal(a, b, problem),
        lambda a, b: at_least(a, b, problem),
        lambda a, b: divides(divisor, a, problem),
    ):
        decision = make(a, b).decide()
        for h in range(1, 40):
            on_numbers = make(one.run({"H": h}), other.run({"H": h})).decide()
            if isinstance(decision, Condition):
                if decision.solutions is not None:
                    assert (h in decision.solutions) is on_numbers
                assert eval(decision.equation, {}, {"H": h}) is on_numbers
            else:
                assert decision is on_numbers


def test_a_condition_is_said_of_its_symbol():
    condition = divides(16, H, problem).decide()
    assert isinstance(condition, Condition)
    assert condition.equation == "H % 16 == 0"
    assert condition.symbol == "H"
    assert condition.solutions.conditions("H") == {"residue": "H % 16 == 0"}


@pytest.mark.parametrize(
    ("requirement", "equation"),
    [
        (equal(H, W, problem), "H == W"),
        (at_least(H, W, problem), "H >= W"),
        (divides(W, 64, problem), "64 % W == 0"),
        (divides(4, H * W, problem), "H*W % 4 == 0"),
    ],
)
def test_what_hangs_on_two_symbols_stays_an_equation(requirement, equation):
    condition = requirement.decide()
    assert (condition.equation, condition.symbol) == (equation, None)


def test_what_only_grows_reaches_its_least():
    assert at_least(H * W, 1, problem).decide() is True
    assert at_least((H + W) // 2, 1, problem).decide() is True
    assert at_least(largest(H, W), 1, problem).decide() is True
    assert at_least(H * W, 2, problem).decide().equation == "H*W >= 2"
