"""The constructor alone: the calls that make layers, uses of blocks, and copies."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.classes.constructor import Constructor, Written, sequential_of, written_out
from shapecalc.emitting.emission import emit
from shapecalc.emitting.numbers.known import Holder, Known
from shapecalc.emitting.numbers.roles import Roles
from shapecalc.emitting.printer import flat
from shapecalc.emitting.scope.owner import Owner
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.syntax import read


def scope_of(spec: dict[str, Any]) -> Scope:
    """The scope of a network's own entries."""
    found: list[Scope] = []

    def make(known: Known, _: frozenset[str]) -> str:
        holders = [Holder(root, root) for root in known.roots]
        owner = Owner(None, known.roots, [], {}, {}, {}, {}, {})
        found.append(Scope(known, Roles(known), {}, owner, known.spec.entries, holders))
        return ""

    emit(shapecalc.load(spec), None, make)
    return found[-1]


def calls_of(spec: dict[str, Any], **blocks: Written) -> list[str]:
    """The calls that make a network's entries."""
    scope = scope_of(spec)
    constructor = Constructor(scope, lambda block: blocks[block.name])
    return [flat(constructor.one(entry)) for entry in scope.entries]


def test_a_layer_is_made_of_its_settings_without_torchs_defaults():
    layers = [
        {"Conv2d": {"out_channels": 8, "kernel_size": 3, "stride": 1, "padding": 1}},
        "BatchNorm2d",
    ]
    assert calls_of({"input": [3, 8, 8], "layers": layers}) == [
        "nn.Conv2d(3, 8, kernel_size=3, padding=1)",
        "nn.BatchNorm2d(8)",
    ]


def test_sizes_are_told_in_symbols():
    layers = [{"Conv2d": {"out_channels": "2*w", "kernel_size": 1}}, "Flatten", {"Linear": "w"}]
    spec = {"symbols": {"w": 4}, "input": [3, 5, 5], "layers": layers}
    assert calls_of(spec)[::2] == ["nn.Conv2d(3, 2 * w, kernel_size=1)", "nn.Linear(50 * w, w)"]


def test_a_use_gives_sizes_by_place_and_arguments_by_name():
    block = {
        "args": {"n": None, "stride": 1},
        "layers": [{"Conv2d": {"out_channels": "n", "kernel_size": 1, "stride": "stride"}}],
    }
    layers = [{"Unit": {"n": 6, "stride": 2}}]
    spec = {"input": [3, 8, 8], "blocks": {"Unit": block}, "layers": layers}
    written = Written("Unit", ["in_channels", "n", "stride"], {"stride": read("1")}, {})
    assert calls_of(spec, Unit=written) == ["Unit(3, 6, stride=2)"]


@pytest.mark.parametrize(
    ("one", "count", "made"),
    [
        ("f(8)", "2", "f(8), f(8)"),
        ("f(8 if index == 0 else 4)", "3", "f(8), f(4), f(4)"),
        ("f(8)", "n", "*(f(8) for _ in range(n))"),
        ("f(8 * index)", "5", "*(f(8 * index) for index in range(5))"),
        ("f(8 if index == 0 else 4)", "5", "f(8), *(f(4) for _ in range(4))"),
        ("f(8 if index == 0 else 4)", "n", "*(f(8 if index == 0 else 4) for index in range(n))"),
    ],
)
def test_few_copies_are_written_out(one, count, made):
    assert ", ".join(map(flat, written_out(read(one), read(count)))) == made


def test_where_some_copy_is_there_the_first_stands_before_the_others():
    copies = written_out(read("f(8 if index == 0 else 4)"), read("n"), is_some=True)
    assert list(map(flat, copies)) == ["f(8)", "*(f(4) for _ in range(n - 1))"]


@pytest.mark.parametrize(
    ("names", "made"),
    [
        (["0", "1"], "nn.Sequential(f(), f())"),
        (["conv", "norm"], "nn.Sequential(OrderedDict(conv=f(), norm=f()))"),
        (["1", "2"], 'nn.Sequential(OrderedDict([("1", f()), ("2", f())]))'),
        ([], "nn.Sequential()"),
    ],
)
def test_a_sequential_names_its_modules_where_they_are_not_places(names, made):
    assert flat(sequential_of([(name, read("f()")) for name in names])) == made
