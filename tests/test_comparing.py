"""``shapecalc diff``: how layers are matched, and that nothing gets lost between two networks."""

from __future__ import annotations

import json
import random
from itertools import product
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import shapecalc
from shapecalc.algebra.formula import evaluate
from shapecalc.analysis.report import Report
from shapecalc.cli import main
from shapecalc.comparing import Comparison, as_dict, compare, text
from shapecalc.language.problem import SpecError
from tests.bundled import SPECS

PAIRS = [
    ("conv5x5_direct", "conv5x5_reduced"),
    ("resnet18", "resnet18_d2l"),
    ("googlenet", "googlenet_cifar"),
    ("alexnet", "alexnet_cifar"),
    ("unet", "vgg16"),
]
COUNTS = ("params", "buffers", "macs", "elementwise", "activations")


def conv(out_channels: int | str, kernel_size: int, **more: Any) -> dict[str, Any]:
    """An entry; ``name`` stands beside the kind, all else inside."""
    name = {"name": more.pop("name")} if "name" in more else {}
    return {"Conv2d": {"out_channels": out_channels, "kernel_size": kernel_size, **more}, **name}


LAYERS: list[Any] = [
    "ReLU",
    "GELU",
    "BatchNorm2d",
    {"Dropout": 0.5},
    {"MaxPool2d": 2},
    conv(8, 3, padding=1),
    conv(8, 1),
    conv(16, 3, padding=1),
    {"Add": {"branches": [["ReLU", "Tanh"], []]}},
]
"""Entries that can stand in any order, as long as there are few pools."""

chains = st.lists(st.sampled_from(LAYERS), min_size=2, max_size=12).filter(
    lambda layers: sum(layer == {"MaxPool2d": 2} for layer in layers) <= 5
)


def report_of(layers: list[Any], **settings: Any) -> Report:
    spec = {"name": "net", "symbols": {"H": 64, "W": 32}, "input": [3, "H", "W"], "layers": layers}
    return shapecalc.load(spec).report(**settings)


def report(name: str, **more: Any) -> Report:
    return shapecalc.load(name).report(**more)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def only(comparison: Comparison, side: str) -> list[str]:
    """The paths of the layers that only one side has."""
    pairs = comparison.pairs if side == "left" else [(b, a) for a, b in comparison.pairs]
    return [a.path for a, b in pairs if a is not None and b is None]


@pytest.mark.parametrize("name", SPECS)
def test_a_network_does_not_differ_from_itself(name: str) -> None:
    network = shapecalc.load(name)
    comparison = compare(network.report(), network.report())
    assert all(a is not None and b is not None and a.path == b.path for a, b in comparison.pairs)
    assert not comparison.changes
    assert not comparison.is_different


@pytest.mark.parametrize("name", SPECS)
def test_other_sizes_do_not_change_what_is_matched(name: str) -> None:
    network = shapecalc.load(name)
    symbolic = [symbol for symbol in ("H", "T") if symbol in network.symbols]
    comparison = compare(network.report(symbolic=symbolic), network.report(B=3))
    assert all(a is not None and b is not None and a.path == b.path for a, b in comparison.pairs)


@given(chains)
def test_a_random_network_does_not_differ_from_itself(layers: list[Any]) -> None:
    assert not compare(report_of(layers), report_of(layers)).is_different


@given(chains, st.randoms(use_true_random=False))
def test_a_layer_left_out_is_the_only_one_missing(layers: list[Any], rng: random.Random) -> None:
    place = rng.randrange(len(layers))
    before, after = report_of(layers), report_of(layers[:place] + layers[place + 1 :])
    comparison = compare(before, after)
    missing = only(comparison, "left")
    assert not only(comparison, "right")
    entries = dict(zip(_names(layers), layers))
    assert all(entries[path.split(".")[0]] == layers[place] for path in missing)
    assert len(missing) == (3 if "Add" in layers[place] else 1)
    # what stands before it is the same in both
    first = next(i for i, row in enumerate(comparison.rows) if row.is_different)
    assert _names(layers).index(comparison.rows[first].left[0].path.split(".")[0]) >= place


def _names(layers: list[Any]) -> list[str]:
    """The paths that the entries have when none is named."""
    return [
        entry.name
        for entry in shapecalc.load({"input": [3, 64, 32], "layers": layers}).spec.entries
    ]


