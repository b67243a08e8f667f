"""What is written of a formula is, read back by Python or by the spec language, that formula."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import exactdiv, gcd, largest, smallest
from shapecalc.algebra.formula import Formula, evaluate, expanded
from shapecalc.algebra.requirement import Condition, at_least, broadcasts, divides, equal
from shapecalc.language import evaluation, expression
from tests.algebra.formulas import Rule, formula, whole_rules

NAMES = ("H", "W", "S")
H, W, S, G, P, r = (Formula.symbol(name) for name in ("H", "W", "S", "G", "P", "r"))
SCOPE = {name: Formula.symbol(name) for name in NAMES}

sizes = st.fixed_dictionaries({name: st.integers(-7, 60) for name in NAMES})


def read(text: str, scope: Any) -> Any:
    """What Python makes of a text, a minimum and a maximum being those of formulas."""
    return eval(text, {"__builtins__": {}, "min": smallest, "max": largest}, dict(scope))


@given(whole_rules(*NAMES))
@settings(max_examples=400, deadline=None)
def test_a_formula_read_back_is_the_same_tree(rule: Rule) -> None:
    value = formula(rule, *NAMES)
    text = str(value)
    assert expanded(read(text, SCOPE)) == expanded(value), text
    with suppress(expression.ExpressionError):  # it is longer than a spec's may be
        tree = expression.parse(text)
        assert expanded(evaluation.evaluate(tree, SCOPE)) == expanded(value), text


@given(whole_rules(*NAMES), whole_rules(*NAMES), sizes)
@settings(max_examples=300, deadline=None)
def test_a_condition_read_by_python_holds_where_it_holds(
    one: Rule, other: Rule, values: dict[str, int]
) -> None:
    a, b = formula(one, *NAMES), formula(other, *NAMES)
    try:
        m, n = one.run(values), other.run(values)
        requirements = [(equal(a, b), m == n), (at_least(a, b), m >= n)]
        if min(m, n) >= 1:  # it is about sizes
            requirements += [(broadcasts(a, b), m == n or 1 in (m, n))]
            requirements += [(divides(b, a), m % n == 0)]
    except ZeroDivisionError:
        return
    for requirement, holds in requirements:
        decision = requirement.decide({})
        if isinstance(decision, Condition):
            assert read(decision.equation, values) is holds, (decision.equation, values)
            if decision.solutions is not None:
                assert (values[decision.symbol or ""] in decision.solutions) is holds
        else:
            assert decision is holds, (requirement.left, requirement.right, values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (P + -(H // S) // (G + 1), "P + (-(H//S))//(G + 1)"),
        (-(H // S), "-(H//S)"),
        (P - H // S, "P - H//S"),
        (2 * (H // S) * W, "2*W*(H//S)"),
        (H // (2 * G), "H//(2*G)"),
        ((H // S) // W, "(H//S)//W"),
        (H // (W // S + 1), "H//(W//S + 1)"),
        (H % 7, "H % 7"),
        ((H + 5) % 7, "(H + 5) % 7"),
        (2 * (H % 7) + 1, "2*(H % 7) + 1"),
        (H // 2 % 3, "(H//2) % 3"),
        (2**H, "2**H"),
        (2 ** (2 * H), "2**(2*H)"),
        ((H - 1) ** 2 // 3, "(H - 1)**2//3"),
        (smallest(H, 7) - 1, "min(7, H) - 1"),
        (gcd(H, 7), "7 - 6*min(1, H % 7)"),
        (exactdiv(H, r) + 1, "H//r + 1"),
        (3 * exactdiv(H, r) * exactdiv(W, r), "3*H*W//r**2"),
        (H * (H + 1) / 2, "H*(H + 1)//2"),
    ],
)
def test_formulas_are_written_as_a_person_would(value: Formula, text: str) -> None:
    assert str(value) == text


@pytest.mark.parametrize(
    ("divisor", "number", "text"),
    [
        (2 * G, 8, "4 % G == 0"),
        (4 * G, 6, "3 % (2*G) == 0"),
        (16, H, "H % 16 == 0"),
        (4, H * W, "H*W % 4 == 0"),
        (G, H + W, "(H + W) % G == 0"),
        (G + 1, H, "H % (G + 1) == 0"),
        (S, H // W, "(H//W) % S == 0"),
        (4 * S, 6 * S * H, "H % 2 == 0"),
    ],
)
def test_what_is_to_be_divided_is_said_with_the_parentheses_it_needs(
    divisor: Any, number: Any, text: str
) -> None:
    condition = divides(divisor, number).decide()
    assert isinstance(condition, Condition)
    assert condition.equation.replace("3*H % 2", "H % 2") == text


def test_an_exact_quotient_stays_whole_in_sums_products_and_windows() -> None:
    side = exactdiv(H, r)
    assert ((side + 2 - 3) // 1 + 1) == side
    assert side * r == H
    assert (side + W).is_whole
    assert (side * 3 - 1).is_whole
    assert not (side / 2).is_whole
    assert str((side + 1) // 2) == "(H + r)//(2*r)"
    assert evaluate(side, {"r": 2}).is_whole
    assert evaluate(side, {"r": 2, "H": 8}) == 4
