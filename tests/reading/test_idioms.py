"""Idioms of well-known code bases, each alone: read as torch runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import as_read, by_torch

torch = pytest.importorskip("torch")

HEAD = """from collections import namedtuple
from functools import partial
import torch
import torch.nn as nn
import torch.nn.functional as F
"""

CASES: dict[str, tuple[str, str, list[list[int]]]] = {
    "a table that is looked up in two dimensions": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self, w=3):
        super().__init__()
        at = torch.tensor([[x, y] for x in range(w) for y in range(w)])
        self.between = at[None, :, :] - at[:, None, :] + w - 1
        self.table = nn.Parameter(torch.randn(2 * w - 1, 2 * w - 1))
    def forward(self, x):
        return x + self.table[self.between[:, :, 0], self.between[:, :, 1]]
""",
        [[9, 9]],
    ),
    "a bias of positions that is learned": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2, 5, 5))
    def forward(self, x):
        q = x.unflatten(-1, (2, 4)).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, q, q, attn_mask=self.bias)
        return y.transpose(1, 2).flatten(2)
""",
        [[5, 8]],
    ),
    "what is raised where a tensor holds what it should not": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 4)
    def forward(self, x):
        if torch.isnan(x).any() or x.max() > 1e6:
            told = x.min()
            raise ValueError(f"expected numbers, got {told}")
        return self.lin(x)
""",
        [[8]],
    ),
    "what a mask takes, changed": (
        "Net(argparse.Namespace(width=4))",
        """
import argparse
import numpy as np
class Net(nn.Module):
    def __init__(self, args):
        super().__init__()
        if "scale" not in args:
            args.scale = np.expm1(1.0)
        self.lin, self.scale = nn.Linear(8, args.width), args.scale
    def forward(self, x):
        x = self.lin(x) * self.scale
        x[x < 1e-5] += 1e-5
        x[x > 3] *= 2
        x[:, 0] -= 1
        return x
""",
        [[8]],
    ),
    "numbers of an array that change places": (
        "Net()",
        """
import numpy as np
class Net(nn.Module):
    def forward(self, x):
        order = np.arange(len(x.shape))
        order[0], order[1] = order[1], order[0]
        back = np.arange(len(x.shape))[np.argsort(order)]
        x = x.permute(*order).contiguous().reshape(x.size(1), 1, -1)
        return x.reshape(4, -1, 5).permute(*back).contiguous()
""",
        [[4, 5]],
    ),
    "an optimizer that a module keeps": (
        "Net()",
        """
from torch import optim
from torch.optim.lr_scheduler import StepLR
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 4)
        self.optimizer = optim.Adam(self.parameters(), lr=1e-3)
        self.scheduler = StepLR(self.optimizer, step_size=3)
        self.optimizer.zero_grad()
    def forward(self, x):
        return self.lin(x)
""",
        [[8]],
    ),
    "a class that is put into torch's module": (
        "Net()",
        """
class Scaled(nn.Linear):
    def forward(self, x):
        return F.linear(x, self.weight * 2, self.bias)
nn.ScaledLinear = Scaled
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.ScaledLinear(8, 4)
    def forward(self, x):
        return self.lin(x)
""",
        [[8]],
    ),
    "sinusoids by numpy's newaxis": (
        "Net()",
        """
import numpy as np
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        rates = torch.exp(-torch.arange(4) / 3.0)
        times = torch.arange(10)[:, np.newaxis] * rates[np.newaxis, :]
        self.register_buffer("waves", torch.cat([torch.sin(times), torch.cos(times)], dim=1))
    def forward(self, x):
        return x + self.waves[: x.shape[1]]
""",
        [[5, 8]],
    ),
    "settings as a dictionary that is asked by attribute": (
        "Net(cfg.model)",
        """
class Config(dict):
    def __getattr__(self, name):
        try:
            value = self[name]
        except KeyError:
            raise AttributeError(f"no attribute {name}")
        return Config(value) if isinstance(value, dict) else value
cfg = Config(model=dict(width=6, items=2))
class Net(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        assert not hasattr(cfg, "depth") and callable(cfg.items)
        self.lin = nn.Linear(4, cfg.width * cfg["items"])
    def forward(self, x):
        return self.lin(x)
""",
        [[4]],
    ),
    "registries that one statement makes": (
        "HEADS.build(type='Head', body=dict(type='Body', width=5))",
        """
class Registry:
    def __init__(self):
        self.classes = {}
    def register(self):
        def note(cls):
            self.classes[cls.__name__] = cls
            return cls
        return note
    def build(self, **settings):
        return self.classes[settings.pop("type")](**settings)
BODIES, HEADS = Registry(), Registry()
@BODIES.register()
class Body(nn.Linear):
    def __init__(self, width):
        super().__init__(4, width)
@HEADS.register()
class Head(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = BODIES.build(**body)
    def forward(self, x):
        return self.body(x)
""",
        [[4]],
    ),
    "a named tuple whose class has a __new__ of its own": (
        "Net()",
        """
class Spec(namedtuple("_Spec", ["channels", "stride"])):
    def __new__(cls, *, channels=None, stride=None):
        return super().__new__(cls, channels, stride)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        spec = Spec(channels=7)
        channels, stride = spec
        assert stride is None and spec._replace is not None
        self.lin = nn.Linear(4, channels)
    def forward(self, x):
        return self.lin(x)
""",
        [[4]],
    ),
    "weights standardised by einops and a function": (
        "Net()",
        """
from einops import reduce
class Conv(nn.Conv2d):
    def forward(self, x):
        mean = reduce(self.weight, "o ... -> o 1 1 1", "mean")
        var = reduce(self.weight, "o ... -> o 1 1 1", partial(torch.var, unbiased=False))
        weight = (self.weight - mean) * (var + 1e-5).rsqrt()
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = Conv(3, 8, 3, padding=1)
        steps = torch.cumprod(torch.linspace(0.9, 0.1, 5), axis=0)
        self.register_buffer("steps", steps)
    def forward(self, x):
        x = self.conv(x) * self.steps.sum(axis=0, keepdims=True)
        return reduce(x, "b c (h 2) (w 2) -> b (h w) c", torch.amax)
""",
        [[3, 8, 8]],
    ),
    "a convolution that is called with weights of its own making": (
        "Causal(3, 6, 5, dilation=2, groups=3)",
        """
class Causal(nn.Conv1d):
    def forward(self, x):
        x = F.pad(x, (self.dilation[0] * (self.kernel_size[0] - 1), 0))
        return self._conv_forward(x, self.weight, self.bias)
""",
        [[3, 20]],
    ),
    "a weight that is made before each call": (
        "Net()",
        """
class Scaled:
    def __call__(self, module, inputs):
        module.weight = module.weight_orig * 0.5
def scaled(module):
    weight = module.weight
    del module._parameters["weight"]
    module.register_parameter("weight_orig", nn.Parameter(weight.data))
    module.register_forward_pre_hook(Scaled())
    return module
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = scaled(nn.Conv2d(3, 4, 3))
        self.lin = scaled(nn.Linear(4, 2))
    def forward(self, x):
        return self.lin(self.conv(x).mean((2, 3)))
""",
        [[3, 8, 8]],
    ),
    "a tensor that takes another's elements where a mask says so": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
    def forward(self, x):
        y = self.lin(x)
        nearest = torch.ones(y.shape) * 1e10
        for _ in range(2):
            mask = y < nearest
            nearest[mask] = y[mask]
        return self.lin(nearest)
