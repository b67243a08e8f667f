"""Every error of a spec: where it is said to be, what is said, and what to do about it.

In the specs below ``»`` stands before the place that the error has to name; it is taken out.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.language.parse import parse
from shapecalc.language.text import decode
from shapecalc.network import Network

SPECS = sorted(Path(__file__).parent.with_name("specs").glob("*.yaml"))


def problems(text: str | bytes):
    """All that is wrong with a spec."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(shapecalc.SpecError) as caught:
        Network(parse(decode(data, "spec.yaml")), 1000).report()
    assert all(problem.render(caught.value.source) for problem in caught.value.problems)
    return caught.value.problems


def place(marked: str) -> tuple[str, tuple[int, int]]:
    before, _, after = marked.partition("»")
    return before + after, (before.count("\n") + 1, len(before) - before.rfind("\n"))


def assert_told(marked: str, phrase: str, hint: str):
    """Exactly one error: at the mark, with a phrase in its message and one in its notes."""
    text, where = place(marked)
    (problem,) = problems(text)
    assert phrase in problem.message
    assert problem.mark[:2] == where
    assert hint in "\n".join(problem.notes)


# -- the top level --------------------------------------------------------------------------------

TOP = [
    ("»[ReLU]", "expected a mapping, got a list", "at least 'input' and 'layers'"),
    ("input: [»None, 784]\nlayers: [ReLU]", "unknown name 'None'", "leaves the batch out"),
    ("»ReLU", "expected a mapping, got 'ReLU'", "a spec is a mapping"),
    ("»input: [3]", "a spec needs 'layers'", ""),
    ("»layers: [ReLU]", "a spec needs 'input'", "input: [3, 224, 224]"),
    ("input: [3]\n»layers: []", "at least one layer", ""),
    ("input: [3]\n»layers:", "at least one layer", ""),
    ("input: [3]\nlayers: »ReLU", "expected a list of layers, got 'ReLU'", ""),
    ("input: [3]\nlayers: »{ReLU: }", "expected a list of layers, got a mapping", ""),
    ("input: [3]\nlayers: [ReLU]\n»output: relu1", "no key 'output'", "did you mean 'outputs'?"),
    (
        "input: [3]\nlayers: [ReLU]\n»xyz: 1",
        "a spec has no key 'xyz'",
        "there are name, about, dtype, symbols",
    ),
    ("name: »[a]\ninput: [3]\nlayers: [ReLU]", "'name' is text, not a list", ""),
    ("about: »{a: b}\ninput: [3]\nlayers: [ReLU]", "'about' is text, not a mapping", ""),
    # symbols
    ("symbols: »[H]\ninput: [3]\nlayers: [ReLU]", "expected a mapping of symbols", ""),
    (
        "symbols: {»2H: 3}\ninput: [3]\nlayers: [ReLU]",
        "a symbol's name must be an identifier",
        "digits",
    ),
    (
        "symbols: {»class: 3}\ninput: [3]\nlayers: [ReLU]",
        "must be an identifier, not 'class'",
        "Python",
    ),
    ("symbols: {»max: 3}\ninput: [3]\nlayers: [ReLU]", "'max' has a meaning in expressions", ""),
    ("symbols: {»index: 3}\ninput: [3]\nlayers: [ReLU]", "'index' has a meaning", ""),
    ("symbols: {»in_width: 3}\ninput: [3]\nlayers: [ReLU]", "'in_width' has a meaning", ""),
    (
        "symbols: {H: »true}\ninput: [3]\nlayers: [ReLU]",
        "symbol 'H': expected a number or null, got true",
        "",
    ),
    (
        "symbols: {H: »[3]}\ninput: [3]\nlayers: [ReLU]",
        "symbol 'H': expected a number or null, got a list",
        "",
    ),
    ("symbols: {H: ».inf}\ninput: [3]\nlayers: [ReLU]", "symbol 'H': expected a number", ""),
    ("symbols: {H: »W, W: 3}\ninput: [3]\nlayers: [ReLU]", "unknown name 'W'", "declared below it"),
    (
        "symbols:\n  »H = 3\ninput: [3, H]\nlayers: [ReLU]",
        "expected a mapping of symbols to their values, got 'H = 3'",
        "with a colon: H: 3",
    ),
    ("symbols: {H: 3 /»}\ninput: [3]\nlayers: [ReLU]", "got the end", ""),
    ("symbols: {W: 0, H: »3 / W}\ninput: [3]\nlayers: [ReLU]", "a division by zero", ""),
    # inputs
    (
        "input: »{x: [3, 8, 8]}\nlayers: [ReLU]",
        "an input with a name of its own stands behind 'inputs'",
        "inputs: {x: [...]}",
    ),
    (
        "input: [3]\nlayers: [ReLU]\noutputs: [»input, relu1]",
        "no entry of 'layers' is named 'input'",
        "an input is passed on by an entry: {Identity: , from: input}",
    ),
    (
        "input: [3]\nblocks:\n  »- {name: A, layers: [ReLU]}\nlayers: [A]",
        "expected a mapping of names to blocks, got a list",
        "each behind its name: A: {layers: [...]}",
    ),
    ("input: [3]\n»inputs: {a: [3]}\nlayers: [ReLU]", "both 'input' and 'inputs' are given", ""),
    ("inputs: »{}\nlayers: [ReLU]", "at least one input", ""),
    ("»inputs: [3, 8, 8]\nlayers: [ReLU]", "one is given with 'input'", "write 'input: [3, 8, 8]'"),
    ("»inputs: []\nlayers: [ReLU]", "one is given with 'input'", "write 'input: [3, 32, 32]'"),
    ("inputs: »[[3], [4]]\nlayers: [ReLU]", "'inputs' have names", "inputs: {image: [3"),
    ("inputs: {»a b: [3]}\nlayers: [ReLU]", "an input's name must be an identifier", ""),
    (
        "input: »3\nlayers: [ReLU]",
        "expected the list of sizes of one sample, got 3",
        "[3, 224, 224]",
    ),
    ("input: »{dtype: int64}\nlayers: [ReLU]", "input 'input' needs a shape", ""),
    (
        "input: {shape: [3], »type: int64}\nlayers: [ReLU]",
        "an input has no key 'type'",
        "did you mean 'dtype'?",
    ),
    (
        "input: {shape: [3], dtype: »float23}\nlayers: [ReLU]",
        "unknown dtype 'float23'",
        "did you mean 'float32'?",
    ),
    (
        "input: {shape: [3], dtype: »complex}\nlayers: [ReLU]",
        "unknown dtype 'complex'",
        "there are float32",
    ),
    ("input: {shape: [3], dtype: »[int64]}\nlayers: [ReLU]", "unknown dtype", ""),
    (
        "input: [»Hight]\nsymbols: {Height: 3}\nlayers: [ReLU]",
        "unknown name 'Hight'",
        "did you mean 'Height'?",
    ),
    (
        "input: [»0]\nlayers: [ReLU]",
        "expected a positive integer for a size of input 'input', got 0",
        "",
    ),
    ("input: [3, »H / 2]\nsymbols: {H: 3}\nlayers: [ReLU]", "expected a positive integer", ""),
    ("input: [»[3]]\nlayers: [ReLU]", "expected a positive integer", ""),
    ("input: [»null]\nlayers: [ReLU]", "expected a positive integer", ""),
    ("input: [»2**63]\nlayers: [ReLU]", "expected an integer up to 9,223,372,036,854,775,807", ""),
    ("input: [»{a: 3}]\nlayers: [ReLU]", "expected a number, a word or a list, got a mapping", ""),
    # outputs
    (
        "input: [3]\nlayers: [ReLU]\noutputs: [»rellu1]",
        "no entry of 'layers' is named 'rellu1'",
        "did you mean 'relu1'?",
    ),
    ("input: [3]\nlayers: [ReLU]\noutputs: [»3.5]", "expected a name, got 3.5", ""),
    (
        "input: [3]\nlayers: [ReLU, Tanh]\noutputs: {both: »[relu1, tanh1]}",
        "output 'both' is one entry",
        "a name of its own",
    ),
    (
        "input: [3]\nlayers: [ReLU]\noutputs: {»class: relu1}",
        "an output's name must be an identifier",
        "no word of Python",
    ),
    ("input: [3]\nlayers: [ReLU]\noutputs: »[]", "expected at least one name", ""),
    (
        "input: [3]\nlayers: [{ReLU: , when: false}]\noutputs: [»relu1]",
        "every output is left out",
        "",
    ),
    # blocks
    ("input: [3]\nblocks: »[A]\nlayers: [ReLU]", "expected a mapping of names to blocks", ""),
    (
        "input: [3]\nblocks: {»a-b: {layers: [ReLU]}}\nlayers: [ReLU]",
        "a block's name must be an identifier",
        "",
    ),
    (
        "input: [3]\nblocks: {»ReLU: {layers: [Tanh]}}\nlayers: [Tanh]",
        "has the name of a kind",
        "choose another",
    ),
    (
        "input: [3]\nblocks: {A: »[ReLU]}\nlayers: [ReLU]",
        "expected a block with 'args' and 'layers', got a list",
        "",
    ),
    (
        "input: [3]\nblocks: {A: {layers: [ReLU], »arg: }}\nlayers: [A]",
        "a block has no key 'arg'",
        "did you mean 'args'?",
    ),
    ("input: [3]\nblocks: {»A: {args: {n: 1}}}\nlayers: [A]", "block 'A' needs 'layers'", ""),
    (
        "input: [3]\nblocks: {A: {args: »[n], layers: [ReLU]}}\nlayers: [A]",
        "expected a mapping of arguments",
        "",
    ),
    (
        "input: [3]\nblocks: {A: {args: {»1n: 1}, layers: [ReLU]}}\nlayers: [A]",
        "an argument's name must be",
        "",
    ),
    (
        "input: [3]\nblocks: {A: {args: {»min: 1}, layers: [ReLU]}}\nlayers: [A]",
        "'min' has a meaning",
        "",
    ),
    ("input: [3]\nblocks: {A: {layers: [»A]}}\nlayers: [A]", "block 'A' uses itself: A -> A", ""),
    (
        "input: [3]\nblocks: {A: {layers: [C]}, C: {layers: [»A]}}\nlayers: [A]",
        "uses itself: A -> C -> A",
        "",
    ),
    (
        "input: [3]\nblocks: {when: {args: {n: 1}, layers: [ReLU]}}\nlayers: [»{when: 1}]",
        "this entry has no kind",
        "'when' is a key of entries: a block with arguments needs another name",
    ),
    (
        "input: [3]\nblocks: {A: {layers: »ReLU}}\nlayers: [A]",
        "expected a list of layers, got 'ReLU'",
        "",
    ),
]


