"""What conditions say beside others: all of them together say what they said before."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

import shapecalc
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.implied import MOST, MOST_TRIED, beside_others, telling
from shapecalc.algebra.requirement import (
    Claim,
    Condition,
    Requirement,
    at_least,
    broadcasts,
    divides,
    equal,
)
from shapecalc.algebra.solutions import Interval, Solutions

a, b, c = (Formula.symbol(name) for name in "abc")
ONES = dict.fromkeys("abc", 1)
SIZES: list[Any] = [
    a,
    b,
    c,
    3 * a,
    a * b,
    (a + 3) // 4,
    b // 2 + 1,
    a // c,
    c // b,
    (a // b) * c,
    a - 2,
]
SETTINGS = [dict(zip("abc", values)) for values in product(range(1, 11), repeat=3)]


def is_so(claim: Claim, setting: dict[str, int]) -> bool:
    """Whether a claim holds, by Python's own arithmetic."""
    try:
        left, right = (evaluate(side, setting) for side in (claim.left, claim.right))
        remainder = left % right if claim.relation == "%" else 0
    except ZeroDivisionError:
        return False
    return {"%": remainder == 0, "==": left == right, ">=": left >= right}[claim.relation]


def holds(condition: bool | Condition, setting: dict[str, int]) -> bool:
    """Whether one of a condition's claims does."""
    if isinstance(condition, bool):
        return condition
    return any(is_so(claim, setting) for claim in condition.claims)


