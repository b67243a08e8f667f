"""What a spec means: repeats, conditions, branches, blocks, shared weights, and all paths."""

from __future__ import annotations

import itertools

import pytest

import shapecalc
from shapecalc.algebra.formula import Formula
from shapecalc.graph.build import build
from shapecalc.layers import KINDS

H = Formula.symbol("H")


def loaded(layers: str, **more: str):
    """A network of these layers, and other keys, in YAML."""
    keys = {"input": "[3, 8, 8]", **more, "layers": layers}
    return shapecalc.load("".join(f"{key}: {value}\n" for key, value in keys.items()))


def report(layers: str, settings=None, symbolic=(), **more: str):
    """The report on a spec with these layers, and other keys, in YAML."""
    return loaded(layers, **more).report(settings or {}, symbolic=symbolic)


def paths(layers: str, settings=None, symbolic=(), **more: str) -> list[str]:
    return [layer.path for layer in report(layers, settings, symbolic, **more)]


def refused(layers: str, settings=None, symbolic=(), **more: str):
    with pytest.raises(shapecalc.SpecError) as caught:
        report(layers, settings, symbolic, **more)
    return caught.value.problems


def inputs_of(found) -> dict[str, list[str]]:
    return {layer.path: list(layer.inputs) for layer in found}


# -- chains ---------------------------------------------------------------------------------------


def test_every_entry_is_fed_by_the_one_before_it():
    found = report("[{Conv2d: {out_channels: 4, kernel_size: 3}}, ReLU, {MaxPool2d: 2}, Flatten]")
    assert inputs_of(found) == {
        "conv1": ["input"],
        "relu1": ["conv1"],
        "maxpool1": ["relu1"],
        "flatten1": ["maxpool1"],
    }
    assert [layer.output_shape for layer in found][-1] == (1, 36)
    assert found.outputs == [("flatten1", found["flatten1"].node.output)]


def test_from_feeds_an_entry_from_elsewhere_and_the_rest_goes_on_from_there():
    found = report(
        "[{ReLU: , name: a}, Tanh, {Sigmoid: , from: a}, GELU, {Add: , from: [tanh1, a]}]"
    )
    assert inputs_of(found) == {
        "a": ["input"],
        "tanh1": ["a"],
        "sigmoid1": ["a"],
        "gelu1": ["sigmoid1"],
        "add1": ["tanh1", "a"],
    }


def test_an_input_may_be_asked_for_by_name():
    assert inputs_of(report("[ReLU, {Add: , from: [relu1, input]}]"))["add1"] == ["relu1", "input"]


def test_the_graph_has_the_layers_as_nodes_and_their_wires_as_edges():
    net = shapecalc.load("input: [3, 8, 8]\nlayers: [ReLU, {Add: {branches: [[Tanh], []]}}]")
    assert list(net.graph.nodes) == ["relu1", "add1.0.tanh1", "add1"]
    assert set(net.graph.edges) == {
        ("relu1", "add1.0.tanh1"),
        ("add1.0.tanh1", "add1"),
        ("relu1", "add1"),
    }
    assert net.graph.nodes["relu1"]["node"].mark[:2] == (2, 10)


# -- repeat and index -----------------------------------------------------------------------------


def test_repeat_chains_copies():
    found = report("[{Conv2d: {out_channels: 8 * 2**index, kernel_size: 3}, name: c, repeat: 3}]")
    assert inputs_of(found) == {"c.0": ["input"], "c.1": ["c.0"], "c.2": ["c.1"]}
    assert [layer.output_shape for layer in found] == [
        (1, 8, 6, 6),
        (1, 16, 4, 4),
        (1, 32, 2, 2),
    ]


def test_a_repeat_of_none_passes_its_input_on():
    assert inputs_of(report("[ReLU, {Tanh: , repeat: 0}, GELU]")) == {
        "relu1": ["input"],
        "gelu1": ["relu1"],
    }


def test_a_condition_in_a_repeat_is_asked_of_every_copy():
    assert paths("[{ReLU: , repeat: 4, when: index % 2 == 1}]") == ["relu1.1", "relu1.3"]


