"""What is made under a condition and used under the same one: one ``if`` where nothing differs."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.names import EmitError
from tests.emitting.emitted import assert_emits, maker
from tests.emitting.stepwise import assert_computes


def conv(name, channels=3, **more):
    return {"Conv2d": {"out_channels": channels, "kernel_size": 1}, "name": name, **more}


def computed(layers, symbols=("on",), **more):
    """The source, after its numbers were compared with those of the layers run one by one."""
    given = dict.fromkeys(symbols, 1)
    network = shapecalc.load({"symbols": given, "input": [3, 6, 6], "layers": layers, **more})
    source = assert_emits(network)
    for value in (0, 1):
        values = dict.fromkeys(symbols, value)
        assert_computes(maker(source)(**values), network.report(values))
    return source


def test_what_is_made_and_used_under_one_condition_has_one_if():
    source = computed(
        [
            conv("a"),
            conv("side", when="on", **{"from": "input"}),
            conv("b", **{"from": "a"}),
            {"Add": None, "from": ["b", "side"], "when": "on", "name": "sum"},
            conv("last"),
        ]
    )
    assert "None = None" not in source
    assert source.count("        if ") == 1


def test_what_is_asked_for_after_its_condition_is_none_at_first():
    side = conv("side", when="on", **{"from": "input"})
    source = computed([conv("a"), side, conv("b", **{"from": "a"})], outputs=["b", "side"])
    assert "side: Tensor | None = None" in source


def test_what_is_used_under_another_condition_stays_where_it_is():
    sum_ = {"Add": None, "from": ["b", "side"], "when": "on and also", "name": "sum"}
    layers = [conv("a"), conv("side", when="on"), conv("b", **{"from": "a"}), sum_, conv("last")]
    network = {"symbols": {"on": 1, "also": 1}, "input": [3, 6, 6], "layers": layers}
    source = assert_emits(shapecalc.load(network), {"on": 1, "also": 0})
    assert source.count("        if ") == 2


@pytest.mark.parametrize("count", [2, 3])
def test_what_several_entries_use_under_its_condition_has_no_none(count):
    sums = [
        {"Add": None, "from": [f"b{i}", "side"], "when": "on", "name": f"s{i}"}
        for i in range(count)
    ]
    rest = [each for i, s in enumerate(sums) for each in (conv(f"b{i}"), s)]
    source = computed([conv("a"), conv("side", when="on", **{"from": "input"}), *rest])
    assert "None = None" not in source


def test_a_join_of_branches_that_may_be_left_out_passes_on_what_comes_in():
    branches = {"p": [conv("c"), {"Add": None, "from": ["c", "input"]}], "q": []}
    join = {"Add": {"branches": branches}, "name": "join", "when": "on"}
    computed([conv("a"), join, conv("last", 2)])


def test_a_branch_may_have_what_is_left_out():
    branches = {"p": [conv("c", when="on"), {"ReLU": None, "name": "r"}], "q": [conv("d")]}
    computed([conv("a"), {"Add": {"branches": branches}, "name": "join"}, conv("last", 2)])


def test_copies_of_a_join_may_be_left_out():
    branches = {"p": [conv("c"), {"Add": None, "from": ["c", "input"]}], "q": []}
    join = {"Add": {"branches": branches}, "name": "join", "when": "on", "repeat": "n"}
    computed([conv("a"), join, conv("last", 2)], symbols=("on", "n"))


def test_a_sum_of_more_tensors_than_python_reads_in_an_expression_is_refused() -> None:
    names = [f"l{i}" for i in range(1500)]
    layers: list[Any] = [{"name": name, "ReLU": None, "from": "input"} for name in names]
    with pytest.raises(EmitError, match="joins 1,500 tensors in one expression"):
        shapecalc.emit({"input": [4], "layers": [*layers, {"Add": None, "from": names}]})
