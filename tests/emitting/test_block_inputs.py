"""Blocks with several inputs: classes whose forward takes several tensors."""

from __future__ import annotations

import shapecalc
from tests.emitting.emitted import assert_emits
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
