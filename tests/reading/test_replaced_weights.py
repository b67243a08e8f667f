"""Weights that are put into layers, and tensors that are made parameters while forward runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.language.problem import SpecError

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(30, 4)
        self.grouped = nn.Conv2d(4, 4, 1, groups=2)
        {}

    def forward(self, x):
        {}
"""

CASES = {
    "of the same shape": (
        "self.conv.weight = nn.Parameter(torch.ones(4, 3, 3, 3))",
        "return self.conv(x)",
    ),
    "of another kernel": (
        "self.conv.weight = nn.Parameter(torch.ones(4, 3, 1, 1))",
        "return self.conv(x)",
    ),
    "of more channels": (
        "self.conv.bias = nn.Parameter(torch.ones(5))\n"
        "        self.conv.weight = nn.Parameter(torch.ones(5, 3, 3, 3))",
        "return self.conv(x)",
    ),
    "of more channels, the bias last": (
        "self.conv.weight = nn.Parameter(torch.ones(5, 3, 3, 3))\n"
        "        self.conv.bias = nn.Parameter(torch.ones(5))",
        "return self.conv(x)",
    ),
    "of groups": (
        "self.grouped.weight = nn.Parameter(torch.ones(4, 2, 3, 3))",
        "return self.grouped(self.conv(x))",
    ),
    "of more features": (
        "self.fc.weight = nn.Parameter(torch.ones(7, 30))\n"
        "        self.fc.bias = nn.Parameter(torch.ones(7))",
        "return self.fc(x)",
    ),
    "computed of one that takes its place, of those that a module registers": (
        "weight = self.conv.weight; del self.conv._parameters['weight']\n"
        "        self.conv.register_parameter('weight_orig', nn.Parameter(weight.data))",
        "self.conv.weight = self.conv.weight_orig * 2\n        return self.conv(x)",
    ),
    "computed of one that takes its place, and of another": (
        "weight = self.conv.weight; del self.conv.weight\n"
        "        self.conv.weight_bar = nn.Parameter(weight.data)\n"
        "        self.conv.u = nn.Parameter(torch.ones(4))",
        "sigma = self.conv.u.dot(self.conv.weight_bar.view(4, -1).sum(1))\n"
        "        self.conv.weight = self.conv.weight_bar / sigma.expand_as(self.conv.weight_bar)\n"
        "        return self.conv(x)",
    ),
    "of another name in a layer that is not called": (
        "weight = self.fc.weight; del self.fc._parameters['weight']\n"
        "        self.fc.register_parameter('weight_orig', nn.Parameter(weight.data))",
        "return self.conv(x)",
    ),
    "taken away with its module": (
        "del self._modules['fc']; self.none = None; del self.none",
        "return self.conv(x)",
    ),
    "made in forward": ("", "return self.grouped(nn.Parameter(self.conv(x)))"),
    "listed in forward": (
        "",
        "kept = nn.ParameterList([])\n        kept.append(self.conv(x))\n        return kept[-1]",
    ),
}


def written(tmp_path: Path, init: str, forward: str) -> tuple[str, str]:
    source = SOURCE.replace("{}", init, 1).replace("{}", forward, 1)
    path = tmp_path / "net.py"
    path.write_text(source)
    return str(path), source


@pytest.mark.parametrize("case", CASES)
def test_a_parameter_counts_as_in_torch(case: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path, source = written(tmp_path, *CASES[case])
    report = shapecalc.load(path, inputs=["3,30,30"]).report()
    made: dict[str, Any] = {}
    exec(compile(source, path, "exec"), made)
    net = made["Net"]()
    assert report.totals.params == sum(each.numel() for each in net.parameters())
    shape = report.built.outputs[0].tensor.shape[1:]
    assert shape == tuple(net(torch.zeros(2, 3, 30, 30)).shape)[1:]


def test_a_weight_that_does_not_fit_its_layer_is_refused(tmp_path: Path) -> None:
    weight = "self.norm = nn.BatchNorm2d(3); self.norm.weight = nn.Parameter(torch.ones(5))"
    path, _ = written(tmp_path, weight, "return self.norm(x)")
    with pytest.raises(SpecError, match="BatchNorm2d has a weight of 3, and is given one of 5"):
        shapecalc.load(path, inputs=["3,30,30"])


def test_a_weight_that_is_computed_from_what_comes_in_is_refused(tmp_path: Path) -> None:
    forward = "self.fc.weight = x.mean((0, 1))[:4]; return self.fc(x)"
    path, _ = written(tmp_path, "del self.fc.weight", forward)
    with pytest.raises(SpecError, match="a Linear whose weight is computed from others"):
        shapecalc.load(path, inputs=["3,30,30"])


def test_a_tensor_that_a_layer_lacks_is_not_taken_from_it(tmp_path: Path) -> None:
    path, _ = written(tmp_path, "del self.fc.weights", "return self.fc(x)")
    with pytest.raises(SpecError, match="'Linear' object has no attribute 'weights'"):
        shapecalc.load(path, inputs=["3,30,30"])
