"""Every number has a derivation, and every derivation ends in the number that the report has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc import explaining
from shapecalc.algebra.arithmetic import prod
from shapecalc.algebra.steps import ASCII
from shapecalc.algebra.trace import untraced
from shapecalc.cli import main
from shapecalc.derivation.letters import lettered
from shapecalc.layers import KINDS
from tests.bundled import SPECS, thorough


def run(*arguments: str) -> Any:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["explain", *arguments])


def printed(*arguments: str) -> str:
    """What a command prints, which must succeed."""
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def example(kind: str) -> dict[str, Any]:
    """A spec of one layer: the kind's example in the catalogue."""
    tensors = KINDS[kind].example_inputs()
    inputs = {
        f"x{i}": {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
        for i, tensor in enumerate(tensors, start=1)
    }
    entry: dict[str, Any] = {kind: dict(KINDS[kind].example), "name": "it"}
    if len(inputs) > 1:
        entry["from"] = list(inputs)
    return {"inputs": inputs or {"x1": [1]}, "layers": [entry]}


@lru_cache
def reports(spec: str, symbolic: Any) -> tuple[Any, Any]:
    """A bundled network's report, and the one with its input's sizes as symbols."""
    network = shapecalc.load(spec)
    names = [name for name in symbolic if name in network.symbols] if symbolic else False
    report = network.report(symbolic=True if symbolic == "all" else names)
    return report, explaining.closed(network, report, {})


def assert_ends_in_the_report(layer: Any) -> None:
    """A layer's derivations come to its shape, weights, parameters and costs."""
    told = lettered(layer.node)
    assert tuple(map(untraced, told.shape)) == layer.output_shape
    assert tuple(map(untraced, told.output)) == layer.output_shape
    weights = {name: tuple(map(untraced, sizes)) for name, sizes in told.weights.items()}
    assert weights == layer.weights
    if layer.node.shared is None:
        assert untraced(told.params) == layer.params
        buffers = [prod(map(untraced, sizes)) for sizes in told.buffers.values()]
        assert sum(buffers) == layer.buffers
    assert untraced(told.macs) == layer.macs
    assert untraced(told.elementwise) == layer.elementwise


def assert_well_told(explanation: Any) -> None:
    """An explanation can be written in every format, and is well-formed in each."""
    text = explaining.text(explanation)
    assert not re.search(r"\(\(([^()]*)\)\)|  $|None|Traced|\bTrue\b", text, re.M), text
    assert explaining.text(explanation, ASCII, ascii=True).isascii()
    for line in explaining.markdown(explanation).splitlines():
        assert line.count("$") % 2 == 0, line
        assert line.count("{") == line.count("}"), line
    data = json.loads(json.dumps(explaining.as_dict(explanation)))
    assert data["path"] == explanation.path
    for section in data["sections"]:
        assert section["lines"]
        for line in section["lines"]:
            assert line.keys() >= {"name"}
            assert line.get("steps") or line["remark"]


@pytest.mark.parametrize("spec", SPECS)
def test_derivations_of_every_layer_end_in_the_number_of_the_report(spec):
    for layer in reports(spec, ())[0]:
        assert_ends_in_the_report(layer)


@pytest.mark.parametrize("kind", KINDS)
def test_derivations_of_every_kind_end_in_the_number_of_the_report(kind):
    network = shapecalc.load(example(kind))
    report = network.report()
    assert_ends_in_the_report(report["it"])
    closed = explaining.closed(network, report, {})
    assert_well_told(explaining.explain(report, "it", closed))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("symbolic", [(), ("H", "W"), *thorough(["all"])])
@pytest.mark.parametrize("spec", SPECS)
def test_every_layer_of_every_spec_is_explained(spec, symbolic):
    report, closed = reports(spec, symbolic)
    assert closed is not None
    for layer in report:
        explanation = explaining.explain(report, layer.path, closed)
        assert_well_told(explanation)
        assert explanation.sections[0].heading == "shape"


@pytest.mark.parametrize("spec", SPECS)
def test_the_whole_network_is_told_in_a_line_a_layer(spec):
    report, _ = reports(spec, ())
    lines = printed(spec).splitlines()
    count = len(report.inputs)
    for (name, tensor), line in zip(report.inputs.items(), lines):
        assert line.split() == [name, *str(tensor).split(), "what", "comes", "in"]
    for layer, line in zip(report, lines[count:], strict=True):
        assert line.split()[0] == layer.path
        if layer.params:
            assert line.endswith((f" = {layer.params}", f"params: {layer.params}"))
    assert printed(spec, "--ascii").isascii()
    assert len(json.loads(printed(spec, "--format", "json"))) == len(report)
    assert len(printed(spec, "--format", "markdown").splitlines()) == len(lines) + 2


ALEXNET_CONV1 = """\
conv1: Conv2d
  Convolve over height and width.

  input     C x H x W = 3 x 224 x 224  (from input)
  output    K x H' x W' = 48 x 55 x 55
  settings  out_channels K = 48, kernel_size F = 11, stride S = 4, padding P = 2, in_channels C = 3

shape
  channels          K = 48  (out_channels)
  height and width  ⌊(N + 2P − F)/S⌋ + 1 = ⌊(224 + 2·2 − 11)/4⌋ + 1 = ⌊217/4⌋ + 1 = 54 + 1 = 55
  remainder         the division leaves 1, unrounded 221/4 = 55.25: 1 cell at the end of the \
padded input no window reaches; a size of 223 or 227 would leave nothing

padding
  by the formula  N + 2P − F + 1 = N  (to keep the size at stride 1)
                  2P = F − 1 = 11 − 1 = 10
                  P = 10/2 = 5
  by the picture  P = ⌊F/2⌋ = ⌊11/2⌋ = 5  (so far the kernel hangs over, its centre on the first \
pixel)
  here            P = 2, less than that
    ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░
    ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
    ░ ░ █ █ █ █ █ █ █ █ █ · ·
        · · · · · · · · · · ·
        · · · · · · · · · · ·
    ░ kernel over padding   █ kernel over the input   · input

cost
  weight       K x C x F x F = 48 x 3 x 11 x 11
  bias         K = 48
  params       K·C·F² + K = 48·3·11² + 48 = 17472
  MACs         K·H'·W'·C·F² = 48·55·55·3·11² = 52707600
  elementwise  K·H'·W' = 48·55·55 = 145200  (the bias, added to every output)

seen from the input
  receptive field  R + (k − 1)·J = 1 + (11 − 1)·1 = 11  (R, J and Q are those of input, k is the \
kernel's extent)
  jump             J·S = 1·4 = 4  (from one output's view to the next)
  padding          Q + P·J = 0 + 2·1 = 2  (cells that the first view begins before the input)
  input            3 x H x W
  height           (H + 1)//4 − 1 = 55
  width            (W + 1)//4 − 1 = 55
  MACs             17424·((H + 1)//4 − 1)·((W + 1)//4 − 1) = 52707600
  needs            H >= 7, W >= 7
"""

LENET5_FLATTEN1 = """\
flatten1: Flatten
  Merge a range of dimensions into one; by default all but the batch.

  input   C x H x W = 16 x 5 x 5  (from maxpool2)
  output  C' = 400

shape
  features  C·H·W = 16·5·5 = 400

seen from the input
  input     3 x H x W
  features  16·(H//4 − 3)·(W//4 − 3) = 400
"""

LENET5_LINEAR1 = """\
linear1: Linear
  Weigh all features with a matrix, y = x A^T + b, over the last dimension.

  input     C = 400  (from flatten1)
  output    K = 120
  settings  out_features K = 120, in_features C = 400

shape
  features     K = 120  (out_features)
  in_features  16 x 5 x 5 = 400  (from flatten1)

cost
  weight       K x C = 120 x 400
  bias         K = 120
  params       K·C + K = 120·400 + 120 = 48120
  MACs         K·C = 120·400 = 48000
  elementwise  K = 120  (the bias, added to every output)

seen from the input
  input   3 x H x W
  params  120·(16·(H//4 − 3)·(W//4 − 3) + 1) = 48120
  MACs    1920·(H//4 − 3)·(W//4 − 3) = 48000
"""


@pytest.mark.parametrize(
    ("spec", "layer", "expected"),
    [
        ("alexnet", "conv1", ALEXNET_CONV1),
        ("lenet5", "flatten1", LENET5_FLATTEN1),
        ("lenet5", "linear1", LENET5_LINEAR1),
    ],
)
def test_explanations_are_as_they_were(spec, layer, expected):
    assert printed(spec, layer) == expected


def test_markdown_sets_formulas_in_latex():
    text = printed("alexnet", "conv1", "--format", "markdown")
    rule = r"\left\lfloor \frac{N + 2P - F}{S} \right\rfloor + 1"
    assert f"* height and width: ${rule} = " in text
    assert r"= 48 \cdot 3 \cdot 11^{2} + 48 = 17472$" in text
    assert "```text\n░" in text


def test_json_gives_every_step_and_what_it_comes_to():
    data = json.loads(printed("lenet5", "conv1", "--format", "json"))
    shape = {line["name"]: line for line in data["sections"][0]["lines"]}
    assert shape["height and width"]["value"] == 28
    assert shape["height and width"]["steps"][0] == "⌊(N + 2P − F)/S⌋ + 1"
    assert data["inputs"] == [{"path": "input", "shape": [3, 32, 32]}]
    assert {"field": "kernel_size", "letter": "F", "value": 5} in data["settings"]


def test_a_join_tells_its_branches_and_when_they_agree():
    text = printed("unet", "concat1")
    assert "C1 + C2 = 512 + 512 = 1024" in text
    assert re.search(r"from up4 +512 x 2·\(H//16\) x 2·\(W//16\)\n", text)
    assert re.search(r"they agree +where H % 16 <= 7 and W % 16 <= 7\n", text)
    assert re.search(r"with the others +H % 16 == 0, W % 16 == 0\n", text)
    assert re.search(r"they agree +for every H and W\n", printed("resnet18", "layer2.0.add1"))


def test_a_transposed_convolution_tells_which_padding_multiplies_the_size():
    text = printed("unet", "up4")
    assert "(N − 1)·S − 2P + F = (16 − 1)·2 − 2·0 + 2 = 32" in text
    assert "2P = F − S = 2 − 2 = 0" in text
    assert "P = 0: the size is multiplied by 2" in text


def test_ceil_mode_tells_the_window_that_sticks_out():
    text = printed("googlenet", "maxpool1")
    assert "one window more than the 55 of rounding down; it sticks out by 1 cell" in text


@pytest.mark.parametrize(
    ("layer", "size", "expected"),
    [
        ({"MaxPool1d": {"kernel_size": 3, "stride": 2}}, 7, "nothing is dropped"),
        ({"MaxPool1d": {"kernel_size": 3, "stride": 2}}, 8, "a size of 7 or 9 would leave nothing"),
        ({"MaxPool1d": {"kernel_size": 2, "stride": 2, "ceil_mode": True}}, 8, "changes nothing"),
        (
            {"MaxPool1d": {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}},
            5,
            "a window more would begin behind the input",
        ),
        ({"AdaptiveAvgPool1d": 3}, 8, "cells 0..2, 2..5, 5..7 of 8, counted from 0"),
        ({"ConvTranspose1d": [4, 3, 2]}, 8, "N cells become 2N + 1"),
        (
            {"ConvTranspose1d": {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1}},
            8,
            "N cells become 2N - 1",
        ),
        ({"Conv1d": {"out_channels": 4, "kernel_size": 4, "padding": "same"}}, 8, "1 before and 2"),
        ({"Upsample": {"scale_factor": "3/2"}}, 7, "⌊3L/2⌋ = ⌊3·7/2⌋ = ⌊21/2⌋ = 10"),
    ],
)
def test_windows_are_explained_in_words(tmp_path, layer, size, expected):
    if "ConvTranspose1d" in layer and isinstance(layer["ConvTranspose1d"], list):
        names = ("out_channels", "kernel_size", "stride")
        layer = {"ConvTranspose1d": dict(zip(names, layer["ConvTranspose1d"]))}
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"input": [4, size], "layers": [{**layer, "name": "it"}]}))
    assert expected in printed(str(path), "it")


