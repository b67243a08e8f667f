"""Modules of one's own that are what their specs say, however they are written, agree."""

from __future__ import annotations

import collections
import dataclasses
import types
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from tests.bundled import thorough  # noqa: E402
from tests.verify.nets import (  # noqa: E402
    ATTENTION,
    BAG,
    CONV_NORM_RELU,
    DROPOUT,
    HEADS,
    LINEAR,
    LSTM,
    MLP_GELU,
    NORM,
    RESIDUAL,
    SHARED,
    SKIP,
    TOKENS,
    TWINS,
    TWO_INPUTS,
    TWO_OUTPUTS,
    Writing,
    bag,
    body,
    conv,
    found,
    linear,
    normed,
    shortcut,
    skip,
    spec,
    tokens,
    two,
)


class OwnHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Any) -> Any:
        batch, length, width = x.shape
        q, k, v = self.into(x).view(batch, length, 3, 2, 4).permute(2, 0, 3, 1, 4)
        seen = (q @ k.transpose(-2, -1) / 2).softmax(-1) @ v
        return self.out(seen.transpose(1, 2).reshape(batch, length, width))


def in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return nn.Linear(8, 4)


class Conv3x3(nn.Conv2d):
    def __init__(self, given: int, put_out: int) -> None:
        super().__init__(given, put_out, 3, padding=1)


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(8, 3, 3, 3))
        self.b = nn.Parameter(torch.randn(8))
        self.gain, self.shift = nn.Parameter(torch.ones(8)), nn.Parameter(torch.zeros(8))
        self.register_buffer("mean", torch.zeros(8))
        self.register_buffer("var", torch.ones(8))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x: Any) -> Any:
        if self.training:
            self.count.add_(1)
        x = functional.conv2d(x, self.w, self.b, padding=1)
        x = functional.batch_norm(x, self.mean, self.var, self.gain, self.shift, self.training)
        return torch.clamp(x, min=0)


