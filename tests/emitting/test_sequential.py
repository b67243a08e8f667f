"""Networks that are chains as one Sequential; others are refused with what prevents it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.sequential import sequential
from tests.emitting.emitted import assert_is, assert_is_clean, imported, inputs_of, made, torch
from tests.emitting.test_module import KNOBS, annotated

JOINS = {
    "googlenet": "Concat 'concat1' in block 'Inception' joins several tensors",
    "googlenet_cifar": "Concat 'concat1' in block 'Inception' joins several tensors",
    "resnet18": "Add 'add1' in block 'BasicBlock' joins several tensors",
    "resnet18_d2l": "Add 'add1' in block 'Residual' joins several tensors",
    "resnet_cifar": "Add 'add1' in block 'Residual' joins several tensors",
    "unet": "Concat 'concat1' joins several tensors",
}
"""The bundled networks that are no chains, and what they have that is none."""

CHAINS = [name for name in KNOBS if name not in JOINS]


@pytest.mark.parametrize("name", CHAINS)
def test_a_bundled_chain_is_what_its_report_says(name: str) -> None:
    network = shapecalc.load(name)
    source = sequential(network)
    assert_is_clean(source)
    assert len(list(annotated(source))) >= 1
    model = made(source)
    assert isinstance(model, torch.nn.Sequential)
    assert_is(model, network.report())


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_at_other_knobs_is_what_its_report_says(name: str) -> None:
    network = shapecalc.load(name)
    source = sequential(network)
    for knobs in KNOBS[name]:
        assert_is(made(source, **knobs), network.report(knobs))


def test_settings_are_the_defaults_of_knobs() -> None:
    network = shapecalc.load("tinyvgg")
    for settings in KNOBS["tinyvgg"]:
        assert_is(made(sequential(network, settings)), network.report(settings))


@pytest.mark.parametrize("name", ["lenet5", "tinyvgg", "vgg16_cifar"])
def test_both_styles_give_the_same_numbers_from_the_same_weights(name: str) -> None:
    network = shapecalc.load(name)
    chain, other = made(sequential(network), "cpu"), made(module(network), "cpu")
    other.load_state_dict(chain.state_dict())
    given = [torch.rand_like(each) for each in inputs_of(network.report(), "cpu")]
    with torch.no_grad():
        torch.testing.assert_close(other(*given), chain(*given))


STRUCTURE: dict[str, dict[str, Any]] = {
    "repeats and conditions": {
        "symbols": {"n": 3, "on": 1, "off": 0},
        "input": [3, 8, 8],
        "blocks": {
            "Unit": {
                "args": {"c": None, "norm": 1},
                "layers": [
                    {"Conv2d": {"out_channels": "c", "kernel_size": 3, "padding": 1}},
                    {"BatchNorm2d": None, "when": "norm"},
                    {"ReLU": None, "when": "on"},
                ],
            }
        },
        "layers": [
            {"Unit": "4*(index + 1)", "repeat": "n"},
            {"Unit": {"c": 5, "norm": 0}, "repeat": 3, "when": "index != 1", "name": "odd"},
            {"Dropout": "1/4", "when": "off"},
        ],
    },
    "a symbol that is called as the variable": {
        "symbols": {"layers": 2},
        "input": [4],
        "layers": [{"Linear": "layers"}, {"ReLU": None, "when": "layers > 1"}],
    },
    "functions that are called as the variable": {
        "name": "layers",
        "symbols": {"on": 1},
        "input": [4],
        "blocks": {"Layers": {"layers": [{"Linear": 3}, {"ReLU": None, "when": "on"}]}},
        "layers": [{"Layers": None, "when": "on"}, {"Layers": None, "repeat": 2}],
    },
    "a single long parameter": {
        "name": "a network with a long name",
        "symbols": {"number_of_classes_to_be_told_apart": 10},
        "input": [4],
        "layers": [{"Linear": "number_of_classes_to_be_told_apart"}],
    },
    "nothing in a block": {
        "input": [4],
        "blocks": {"Nothing": {"layers": []}},
        "layers": ["Nothing", {"Linear": 2}],
    },
    "nothing at all": {"input": [4], "layers": [{"Linear": 2, "when": 0}]},
    "an input with a name": {
        "inputs": {"words": {"shape": [5], "dtype": "int64"}},
        "layers": [
            {"Embedding": {"num_embeddings": 9, "embedding_dim": 4}, "from": "words", "name": "at"},
            {"Linear": 3, "from": "at"},
        ],
        "outputs": ["linear1"],
    },
}


@pytest.mark.parametrize("what", STRUCTURE)
def test_structure_of_a_chain_is_kept(what: str) -> None:
    network = shapecalc.load(STRUCTURE[what])
    source = sequential(network)
    assert_is_clean(source)
    assert_is(made(source), network.report())


@pytest.mark.parametrize("knobs", [{"n": 1}, {"on": 0}, {"off": 1}, {"n": 5, "on": 0}])
def test_knobs_switch_parts_of_a_chain(knobs: dict[str, int]) -> None:
    network = shapecalc.load(STRUCTURE["repeats and conditions"])
    assert_is(made(sequential(network), **knobs), network.report(knobs))


def test_a_name_that_two_functions_would_have_is_changed() -> None:
    blocks = {"ConvReLU": {"layers": ["ReLU"]}, "Convrelu": {"layers": ["Sigmoid"]}}
    layers = [{"ConvReLU": None, "name": "a"}, {"Convrelu": None, "name": "b"}]
    spec = {"name": "conv relu", "input": [4], "blocks": blocks, "layers": layers}
    network = shapecalc.load(spec)
    names = imported(sequential(network))
    own = [n for n, each in names.items() if inspect.isfunction(each)]
    assert len(own) == 3
    model = made(sequential(network))
    assert [type(each).__name__ for each in (*model.a, *model.b)] == ["ReLU", "Sigmoid"]


# -- what is no chain --------------------------------------------------------------------------


@pytest.mark.parametrize("name", JOINS)
def test_a_bundled_network_with_a_join_is_refused_at_the_join(name: str) -> None:
    network = shapecalc.load(name)
    with pytest.raises(EmitError) as error:
        sequential(network)
    (problem,) = error.value.problems
    assert problem.message == f"nn.Sequential holds a chain, and {JOINS[name]}"
    kind = JOINS[name].partition(" ")[0]
    line = network.spec.source.text.splitlines()[problem.mark.line - 1]
    assert line[problem.mark.column - 1 :].startswith(kind)
    assert problem.notes == ("--style module writes any network",)


REFUSED = [
    ("  - ReLU\n  - {Add: , from: [relu1, input]}", (4, 6), "Add 'add1' joins several tensors"),
    ("  - ReLU\n  - Add: {branches: [[ReLU], []]}", (4, 5), "Add 'add1' joins several tensors"),
    ("  - ReLU\n  - {Tanh: , from: input}", (4, 6), "'tanh1' is fed from 'input', not from"),
    (
        "  - {Linear: 8, name: a}\n  - {Linear: 8, share: a}",
        (4, 6),
        "'linear1' shares its weights",
    ),
    ("  - ReLU\n  - Permute: [0, 2, 1]", (4, 5), "Permute 'permute1' is no module that passes one"),
    ("  - LSTM: 8", (3, 5), "LSTM 'lstm1' is no module that passes one tensor on"),
    ("  - ReLU\n  - Tanh\noutputs: relu1", (5, 10), "the network does not put out 'tanh1' alone"),
    ("  - ReLU\n  - Tanh\noutputs: [relu1, tanh1]", (5, 11), "does not put out 'tanh1' alone"),
]


@pytest.mark.parametrize(("layers", "place", "why"), REFUSED)
def test_what_is_no_chain_is_refused_at_its_place(
    layers: str, place: tuple[int, int], why: str
) -> None:
    network = shapecalc.load(f"input: [4, 8]\nlayers:\n{layers}")
    assert_is(made(module(network)), network.report())
    with pytest.raises(EmitError) as error:
        sequential(network)
    (problem,) = error.value.problems
    assert (problem.mark.line, problem.mark.column) == place
    assert problem.message.startswith("nn.Sequential holds a chain, and ")
    assert why in problem.message


def test_what_is_no_chain_inside_a_block_is_refused_there() -> None:
    blocks = "blocks:\n  Block:\n    layers:\n      - ReLU\n      - {Tanh: , from: input}\n"
    with pytest.raises(EmitError) as error:
        sequential(shapecalc.load(f"input: [4]\n{blocks}layers: [Block]"))
    (problem,) = error.value.problems
    assert (problem.mark.line, problem.mark.column) == (6, 10)


def test_several_inputs_are_refused_at_the_second() -> None:
    inputs = "inputs:\n  left: [4]\n  right: [4]\n"
    network = shapecalc.load(f"{inputs}layers:\n  - {{ReLU: , from: left}}")
    with pytest.raises(EmitError) as error:
        sequential(network)
    (problem,) = error.value.problems
    assert problem.mark.line == 3
    assert "the network has several inputs" in problem.message


def test_a_block_that_is_not_used_does_not_matter() -> None:
    blocks = {"Residual": {"layers": [{"Add": {"branches": [["ReLU"], []]}}]}}
    network = shapecalc.load({"input": [4], "blocks": blocks, "layers": ["ReLU"]})
    assert_is(made(sequential(network)), network.report())
