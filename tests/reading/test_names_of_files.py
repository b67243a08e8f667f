"""Names of files: given values from inside functions, and asked for by text, as torch runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import by_torch

torch = pytest.importorskip("torch")

HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
"""

CASES: dict[str, tuple[str, list[list[int]]]] = {
    "a method gives a name of the file its first value that is read": (
        """
skips = None
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        global skips
        skips = [x]
        return self.c(skips[0])
""",
        [[3, 8, 8]],
    ),
    "a list of the file is emptied, and a part of the network fills it": (
        """
skips = []
class Down(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 3, 3, padding=1)
    def forward(self, x):
        skips.append(x)
        return self.c(x)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = Down()
        self.c = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        global skips
        skips = []
        return self.c(self.down(x) + skips[0])
""",
        [[3, 8, 8]],
    ),
    "a number that the file gives in two steps is counted on from a function's": (
        """
made = kept = 1
made += 1
def start(n):
    global made
    made = n
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        start(5)
        self.lin = nn.Linear(4, made + kept)
    def forward(self, x):
        return self.lin(x)
""",
        [[4]],
    ),
    "a name of the module that is set as its attribute": (
        """
import sys
width = 3
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        sys.modules[__name__].width = 6
        self.lin = nn.Linear(4, width)
    def forward(self, x):
        return self.lin(x)
""",
        [[4]],
    ),
}
"""The source of a network and the shapes that come in, by what is special in it."""


@pytest.mark.parametrize("name", CASES)
def test_a_name_of_a_file_is_read_as_torch_runs_it(name: str, tmp_path: Path) -> None:
    source, inputs = CASES[name]
    path = tmp_path / "net.py"
    path.write_text(HEAD + source)
    shapes = [",".join(map(str, shape)) for shape in inputs]
    report = shapecalc.load(f"{path}:Net()", inputs=shapes).report()
    assert by_torch(HEAD + source, "Net()", inputs) == {
        "params": report.totals.params,
        "output": report.to_dict()["outputs"][0]["shape"],
        "macs": report.totals.macs,
    }


def test_a_value_from_a_function_stands_where_the_files_own_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        f"{HEAD}import elsewhere\nwidth = elsewhere.sizes()[0] + 1\n"
        "def make():\n    global width\n    width = 3\n    return nn.Linear(4, width)\n"
    )
    assert shapecalc.load(f"{path}:make()", inputs=["4"]).report().totals.params == 15