@pytest.mark.parametrize(("marked", "phrase", "hint"), TOP)
def test_errors_of_the_top_level(marked, phrase, hint):
    assert_told(marked, phrase, hint)


# -- entries --------------------------------------------------------------------------------------

ENTRIES = [
    ("[»Relu]", "unknown kind 'Relu'", "did you mean 'ReLU'?"),
    ("[»Xyzzy]", "unknown kind 'Xyzzy'", "'shapecalc layers' lists"),
    ("[{»conv2d: {}}]", "unknown kind 'conv2d'", "did you mean 'Conv2d'?"),
    ("[»3]", "expected a layer, got 3", "such as ReLU, or Linear: 10"),
    ("[»[ReLU]]", "expected a layer, got a list", "such as ReLU"),
    ("[»null]", "expected a layer, got nothing", "such as ReLU"),
    ("[»{name: a}]", "this entry has no kind", "such as ReLU"),
    ("[{ReLU: , »Tanh: }]", "'Tanh' beside 'ReLU' in one entry", "behind its own dash"),
    ("[{ReLU: , »nmae: a}]", "'nmae' beside 'ReLU'", "did you mean 'name'?"),
    ("[{Conv2d: , »stride: 2}]", "'stride' beside 'Conv2d'", "a field of Conv2d: indent it below"),
    (
        "[{Conv2d: {out_channels: 1, »kernal_size: 3}}]",
        "Conv2d has no field 'kernal_size'",
        "did you mean 'kernel_size'?",
    ),
    ("[{ReLU: {»xyz: 3}}]", "ReLU has no field 'xyz'", "it has inplace"),
    ("[{ReLU: {»name: a}}]", "ReLU has no field 'name'", "'name' stands beside ReLU"),
    ("[{»Conv2d: {out_channels: 1}}]", "Conv2d needs kernel_size: size of a filter", ""),
    ("[»Linear]", "Linear needs out_features", ""),
    ("[{A: {»m: 1, n: 2}}]", "A has no argument 'm'", "it has n"),
    ("[»A]", "A needs n", "block 'A' is defined in line 2"),
    ("[{E: »3}]", "E takes no value, but is given 3", ""),
    ("[{E: {»n: 3}}]", "E has no argument 'n'", "it has no arguments"),
    ("[{ReLU: , name: »3.5}]", "a name is a word, or a number as in a Sequential, not 3.5", ""),
    ("[{ReLU: , name: »-3}]", "a name is a word, or a number as in a Sequential, not -3", ""),
    ("[{ReLU: , name: »a-b}]", "a name must be an identifier, not 'a-b'", "letters a to z"),
    ("[{ReLU: , name: »input}]", "'input' is the name of an input", ""),
    ("[{ReLU: , name: a}, {ReLU: , name: »a}]", "the name 'a' stands twice", "first in line 3"),
    (
        "[{ReLU: , from: »relu}, ReLU]",
        "feeds from 'relu', but no entry of the network",
        "known here: input",
    ),
    ("[ReLU, {Tanh: , from: »relu}]", "feeds from 'relu'", "did you mean 'relu1'?"),
    ("[{Add: , from: [input, »3.5]}]", "expected a name, got 3.5", ""),
    ("[{ReLU: , from: »[]}]", "expected at least one name", ""),
    ("[{Linear: 3, share: »nobody}]", "shares the weights of 'nobody', but no entry", "known here"),
    (
        "[{Linear: 3}, {Conv2d: {out_channels: 3, kernel_size: 1}, share: »linear1}]",
        "shares weight of 'linear1', which is 3 x 8, but would need 3 x 3 x 1 x 1",
        "",
    ),
    (
        "[{Add: {branches: [[], []]}, from: »[input, input]}]",
        "a join with branches is fed from one place",
        "",
    ),
    ("[{Add: {branches: »3}}]", "expected branches, a list of layers each, got 3", ""),
    ("[{Add: {branches: [»ReLU]}}]", "expected a list of layers, got 'ReLU'", ""),
    ("[{Add: {branches: {»a b: []}}}]", "a branch's name must be an identifier", ""),
    ("[{»Add: {branches: []}}]", "Add has no branches to join", ""),
    # values
    ("[{Linear: »n}]", "unknown name 'n'", "known here: B, H"),
    ("[{Linear: 2 * »hh + 1}]", "unknown name 'hh'", ""),
    ("[{Linear: '2 * »hh'}]", "unknown name 'hh'", ""),
    ("[{Linear: »index}]", "unknown name 'index'", "'index' counts the copies"),
    ("[{Linear: 2 * (H»}]", "expected ')'", ""),
    ("[{Linear: 2 »$ H}]", "'$' has no meaning", ""),
    ("[{Linear: »sqrt(H)}]", "'sqrt' is not a function", "there are min, max"),
    ("[{Linear: H».real}]", "'.' has no meaning", ""),
    ("[{Linear: \"__import__(»'os')\"}]", "has no meaning in an expression", ""),
    ("[{Linear: »H / 0}]", "a division by zero", ""),
    ("[{Linear: »2 ** 9999}]", "larger than any size could be", ""),
    (
        "[{Linear: {out_features: »{a: 1}}}]",
        "expected a number, a word or a list, got a mapping",
        "",
    ),
    ("[{Linear: »0}]", "Linear: out_features expects a positive integer, got 0", ""),
    ("[{Linear: »-H}]", "out_features expects a positive integer, got -8", ""),
    (
        "[{Linear: »H / 3}]",
        "out_features expects a positive integer, got 8/3",
        "floor, round or ceil",
    ),
    (
        "[{Linear: »2.5}]",
        "out_features expects a positive integer, got 2.5",
        "floor, round or ceil",
    ),
    ("[{Linear: »0.33*H}]", "out_features expects a positive integer, got 2.64", "floor, round"),
    ("[{Linear: 5}, {Dropout: »1.50}]", "expects a number from 0 to 1, got 1.50", ""),
    ("[{ReLU: , repeat: »0.5*H - 6}]", "integer of at least 0, got -2", ""),
    ("[{ReLU: , repeat: »0.5*3}]", "integer of at least 0, got 1.5", ""),
    ("[{Linear: {»units: 5}}]", "Linear has no field 'units'", "called 'out_features' here"),
    ("[{Dropout: {»rate: 0.5}}]", "Dropout has no field 'rate'", "called 'p' here"),
    ("[{Linear: {out_features: 5, »activation: relu}}]", "no field 'activation'", "such as ReLU"),
    ("[{Conv1d: »[3, 8, 5]}]", "takes fields by name", "Conv1d: {out_channels: 8, kernel_size: 5}"),
    ("[{Conv1d: »'(3, 8, 5)'}]", "by name", "Conv1d: {out_channels: 8, kernel_size: 5}"),
    ("[{Conv1d: »'8, 5'}]", "by name", "{out_channels: 8, kernel_size: 5}"),
    ("[{Transpose: »[1, 2]}]", "takes fields by name", "Transpose: {dim0: 1, dim1: 2}"),
    ("[Flatten, »BatchNorm2d]", "but receives 192", "BatchNorm1d takes it"),
    (
        "[»conv1: ReLU]",
        "unknown kind 'conv1' before ReLU",
        "its name stands beside it: name: conv1",
    ),
    ("[»fc: {Linear: 5}]", "unknown kind 'fc' before Linear", "name: fc"),
    ("[{Flatten: 0}, {»Linear: 5}]", "a single number", "start_dim: 1"),
    ("[{Linear: »true}]", "out_features expects a positive integer, got true", ""),
    ("[{Linear: »[3]}]", "out_features expects a positive integer, got [3]", ""),
    ("[{Linear: »2**63}]", "out_features expects a positive integer below 2**63", ""),
    ("[{Linear: {out_features: »null}}]", "out_features expects a positive integer, got null", ""),
    ("[{Linear: {out_features: 1, bias: »3}}]", "bias expects true or false, got 3", ""),
    ("[{MaxPool2d: [3, »0]}]", "kernel_size expects", ""),
    (
        "[{MaxPool2d: »[3, 3, 3]}]",
        "kernel_size expects a positive integer, or a list of 1 or 2 of them, got [3, 3, 3]",
        "",
    ),
    (
        "[{Conv2d: {out_channels: 1, kernel_size: 1, padding: »smae}}]",
        "unknown name 'smae'",
        "did you mean 'same'?",
    ),
    ("[{A: »xyz}]", "unknown name 'xyz'", "got a word"),
    # what the structure is asked for
    ("[{ReLU: , repeat: »-1}]", "'repeat' expects an integer of at least 0, got -1", ""),
    ("[{ReLU: , repeat: »H / 3}]", "'repeat' expects an integer of at least 0, got 8/3", ""),
    ("[{ReLU: , repeat: »true}]", "'repeat' expects an integer of at least 0, got true", ""),
    ("[{ReLU: , repeat: »}]", "'repeat' expects an integer of at least 0, got null", ""),
    ("[{ReLU: , repeat: »5000}]", "more than 1,000 layers", "--max-layers allows more"),
    ("[{ReLU: , when: »[1]}]", "'when': expected a condition", ""),
    ("[{ReLU: , when: »1 / 0}]", "a division by zero", ""),
    ("[{ReLU: , when: »nope}]", "unknown name 'nope'", ""),
    (
        "[{ReLU: , name: a, when: false}, {Tanh: , from: »a}]",
        "feeds from 'a', which its 'when' leaves out",
        "the same 'when'",
    ),
    (
        "[{Linear: 8, name: a, when: false}, {Linear: 8, share: »a}]",
        "shares the weights of 'a', which is left out",
        "",
    ),
    (
        "[Flatten, {Linear: »in_height}]",
        "in_height is asked of an incoming tensor without height",
        "",
    ),
    (
        "[{»E: , from: [input, input]}]",
        "block 'E' takes one input, but is fed from 2 places",
        "join them first",
    ),
    ("[{»ReLU: , from: [input, input]}]", "ReLU takes one input, but is fed from 2 places", ""),
    ("[»MatMul]", "MatMul takes 2 inputs, but is fed from one place", ""),
    # sizes
    (
        "[{Linear: {out_features: 3, in_features: »5}}]",
        "Linear 'linear1' states in_features 5 but receives 8",
        "a Flatten before it makes 3 x 8 x 8 = 192 features",
    ),
    (
        "[{Conv2d: {in_channels: »4, out_channels: 1, kernel_size: 1}}]",
        "states in_channels 4 but receives 3",
        "3 x 8 x 8 from 'input'",
    ),
    ("[{BatchNorm2d: »4}]", "states num_features 4 but receives 3", "leave num_features out"),
    (
        "[{Conv2d: {out_channels: 1, kernel_size: »9}}]",
        "has a kernel of 9 that does not fit its input of 8",
        "make its input larger by at least 1",
    ),
    (
        "[{Conv2d: {out_channels: 4, kernel_size: 1, groups: »2}}]",
        "has groups 2, which does not divide in_channels 3",
        "groups that divide 3 and 4: 1",
    ),
    (
        "[Flatten, {»BatchNorm2d: }]",
        "takes channels x height x width (behind the batch) but receives 192",
        "3 x 8 x 8 = 192 from 'flatten1'",
    ),
    (
        "[{»Add: {branches: [[{MaxPool2d: 2}], []]}}]",
        "which differ in height (4 and 8)",
        "a stride of 2",
    ),
    (
        "[{Linear: 5, name: a}, {Linear: 5, share: »a}]",
        "shares weight of 'a', which is 5 x 8, but would need 5 x 5",
        "'a' 3 x 8 x 8",
    ),
    ("[»LPPool]", "unknown kind 'LPPool'", "did you mean 'LPPool1d', 'LPPool2d' or 'LPPool3d'?"),
    (
        "[{Linear: {out_features: 2, in_features: »192}}]",
        "states in_features 192 but receives 8",
        "a Flatten before it makes 3 x 8 x 8 = 192 of that",
    ),
]

