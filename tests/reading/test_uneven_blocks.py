"""Uses of one class that differ in a pattern are what the code makes, each of them."""

from __future__ import annotations

from pathlib import Path

import shapecalc
from shapecalc.language.writer import as_yaml

SOURCE = """
import torch
import torch.nn as nn
class Block(nn.Module):
    def __init__(self, dim, gated):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)
        self.gate = nn.Sequential(nn.Conv2d(dim, dim, 1), nn.ReLU()) if gated else nn.Identity()
    def forward(self, x):
        return self.gate(self.conv(x))
class Stage(nn.Module):
    def __init__(self, dim, out, depth):
        super().__init__()
        self.down = nn.Conv2d(dim, out, 2, 2)
        self.blocks = nn.Sequential(*[Block(out, n % 2 == 0) for n in range(depth)])
    def forward(self, x):
        return self.blocks(self.down(x))
class Net(nn.Module):
    def __init__(self, depths=(2, 2, 7, 2)):
        super().__init__()
        sizes = [3, 4, 8, 16, 32]
        self.stages = nn.Sequential(*[Stage(*each) for each in zip(sizes, sizes[1:], depths)])
    def forward(self, x):
        return self.stages(x)
class Cell(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.a, self.b = nn.Linear(size, size), nn.Linear(size, size)
    def forward(self, h, c):
        c = torch.tanh(self.a(h)) + c
        return torch.sigmoid(self.b(c)), c
class Deep(nn.Module):
    def __init__(self, size=4, depth=3):
        super().__init__()
        self.cells = nn.ModuleList([Cell(size) for _ in range(depth)])
    def forward(self, x):
        h, states = x, []
        for cell in self.cells:
            h, c = cell(h, x)
            states.append(c)
        return h, torch.stack(states)
"""


def test_stages_whose_blocks_take_turns_have_each_their_own(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    network = shapecalc.load(f"{path}:Net", inputs=["3,32,32"])
    sizes, depths = [3, 4, 8, 16, 32], (2, 2, 7, 2)
    params = 0
    for dim, out, depth in zip(sizes, sizes[1:], depths):
        params += 4 * dim * out + out
        params += depth * (9 * out * out + out) + (depth + 1) // 2 * (out * out + out)
    assert network.report().totals.params == params
    assert shapecalc.load(as_yaml(network.spec)).report().totals.params == params


def test_second_outputs_of_layers_in_a_list_are_used(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    report = shapecalc.load(f"{path}:Deep", inputs=["4"]).report()
    assert report.totals.params == 3 * 2 * (4 * 4 + 4)
    assert [each["shape"] for each in report.to_dict()["outputs"]] == [[1, 4], [3, 1, 4]]
