"""Measures: each declared once, and the same in tables, reports and totals."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.analysis.measures import MEASURES, Totals, labels
from shapecalc.table import COLUMNS


def test_every_measure_is_a_column_a_field_of_the_report_and_a_total():
    report = shapecalc.load("lenet5").report()
    data = report.to_dict()
    for name in MEASURES:
        assert COLUMNS[name].heading == MEASURES[name].heading
        assert sum(layer[name] for layer in data["layers"]) == data["totals"][name]


def test_every_total_but_the_trainable_params_has_words_of_its_own():
    totals = shapecalc.load("lenet5").report().totals
    assert totals.by_name.keys() - labels().keys() == {"trainable"}


def test_bytes_follow_from_the_element_types():
    layers = [{"Conv2d": {"out_channels": 2, "kernel_size": 1}}, "BatchNorm2d"]
    inputs = {"x": {"shape": [3, 4, 4], "dtype": "float16"}}
    totals = shapecalc.load({"inputs": inputs, "layers": layers}).report().totals
    assert totals.weight_bytes == 2 * (2 * 3 + 2 + 2 + 2)
    assert totals.buffer_bytes == 2 * (2 + 2) + 8  # the counter of steps is a whole number
    assert totals.activation_bytes == 2 * 2 * (2 * 4 * 4)


def test_what_is_no_measure_is_no_attribute():
    report = shapecalc.load("lenet5").report()
    assert not hasattr(report.totals, "parameters")
    assert not hasattr(report.layers[0], "parameters")


@pytest.mark.parametrize("symbolic", [(), ("B", "H")])
def test_each_sum_alone_is_that_of_the_totals(symbolic):
    report = shapecalc.load("googlenet").report(symbolic=symbolic)
    for name, value in report.totals.by_name.items():
        assert getattr(Totals(report.layers), name) == value
