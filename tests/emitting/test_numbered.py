"""Lists that are numbered, and copies with names, as source: names, order, other values, layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting import EmitError
from shapecalc.emitting.module import module
from shapecalc.emitting.sequential import sequential
from tests.emitting.emitted import assert_emits, assert_is, assert_is_clean, made, torch
from tests.graph.test_naming import BLOCKS

CONV = "Conv2d: {out_channels: 8, kernel_size: 1}"


def net(layers: str, symbols: str = "{}", blocks: str = "") -> shapecalc.Network:
    text = f"name: N\nsymbols: {symbols}\ninput: [3, 8, 8]\n{blocks}\nlayers:\n{layers}\n"
    return shapecalc.load(text)


def block(*entries: str, keys: str = "numbered: true", args: str = "{}") -> str:
    listed = "".join(f"      - {{{entry}}}\n" for entry in entries)
    return f"blocks:\n  Body:\n    {keys}\n    args: {args}\n    layers:\n{listed}"


def emitted(network: shapecalc.Network, *knobs: Mapping[str, Any]) -> str:
    """The source of a network that is right at several values, and formatted."""
    source = assert_emits(network)
    for each in knobs:
        assert_is(made(source, **each), network.report(each))
    assert_is_clean(source)
    return source


USE = "  - {Body: , name: body}"


def test_an_inline_block_is_a_function_that_makes_a_list() -> None:
    network = net("  - {Features: , name: f}", "{norm: 1, convs: 2, drop: 0}", BLOCKS)
    source = emitted(network, {"norm": 0}, {"drop": 1, "convs": 3}, {"convs": 1, "norm": 0})
    assert (
        """\
def group(in_channels: int, convs: int, norm: bool) -> list[nn.Module]:
    if convs < 1:
        raise ValueError("convs must be at least 1")
    layers = conv_relu(in_channels, 8, norm)
    for _ in range(convs - 1):
        layers += conv_relu(8, 8, norm)
    layers.append(nn.MaxPool2d(2))
    return layers
"""
        in source
    )
    assert (
        """\
        layers = group(3, convs, norm)
        if drop:
            layers.append(nn.Dropout())
        layers += group(8, 1, norm)
        super().__init__(*layers)
"""
        in source
    )


def test_entries_under_one_condition_are_added_together() -> None:
    entries = (CONV, "BatchNorm2d: , when: norm", "ReLU: , when: norm", CONV)
    source = emitted(net(USE, "{norm: 1}", block(*entries)), {"norm": 0})
    assert (
        """\
        layers: list[nn.Module] = [nn.Conv2d(3, 8, kernel_size=1)]
        if norm:
            layers += [nn.BatchNorm2d(8), nn.ReLU()]
        layers.append(nn.Conv2d(8, 8, kernel_size=1))
        super().__init__(*layers)
