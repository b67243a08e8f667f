"""The most that is held, as a formula: right at numbers, and found without comparing too much."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shapecalc
from shapecalc.analysis import peaks
from shapecalc.analysis.peaks import _Proofs, _Slots


def widths(number: int) -> dict[str, object]:
    """Convolutions of as many channels as they like, of which no two can be compared."""
    return {
        "symbols": {"H": 8, **{f"c{i}": 3 + i * 7 % 11 for i in range(number)}},
        "input": [3, "H"],
        "layers": [
            {"Conv1d": {"out_channels": f"c{i}", "kernel_size": 3, "padding": 1}}
            for i in range(number)
        ],
    }


def kernels(number: int) -> dict[str, object]:
    """Maps whose sides are long sums, so that their products are very long ones."""
    return {
        "symbols": {"H": 64, "W": 64, **{f"k{i}": 3 for i in range(number)}},
        "input": [3, "H", "W"],
        "layers": [
            {"Conv2d": {"out_channels": 4, "kernel_size": f"k{i}", "padding": f"k{i}//2"}}
            for i in range(number)
        ],
    }


@pytest.mark.parametrize("spec", [widths(12), kernels(12)], ids=["widths", "kernels"])
def test_the_formula_is_the_number_at_the_defaults(spec: dict[str, object]) -> None:
    network = shapecalc.load(spec)
    formula = network.report(symbolic=True).memory.peak
    assert not isinstance(formula, int)
    assert formula.at(B=1, **spec["symbols"]) == network.report().memory.peak  # type: ignore[arg-type]


def test_no_more_terms_are_looked_at_closely_than_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at = 0
    never_negative = shapecalc.algebra.formula.Formula.never_negative

    def counted(self: object, least: object = None, quick: bool = False) -> bool:
        nonlocal looked_at
        looked_at += 0 if quick else self.length  # type: ignore[attr-defined]
        return never_negative(self, least, quick)  # type: ignore[arg-type]

    report = shapecalc.load(kernels(16)).report(symbolic=True)
    monkeypatch.setattr(shapecalc.algebra.formula.Formula, "never_negative", counted)
    assert report.memory.peak is not None
    assert looked_at <= _Proofs.MOST


@pytest.mark.parametrize("symbolic", [True, False])
def test_a_network_of_no_layers_holds_nothing(symbolic: bool) -> None:
    spec = {"symbols": {"H": 4}, "input": [3, "H"], "layers": [{"ReLU": None, "when": "0"}]}
    memory = shapecalc.load(spec).report(symbolic=symbolic).memory
    assert (memory.peak, memory.peak_at) == (0, None)


def test_settings_at_which_a_size_has_no_value_are_passed_over() -> None:
    spec = {"symbols": {"H": 28}, "input": [1, 28, 28], "layers": [{"MaxPool2d": "H - 1"}]}
    report = shapecalc.load(spec).report(symbolic=["H"])
    assert report.memory.peak.at(B=1, H=14) == 4 * (28 * 28 + 2 * 2)


def test_what_some_rows_hold_is_found_of_the_turns_made_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = 0
    moments = peaks._moments

    def counted(*given: Any) -> Any:
        nonlocal made
        made += 1
        return moments(*given)

    monkeypatch.setattr(peaks, "_moments", counted)
    report = shapecalc.load(widths(8)).report(symbolic=True)
    told = [report.memory.most([layer]) for layer in report]
    assert made == 1
    assert told == [report.memory.steps_of([layer])[0].live for layer in report]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans())))
def test_what_is_held_is_told_by_how_many_there_are_of_each_size(
    turns: list[tuple[int, bool]],
) -> None:
    tried = [(1, 7), (5, 2), (3, 3), (9, 0)]
    slots, counts = _Slots(tried), Counter[int]()
    known: dict[frozenset[tuple[int, int]], int] = {}
    for size, comes in turns:
        if comes:
            slots.hold(size)
        elif counts[size]:
            slots.free(size)
        counts[size] += 1 if comes else -min(counts[size], 1)
        sums = tuple(sum(n * tried[size][at] for size, n in counts.items()) for at in range(2))
        assert slots.now.tried == sums
        own = frozenset((+counts).items())
        assert known.setdefault(own, slots.now.held) == slots.now.held
    assert len(set(known.values())) == len(known)


def test_upsamplings_side_by_side_hold_the_most_at_the_last_of_the_largest() -> None:
    """Each holds what those before it put out, so that no two of the turns hold the same."""
    factors = [1 + (i % 10) / 10 for i in range(400)]
    branches = [[{"Upsample": {"scale_factor": f}}, {"AdaptiveAvgPool1d": 4}] for f in factors]
    spec = {"symbols": {"H": 70}, "input": [3, "H"], "layers": [{"Concat": {"branches": branches}}]}
    network = shapecalc.load(spec)
    peak = network.report(symbolic=["H"]).memory.peak
    assert str(peak).count("//") <= 4
    for height in (10, 70, 1000, 100_000):
        assert peak.at(H=height) == network.report(H=height).memory.peak


def test_turns_that_hold_as_much_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    most = peaks.Peaks._most

    def counted(own: peaks.Peaks, moments: list[Any]) -> list[Any]:
        compared.append(len(moments))
        return most(own, moments)

    monkeypatch.setattr(peaks.Peaks, "_most", counted)
    conv = {"Conv1d": {"out_channels": 8, "kernel_size": 3, "padding": 1}}
    block = {"Add": {"branches": [[], [conv]]}}
    spec = {"symbols": {"H": 8}, "input": [8, "H"], "layers": [block] * 50}
    report = shapecalc.load(spec).report(symbolic=True)
    assert (str(report.memory.peak), report.memory.peak_at) == ("96*B*H", "add1")
    assert compared == [2]