def asked(seed: int) -> list[Condition]:
    """Conditions of the sorts that layers have, some of which follow from others, or nearly so."""
    chance = random.Random(seed)
    rules: list[Requirement] = []
    for _ in range(2):
        size, part = chance.sample(SIZES, 2)
        rules.append(divides(part, size))
        near = size + chance.choice([0, 0, 1])
        rules += [at_least(size, chance.choice([1, 2]) * part), at_least(near // part, 1)]
        rules += [
            equal(part * (near // part), near),
            broadcasts(size // part, chance.choice(SIZES)),
        ]
    kept = chance.sample(rules, 6)
    decided = [rule.decide(ONES) for rule in kept if rule.left != rule.right]
    return [each for each in decided if isinstance(each, Condition)]


@pytest.mark.parametrize("seed", range(80))
def test_together_they_say_what_they_said_before(seed: int) -> None:
    given = asked(seed)
    said = beside_others(given, ONES)
    left = [said.get(each, each) for each in given]
    for setting in SETTINGS:
        before = all(holds(each, setting) for each in given)
        assert before == all(holds(each, setting) for each in left), setting


def test_these_cases_leave_something_out() -> None:
    found = [each for seed in range(80) for each in beside_others(asked(seed), ONES).values()]
    assert found.count(True) >= 30
    assert any(isinstance(each, Condition) for each in found)


def test_what_divides_each_other_stays() -> None:
    rules = [divides(a, b).decide(ONES), divides(b, a).decide(ONES)]
    assert beside_others([each for each in rules if isinstance(each, Condition)], ONES) == {}


def test_of_multiples_of_a_number_the_one_that_says_most_is_told() -> None:
    rules = [divides(b, a), divides(b * c, a), divides(6 * b * c, a), at_least(a, 2 * c)]
    found = [rule.decide(ONES) for rule in rules]
    said = beside_others([each for each in found if isinstance(each, Condition)], ONES)
    assert list(said.values()) == [True, True, True]
    assert found[2] not in said


def test_what_is_a_multiple_within_a_multiple_is_positive_as_well() -> None:
    rows = ((a + 1) // 2 // b + 1) // 2
    rules = [divides(b, (a + 1) // 2), divides(b, rows), at_least(rows, b), at_least(rows // b, 1)]
    found = [rule.decide(ONES) for rule in rules]
    said = beside_others([each for each in found if isinstance(each, Condition)], ONES)
    assert [said.get(each) for each in found if isinstance(each, Condition)] == [
        *(None, None),
        *(True, True),
    ]


def test_of_very_many_conditions_none_is_looked_at() -> None:
    widths = [Formula.symbol(f"width{i}") for i in range(MOST)]
    least = {f"width{i}": 1 for i in range(MOST)} | ONES
    rules = [divides(a, width).decide(least) for width in widths]
    rules.append(at_least(widths[0], a).decide(least))
    conditions = [each for each in rules if isinstance(each, Condition)]
    assert beside_others(conditions, least) == {}
    assert beside_others(conditions[:1] + conditions[-1:], least) == {conditions[-1]: True}


@pytest.mark.parametrize("seed", range(30))
def test_the_fewest_conditions_leave_the_same_numbers(seed: int) -> None:
    chance = random.Random(seed)
    sizes = [a, a // 2, a + 3, 2 * a - 1, 60 // a, 84 // a, a * (36 // a)]
    rules = [
        chance.choice([divides, at_least, equal])(chance.choice(sizes), chance.randint(1, 9))
        for _ in range(2)
    ] + [divides(chance.choice(sizes), chance.choice([12, 60, 84, 210])) for _ in range(4)]
    decided = [rule.decide(ONES) for rule in rules]
    given = [each for each in decided if isinstance(each, Condition)]
    kept = telling(given, "a", Solutions(1, ((Interval(1, 89),),)))
    for n in range(1, 90):
        before = all(holds(each, {"a": n}) for each in given)
        assert before == all(holds(each, {"a": n}) for each in kept), n
    for condition in kept:  # each of them is needed
        others = kept - {condition}
        settings = [{"a": n} for n in range(1, 90)]
        assert any(
            all(holds(each, setting) for each in others) and not holds(condition, setting)
            for setting in settings
        )


def test_a_number_that_divides_by_0_is_one_that_is_left_out() -> None:
    rules = [divides(a, 12), at_least(-12 * (-6 // a), 1)]
    given = [each for each in (rule.decide({}) for rule in rules) if isinstance(each, Condition)]
    assert telling(given, "a", Solutions(1, ((Interval(0, 12),),))) == {given[0]}


def test_what_comes_to_a_quotient_by_0_is_left_as_it_is() -> None:
    rules = [divides(b, a), at_least(c // (a - b * (a // b)), 1)]
    given = [each for each in (rule.decide(ONES) for rule in rules) if isinstance(each, Condition)]
    assert beside_others(given, ONES) == {}


def test_at_too_many_numbers_nothing_is_tried() -> None:
    rules = [divides(a, 28), divides(a, 14)]
    given = [each for each in (rule.decide(ONES) for rule in rules) if isinstance(each, Condition)]
    for last, kept in ((MOST_TRIED // 2, given[1:]), (MOST_TRIED // 2 + 1, given), (None, given)):
        assert telling(given, "a", Solutions(1, ((Interval(1, last),),))) == {*kept}


def test_the_window_of_maxvit_divides_its_smallest_map() -> None:
    report = shapecalc.load("maxvit").report(symbolic=["partition"])
    assert [each.condition for each in report.constraints] == [
        "partition <= 7",
        "7 % partition == 0",
    ]


def test_windows_of_maxvit_have_to_fit_and_no_more_is_told() -> None:
    report = shapecalc.load("maxvit").report(symbolic=["H", "W", "partition"])
    assert [each.condition for each in report.constraints] == [
        f"(({side} + {n - 1})//{n}) % partition == 0" for n in (4, 8, 16, 32) for side in "HW"
    ]


def test_alternatives_that_others_rule_out_are_not_told() -> None:
    vit = shapecalc.load("vit").report(symbolic=["H", "W", "patch", "tokens"])
    assert "(H//patch)*(W//patch) + 1 == tokens or tokens == 1" in [
        each.condition for each in vit.constraints
    ]
