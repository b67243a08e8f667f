"""What is made by a short way is what sympy makes by its long one, part for part."""

from __future__ import annotations

from functools import cmp_to_key
from math import prod

import sympy
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from shapecalc.algebra import canonical, factoring, nodes, sorting, sums
from shapecalc.algebra.formula import Formula
from tests.algebra.formulas import Rule, formula, rules

NUMBERS = st.integers(-12, 12)
NAMES = ("H", "W", "c")


@st.composite
def monomials(draw: st.DrawFn, *names: str) -> sympy.Expr:
    """A number, which may be a fraction, times powers of symbols, which may be negative."""
    powers = [nodes.symbol(name, False) ** draw(st.integers(-1, 2)) for name in names]
    return sympy.Rational(draw(NUMBERS), draw(st.integers(1, 3))) * prod(powers, start=sympy.S.One)


@given(rules("H", "W"), NUMBERS)
@tried(max_examples=100, deadline=None)
def test_numbers_are_multiplied_in_and_added_as_sympy_does(rule: Rule, number: int) -> None:
    made = formula(rule, "H", "W")
    if isinstance(made, Formula):
        pairs = [
            (sums.scaled(made.expr, number), made.expr * sympy.Integer(number)),
            (sums.shifted(made.expr, number), made.expr + sympy.Integer(number)),
        ]
        for short, long in pairs:
            assert sympy.srepr(short) == sympy.srepr(long)


POWER = Rule("2**H", lambda scope: 2 ** scope["H"])


@given(st.lists(rules("H", "W") | st.just(POWER), min_size=1, max_size=4))
@tried(max_examples=100, deadline=None)
def test_sums_are_made_and_turned_round_as_sympy_does(own: list[Rule]) -> None:
    made = [formula(rule, "H", "W") for rule in own]
    terms = [each.expr if isinstance(each, Formula) else sympy.Rational(each) for each in made]
    pairs = [(sums.added(terms), sympy.Add(*terms))]
    pairs += [(sums.scaled(term, -1), -term) for term in terms]
    for short, long in pairs:
        assert sympy.srepr(short) == sympy.srepr(long)


@given(monomials(*NAMES))
@tried(max_examples=100, deadline=None)
def test_products_are_whole_and_cancelled_where_sympy_says_so(expr: sympy.Expr) -> None:
    assert nodes.is_monomial(expr)
    assert nodes.is_whole(expr) == bool(expr.is_integer)
    assert canonical.cancelled(expr) == sympy.cancel(expr)