def test_a_repeat_may_be_an_expression_of_the_incoming_tensor():
    assert len(paths("[{ReLU: , repeat: in_channels - 1}]")) == 2


def test_a_repeated_entry_is_one_name_for_its_last_copy():
    found = report("[{ReLU: , name: a, repeat: 2}, Tanh, {Add: , from: [a, tanh1]}]")
    assert inputs_of(found)["add1"] == ["a.1", "tanh1"]


def test_repeats_nest():
    block = "{A: {layers: [{ReLU: , repeat: 2}]}}"
    assert paths("[{A: , name: a, repeat: 2}]", blocks=block) == [
        f"a.{i}.relu1.{j}" for i, j in itertools.product(range(2), range(2))
    ]


def test_index_reaches_into_branches_and_as_an_argument_into_blocks():
    block = "{A: {args: {n: }, layers: [{Linear: n}]}}"
    found = report("[{A: 4 + index, name: a, repeat: 2}]", blocks=block)
    assert [layer.output_shape[-1] for layer in found] == [4, 5]
    joins = report(
        "[{Concat: {branches: [[{Conv2d: [index + 1, 1]}], []]}, repeat: 2}]".replace(
            "[index + 1, 1]", "{out_channels: index + 1, kernel_size: 1}"
        )
    )
    assert [layer.output_shape[1] for layer in joins if layer.kind == "Concat"] == [4, 6]


# -- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "is_in"),
    [
        ("true", True),
        ("false", False),
        ("1", True),
        ("0", False),
        ("flag", True),
        ("not flag", False),
        ("in_channels == 3 and in_height > 4", True),
        ("flag > 1 or in_width < 8", False),
    ],
)
def test_when_leaves_an_entry_out(condition, is_in):
    found = paths(f"[ReLU, {{Tanh: , when: {condition}}}, GELU]", symbols="{flag: 1}")
    assert ("tanh1" in found) is is_in


def test_what_is_left_out_passes_its_input_on():
    found = report("[ReLU, {Tanh: , when: false}, GELU]")
    assert inputs_of(found)["gelu1"] == ["relu1"]


def test_an_entry_fed_from_what_is_left_out_is_an_error():
    (problem,) = refused("[ReLU, {Tanh: , name: a, when: false}, {GELU: , from: a}]")
    assert "feeds from 'a', which its 'when' leaves out" in problem.message
    (problem,) = refused("[{Add: {branches: {b: [], c: []}}, when: false}, {GELU: , from: b}]")
    assert "feeds from 'b'" in problem.message


def test_an_entry_left_out_may_be_fed_from_what_is_left_out():
    layers = """
    [{ReLU: , name: a}, {Tanh: , name: b, when: flag}, Sigmoid,
    {Add: , from: [a, sigmoid1], when: not flag}, {Mul: , from: [b, sigmoid1], when: flag},
    {GELU: , name: c, from: b, when: flag, repeat: 2}]
    """
    assert paths(layers, symbols="{flag: 0}") == ["a", "sigmoid1", "add1"]
    assert paths(layers, symbols="{flag: 1}") == ["a", "b", "sigmoid1", "mul1", "c.0", "c.1"]


# -- branches -------------------------------------------------------------------------------------


def test_every_branch_starts_at_the_entrys_own_input():
    found = report(
        "[{ReLU: , name: a}, Tanh, {Add: {branches: [[GELU], [], [SiLU]]}, from: a}, ELU]"
    )
    assert inputs_of(found) == {
        "a": ["input"],
        "tanh1": ["a"],
        "add1.0.gelu1": ["a"],
        "add1.2.silu1": ["a"],
        "add1": ["add1.0.gelu1", "a", "add1.2.silu1"],
        "elu1": ["add1"],
    }


def test_named_branches_are_names_in_the_list_of_the_join():
    found = report("[{Add: {branches: {body: [ReLU, Tanh], way: []}}}, {GELU: , from: body}]")
    assert inputs_of(found) == {
        "body.relu1": ["input"],
        "body.tanh1": ["body.relu1"],
        "add1": ["body.tanh1", "input"],
        "gelu1": ["body.tanh1"],
    }


