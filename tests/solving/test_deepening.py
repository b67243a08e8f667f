"""Depths of which each copy is larger, or smaller, than the one before it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.solving.network import Amount, Answer, OutputSize, solve
from shapecalc.solving.write import text
from tests.solving.tried import HOLDS, Tried, is_exact, tried

LIMIT = 24
"""Depths up to this are tried."""


def conv(**fields: Any) -> dict[str, Any]:
    return {"Conv2d": {"out_channels": 8, "kernel_size": 3, "padding": 1, **fields}}


def dense(*layers: Any) -> dict[str, Any]:
    return {"Concat": {"dim": 1, "branches": [[], list(layers)]}}


def spec(*layers: Any, size: tuple[int, ...] = (4, 40, 40)) -> dict[str, Any]:
    return {"symbols": {"n": 3}, "input": list(size), "layers": list(layers)}


def asked(given: dict[str, Any], *wanted: Any, **options: Any) -> Answer:
    return solve(shapecalc.load(given), "n", wanted, **options)


COPIES = (
    conv(out_channels="8 + 3*index"),
    conv(out_channels="8 + index", bias=False),
    conv(padding=0),
    conv(out_channels="4 + 2*index", padding=0),
    conv(kernel_size="2*index + 1", padding="index"),
    conv(out_channels="100 - 4*index"),
    dense(conv(out_channels=6)),
    dense("BatchNorm2d", "ReLU", conv(out_channels=16, kernel_size=1, padding=0), conv()),
    dense(conv(out_channels="in_channels")),
    {"Conv2d": {"out_channels": "8 + index", "kernel_size": 1, "groups": 2}},
    {"ConvTranspose2d": {"out_channels": 4, "kernel_size": 3}},
)


@st.composite
def deep(draw: st.DrawFn) -> dict[str, Any]:
    """A network with copies that differ, perhaps two stages of them."""
    count = st.sampled_from(["n", "n + 1", "2*n", "n//2", "max(n, 6)"])
    first = {**draw(st.sampled_from(COPIES)), "repeat": draw(count), "name": "s"}
    if draw(st.booleans()):
        first["name"] = "s{index}"
    more = [{"MaxPool2d": 2, "when": "n % 2 == 0"}] if draw(st.booleans()) else []
    if draw(st.booleans()):
        more.append({**conv(out_channels="8 + index"), "repeat": draw(count), "name": "t"})
    last = {"Conv2d": {"out_channels": draw(st.sampled_from([8, "n + 1"])), "kernel_size": 1}}
    return spec(first, *more, {**last, "name": "x"})


@pytest.mark.thorough
@given(deep(), st.data())
@settings(max_examples=40, deadline=None)
def test_depths_are_solved_for_as_by_trying(given: dict[str, Any], data: st.DataObject) -> None:
    network = shapecalc.load(given)
    found = {n: tried(network, "n", {}, n) for n in range(LIMIT + 1)}
    legal: dict[int, Tried] = {n: each for n, each in found.items() if each is not None}
    if not legal:
        return
    own = legal[data.draw(st.sampled_from(sorted(legal)), label="a depth that works")]
    column = data.draw(st.sampled_from(["params", "macs", "activations"]))
    relation = data.draw(st.sampled_from(["==", "<=", ">="]))
    wanted: list[Any] = [Amount(column, relation, own.totals[column])]
    expected = {
        n for n, each in legal.items() if HOLDS[relation](each.totals[column], own.totals[column])
    }
    if data.draw(st.booleans(), label="a size"):
        wanted.append(OutputSize("x", own.shapes["x"]))
        expected = {n for n in expected if legal[n].shapes["x"] == own.shapes["x"]}
    answer = solve(network, "n", wanted)
    note(text(answer))
    reach = answer.method.last if not answer.method.is_complete else LIMIT
    assert {n for n in range(LIMIT + 1) if n in answer.solutions and n <= reach} == {
        n for n in expected if n <= reach
    }


def test_a_dense_stage_is_known_to_the_largest_there_may_be() -> None:
    given = spec({**dense(conv(out_channels=12, bias=False)), "repeat": "n", "name": "d"})
    answer = asked(given, Amount("params", ">=", 10**6))
    # the weights of copy i are 12 x (4 + 12*i) x 3 x 3, so all of n copies have 216*n*(3*n - 1)
    counts = {n: 648 * n * n - 216 * n for n in (39, 40)}
    assert counts[39] < 10**6 <= counts[40]
    assert answer.solutions.least == 40
    assert answer.solutions.greatest == 500_000  # a Concat and a Conv2d each, of 1,000,000 layers
    assert answer.method.is_complete


def test_a_depth_ends_where_there_would_be_more_layers_than_there_may_be() -> None:
    given = spec({**dense(conv(), "ReLU"), "repeat": "n", "name": "d"}, {**conv(), "when": "n % 2"})
    network = shapecalc.load(given, most_layers=60)
    answer = solve(network, "n")
    expected = {n for n in range(LIMIT + 1) if tried(network, "n", {}, n) is not None}
    assert max(expected) < LIMIT
    assert {n for n in range(LIMIT + 1) if n in answer.solutions} == expected
    assert answer.solutions.greatest == max(expected)


def test_copies_that_shrink_end_where_one_does_not_fit() -> None:
    answer = asked(spec({**conv(padding=0), "repeat": "n", "name": "s"}, size=(3, 320, 320)))
    assert (answer.solutions.least, answer.solutions.greatest) == (0, 159)
    assert answer.method.is_complete


def test_a_copy_that_is_asked_for_by_its_number_is_looked_up_in_each_network() -> None:
    given = spec({**conv(out_channels="8 + index"), "repeat": "n", "name": "s"})
    answer = asked(given, OutputSize("s.7", (15, 40, 40)))
    assert answer.solutions.least == 8
    assert answer.solutions.greatest == 1_000_000
    named = spec({**conv(out_channels="8 + index"), "repeat": "n", "name": "s{index + 1}"})
    answer = asked(named, OutputSize("s7", (14, 40, 40)))
    assert answer.solutions.least == 7
    assert answer.solutions.greatest == 1_000_000


def test_what_further_copies_drop_is_looked_at_one_by_one() -> None:
    pooled = {**conv(padding=0, stride=1), "repeat": "n", "name": "s"}
    given = spec(pooled, {"MaxPool2d": 2, "name": "x"})
    network = shapecalc.load(given)
    answer = solve(network, "n", [], exact=True)
    expected = set()
    for n in range(LIMIT):
        each = tried(network, "n", {}, n)
        if each is not None and is_exact(each, {*each.leftovers}):
            expected.add(n)
    assert {n for n in range(LIMIT) if n in answer.solutions} == expected
