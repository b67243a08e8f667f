"""Mistakes in files as people post them: torch stops at a line, and so is that line told."""

from __future__ import annotations

import importlib.util
import traceback
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc import layers
from shapecalc.language.problem import SpecError
from shapecalc.reading.tensors.helping import IN_CODE

HEAD = """import math
import torch
import torch.nn as nn
import torch.nn.functional as F
"""

INIT = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
"""

MISTAKES: dict[str, tuple[str, list[str], int, tuple[str, ...]]] = {
    "a map before a Linear without a flatten": (
        INIT
        + """        self.conv = nn.Conv2d(1, 32, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(32 * 13 * 13, 128)
        self.fc2 = nn.Linear(128, 10)
    def forward(self, x):
        x = self.pool(F.relu(self.conv(x)))
        x = F.relu(self.fc1(x))
        return self.fc2(x)
""",
        ["1,28,28"],
        15,
        (
            "states in_features 5408 but receives 13",
            "x.flatten(1) before it makes 5408 of 32 x 13 x 13",
        ),
    ),
    "a map before a Linear without a flatten, whose elements are others": (
        INIT
        + """        self.conv = nn.Conv2d(3, 32, 3)
        self.fc = nn.Linear(32 * 14 * 14, 10)
    def forward(self, x):
        x = F.relu(self.conv(x))
        return self.fc(x)
""",
        ["3,32,32"],
        13,
        (
            "states in_features 6272 but receives 30",
            "x.flatten(1) before it makes 28800 of 32 x 30 x 30, not 6272",
        ),
    ),
    "channels of a map before a Linear": (
        INIT
        + """        self.conv = nn.Conv2d(3, 32, 3)
        self.fc = nn.Linear(32, 10)
    def forward(self, x):
        x = F.relu(self.conv(x))
        return self.fc(x)
""",
        ["3,32,32"],
        13,
        (
            "states in_features 32 but receives 30",
            "F.adaptive_avg_pool2d(x, 1).flatten(1) before it makes 32 of 32 x 30 x 30",
        ),
    ),
    "indices that are no whole numbers any more": (
        INIT
        + """        self.embed = nn.Embedding(100, 16)
    def forward(self, x):
        x = x / 2
        return self.embed(x)
""",
        ["10:int64"],
        12,
        ("takes indices but receives float32", "x.long() makes indices of whole numbers"),
    ),
    "whole numbers before a Linear": (
        INIT
        + """        self.fc = nn.Linear(10, 2)
    def forward(self, x):
        return self.fc(x)
""",
        ["10:int64"],
        11,
        ("but receives int64", "x.float() whole numbers into floats"),
    ),
    "a mask of another size than the scores": (
        INIT
        + """        self.heads = 4
    def forward(self, x):
        mask = torch.ones(self.heads, self.heads).tril() == 1
        return F.scaled_dot_product_attention(x, x, x, attn_mask=mask)
""",
        ["4,8,8"],
        12,
        ("scores and attn_mask", "differ in height (8 and 4)"),
    ),
    "a pool to one place without a flatten": (
        INIT
        + """        self.conv = nn.Conv2d(3, 8, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 2)
    def forward(self, x):
        x = self.pool(self.conv(x))
        return self.fc(x)
""",
        ["3,8,8"],
        14,
        (
            "states in_features 8 but receives 1",
            "x.flatten(1) before it makes 8 of 8 x 1 x 1",
        ),
    ),
    "a shortcut without a projection": (
        INIT
        + """        self.conv1 = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.bn1 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128, 128, 3, padding=1)
    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.conv2(out)
        out += x
        return F.relu(out)
""",
        ["64,32,32"],
        15,
        (
            "128 x 16 x 16 and 64 x 32 x 32",
            "nn.Conv2d(64, 128, 1, stride=2) makes 128 x 16 x 16 of the other",
        ),
    ),
    "upsampled by two what was odd": (
        INIT
        + """        self.down = nn.Conv2d(3, 16, 3, padding=1)
        self.mid = nn.Conv2d(16, 32, 3, padding=1)
        self.up = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.out = nn.Conv2d(32, 1, 1)
    def forward(self, x):
        a = self.down(x)
        b = self.mid(F.max_pool2d(a, 2))
        c = self.up(b)
        c = torch.cat((a, c), dim=1)
        return self.out(c)
