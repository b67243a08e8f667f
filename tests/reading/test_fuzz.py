"""Samples changed at random are read, or refused with an error, within bounds, without effects."""

from __future__ import annotations

import ast

import pytest

from tests.fuzz.sources import Case, case, ends, samples

SEED = 20_000
"""The seed of the cases; ``tests/fuzz/run.py --sources`` takes others."""

CHUNKS = 20


@pytest.mark.one_in(2)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_a_file_holds_is_read_or_refused(
    chunk: int, request: pytest.FixtureRequest
) -> None:
    cases = request.config.getoption("--fuzz") // CHUNKS // 2
    wrong = []
    for number in range(chunk * cases, (chunk + 1) * cases):
        ended = ends(case(SEED, number))
        if ended not in ("read", "refused"):
            wrong.append(f"--sources --seed {SEED} --case {number}  {ended}")
    assert not wrong, "\n".join(wrong)


def test_samples_are_read_as_they_are() -> None:
    assert {ends(each) for each in samples()[:12]} == {"read"}


def test_a_case_is_the_same_each_time_and_many_are_python_still() -> None:
    assert case(1, 7) == case(1, 7)
    assert sum(map(_parses, (case(1, number) for number in range(100)))) > 50


def _parses(given: Case) -> bool:
    try:
        ast.parse(given.text)
    except (SyntaxError, ValueError):
        return False
    return True