@given(chains, chains)
def test_every_layer_stands_in_one_pair_and_in_order(a: list[Any], b: list[Any]) -> None:
    left, right = report_of(a), report_of(b)
    comparison = compare(left, right)
    for side, own in enumerate((left, right)):
        nodes = [pair[side] for pair in comparison.pairs]
        assert [node.path for node in nodes if node] == [layer.path for layer in own]


@pytest.mark.parametrize(("pair", "depth"), list(product(PAIRS, (None, 1, 2, 3))))
def test_changes_sum_to_the_change_of_the_totals(pair: tuple[str, str], depth: int | None) -> None:
    comparison = compare(report(pair[0]), report(pair[1]), depth)
    for name in COUNTS:
        total = comparison.totals[name]
        assert sum(row.values(name).change for row in comparison.rows) == total.change
        assert sum(row.values(name).left for row in comparison.rows) == total.left
    for name in ("params", "buffers", "macs"):
        shown = sum(row.values(name).change for row in comparison.changes)
        assert shown == comparison.totals[name].change


@pytest.mark.one_in(3)
@pytest.mark.parametrize("pair", [*PAIRS, ("resnet18", "resnet18")])
def test_a_symbolic_change_is_the_numeric_one_at_every_size(pair: tuple[str, str]) -> None:
    rng = random.Random(repr(pair))
    networks = [shapecalc.load(name) for name in pair]
    symbols = ["B", "H", "W"]
    comparison = compare(*(network.report(symbolic=symbols) for network in networks))
    tried = 0
    while tried < 3:
        sizes = {"B": rng.randint(1, 4), "H": rng.randint(2, 20) * 16, "W": rng.randint(2, 20) * 16}
        try:
            left, right = (network.report(sizes) for network in networks)
        except SpecError:  # too small for one of the two
            continue
        tried += 1
        for row in comparison.rows:
            for name in COUNTS:
                change = sum(
                    getattr(right[a.path], name) for r in row.right for a in r.layers
                ) - sum(getattr(left[a.path], name) for r in row.left for a in r.layers)
                assert evaluate(row.values(name).change, sizes) == change, (sizes, row.left, name)


def test_the_direct_and_the_reduced_convolution_in_ten_lines() -> None:
    result = run("conv5x5_direct", "conv5x5_reduced")
    assert result.exit_code == 0
    expected = """\
A = 5x5 convolution, direct: input 256 x 28 x 28; B = 5x5 convolution, reduced: input 256 x 28 x 28
RULE
Layer             Kind    Output        Params A  Params B    Change \
      MACs A      MACs B        Change  Settings
RULE
+ conv1           Conv2d  16 x 28 x 28               4,112    +4,112 \
               3,211,264    +3,211,264
~ conv1 -> conv2  Conv2d  32 x 28 x 28   204,832    12,832  -192,000 \
 160,563,200  10,035,200  -150,528,000  in_channels 256 -> 16
RULE
total params       204,832 -> 16,944 (-187,888, 12.1 x fewer)
total MACs         160,563,200 -> 13,246,464 (-147,316,736, 12.1 x fewer)
total activations  25,088 -> 37,632 (+12,544, 50 % more)
"""
    assert result.output == expected.replace("RULE", "-" * 130)
    assert len(result.output.splitlines()) == 10


def test_a_ratio_that_holds_for_all_sizes_is_told_of_formulas_too() -> None:
    network = shapecalc.load("googlenet")
    one, four = (network.report(B=batch, symbolic=["H"]) for batch in (1, 4))
    assert compare(one, four).totals["macs"].ratio == 4
    other = network.report(W=448, symbolic=["H"])
    assert compare(one, other).totals["activations"].ratio is None


def test_a_block_is_matched_with_the_same_layers_written_out() -> None:
    layers = [conv(8, 3), "ReLU", conv(16, 3), "ReLU"]
    spec = {
        "input": [3, 64, 32],
        "blocks": {"Two": {"args": {"k": None}, "layers": [conv("k", 3), "ReLU"]}},
        "layers": [{"Two": 8}, {"Two": 16}],
    }
    comparison = compare(report_of(layers), shapecalc.load(spec).report())
    assert not comparison.is_different
    folded = compare(report_of(layers), shapecalc.load(spec).report(), depth=1)
    sides = [([r.path for r in row.left], [r.path for r in row.right]) for row in folded.rows]
    assert sides == [(["conv1", "relu1"], ["two1"]), (["conv2", "relu2"], ["two2"])]


