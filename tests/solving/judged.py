"""A question to ``solve``, asked and held against what trying gives: how that ended."""

from __future__ import annotations

import re
from random import Random
from typing import Any, NamedTuple

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError
from shapecalc.network import Network
from shapecalc.solving.network import Amount, Answer, NoSolution, OutputSize, QuestionError, solve
from shapecalc.solving.write import as_dict, text
from tests.solving.specs import Question
from tests.solving.tried import HOLDS, Tried, depends, is_exact, tried

LIMIT = 36
"""All values up to this are tried."""

FAR = (48, 60, 64, 72, 97, 120, 128, 210, 256)
"""Further values that are tried where networks do not grow with them."""

FARTHEST = 5_000
"""The largest value at an end of the answer that is tried."""

FINE = ("agrees", "is no network", "is no question", "stays open", "is open beyond", "is open")


class Wish(NamedTuple):
    """What is wanted, and the values of those tried at which it is so."""

    wanted: list[Any]
    exact: bool
    expected: set[int]
    exactly: set[int] | None


class Trial:
    """The networks of one question, built for each value when it is asked for."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.network: Network = shapecalc.load(question.spec)
        self.known: dict[int, Tried | None] = {}

    def at(self, n: int) -> Tried | None:
        """The network at a value, None where it is none."""
        if n not in self.known:
            _, _, symbol, settings = self.question
            self.known[n] = tried(self.network, symbol, settings, n)
        return self.known[n]

    def search(self) -> None:
        """Try all values of the range, and some beyond it."""
        for n in (*range(LIMIT + 1), *(() if grows(self.question) else FAR)):
            self.at(n)

    def legal(self) -> dict[int, Tried]:
        """The values tried so far that make a network."""
        return {n: each for n, each in self.known.items() if each is not None}


def ended(question: Question, chance: Random) -> str:
    """How a question ended; wishes are drawn for what its network can be."""
    try:
        trial = Trial(question)
    except SpecError:
        return "is no network"
    trial.search()
    try:
        return judged(trial, wish(trial, chance))
    except AssertionError as error:
        return f"is wrong: {error}"


def grows(question: Question) -> bool:
    """Whether large values may make networks that take long to build."""
    return question.family in ("depth", "blocks", "grammar", "bundled", "recurrent")


# -- what is wanted -------------------------------------------------------------------------------


def wish(trial: Trial, chance: Random) -> Wish:
    """Sizes and totals that can be had or nearly so, with the values that have them."""
    legal = trial.legal()
    if not legal:
        return Wish([], False, set(), None)
    own = legal[chance.choice(sorted(legal))]
    wanted: list[Any] = []
    expected = set(legal)
    if chance.random() < 0.5:
        for size, holds in _size(own, legal, chance):
            wanted.append(size)
            expected &= holds
    if chance.random() < 0.5:
        column = chance.choice(["params", "macs", "flops", "activations"])
        relation = chance.choice(sorted(HOLDS))
        value = max(0, own.totals[column] + chance.choice([-1, 0, 0, 1, own.totals[column] // 7]))
        wanted.append(Amount(column, relation, value))
        expected &= {n for n in expected if HOLDS[relation](legal[n].totals[column], value)}
    sides = depends(legal)
    exactly = {n for n in expected if is_exact(legal[n], sides)} if len(legal) > 1 else None
    exact = exactly is not None and chance.random() < 0.3
    return Wish(wanted, exact, exactly if exact and exactly is not None else expected, exactly)


def _size(own: Tried, legal: dict[int, Tried], chance: Random) -> Any:
    if not own.shapes:
        return
    path = chance.choice(sorted(own.shapes))
    shapes = {n: each.shapes.get(path) for n, each in legal.items()}
    ranks = {len(shape) for shape in shapes.values() if shape is not None}
    if len(ranks) > 1 or ranks == {0}:
        return
    shape = list(own.shapes[path])
    if chance.random() < 0.3:
        shape[chance.randrange(len(shape))] += chance.choice([-1, 1, 2])
    if min(shape) < 1:
        return
    varying = [
        axis for axis in range(len(shape)) if len({s and s[axis] for s in shapes.values()}) > 1
    ]
    axes = list(range(len(shape)))
    form = chance.randrange(3)
    if form == 1 and len(shape) > 2:
        axes = axes[1:]
    sizes = tuple(shape[axis] for axis in axes)
    sides = axes[1:] or axes
    if form == 2 and varying and {*sides} <= {*varying} and None not in shapes.values():
        axes = sides
        sizes = (shape[axes[0]],)
        shape = [sizes[0]] * len(shape)
    yield (
        OutputSize(path, sizes),
        {n for n, s in shapes.items() if s is not None and all(s[a] == shape[a] for a in axes)},
    )


# -- what is said ---------------------------------------------------------------------------------


def judged(trial: Trial, wished: Wish) -> str:
    """How the answer to a wish compares with the values that have what is wanted."""
    _, _, symbol, settings = trial.question
    try:
        answer = solve(trial.network, symbol, wished.wanted, settings, exact=wished.exact)
    except QuestionError as error:
        return "is no question" if _is_known(str(error)) else f"is no question: {error}"
    except (NoSolution, SpecError, SettingError) as error:
        said = str(error)
        if isinstance(error, NoSolution) and "open" in said:
            return "stays open"
        assert not wished.expected, f"{sorted(wished.expected)[:9]} left out: {said[:150]}"
        _check_nearest(trial, wished, said)
        return "agrees" if trial.legal() else "is no network"
    except Exception as error:
        return f"fails: {type(error).__name__} {error}"[:150]
    return _compared(trial, wished, answer)


def _is_known(said: str) -> bool:
    return "give one size for" in said or "takes fractions" in said or "has no value" in said


def _compared(trial: Trial, wished: Wish, answer: Answer) -> str:
    last = answer.method.last
    is_complete = answer.method.is_complete or last is None
    reach = max(trial.known) if is_complete or last is None else last
    tried_ones = {n for n, each in trial.known.items() if n <= reach}
    found = {n for n in tried_ones if n in answer.solutions}
    expected = wished.expected & tried_ones
    missing, wrong = sorted(expected - found), sorted(found - expected)
    assert not missing, f"{missing[:9]} left out"
    if answer.open:
        _written(answer, tried_ones)
        return "is open"
    assert not wrong, f"{wrong[:9]} too many"
    if answer.without_remainder is not None and wished.exactly is not None and not wished.exact:
        exactly = {n for n in tried_ones if n in answer.without_remainder}
        assert exactly == wished.exactly & tried_ones, f"exact is {sorted(exactly)[:9]}"
    _check_needs(trial, answer)
    _written(answer, tried_ones)
    if not wished.exact:
        _check_ends(trial, wished, answer)
    return "agrees" if answer.method.is_complete else "is open beyond"


def _check_needs(trial: Trial, answer: Answer) -> None:
    """What is said to be needed holds wherever there is a network."""
    if answer.method.how == "built":
        return
    for need in answer.needs:
        if need.solutions is not None:
            broken = [n for n in trial.legal() if n > 3 and n not in need.solutions]
            assert not broken, f"{need.condition} is not needed at {broken[:9]}"


def _written(answer: Answer, tried_ones: set[int]) -> None:
    """The answer in words can be written, and as data it is the same set."""
    assert text(answer)
    data = as_dict(answer)
    listed = {
        n
        for n in tried_ones
        for each in data["intervals"]
        if n >= each["first"]
        and (each["last"] is None or n <= each["last"])
        and (n - each["first"]) % each["step"] == 0
    }
    for n in tried_ones:
        inside = n in answer.solutions
        assert (n in listed) == inside, f"intervals differ at {n}"
        said = eval(data["condition"], {"__builtins__": {}}, {answer.symbol: n})
        assert said == inside, f"{data['condition']} differs at {n}"


def _check_ends(trial: Trial, wished: Wish, answer: Answer) -> None:
    """Around the ends of the answer, far away as well, the network is as is said."""
    most = 150 if grows(trial.question) else FARTHEST
    if not answer.method.is_complete:
        most = min(most, answer.method.last or 0)
    ends = {
        end + shift
        for interval in sorted(answer.solutions.intervals())[:4]
        for end in (*interval, (interval.last or interval.first) + answer.solutions.modulus)
        if end is not None
        for shift in (-1, 0, 1)
    }
    for n in sorted(end for end in ends if LIMIT < end <= most and end not in trial.known):
        own = trial.at(n)
        is_wanted = own is not None and all(_has(own, each) for each in wished.wanted)
        assert (n in answer.solutions) == is_wanted, f"{n} {'' if is_wanted else 'not '}expected"


def _has(own: Tried, wanted: OutputSize | Amount) -> bool:
    if isinstance(wanted, Amount):
        return HOLDS[wanted.relation](own.totals[wanted.column], wanted.value)
    shape = own.shapes.get(wanted.path)
    if shape is None:
        return False
    if len(wanted.sizes) == 1 < len(shape):  # all sides that depend on the unknown
        return wanted.sizes[0] in shape
    return shape[len(shape) - len(wanted.sizes) :] == wanted.sizes


def _check_nearest(trial: Trial, wished: Wish, said: str) -> None:
    """Of a single total that cannot be had, nothing tried comes nearer than what is told."""
    found = re.search(r"cannot be ([0-9,]+).*: (?:nearest are|the nearest is) (.*)", said)
    if found is None or len(wished.wanted) != 1 or not isinstance(wished.wanted[0], Amount):
        return
    column, value = wished.wanted[0].column, wished.wanted[0].value
    told = [int(each.replace(",", "")) for each in re.findall(r"([0-9,]+) at ", found[2])]
    near = {each.totals[column] for each in trial.legal().values()}
    for there in near:
        assert not any(value < there < each or each < there < value for each in told), (
            f"{there} is nearer to {value} than {told}"
        )
    assert any(each < value for each in told) or min(near, default=value) >= value, (
        f"none below {told}"
    )
    assert any(each > value for each in told) or max(near, default=value) <= value, (
        f"none above {told}"
    )
