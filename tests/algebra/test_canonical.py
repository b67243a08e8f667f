"""Short ways through long sums give what sympy's own ways give."""

from __future__ import annotations

import itertools

import pytest
import sympy
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from shapecalc.algebra import canonical, factoring, nodes, ordering, sums, writing
from shapecalc.algebra.form import factors
from shapecalc.algebra.formula import Formula
from tests.algebra.formulas import Rule, formula, whole_rules

NAMES = ("H", "W", "S")
letters = st.sampled_from([sympy.Symbol(name, integer=True) for name in ("H", "W", "c10", "c2")])
monomials = st.builds(
    lambda factor, parts: sympy.Mul(factor, *parts),
    st.sampled_from([1, 2, -3, 4, 6, -1, -2]),
    st.lists(letters, max_size=4),
)
totals = st.lists(monomials, min_size=2, max_size=6).map(lambda terms: sympy.Add(*terms))


@given(whole_rules(*NAMES))
@tried(max_examples=200, deadline=None)
def test_terms_and_factors_come_in_sympys_order(rule: Rule) -> None:
    value = formula(rule, *NAMES)
    if not isinstance(value, Formula):
        return
    for part in sympy.preorder_traversal(value.expr):
        if part.is_Add:
            assert ordering.ordered(part) == part.as_ordered_terms()
        if part.is_Mul and not part.could_extract_minus_sign():
            assert sorted(part.args, key=ordering.sort_key) == part.as_ordered_factors()
        assert ordering.sort_key(part) == part.sort_key()
        assert nodes.is_whole(part) == bool(part.is_integer)
        if nodes.is_flat(part):
            assert sympy.expand(part) == part
        if nodes.length(part) <= nodes.MOST_TERMS // 16:
            assert sums.expanded(part) == sympy.expand(part)
        if not part.is_Mul:
            assert nodes.has_minus(part) == part.could_extract_minus_sign()


@given(totals)
@tried(max_examples=300, deadline=None)
def test_factors_are_drawn_out_as_sympy_does(expr: sympy.Expr) -> None:
    drawn = writing.write(factoring.drawn_out(expr))
    assert drawn == writing.write(sympy.factor_terms(expr))


@given(whole_rules(*NAMES))
@tried(max_examples=200, deadline=None)
def test_factors_are_drawn_out_of_floors_as_sympy_does(rule: Rule) -> None:
    value = formula(rule, *NAMES)
    if isinstance(value, Formula) and value.length <= factoring.MOST_DRAWN_OUT:
        for expr in (value.expr, writing.with_remainders(value.expr)):
            drawn = writing.write(factoring.drawn_out(expr))
            assert drawn == writing.write(sympy.factor_terms(expr))


@given(totals)
@tried(max_examples=200, deadline=None)
def test_factors_found_by_a_look_are_those_of_sympy(expr: sympy.Expr) -> None:
    product = sympy.Mul(*map(sympy.sympify, factors(Formula(expr)))) if expr.is_Add else expr
    own = set(sympy.factor_list(expr)[1]) if expr.free_symbols else set()
    found = set(sympy.factor_list(product)[1]) if product.free_symbols else set()
    assert {part for part, _ in own} == {part for part, _ in found}


def test_a_sum_of_many_symbols_is_factored_without_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def searched(expr: sympy.Expr) -> sympy.Expr:
        raise AssertionError(expr)

    monkeypatch.setattr(canonical.sympy, "factor", searched)
    symbols = [Formula.symbol(f"k{i}") for i in range(9)]
    dilated = sum(a * b for a, b in itertools.pairwise(symbols))
    assert factors(2 * dilated) == [2, dilated]
    assert factors(4 * Formula.symbol("H") - 6 * symbols[0]) == [
        2,
        2 * Formula.symbol("H") - 3 * symbols[0],
    ]
