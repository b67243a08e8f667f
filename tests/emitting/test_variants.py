"""At which other values what is written is tried, before it is given out."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.algebra.trace import Number, Sum, Traced
from shapecalc.emitting.module import module
from shapecalc.emitting.printer import flat
from shapecalc.emitting.trees import expression
from tests.emitting.emitted import assert_is, made


@pytest.mark.thorough
def test_no_copies_are_tried_of_a_large_network_too():
    conv = {"Conv2d": {"out_channels": 2, "kernel_size": 1}, "name": "conv"}
    inner = {
        "Concat": {"branches": {"q": [conv, {"Concat": None, "from": ["conv", "input"]}]}},
        "repeat": "b",
    }
    first = {"Conv2d": {"out_channels": "a", "kernel_size": 1}}
    outer = {"Concat": {"branches": {"p": [first, inner]}}, "repeat": "b + 1"}
    spec = {
        "symbols": {"a": 2, "b": 5},
        "input": [3, 6, 6],
        "blocks": {"Unit": {"layers": [outer]}},
        "layers": [
            {"Conv2d": {"out_channels": "ceil(b/2) + 1", "kernel_size": 1}},
            "Unit",
            "Unit",
            {"Linear": 6, "repeat": 400},
            {"Conv2d": {"out_channels": 2, "kernel_size": 1}},
        ],
    }
    network = shapecalc.load(spec)
    source = module(network)
    with pytest.raises(ValueError, match="b must be at least 1"):
        made(source, b=0)
    assert_is(made(source, b=1), network.report({"b": 1}))


def test_a_derivation_is_written_in_one_go_however_deep_it_is():
    # each level once: twice at each of 60 levels would not end
    tree = Traced.letter("n", 1).tree
    for _ in range(60):
        tree = Sum(((2, Sum(((1, tree), (1, Number(1))), tree.value + 1)),), 2 * tree.value + 2)
    assert flat(expression(tree)).startswith("2 * (2 * (2 * (")
