"""The report as a data frame: with pandas where that is installed, and without it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import shapecalc


def test_without_pandas_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_dataframe needs pandas: pip install pandas"):
        shapecalc.load("lenet5").report().to_dataframe()


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["lenet5", "resnet18", "mixtral_8x7b"])
def test_a_row_is_a_layer_and_columns_add_up_to_the_totals(name: str) -> None:
    pytest.importorskip("pandas")
    report = shapecalc.load(name).report()
    frame: Any = report.to_dataframe(memory=True)
    assert list(frame.index) == [layer.path for layer in report]
    assert frame.index.name == "path"
    for measure in ("params", "macs", "flops", "elementwise", "activations"):
        assert int(frame[measure].sum()) == getattr(report.totals, measure)
    assert int(frame.live.max()) == report.memory.peak
    assert frame.loc[report.layers[0].path].output_shape == tuple(report.layers[0].output_shape)


def test_formulas_stay_formulas() -> None:
    pytest.importorskip("pandas")
    report = shapecalc.load("lenet5").report(symbolic=["B", "H"])
    frame: Any = report.to_dataframe()
    assert frame.macs["conv1"] == report["conv1"].macs
    assert frame.output_shape["conv1"] == report["conv1"].output_shape
