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
    "norms over several dimensions": (
        ["3,6,6"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.all = nn.Conv2d(3, 4, 3), nn.LayerNorm([4, 4, 4])
        self.last, self.rms = nn.LayerNorm((4, 4)), nn.RMSNorm([4, 4])

    def forward(self, x):
        x = self.conv(x)
        return self.all(x), self.last(x), self.rms(x), F.layer_norm(x, (4, 4))
""",
    ),
    "padding by numbers, norms of other exponents, filled tensors": (
        ["5,6"],
        """
class Net(nn.Module):
    def forward(self, x):
        y = F.pad(x, (1, 2), value=3.0), F.pad(x, [0, 1], "constant", 1)
        z = x.norm(p=1, dim=-1), torch.linalg.norm(x, ord=float("inf"), dim=1), x.norm()
        return *y, *z, torch.full((len(x), 2), 1), torch.full((len(x),), True)
""",
    ),
    "offsets that a module keeps": (
        ["2:int64"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("offsets", torch.tensor([0, 5]))
        self.emb = nn.Embedding(11, 4)

    def forward(self, x):
        return self.emb(x + self.offsets[None])
""",
    ),
    "a weight that is stretched": (
        ["8,5,5"],
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8))

    def forward(self, x):
        return self.weight.unsqueeze(0).unsqueeze(2).unsqueeze(3).expand_as(x) * x
""",
    ),
    "a class whose uses take tensors of several ranks": (
        ["6,16", "8,3"],
        """
class Lin(nn.Module):
    def __init__(self, i, o, bias=True):
        super().__init__()
        self.linear_layer = nn.Linear(i, o, bias=bias)

    def forward(self, x):
        return self.linear_layer(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.mem = Lin(8, 10, bias=False), Lin(16, 12, bias=False)
        self.proj, self.gate = Lin(22, 8), Lin(22, 1)

    def forward(self, memory, mels):
        d = self.first(mels.transpose(1, 2))
        m = self.mem(memory).mean(1)
        z = [torch.cat((d[:, t], m), 1) for t in range(3)]
        return torch.stack([self.proj(e) for e in z], 1), torch.stack([self.gate(e) for e in z], 1)
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
    "elements that change places": "torch.sort(self.fc(x), -1)[0]",
    "a product that runs along": "torch.cumprod(self.fc(x), 1)",
    "a choice by chance": "F.gumbel_softmax(self.fc(x), hard=True)",
    "statistics that the code keeps": (
        "F.batch_norm(x[..., None].repeat(1, 1, 4), self.kept_mean, self.kept_var, None, None, "
        "self.training)"
    ),
    "what is rounded": "self.fc(x.bfloat16().float())",
    "gradients that are off": "self.off(x)",
    "what is dropped in evaluation, too": "self.fc(F.dropout(self.fc(x), 0.5))",
    "a Variable, which is a tensor of its own": "self.fc(torch.autograd.Variable(x))",
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


def test_a_batch_norm_that_calls_the_function_has_its_buffers_once(tmp_path: Path) -> None:
    source = """
class BNAct(nn.BatchNorm2d):
    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        return F.batch_norm(x, mean, var, self.weight, self.bias, self.training).relu()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3), BNAct(4)

    def forward(self, x):
        return self.bn(self.conv(x))
"""
    found = findings(tmp_path, source, ["3,8,8"])
    (skipped,) = [each for each in found if not each.compared]
    assert skipped.what.startswith("training at")
    assert skipped.note.endswith("F.batch_norm counts no batches")


READ_OTHERWISE = {
    "in training": (
        "return x.max(1)[1] if self.training else x",
        True,
        "the source was read as it runs in training",
    ),
    "with a batch of one": (
        "return self.fc(torch.squeeze(x.mean(1)))",
        False,
        "squeeze() drops a batch of one in the code, which is kept",
    ),
}


@pytest.mark.parametrize("which", READ_OTHERWISE)
def test_what_is_read_otherwise_than_it_runs_is_skipped(which: str, tmp_path: Path) -> None:
    line, training, told = READ_OTHERWISE[which]
    path = tmp_path / "net.py"
    path.write_text(f"""{HEAD}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        {line}
""")
    network = shapecalc.load(f"{path}:Net", inputs=["3,6"], training=training)
    found = list(check_code(network, f"{path}:Net"))
    assert all(each.agrees for each in found), [each.differences for each in found]
    assert f"none, since {told}" in [each.note for each in found]


def test_without_numbers_paths_are_compared_as_far_as_they_are_modules(tmp_path: Path) -> None:
    source = """
class Mix(nn.Module):
    def __init__(self):
        super().__init__()
        self.time_shift = nn.ZeroPad2d((0, 0, 1, -1))
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(6, 6, 3, padding=1))
        self.lstm = nn.LSTM(16, 16, batch_first=True)
        self.fc = nn.Linear(16, 8)

    def forward(self, x):
        x = self.lstm(self.conv(self.time_shift(x)))[0]
        x = F.linear(x, self.fc.weight, self.fc.bias)
        return torch.argsort(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = Mix()

    def forward(self, x):
        return self.mix(x)
"""
    found = findings(tmp_path, source, ["6,16"])
    assert [each.what for each in found if not each.compared] == ["numbers"]
