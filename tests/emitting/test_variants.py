"""At which other values what is written is tried, before it is given out."""

from __future__ import annotations

from itertools import combinations, islice, product

import pytest

import shapecalc
from shapecalc.algebra.trace import Number, Sum, Traced
from shapecalc.emitting.module import module
from shapecalc.emitting.numbers.boundaries import Boundaries
from shapecalc.emitting.numbers.decisions import Decisions
from shapecalc.emitting.numbers.letters import Memory
from shapecalc.emitting.numbers.mixtures import Mixtures
from shapecalc.emitting.numbers.trees import expression
from shapecalc.emitting.printer import flat
from shapecalc.emitting.work import Work
from shapecalc.network import MOST_WORK
from tests.emitting.emitted import assert_is, made


def memory(spec):
    return Memory(spec, Work(MOST_WORK, spec))


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


CONV = {"kernel_size": 1, "bias": False}


@pytest.mark.parametrize("own", [1, 9])
@pytest.mark.parametrize("asked", ["w > 5", "3*w + 2 >= 20", "w < 7"])
@pytest.mark.parametrize("size", ["ceil(w/4)", "(w + 9)//8", "max(w, 3)", "abs(w - 6) + 1"])
def test_sizes_are_right_on_both_sides_of_what_a_condition_compares(own, asked, size):
    # copies after the first have an input of 1, as the layer before them has at few values of w
    branch = [
        {"Conv2d": {**CONV, "out_channels": size}, "name": "first"},
        {"Conv2d": {**CONV, "out_channels": 1}, "repeat": 3, "name": "later"},
        {"Conv2d": {**CONV, "out_channels": size}, "name": "last"},
    ]
    join = {"Concat": {"branches": {"p": branch}}, "when": asked, "name": "join"}
    spec = {"symbols": {"w": own}, "input": [1, 4, 4], "layers": [join]}
    network = shapecalc.load(spec)
    source = module(network)
    for w in (2, 5, 6, 7, 9, 14, 24):
        assert_is(made(source, w=w), network.report({"w": w}))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("own", [1, 3])
@pytest.mark.parametrize("asked", ["index == 5", "index > 6", "index == 4 or on"])
@pytest.mark.parametrize("count", ["b + 1", "2*b", "b"])
def test_copies_are_right_of_which_the_first_are_too_few_to_turn_a_condition(own, asked, count):
    layer = {"Conv2d": {**CONV, "out_channels": "b + index"}, "when": asked, "name": "conv"}
    copies = {"Concat": {"branches": {"p": [layer]}}, "repeat": count, "name": "copies"}
    spec = {"symbols": {"b": own, "on": 0}, "input": [2, 4, 4], "layers": [copies]}
    network = shapecalc.load(spec)
    source = module(network)
    for b in (2, 4, 5, 6, 8):
        assert_is(made(source, b=b), network.report({"b": b}))


_BRANCH = [
    {"Conv2d": {**CONV, "out_channels": "ceil(w/4)"}, "name": "first"},
    {"Conv2d": {**CONV, "out_channels": 1}, "when": "on", "name": "narrow"},
    {"Conv2d": {**CONV, "out_channels": 1}, "repeat": "b", "name": "later"},
    {"BatchNorm2d": None, "name": "norm"},
]
JOIN = {"Concat": {"branches": {"p": _BRANCH}}, "when": "w > 2", "name": "join"}
"""A join that is there at large w alone; in it three symbols decide together."""


def test_a_number_is_right_where_three_knobs_together_leave_no_copy():
    symbols = {"b": 2, "w": 2, "on": 1}
    network = shapecalc.load({"symbols": symbols, "input": [1, 4, 4], "layers": [JOIN]})
    source = module(network)
    with pytest.raises(ValueError, match="b must be at least 1"):
        made(source, b=0, w=7, on=0)
    assert_is(made(source, b=1, w=7, on=0), network.report({"b": 1, "w": 7, "on": 0}))


