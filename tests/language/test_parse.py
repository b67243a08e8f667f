"""The spec language: names, references, branches, blocks and scopes, as they are read."""

from __future__ import annotations

import json

import pytest
import yaml

import shapecalc
from shapecalc.language.parse import parse
from shapecalc.language.problem import Source, SpecError
from shapecalc.language.tree import Setting, Word
from shapecalc.language.words import BATCH
from shapecalc.layers import KINDS


def read(layers: str, **more: str):
    """The tree of a spec with these layers, and other keys, in YAML."""
    keys = {"input": "[3, 8, 8]", **more, "layers": layers}
    text = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return parse(Source("spec.yaml", text))


def names(layers: str, **more: str) -> list[str]:
    return [entry.name for entry in read(layers, **more).entries]


def errors(layers: str, **more: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(layers, **more)
    return [problem.message for problem in caught.value.problems]


def only(layers: str, **more: str):
    (entry,) = read(layers, **more).entries
    return entry


# -- entries --------------------------------------------------------------------------------------


def test_an_entry_is_a_kind_alone_or_a_kind_with_settings():
    entries = read("[ReLU, {ReLU: }, {Linear: 5}, {Linear: {out_features: 5}}]").entries
    assert [entry.kind for entry in entries] == ["ReLU", "ReLU", "Linear", "Linear"]
    assert entries[0].settings == entries[1].settings == {}
    assert entries[2].settings["out_features"].content == 5
    assert entries[3].settings["out_features"].content == 5


def test_a_value_without_a_name_is_the_first_field():
    assert only("[{AdaptiveAvgPool2d: [1, 1]}]").settings["output_size"].value({}) == [1, 1]
    assert only("[{Dropout: 0.5}]").settings.keys() == {"p"}
    assert only(
        "[{A: 7}]", blocks="{A: {args: {x: , y: 1}, layers: [{Linear: x}]}}"
    ).settings.keys() == {"x"}


def test_settings_are_constants_words_or_expressions():
    entry = only(
        "[{Conv2d: {out_channels: 2 * B, kernel_size: [3, B], padding: same, bias: false}}]"
    )
    found = entry.settings
    assert found["out_channels"].kind == Setting.EXPRESSION
    assert found["out_channels"].value({"B": 3}) == 6
    assert found["kernel_size"].value({"B": 3}) == [3, 3]
    assert not found["kernel_size"].is_constant
    assert found["padding"].content == "same"
    assert found["padding"].is_constant
    assert found["bias"].content is False


def test_every_kind_can_be_an_entry():
    for kind, cls in KINDS.items():
        source = "[a, b]" if cls.joins else "input"
        spec = {
            "inputs": {"a": [1], "b": [1], "input": [1]},
            "layers": [{kind: dict(cls.example), "from": yaml.safe_load(source)}],
        }
        (entry,) = parse(Source("spec.json", json.dumps(spec, default=str))).entries
        assert entry.kind == kind
        assert entry.settings.keys() == cls.example.keys()


def test_yaml_and_json_are_the_same_language():
    text = "input: [3, H]\nsymbols: {H: 8}\nlayers:\n- Linear: 2 * H\n- {ReLU: , name: last}\n"
    ours = parse(Source("a", text))
    theirs = parse(Source("b", json.dumps(yaml.safe_load(text))))
    for a, b in zip(ours.entries, theirs.entries, strict=True):
        assert (a.kind, a.name, a.settings.keys()) == (b.kind, b.name, b.settings.keys())


# -- names ----------------------------------------------------------------------------------------


def test_entries_are_numbered_by_kind_without_its_rank():
    kinds = "[{Conv2d: [1, 1]}, ReLU, {Conv1d: [1, 1]}, ReLU, {MaxPool2d: 2}, BatchNorm2d, ReLU]"
    layers = kinds.replace("[1, 1]", "{out_channels: 1, kernel_size: 1}")
    assert names(layers) == ["conv1", "relu1", "conv2", "relu2", "maxpool1", "batchnorm1", "relu3"]


def test_automatic_names_make_way_for_inputs():
    layers = "[{ReLU: , from: other}, {Add: , from: [relu1, relu2]}]"
    text = f"inputs: {{relu1: [3], other: [3]}}\nlayers: {layers}"
    assert [entry.name for entry in parse(Source("", text)).entries] == ["relu2", "add1"]


def test_automatic_names_make_way_for_given_ones():
    assert names("[ReLU, {ReLU: , name: relu1}, ReLU]") == ["relu2", "relu1", "relu3"]
    assert names("[{Add: {branches: {add1: [], b: []}}}]") == ["add2"]


def test_blocks_are_numbered_like_kinds():
    assert names("[Block, ReLU, Block]", blocks="{Block: {layers: [ReLU]}}") == [
        "block1",
        "relu1",
        "block2",
    ]


def test_every_list_numbers_for_itself():
    join = only("[{Concat: {branches: [[ReLU, ReLU], [ReLU]]}}]")
    assert [[e.name for e in branch.entries] for branch in join.branches] == [
        ["relu1", "relu2"],
        ["relu1"],
    ]


@pytest.mark.parametrize("name", ["2a", "a..b", "a.b-c", "a-b", "class", "''", "'a b'", "é"])
def test_a_name_is_an_identifier(name):
    assert any("a name must be an identifier" in e for e in errors(f"[{{ReLU: , name: {name}}}]"))


def test_a_name_stands_once_in_its_list():
    assert errors("[{ReLU: , name: a}, {ReLU: , name: a}]") == [
        "the name 'a' stands twice in this list"
    ]
    assert errors("[{Add: {branches: {a: [], b: []}}}, {ReLU: , name: a}]") == [
        "the name 'a' stands twice in this list"
    ]
    assert read("[{Add: {branches: {a: [{ReLU: , name: r}], b: [{ReLU: , name: r}]}}}]")


def test_a_name_is_not_an_inputs():
    assert errors("[{ReLU: , name: input}]") == ["'input' is the name of an input"]


# -- references -----------------------------------------------------------------------------------


def test_an_entry_may_be_fed_from_names_before_it():
    entries = read("[{ReLU: , name: a}, ReLU, {Add: , from: [a, relu1, input]}, {Tanh: , from: a}]")
    assert [ref.name for ref in entries.entries[2].sources] == ["a", "relu1", "input"]
    assert [ref.name for ref in entries.entries[3].sources] == ["a"]


def test_branch_names_are_names_of_the_list_of_the_join():
    spec = read("[{Add: {branches: {a: [ReLU], b: []}}}, {Tanh: , from: a}]")
    assert spec.entries[1].sources[0].name == "a"


def test_names_of_an_enclosing_list_are_known_in_branches():
    assert read("[{ReLU: , name: a}, {Add: {branches: [[{Tanh: , from: a}], []]}}]")


@pytest.mark.parametrize(
    "layers",
    [
        "[{ReLU: , from: a}, {ReLU: , name: a}]",  # stands behind
        "[{ReLU: , name: a, from: a}]",  # is itself
        "[{Add: {branches: [[{ReLU: , name: a}], []]}}, {ReLU: , from: a}]",  # inside a branch
        "[{Add: {branches: [[{ReLU: , name: a}], [{ReLU: , from: a}]]}}]",  # in another branch
        "[{Add: {branches: {a: [], b: []}}, repeat: 2}, {ReLU: , from: a}]",  # one per copy
        "[{Add: , from: [input, a]}]",
        "[{ReLU: , share: a}]",
    ],
)
def test_only_what_stands_before_an_entry_is_known_to_it(layers):
    (error,) = errors(layers)
    assert "'a', but no entry of the network before it has that name" in error


def test_a_block_does_not_see_the_network_around_it():
    (error,) = errors("[{ReLU: , name: a}, Block]", blocks="{Block: {layers: [{ReLU: , from: a}]}}")
    assert "no entry of block 'Block' before it has that name" in error


def test_the_input_of_a_block_is_called_input():
    assert read("[Block]", blocks="{Block: {layers: [ReLU, {Add: , from: [relu1, input]}]}}")


def test_weights_are_shared_by_entries_of_one_kind():
    assert read("[{Linear: 8, name: a}, {Linear: 8, share: a}]").entries[1].share.name == "a"
    assert errors("[{Linear: 8, name: a}, {ReLU: , share: a}]") == [
        "a ReLU cannot share the weights of 'a', a Linear"
    ]


# -- branches -------------------------------------------------------------------------------------


def test_branches_are_named_or_a_list():
    named = only("[{Concat: {dim: 2, branches: {a: [ReLU], b: []}}}]")
    assert [branch.name for branch in named.branches] == ["a", "b"]
    assert named.settings.keys() == {"dim"}
    listed = only("[{Concat: {branches: [[ReLU], []]}}]")
    assert [branch.name for branch in listed.branches] == [None, None]


def test_only_joins_have_branches():
    assert "ReLU has no field 'branches'" in errors("[{ReLU: {branches: [[], []]}}]")


# -- blocks ---------------------------------------------------------------------------------------


def test_blocks_may_use_blocks_whatever_their_order():
    spec = read("[A]", blocks="{A: {layers: [B1]}, B1: {layers: [ReLU]}}")
    assert spec.blocks["A"].entries[0].block is spec.blocks["B1"]


@pytest.mark.parametrize(
    ("blocks", "ring"),
    [
        ("{A: {layers: [A]}}", "A -> A"),
        ("{A: {layers: [C]}, C: {layers: [ReLU, A]}}", "A -> C -> A"),
        ("{A: {layers: [{Add: {branches: [[A], []]}}]}}", "A -> A"),
    ],
)
def test_a_block_cannot_use_itself(blocks, ring):
    assert errors("[A]", blocks=blocks) == [f"block {ring[0]!r} uses itself: {ring}"]


def test_a_block_cannot_shadow_a_kind():
    assert "block 'ReLU' has the name of a kind" in errors(
        "[ReLU]", blocks="{ReLU: {layers: [Tanh]}}"
    )


def test_a_null_argument_is_required():
    block = "{A: {args: {x: , y: 2 * x}, layers: [{Linear: y}]}}"
    spec = read("[{A: 3}]", blocks=block)
    assert spec.blocks["A"].arguments["x"] is None
    assert spec.blocks["A"].arguments["y"].value({"x": 3}) == 6
    assert errors("[A]", blocks=block) == ["A needs x"]


def _uses(block, *uses):
    return {"input": [3, 16, 16], "blocks": {"Unit": block}, "layers": list(uses)}


UNIT = {
    "args": {"c": None, "k": None, "p": 0},
    "layers": [{"Conv2d": {"out_channels": "c", "kernel_size": "k", "padding": "p"}}],
}


@pytest.mark.parametrize(
    ("by_position", "by_name"),
    [
        ([8, 3, 1], {"c": 8, "k": 3, "p": 1}),
        ([8, 3], {"c": 8, "k": 3}),
        ([8, [3, 5]], {"c": 8, "k": [3, 5]}),
        (["2*4", "in_channels"], {"c": 8, "k": 3}),
    ],
)
def test_a_list_gives_the_arguments_of_a_block_in_their_order(by_position, by_name):
    one, other = (
        shapecalc.load(_uses(UNIT, {"Unit": each})).report() for each in (by_position, by_name)
    )
    assert one.outputs == other.outputs


def test_a_list_is_the_value_of_a_single_argument():
    block = {"args": {"k": None}, "layers": [{"MaxPool2d": "k"}]}
    report = shapecalc.load(_uses(block, {"Unit": [2, 4]})).report()
    assert report.outputs[0][1].shape == (1, 3, 8, 4)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([8, 3, 1, 2], "Unit takes 3 arguments but is given 4"),
        ([], "Unit needs c and k"),
        ([8], "Unit needs k"),
    ],
)
def test_a_list_of_too_many_or_too_few_arguments_is_one_error(given, told):
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(_uses(UNIT, {"Unit": given}))
    (problem,) = caught.value.problems
    assert problem.message == told