""",
        ["3,101,101"],
        17,
        (
            "16 x 101 x 101 and 16 x 100 x 100",
            "F.interpolate(x, size=y.shape[2:])",
        ),
    ),
    "the features of one direction of two": (
        INIT
        + """        self.lstm = nn.LSTM(32, 64, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(64, 5)
    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])
""",
        ["7,32"],
        13,
        (
            "states in_features 64 but receives 128",
            "the LSTM goes both ways, and gives the 64 features of each",
        ),
    ),
    "BatchNorm2d behind a Linear": (
        INIT
        + """        self.fc1 = nn.Linear(784, 256)
        self.bn = nn.BatchNorm2d(256)
        self.fc2 = nn.Linear(256, 10)
    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = F.relu(self.bn(self.fc1(x)))
        return self.fc2(x)
""",
        ["1,28,28"],
        14,
        (
            "takes channels x height x width (behind the batch) but receives 256",
            "nn.BatchNorm1d takes it",
        ),
    ),
    "BatchNorm1d behind a Conv2d": (
        INIT
        + """        self.conv = nn.Conv2d(3, 32, 3)
        self.bn = nn.BatchNorm1d(32)
    def forward(self, x):
        return self.bn(self.conv(x))
""",
        ["3,32,32"],
        12,
        (
            "but receives 32 x 30 x 30",
            "nn.BatchNorm2d takes it",
        ),
    ),
    "LayerNorm of channels in front": (
        INIT
        + """        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.ln = nn.LayerNorm(8)
    def forward(self, x):
        return self.ln(self.conv(x))
""",
        ["3,16,16"],
        12,
        (
            "states normalized_shape 8 but receives 16",
            "nn.GroupNorm(1, 8) normalises over channels",
        ),
    ),
    "states of one layer for two": (
        INIT
        + """        self.lstm = nn.LSTM(10, 20, num_layers=2, batch_first=True)
        self.fc = nn.Linear(20, 1)
    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), 20)
        c0 = torch.zeros(1, x.size(0), 20)
        out, _ = self.lstm(x, (h0, c0))
        return self.fc(out[:, -1, :])
""",
        ["5,10"],
        14,
        ("receives h_0 of 1 x 1 x 20, not 2 x 1 x 20",),
    ),
    "states with the batch in front": (
        INIT
        + """        self.lstm = nn.LSTM(10, 20, batch_first=True)
        self.fc = nn.Linear(20, 1)
    def forward(self, x):
        h0 = torch.zeros(x.size(0), 1, 20)
        c0 = torch.zeros(x.size(0), 1, 20)
        out, _ = self.lstm(x, (h0, c0))
        return self.fc(out[:, -1, :])
""",
        ["5,10"],
        14,
        (
            "receives h_0 of batch x 1 x 20, not 1 x batch x 20",
            "its second the batch",
        ),
    ),
    "an LSTM of another width than the embedding": (
        INIT
        + """        self.embed = nn.Embedding(5000, 100)
        self.lstm = nn.LSTM(input_size=128, hidden_size=64, batch_first=True)
        self.fc = nn.Linear(64, 2)
    def forward(self, x):
        x = self.embed(x)
        out, (h, c) = self.lstm(x)
        return self.fc(out[:, -1])
""",
        ["40:int64"],
        14,
        ("states input_size 128 but receives 100",),
    ),
    "a state and a cell of a GRU": (
        INIT
        + """        self.gru = nn.GRU(8, 16, batch_first=True)
    def forward(self, x):
        out, (h, c) = self.gru(x)
        return out
""",
        ["5,8"],
        11,
        (
            "not enough values to unpack (expected 2, got 1)",
            "it is a tensor: 1 x 1 x 16 from GRU 'gru'",
        ),
    ),
    "the tuple of a GRU taken for its output": (
        INIT
        + """        self.gru = nn.GRU(8, 16, batch_first=True)
        self.fc = nn.Linear(16, 2)
    def forward(self, x):
        out = self.gru(x)
        return self.fc(out[:, -1])
""",
        ["5,8"],
        13,
        (
            "tuple indices must be integers or slices, not tuple",
            "the tuple's first is 5 x 16 from GRU 'gru'",
        ),
    ),
    "a Conv1d of rows without channels": (
        INIT
        + """        self.conv = nn.Conv1d(1, 16, 3)
        self.fc = nn.Linear(16, 2)
    def forward(self, x):
        x = F.relu(self.conv(x))
        return self.fc(x.mean(-1))
