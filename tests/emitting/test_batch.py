"""The batch where a spec writes it in a shape: what stands for it in forward."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from tests.emitting.emitted import assert_is, made


def forward(layers, shape=(12, 8), **more):
    """The emitted forward, which has been run with a batch of 3."""
    network = shapecalc.load({"input": list(shape), "layers": layers, **more})
    source = module(network)
    assert_is(made(source), network.report(B=3))
    return source.partition("def forward")[2].partition("if __name__")[0]


def test_it_is_the_first_size_of_what_is_reshaped():
    assert "x.reshape(x.shape[0], -1, 2, 4)" in forward([{"Reshape": ["B", -1, 2, 4]}])


def test_it_is_what_is_left_where_something_else_comes_first():
    windows = [{"Reshape": [-1, 4, 8]}, {"Reshape": ["B", 12, 8]}]
    assert "x.reshape(-1, 12, 8)" in forward(windows)


def test_it_is_kept_for_what_the_input_does_not_feed():
    token = [
        {"Parameter": [1, 1, 8], "name": "token"},
        {"Expand": ["B", -1, -1]},
        {"Concat": 1, "from": ["expand1", "input"]},
    ]
    source = forward(token)
    assert "batch = x.shape[0]" in source
    assert "self.token.expand(batch, -1, -1)" in source


@pytest.mark.parametrize(
    "given", [{"input": [12, 8]}, {"input": ["T", 8], "symbols": {"T": 12}}], ids=str
)
def test_in_a_block_it_is_what_a_reshape_around_leaves(given):
    heads = [{"Linear": 6}, {"Reshape": ["B", -1, 3, 2]}, {"Reshape": ["B", -1, 6]}]
    ids = {"Reshape": [-1, 12, 8]}
    nested = {"inner": {"layers": heads}, "outer": {"layers": [ids, "inner"]}}
    layers = ["outer", "ReLU"]
    network = shapecalc.load({**given, "blocks": nested, "layers": layers})
    source = module(network)
    assert_is(made(source), network.report(B=3))
    assert "x.reshape(x.shape[0], -1, 3, 2)" in source


def test_rows_of_all_samples_are_multiples_of_it():
    source = forward([{"Reshape": ["4 * B * 3", -1]}, {"Linear": 5}])
    assert "x.reshape(x.shape[0] * (4 * 3), -1)" in source or "x.shape[0] * 12" in source


def test_where_it_is_not_known_a_hint_tells_what_to_write():
    block = {
        "layers": [{"Parameter": [1, 1, 8], "name": "token"}, {"Expand": ["B", -1, -1]}],
    }
    layers = [{"Reshape": [-1, 4, 8]}, "Block"]
    network = shapecalc.load({"input": [12, 8], "blocks": {"Block": block}, "layers": layers})
    with pytest.raises(EmitError, match="the batch is not known here"):
        module(network)


def test_of_an_axis_that_is_split_it_is_what_is_left():
    pattern = {"pattern": "(b h w) c -> b c h w", "sizes": {"b": "B", "h": 3, "w": 4}}
    source = forward([{"Reshape": [-1, 8]}, {"Rearrange": pattern}])
    assert "torch.unflatten(x, 0, (-1, 3, 4))" in source


def test_of_copies_along_a_new_axis_it_is_that_of_the_input():
    token = [
        {"Parameter": [1, 8], "name": "token"},
        {"Repeat": {"pattern": "n c -> b n c", "sizes": {"b": "B"}}},
        {"Concat": 1, "from": ["repeat1", "input"]},
    ]
    assert "self.token.unsqueeze(0).expand(batch, -1, -1)" in forward(token)


CONV = {"Conv2d": {"out_channels": 8, "kernel_size": 3}}


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([{"Reshape": [-1, 3600]}, {"Linear": 4}], ["[2 * B, 3600]", "[2 * B, 4]"]),
        ([{"Reshape": [-1, 3600]}, {"Reshape": ["B", -1]}], ["[2 * B, 3600]", "[B, 7200]"]),
        ([{"Reshape": [-1, 8, 900]}], ["[B, 8, 900]"]),
        ([{"Reshape": [-1, 450]}], ["[16 * B, 450]"]),
        ([{"Permute": [1, 0, 2, 3]}], ["[8, B, 30, 30]"]),
        ([{"Flatten": 0}], ["[7200 * B]"]),
    ],
)
def test_a_comment_is_true_of_every_batch(layers, told):
    source = forward([CONV, *layers], (3, 32, 32))
    comments = re.findall("# (.*)", source)
    assert comments == ["[B, 8, 30, 30]", *told]
    for batch in (1, 3):
        network = shapecalc.load({"input": [3, 32, 32], "layers": [CONV, *layers]})
        shapes = [[*each.output_shape] for each in network.report(B=batch)]
        assert [eval(comment, {"B": batch}) for comment in comments] == shapes


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["swin_t", "swin_v2_t"])
def test_a_network_of_windows_takes_any_batch(name):
    network = shapecalc.load(name)
    settings = {"width": 24, "depth3": 2}
    model = made(module(network, settings))
    for batch in (1, 3):
        assert_is(model, network.report({**settings, "B": batch}))
