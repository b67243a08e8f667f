"""Equations of polynomials, floors and extremes in one symbol, against exhaustive search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import largest, smallest
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.residues import EVERYTHING, NOTHING, Interval, Solutions, solve
from shapecalc.algebra.solutions import in_words

H = Formula.symbol("H")
LIMIT = 400
"""Numbers up to this are tried; the generated formulas have settled long before."""

Rule = Callable[[Any], Any]

small = st.integers(-9, 9)


def _affine(draw: st.DrawFn) -> Rule:
    a, b, c, d = draw(st.tuples(st.integers(1, 4), small, small, st.integers(1, 6)))
    return lambda n: c * ((a * n + b) // d)


@st.composite
def quasi_polynomials(draw: st.DrawFn) -> Rule:
    """A sum of products of up to three floors, and a constant."""
    products = [
        [_affine(draw) for _ in range(draw(st.integers(1, 3)))]
        for _ in range(draw(st.integers(1, 3)))
    ]
    constant = draw(st.integers(-3000, 3000))

    def rule(n: Any) -> Any:
        result = constant
        for factors in products:
            product = 1
            for factor in factors:
                product = product * factor(n)
            result = result + product
        return result

    return rule


@st.composite
def with_extremes(draw: st.DrawFn) -> Rule:
    """The least or greatest of a few quasi-polynomials, plus another."""
    extreme = draw(st.sampled_from([smallest, largest]))
    inside = draw(st.lists(quasi_polynomials(), min_size=2, max_size=3))
    beside = draw(quasi_polynomials())
    return lambda n: extreme(*(rule(n) for rule in inside)) + beside(n)


def as_set(found: Solutions | bool | None) -> Solutions:
    assert found is not None
    return found if isinstance(found, Solutions) else EVERYTHING if found else NOTHING


def agrees(rule: Rule, relation: str) -> None:
    formula = rule(H)
    if not isinstance(formula, Formula):
        return
    found = solve(formula, relation)
    if found is None:
        return
    wanted = {n for n in range(1, LIMIT) if (rule(n) == 0 if relation == "==" else rule(n) >= 0)}
    assert {n for n in range(1, LIMIT) if n in as_set(found)} == wanted, str(formula)


@given(quasi_polynomials(), st.sampled_from(["==", ">="]))
def test_polynomials_are_solved_as_by_trying(rule: Rule, relation: str) -> None:
    agrees(rule, relation)


@given(quasi_polynomials(), st.integers(1, 40), st.sampled_from(["==", ">="]))
def test_a_value_that_is_reached_is_found(rule: Rule, n: int, relation: str) -> None:
    agrees(lambda m: rule(m) - rule(n), relation)


@given(with_extremes(), st.sampled_from(["==", ">="]))
def test_extremes_are_solved_as_by_trying(rule: Rule, relation: str) -> None:
    agrees(rule, relation)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.booleans())
def test_polynomials_of_given_roots_vanish_there_and_nowhere_else(
    roots: list[int], negative: bool
) -> None:
    product: Any = -1 if negative else 1
    for root in roots:
        product = product * (H - root)
    found = solve(product, "==")
    assert isinstance(found, Solutions)
    assert list(found.members()) == sorted(set(roots))


def test_a_root_of_forty_digits_is_found() -> None:
    root = 3 * 10**40 + 1
    found = solve((H // 3) * (H // 3) - (root // 3) ** 2, "==")
    assert isinstance(found, Solutions)
    assert (found.least, found.greatest) == (root - 1, root + 1)


def test_fractions_as_coefficients_are_exact() -> None:
    found = solve(H * H / 4 - 25, ">=")
    assert isinstance(found, Solutions)
    assert found.conditions("H") == {"bound": "H >= 10"}


def test_two_symbols_stay_open() -> None:
    assert solve(H * Formula.symbol("W") - 12, "==") is None


@pytest.mark.parametrize("divisor", [4099, 8192])
def test_a_period_too_long_stays_open(divisor: int) -> None:
    assert solve(divisor * (H // divisor) - H, "==") is None


@st.composite
def solution_sets(draw: st.DrawFn) -> Solutions:
    rule = draw(quasi_polynomials())
    formula = rule(H)
    return as_set(solve(formula, ">=")) if isinstance(formula, Formula) else EVERYTHING


@given(solution_sets(), solution_sets())
def test_sets_behave_as_sets(a: Solutions, b: Solutions) -> None:
    both, either, other = a.intersect(b), a.union(b), a.complement()
    for n in range(1, LIMIT):
        assert (n in both) == (n in a and n in b)
        assert (n in either) == (n in a or n in b)
        assert (n in other) == (n not in a)


@given(solution_sets(), st.integers(1, LIMIT))
def test_neighbours_and_ends_are_the_members_there(a: Solutions, n: int) -> None:
    a = a.intersect(Solutions(1, ((Interval(1, LIMIT),),)))
    members = [m for m in range(1, LIMIT + 1) if m in a]
    assert a.is_empty == (not members)
    assert a.below(n) == max((m for m in members if m <= n), default=None)
    assert a.above(n) == min((m for m in members if m >= n), default=None)
    assert a.size == len(members)
    assert list(a.members()) == members
    if members:
        assert (a.least, a.greatest) == (members[0], members[-1])


@given(solution_sets())
def test_conditions_say_the_set(a: Solutions) -> None:
    conditions = a.conditions("H").values()
    for n in range(1, LIMIT):
        assert (n in a) == all(eval(each, {"H": n}) for each in conditions)


@given(solution_sets())
def test_words_say_the_set(a: Solutions) -> None:
    said = in_words(a, "H")
    if "..." in said or said in ("any H", "no H"):
        return
    for n in range(1, LIMIT):
        assert (n in a) == any(_holds(part, n) for part in said.split(" or ")), said


def _holds(said: str, n: int) -> bool:
    """Whether one alternative of a set in words holds, as ``H % 2 == 0, H <= 9``."""
    if said.startswith("H = "):
        return any(_is_in(part, n) for part in said[4:].split(", "))
    parts = said.replace("{", "[").replace("}", "]")
    residue, _, bound = parts.partition("], ") if "[" in parts else parts.partition(", ")
    residue += "]" if "[" in residue and "]" not in residue else ""
    conditions = [each for each in (residue, bound) if each]
    return all(
        _is_in(each[4:], n) if each.startswith("H = ") else eval(each, {"H": n})
        for each in conditions
    )


def _is_in(stretch: str, n: int) -> bool:
    first, _, last = stretch.partition(" .. ")
    return int(first) <= n <= int(last or first)


def test_evaluation_agrees_with_the_rule_it_came_from() -> None:
    assert evaluate(H * (H // 2), {"H": 7}) == 21
    assert Interval(1, None) in EVERYTHING.classes[0]
