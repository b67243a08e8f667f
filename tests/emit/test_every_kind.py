"""Every kind of the catalogue in a network of its own, emitted."""

from __future__ import annotations

import warnings

import pytest

import shapecalc
from shapecalc.emit.names import EmitError
from shapecalc.emit.sequential import sequential
from shapecalc.layers import KINDS
from shapecalc.network import Network
from tests.emit.emitted import assert_emits, assert_is, assert_is_clean, made


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def example(name: str) -> Network:
    """A network of one layer, the example of its kind."""
    kind = KINDS[name]
    inputs = {
        f"x{i}": {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
        for i, tensor in enumerate(kind.example_inputs())
    }
    layer = {name: dict(kind.example), "from": list(inputs)}
    return shapecalc.load({"inputs": inputs, "layers": [layer]})


def as_block(name: str) -> Network:
    """The same in a block, which knows nothing of sizes."""
    kind = KINDS[name]
    first, *others = kind.example_inputs()
    if others:
        pytest.skip("a block takes one input")
    return shapecalc.load(
        {
            "input": {"shape": list(first.shape[1:]), "dtype": first.dtype},
            "blocks": {"Block": {"layers": [{name: dict(kind.example)}]}},
            "layers": ["Block", {"Block": {}, "from": "input", "name": "again"}],
            "outputs": ["block1", "again"],
        }
    )


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_emitted(name):
    assert_is_clean(assert_emits(example(name)))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_emitted_in_a_block(name):
    assert_is_clean(assert_emits(as_block(name)))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_that_chains_is_emitted_in_a_sequential(name):
    network = example(name)
    try:
        source = sequential(network)
    except EmitError:
        assert KINDS[name].joins or not KINDS[name].in_torch or "[0]" in assert_emits(network)
        return
    assert_is_clean(source)
    assert_is(made(source), network.report())
