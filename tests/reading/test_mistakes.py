"""Mistakes that people post, each told at its own line with what helps."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError

HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
class Net(nn.Module):
"""

INIT = """    def __init__(self):
        super().__init__()
"""

MISTAKES: dict[str, tuple[str, list[str], int, tuple[str, ...]]] = {
    "keys of other features than torch's default for them": (
        INIT + """        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
    def forward(self, x, y):
        return self.attention(x, y, y)[0]
""",
        ["5,8", "7,6"],
        9,
        ("states kdim 8 but receives 6", "is made at"),
    ),
    "a transformer of torch's default width": (
        INIT + """        self.transformer = nn.Transformer(batch_first=True)
    def forward(self, x, y):
        return self.transformer(x, y)
""",
        ["5,64", "7,64"],
        9,
        ("states d_model 512 but receives 64",),
    ),
    "super().__init__() is missing": (
        """    def __init__(self):
        self.fc = nn.Linear(10, 2)
    def forward(self, x):
        return self.fc(x)
""",
        ["10"],
        6,
        ("cannot assign module before Module.__init__() call", "super().__init__() as the first"),
    ),
    "a list in place of a ModuleList": (
        INIT + """        self.layers = []
        for _ in range(3):
            self.layers.append(nn.Linear(10, 10))
    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return x
""",
        ["10"],
        9,
        ("Linear is not registered: 'layers' is no nn.ModuleList", "nn.ModuleList(...) around"),
    ),
    "a dictionary in place of a ModuleDict": (
        INIT + """        self.heads = {"a": nn.Sequential(nn.Linear(10, 2)), "b": nn.Linear(10, 3)}
    def forward(self, x):
        return self.heads["a"](x), self.heads["b"](x)
""",
        ["10"],
        7,
        ("'heads' is no nn.ModuleDict",),
    ),
    "a layer made in forward": (
        INIT + """        self.conv = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        x = self.conv(x).flatten(1)
        return nn.Linear(x.shape[1], 10)(x)
""",
        ["3,8,8"],
        10,
        ("Linear is not registered", "made in __init__"),
    ),
    "self. is missing": (
        INIT + """        self.fc1 = nn.Linear(10, 2)
    def forward(self, x):
        return fc1(x)
""",
        ["10"],
        9,
        ("name 'fc1' is not defined", "there is self.fc1: is self. missing?"),
    ),
    "what a recurrent layer returns is taken for its output": (
        INIT + """        self.lstm = nn.LSTM(10, 64, batch_first=True)
        self.fc = nn.Linear(64, 10)
    def forward(self, x):
        x = self.lstm(x)
        return self.fc(x)
""",
        ["20,10"],
        11,
        ("Linear 'fc' takes a Tensor, not tuple", "the tuple's first is 20 x 64 from LSTM 'lstm'"),
    ),
    "features stand where channels belong": (
        INIT + """        self.conv = nn.Conv1d(40, 64, 3)
    def forward(self, x):
        return self.conv(x)
""",
        ["100,40"],
        9,
        ("in_channels 40 but receives 100", "x.transpose(1, 2) exchanges the two"),
    ),
    "an embedding of floats": (
        INIT + """        self.emb = nn.Embedding(10, 4)
    def forward(self, x):
        return self.emb(x)
""",
        ["20"],
        9,
        ("takes indices but receives float32", "--input 20:int64 gives indices"),
    ),
    "a layer called as a function": (
        INIT + """        self.fc = nn.Linear(10, 5)
    def forward(self, x):
        return nn.ReLU(self.fc(x))
""",
        ["10"],
        9,
        ("nn.ReLU is made of a tensor", "nn.ReLU(...)(x)"),
    ),
    "a method that is not called": (
        INIT + """        self.fc = nn.Linear(192, 2)
    def forward(self, x):
        return self.fc(x.view(x.size[0], -1))
""",
        ["3,8,8"],
        9,
        ("'method' object is not subscriptable", "a method is called: .size(...)"),
    ),
    "a function that is not called": (
        INIT + """        def width(name):
            return 5
        self.fc = nn.Linear(10, width["fc"])
    def forward(self, x):
        return self.fc(x)
""",
        ["10"],
        9,
        ("'function' object is not subscriptable", "a function is called: width(...)"),
    ),
    "a method of a type, on something else": (
        INIT + """        self.fc = nn.Linear(10, dict.get("fc", 5))
    def forward(self, x):
        return self.fc(x)
""",
        ["10"],
        7,
        ("descriptor 'get' for 'dict' objects doesn't apply to a 'str' object", ""),
    ),
    "a method of a type, on nothing": (
        INIT + """        self.fc = nn.Linear(10, len(str.upper()))
    def forward(self, x):
        return self.fc(x)
""",
        ["10"],
        7,
        ("unbound method str.upper() needs an argument", ""),
    ),
    "a constructor with one underscore": (
        """    def _init_(self):
        super().__init__()
        self.fc = nn.Linear(10, 2)
    def forward(self, x):
        return self.fc(x)
""",
        ["10"],
        9,
        ("'Net' object has no attribute 'fc'", "is __init__ meant?"),
    ),
    "a comma too many": (
        INIT + """        self.fc = nn.Linear(10, 5),
    def forward(self, x):
        return self.fc(x)
""",
        ["10"],
        9,
        ("'tuple' object is not callable", "is there one too many?"),
    ),
    "a ModuleList that is called": (
        INIT + """        self.layers = nn.ModuleList([nn.Linear(10, 10)])
    def forward(self, x):
        return self.layers(x)
""",
        ["10"],
        9,
        ("missing the required \"forward\"", "nn.Sequential calls one after the other"),
    ),
    "a Sequential of a list": (
        INIT + """        self.net = nn.Sequential([nn.Linear(10, 10), nn.ReLU()])
    def forward(self, x):
        return self.net(x)
""",
        ["10"],
        7,
        ("list is not a Module subclass", "nn.Sequential(*layers)"),
    ),
    "a forward that is misspelt": (
        INIT + """        self.fc = nn.Linear(10, 2)
    def foward(self, x):
        return self.fc(x)
""",
        ["10"],
        4,
        ("missing the required \"forward\"", "did you mean 'foward'?"),
    ),
    "a method without self": (
        INIT + """        self.fc = nn.Linear(10, 2)
    def body(x):
        return x * 2
    def forward(self, x):
        return self.fc(self.body(x))
""",
        ["10"],
        11,
        ("body() takes 1 positional argument but 2 were given", "first parameter is self"),
    ),
    "no return": (
        INIT + """        self.fc = nn.Linear(10, 2)
    def forward(self, x):
        x = self.fc(x)
""",
        ["10"],
        8,
        ("forward gives back no tensor but NoneType", "is there a return missing?"),
    ),
    "a batch that a view changes": (
        INIT + """        self.fc, self.loss = nn.Linear(64, 10), nn.CrossEntropyLoss()
    def forward(self, x, target):
        return self.loss(self.fc(x.view(-1, 64)), target)
""",
        ["4,64", ":int64"],
        9,
        ("Expected input batch_size (4) to match target batch_size (1)", "flatten(1) keeps it"),
    ),
    "a target of another size": (
        INIT + """        self.fc = nn.Linear(10, 2)
    def forward(self, x, y):
        return F.binary_cross_entropy(self.fc(x), y)
""",
        ["10", "1"],
        9,
        ("target size [1, 1] that is different to the input size [1, 2]",),
    ),
    "targets that do not broadcast": (
        INIT + """        self.fc, self.loss = nn.Linear(10, 2), nn.MSELoss()
    def forward(self, x, y):
        return self.loss(self.fc(x), y)
""",
        ["10", "5"],
        9,
        ("2 and 5", "from the input 'y'"),
    ),
    "a parameter too short for the sequence": (
        INIT + """        self.emb = nn.Embedding(9, 4)
        self.pos = nn.Parameter(torch.zeros(1, 50, 4))
    def forward(self, x):
        return self.emb(x) + self.pos
""",
        ["60:int64"],
        10,
        ("60 x 4 and 50 x 4", "from the parameter 'pos'"),
    ),
}  # fmt: skip
"""Source, inputs, the line, and what the error says, by what is wrong."""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_line_with_what_helps(name: str, tmp_path: Path) -> None:
    source, inputs, line, said = MISTAKES[name]
    path = tmp_path / "net.py"
    path.write_text(HEAD + source)
    with pytest.raises(SpecError) as caught:
        shapecalc.load(f"{path}:Net", inputs=inputs).report()
    told = str(caught.value)
    assert f"net.py:{line}:" in told.splitlines()[0]
    assert [each for each in said if each not in told] == []