""",
        [[5, 4]],
    ),
    "classes that are called as torch's are": (
        "Net()",
        """
class Linear(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(cout, cin))
        self.scale = nn.Parameter(torch.ones(1))
    def forward(self, x):
        return F.linear(x, self.weight) * self.scale
class Sequential(nn.Module):
    def __init__(self, *parts):
        super().__init__()
        self.parts = nn.ModuleList(parts)
    def forward(self, x):
        for part in self.parts:
            x = part(x) + part(x)
        return x
class Conv2d(nn.Conv2d):
    def __init__(self, cin, cout, k):
        super().__init__(cin, cout, k, padding=k // 2, bias=False)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = Conv2d(3, 8, 5)
        self.body = Sequential(Linear(8, 8), nn.ReLU())
        self.out = nn.Linear(8, 2)
    def forward(self, x):
        return self.out(self.body(self.conv(x).mean((2, 3))))
""",
        [[3, 9, 9]],
    ),
    "exceptions of its own that are caught as Python's": (
        "Net()",
        """
class Missing(AttributeError):
    pass
class NoKey(KeyError):
    def __init__(self, key, known):
        super().__init__(key)
        self.known = known
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        try:
            raise NoKey("x", [7])
        except LookupError as error:
            self.a = nn.Linear(4, error.known[0])
        try:
            self.b
        except Missing:
            self.b = nn.Linear(7, 6)
        except KeyError:
            self.b = nn.Linear(1, 1)
    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            raise Missing(name) from None
    def forward(self, x):
        return self.b(self.a(x)) if not hasattr(self, "other") else x
""",
        [[4]],
    ),
    "a first run that finds the strides, in training as what is made is": (
        "Net()",
        """
class Head(nn.Module):
    stride = None
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 2, 1)
        if self.training:
            self.extra = nn.Conv2d(4, 5, 1)
    def forward(self, x):
        y = self.conv(x)
        return y if self.training else torch.cat([y * self.stride, self.extra(x)], 1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 4, 4), Head())
        head = self.body[-1]
        head.stride = torch.tensor([64 / self.body(torch.zeros(1, 3, 64, 64)).shape[-1]])
    def forward(self, x):
        return self.body(x)
