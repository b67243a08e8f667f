"""A bound on time: the larger of a layer's work and what it moves, by hand."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.analysis.roofline import Device, bound, intensity, moved
from shapecalc.cli import main

DEVICE = Device(Fraction(10**9), Fraction(10**8))


def test_a_linear_layer_moves_its_weights_and_a_view_nothing() -> None:
    report = shapecalc.load({"input": [4, 4], "layers": ["Flatten", {"Linear": 8}]}).report()
    flatten, linear = report.layers
    assert moved(flatten) == 0
    assert moved(linear) == 4 * (16 + 8 + 16 * 8 + 8)
    found = bound([linear], DEVICE)
    assert found.seconds == Fraction(4 * 160, 10**8)  # 264 operations take less
    assert bound(report.layers, DEVICE) == found
    assert found.by == "memory"


def test_much_work_on_little_is_bound_by_the_work() -> None:
    layers = [{"Conv2d": {"out_channels": 64, "kernel_size": 3, "bias": False}}]
    (conv,) = shapecalc.load({"input": [64, 32, 32], "layers": layers}).report().layers
    found = bound([conv], DEVICE)
    assert found.seconds == Fraction(2 * 30 * 30 * 64 * 64 * 9, 10**9)
    assert found.by == "compute"


def test_intensity_is_operations_for_each_byte() -> None:
    report = shapecalc.load({"input": [4, 4], "layers": ["Flatten", {"Linear": 8}]}).report()
    assert intensity(report.layers) == (2 * 16 * 8 + 8, 4 * (16 + 8 + 16 * 8 + 8))
    assert intensity(report.layers).told() == f"{264 / 640:.2f}"
    assert intensity([report["flatten1"]]).told() == "-"


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "gpt2", "unet"])
def test_the_closed_form_is_the_bound_at_every_size(name: str) -> None:
    network = shapecalc.load(name)
    symbols = ["B", "T"] if name == "gpt2" else ["B", "H"]
    report = network.report(symbolic=symbols)
    found = bound(report.layers, DEVICE, report.built.least)
    assert found.seconds is None
    for batch, size in ((1, 32), (3, 64), (16, 256)):
        values = dict(zip(symbols, (batch, size)))
        number = bound(network.report(values).layers, DEVICE).seconds
        assert number is not None
        assert eval(found.formula, dict(values)) == pytest.approx(float(number), rel=1e-12)


@pytest.mark.parametrize("more", [[], ["--symbolic=B"]])
def test_the_report_has_the_bound_of_layers_and_their_sum(more: list[str]) -> None:
    device = ["--device-flops", "1e9", "--device-bandwidth", "1e8", "--format", "json"]
    done = CliRunner().invoke(main, ["show", "lenet5", *device, *more])
    found = json.loads(done.output)

    def at(time: float | str) -> float:
        return float(eval(time, {"B": 5})) if isinstance(time, str) else time

    times = [at(layer["seconds_at_least"]) for layer in found["layers"]]
    assert sum(times) == pytest.approx(at(found["totals"]["seconds_at_least"]), rel=1e-12)
    assert isinstance(found["totals"]["seconds_at_least"], str if more else float)


def test_the_table_says_that_it_is_a_bound() -> None:
    device = ["--device-flops", "1e9", "--device-bandwidth", "1e8"]
    done = CliRunner().invoke(main, ["show", "lenet5", *device])
    last = done.output.splitlines()[-1]
    assert last.startswith("time, at least")
    assert last.endswith("(a bound, by compute and memory)")
