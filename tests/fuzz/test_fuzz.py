"""Every case ends in a report or a framed error, in every reader, within bounds."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.fuzz.cases import CHAINS, case
from tests.fuzz.readers import MEMORY, READERS, SECONDS, bounded, ends

SEED = 20_000
"""The seed of the cases; ``tests/fuzz/run.py`` takes others, and as many as there is time for."""

CHUNKS = 40


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_case_is_read_or_refused(chunk: int, request: pytest.FixtureRequest) -> None:
    cases = request.config.getoption("--fuzz") // CHUNKS
    wrong = []
    for number in range(chunk * cases, (chunk + 1) * cases):
        ended = ends(case(SEED, number), random.Random(f"{SEED} {number} readers"))
        if ended not in ("read", "refused"):
            wrong.append(f"--seed {SEED} --case {number}  {ended}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("spec", ["lenet5", "tinyvgg"])
def test_every_reader_takes_what_is_bundled(spec: str) -> None:
    text = (Path(__file__).parents[2] / "specs" / f"{spec}.yaml").read_bytes()
    assert ends(text, random.Random(0), everything=True) == "read"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is bounded on Linux")
def test_a_case_that_takes_much_memory_ends() -> None:
    with pytest.raises(MemoryError), bounded(SECONDS):
        bytes(2 * MEMORY)
    assert len(bytes(2 * MEMORY)) == 2 * MEMORY


@pytest.mark.one_in(4)
@pytest.mark.parametrize("rank", CHAINS)
def test_entries_that_belong_together_are_read(rank: int) -> None:
    shape = {1: ["C"], 2: ["H", "C"], 3: ["C", "H", "W"], 4: [2, "H", "H", "H"]}[rank]
    symbols = {"H": 16, "W": 16, "C": 12, "P": 1, "r": 2}
    for chain in CHAINS[rank]:
        spec = {"symbols": symbols, "input": shape, "layers": ["ReLU", *chain]}
        text = json.dumps(spec).replace("@", "m")
        ended = {ends(text.encode(), random.Random(n), everything=True) for n in range(4)}
        assert "read" in ended, text
        assert ended <= {"read", "refused"}, text


def test_a_case_is_the_same_each_time_and_the_cases_are_of_both_kinds() -> None:
    assert case(1, 7) == case(1, 7)
    ended = [ends(case(1, number), random.Random(number)) for number in range(100)]
    assert min(ended.count("read"), ended.count("refused")) >= 20
    assert len(READERS) >= 8
