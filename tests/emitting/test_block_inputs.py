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
