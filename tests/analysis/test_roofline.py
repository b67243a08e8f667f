"""A bound on time: the larger of a layer's work and what it moves, by hand."""

from __future__ import annotations

import json
from fractions import Fraction

from click.testing import CliRunner

import shapecalc
from shapecalc.analysis.roofline import Device, bound, moved, seconds
from shapecalc.cli import main

DEVICE = Device(Fraction(10**9), Fraction(10**8))


def test_a_linear_layer_moves_its_weights_and_a_view_nothing() -> None:
    report = shapecalc.load({"input": [4, 4], "layers": ["Flatten", {"Linear": 8}]}).report()
    flatten, linear = report.layers
    assert moved(flatten) == 0
    assert moved(linear) == 4 * (16 + 8 + 16 * 8 + 8)
    assert seconds(linear, DEVICE) == Fraction(4 * 160, 10**8)  # 264 operations take less
    assert bound(report.layers, DEVICE) == seconds(linear, DEVICE)


def test_much_work_on_little_is_bound_by_the_work() -> None:
    layers = [{"Conv2d": {"out_channels": 64, "kernel_size": 3, "bias": False}}]
    (conv,) = shapecalc.load({"input": [64, 32, 32], "layers": layers}).report().layers
    assert seconds(conv, DEVICE) == Fraction(2 * 30 * 30 * 64 * 64 * 9, 10**9)


def test_formulas_have_no_bound_and_the_report_says_so() -> None:
    report = shapecalc.load("lenet5").report(symbolic=["H"])
    assert bound(report.layers, DEVICE) is None
    device = ["--device-flops", "1e9", "--device-bandwidth", "1e8"]
    done = CliRunner().invoke(main, ["show", "lenet5", *device, "--format", "json"])
    found = json.loads(done.output)
    times = [layer["seconds_at_least"] for layer in found["layers"]]
    assert abs(sum(times) - found["totals"]["seconds_at_least"]) < 1e-12
