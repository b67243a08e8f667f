"""What sources borrow from numpy and from Python's library is read as torch runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import as_read, by_torch

pytest.importorskip("torch")

HEAD = """import copy, functools, importlib, inspect, json, math, platform, random
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
"""

CASES: dict[str, tuple[str, str, list[list[int]]]] = {
    "layers between the sizes of an array": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = np.array([8, 6, 4])
        self.layers = nn.ModuleList()
        for n in range(sizes.size - 1):
            self.layers.append(nn.Linear(int(sizes[n]), int(sizes[n + 1])))
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
        [[5, 8]],
    ),
    "lists that are repeated, and names that are numbered, by an array of whole numbers": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        repeated = np.full((4,), 1)
        repeated[1:-1] *= 2
        sizes = sum([[size] * n for size, n in zip([8, 6, 4, 2], repeated)], [])
        for n in np.arange(len(sizes) - 1):
            self.add_module(f"lin{n}", nn.Linear(sizes[n], sizes[n + 1]))
    def forward(self, x):
        for n in range(5):
            x = getattr(self, "lin%d" % n)(x)
        return x
""",
        [[5, 8]],
    ),
    "Python's types as element types": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 8)
        self.register_buffer("mask", torch.tril(torch.ones(8, 8, dtype=bool)))
        self.register_buffer("places", torch.zeros(8, dtype=int))
        self.table = nn.Embedding(4, 8)
    def forward(self, x):
        y = torch.where(self.mask, self.lin(x), torch.scalar_tensor(-1e9))
        return y + self.table(self.places) * y.to(bool).to(float).float()
""",
        [[8, 8]],
    ),
    "a padding that numpy computes from a number and a tuple": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self, kernel_size=3, dilation=(1, 2)):
        super().__init__()
        kernel = np.atleast_1d(kernel_size)
        padding = tuple(int(p) for p in (kernel - 1) / 2 * dilation)
        if np.any((kernel - 1) * dilation % 2 == 1):
            raise NotImplementedError("an odd padding")
        self.conv = nn.Conv2d(3, 4, kernel_size, padding=padding, dilation=dilation)
    def forward(self, x):
        return self.conv(x)
""",
        [[3, 9, 9]],
    ),
    "a table of whole numbers and others, multiplied by numpy": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        omega = np.arange(4, dtype=float) / 4.0
        places = np.stack(np.meshgrid(np.arange(3, dtype=np.float32), np.arange(2)), axis=0)
        table = np.einsum("m,d->md", places[0].reshape(-1), 1.0 / 100**omega)
        table = table + np.einsum("m,d->md", np.arange(6), omega)
        self.table = nn.Parameter(torch.zeros(6, 4))
        self.table.data.copy_(torch.from_numpy(table).float())
        self.lin = nn.Linear(4, 2)
    def forward(self, x):
        return self.lin(x + self.table)
