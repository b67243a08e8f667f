"""What single layers ask of symbols: each case was tried value by value with numbers."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.analysis.report import Report


def reported(
    symbols: dict[str, Any], shape: list[Any], *layers: Any, dtype: str = "float32"
) -> Report:
    """The report on some layers with all symbols open."""
    given = {"shape": shape, "dtype": dtype}
    net = shapecalc.load({"symbols": symbols, "inputs": {"x": given}, "layers": [*layers]})
    return net.report(symbolic=[*symbols])


@pytest.mark.parametrize(
    ("symbols", "shape", "layer", "conditions"),
    [
        ({"C": 4, "n": 4}, ["C", 8], {"PReLU": {"num_parameters": "n"}}, ["n == C or n == 1"]),
        ({"H": 8}, [4, "H"], {"Expand": {"size": [-1, 4, 8]}}, ["H == 1 or H == 8"]),
        ({"N": 8}, [4, 8], {"Expand": {"size": ["N - 6", -1, 4, 8]}}, ["N >= 7"]),
        ({"p": 1}, [4, 8], {"Dropout": "p"}, ["p <= 1"]),
    ],
)
def test_a_setting_is_bounded_as_in_numbers(symbols, shape, layer, conditions):
    report = reported(symbols, shape, layer)
    assert [each.condition for each in report.constraints] == conditions


def test_whole_numbers_are_raised_to_no_negative_symbol():
    report = reported({"n": 2}, [4], {"Pow": {"other": "n - 3"}}, dtype="int64")
    assert [each.condition for each in report.constraints] == ["n >= 3"]
    assert report.layers[0].node.output.dtype == "int64"


def test_a_chunk_that_is_taken_is_there():
    layers = {"Chunk": {"chunks": 3, "dim": 1}, "name": "c"}, {"ReLU": {}, "from": "c.2"}
    solutions = reported({"C": 8}, ["C", 8], *layers).constraints[0].solutions
    # ceil(C/3) twice leaves something
    assert [C for C in range(1, 12) if C in solutions] == [3, 5, 6, 7, 8, 9, 10, 11]


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"Unbind": {"dim": 1}}, {"C": 8}),
        ({"Split": {"dim": 1, "split_size": "C // 2"}}, {"C": 8}),
        ({"Split": {"dim": 1, "split_size": "s"}}, {"C": 8, "s": 4}),
        ({"CELU": {"alpha": "C - 3"}}, {"C": 8}),  # which may not be 3
    ],
)
def test_symbols_that_decide_whether_a_layer_can_be_keep_their_values(settings, kept):
    symbols = {"C": 8, "s": 4} if "s" in kept else {"C": 8}
    assert reported(symbols, ["C", 8], settings).kept == kept


def test_what_is_divided_by_is_no_way_to_become_zero():
    layers = {"PixelShuffle": "r"}, {"PReLU": {"num_parameters": "C"}}
    report = reported({"r": 1, "C": 4}, [4, 8, 8], *layers)
    conditions = [each.condition for each in report.constraints]
    assert conditions == ["4 % r**2 == 0", "C*r**2 == 4 or C == 1"]


def test_operands_of_an_einsum_broadcast():
    net = {
        "symbols": {"H": 8, "W": 8},
        "inputs": {"x": [4, "H"], "y": [4, "W"]},
        "layers": [{"Einsum": {"equation": "bch,bch->bch"}, "from": ["x", "y"]}],
    }
    report = shapecalc.load(net).report(symbolic=["H", "W"])
    assert [each.condition for each in report.constraints] == ["H == W or H == 1 or W == 1"]
    assert str(report.layers[0].output_shape[-1]) == "max(H, W)"


def test_a_sum_with_a_size_that_may_stretch_has_no_receptive_field():
    report = reported(
        {"H": 8, "K": 8}, [4, "H"], {"Add": {"branches": [[], [{"Linear": "K"}]]}, "name": "sum"}
    )
    assert report.receptive_fields["sum"] is None


def test_the_stride_of_a_receptive_field_is_an_exact_fraction():
    layers = [
        {"Conv1d": {"out_channels": 4, "kernel_size": 3, "stride": "s"}},
        {"ConvTranspose1d": {"out_channels": 4, "kernel_size": 3, "stride": 3}},
    ]
    fields = [
        layer["receptive_field"]
        for layer in reported({"s": 3}, [4, 8], *layers).to_dict()["layers"]
    ]
    assert [field["stride"] for field in fields] == [["s"], ["s/3"]]


def test_padding_that_may_be_missing_is_no_wide_padding():
    kernel = {"out_channels": 4, "kernel_size": 2}
    some, wide = (
        {"Conv2d": {**kernel, "padding": p}, "name": n}
        for p, n in (("P", "some"), ("P + 2", "wide"))
    )
    warnings = reported({"P": 3}, [3, 9, 9], some, wide).warnings
    assert [w.path for w in warnings if w.code == "wide-padding"] == ["wide"]
