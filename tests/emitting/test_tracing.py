"""Emitted modules go through torch's ways to record a network."""

from __future__ import annotations

import warnings

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.bundled import thorough
from tests.emitting.emitted import inputs_of, made, torch

NETWORKS = {
    "lenet5": {},
    "resnet_cifar": {},
    "googlenet_cifar": {},
    "unet": {"H": 32, "W": 32, "channels": 8},
    "structure": {},
}

STRUCTURE = """
symbols: {n: 3, gate: 1}
inputs: {x: [8, 16], y: [8, 16]}
blocks:
  Twice:
    args: {times: 2}
    layers: [{Mul: {branches: {a: [Sigmoid], b: []}}, repeat: times}]
layers:
  - {MultiheadAttention: 4, repeat: n, from: x}
  - {LSTM: 16, name: lstm}
  - {Linear: 16, name: tower, from: y}
  - {Linear: 16, name: twin, share: tower, when: gate}
  - {Add: {branches: {body: [{Linear: 16}, ReLU], shortcut: []}}, repeat: n, name: res}
  - {Twice: 3}
  - {Add: , from: [lstm, twice1]}
outputs: [add1, twin]
"""


def network(name: str) -> shapecalc.network.Network:
    return shapecalc.load(STRUCTURE if name == "structure" else name)


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(
    params=[
        "structure",
        "unet",
        *thorough(name for name in NETWORKS if name not in ("structure", "unet")),
    ]
)
def model(request):
    """A module on the CPU, and random inputs."""
    torch.manual_seed(1)
    spec, settings = network(request.param), NETWORKS[request.param]
    inputs = inputs_of(spec.report(settings), "cpu")
    return made(module(spec, settings), "cpu"), tuple(map(torch.rand_like, inputs))


def assert_equal(got, wanted):
    torch.testing.assert_close(got, wanted)


@pytest.mark.thorough
def test_export(model):
    own, inputs = model
    with torch.no_grad():
        assert_equal(torch.export.export(own, inputs).module()(*inputs), own(*inputs))


def test_jit_trace(model):
    own, inputs = model
    with torch.no_grad():
        assert_equal(torch.jit.trace(own, inputs)(*inputs), own(*inputs))


@pytest.mark.thorough
def test_compile_traces_without_a_break(model):
    own, inputs = model
    torch._dynamo.reset()
    with torch.no_grad(), torch._dynamo.config.patch(allow_rnn=True):
        compiled = torch.compile(own, backend="eager", fullgraph=True)
        assert_equal(compiled(*inputs), own(*inputs))


@pytest.mark.thorough
def test_tensorboard_draws_the_graph(model, tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    own, inputs = model
    with SummaryWriter(tmp_path) as writer, torch.no_grad():
        writer.add_graph(own, inputs)
    assert next(tmp_path.iterdir()).stat().st_size > 1000


def test_training_changes_every_weight():
    """Nothing that is made in the constructor is left out of forward."""
    spec = shapecalc.load("googlenet_cifar")
    own = made(module(spec), "cpu").train()
    own(*inputs_of(spec.report(B=2), "cpu")).sum().backward()
    assert all(weight.grad is not None for weight in own.parameters())
