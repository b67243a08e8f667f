"""Interval arithmetic against every number there is in small intervals."""

from __future__ import annotations

import itertools
import math

import pytest

from shapecalc.algebra.intervals import OVER, holds

SMALL = [(a, b) for a in range(-3, 4) for b in range(a, 4)]
OPERATIONS = {
    "+": lambda a, b: a + b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b if b else None,
    "%": lambda a, b: a % b if b else None,
    "min": min,
    "max": max,
}


@pytest.mark.parametrize("sign", OPERATIONS)
def test_every_result_lies_between_the_bounds(sign):
    operate = OPERATIONS[sign]
    for one, other in itertools.product(SMALL, SMALL):
        least, greatest = OVER[sign](one, other)
        for a, b in itertools.product(range(one[0], one[1] + 1), range(other[0], other[1] + 1)):
            found = operate(a, b)
            assert found is None or least <= found <= greatest, (one, other, a, b)


def test_sums_products_and_extremes_have_the_closest_bounds():
    for sign in ("+", "*", "min", "max"):
        for one, other in itertools.product(SMALL, SMALL):
            pairs = itertools.product(range(one[0], one[1] + 1), range(other[0], other[1] + 1))
            found = [OPERATIONS[sign](a, b) for a, b in pairs]
            assert OVER[sign](one, other) == (min(found), max(found)), (sign, one, other)


@pytest.mark.parametrize("exponent", range(5))
def test_a_power_lies_between_the_bounds_and_reaches_them(exponent):
    for one in SMALL:
        found = [a**exponent for a in range(one[0], one[1] + 1)]
        assert OVER["**"](one, (exponent, exponent)) == (min(found), max(found))


def test_what_has_no_end_is_bounded_where_it_can_be():
    above = (2, math.inf)
    assert OVER["+"](above, (-1, 1)) == (1, math.inf)
    assert OVER["*"](above, (-1, 0)) == (-math.inf, 0)
    assert OVER["//"]((-7, 7), above) == (-4, 3)
    assert OVER["%"](above, (5, 5)) == (0, 4)
    assert OVER["min"](above, (0, 9)) == (0, 9)
    assert OVER["//"]((1, 1), (0, 3)) == (-math.inf, math.inf)


def test_bounds_decide_a_relation_only_where_all_values_do():
    assert holds((1, 3), ">") is True
    assert holds((-3, -1), ">=") is False
    assert holds((0, 3), ">") is None
    assert holds((0, 0), "==") is True
    assert holds((1, math.inf), "!=") is True
    assert holds((-math.inf, 0), "<=") is True
