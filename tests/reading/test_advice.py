"""The input that a stated size was meant for is told in terms of ``--input``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecalc.cli import main

NET = """import torch
from torch import nn
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(400, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(FLATTENED)
"""


def _said(folder: Path, flattened: str, given: str) -> str:
    (folder / "net.py").write_text(NET.replace("FLATTENED", flattened))
    done = CliRunner().invoke(main, ["show", str(folder / "net.py"), "--input", given])
    assert done.exit_code == 1
    return done.output


@pytest.mark.parametrize("flattened", ["torch.flatten(x, 1)", "x.view(-1, 400)"])
@pytest.mark.parametrize(
    ("given", "note"),
    [
        ("3,36,36", "400 would need --input 3,32,32 up to 3,35,35; this one is 3,36,36"),
        ("3,H=28,W=28", "400 would need --input 3,H=32,W=32 up to 3,H=35,W=35; "),
        ("3,28,32", "400 would need --input 3,32,32 up to 3,35,32; this one is 3,28,32"),
    ],
)
def test_the_input_that_would_fit_is_told(
    flattened: str, given: str, note: str, tmp_path: Path
) -> None:
    assert note in _said(tmp_path, flattened, given)


@pytest.mark.parametrize("side", [32, 35])
def test_the_input_that_is_told_fits(side: int, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET.replace("FLATTENED", "x.view(-1, 400)"))
    arguments = ["show", str(tmp_path / "net.py"), "--input", f"3,{side},{side}"]
    assert CliRunner().invoke(main, arguments).exit_code == 0


def test_where_no_input_fits_nothing_is_told(tmp_path: Path) -> None:
    assert "would need" not in _said(tmp_path, "x.mean((2, 3))", "3,36,36")


@pytest.mark.parametrize("code_first", [True, False])
def test_the_shape_of_an_input_is_meant_for_the_side_that_is_code(
    code_first: bool, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(NET.replace("FLATTENED", "torch.flatten(x, 1)"))
    sides = [f"{tmp_path / 'net.py'}:Net", "lenet5"]
    sides = sides if code_first else sides[::-1]
    done = CliRunner().invoke(main, ["diff", *sides, "--input", "3,32,32"])
    assert done.exit_code == 0, done.output
    assert "LeNet-5: input 3 x 32 x 32" in done.output


def test_the_shape_of_an_input_is_refused_where_no_side_is_code() -> None:
    done = CliRunner().invoke(main, ["diff", "lenet5", "alexnet", "--input", "3,32,32"])
    assert done.exit_code != 0
    assert "--input, --assume, --max-steps and --training are for PyTorch source" in done.output
