"""The data of a page, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.diagram.data import page_data

RUN: dict[str, Any] = {"max": max, "*": lambda a, b: a * b, "number": int}


def evaluated(data: dict[str, Any], place: int, values: dict[str, int]) -> Any:
    """What stands at a place of the program, which is of names, numbers, maxima and products."""
    step, *parts = data["steps"][place]
    if step == "name":
        return values[parts[0]]
    if step == "number":
        return int(parts[0])
    return RUN[step](*(evaluated(data, part, values) for part in parts))


@pytest.mark.parametrize(("n", "m"), [(8, 8), (1, 8), (8, 1), (1, 1), (6, 8), (2, 3)])
def test_sizes_that_broadcast_are_equal_or_one_of_them_is_1(n: int, m: int) -> None:
    spec = {
        "symbols": {"n": 8, "m": 8},
        "inputs": {"a": ["n"], "b": ["m"]},
        "layers": [{"Mul": None, "from": ["a", "b"]}],
    }
    data = page_data(shapecalc.load(spec), {})
    (constraint,) = data["constraints"]
    values = {"B": 1, "n": n, "m": m}
    sides = [
        [evaluated(data, place, values) for place in places] for _, *places in constraint["any"]
    ]
    assert {relation for relation, *_ in constraint["any"]} == {"=="}
    assert any(left == right for left, right in sides) is (n == m or 1 in (n, m))


def test_the_order_of_a_comparison_is_that_of_its_condition() -> None:
    spec = {
        "symbols": {"n": 9, "m": 3, "k": 2},
        "input": [1, "n"],
        "layers": [{"MaxPool1d": {"kernel_size": "m*k", "stride": 1}}],
    }
    network = shapecalc.load(spec)
    data = page_data(network, {})
    open_ones = [each for each in data["constraints"] if each.get("any")]
    assert open_ones
    for each in open_ones:
        ((relation, left, right),) = each["any"]
        assert relation == ">="
        for n, is_legal in ((6, True), (5, False)):
            values = {"B": 1, "n": n, "m": 3, "k": 2}
            difference = Formula.symbol("n") - Formula.symbol("m") * Formula.symbol("k")
            assert (evaluate(difference, values) >= 0) is is_legal
            sides = [evaluated(data, place, values) for place in (left, right)]
            assert (sides[0] >= sides[1]) is is_legal


def test_a_network_is_explained_unless_its_layers_take_very_many_inputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = [{"Concat": 1, "from": ["input", "input", "input"]}, "ReLU"]
    network = shapecalc.load({"input": [3, 8, 8], "layers": layers})
    assert len(page_data(network, {})["derivations"]) == 2
    monkeypatch.setattr("shapecalc.diagram.data.MOST_TAKEN", 3)
    assert page_data(network, {})["derivations"] == []


def test_a_network_is_explained_unless_very_many_of_its_layers_are_unlike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shapecalc.diagram.data.MOST_UNLIKE", 2)
    few = shapecalc.load({"input": [4], "layers": [{"Linear": 4}] * 5 + ["ReLU"]})
    many = shapecalc.load({"input": [4], "layers": [{"Linear": 4}, {"Linear": 5}, "ReLU"]})
    assert len(page_data(few, {})["derivations"]) == 6
    assert page_data(many, {})["derivations"] == []


def test_the_largest_bundled_network_is_explained() -> None:
    assert len(page_data(shapecalc.load("llama3_70b"), {})["derivations"]) == 2883