def test_layers_without_weights_may_be_made_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        HEAD
        + INIT
        + "        self.pools = [nn.MaxPool2d(2), nn.ReLU()]\n"
        + "    def forward(self, x):\n        return nn.Softmax(dim=1)(self.pools[0](x))\n"
    )
    assert shapecalc.load(f"{path}:Net", inputs=["3,8,8"]).report().totals.params == 0


def test_a_list_beside_what_registers_its_layers_is_right(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        HEAD
        + INIT
        + "        self.layers = []\n        for n in range(2):\n"
        + "            layer = nn.Linear(4, 4)\n            self.layers.append(layer)\n"
        + "            setattr(self, f'layer{n}', layer)\n    def forward(self, x):\n"
        + "        for layer in self.layers:\n            x = layer(x)\n        return x\n"
    )
    assert shapecalc.load(f"{path}:Net", inputs=["4"]).report().totals.params == 40


def test_a_layer_called_while_the_network_is_made_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        HEAD
        + INIT
        + "        self.norm = nn.Parameter(torch.ones(4))\n"
        + "        size = F.layer_norm(torch.zeros(2, 4), [4], self.norm).shape[-1]\n"
        + "        self.fc = nn.Linear(round(torch.tensor(4.4).item()), size)\n"
        + "    def forward(self, x):\n        return self.fc(x) * self.norm\n"
    )
    assert shapecalc.load(f"{path}:Net", inputs=["4"]).report().totals.params == 24
