"""A module of one's own: right ones agree however they are written, and every fault is found."""

from __future__ import annotations

import collections
import dataclasses
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.verify import run
from shapecalc.verify.against import check_against
from shapecalc.verify.findings import Finding

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402


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


# -- layers written by hand --------------------------------------------------------------------


class OwnNorm(nn.Module):
    def __init__(self, eps: float = 1e-5, unbiased: bool = False) -> None:
        super().__init__()
        self.gain, self.shift = nn.Parameter(torch.ones(16)), nn.Parameter(torch.zeros(16))
        self.eps, self.unbiased = eps, unbiased

    def forward(self, x: Any) -> Any:
        mean = x.mean(-1, keepdim=True)
        spread = x.var(-1, keepdim=True, unbiased=self.unbiased)
        return (x - mean) / torch.sqrt(spread + self.eps) * self.gain + self.shift


class OwnHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Any) -> Any:
        batch, length, width = x.shape
        q, k, v = self.into(x).view(batch, length, 3, 2, 4).permute(2, 0, 3, 1, 4)
        seen = (q @ k.transpose(-2, -1) / 2).softmax(-1) @ v
        return self.out(seen.transpose(1, 2).reshape(batch, length, width))


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


def in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return nn.Linear(8, 4)


# -- right modules -----------------------------------------------------------------------------


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


SHARED = {
    "name": "net",
    "inputs": {"left": [8], "right": [8]},
    "layers": [
        {"Linear": 6, "name": "tower", "from": "left"},
        {"Linear": 6, "name": "twin", "from": "right", "share": "tower"},
        {"Concat": {"dim": 1}, "from": ["tower", "twin"]},
    ],
}


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


@pytest.mark.parametrize("which", RIGHT)
def test_a_right_module_agrees(which: str) -> None:
    network, make = RIGHT[which]
    findings = found(network, make)
    assert [each.differences for each in findings if not each.agrees] == []
    assert [each.what for each in findings if each.what.startswith("training at ")]


# -- faults ------------------------------------------------------------------------------------


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


def norm(**settings: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(conv(), nn.BatchNorm2d(8, **settings), nn.ReLU())


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


def test_a_fault_where_signals_have_died_is_found() -> None:
    layers = [each for _ in range(100) for each in ({"Linear": 6}, "ReLU")]
    parts = [each for _ in range(100) for each in (nn.Linear(6, 6), nn.ReLU())]
    right = found(spec(*layers, given=[6]), nn.Sequential(*parts))
    assert all(each.agrees for each in right)
    wrong = found(spec(*layers, given=[6]), nn.Sequential(*parts[:7], *parts[8:]))
    told = [line for each in wrong for line in each.explanation]
    assert "between linear4 and linear5, the spec has relu4 (ReLU)" in told


SMALL = ["lenet5", "lenet5_mnist", "cifar10", "tinyvgg"]


@pytest.mark.parametrize("name", SMALL)
def test_what_is_emitted_agrees_with_what_it_is_emitted_from(name: str) -> None:
    network = shapecalc.load(name)
    findings = list(check_against(network, lambda: run.made(module(network))))
    assert [each.differences for each in findings if not each.agrees] == []
    assert [each.what for each in findings if each.what.startswith("training at ")]
