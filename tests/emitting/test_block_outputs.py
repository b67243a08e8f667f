"""Blocks that put out several tensors by names: what is emitted returns and takes them apart."""

from __future__ import annotations

import pytest

import shapecalc
from tests.emitting.emitted import assert_emits

CONV = {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1}


def network(names, layers, **more):
    backbone = {
        "layers": [{"Conv2d": CONV, "name": "c1"}, {"Conv2d": CONV, "name": "c2"}, "ReLU"],
        "outputs": names,
    }
    spec = {"input": [8, 32, 32], "blocks": {"Backbone": backbone}, "layers": layers, **more}
    return shapecalc.load(spec)


def test_a_block_returns_its_outputs_in_order():
    source = assert_emits(network({"low": "c1", "high": "relu1"}, ["Backbone"]))
    assert "def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:" in source
    assert "return c1, relu1" in source


def test_what_is_not_asked_for_is_thrown_away():
    source = assert_emits(network({"low": "c1", "high": "relu1"}, ["Backbone", "ReLU"]))
    assert "x, _ = self.backbone1(x)" in source


def test_outputs_that_are_asked_for_have_their_names():
    layers = ["Backbone", {"ReLU": None, "from": "backbone1.c2"}]
    source = assert_emits(network(["c1", "c2"], layers, outputs=["relu1", "backbone1.c1"]))
    assert "c1, c2 = self.backbone1(x)" in source
    assert "return relu1, c1" in source


def test_a_block_with_one_named_output_returns_that():
    source = assert_emits(
        network({"low": "c1"}, ["Backbone", "ReLU"], outputs=["relu1", "backbone1.low"])
    )
    assert "return low" not in source
    assert "-> tuple[Tensor, Tensor]" in source


def test_copies_are_run_one_after_another():
    source = assert_emits(network(["c2", "c1"], [{"Backbone": None, "repeat": 3, "name": "stage"}]))
    assert "for stage in self.stage:" in source
    assert "x, _ = stage(x)" in source


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_output_of_a_copy_can_be_asked_for(number):
    layers = [
        {"Backbone": None, "repeat": 3, "name": "stage"},
        {"ReLU": None, "from": "stage"},
        {"ReLU": None, "from": f"stage.{number}.c1"},
    ]
    network_ = network(["c2", "c1"], layers, outputs=["relu1", "relu2", f"stage.{number}"])
    assert_emits(network_)


def test_a_block_hands_on_outputs_of_a_block_in_it():
    inner = {"layers": [{"Conv2d": CONV, "name": "a"}, "ReLU"], "outputs": ["a", "relu1"]}
    outer = {
        "args": {"n": None},
        "layers": [
            {"Inner": None, "name": "one"},
            {"Conv2d": {**CONV, "out_channels": "n"}, "name": "two"},
        ],
        "outputs": {"first": "one.relu1", "last": "two"},
    }
    spec = {
        "symbols": {"w": 4},
        "input": [3, 32, 32],
        "blocks": {"Inner": inner, "Outer": outer},
        "layers": [
            {"Outer": "w", "name": "x1"},
            {"Outer": "2*w", "name": "x2"},
            {"Conv2d": {"out_channels": 3, "kernel_size": 1}, "from": "x2.last"},
        ],
        "outputs": ["conv1", "x1.last", "x2"],
    }
    assert_emits(shapecalc.load(spec), {"w": 6})


def test_sizes_behind_other_outputs_follow_from_arguments():
    split = {
        "args": {"n": None},
        "layers": [
            {"Conv2d": {"out_channels": "n", "kernel_size": 1}, "name": "a"},
            {"Conv2d": {"out_channels": "2*n", "kernel_size": 1}, "name": "b"},
        ],
        "outputs": ["a", "b"],
    }
    spec = {
        "symbols": {"w": 4},
        "input": [3, 8, 8],
        "blocks": {"Cut": split},
        "layers": [
            {"Cut": "w", "name": "s"},
            {"Concat": None, "from": ["s", "s.b"]},
            {"Conv2d": {"out_channels": 2, "kernel_size": 1}},
        ],
    }
    source = assert_emits(shapecalc.load(spec), {"w": 6})
    assert "nn.Conv2d(3 * w, 2, kernel_size=1)" in source


@pytest.mark.parametrize("source", ["backbone1.output", "stage.1.output"])
def test_an_output_may_be_called_as_the_first_one_is_everywhere(source):
    layers = [
        {"Backbone": None},
        {"Backbone": None, "repeat": 2, "name": "stage", "from": "backbone1"},
        {"Conv2d": {"out_channels": 4, "kernel_size": 1}, "from": source},
    ]
    assert_emits(network({"low": "c1", "output": "relu1"}, layers, outputs=["conv1", source]))


def test_a_branch_may_take_such_an_output():
    branches = [[], [{"ReLU": None, "from": "backbone1.output"}]]
    layers = [
        "Backbone",
        {"Conv2d": {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1}},
        {"Add": {"branches": branches}},
    ]
    outputs = ["add1", "backbone1", "backbone1.output"]
    assert_emits(network({"low": "c1", "output": "relu1"}, layers, outputs=outputs))


def test_blocks_in_blocks_tell_such_outputs_apart():
    inner = {
        "layers": [{"Conv2d": {"out_channels": 4, "kernel_size": 3}}, {"MaxPool2d": 2}],
        "outputs": {"x": "conv1", "output": "maxpool1", "output_2": "conv1"},
    }
    outer = {
        "layers": ["Inner", {"ReLU": None, "from": "inner1.output"}],
        "outputs": {"y": "inner1", "output": "relu1", "z": "inner1.output_2"},
    }
    spec = {
        "input": [3, 16, 16],
        "blocks": {"Inner": inner, "Outer": outer},
        "layers": ["Outer", {"Flatten": None, "from": "outer1.output"}],
        "outputs": {"a": "flatten1", "b": "outer1", "c": "outer1.output", "d": "outer1.z"},
    }
    assert_emits(shapecalc.load(spec))
