"""Names of files: given values from inside functions, and asked for by text, as torch runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import as_read, by_torch
from tests.reading.test_torchvision import MODELS

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
    "functions and layers by the names that dictionaries of modules have": (
        """
import torch.nn.functional
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.__dict__["BatchNorm2d"](4)
        self.act = vars(nn)["ReLU6"]()
        self.c = globals()["made"](4)
        kinds = [n for n in ("Conv2d", "Nothing") if n in nn.__dict__]
        self.more = [nn.__dict__.get(n, nn.Identity) for n in ("Linear", "Missing")]
        assert kinds == ["Conv2d"] and self.more[1] is nn.Identity
        assert start_too == start == 4
        assert "made" in globals() and "unmade" not in globals()
        self.head = self.more[0](4, width)
    def forward(self, x):
        x = torch.nn.functional.__dict__["relu"](self.act(self.bn(self.c(x))))
        return self.head(x.mean((2, 3)))
def made(n):
    return nn.Conv2d(3, n, 3)
start = globals().get("end", 4)
for _name, _value in list(globals().items()):
    globals()[_name + "_too"] = _value
for _name in ("width", "height"):
    globals()[_name] = len(_name) + 2
""",
        [[3, 8, 8]],
    ),
    "names that are set by an update of the file's, where there are none yet": (
        """
if "width" not in globals():
    width = 4
globals().update({"depth": 3, "unused": open}, height=2)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        found = sorted(n for n in globals() if n.islower() and not n.startswith("__"))
        assert found[:2] == ["depth", "height"], found
        self.lin = nn.Linear(width, depth * height)
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
    expected = by_torch(HEAD + source, "Net()", inputs)
    assert as_read(tmp_path, HEAD + source, "Net()", inputs) == expected


def test_a_value_from_a_function_stands_where_the_files_own_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        f"{HEAD}import elsewhere\nwidth = elsewhere.sizes()[0] + 1\n"
        "def make():\n    global width\n    width = 3\n    return nn.Linear(4, width)\n"
    )
    assert shapecalc.load(f"{path}:make()", inputs=["4"]).report().totals.params == 15


PARTS = """from torch import nn
from other import *
__version__ = "1"
LARGE = 3
def wide(num_classes=2):
    return nn.Linear(4, num_classes)
def _hidden(): pass
table = [n + 1 for n in []]
"""

IDIOM = """import parts
names = sorted(
    name for name in parts.__dict__
    if name.islower() and not name.startswith("__") and callable(parts.__dict__[name])
)
def make(arch, n):
    assert arch in names and arch in parts.__dict__ and "missing" not in vars(parts), names
    assert "table" in parts.__dict__ and "narrow" in dir(parts)
    return parts.__dict__[arch](num_classes=n)
"""


@pytest.mark.parametrize("arch", ["wide", "narrow"])
def test_networks_by_name_are_found_in_the_dictionary_of_a_module(
    arch: str, tmp_path: Path
) -> None:
    (tmp_path / "parts.py").write_text(PARTS)
    narrow = "from torch import nn\ndef narrow(num_classes): return nn.Linear(4, num_classes)\n"
    (tmp_path / "other.py").write_text(narrow)
    path = tmp_path / "net.py"
    path.write_text(IDIOM)
    loaded = shapecalc.load(f"{path}:make('{arch}', 5)", inputs=["4"])
    assert loaded.report().totals.params == 25


def test_a_module_of_which_something_is_not_read_is_gone_through(tmp_path: Path) -> None:
    unread = PARTS.replace("in []", "in unread.sizes()").replace("from", "import unread\nfrom", 1)
    (tmp_path / "parts.py").write_text(unread)
    (tmp_path / "other.py").write_text("def narrow(num_classes): pass\n")
    path = tmp_path / "net.py"
    path.write_text(IDIOM)
    assert shapecalc.load(f"{path}:make('wide', 5)", inputs=["4"]).report().totals.params == 25


def test_a_key_that_a_module_has_not_is_pythons_error(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text("wide = 1\n")
    path = tmp_path / "net.py"
    path.write_text("import parts\ndef make(): return parts.__dict__['wdie']\n")
    with pytest.raises(shapecalc.SpecError, match=r"2:20: error: KeyError: 'wdie'"):
        shapecalc.load(f"{path}:make()", inputs=["4"])


@pytest.mark.skipif(MODELS is None, reason="torchvision is not installed")
def test_torchvisions_networks_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "from torchvision import models\n"
        "names = sorted(n for n in models.__dict__ if n.islower()"
        " and not n.startswith('__') and callable(models.__dict__[n]))\n"
        "assert 'resnet50' in names\n"
        "net = models.__dict__[names[names.index('resnet18')]](num_classes=10)\n"
    )
    assert shapecalc.load(f"{path}:net", inputs=["3,64,64"]).report().totals.params == 11_181_642
