"""Paths of numbered lists, of copies with names, and of inline blocks."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.table import rows

BLOCKS = """
blocks:
  ConvReLU:
    inline: true
    args: {channels: }
    layers:
      - {Conv2d: {out_channels: channels, kernel_size: 1}}
      - {BatchNorm2d: , when: norm}
      - ReLU
  Group:
    inline: true
    args: {convs: }
    layers:
      - {ConvReLU: 8, repeat: convs}
      - MaxPool2d: 2
  Features:
    numbered: true
    layers:
      - {Group: convs}
      - {Dropout: 0.5, when: drop}
      - {Group: 1}
"""


def net(layers: str, symbols: str = "{}", blocks: str = "") -> shapecalc.Network:
    return shapecalc.load(f"symbols: {symbols}\ninput: [3, 8, 8]\n{blocks}\nlayers:\n{layers}")


def paths(layers: str, settings=None, symbols: str = "{}", blocks: str = "") -> list[str]:
    return [layer.path for layer in net(layers, symbols, blocks).report(settings or {})]


def refused(layers: str, symbols: str = "{}", blocks: str = "") -> list[str]:
    with pytest.raises(shapecalc.SpecError) as caught:
        net(layers, symbols, blocks).report()
    return [problem.message for problem in caught.value.problems]


def kinds(settings) -> list[tuple[str, str]]:
    found = net("  - {Features: , name: f}", "{norm: 1, convs: 2, drop: 0}", BLOCKS)
    return [(layer.path, layer.kind) for layer in found.report(settings)]


def test_numbers_count_what_is_there() -> None:
    block = ["Conv2d", "BatchNorm2d", "ReLU"]
    told = [*block, *block, "MaxPool2d", *block, "MaxPool2d"]
    assert kinds({}) == [(f"f.{i}", kind) for i, kind in enumerate(told)]
    told = ["Conv2d", "ReLU", "MaxPool2d", "Dropout", "Conv2d", "ReLU", "MaxPool2d"]
    assert kinds({"norm": 0, "convs": 1, "drop": 1}) == [(f"f.{i}", k) for i, k in enumerate(told)]


def test_what_has_no_level_of_its_own_has_none_in_a_table() -> None:
    found = net("  - {Features: , name: f}", "{norm: 0, convs: 2, drop: 0}", BLOCKS)
    told = [(row.name, row.depth) for row in rows(found.report())]
    assert told == [("f", 0), *((str(i), 1) for i in range(8))]


def test_entries_with_names_count_and_keep_them() -> None:
    text = "  - ReLU\n  - {ReLU: , name: act}\n  - {ReLU: , repeat: 2, name: more}\n  - ReLU\n"
    block = f"blocks:\n  A:\n    numbered: true\n    layers:\n{text}".replace("  - ", "    - ")
    assert paths("  - {A: , name: a}", blocks=block) == [
        *("a.0", "a.act", "a.more.0", "a.more.1", "a.3")
    ]


def test_repeats_without_copies_do_not_count() -> None:
    block = "blocks:\n  A:\n    numbered: true\n    layers: [{ReLU: , repeat: n, name: r}, Tanh]"
    assert paths("  - {A: , name: a}", symbols="{n: 0}", blocks=block) == ["a.0"]
    other = block.replace("repeat: n", "repeat: 2, when: n")
    assert paths("  - {A: , name: a}", symbols="{n: 0}", blocks=other) == ["a.0"]


def test_a_number_that_comes_twice_is_refused() -> None:
    block = (
        "blocks:\n  A:\n    numbered: true\n    layers: [{ReLU: , repeat: n}, {Tanh: , name: 1}]"
    )
    assert paths("  - {A: , name: a}", {"n": 1}, "{n: 1}", block) == ["a.0", "a.1"]
    told = ["the name '1' comes twice in this list"]
    assert refused("  - {A: , name: a}", "{n: 2}", block) == told


def test_copies_with_names_are_entries_of_the_list() -> None:
    text = "  - {ReLU: , repeat: n, name: 'act{stage}-{index + 1}'}\n  - Tanh"
    assert paths(text, symbols="{n: 2, stage: 3}") == ["act3-1", "act3-2", "tanh1"]


def test_copies_of_blocks_and_joins_with_names_hold_theirs() -> None:
    blocks = "blocks:\n  A:\n    layers: [ReLU, {Tanh: , name: act}]"
    assert paths("  - {A: , repeat: 2, name: 'a{index}'}", blocks=blocks) == [
        *("a0.relu1", "a0.act", "a1.relu1", "a1.act")
    ]
    join = "  - {Add: {branches: {left: [ReLU], right: []}}, repeat: 2, name: 'a{index}'}"
    assert paths(join) == ["a0.left.relu1", "a0", "a1.left.relu1", "a1"]


def test_an_entry_is_fed_from_a_copy_by_its_name() -> None:
    text = "  - {ReLU: , repeat: 3, name: 'a{index}'}\n  - {Add: , from: [a1, a2]}"
    assert net(text).report()["add1"].inputs == ("a1", "a2")
    told = refused("  - {ReLU: , repeat: 3, name: 'a{index}'}\n  - {Tanh: , from: a3}")
    assert told == ["no copy is called 'a3'"]


def test_a_size_of_a_copy_is_asked_for_by_its_name() -> None:
    conv = "Conv2d: {out_channels: 4 * index + 4, kernel_size: 1}"
    text = (
        f"  - {{{conv}, repeat: 2, name: 'a{{index}}'}}\n  - Flatten\n  - Linear: channels_of(a0)"
    )
    assert net(text).report()["linear1"].output_shape == (1, 4)


def test_copies_that_get_one_name_are_refused() -> None:
    told = ["the name 'a0' comes twice in this list"]
    assert refused("  - {ReLU: , repeat: 2, name: 'a{index // 2}'}") == told
    assert refused("  - {ReLU: , name: a0}\n  - {ReLU: , repeat: 1, name: 'a{index}'}") == told
    assert refused("  - {ReLU: , repeat: 1, name: 'a{index}'}\n  - {ReLU: , name: a0}") == told


@pytest.mark.parametrize("number", ["1/2", "index - 1", "x"])
def test_a_name_of_what_is_no_whole_number_is_refused(number: str) -> None:
    told = refused(f"  - {{ReLU: , repeat: 2, name: 'a{{{number}}}'}}", "{x: 0.5}")
    assert told[0].startswith("a name expects a whole number of at least 0 in braces, got ")


def test_a_symbol_in_a_name_keeps_its_value() -> None:
    report = net("  - {ReLU: , repeat: 2, name: 'a{n + index}'}", "{n: 3}").report(symbolic=["n"])
    assert [layer.path for layer in report] == ["a3", "a4"]
