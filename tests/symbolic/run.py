"""Random networks in symbols, compared with numbers: ``python -m tests.symbolic.run --cases 2000``.

Each is made from a seed and a number alone: one layer of a kind, every kind in its turn, a network
of several layers, one that uses all of the language's structure, or one as people design them. Some
of its symbols stay open, and its report is compared with reports with numbers at ``--times``
settings of these. How cases ended is counted; what disagrees, fails, or is refused in symbols alone
is printed with the options that reproduce it, and ``--case NUMBER`` prints the spec of one. The
exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import Counter
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.layers import KINDS
from tests.emitting.specs import spec as structured
from tests.symbolic.agreeing import Compared, Disagreement
from tests.symbolic.architectures import architecture
from tests.symbolic.specs import Spec, networks, single

TOGETHER = 10
"""How many cases are drawn at once: hypothesis draws the first one plain, so it is left out."""

REFUSED = ("terms together", " levels", "which is nothing of")
"""What is said of formulas that nobody could read, and of a slice that counts from the end."""

FINE = (
    "agrees",
    "agrees, no symbol open",
    "is no network",
    "is refused in symbols, as it has to be",
)


class Case(NamedTuple):
    """A spec, and the symbols that are left open."""

    spec: Spec
    symbolic: list[str]


def case(number_of_seed: int, number: int, kind: str | None = None) -> Case | None:
    """A case by its number; None where no inputs are found for a kind. ``kind`` asks for one."""
    group, place = divmod(number, TOGETHER)
    drawn = _drawn(number_of_seed, group, kind)
    if place >= len(drawn) or drawn[place] is None:
        return None
    spec: Spec = drawn[place]
    names = sorted(spec["symbols"])
    chance = Random(f"{number_of_seed} {number} symbols")
    return Case(spec, chance.sample(names, chance.randint(1, len(names))))


@lru_cache(maxsize=1)
def _drawn(number_of_seed: int, group: int, kind: str | None) -> list[Spec | None]:
    """The specs of a group; its number tells what they are."""
    which, chance = group % 4, Random(f"{number_of_seed} {group}")
    if which > 1 and kind is None:
        make = structured if which == 2 else architecture
        return [make(chance) for _ in range(TOGETHER)]
    kinds = list(KINDS)
    strategy: Any = networks() if which else single(kinds[group // 4 % len(kinds)])
    found: list[Spec | None] = []

    @seed(f"{number_of_seed} {group}")
    @settings(
        max_examples=TOGETHER + 1,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(single(kind) if kind else strategy)
    def draw(each: Spec | None) -> None:
        found.append(each)

    draw()
    return found[1:]


def ended(given: Case, chance: Random, times: int) -> str:
    """How a case ended."""
    try:
        shapecalc.load(given.spec).report()
    except SpecError:
        return "is no network"
    values: dict[str, Any] = {}
    try:
        compared = Compared(given.spec, given.symbolic)
        compared.check_written()
        for _ in range(times):
            values = compared.settings(chance)
            compared.at(values)
    except SpecError as error:
        if any(said in error.problems[0].message for said in REFUSED):
            return FINE[-1]
        return f"is refused in symbols: {error.problems[0].message}"
    except Disagreement as error:
        return f"disagrees at {_told(values)}: {error}"
    except Exception as error:
        return f"fails at {_told(values)}: {type(error).__name__} {error}"
    return "agrees" if compared.open else "agrees, no symbol open"


def _told(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "no values"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=15, help="settings to try each at")
    parser.add_argument("--kind", help="layers of this kind alone")
    parser.add_argument("--case", type=int, help="print the spec of this case")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.case is not None:
        found = case(given.seed, given.case, given.kind)
        print(found and json.dumps(found.spec), found and "--symbolic=" + ",".join(found.symbolic))
        return 0
    ends: Counter[str] = Counter()
    slowest: list[tuple[float, int]] = []
    for number in range(given.first, given.first + given.cases):
        found = case(given.seed, number, given.kind)
        if found is None:
            continue
        started = time.process_time()
        how = ended(found, Random(f"{given.seed} {number} values"), given.times)
        slowest = sorted([*slowest, (time.process_time() - started, number)])[-5:]
        ends[how if how in FINE else how.split(" ")[0]] += 1
        if how not in FINE:
            print(f"--seed {given.seed} --case {number} {how}", flush=True)
    for how, count in ends.most_common():
        print(f"{count:8,}  {how}")
    for seconds, number in slowest:
        print(f"{seconds:8.1f} s  --seed {given.seed} --case {number}")
    return 0 if {*ends} <= {*FINE} else 1


if __name__ == "__main__":
    sys.exit(main())