""",
        [[6, 4]],
    ),
    "lengths that are shifted by bits": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("bits", torch.arange(4) >> 1)
        self.emb = nn.Embedding(50, 8)
    def forward(self, x):
        return self.emb(((x.long() << 2) >> 1) + self.bits)
""",
        [[4]],
    ),
    "a table of sinusoids made by numpy": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self, count=50, dim=8):
        super().__init__()
        def angles(pos):
            return [pos / np.power(10000, 2 * (j // 2) / dim) for j in range(dim)]
        table = np.array([angles(pos) for pos in range(count)])
        table[:, 0::2] = np.sin(table[:, 0::2])
        table[:, 1::2] = np.cos(table[:, 1::2])
        self.register_buffer("table", torch.FloatTensor(table).unsqueeze(0))
        self.mask = torch.from_numpy(np.triu(np.ones((1, 6, 6)), k=1).astype("uint8")) == 0
        self.lin = nn.Linear(dim, dim)
    def forward(self, x):
        x = self.lin(x + self.table[:, :x.size(1)].clone().detach())
        scores = (x @ x.transpose(1, 2)).masked_fill(self.mask == 0, -1e9)
        return F.softmax(scores, -1) @ x
""",
        [[6, 8]],
    ),
    "lists in the order of an array": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        names, widths = ["b", "a", "c"], [4, 6, 5]
        order = [widths[i] for i in np.argsort(names_of(widths))]
        assert order == [4, 5, 6] and [names[i] for i in np.arange(3)[::-1]] == ["c", "a", "b"]
        widths[np.argsort([3, 1])[0]] = 7
        widths = widths[:torch.tensor(2)]
        assert widths == [4, 7]
        self.layers = nn.Sequential(*[nn.Linear(a, b) for a, b in zip([3, *widths], widths)])
    def forward(self, x):
        for n in np.argsort([1, 2]):
            x = self.layers[n](x)
        return x
def names_of(widths):
    return [w * 10 for w in widths]
""",
        [[3]],
    ),
    "a table for each of the batch": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 2)
    def forward(self, x):
        places = np.tile(np.arange(8.0), [x.shape[0], 1])
        again = np.reshape(np.tile(np.arange(4.0), 2), [1, x.shape[1]])
        return self.lin(x + torch.from_numpy(places).float() + torch.tensor(again).float())
""",
        [[8]],
    ),
    "generators of random numbers": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        old, new = np.random.RandomState(0), np.random.default_rng(seed=0)
        self.register_buffer("order", torch.from_numpy(old.permutation(8)))
        self.register_buffer("other", torch.from_numpy(new.permutation(8)))
        noise = old.randn(2, 8) + new.normal(size=(2, 8)) + new.integers(0, 5, size=(2, 8))
        self.w = nn.Parameter(torch.tensor(noise + old.uniform(-1, 1, (2, 1))).float())
        places = old.randint(3, 6, size=200)
        assert 3 <= old.randint(places.min(), 9, size=(4,)).max() < 9
    def forward(self, x):
        return F.linear(x[:, self.order][:, self.other], self.w)
""",
        [[8]],
    ),
    "grids of places": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        y, x = np.ogrid[:4, 1:5]
        grid = np.mgrid[0:4, 0:8:2]
        assert y.shape == (4, 1) and x.shape == (1, 4) and grid.shape == (2, 4, 4)
        assert np.mgrid[0:3].shape == (3,) and np.mgrid[-1:1:5j].shape == (5,)
        self.register_buffer("grid", torch.tensor(grid + x * y).float())
        self.c = nn.Conv2d(2, 3, 3)
    def forward(self, x):
        down, _ = np.mgrid[:x.shape[2], :x.shape[3]]
        return self.c(x + self.grid + torch.from_numpy(down).float())
""",
        [[2, 4, 4]],
    ),
    "paddings computed as arrays": (
        "Net()",
        """
def same(kernel_size, dilation=1):
    kernel = np.atleast_1d(kernel_size)
    if np.any((kernel - 1) * dilation % 2 == 1):
        raise NotImplementedError(f"no padding keeps the size for {kernel_size}")
    found = tuple(int(p) for p in (kernel - 1) / 2 * np.atleast_1d(dilation))
    return found if len(found) > 1 else found[0]
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, (3, 5), padding=same((3, 5)))
        self.b = nn.Conv2d(4, 4, 3, padding=same(3, 2), dilation=2)
        self.c = nn.Linear(int(np.prod((4, 9, 9))), np.prod(5))
    def forward(self, x):
        return self.c(self.b(self.a(x)).flatten(1))
""",
        [[3, 9, 9]],
    ),
    "anchors that numpy turns, joins and lays out": (
        "Net()",
        """
def anchors(size, stride):
    ratios, scales = np.array([0.5, 1, 2]), np.array([1.0, 1.5])
    found = np.zeros((len(ratios) * len(scales), 4))
    found[:, 2:] = 16 * np.tile(scales, (2, len(ratios))).T
    x, y = np.meshgrid((np.arange(0, size) + 0.5) * stride, (np.arange(0, size) + 0.5) * stride)
    shifts = np.vstack((x.ravel(), y.ravel(), x.ravel(), y.ravel())).transpose()
    all_of_them = found.reshape((1, 6, 4)) + shifts.reshape((1, -1, 4)).transpose((1, 0, 2))
    return all_of_them.reshape((-1, 4))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
    def forward(self, x):
        table = np.zeros((0, 4)).astype(np.float32)
        for size, stride in ((4, 8), (2, 16)):
            table = np.append(table, anchors(size, stride), axis=0)
        flat = np.append(np.zeros((2, 3)), [1, 2])
        assert flat.shape == (8,) and np.zeros((2, 3, 5)).transpose(2, 0, 1).shape == (5, 2, 3)
        return self.lin(torch.from_numpy(table.astype(np.float32)) + x)