def test_sizes_stated_as_numbers_get_letters_too(tmp_path):
    path = tmp_path / "net.json"
    layer = {"Conv2d": {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1}}
    path.write_text(json.dumps({"input": [3, 32, 48], "layers": [layer]}))
    text = printed(str(path), "conv1")
    assert re.search(r"input +3 x H x W\n", text)
    assert re.search(r"height +\(H \+ 1\)//2 = 16\n", text)
    assert re.search(r"width +\(W \+ 1\)//2 = 24\n", text)


def test_shared_weights_count_where_they_are():
    spec = {
        "input": [8],
        "layers": [{"Linear": 8, "name": "a"}, {"Linear": 8, "name": "b", "share": "a"}],
    }
    report = shapecalc.load(spec).report()
    text = explaining.text(explaining.explain(report, "b"))
    assert re.search(r"params +0  \(the weights are those of a, and count there\)", text)
    (line,) = [line for line in text.splitlines() if line.startswith("  MACs")]
    assert line.endswith("= 64")


def test_a_blocks_path_tells_what_is_inside_in_brief():
    outside, *lines = printed("googlenet", "inception3a").splitlines()
    assert outside.split() == ["maxpool2", "192", "x", "28", "x", "28", "what", "comes", "in"]
    assert lines
    assert all(line.startswith("inception3a.") for line in lines)


