"""Numbers that hang on the size of a block's input, and blocks of maps with their channels last."""

from __future__ import annotations

import shapecalc
from tests.emitting.emitted import assert_emits


def test_a_size_is_passed_on_through_a_repeat():
    spec = {
        "input": [3, 8, 8],
        "blocks": {
            "Scale": {"layers": ["LayerNorm"]},
            "Stage": {"args": {"depth": None}, "layers": [{"Scale": None, "repeat": "depth"}]},
        },
        "layers": [
            {"Permute": [0, 2, 3, 1]},
            {"Stage": 2},
            {"Linear": 5},
            {"Stage": 3},
        ],
    }
    source = assert_emits(shapecalc.load(spec))
    assert "Stage(3, 2)" in source
    assert "Stage(5, 3)" in source
    assert "*(Scale(in_features) for _ in range(depth))" in source


def test_numbers_without_a_rule_are_given_for_each_copy():
    halve = [
        {"MaxPool2d": 2},
        {"LayerNorm": None, "name": "norm"},
        {"Parameter": ["in_height", "in_width"], "name": "bias"},
        {"Add": None, "from": ["norm", "bias"]},
    ]
    spec = {
        "input": [3, 48, 48],
        "blocks": {
            "Half": {"layers": halve},
            "Tower": {"layers": [{"Half": None, "repeat": 4}]},
            "Towers": {"args": {"n": None}, "layers": [{"Tower": None, "repeat": "n"}]},
        },
        "layers": [
            {
                "Concat": {
                    "dim": 1,
                    "branches": [["Tower", {"AdaptiveAvgPool2d": 1}], [{"MaxPool2d": 3}, "Tower"]],
                }
            },
        ],
    }
    source = assert_emits(shapecalc.load(spec))
    assert "bias_in_height=half1_bias_in_height[index]" in source
    assert "half1_bias_in_height=(24, 12, 6, 3)" in source


def test_a_block_of_maps_with_channels_last_tells_its_shapes_so():
    spec = {
        "input": [4, 4, 6],
        "blocks": {"Mix": {"layers": ["LayerNorm", {"Linear": 12}]}},
        "layers": ["Mix", "Mix"],
    }
    source = assert_emits(shapecalc.load(spec))
    assert "def __init__(self, in_features: int) -> None:" in source
    assert "self.layernorm1(x)  # [B, H, W, in_features]" in source


def test_forward_takes_sizes_from_its_input_where_they_are_arguments():
    windows = {
        "pattern": "b (h p) (w q) c -> b h w (p q c)",
        "sizes": {"h": "rows / 2", "w": "columns / 2"},
    }
    spec = {
        "input": [4, 6, 3],
        "blocks": {
            "Cut": {
                "args": {"rows": "in_channels", "columns": "in_height"},
                "layers": [{"Rearrange": windows}, "LayerNorm"],
            }
        },
        "layers": ["Cut"],
    }
    source = assert_emits(shapecalc.load(spec))
    assert "columns = x.shape[2]" in source
    assert "columns // 2" in source
    assert "columns: int" not in source
