"""The picture of memory: bars as long as what is held, for every layer or part."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import shapecalc
from shapecalc.cli import main
from shapecalc.diagram.memory import WIDEST, memory_dot


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["render", *map(str, arguments)])


def bars(dot: str) -> dict[str, int]:
    """The length of each bar in points, by what is written before it."""
    found = {}
    for line in dot.splitlines():
        if name := re.match(r'<tr><td align="right">(?:<b>)?([^<]+)', line):
            cells = re.findall(r'width="(\d+)" height="10" bgcolor="(#\w+)"', line)
            found[name[1]] = sum(int(width) for width, colour in cells if colour != "#ffffff")
    return found


@pytest.mark.parametrize("name", ["lenet5", "unet", "resnet18", "googlenet"])
def test_a_bar_is_as_long_as_what_is_held_while_its_layer_runs(name: str) -> None:
    report = shapecalc.load(name).report()
    held = {layer.path: report.memory.of(layer)["live"] for layer in report}
    peak = report.memory.peak
    assert bars(memory_dot(report)) == {
        path: pytest.approx(WIDEST * live / peak, abs=1) for path, live in held.items()
    }


def test_a_folded_block_is_as_long_as_the_most_that_is_held_in_it() -> None:
    report = shapecalc.load("resnet18").report()
    drawn = bars(memory_dot(report, depth=1))
    assert [*drawn][4:8] == ["layer1", "layer2", "layer3", "layer4"]
    held = [report.memory.of(own)["live"] for own in report if own.path.startswith("layer1.")]
    assert drawn["layer1"] == pytest.approx(WIDEST * max(held) / report.memory.peak, abs=1)


def test_what_waits_is_what_later_layers_take() -> None:
    layers = [{"Add": {"branches": [["ReLU", "Sigmoid", "ReLU"], []]}}]
    memory = shapecalc.load({"input": [256], "layers": layers}).report().memory
    assert [step.waiting for step in memory.steps] == [0, 1024, 1024, 0]


def test_the_peak_is_told(tmp_path: Path) -> None:
    assert run("unet", "--memory", "-o", tmp_path / "m.dot").exit_code == 0
    text = (tmp_path / "m.dot").read_text()
    assert "<b>concat4</b>" in text
    assert "67.1 MB, the peak" in text
    assert run("unet", "--memory", "--dtype", "float16", "-o", tmp_path / "m.dot").exit_code == 0
    assert "33.6 MB, the peak" in (tmp_path / "m.dot").read_text()


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_graphviz_draws_it(tmp_path: Path, ending: str) -> None:
    result = run("resnet18", "--memory", "--theme", "dark", "-o", tmp_path / f"m.{ending}")
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / f"m.{ending}").stat().st_size > 1000


def test_names_are_text_and_no_markup() -> None:
    spec = {"name": "<b> & co", "input": [4], "layers": ["ReLU"]}
    assert "&lt;b&gt; &amp; co" in memory_dot(shapecalc.load(spec).report())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--symbolic"], "memory is drawn of numbers"),
        (["--legend"], "--legend: for diagrams, not with --memory"),
        (["--colour-by", "macs"], "--colour-by: for diagrams"),
    ],
)
def test_what_it_cannot_draw_it_refuses(tmp_path: Path, more: list[str], why: str) -> None:
    result = run("unet", "--memory", *more, "-o", tmp_path / "m.dot")
    assert result.exit_code == 2
    assert why in result.output