@pytest.mark.parametrize(("path", "hint"), [("conv11", "conv1"), ("inceptoin3a", "inception3a")])
def test_an_unknown_layer_is_refused_with_the_nearest_names(path, hint):
    done = run("googlenet" if path != "conv11" else "alexnet", path)
    assert done.exit_code == 2
    assert f"'{hint}'" in done.output


def test_settings_of_symbols_are_respected():
    text = printed("alexnet", "conv1", "--set", "H=227")
    assert "remainder in height" in text
    assert "(H + 1)//4 − 1 = 56" in text


def test_a_symbolic_report_tells_where_nothing_is_dropped():
    text = printed("alexnet", "conv1", "--symbolic=H,W")
    assert "nothing is dropped where H % 4 == 3" in text


def test_a_remainder_is_told_where_the_padding_is_a_symbol():
    pool = {"MaxPool1d": {"kernel_size": 5, "stride": 2, "padding": "P"}}
    spec = {"symbols": {"P": 1, "H": 8}, "input": [3, "2*H"], "layers": [pool]}
    network = shapecalc.load(spec)
    for symbolic in (["P"], ["H"], True):
        report = network.report(symbolic=symbolic)
        text = explaining.text(explaining.explain(report, "maxpool1"))
        assert "the division leaves 1: 1 cell at the end of the padded input" in text