def test_a_name_that_was_given_outweighs_likeness() -> None:
    left = report_of([conv(8, 3, name="stem"), conv(8, 5, name="body")])
    right = report_of([conv(8, 3, name="body")])
    comparison = compare(left, right)
    assert only(comparison, "left") == ["stem"]
    assert comparison.changes[1].settings["kernel_size"] == ((5, 5), (3, 3))


def test_an_activation_replaced_is_one_row() -> None:
    comparison = compare(report_of([conv(8, 3), "ReLU"]), report_of([conv(8, 3), "GELU"]))
    assert "~ relu1 -> gelu1  ReLU -> GELU" in text(comparison)
    assert len(comparison.changes) == 1


def test_a_setting_that_changes_no_number_is_a_difference() -> None:
    comparison = compare(report_of([{"Dropout": 0.5}]), report_of([{"Dropout": 0.25}]))
    assert "p 0.5 -> 0.25" in text(comparison)


def test_being_fed_from_elsewhere_is_a_difference() -> None:
    first, second = ({"ReLU": {}, "name": name} for name in ("first", "second"))
    join = [{"Add": {}, "from": ["first", "second"]}], [{"Add": {}, "from": ["first", "first"]}]
    left, right = (report_of([first, second, *last]) for last in join)
    (change,) = compare(left, right).changes
    assert change.settings == {"from": (("first", "second"), ("first", "first"))}


def test_constraints_of_one_side_are_told() -> None:
    result = run("unet", "--symbolic=H", "--set-b", "H=16*h")
    assert "only A needs" in result.output
    assert "H % 16 == 0" in result.output
    assert "only B needs" not in result.output


def test_very_different_long_lists_are_left_unmatched() -> None:
    left = report_of([conv(8 + i % 7, 1) for i in range(1100)])
    right = report_of([conv(9 + i % 5, 1) for i in range(1100)])
    comparison = compare(left, right)
    assert len(only(comparison, "left")) == len(only(comparison, "right")) == 1100


def test_data_holds_what_the_table_holds() -> None:
    result = run("conv5x5_direct", "conv5x5_reduced", "--symbolic", "--format", "json")
    found = json.loads(result.output)
    added, kept = found["layers"]
    assert added["left"]["paths"] == []
    assert added["right"] == {
        "paths": ["conv1"],
        "kind": "Conv2d",
        "output_shape": ["B", "reduced", "H", "W"],
    }
    assert kept["settings"] == {"in_channels": {"left": 256, "right": "reduced"}}
    change = found["totals"]["params"]["change"]
    assert eval(change, {"reduced": 16}) == 16_944 - 204_832
    assert as_dict(compare(report("lenet5"), report("lenet5")))["different"] is False


def test_all_rows_are_shown_on_request() -> None:
    short, long = run("vgg16", "--set-b", "convs3=4"), run("vgg16", "--set-b", "convs3=4", "--all")
    assert "39 more rows (--all shows them)" in short.output
    assert len(long.output.splitlines()) == len(short.output.splitlines()) + 38


def test_a_table_in_markdown() -> None:
    result = run("lenet5", "lenet5_mnist", "--format", "markdown")
    assert "| + relu1 | ReLU | 6 x 28 x 28 |" in result.output
    assert "* total params: 62,006 -> 61,706 (-300, 0.484 % fewer)" in result.output


