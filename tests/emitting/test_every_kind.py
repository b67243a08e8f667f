"""Every kind of the catalogue in a network of its own, emitted."""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.sequential import sequential
from shapecalc.layers import KINDS, OUTPUT, Tensor
from shapecalc.network import Network
from tests.emitting.emitted import assert_emits, assert_is, assert_is_clean, made

WRITTEN = [name for name, kind in KINDS.items() if not kind.unknown_to_torch]


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def example(name: str) -> Network:
    """A network of one layer, the example of its kind; what has no batch is a parameter."""
    kind = KINDS[name]
    given = {f"x{i}": tensor for i, tensor in enumerate(kind.example_inputs())}
    inputs = {
        each: {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
        for each, tensor in given.items()
        if tensor.batch == 1
    }
    held = [
        {"Parameter": list(tensor.shape), "name": each}
        for each, tensor in given.items()
        if tensor.batch != 1
    ]
    layer = {name: dict(kind.example), "from": list(given)}
    if not inputs:  # a tensor that nothing feeds
        inputs["x0"] = {"shape": [1]}
        del layer["from"]
    return shapecalc.load({"inputs": inputs, "layers": [*held, layer]})


def as_block(name: str) -> Network:
    """The same in a block, which takes one input."""
    kind = KINDS[name]
    first, *others = kind.example_inputs() or (Tensor((1, 1)),)
    alone = list(first.shape[1:]), [{name: dict(kind.example)}]
    shape, layers = join_of_one_input(name) if others else alone
    return shapecalc.load(
        {
            "input": {"shape": shape, "dtype": first.dtype},
            "blocks": {"Block": {"layers": layers}},
            "layers": ["Block", {"Block": {}, "from": "input", "name": "again"}],
            "outputs": ["block1", "again"],
        }
    )


def join_of_one_input(name: str) -> tuple[list[int], list[dict[str, Any]]]:
    """The shape of a row of features, and the layers that cut it into inputs and join these."""
    kind = KINDS[name]
    cutting: list[dict[str, Any]] = []
    parts: list[str] = []
    end = 0
    first = kind.example_inputs()[0]
    for tensor in kind.example_inputs():
        parts.append(f"x{len(parts)}")
        if tensor.batch != 1:
            cutting.append({"Parameter": list(tensor.shape), "name": parts[-1]})
            continue
        start, end = end, end + prod(tensor.shape[1:])
        cutting += [
            {"Slice": {"dim": 1, "start": start, "end": end}, "from": "input"},
            {
                "Unflatten": {"dim": 1, "unflattened_size": list(tensor.shape[1:])},
                "name": parts[-1],
            },
        ]
        if tensor.dtype != first.dtype:
            cutting[-1]["name"] = f"row{len(parts)}"
            cutting.append({"To": tensor.dtype, "name": parts[-1]})
    return [end], [*cutting, {name: dict(kind.example), "from": parts}]


@pytest.mark.thorough  # the next one holds this in a block
@pytest.mark.parametrize("name", WRITTEN)
def test_a_kind_is_emitted(name):
    assert_is_clean(assert_emits(example(name)))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_kind_is_emitted_in_a_block(name):
    assert_is_clean(assert_emits(as_block(name)))


@pytest.mark.thorough
@pytest.mark.parametrize("name", WRITTEN)
def test_a_kind_that_chains_is_emitted_in_a_sequential(name):
    network = example(name)
    try:
        source = sequential(network)
    except EmitError:
        kind = KINDS[name]
        assert kind.joins or not kind.in_torch or kind.returns != OUTPUT
        return
    assert_is_clean(source)
    assert_is(made(source), network.report())