""",
        [[3, 32, 32]],
    ),
    "what is made and told to be in training or not": (
        "Net()",
        """
class Part(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.fc = nn.Linear(4, size)
    def forward(self, x):
        return self.fc(x) if self.training else self.fc(x).repeat(1, 2)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part(3)
        self.part.training = False
        width = self.part(torch.zeros(1, 4)).shape[1]
        self.train()
        self.a = nn.Linear(width, self.part(torch.zeros(1, 4)).shape[1])
        self.part.eval()
        self.b = nn.Linear(3, self.part(torch.zeros(1, 4)).shape[1])
        self.part.train(True)
        assert self.training and self.part.fc.training
    def forward(self, x):
        return self.b(self.a(self.part(x)))
""",
        [[4]],
    ),
    "a list of positions that each block brings into a shape of its own": (
        "Net()",
        """
class Nearest(nn.Module):
    def __init__(self, dim, count):
        super().__init__()
        self.table = nn.Parameter(torch.randn(dim, count))
    def forward(self, x):
        flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        at = (flat @ self.table).argmax(1).view(*x.shape[:1], *x.shape[2:])
        return F.embedding(at, self.table.t()).permute(0, 3, 1, 2)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = Nearest(3, 7), Nearest(3, 5)
    def forward(self, x):
        return self.second(F.max_pool2d(self.first(x), 2))
""",
        [[3, 8, 8]],
    ),
    "settings by the members of enumerations, or by the words that they hold": (
        "Net()",
        """
from enum import Enum, IntEnum
class Act(str, Enum):
    RELU = "relu"
    SWISH = "swish"
    @property
    def width(self):
        return {Act.RELU: 3, Act.SWISH: 4}[self]
class Size(IntEnum):
    SMALL = 5
    LARGE = 7
WIDTHS = {Act.RELU: 6, Act.SWISH: 7}
class Net(nn.Module):
    def __init__(self, act="swish"):
        super().__init__()
        by_size = {Size.SMALL: 8, Size.LARGE: 9}
        sizes = [4, Act(act).width, WIDTHS[act], WIDTHS[Act.RELU], by_size[Size.LARGE], by_size[5]]
        assert act in WIDTHS and "gelu" not in WIDTHS
        assert [each.name for each in by_size] == ["SMALL", "LARGE"]
        self.body = nn.Sequential(*[nn.Linear(*pair) for pair in zip(sizes, sizes[1:])])
    def forward(self, x):
        return self.body(x)
""",
        [[4]],
    ),
    "dictionaries whose items are attributes": (
        "Net()",
        """
class Dots(dict):
    __getattr__ = dict.get
    __setattr__ = dict.__setitem__
    __delattr__ = dict.__delitem__
class Settings(dict):
    def __init__(self, *args, **kwargs):
        dict.__init__(self, *args, **kwargs)
    def __getattr__(self, name):
        try:
            return dict.__getitem__(self, name)
        except KeyError:
            raise AttributeError(name) from None
    def __setitem__(self, name, value):
        super().__setitem__(name, 2 * value if self.__contains__("twice") else value)
    def __getitem__(self, name):
        return super().__getitem__(name)
class Items:
    def __init__(self, **given):
        self.__dict__.update(given)
    def __delitem__(self, name):
        delattr(self, name)
    def __delattr__(self, name):
        super().__delattr__("_" + name)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        dots, settings, items = Dots(a=4, b=5), Settings(a=6, twice=True), Items(_a=1, _b=2)
        dots.c = 7
        del dots.b, items["a"]
        settings["b"] = 4
        assert dots.b is None and "b" not in dots and not hasattr(items, "_a") and items._b == 2
        assert not hasattr(settings, "c") and list.__contains__([3], 3)
        sizes = dots.a, dots["c"], settings.a, settings.b, settings["b"]
        self.body = nn.Sequential(*[nn.Linear(*pair) for pair in zip(sizes, sizes[1:])])
    def forward(self, x):
        return self.body(x)
""",
        [[4]],
    ),
}
"""What makes the network, the source, and the shapes that come in, by what is special in it."""


@pytest.mark.parametrize("name", CASES)
def test_an_idiom_is_read_as_torch_runs_it(name: str, tmp_path: Path) -> None:
    make, source, inputs = CASES[name]
    if "einops" in source:
        pytest.importorskip("einops")
    expected = by_torch(HEAD + source, make, inputs)
    assert as_read(tmp_path, HEAD + source, make, inputs) == expected


def test_words_of_an_enumeration_are_its_names_where_they_are_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "from enum import StrEnum, auto\nimport torch.nn as nn\n"
        "class Size(StrEnum):\n    SMALL = auto()\n    LARGE = auto()\n"
        "WIDTHS = {Size.SMALL: 3, Size.LARGE: 5}\n"
        "net = nn.Linear(4, WIDTHS['large'] + {'small': 2}[Size.SMALL] + len(f'{Size.LARGE}'))\n"
    )
    assert shapecalc.load(f"{path}:net", inputs=["4"]).report().totals.params == 12 * 4 + 12


def test_a_derivative_that_forward_puts_out_has_the_shape_of_its_input(tmp_path: Path) -> None:
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(2, 1)
    def forward(self, x):
        with torch.enable_grad():
            a, b = x[:, :1].requires_grad_(True), x[:, 1:].requires_grad_(True)
            u = self.lin(torch.cat([a, b], 1))
            first = torch.autograd.grad(u, a, torch.ones_like(u), create_graph=True)[0]
            second, third = torch.autograd.grad(u.sum(), [a, b], create_graph=True)
        return u + first * second * third
"""
    path = tmp_path / "net.py"
    path.write_text(HEAD + source)
    report = shapecalc.load(f"{path}:Net", inputs=["2"]).report()
    assert report.totals.params == 3
    assert [each.kind for each in report.layers].count("Opaque") == 3
    assert [each["shape"] for each in report.to_dict()["outputs"]] == [[1, 1]]
