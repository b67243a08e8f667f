"""What other tools count: published figures, and the tools themselves on emitted modules."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import shapecalc
from shapecalc.analysis.conventions import CONVENTIONS, counted
from shapecalc.cli import main
from shapecalc.layers import KINDS
from tests.bundled import thorough


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


RESNET_50 = {  # at 224 x 224, batch 1, in evaluation, each measured with the tool itself
    "torch": 8_178_368_512,
    "torchvision": 4_089_184_256,
    "fvcore": 4_111_512_576,
    "ptflops": 4_132_436_968,
    "ptflops-aten": 4_089_185_256,
    "thop": 4_133_742_592,
    "torchinfo": 4_089_238_376,
    "calflops": 8_211_108_352,
}

NETWORKS: dict[str, dict[str, int]] = {
    "lenet5": {},
    "resnet18": {"H": 64, "W": 64},
    "unet": {"H": 32, "W": 32},
    "mobilenet_v2": {"H": 32, "W": 32},
    "vit": {"H": 32, "W": 32, "layers": 2},
    "alexnet": {},
    "resnet50": {"H": 64, "W": 64},
    "googlenet_bn": {"H": 96, "W": 96},
    "squeezenet1_1": {"H": 64, "W": 64},
    "efficientnet_b0": {"H": 32, "W": 32},
    "convnext_tiny": {"H": 32, "W": 32},
    "densenet121": {"H": 32, "W": 32},
}

IMAGE = (1, 4, 8, 8)

LAYERS: list[tuple[str, dict[str, Any], tuple[tuple[int, ...], ...]]] = [
    *((kind, {}, (IMAGE,)) for kind in (
        "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Hardswish",
        "Softmax2d", "BatchNorm2d", "InstanceNorm2d",
    )),
    ("Softmax", {"dim": -1}, (IMAGE,)),
    ("GroupNorm", {"num_groups": 2}, (IMAGE,)),
    ("GroupNorm", {"num_groups": 2, "affine": False}, (IMAGE,)),
    ("LayerNorm", {"normalized_shape": [8]}, (IMAGE,)),
    ("LocalResponseNorm", {"size": 5}, (IMAGE,)),
    ("Conv1d", {"out_channels": 6, "kernel_size": 3, "groups": 2}, ((1, 4, 9),)),
    ("Conv3d", {"out_channels": 6, "kernel_size": 3, "bias": False}, ((1, 4, 5, 5, 5),)),
    ("ConvTranspose2d", {"out_channels": 6, "kernel_size": 3, "stride": 2}, (IMAGE,)),
    ("Linear", {"out_features": 5}, ((1, 7, 3),)),
    ("MaxPool2d", {"kernel_size": 2}, (IMAGE,)),
    ("AvgPool2d", {"kernel_size": 2}, (IMAGE,)),
    ("LPPool2d", {"norm_type": 2, "kernel_size": 2}, (IMAGE,)),
    ("AdaptiveAvgPool2d", {"output_size": 2}, (IMAGE,)),
    ("AdaptiveMaxPool2d", {"output_size": 2}, (IMAGE,)),
    ("Upsample", {"scale_factor": 2}, (IMAGE,)),
    ("Upsample", {"size": [12, 10], "mode": "bilinear"}, (IMAGE,)),
    ("UpsamplingNearest2d", {"scale_factor": 2}, (IMAGE,)),
    ("UpsamplingBilinear2d", {"scale_factor": 2}, (IMAGE,)),
    ("MultiheadAttention", {"num_heads": 4}, ((1, 16, 64),)),
    ("MultiheadAttention", {"num_heads": 4, "bias": False}, ((1, 16, 64), (1, 9, 64))),
    ("ScaledDotProductAttention", {}, ((1, 4, 16, 8),) * 3),
    ("MatMul", {}, ((1, 4, 8, 16), (1, 4, 16, 8))),
    *((kind, {"hidden_size": 32}, ((1, 64),)) for kind in ("RNNCell", "LSTMCell", "GRUCell")),
    *(
        (kind, {"hidden_size": 12, **more}, ((1, 5, 20),))
        for kind in ("RNN", "LSTM", "GRU")
        for more in ({}, {"num_layers": 2, "bidirectional": True}, {"bias": False})
    ),
]  # fmt: skip
"""Layers alone: every kind that one of the tools has a rule for, as they were measured."""


@pytest.mark.parametrize("name", CONVENTIONS)
def test_resnet_50_counts_as_the_tool_says(name: str) -> None:
    found = counted(shapecalc.load("resnet50").report(), name)
    assert found.total == RESNET_50[name] == sum(found.parts.values())


def test_a_tool_that_tells_macs_as_well_has_them() -> None:
    assert counted(shapecalc.load("resnet50").report(), "calflops").macs == 4_089_184_256


@pytest.mark.parametrize("name", CONVENTIONS)
def test_formulas_agree_with_numbers(name: str) -> None:
    network = shapecalc.load("resnet18")
    formula = counted(network.report(symbolic=["B", "H"]), name).total
    assert formula.at(B=3, H=96) == counted(network.report(B=3, H=96), name).total  # type: ignore[union-attr]


def by_tools(asked: list[tuple[Any, dict[str, int]]]) -> list[dict[str, int]]:
    """What the tools say of specs."""
    pytest.importorskip("torch")
    tools = ("fvcore", "ptflops", "thop", "torchinfo", "calflops")
    if not any(map(importlib.util.find_spec, tools)):
        pytest.skip("none of the tools is installed")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("peers.py"))],
        input=json.dumps(asked), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("names", thorough([[*NETWORKS][:6], [*NETWORKS][6:]]), ids="-".join)
def test_the_tools_count_the_same_of_twelve_networks(names: list[str]) -> None:
    asked = [(name, NETWORKS[name]) for name in names]
    for (name, settings), theirs in zip(asked, by_tools(asked), strict=True):
        report = shapecalc.load(name).report(settings)
        assert {tool: counted(report, tool).total for tool in theirs} == theirs, name


@pytest.mark.thorough
def test_the_tools_count_the_same_of_layers_alone() -> None:
    specs = []
    for kind, fields, shapes in LAYERS:
        inputs = {f"x{i}": list(shape[1:]) for i, shape in enumerate(shapes)}
        entry = {kind: fields, "name": "layer", "from": [*inputs] if len(inputs) > 1 else "x0"}
        specs.append({"inputs": inputs, "layers": [entry]})
    for spec, theirs in zip(specs, by_tools([(spec, {}) for spec in specs]), strict=True):
        report = shapecalc.load(spec).report()
        assert {tool: counted(report, tool).total for tool in theirs} == theirs, spec


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_counts_by_every_tool(kind: str) -> None:
    shapes = KINDS[kind].example_shapes
    inputs = {f"x{i}": list(shape[1:]) for i, shape in enumerate(shapes)}
    entry = {kind: KINDS[kind].example, "from": [*inputs] if len(inputs) > 1 else "x0"}
    try:
        report = shapecalc.load({"inputs": inputs, "layers": [entry]}).report(B=2)
    except shapecalc.SpecError:
        pytest.skip("its example needs more than inputs of floats")
    assert all(counted(report, name).total >= 0 for name in CONVENTIONS)


def test_show_tells_a_tool_s_figure_as_a_column_and_a_total() -> None:
    told = run("show", "lenet5", "--convention", "thop", "--columns", "layer").output
    assert "by thop            651,720 (MACs, and operations on elements, products 651,720)" in told
    data = json.loads(run("show", "lenet5", "--convention", "calflops", "--format", "json").output)
    assert data["totals"]["convention"]["total"] == 1_316_252
    assert data["totals"]["convention"]["macs"] == 651_720


def test_conventions_tells_them_side_by_side() -> None:
    told = run("conventions", "resnet50").output
    assert "4,133,742,592" in told
    assert "22,227,968" in told  # what fvcore counts for batch norm
    data = json.loads(run("conventions", "resnet50", "--format", "json").output)
    assert {each["name"]: each["total"] for each in data["conventions"]} == RESNET_50
