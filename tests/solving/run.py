"""Random questions to ``solve``: ``python -m tests.solving.run --cases 2000 --seed 1``.

Each is made from a seed and a number alone, solved, and held against a search through the reports
for one value after the other. How cases ended is counted for each family of networks, and those
that ended wrongly are printed; ``--case NUMBER`` prints one. The exit status is 1 if any is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from random import Random

from tests.solving.judged import FINE, Trial, ended, wish
from tests.solving.specs import Question, question


def case(seed: int, number: int) -> tuple[Question, Random]:
    """The question of a case, and the chance that what is wanted is drawn by."""
    chance = Random(f"{seed} {number}")
    return question(chance, bundled=number % 50 == 0), chance


def show(seed: int, number: int) -> None:
    """Print the question of a case, what is wanted, and how it ended."""
    asked, chance = case(seed, number)
    print(json.dumps(asked.spec))
    print(f"{asked.family}, for {asked.symbol} with {asked.settings}")
    state = chance.getstate()
    trial = Trial(asked)
    trial.search()
    print(wish(trial, chance))
    chance.setstate(state)
    print(ended(asked, chance))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="print the question of this case")
    given = parser.parse_args()
    if given.case is not None:
        show(given.seed, given.case)
        return 0
    ends: Counter[str] = Counter()
    families: Counter[tuple[str, str]] = Counter()
    slowest: list[tuple[float, int]] = []
    for number in range(given.first, given.first + given.cases):
        started = time.process_time()
        asked, chance = case(given.seed, number)
        try:
            how = ended(asked, chance)
        except Exception as error:
            how = f"fails in the test: {type(error).__name__} {error}"
        slowest = sorted([*slowest, (time.process_time() - started, number)])[-5:]
        ends[how if how in FINE else how.split(":")[0]] += 1
        families[asked.family, how if how in FINE else how.split(":")[0]] += 1
        if how not in FINE:
            print(f"--seed {given.seed} --case {number} {asked.family} {how}", flush=True)
    for (family, how), count in sorted(families.items()):
        print(f"{count:8,}  {family}: {how}")
    for how, count in ends.most_common():
        print(f"{count:8,}  {how}")
    for seconds, number in slowest:
        print(f"{seconds:8.1f} s  --seed {given.seed} --case {number}")
    return 0 if {*ends} <= {*FINE} else 1


if __name__ == "__main__":
    sys.exit(main())