@given(NUMBERS, st.integers(1, 12), NUMBERS)
def test_a_quotient_by_a_symbol_is_cancelled_and_its_whole_part_comes_out(a, b, c):
    h, w = Formula.symbol("H"), Formula.symbol("W")
    for found, top, bottom in [
        (a * h // (b * w), a * h, b * w),
        ((a * h + b * w + c) // w, a * h + b * w + c, w),
    ]:
        for values in ({"H": 7, "W": 5}, {"H": 12, "W": 3}, {"H": 1, "W": 11}):
            tops, bottoms = (
                each.at(**values) if isinstance(each, Formula) else each for each in (top, bottom)
            )
            value = found.at(**values) if isinstance(found, Formula) else found
            assert value == tops // bottoms


@given(rules("H", "W"), rules("H", "c"))
@tried(max_examples=100, deadline=None)
def test_formulas_are_multiplied_as_sympy_does(first: Rule, second: Rule) -> None:
    one, other = formula(first, "H", "W"), formula(second, "H", "c")
    if isinstance(one, Formula) and isinstance(other, Formula):
        short, long = sums.multiplied(one.expr, other.expr), one.expr * other.expr
        assert sympy.srepr(short) == sympy.srepr(long)
        if nodes.length(long) <= 200:
            assert sums.expanded(long) == sympy.expand(long)


@given(monomials(*NAMES), monomials(*NAMES))
def test_monomials_are_multiplied_as_sympy_does(one: sympy.Expr, other: sympy.Expr) -> None:
    assert sympy.srepr(sums.multiplied(one, other)) == sympy.srepr(one * other)


@given(st.lists(rules("H", "W") | st.just(POWER), min_size=1, max_size=4))
@tried(max_examples=100, deadline=None)
def test_several_factors_are_multiplied_as_sympy_does(own: list[Rule]) -> None:
    made = [formula(rule, "H", "W") for rule in own]
    factors = [each.expr if isinstance(each, Formula) else sympy.Rational(each) for each in made]
    assert sympy.srepr(sums.product(factors)) == sympy.srepr(sympy.Mul(*factors))


@given(monomials(*NAMES))
def test_a_term_is_its_number_times_its_powers(expr: sympy.Expr) -> None:
    number, rest = sums.parted(expr)
    assert sums.times(rest, number) == expr
    powers = nodes.powers_of(expr) or {}
    assert number * prod([base**n for base, n in powers.items()], start=sympy.S.One) == expr
    known = nodes.polynomial_powers_of(expr)
    assert known == (powers if all(n > 0 for n in powers.values()) else None)


@given(st.lists(monomials(*NAMES), min_size=2, max_size=5))
@tried(max_examples=100, deadline=None)
def test_common_factors_are_drawn_out_as_sympy_does(terms: list[sympy.Expr]) -> None:
    expr = sympy.Add(*terms)
    drawn = factoring.drawn_out(expr)
    assert sympy.expand(drawn - expr) == 0
    if all(sums.parted(term)[0].is_Integer for term in sympy.Add.make_args(expr)):
        assert drawn == sympy.factor_terms(expr)


@given(st.lists(rules("H", "W", "c") | st.just(POWER), min_size=2, max_size=6))
@tried(max_examples=100, deadline=None)
def test_terms_and_factors_are_kept_in_the_order_of_sympy(own: list[Rule]) -> None:
    made = [formula(rule, "H", "W", "c") for rule in own]
    args = [each.expr if isinstance(each, Formula) else sympy.Rational(each) for each in made]
    args += [part for expr in args for part in sympy.preorder_traversal(expr)]
    args.append(nodes.symbol("H", True))
    args.append(nodes.symbol("own", True))
    expected = sorted(args, key=cmp_to_key(sympy.Basic.compare))
    sorting.in_order(args)
    assert args == expected


@st.composite
def products(draw: st.DrawFn) -> sympy.Expr:
    """A number times symbols and sums, of which there are so few that terms have some in common."""
    h, w, c = (nodes.symbol(name, False) for name in NAMES)
    bases = st.sampled_from(
        [h, w, c, h + 1, h - w, 2 * c + 3, canonical.floordiv(h, sympy.Integer(2))]
    )
    return sympy.Mul(draw(NUMBERS), *draw(st.lists(bases, max_size=3)))


@given(st.lists(products(), min_size=2, max_size=4))
@tried(max_examples=200, deadline=None)
def test_sums_are_drawn_out_of_sums_of_products_as_sympy_does(terms: list[sympy.Expr]) -> None:
    expr = sympy.Add(*terms)
    assert sympy.srepr(factoring.drawn_out(expr)) == sympy.srepr(sympy.factor_terms(expr))


@given(rules("H", "W"), rules("H", "c"))
@tried(max_examples=100, deadline=None)
def test_parts_are_replaced_as_sympy_replaces_them(rule: Rule, other: Rule) -> None:
    made, by = formula(rule, "H", "W"), formula(other, "H", "c")
    if isinstance(made, Formula) and isinstance(by, Formula):
        parts = dict.fromkeys([*made.expr.args[-1:], nodes.symbol("W", False)], by.expr)
        short, long = sums.replaced(made.expr, parts), made.expr.xreplace(parts)
        assert sympy.srepr(short) == sympy.srepr(long)


def test_floors_by_long_powers_of_two_have_hashes_of_their_own() -> None:
    floors = [Formula.symbol("H") // 2**n for n in range(1, 300)]
    assert len({hash(floor) for floor in floors}) == len(floors)