AROUND = (
    "input: [3, 8, H]\n"
    "blocks: {A: {args: {n: }, layers: [{Linear: n}]}, E: {layers: [ReLU]}}\n"
    "layers: "
)


@pytest.mark.parametrize(("marked", "phrase", "hint"), ENTRIES)
def test_errors_of_entries(marked, phrase, hint):
    assert_told(f"{AROUND}{marked}\nsymbols: {{H: 8}}\n", phrase, hint)


def test_an_output_that_does_not_fit_is_told_by_its_name():
    text = (
        "input: [10, 8]\nlayers: [{LSTM: 16, name: encoder}, {»BatchNorm2d: , from: encoder.h_n}]"
    )
    assert_told(text, "but receives 1 x 16", "receives 1 x 16 from 'encoder.h_n'")


@pytest.mark.parametrize(("marked", "phrase", "hint"), ENTRIES[::5])
def test_errors_inside_branches_have_their_place(marked, phrase, hint):
    text, where = place(f"{AROUND}[{{Concat: {{branches: [{marked}]}}}}]\nsymbols: {{H: 8}}\n")
    found = [problem for problem in problems(text) if problem.mark[:2] == where]
    assert any(phrase in problem.message.replace("concat1.0.", "") for problem in found)


def test_a_comma_that_ends_a_value_too_early_is_explained():
    (first,) = problems("input: [3]\nlayers: [{Linear: {out_features: max(3, bias)}}]")
    assert first.message == "expected ')' in an expression, got the end"
    assert "a comma needs quotes" in first.notes[0]