class Lazily(nn.Module):
    """Makes its layers where it first needs them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList()

    def forward(self, x: Any) -> Any:
        if not self.layers:
            self.layers.append(nn.Linear(x.shape[1], 4))
        return self.layers[0](x)


class Logits(NamedTuple):
    logits: Any
    hidden: Any = None


@dataclasses.dataclass
class Output:
    logits: Any
    loss: Any = None


def hooked() -> nn.Module:
    net = nn.Sequential(conv(), nn.BatchNorm2d(8))
    net[1].register_forward_hook(lambda module, given, output: torch.relu(output))
    return net


class OwnAttention(nn.Module):
    """An encoder's layer written by hand, with the tensors that torch's has."""

    def __init__(self) -> None:
        super().__init__()
        self.att = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)
        self.out = nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        x = self.norm1(x + self.att(x, x, x, need_weights=False)[0])
        return self.out(self.norm2(x + self.down(functional.relu(self.up(x)))))


ENCODER_WITHOUT_DROPOUT = spec(
    {"TransformerEncoderLayer": {"nhead": 2, "dim_feedforward": 32, "dropout": 0}},
    {"Linear": 5},
    given=[17, 16],
)


class AuxInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.aux = nn.Linear(8, 10), nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        return (self.fc(x), self.aux(x)) if self.training else self.fc(x)


class CalledTwice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Linear(8, 6)
        self.alias = self.tower

    def forward(self, left: Any, right: Any) -> Any:
        return torch.cat((self.tower(left), self.alias(right)), 1)


def tied() -> nn.Module:
    net = Writing(
        lambda self, left, right: torch.cat((self.a(left), self.b(right)), 1),
        a=nn.Linear(8, 6),
        b=nn.Linear(8, 6),
    )
    net.b.weight, net.b.bias = net.a.weight, net.a.bias
    return net


def by_keyword(self: Any, *, right: Any, left: Any) -> Any:
    return torch.cat((self.a(left), self.b(right)), 1)


class ByKeyword(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.b, self.a = nn.Linear(8, 6), nn.Linear(8, 6)

    forward = by_keyword


class FromDict(ByKeyword):
    def forward(self, batch: Any) -> Any:  # type: ignore[override]
        return torch.cat((self.a(batch["left"]), self.b(batch["right"])), 1)


class FromList(ByKeyword):
    def forward(self, batch: Any) -> Any:  # type: ignore[override]
        left, right = batch
        return torch.cat((self.a(left), self.b(right)), 1)


class MovesItself(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4).to("cpu")
        self.fc(torch.ones(1, 8)).sum().item()

    def forward(self, x: Any) -> Any:
        x = x.to("cpu")
        return self.fc(x) if x.sum().item() else x


READY = nn.Linear(8, 4)


RIGHT: dict[str, tuple[dict[str, Any], Any]] = {
    "a norm by hand": (NORM, normed()),
    "attention by hand": (HEADS, OwnHeads),
    "a mean over a table's rows": (BAG, bag(lambda self, x: self.fc(self.table(x).mean(1)))),
    "a shortcut": (SKIP, skip(lambda self, x: self.g(self.f(x) + x))),
    "made in inference mode": (LINEAR, in_inference_mode),
    "a list of parameters": (
        LINEAR,
        lambda: Writing(
            lambda self, x: functional.linear(x, *self.own),
            own=nn.ParameterList([torch.randn(4, 8), torch.randn(4)]),
        ),
    ),
    "plain": (CONV_NORM_RELU, lambda: nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU())),
    "in place": (CONV_NORM_RELU, lambda: nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU(True))),
    "a subclass": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(Conv3x3(3, 8), nn.BatchNorm2d(8), nn.ReLU()),
    ),
    "functions with parameters of its own": (CONV_NORM_RELU, Functional),
    "a hook": (CONV_NORM_RELU, hooked),
    "batch norm over devices": (
        CONV_NORM_RELU,
        lambda: nn.SyncBatchNorm.convert_sync_batchnorm(
            nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU())
        ),
    ),
    "spread over devices": (
        CONV_NORM_RELU,
        lambda: nn.DataParallel(nn.Sequential(conv(), nn.BatchNorm2d(8), nn.ReLU())),
    ),
    "compiled": (LINEAR, lambda: torch.compile(nn.Linear(8, 4))),
    "scripted": (LINEAR, lambda: torch.jit.script(nn.Sequential(nn.Linear(8, 4)))),
    "traced by fx": (LINEAR, lambda: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(8, 4)))),
    "lazy": (
        CONV_NORM_RELU,
        lambda: nn.Sequential(nn.LazyConv2d(8, 3, padding=1), nn.LazyBatchNorm2d(), nn.ReLU()),
    ),
    "layers made in forward": (LINEAR, Lazily),
    "a ready instance": (LINEAR, READY),
    "a factory of a ready instance": (LINEAR, lambda: READY),
    "moved": (LINEAR, MovesItself),
    "double": (LINEAR, lambda: nn.Linear(8, 4).double()),
    "half": (LINEAR, lambda: nn.Linear(8, 4).to(torch.bfloat16)),
    "frozen": (LINEAR, lambda: nn.Linear(8, 4).requires_grad_(False)),
    "with None": (LINEAR, linear(lambda self, x: (self.fc(x), None))),
    "a dict": (LINEAR, linear(lambda self, x: {"out": self.fc(x)})),
    "an ordered dict": (LINEAR, linear(lambda self, x: collections.OrderedDict(out=self.fc(x)))),
    "a named tuple": (LINEAR, linear(lambda self, x: Logits(self.fc(x)))),
    "a dataclass": (LINEAR, linear(lambda self, x: Output(self.fc(x)))),
    "an object": (LINEAR, linear(lambda self, x: types.SimpleNamespace(out=self.fc(x)))),
    "a generator": (LINEAR, linear(lambda self, x: (each for each in [self.fc(x)]))),
    "nested": (LINEAR, linear(lambda self, x: [({"out": [self.fc(x)]}, None)])),
    "matrix product by hand": (
        LINEAR,
        linear(lambda self, x: x @ self.fc.weight.t() + self.fc.bias),
    ),
    "einsum": (
        LINEAR,
        linear(lambda self, x: torch.einsum("bi,oi->bo", x, self.fc.weight) + self.fc.bias),
    ),
    "float32 inside": (LINEAR, linear(lambda self, x: self.fc(x.float().to(self.fc.weight.dtype)))),
    "float32 only": (
        LINEAR,
        linear(
            lambda self, x: functional.linear(
                x.float(), self.fc.weight.float(), self.fc.bias.float()
            )
        ),
    ),
    "tokens": (TOKENS, tokens),
    "two outputs": (TWO_OUTPUTS, two(lambda self, x: (self.fc(x), self.aux(x)))),
    "two outputs in another order of work": (
        TWO_OUTPUTS,
        two(lambda self, x: (self.aux(x), self.fc(x))[::-1]),
    ),
    "two outputs by name": (
        TWO_OUTPUTS,
        two(lambda self, x: {"aux": self.aux(x), "fc": self.fc(x)}),
    ),
    "the second in training only": (TWO_OUTPUTS, AuxInTraining),
    "heads that the spec leaves out": (spec({"Linear": 10}, given=[8]), AuxInTraining),
    "the shortcut last": (
        RESIDUAL,
        lambda: Writing(
            lambda self, x: torch.relu(self.body(x) + self.short(x)),
            body=body(),
            short=shortcut(),
        ),
    ),
    "the shortcut first": (
        RESIDUAL,
        lambda: Writing(
            lambda self, x: torch.relu(self.short(x) + self.body(x)),
            body=body(),
            short=shortcut(),
        ),
    ),
    "twins in the other order": (
        TWINS,
        lambda: Writing(
            lambda self, x: torch.cat((self.b(x), self.a(x))[::-1], 1),
            a=nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)),
            b=nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8)),
        ),
    ),
    "gelu": (MLP_GELU, lambda: nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4))),
    "dropout": (DROPOUT, lambda: nn.Sequential(nn.Linear(8, 16), nn.Dropout(), nn.Linear(16, 4))),
    "dropout as a function": (
        DROPOUT,
        lambda: Writing(
            lambda self, x: self.b(functional.dropout(self.a(x), 0.5, self.training)),
            a=nn.Linear(8, 16),
            b=nn.Linear(16, 4),
        ),
    ),
    "one module called twice": (SHARED, CalledTwice),
    "tied parameters": (SHARED, tied),
    "inputs by keyword": (TWO_INPUTS, ByKeyword),
    "inputs in a dict": (TWO_INPUTS, FromDict),
    "inputs in a list": (TWO_INPUTS, FromList),
    "an encoder's layer": (
        ATTENTION,
        lambda: nn.Sequential(
            nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), nn.Linear(16, 5)
        ),
    ),
    "an encoder's layer by hand": (ENCODER_WITHOUT_DROPOUT, OwnAttention),
    "an LSTM, its states left": (
        LSTM,
        lambda: Writing(
            lambda self, x: self.fc(self.lstm(x)[0]),
            lstm=nn.LSTM(4, 6, batch_first=True),
            fc=nn.Linear(6, 3),
        ),
    ),
    "an LSTM over time first": (
        LSTM,
        lambda: Writing(
            lambda self, x: self.fc(self.lstm(x.transpose(0, 1))[0].transpose(0, 1)),
            lstm=nn.LSTM(4, 6),
            fc=nn.Linear(6, 3),
        ),
    ),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "which", [*(each for each in RIGHT if each != "compiled"), *thorough(["compiled"])]
)
def test_a_right_module_agrees(which: str) -> None:
    network, make = RIGHT[which]
    findings = found(network, make)
    assert [each.differences for each in findings if not each.agrees] == []
    assert [each.what for each in findings if each.what.startswith("training at ")]
