"""Which network is meant where a file is named alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

NET = """
from torch import nn
import torchvision.transforms as T

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lin = nn.Linear(width, width)
    def forward(self, x):
        return x + self.lin(x)
"""

CASES = {
    "a variable made of a class by a function": (
        "def blocks(n): return [Block(4) for _ in range(n)]\n"
        "body = nn.Sequential(*blocks(2))\nnet = nn.Sequential(body, nn.Linear(4, 2))\n",
        "net",
        2 * 20 + 10,
    ),
    "an instance of a class that needs arguments": ("net = Block(4).to('cpu')\n", "Block", 20),
    "an instance of a class beside other modules": (
        "changed = nn.Sequential(T.Resize(4))\nnet = Block(4)\n",
        "Block",
        20,
    ),
    "a class that can be made without arguments": (
        "class Net(Block):\n    def __init__(self):\n        super().__init__(4)\n"
        "net = Net()\nhead = nn.Sequential(nn.Linear(9, 9))\n",
        "Net",
        20,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_only_network_of_a_file_is_found(case: str, tmp_path: Path) -> None:
    source, name, params = CASES[case]
    path = tmp_path / "net.py"
    path.write_text(NET + source)
    network = shapecalc.load(str(path), inputs=["4"])
    assert (network.name, network.report().totals.params) == (name, params)


def test_several_variables_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET + "one = Block(4)\ntwo = Block(8)\n")
    with pytest.raises(shapecalc.SpecError, match="there are one, two"):
        shapecalc.load(str(path), inputs=["4"])