@pytest.mark.parametrize("kind", ["Add", "Mul"])
def test_sizes_in_symbols_that_broadcast_have_their_maximum_derived(kind):
    inputs = {"a": ["H"], "b": ["W"]}
    layers = [{kind: None, "name": "join", "from": ["a", "b"]}]
    network = shapecalc.load({"symbols": {"H": 8, "W": 8}, "inputs": inputs, "layers": layers})
    report = network.report(symbolic=True)
    text = explaining.text(explaining.explain(report, "join"))
    assert "= max(H, W)" in text
    assert "H == W or H == 1 or W == 1" in text


def test_a_remainder_may_be_the_same_at_every_size():
    text = printed("resnet18", "conv1", "--set", "H=32*h")
    assert "no window reaches, at every size" in text


def test_several_inputs_may_have_a_batch():
    layer = {"Bilinear": {"out_features": 4}, "from": ["x", "y"], "name": "bilinear"}
    network = shapecalc.load({"inputs": {"x": [5], "y": [7]}, "layers": [layer]})
    told = explaining.text(explaining.explain(network.report(B=3), "bilinear"))
    assert "B x K = 3 x 4" in told


def test_explaining_needs_no_torch():
    code = (
        "import sys\n"
        "from shapecalc.cli import main\n"
        "main(['explain', 'lenet5', 'conv1'], standalone_mode=False)\n"
        "assert not {'torch', 'numpy', 'graphviz'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_network_without_layers_has_nothing_to_explain(form):
    report = shapecalc.load({"input": [3], "layers": [{"ReLU": None, "when": 0}]}).report()
    assert "ReLU" not in explaining.whole(report, explaining.inside(report, None), ASCII, form)


def test_how_same_keeps_the_size_is_derived_with_numbers(tmp_path):
    told = printed(same_of(4, tmp_path), "conv1")
    assert "N + ⌊(F − 1)/2⌋ + ⌊F/2⌋ − F + 1 = 32 + ⌊(4 − 1)/2⌋ + ⌊4/2⌋ − 4 + 1" in told


def test_that_same_keeps_the_size_holds_for_any_kernel(tmp_path):
    told = printed(same_of("K", tmp_path), "conv1", "--symbolic=K")
    assert "height and width  32  (as it comes in)" in told


def same_of(kernel: object, folder: Path) -> str:
    """A spec of one convolution that keeps its input's size."""
    path = folder / "net.json"
    layer = {"Conv2d": {"out_channels": 8, "kernel_size": kernel, "padding": "same"}}
    spec = {"symbols": {"K": 3}, "input": [3, 32, 32], "layers": [layer]}
    path.write_text(json.dumps(spec))
    return str(path)


def test_layers_that_are_alike_are_told_with_their_own_names_and_sources() -> None:
    add: dict[str, Any] = {"Add": None, "from": ["one", "two"]}
    other: dict[str, Any] = {"Add": None, "from": ["two", "one"]}
    linears = [{"Linear": 8, "name": "one"}, {"Linear": 8, "name": "two"}]
    report = shapecalc.load({"input": [8], "layers": [*linears, add, other]}).report()
    one, two, first, second = explaining.whole(report, report.layers, ASCII).splitlines()[1:]
    assert one.split()[1:] == two.split()[1:]
    assert (first.split()[0], second.split()[0]) == ("add1", "add2")
    assert "of one, two" in first
    assert "of two, one" in second


def test_derivations_may_be_so_long_together_and_no_longer() -> None:
    layers = [{"Conv1d": {"out_channels": i + 1, "kernel_size": 3}} for i in range(30)]
    spec = {"input": [3, 99], "layers": layers}
    report = shapecalc.load(spec, most_terms=100).report()
    assert "conv10" in explaining.whole(report, [*report.layers[:9], report["conv10"]], ASCII)
    with pytest.raises(shapecalc.SpecError) as refused:
        explaining.whole(report, report.layers, ASCII)
    (problem,) = refused.value.problems
    assert problem.message.endswith("would make the derivations longer than 100 terms together")
    assert problem.notes[-1].endswith("if all is meant, --max-terms allows more")
    more = shapecalc.load(spec, most_terms=400).report()
    assert len(explaining.whole(more, more.layers, ASCII).splitlines()) == 31


def test_a_layer_told_a_thousand_times_is_counted_once() -> None:
    layers = [{"Conv1d": {"out_channels": 3, "kernel_size": 3, "padding": 1}}] * 1000
    report = shapecalc.load({"input": [3, 99], "layers": layers}, most_terms=10).report()
    assert len(explaining.whole(report, report.layers, ASCII).splitlines()) == 1001
