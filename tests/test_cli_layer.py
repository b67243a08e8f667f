"""``shapecalc layer``: one layer without a spec."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from shapecalc.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["layer", *arguments])


def facts(*arguments):
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_a_layer_is_calculated_without_a_spec():
    found = facts("Conv2d", "out_channels=64", "kernel_size=7", "--input", "3,224,224")
    assert found["output_shape"] == [1, 64, 218, 218]
    assert found["params"] == 9472


def test_a_value_alone_is_the_first_fields():
    found = facts("Conv2d", "64", "kernel_size=3,5", "padding=1,2", "--input", "3,32,32")
    assert found["output_shape"] == [1, 64, 32, 32]
    assert found["weights"]["weight"] == [64, 3, 3, 5]


@pytest.mark.parametrize("size", ["3,5", "[3,5]", "(3, 5)"])
def test_several_values_are_a_list_with_or_without_brackets(size):
    found = facts("Conv2d", "64", f"kernel_size={size}", "--input", "3,32,32")
    assert found["output_shape"] == [1, 64, 30, 28]


def test_sizes_with_names_may_stay_symbols():
    found = facts("MaxPool2d", "2", "--input", "8,H=224,W=224", "--symbolic=H")
    assert found["output_shape"] == [1, 8, "H//2", 112]


def test_a_join_takes_an_input_for_each():
    found = facts("MatMul", "--input", "12,197,64", "--input", "12,64,197")
    assert found["macs"] == 12 * 197 * 197 * 64


def test_a_kind_that_nothing_feeds_needs_no_input():
    assert facts("Arange", "10")["output_shape"] == [10]


def test_its_numbers_are_derived():
    done = run("Linear", "10", "--input", "784", "--ascii")
    assert "params       K*C + K = 10*784 + 10 = 7850" in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Con2d", "--input", "3,8,8"], "unknown kind 'Con2d'; did you mean 'Conv2d'?"),
        (["ReLU"], "ReLU needs an input: --input 3,224,224"),
        (["Linear", "10", "--input", "3,x"], "'x' is no size"),
        (["Linear", "10", "--input", "3x32x32"], "commas stand between sizes: 3,32,32"),
        (["ReLU", "--input", "3", "--symbolic=Q"], "no size is called 'Q'"),
        (["Dense", "10", "--input", "3"], "called Linear here"),
        (["nn.Linear(3, 10)"], "by their names: layer Linear out_features=10"),
    ],
)
def test_wrong_usage_is_told(arguments, told):
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert told in done.output


WRONG = {
    # more values without names than one: in torch's order, or in that of the fields
    "Conv2d 64 7 --input 3,224,224": (
        "Conv2d takes one value without a name, out_channels, but 2 stand",
        "7",
        "by their names: layer Conv2d out_channels=64 kernel_size=7",
    ),
    "Conv2d 3 64 7 stride=2 --input 3,224,224": (
        "Conv2d takes one value without a name, out_channels, but 3 stand",
        "64",
        "by their names: layer Conv2d out_channels=64 kernel_size=7 stride=2",
    ),
    "MaxPool2d 3 2 --input 3,8,8": (
        "MaxPool2d takes one value without a name, kernel_size, but 2 stand",
        "2",
        "by their names: layer MaxPool2d kernel_size=3 stride=2",
    ),
    "Conv2d 64 kernel_size 7 --input 3,8,8": (
        "a field and its value are one word",
        "kernel_size",
        "kernel_size=7",
    ),
    "Conv2d 64 out_channels=32 kernel_size=3 --input 3,8,8": (
        "out_channels is given twice",
        "out_channels=32",
        "first as 64",
    ),
    # what reading the spec finds, and what building it does
    "Conv2d 64 kernal_size=3 --input 3,8,8": (
        "Conv2d has no field 'kernal_size'",
        "kernal_size=3",
        "did you mean 'kernel_size'?",
    ),
    "Conv2d 64 --input 3,8,8": (
        "Conv2d needs kernel_size",
        "Conv2d",
        "by their names: layer Conv2d out_channels=64 kernel_size=...",
    ),
    "Conv2d 64 kernel_size=9 --input 3,8,8": (
        "Conv2d 'layer' has a kernel of 9 that does not fit its input of 8",
        "kernel_size=9",
        "",
    ),
    "Conv2d 64 kernel_size=3 padding=1,x --input 3,8,8": ("unknown name 'x'", "padding=1,x", ""),
    "Linear 10 in_features=5 --input 3": (
        "Linear 'layer' states in_features 5 but receives 3",
        "in_features=5",
        "",
    ),
    "ReLU --input 3,H=4 --input H=5": ("ReLU takes one input, but is fed from 2 ", "ReLU", ""),
}


@pytest.mark.parametrize("command", WRONG)
def test_an_error_points_at_the_word_that_is_wrong(command):
    message, word, hint = WRONG[command]
    done = run(*command.split())
    assert done.exit_code == 1, done.output
    head, line, carets, *notes = done.output.splitlines()
    assert head.startswith("<command line>:1:")
    assert message in head
    assert line == f"    1 | layer {command}"
    at = carets.index("^")
    assert not word or line[at : at + carets.count("^")] == word
    assert hint in "\n".join(notes)


@pytest.mark.parametrize("option", ["--kernel_size", "--kernel-size=7"])
def test_a_field_given_as_an_option_is_told_how_it_is_given(option):
    done = run("Conv2d", "64", option, "7")
    assert done.exit_code == 2
    assert "given as kernel_size=VALUE" in done.output