def test_the_paths_of_every_construct():
    blocks = """
      Inception:
        layers:
        - Concat:
            branches:
              branch1: [ReLU]
              branch2: [{Conv2d: {out_channels: 4, kernel_size: 1}}, ReLU]
      Stage: {layers: [{Inception: , name: inner}]}
"""
    layers = """
    - {Inception: , name: inception3a}
    - Concat: {branches: [[{Conv2d: {out_channels: 2, kernel_size: 1}}], []]}
    - {Stage: , name: stage, repeat: 2}
    - {Add: {branches: {left: [], right: [ReLU]}}, name: twice, repeat: 2}
    - Add: {branches: [[{Mul: {branches: {gate: [Tanh], all: []}}}], []]}
"""
    assert paths(layers, blocks=blocks) == [
        "inception3a.branch1.relu1",
        "inception3a.branch2.conv1",
        "inception3a.branch2.relu1",
        "inception3a.concat1",
        "concat1.0.conv1",
        "concat1",
        *[
            f"stage.{copy}.inner.{inside}"
            for copy in (0, 1)
            for inside in ("branch1.relu1", "branch2.conv1", "branch2.relu1", "concat1")
        ],
        "twice.0.right.relu1",
        "twice.0",
        "twice.1.right.relu1",
        "twice.1",
        "add1.0.gate.tanh1",
        "add1.0.mul1",
        "add1",
    ]


# -- blocks ---------------------------------------------------------------------------------------


def test_arguments_have_defaults_that_may_refer_to_others():
    layers = "[{Linear: n}, {Linear: m}, {Linear: k}]"
    block = f"{{A: {{args: {{n: , m: 2 * n, k: m + in_features}}, layers: {layers}}}}}"
    found = report("[{A: 4}, {A: {n: 1, k: 9}}]", blocks=block)
    assert [layer.output_shape[-1] for layer in found] == [4, 8, 16, 1, 2, 9]


def test_a_default_may_refer_to_an_argument_given_behind_it():
    block = "{A: {args: {n: 2 * m, m: 5}, layers: [{Linear: n}]}}"
    assert report("[{A: {m: 7}}]", blocks=block)["a1.linear1"].output_shape[-1] == 14
    assert report("[A]", blocks=block)["a1.linear1"].output_shape[-1] == 10


@pytest.mark.parametrize("args", ["{n: n}", "{n: m, m: 2 * n}"])
def test_a_default_cannot_refer_to_itself(args):
    assert refused("[A]", blocks=f"{{A: {{args: {args}, layers: [{{Linear: n}}]}}}}")


def test_an_argument_hides_a_symbol_inside_its_block_only():
    block = "{A: {args: {n: 3}, layers: [{Linear: n}]}}"
    found = report("[A, {Linear: n}]", blocks=block, symbols="{n: 5}")
    assert [layer.output_shape[-1] for layer in found] == [3, 5]


def test_a_block_does_not_see_the_arguments_of_the_block_that_uses_it():
    blocks = "{A: {args: {n: 3}, layers: [C]}, C: {layers: [{Linear: n}]}}"
    assert report("[A]", blocks=blocks, symbols="{n: 5}").layers[0].output_shape[-1] == 5


def test_sizes_of_the_incoming_tensor_are_those_at_the_entry():
    first = "{Conv2d: {out_channels: 2 * n, kernel_size: 1}}"
    second = "{Conv2d: {out_channels: in_channels + n, kernel_size: in_height}}"
    block = f"{{A: {{args: {{n: in_channels}}, layers: [{first}, {second}]}}}}"
    assert [layer.output_shape for layer in report("[A]", blocks=block)] == [
        (1, 6, 8, 8),
        (1, 9, 1, 1),
    ]


