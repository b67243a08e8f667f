"""What other tools count: published figures, and the tools themselves on emitted modules."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import shapecalc
from shapecalc.analysis.conventions import CONVENTIONS, counted
from shapecalc.cli import main


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

NETWORKS = {
    "lenet5": (),
    "resnet18": ("H=64", "W=64"),
    "unet": ("H=32", "W=32"),
    "mobilenet_v2": ("H=32", "W=32"),
    "resnet50": ("H=64", "W=64"),
    "googlenet_bn": ("H=96", "W=96"),
    "alexnet_torchvision": (),
    "vgg11_bn": ("H=32", "W=32"),
    "squeezenet1_1": ("H=64", "W=64"),
    "efficientnet_b0": ("H=32", "W=32"),
    "convnext_tiny": ("H=32", "W=32"),
    "densenet121": ("H=32", "W=32"),
}
FEW = 4
"""How many of them are tried where not all are asked for."""


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


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tools_count_the_same(name: str, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("torch")
    if list(NETWORKS).index(name) >= FEW and not request.config.getoption("--long"):
        pytest.skip("with --long")
    tools = [each for each in ("fvcore", "ptflops", "thop", "torchinfo", "calflops")
             if importlib.util.find_spec(each)]  # fmt: skip
    if not tools:
        pytest.skip("none of the tools is installed")
    settings = NETWORKS[name]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("peers.py")), name, *settings],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    given = {key: int(value) for key, _, value in (each.partition("=") for each in settings)}
    report = shapecalc.load(name).report(given)
    assert {tool: counted(report, tool).total for tool in theirs} == theirs


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