""",
        ["100"],
        12,
        (
            "takes channels x length (behind the batch) but receives 100",
            "x.unsqueeze(1) gives it the dimension of its one channel",
        ),
    ),
    "an Embedding of what a Linear gives": (
        INIT
        + """        self.embed = nn.Embedding(1000, 32)
        self.scale = nn.Linear(20, 20)
    def forward(self, x):
        return self.embed(self.scale(x))
""",
        ["20"],
        12,
        (
            "takes indices but receives float32",
            "x.long() makes indices of whole numbers",
        ),
    ),
    "attention of another width": (
        INIT
        + """        self.attn = nn.MultiheadAttention(64, 8, batch_first=True)
    def forward(self, x):
        out, _ = self.attn(x, x, x)
        return out
""",
        ["12,128"],
        11,
        ("states embed_dim 64 but receives 128",),
    ),
    "all positions added to some": (
        """
class PositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=50):
        super().__init__()
        pe = torch.zeros(max_len, d_model)
        position = torch.arange(0, max_len).unsqueeze(1).float()
        div = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
        pe[:, 0::2] = torch.sin(position * div)
        pe[:, 1::2] = torch.cos(position * div)
        self.register_buffer('pe', pe.unsqueeze(0))
    def forward(self, x):
        return x + self.pe
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(100, 64)
        self.pos = PositionalEncoding(64)
    def forward(self, x):
        return self.pos(self.embed(x))
""",
        ["30:int64"],
        16,
        (
            "30 x 64 and 50 x 64",
            "[:, :30] of the 50 that are kept takes those needed",
        ),
    ),
    "sines and cosines of an odd width": (
        """
class Net(nn.Module):
    def __init__(self, d_model=15, max_len=50):
        super().__init__()
        pe = torch.zeros(max_len, d_model)
        position = torch.arange(0, max_len).unsqueeze(1).float()
        div = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
        pe[:, 0::2] = torch.sin(position * div)
        pe[:, 1::2] = torch.cos(position * div)
        self.register_buffer('pe', pe.unsqueeze(0))
    def forward(self, x):
        return x + self.pe[:, :x.size(1)]
""",
        ["50,15"],
        13,
        ("The expanded size of the tensor (7) must match the existing size (8)",),
    ),
    "a batch of one size in a reshape": (
        INIT
        + """        self.fc = nn.Linear(784, 10)
    def forward(self, x):
        x = x.reshape(64, 784)
        return self.fc(x)
""",
        ["1,28,28"],
        11,
        (
            "shape [64, 784] is invalid for input of size 784",
            "64 stands for the batch",
        ),
    ),
    "keys that are not transposed": (
        INIT
        + """        self.q = nn.Linear(32, 16)
        self.k = nn.Linear(32, 16)
    def forward(self, x):
        q, k = self.q(x), self.k(x)
        return torch.matmul(q, k)
