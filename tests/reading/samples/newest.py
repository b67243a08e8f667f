"""Constructs that came with newer Python, and newer ways to write networks."""

from __future__ import annotations

import functools
import inspect
import random
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from einops import rearrange, reduce, repeat
from einops.layers.torch import Rearrange, Reduce


class Pool(Enum):
    CLS = "cls"
    MEAN = "mean"


class Output(NamedTuple):
    features: torch.Tensor
    logits: torch.Tensor | None = None


@dataclass
class Config:
    dim: int = 16
    depth: int = 2
    heads: int = 4
    widths: list[int] = field(default_factory=lambda: [8, 16])
    pool: Pool = Pool.MEAN

    @property
    def inner(self) -> int:
        return self.dim // self.heads * self.heads


def layer(kind, cin, cout):
    match kind:
        case "conv":
            return nn.Conv2d(cin, cout, 3, padding=1)
        case ("pool", int(size)) | ["pool", size]:
            return nn.MaxPool2d(size)
        case {"act": name, **rest} if hasattr(nn, name):
            return getattr(nn, name)(**rest)
        case Config(dim=dim):
            return nn.Conv2d(cin, dim, 1)
        case None:
            return nn.Identity()
        case _:
            raise ValueError(f"unknown layer {kind!r}")


class Matched(nn.Module):
    def __init__(self, kinds=("conv", {"act": "LeakyReLU", "negative_slope": 0.1}, ("pool", 2), None)):
        super().__init__()
        self.body = nn.Sequential(*(layer(kind, 3, 8) for kind in kinds), layer(Config(), 8, 4))

    def forward(self, x):
        match x.shape:
            case (_, _, h, w) if h == w:
                return self.body(x)
            case [*_, last]:
                return self.body(F.pad(x, (0, last)))


def chunks(items, size):
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Generated(nn.Module):
    def __init__(self, widths=(4, 8, 8, 16)):
        super().__init__()

        def pairs():
            previous = 3
            for pair in chunks(widths, 2):
                for width in pair:
                    yield previous, width
                    previous = width

        self.convs = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairs())
        self.skips = nn.ModuleDict({f"skip{n}": nn.Conv2d(3, w, 1) for n, w in enumerate(widths) if n % 2})

    def forward(self, x):
        y = x
        for n, conv in enumerate(self.convs):
            y = F.gelu(conv(y))
            if (key := f"skip{n}") in self.skips:
                y = y + self.skips[key](x)
        return y.flatten(2).transpose(1, 2)


class PreNorm(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = fn

    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs) + x


class Heads(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.out = nn.Sequential(Rearrange("b h n d -> b n (h d)"), nn.Linear(dim, dim))

    def forward(self, x, scale=None):
        q, k, v = (rearrange(t, "b n (h d) -> b h n d", h=self.heads) for t in self.to_qkv(x).chunk(3, dim=-1))
        return self.out(F.scaled_dot_product_attention(q, k, v, scale=scale))


class Tokens(nn.Module):
    def __init__(self, config=Config()):
        super().__init__()
        self.config = config
        self.patch = nn.Sequential(
            Rearrange("b c (h p) (w q) -> b (h w) (p q c)", p=4, q=4), nn.Linear(48, config.dim)
        )
        self.cls = nn.Parameter(torch.randn(1, 1, config.dim))
        make = functools.partial(PreNorm, config.dim)
        mlp = [nn.Linear(config.dim, 32), nn.GELU(), nn.Linear(32, config.dim)]
        self.layers = nn.Sequential(
            OrderedDict(
                (name, make(fn)) for name, fn in [("attend", Heads(config.inner, config.heads)), ("mix", nn.Sequential(*mlp))]
            )
        )
        self.pool = Reduce("b n d -> b d", "mean") if config.pool is Pool.MEAN else None
        self.head = nn.Linear(config.dim, 5)

    def forward(self, image):
        x = self.patch(image)
        x = torch.cat((repeat(self.cls, "1 1 d -> b 1 d", b=x.shape[0]), x), dim=1)
        x = self.layers(x)
        x = self.pool(x) if self.pool is not None else x[:, 0]
        return Output(features=x, logits=self.head(x))._asdict()


class Decoder(nn.Module):
    def __init__(self, dim=8, hidden=12, steps=3):
        super().__init__()
        self.encoder = nn.LSTM(dim, hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.ModuleDict({name: nn.Linear(2 * hidden, hidden) for name in ("h", "c")})
        self.decoder = nn.LSTM(dim, hidden, batch_first=True)
        self.cell = nn.GRUCell(hidden, dim)
        self.steps = steps

    def forward(self, x):
        _, (h, c) = self.encoder(x)
        join = lambda state: torch.cat(tuple(state), dim=-1)
        state = tuple(torch.tanh(self.bridge[n](join(s))).unsqueeze(0) for n, s in zip("hc", (h, c)))
        token, outputs = x[:, -1:], []
        for _ in range(self.steps):
            out, state = self.decoder(token, state)
            token = self.cell(out[:, 0], token[:, 0]).unsqueeze(1)
            outputs.append(token)
        return torch.cat(outputs, dim=1)


class Functional(nn.Module):
    def __init__(self, dim=16, heads=2):
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out = nn.Linear(dim, dim)
        self.scale, self.shift = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.groups = np.gcd(dim, 4) if hasattr(np, "gcd") else 4

    def forward(self, x, style):
        x = x.transpose(0, 1)
        y, _ = F.multi_head_attention_forward(
            x, x, x, x.shape[-1], self.heads, self.in_proj, self.in_bias, None, None, False, 0.0,
            self.out.weight, self.out.bias, training=self.training,
        )
        y = y.permute(1, 2, 0)
        y = F.group_norm(y, 4)
        return y * self.scale(style).unsqueeze(-1) + self.shift(style)[..., None]


def accepts(function, **kwargs):
    known = inspect.signature(function).parameters
    return {name: value for name, value in kwargs.items() if name in known}


class Dropped(nn.Module):
    def __init__(self, depth=3, drop=0.1, **kwargs):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(6, 6, **accepts(nn.Linear, bias=False, groups=2)) for _ in range(depth)])
        self.drop = drop

    def forward(self, x):
        for block in self.blocks:
            if self.training and random.random() < self.drop:
                continue
            x = x + block(reduce(x, "b n d -> b 1 d", "mean"))
        return x
