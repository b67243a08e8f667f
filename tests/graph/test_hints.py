"""What an error says to do: hints that hang on where a tensor comes from."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.graph.layout import layout_of
from shapecalc.language.problem import Problem, SpecError


def problem(layers: list[Any], **inputs: Any) -> Problem:
    """The only problem of a network with these layers and inputs."""
    top = {"inputs": inputs} if len(inputs) > 1 else {"input": next(iter(inputs.values()))}
    with pytest.raises(SpecError) as caught:
        shapecalc.load({**top, "layers": layers}).report()
    (only,) = caught.value.problems
    return only


def said(layers: list[Any], **inputs: Any) -> str:
    return "\n".join(problem(layers, **inputs).notes)


def conv(rank: int, channels: int, **more: Any) -> dict[str, Any]:
    return {f"Conv{rank}d": {"out_channels": channels, "kernel_size": 3, **more}}


# -- a stated size that stands elsewhere -----------------------------------------------------------

EMBEDDED = {"Embedding": {"num_embeddings": 1000, "embedding_dim": 128}}
TOKENS = {"shape": [50], "dtype": "int64"}


@pytest.mark.parametrize(
    ("layers", "given", "permute"),
    [
        ([EMBEDDED, conv(1, 64, in_channels=128)], TOKENS, "[0, 2, 1]"),
        ([{"LSTM": 64}, {"BatchNorm1d": 64}], [10, 32], "[0, 2, 1]"),
        ([{"GRU": {"input_size": 4, "hidden_size": 8}}], [4, 10], "[0, 2, 1]"),
        ([{"LayerNorm": 4}], [4, 9, 9], "[0, 2, 3, 1]"),
        ([{"RMSNorm": 4}], [4, 9, 9, 9], "[0, 2, 3, 4, 1]"),
        (["ReLU", conv(2, 8, in_channels=16)], [32, 30, 16], "[0, 3, 1, 2]"),
        (["ReLU", conv(3, 8, in_channels=16)], [32, 30, 29, 16], "[0, 4, 1, 2, 3]"),
        ([{"GroupNorm": {"num_groups": 4, "num_channels": 64}}], [10, 64], "[0, 2, 1]"),
        ([{"MultiheadAttention": {"num_heads": 8, "embed_dim": 64}}], [64, 10], "[0, 2, 1]"),
        ([{"TransformerEncoderLayer": {"nhead": 8, "d_model": 64}}], [64, 10], "[0, 2, 1]"),
    ],
)
def test_a_size_of_another_dimension_is_told_the_permute_that_puts_it_there(layers, given, permute):
    found = said(layers, x=given)
    assert f"Permute: {permute}" in found
    assert "out to have it inferred" not in found
    assert "would need" not in found


@pytest.mark.parametrize(
    ("layers", "given", "permute"),
    [
        ([EMBEDDED, conv(1, 64, in_channels=128)], TOKENS, [0, 2, 1]),
        ([{"LayerNorm": 4}], [4, 9, 9], [0, 2, 3, 1]),
        (["ReLU", conv(2, 8, in_channels=16)], [32, 30, 16], [0, 3, 1, 2]),
    ],
)
def test_the_permute_that_is_told_works(layers, given, permute):
    mended = [*layers[:-1], {"Permute": permute}, layers[-1]]
    assert shapecalc.load({"inputs": {"x": given}, "layers": mended}).report()


def test_a_norm_over_channels_is_told_to_turn_back_behind_it():
    found = said([{"LayerNorm": 4}], x=[4, 9, 9])
    assert "Permute: [0, 3, 1, 2] behind it turns it back" in found
    assert "GroupNorm: 1" in found


def test_a_size_that_stands_nowhere_is_told_to_be_left_out():
    assert "leave in_channels out" in said([conv(2, 8, in_channels=5)], x=[3, 8, 9])


def test_a_size_that_stands_in_two_places_is_told_no_permute():
    assert "Permute" not in said([conv(2, 8, in_channels=16)], x=[32, 16, 16])


# -- a forgotten Flatten ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "given", "told"),
    [
        (4096, [16, 16, 16], "a Flatten before it makes 16 x 16 x 16 = 4096 of that"),
        (400, [16, 6, 6], "a Flatten before it makes 16 x 6 x 6 = 576 features of that"),
        (36, [16, 6, 6], "a Flatten: 2 before it makes 6 x 6 = 36 of that"),
        (16, [16, 6, 6], "AdaptiveAvgPool2d: 1 and a Flatten before it make 16 of 16 x 6 x 6"),
        (
            16,
            [16, 6, 6, 5],
            "AdaptiveAvgPool3d: 1 and a Flatten before it make 16 of 16 x 6 x 6 x 5",
        ),
        (96, [8, 12], "a Flatten before it makes 8 x 12 = 96 of that"),
    ],
)
def test_a_linear_layer_on_a_map_is_told_the_flatten_alone(stated, given, told):
    linear = {"Linear": {"in_features": stated, "out_features": 10}}
    notes = [note for note in problem([linear], x=given).notes if note]
    assert notes[1:] == [told]


# -- joins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rank", "sides", "made"),
    [(1, [56], "128 x 28"), (2, [56, 56], "128 x 28 x 28"), (3, [8, 8, 8], "128 x 4 x 4 x 4")],
)
def test_a_shortcut_is_told_its_stride_beside_its_channels(rank, sides, made):
    body = {**conv(rank, 128, stride=2, padding=1), "name": "body"}
    found = said([body, {"Add": None, "from": ["body", "input"]}], x=[64, *sides])
    assert f"Conv{rank}d with kernel_size 1 and a stride of 2 turns" in found
    assert f"into {made}" in found


def test_the_shortcut_that_is_told_works():
    body = [conv(2, 256, stride=2, padding=1)]
    shortcut = [{"Conv2d": {"out_channels": 256, "kernel_size": 1, "stride": 2}}]
    for size in (55, 56, 57):
        layers = [{"Add": {"branches": [body, shortcut]}}]
        assert shapecalc.load({"input": [64, size, size], "layers": layers}).report()
        found = said([{"Add": {"branches": [body, []]}}], x=[64, size, size])
        assert "kernel_size 1 and a stride of 2" in found


def test_channels_alone_are_told_no_stride():
    body = {**conv(2, 256, padding=1), "name": "body"}
    found = said([body, {"Add": None, "from": ["body", "input"]}], x=[64, 56, 56])
    assert "a Conv2d with kernel_size 1 turns 64 channels into 256" in found


@pytest.mark.parametrize(
    ("a", "b", "by"), [([10, 512], [12, 512], 2), ([29, 30, 64], [28, 30, 64], 1)]
)
def test_dimensions_that_nothing_names_are_told_no_channels(a, b, by):
    found = problem([{"Add": None, "from": ["a", "b"]}], a=a, b=b)
    assert "channels" not in found.message + "".join(found.notes)
    assert f"pad the smaller by {by}, or slice the larger" in found.notes


def test_features_that_differ_are_told_the_linear_layer_between_them() -> None:
    layers = [{"Linear": 128, "name": "a"}, {"Add": None, "from": ["a", "input"]}]
    told = "a Linear: 128 turns 64 features into 128"
    assert told in said(layers, x=[64]).splitlines()
    assert told in said(layers, x=[10, 64]).splitlines()


def test_a_shape_without_its_batch_is_told_where_it_stands() -> None:
    told = "the batch is kept where it stands in front: [B, -1]"
    assert told in said([{"Reshape": [10]}], x=[3, 4, 4]).splitlines()
    assert told in said([{"Reshape": [3, -1, 5]}], x=[3, 4, 4]).splitlines()
    assert told not in said([{"Reshape": ["B", 3, 5]}], x=[3, 4, 4])


def test_dimensions_are_named_by_the_layers_that_make_them():
    layers = [
        {"LSTM": 8, "name": "one", "from": "a"},
        {"LSTM": 8, "name": "two", "from": "b"},
        {"Add": None, "from": ["one", "two"]},
    ]
    assert "differ in length (10 and 12)" in problem(layers, a=[10, 4], b=[12, 4]).message


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_an_autoencoder_that_comes_back_one_short_is_told_its_output_padding(rank):
    sides = [10] * rank
    up = {f"ConvTranspose{rank}d": {"out_channels": 1, "kernel_size": 3, "stride": 2}}
    layers = [conv(rank, 8, stride=2), up, {"Add": None, "from": ["input", "convtranspose1"]}]
    found = said(layers, x=[1, *sides])
    assert "output_padding: 1 of 'convtranspose1'" in found
    up[f"ConvTranspose{rank}d"]["output_padding"] = 1
    assert shapecalc.load({"input": [1, *sides], "layers": layers}).report()


def test_two_steps_up_are_told_the_output_paddings_of_both():
    up = {"ConvTranspose2d": {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1}}
    layers = [conv(2, 4, stride=2, padding=1), conv(2, 4, stride=2, padding=1), up, "ReLU", up]
    found = said([{"Add": {"branches": [layers, []]}}], x=[4, 28, 28])
    assert "output_padding: 1 of 'add1.0.convtranspose1' and output_padding: 1 of" in found


def test_an_upsample_that_comes_back_one_short_is_told_its_size():
    layers = [{"Concat": {"branches": [[{"MaxPool2d": 2}, {"Upsample": {"scale_factor": 2}}], []]}}]
    assert "with size: [9, 8] makes 9 x 8" in said(layers, x=[3, 9, 8])


def test_a_missing_skip_is_told_the_layer_that_would_make_the_channels():
    layers = [
        {**conv(2, 16, padding=1), "name": "down"},
        {"MaxPool2d": 2},
        conv(2, 32, padding=1),
        {"ConvTranspose2d": {"out_channels": 16, "kernel_size": 2, "stride": 2}},
        conv(2, 16, padding=1, in_channels=32),
    ]
    assert "a Concat with 'down' before it would make 16 + 16 = 32" in said(layers, x=[3, 8, 8])


# -- numbers of parts, and other kinds -------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        ({"MultiheadAttention": {"num_heads": 12}}, "num_heads"),
        ({"TransformerEncoderLayer": {"nhead": 12}}, "nhead"),
        ({"TransformerEncoder": {"nhead": 12, "num_layers": 2}}, "nhead"),
    ],
)
def test_heads_that_divide_are_told_and_the_features_are_called_so(layer, field):
    found = said([layer], x=[10, 512])
    assert f"{field} that divide 512: nearest are 8 and 16" in found
    assert "works where features % 12 == 0: nearest are 504 and 516" in found
    assert "length" not in found


@pytest.mark.parametrize(
    ("layer", "given", "told"),
    [
        (conv(2, 8), [4, 50], "Conv1d takes it"),
        ("BatchNorm1d", [4, 8, 9], "BatchNorm2d takes it"),
        (conv(2, 8), [28, 28], "[1, 28, 28]"),
        (conv(2, 8, in_channels=3), [28, 28, 3], "[3, 28, 28]"),
        (conv(2, 8), [64], "an Unflatten before it"),
        ({"LSTM": 8}, [64], "an Unsqueeze: 1 makes 1 x 64"),
        ({"GRU": 8}, [3, 8, 9], "Flatten: 2 and Permute: [0, 2, 1] before it"),
    ],
)
def test_an_input_of_other_dimensions_is_told_what_takes_it(layer, given, told):
    assert told in said([layer], x=given)


@pytest.mark.parametrize(
    ("before", "given"),
    [([{"Unsqueeze": 1}], [64]), ([{"Flatten": 2}, {"Permute": [0, 2, 1]}], [3, 8, 9])],
)
def test_the_sequence_that_is_told_works(before, given):
    report = shapecalc.load({"input": given, "layers": [*before, {"LSTM": 8}]}).report()
    assert report["lstm1"].output_shape == ((1, 1, 8) if len(given) == 1 else (1, 72, 8))


def test_a_layer_that_takes_no_input_is_told_its_own_fault():
    with pytest.raises(SpecError, match="Arange"):
        shapecalc.load({"input": [3], "layers": [{"Arange": {"end": 2, "start": 4}}]}).report()


# -- what the dimensions are -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "given", "names"),
    [
        ([conv(2, 8), "ReLU"], [3, 9, 9], ("channels", "height", "width")),
        ([{"LSTM": 8}, "LayerNorm"], [5, 4], ("length", "features")),
        ([{"LSTM": 8}, {"Permute": [0, 2, 1]}], [5, 4], ("features", "length")),
        ([EMBEDDED], TOKENS, ("length", "features")),
        (["Flatten"], [5, 4], ("features",)),
        ([{"Linear": 8}], [5, 4], ("length", "features")),
        (["ReLU"], [5, 4], None),
        (["ReLU"], [3, 32, 32], ("channels", "height", "width")),
        (["ReLU"], [32, 32, 3], None),
    ],
)
def test_dimensions_are_what_the_layers_make_them(layers, given, names):
    built = shapecalc.load({"inputs": {"x": given}, "layers": layers}).build()[1]
    assert layout_of(built.nodes, built.outputs[0]) == names


def test_what_is_stacked_agrees_in_all_sizes_so_that_its_channels_are_told_too():
    branches = [[conv(2, 8, padding=1)], [conv(2, 6, padding=1)]]
    found = said([{"Stack": {"branches": branches}}], x=[4, 8, 8])
    assert "a Conv2d with kernel_size 1 turns 6 channels into 8" in found
