"""What the unknown decides by its remainder: each residue has a network of its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.solving.network import Amount, Answer, OutputSize, solve
from shapecalc.solving.write import text
from tests.solving.tried import HOLDS, Tried, tried

LIMIT = 60
"""Values up to this are tried."""

CONV = {"out_channels": 8, "kernel_size": 3, "padding": 1}
DECISIONS = (
    "n % 2 == 0",
    "n % 3 == 1",
    "n % 4",
    "n % 2 == 1 and n % 3 == 0",
    "n % 2 == 0 or n >= 20",
    "n % 3 == 0 and n > 10",
    "(n + 1) // 2 * 2 == n",
)


def spec(*layers: Any, **more: Any) -> dict[str, Any]:
    return {"symbols": {"n": 2}, "input": [3, 32, 32], "layers": list(layers), **more}


def asked(given: dict[str, Any], *wanted: Any) -> Answer:
    return solve(shapecalc.load(given), "n", wanted)


@st.composite
def decided(draw: st.DrawFn) -> dict[str, Any]:
    """A network of which remainders of the unknown decide layers, copies or settings."""
    first = draw(
        st.sampled_from(
            [
                {"MaxPool2d": 2, "when": draw(st.sampled_from(DECISIONS))},
                {"Conv2d": CONV, "repeat": "n % 3"},
                {"Conv2d": {**CONV, "kernel_size": "3 if n % 2 == 1 else 1"}},
                {"Conv2d": {**CONV, "bias": "n % 2"}},
            ]
        )
    )
    last = {"Conv2d": {**CONV, "out_channels": draw(st.sampled_from([8, "n", "2*n + 1"]))}}
    return spec(first, {**last, "name": "x"})


@given(decided(), st.data())
@settings(max_examples=25, deadline=None)
def test_what_residues_decide_is_solved_for_as_by_trying(
    given: dict[str, Any], data: st.DataObject
) -> None:
    network = shapecalc.load(given)
    found = {n: tried(network, "n", {}, n) for n in range(LIMIT + 1)}
    legal: dict[int, Tried] = {n: each for n, each in found.items() if each is not None}
    own = legal[data.draw(st.sampled_from(sorted(legal)), label="a value that works")]
    relation = data.draw(st.sampled_from(["==", "<=", ">="]), label="a total")
    total = own.totals["macs"]
    wanted = [OutputSize("x", own.shapes["x"]), Amount("macs", relation, total)]
    expected = {
        n
        for n, each in legal.items()
        if each.shapes["x"] == own.shapes["x"] and HOLDS[relation](each.totals["macs"], total)
    }
    answer = solve(network, "n", wanted)  # of which the chosen value is one
    note(text(answer))
    assert answer.method.is_complete
    assert {n for n in range(LIMIT + 1) if n in answer.solutions} == expected


def test_an_answer_without_end_is_one_of_residues() -> None:
    given = spec({"MaxPool2d": 2, "when": "n % 3 == 0"}, {"Conv2d": CONV, "name": "x"})
    answer = asked(given, OutputSize("x", (8, 16, 16)))
    assert text(answer).startswith("n % 3 == 0: 0, 3, 6, 9, ...\n")
    assert answer.method.is_complete


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n % 3 != 1", {n for n in range(1, LIMIT) if n % 3 != 1}),
        ("n % 3 == 1 or n % 5 == 2", {n for n in range(1, LIMIT) if n % 3 == 1 or n % 5 == 2}),
        ("not (n % 2 == 0 and n < 20)", {n for n in range(1, LIMIT) if n % 2 or n >= 20}),
        ("not n > 7", set(range(1, 8))),
    ],
)
def test_a_requirement_on_residues_is_solved(condition: str, expected: set[int]) -> None:
    answer = asked(spec({"Conv2d": {**CONV, "out_channels": "n"}}, require=condition))
    assert {n for n in range(LIMIT) if n in answer.solutions} == expected
    assert not answer.open
    assert answer.method.is_complete


def test_a_symbol_that_residues_decide_is_told_where_it_is_the_same_everywhere() -> None:
    given = spec({"Conv2d": {**CONV, "out_channels": "k"}}, {"Conv2d": {**CONV}, "when": "n % 2"})
    given["symbols"] = {"n": 2, "k": "3 if n % 2 else 4", "j": 5}
    assert asked(given).values == {"B": 1, "j": 5}


def test_one_of_several_values_is_a_stretch_of_its_own() -> None:
    given = spec({"Conv2d": {**CONV, "out_channels": "k"}, "name": "x"})
    given["symbols"] = {"n": 2, "k": "5 if n == 121 else 6 if n == 161 else 7 if n > 900 else 8"}
    answer = asked(given, OutputSize("x", (8, 32, 32)))
    assert {n for n in range(2000) if n in answer.solutions} == {*range(901)} - {121, 161}
    assert answer.values == {"B": 1}
    assert answer.method.is_complete
