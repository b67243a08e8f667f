"""Random specs, emitted and tried: ``python -m tests.emitting.run --cases 2000 --seed 1``.

Each is made from a seed and a number alone, emitted, built by torch with the symbols' own values
and with random others, and compared with the reports, and where it is small with its layers run one
by one on random weights. How cases ended is counted, with the number of the first; ``--case
NUMBER`` prints the spec of one and its source. The exit status is 1 if any was emitted wrongly or
not at all without a reason that is known.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import time
import warnings
from collections import Counter
from random import Random
from typing import Any

import shapecalc
from shapecalc.analysis.report import Report
from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from shapecalc.language.problem import SpecError
from shapecalc.network import Network
from tests.emitting.emitted import assert_is, made, maker
from tests.emitting.specs import spec
from tests.emitting.stepwise import assert_computes

TOO_LARGE = 10**8
"""How many elements are more than are to be tried."""

SMALL = 10**6
"""How many elements are run on numbers."""

LONGEST = 200
"""The longest sequence through a recurrent layer, of which the meta device runs each step."""

REFUSED = (
    "differs from copy to copy in a way that no expression tells",
    "differs from use to use in a way that no expression tells",
    "within a repeated entry cannot be written",
    "has a number that hangs on what is there, but not in a chain",
    "is not always the same copy",
    "copies with names of their own have one source and no 'share'",
    "copies with names of their own share no weights",
    "cannot be asked for in what is emitted",
    "'when' asks for a size that cannot be told where the entry is left out",
)
"""What is said of networks that are not written."""

FINE = ("agrees", "is no network", "is refused", "is too large")


def case(seed: int, number: int) -> dict[str, Any]:
    """The spec of a case."""
    return spec(Random(f"{seed} {number}"))


def ended(given: dict[str, Any], chance: Random, times: int) -> str:
    """How a case ended; ``times`` is at how many other values of its knobs it is tried."""
    try:
        network = shapecalc.load(given)
        report = network.report()
    except SpecError:
        return "is no network"
    if is_too_large(report):
        return "is too large"
    try:
        source = module(network)
        knobs = [*inspect.signature(maker(source)).parameters]
    except EmitError as error:
        message = error.problems[0].message
        return "is refused" if message.endswith(REFUSED) else f"is refused otherwise: {message}"
    except Exception as error:
        return f"fails: {type(error).__name__} {error}"
    others = [{knob: chance.randint(0, 7) for knob in knobs} for _ in range(times)]
    for values in [{}, *(others if knobs else [])]:  # without knobs there is nothing to change
        wrong = disagreement(network, source, values)
        if wrong:
            return f"is wrong {'at other values' if values else 'at its own values'}: {wrong}"
    return "agrees"


def is_too_large(report: Report) -> bool:
    """Whether a network is more than is to be tried."""
    if report.totals.params + report.totals.activations > TOO_LARGE:
        return True
    recurrent = [each for each in report if each.kind in ("LSTM", "GRU")]
    return any(each.input_shapes[0][1] > LONGEST for each in recurrent)


def feeds_states(report: Report) -> bool:
    """Whether the state of a recurrent layer, whose batch is no first size, feeds another kind."""
    taken = [each.inputs for each in report if each.kind not in ("LSTM", "GRU")]
    return any(name.endswith(("h_n", "c_n")) for inputs in taken for name in inputs)


def disagreement(network: Network, source: str, values: dict[str, int]) -> str:
    """What a module is otherwise than the report says; empty where there is no network.

    Small ones are run on numbers too, those of a batch of two.
    """
    try:
        report = network.report(values)
        pair = report if feeds_states(report) else network.report({**values, "B": 2})
    except SpecError:
        return ""
    if is_too_large(report):
        return ""
    try:
        assert_is(made(source, **values), report)
        if pair.totals.params + pair.totals.activations < SMALL:
            assert_computes(maker(source)(**values), pair)
    except ValueError as error:
        return "" if str(error).endswith("must be at least 1") else f"ValueError {error}"
    except Exception as error:
        return f"{type(error).__name__} {error}".splitlines()[0]
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=5, help="other values of knobs to try each at")
    parser.add_argument("--case", type=int, help="print the spec of this case, and its source")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # initialising weights of no elements
    if given.case is not None:
        print(json.dumps(case(given.seed, given.case)))
        print(module(shapecalc.load(case(given.seed, given.case))))
        return 0
    ends: Counter[str] = Counter()
    slowest: list[tuple[float, int]] = []
    for number in range(given.first, given.first + given.cases):
        started = time.process_time()
        chance = Random(f"{given.seed} {number} values")
        how = ended(case(given.seed, number), chance, given.times)
        slowest = sorted([*slowest, (time.process_time() - started, number)])[-5:]
        ends[how] += 1
        if how not in FINE:
            print(f"--seed {given.seed} --case {number} {how}", flush=True)
    for how, count in ends.most_common():
        print(f"{count:8,}  {how}")
    for seconds, number in slowest:
        print(f"{seconds:8.1f} s  --seed {given.seed} --case {number}")
    return 0 if {*ends} <= {*FINE} else 1


if __name__ == "__main__":
    sys.exit(main())
