"""The warning about sizes that broadcast by chance."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc


def codes(length: int, *branch: Any) -> list[str]:
    spec = {"input": [4, length], "layers": [{"Add": {"branches": [[], list(branch)]}}]}
    return [each.code for each in shapecalc.load(spec).report().warnings]


def conv(**settings: Any) -> dict[str, Any]:
    return {"Conv1d": {"out_channels": 4, "kernel_size": 4, **settings}}


def test_a_window_that_happens_to_have_one_position_stretches_by_chance() -> None:
    assert "broadcast-by-chance" in codes(6, conv(stride=4))
    assert "broadcast-by-chance" in codes(6, conv(stride=4), "ReLU")


@pytest.mark.parametrize(
    "branch",
    [
        [{"AdaptiveAvgPool1d": 1}],
        [{"AvgPool1d": 6}, conv(kernel_size=1)],
        [conv(kernel_size=3, padding=1)],
    ],
)
def test_nothing_is_said_of_a_1_that_was_meant(branch: list[Any]) -> None:
    assert "broadcast-by-chance" not in codes(6, *branch)


def test_sizes_are_aligned_from_the_last_dimension() -> None:
    table = [{"Parameter": [4, 1], "name": "table"}, {"Linear": 1}]
    layers: list[Any] = [*table, {"Add": None, "from": ["input", "linear1"]}]
    spec = {"input": [2, 4, 8], "layers": layers}
    assert shapecalc.load(spec).report()["add1"].output_shape == (1, 2, 4, 8)
    assert "broadcast-by-chance" not in [e.code for e in shapecalc.load(spec).report().warnings]
    conv_of_fewer = [{**conv(stride=4), "from": "b"}, {"Add": None, "from": ["a", "conv1"]}]
    spec = {"inputs": {"a": [1, 4, 6], "b": [4, 6]}, "layers": conv_of_fewer}
    assert "broadcast-by-chance" in [each.code for each in shapecalc.load(spec).report().warnings]
