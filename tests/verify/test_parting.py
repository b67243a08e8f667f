"""What is told of a module that differs: the first difference, how it comes about, the sorts."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from tests.verify.nets import CONV, Writing, conv, found, spec  # noqa: E402

FOUR = spec(*[CONV, "BatchNorm2d", "ReLU"] * 4, {"MaxPool2d": 2}, CONV, {"MaxPool2d": 2}, CONV)


def four(**settings: Any) -> list[nn.Module]:
    """The layers of four blocks, two pools and two convolutions."""
    blocks = [
        [conv(3 if number == 0 else 8), nn.BatchNorm2d(8, **settings), nn.ReLU()]
        for number in range(4)
    ]
    pooled = [nn.MaxPool2d(2), conv(8), nn.MaxPool2d(2), conv(8)]
    return [layer for block in blocks for layer in block] + pooled


def told(layers: list[nn.Module]) -> dict[str, tuple[str, list[str], tuple[str, ...]]]:
    """Of what differs, the first difference, its explanation and the summary."""
    return {
        each.what: (each.differences[0], [*each.explanation], each.summary)
        for each in found(FOUR, nn.Sequential(*layers))
        if not each.agrees
    }


def test_layers_that_are_missing_are_told_as_layers_of_one_sort() -> None:
    layers = [each for each in four() if not isinstance(each, nn.BatchNorm2d)]
    first, because, summary = told(layers)["parameters"]
    assert first == "batchnorm1, a BatchNorm2d of the spec: the module lacks it"
    assert "params               2C = 2·8 = 16" in because
    assert summary == (
        "4 x BatchNorm2d that the module lacks, behind a Conv2d",
        "3,208 parameters in the spec, 3,144 in the module",
    )


def test_biases_that_are_too_many_are_told_and_no_numbers() -> None:
    bare = spec({"Conv2d": {"out_channels": 8, "kernel_size": 3, "bias": False}}, "ReLU")
    findings = [each for each in found(bare, nn.Conv2d(3, 8, 3)) if not each.agrees]
    assert [each.differences[0] for each in findings] == [
        "bias of the module, 8 elements: the spec lacks it"
    ]


def test_a_block_that_is_missing_is_told_by_its_layers_alone() -> None:
    layers = four()
    findings = found(FOUR, nn.Sequential(*layers[:6], *layers[9:]))
    assert [each.differences for each in findings if not each.agrees] == [
        (
            "conv4, a Conv2d of the spec: the module lacks it",
            "batchnorm4, a BatchNorm2d of the spec: the module lacks it",
            "3,208 parameters in the spec, 2,608 in the module",
        ),
        ("68 buffers in the spec, 51 in the module",),
    ]


def test_settings_that_many_layers_have_otherwise_are_told_once() -> None:
    ((first, because, summary),) = told(four(eps=1e-3)).values()
    assert first.startswith("output 1: ")
    assert "where rounding may do" in first
    assert because == [
        "first apart is what comes out of batchnorm1 (BatchNorm2d), not what comes in",
        "eps is 1e-05 in the spec, 0.001 in the module",
    ]
    assert summary[-1] == "4 x BatchNorm2d: eps is 1e-05 in the spec, 0.001 in the module"


def test_of_statistics_that_differ_the_setting_is_told() -> None:
    ((first, because, summary),) = told(four(momentum=0.01)).values()
    assert first.startswith("batchnorm1.running_mean after a step: ")
    assert because == ["momentum is 0.1 in the spec, 0.01 in the module"]
    assert summary == (
        "8 of 12 statistics differ",
        "4 x BatchNorm2d: momentum is 0.1 in the spec, 0.01 in the module",
    )


def test_a_shape_is_followed_to_the_layer_without_weights_that_makes_it() -> None:
    layers = four()
    layers[12] = nn.MaxPool2d(2, stride=1)
    first, because, _ = told(layers)["output shapes"]
    assert first == "conv5 receives 1 x 8 x 4 x 4 in the spec, 1 x 8 x 7 x 7 in the module (13)"
    assert because == [
        "between batchnorm4 and conv5, the spec has relu4 (ReLU) -> maxpool1 (MaxPool2d)",
        "                              the module calls relu -> max_pool2d",
        "of maxpool1, in the spec:",
        "  channels          8  (as it comes in)",
        "  height and width  ⌊(N + 2P − F)/S⌋ + 1 = ⌊(8 + 2·0 − 2)/2⌋ + 1 = ⌊6/2⌋ + 1 = 3 + 1 = 4",
        "  remainder         the last window ends exactly at the edge: nothing is dropped",
    ]


def test_a_shape_that_a_setting_makes_is_told_with_the_setting() -> None:
    layers = four()
    layers[6] = nn.Conv2d(8, 8, 3, padding=1, stride=2)
    first, because, summary = told(layers)["output shapes"]
    assert first == "conv3 puts out 1 x 8 x 8 x 8 in the spec, 1 x 8 x 4 x 4 in the module (6)"
    assert because[-1] == "stride is (1, 1) in the spec, (2, 2) in the module"
    assert summary == ("6 x layer that puts out another shape",)


def test_of_many_layers_between_two_the_first_and_the_last_are_told() -> None:
    many = spec({"Linear": 4}, *["ReLU"] * 20, {"Linear": 2}, given=[8])
    net = nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2))
    (wrong,) = (each for each in found(many, net) if not each.agrees)
    assert wrong.explanation == (
        "first apart is what comes into linear2 (Linear)",
        "between linear1 and linear2, the spec has relu1 (ReLU) -> relu2 (ReLU) -> relu3 (ReLU) -> "
        "14 more -> relu18 (ReLU) -> relu19 (ReLU) -> relu20 (ReLU)",
        "                             the module calls nothing",
    )


def test_a_parameter_of_a_network_is_a_place_of_its_own() -> None:
    scaled = spec(
        {"Linear": 4},
        {"Parameter": {"shape": [4]}, "name": "gamma"},
        {"Mul": {}, "from": ["linear1", "gamma"]},
        "Tanh",
        {"Linear": 2},
        given=[8],
    )
    parts = {"a": nn.Linear(8, 4), "gamma": nn.Parameter(torch.ones(4)), "b": nn.Linear(4, 2)}
    net = Writing(lambda self, x: self.b(self.a(x) * self.gamma), **parts)
    (wrong,) = (each for each in found(scaled, net) if not each.agrees)
    assert wrong.explanation[:2] == (
        "first apart is what comes into linear2 (Linear)",
        "between gamma and linear2, the spec has mul1 (Mul) -> tanh1 (Tanh)",
    )
