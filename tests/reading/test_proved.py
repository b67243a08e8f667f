"""Constructs of code by other hands, each proved: torch runs it and gives the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

check_code = pytest.importorskip("shapecalc.verify.code").check_code

HEAD = """import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical, Normal


"""

PROVED = {
    "a tied layer whose size is assigned": (
        ["12:int64"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(100, 32)
        self.head = nn.Linear(32, 100, bias=False)
        self.head.weight = self.emb.weight
        self.head.out_features = self.emb.num_embeddings

    def forward(self, x):
        return self.head(self.emb(x))
""",
    ),
    "windows that are put together again": (
        ["8,8,4"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.Linear(4, 4)

    def forward(self, x):
        H, W = x.shape[1:3]
        w = self.p(x.view(-1, 4, 4, 4))
        B = int(w.shape[0] / (H * W / 4 / 4))
        return w.view(B, H // 4, W // 4, 4, 4, -1).permute(0, 1, 3, 2, 4, 5).reshape(B, H, W, -1)
""",
    ),
    "rounded ratios of a size": (
        ["C=6,5"],
        """
import math


class Net(nn.Module):
    def forward(self, x):
        b, c, t = x.shape
        half, more = int(c / 4 * 2), math.ceil(t / 2)
        return x[:, :half], x[:, :, : math.floor(c / 3)], x[..., :more], x.view(int(b * c / c), -1)
""",
    ),
    "functions of three tensors": (
        ["8"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.f, self.g = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        f, g = self.f(x), self.g(x)
        return (
            torch.lerp(f, g, 0.25), torch.lerp(x, f, g.sigmoid()),
            torch.addcmul(x, f, g, value=0.5), x.addcmul(f, g),
            torch.addcdiv(x, f, g.exp(), value=2), torch.addmm(f, g, g.t() @ x, beta=0.5, alpha=2),
            torch.addmm(f, g, g.t() @ x, beta=0),
        )
""",
    ),
    "a registry of derived classes": (
        ["8"],
        """
REGISTRY = {}


class Base(nn.Module):
    def __init_subclass__(cls, name=None, **kwargs):
        super().__init_subclass__(**kwargs)
        REGISTRY[name] = cls


class Plain(Base, name="plain"):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(8, width)

    def forward(self, x):
        return self.fc(x)


class Deep(Plain, name="deep"):
    def forward(self, x):
        return self.fc(x).relu()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = REGISTRY["plain"](4), REGISTRY["deep"](5)

    def forward(self, x):
        return self.a(x), self.b(x)
""",
    ),
    "classes that a base keeps itself": (
        ["8"],
        """
class Base(nn.Module):
    known = []

    def __init_subclass__(cls):
        cls.known.append(cls)


class First(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.all = nn.ModuleList(cls() for cls in Base.known)

    def forward(self, x):
        return self.all[0](x)
""",
    ),
    "modules and parameters put into their dictionaries": (
        ["8"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self._modules["extra"] = nn.Linear(8, 4)
        self._parameters["w"] = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.extra(x) * self.w
""",
    ),
    "the names of a recurrent layer's weights": (
        ["4,8"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.sizes = [len(names) for names in self.lstm._all_weights]
        for names in self.lstm._all_weights:
            for name in filter(lambda n: "bias" in n, names):
                getattr(self.lstm, name).data.fill_(1.0)
        self.fc = nn.Linear(12, sum(self.sizes))

    def forward(self, x):
        return self.fc(self.lstm(x)[0])
""",
    ),
    "doubles that are returned": (
        ["8"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return self.fc(x).double()
""",
    ),
    "steps that are put into a tensor": (
        ["5,8"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.fc = nn.GRUCell(8, 6), nn.Linear(6, 4)

    def forward(self, x):
        batch, steps, _ = x.shape
        first, second = torch.zeros(batch, steps, 4), x.new_zeros(steps, batch, 6)
        h = torch.zeros(batch, 6)
        for t in range(steps):
            h = self.cell(x[:, t], h)
            first[:, t] = self.fc(h)
            second[t] = h
        return first, self.fc(second)
""",
    ),
    "parts that are changed": (
        ["5,8"],
        """
class Net(nn.Module):
    def forward(self, x):
        y = x * 2
        y[:, 0] = x[:, 1] + 1
        y[..., 2:4] = x[..., :2]
        z = torch.zeros_like(x)
        z[:, 1:3] = y[:, :2]
        used = z.sum()
        z[:, -1] = x[:, 0]
        z[:, -1] = x[:, 1]
        whole = torch.empty_like(x)
        whole[:] = y
        for i in range(1, 4):
            x = x + z[:, i - 1 : i]
            z[:, i] = x[:, i]
        return y, z, used, whole, x
""",
    ),
    "classes of one": (
        ["6:int64"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(7, 5)

    def forward(self, x):
        return self.fc(F.one_hot(x, 7).float()), F.one_hot(x, num_classes=9)
""",
    ),
    "frozen layers": (
        ["3,8,8"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
        self.train()

    def train(self, mode=True):
        super().train(mode)
        for each in self.stem.parameters():
            each.requires_grad = False
        return self

    def forward(self, x):
        return self.head(self.stem(x))
""",
    ),
}


def findings(folder: Path, source: str, inputs: list[str]) -> list[object]:
    path = folder / "net.py"
    path.write_text(HEAD + source)
    network = shapecalc.load(f"{path}:Net", inputs=inputs)
    found = list(check_code(network, f"{path}:Net"))
    assert all(each.agrees for each in found), [each.differences for each in found]
    return found


@pytest.mark.parametrize("which", PROVED)
def test_what_is_read_gives_the_numbers_of_the_code(which: str, tmp_path: Path) -> None:
    inputs, source = PROVED[which]
    found = findings(tmp_path, source, inputs)
    assert all(each.compared for each in found), [each.note for each in found]


NOTED = {
    "a loss": "F.mse_loss(self.fc(x), x)",
    "a sample": "Normal(self.fc(x), 1.0).sample()",
    "the likelihood of one": "Normal(self.fc(x), self.fc(x).exp()).log_prob(x)",
    "a choice by chance": "F.gumbel_softmax(self.fc(x), hard=True)",
    "statistics that the code keeps": (
        "F.batch_norm(x[..., None].repeat(1, 1, 4), self.kept_mean, self.kept_var, None, None, "
        "self.training)"
    ),
    "what is rounded": "self.fc(x.bfloat16().float())",
    "gradients that are off": "self.off(x)",
}


@pytest.mark.parametrize("which", NOTED)
def test_what_stands_for_something_else_is_noted(which: str, tmp_path: Path) -> None:
    source = f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.register_buffer("kept_mean", torch.zeros(6))
        self.register_buffer("kept_var", torch.ones(6))

    def off(self, x):
        with torch.set_grad_enabled(False):
            x = self.fc(x)
        return self.fc(x)

    def forward(self, x):
        return {NOTED[which]}
"""
    found = findings(tmp_path, source, ["6"])
    (note,) = [each.note for each in found if not each.compared]
    assert note.startswith("none, since they may differ: ")
