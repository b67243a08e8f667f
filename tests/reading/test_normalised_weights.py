"""Weights that are made of others, as of their direction and length: those are no slip."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

SOURCE = """
from torch import nn
from torch.nn.utils import spectral_norm, weight_norm

net = nn.Sequential(
    spectral_norm(nn.Conv2d(3, 4, 3)), nn.LeakyReLU(0.2), weight_norm(nn.Conv2d(4, 4, 3))
)
"""


def test_what_a_weight_is_made_of_is_not_said_to_be_unused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    network = shapecalc.load(f"{path}:net", inputs=["3,32,32"])
    made: dict[str, object] = {}
    with pytest.warns(FutureWarning):  # torch has a newer weight_norm as well
        exec(compile(SOURCE, "net.py", "exec"), made)
    net = made["net"]
    assert isinstance(net, torch.nn.Module)
    report = network.report()
    assert report.totals.params == sum(each.numel() for each in net.parameters())
    assert report.totals.buffers == sum(each.numel() for each in net.buffers())
    assert not report.warnings


def test_a_learned_tensor_that_nobody_uses_is(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import torch\n"
        "from torch import nn\n\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(4, 4)\n"
        "        self.scale = nn.Parameter(torch.ones(1))\n\n"
        "    def forward(self, x):\n"
        "        return self.fc(x)\n"
    )
    (warning,) = shapecalc.load(str(path), inputs=["4"]).report().warnings
    assert (warning.code, warning.path) == ("unused-layer", "scale")
