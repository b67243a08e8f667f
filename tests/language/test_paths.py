"""Names that are paths, as of what a list or a dictionary of modules holds."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.writer import as_yaml
from shapecalc.network import Network


def load(text: str) -> Network:
    return shapecalc.load(f"input: [3, 8, 8]\nlayers:\n{text}")


PYRAMID = """\
  - {Conv2d: {out_channels: 4, kernel_size: 3}, name: down.0}
  - {Conv2d: {out_channels: 4, kernel_size: 3}, name: down.1}
  - {Conv2d: {out_channels: 4, kernel_size: 1}, name: lateral.0, from: down.0}
  - {Upsample: {size: [6, 6]}, from: down.1}
  - {Add: , from: [upsample1, lateral.0]}
"""


def test_an_entry_may_be_called_by_a_path() -> None:
    report = load(PYRAMID).report()
    assert [layer.path for layer in report.layers] == [
        "down.0",
        "down.1",
        "lateral.0",
        "upsample1",
        "add1",
    ]
    assert report["add1"].inputs == ("upsample1", "lateral.0")


def test_a_reference_is_the_longest_path_and_then_an_output_of_it() -> None:
    net = shapecalc.load(
        "input: [6, 3]\nlayers:\n  - {LSTM: 5, name: memory.rnn}\n"
        "  - {Linear: 2, from: memory.rnn.h_n, name: head.out}\n"
    )
    assert net.report()["head.out"].inputs == ("memory.rnn.h_n",)


def test_paths_are_written_as_they_are_read() -> None:
    written = as_yaml(load(PYRAMID).spec)
    assert "{Add: , from: [upsample1, lateral.0]}" in written
    assert as_yaml(shapecalc.load(written).spec).splitlines()[1:] == written.splitlines()[1:]


@pytest.mark.parametrize("name", ["a..b", "a.", ".a", "a.b c"])
def test_every_part_of_a_path_is_a_word_or_a_number(name: str) -> None:
    with pytest.raises(SpecError, match="a name must be an identifier"):
        load(f"  - {{ReLU: , name: {name}}}\n")
