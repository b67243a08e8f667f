"""Structure that knobs decide: copies, conditions and branches, at all values of the knobs."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_emits, assert_is, assert_is_clean, made


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initialising weights of no elements
        yield


def conv(out_channels: Any, **more: Any) -> dict[str, Any]:
    return {"Conv2d": {"out_channels": out_channels, "kernel_size": 1}, **more}


TURN: dict[str, Any] = {"Permute": [0, 1, 3, 2]}
SAME: dict[str, Any] = {"Add": {"branches": [[]]}}


def assert_is_right(spec: dict[str, Any], *knobs: dict[str, int]) -> str:
    """A spec's module must be what the report says, at its own and at other values of its knobs."""
    network = shapecalc.load({"input": [2, 6, 8], **spec})
    source = module(network)
    print(source)
    for values in ({}, *knobs):
        assert_is(made(source, **values), network.report(values))
    assert_is_clean(source)
    return source


@pytest.mark.parametrize("layer", [conv(2), TURN, SAME], ids=["module", "function", "join"])
def test_an_output_without_copies_is_left_out(layer):
    layers = [{**layer, "name": "first", "repeat": "b"}, {**layer, "name": "last", "repeat": "a"}]
    spec = {"symbols": {"a": 2, "b": 1}, "layers": layers, "outputs": ["first", "last"]}
    assert_is_right(spec, {"a": 0}, {"b": 0}, {"a": 3, "b": 2})


def test_an_output_without_copies_is_left_out_where_another_knob_keeps_one():
    layers = [conv(2, name="gated", when="on"), conv(2, name="copied", repeat="n")]
    spec = {"symbols": {"n": 1, "on": 0}, "layers": layers, "outputs": ["gated", "copied"]}
    assert_is_right(spec, {"n": 0, "on": 1}, {"n": 2, "on": 1})


@pytest.mark.parametrize("layer", [conv(2), TURN, SAME], ids=["module", "function", "join"])
def test_without_copies_that_are_fed_from_elsewhere_the_layer_before_goes_on(layer):
    layers = [conv(2, name="before"), {**layer, "from": "input", "repeat": "n"}, conv(3)]
    assert_is_right({"symbols": {"n": 1}, "layers": layers}, {"n": 0}, {"n": 2})


def test_copies_that_are_all_left_out_one_by_one_put_nothing_out():
    layers = [conv(2), conv(2, name="copied", repeat="n", when="index > 1")]
    spec = {"symbols": {"n": 4}, "layers": layers, "outputs": ["conv1", "copied"]}
    assert_is_right(spec, {"n": 2}, {"n": 0}, {"n": 3})


def test_copies_that_sizes_depend_on_are_asked_for():
    spec = {"symbols": {"n": 2}, "layers": [conv(5, repeat="n"), conv(1)]}
    source = assert_is_right(spec, {"n": 1}, {"n": 4})
    with pytest.raises(ValueError, match="n must be at least 1"):
        made(source, n=0)


def test_copies_that_keep_the_size_may_be_none():
    source = assert_is_right({"symbols": {"n": 2}, "layers": [conv(2, repeat="n")]}, {"n": 0})
    assert "raise" not in source


def test_a_condition_on_an_argument_is_tried_both_ways():
    block = {"args": {"n": None}, "layers": [conv(4, when="n > 2")]}
    layers = [{"Wide": {"n": "a + 1"}}, conv(1)]
    spec = {"symbols": {"a": 5}, "blocks": {"Wide": block}, "layers": layers}
    assert_is_right(spec, {"a": 1}, {"a": 2})


def test_a_size_is_right_where_two_knobs_change_at_once():
    layers = [conv("a"), conv(3, when="on"), conv(1)]
    spec = {"symbols": {"a": 3, "on": 0}, "layers": layers}
    assert_is_right(spec, {"on": 1}, {"on": 1, "a": 5}, {"a": 5})


@pytest.mark.parametrize("inside", [[conv(2)], []], ids=["modules", "functions"])
@pytest.mark.parametrize("branches", [dict, list])
def test_the_copies_of_a_join_differ_by_index(inside, branches):
    body = [*inside, {**TURN, "when": "index > 1"}]
    named = {"body": body, "same": [{**TURN, "when": "index > 1"}]}
    join = {"Add": {"branches": named if branches is dict else list(named.values())}}
    spec = {"symbols": {"n": 2}, "layers": [{**join, "repeat": "n"}]}
    assert_is_right(spec, {"n": 3}, {"n": 1}, {"n": 5})


def test_a_size_is_asked_only_of_the_uses_that_need_it():
    head = {"args": {"on": 1}, "layers": [{"Flatten": None}, {"Linear": 4, "when": "on"}]}
    layers = [
        {"Head": None, "name": "first"},
        {"MaxPool2d": 2, "from": "input"},
        {"Head": None, "name": "second"},
        {"Head": {"on": 0}, "name": "third", "from": "input"},
    ]
    outputs = ["first", "second", "third"]
    assert_is_right({"blocks": {"Head": head}, "layers": layers, "outputs": outputs})


def test_a_knob_that_another_follows_from_is_none_where_that_is_none():
    branch = [
        {**SAME, "when": "d == 5 or on"},
        {"Add": None, "from": ["input"], "when": "d > 2"},
        {"BatchNorm2d": None},
    ]
    join = {"Concat": {"branches": [branch]}, "repeat": "a"}
    assert_is_right({"symbols": {"a": 3, "on": 1, "d": "a"}, "layers": [join]})


def test_a_width_that_is_rounded_is_tried_at_values_that_differ():
    join = {"Concat": {"branches": [[conv("ceil(w/3)")], []]}, "repeat": 3}
    spec = {"symbols": {"w": "1/2"}, "layers": [join, conv(1)]}
    assert_is_right(spec, {"w": 4}, {"w": 7})


def test_a_default_that_every_use_overrides_may_have_no_value():
    block = {"args": {"wide": "4//(n - n)"}, "layers": [conv("wide")]}
    layers = [{"Wide": {"wide": 3}}, {"Wide": {"wide": "n"}}]
    assert_is_right({"symbols": {"n": 2}, "blocks": {"Wide": block}, "layers": layers}, {"n": 5})


def test_what_nobody_asks_for_is_not_passed_on() -> None:
    network = shapecalc.load(
        "symbols: {on: 1}\ninput: [4, 6, 6]\nlayers:\n"
        "  - {ReLU: , name: first}\n"
        "  - {Conv2d: {out_channels: 2, kernel_size: 1}, name: idle}\n"
        "  - {Add: , name: kept, from: first, when: on}\n"
        "  - {Conv2d: {out_channels: 3, kernel_size: 1}, from: kept}\n"
        "outputs: [kept, conv1]\n"
    )
    source = assert_emits(network)
    assert "        self.idle(first)" in source
    assert "= _\n" not in source


def test_signs_do_not_pile_up() -> None:
    network = shapecalc.load(
        "symbols: {b: 7}\ninput: [4, 6, 6]\nlayers:\n"
        "  - {Conv2d: {out_channels: ceil(ceil(b/3)/4) + 1, kernel_size: 1}}\n"
    )
    assert "--" not in assert_emits(network, {"b": 20})
