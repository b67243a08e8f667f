"""What takes long says on a terminal what it is at, and nothing anywhere else."""

from __future__ import annotations

import io
import sys
import time

import pytest

from shapecalc.cli import progress
from shapecalc.pace import now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "STEP", 0.01)
    monkeypatch.setenv("TERM", "xterm")


def said(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, awaited: str) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    now.begin("placing layers")
    now.count = 12_345
    progress.begin()
    for _ in range(500 if awaited else 20):
        if awaited and awaited in stream.getvalue():
            break
        time.sleep(0.01)
    progress.end()
    return stream.getvalue()


def test_a_terminal_is_told_the_stage_and_its_count(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = said(Terminal(), monkeypatch, "placing layers: 12,345")
    assert "placing layers: 12,345" in told
    assert told.endswith("\x1b[2K")  # the line is taken back


def test_a_pipe_is_told_nothing(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(io.StringIO(), monkeypatch, "") == ""


def test_what_is_quick_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 60)
    assert said(Terminal(), monkeypatch, "") == ""


def test_a_terminal_sees_a_bar_where_it_is_known_how_much_there_is_to_do(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    now.begin("sweeping", 2_000_000)
    now.count = 500_000
    progress.begin()
    for _ in range(500):
        if "left" in stream.getvalue():
            break
        time.sleep(0.01)
    progress.end()
    told = stream.getvalue()
    assert "500,000" in told
    assert "2,000,000" in told
    assert "25%" in told
    assert "━" in told
    assert stream.getvalue().count("left") > 0


def test_the_rest_of_a_stage_is_foretold_from_its_own_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    now.begin("counting")
    monkeypatch.setattr(time, "monotonic", lambda: 1060.0)
    now.begin("explaining", 100)
    now.count = 20
    monkeypatch.setattr(time, "monotonic", lambda: 1070.0)
    now.begin("explaining", 100)  # which goes on
    assert progress._remaining(0.25) == ", 0:30 left"
