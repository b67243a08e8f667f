"""Rules leave behind their own derivation, and what is written down is true."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import ceildiv, gcd, largest, prod, smallest, total
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.steps import ASCII, LATEX, UNICODE, steps, write
from shapecalc.algebra.trace import Traced, untraced
from shapecalc.algebra.window import Window, extent, spread

OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "**": lambda a, b: a**2 + b,
    "//": lambda a, b: a // (b * b + 1),
    "ceil": lambda a, b: ceildiv(a, b * b + 2),
    "min": smallest,
    "max": largest,
    "gcd": lambda a, b: gcd(a, 6) + b,
    "%": lambda a, b: a % 7 - b,
    "sum": lambda a, b: total([a, b, a]),
    "prod": lambda a, b: prod([a, b, 3]),
    "neg": lambda a, b: -a + b,
}

letters = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 20), min_size=1)
rules = st.recursive(
    st.one_of(st.sampled_from("ABCDE"), st.integers(0, 5)),
    lambda rule: st.tuples(st.sampled_from(sorted(OPERATIONS)), rule, rule),
    max_leaves=8,
)


def run(rule: Any, values: dict[str, Any]) -> Any:
    """Compute a rule where letters have these values."""
    if isinstance(rule, tuple):
        operation, *operands = rule
        return OPERATIONS[operation](*(run(operand, values) for operand in operands))
    return values[rule] if isinstance(rule, str) else rule


def python(text: str, values: dict[str, int]) -> Fraction:
    """What a derivation in ASCII comes to, read as Python does, exactly."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d)(?=[A-Z(])", r"\1*", text)
    text = re.sub(r"\d+", r"Q(\g<0>)", text).replace("^", "**")
    names = {name: Fraction(value) for name, value in values.items()}
    functions = {
        "Q": Fraction,
        "floor": math.floor,
        "ceil": math.ceil,
        "gcd": lambda a, b: math.gcd(int(a), int(b)),
    }
    return Fraction(eval(text, {**functions, **names}))


@given(rules, st.lists(st.integers(0, 20), min_size=5, max_size=5))
def test_a_traced_rule_comes_to_what_it_comes_to_on_numbers(rule, numbers):
    values = dict(zip("ABCDE", numbers))
    traced = run(rule, {name: Traced.letter(name, value) for name, value in values.items()})
    assert untraced(traced) == run(rule, values)


@given(rules, st.lists(st.integers(0, 2000), min_size=5, max_size=5))
def test_every_step_of_a_derivation_evaluates_to_its_value(rule, numbers):
    values = dict(zip("ABCDE", numbers))
    traced = run(rule, {name: Traced.letter(name, value) for name, value in values.items()})
    value = run(rule, values)
    for step in steps(traced, ASCII):
        assert python(step, values) == value, step


@given(rules)
def test_a_rule_traced_on_formulas_comes_to_their_formula(rule):
    values = {name: Formula.symbol(name) for name in "ABCDE"}
    traced = run(rule, {name: Traced.letter(name, value) for name, value in values.items()})
    at = dict(zip("ABCDE", (7, 4, 9, 2, 5)))
    found, expected = untraced(traced), run(rule, at)
    assert (found.at(**at) if isinstance(found, Formula) else found) == expected


@given(rules)
def test_latex_has_balanced_braces_and_no_sign_of_python(rule):
    values = {name: Traced.letter(name, 3) for name in "ABCDE"}
    for step in steps(run(rule, values), LATEX):
        assert step.count("{") == step.count("}")
        assert step.count(r"\left") == step.count(r"\right")
        assert "//" not in step
        assert "*" not in step


def letter(name: str, value: int) -> Any:
    return Traced.letter(name, value)


N, F, S, P, D = (letter(*each) for each in zip("NFSPD", (224, 11, 4, 2, 1)))


@pytest.mark.parametrize(
    ("traced", "expected"),
    [
        (Window.symmetric(F, S, P).output(N), "⌊(N + 2P − F)/S⌋ + 1"),
        (Window.symmetric(F, S, P, D).output(N), "⌊(N + 2P − D·(F − 1) − 1)/S⌋ + 1"),
        (Window.same(F).output(N), "N + ⌊(F − 1)/2⌋ + ⌊F/2⌋ − F + 1"),
        (extent(F, 2), "2(F − 1) + 1"),
        (spread(N, F, S, P, 0, 1), "(N − 1)·S − 2P + F"),
        (ceildiv(N, S), "⌈N/S⌉"),
        (ceildiv(N - F, S), "⌈(N − F)/S⌉"),
        (-(-N // S) * S, "⌈N/S⌉·S"),
        (N * N * F, "N²·F"),
        (3 * F * F, "3·F²"),
        (N / (F * F), "N/F²"),
        (N // (F * S), "⌊N/(F·S)⌋"),
        ((N + 1) * (N + 1), "(N + 1)²"),
        (2 * (N + F), "2(N + F)"),
        (N - (F - S), "N − F + S"),
        (-N + 1, "−N + 1"),
        (smallest(N, 2 * P), "min(N, 2P)"),
        (letter("size", 3) * 2 + 1, "2·size + 1"),
    ],
)
def test_rules_are_written_as_textbooks_do(traced, expected):
    assert write(traced.tree, UNICODE) == expected


def test_negative_numbers_stand_in_parentheses_and_carry_one_minus_sign():
    assert steps(N + letter("P", -3)) == ["N + P", "224 + (−3)", "221"]
    assert steps(letter("P", -3) - 1) == ["P − 1", "(−3) − 1", "−4"]


def test_a_formula_is_put_in_with_parentheses_where_it_is_a_sum():
    half = Formula.symbol("H") // 2 + 1
    assert steps(2 * letter("N", half) + 1, ASCII) == [
        "2N + 1",
        "2*(H//2 + 1) + 1",
        "2*(H//2) + 3",
    ]


def test_latex_sets_letters_words_and_quotients():
    value = letter("C1", 4) * letter("out_features", 3) // letter("F_H", 2)
    assert write(value.tree, LATEX) == (
        r"\left\lfloor \frac{C_1 \cdot \mathrm{out\_features}}{F_H} \right\rfloor"
    )


def test_a_sum_of_many_is_that_of_one_after_the_other():
    a, b = Traced.letter("A", 3), Traced.letter("B", 5)
    values = [a, 2, b, a, -2, 7 * b]
    one_by_one = a + 2 + b + a - 2 + 7 * b
    assert Traced.sum(values).tree == one_by_one.tree
    assert Traced.sum(values).value == 2 * 3 + 8 * 5


def test_a_sum_of_formulas_is_the_one_that_a_report_makes() -> None:
    c = Formula.symbol("c")
    sizes = [9 * c * (c + 1), c + 1, Fraction(1, 2), 3]
    traced = Traced.sum([Traced.letter("K", size) for size in sizes])
    assert traced.value == Formula.sum(sizes)
    assert str(traced.value - Fraction(1, 2)) == "9*c**2 + 10*c + 4"


def test_a_whole_product_or_sum_of_fractions_is_an_integer() -> None:
    half = Traced.letter("u", Fraction(1, 2))
    for whole in (half * 4, half * Traced.letter("c", 2), half + half, half - Fraction(1, 2)):
        assert type(whole.value) is int
