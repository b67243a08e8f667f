"""Interval arithmetic: bounds of what an operation makes of numbers that lie within bounds.

The bounds need not be the closest, but they are never wrong (Moore, Kearfott and Cloud,
"Introduction to Interval Analysis", 2009, chapter 5). Numbers are whole or fractions; an end that
there is not is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

Bounds = tuple[Any, Any]
"""The least and the greatest value there can be; infinite where there is none."""

ANYTHING: Bounds = (-math.inf, math.inf)

MOST_BITS = 4096
"""A power with more bits counts as infinite."""


def holds(found: Bounds, relation: str) -> bool | None:
    """Whether all values between bounds, or none, stand in a relation to 0; else None."""
    least, greatest = found
    if relation in ("==", "!="):
        if least == greatest == 0:
            return relation == "=="
        return None if least <= 0 <= greatest else relation == "!="
    if relation in ("<", "<="):
        least, greatest, relation = -greatest, -least, ">" + relation[1:]
    if HOLDS[relation](least, 0):
        return True
    return None if HOLDS[relation](greatest, 0) else False


HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


# -- numbers, and ends of bounds ------------------------------------------------------------------


def whole(value: Any) -> Any:
    """A fraction that is a whole number as an integer; anything else as it is."""
    is_whole = isinstance(value, Fraction) and value.denominator == 1
    return value.numerator if is_whole else value


def plus(a: Any, b: Any) -> Any:
    """The sum of two ends, of which one may be infinite."""
    if isinstance(a, float):
        return a
    return b if isinstance(b, float) else a + b


def times(a: Any, b: Any) -> Any:
    """The product of two ends; nothing times infinity is nothing."""
    if a == 0 or b == 0:
        return 0
    if isinstance(a, float) or isinstance(b, float):
        return math.inf if (a > 0) == (b > 0) else -math.inf
    return a * b


def _floor(a: Any, b: Any) -> Any:
    """The quotient by a positive number, rounded down."""
    if isinstance(b, float):
        return -1 if a < 0 else 0
    return a if isinstance(a, float) else a // b


# -- bounds ---------------------------------------------------------------------------------------


def _over_sum(*terms: Bounds) -> Bounds:
    least: Any = 0
    greatest: Any = 0
    for low, high in terms:
        least, greatest = plus(least, low), plus(greatest, high)
    return least, greatest


def _over_product(*factors: Bounds) -> Bounds:
    found: Bounds = (1, 1)
    for factor in factors:
        corners = [times(a, b) for a in found for b in factor]
        found = min(corners), max(corners)
    return found


def _over_floor(top: Bounds, bottom: Bounds) -> Bounds:
    if bottom[1] < 0:
        top, bottom = (-top[1], -top[0]), (-bottom[1], -bottom[0])
    if bottom[0] <= 0:
        return ANYTHING
    corners = [_floor(a, b) for a in top for b in bottom]
    return min(corners), max(corners)


def _over_remainder(top: Bounds, bottom: Bounds) -> Bounds:
    if bottom[0] <= 0:
        return ANYTHING
    if top[0] >= 0 and top[1] < bottom[0]:
        return top
    return 0, plus(bottom[1], -1)


def _over_power(base: Bounds, exponent: Bounds) -> Bounds:
    low, high = exponent
    if low != high:
        if base[0] != base[1] or not base[0] > 1 or low < 0:
            return ANYTHING
        return _raised(base[0], low), _raised(base[0], high)
    if not isinstance(low, int):
        return ANYTHING
    if low < 0:
        if base[0] <= 0 <= base[1]:
            return ANYTHING
        found = _over_power(base, (-low, -low))
        return _inverse(found[1]), _inverse(found[0])
    ends = _raised(base[0], low), _raised(base[1], low)
    if low and low % 2 == 0 and base[0] < 0:
        return (0 if base[1] >= 0 else min(ends)), max(ends)
    return ends


def _inverse(value: Any) -> Any:
    return 0 if isinstance(value, float) else whole(Fraction(1) / value)


def _raised(base: Any, exponent: Any) -> Any:
    if exponent == 0:
        return 1
    if isinstance(base, float):
        return -math.inf if base < 0 and exponent % 2 else math.inf
    if isinstance(exponent, float) or (
        max(abs(base.numerator), base.denominator).bit_length() * exponent > MOST_BITS
        and abs(base) > 1
    ):
        return math.inf if base > 0 else (-math.inf if exponent % 2 else math.inf)
    return whole(base**exponent)


def narrowed(a: Bounds, b: Bounds) -> Bounds:
    """What lies within both bounds."""
    return max(a[0], b[0]), min(a[1], b[1])


OVER: dict[str, Callable[..., Bounds]] = {
    "+": _over_sum,
    "*": _over_product,
    "//": _over_floor,
    "%": _over_remainder,
    "**": _over_power,
    "min": lambda *each: (min(e[0] for e in each), min(e[1] for e in each)),
    "max": lambda *each: (max(e[0] for e in each), max(e[1] for e in each)),
}
"""The operations of formulas, by their signs, on the bounds of their operands.

>>> OVER["//"]((7, math.inf), (2, 3)), OVER["*"]((-2, 3), (0, 4))
((2, inf), (-8, 12))
"""
