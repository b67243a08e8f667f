"""What is told of kinds that there are none of."""

from __future__ import annotations

import pytest

from shapecalc.language.calls import as_entry
from shapecalc.language.synonyms import _TABLE, _rows, meant
from shapecalc.language.unknown import unknown_kind
from shapecalc.layers import KINDS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dense", "Linear"),
        ("dense", "Linear"),
        ("tf.keras.layers.Dense", "Linear"),
        ("MaxPooling2D", "MaxPool2d"),
        ("MaxPooling1D", "MaxPool1d"),
        ("Conv3DTranspose", "ConvTranspose3d"),
        ("GlobalAveragePooling2D", "AdaptiveAvgPool2d"),
        ("BatchNormalization", "BatchNorm2d"),
        ("ZeroPadding2D", "ZeroPad2d"),
        ("UpSampling2D", "Upsample"),
        ("torch.cat", "Concat"),
        ("torch.bmm", "MatMul"),
        ("SimpleRNN", "RNN"),
        ("Swish", "SiLU"),
        ("LazyConv2d", "Conv2d"),
        ("F.leaky_relu", "LeakyReLU"),
        ("relu_", "ReLU"),
        ("torch.special.expit", "Sigmoid"),
        ("nn.functional.adaptive_avg_pool2d", "AdaptiveAvgPool2d"),
    ],
)
def test_a_name_from_elsewhere_is_told_what_it_is_called_here(name, kind):
    found, hints = unknown_kind(name, KINDS)
    assert found == kind
    assert kind in hints[0]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Linera", {"Linear"}),
        ("LTSM", {"LSTM"}),
        ("Relu", {"ReLU"}),
        ("AdaptivAvgPool2d", {"AdaptiveAvgPool2d"}),
        ("MaxPol", {"MaxPool1d", "MaxPool2d", "MaxPool3d"}),
        ("Dropuot", {"Dropout"}),
    ],
)
def test_a_slip_of_the_keyboard_is_told_what_was_meant(name, kinds):
    assert set(meant(name, KINDS).kinds) == kinds


@pytest.mark.parametrize("name", ["Custom", "Stem", "Cell", "Gate", "Head", "Backbone", "X", ""])
def test_no_other_word_is_offered_for_one_that_is_not_near(name):
    assert meant(name, KINDS).kinds == ()


@pytest.mark.parametrize(
    ("name", "not_meant"), [("Max", "Softmax"), ("Pad", "Add"), ("Transpose", "ConvTranspose2d")]
)
def test_a_word_inside_another_is_not_taken_for_it(name, not_meant):
    assert not_meant not in meant(name, KINDS).hint.replace("'", " ").split()


def test_a_block_that_is_near_is_offered():
    assert meant("Inceptoin", ["Inception", *KINDS]).kinds == ("Inception",)


def test_what_is_left_out_is_told_with_its_reason():
    if "MaxUnpool2d" not in KINDS:
        assert "second output" in meant("MaxUnpool2d", KINDS).hint


def test_a_name_stands_once_in_the_table():
    names = [
        name.replace("#", rank)
        for row in _TABLE
        for name in row.names.split()
        for rank in (("1d", "2d", "3d") if "#" in name else ("",))
    ]
    assert sorted(names) == sorted(set(names))


def test_every_row_tells_something():
    assert [name for name, row in _rows().items() if not meant(name, KINDS).hint] == []


@pytest.mark.parametrize(
    ("call", "entry"),
    [
        ("Conv2d(3, 64, 3)", "Conv2d: {out_channels: 64, kernel_size: 3}"),
        ("nn.Linear(10, 5)", "Linear: 5"),
        ("nn.Linear(in_features=10, out_features=5, bias=False)", "{out_features: 5, bias: false}"),
        ("torch.nn.ReLU(inplace=True)", "ReLU"),
        ("nn.BatchNorm2d(64)", "BatchNorm2d"),
        ("nn.GroupNorm(32, 128)", "GroupNorm: 32"),
        ("nn.LSTM(10, 20, 2)", "LSTM: {hidden_size: 20, num_layers: 2}"),
        ("nn.Conv2d(c, 2*c, (3, 3), 1, 1, 2)", "kernel_size: [3, 3], stride: 1, padding: 1, dila"),
        ("nn.AdaptiveAvgPool2d((1, 1))", "AdaptiveAvgPool2d: [1, 1]"),
        ("nn.Conv2d(*sizes)", "Conv2d: {out_channels: ..., kernel_size: ...}"),
        ("nn.Conv2d(3, 64, 3", "Conv2d: {out_channels: ..., kernel_size: ...}"),
    ],
)
def test_a_call_is_told_how_it_is_written(call, entry):
    kind, hints = unknown_kind(call, KINDS)
    assert kind in KINDS
    assert entry in hints[0]


def test_a_call_of_a_function_is_told_its_kind_and_that_it_is_fed_by_the_one_before():
    kind, hints = unknown_kind("F.max_pool2d(x, 2)", KINDS)
    assert kind == "MaxPool2d"
    assert "fed by the entry before it" in hints[1]


def test_an_entry_that_a_call_is_told_to_be_reads_back():
    import shapecalc

    entry = as_entry("nn.Conv2d(3, 8, 3, padding=1)", KINDS["Conv2d"])
    net = shapecalc.load(f"input: [3, 8, 8]\nlayers:\n  - {entry}\n")
    assert net.report()["conv1"].output_shape == (1, 8, 8, 8)
