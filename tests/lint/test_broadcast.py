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
