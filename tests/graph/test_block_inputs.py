"""Blocks that are fed from several places."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.writer import as_yaml

UP = """\
symbols: {H: 64}
input: [3, H, 64]
blocks:
  Up:
    args: {channels: }
    inputs: [x, skip]
    layers:
      - {Upsample: {scale_factor: 2}, from: x}
      - {Concat: 1, from: [skip, upsample1]}
      - {Conv2d: {out_channels: channels, kernel_size: 3, padding: 1}, name: conv}
layers:
  - {Conv2d: {out_channels: 8, kernel_size: 3, padding: 1}, name: c1}
  - MaxPool2d: 2
  - {Conv2d: {out_channels: 16, kernel_size: 3, padding: 1}, name: c2}
  - MaxPool2d: 2
  - {Conv2d: {out_channels: 32, kernel_size: 3, padding: 1}, name: c3}
  - {Up: 16, name: up1, from: [c3, c2]}
  - {Up: 8, name: up2, from: [up1, c1]}
"""


def error(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        shapecalc.load(text).report()
    return str(caught.value)


def test_a_block_is_fed_from_as_many_places_as_it_has_inputs() -> None:
    report = shapecalc.load(UP).report()
    assert report["up1.concat1"].inputs == ("c2", "up1.upsample1")
    assert report["up1.conv"].weights["weight"] == (16, 48, 3, 3)
    assert report["up2.conv"].output_shape == (1, 8, 64, 64)


def test_what_its_inputs_need_of_symbols_is_found() -> None:
    constraints = shapecalc.load(UP).report(symbolic=["H"]).constraints
    assert [str(each.condition) for each in constraints] == ["H % 4 == 0"]


def test_it_is_written_as_it_is_read() -> None:
    written = as_yaml(shapecalc.load(UP).spec)
    assert "    inputs: [x, skip]\n" in written
    assert as_yaml(shapecalc.load(written).spec) == written


def test_the_first_entry_takes_the_first_input() -> None:
    text = UP.replace("{Upsample: {scale_factor: 2}, from: x}", "Upsample: {scale_factor: 2}")
    assert shapecalc.load(text).report()["up1.upsample1"].inputs == ("c3",)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("from: [c3, c2]", "from: c3", "takes 2 inputs, x, skip, but is fed from one place"),
        ("from: [c3, c2]", "from: [c3, c2, c1]", "x, skip, but is fed from 3 places"),
        ("[x, skip]", "[x, x]", "the input 'x' stands twice"),
        ("[x, skip]", "[x, 2]", "an input's name must be an identifier, not '2'"),
        ("[x, skip]", "x", "expected a list of names, got 'x'"),
        ("from: [skip, upsample1]", "from: [input, upsample1]", "feeds from 'input', but no entry"),
    ],
)
def test_what_is_wrong_with_its_inputs_is_told(before: str, after: str, message: str) -> None:
    assert message in error(UP.replace(before, after))
