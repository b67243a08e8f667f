"""Equations of formulas against every size tried."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import smallest
from shapecalc.algebra.form import period
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.residues import EVERYTHING, LONGEST_PERIOD, Interval, Solutions, solve
from tests.algebra.formulas import formula, lines, rules

H, W = Formula.symbol("H"), Formula.symbol("W")

FAR = 1000
relations = st.sampled_from(["==", ">="])


def holding(function, relation, far=FAR):
    """The sizes up to a bound for which it holds, tried one by one."""
    values = ((h, function(h)) for h in range(1, far))
    return {h for h, value in values if (value == 0 if relation == "==" else value >= 0)}


def members(solutions, far=FAR):
    if isinstance(solutions, bool):
        return set(range(1, far)) if solutions else set()
    return {h for h in range(1, far) if h in solutions}


def said(solutions, far=FAR):
    """The conditions as Python understands them."""
    conditions = solutions.conditions("H").values() or ["True"]
    code = compile(" and ".join(f"({c})" for c in conditions), "", "eval")
    return {h for h in range(1, far) if eval(code, {}, {"H": h})}


@given(lines(), relations)
@settings(max_examples=200)
def test_solutions_are_the_sizes_for_which_it_holds(rule, relation):
    difference = formula(rule, "H")
    if not isinstance(difference, Formula):
        return
    solutions = solve(difference, relation)
    if solutions is None:
        assert period(difference) > LONGEST_PERIOD
        return
    expected = holding(lambda h: rule.run({"H": h}), relation)
    assert members(solutions) == expected, str(difference)
    if not isinstance(solutions, bool):
        assert said(solutions) == expected, solutions.conditions("H")
        assert not solutions.is_empty
        assert not solutions.is_everything
        if expected:
            assert solutions.least == min(expected)


@given(rules("H"), relations)
def test_no_answer_is_a_guess(rule, relation):
    difference = formula(rule, "H")
    solutions = solve(difference, relation) if isinstance(difference, Formula) else None
    if solutions is not None:
        assert members(solutions, 200) == holding(lambda h: rule.run({"H": h}), relation, 200)


@given(lines(most=8), lines(most=8), relations, relations)
@settings(max_examples=60)
def test_an_intersection_holds_what_both_hold(one, other, relation1, relation2):
    found = []
    for rule, relation in ((one, relation1), (other, relation2)):
        difference = formula(rule, "H")
        solutions = solve(difference, relation) if isinstance(difference, Formula) else None
        if not isinstance(solutions, Solutions) or solutions.modulus > 60:
            return
        found.append(solutions)
    both = found[0].intersect(found[1])
    assert members(both) == members(found[0]) & members(found[1])
    assert both == found[1].intersect(found[0])
    assert (
        both.is_empty == (not said(both, 3 * FAR)) == (both.conditions("H") == {"cases": "False"})
    )
    assert found[0].intersect(EVERYTHING) == found[0]
    assert found[0].intersect(found[0]) == found[0]


@given(st.integers(1, 12), st.sets(st.integers(0, 11)), st.integers(1, 30))
def test_every_set_of_residues_is_said_in_words(modulus, residues, first):
    """Any residues, from any size on."""
    classes = tuple(
        (Interval(first + (r - first) % modulus, None),) if r in residues else ()
        for r in range(modulus)
    )
    solutions = Solutions(modulus, classes).intersect(EVERYTHING)
    expected = {h for h in range(first, 100) if h % modulus in residues}
    assert members(solutions, 100) == expected
    assert said(solutions, 100) == expected


def test_two_branches_of_resnet_agree_for_all_sizes():
    body, shortcut = (H + 2 - 3) // 2 + 1, (H - 1) // 2 + 1
    assert solve(body - shortcut, "==") is True


def test_the_levels_of_a_u_net_together_want_multiples_of_16():
    sizes = [H]
    for _ in range(4):
        sizes.append(sizes[-1] // 2)
    wanted = []
    up = sizes[4]
    for skip in reversed(sizes[:4]):
        up = 2 * up
        wanted.append(solve(up - skip, "=="))
        up = skip
    together = wanted[0]
    for each in wanted[1:]:
        together = together.intersect(each)
    assert wanted[-1].conditions("H") == {"residue": "H % 2 == 0"}
    assert wanted[-2].conditions("H") == {"residue": "H % 4 <= 1"}
    assert together.conditions("H") == {"residue": "H % 16 == 0"}


@pytest.mark.parametrize(
    ("difference", "relation", "conditions"),
    [
        (H - 11, ">=", {"bound": "H >= 11"}),
        (H - 11, "==", {"cases": "H == 11"}),
        (7 - H, ">=", {"cases": "H <= 7"}),
        ((H + 31) // 32 - 7, "==", {"cases": "193 <= H <= 224"}),
        (H % 4 - 3, "==", {"residue": "H % 4 == 3"}),
        ((H % 3) * 2 - 1, ">=", {"residue": "H % 3 != 0"}),
        (H % 5 - 3, ">=", {"residue": "H % 5 >= 3"}),
    ],
)
def test_a_set_is_said_as_a_person_would(difference, relation, conditions):
    assert solve(difference, relation).conditions("H") == conditions


@pytest.mark.parametrize(
    "open_question",
    [H - W, H // (LONGEST_PERIOD + 1) - 3, smallest(H, W) - 2, H // W - 1],
)
def test_what_cannot_be_decided_stays_open(open_question):
    assert solve(open_question, "==") is None


@pytest.mark.parametrize("relation", ["==", ">="])
def test_what_holds_for_no_size_is_false(relation):
    assert solve(-H - 1, relation) is False
    assert solve(2 * (H // 2) - H - 1, relation) is False


def test_a_floor_that_reaches_a_number_is_solved_whatever_its_period() -> None:
    found = solve(1234 * H // 10007 - 3, ">=")  # a period beyond the longest
    assert members(found) == {h for h in range(1, FAR) if 1234 * h // 10007 >= 3}


@given(
    st.integers(-9, 9).filter(bool),
    st.integers(-40, 40),
    st.integers(-6, 12),
    st.sampled_from(["==", ">="]),
)
def test_a_straight_line_is_solved_from_the_least_value_on(slope, start, least, relation):
    found = solve(slope * H + start, relation, least)
    for n in range(least, least + 60):
        holds = slope * n + start == 0 if relation == "==" else slope * n + start >= 0
        assert (found if isinstance(found, bool) else n in found) == holds
