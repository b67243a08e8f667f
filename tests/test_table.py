"""Reports as tables and as records."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.algebra.steps import UNICODE
from shapecalc.cli import main
from shapecalc.explaining import whole
from shapecalc.layout import text
from shapecalc.table import lay_out, rows


def records(*arguments: str) -> list[dict[str, Any]]:
    """What ``show --format csv`` prints, as a program reads it."""
    done = CliRunner().invoke(main, ["show", *arguments, "--format", "csv"])
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.output)))


@pytest.mark.parametrize("spec", ["googlenet", "resnet18", "unet"])
def test_records_are_the_layers_by_their_paths(spec: str) -> None:
    report = shapecalc.load(spec).report()
    found = records(spec)
    assert [record["Path"] for record in found] == [layer.path for layer in report]
    assert sum(int(record["Params"]) for record in found) == report.totals.params
    assert sum(int(record["MACs"]) for record in found) == report.totals.macs


def test_folded_records_sum_to_the_same_totals() -> None:
    report = shapecalc.load("googlenet").report()
    found = records("googlenet", "--depth", "1")
    assert len(found) < len(report)
    assert sum(int(record["Params"]) for record in found) == report.totals.params


def test_formulas_in_records_name_nothing_but_symbols() -> None:
    values: dict[str, Any] = {"B": 2, "H": 96, "W": 64, "num_classes": 10}
    numbers = shapecalc.load("resnet18").report(values)
    for record in records("resnet18", "--symbolic"):
        layer = numbers[record["Path"]]
        assert eval(record["MACs"], values) == layer.macs
        assert eval(record["Params"], values) == layer.params


@pytest.mark.parametrize(
    "branches", [[["ReLU"], ["Tanh"]], {"left": ["ReLU"], "right": []}, [["ReLU"], ["Tanh"], []]]
)
def test_a_repeated_join_is_folded_into_as_many_as_it_is_repeated(branches: Any) -> None:
    layers = [{"Concat": {"dim": 1, "branches": branches}, "repeat": 3}]
    report = shapecalc.load({"input": [4, 8, 8], "layers": layers}).report()
    (row,) = rows(report, depth=1)
    assert row.kind == "3 x Concat"


def test_a_single_number_is_of_size_one_in_tables_as_in_explanations() -> None:
    inputs = {"a": [8], "b": [8]}
    layers = [{"PairwiseDistance": {}, "from": ["a", "b"]}]
    report = shapecalc.load({"inputs": inputs, "layers": layers}).report()
    assert lay_out(report, ("output",)).cells == [["1"]]
    assert whole(report, report.layers, UNICODE).splitlines()[-1].split()[1] == "1"


def test_a_cell_that_is_very_long_does_not_widen_the_rows_of_others() -> None:
    symbols = {f"H{i}": 3 for i in range(300)}
    inputs = {f"x{i}": [8, f"H{i}"] for i in range(300)}
    joined = {"Concat": 2, "from": [*inputs]}
    layers = [joined, {"AdaptiveAvgPool1d": 3}, "ReLU"]
    spec = {"symbols": symbols, "inputs": inputs, "layers": layers}
    report = shapecalc.load(spec).report(symbolic=True)
    shown = {row.split()[0]: row for row in text(lay_out(report, ("layer", "output"))).splitlines()}
    explained = whole(report, report.layers, UNICODE).splitlines()
    told = {row.split()[0]: row for row in explained}
    for found in (shown, told):
        assert all(f"H{i}" in found["concat1"] for i in range(300))
        assert found["relu1"].split()[1:4] == ["8", "x", "3"]
        assert len(found["relu1"]) < 120