def test_words_reach_the_field_they_are_meant_for():
    block = (
        "{A: {args: {p: , k: }, layers: [{Conv2d: {out_channels: 1, kernel_size: k, padding: p}}]}}"
    )
    assert report("[{A: {p: same, k: [3, 5]}}]", blocks=block).layers[0].output_shape == (
        1,
        1,
        8,
        8,
    )
    assert report("[{A: {p: [0, 2], k: [3, 5]}}]", blocks=block).layers[0].output_shape == (
        1,
        1,
        6,
        8,
    )


def test_an_empty_block_passes_its_input_on():
    assert inputs_of(report("[ReLU, A, Tanh]", blocks="{A: {layers: []}}"))["tanh1"] == ["relu1"]


# -- shared weights -------------------------------------------------------------------------------


def test_shared_weights_count_once():
    found = report("[{Linear: 8, name: a}, {Linear: 8, share: a}, {Linear: 8, share: a}]")
    assert found.totals.params == 72 == found["a"].params
    assert found["linear1"].params == 0
    assert found["linear1"].weights == found["a"].weights
    assert found.totals.macs == 3 * found["a"].macs
    assert found.to_dict()["layers"][2]["shares"] == "a"


def test_a_chain_of_shares_ends_at_the_first():
    found = report("[{Linear: 8, name: a}, {Linear: 8, name: b, share: a}, {Linear: 8, share: b}]")
    assert found["linear1"].node.shared == "a"
    assert found.totals.params == 72


def test_a_block_shares_all_its_weights():
    blocks = "{A: {layers: [{Linear: 8}, BatchNorm2d, {C: , name: c}]}, C: {layers: [{Linear: 8}]}}"
    found = report("[{A: , name: a}, {A: , name: b, share: a}]", blocks=blocks)
    assert found.totals.params == 72 + 6 + 72
    assert found.totals.buffers == 7
    assert {layer.node.shared for layer in found} == {
        None,
        "a.linear1",
        "a.batchnorm1",
        "a.c.linear1",
    }


def test_shared_weights_must_fit():
    (problem,) = refused("[{Linear: 5, name: a}, {Linear: 5, share: a}]")
    assert "shares weight of 'a', which is 5 x 8, but would need 5 x 5" in problem.message


# -- inputs and outputs ---------------------------------------------------------------------------


def test_several_inputs_are_fed_by_name():
    text = """
inputs:
  image: [4, 6, 6]
  other: {shape: [4, 6, 6], dtype: float64}
  tokens: {shape: [5], dtype: int64}
layers:
- {ReLU: , from: image}
- {Add: , from: [relu1, other]}
- {Flatten: , from: tokens}
outputs: [add1, flatten1]
"""
    found = shapecalc.load(text).report(B=2)
    assert {name: x.shape for name, x in found.inputs.items()} == {
        "image": (2, 4, 6, 6),
        "other": (2, 4, 6, 6),
        "tokens": (2, 5),
    }
    assert [(path, x.shape, x.dtype) for path, x in found.outputs] == [
        ("add1", (2, 4, 6, 6), "float64"),
        ("flatten1", (2, 5), "int64"),
    ]


def test_with_several_inputs_the_first_entry_says_which_it_takes():
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load("inputs: {a: [3], b: [3]}\nlayers: [ReLU]").report()
    assert "does not say which it takes" in str(caught.value)


def test_an_output_that_is_left_out_is_dropped():
    layers = "[{ReLU: , name: a}, {Tanh: , name: b, when: aux}]"
    found = report(layers, symbols="{aux: 0}", outputs="[a, b]")
    assert [path for path, _ in found.outputs] == ["a"]
    found = report(layers, {"aux": 1}, symbols="{aux: 0}", outputs="[a, b]")
    assert [path for path, _ in found.outputs] == ["a", "b"]


def test_a_network_returns_something():
    (problem,) = refused("[ReLU, {Tanh: , name: b, when: false}]", outputs="[b]")
    assert "every output is left out" in problem.message


# -- symbols that decide the structure -------------------------------------------------------------