def test_arguments_that_are_too_many_are_told_their_names():
    with pytest.raises(shapecalc.SpecError, match=r"by name: {c: ..., k: ..., p: ...}"):
        shapecalc.load(_uses(UNIT, {"Unit": [8, 3, 1, 2]}))


def test_an_argument_shadows_a_symbol():
    block = "{A: {args: {n: 3}, layers: [{Linear: n}]}}"
    assert read("[A]", blocks=block, symbols="{n: 5}")


def test_a_word_given_to_a_block_is_left_for_its_place_to_read():
    entry = only("[{A: replicate}]", blocks="{A: {args: {mode: }, layers: [ReLU]}}")
    content = entry.settings["mode"].content
    assert isinstance(content, Word)
    assert content == "replicate"
    assert content.mark == entry.settings["mode"].mark


def test_an_expression_given_to_a_block_is_one():
    entry = only("[{A: 2 * B}]", blocks="{A: {args: {n: }, layers: [{Linear: n}]}}")
    assert entry.settings["n"].value({"B": 4}) == 8


# -- scopes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [BATCH, "H", "in_channels", "in_height", "in_width", "in_features"]
)
def test_names_known_in_layers(name):
    assert read(f"[{{Linear: {name}}}]", symbols="{H: 3}")


@pytest.mark.parametrize("name", ["W", "index", "x", "input", "nan", "relu1"])
def test_names_not_known_in_layers(name):
    layers = f"[ReLU, {{Linear: 2 * {name}}}, {{A: 1}}]"
    block = "{A: {args: {x: }, layers: [ReLU]}}"
    assert errors(layers, blocks=block) == [f"unknown name {name!r}"]