def test_a_list_written_as_in_python_is_one_error():
    (problem,) = problems("input: [3, 8, 8]\nlayers: [{MaxPool2d: {kernel_size: (2, 2)}}]")
    assert problem.mark[:2] == (2, 38)
    assert "a list is written with brackets" in problem.notes[0]


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("input: »3x32x32\nlayers: [ReLU]", "the batch is left out: [3, 32, 32]"),
        ("input: »(1, 28, 28)\nlayers: [ReLU]", "the batch is left out: [1, 28, 28]"),
        ("input: [64, 3, 8, 8]\nlayers: [{»BatchNorm2d: }]", "leaves the batch out: [3, 8, 8]"),
        ("input: [32, 24, 3]\nlayers: [{MaxPool2d: »5}]", "channels come first: [3, 32, 24]"),
        ("input: [3]\nlayers: »{ReLU: }", "each entry begins with '- '"),
        ("symbols: {n: 1/3}\ninput: [3]\nlayers: [{Linear: »16 * n}]", "where n is 1/3"),
        ("symbols: {n: 0}\ninput: [3, »n - B]\nlayers: [ReLU]", "where B is 1 and n is 0"),
        ("input: [3, 8]\nlayers: [{ReLU: , repeat: »in_channels - 4}]", "where in_channels is 3"),
        ("input: [3]\nlayers: [»'Linear:10']", "a ':' needs a space behind it"),
        ("input: [3]\nlayers: [{Linear: {»'out_features:10': }}]", "a ':' needs a space"),
        (
            "input: [3, 8, 8]\nlayers: [{»Conv2d: 64}]",
            "as in Conv2d: {out_channels: ..., kernel_size: ...}",
        ),
        (
            "input: [3]\nlayers: [{ReLU: , from: »a}, {Tanh: , name: a}]",
            "'a' stands in line 2; only what stands before can be named",
        ),
    ],
)
def test_likely_mistakes_have_a_hint_of_their_own(spec, hint):
    assert_told(spec, "", hint)