@pytest.mark.parametrize("symbolic", [True, ["n", "H"]])
def test_a_symbol_that_decides_structure_keeps_its_value(symbolic):
    layers = "[{ReLU: , repeat: n}, {Tanh: , when: n > 1}]"
    found = report(layers, symbolic=symbolic, symbols="{n: 2, H: 8}", input="[3, H, H]")
    assert [layer.path for layer in found] == ["relu1.0", "relu1.1", "tanh1"]
    assert found.symbols["n"] == 2
    assert found.symbols["H"] == H
    assert found["tanh1"].output_shape[1:] == (3, H, H)


def test_a_symbol_that_decides_a_default_keeps_its_value():
    found = report("[{Linear: W}]", symbolic=["H"], symbols="{H: 8, W: H if H > 4 else 4}")
    assert found["linear1"].output_shape[-1] == 8


def test_a_symbol_that_a_word_field_hangs_on_keeps_its_value():
    found = report(
        "[{Conv2d: {out_channels: n, kernel_size: 1, bias: b}}]",
        symbolic=True,
        symbols="{n: 2, b: 0}",
    )
    assert found.symbols["b"] == 0
    assert found.symbols["n"] == Formula.symbol("n")


@pytest.mark.parametrize(
    "layers", ["[{ReLU: , repeat: n}]", "[{ReLU: , when: n > 1}]", "[{Linear: 1 if n > 2 else 3}]"]
)
def test_what_decides_structure_needs_a_value(layers):
    (problem,) = refused(layers, symbols="{n: }")
    assert problem.message == "what is built here depends on n, which has no value"
    assert "--set n=" in problem.notes[0]
    assert problem.mark.line == 3
    assert report(layers, {"n": 3}, symbols="{n: }")


def test_a_default_that_decides_needs_a_value():
    (problem,) = refused("[ReLU]", symbols="{H: , W: 1 if H > 2 else 3}", input="[3, W]")
    assert problem.message == "what is built here depends on H, which has no value"


# -- limits ---------------------------------------------------------------------------------------


def doubling(depth: int) -> str:
    blocks = [f"  A{i}: {{layers: [A{i + 1}, A{i + 1}]}}\n" for i in range(depth)]
    return f"input: [8]\nblocks:\n{''.join(blocks)}  A{depth}: {{layers: [ReLU]}}\nlayers: [A0]\n"


def test_blocks_that_double_thirty_times_are_refused():
    with pytest.raises(shapecalc.SpecError, match="the network has more than 2,000 layers"):
        shapecalc.load(doubling(30), most_layers=2000).report()


def test_blocks_of_nothing_that_double_thirty_times_are_refused():
    text = doubling(30).replace("[ReLU]", "[]").replace("[A0]", "[A0, ReLU]")
    with pytest.raises(shapecalc.SpecError, match="the network has more than 2,000 layers"):
        shapecalc.load(text, most_layers=2000).report()


def test_the_limit_on_layers_is_exact():
    text = "input: [8]\nlayers: [{ReLU: , repeat: n}]\nsymbols: {n: 10}"
    assert len(shapecalc.load(text, most_layers=10).report()) == 10
    with pytest.raises(shapecalc.SpecError, match="more than 10 layers"):
        shapecalc.load(text, most_layers=10).report(n=11)
    with pytest.raises(shapecalc.SpecError, match="more than 10 layers"):
        shapecalc.load(text.replace("}]", "}, ReLU]"), most_layers=10).report()


def test_blocks_nest_so_deep_and_no_deeper():
    def nested(depth):
        blocks = "".join(f"  A{i}: {{layers: [A{i + 1}]}}\n" for i in range(depth))
        return f"input: [8]\nblocks:\n{blocks}  A{depth}: {{layers: [ReLU]}}\nlayers: [A0]\n"

    assert len(shapecalc.load(nested(60)).report()) == 1
    with pytest.raises(shapecalc.SpecError, match="blocks and branches are nested deeper than 64"):
        shapecalc.load(nested(70)).report()


def test_no_tensor_is_larger_than_torch_can_count():
    (problem,) = refused(
        "[{Linear: 2**62}, {ConstantPad1d: {padding: 2**62, value: 0}}]", input="[1, 1]"
    )
    assert "larger than any tensor" in problem.message


