"""Blocks with several inputs: classes whose forward takes several tensors."""

from __future__ import annotations

import shapecalc
from tests.emitting.emitted import assert_emits, assert_is, made
from tests.graph.test_block_inputs import UP


def test_forward_takes_the_inputs_by_their_names() -> None:
    net = shapecalc.load(UP)
    source = assert_emits(net)
    assert "def forward(self, x: Tensor, skip: Tensor) -> Tensor:" in source
    assert "x = self.up1(x, c2)" in source


def test_the_sizes_of_further_inputs_have_their_names_in_comments() -> None:
    assert "# [B, skip_channels + in_channels, skip_height, skip_width]" in shapecalc.emit(
        shapecalc.load(UP)
    )


def test_the_first_input_is_kept_where_it_is_asked_for_again() -> None:
    text = UP.replace("from: [skip, upsample1]", "from: [skip, upsample1, pooled]").replace(
        "      - {Concat: 1",
        "      - {Upsample: {scale_factor: 2}, name: pooled, from: x}\n      - {Concat: 1",
    )
    net = shapecalc.load(text)
    assert_emits(net)


def test_a_block_that_a_condition_empties_passes_its_first_input_on() -> None:
    conv = {"Conv2d": {"out_channels": 4, "kernel_size": 3, "padding": 1}, "when": "not flag"}
    spec = {
        "symbols": {"on": 1},
        "input": [2, 6, 6],
        "blocks": {"Gate": {"args": {"flag": None}, "inputs": ["p", "q"], "layers": [conv]}},
        "layers": ["ReLU", {"Gate": {"flag": "on"}, "from": ["relu1", "input"]}],
    }
    network = shapecalc.load(spec)
    source = assert_emits(network)
    for on in (0, 1):
        assert_is(made(source, on=on), network.report({"on": on}))


JOIN = """
inputs: {left: [3, 8, 8], right: [4, 8, 8]}
blocks:
  Join:
    inputs: [x, skip]
    layers:
      - {Conv2d: {out_channels: channels_of(skip), kernel_size: 1}, from: x}
      - {Conv2d: {out_channels: channels_of(skip), kernel_size: 1}, repeat: 2}
      - {Conv2d: {out_channels: channels_of(x), kernel_size: 1}, name: back}
      - {ReLU: , when: channels_of(x) > channels_of(skip)}
layers:
  - {Join: , from: [left, right], name: a}
  - {Join: , from: [right, left], name: b}
  - {Conv2d: {out_channels: channels_of(left) + channels_of(b), kernel_size: 1}}
"""


def test_sizes_of_all_inputs_are_told_to_the_constructor() -> None:
    source = assert_emits(shapecalc.load(JOIN))
    assert "def __init__(self, in_channels: int, skip_channels: int) -> None:" in source
    assert "self.back = nn.Conv2d(skip_channels, in_channels, kernel_size=1)" in source
    assert "if in_channels > skip_channels" in source
    assert "self.a = Join(3, 4)" in source


def test_a_block_may_ask_for_the_size_of_its_own_input() -> None:
    layers = [
        {"AdaptiveAvgPool2d": 1},
        {"Conv2d": {"out_channels": "in_channels // 2", "kernel_size": 1}},
        {"Conv2d": {"out_channels": "channels_of(input)", "kernel_size": 1}},
        {"Mul": None, "from": ["conv2", "input"]},
    ]
    spec = {"input": [4, 8, 8], "blocks": {"Gate": {"layers": layers}}}
    conv = {"Conv2d": {"out_channels": 6, "kernel_size": 1}}
    source = assert_emits(shapecalc.load({**spec, "layers": ["Gate", conv, "Gate"]}))
    assert "nn.Conv2d(in_channels // 2, in_channels, kernel_size=1)" in source
