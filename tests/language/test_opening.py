"""Symbols that are left open, and those that cannot be since the structure hangs on them."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.language.evaluation import Undecided
from shapecalc.language.opening import fresh, opened, size_symbols, with_sizes_named
from shapecalc.language.symbols import bind

DEEP = {
    "input": [3, "H", 32],
    "symbols": {"H": 32, "n": 2},
    "layers": [
        {"Conv2d": {"out_channels": 8, "kernel_size": 3, "padding": 1}, "repeat": "n"},
        {"MaxPool2d": 2, "when": "H > 100"},
    ],
}


def values_of(settings, free, asked):
    """The symbols' values where what is made asks for the numbers of some."""

    def make(values):
        undecided = [values[name] for name in asked if is_symbolic(values[name])]
        if undecided:
            raise Undecided(sum(undecided))
        return values

    return opened(shapecalc.load(DEEP).spec, settings, free, make)


def test_a_symbol_stays_one_although_it_is_set():
    free = {"H", "n"}
    values = values_of({"H": 64, "n": 3}, free, [])
    assert is_symbolic(values["H"])
    assert is_symbolic(values["n"])
    assert free == {"H", "n"}


def test_one_that_decides_the_structure_has_the_value_it_is_set_to_or_its_default():
    free = {"H", "n"}
    values = values_of({"n": 3}, free, ["n"])
    assert is_symbolic(values["H"])
    assert values["n"] == 3
    assert free == {"H"}
    assert values_of({}, {"H", "n"}, ["n"])["n"] == 2


def test_where_a_symbol_without_a_value_decides_nothing_can_be_made():
    with pytest.raises(Undecided):
        values_of({"n": bind(shapecalc.load(DEEP).spec, {}, ["H"])["H"]}, set(), ["n"])


def test_a_network_is_opened_for_the_structure_that_the_settings_make():
    report = shapecalc.load(DEEP).opened({"H": 200, "n": 3}, ["H", "n"])
    assert len(report) == 4
    assert report.kept == {"H": 200, "n": 3}
    assert [tensor.shape for _, tensor in report.outputs] == [(1, 8, 100, 16)]


def test_sizes_of_inputs_become_symbols_that_have_them_for_defaults():
    spec = with_sizes_named(shapecalc.load(DEEP).spec, {("input", 2): "W"})
    assert size_symbols(spec) == ["H", "W"]
    assert bind(spec, {}, ())["W"] == 32
    assert size_symbols(shapecalc.load(DEEP).spec) == ["H"]


def test_a_fresh_name_is_not_taken():
    assert fresh("W", ["H"]) == "W"
    assert fresh("H", {"H", "H_"}) == "H__"


@pytest.mark.parametrize("entry", ["{ReLU: , when: *}", "{LSTM: {hidden_size: 4, num_layers: *}}"])
def test_many_symbols_that_decide_take_few_rounds(entry, monkeypatch):
    symbols = ", ".join(f"s{i}: 1" for i in range(200))
    layers = ", ".join(entry.replace("*", f"s{i}") for i in range(200))
    text = f"symbols: {{H: 4, {symbols}}}\ninput: [3, H]\nlayers: [{layers}]\n"
    built = []
    own = shapecalc.network.build
    monkeypatch.setattr("shapecalc.network.build", lambda *a: built.append(1) or own(*a))
    report = shapecalc.load(text).report(symbolic=True)
    assert len(built) < 40
    assert len(report.kept) == 200
    assert is_symbolic(report.symbols["H"])
