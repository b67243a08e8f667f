"""Tables on a terminal of a given width."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import shapecalc
from shapecalc.cli.terminal import print_table
from shapecalc.table import lay_out, text

Printed = Callable[[int], str]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Printed:
    """What is printed of VGG-16's table on a terminal of so many columns."""

    def at(width: int) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        print_table(lay_out(shapecalc.load("vgg16").report()))
        return capsys.readouterr().out

    return at


def test_no_number_is_broken_at_any_width(printed: Printed) -> None:
    counts = re.findall(r"\d[\d,]*\d", text(lay_out(shapecalc.load("vgg16").report())))
    for width in range(40, 100):
        found = re.findall(r"\d[\d,]*\d", printed(width))
        assert found[: len(counts)] == counts, width


def test_a_table_that_fits_is_set_in_columns_and_one_that_does_not_is_plain(
    printed: Printed,
) -> None:
    assert "─" in printed(100)
    assert printed(40) == text(lay_out(shapecalc.load("vgg16").report())) + "\n"
