"""Slices whose bounds are symbols."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from shapecalc.cli import main


@pytest.mark.parametrize("shape", [["C", "H"], ["C", "H", "H"], ["C", "H", "H", "H"]])
@pytest.mark.parametrize(
    "cut", [{"start": "A", "end": "N"}, {"start": 1, "end": "-P"}, {"start": "A"}, {"end": "H//2"}]
)
def test_a_slice_between_symbols_is_explained_and_drawn(tmp_path, shape, cut):
    symbols = {"A": 0, "P": 1, "N": 5, "C": 20, "H": 17}
    path = tmp_path / "cut.json"
    layers = [{"Slice": {"dim": 1, "start": 0, **cut}}]
    path.write_text(json.dumps({"symbols": symbols, "input": shape, "layers": layers}))
    page = ["render", str(path), "-o", str(tmp_path / "cut.html")]
    for command in (["explain", str(path), "slice1", "--symbolic"], page):
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
