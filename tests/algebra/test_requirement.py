"""Requirements: decided on numbers, decided or said on formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import largest
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.requirement import Condition, at_least, divides, equal, refuse
from shapecalc.language import evaluation, expression
from tests.algebra.formulas import formula, lines

H, W, r = (Formula.symbol(name) for name in ("H", "W", "r"))

numbers = st.integers(-50, 50)


@given(numbers, numbers)
def test_numbers_are_decided(a, b):
    assert equal(a, b).decide() is (a == b)
    assert at_least(a, b).decide() is (a >= b)
    if b:
        assert divides(b, a).decide() is (a % b == 0)


def test_what_is_refused_does_not_hold():
    assert refuse().decide() is False


def test_messages_are_written_only_when_they_are_asked_for():
    class Never:
        def __str__(self):
            raise AssertionError

    needed = at_least(2, 3, "has {what}", hint="take {what}", what=Never())
    assert needed.decide() is False
    with pytest.raises(AssertionError):
        needed.problem()
    with pytest.raises(AssertionError):
        needed.hint()


def test_a_message_can_name_both_sides_the_field_and_how_much_is_missing():
    says = "has {field} {left} of {right}, {short} short in {where}"
    needed = at_least(H, H + 2, says, hint="{short} more", field="size", where="a row")
    assert needed.problem() == "has size H of H + 2, 2 short in a row"
    assert needed.problem(where="a column").endswith("in a column")
    assert needed.hint() == "2 more"
    assert divides(12, 512, "{right} does not divide {left}").problem() == "12 does not divide 512"


def test_braces_of_a_user_are_no_places():
    assert refuse("has pattern {pattern!r}", pattern="{left} {x").problem() == (
        "has pattern '{left} {x'"
    )


def test_requirements_are_values():
    assert equal(3, H, "is {n}", n=4) == equal(3, H, "is {n}", n=4)
    assert equal(3, H, "is {n}", n=4) != equal(3, H, "is {n}", n=5)


@given(lines(most=6), lines(most=6), st.integers(1, 6))
def test_formulas_are_decided_as_every_size_is(one, other, divisor):
    a, b = formula(one, "H"), formula(other, "H")
    for make in (equal, at_least, lambda a, b: divides(divisor, a)):
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
    condition = divides(16, H).decide()
    assert isinstance(condition, Condition)
    assert condition.equation == "H % 16 == 0"
    assert condition.symbol == "H"
    assert condition.solutions.conditions("H") == {"residue": "H % 16 == 0"}


@pytest.mark.parametrize(
    ("requirement", "equation"),
    [
        (equal(H, W), "H == W"),
        (at_least(H, W), "H >= W"),
        (divides(W, 64), "64 % W == 0"),
        (divides(4, H * W), "H*W % 4 == 0"),
    ],
)
def test_what_hangs_on_two_symbols_stays_an_equation(requirement, equation):
    condition = requirement.decide()
    assert (condition.equation, condition.symbol) == (equation, None)


def test_what_only_grows_reaches_its_least():
    assert at_least(H * W, 1).decide() is True
    assert at_least((H + W) // 2, 1).decide() is True
    assert at_least(largest(H, W), 1).decide() is True
    assert at_least(H * W, 2).decide().equation == "H*W >= 2"


def test_what_differs_by_a_quotient_is_never_equal():
    size, r = Formula.symbol("C"), Formula.symbol("r")
    assert equal(size + 4 / (r * size), size).decide({}) is False
    assert equal(size, 4 / r**2).decide({}).equation == "C*r**2 == 4"


def test_what_is_at_most_a_quotient_by_a_positive_symbol_is_said_of_its_numerator() -> None:
    g, p = Formula.symbol("g"), Formula.symbol("P")
    found = at_least(1, g / p, "is {left}, less than {right}").decide({"g": 0, "P": 0})
    assert isinstance(found, Condition)
    assert found.equation == "P >= g"
    open_sign = at_least(1, g / p, "is {left}, less than {right}").decide({})
    assert isinstance(open_sign, Condition)
    assert open_sign.equation != "P >= g"


@pytest.mark.parametrize(
    ("size", "least", "told"),
    [
        (H // r, 1, "H >= r"),
        (H // r - 1, 2, "H >= 3*r"),
        ((H + 1) // (2 * r) + 4, 6, "H + 1 >= 4*r"),
        ((H - r) // 2, 3, "H >= r + 6"),
        (H // (r - 1), 1, "H//(r - 1) >= 1"),  # which r may turn around
    ],
)
def test_a_floor_that_has_to_reach_a_number_is_told_without_it(size, least, told):
    assert at_least(size, least).decide({"H": 1, "r": 0}).equation == told
    for h in range(1, 40):
        for factor in range(2, 9):
            reached = size.at(H=h, r=factor) >= least
            assert (
                bool(evaluation.evaluate(expression.parse(told), {"H": h, "r": factor})) == reached
            )


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (r * (H // r), H, "H % r == 0"),
        (64, r * (64 // r), "64 % r == 0"),
        ((H + 1) // 2, r * ((H + 1) // 2 // r), "((H + 1)//2) % r == 0"),
        (H + 3, r * (H // r) + 3, "H % r == 0"),
        (2 * (H // 16), H // 8, "(H//8) % 2 == 0"),
        (r * (H // (r * W)), H // W, "(H//W) % r == 0"),
        (2 * (H // r), H, "H == 2*(H//r)"),
    ],
)
def test_what_is_a_multiple_is_told_as_a_remainder(one, other, told):
    for condition in (equal(one, other).decide(), equal(other, one).decide()):
        assert condition.equation in (told, "2*(H//r) == H")
    for h in range(1, 30):
        for factor in range(1, 12):
            values = {"H": h, "r": factor, "W": 3}
            sides = [
                side.at(**values) if isinstance(side, Formula) else side for side in (one, other)
            ]
            assert evaluation.evaluate(expression.parse(told), values) == (sides[0] == sides[1])