""",
        [[1, 4]],
    ),
    "arrays of the element type that is asked for, and of two types in one sum": (
        "Net()",
        """
def angles(dim, pos):
    omega = np.arange(dim // 2, dtype=np.float64)
    omega /= dim / 2.0
    out = np.einsum("m,d->md", pos.reshape(-1), 1.0 / 10000**omega)
    return np.concatenate([np.sin(out), np.cos(out)], axis=1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        grid = np.stack(np.meshgrid(np.arange(3, dtype=np.float32), np.arange(3)), axis=0)
        table = np.concatenate([angles(4, grid[0]), angles(4, np.arange(9))], axis=1)
        self.register_buffer("table", torch.from_numpy(table).float())
        edges = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], dtype="float32")
        self.register_buffer("edges", torch.from_numpy(edges)[None, None])
        self.first = torch.from_numpy(np.zeros(9, dtype=np.int64))
        self.lin = nn.Linear(8, 3)
    def forward(self, x):
        y = self.lin(self.table + x[:, self.first].repeat(1, 1, 2))
        return F.conv2d(y[:, None], self.edges)
""",
        [[9, 4]],
    ),
    "samples from a distribution that is looked up": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self, count=5):
        super().__init__()
        self.lin, self.count = nn.Linear(6, 6), count
        self.bias = nn.Embedding(4, 5)
    def forward(self, x):
        weights = F.softmax(self.lin(x), -1)
        cdf = torch.cumsum(weights, -1)
        u = torch.linspace(0.0, 1.0, self.count).expand(cdf.shape[0], self.count)
        inds = torch.searchsorted(cdf, u.contiguous(), right=True).clamp(max=5)
        found = torch.gather(cdf, 1, inds)
        return found + self.bias(torch.bucketize(found, torch.tensor([0.1, 0.5, 0.9]))).sum(1)
""",
        [[6]],
    ),
    "torch by the name that an old module of its own had for it": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
    def forward(self, x):
        scores = self.lin(x)
        return scores * torch.sparse.torch.eye(4).index_select(dim=0, index=scores.argmax(1))
""",
        [[4]],
    ),
    "a branch that chance decides": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(4, 4)
        self.noise = nn.Parameter(torch.Tensor(np.random.normal(0, 1, (1, 4))))
    def forward(self, x):
        state = x[:, 0]
        for t in range(1, x.shape[1]):
            taught = random.random() < 0.5 or torch.rand(1).item() < 0.2
            state = self.cell(x[:, t] if taught else state, state)
        dropped = torch.zeros(3).uniform_(0.0, 1.0) < 0.1
        if all(dropped):
            dropped[random.randrange(3)] = False
        return state + self.noise
""",
        [[3, 4]],
    ),
    "a normalisation whose weights are computed": (
        "Net()",
        """
class AdaIN(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.weight = self.bias = None
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("var", torch.ones(count))
    def forward(self, x):
        b, c, h, w = x.size()
        out = F.batch_norm(x.contiguous().view(1, b * c, h, w), self.mean.repeat(b),
            self.var.repeat(b), self.weight, self.bias, True, 0.1, 1e-5)
        return out.view(b, c, h, w)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), AdaIN(8)
        self.style = nn.Linear(5, 16)
    def forward(self, x, style):
        scale, shift = self.style(style).chunk(2, dim=1)
        self.norm.weight, self.norm.bias = scale.contiguous().view(-1), shift.reshape(-1)
        return F.layer_norm(self.norm(self.conv(x)), [6, 6])
""",
        [[3, 8, 8], [5]],
    ),
    "a class that derives from a transformer and calls its encoder": (
        "Net(8, 2)",
        """
class Net(nn.Transformer):
    def __init__(self, dim, heads):
        super().__init__(d_model=dim, nhead=heads, dim_feedforward=16, num_encoder_layers=1)
        self.decoder = nn.Linear(dim, 3)
    def forward(self, x):
        return self.decoder(x.transpose(0, 1))
""",
        [[4, 8]],
    ),
    "pads of more axes than their name says": (
        "nn.Sequential(nn.ConstantPad2d((0, 0, 1, 0, 0, 0, 0, 0), 1), nn.ZeroPad2d([1, 2]))",
        "",
        [[2, 3, 4]],
    ),
    "an optimizer and its schedule that a constructor makes": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=3)
        self.optimizer.zero_grad()
    def forward(self, x):
        return self.fc(x)
