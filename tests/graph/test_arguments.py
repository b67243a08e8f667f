"""Arguments of blocks: defaults that hang on others, and copies by their numbers."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.language.problem import SpecError


def report(arguments: dict[str, Any], uses: list[Any], out: Any = "c") -> shapecalc.Report:
    """A network of a block with these arguments, whose only layer has ``out`` channels."""
    conv = {"Conv1d": {"out_channels": out, "kernel_size": 1}}
    blocks = {"Block": {"args": arguments, "layers": [conv]}}
    return shapecalc.load({"input": [4, 8], "blocks": blocks, "layers": uses}).report()


def channels(found: shapecalc.Report) -> list[int]:
    return [layer.output_shape[1] for layer in found]


def test_every_use_works_out_its_own_defaults_in_any_order():
    found = report({"c": "2*d", "d": "e + 1", "e": 3}, ["Block", {"Block": {"e": 5}}, "Block"])
    assert channels(found) == [8, 12, 8]


def test_layers_of_uses_that_are_alike_are_told_apart_from_those_that_are_not():
    uses = [{"Block": {"c": n}} for n in (8, 8, 9, 8, 9)]
    found = report({"c": None}, uses)
    assert channels(found) == [8, 8, 9, 8, 9]
    assert [layer.params for layer in found] == [40, 72, 81, 80, 81]


def test_a_use_with_a_fraction_or_a_formula_is_no_use_with_a_number():
    upsample = {"Upsample": {"scale_factor": "s"}}
    spec = {
        "symbols": {"n": 2},
        "blocks": {"Block": {"args": {"s": None}, "layers": [upsample]}},
        "input": [1, 6],
        "layers": [{"Block": {"s": s}, "from": "input"} for s in (2, "3/2", "n", 2)],
    }
    net = shapecalc.load(spec)
    assert [layer.output_shape[2] for layer in net.report()] == [12, 9, 12, 12]
    sizes = [str(layer.output_shape[2]) for layer in net.report(symbolic=["n"])]
    assert sizes == ["12", "9", "6*n", "12"]


def test_a_default_that_cannot_be_worked_out_is_told_though_nothing_asks_for_it():
    with pytest.raises(SpecError, match=r"divi(ded|sion) by (0|zero)"):
        report({"c": 8, "idle": "c//0"}, ["Block"])


def test_defaults_that_hang_on_one_another_in_a_ring_are_told():
    with pytest.raises(SpecError, match=r"'c' depends on itself: c -> d -> c"):
        report({"c": "d", "d": "c"}, ["Block"])


def test_an_argument_hides_a_symbol_and_defaults_see_symbols():
    conv = {"Conv1d": {"out_channels": "c + s", "kernel_size": 1}}
    blocks = {"Block": {"args": {"c": "s + t", "s": 5}, "layers": [conv]}}
    spec = {"symbols": {"s": 1, "t": 2}, "input": [4, 8], "blocks": blocks, "layers": ["Block"]}
    assert channels(shapecalc.load(spec).report()) == [12]


def test_a_copy_is_found_by_its_number_though_others_are_left_out():
    layers = [
        {"name": "r", "Conv1d": {"out_channels": "index + 1", "kernel_size": 1}, "repeat": 6}
        | {"when": "index % 2"},
        {"name": "last", "ReLU": None, "from": "r.3"},
    ]
    found = shapecalc.load({"input": [4, 8], "layers": layers}).report()
    assert found["last"].output_shape == (1, 4, 8)
    layers[1]["from"] = "r.2"
    with pytest.raises(SpecError, match=r"no output or copy '2'"):
        shapecalc.load({"input": [4, 8], "layers": layers}).report()


def test_a_use_with_an_open_argument_is_no_copy_of_one_with_a_number():
    conv = {"Conv1d": {"out_channels": 8, "kernel_size": 1, "groups": "g"}}
    spec = {
        "symbols": {"s": 2},
        "input": [8, 8],
        "blocks": {"Block": {"args": {"g": None}, "layers": [conv]}},
        "layers": [{"Block": {"g": 4}}, {"Block": {"g": "s"}}],
    }
    first, second = shapecalc.load(spec).report(symbolic=["s"])
    assert (str(first.params), str(second.params)) == ("24", "8 + 64//s")
