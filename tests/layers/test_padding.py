"""Padding layers against cells that are laid out one by one, against torch, and on formulas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.layers import KINDS, Tensor
from tests.layers.symbolic import H, assert_formulas_agree

NAMES = ("ZeroPad", "ConstantPad", "ReplicationPad", "ReflectionPad", "CircularPad")


def make(name: str, rank: int, padding: Any) -> Any:
    value = {"value": 0} if name == "ConstantPad" else {}
    return KINDS[f"{name}{rank}d"](padding=padding, **value)


@st.composite
def pads(draw: st.DrawFn, ranks: tuple[int, ...] = (1, 2, 3), least: int = -4) -> Any:
    """A padding layer with a number for each side."""
    rank = draw(st.sampled_from(ranks))
    one = st.integers(least, 6)
    padding = draw(one | st.lists(one, min_size=2 * rank, max_size=2 * rank))
    return make(draw(st.sampled_from(NAMES)), rank, padding)


@given(size=st.integers(1, 12), before=st.integers(-12, 12), after=st.integers(-12, 12))
@settings(max_examples=300, deadline=None)
def test_a_padded_axis_has_the_cells_between_its_moved_ends(
    size: int, before: int, after: int
) -> None:
    cells = [place for place in range(-30, 60) if -before <= place < size + after]
    pad = make("ReplicationPad", 1, [before, after])
    x = Tensor((1, 1, size))
    fits = all(requirement.decide() for requirement in pad.requirements(x))
    assert fits == (len(cells) > 0)
    if fits:
        assert pad.output(x).shape == (1, 1, len(cells))


@given(pad=pads(), sizes=st.lists(st.integers(1, 8), min_size=3, max_size=3))
@settings(max_examples=500, deadline=None)
def test_padding_layers_accept_and_give_what_torch_does(pad: Any, sizes: list[int]) -> None:
    oracle = pytest.importorskip("tests.layers.torch_oracle")
    x = Tensor((2, 3, *sizes[: pad.rank]))
    ours, theirs = oracle.ours(pad, x), oracle.shapes(pad, x)
    if pad.kind.startswith("Circular") and min(pad.padding) < 0 < max(pad.padding):
        # Where too few cells are left after cutting, torch copies memory that was never written,
        # or refuses, as it happens.
        assert ours in (None, theirs)
    else:
        assert ours == theirs


@given(size=st.integers(1, 8), cut=st.integers(0, 8), padding=st.integers(0, 8))
@settings(max_examples=200, deadline=None)
def test_circular_padding_is_filled_from_what_is_left_after_cutting(
    size: int, cut: int, padding: int
) -> None:
    left = list(range(size))[cut:]
    x = Tensor((1, 1, size))
    for sides in ([-cut, padding], [padding, -cut]):
        fits = all(r.decide() for r in make("CircularPad", 1, sides).requirements(x))
        assert fits == (len(left) > 0 and padding <= len(left))


@given(pad=pads(ranks=(1, 2)))
@settings(max_examples=60, deadline=None)
def test_padding_of_a_symbolic_size_agrees_with_that_of_numbers(pad: Any) -> None:
    assert_formulas_agree(pad, (2, 3, H, 9)[: pad.rank + 2], range(1, 20))


@pytest.mark.parametrize("name", NAMES)
def test_a_list_starts_at_the_last_axis(name: str) -> None:
    pad = make(name, 3, [1, 2, 3, 4, 5, 6])
    x = Tensor((1, 1, 10, 10, 10))
    assert pad.output(x).shape == (1, 1, 21, 17, 13)
    assert pad.windows(x) == ((1, 1, 5, 6), (1, 1, 3, 4), (1, 1, 1, 2))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_one_number_pads_every_side(name: str, rank: int) -> None:
    x = Tensor((1, 1, *[10] * rank))
    assert make(name, rank, 2).output(x).shape == (1, 1, *[14] * rank)


@pytest.mark.parametrize("name", NAMES)
def test_copying_is_no_arithmetic(name: str) -> None:
    pad = make(name, 2, 1)
    x = Tensor((1, 3, 5, 5))
    assert pad.macs(x, pad.output(x)) == pad.elementwise(x, pad.output(x)) == 0


@pytest.mark.parametrize(("name", "most"), [("ReflectionPad", 4), ("CircularPad", 5)])
def test_what_is_filled_from_the_input_is_no_wider_than_it_can_fill(name: str, most: int) -> None:
    x = Tensor((1, 1, 5))
    assert all(r.decide() for r in make(name, 1, most).requirements(x))
    broken = next(r for r in make(name, 1, most + 1).requirements(x) if not r.decide())
    assert broken.field == "padding"
    assert broken.problem() == (
        f"pads by {most + 1}, too much for size 5: at most {most} cells are there to fill it from"
    )


@given(before=st.integers(0, 5), kernel=st.integers(1, 5), size=st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_a_padding_layer_before_a_convolution_is_the_convolution_s_own_padding(
    before: int, kernel: int, size: int
) -> None:
    x = Tensor((1, 1, size))
    pad = make("ZeroPad", 1, before)
    conv = KINDS["Conv1d"](out_channels=1, kernel_size=kernel)
    padded = KINDS["Conv1d"](out_channels=1, kernel_size=kernel, padding=before)
    (first,), (second,), (both,) = pad.windows(x), conv.windows(x), padded.windows(x)
    assert first.then(second) == both
    assert conv.output(pad.output(x)) == padded.output(x)
