"""Faults that show in one place only: a block, a batch, a size, a use, or in large numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from tests.verify.nets import CONV, LINEAR, TOKENS, Writing, conv, found, linear, spec  # noqa: E402

THREE = spec(*[CONV, "BatchNorm2d", "ReLU"] * 3)
THREE_OUTPUTS = spec(
    *({"Linear": 6, "name": name, "from": "input"} for name in "abc"),
    given=[8],
    outputs=["a", "b", "c"],
)
TWO_LAYERS = spec({"Linear": 16}, "ReLU", {"Linear": 4}, given=[8])
NORMED = spec({"Linear": 16}, "LayerNorm", "ReLU", {"Linear": 4}, given=[8])
TWO_DROPOUTS = spec(
    {"Linear": 16}, {"Dropout": 0.5}, {"Linear": 16}, {"Dropout": 0.5}, {"Linear": 4}, given=[8]
)
SIZES = {"given": [3, "H", "W"], "symbols": {"H": 16, "W": 16}}
ENCODER = spec({"TransformerEncoderLayer": {"nhead": 2, "dim_feedforward": 32}}, given=[7, 16])


def three(**others: list[nn.Module]) -> Callable[[], nn.Module]:
    """Three blocks, some of them other ones."""

    def made() -> nn.Module:
        blocks = [
            others.get(name, [conv(given), nn.BatchNorm2d(8), nn.ReLU()])
            for name, given in (("first", 3), ("second", 8), ("third", 8))
        ]
        return nn.Sequential(*(layer for block in blocks for layer in block))

    return made


def outputs(forward: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, a=nn.Linear(8, 6), b=nn.Linear(8, 6), c=nn.Linear(8, 6))


def layers(forward: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Writing(forward, a=nn.Linear(8, 16), b=nn.Linear(16, 4))


def mlp(*between: nn.Module) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Linear(8, 16), *between, nn.Linear(16, 4))


def dropped(first: nn.Module, second: nn.Module) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(
        nn.Linear(8, 16), first, nn.Linear(16, 16), second, nn.Linear(16, 4)
    )


def encoder(**settings: Any) -> Callable[[], nn.Module]:
    return lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, **settings)


class Reversal(torch.autograd.Function):
    """The identity, whose gradient points the other way."""

    @staticmethod
    def forward(context: Any, x: Any) -> Any:
        return x.clone()

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:  # type: ignore[override]
        return -gradient


class NormThatIsNotTrained(nn.BatchNorm2d):
    def train(self, mode: bool = True) -> nn.BatchNorm2d:
        return super().train(False)


def with_hook() -> nn.Module:
    net = nn.Linear(8, 4)
    net.weight.register_hook(lambda gradient: 2 * gradient)
    return net


def with_buffer() -> nn.Module:
    net = three()()
    net[4].register_buffer("seen", torch.zeros(3), persistent=False)
    return net


def in_bfloat16(self: Any, x: Any) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = self.b(torch.relu(self.a(x)))
    return y.to(x.dtype)


FAULTS: dict[str, tuple[dict[str, Any], Any, str]] = {
    # -- in one block
    "activation before the norm": (
        THREE,
        three(second=[conv(8), nn.ReLU(), nn.BatchNorm2d(8)]),
        "first apart is what comes into batchnorm2",
    ),
    "momentum": (
        THREE,
        three(third=[conv(8), nn.BatchNorm2d(8, momentum=0.11), nn.ReLU()]),
        "batchnorm3.running_mean after a step",
    ),
    "no momentum": (
        THREE,
        three(third=[conv(8), nn.BatchNorm2d(8, momentum=None), nn.ReLU()]),
        "batchnorm3.running_mean after a step",
    ),
    "statistics that stay": (
        THREE,
        three(second=[conv(8), NormThatIsNotTrained(8), nn.ReLU()]),
        "output 1",
    ),
    "a buffer that is not saved": (THREE, with_buffer, "4.seen of the module"),
    # -- in one output, or of it in training
    "the third output slightly": (
        THREE_OUTPUTS,
        outputs(lambda self, x: (self.a(x), self.b(x), self.c(x) * (1 + 1e-9))),
        "output 3",
    ),
    "the second output detached": (
        THREE_OUTPUTS,
        outputs(lambda self, x: (self.a(x), self.b(x).detach(), self.c(x))),
        "the gradient of b.weight",
    ),
    "the second output in training": (
        THREE_OUTPUTS,
        outputs(lambda self, x: (self.a(x), self.b(x) * (1 + self.training), self.c(x))),
        "output 2",
    ),
    "the third output missing in training": (
        THREE_OUTPUTS,
        outputs(lambda self, x: (self.a(x), self.b(x), self.c(x))[: 2 if self.training else 3]),
        "number of outputs: 3 in the spec, 2 in the module",
    ),
    # -- in one batch or at one size
    "a batch of 2": (
        LINEAR,
        linear(lambda self, x: self.fc(x) * (1.001 if len(x) == 2 else 1)),
        "output 1",
    ),
    "a batch of 3": (
        LINEAR,
        linear(lambda self, x: self.fc(x) if len(x) < 3 else None),
        "it returns nothing, no tensor",
    ),
    "gradients in a batch of 2": (
        TWO_LAYERS,
        layers(
            lambda self, x: self.b(
                torch.relu(self.a(x)).detach() if len(x) == 2 else torch.relu(self.a(x))
            )
        ),
        "the gradient of linear1.weight",
    ),
    "the spec's own size": (
        spec(CONV, "ReLU", CONV, given=[3, "H", "H"], symbols={"H": 64}),
        lambda: Writing(
            lambda self, x: self.b(self.a(x).relu() if x.shape[-1] < 40 else self.a(x)),
            a=conv(),
            b=conv(8),
        ),
        "first apart is what comes into conv2",
    ),
    "ceil_mode": (
        spec(CONV, {"MaxPool2d": 2}, **SIZES),
        lambda: nn.Sequential(conv(), nn.MaxPool2d(2, ceil_mode=True)),
        "output 1: 1 x 8 x 2 x 2 in the spec, 1 x 8 x 3 x 3 in the module",
    ),
    "height for width": (
        spec(CONV, CONV, {"AdaptiveAvgPool2d": 1}, "Flatten", {"Linear": 4}, **SIZES),
        lambda: Writing(
            lambda self, x: self.fc(self.b(self.a(x).transpose(2, 3)).mean((2, 3))),
            a=conv(),
            b=conv(8),
            fc=nn.Linear(8, 4),
        ),
        "output 1",
    ),
    "align_corners": (
        spec({"Upsample": {"scale_factor": 2, "mode": "bilinear", "align_corners": True}}, CONV),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), conv()),
        "first apart is what comes into conv1",
    ),
    "dilation for padding": (
        spec(CONV, CONV),
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding=2, dilation=2), conv(8)),
        "dilation is (1, 1) in the spec, (2, 2) in the module",
    ),
    # -- in large numbers, or of the first and last index
    "a bound": (TWO_LAYERS, mlp(nn.ReLU6()), "output 1"),
    "no bound": (
        spec({"Linear": 16}, "ReLU6", {"Linear": 4}, given=[8]),
        mlp(nn.ReLU()),
        "output 1",
    ),
    "a bound behind a norm": (NORMED, mlp(nn.LayerNorm(16), nn.ReLU6()), "output 1"),
    "a bound on the input": (
        LINEAR,
        linear(lambda self, x: self.fc(x.clamp(-20, 20))),
        "first apart is what comes into linear1",
    ),
    "the first index": (
        TOKENS,
        lambda: Writing(
            lambda self, x: self.b(self.a(x.clamp(min=1))), a=nn.Embedding(50, 8), b=nn.Linear(8, 4)
        ),
        "output 1",
    ),
    # -- in training, or of gradients
    "a second dropout": (TWO_DROPOUTS, dropped(nn.Dropout(), nn.Dropout(0.25)), "output 1"),
    "another sort of dropout": (TWO_DROPOUTS, dropped(nn.Dropout(), nn.AlphaDropout()), "output 1"),
    "a dropout too many": (TWO_LAYERS, mlp(nn.ReLU(), nn.Dropout(0.01)), "output 1"),
    "whole channels dropped": (
        spec(CONV, {"Dropout": 0.5}, CONV),
        lambda: nn.Sequential(conv(), nn.Dropout2d(), conv(8)),
        "output 1",
    ),
    "an encoder's dropout": (ENCODER, encoder(dropout=0.2), "output 1"),
    "attention's dropout": (
        spec({"MultiheadAttention": {"num_heads": 2, "dropout": 0.3}}, given=[5, 8]),
        lambda: Writing(
            lambda self, x: self.a(x, x, x)[0],
            a=nn.MultiheadAttention(8, 2, dropout=0.31, batch_first=True),
        ),
        "output 1",
    ),
    "an encoder's norms": (ENCODER, encoder(norm_first=True), "output 1"),
    "gradients turned round": (
        TWO_LAYERS,
        layers(lambda self, x: self.b(Reversal.apply(torch.relu(self.a(x))))),
        "the gradient of linear1.weight",
    ),
    "gradients by a hook": (LINEAR, with_hook, "the gradient of linear1.weight"),
    "weights without gradients": (
        LINEAR,
        linear(lambda self, x: functional.linear(x, self.fc.weight.detach(), self.fc.bias)),
        "the gradient of linear1.weight: the spec has one, the module none",
    ),
    # -- in its use
    "the input is changed": (
        spec("ReLU", {"Linear": 4}, given=[8]),
        lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 4)),
        "input: changed in place by the module, not by the spec",
    ),
    "the input is cleared": (
        LINEAR,
        linear(lambda self, x: (self.fc(x), x.data.zero_())[0]),
        "input: changed in place by the module, not by the spec",
    ),
    "weights are changed": (
        LINEAR,
        linear(lambda self, x: (self.fc(x), self.fc.weight.data.mul_(0.99))[0]),
        "linear1.weight: changed in place by the module, not by the spec",
    ),
    "Python's chance": (
        TWO_LAYERS,
        layers(lambda self, x: self.b(self.a(x).relu() if random.random() < 0.9 else self.a(x))),
        "output 1",
    ),
    "torch's chance": (
        LINEAR,
        linear(lambda self, x: self.fc(x) * (1 if torch.rand(1).item() < 0.9 else 2)),
        "output 1: hangs on random numbers in the module, evaluating too",
    ),
    "half precision where it may be": (TWO_LAYERS, layers(in_bfloat16), "output 1"),
    "without gradients": (
        TWO_LAYERS,
        layers(lambda self, x: self.b(self.a(x).relu() if torch.is_grad_enabled() else self.a(x))),
        "first apart is what comes into linear2",
    ),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("which", FAULTS)
def test_a_fault_in_one_place_is_found(which: str) -> None:
    network, make, phrase = FAULTS[which]
    findings = found(network, make)
    told = [line for each in findings for line in (*each.differences, *each.explanation)]
    assert any(phrase in line for line in told), told
    assert any(not each.agrees for each in findings)
