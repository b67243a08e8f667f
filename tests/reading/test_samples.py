"""Sources in many manners: what is read of them is what torch says of them."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.writer import as_json, as_yaml
from shapecalc.network import Network

CODE = Path(__file__).parents[1] / "data" / "code"
CASES = json.loads((CODE / "expected.json").read_text())
"""Figures by torch 2.13: parameters and buffers counted, multiplications by its flop counter."""


def _named(case: dict[str, Any]) -> str:
    return f"{case['file']}:{case['make']}"


def _load(case: dict[str, Any]) -> Network:
    return shapecalc.load(f"{CODE / case['file']}:{case['make']}", inputs=case["inputs"])


def _figures(network: Network) -> dict[str, Any]:
    report = network.report()
    return {
        "outputs": [each["shape"] for each in report.to_dict()["outputs"]],
        "params": report.totals.params,
        "buffers": report.totals.buffers,
        "macs": report.totals.macs,
    }


@pytest.mark.parametrize("case", CASES["read"], ids=_named)
def test_a_network_is_read_as_torch_runs_it(case: dict[str, Any]) -> None:
    wanted = {name: case[name] for name in ("outputs", "params", "buffers", "macs")}
    assert _figures(_load(case)) == wanted


@pytest.mark.one_in(2)
@pytest.mark.parametrize("write", [as_yaml, as_json])
@pytest.mark.parametrize("case", CASES["read"], ids=_named)
def test_the_spec_that_is_written_gives_the_same_report(case: dict[str, Any], write: Any) -> None:
    network = _load(case)
    again = shapecalc.load(write(network.spec))
    ours, theirs = network.report(), again.report()
    assert [layer.path for layer in ours.layers] == [layer.path for layer in theirs.layers]
    assert [layer.output_shape for layer in ours.layers] == [
        layer.output_shape for layer in theirs.layers
    ]
    assert ours.totals == theirs.totals


@pytest.mark.parametrize("case", CASES["wrong"], ids=_named)
def test_a_mistake_is_told_at_its_line_with_both_numbers(case: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        _load(case).report()
    said = str(caught.value)
    assert f"{Path(case['file']).name}:{case['line']}:" in said
    assert all(str(number) in said for number in case["numbers"])


@pytest.mark.parametrize("case", CASES["unknown"], ids=_named)
def test_what_cannot_be_known_is_told_at_its_line(case: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        _load(case).report()
    assert f"{Path(case['file']).name}:{case['line']}:" in str(caught.value)


@pytest.mark.parametrize("case", CASES["hostile"], ids=_named)
def test_nothing_of_a_file_is_run(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SpecError):
        _load(case).report()
    assert not list(tmp_path.iterdir())
