"""Modules of one's own that are not what their specs say: every fault is found."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from tests.verify.nets import (  # noqa: E402
    BAG,
    CONV,
    CONV_NORM_RELU,
    DROPOUT,
    HEADS,
    LINEAR,
    MLP_GELU,
    NORM,
    RESIDUAL,
    SHARED,
    SKIP,
    TOKENS,
    TWO_OUTPUTS,
    Writing,
    bag,
    body,
    conv,
    found,
    linear,
    norm,
    normed,
    shortcut,
    skip,
    spec,
    tokens,
    two,
)


class ZeroInit(nn.Module):
    """A residual block whose last norm begins at zero, which hides all of its body."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.short = body(), shortcut()
        nn.init.zeros_(self.body[4].weight)

    def forward(self, x: Any) -> Any:
        conv1, norm1, _, conv2, norm2 = self.body
        y = norm2(conv2(norm1(conv1(x))))
        return torch.relu(y + self.short(x))


def extra_buffer() -> nn.Module:
    net = nn.Linear(8, 4)
    net.register_buffer("mean", torch.zeros(8))
    return net


def swapped_sizes() -> nn.Module:
    return Writing(lambda self, x: self.fc(x.transpose(1, 2)), fc=nn.Linear(8, 4))


def unused_weight() -> nn.Module:
    return Writing(lambda self, x: self.fc(x), fc=nn.Linear(8, 4), spare=nn.Linear(2, 2))


class Detached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: Any) -> Any:
        return self.b(functional.gelu(self.a(x)).detach())


def without_gradients() -> nn.Module:
    return Writing(torch.no_grad()(lambda self, x: self.fc(x)), fc=nn.Linear(8, 4))


