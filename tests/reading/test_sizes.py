"""Sizes remember how they follow from symbols, as long as that can be read."""

from __future__ import annotations

import pytest

from shapecalc.language.writer import written
from shapecalc.reading.evaluator.sizes import MOST_NAMES, Size, at, expression, names, symbol


def test_a_size_is_its_number_and_its_formula() -> None:
    size = (symbol("H", 224) + 2 * 3 - 7) // 2 + 1
    assert int(size) == 112
    assert written(expression(size)) == "(H - 1)//2 + 1"
    assert at(size, {"H": 32}) == 16


@pytest.mark.parametrize("depth", [40, 400])
def test_quotients_of_quotients_stay_short_or_become_numbers(depth: int) -> None:
    height, kernel, stride = symbol("H", 224), symbol("k", 3), symbol("s", 1)
    number = 224
    for _ in range(depth):
        height = (height + 2 * (kernel // 2) - kernel) // stride + height % kernel
        number = (number + 2 * (3 // 2) - 3) // 1 + number % 3
    assert int(height) == number
    assert not isinstance(height, Size) or len(written(expression(height))) < 20 * MOST_NAMES


def test_a_chain_of_halves_keeps_its_symbol() -> None:
    height = symbol("H", 2**40)
    for _ in range(30):
        height = (height - 1) // 2 + 1
    assert names(height) == {"H"}
    assert at(height, {"H": 2**31}) == 2