""",
        [[4]],
    ),
    "guards against what a tensor holds, which only raise": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
    def forward(self, x, is_first=False):
        if torch.isnan(x).any():
            raise ValueError(f"{x} is no number")
        starts, is_empty = not is_first and x[0].isfinite().all(), is_first and x.any()
        if not starts and not is_empty:
            raise ValueError("an empty sequence")
        elif is_first:
            x = x[:, :2]
        return self.fc(x)
""",
        [[4]],
    ),
    "masks of which it is known what they take": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.keep = torch.ones(5, dtype=torch.bool)
        self.keep[[1, 3]] = 0
        rows = torch.zeros(6).bool().view(3, -1)
        rows[[True, False, True], :] = True
        self.rows = rows.view(-1)
        self.register_buffer("third", torch.tensor([True, False, True]))
        count = sum(1 for each in self.keep if each)
        self.fc = nn.Linear(count, int(self.rows.sum()))
    def forward(self, x):
        x = self.fc(x[:, self.keep])
        rows = x.new_zeros((x.size(0), 6))
        rows[:, self.rows] = x
        return torch.cat((rows, x[:, [True, False, False, True]], x[:, :3][:, self.third]), dim=1)
""",
        [[5]],
    ),
    "rows of a weight that a mask takes, however many": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        taken = torch.zeros(3000).bool().view(3, -1)
        taken[[True, False, True], :] = True
        self.taken = taken.view(-1)
        self.weight = nn.Parameter(torch.zeros(2000, 4))
    def forward(self, x):
        whole = x.new_zeros((len(self.taken), *self.weight.shape[1:]))
        whole[self.taken] = self.weight
        return x @ whole.T
""",
        [[4]],
    ),
    "pads of tensors with more dimensions than an image": (
        "nn.Sequential(nn.ZeroPad1d((0, 1)), nn.ConstantPad2d((0, 1, 2, 0), 0.5))",
        "",
        [[2, 3, 4, 2]],
    ),
    "pads of a table": ("nn.Sequential(nn.ZeroPad2d((0, 1, 2, 0)), nn.Linear(3, 2))", "", [[2]]),
    "rotations by complex numbers": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self, dim=8, count=12):
        super().__init__()
        self.q, self.k = nn.Linear(dim, dim), nn.Linear(dim, dim)
        freqs = 1.0 / (10000.0 ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
        freqs = torch.outer(torch.arange(count), freqs).float()
        self.freqs = torch.polar(torch.ones_like(freqs), freqs)
    def forward(self, x):
        q, k = (torch.view_as_complex(w(x).float().reshape(*x.shape[:-1], -1, 2))
                for w in (self.q, self.k))
        freqs = self.freqs[: x.shape[1]]
        assert freqs.shape == (q.shape[1], q.shape[-1])
        q, k = (torch.view_as_real(t * freqs).flatten(2).type_as(x) for t in (q, k))
        return q @ k.transpose(1, 2)
""",
        [[5, 8]],
    ),
    "counts and shares drawn from distributions, each by its file": (
        "Net()",
        """
from torch.distributions.binomial import Binomial
from torch.distributions.one_hot_categorical import OneHotCategorical
from torch.distributions import Geometric, Gumbel, NegativeBinomial, RelaxedBernoulli
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = torch.distributions.binomial.Binomial(probs=0.5)
        self.lin = nn.Linear(8, 4)
        self.scale = nn.Parameter(torch.ones(4))
    def forward(self, x):
        p = self.lin(x).sigmoid()
        found = Binomial(10, p).sample() + Geometric(probs=p).log_prob(torch.ones_like(p))
        found = found + Gumbel(p, self.scale.exp()).rsample()
        found = found + NegativeBinomial(self.scale.exp(), logits=p).log_prob(torch.ones_like(p))
        found = found + RelaxedBernoulli(torch.tensor(0.5), probs=p).rsample()
        return found + OneHotCategorical(logits=p).sample()
""",
        [[5, 8]],
    ),
    "actions drawn from distributions": (
        "Net()",
        """
from torch.distributions import Categorical, Independent, MultivariateNormal, Normal, kl_divergence
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.scale, self.actor = nn.Linear(6, 4), nn.Linear(6, 4), nn.Linear(4, 3)
    def forward(self, x):
        q = Normal(self.mean(x), F.softplus(self.scale(x)))
        z = q.rsample()
        prior = Normal(torch.zeros_like(q.loc), torch.ones_like(q.scale))
        kl = kl_divergence(q, prior).sum(-1)
        dist = Categorical(logits=self.actor(z))
        action = dist.sample()
        told = [dist.log_prob(action), dist.entropy(), kl, Independent(q, 1).log_prob(z)]
        return torch.stack(told, dim=-1) + z
""",
        [[6]],
    ),
    "settings that are attributes of a dictionary": (
        "Net(Settings(dim=4, widths=[5, 6]))",
        """
class Settings(dict):
    def __init__(self, *args, **kwargs):
        super(Settings, self).__init__(*args, **kwargs)
        self.__dict__ = self
class Net(nn.Module):
    def __init__(self, h):
        super().__init__()
        sizes = [h.dim, *h["widths"]]
        self.layers = nn.Sequential(*(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])))
        self.adj = torch.ones(3, 3)
    def forward(self, x):
        return self.layers(torch.spmm(self.adj, x[0]))
