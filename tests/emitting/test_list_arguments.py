"""Arguments of blocks that are lists: given, by default, and defaults that hang on others."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_emits

CONV = {"Conv2d": {"out_channels": "out", "kernel_size": "k", "padding": 1}}
BLOCKS = {
    "required": ({"out": None, "k": None}, [{"out": 4, "k": [1, 3]}, {"out": 5, "k": [3, 3]}]),
    "by default": ({"out": None, "k": [3, 1]}, [{"out": 4}, {"out": 5, "k": [1, 3]}]),
    "a default of other arguments": (
        {"out": None, "n": 1, "k": ["n + 2", 1]},
        [{"out": 4}, {"out": 5, "n": -1}, {"out": 6, "k": [3, 3]}],
    ),
    "a default of a symbol": (
        {"out": None, "k": ["wide // 2", 1]},
        [{"out": 4}, {"out": 5, "k": [3, 3]}],
    ),
    "called as a symbol": (
        {"out": None, "k": [1, "out - 3"]},
        [{"out": 4}, {"out": 6, "k": [3, 3]}],
    ),
}


@pytest.mark.parametrize("which", BLOCKS)
def test_a_list_is_given_item_by_item(which: str) -> None:
    arguments, uses = BLOCKS[which]
    spec = {
        "symbols": {"wide": 6, "k": 4} if which == "called as a symbol" else {"wide": 6},
        "input": [3, 8, 8],
        "blocks": {"Unit": {"args": arguments, "layers": [CONV]}},
        "layers": [{"Unit": use} for use in uses],
    }
    if which == "called as a symbol":
        spec["layers"].append({"Conv2d": {"out_channels": "k", "kernel_size": 1}})
    knobs = {"wide": 4} if which == "a default of a symbol" else None
    assert_emits(shapecalc.load(spec), knobs)


def test_what_python_keeps_to_itself_is_no_attribute() -> None:
    layers = [{"Dropout": 0.5}, {"Reshape": ["B", 3, "__n", -1]}]
    network = shapecalc.load({"symbols": {"__n": 2}, "input": [3, 8, 8], "layers": layers})
    assert "self.own__n__" in assert_emits(network)


def test_a_symbol_may_be_called_self() -> None:
    layers = [{"Conv2d": {"out_channels": "self", "kernel_size": 3, "padding": 1}}]
    network = shapecalc.load({"symbols": {"self": 8}, "input": [3, 8, 8], "layers": layers})
    assert not network.report(symbolic=True).warnings
    assert "self_: int = 8" in module(network)
