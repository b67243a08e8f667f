"""Specs of source: one block for a class, its arguments and conditions, repeats and names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.language.writer import as_yaml

HEAD = """\
import torch
from torch import nn
import torch.nn.functional as F
"""


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """What is written of source, for inputs; it gives the same report again."""

    def write(source: str, make: str = "Net()", *inputs: str) -> str:
        file = tmp_path / "net.py"
        file.write_text(HEAD + source)
        net = shapecalc.load(f"{file}:{make}", inputs=inputs or ("3,H=32,W=32",))
        text = as_yaml(net.spec)
        ours, theirs = net.report(), shapecalc.load(text).report()
        assert [(x.path, x.output_shape) for x in ours] == [
            (x.path, x.output_shape) for x in theirs
        ]
        assert ours.totals == theirs.totals
        return text

    return write


RESIDUAL = """
class Unit(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, stride, padding=1)
        self.short = None
        if stride != 1 or cin != cout:
            self.short = SHORT
    def forward(self, x):
        return F.relu(self.conv(x) + (x if self.short is None else self.short(x)))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage1 = nn.Sequential(Unit(3, 16), Unit(16, 16))
        rest = [Unit(32, 32) for _ in range(2)]
        self.stage2 = nn.Sequential(Unit(16, 32, 2), *rest)
    def forward(self, x):
        return self.stage2(self.stage1(x))
"""
"""A block with a projection where its shape changes."""


def test_a_layer_of_some_uses_is_there_when_the_code_says(written: Any) -> None:
    text = written(RESIDUAL.replace("SHORT", "nn.Conv2d(cin, cout, 1, stride)"))
    assert "Unit2" not in text
    assert "has_short: stride != 1 or in_channels != cout" in text
    assert "from: [conv, short], when: has_short" in text
    assert "from: [conv, input], when: not has_short" in text


def test_a_block_of_some_uses_passes_its_input_on(written: Any) -> None:
    short = "nn.Sequential(nn.Conv2d(cin, cout, 1, stride), nn.BatchNorm2d(cout))"
    text = written(RESIDUAL.replace("SHORT", short))
    assert "needed: has_short" in text
    assert "{Add: , from: [conv, short]}" in text
    assert "{BatchNorm2d: , when: needed}" in text


def test_a_sequence_of_one_block_is_its_repeat(written: Any) -> None:
    text = written(RESIDUAL.replace("SHORT", "nn.Conv2d(cin, cout, 1, stride)"))
    assert "- {Unit: 16, name: stage1, repeat: 2}" in text
    assert (
        "- Unit: {cout: 32, stride: 2 if index == 0 else 1}\n    name: stage2\n    repeat: 3"
        in text
    )


def test_a_sequence_is_numbered_whatever_is_left_out(written: Any) -> None:
    text = written("""
