"""Pictures of sweeps: what is drawn against what, and files that hold it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from shapecalc.cli import main
from shapecalc.sweep import read_over
from shapecalc.sweep.plot import MOST_POINTS, Axes, Sampled, axes

SWEEP = ["sweep", "resnet", "--over", "depth=18,34,50", "--over", "H=64:160:32"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*SWEEP, *arguments])


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def test_a_column_is_drawn_over_the_symbols(tmp_path: Path) -> None:
    done = run("--plot", str(tmp_path / "a.svg"), "--format", "csv")
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == 13
    svg = (tmp_path / "a.svg").read_text()
    assert {"ResNet", "H", "macs", "depth", "18", "34", "50"} <= set(texts(svg))
    lines = re.findall(r'<path[^>]*aria-roledescription="line mark"[^>]* d="([^"]+)"', svg)
    assert sorted(line.count(",") for line in lines) == [4, 4, 4]  # four heights each


def test_a_front_is_drawn_with_its_columns_as_axes(tmp_path: Path) -> None:
    done = run("--plot", str(tmp_path / "a.svg"), "--pareto=-params,macs")
    assert done.exit_code == 0, done.output
    svg = (tmp_path / "a.svg").read_text()
    assert {"params", "macs", "depth", "50"} <= set(texts(svg))


@pytest.mark.thorough
def test_png_and_html_stand_alone(tmp_path: Path) -> None:
    assert run("--plot", str(tmp_path / "a.png")).exit_code == 0
    png = (tmp_path / "a.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") > 1000
    assert run("--plot", str(tmp_path / "a.html"), "--columns", "layer1.height").exit_code == 0
    page = (tmp_path / "a.html").read_text()
    assert "<script src" not in page
    assert "layer1.height" in page


@pytest.mark.parametrize(
    ("over", "front", "expected"),
    [
        (["H=1:9"], [], Axes("H", "macs", None, None, False)),
        (["B=1,2", "H=1:9", "W=1:3"], [], Axes("H", "macs", "W", "B", False)),
        (["H=5"], [], Axes("H", "macs", None, None, False)),
        (["B=1,2", "H=1:9"], ["-B"], Axes("H", "macs", "B", None, False)),
        (
            ["B=1,2", "H=1:9"],
            ["-H", "params", "macs"],
            Axes("H", "params", "B", None, True, is_line=False),
        ),
    ],
)
def test_the_symbol_with_the_most_values_comes_first(
    over: list[str], front: list[str], expected: Axes
) -> None:
    assert axes([read_over(each) for each in over], front, "macs") == expected


def test_of_many_rows_some_are_drawn_at_even_distances() -> None:
    import numpy as np

    sampled = Sampled()
    for start in range(0, 40_000, 700):
        sampled.add({"a": np.arange(start, min(start + 700, 40_000))})
    found = [row["a"] for row in sampled.rows]
    assert MOST_POINTS / 2 <= len(found) <= MOST_POINTS
    assert found == list(range(0, 40_000, sampled.step))
    assert sampled.seen == 40_000


def test_nothing_is_a_picture_too(tmp_path: Path) -> None:
    done = run("--where", "macs < 0", "--plot", str(tmp_path / "a.svg"))
    assert done.exit_code == 0, done.output
    assert "ResNet" in texts((tmp_path / "a.svg").read_text())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--plot", "a.gif"], "ends in none of .svg, .png, .html"),
        (["--plot", "a.svg", "--scheduler", "local", "--format", "parquet", "-o", "rows"],
         "rows that workers write are not drawn"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_told(arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_picture_that_cannot_be_written_is_told() -> None:
    done = run("--plot", "/nowhere/a.svg")
    assert done.exit_code == 1
    assert "cannot write /nowhere/a.svg" in done.stderr