""",
        [[3, 4]],
    ),
    "a decomposition of constants": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        q, r = torch.linalg.qr(torch.randn(6, 4))
        fit = torch.linalg.lstsq(torch.randn(2, 9, 3), torch.randn(2, 9, 4)).solution
        window = torch.fft.rfft(torch.hann_window(8))
        self.weight = nn.Parameter(q @ r + fit.sum())
        self.scale = nn.Parameter(torch.ones(window.shape[-1]))
    def forward(self, x):
        return F.linear(x, self.weight)[..., :5] * self.scale
""",
        [[3, 4]],
    ),
    "arguments that a signature chooses": (
        "Net(dim=4, bias=False, unused=1)",
        """
def accepted(function, given):
    parameters = inspect.signature(function).parameters
    return {n: v for n, v in given.items()
            if n in parameters and parameters[n].kind is not inspect.Parameter.VAR_KEYWORD}
class Block(nn.Module):
    def __init__(self, dim, bias=True, **kwargs):
        super().__init__()
        self.lin = nn.Linear(dim, 2 * dim, bias=bias)
    def forward(self, x):
        return self.lin(x)
class Net(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.blocks = nn.ModuleList([Block(**accepted(Block.__init__, kwargs))])
        self.last = importlib.import_module("torch.nn").Linear(8, *json.loads("[3]"))
        self.on_linux = platform.system() == "Linux"
    def forward(self, x):
        return self.last(self.blocks[0](x))
""",
        [[4]],
    ),
    "attention from its projections on": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self, side=3, dim=8, heads=2, out=6):
        super().__init__()
        self.positions = nn.Parameter(torch.randn(side ** 2 + 1, dim) / dim ** 0.5)
        self.k_proj, self.q_proj, self.v_proj = (nn.Linear(dim, dim) for _ in range(3))
        self.c_proj, self.heads = nn.Linear(dim, out), heads
    def forward(self, x):
        x = x.flatten(start_dim=2).permute(2, 0, 1)
        x = torch.cat([x.mean(dim=0, keepdim=True), x], dim=0) + self.positions[:, None, :]
        x, _ = F.multi_head_attention_forward(
            query=x[:1], key=x, value=x, embed_dim_to_check=x.shape[-1], num_heads=self.heads,
            q_proj_weight=self.q_proj.weight, k_proj_weight=self.k_proj.weight,
            v_proj_weight=self.v_proj.weight, in_proj_weight=None,
            in_proj_bias=torch.cat([self.q_proj.bias, self.k_proj.bias, self.v_proj.bias]),
            bias_k=None, bias_v=None, add_zero_attn=False, dropout_p=0,
            out_proj_weight=self.c_proj.weight, out_proj_bias=self.c_proj.bias,
            use_separate_proj_weight=True, training=self.training, need_weights=False)
        return x.squeeze(0)
