"""How large a network is bound to be is known before it is built."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

import shapecalc
from shapecalc.graph.evaluate import DEEPEST
from shapecalc.graph.foresee import foreseen
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.problem import SpecError


def counted(spec: dict[str, Any], **values: Any) -> int:
    network = shapecalc.load(spec)
    known = {**network.symbols, **values}
    return sum(count for _, count in foreseen(network.spec, known, DEEPEST))


def steps(part: Part | Node) -> int:
    """The layers in a part; a use of a block that holds none is one step all the same."""
    if isinstance(part, Node):
        return 1
    return max(sum(map(steps, part.children)), part.role == Role.USE)


def doubling(
    entry: dict[str, Any], levels: int, leaf: Sequence[Any] = ("ReLU",), **more: Any
) -> dict[str, Any]:
    """Blocks of which each uses the one before it twice."""
    blocks: dict[str, Any] = {"A0": {"layers": list(leaf)}}
    for level in range(1, levels + 1):
        use = {f"A{level - 1}": None, **entry}
        blocks[f"A{level}"] = {"layers": [use] if "repeat" in entry else [use, use]}
    return {"input": [3, 8, 8], "blocks": blocks, "layers": [{f"A{levels}": None}], **more}


DOUBLING = {
    "plain": doubling({}, 20),
    "conditions": doubling({"when": 1}, 20),
    "a condition of a symbol": doubling({"when": "n > 1"}, 20, symbols={"n": 2}),
    "repeats": doubling({"repeat": 2}, 20),
    "repeats of a symbol": doubling({"repeat": "n"}, 20, symbols={"n": 2}),
    "nothing but uses": doubling({}, 30, leaf=[]),
    "uses of what is left out": doubling({}, 30, leaf=[{"ReLU": None, "when": 0}]),
    "an expression": doubling({"repeat": "4//n"}, 20, symbols={"n": 2}),
}


@pytest.mark.parametrize("name", DOUBLING)
def test_a_million_layers_in_few_words_are_refused_before_they_are_built(name: str) -> None:
    with pytest.raises(SpecError, match="more than 1,000,000 layers"):
        shapecalc.load(DOUBLING[name]).report()


def test_arguments_are_followed_into_blocks() -> None:
    blocks: dict[str, Any] = {
        "Two": {"args": {"n": None}, "layers": [{"One": {"n": "n*n"}}, {"One": {"n": "n*n"}}]},
        "One": {"args": {"n": None, "m": "n"}, "layers": [{"ReLU": None, "repeat": "n*m"}]},
    }
    spec = {"input": [3], "blocks": blocks, "layers": [{"Two": {"n": 40}}]}
    assert counted(spec) == 2 * 40**4
    with pytest.raises(SpecError, match="more than 1,000,000 layers"):
        shapecalc.load(spec).report()


def test_a_network_within_the_limit_is_counted_exactly_where_nothing_hangs_on_a_size() -> None:
    rng = random.Random(1)
    for _ in range(50):
        blocks: dict[str, Any] = {"A0": {"layers": ["ReLU"]}}
        for level in range(1, 5):
            uses = [
                {
                    f"A{rng.randrange(level)}": None,
                    **rng.choice([{}, {"when": rng.randrange(2)}, {"repeat": rng.randrange(4)}]),
                }
                for _ in range(rng.randint(1, 3))
            ]
            join = {"Add": {"branches": [uses, ["ReLU"]]}}
            blocks[f"A{level}"] = {"layers": [join] if rng.random() < 0.3 else uses}
        spec = {"input": [3], "blocks": blocks, "layers": ["ReLU", {"A4": None}]}
        assert counted(spec) == steps(shapecalc.load(spec).report().built.root), spec


def test_what_hangs_on_a_size_counts_as_nothing() -> None:
    layers = [{"ReLU": None, "repeat": "in_channels"}, {"ReLU": None, "when": "in_features > 2"}]
    assert counted({"input": [3], "layers": layers}) == 0


@pytest.mark.parametrize("number", [10_001, 10**6, 10**18])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN", "TransformerEncoder"])
def test_layers_above_each_other_are_bounded(kind: str, number: int) -> None:
    fields = {"nhead": 2} if "Transformer" in kind else {"hidden_size": 8}
    spec = {"input": [4, 8], "layers": [{kind: {**fields, "num_layers": number}}]}
    with pytest.raises(SpecError, match=r"num_layers expects a positive integer of at most 10,000"):
        shapecalc.load(spec).report()


def test_layers_above_each_other_count_towards_the_limit() -> None:
    entry = {"LSTM": {"hidden_size": 8, "num_layers": 60}}
    network = shapecalc.load({"input": [4, 8], "layers": [entry] * 3}, most_layers=150)
    with pytest.raises(SpecError, match="more than 150 layers"):
        network.report()


def test_equal_copies_are_as_if_each_were_placed_by_itself() -> None:
    conv = {"Conv2d": {"out_channels": 3, "kernel_size": 3, "padding": 1}}
    block = {"Unit": {"layers": [conv, "BatchNorm2d", "ReLU"]}}
    spec: dict[str, Any] = {"input": [3, 8, 8], "blocks": block}
    copies = shapecalc.load({**spec, "layers": [{"Unit": None, "repeat": 5}]}).report()
    single = shapecalc.load({**spec, "layers": [{"Unit": None}] * 5}).report()
    assert copies.totals == single.totals
    assert [layer.inputs for layer in copies][1:4] == [
        ("unit1.0.conv1",), ("unit1.0.batchnorm1",), ("unit1.0.relu1",)
    ]  # fmt: skip
    for one, other in zip(copies, single):
        assert (one.counts, one.output_shape) == (other.counts, other.output_shape)
        assert one.node.entry.kind == one.kind
    fields = [copies.receptive_fields[layer.path] for layer in copies]
    assert fields == [single.receptive_fields[layer.path] for layer in single]


def test_equal_settings_make_layers_of_which_a_mistake_in_each_is_told() -> None:
    wrong = {"Linear": {"in_features": 5, "out_features": 4}}
    with pytest.raises(SpecError) as raised:
        shapecalc.load({"input": [4], "layers": [wrong, "ReLU", wrong]}).report()
    assert [problem.path for problem in raised.value.problems] == ["linear1", "linear2"]
    with pytest.raises(SpecError) as raised:
        shapecalc.load({"input": [4], "layers": [{**wrong, "repeat": 3}]}).report()
    assert len(raised.value.problems) == 1


def test_a_truth_is_not_taken_for_the_number_that_it_equals() -> None:
    block = {"Pool": {"args": {"k": None}, "layers": [{"MaxPool1d": "k"}]}}
    uses: list[Any] = [{"Pool": {"k": 1}}, {"Pool": {"k": True}}]
    with pytest.raises(SpecError, match="kernel_size expects"):
        shapecalc.load({"input": [1, 9], "blocks": block, "layers": uses}).report()


def test_receptive_fields_asked_for_in_any_order_are_those_of_the_whole_network() -> None:
    network = shapecalc.load("googlenet")
    told = dict(network.report().receptive_fields)
    some = network.report().receptive_fields
    assert [some[path] for path in reversed(told)] == [told[path] for path in reversed(told)]
    assert "input" not in some
    assert list(some) == list(told)


@pytest.mark.parametrize("symbolic", [(), ("depth",), ("H", "depth"), ("B", "H")])
def test_what_was_built_to_see_what_decides_is_what_is_reported(symbolic: tuple[str, ...]) -> None:
    tried, fresh = shapecalc.load("resnet"), shapecalc.load("resnet")
    deciding = tried.deciding(symbolic=symbolic)
    rest = [name for name in symbolic if name not in deciding]
    assert tried.report(symbolic=rest).to_dict() == fresh.report(symbolic=rest).to_dict()
    assert tried.report(symbolic=symbolic).to_dict() == fresh.report(symbolic=symbolic).to_dict()
    assert tried.report(B=2).totals == fresh.report(B=2).totals
