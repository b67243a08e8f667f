"""Networks as specs, and what modules that are to be them are put together from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import shapecalc
from shapecalc.verify.against import check_against
from shapecalc.verify.findings import Finding

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402


def spec(*layers: Any, given: Any = (3, 8, 8), **more: Any) -> dict[str, Any]:
    return {"name": "net", "input": list(given), "layers": list(layers), **more}


CONV = {"Conv2d": {"out_channels": 8, "kernel_size": 3, "padding": 1}}
CONV_NORM_RELU = spec(CONV, "BatchNorm2d", "ReLU")
LINEAR = spec({"Linear": 4}, given=[8])
TOKENS = {
    "name": "net",
    "inputs": {"tokens": {"shape": [9], "dtype": "int64"}},
    "layers": [{"Embedding": {"num_embeddings": 50, "embedding_dim": 8}}, {"Linear": 4}],
}
TWO_OUTPUTS = spec(
    {"Linear": 10, "name": "fc", "from": "input"},
    {"Linear": 4, "name": "aux", "from": "input"},
    given=[8],
    outputs=["fc", "aux"],
)
RESIDUAL = spec(
    {
        "Add": {
            "branches": {
                "body": [CONV, "BatchNorm2d", "ReLU", CONV, "BatchNorm2d"],
                "shortcut": [{"Conv2d": {"out_channels": 8, "kernel_size": 1}}, "BatchNorm2d"],
            }
        }
    },
    "ReLU",
)
TWINS = spec(
    {
        "Concat": {
            "dim": 1,
            "branches": {
                "a": [{"Linear": 8}, "ReLU", {"Linear": 8}],
                "b": [{"Linear": 8}, "Tanh", {"Linear": 8}],
            },
        }
    },
    given=[8],
)
MLP_GELU = spec({"Linear": 16}, "GELU", {"Linear": 4}, given=[8])
DROPOUT = spec({"Linear": 16}, {"Dropout": 0.5}, {"Linear": 4}, given=[8])
TWO_INPUTS = {
    "name": "net",
    "inputs": {"left": [8], "right": [8]},
    "layers": [
        {"Linear": 6, "name": "a", "from": "left"},
        {"Linear": 6, "name": "b", "from": "right"},
        {"Concat": {"dim": 1}, "from": ["a", "b"]},
    ],
}
ATTENTION = spec(
    {"TransformerEncoderLayer": {"nhead": 2, "dim_feedforward": 32}}, {"Linear": 5}, given=[17, 16]
)
LSTM = spec({"LSTM": {"hidden_size": 6}}, {"Linear": 3}, given=[7, 4])


class Writing(nn.Module):
    """A module of parts, and a forward as a function of it and its inputs."""

    def __init__(self, forward: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.way = forward

    def forward(self, *given: Any, **named: Any) -> Any:
        return self.way(self, *given, **named)


def found(network: dict[str, Any], make: Any, **settings: Any) -> list[Finding]:
    return list(check_against(shapecalc.load(network), make, settings))


def conv(given: int = 3, bias: bool = True) -> nn.Module:
    return nn.Conv2d(given, 8, 3, padding=1, bias=bias)


class OwnNorm(nn.Module):
    def __init__(self, eps: float = 1e-5, unbiased: bool = False) -> None:
        super().__init__()
        self.gain, self.shift = nn.Parameter(torch.ones(16)), nn.Parameter(torch.zeros(16))
        self.eps, self.unbiased = eps, unbiased

    def forward(self, x: Any) -> Any:
        mean = x.mean(-1, keepdim=True)
        spread = x.var(-1, keepdim=True, unbiased=self.unbiased)
        return (x - mean) / torch.sqrt(spread + self.eps) * self.gain + self.shift


NORM = spec({"Linear": 16}, "LayerNorm", {"Linear": 4}, given=[8])
HEADS = spec({"MultiheadAttention": {"num_heads": 2}}, given=[5, 8])
SKIP = spec({"Add": {"branches": {"a": [{"Linear": 8}], "b": []}}}, {"Linear": 2}, given=[8])
BAG = {
    "name": "net",
    "inputs": {"tokens": {"shape": [6], "dtype": "int64"}},
    "layers": [{"EmbeddingBag": {"num_embeddings": 20, "embedding_dim": 4}}, {"Linear": 3}],
}


def normed(**settings: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Linear(8, 16), OwnNorm(**settings), nn.Linear(16, 4))


def bag(forward: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, table=nn.Embedding(20, 4), fc=nn.Linear(4, 3))


def skip(forward: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, f=nn.Linear(8, 8), g=nn.Linear(8, 2))


def tokens() -> nn.Module:
    return nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 4))


def linear(forward: Callable[..., Any], **more: Any) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, fc=nn.Linear(8, 4), **more)


def body() -> nn.Module:
    return nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU(), conv(8), nn.BatchNorm2d(8))


def shortcut() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8))


def two(forward: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, fc=nn.Linear(8, 10), aux=nn.Linear(8, 4))


SHARED = {
    "name": "net",
    "inputs": {"left": [8], "right": [8]},
    "layers": [
        {"Linear": 6, "name": "tower", "from": "left"},
        {"Linear": 6, "name": "twin", "from": "right", "share": "tower"},
        {"Concat": {"dim": 1}, "from": ["tower", "twin"]},
    ],
}


def norm(**settings: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(conv(), nn.BatchNorm2d(8, **settings), nn.ReLU())
