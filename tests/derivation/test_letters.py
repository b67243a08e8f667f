"""The letters that rules are run on: each stands for one thing, and is what people call it."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.algebra.steps import ASCII, write
from shapecalc.algebra.trace import Traced
from shapecalc.derivation.letters import Lettered, lettered
from shapecalc.layers import KINDS


def told(kind: str, *shapes: list[int], **settings: Any) -> Lettered:
    """A layer's rules on letters, for inputs of these shapes behind the batch."""
    names = [f"x{i}" for i in range(len(shapes))]
    entry = {kind: settings, "name": "it", **({"from": names} if len(names) > 1 else {})}
    network = shapecalc.load({"inputs": dict(zip(names, shapes)), "layers": [entry]})
    return lettered(network.report()["it"].node)


def text(*sizes: Any) -> list[str]:
    """Sizes in letters."""
    return [write(s.tree, ASCII) if isinstance(s, Traced) else str(s) for s in sizes]


def test_images_have_channels_height_and_width_and_sequences_length_and_features():
    assert text(*told("ReLU", [3, 8, 9]).inputs[0]) == ["1", "C", "H", "W"]
    assert text(*told("Linear", [50, 84], out_features=10).inputs[0]) == ["1", "L", "C"]
    assert told("Linear", [50, 84], out_features=10).axes == ("length", "features")


def test_an_inferred_field_is_called_as_the_size_that_it_follows_from():
    linear = told("Linear", [50, 84], out_features=10)
    assert text(linear.macs) == ["L*K*C"]
    assert linear.fields == {"K": ["out_features"], "C": ["in_features"]}
    bilinear = told("Bilinear", [16], [8], out_features=10)
    assert text(*bilinear.weights["weight"]) == ["K", "C1", "C2"]


def test_sizes_that_a_join_requires_to_be_equal_have_one_letter():
    concat = told("Concat", [64, 28, 28], [64, 28, 28])
    assert [text(*shape) for shape in concat.inputs] == [
        ["1", "C1", "H", "W"],
        ["1", "C2", "H", "W"],
    ]
    assert text(*concat.shape) == ["1", "C1 + C2", "H", "W"]
    product = told("MatMul", [4, 8, 8], [4, 8, 8])
    assert text(product.macs) == ["C*H1*W2*W1"]


def test_sizes_that_a_join_broadcasts_keep_their_own_letters():
    gated = told("Mul", [64, 28, 28], [64, 1, 1])
    assert [text(*shape) for shape in gated.inputs] == [
        ["1", "C", "H1", "W1"],
        ["1", "C", "H2", "W2"],
    ]


def test_axes_with_different_settings_have_indexed_letters():
    conv = told("Conv2d", [3, 32, 32], out_channels=8, kernel_size=[3, 5])
    assert text(*conv.weights["weight"]) == ["K", "C", "F_H", "F_W"]
    assert text(*conv.shape[2:]) == ["floor((N + 2P - F_H)/S) + 1", "floor((N + 2P - F_W)/S) + 1"]


def test_settings_at_their_defaults_are_left_out_unless_a_rule_is_not_itself_without_them():
    conv = told("Conv2d", [3, 32, 32], out_channels=8, kernel_size=3)
    assert list(conv.settings) == ["K", "F", "S", "P", "C"]
    dilated = told("Conv2d", [3, 32, 32], out_channels=8, kernel_size=3, dilation=2)
    assert "D" in dilated.settings


def test_a_batch_of_one_goes_without_saying():
    network = shapecalc.load({"input": [8], "layers": [{"Linear": 4}]})
    one, many = (network.report(B=b)["linear1"].node for b in (1, 5))
    assert text(lettered(one).macs, lettered(many).macs) == ["K*C", "B*K*C"]


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("Permute", {"dims": [0, 2, 3, 1]}, ("dimension 1", "dimension 2", "dimension 3")),
        ("Flatten", {}, ("features",)),
        ("Mean", {"dim": [2, 3]}, ("features",)),
        ("Conv2d", {"out_channels": 4, "kernel_size": 1}, ("channels", "height", "width")),
    ],
)
def test_dimensions_are_named_only_where_they_stay_what_they_are(kind, settings, expected):
    assert told(kind, [3, 8, 9], **settings).axes == expected


@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_stands_for_two_values(kind):
    tensors = KINDS[kind].example_inputs()
    entry: dict[str, Any] = {kind: dict(KINDS[kind].example), "name": "it"}
    inputs = {
        f"x{i}": {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
        for i, tensor in enumerate(tensors)
    }
    if len(inputs) > 1:
        entry["from"] = list(inputs)
    found = lettered(
        shapecalc.load({"inputs": inputs or {"x0": [1]}, "layers": [entry]}).report()["it"].node
    )
    meanings: dict[str, Any] = {}
    sizes = [size for shape in (*found.inputs, found.output) for size in shape]
    for size in [*sizes, *found.settings.values()]:
        if isinstance(size, Traced):
            letter = write(size.tree, ASCII)
            assert meanings.setdefault(letter, size.value) == size.value


@pytest.mark.parametrize("count", [2, 3, 40])
def test_inputs_of_a_wide_join_share_the_letters_that_have_to_be_equal(count):
    inputs = told("Concat", *[[1, 8, 9]] * count).inputs
    assert [text(*shape)[1:] for shape in inputs] == [
        [f"C{i}", "H", "W"] for i in range(1, count + 1)
    ]


def test_a_kind_that_names_the_sizes_of_its_inputs_is_explained_in_these():
    spec = {
        "inputs": {"x": [9, 1, 64], "choice": {"shape": [9, 2], "dtype": "int64"}},
        "layers": [
            {"Parameter": [8, 32, 64], "name": "experts"},
            {"ExpertLinear": None, "name": "it", "from": ["x", "choice", "experts"]},
        ],
    }
    layer = lettered(shapecalc.load(spec).report()["it"].node)
    assert [text(*shape) for shape in layer.inputs] == [
        ["1", "L", "1", "C"],
        ["1", "L", "k"],
        ["E", "K", "C"],
    ]
    assert text(*layer.output) == ["1", "L", "k", "K"]
    assert text(layer.macs) == ["L*k*K*C"]


@pytest.mark.parametrize(("kind", "times"), [("Concat", 1), ("MaxPool2d", 2)])
def test_a_rule_runs_again_only_for_what_is_told_of_one_letter(kind, times, monkeypatch):
    settings = {"kernel_size": 2} if kind == "MaxPool2d" else {}
    inputs = {"a": [3, 8, 8], "b": [3, 8, 8]}
    entry = {kind: settings, "from": ["a", "b"] if kind == "Concat" else "a", "name": "it"}
    node = shapecalc.load({"inputs": inputs, "layers": [entry]}).report()["it"].node
    runs = []
    rule = KINDS[kind].output
    monkeypatch.setattr(KINDS[kind], "output", lambda self, *x: runs.append(x) or rule(self, *x))
    lettered(node)
    assert len(runs) == times
