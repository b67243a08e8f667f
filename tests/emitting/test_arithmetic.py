"""Numbers that a person would tell shortly: powers, sums of quotients, lists, and flags."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_emits


def conv(channels, **more):
    return {"Conv2d": {"out_channels": channels, "kernel_size": 1}, **more}


def network(layers, **more):
    return shapecalc.load({"input": [3, 8, 8], "layers": layers, **more})


STAGES = """
symbols: {width: 4, stages: 4}
input: [3, 64, 64]
blocks:
  Stage:
    args: {channels: }
    layers:
      - {Conv2d: {out_channels: in_channels, kernel_size: 3, padding: 1, groups: in_channels}}
      - {Conv2d: {out_channels: channels, kernel_size: 1}}
layers:
  - {Conv2d: {out_channels: width, kernel_size: 1}}
  - {Stage: width * 2**(index + 1), repeat: stages}
  - {Conv2d: {out_channels: 2**stages, kernel_size: 1}, name: last}
  - {BatchNorm2d: }
"""


def test_widths_that_double_from_copy_to_copy_are_powers():
    source = assert_emits(shapecalc.load(STAGES), {"width": 3, "stages": 5})
    assert "Stage(width * 2**index, width * 2 ** (index + 1))" in source
    assert "nn.Conv2d(width * 2**stages, 2**stages, kernel_size=1)" in source
    assert "nn.BatchNorm2d(2**stages)" in source


def test_a_copy_takes_the_power_of_the_copy_before_it():
    layers = [{**conv("width * 2**index"), "repeat": "stages", "name": "down"}, conv(2)]
    source = assert_emits(network(layers, symbols={"width": 4, "stages": 4}), {"stages": 5})
    assert "3 if index == 0 else width * 2 ** (index - 1)" in source
    few = [{**conv("width * 2**index"), "repeat": 2, "name": "down"}, conv("2**(3 - 1)")]
    source = assert_emits(network(few, symbols={"width": 4}), {"width": 3})
    assert "nn.Conv2d(3, width, kernel_size=1)" in source
    assert "nn.Conv2d(width, 2 * width, kernel_size=1)" in source
    assert "nn.Conv2d(2 * width, 4, kernel_size=1)" in source


def test_places_of_patches_are_a_quotient_and_a_square():
    embed = {"Conv2d": {"out_channels": 4, "kernel_size": "patch", "stride": "patch"}}
    layers = [embed, {"Flatten": 2}, {"Linear": 3}]
    source = assert_emits(network(layers, symbols={"patch": 2}), {"patch": 4})
    assert "# [B, 4, 8 // patch, 8 // patch]" in source
    assert "nn.Linear((8 // patch) ** 2, 3)" in source


def test_a_power_of_what_a_condition_chooses_is_told():
    layers = [conv("2**(a if on else 3)"), conv("(b if on else 2)**a"), conv(2)]
    symbols = {"a": 2, "b": 3, "on": 0}
    assert_emits(network(layers, symbols=symbols), {"a": 3, "b": 4, "on": 1})


@pytest.mark.parametrize("exponent", ["-1", "-k"])
def test_a_power_with_a_negative_exponent_is_a_quotient(exponent):
    layers = [conv(f"8 * n**({exponent})"), conv(2)]
    assert_emits(network(layers, symbols={"n": 2, "k": 1}), {"n": 4})


def test_a_sum_of_quotients_is_one_where_it_is_whole():
    layers = [conv("b*2/4 + a/2 - 1"), conv("a/2 + b/2"), conv(4)]
    source = assert_emits(network(layers, symbols={"a": 3, "b": 5}), {"a": 7})
    assert "channels = (b + a - 2) // 2" in source
    assert "# [B, (a + b) // 2, 8, 8]" in source
    assert "Fraction" not in source


def test_a_size_that_comes_again_is_whole():
    layers = [conv("8 * n**(-k) + n"), conv(2), conv("8 * n**(-k) + n"), conv(3)]
    source = assert_emits(network(layers, symbols={"n": 2, "k": 1}), {"k": 2})
    assert "channels = int(8 * Fraction(n) ** -k + n)" in source


def test_numbers_that_no_expression_tells_stand_in_a_list():
    grown = {"Concat": {"branches": [[], [conv("in_channels + 1")]]}}
    block = {"Grow": {"layers": [grown]}}
    source = assert_emits(network([{"Grow": None, "repeat": 5}, conv(2)], blocks=block))
    assert "*(Grow(channels) for channels in (3, 7, 15, 31, 63))" in source


def test_an_argument_that_only_conditions_ask_for_is_a_flag_where_symbols_are():
    unit = [conv("n"), {"BatchNorm2d": None, "when": "norm"}]
    blocks = {"Unit": {"args": {"n": None, "norm": 1}, "layers": unit}}
    use = {"Unit": {"n": 4, "norm": "norm"}}
    source = assert_emits(network([use], symbols={"norm": 1}, blocks=blocks), {"norm": 0})
    assert "def __init__(self, n: int, norm: bool = True)" in source


def test_what_is_compared_with_itself_is_decided():
    layers = [conv("n"), {"ReLU": None, "when": "on and n == in_channels"}]
    blocks = {"Unit": {"args": {"n": None, "on": True}, "layers": layers}}
    source = module(network([{"Unit": 4}, {"Unit": {"n": 2, "on": False}}], blocks=blocks))
    assert "nn.ReLU() if on else None" in source
