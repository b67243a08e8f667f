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
    ],
)
def test_wrong_usage_is_told(arguments, told):
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert told in done.output


def test_an_error_shows_the_spec_that_was_made():
    done = run("Conv2d", "64", "kernel_size=13", "--input", "3,9,9")
    assert done.exit_code == 1
    assert "- Conv2d: {out_channels: 64, kernel_size: 13}" in done.output
