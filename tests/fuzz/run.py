"""A long run: ``python tests/fuzz/run.py --cases 100000 --seed 1 --processes 2``.

What does not end as it should is printed once for each kind, with the seed and number of its first
case, and ``--case NUMBER`` prints the spec of one. The exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import sources
from tests.fuzz.cases import case
from tests.fuzz.readers import ends

CHUNK = 200


def tried(
    seed: int, first: int, count: int, everything: bool, is_source: bool
) -> list[tuple[int, str, float]]:
    """How the cases from the first on ended: its number, what came, and the seconds of work."""
    found = []
    for number in range(first, first + count):
        started = time.process_time()
        if is_source:
            ended = sources.ends(sources.case(seed, number))
        else:
            ended = ends(case(seed, number), random.Random(f"{seed} {number} readers"), everything)
        found.append((number, ended, time.process_time() - started))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--every-reader", action="store_true", help="all readers on each case")
    parser.add_argument("--sources", action="store_true", help="PyTorch sources, not specs")
    parser.add_argument("--case", type=int, help="print the spec of this case")
    given = parser.parse_args()
    if given.case is not None and given.sources:
        found = sources.case(given.seed, given.case)
        print(f"{found.text}\n# {found.make} {found.inputs}")
        return 0
    if given.case is not None:
        sys.stdout.buffer.write(case(given.seed, given.case))
        return 0
    started = time.perf_counter()
    kinds: Counter[str] = Counter()
    slowest: list[tuple[float, int, str]] = []
    first: dict[str, int] = {}
    firsts = range(given.first, given.first + given.cases, CHUNK)
    with ProcessPoolExecutor(given.processes) as pool:
        jobs = [
            pool.submit(tried, given.seed, at, min(CHUNK, given.first + given.cases - at),
                        given.every_reader, given.sources)
            for at in firsts
        ]  # fmt: skip
        for job in jobs:
            for number, ended, seconds in job.result():
                kinds[ended] += 1
                first.setdefault(ended, number)
                slowest = sorted([*slowest, (seconds, number, ended)])[-5:]
    for ended, count in islice(kinds.most_common(), 60):
        print(f"{count:8,}  {ended}  (first: --seed {given.seed} --case {first[ended]})")
    took = time.perf_counter() - started
    print(f"{given.cases:,} cases in {took:.0f} s; the slowest:")
    for seconds, number, ended in sorted(slowest)[-5:]:
        print(f"{seconds:8.1f} s  --seed {given.seed} --case {number}  {ended}")
    return 0 if set(kinds) <= {"read", "refused"} else 1


if __name__ == "__main__":
    sys.exit(main())
