"""Formulas against the integers they stand for."""

from __future__ import annotations

import math
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.algebra.abbreviations import Abbreviations
from shapecalc.algebra.arithmetic import largest, smallest, total
from shapecalc.algebra.form import as_ratio, degree, function_of, period, split_extreme
from shapecalc.algebra.formula import Formula, evaluate, expanded, is_integral
from tests.algebra.formulas import formula, lines, rules

H, W = Formula.symbol("H"), Formula.symbol("W")
width = Formula.symbol("width", rational=True)

sizes = st.integers(1, 60)
shifts = st.integers(-40, 40)
divisors = st.integers(1, 12)


@given(rules("H", "W"), st.lists(st.tuples(sizes, sizes), min_size=1, max_size=4))
@settings(max_examples=300)
def test_a_formula_has_the_value_that_the_same_arithmetic_has_on_integers(rule, points):
    general = formula(rule, "H", "W")
    for h, w in points:
        expected = rule.run({"H": h, "W": w})
        assert evaluate(general, {"H": h, "W": w}) == expected
        assert _python(str(general), H=h, W=w) == expected, str(general)


def _python(text, **values):
    return eval(text, {"__builtins__": {}, "min": min, "max": max}, values)


@given(rules("H", "W"), sizes)
def test_values_can_be_given_one_after_the_other(rule, h):
    general = formula(rule, "H", "W")
    half = evaluate(general, {"H": h})
    assert not isinstance(half, Formula) or half.symbols <= {"W"}
    assert evaluate(half, {"W": 7}) == rule.run({"H": h, "W": 7})


@given(rules("H", "W"), rules("a", "b"), sizes, sizes)
def test_a_formula_can_be_put_in_the_place_of_a_symbol(rule, inner, a, b):
    general = formula(rule, "H", "W")
    put = largest(formula(inner, "a", "b"), 1)
    found = evaluate(evaluate(general, {"H": put}), {"a": a, "b": b, "W": 3})
    assert found == rule.run({"H": max(inner.run({"a": a, "b": b}), 1), "W": 3})


@given(rules("H", "W"))
def test_what_is_said_never_to_be_negative_is_not(rule):
    general = formula(rule, "H", "W")
    if isinstance(general, Formula) and general.never_negative():
        assert all(rule.run({"H": h, "W": w}) >= 0 for h in range(1, 9) for w in range(1, 9))


@given(rules("H", "W"), st.integers(-4, 4), st.integers(-4, 4))
def test_every_value_lies_in_the_range(rule, h, w):
    general = formula(rule, "H", "W")
    if isinstance(general, Formula):
        low, high = general.range({"H": h, "W": w})
        for values in ({"H": h + i, "W": w + j} for i in range(6) for j in range(6)):
            with suppress(ZeroDivisionError):
                value = rule.run(values)
                assert low is None or low <= value, values
                assert high is None or value <= high, values


def test_a_product_with_a_negative_minimum_may_be_negative():
    assert not (W * smallest(H, -5) + 10).never_negative()
    assert not ((smallest(H, -5)) ** 2 * W - 30).never_negative()
    assert ((smallest(H, -5)) ** 2 * W - 25).never_negative()