@pytest.mark.parametrize(
    "layer", [{"PixelUnshuffle": 2}, {"Conv2d": {"out_channels": 4, "kernel_size": 30}}]
)
def test_channels_that_are_a_symbol_are_not_said_to_be_missing(layer):
    network = shapecalc.load({"input": ["c", 11, 11], "symbols": {"c": 6}, "layers": [layer]})
    with pytest.raises(shapecalc.SpecError) as told:
        network.report(symbolic=["c"])
    assert "one channel" not in str(told.value)


def test_all_that_is_missing_in_an_entry_is_one_error():
    (problem,) = problems("input: [3, 8, 8]\nlayers: [Conv2d]")
    assert problem.message == (
        "Conv2d needs out_channels: number of filters; kernel_size: size of a filter"
    )


# -- several errors, and what follows from one ----------------------------------------------------


def test_all_errors_of_one_reading_are_told_in_their_order():
    found = problems(
        "nme: x\n"
        "input: [3, 8, 8]\n"
        "layers:\n"
        "- Relu\n"
        "- Conv2d: {out_channels: n, kernel_size: 3}\n"
        "- {Linear: 3, from: nobody}\n"
        "outputs: [last]\n"
    )
    assert [problem.mark.line for problem in found] == [1, 4, 5, 6, 7]