""",
        [[8, 3, 3]],
    ),
}
"""What makes the network, its source, and the shapes that come in, by what is special in it."""

FUSED = {"attention from its projections on": 2 * 10 * 8}
"""Multiplications of fused attention, which torch's counter leaves out on a processor."""


@pytest.mark.parametrize("name", CASES)
def test_a_construct_is_read_as_torch_runs_it(name: str, tmp_path: Path) -> None:
    make, source, inputs = CASES[name]
    expected = by_torch(HEAD + source, make, inputs)
    expected["macs"] += FUSED.get(name, 0)
    assert as_read(tmp_path, HEAD + source, make, inputs) == expected


def test_a_loop_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        body = []\n        while len(body) >= 0:\n"
        "            body.append(nn.Linear(3, 3))\n    def forward(self, x):\n        return x\n"
    )
    with pytest.raises(shapecalc.SpecError, match="is there a loop that never ends") as caught:
        shapecalc.load(f"{path}:Net", inputs=["3"])
    assert "net.py:7:" in str(caught.value)


def test_a_loop_that_takes_long_is_read_where_more_steps_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        count = 0\n        for n in range(400_000):\n"
        "            count += n % 2\n        self.last = nn.Linear(3, count // 100_000)\n"
        "    def forward(self, x):\n        return self.last(x)\n"
    )
    with pytest.raises(shapecalc.SpecError, match="--max-steps allows more"):
        shapecalc.load(f"{path}:Net", inputs=["3"])
    network = shapecalc.load(f"{path}:Net", inputs=["3"], most_steps=10_000_000)
    assert network.report().totals.params == 2 * 3 + 2


SPECTRUM = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 8)
    def forward(self, x):
        spectrum = torch.fft.rfft(x, dim=1)
        return self.lin(torch.fft.irfft(spectrum, n=x.shape[1], dim=1))
"""


def test_a_transform_of_what_comes_in_is_told_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + SPECTRUM)
    with pytest.raises(shapecalc.SpecError, match=r"torch\.fft\.rfft is not known") as caught:
        shapecalc.load(f"{path}:Net", inputs=["6,8"])
    assert f"net.py:{HEAD.count(chr(10)) + 7}:" in str(caught.value)
    assert '--assume "rfft=[4, 8]"' in str(caught.value)


def test_transforms_that_are_assumed_have_their_own_shapes(tmp_path: Path) -> None:
    more = "dim=1) * torch.fft.rfft(self.lin.weight * 1j, dim=0)[:1]\n"
    source = SPECTRUM.replace("dim=1)\n", more, 1)
    path = tmp_path / "net.py"
    path.write_text(HEAD + source)
    assume = {"rfft": "[4, 8]", "irfft": "[6, 8]"}
    report = shapecalc.load(f"{path}:Net", inputs=["6,8"], assume=assume).report()
    assert report.to_dict()["outputs"][0]["shape"] == [1, 6, 8]


def test_a_transform_is_what_is_assumed(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + SPECTRUM)
    assume = {"rfft": "[4, 8]", "irfft": "[6, 8]"}
    report = shapecalc.load(f"{path}:Net", inputs=["6,8"], assume=assume).report()
    assert report.to_dict()["outputs"][0]["shape"] == [1, 6, 8]


@pytest.mark.parametrize("index", ["np.arange(2.0)[0]", "torch.tensor([0, 1])", "np.array([1])"])
def test_what_is_no_whole_number_is_no_index_of_a_list(index: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(f"{HEAD}def make(): return nn.Linear([3, 5][{index}], 2)\n")
    with pytest.raises(shapecalc.SpecError, match="TypeError: list indices must be integers"):
        shapecalc.load(f"{path}:make()", inputs=["3"])
