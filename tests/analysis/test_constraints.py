"""What must hold of a network's symbols: the fewest conditions, said so that they can be read."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.analysis.report import Report


def report(symbols: dict[str, Any], shape: list[Any], *layers: Any, **settings: Any) -> Report:
    net = shapecalc.load({"symbols": symbols, "input": shape, "layers": list(layers)})
    return net.report(settings, symbolic=[name for name in symbols if name not in settings])


def said(*arguments: Any, **settings: Any) -> list[str]:
    return [str(each) for each in report(*arguments, **settings).constraints]


def branches(*lists: list[Any]) -> dict[str, Any]:
    return {"Add": {"branches": list(lists)}}


def test_no_padding_is_a_padding() -> None:
    pool = {"MaxPool2d": {"kernel_size": 3, "padding": "P"}}
    assert said({"P": 0}, [3, 16, 16], pool) == ["P <= 1"]


def test_that_settings_are_positive_is_understood() -> None:
    conv = {"Conv1d": {"out_channels": "2*C", "kernel_size": 1, "stride": "S", "padding": "P"}}
    assert said({"C": 4, "S": 1, "P": 0, "H": 9}, ["C", "H"], conv) == []


def test_what_has_to_be_positive_for_another_reason_is_said() -> None:
    pad = {"Conv1d": {"out_channels": 4, "kernel_size": 1, "padding": "P - 1"}}
    assert said({"P": 1}, [4, 16], pad) == ["P >= 1"]


def test_a_symbol_of_negative_default_is_bounded_below() -> None:
    pad = {"ConstantPad1d": {"padding": "p", "value": 0}}
    conv = {"Conv1d": {"out_channels": 4, "kernel_size": 3}}
    assert said({"p": -1}, [4, 9], pad, conv) == ["p >= -3"]


def test_a_product_behind_a_remainder_is_one() -> None:
    conv = {"Conv1d": {"out_channels": 8, "kernel_size": 1, "groups": "2*G"}}
    assert said({"G": 1}, [8, 8], conv) == ["4 % G == 0"]


def test_branches_in_three_symbols_agree_for_one_padding() -> None:
    up = {"ConvTranspose1d": {"out_channels": 4, "kernel_size": 2, "stride": "S"}}
    conv = {"Conv1d": {"out_channels": 4, "kernel_size": 3, "padding": "P"}}
    symbols = {"H": 8, "S": 1, "P": 1}
    found = said(symbols, [4, "H"], up, branches([], [conv]))
    assert found == ["H*S + 2*P >= S + 1", "P == 1 or H*S + 2*P == S + 1"]
    assert said(symbols, [4, "H"], up, branches([], [conv]), S=2, P=1) == []


def test_sizes_that_may_be_one_stretch() -> None:
    conv = {"Conv1d": {"out_channels": 4, "kernel_size": 4, "stride": "S"}}
    found = report({"N": 8, "S": 1}, [4, "N"], branches([], [conv]))
    bound, stretch = found.constraints
    assert str(bound) == "N >= 4"
    assert all(eval(str(stretch), {"N": 6, "S": s}) == (s > 2) for s in range(1, 9))
    size: Any = found["add1"].output_shape[2]
    assert size.at(N=6, S=4) == 6
    layers = [branches([], [conv])]
    own = shapecalc.load({"symbols": {"N": 6, "S": 4}, "input": [4, "N"], "layers": layers})
    assert own.report()["add1"].output_shape == (1, 4, 6)


def test_what_follows_from_other_conditions_is_left_out() -> None:
    conv = {"Conv2d": {"out_channels": 4, "kernel_size": 3}}
    flat = {"Linear": {"out_features": 5}}
    found = said({"H": 9, "W": 9}, [3, "H", "W"], conv, "Flatten", flat)
    assert found == ["H >= 3", "W >= 3"]


def test_a_symbol_that_cannot_stay_one_is_said_to_be_kept() -> None:
    kept = report({"A": 7, "H": 32}, [4, "H", "H"], {"AdaptiveAvgPool2d": "A"})
    assert kept.kept == {"A": 7}  # windows of H cells in A parts cannot be counted
    assert kept.to_dict()["kept"] == {"A": 7}
    assert report({"A": 7}, [4, 32, 32], {"AdaptiveAvgPool2d": "A"}).kept == {}
    enlarged = report({"S": 2, "H": 32}, [4, "H", "H"], {"Upsample": {"scale_factor": "S"}})
    assert enlarged.kept == {}
    assert [str(size) for size in enlarged["upsample1"].output_shape] == ["1", "4", "H*S", "H*S"]
    rational = report({"S": "3/2", "H": 32}, [4, "H", "H"], {"Upsample": {"scale_factor": "S"}})
    assert [*rational.kept] == ["S"]


@pytest.mark.parametrize("blocks", [1, 40])
def test_receptive_fields_of_residuals_are_one_line_in_their_padding(blocks: int) -> None:
    conv = {"Conv1d": {"out_channels": 3, "kernel_size": "2*P + 1", "padding": "P"}}
    found = report({"P": 1}, [3, 64], *[branches([], [conv])] * blocks)
    field = found.receptive_fields[f"add{blocks}"]
    assert field is not None
    assert str(field.size[0]) == f"{2 * blocks}*P + 1"


def test_a_size_divided_exactly_is_whole_in_the_layers_behind() -> None:
    conv = {"Conv2d": {"out_channels": 8, "kernel_size": 3, "padding": 1}}
    unshuffle = {"PixelUnshuffle": {"downscale_factor": "r"}}
    found = report({"H": 32, "r": 2}, [3, "H", "H"], unshuffle, conv)
    assert [str(size) for size in found["conv1"].output_shape[2:]] == ["H//r", "H//r"]
    assert "H % r == 0" in [str(each) for each in found.constraints]


def test_totals_in_one_symbol_are_one_polynomial() -> None:
    grown = [{"Conv1d": {"out_channels": "g", "kernel_size": 3, "padding": 1, "bias": False}}]
    layer = {"Concat": {"branches": [[], grown]}}
    found = report({"g": 8}, [4, 9], *[layer] * 4)
    assert str(found.totals.params) == "18*g**2 + 48*g"  # 3 g (4 + 0) + ... + 3 g (4 + 3 g)


def test_same_padding_of_tensorflow_is_a_ceiling() -> None:
    spec = {
        "symbols": {"T": 100},
        "input": [3, "T"],
        "blocks": {
            "Same": {
                "args": {"p": "max((ceil(in_features / 2) - 1) * 2 + 3 - in_features, 0)"},
                "layers": [
                    {"ConstantPad1d": {"padding": ["p // 2", "p - p // 2"], "value": 0}},
                    {"Conv1d": {"out_channels": 8, "kernel_size": 3, "stride": 2}},
                ],
            }
        },
        "layers": ["Same", "Same", "Same"],
    }
    layers = shapecalc.load(spec).report(symbolic=True).layers
    sizes = [str(each.output_shape[2]) for each in layers[1::2]]
    assert sizes == ["(T + 1)//2", "(T + 3)//4", "(T + 7)//8"]


def test_the_cost_of_a_large_adaptive_pool_is_short() -> None:
    cost: Any = report({"W": 32}, [4, 7, "W"], {"AdaptiveAvgPool2d": 10**6}).totals.elementwise
    assert len(str(cost)) < 2000
    assert cost.at(W=64) == 4 * (7 + 10**6 - 1) * (64 + 10**6 - 64)


def test_a_slice_may_end_at_a_symbol_from_the_end() -> None:
    found = report({"m": 3}, [8, 20], {"Slice": {"dim": 2, "end": "-m"}})
    assert [str(size) for size in found["slice1"].output_shape] == ["1", "8", "20 - m"]
    assert [str(each) for each in found.constraints] == ["1 <= m <= 19"]
