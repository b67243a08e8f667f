"""The most that is held, as a formula: right at numbers, and found without comparing too much."""

import pytest

import shapecalc
from shapecalc.analysis.peaks import _Proofs


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