def test_index_is_known_in_a_repeated_entry_and_what_it_holds():
    assert read("[{Linear: index + 1, repeat: 2, when: index < 1}]")
    assert read("[{Add: {branches: [[{Linear: 8 + index}], []]}, repeat: 2}]")
    assert errors("[{Linear: 1, repeat: index}]") == ["unknown name 'index'"]
    assert errors("[{A: , repeat: 2}]", blocks="{A: {layers: [{Linear: index}]}}") == [
        "unknown name 'index'"
    ]


def test_sizes_of_an_input_know_symbols_only():
    assert read("[ReLU]", input="[H, 2 * B]", symbols="{H: 3}")
    assert errors("[ReLU]", input="[in_channels]") == ["unknown name 'in_channels'"]


def test_symbols_know_the_symbols_before_them():
    assert read("[ReLU]", symbols="{H: 8, W: 2 * H * B}")
    assert errors("[ReLU]", symbols="{W: 2 * H, H: 8}") == ["unknown name 'H'"]


# -- the top level --------------------------------------------------------------------------------


def test_a_spec_has_a_name_and_words_about_it():
    spec = read("[ReLU]", name="7", about=">\n  one\n  two\n")
    assert (spec.name, spec.about) == ("7", "one two")
    assert (read("[ReLU]").name, read("[ReLU]").about) == ("", "")


