"""Tables and lines on a terminal of a given width."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.analysis.report import Report
from shapecalc.cli import main, output, terminal
from shapecalc.comparing import compare
from shapecalc.comparing import lay_out as laid_out
from shapecalc.layout import LEFT_OUT, Table, broken, fitted, lines, text
from shapecalc.table import COLUMNS, lay_out

Shown = Callable[..., str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What a command prints on a terminal of so many columns."""

    def at(width: int, *arguments: str, **environment: str) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(output, "is_terminal", lambda stream: True)
        monkeypatch.setattr(terminal, "is_terminal", lambda stream: True)
        return CliRunner().invoke(main, arguments, env=environment, color=True).output

    return at


def report(name: str) -> Report:
    return shapecalc.load(name).report()


TABLES = {
    "show": lay_out(report("vgg16")),
    "all columns": lay_out(report("vgg16"), tuple(COLUMNS)),
    "nested": lay_out(report("googlenet")),
    "folded": lay_out(report("resnet18"), depth=1),
    "diff": laid_out(compare(report("vgg16"), report("resnet18"), 1), everything=True),
    "formulas": lay_out(shapecalc.load("lenet5").report(symbolic=True)),
}


def figures(line: str) -> list[str]:
    return re.findall(r"[0-9][0-9,.]*(?: [kMGT](?![a-z]))?", line)


@pytest.mark.parametrize("name", TABLES)
def test_no_number_is_broken_and_no_line_too_wide(name: str) -> None:
    table = TABLES[name]
    for width in range(44, 200, 3):
        narrow = fitted(table, width)
        told = [line for _, line in lines(narrow, width)]
        if name != "formulas":  # which have words that are wider
            assert all(len(line) <= width for line in told), width
        known = {figure for row in narrow.cells for figure in figures("  ".join(row))}
        for what, line in lines(narrow, width):
            if what.isdigit():
                assert set(figures(line)) <= known, (width, line)


def test_columns_are_left_out_in_the_stated_order_and_told() -> None:
    table = TABLES["diff"]
    before: list[str] = []
    for width in range(180, 30, -1):
        narrow = fitted(table, width)
        gone = [each for each in LEFT_OUT if each not in [c.heading for c in narrow.columns]]
        gone = [each for each in gone if each in [c.heading for c in table.columns]]
        told = dict(narrow.summary).get("left out", "")
        assert [each for each in LEFT_OUT if each in gone] == gone
        assert all(each in told for each in gone)
        assert set(before) <= set(gone)
        before = gone
    assert "Settings" in before


def test_counts_are_shortened_before_columns_are_left_out() -> None:
    table = TABLES["show"]
    narrow = fitted(table, sum(max(map(len, each)) for each in zip(*table.cells)))
    assert len(narrow.columns) == len(table.columns)
    assert any("103 M" in row for row in narrow.cells)


def test_a_table_with_room_is_as_in_a_pipe(shown: Shown) -> None:
    plain = CliRunner().invoke(main, ["show", "vgg16"]).output
    assert shown(200, "show", "vgg16", NO_COLOR="1") == plain
    assert fitted(TABLES["show"], 200) is TABLES["show"]


def test_a_comparison_fits_into_eighty_columns(shown: Shown) -> None:
    told = shown(80, "diff", "vgg16", "resnet18", "--depth", "1", NO_COLOR="1")
    assert max(map(len, told.splitlines())) <= 80
    assert "left out" in told


def test_rows_that_are_gone_are_red_and_new_ones_green(shown: Shown) -> None:
    told = shown(200, "diff", "vgg16", "resnet18", "--depth", "1").splitlines()
    assert all(line.startswith("\x1b[31m- ") for line in told if "- group" in line)
    assert all(line.startswith("\x1b[32m+ ") for line in told if "+ layer" in line)
    assert sum("+ layer" in line for line in told) == 4


def test_colour_can_be_forced_into_a_pipe() -> None:
    plain = CliRunner().invoke(main, ["show", "lenet5"]).output
    forced = CliRunner().invoke(main, ["show", "lenet5"], env={"FORCE_COLOR": "1"}, color=True)
    assert "\x1b[1m" in forced.output
    assert re.sub("\x1b\\[[0-9]*m", "", forced.output) == plain


@pytest.mark.parametrize(
    "arguments", [["explain", "googlenet"], ["explain", "lenet5", "conv1"], ["layers"]]
)
@pytest.mark.parametrize("width", [50, 80])
def test_lines_are_broken_between_words_only(
    shown: Shown, arguments: list[str], width: int
) -> None:
    plain = CliRunner().invoke(main, arguments).output
    told = shown(width, *arguments)
    assert told.split() == plain.split()
    longest = max(map(len, plain.split()))
    assert max(map(len, told.splitlines())) <= max(width, width // 2 + longest)


def test_a_broken_line_goes_on_below_its_last_column() -> None:
    assert broken("a  b  one two three", 12) == ["a  b  one", "      two", "      three"]
    assert broken("short", 12) == ["short"]
    assert broken("  a name of words", 12) == ["  a name of", "    words"]


def test_an_empty_table_is_laid_out() -> None:
    empty = Table("nothing", TABLES["show"].columns, [], [])
    assert text(fitted(empty, 20)).startswith("nothing")
