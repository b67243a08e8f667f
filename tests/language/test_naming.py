"""Numbers for names, and names of copies: how they are read, refused and written."""

from __future__ import annotations

import pytest

from shapecalc.language.parse import parse
from shapecalc.language.problem import Source, SpecError
from shapecalc.language.tree import Spec
from shapecalc.language.writer import as_json, as_yaml

CONV = "Conv2d: {out_channels: 4, kernel_size: 1}"


def read(text: str) -> Spec:
    return parse(Source("spec.yaml", f"input: [3, 8, 8]\n{text}"))


def errors(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(text)
    return [problem.message for problem in caught.value.problems]


def numbered(*entries: str) -> str:
    return "numbered: true\nlayers:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def test_entries_of_a_numbered_list_are_called_by_their_numbers_where_these_are_certain() -> None:
    spec = read(numbered("ReLU: ", "ReLU: , name: act", "ReLU: ", "ReLU: , repeat: 2", "Tanh: "))
    assert [entry.name for entry in spec.entries] == ["0", "act", "2", "relu1", "5"]
    assert [entry.has_name for entry in spec.entries] == [True, True, True, False, True]


def test_behind_what_may_be_left_out_no_number_is_certain() -> None:
    spec = read(numbered("ReLU: ", "Tanh: , when: 1", "ReLU: "))
    assert [entry.has_name for entry in spec.entries] == [True, True, False]


def test_a_certain_number_can_be_named_and_another_cannot() -> None:
    assert read(numbered("ReLU: ", "Tanh: ", "Add: , from: [0, 1]"))
    (message,) = errors(numbered("ReLU: , repeat: 2, when: 1", "Tanh: ", "Add: , from: [0, 1]"))[:1]
    assert message == "feeds from '0', but no entry of the network before it has that name"


def test_a_name_may_not_be_the_number_of_another_entry() -> None:
    assert errors(numbered("ReLU: ", "Tanh: , name: 0")) == [
        "the name '0' stands twice in this list"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("c{index", "copies cannot be called 'c{index'"),
        ("c.{index}", "copies cannot be called 'c.{index}'"),
        ("{index}-x", "copies cannot be called '{index}-x'"),
        ("c{indx}", "unknown name 'indx'"),
        ("c{}", "expected a number or a name in an expression, got the end"),
        ("c-1", "a name must be an identifier, not 'c-1'"),
    ],
)
def test_a_name_of_copies_that_is_none_is_told(name: str, message: str) -> None:
    assert errors(f"layers:\n  - {CONV}\n    repeat: 2\n    name: {name!r}\n") == [message]


def test_braces_are_for_the_copies_of_an_entry() -> None:
    told = errors(f"layers:\n  - {CONV}\n    name: c{{index}}\n")
    assert told == ["'c{index}' has braces, but there are no copies"]


def test_what_is_wrong_in_braces_is_told_at_its_place() -> None:
    with pytest.raises(SpecError) as caught:
        read(f"layers:\n  - {CONV}\n    repeat: 2\n    name: 'conv{{indx + 1}}'\n")
    (problem,) = caught.value.problems
    assert problem.mark[:3] == (5, 17, 4)


def test_braces_without_quotes_inside_braces_are_told() -> None:
    with pytest.raises(SpecError) as caught:
        read("layers:\n  - {ReLU: , repeat: 2, name: relu{index}}\n")
    (problem,) = caught.value.problems
    assert problem.notes == ("inside {} and [] a name with braces stands in quotes",)


def test_a_copy_is_named_by_from_and_what_is_no_copy_is_not() -> None:
    copies = "layers:\n  - ReLU:\n    repeat: 3\n    name: act{index + 1}-x\n"
    assert read(f"{copies}  - {{Tanh: , from: act2-x}}\n")
    told = "feeds from 'act', but no entry of the network before it has that name"
    assert errors(f"{copies}  - {{Tanh: , from: act}}\n") == [told]


def block(keys: str, entry: str = "ReLU", use: str = "numbered: true\nlayers: [A]") -> str:
    return f"blocks:\n  A:\n    {keys}\n    layers: [{entry}]\n{use}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            block("inline: true", use="layers: [A]"),
            "block 'A' is inline, but the entries of this list have names",
        ),
        (
            block("inline: true", use="numbered: true\nlayers: [{A: , name: a}]"),
            "block 'A' is inline: a use of it has no 'name'",
        ),
        (
            block("inline: true", "{ReLU: , name: act}"),
            "entries of an inline block are called by their numbers, and have no names",
        ),
        (
            block("inline: true", "{Add: {branches: {left: [], right: []}}}"),
            "entries of an inline block are called by their numbers, and have no names",
        ),
        (
            block("{inline: true, numbered: true}".strip("{}").replace(", ", "\n    ")),
            "block 'A' is inline: it has no 'numbered' of its own",
        ),
        (block("inline: 1"), "'inline' is true or false, not 1"),
    ],
)
def test_what_an_inline_block_cannot_be_is_told(text: str, message: str) -> None:
    assert message in errors(text)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("state_order: [a, tanh2]", "no entry of 'layers' is named 'tanh2'"),
        ("state_order: [a, b, a]", "'a' stands twice in this order"),
        ("numbered: true\n    state_order: [a]", "block 'A' is made in the order of its numbers"),
        ("state_order: {a: b}", "expected a name, got a mapping"),
    ],
)
def test_what_an_order_of_the_state_cannot_be_is_told(keys: str, message: str) -> None:
    entries = "{ReLU: , name: a}, {Tanh: , name: b}"
    assert message in errors(block(keys, entries, "layers: [A]"))


TEXT = """\
input: [3, 8, 8]

blocks:
  Pair:
    args: {channels: 4}
    inline: true
    layers:
      - Conv2d: {out_channels: channels, kernel_size: 1}
      - ReLU
  Body:
    numbered: true
    layers:
      - Pair
      - {Conv2d: {out_channels: 4, kernel_size: 1}, name: conv1}
      - {Pair: 8, repeat: 2}
  Stage:
    layers:
      - ReLU:
        name: "act{index + 1}-x"
        repeat: 2
      - Tanh
    state_order: [tanh1, act1-x]

layers:
  - {Body: , name: body}
  - Stage
"""


def test_names_and_numbers_are_written_as_they_are_read() -> None:
    spec = read(TEXT.partition("\n\n")[2])
    written = as_yaml(spec)
    assert written == TEXT
    assert as_yaml(parse(Source("spec.json", as_json(spec)))) == written
