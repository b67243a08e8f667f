"""What is told of slips that newcomers make: each hint is what has to be written instead."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main

ENTRIES = {
    # values in torch's order
    "Linear: 784, 256": ["written here: Linear: 256", "in_features follows from what comes in"],
    "Linear: [784, 256]": ["written here: Linear: 256", "in_features follows from what comes in"],
    "Conv2d: [3, 64, 7]": [
        "written here: Conv2d: {out_channels: 64, kernel_size: 7}",
        "in_channels follows from what comes in",
    ],
    "Dropout: 0,5": ["a decimal fraction has a point: Dropout: 0.5"],
    # keys beside a kind, as others call them
    "{Linear: 8, times: 3}": ["called 'repeat' here"],
    "{Linear: 8, if: 1}": ["called 'when' here"],
    "{Add: , inputs: [input, input]}": ["called 'from' here"],
    # tensors where settings stand
    "Add: [a, input]": ["what it takes stands beside it: {Add: , from: [a, input]}"],
    "Concat: [a, b]": ["what it takes stands beside it: {Concat: , from: [a, b]}"],
    # words in quotes
    'Linear: {out_features: 8, bias: "false"}': ["written false, without quotes"],
    'Conv2d: {out_channels: 8, kernel_size: 3, padding: "valid "}': [
        "written valid, without spaces around it"
    ],
    # as calls, and as the arguments of a call
    "Conv2d(3, 64, 7)": ["written here: Conv2d: {out_channels: 64, kernel_size: 7}"],
    "Conv2d(64, 7)": ["written here: Conv2d: {out_channels: 64, kernel_size: 7}"],
    "nn.Linear(784, 256)": ["written here: Linear: 256"],
    "MaxPool2d: kernel_size=2": ["written here: MaxPool2d: 2"],
    "MaxPool2d: kernel_size=2, stride=1": ["written here: MaxPool2d: {kernel_size: 2, stride: 1}"],
    # as in configurations of other tools
    "{type: Conv2d, out_channels: 8, kernel_size: 3}": [
        "written here: Conv2d: {out_channels: 8, kernel_size: 3}"
    ],
    "{class_name: Dense, config: {units: 10}}": ["written here: Linear: ..."],
    "{act: ReLU, inplace: true}": [
        "an entry begins with its kind, and its name stands beside it: name: act"
    ],
    "{type: ReLU}": ["written here: ReLU"],
    "{type: ReLU, name: act}": ["written here: ReLU"],
    "{Linear: 8, activation: relu}": ["an activation is an entry by its own name, such as ReLU"],
    "Conv2D: 8": ["did you mean 'Conv2d'?"],
    "Conv2D: {filters: 8, kernel_size: 3, strides: 2}": [
        "did you mean 'Conv2d'?",
        "written here: Conv2d: {out_channels: 8, kernel_size: 3, stride: 2}",
    ],
    "Dense: {units: 8, activation: relu}": [
        "called Linear here",
        "written here: Linear: 8",
        "an activation is an entry by its own name, such as ReLU",
    ],
    "MaxPooling2D: {pool_size: [2, 3]}": [
        "called MaxPool2d here",
        "written here: MaxPool2d: [2, 3]",
    ],
    "Dense: {units: 8, wonders: 3}": ["called Linear here"],
    "Dense: 8": ["called Linear here"],
    "Conv2d {out_channels: 8, kernel_size: 3}": [
        "written here: Conv2d: {out_channels: 8, kernel_size: 3}"
    ],
    "Conv2d:{out_channels: 8}": ["a ':' needs a space behind it"],
    "Conv2d:{out_channels: 8, kernel_size: 3}": [
        "written here: Conv2d: {out_channels: 8, kernel_size: 3}"
    ],
    "Conv2d: out_channels: 8": ["written here: Conv2d: {out_channels: 8}"],
    "MaxPool2d: {kernel_size=3}": ["written kernel_size: 3"],
    # values
    "Linear: classes": [
        "known here: B, h, in_channels, in_features, in_height, in_width",
        "a symbol is declared at the top, as in symbols: {classes: 10}",
    ],
    "Conv2d: {out_channels: 8, kernel_size: 3, bias: yes}": ["written true here"],
    "Conv2d: {out_channels: 8, kernel_size: 3, bias: Off}": ["written false here"],
    "Reshape: 48": ["in brackets, though it is one: [48]"],
    "Dropout: 50": ["a share is a fraction: 50/100"],
    "LayerNorm: {eps: -0.5}": [],
    "Conv2d: {out_channels: 8, kernel_size: [3, 2.5]}": ["floor, round or ceil make it whole"],
    "Conv2d: {out_channels: 8, kernel_size: 3, padding: 0.5}": [
        "floor, round or ceil make it whole"
    ],
    "Dropout: 50%": ["a share is a fraction: 50/100"],
    "MaxPool2d: 3x3": ["sizes are a list: [3, 3]"],
    "Linear: 2k": ["units are written out: 2e3"],
    "Linear: 2h": ["a product has a sign: 2*h"],
    "Linear: h^2": ["powers are written with **"],
    "{ReLU: , when: h = 3}": ["equal is: h == 3"],
    "{ReLU: , when: h > 3 && h < 9}": ["both hold: a and b"],
    "{ReLU: , repeat: 1_000}": ["digits stand together: 1000"],
    "{ReLU: , when: h => 3}": ["written >="],
    "Linear: {10}": ["braces hold names and values; a value alone: Linear: 10"],
    "Add: {branches: [ReLU, []]}": ["a list of one stands in brackets: [ReLU]"],
    "Linear: n_hidden": [
        "known here: B, h, in_channels, in_features, in_height, in_width",
        "a symbol is declared at the top, as in symbols: {n_hidden: 10}",
    ],
    "MaxPool2d: 2 2": ["commas stand between values: 2, 2"],
    "Conv2d: out_channels=8 kernel_size=3": [
        "written here: Conv2d: {out_channels: 8, kernel_size: 3}"
    ],
    '"Conv2d: {out_channels: 8, kernel_size: 3}"': ["an entry stands without quotes"],
    "[ReLU]": ["one dash and no brackets for each, such as ReLU, or Linear: 10"],
    "Linear: NaN": [
        "known here: B, h, in_channels, in_features, in_height, in_width",
        "'NaN' has a meaning already, and can be no symbol",
    ],
    "Linear: 5 if true else 3": ["written 1 inside an expression"],
    "{ReLU: , when: no and h > 2}": ["written 0 inside an expression"],
    "Linear: 1,000": ["digits stand together: 1000"],
    "Linear: 1 000": ["digits stand together: 1000"],
    "Upsample: 1.5": ["a factor has its name before it: scale_factor: 1.5"],
    "Upsample: [2, 1.5]": ["a factor has its name before it: scale_factor: 1.5"],
    # short and other names of fields
    "Conv2d: {channels: 8, kernel_size: 3}": ["called 'out_channels' here"],
    "Conv2d: {out_channels: 8, k: 3}": ["called 'kernel_size' here"],
    "MaxPool2d: {kernel_size: 3, p: 1}": ["called 'padding' here"],
    "Linear: {features: 8}": ["called 'out_features' here"],
    "AdaptiveAvgPool2d: {size: 1}": ["called 'output_size' here"],
    "BatchNorm2d: {channels: 3}": ["called 'num_features' here"],
    "Dropout: {keep_prob: 0.5}": ["p is the share that is dropped: 1 - keep_prob"],
    # words of Python, and words that other kinds take
    'Conv2d: {out_channels: 8, kernel_size: 3, bias: "False"}': ["written false, without quotes"],
    "Conv2d: {out_channels: 8, kernel_size: 3, bias: None}": [
        "false switches it off; what torch has a default for can be left out"
    ],
    "Conv2d: {out_channels: 8, kernel_size: 3, padding: None}": [
        "what torch has a default for can be left out"
    ],
    "Conv2d: {out_channels: 8, kernel_size: 3, padding: null}": [
        "what torch has a default for can be left out"
    ],
    "AdaptiveAvgPool2d: [None, 1]": ["written null here"],
    "MaxPool2d: {kernel_size: 3, padding: same}": [
        "a number here: valid is 0, same of an odd kernel kernel_size // 2 at stride 1"
    ],
    # what the entry of another framework means beside its fields
    "SeparableConv2D: {filters: 8, kernel_size: 3}": [
        "called Conv2d here, two of them: one with groups: in_channels, one with kernel_size: 1"
    ],
    "UpSampling2D: {size: 2}": [
        "called Upsample here, with scale_factor for how many times as large it becomes: size is "
        "that of the output"
    ],
    "Dense: {features: 8}": ["called Linear here", "written here: Linear: 8"],
    "Reshape: {target_shape: [B, 3072]}": ["called 'shape' here"],
    "\"Conv2d(8, 3, activation='relu')\"": [
        "written here: Conv2d: {out_channels: 8, kernel_size: 3}",
        "an activation is an entry by its own name, such as ReLU",
    ],
    "nn.Conv2d(3, 8, 3),": [
        "entries end without ','",
        "written here: Conv2d: {out_channels: 8, kernel_size: 3}",
    ],
    "self.conv1": ["an entry begins with its kind; what it is called stands beside: name: ..."],
    # what YAML 1.2 and JSON have not
    "Conv2d: {<<: 3, kernel_size: 3}": ["write them out, or define a block with arguments"],
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_slip_in_an_entry_is_told_how_it_is_written(entry):
    spec = f"symbols: {{h: 3}}\ninput: [3, 32, 32]\nlayers:\n  - {entry}\n"
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(spec)
    (problem,) = caught.value.problems
    assert [note for note in problem.notes if note] == ENTRIES[entry]
    assert problem.mark.line == 4


TOPS = {
    "model:\n  input: [3]\n  layers: [ReLU]": [
        "input, layers stand at the top of a spec, not inside 'model'"
    ],
    "input_shape: [3]\nlayers: [ReLU]": ["called 'input' here"],
    "input: [3]\nnetwork: [ReLU]": ["called 'layers' here"],
    "input: [3]\nlayer: [ReLU]": ["did you mean 'layers'?"],
    "input: 3x32x32\nlayers: [ReLU]": ["the batch is left out: [3, 32, 32]"],
    "input: {size: [3], dtype: int64}\nlayers: [ReLU]": ["called 'shape' here"],
    "input: [3 32 32]\nlayers: [ReLU]": ["commas stand between values: 3, 32, 32"],
    "input: [3; 32]\nlayers: [ReLU]": ["commas stand between values"],
    "input: [3]\nlayers:\n  -ReLU\n  -Tanh": ["each entry begins with '- '"],
    "input: [3]\nlayers: ReLU": ["a list of one stands in brackets: [ReLU]"],
    "input: 784\nlayers: [ReLU]": ["the batch is left out: [784]"],
    "input: [3]\nlayers: [ReLU]\nloss: mse": ["leave it out: a spec describes the network alone"],
    "input: [3]\nlayers: [ReLU]\nbatch_size: 8": [
        "the batch size is the symbol B: symbols: {B: 32}, or --set B=32"
    ],
    "input: {shape: [3], dtype: torch.long}\nlayers: [ReLU]": ["called 'int64' here"],
    "input: [3]\ndtype: fp16\nlayers: [ReLU]": ["called 'float16' here"],
    "symbols: [H, W]\ninput: [3, H, W]\nlayers: [ReLU]": ["with a value each: {H: 224, W: 224}"],
    "- ReLU\n- Linear: 10": [
        "a spec is a mapping with at least 'input' and 'layers', the list behind 'layers:'"
    ],
    "import torch\nnet = torch.nn.ReLU()": [
        "PyTorch source is read from a file whose name ends in .py"
    ],
    "input = [3]\nlayers = [ReLU]": ["a key ends in ': ', as in input: [3, 224, 224]"],
    "[net]\ninput = 3": ["a spec is one mapping, which begins in the first column"],
    "input: [3]\nlayers:\n  * ReLU": ["an entry of a list begins with '- '"],
    "input: [3]\nlayers:\n    - ReLU\n  - ReLU": ["the entries of a list begin in one column"],
    "input: [3]\nblocks: {Pool: {args: [k], layers: [{MaxPool1d: k}]}}\nlayers: [Pool: 2]": [
        "those without a default have nothing behind them: {k: }"
    ],
    "input: [3]\nblocks: {Act: [ReLU]}\nlayers: [Act]": [
        "its list of layers stands behind 'layers:'"
    ],
    "input-size: [3]\nmodules: [ReLU]": ["called 'input' here", "called 'layers' here"],
    "input: [3]\nlayers: [ReLU]\noutput: relu1": ["did you mean 'outputs'?"],
    '{\n  // of mine\n  "input": [3],\n  "layers": ["ReLU"]\n}': [
        "delete it, or write it as YAML does, behind '#'"
    ],
    '{"input": [3], /* of mine */ "layers": ["ReLU"]}': [
        "delete it, or write it as YAML does, behind '#'"
    ],
    "input: [3]\nlayers:\n\t- ReLU": ["indent with spaces"],
}


@pytest.mark.parametrize("spec", TOPS)
def test_a_slip_in_the_keys_of_a_spec_is_told_once(spec):
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(f"{spec}\n")
    hints = [note for problem in caught.value.problems for note in problem.notes if note]
    assert hints == TOPS[spec]


@pytest.mark.parametrize("size", ["null", "-1"])
def test_a_size_that_is_left_open_is_a_symbol(size):
    with pytest.raises(shapecalc.SpecError, match=r"a size that varies is a symbol: symbols: \{"):
        shapecalc.load(f"input: [3, {size}, 32]\nlayers: [ReLU]\n").report()


@pytest.mark.parametrize("size", ["null", "-1"])
def test_an_open_size_in_front_may_be_meant_for_the_batch(size):
    with pytest.raises(shapecalc.SpecError, match="an input's shape leaves the batch out"):
        shapecalc.load(f"input: [{size}, 3, 32, 32]\nlayers: [ReLU]\n").report()


def test_the_place_of_a_comment_is_told():
    with pytest.raises(shapecalc.SpecError, match=r"<text>:2:3: error: JSON has no comments"):
        shapecalc.load('{\n  // "a"\n  "input": [3], "layers": ["ReLU"]}')


def test_carets_stand_below_signs_that_take_two_columns():
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load("input: [3]\nlayers:\n  - {Identity: , name: 畳み, repeat: 1_0}\n")
    _, line, carets, *_ = str(caught.value.problems[0].render(caught.value.source)).splitlines()
    assert carets == "      |                        ^^^^"
    assert line.index("畳み") == carets.index("^")
    _, line, carets, *_ = str(caught.value.problems[1].render(caught.value.source)).splitlines()
    assert carets.index("^") == line.index("_0") + 2


def test_text_in_another_encoding_is_told_to_be_saved_as_utf_8(tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_bytes("name: café\ninput: [3]\nlayers: [ReLU]\n".encode("latin-1"))
    with pytest.raises(shapecalc.SpecError, match="save it as UTF-8"):
        shapecalc.load(path)
    path.write_bytes(b"\x7fELF\x00\xff")
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(path)
    assert "UTF-8" not in str(caught.value)


LINES = {
    "show lenet5 --columns parameters": "no column 'parameters'; did you mean 'params'?",
    "show lenet5 --columns shape": "no column 'shape'; there are layer, path, kind",
    "show lenet5 --set H:64": "'H:64' is not NAME=VALUE; written H=64",
    "show lenet5 --set H": "'H' is not NAME=VALUE, as in H=64",
    "show lenet5 --set h=64": "the spec has no symbol 'h'; did you mean 'H'?",
    "show lenet5 --set H=1_000": "digits stand together: 1000",
    "show lenet5 --set H=True": "a symbol is a number, such as 1 or 0",
    "show lenet5 --input 3,64,64": "symbols of a spec are set as in --set H=64",
    "show lenet5 --symbolic=": "no symbol is named; --symbolic without '=' leaves all open",
    "compare lenet5 alexnet": "no command 'compare'; called 'diff' here",
    "help": "no command 'help'; called '--help' here",
    "summary lenet5": "no command 'summary'; called 'show' here",
    "show lenet5 --depth x": "'x' is not a valid whole number",
    "explain lenet5 Dense": "of kind Linear are linear1, linear2, linear3",
    "explain lenet5 Conv2d": "of kind Conv2d are conv1, conv2",
    "explain lenet5 Linear1": "did you mean 'linear1'?",
    "sweep lenet5 --over H=32-64": "'32-64' is no stretch of values; written 32:64",
    "sweep lenet5 --over H=1_000": "digits stand together: 1000",
    "explain vgg16 conv1": "there is group1.convrelu1.0.conv1, group1.convrelu1.1.conv1, ",
    "explain lenet5 head": "there are conv1, maxpool1, conv2",
    "layers Dense": "unknown kind 'Dense'; called Linear here",
    "layers conv2d": "unknown kind 'conv2d'; did you mean 'Conv2d'?",
    "layers zzz": "'shapecalc layers' lists the kinds there are",
}


@pytest.mark.parametrize("line", LINES)
def test_a_slip_on_the_command_line_is_told_how_it_is_written(line):
    if line.startswith("sweep"):
        pytest.importorskip("numpy", reason="the extra sweep is not installed")
    done = CliRunner().invoke(main, line.split())
    assert done.exit_code == 2
    assert LINES[line] in done.output


def test_a_limit_with_a_unit_is_told_how_it_is_written():
    done = CliRunner().invoke(main, ["show", "lenet5", "--require", "params < 5M"])
    assert done.exit_code == 1
    assert "units are written out: 5e6" in done.output


def test_weights_of_several_layers_are_not_shared_as_one() -> None:
    layers = [{"Linear": 4, "repeat": 2, "name": "u"}, {"Linear": 4, "share": "u"}]
    with pytest.raises(shapecalc.SpecError, match="it stands for several layers") as caught:
        shapecalc.load({"input": [4], "layers": layers}).report()
    assert "name one, such as u.0" in str(caught.value)
