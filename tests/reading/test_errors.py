"""What is told of source that is wrong, at the user's own line, with what is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError

HEAD = """import torch
from torch import nn
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.fc = nn.Linear(width, 10)
    def forward(self, x):
"""


def _said(folder: Path, text: str, *inputs: str, make: str = "Net") -> str:
    path = folder / "net.py"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        shapecalc.load(f"{path}:{make}", inputs=inputs or ("3,8,8",)).report()
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("return self.convv(x)", "has no attribute 'convv'; did you mean 'conv'?"),
        ("return self.conv(x).foo()", "Tensor.foo is not known"),
        ("a, b = x.shape", "too many values to unpack (expected 2, got 4)"),
        ("return self.conv(x.view(1, 5, 7))", "shape [1, 5, 7] is invalid for input of size 192"),
        ("return nn.Linear(3.5, 2)(x)", "in_features expects a positive integer, got 3.5"),
        ("return nn.Linear(3)(x)", "missing 1 required positional argument: 'out_features'"),
        ("return nn.Conv2d(3, 4, kernal_size=3)(x)", "did you mean 'kernel_size'?"),
        ("raise ValueError(f'no {x.dim()} of these')", "ValueError: no 4 of these"),
        ("assert x.shape[1] == 4, 'four channels'", "AssertionError: four channels"),
        ("return torch.cat([x, x[:, :, 1:]], 1)", "differ in height (8 and 7)"),
        ("return x.permute(0, 1)", "number of dimensions"),
        ("return undefined(x)", "name 'undefined' is not defined"),
        ("while True: pass", "steps lead to here"),
        ("while True: len(nn.Sequential())", "steps lead to here"),
        ("import itertools; return list(itertools.count())", "larger than any network needs"),
        ("import math; return math.lcm(*range(1, 10**5))", "larger than any network needs"),
        ("def f():\n            while True: yield x\n        f()", "evaluated at once here"),
        ("class Held: yield x", "SyntaxError: 'yield' outside function"),
        ("return 9 ** 9 ** 9 * x", "larger than any network needs"),
        ("return [0] * 10 ** 9", "larger than any network needs"),
        ("return self.forward(x)", "does a function call itself?"),
        ("return x if x.mean() > 0 else -x", "depends on what a tensor holds"),
        ("return None", "forward gives back no tensor"),
        ("return x.nonzero()", "what it puts out depends on what the tensor holds"),
        ("import random; return x * random.choice([1, 2])", "random.choice gives is another"),
        ("return 2 << x.long()", "<< of a tensor is not in the catalogue"),
        ("return F.linear(x)", "missing 1 required positional argument: 'weight'"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, line: str, said: str) -> None:
    found = _said(tmp_path, f"{HEAD}        {line}\n")
    assert said in found
    assert re.search(r"net\.py:(11|10|9|4):", found)


def test_the_values_of_the_names_in_a_line_are_told(tmp_path: Path) -> None:
    found = _said(tmp_path, f"{HEAD}        n = 5\n        return x.view(1, n, 7)\n")
    assert "where x is 1 x 3 x 8 x 8 and n is 5" in found


def test_all_layers_whose_sizes_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    text = HEAD + "        x = self.conv(x[:, :2])\n        return self.fc(x.flatten(1))\n"
    found = _said(tmp_path, text)
    assert "states in_channels 3 but receives 2" in found
    assert "states in_features 16 but receives 576" in found


def test_what_is_no_python_is_told_at_its_place(tmp_path: Path) -> None:
    assert "net.py:1:" in _said(tmp_path, "class Net(:\n")


def test_a_file_of_several_networks_lists_them(tmp_path: Path) -> None:
    text = HEAD + "        return x\nclass Other(Net):\n    pass\nclass Third(Net):\n    pass\n"
    assert "this file has 2 networks" in _said(tmp_path, text, make="")


def test_the_first_layer_says_what_it_would_take(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + "        return self.conv(x)\n")
    with pytest.raises(SpecError, match=r"'conv' takes 3 channels: --input 3,224,224"):
        shapecalc.load(f"{path}:Net")


def test_a_size_that_decides_keeps_its_value(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + "        return self.conv(x) if x.shape[2] > 4 else x\n")
    network = shapecalc.load(f"{path}:Net", inputs=["3,H=8,W=8"])
    assert set(network.symbols) == {"B", "W"}


def test_a_name_that_nothing_binds_is_a_symbol(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + "        return self.fc(self.conv(x).mean((2, 3)))\n")
    network = shapecalc.load(f"{path}:Net(width=w)", inputs=["3,8,8"])
    assert network.report(w=32).totals.params == 3 * 9 * 32 + 32 + 32 * 10 + 10


@pytest.mark.parametrize(
    "made",
    [
        "nn.Sequential(OrderedDict([(2, nn.ReLU())]))",
        "nn.Sequential().add_module(2, nn.ReLU())",
        "nn.ModuleDict({2: nn.ReLU()})",
    ],
)
def test_the_name_of_a_submodule_is_a_string(made, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(f"from collections import OrderedDict\nfrom torch import nn\nnet = {made}\n")
    with pytest.raises(shapecalc.SpecError, match="should be a string"):
        shapecalc.load(f"{path}:net", inputs=[[3, 8]])


def test_a_weight_that_is_unpacked_while_modules_are_made_is_told(tmp_path: Path) -> None:
    said = _said(
        tmp_path,
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(8, 8)\n"
        "        a, b = self.fc.weight\n"
        "    def forward(self, x):\n"
        "        return self.fc(x)\n",
    )
    assert "net.py:6:" in said
    assert "too many values to unpack (expected 2, got 8)" in said
    assert "it is a tensor: 8 x 8" in said


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("Net", "net.py:4:11: error: Net is not known"),
        ("Net()", "net.py:4:11: error: Net() is not known: Net(...)"),
        ("net", "net.py:4:11: error: net is not known: Net(...)"),
        ("Sub", "net.py:8:11: error: Sub is not known"),
        ("other", "net.py:7:9: error: other is not known: foo.make(...)"),
        ("Beside", "parts.py:2:14: error: Beside is not known"),
        ("Spread", "net.py:11:1: error: Spread is not known"),
    ],
)
def test_what_is_not_known_is_told_where_it_comes_in(make: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text("import foo\nclass Beside(foo.Bar): pass\n")
    text = """import foo
class Mixin: pass
class Net(Mixin,
          foo.Bar):
    def forward(self, x): return x
net = Net()
other = foo.make(3)
class Sub(Net): pass
from parts import Beside
bases = (Mixin, foo.Bar)
class Spread(*bases): pass
"""
    assert said in _said(tmp_path, text, make=make)
