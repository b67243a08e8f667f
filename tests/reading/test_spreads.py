"""Variances as torch calls them: with Bessel's correction, or without, by name or by position."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

pytest.importorskip("torch")
check_code = pytest.importorskip("shapecalc.verify.code").check_code

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 5)

    def forward(self, x):
        y = self.fc(x)
        return {}
"""

CALLS = """
y.var(1)
y.var(1, unbiased=False)
y.var(1, False)
y.var(1, False, True)
y.std(-1, correction=0, keepdim=True)
y.std(-1, keepdim=True)
torch.std(y, dim=1, unbiased=False)
torch.var(y, [1, 2], keepdim=True, correction=2)
torch.var_mean(y, 1, False)[0]
torch.var_mean(y, dim=1, keepdim=True)[1]
torch.std_mean(y, dim=1, correction=0)[0]
"""


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_what_is_read_computes_what_the_source_does(call: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SOURCE.replace("{}", call))
    network = shapecalc.load(str(path), inputs=["8,5"])
    found = list(check_code(network, str(path), {}, seed=1))
    assert any("numbers" in finding.what for finding in found)
    assert all(finding.agrees for finding in found)
