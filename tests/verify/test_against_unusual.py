"""Right modules that are made, called or written in unusual ways."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

from tests.verify.nets import (  # noqa: E402
    ATTENTION,
    CONV,
    CONV_NORM_RELU,
    DROPOUT,
    LINEAR,
    TOKENS,
    Writing,
    conv,
    found,
    linear,
    spec,
)

PATHS = spec({"Linear": 8}, {"DropPath": 0.3}, {"Linear": 8}, given=[5, 8])
SOFTPLUS = spec({"Linear": 16}, "Softplus", {"Linear": 4}, given=[8])
SEQUENCE = spec({"Linear": 16}, {"Dropout": 0.2}, {"Linear": 4}, given=[5, 8])


def layers(forward: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, a=nn.Linear(8, 16), b=nn.Linear(16, 4))


def paths(keep: Callable[[Any], Any]) -> Callable[[], nn.Module]:
    """A network of which whole samples are dropped, where what ``keep`` gives is 0."""

    def forward(self: Any, x: Any) -> Any:
        x = self.a(x)
        return self.b(x * keep(x) / 0.7 if self.training else x)

    return lambda: Writing(forward, a=nn.Linear(8, 8), b=nn.Linear(8, 8))


class ReplacesItsStatistics(nn.Module):
    """A batch norm whose statistics are new tensors after each step."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Any) -> Any:
        norm, mean, var = self.norm, self.norm.running_mean, self.norm.running_var
        if self.training:
            mean, count = x.mean((0, 2, 3)), x.numel() / x.shape[1]
            var = x.var((0, 2, 3), unbiased=False)
            norm.running_mean = (0.9 * norm.running_mean + 0.1 * mean).detach()
            spread = var * count / (count - 1)
            norm.running_var = (0.9 * norm.running_var + 0.1 * spread).detach()
            norm.num_batches_tracked = norm.num_batches_tracked + 1
        rows = [each.view(-1, 1, 1) for each in (mean, var + norm.eps, norm.weight, norm.bias)]
        return (x - rows[0]) / rows[1].sqrt() * rows[2] + rows[3]


class OwnAttention(nn.Module):
    """Attention over a sequence by hand, dropout included."""

    def __init__(self, is_fused: bool) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.is_fused = is_fused

    def forward(self, x: Any) -> Any:
        q, k, v = self.into(x).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        p = 0.3 if self.training else 0.0
        if self.is_fused:
            seen = functional.scaled_dot_product_attention(q, k, v, dropout_p=p)
        else:
            seen = functional.dropout((q @ k.mT / 2).softmax(-1), p) @ v
        return self.out(seen.transpose(1, 2).flatten(2))


HEADS = spec({"MultiheadAttention": {"num_heads": 2, "dropout": 0.3}}, given=[5, 8])

RIGHT: dict[str, tuple[dict[str, Any], Any]] = {
    "sparse gradients": (
        TOKENS,
        lambda: nn.Sequential(nn.Embedding(50, 8, sparse=True), nn.Linear(8, 4)),
    ),
    "a table as a matrix": (
        TOKENS,
        lambda: Writing(
            lambda self, x: self.b(
                functional.one_hot(x, 50).to(self.a.weight.dtype) @ self.a.weight
            ),
            a=nn.Embedding(50, 8),
            b=nn.Linear(8, 4),
        ),
    ),
    "a checkpoint that is run once more": (
        spec({"Linear": 16}, {"Linear": 4}, given=[8]),
        layers(lambda self, x: checkpoint(lambda x: self.b(self.a(x)), x, use_reentrant=True)),
    ),
    "a checkpoint": (
        spec({"Linear": 16}, {"Linear": 4}, given=[8]),
        layers(lambda self, x: checkpoint(lambda x: self.b(self.a(x)), x, use_reentrant=False)),
    ),
    "an encoder's layer over time first": (
        ATTENTION,
        lambda: Writing(
            lambda self, x: self.b(self.a(x.transpose(0, 1)).transpose(0, 1)),
            a=nn.TransformerEncoderLayer(16, 2, 32),
            b=nn.Linear(16, 5),
        ),
    ),
    "dropout over time first": (
        SEQUENCE,
        layers(
            lambda self, x: self.b(
                functional.dropout(self.a(x.transpose(0, 1)), 0.2, self.training)
            ).transpose(0, 1)
        ),
    ),
    "dropout in place": (
        DROPOUT,
        lambda: nn.Sequential(nn.Linear(8, 16), nn.Dropout(inplace=True), nn.Linear(16, 4)),
    ),
    "paths dropped by chance in place": (
        PATHS,
        paths(lambda x: x.new_empty(len(x), 1, 1).bernoulli_(0.7)),
    ),
    "paths dropped by rounding": (
        PATHS,
        paths(lambda x: torch.floor(0.7 + torch.rand((len(x), 1, 1)))),
    ),
    "paths dropped by chance": (
        PATHS,
        paths(lambda x: torch.bernoulli(torch.full((len(x), 1, 1), 0.7))),
    ),
    "attention by hand": (HEADS, lambda: OwnAttention(is_fused=False)),
    "attention as a function": (HEADS, lambda: OwnAttention(is_fused=True)),
    "attention that tells its weights": (
        HEADS,
        lambda: Writing(
            lambda self, x: self.a(x, x, x)[0],
            a=nn.MultiheadAttention(8, 2, dropout=0.3, batch_first=True),
        ),
    ),
    "softplus by hand": (
        SOFTPLUS,
        layers(lambda self, x: self.b(torch.log1p(torch.exp(self.a(x))))),
    ),
    "GELU by hand": (
        spec({"Linear": 16}, "GELU", {"Linear": 4}, given=[8]),
        layers(lambda self, x: self.b(self.a(x) * (1 + torch.erf(self.a(x) / math.sqrt(2))) / 2)),
    ),
    "samples one by one": (
        LINEAR,
        linear(lambda self, x: torch.stack([self.fc(each) for each in x])),
    ),
    "samples laid in a row": (
        SEQUENCE,
        layers(
            lambda self, x: self.b(
                functional.dropout(self.a(x.flatten(0, 1)), 0.2, self.training)
            ).unflatten(0, x.shape[:2])
        ),
    ),
    "on the meta device": (LINEAR, lambda: nn.Linear(8, 4, device="meta")),
    "in channels-last format": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU()).to(
            memory_format=torch.channels_last
        ),
    ),
    "statistics that are replaced": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(conv(), ReplacesItsStatistics(8), nn.ReLU()),
    ),
    "in bfloat16": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU()).bfloat16(),
    ),
    "windows by hand": (
        spec(CONV),
        lambda: Writing(
            lambda self, x: (
                functional.unfold(x, 3, padding=1).mT @ self.a.weight.flatten(1).mT + self.a.bias
            ).mT.unflatten(2, x.shape[2:]),
            a=conv(),
        ),
    ),
    "a chance in training only": (
        LINEAR,
        linear(lambda self, x: self.fc(x) + 0 * (torch.rand(1) if self.training else 0)),
    ),
    "a chance that changes nothing": (
        LINEAR,
        linear(lambda self, x: (torch.rand(1), self.fc(x))[1]),
    ),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("which", RIGHT)
def test_a_right_module_agrees_in_whatever_way_it_is_written(which: str) -> None:
    findings = found(*RIGHT[which])
    assert [each.differences for each in findings if not each.agrees] == []