FAULTS: dict[str, tuple[dict[str, Any], Any, str]] = {
    "activation before the norm": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(conv(), nn.ReLU(), nn.BatchNorm2d(8)),
        "first apart is what comes into batchnorm1 (BatchNorm2d)",
    ),
    "another eps by hand": (NORM, normed(eps=1e-6), "output 1"),
    "another variance": (NORM, normed(unbiased=True), "output 1"),
    "a sum over a table's rows": (
        BAG,
        bag(lambda self, x: self.fc(self.table(x).sum(1))),
        "output 1",
    ),
    "attention over the batch": (
        HEADS,
        lambda: Writing(lambda self, x: self.a(x, x, x)[0], a=nn.MultiheadAttention(8, 2)),
        "output 1",
    ),
    "a shortcut without gradient": (
        SKIP,
        skip(lambda self, x: self.g(self.f(x) + x.detach())),
        "the gradient of input",
    ),
    "a table whose first row is not learned": (
        TOKENS,
        lambda: nn.Sequential(nn.Embedding(50, 8, padding_idx=0), nn.Linear(8, 4)),
        "the gradient of embedding1.weight",
    ),
    "samples that see each other": (
        LINEAR,
        linear(lambda self, x: self.fc(x - x.mean(0))),
        "output 1",
    ),
    "a norm that is never trained": (
        CONV_NORM_RELU,
        lambda: Writing(
            lambda self, x: torch.relu(
                functional.batch_norm(
                    self.conv(x),
                    self.n.running_mean,
                    self.n.running_var,
                    self.n.weight,
                    self.n.bias,
                )
            ),
            conv=conv(),
            n=nn.BatchNorm2d(8),
        ),
        "batchnorm1.running_mean after a step",
    ),
    "a norm twice": (
        CONV_NORM_RELU,
        lambda: Writing(
            lambda self, x: torch.relu(self.norm(self.norm(self.conv(x)))),
            conv=conv(),
            norm=nn.BatchNorm2d(8),
        ),
        "the module calls batch_norm -> relu",
    ),
    "no activation": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(conv(), nn.BatchNorm2d(8)),
        "the spec has relu1 (ReLU)",
    ),
    "no activation in a body that begins at zero": (RESIDUAL, ZeroInit, "output 1"),
    "the other form of GELU": (
        MLP_GELU,
        lambda: nn.Sequential(nn.Linear(8, 16), nn.GELU("tanh"), nn.Linear(16, 4)),
        "first apart is what comes into linear2 (Linear)",
    ),
    "the second output is something else": (
        TWO_OUTPUTS,
        two(lambda self, x: (self.fc(x), self.aux(x) * 0)),
        "output 2",
    ),
    "the second output is missing": (
        TWO_OUTPUTS,
        two(lambda self, x: (self.fc(x), self.aux(x))[0]),
        "2 outputs in the spec, 1 output in the module",
    ),
    "the second output is None": (
        TWO_OUTPUTS,
        two(lambda self, x: (self.fc(x), (self.aux(x), None)[1])),
        "2 outputs in the spec, 1 output in the module",
    ),
    "an output too many": (
        LINEAR,
        linear(lambda self, x: (self.fc(x), x)),
        "1 output in the spec, 2 outputs in the module",
    ),
    "outputs in the other order": (
        TWO_OUTPUTS,
        two(lambda self, x: (self.aux(x), self.fc(x))),
        "fc is 1 x 10 in the spec",
    ),
    "outputs alike in the other order": (
        spec(
            {"Linear": 4, "name": "a", "from": "input"},
            "ReLU",
            {"Linear": 4, "name": "b", "from": "input"},
            "Tanh",
            given=[8],
            outputs=["relu1", "tanh1"],
        ),
        lambda: Writing(
            lambda self, x: (torch.tanh(self.b(x)), torch.relu(self.a(x))),
            a=nn.Linear(8, 4),
            b=nn.Linear(8, 4),
        ),
        "output 1",
    ),
    "tokens read from the end": (
        TOKENS,
        lambda: Writing(lambda self, x: self.net(x.flip(1)), net=tokens()),
        "first apart is what comes into embedding1 (Embedding)",
    ),
    "a batch of one only": (
        spec("Flatten", {"Linear": 3}, given=[1, 4, 4]),
        lambda: Writing(lambda self, x: self.fc(x.view(1, 16)), fc=nn.Linear(16, 3)),
        "it fails on an input of 2 x 1 x 4 x 4",
    ),
    "no dropout": (DROPOUT, lambda: nn.Sequential(nn.Linear(8, 16), nn.Linear(16, 4)), "output 1"),
    "another dropout": (
        DROPOUT,
        lambda: nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.4), nn.Linear(16, 4)),
        "output 1",
    ),
    "dropout that never ends": (
        DROPOUT,
        lambda: Writing(
            lambda self, x: self.b(functional.dropout(self.a(x), 0.5)),
            a=nn.Linear(8, 16),
            b=nn.Linear(16, 4),
        ),
        "output 1",
    ),
    "another momentum": (
        CONV_NORM_RELU,
        norm(momentum=0.01),
        "batchnorm1.running_mean after a step",
    ),
    "another eps": (
        CONV_NORM_RELU,
        norm(eps=1e-3),
        "eps is 1e-05 in the spec, 0.001 in the module",
    ),
    "a slightly other eps": (CONV_NORM_RELU, norm(eps=1.1e-5), "eps is 1e-05 in the spec"),
    "no running statistics": (
        CONV_NORM_RELU,
        norm(track_running_stats=False),
        "batchnorm1.running_mean of the spec",
    ),
    "a buffer too many": (
        LINEAR,
        extra_buffer,
        "mean of the module, 8 elements: the spec lacks it",
    ),
    "a layer too many": (LINEAR, unused_weight, "spare, a Linear of the module: the spec lacks it"),
    "gradients detached": (MLP_GELU, Detached, "the gradient of linear1.weight: the spec has one"),
    "gradients switched off": (LINEAR, without_gradients, "the gradient of linear1.weight"),
    "another padding": (
        spec({"Conv2d": {"out_channels": 8, "kernel_size": 3, "padding": 1, "groups": 1}}),
        lambda: nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect"),
        "padding_mode is zeros in the spec, reflect in the module",
    ),
    "height and width swapped": (
        spec("AdaptiveAvgPool2d", given=[3, "H", "W"], symbols={"H": 12, "W": 12})
        | {"layers": [{"Conv2d": {"out_channels": 4, "kernel_size": [3, 1]}}]},
        lambda: nn.Conv2d(3, 4, (1, 3)),
        "weight is 4 x 3 x 3 x 1 in the spec, weight is 4 x 3 x 1 x 3 in the module",
    ),
    "a mean that is a maximum": (
        spec(
            CONV,
            {"AdaptiveAvgPool2d": 1},
            "Flatten",
            {"Linear": 4},
            given=[3, "H", "H"],
            symbols={"H": 32},
        ),
        lambda: nn.Sequential(conv(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 4)),
        "first apart is what comes into linear1 (Linear)",
    ),
    "right at one size only": (
        spec(
            CONV,
            {"AdaptiveAvgPool2d": 1},
            "Flatten",
            {"Linear": 4},
            given=[3, "H", "H"],
            symbols={"H": 8},
        ),
        lambda: nn.Sequential(conv(), nn.AvgPool2d(8), nn.Flatten(), nn.Linear(8, 4)),
        "fails",
    ),
    "another element type": (
        LINEAR,
        linear(lambda self, x: self.fc(x).half()),
        "holds float32 in the spec, float16",
    ),
    "weights not shared": (
        SHARED,
        lambda: Writing(
            lambda self, left, right: torch.cat((self.a(left), self.b(right)), 1),
            a=nn.Linear(8, 6),
            b=nn.Linear(8, 6),
        ),
        "54 parameters in the spec, 108 in the module",
    ),
    "weight norm": (
        LINEAR,
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 4)),
        "the spec lacks it",
    ),
    "spectral norm": (
        LINEAR,
        lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 4)),
        "the spec lacks it",
    ),
    "text is returned": (
        LINEAR,
        linear(lambda self, x: "done"),
        "it returns the text 'done', no tensor",
    ),
    "nothing is returned": (LINEAR, linear(lambda self, x: None), "it returns nothing, no tensor"),
    "noise": (LINEAR, linear(lambda self, x: self.fc(x) + torch.randn(4) * 1e-3), "output 1"),
    "an input changed": (
        spec({"Linear": 8}, {"Add": {}, "from": ["linear1", "input"]}, given=[8]),
        lambda: Writing(lambda self, x: self.fc(x.mul_(2)) + x, fc=nn.Linear(8, 8)),
        "first apart is what comes into linear1",
    ),
}


@pytest.mark.parametrize("which", FAULTS)
def test_a_fault_is_found(which: str) -> None:
    network, make, phrase = FAULTS[which]
    findings = found(network, make)
    told = [line for each in findings for line in (*each.differences, *each.explanation)]
    assert any(phrase in line for line in told), told
    assert any(not each.agrees for each in findings)