def test_inputs_may_have_types():
    spec = parse(
        Source("x", "inputs: {image: [3, 8], tokens: {shape: [5], dtype: int64}}\nlayers: [ReLU]")
    )
    assert [(name, each.dtype, len(each.shape)) for name, each in spec.inputs.items()] == [
        ("image", "float32", 2),
        ("tokens", "int64", 1),
    ]


def test_outputs_are_names_of_entries_and_branches():
    layers = "[{ReLU: , name: a}, {Add: {branches: {b: [], c: []}}}]"
    assert [ref.name for ref in read(layers, outputs="[a, b, add1]").outputs] == ["a", "b", "add1"]
    assert [ref.name for ref in read(layers, outputs="a").outputs] == ["a"]
    assert read(layers).outputs == []


def test_every_problem_of_a_spec_is_told_at_once():
    found = errors("[Relu, {Linear: }, {Conv2d: {out_chanels: 1, kernel_size: n}}]", nme="x")
    assert len(found) == 5


@pytest.mark.parametrize(("kind", "akin"), [("Transpose", "Permute"), ("Pad", "ZeroPad2d")])
def test_a_kind_that_lacks_what_it_needs_names_those_that_may_be_meant(kind, akin):
    with pytest.raises(SpecError) as caught:
        parse(Source("net.yaml", f"input: [3, 8, 8]\nlayers: [{kind}]\n"))
    (problem,) = caught.value.problems
    assert akin in problem.notes[-1]
