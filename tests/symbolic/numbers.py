"""Numbers of a spec written as expressions in symbols that have these values by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

NAMES = ("H", "W", "C", "K", "S", "P", "g", "n")
"""The symbols, and ``B``, which is always there."""


def expressions(number: int, defaults: Mapping[str, int]) -> Iterator[str]:
    """Expressions in one or two symbols that come to a number where these have their defaults."""
    for name, value in defaults.items():
        if value == number:
            yield from [name] * 6
            yield f"{name}*{name} // {name}"
            yield f"max({name}, 1)" if number >= 1 else f"min({name}, 1)"
        else:
            yield f"{name} + {number - value}" if number > value else f"{name} - {value - number}"
            if number > 0:
                yield f"max({name}, {number})" if number > value else f"min({name}, {number})"
        if value and number % value == 0 and number != value:
            yield from [f"{number // value}*{name}"] * 2
        if number > 0 and value % number == 0 and number != value:
            yield from [f"{name} // {value // number}", f"ceil({name}/{value // number})"]
            yield f"{name}/{value // number}"
        if number == 2 * value + 1:
            yield from [f"2*{name} + 1"] * 3
        if value > 1 and number == value // 2:
            yield f"{name} // 2"
        if value > 1 and number == (value + 1) // 2:
            yield f"({name} + 1) // 2"
        if number == -value:
            yield f"-{name}"
        if number >= 0:
            modulus = next((m for m in (2, 3, 4) if value % m == number), None)
            if modulus:
                yield f"{name} % {modulus}"
    for (one, a), (other, b) in _pairs(defaults):
        if a + b == number:
            yield f"{one} + {other}"
        if a - b == number:
            yield f"{one} - {other}"
        if a * b == number:
            yield f"{one}*{other}"
        if b and a // b == number:
            yield f"{one} // {other}"
        if b and a % b == 0 and a // b == number:
            yield f"{one}/{other}"
        if max(a, b) == number:
            yield f"max({one}, {other})"


def _pairs(defaults: Mapping[str, int]) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    items = list(defaults.items())
    yield from ((one, other) for one in items for other in items if one != other)


@st.composite
def symbols(draw: st.DrawFn, numbers: list[int]) -> dict[str, int]:
    """A few symbols with defaults, mostly some of these numbers or near them."""
    count = draw(st.integers(1, 4))
    names = draw(st.permutations(NAMES))[:count]
    near = sorted({n + d for n in numbers for d in (-1, 0, 0, 1)} | {1, 2})
    near = [n for n in near if n >= 0]
    one = st.sampled_from(near)
    return {name: draw(one) for name in names}


@st.composite
def written(draw: st.DrawFn, number: Any, defaults: Mapping[str, int], often: bool) -> Any:
    """A number, as it is or as an expression; lists and mappings of numbers likewise."""
    if isinstance(number, (list, tuple)):
        return [draw(written(each, defaults, often)) for each in number]
    if isinstance(number, dict):
        return {name: draw(written(each, defaults, often)) for name, each in number.items()}
    if isinstance(number, Fraction):
        return str(number)
    if isinstance(number, bool) or not isinstance(number, int):
        return number
    if draw(st.integers(0, 99)) >= (60 if often else 3):
        return number
    found = list(expressions(number, defaults))
    return draw(st.sampled_from(found)) if found else number


def numbers_in(value: Any) -> Iterator[int]:
    """All whole numbers in settings."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from numbers_in(each)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value
