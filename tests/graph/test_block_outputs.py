"""Blocks that put out several tensors, by names."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.language.writer import as_yaml, plain

CONV = {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1}


def network(names, layers, **more):
    backbone = {
        "layers": [{"Conv2d": CONV, "name": "c1"}, {"Conv2d": CONV, "name": "c2"}, "ReLU"],
        "outputs": names,
    }
    spec = {"input": [3, 32, 32], "blocks": {"Backbone": backbone}, "layers": layers, **more}
    return shapecalc.load(spec)


def test_what_follows_takes_the_first_output():
    report = network({"low": "c1", "high": "relu1"}, ["Backbone", "ReLU"]).report()
    assert report["relu1"].inputs == ("backbone1.c1",)


def test_others_are_named_behind_a_dot():
    layers = ["Backbone", {"ReLU": None, "from": "backbone1.c2"}]
    report = network(["c1", "c2"], layers, outputs=["relu1", "backbone1.c1"]).report()
    assert report["relu1"].output_shape == (1, 8, 8, 8)
    assert [tensor.shape for _, tensor in report.outputs] == [(1, 8, 8, 8), (1, 8, 16, 16)]


def test_copies_of_a_repeated_block_have_their_own():
    layers = [{"Backbone": None, "repeat": 2, "name": "stage"},
              {"ReLU": None, "from": "stage.0.c1"}]  # fmt: skip
    report = network(["c2", "c1"], layers).report()
    assert report["relu1"].output_shape == (1, 8, 16, 16)


def test_an_output_that_is_not_there_is_told_with_those_that_are():
    layers = ["Backbone", {"ReLU": None, "from": "backbone1.c3"}]
    with pytest.raises(shapecalc.SpecError, match="has no output or copy 'c3'"):
        network(["c1", "c2"], layers).report()
    with pytest.raises(shapecalc.SpecError, match="no entry of 'layers' is named 'c3'"):
        network(["c3"], ["Backbone"])


def test_a_spec_is_written_with_them():
    spec = network({"low": "c1", "high": "relu1"}, ["Backbone"]).spec
    written = plain(spec)["blocks"]["Backbone"]
    assert written["outputs"] == {"low": "c1", "high": "relu1"}


def test_a_network_names_what_it_returns() -> None:
    text = (
        "symbols: {scored: 0}\ninput: [3, 8, 8]\nlayers:\n"
        "  - {Conv2d: {out_channels: 4, kernel_size: 1}, name: c}\n"
        "  - {Linear: 2, name: fc, when: scored}\n"
        "outputs: {scores: fc, features: c}\n"
    )
    told = shapecalc.load(text).report(scored=1).to_dict()["outputs"]
    assert told[0] == {"name": "scores", "path": "fc", "shape": [1, 4, 8, 2]}
    assert [each["name"] for each in told] == ["scores", "features"]
    left = shapecalc.load(text).report().to_dict()["outputs"]
    assert left == [{"name": "features", "path": "c", "shape": [1, 4, 8, 8]}]
    assert "outputs: {scores: fc, features: c}" in as_yaml(shapecalc.load(text).spec)