def test_a_formula_that_grows_is_known_not_to_be_negative():
    for grown in (H, H - 1, H * W - 1, (H + 1) // 2 - 1, H**2 + H // 3, largest(H, W) - 1):
        assert grown.never_negative(), grown
    for open_question in (H - 2, H - W, width, H // 2 - 1):
        assert not open_question.never_negative(), open_question


@given(*[st.integers(1, 9)] * 6, st.integers(-9, 40))
def test_floors_of_the_same_size_are_told_to_be_the_greater(a, p, q, b, r, s, c):
    difference = a * (p * H // q) - b * (r * H // s) + c
    values = [a * (p * h // q) - b * (r * h // s) + c for h in range(1, q * s + 1)]
    if isinstance(difference, int):
        assert {difference} == set(values)
        return
    slope = Fraction(a * p, q) - Fraction(b * r, s)
    if slope >= 0 and slope + c >= Fraction(a * (q - 1), q):  # the most that a floor leaves out
        assert difference.never_negative()
    elif difference.never_negative():
        assert min(values) >= 0


def test_what_a_floor_leaves_out_is_weighed():
    assert (180 * (99 * H // 50) - 96 * H).never_negative()
    assert (180 * (99 * H // 50) - 96 * (51 * H // 50)).never_negative()
    assert not (2 * (3 * H // 2) - 3 * H).never_negative()
    assert (2 * (3 * H // 2) - 3 * H + 1).never_negative()
    assert not (H // 2 - H // 3 - 1).never_negative()


# -- canonical form ---------------------------------------------------------------------------


@given(shifts, divisors, shifts, divisors)
def test_nested_floors_collapse(a, b, c, d):
    assert (((H + a) // b) + c) // d == (H + a + b * c) // (b * d)


@given(shifts, divisors, shifts)
def test_whole_multiples_leave_the_floor(a, d, k):
    assert (H + a + k * d) // d == (H + a) // d + k
    assert (H + a + k * d * W) // d == (H + a) // d + k * W


@given(shifts, divisors, divisors)
def test_a_common_factor_cancels(a, d, factor):
    assert (factor * (H + a)) // (factor * d) == (H + a) // d
    assert (factor * (H + a) + factor - 1) // (factor * d) == (H + a) // d


@given(shifts, divisors)
def test_a_negative_floor_is_a_ceiling(a, d):
    assert -(-(H + a) // d) == (H + a + d - 1) // d
    assert (H + a) // -d == -(H + a) // d


@given(divisors)
def test_a_remainder_of_a_multiple_is_none(d):
    assert (d * H) % d == 0
    assert (d * H + 1) % d == 1 % d


def test_five_layers_of_stride_2_are_one_floor():
    size = H
    for _ in range(5):
        size = (size + 2 * 1 - 3) // 2 + 1
    assert str(size) == "(H + 31)//32"


def test_upsampling_nests():
    assert str(2 * (H // 2)) == "2*(H//2)"
    assert str(2 * ((2 * (H // 4)) // 3)) == "2*(2*(H//4)//3)"


def test_a_formula_without_symbols_is_a_number():
    assert type(H - H + 3) is int
    assert H // H == 1
    assert (H + W) // (H + W) == 1
    assert (H / 2 - H / 2 + Fraction(1, 2)) == Fraction(1, 2)


def test_division_is_exact():
    assert 2 * (H / 2) == H
    assert (H / 3).at(H=2) == Fraction(2, 3)
    assert (H / 3).at(H=6) == 2
    assert type((H / 3).at(H=6)) is int
    assert str(H * (H + 1) / 2) == "H*(H + 1)//2"
    assert as_ratio(3 * H / 4) == (3 * H, 4)
    assert is_integral(H)
    assert not is_integral(H / 2)
    assert not is_integral(width)


@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_a_divisor_may_be_a_fraction_or_a_formula(h, w, top, bottom):
    by_fraction = H // Fraction(top, bottom)
    assert evaluate(by_fraction, {"H": h}) == h // Fraction(top, bottom)
    assert _python(str(by_fraction), H=h) == h // Fraction(top, bottom)
    by_formula = (H / top) // (W + bottom)
    expected = Fraction(h, top) // (w + bottom)
    assert evaluate(by_formula, {"H": h, "W": w}) == expected
    assert _python(str(by_formula), H=h, W=w) == expected


def test_a_common_factor_of_formulas_cancels():
    assert (2 * H) // (2 * W) == H // W
    assert (H * W) // W == H


@pytest.mark.parametrize(
    "divide", [lambda: H // 0, lambda: H % 0, lambda: H / 0, lambda: H // (W - W)]
)
def test_a_division_by_zero_is_one_for_formulas_too(divide):
    with pytest.raises(ZeroDivisionError):
        divide()


# -- what formulas are as values ----------------------------------------------------------------


def test_formulas_have_no_order_and_no_truth():
    with pytest.raises(TypeError):
        H < 3  # noqa: B015
    with pytest.raises(TypeError):
        bool(H)


def test_formulas_written_alike_are_equal():
    assert H + 1 == 1 + H
    assert hash(H + 1) == hash(1 + H)
    assert H + 1 != H + 2
    assert H != 3
    assert (H + W).symbols == {"H", "W"}


def test_a_rational_symbol_scales():
    assert (64 * width).at(width=Fraction(3, 4)) == 48
    assert (64 * width // 8).at(width=Fraction(1, 16)) == 0


@given(st.integers(1, 99), st.integers(1, 12), st.integers(1, 9), st.integers(1, 9))
def test_a_floor_of_a_rational_symbol_is_right(channels, d, top, bottom):
    size = (channels * width + 1) // d
    value = Fraction(top, bottom)
    assert evaluate(size, {"width": value}) == (channels * value + 1) // d


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5), sizes)
def test_the_least_and_the_greatest_are_right(offsets, h):
    values = [H + k if i % 2 else 3 * k for i, k in enumerate(offsets)]
    numbers = [evaluate(value, {"H": h}) for value in values]
    assert evaluate(smallest(*values), {"H": h}) == min(numbers)
    assert evaluate(largest(*values), {"H": h}) == max(numbers)
    assert evaluate(total(values), {"H": h}) == sum(numbers)


def test_the_least_of_sizes_a_number_apart_is_known():
    assert smallest(H, H + 2, H - 1) == H - 1
    assert largest(H, H + 2, H - 1) == H + 2
    assert smallest(H, H) == H


def test_a_minimum_that_a_size_is_added_to_is_one_with_the_minimum_around_it():
    assert str(smallest(W, W + smallest(H, 2), W + 3)) == "W + min(0, H)"
    assert str(largest(W, W + largest(H, 2 * H))) == "W + max(0, H, 2*H)"


def test_a_minimum_told_apart_leaves_numbers_where_its_quotients_become_numbers():
    assert split_extreme(8 // largest(2, H)) == (2 - H, 4, 8 // H)
    assert split_extreme(8 // largest(0, H)) == (-H, None, 8 // H)


def test_products_in_a_sum_are_multiplied_out_within_a_floor():
    assert (H * (W + 1) - H * W + 1) // 2 == (H + 1) // 2


def test_a_power_too_long_to_write_out_is_left_alone():
    many = sum((Formula.symbol(f"s{i}") for i in range(9)), H)
    huge = (many**60) * (W + 1) ** 60
    assert expanded(huge) == huge
    assert evaluate(huge // W, {**{f"s{i}": 1 for i in range(9)}, "H": 1, "W": 2}) == 30**60 // 2
    assert huge.never_negative()
    assert period(huge) is None
    assert expanded((H + 1) ** 2) == H**2 + 2 * H + 1


# -- periods and functions ----------------------------------------------------------------------


@given(rules("H"))
def test_a_formula_of_a_period_is_one_polynomial_on_each_residue_class(rule):
    general = formula(rule, "H")
    length = period(general) if isinstance(general, Formula) else None
    if length is None or length > 64:
        return
    values = [rule.run({"H": h}) for h in range(length * (degree(general) + 3))]
    for _ in range(degree(general) + 1):  # a polynomial's differences vanish
        values = [after - before for before, after in zip(values, values[length:], strict=False)]
    assert not any(values), (str(general), length)


@given(lines())
def test_a_period_leaves_a_straight_line(rule):
    general = formula(rule, "H")
    if not isinstance(general, Formula):
        return
    length = period(general)
    assert length is not None
    steps = {rule.run({"H": h + length}) - rule.run({"H": h}) for h in range(3 * length)[:400]}
    assert len(steps) == 1, (str(general), length)


@given(lines(), st.integers(0, 500))
def test_a_formula_as_a_function_gives_the_same(rule, h):
    general = formula(rule, "H")
    if isinstance(general, Formula):
        assert function_of(general)(h) == rule.run({"H": h})


@pytest.mark.parametrize("value", [H * W, smallest(H, 3), H // W, 2**H, width // 2])
def test_what_is_no_line_has_no_period(value):
    assert period(value) is None


# -- abbreviations ------------------------------------------------------------------------------


@given(st.lists(rules("H", "W"), min_size=1, max_size=3), sizes, sizes)
@settings(max_examples=50)
def test_abbreviations_can_be_written_back(some, h, w):
    short = Abbreviations()
    written = [short.write(formula(rule, "H", "W")) for rule in some]
    scope = {"H": h, "W": w}
    names = {name: _python(meaning, **scope) for name, meaning in short.meanings.items()}
    for rule, text in zip(some, written, strict=True):
        if "/" not in text.replace("//", ""):
            assert _python(text, **scope, **names) == rule.run(scope), (text, short.meanings)


def test_every_floor_has_a_name_of_its_own_however_many_there_are():
    short = Abbreviations()
    names = [short.write((H + i) // 64) for i in range(60)]
    assert names[:3] == ["h64", "h64b", "h64c"]
    assert names[25:28] == ["h64z", "h64_1", "h64_2"]
    assert len(set(names)) == 60


def test_abbreviations_do_not_take_a_symbols_name():
    short = Abbreviations(taken=["h4"])
    assert short.write(H // 2 + H // 4 + Formula.symbol("h2")) == "h2 + h2b + h4b"
    assert short.meanings == {"h2b": "H//2", "h4b": "H//4"}


def test_quotients_by_many_divisors_are_not_put_over_one() -> None:
    divisors = [Formula.symbol(f"g{i}") for i in range(40)]
    whole = Formula.sum([(64 / each).known_whole() for each in divisors])
    assert str(whole).count("//") == 40
    assert whole.at(**{f"g{i}": 2 ** (i % 7) for i in range(40)}) == sum(
        64 // 2 ** (i % 7) for i in range(40)
    )


def test_what_would_be_very_long_in_other_symbols_is_not_written_so() -> None:
    """Products of a dozen symbols are sums of thousands of terms where each is one of two."""
    factors = [Formula.symbol(f"r{i}") for i in range(20)]
    shrunk = [H**2 / math.prod(r**2 for r in factors[:n]) for n in (12, 20)]
    assert not (shrunk[0] - shrunk[1]).never_negative()
