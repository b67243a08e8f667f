"""A network told from the sizes of its input has the structure that its settings give it."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.derivation.closed import closed, open_report
from shapecalc.network import Network

SPEC = {
    "input": [3, "H", 32],
    "symbols": {"H": 32},
    "layers": [
        {"Conv2d": {"out_channels": 8, "kernel_size": 3}},
        {"MaxPool2d": 2, "when": "H > 100"},
    ],
}


def test_a_size_that_decides_the_structure_keeps_what_it_is_set_to():
    network = shapecalc.load(SPEC)
    report = network.report(H=200)
    told = closed(network, report, {"H": 200})
    assert [layer.path for layer in told] == ["conv1", "maxpool1"]
    assert told.symbols["H"] == 200
    assert is_symbolic(told.symbols["W"])


def test_where_it_decides_nothing_it_is_a_symbol():
    network = shapecalc.load({**SPEC, "layers": SPEC["layers"][:1]})
    told = closed(network, network.report(H=200), {"H": 200})
    assert str(told["conv1"].output_shape[2]) == "H - 2"


def test_of_two_open_reports_one_has_the_values_and_both_the_structure():
    network = shapecalc.load(SPEC)
    own, found = open_report(network, network.report(H=200), {"H": 200})
    assert len(own) == len(found) == 2
    assert own["conv1"].output_shape == (1, 8, 198, 30)
    assert str(found["conv1"].output_shape[3]) == "W - 2"
    assert found["conv1"].output_shape[2] == 198


def test_reports_that_would_be_refused_for_their_terms_are_not_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = [{"Linear": 3 + i % 2} for i in range(6)]
    network = shapecalc.load({"input": [5], "layers": layers}, most_terms=2)
    report = network.report()
    monkeypatch.setattr(Network, "opened", None)
    assert open_report(network, report, {}) is None
