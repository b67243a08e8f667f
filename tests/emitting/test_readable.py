"""Sizes are told as a person would: one floor for several, remainders as such, plain halves."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.scope import owner
from shapecalc.emitting.scope.outside import AXES
from shapecalc.language.problem import SpecError
from tests.bundled import thorough
from tests.emitting.emitted import assert_emits, assert_is, made, maker
from tests.emitting.stepwise import assert_computes


def conv(channels, **more):
    return {"Conv2d": {"out_channels": channels, "kernel_size": 1}, **more}


def network(layers, **more):
    return shapecalc.load({"input": [3, 64, 64], "layers": layers, **more})


def test_a_floor_of_floors_is_one():
    pools = {"layers": [{"MaxPool2d": 2}] * 4}
    source = assert_emits(network(["Pools"], blocks={"Pools": pools}))
    assert (
        "# [B, 3, H // 16, W // 16]" in source or "# [B, in_channels, H // 16, W // 16]" in source
    )
    assert "// 2 // 2" not in source


def test_a_remainder_is_told_as_one():
    layers = [conv("(index - 1) % 3 + 1", repeat="n"), conv("n % a + 1")]
    source = assert_emits(network(layers, symbols={"n": 5, "a": 3}), {"n": 7, "a": 2})
    assert "(index - 1) % 3 + 1" in source
    assert "n % a + 1" in source
    assert "(n - 2) % 3 + 1" in source


def test_a_number_stays_beside_a_floor_that_has_none():
    source = assert_emits(network([conv("floor(4*b/3) + 1"), "ReLU"], symbols={"b": 5}), {"b": 4})
    assert "nn.Conv2d(3, 4 * b // 3 + 1, kernel_size=1)" in source
    assert "# [B, 4 * b // 3 + 1, 64, 64]" in source


def test_the_half_of_what_is_twice_something_is_that():
    block = {"args": {"n": None}, "layers": [conv("2*n"), {"Chunk": {"chunks": 2, "index": 1}}]}
    net = network([{"Gate": "w"}, {"Gate": "2*w"}], symbols={"w": 4}, blocks={"Gate": block})
    assert "# [B, n, H, W]" in assert_emits(net, {"w": 3})


def test_names_of_lists_inside_are_their_own():
    inner = [conv(4, name="l0"), {"Concat": None, "from": ["l0"]}]
    layers = [
        {"Flatten": {"start_dim": 2}, "name": "flat"},
        {"LSTM": 64, "name": "l0"},
        {"Linear": 64, "from": "l0.h_n", "name": "head"},
        {"Concat": {"branches": {"p": inner}}, "from": "input", "name": "join"},
    ]
    assert_emits(network(layers, outputs=["head", "join"]))


def test_a_network_without_any_entry_returns_nothing():
    inputs = {"left": [3, 6, 6], "right": [3, 6, 6]}
    layers = [{"ReLU": None, "when": "on", "from": "left"}]
    net = shapecalc.load({"symbols": {"on": 0}, "inputs": inputs, "layers": layers})
    with pytest.raises(SpecError, match="every entry is left out: the network returns nothing"):
        net.report()


def test_parts_make_fractions_of_numbers_that_need_not_be_whole():
    part = [conv("4*w", name="c"), {"Add": None, "from": ["c", "c"]}]
    layers = [{"Concat": {"branches": {"p": part}}, "repeat": "n"}]
    source = assert_emits(
        network(layers, symbols={"w": "1/2", "n": 2}), {"w": Fraction(3, 2), "n": 3}
    )
    assert "w: float | Fraction" in source


def test_a_number_that_hangs_on_copies_of_two_entries_is_refused():
    inner = {"Concat": {"branches": {"q": [conv(4)]}}, "repeat": "b"}
    outer = {"Concat": {"branches": {"p": ["ReLU", inner]}}, "repeat": "b + 1"}
    block = {"args": {"n": None}, "layers": [conv("n"), outer]}
    net = network(
        [{"Unit": "a"}, {"Unit": "a + 1"}], symbols={"a": 2, "b": 3}, blocks={"Unit": block}
    )
    with pytest.raises(EmitError, match="from copy to copy in a way that no expression tells"):
        module(net)


def test_a_default_that_follows_from_what_is_no_knob_is_put_in():
    block = {"args": {"n": None, "m": "2*s"}, "layers": [conv("n"), conv("m")]}
    net = network([{"Unit": 3}, {"Unit": 5}], symbols={"s": 4}, blocks={"Unit": block})
    source = module(net, knobs=frozenset())
    assert "nn.Conv2d(n, 8, kernel_size=1)" in source
    assert_is(made(source), net.report())
    assert "2 * s" in assert_emits(net, {"s": 3})


def test_copies_that_are_there_are_written_one_by_one_where_they_are_few():
    source = assert_emits(network([{"Linear": 64, "repeat": 1, "when": "index != 1"}]))
    assert "self.linear1 = nn.Sequential(nn.Linear(64, 64))" in source
    source = assert_emits(network([{"Linear": 64, "repeat": 3, "when": "index != 1"}]))
    assert '[("0", nn.Linear(64, 64)), ("2", nn.Linear(64, 64))]' in source


def test_a_division_that_is_exact_is_carried_out():
    halves = {"layers": [conv("2*w"), {"Chunk": {"chunks": 2}}, conv("w")]}
    net = network(["Half"], symbols={"w": 4}, blocks={"Half": halves})
    assert "nn.Conv2d(w, w, kernel_size=1)" in assert_emits(net, {"w": 3})


def test_numbers_that_modules_get_anyway_are_no_names():
    copies = {"Linear": 64, "repeat": 5, "name": "2"}
    entries = [{"Linear": 64, "name": "0"}, {"ReLU": None, "name": "1"}, copies]
    assert "add_module" not in assert_emits(network(["S"], blocks={"S": {"layers": entries}}))


def test_an_entry_may_be_fed_by_one_of_its_name_around_it():
    inside = [
        {"Concat": None, "from": ["l0", "l0"], "name": "l0", "when": "on"},
        conv(4, name="l1", **{"from": "input"}),
        {"Add": None, "from": ["l1", "l1"], "name": "l2"},
    ]
    layers = [conv(3, name="l0"), {"Concat": {"branches": [[], inside]}, "name": "join"}]
    assert_emits(network(layers, symbols={"on": 1}), {"on": 0})


def test_tensors_that_are_fed_by_nothing_and_cannot_be_shared_are_told():
    block = {"args": {"n": None}, "layers": [{"Parameter": [1, "n", 1, 1], "name": "p"}]}
    layers = [{"Own": 3, "name": "one"}, {"Own": 4, "name": "two", "share": "one"}]
    with pytest.raises(SpecError, match="which is 1 x 3 x 1 x 1, but would need 1 x 4 x 1 x 1"):
        network(layers, blocks={"Own": block}).report()


def test_a_copy_of_a_function_is_kept_where_it_is_asked_for():
    layers = [
        {"Permute": [0, 1, 3, 2], "repeat": "n", "name": "turned"},
        {"Concat": None, "from": ["turned", "turned.0"]},
        conv(2),
    ]
    source = assert_emits(network(layers, symbols={"n": 3}), {"n": 2})
    assert "turned_0 = " in source


def test_a_copy_of_a_join_is_kept_where_it_is_asked_for():
    join = {"Concat": {"branches": {"p": [conv(3)]}}, "repeat": 2, "name": "joins"}
    layers = [conv(3), join, {"Add": None, "from": ["joins", "joins.0"]}]
    source = assert_emits(network(layers))
    assert "joins_0 = self.joins[:1](x)" in source
    assert_computes(maker(source)(), network(layers).report())


def test_a_copy_of_a_join_that_takes_more_than_its_input_is_kept_where_it_is_asked_for():
    inside = [conv(3, name="c"), {"Add": None, "from": ["c", "first"]}]
    join = {"Concat": {"branches": {"p": inside}}, "repeat": "n", "name": "joins"}
    layers = [conv(3, name="first"), join, {"Add": None, "from": ["joins", "joins.1"]}]
    source = assert_emits(network(layers, symbols={"n": 3}), {"n": 2})
    assert_computes(maker(source)(), network(layers, symbols={"n": 3}).report())


def test_copies_of_a_join_may_have_names_and_take_more_than_their_input():
    inside = [conv(3, name="c"), {"Add": None, "from": ["c", "first"]}]
    join = {"Concat": {"branches": {"p": inside}}, "repeat": "n", "name": "join{index + 1}"}
    layers = [conv(3, name="first"), join]
    source = assert_emits(network(layers, symbols={"n": 3}), {"n": 2})
    assert_computes(maker(source)(), network(layers, symbols={"n": 3}).report())


@pytest.mark.parametrize(
    "name", ["mobilenet_v3", "yolov3", "gpt2", *thorough(["efficientnet", "maxvit", "swin"])]
)
def test_comments_tell_sizes_in_names_that_the_class_has(name):
    sizes = {"B", "D", "H", "L", "W", *AXES}
    for written in re.split(r"\nclass ", module(shapecalc.load(name)))[1:]:
        told = {word for shape in re.findall(r"# \[(.*)\]", written) for word in _words(shape)}
        assert told <= sizes | {*_words(re.sub("#.*", "", written))}


def _words(text):
    return re.findall(r"[a-z_]\w*", text, re.IGNORECASE)


def test_a_sequence_of_features_has_a_length():
    source = module(shapecalc.load("gpt2"))
    assert "x = self.c_attn(x)  # [B, L, 3 * width]" in source
    assert "parts, parts_1, parts_2 = x.unbind(0)  # [B, heads, L, width // heads]" in source


def test_what_is_made_of_nothing_is_on_the_device_of_the_input():
    assert "x: Tensor = torch.arange(self.T, device=tokens.device)" in module(
        shapecalc.load("gpt2")
    )


def test_a_size_that_is_an_argument_at_every_use_is_given_once():
    conv_ = {"Conv2d": {"out_channels": "n", "kernel_size": 1}}
    blocks = {"Unit": {"args": {"n": None}, "layers": [conv_]}}
    layers = [conv("a"), {"Unit": "a"}, conv("b"), {"Unit": "b"}]
    source = assert_emits(network(layers, symbols={"a": 4, "b": 4}, blocks=blocks), {"a": 5})
    assert "self.conv1 = nn.Conv2d(n, n, kernel_size=1)" in source
    assert "Unit(b)" in source


def test_a_size_that_is_by_chance_what_an_argument_is_stays():
    blocks = {"Unit": {"args": {"n": None}, "layers": [{"Linear": "n"}]}}
    layers = [{"Linear": "a"}, {"Unit": "b"}, {"Unit": "b"}]
    source = assert_emits(network(layers, symbols={"a": 4, "b": 4}, blocks=blocks), {"a": 5})
    assert "nn.Linear(in_features, n)" in source


def test_what_hangs_on_a_size_is_asked_of_each_use_once(monkeypatch):
    asked = []
    whole = owner._is_decisive

    def counted(known, use, size):
        asked.append((id(use), size))
        return whole(known, use, size)

    monkeypatch.setattr(owner, "_is_decisive", counted)
    blocks = {"B0": {"args": {"n": None}, "layers": [conv("n")]}}
    for i in range(1, 6):
        uses = [{f"B{i - 1}": "n"}, {f"B{i - 1}": "n"}]
        blocks[f"B{i}"] = {"args": {"n": None}, "layers": uses}
    module(network([{"B5": 3}, {"B5": 4}], blocks=blocks))
    assert asked
    assert len(asked) == len({*asked})


def test_what_a_copys_number_comes_to_is_told():
    pair = conv("max(index, 2)", repeat=2)
    assert "max(" not in assert_emits(network([conv(4), pair]))


def test_a_difference_without_its_sign_is_told_as_one():
    layers = [conv("abs(a - b) + 1"), conv(4)]
    source = assert_emits(network(layers, symbols={"a": 3, "b": 5}), {"a": 9})
    assert source.count("abs(a - b) + 1") == 2


def test_what_a_join_of_one_branch_passes_on_has_the_name_of_what_follows():
    branch = [{"Conv2d": {"out_channels": 4, "kernel_size": 3}}, "ReLU"]
    layers = [{"Add": {"branches": {"only": branch}}}, {"Linear": 2}]
    network = shapecalc.load({"input": [3, 8, 8], "layers": layers})
    source = module(network)
    assert_is(made(source), network.report())
    assert "x = self.only(x)  # [B, 4, 6, 6]" in source
