"""Bounds of formulas hold for every value of a range, those without end too."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import largest, smallest
from shapecalc.algebra.enclosure import bounds, compiled, decided, supposing
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.intervals import holds

N = Formula.symbol("n")
FAR = 60
"""How far beyond the start of a range without end values are looked at."""


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda two: two[0] + two[1]),
        pairs.map(lambda two: two[0] - two[1]),
        pairs.map(lambda two: two[0] * two[1]),
        pairs.map(lambda two: two[0] // two[1] if two[1] != 0 else two[0]),
        st.tuples(inner, st.integers(1, 9)).map(lambda two: two[0] // two[1]),
        pairs.map(lambda two: smallest(*two)),
        pairs.map(lambda two: largest(*two)),
        inner.map(lambda one: one**2),
    )


formulas = st.recursive(st.one_of(st.just(N), st.integers(-20, 20)), _combined, max_leaves=7)


@given(formulas, st.integers(1, 30), st.one_of(st.none(), st.integers(0, 30)))
def test_every_value_lies_between_the_bounds(formula: Any, first: int, width: int | None) -> None:
    last = math.inf if width is None else first + width
    least, greatest = bounds(formula, {"n": (first, last)})
    for n in range(first, first + (FAR if width is None else width + 1)):
        try:
            value = evaluate(formula, {"n": n})
        except ZeroDivisionError:
            continue
        assert least <= value <= greatest, (str(formula), n, value)


@given(formulas, st.integers(1, 40))
def test_a_compiled_formula_has_the_value_of_the_formula(formula: Any, n: int) -> None:
    try:
        expected = evaluate(formula, {"n": n})
    except ZeroDivisionError:
        return
    assert compiled(formula).at({"n": n}) == expected


@given(formulas, st.integers(1, 30), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
def test_what_is_decided_for_a_range_without_end_holds_there(
    formula: Any, first: int, relation: str
) -> None:
    with supposing(n=(first, math.inf)):
        found = decided(formula, relation)
    for n in range(first, first + FAR) if found is not None else ():
        try:
            value = evaluate(formula, {"n": n})
        except ZeroDivisionError:
            continue
        assert holds((value, value), relation) is found


def test_a_straight_line_cancels() -> None:
    assert bounds(-N + smallest(N + 1, 2 * N - 1) + 6, {"n": (4, math.inf)}) == (7, 7)
    assert bounds((N + 6) // N, {"n": (7, math.inf)}) == (1, 1)
    assert bounds((2 * (N // 2) + 6) // N, {"n": (7, math.inf)}) == (1, 1)


def test_nothing_is_decided_where_nothing_is_supposed() -> None:
    assert decided(N, ">=") is None
