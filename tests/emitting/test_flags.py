"""Flags that follow from symbols: what hangs on them is right at all values of the symbols."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_is, assert_is_clean, made

BLOCK: dict[str, Any] = {
    "args": {"width": None, "deep": "depth >= 50", "channels": "4*width if deep else width"},
    "layers": [
        {"Conv2d": {"out_channels": "width", "kernel_size": 3, "padding": 1}},
        {"Conv2d": {"out_channels": "channels", "kernel_size": 1}, "when": "deep"},
        {"Conv2d": {"out_channels": "width", "kernel_size": 1, "bias": False}, "when": "not deep"},
    ],
}


def network() -> shapecalc.Network:
    last = {"Conv2d": {"out_channels": 3, "kernel_size": 1}}
    layers = [{"Block": 8}, {"Block": 16, "repeat": 2}, last]
    spec = {"symbols": {"depth": 50}, "blocks": {"Block": BLOCK}, "layers": layers}
    return shapecalc.load({"input": [3, 8, 8], **spec})


def test_sizes_behind_blocks_are_told_by_the_symbol_that_a_flag_follows_from():
    net = network()
    source = module(net)
    assert "32 if depth >= 50 else 8" in source
    for depth in (18, 49, 50, 152):
        assert_is(made(source, depth=depth), net.report({"depth": depth}))
    assert_is_clean(source)


def test_what_is_done_where_a_flag_holds_and_where_not_is_one_if():
    lines = [line.strip() for line in module(shapecalc.load("resnet")).split("\n")]
    start = lines.index("x = bn3 + identity")
    assert "if self.deep:" in lines[start - 2 : start]
    assert lines[start + 1] == "else:"
    assert "x = bn2 + identity" in lines[start + 2 : start + 4]


@pytest.mark.one_in(5)
@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_the_depth_of_resnet_is_a_parameter(depth):
    net = shapecalc.load("resnet")
    assert_is(made(module(net), depth=depth), net.report({"depth": depth}))


@pytest.mark.thorough
def test_blocks_that_resnet_repeats_follow_from_its_depth():
    source = module(shapecalc.load("resnet"))
    assert "depth: int = 50," in source
    assert "blocks1: int | None = None," in source
    assert "nn.Linear(2048 if depth >= 50 else 512, num_classes)" in source
    assert_is_clean(source)