def chained(entry: str, count: int, **more: str) -> dict[str, str]:
    """A chain of entries, each with a symbol of its own in place of the star."""
    symbols = ", ".join(f"s{i}: 1" for i in range(count))
    layers = ", ".join(entry.replace("*", f"s{i}") for i in range(count))
    return {"symbols": f"{{H: 64, {symbols}}}", "layers": f"[{layers}]", **more}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "entry", ["{MaxPool1d: {kernel_size: 1, stride: *}}", "{Slice: [2, H//*]}"]
)
def test_formulas_nest_so_deep_and_no_deeper(entry):
    entry = entry.replace(
        "{Slice: [2, H//*]}", "{Conv1d: {out_channels: (in_channels + 3)//*, kernel_size: 1}}"
    )
    assert len(report(**chained(entry, 40, input="[H, H]"), symbolic=True)) == 40
    problems = refused(**chained(entry, 60, input="[H, H]"), symbolic=True)
    assert problems[0].message.endswith("would put out a formula of more than 40 levels")
    assert problems[0].notes[-1] == "leave fewer symbols open, as with --symbolic=H"
    assert len(report(**chained(entry, 60, input="[H, H]"))) == 60


def test_formulas_are_so_long_together_and_no_longer():
    def built(count):
        entry = "{Conv1d: {out_channels: 4, kernel_size: 3, padding: *}}"
        network = loaded(**chained(entry, count, input="[3, H]"))
        return build(network.spec, network.values(symbolic=network.symbols), most_terms=100)

    assert len(built(6).nodes) == 6
    with pytest.raises(shapecalc.SpecError, match="longer than 100 terms together"):
        built(30)


def test_formulas_may_be_longer_where_the_caller_says_so():
    layers = [{"Conv1d": {"out_channels": 4, "kernel_size": 3}}] * 40
    spec = {"symbols": {"H": 200}, "input": [3, "H"], "layers": layers}
    with pytest.raises(shapecalc.SpecError) as refused:
        shapecalc.load(spec, most_terms=100).report(symbolic=["H"])
    (problem,) = refused.value.problems
    hint = "leave fewer symbols open, as with --symbolic=H; if it is meant, --max-terms allows more"
    assert problem.notes[-1] == hint
    assert len(shapecalc.load(spec, most_terms=500).report(symbolic=["H"])) == 40
    assert len(shapecalc.load(spec, most_terms=1).report()) == 40


def test_formulas_of_what_is_counted_have_a_limit_too():
    layers = [{"Conv1d": {"out_channels": 4, "kernel_size": 3}}] * 40
    spec = {"symbols": {"H": 200}, "input": [3, "H"], "layers": layers}
    told = "the formulas of what is counted longer than 160 terms"
    with pytest.raises(shapecalc.SpecError, match=told):
        shapecalc.load(spec, most_terms=160).report(symbolic=["H"])


def test_formulas_of_what_memory_holds_have_a_limit_too():
    branches = [[{"MaxPool1d": {"kernel_size": i, "stride": i}}] for i in range(2, 32)]
    spec = {
        "symbols": {"H": 99},
        "input": [8, "H"],
        "layers": [{"Concat": {"dim": 2, "branches": branches}}],
    }
    report = shapecalc.load(spec, most_terms=150).report(symbolic=["H"])
    assert report.totals.params == 0
    with pytest.raises(shapecalc.SpecError, match="what memory holds longer than 750 terms"):
        report.to_dict(memory=True)


def test_so_many_sizes_that_may_be_1_are_broadcast_and_no_more():
    def added(count):
        names = [f"x{i}" for i in range(count)]
        inputs = ", ".join(f"{name}: [{name}]" for name in names)
        symbols = ", ".join(f"{name}: 4" for name in names)
        layers = f"[{{Add: , from: [{', '.join(names)}]}}]"
        keys = {"inputs": f"{{{inputs}}}", "symbols": f"{{{symbols}}}", "layers": layers}
        return shapecalc.load("".join(f"{key}: {value}\n" for key, value in keys.items()))

    assert added(5).report(symbolic=True).constraints
    with pytest.raises(shapecalc.SpecError, match="whether so many agree is not looked into"):
        added(40).report(symbolic=True)
    assert len(added(40).report()) == 1