def test_errors_of_sizes_are_told_at_once_where_they_do_not_follow_from_each_other():
    found = problems(
        "input: [3, 8, 8]\n"
        "layers:\n"
        "- {Conv2d: {out_channels: 4, kernel_size: 99}, from: input}\n"
        "- {Conv2d: {out_channels: 4, kernel_size: 98}, from: input}\n"
        "- {Conv2d: {in_channels: 7, out_channels: 4, kernel_size: 3}, from: input}\n"
        "- {Conv2d: {in_channels: 9, out_channels: 4, kernel_size: 3}}\n"
    )
    assert [problem.mark.line for problem in found] == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "behind",
    [
        "ReLU",
        "{Linear: in_channels}",
        "{ReLU: , when: in_channels > 2}",
        "{ReLU: , repeat: in_channels}",
        "{A: in_features}",
        "{Add: {branches: [[{Linear: in_features}], []]}}",
        "{Conv2d: {out_channels: in_channels, kernel_size: 1}, repeat: 2}",
        "{Conv2d: {out_channels: 1, kernel_size: 99}, share: conv1}",
    ],
)
def test_what_only_follows_from_an_error_is_not_told(behind):
    text = "[{Conv2d: {out_channels: 1, kernel_size: 99}}, " + behind + "]"
    (problem,) = problems(f"{AROUND}{text}\nsymbols: {{H: 8}}\n")
    assert "has a kernel of 99" in problem.message


@pytest.mark.parametrize(
    "spec",
    [
        "layers: [{»conv2d: {out_channels: 4, kernel_size: 3}}, {ReLU: , from: conv1}]",
        "layers: [{»Dense: 10, name: a}, {ReLU: , from: a}]\noutputs: [a]",
        "layers: [{Linear: , »out_features: 10, name: a}, {ReLU: , from: a}]\noutputs: [a]",
        "layers: [»{name: a}, {ReLU: , from: a}]\noutputs: [a]",
        "layers: [{Conv2d: {»filters: 4, kernel_size: 3}}]",
        "layers: [{Linear: {»units: 4}}]",
    ],
)
def test_what_names_a_wrong_entry_is_not_wrong_for_that(spec):
    assert_told(f"input: [3, 8, 8]\n{spec}", "", "")


def test_an_error_in_a_repeat_is_told_once():
    (problem,) = problems(
        "input: [3, 8, 8]\n"
        "layers: [{Conv2d: {out_channels: in_channels, kernel_size: 3}, repeat: 9}]\n"
    )
    assert "Conv2d 'conv1.3' has a kernel of 3" in problem.message


# -- the frame ------------------------------------------------------------------------------------


def rendered(text: str) -> str:
    with pytest.raises(shapecalc.SpecError) as caught:
        Network(parse(decode(text.encode(), "specs/mine.yaml")), 1000).report()
    return str(caught.value)


def test_the_frame_names_place_line_cause_and_hint():
    text = """\
input: [16, 6, 6]
layers:
  - Flatten
  - Linear: {in_features: 400, out_features: 120}
"""
    assert rendered(text) == (
        "specs/mine.yaml:4:27: error: Linear 'linear1' states in_features 400 but receives 576\n"
        "    4 |   - Linear: {in_features: 400, out_features: 120}\n"
        "      |                           ^^^\n"
        "   receives 16 x 6 x 6 = 576 from 'flatten1'; "
        "400 would need a 5 x 5 input, this one is 6 x 6\n"
        "   leave in_features out to have it inferred"
    )


def test_the_frame_of_what_is_misspelt():
    text = "input: [3, 8, 8]\nlayers:\n- Conv2d: {out_channels: 4, kernal_size: 3}\n"
    assert rendered(text) == (
        "specs/mine.yaml:3:29: error: Conv2d has no field 'kernal_size'\n"
        "    3 | - Conv2d: {out_channels: 4, kernal_size: 3}\n"
        "      |                             ^^^^^^^^^^^\n"
        "   did you mean 'kernel_size'?"
    )


