"""Arranging: how conditions on symbols read, and what is told of a breach."""

from __future__ import annotations

import pytest

from shapecalc.algebra.formula import Formula
from shapecalc.layers import KINDS, Tensor

B, H, W = map(Formula.symbol, "BHW")


def conditions(layer, x):
    """The conditions on symbols, each in one symbol and some numbers that it may be."""
    decided = [requirement.decide() for requirement in layer.requirements(x)]
    return {
        each.symbol: [n for n in range(1, 40) if n in each.solutions]
        for each in decided
        if each is not True
    }


def problem(layer, x):
    return next(r.problem() for r in layer.requirements(x) if r.decide() is False)


def test_a_window_partition_asks_for_multiples_of_the_window():
    windows = KINDS["Reshape"](shape=[B, H // 7, 7, W // 7, 7, 96])
    multiples = [7, 14, 21, 28, 35]
    assert conditions(windows, Tensor((B, H, W, 96))) == {"H": multiples, "W": multiples}


def test_windows_are_put_together_wherever_there_are_some():
    x = Tensor((B * (H // 7) * (W // 7), 7, 7, 96))
    there = [*range(7, 40)]
    reshape = KINDS["Reshape"](shape=[B, H // 7, W // 7, 7, 7, -1])
    assert conditions(reshape, x) == {"H": there, "W": there}


def test_a_formula_is_a_size_and_never_the_minus_1_of_what_is_left():
    expand = KINDS["Expand"](size=[-1, 3 - H, 24])
    assert conditions(expand, Tensor((B, 1, 24))) == {"H": [1, 2]}


def test_windows_that_make_the_whole_ask_for_multiples_as_well():
    x = Tensor((B, H // 7, 7, W // 7, 7, 96))
    assert conditions(KINDS["Reshape"](shape=[B, H, W, 96]), x)["W"] == [7, 14, 21, 28, 35]


def test_what_is_left_is_exact_where_sizes_are_formulas():
    layer = KINDS["Reshape"](shape=[B, -1, 768])
    x = Tensor((B, H // 16, 16, W // 16, 16, 3))
    assert conditions(layer, x) == {}
    assert layer.output(x).shape == (B, (H // 16) * (W // 16), 768)


def test_sizes_that_change_places_are_compared_as_a_whole():
    assert conditions(KINDS["Reshape"](shape=[B, 6, H]), Tensor((B, H, 6))) == {}
    assert conditions(KINDS["Reshape"](shape=[B, 6, 6]), Tensor((B, H, 6))) == {"H": [6]}


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ([2, 5, 20], "makes 2 x 5 x 20 of 2 x 12 x 8, but 200 does not make 192"),
        ([2, -1, 7], "makes 2 x -1 x 7 of 2 x 12 x 8, but 14 does not divide 192"),
    ],
)
def test_a_breach_tells_both_products(shape, told):
    assert problem(KINDS["Reshape"](shape=shape), Tensor((2, 12, 8))) == told


def test_a_number_without_dimensions_is_reshaped() -> None:
    reshape = KINDS["Reshape"](shape=[1, 1])
    assert all(each.decide() for each in reshape.requirements(Tensor(())))
    assert reshape.output(Tensor(())).shape == (1, 1)
