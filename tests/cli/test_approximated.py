"""What is written of source: where it computes other numbers is told beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        {}
        return x
"""
TOLD = "shapecalc: note: so other numbers come out of it than of the code; "
TOLD += "shapes and weights are the code's\n"


def told(path: Path, *commands: str) -> list[str]:
    """What commands say on standard error of the source; each succeeds."""
    found = []
    for command in commands:
        given = [*command.split(), f"{path}:Net", "--input", "4"]
        whole = [sys.executable, "-m", "shapecalc", *given]
        result = subprocess.run(whole, capture_output=True, text=True, check=True)
        assert "note:" not in result.stdout
        found.append(result.stderr)
    return found


@pytest.mark.parametrize("style", ["emit --torch", "convert"])
def test_where_numbers_are_other_ones_is_told(style: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SOURCE.format("x = torch.sinh(x)"))
    (stderr,) = told(path, style)
    assert stderr == f"{path}:8: note: torch.sinh stands as another function\n{TOLD}"


def test_of_many_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    lines = "\n        ".join(["x = torch.sinh(x)"] * 12)
    path.write_text(SOURCE.format(lines))
    (stderr,) = told(path, "convert")
    assert stderr.splitlines()[9:] == [
        f"{path}:17: note: torch.sinh stands as another function",
        "... and 2 more notes",
        TOLD.rstrip(),
    ]


def test_what_is_as_the_code_has_no_note(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SOURCE.format("x = torch.exp(x)"))
    assert told(path, "emit --torch", "convert") == ["", ""]