""",
        ["10,32"],
        13,
        (
            "16 columns do not meet 10 rows",
            "x.transpose(-2, -1) turns a matrix over",
        ),
    ),
    "heads that do not divide the width": (
        INIT
        + """        self.qkv = nn.Linear(64, 192)
    def forward(self, x):
        B, N, C = x.shape
        q, k, v = self.qkv(x).view(B, N, 3, 6, C // 6).permute(2, 0, 3, 1, 4)
        return (q @ k.transpose(-2, -1)) @ v
""",
        ["10,64"],
        12,
        ("shape [1, 10, 3, 6, 10] is invalid for input of size 1920",),
    ),
    "F.dropout as a layer": (
        INIT
        + """        self.fc = nn.Linear(8, 4)
        self.dropout = F.dropout(0.5)
    def forward(self, x):
        return self.dropout(self.fc(x))
""",
        ["8"],
        10,
        (
            "argument 'input' must be Tensor, not float",
            "nn.Dropout(0.5) is the layer of it",
        ),
    ),
    "F.relu in a Sequential": (
        INIT
        + """        self.body = nn.Sequential(nn.Linear(8, 4), F.relu, nn.Linear(4, 2))
    def forward(self, x):
        return self.body(x)
""",
        ["8"],
        9,
        ("is a function and not a Module subclass; nn.ReLU() is the layer of it",),
    ),
    "tensors to concatenate one by one": (
        INIT
        + """        self.a = nn.Linear(8, 4)
        self.out = nn.Linear(8, 2)
    def forward(self, x):
        return self.out(torch.cat(self.a(x), self.a(x), dim=1))
""",
        ["8"],
        12,
        (
            "argument 'tensors' (position 1) must be tuple of Tensors, not Tensor",
            "a list holds what is put together",
        ),
    ),
    "a concatenation along the batch": (
        INIT
        + """        self.a = nn.Linear(8, 4)
        self.b = nn.Linear(8, 6)
        self.out = nn.Linear(10, 2)
    def forward(self, x):
        return self.out(torch.cat((self.a(x), self.b(x))))
""",
        ["8"],
        13,
        ("concatenates along dim 0: 4 and 6, which differ in features (4 and 6)",),
    ),
    "super(Net) without self": (
        """
class Net(nn.Module):
    def __init__(self, width):
        super(Net).__init__()
        self.fc = nn.Linear(width, 2)
    def forward(self, x):
        return self.fc(x)
net = Net(8)
""",
        ["8"],
        9,
        (
            "cannot assign module before Module.__init__() call",
            "super(Net) is nobody's",
        ),
    ),
    "super().__init__ without a call": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__
        self.fc = nn.Linear(8, 2)
    def forward(self, x):
        return self.fc(x)
""",
        ["8"],
        9,
        ("cannot assign module before Module.__init__() call",),
    ),
    "channels that no square divides": (
        INIT
        + """        self.conv = nn.Conv2d(3, 10, 3, padding=1)
        self.up = nn.PixelShuffle(2)
    def forward(self, x):
        return self.up(self.conv(x))
""",
        ["3,16,16"],
        12,
        ("has upscale_factor 2, whose square does not divide the 10 channels",),
    ),
    "classes behind height and width": (
        INIT
        + """        self.conv = nn.Conv2d(3, 10, 3, padding=1)
        self.loss = nn.CrossEntropyLoss()
    def forward(self, x, target):
        logits = self.conv(x)
        logits = logits.permute(0, 2, 3, 1)
        return self.loss(logits, target)
""",
        ["3,8,8", "8,8:int64"],
        14,
        ("Expected target size [1, 8, 10], got [1, 8, 8]",),
    ),
}
"""What a file has, what comes in, the line that is wrong, and what is told of it."""


STOPS = (RuntimeError, TypeError, ValueError, AssertionError, AttributeError)


def _file(folder: Path, name: str) -> Path:
    path = folder / "net.py"
    path.write_text(HEAD + MISTAKES[name][0])
    return path


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_line_with_what_helps(name: str, tmp_path: Path) -> None:
    _, inputs, line, said = MISTAKES[name]
    with pytest.raises(SpecError) as caught:
        shapecalc.load(str(_file(tmp_path, name)), inputs=inputs)
    text = str(caught.value)
    assert f"net.py:{line}:" in text.splitlines()[0]
    for each in said:
        assert each in text


@pytest.mark.parametrize("name", MISTAKES)
def test_torch_stops_at_that_line(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    _, inputs, line, _ = MISTAKES[name]
    path = _file(tmp_path, name)
    with pytest.raises(STOPS) as hit:
        _run(path, inputs)
    where = [each.lineno for each in traceback.extract_tb(hit.tb) if each.filename == str(path)]
    assert where[-1] == line


def _run(path: Path, inputs: list[str]) -> Any:
    """What the file's network makes of a batch of two."""
    import torch

    spec = importlib.util.spec_from_file_location("posted", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    given = []
    for each in inputs:
        sizes, _, dtype = each.partition(":")
        shape = [2, *map(int, sizes.split(","))]
        given.append(torch.zeros(shape, dtype=getattr(torch, dtype or "float32")))
    return module.Net()(*given)


def test_advice_that_is_said_in_code_is_what_a_kind_says_in_a_spec() -> None:
    source = "\n".join(path.read_text() for path in Path(layers.__file__).parent.rglob("*.py"))
    assert [advice for advice in IN_CODE if f'"{advice}"' not in source] == []