"""
        in source
    )


def test_a_list_may_begin_with_what_may_be_left_out() -> None:
    source = emitted(net(USE, "{norm: 1}", block("BatchNorm2d: , when: norm", CONV)), {"norm": 0})
    assert "        layers: list[nn.Module] = []\n        if norm:\n" in source


def test_copies_without_names_stand_among_the_others() -> None:
    entries = ("BatchNorm2d: ", f"{CONV}, repeat: n", "ReLU: ")
    source = emitted(net(USE, "{n: 3}", block(*entries)), {"n": 1}, {"n": 5})
    assert "nn.Conv2d(3 if index == 0 else 8, 8, kernel_size=1)\n" in source


def test_copies_that_some_numbers_leave_out_are_not_counted() -> None:
    entries = ("ReLU: , repeat: n, when: index % 2 == 0", CONV)
    emitted(net(USE, "{n: 4}", block(*entries)), {"n": 1}, {"n": 5})
    entries = (CONV, f"{CONV}, repeat: n, when: index % 2 == 0", "ReLU: ")
    emitted(net(USE, "{n: 4}", block(*entries)), {"n": 1}, {"n": 5})


def test_names_of_copies_are_written_as_they_are_worked_out() -> None:
    entry = f"{CONV}, repeat: n, name: 'conv{{stage}}-{{index + 1}}'"
    blocks = block(entry, keys="about: Copies.", args="{stage: }")
    uses = "  - {Body: 1, name: body1}\n  - {Body: 2, name: body2}"
    source = emitted(net(uses, "{n: 2}", blocks), {"n": 1}, {"n": 3})
    assert 'f"conv{stage}-{index + 1}",\n' in source


def test_copies_with_names_among_entries_with_names() -> None:
    entries = ("BatchNorm2d: , name: norm", f"{CONV}, repeat: n, name: 'conv{{index}}'", "ReLU: ")
    source = emitted(net(USE, "{n: 2}", block(*entries, keys="about: Some.")), {"n": 1}, {"n": 3})
    assert "        self.norm = nn.BatchNorm2d(3)\n" in source
    assert '            self.add_module(\n                f"conv{index}", ' in source
    entries = (
        "BatchNorm2d: , name: norm, when: n > 1",
        f"{CONV}, repeat: n, name: 'c{{index}}'",
        CONV,
    )
    emitted(net(USE, "{n: 2}", block(*entries)), {"n": 1}, {"n": 3})


def test_a_numbered_network_is_a_sequential() -> None:
    network = shapecalc.load(
        f"name: N\ninput: [3, 8, 8]\nnumbered: true\nlayers: [{{{CONV}}}, ReLU]"
    )
    source = emitted(network)
    assert "class N(nn.Sequential):\n" in source
    assert "super().__init__(nn.Conv2d(3, 8, kernel_size=1), nn.ReLU())\n" in source


def test_copies_with_names_stand_in_a_module_too() -> None:
    layers = (
        f"  - {{{CONV}, repeat: n, name: 'conv{{index}}'}}\n  - {{Add: , from: [conv0, conv1]}}"
    )
    emitted(net(layers, "{n: 2}"), {"n": 3})


def test_a_block_with_names_of_copies_that_is_no_chain() -> None:
    entries = (
        f"{CONV}, repeat: n, name: 'c{{index}}'",
        f"{CONV}, name: last",
        "Add: , from: [c0, last]",
    )
    emitted(net(USE, "{n: 2}", block(*entries, keys="about: Some.")), {"n": 3})


def test_numbers_that_are_certain_stand_in_a_list_that_is_no_chain() -> None:
    emitted(net(USE, "{}", block(CONV, "ReLU: ", "Add: , from: [0, 1]")))


def test_numbers_that_hang_on_a_condition_need_a_chain() -> None:
    entries = (f"{CONV}, when: n", "Tanh: ", "Add: , from: [input, input]")
    with pytest.raises(EmitError, match="not in a chain"):
        module(net(USE, "{n: 1}", block(*entries)))


def test_a_chain_is_one_sequential() -> None:
    network = net("  - {Features: , name: f}", "{norm: 1, convs: 2, drop: 0}", BLOCKS)
    source = sequential(network)
    for knobs in ({}, {"norm": 0, "drop": 1}, {"convs": 3}):
        assert_is(made(source, **knobs), network.report(knobs))
    assert_is_clean(source)


def test_numbers_that_are_given_stay_what_they_are() -> None:
    entries = (f"{CONV}, name: 3", "BatchNorm2d: , name: 7, when: n", f"{CONV}, name: 8")
    source = emitted(net(USE, "{n: 1}", block(*entries)), {"n": 0})
    assert '        self.add_module("3", nn.Conv2d(3, 8, kernel_size=1))\n' in source
    entries = (f"{CONV}, name: 0", "BatchNorm2d: , name: 1, when: n", f"{CONV}, name: 2")
    emitted(net(USE, "{n: 1}", block(*entries, keys="about: Some.")), {"n": 0})


def test_a_number_that_may_be_left_out_of_a_list_that_is_no_chain() -> None:
    entries = (CONV, "BatchNorm2d: , when: n, name: 1", "Add: , from: [0, 0]")
    emitted(net(USE, "{n: 1}", block(*entries[:2], "Add: , from: [0, 0], name: add")), {"n": 0})


def test_a_chain_may_end_in_what_may_be_left_out() -> None:
    entries = (CONV, "BatchNorm2d: ", "ReLU: , when: active")
    source = emitted(net(USE, "{active: 1}", block(*entries)), {"active": 0})
    assert "        if active:\n            layers.append(nn.ReLU())\n" in source


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_submodules_with_numbers_among_functions_are_items_of_a_sequential() -> None:
    entries = (f"{CONV}, name: 0", "Permute: [0, 2, 3, 1]", "Linear: n, name: 1")
    source = emitted(net(USE, "{n: 5}", block(*entries, keys="about: Some.")), {"n": 2})
    assert "class Body(nn.Sequential):\n" in source
    assert "        super().__init__(nn.Conv2d(3, 8, kernel_size=1), nn.Linear(8, n))\n" in source
    assert "        x = self[0](x)  # [B, 8, H, W]\n        x = x.permute(0, 2, 3, 1)" in source
    torch.jit.script(made(source))


def test_submodules_with_numbers_that_are_not_their_places_keep_them() -> None:
    for entries in (
        (f"{CONV}, name: 1", "Permute: [0, 2, 3, 1]", "Linear: n, name: 0"),
        (f"{CONV}, name: 0", "Permute: [0, 2, 3, 1]", "Linear: n, name: last"),
        (f"{CONV}, name: 0", "Roll: {shifts: 1, dims: 2}", f"{CONV}, name: 1, when: n > 2"),
    ):
        emitted(net(USE, "{n: 5}", block(*entries, keys="about: Some.")), {"n": 2})


def test_submodules_are_made_in_the_order_of_the_state() -> None:
    entries = (
        f"{CONV}, name: a",
        "BatchNorm2d: , name: norm, when: n > 1",
        f"{CONV}, name: b",
        f"{CONV}, name: c",
    )
    blocks = block(*entries, keys="state_order: [c, norm, a]")
    network = net(USE, "{n: 2}", blocks)
    weights = [name.split(".")[1] for name in made(emitted(network, {"n": 1})).state_dict()]
    assert [*dict.fromkeys(weights)] == ["c", "norm", "b", "a"]
    with pytest.raises(EmitError, match="Body has a state in another order"):
        sequential(network)


def test_a_named_copy_of_a_function_is_kept_where_it_is_asked_for() -> None:
    turn = '  - {Permute: [0, 1, 3, 2], repeat: n, name: "turn{index + 1}"}'
    network = net(f"{turn}\n  - {{Concat: , from: [turn2, input]}}", "{n: 3}")
    source = emitted(network, {"n": 2})
    assert "turn2 = " in source
    assert "turn_index" not in source


def test_an_output_that_cannot_be_told_is_refused() -> None:
    turn = '  - {Permute: [0, 1, 3, 2], repeat: 3, when: "index % n == 0", name: "turn{index}"}'
    network = net(f"{turn}\noutputs: [turn2]", "{n: 2}")
    with pytest.raises(EmitError, match="'turn2' is not always the same copy"):
        module(network)


def test_what_a_numbered_entry_puts_out_feeds_a_branch_that_has_a_class():
    branch = [
        {"Conv2d": {"out_channels": 3, "kernel_size": 1}, "name": "conv"},
        {"Mul": None, "from": ["0", "conv"]},
        {"BatchNorm2d": None, "repeat": "a", "name": "norms"},
    ]
    spec = {
        "symbols": {"a": 2},
        "numbered": True,
        "input": [3, 6, 6],
        "layers": [{"ReLU": None}, {"Concat": {"branches": {"p": branch}}, "name": "join"}],
    }
    source = assert_emits(shapecalc.load(spec), {"a": 1})
    assert "def forward(self, x: Tensor, x0: Tensor)" in source