def test_a_symbol_that_one_side_has_is_set_there() -> None:
    result = run("conv5x5_direct", "conv5x5_reduced", "--set", "reduced=8")
    assert result.exit_code == 0
    assert "8 x 28 x 28" in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("lenet5",), 2, "both sides are the same"),
        (("lenet5", "--set-a", "H=36", "--set-b", "H=36"), 2, "both sides are the same"),
        (("lenet5", "lenet5", "--exit-code"), 0, "alike              all 10 rows"),
        (("lenet5", "--set-b", "Q=1"), 2, "no symbol 'Q'"),
        (("lenet5", "--set-b", "H"), 2, "Invalid value for --set-b"),
        (("lenet5", "lenet55"), 2, "did you mean 'lenet5'?"),
        (("lenet5", "--set-b", "H=5"), 1, "error:"),
        (("lenet5", "--set-b", "H=36,W=36"), 2, ""),
    ],
)
def test_wrong_usage_and_wrong_specs(arguments: tuple[str, ...], status: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == status
    assert message in result.output


def test_an_added_layer_without_cost_shows_its_zeros() -> None:
    written = text(compare(report_of([conv(8, 3)]), report_of([conv(8, 3), "ReLU"])))
    row = next(line for line in written.splitlines() if line.startswith("+ relu1"))
    assert row.split()[-2:] == ["0", "0"]


# -- order ------------------------------------------------------------------------------------

LEFT, RIGHT = (
    {**conv(16, 1, name="left"), "from": "stem"},
    {**conv(24, 1, name="right"), "from": "stem"},
)
A_BRANCH, B_BRANCH = {"a": [conv(8, 1)]}, {"b": [conv(8, 3, padding=1), "ReLU"]}


def swapped(first: list[Any], second: list[Any]) -> Comparison:
    return compare(report_of(first), report_of(second))


@pytest.mark.parametrize("between", [[], ["ReLU"]])
def test_independent_entries_in_another_order_are_alike(between: list[Any]) -> None:
    stem = conv(8, 3, name="stem")
    join = {"Concat": {"dim": 1}, "from": ["left", "right"]}
    comparison = swapped([stem, LEFT, RIGHT, join], [stem, RIGHT, LEFT, join])
    assert not comparison.is_different
    assert all(a is not None and b is not None and a.path == b.path for a, b in comparison.pairs)


@given(st.permutations(range(6)))
def test_any_order_of_independent_entries_is_alike(order: list[int]) -> None:
    stem = conv(8, 3, name="stem")
    entries = [{**conv(8 + i, 1, name=f"head_{'abcdef'[i]}"), "from": "stem"} for i in range(6)]
    join = {"Concat": {"dim": 1}, "from": [entry["name"] for entry in entries]}
    comparison = swapped([stem, *entries, join], [stem, *[entries[i] for i in order], join])
    assert not comparison.is_different


def test_the_order_of_branches_is_told_where_it_matters() -> None:
    for kind, fields, matters in (("Concat", {"dim": 1}, True), ("Add", {}, False)):
        first, second = (
            [{kind: {**fields, "branches": branches}}]
            for branches in ({**A_BRANCH, **B_BRANCH}, {**B_BRANCH, **A_BRANCH})
        )
        comparison = swapped(first, second)
        told = text(comparison)
        assert comparison.is_different is matters
        assert ("from a.conv1, b.relu1 -> b.relu1, a.conv1" in told) is matters
        assert len(comparison.changes) == matters


def test_entries_of_a_chain_in_another_order_are_fed_from_elsewhere() -> None:
    one, two = {"ReLU": {}, "name": "one"}, {"Tanh": {}, "name": "two"}
    comparison = swapped([one, two], [two, one])
    assert comparison.is_different
    assert not only(comparison, "left")


def test_the_order_of_inputs_and_outputs_is_told() -> None:
    layers = [
        {"ReLU": {}, "name": "x", "from": "a"},
        {"ReLU": {}, "name": "y", "from": "b"},
    ]
    first = shapecalc.load(
        {"inputs": {"a": [4], "b": [4]}, "layers": layers, "outputs": ["x", "y"]}
    )
    second = shapecalc.load(
        {"inputs": {"b": [4], "a": [4]}, "layers": layers, "outputs": ["y", "x"]}
    )
    comparison = compare(first.report(), second.report())
    assert not comparison.changes
    assert comparison.is_different
    told = text(comparison)
    assert "order of inputs    a, b -> b, a" in told
    assert "order of outputs   x, y -> y, x" in told


@pytest.mark.parametrize(("other", "status"), [("lenet5_mnist", 1), ("lenet5", 0)])
def test_the_exit_status_tells_of_a_difference_on_request(other: str, status: int) -> None:
    more = [] if other != "lenet5" else ["--set-b", "num_classes=10"]
    assert run("lenet5", other, *more, "--exit-code").exit_code == status
    assert run("lenet5", other, *more).exit_code == 0


def test_what_is_called_by_its_number_is_found_where_numbers_shift() -> None:
    listed = "[{Linear: 4}, {ReLU: , when: n}, {Linear: 5}]"
    network = shapecalc.load(f"symbols: {{n: 0}}\ninput: [3]\nnumbered: true\nlayers: {listed}")
    found = compare(network.report(), network.report(n=1))
    assert (only(found, "left"), only(found, "right")) == ([], ["1"])