# -- numbers and formulas -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lenet5", "googlenet", "unet", "resnet18"])
def test_the_formulas_of_a_bundled_spec_give_its_numbers(name):
    net = shapecalc.load(name)
    general = net.report(symbolic=["B", "H", "W"])
    sizes = {n: v for n, v in net.report().symbols.items() if n in ("B", "H", "W")}
    for numbers in (sizes, {**sizes, "B": 3, "H": sizes["H"] + 32}):
        try:
            known = net.report(numbers)
        except shapecalc.SpecError:
            continue
        for symbolic, numeric in zip(general, known, strict=True):
            for count in ("params", "macs", "elementwise", "activations"):
                value = getattr(symbolic, count)
                value = value.at(**numbers) if isinstance(value, Formula) else value
                assert value == getattr(numeric, count), (symbolic.path, count)


def test_u_net_says_that_its_sizes_are_multiples_of_16():
    report = shapecalc.load("unet").report(symbolic=["H", "W"])
    assert sorted(str(each) for each in report.constraints) == ["H % 16 == 0", "W % 16 == 0"]


def test_what_is_wrong_is_told_of_each_of_several_layers_that_are_alike():
    conv = {"Conv2d": {"in_channels": 4, "out_channels": 3, "kernel_size": 1}}
    with pytest.raises(shapecalc.SpecError) as error:
        shapecalc.load({"input": [3, 8, 8], "layers": [conv, conv]}).report()
    assert [problem.path for problem in error.value.problems] == ["conv1", "conv2"]


def test_layers_are_alike_whatever_comes_between_them() -> None:
    settings = [{"Linear": 8}, {"LayerNorm": {"normalized_shape": 8, "eps": "1/1000"}}]
    by_turns = [{"Concat": None, "from": ["a", "a"]}, {"Linear": 4}, {"Linear": 8, "name": "b"}]
    block = {"layers": [{"Linear": 8, "name": "a"}, settings[1], *by_turns]}
    layers = [{"pair": None, "repeat": 3}]
    found = shapecalc.load({"input": [8], "blocks": {"pair": block}, "layers": layers}).report()
    assert len(found) == 15
    assert len({layer.node.likeness for layer in found}) == 5
    wide = [{"ReLU": None}, {"Linear": 16}, {"ReLU": None}, {"Linear": 8}]
    found = shapecalc.load({"input": [8], "layers": wide * 3}).report(symbolic=["B"])
    assert len({layer.node.likeness for layer in found}) == 4
    assert [str(layer.output_shape[1]) for layer in found] == ["8", "16", "16", "8"] * 3


def test_layers_alike_put_out_what_is_asked_of_each():
    pool = {"MaxPool2d": {"kernel_size": 3, "stride": 1, "padding": 1}}
    layers = [pool, pool, {"MaxUnpool2d": {"kernel_size": 3, "stride": 1, "padding": 1}}]
    layers[2]["from"] = ["maxpool2", "maxpool2.indices"]
    report = shapecalc.load({"input": [3, 8, 8], "layers": layers}).report()
    assert list(report["maxpool1"].output_shapes) == ["output"]
    assert list(report["maxpool2"].output_shapes) == ["output", "indices"]


def test_outputs_that_are_always_there_are_not_asked_about_when_they_are_taken(monkeypatch):
    asked = []

    def noted(name):
        own = KINDS[name].offers

        def offers(self, output, *x):
            asked.append(self.kind)
            return own(self, output, *x)

        return offers

    for name in ("ReLU", "Chunk"):
        monkeypatch.setattr(KINDS[name], "offers", noted(name))
    assert KINDS["ReLU"].offers_all
    assert not KINDS["Chunk"].offers_all
    assert paths("[{ReLU: , repeat: 3}, {Chunk: {chunks: 2, dim: -1}}, Tanh]")[-1] == "tanh1"
    assert asked == ["Chunk"]
