"""Where a question is too large to be answered to its end, and where it is not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

import shapecalc
from shapecalc.solving.network import Amount, NoSolution, OutputSize, solve

CONV = {"out_channels": 8, "kernel_size": 3, "padding": 1}


def spec(*layers: Any) -> dict[str, Any]:
    return {"symbols": {"n": 2}, "input": [3, 32, 32], "layers": list(layers)}


@pytest.mark.thorough
def test_what_is_known_of_some_values_alone_is_not_said_of_all() -> None:
    wide = {"Conv2d": {**CONV, "out_channels": 8}, "when": "n % 5 and n % 7 and n % 11 and n % 13"}
    given = spec({"Conv2d": CONV, "name": "x"}, wide)
    with pytest.raises(
        NoSolution, match=r"whatever n is up to .*; beyond, the question stays open"
    ):
        solve(shapecalc.load(given), "n", [OutputSize("x", (9, 32, 32))])


@pytest.mark.thorough
def test_a_large_network_is_solved_with_the_unknown_as_a_symbol() -> None:
    layers = [{"Conv2d": {**CONV, "out_channels": "n"}} for _ in range(9_000)]
    answer = solve(shapecalc.load(spec(*layers)), "n", [Amount("params", "<=", 10**6)])
    assert answer.solutions.greatest == 3
    assert answer.method.is_complete


def test_where_formulas_would_be_too_long_numbers_are_tried() -> None:
    layers = [{"Conv2d": {**CONV, "stride": "n", "padding": 1}} for _ in range(60)]
    answer = solve(shapecalc.load(spec(*layers)), "n", [Amount("macs", "<=", 10**9)])
    assert answer.solutions.least == 1
    assert not answer.method.is_complete


def test_they_are_refused_where_a_few_numbers_are_all_that_could_be_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = [{"Conv2d": {**CONV, "stride": "n", "padding": 1}} for _ in range(60)]
    monkeypatch.setattr("shapecalc.solving.pieces.MOST_BUILT", 100)
    with pytest.raises(shapecalc.SpecError, match="more than 40 levels"):
        solve(shapecalc.load(spec(*layers)), "n", [Amount("macs", "<=", 10**9)])


def test_symbols_that_follow_twice_from_the_one_before_are_solved() -> None:
    names = ["n", *(f"a{i}" for i in range(60))]
    symbols = {name: f"({a} + {a}//3)//2 + 1" for a, name in pairwise(names)}
    layers = [{"Linear": {"out_features": names[-1], "bias": False}}]
    network = shapecalc.load({"symbols": {"n": 3, **symbols}, "input": ["n"], "layers": layers})
    params = network.report(n=40).totals.params
    assert 40 in solve(network, "n", [Amount("params", "==", params)]).solutions