@pytest.mark.parametrize("own", [0, 5, 30])
@pytest.mark.parametrize(
    "asked",
    [
        *("n > 5", "not n == 5", "3 < n <= 20 and m", "2*n + 1 >= 12", "n // 4 > 2", "n*n > 50"),
        *("n", "n - 3", "max(n, 6) > 8", "n > m + 2", "n / 2 == 7", "twice >= 9"),
    ],
)
def test_a_spec_turns_where_a_condition_does(asked, own):
    unit = {"args": {"n": None, "m": 4}, "layers": [{"ReLU": None, "when": asked}, "Identity"]}
    spec = {
        "symbols": {"k": own, "twice": "2*k"},
        "blocks": {"Unit": unit},
        "input": [2],
        "layers": [{"Unit": {"n": "k"}}],
    }
    network = shapecalc.load(spec)
    count = [len(list(network.report({"k": k}))) for k in range(60)]
    turns = {k for k in range(1, 60) if count[k] != count[k - 1]}
    found = Boundaries(memory(network.spec), {}, {"k": own}).turns("k")
    assert turns <= {*found}
    assert len(found) <= 4


@pytest.mark.parametrize("count", ["k", "k + 1", "2*k", "k*k", "k // 3"])
@pytest.mark.parametrize("asked", ["index == 5", "index > 4", "not index < 5", "2*index == 10"])
def test_a_spec_turns_where_there_is_a_copy_that_is_otherwise(asked, count):
    layers = [{"ReLU": None, "repeat": count, "when": asked}, "Identity"]
    network = shapecalc.load({"symbols": {"k": 4}, "input": [2], "layers": layers})
    first = next(k for k in range(40) if len(list(network.report({"k": k}))) > 1)
    assert first in Boundaries(memory(network.spec), {}, {"k": 4}).turns("k")


@pytest.mark.parametrize(("knobs", "rows"), [("abc", 25), ("abcd", 60)])
def test_whatever_three_of_few_knobs_decide_comes_together_within_few_rows(knobs, rows):
    mixtures = Mixtures(
        {name: [1, 2, 3, 4, 5] for name in knobs},
        lambda _, value: value > 1,
    )
    met = set()
    for row in islice(mixtures.rows([*knobs]), rows):
        for three in combinations(sorted(row), 3):
            met.add((three, tuple(row[name] > 1 for name in three)))
    assert met == {*product(combinations(knobs, 3), product((False, True), repeat=3))}


def test_what_is_decided_where_a_condition_has_turned_comes_together_within_few_rows():
    # there is no copy of the layer, in a join that is there at large w alone, before one whose
    # size hangs on another condition: so w, b and on have to change together
    last = {"Conv2d": {**CONV, "out_channels": "b + 3 if b == 3 or b < 3 else b"}}
    symbols = {"a": 5, "b": 2, "w": 2, "on": 1}
    others = {"a": [4, 7, 0], "b": [0, 1, 3, 4, 9], "w": [0, 3, 6, 12], "on": [0, 2]}
    spec = shapecalc.load({"symbols": symbols, "input": [2, 4, 4], "layers": [JOIN, last]}).spec
    mixtures = Mixtures(
        others, lambda _, value: value, Decisions(spec, {}, {}, Work(MOST_WORK, spec)).together
    )
    met = []
    for row in islice(mixtures.rows([*symbols]), 12):
        mixtures.built(row)
        met.append({**symbols, **row})
    assert any(each["w"] > 2 and each["b"] == 0 and each["on"] == 0 for each in met)


def test_knobs_change_together_in_the_same_way_each_time():
    mixtures = Mixtures({"a": [1, 2], "b": [3], "c": [4]}, lambda *_: 0)
    first, again = ([*islice(mixtures.rows(["a", "b", "c"]), 20)] for _ in range(2))
    assert first == again


NARROW = """
symbols: {w: 8}
input: [3, 4, 4]
blocks:
  Unit:
    args: {channels: }
    layers:
      - {Conv2d: {out_channels: 4, kernel_size: 1}, when: in_channels > 37, name: narrow}
      - {Conv2d: {out_channels: channels, kernel_size: 1}, name: mix}
      - {Conv2d: {out_channels: "min(channels_of(input), 50)", kernel_size: 1}, name: cap}
layers:
  - {Conv2d: {out_channels: w, kernel_size: 1}, name: stem}
  - {Unit: 2 * w, name: unit}
  - {Conv2d: {out_channels: 6 if channels_of(stem) < 45 else 7, kernel_size: 1}}
  - {ReLU: , when: in_channels == 7}
"""


def test_what_turns_with_the_size_of_a_tensor_is_tried():
    network = shapecalc.load(NARROW)
    source = module(network)
    for w in (2, 37, 38, 44, 45, 50, 51, 60):
        assert_is(made(source, w=w), network.report(w=w))