class Mix(nn.Module):
    def __init__(self, c, norm):
        super().__init__()
        layers = [nn.Conv2d(c, c, 3, padding=1)]
        if norm:
            layers.append(nn.BatchNorm2d(c))
        self.body = nn.Sequential(*layers, nn.ReLU())
    def forward(self, x):
        return self.body(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Mix(3, True), Mix(3, False)
    def forward(self, x):
        return self.b(self.a(x))
""")
    assert "numbered: true" in text
    assert "{BatchNorm2d: , when: norm}" in text
    assert "args: {norm: }" in text


def test_modules_that_take_and_return_several_tensors_are_blocks(written: Any) -> None:
    text = written("""
class Up(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.up = nn.ConvTranspose2d(cin, cout, 2, 2)
        self.conv = nn.Conv2d(2 * cout, cout, 3, padding=1)
    def forward(self, low, skip):
        return self.conv(torch.cat([skip, self.up(low)], 1))

class Split(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.left, self.right = nn.Conv2d(c, 8, 1), nn.Conv2d(c, 16, 3, 2, 1)
    def forward(self, x):
        low, high = self.right(x), self.left(x)
        return low, high

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.split, self.up = Split(3), Up(16, 8)
    def forward(self, x):
        return self.up(*self.split(x))
""")
    assert "inputs: [low, skip]" in text
    assert "outputs: {low: right, high: left}" in text
    assert "- {Up: , name: up, from: [split, split.high]}" in text


def test_what_a_list_of_modules_holds_is_called_as_in_the_state_dict(written: Any) -> None:
    text = written("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 3, k, padding=k // 2) for k in (1, 3, 5)])
        self.heads = nn.ModuleDict({"a": nn.Linear(32, 2)})
    def forward(self, x):
        return self.heads["a"](sum(conv(x) for conv in self.convs))
""")
    for name in ("convs.0", "convs.1", "convs.2", "heads.a"):
        assert f"name: {name}" in text


def test_a_record_of_settings_gives_the_arguments(written: Any) -> None:
    text = written("""
from dataclasses import dataclass

@dataclass
class Cfg:
    width: int
    kernel: int = 3

class Layer(nn.Module):
    def __init__(self, cin, cfg):
        super().__init__()
        self.conv = nn.Conv2d(cin, cfg.width, cfg.kernel, padding=cfg.kernel // 2)
        self.act = nn.ReLU()
    def forward(self, x):
        return self.act(self.conv(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Layer(3, Cfg(8)), Layer(8, Cfg(16, 5))
    def forward(self, x):
        return self.b(self.a(x))
""")
    assert "- {Layer: {width: 8, kernel: 3}, name: a}" in text
    assert "kernel_size: kernel, padding: kernel//2}" in text


LAYERS = """
class Own(nn.Conv2d):
    def forward(self, x):
        return super().forward(F.pad(x, (1, 1, 1, 1)))

class Net(nn.Module):
    def __init__(self, width=8, classes=10):
        super().__init__()
        self.conv, self.fc = Own(3, width, 3), nn.Linear(width, classes)
    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))
"""


def test_a_layer_of_the_codes_own_is_that_layer(written: Any) -> None:
    text = written(LAYERS)
    assert "- {Conv2d: {out_channels: 8, kernel_size: 3}, name: conv}" in text
    assert "blocks" not in text


def test_numbers_that_are_given_are_symbols(written: Any) -> None:
    text = written(LAYERS, "Net(width=16, classes=5)")
    assert "symbols: {H: 32, W: 32, width: 16, classes: 5}" in text or (
        "symbols: {width: 16, classes: 5, H: 32, W: 32}" in text
    )
    assert "- {Linear: classes, name: fc}" in text


def test_what_joins_all_that_came_before_goes_on_from_the_join_before(written: Any) -> None:
    text = written("""
class Layer(nn.Module):
    def __init__(self, cin):
        super().__init__()
        self.conv = nn.Conv2d(cin, 4, 3, padding=1)
        self.act = nn.ReLU()
    def forward(self, xs):
        return self.act(self.conv(torch.cat(xs, 1)))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Layer(3 + 4 * i) for i in range(3)])
    def forward(self, x):
        xs = [x]
        for layer in self.layers:
            xs.append(layer(xs))
        return torch.cat(xs, 1)
""")
    assert "from: [concat1, layers.1]" in text
    assert "from: [concat2, layers.2]" in text


def test_a_stride_of_one_axis_is_an_argument_too(written: Any) -> None:
    text = written(
        """
class Unit(nn.Module):
    def __init__(self, c, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, (1, stride), padding=1)
        self.act = nn.ReLU()
    def forward(self, x):
        return self.act(self.conv(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Unit(3), Unit(3, 2)
    def forward(self, x):
        return self.b(self.a(x))
"""
    )
    assert "stride: [1, stride]" in text
    assert "Unit2" not in text


UNLIKE_IN_A_ROW = """
class Unit(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.conv = nn.Conv2d(n, m, 1)
        self.act = nn.ReLU()
    def forward(self, x):
        return self.act(self.conv(x))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [3, 4, 7, 7, 7, 7, 7, 9, 4, 4, 4, 5, 6, 7, 8, 9, 2, 3]
        self.f = nn.Sequential(*(Unit(a, b) for a, b in zip(widths, widths[1:])))
    def forward(self, x):
        return self.f(x)
"""


def test_the_longest_runs_of_what_is_alike_are_said_once(written: Any) -> None:
    text = written(UNLIKE_IN_A_ROW)
    uses = [line.strip() for line in text.splitlines() if "Unit: " in line]
    assert uses == [
        "- {Unit: 4 if index == 0 else 7, repeat: 6}",
        "- {Unit: 9 if index == 0 else 4, repeat: 4}",
        "- {Unit: 5 + index, repeat: 5}",
        "- Unit: 2",
        "- Unit: 3",
    ]


NUMBERED = """
class Unit(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.conv = nn.Conv2d(n, m, 1)
        self.act = nn.ReLU()
    def forward(self, x):
        return self.act(self.conv(x))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [3, 9, 4, 2, 7, 7, 7, 7]
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            setattr(self, f"unit{i}", Unit(a, b))
    def forward(self, x):
        for i in range(7):
            x = getattr(self, f"unit{i}")(x)
        return x
"""


def test_the_longest_end_of_a_row_of_numbered_names_is_said_once(written: Any) -> None:
    assert written(NUMBERED).endswith("""
layers:
  - {Unit: 9, name: unit0}
  - Unit: 4
  - Unit: 2 if index == 0 else 7
    name: "unit{index + 2}"
    repeat: 5
""")


OF_BATCHES = """
class Heads(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.fc = nn.Linear(8, 8)
    def forward(self, x):
        b, n, _ = x.shape
        y = self.fc(x).reshape(b * self.heads, -1, n).softmax(1)
        return y.reshape(b, n, 8)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(Heads(1), Heads(2))
    def forward(self, x):
        return self.f(x)
"""


def test_a_multiple_of_the_batch_is_an_argument_without_the_batch(written: Any) -> None:
    text = written(OF_BATCHES, "Net()", "6,8")
    assert "Reshape: [heads*B, -1, 6]" in text
