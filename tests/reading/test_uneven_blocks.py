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


MIXED = """
import torch
import torch.nn as nn
class Mixed(nn.Module):
    def __init__(self, dim, kernels):
        super().__init__()
        self.sizes = [dim // len(kernels)] * len(kernels)
        self.convs = nn.ModuleList(
            [nn.Conv2d(n, n, k, padding=k // 2) for n, k in zip(self.sizes, kernels)]
        )
    def forward(self, x):
        parts = torch.split(x, self.sizes, 1)
        return torch.cat([conv(part) for conv, part in zip(self.convs, parts)], 1)
class Mixes(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = Mixed(12, [3, 5]), Mixed(12, [3, 5, 7]), Mixed(24, [3, 5])
    def forward(self, x):
        return self.c(torch.cat([self.a(x), self.b(x)], 1))
class Halves(nn.Module):
    def forward(self, x):
        first, second = torch.chunk(x, 2, dim=1)
        return first, second
class Halved(nn.Module):
    def __init__(self):
        super().__init__()
        self.halves, self.a, self.b = Halves(), nn.Conv2d(4, 2, 1), nn.Conv2d(4, 3, 1)
    def forward(self, x):
        first, second = self.halves(x)
        return torch.cat([self.a(first), self.b(second)], 1)
class Unit(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc = nn.Linear(dim, dim)
    def forward(self, x):
        return torch.relu(self.fc(x))
class Stage(nn.Module):
    def __init__(self, dim, out, ratio, depth):
        super().__init__()
        self.down = nn.Linear(dim, out)
        self.blocks = nn.Sequential(*[Unit(out) for _ in range(int(depth))])
    def forward(self, x):
        return self.blocks(self.down(x))
class Ratios(nn.Module):
    def __init__(self):
        super().__init__()
        stages = (8, 8, 1.0, "1"), (8, 16, 2.0, "2"), (16, 24, 3.0, "3")
        self.stages = nn.ModuleList([Stage(*each) for each in stages])
    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return x
"""


def figures(path: Path, name: str, given: str) -> tuple[int, list[list[int]]]:
    """What a network in ``MIXED`` counts and puts out, as read and as its spec is read again."""
    path.write_text(MIXED)
    network = shapecalc.load(f"{path}:{name}", inputs=[given])
    report, again = network.report(), shapecalc.load(as_yaml(network.spec)).report()
    found = report.to_dict()
    assert again.to_dict()["totals"] == found["totals"]
    return report.totals.params, [each["shape"] for each in found["outputs"]]


def test_a_cut_into_two_and_one_into_three_are_two_blocks(tmp_path: Path) -> None:
    params = sum(
        n * n * k * k + n
        for n, kernels in ((6, (3, 5)), (4, (3, 5, 7)), (12, (3, 5)))
        for k in kernels
    )
    assert figures(tmp_path / "net.py", "Mixes", "12,16,16") == (params, [[1, 24, 16, 16]])


def test_pieces_of_a_module_that_only_cuts_are_those_of_its_layer(tmp_path: Path) -> None:
    found = figures(tmp_path / "net.py", "Halved", "8,16,16")
    assert found == (4 * 2 + 2 + 4 * 3 + 3, [[1, 5, 16, 16]])


def test_a_ratio_that_happens_to_be_whole_is_no_count_of_copies(tmp_path: Path) -> None:
    params = 72 + (8 * 16 + 16) + (16 * 24 + 24) + 72 + 2 * (16 * 17) + 3 * (24 * 25)
    assert figures(tmp_path / "net.py", "Ratios", "8") == (params, [[1, 24]])