def test_the_frame_inside_blocks_names_definition_and_uses():
    text = """\
input: [3, 8, 8]
blocks:
  Outer: {layers: [{Inner: 99}]}
  Inner:
    args: {k: }
    layers:
      - Conv2d: {out_channels: 4, kernel_size: k}
layers:
  - ReLU
  - {Outer: , name: first}
"""
    lines = rendered(text).splitlines()
    assert lines[:5] == [
        "specs/mine.yaml:7:48: error: Conv2d 'first.inner1.conv1' has a kernel of 99 that does "
        "not fit its input of 8",
        "    7 |       - Conv2d: {out_channels: 4, kernel_size: k}",
        "      |                                                ^",
        "   receives 3 x 8 x 8 from 'relu1'",
        "   make its input larger by at least 91, or pad, or take a smaller kernel",
    ]
    assert lines[-2:] == [
        "   in block 'Inner', used at specs/mine.yaml:3:21",
        "   in block 'Outer', used at specs/mine.yaml:10:6",
    ]


def test_a_long_line_is_cut_around_the_place():
    padding = ", ".join(["ReLU"] * 100)
    lines = rendered(f"input: [3]\nlayers: [{padding}, Xyzzy, {padding}]").splitlines()
    assert len(lines[1]) <= 8 + 96
    at = lines[2].index("^")
    assert lines[1][at : at + 5] == "Xyzzy"


def test_tabs_and_control_characters_do_not_reach_the_terminal():
    text = 'input: [3]\nlayers: ["\\x1b[31m", \tXyzzy, "a\u200bb"]'
    out = rendered(text)
    assert "\x1b" not in out
    assert "\t" not in out
    for line, carets in zip(out.splitlines(), out.splitlines()[1:], strict=False):
        if set(carets[8:].strip()) == {"^"} and "Xyzzy" in line:
            assert "unknown kind" in line or line[carets.index("^")] in "X\"'"


def test_several_errors_are_several_frames():
    out = rendered("input: [3]\nlayers: [Relu, Tahn]")
    assert re.findall(r"specs/mine.yaml:2:(\d+): error: unknown kind", out) == ["10", "16"]


def test_control_characters_of_a_name_do_not_reach_the_terminal():
    out = rendered('input: [3]\nlayers: [{ReLU: , name: "a\\e[31m"}, {ReLU: , from: b}]')
    assert "known here" in out
    assert "\x1b" not in out


def test_a_long_message_is_cut():
    name = "a" * 10_000
    out = rendered(f"input: [3]\nlayers: [{{ReLU: , from: {name}}}]")
    assert all(len(line) <= 1000 for line in out.splitlines())


# -- no text at all makes a traceback -------------------------------------------------------------

LARGEST = 3000
"""Longer specs would make the search slow."""

TEXTS = [path.read_text() for path in SPECS if path.stat().st_size <= LARGEST]

PIECES = [
    "[", "]", "{", "}", ",", ":", "-", "\n", "  ", "\t", "'", '"', "&a ", "*a", "!x ", "#", "|",
    "? ", "%", "\x00", "é", "0", "-1", "1e9", ".inf", "null", "true", "H", "B", "index",
    "in_channels", "in_height", "ReLU", "Conv2d", "Concat: ", "Add: ", "Flatten", "branches: ",
    "from: ", "repeat: ", "when: ", "share: ", "name: ", "input", "args: ", "same", "H // 0",
    "1 / H", "2**99", "(", ")", "if",
]  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    """A spec with a few characters, words and lines deleted, doubled, replaced or moved."""
    for _ in range(chance.randint(1, 4)):
        lines = text.splitlines(keepends=True) or [""]
        at = chance.randrange(len(lines))
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(0, 12))
        number = list(re.finditer(r"[0-9]+|[A-Za-z_]\w*", text))
        change = chance.randrange(7)
        if change == 0:
            text = text[:start] + text[end:]
        elif change == 1:
            text = text[:start] + chance.choice(PIECES) + text[start:]
        elif change == 2:
            text = text[:start] + chance.choice(PIECES) + text[end:]
        elif change == 3:
            text = "".join(lines[:at] + lines[at + 1 :])
        elif change == 4:
            text = "".join([*lines[: at + 1], *lines[at:]])
        elif change == 5:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
            text = "".join(lines)
        elif number:
            one, two = chance.choice(number), chance.choice(number)
            text = text[: one.start()] + two[0] + text[one.end() :]
    return text


def survives(data: bytes, symbolic: bool) -> None:
    note(f"spec: {data!r}, symbolic={symbolic}")
    try:
        net = Network(parse(decode(data, "fuzz.yaml")), 500)
        report = net.report(symbolic=symbolic)
        report.to_dict()
    except shapecalc.SettingError:
        return
    except shapecalc.SpecError as refusal:
        found = refusal
    else:
        return
    assert found.problems
    assert all(problem.mark.line >= 1 for problem in found.problems)
    assert all(problem.mark.column >= 1 for problem in found.problems)
    assert str(found)


@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=400)
def test_a_spec_with_mistakes_is_read_or_refused(text, chance, symbolic):
    survives(mutated(text, chance).encode("utf-8", "replace"), symbolic)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(data):
    survives(data, symbolic=False)


