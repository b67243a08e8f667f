"""Which rows are kept: held against looking at each pair of rows."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from shapecalc.sweep import Selection  # noqa: E402
from shapecalc.sweep.choose import front, joined, take  # noqa: E402


def brute(rows: list[tuple[Any, ...]]) -> list[int]:
    return [
        i for i, p in enumerate(rows)
        if not any(q != p and all(a <= b for a, b in zip(q, p)) for q in rows)
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["few values", "many values", "big", "fractions"])
def test_the_front_is_what_none_is_better_than(columns: int, kind: str) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    values = {
        "few values": lambda: chance.randrange(6),
        "many values": lambda: chance.randrange(-(10**9), 10**9),
        "big": lambda: 10**30 + chance.randrange(50),
        "fractions": lambda: Fraction(chance.randrange(20), chance.randrange(1, 9)),
    }[kind]
    for count in (0, 1, 5, 300):
        rows = [tuple(values() for _ in range(columns)) for _ in range(count)]
        is_small = kind in ("few values", "many values")
        arrays = [
            np.array([row[i] for row in rows], dtype=np.int64 if is_small else object)
            for i in range(columns)
        ]
        assert front(arrays).tolist() == brute(rows), f"seed {seed}"


def test_fronts_of_parts_make_the_front_of_the_whole() -> None:
    chance = np.random.default_rng(3)
    table = {name: chance.integers(0, 10**6, 20_000) for name in "abc"}
    chosen = Selection(front=("a", "-b", "c"))
    parts = [{n: v[i : i + 700] for n, v in table.items()} for i in range(0, 20_000, 700)]
    of_parts = joined([take(part, chosen.partly(part)) for part in parts])
    whole, again = (take(t, chosen.last(t)) for t in (table, of_parts))
    assert [v.tolist() for v in whole.values()] == [v.tolist() for v in again.values()]
    assert len(whole["a"]) > 10


@pytest.mark.parametrize("first", [1, 3, 50, 1000])
def test_the_first_are_the_least_in_the_order_they_came(first: int) -> None:
    chance = random.Random(first)
    values = [chance.randrange(40) for _ in range(600)]
    table = {"a": np.array(values), "at": np.arange(600)}
    for by, sign in (("a", 1), ("-a", -1)):
        chosen = take(table, Selection(first=first, by=by).last(table))
        expected = sorted(range(600), key=lambda i: (sign * values[i], i))[:first]
        assert chosen["at"].tolist() == expected


def test_the_first_of_a_front_are_of_the_front() -> None:
    table = {"a": np.array([1, 2, 3, 3]), "b": np.array([9, 5, 4, 8])}
    chosen = take(table, Selection(front=("a", "b"), first=2, by="b").last(table))
    assert chosen["b"].tolist() == [4, 5]
