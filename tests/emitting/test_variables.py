"""What variables of forward are called, what is computed, and how shapes beside them are told."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_emits

TOWERS = """
inputs: {left: [1, 8, 8], right: [1, 8, 8]}
blocks:
  Tower: {layers: [{Conv2d: {out_channels: 2, kernel_size: 3}}, ReLU, Flatten, {Linear: 4}]}
layers:
  - {Tower: , from: left, name: a}
  - {Tower: , from: right, name: b, share: a}
  - {Sub: , from: [a, b]}
"""


def test_what_is_made_side_by_side_of_several_inputs_has_names():
    source = module(shapecalc.load(TOWERS))
    assert "a = self.a(left)  # [B, 4]\n        b = self.a(right)\n" in source
    assert "a - b" in source


@pytest.mark.parametrize("inputs", [{"x": [8], "t": [16]}, {"t": [16], "x": [8]}])
def test_an_input_called_x_is_there_as_long_as_it_is_asked_for(inputs):
    layers = [
        {"Linear": 16, "name": "a", "from": "x"},
        {"Add": None, "from": ["a", "t"]},
        {"Linear": 16, "name": "skip", "from": "x"},
        {"Add": None, "from": ["skip", "add1"]},
    ]
    assert_emits(shapecalc.load({"inputs": inputs, "layers": layers}))


def test_a_tensor_that_is_held_may_come_between_what_goes_on_and_what_is_beside_it():
    layers = [
        {"Linear": 4, "name": "lin"},
        "Exp",
        {"Parameter": [4], "name": "gain"},
        {"Mul": None, "from": ["input", "gain"]},
        {"Add": None, "from": ["exp1", "mul1"]},
    ]
    source = assert_emits(shapecalc.load({"input": [4], "layers": layers}))
    assert "x = torch.exp(x)" in source
    assert "x + mul1" in source


def test_outputs_of_a_block_that_is_used_again_have_its_name():
    two = [{"Linear": 2, "from": "input", "name": name} for name in ("left", "right")]
    blocks = {"Two": {"layers": two, "outputs": ["left", "right"]}}
    layers = [{"Two": None, "from": "input", "name": name} for name in ("a", "b")]
    outputs = [f"{name}.{side}" for name in ("a", "b") for side in ("left", "right")]
    spec = {"input": [4], "blocks": blocks, "layers": layers, "outputs": outputs}
    source = module(shapecalc.load(spec))
    assert "return left, right, b_left, b_right" in source


def test_a_probability_of_0_is_a_float_by_default_too():
    unit = {"args": {"p": 0}, "layers": [{"Dropout": "p"}]}
    layers = [{"Unit": 0.5}, "Unit"]
    source = module(shapecalc.load({"input": [4], "blocks": {"Unit": unit}, "layers": layers}))
    assert "p: float = 0.0" in source


def conv(channels, **more):
    return {"Conv2d": {"out_channels": channels, "kernel_size": 1}, **more}


def network(layers, **more):
    return shapecalc.load({"input": [4, 8, 8], "layers": layers, **more})


def test_pieces_of_one_tensor_are_taken_together_under_their_names():
    pieces = [
        {"Chunk": {"chunks": 2, "index": 0}, "from": "both", "name": "signal"},
        {"Tanh": None, "name": "filtered"},
        {"Chunk": {"chunks": 2, "index": 1}, "from": "both", "name": "control"},
        {"Sigmoid": None, "name": "gate"},
        {"Mul": None, "from": ["filtered", "gate"]},
    ]
    source = assert_emits(network([conv(8, name="both"), *pieces]))
    assert "signal, control = both.chunk(2, dim=1)" in source
    assert "filtered = self.filtered(signal)" in source


def test_the_input_has_its_second_name_only_where_it_is_another():
    layers = [conv(4, **{"from": "input"}), {"Add": None, "from": ["conv1", "input"]}]
    source = assert_emits(network(layers))
    assert "identity = x\n        x = self.conv1(x)" in source


def test_what_nobody_asks_for_is_not_computed_but_its_submodules_are_called():
    layers = [
        conv(4, name="kept"),
        conv(4, name="a"),
        conv(4, name="b"),
        {"Mul": None, "from": ["a", "b"]},
        {"Concat": {"branches": {"p": [conv(2)], "q": [conv(3)]}}, "from": "kept"},
    ]
    source = assert_emits(network(layers, outputs=["kept"]))
    assert "torch.cat" not in source
    assert " * " not in source
    lines = [line.strip() for line in source.split("\n")]
    assert {"self.b(a)", "self.p(kept)", "self.q(kept)", "return kept"} <= {*lines}


def test_a_state_that_nobody_changes_is_not_multiplied():
    layers = [conv(4), {"Parameter": [1, 4, 1, 1], "name": "scale"}]
    layers.append({"Mul": None, "from": ["conv1", "scale"]})
    source = assert_emits(network(layers, outputs=["conv1"]))
    assert "self.scale = nn.Parameter" in source
    assert "* self.scale" not in source


def test_what_is_enlarged_by_a_kernel_as_large_as_its_stride_is_a_multiple():
    up = {"ConvTranspose2d": {"out_channels": 2, "kernel_size": 2, "stride": 2}}
    blocks = {"Up": {"layers": [up, "ReLU"]}}
    source = assert_emits(network(["Up", conv(4), "Up"], blocks=blocks))
    assert "# [B, 2, 2 * H, 2 * W]" in source


def test_a_product_with_a_sum_stays_one():
    source = assert_emits(network([conv("3 * (5 + n)")], symbols={"n": 2}), {"n": 4})
    assert "# [B, 3 * (5 + n), 8, 8]" in source


def test_the_length_of_a_signal_is_told_as_one():
    unit = [{"Conv1d": {"out_channels": "2 * in_channels", "kernel_size": 3, "padding": 1}}]
    spec = {"blocks": {"Unit": {"layers": unit}}, "input": [4, 32], "layers": ["Unit", "Unit"]}
    assert "# [B, 2 * in_channels, L]" in assert_emits(shapecalc.load(spec))


def test_sizes_of_what_is_no_knob_are_told_as_numbers():
    # no expression tells the widths behind n copies
    grown = {"Concat": {"branches": [[], [conv("in_channels + 1")]]}}
    blocks = {"Grow": {"layers": [grown]}}
    source = assert_emits(
        network([{"Grow": None, "repeat": "n"}, conv("m")], symbols={"n": 4, "m": 2}, blocks=blocks)
    )
    assert "n: int" not in source
    assert "# [B, 79, 8, 8]" in source


TABLE = {"num_embeddings": 10, "embedding_dim": 4}


def test_a_table_of_vectors_is_given_both_sizes_by_position():
    tokens = {"tokens": {"shape": [7], "dtype": "int64"}}
    spec = {"inputs": tokens, "layers": [{"Embedding": TABLE, "from": "tokens"}]}
    assert "nn.Embedding(10, 4)" in module(shapecalc.load(spec))


@pytest.mark.parametrize("width", [2**n for n in range(8, 12)])
def test_the_batch_stands_beside_its_number(width):
    spec = {"input": [width, 64, 64], "layers": [conv(width)], "symbols": {"width": width}}
    assert "batch 1." in module(shapecalc.load(spec))