words = st.sampled_from([piece.strip(" :") for piece in PIECES if piece.strip(" :")])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**64) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
ours = st.sampled_from(["name", "symbols", "input", "inputs", "blocks", "layers", "outputs"])
entries = st.lists(
    st.dictionaries(st.sampled_from(["ReLU", "Conv2d", "Add", "from", "repeat", "when"]), values)
)


@given(st.dictionaries(ours, values | entries), st.booleans())
@settings(max_examples=300)
def test_any_mapping_is_read_or_refused(spec, symbolic):
    full = {"input": [3, 8, 8], "layers": ["ReLU"], **spec}
    with contextlib.suppress(shapecalc.SpecError, shapecalc.SettingError):
        shapecalc.load(full, most_layers=500).report(symbolic=symbolic)


# -- what the command line is connected to --------------------------------------------------------


def run(redirected: str) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -c 'from shapecalc.cli import main; main()' {redirected}"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("command", ["layers", "show lenet5", "explain lenet5 conv1"])
def test_output_that_cannot_be_written_is_an_error(command):
    done = run(f"{command} > /dev/full")
    assert (done.returncode, done.stderr) == (1, "shapecalc: error: No space left on device\n")


@pytest.mark.skipif(os.name != "posix", reason="closed by a shell of POSIX")
@pytest.mark.parametrize(
    ("redirected", "status", "told"),
    [
        ("show lenet5 >&-", 0, ""),
        ("show - <&-", 2, "standard input is closed"),
        ("show lenet6 2>&-", 2, ""),
    ],
)
def test_closed_streams_are_no_traceback(redirected, status, told):
    done = run(redirected)
    assert done.returncode == status
    assert told in done.stderr
    assert "Traceback" not in done.stderr


# -- limits ---------------------------------------------------------------------------------------

CHAIN = 2000
"""More links than Python's stack has frames."""


@pytest.mark.parametrize(
    ("spec", "phrase"),
    [
        (
            "blocks: {A: {args: {"
            + "".join(f"a{i}: a{i + 1}, " for i in range(CHAIN))
            + f"a{CHAIN}: 1}}, layers: [ReLU]}}}}\nlayers: [A]",
            "through more than 64 arguments",
        ),
        (
            "blocks: {"
            + "".join(f"A{i}: {{layers: [A{i + 1}]}}, " for i in range(CHAIN))
            + f"A{CHAIN}: {{layers: [ReLU]}}}}\nlayers: [A0]",
            "nested deeper than 64",
        ),
        (
            "blocks: {"
            + "".join(
                f"A{i}: {{layers: [{'{Add: {branches: [[' * 9}A{i + 1}{']]}}' * 9}]}}, "
                for i in range(60)
            )
            + "A60: {layers: [ReLU]}}\nlayers: [A0]",
            "nested deeper than 64",
        ),
    ],
)
def test_long_chains_are_refused(spec, phrase):
    (problem,) = problems(f"input: [3]\n{spec}")
    assert phrase in problem.message


@pytest.mark.parametrize(
    ("spec", "phrase"),
    [
        (f"input: [{'2**62, ' * 300}1]\nlayers: [ReLU]", "more than 64 dimensions"),
        (f"input: [{'2**62, ' * 63}]\nlayers: [Flatten]", "larger than any tensor"),
        (
            f"input: [1]\nlayers: [{{Unflatten: {{dim: 1, unflattened_size: [{'1, ' * 64}]}}}}]",
            "would put out more than 64 dimensions",
        ),
    ],
)
def test_tensors_have_no_more_dimensions_than_torch_takes(spec, phrase):
    (problem,) = problems(spec)
    assert phrase in problem.message


@pytest.mark.parametrize(
    "entry", ["Xyzzy", "{Conv2d: {out_channels: 1, kernel_size: 9}, from: input}"]
)
def test_so_many_errors_are_told_and_no_more(entry):
    found = problems(f"input: [3, 8, 8]\nlayers: [{', '.join([entry] * 1000)}]")
    assert len(found) == 100


def test_a_spec_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(FileNotFoundError, match="no spec 'gogglenet'; did you mean 'googlenet'"):
        shapecalc.load("gogglenet")


TOLD_AT_ONCE = [
    # every setting of one entry, and of those behind it
    ("[{Conv2d: {out_channels: -6, kernel_size: 3.5, stride: [1, 0]}}, {Dropout: 50}]", 4),
    # an unknown word, a setting beside it, and a kernel of another entry
    ("[{Conv2d: {out_channels: 6, kernel_size: 3, bias: yes, stride: 0}}, {MaxPool2d: -1}]", 3),
    # a kind that there is none of hides nothing that is wrong behind it
    ("[{Conv2D: {filters: 6, kernel_size: 3}}, {MaxPool2d: -1}]", 2),
    # what is wrong in a branch, in another, and in an entry that is left out
    ("[{Add: {branches: [[Relu], [{Linear: 0}]]}}, {Linear: 0, when: index > 1, repeat: 2}]", 3),
    # a mapping where a number belongs is one error
    ("[{Linear: {out_features: {a: 1}}}]", 1),
]


@pytest.mark.parametrize(("layers", "count"), TOLD_AT_ONCE)
def test_values_that_no_field_takes_are_told_with_all_that_is_wrong(layers, count):
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(f"input: [3, 32, 32]\nlayers: {layers}\n")
    assert len(caught.value.problems) == count, str(caught.value)
