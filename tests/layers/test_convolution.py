"""Convolutions against windows that are counted one by one, against torch, and on formulas."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula
from shapecalc.layers import KINDS, Tensor
from tests.layers.symbolic import H, assert_formulas_agree

RANKS = (1, 2, 3)


def cells_seen(size: int, kernel: int, stride: int, padding: int, dilation: int) -> list[list[int]]:
    """The cells under the kernel at each place it may stand, on the padded input."""
    kernels = [
        [start + dilation * step for step in range(kernel)]
        for start in range(-padding, size + padding, stride)
    ]
    return [cells for cells in kernels if max(cells) < size + padding]


def cells_written(
    size: int, kernel: int, stride: int, padding: int, dilation: int, extra: int
) -> range:
    """What a transposed convolution leaves of the cells its input's values are spread over."""
    last = max(at * stride + dilation * step for at in range(size) for step in range(kernel))
    return range(padding, last + 1 + extra - padding)


@st.composite
def convolutions(draw: st.DrawFn, ranks: tuple[int, ...] = RANKS, transposed: Any = None) -> Any:
    """A convolution, and the number of channels it is for, often with fitting groups."""
    rank = draw(st.sampled_from(ranks))
    if transposed is None:
        transposed = draw(st.booleans())
    groups = draw(st.integers(1, 3))
    slip = draw(st.sampled_from((0, 0, 0, 1)))
    channels = groups * draw(st.integers(1, 3)) + slip

    def per_axis(least: int, most: int) -> Any:
        one = st.integers(least, most)
        return draw(one | st.lists(one, min_size=rank, max_size=rank))

    chosen: dict[str, Any] = {
        "out_channels": groups * draw(st.integers(1, 3)),
        "kernel_size": per_axis(1, 4),
        "stride": per_axis(1, 3),
        "padding": per_axis(0, 3),
        "dilation": per_axis(1, 3),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    if transposed:
        chosen["output_padding"] = per_axis(0, 2)
        return KINDS[f"ConvTranspose{rank}d"](**chosen), channels
    if draw(st.sampled_from((True, False, False))):
        chosen["padding"] = draw(st.sampled_from(("same", "valid")))
        chosen["stride"] = draw(st.sampled_from((1, 1, 2)))
    chosen["padding_mode"] = draw(st.sampled_from(("zeros", "reflect", "replicate", "circular")))
    return KINDS[f"Conv{rank}d"](**chosen), channels


small_sizes = st.lists(st.integers(1, 8), min_size=3, max_size=3)


@given(
    size=st.integers(1, 20),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 7),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 3),
)
@settings(max_examples=400, deadline=None)
def test_a_convolution_has_one_output_for_every_place_its_kernel_fits(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    conv = KINDS["Conv1d"](
        out_channels=1, kernel_size=kernel, stride=stride, padding=padding, dilation=dilation
    )
    x = Tensor((1, 1, size))
    places = cells_seen(size, kernel, stride, padding, dilation)
    fits = all(requirement.decide() for requirement in conv.requirements(x))
    assert fits == (len(places) > 0)
    if fits:
        assert conv.output(x).shape == (1, 1, len(places))
        assert conv.bound(x).macs(x, conv.output(x)) == sum(map(len, places))


@given(
    size=st.integers(1, 12),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 5),
    dilation=st.integers(1, 3),
    extra=st.integers(0, 3),
)
@settings(max_examples=400, deadline=None)
def test_a_transposed_convolution_writes_what_its_input_reaches(
    size: int, kernel: int, stride: int, padding: int, dilation: int, extra: int
) -> None:
    conv = KINDS["ConvTranspose1d"](
        out_channels=1,
        kernel_size=kernel,
        stride=stride,
        padding=padding,
        output_padding=extra,
        dilation=dilation,
    )
    x = Tensor((1, 1, size))
    written = cells_written(size, kernel, stride, padding, dilation, extra)
    fits = all(requirement.decide() for requirement in conv.requirements(x))
    assert fits == (len(written) > 0 and extra < max(stride, dilation))
    if fits:
        assert conv.output(x).shape == (1, 1, len(written))


@given(drawn=convolutions(), sizes=small_sizes)
@settings(max_examples=500, deadline=None)
def test_convolutions_accept_and_give_what_torch_does(drawn: Any, sizes: list[int]) -> None:
    oracle = pytest.importorskip("tests.layers.torch_oracle")
    conv, channels = drawn
    x = Tensor((2, channels, *sizes[: conv.rank]))
    assert oracle.ours(conv, x) == oracle.shapes(conv, x)


@given(drawn=convolutions(ranks=(1, 2)))
@settings(max_examples=80, deadline=None)
def test_convolutions_of_a_symbolic_size_agree_with_those_of_numbers(drawn: Any) -> None:
    conv, channels = drawn
    assert_formulas_agree(conv, (2, channels, H, 9)[: conv.rank + 2], range(1, 20))


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
def test_convolutions_of_symbolic_channels_agree_with_those_of_numbers(kind: str) -> None:
    conv = KINDS[kind](out_channels=6, kernel_size=3, groups=3)
    assert_formulas_agree(conv, (1, H, 8, 8), range(1, 20))


@given(kernel=st.integers(1, 9), dilation=st.integers(1, 4), size=st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_padding_same_keeps_the_size(kernel: int, dilation: int, size: int) -> None:
    conv = KINDS["Conv1d"](out_channels=1, kernel_size=kernel, dilation=dilation, padding="same")
    assert conv.output(Tensor((1, 1, size))).spatial == (size,)


@given(drawn=convolutions(ranks=(1,), transposed=False), size=st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_a_transposed_convolution_can_undo_what_a_convolution_does_to_a_size(
    drawn: Any, size: int
) -> None:
    conv, channels = drawn
    x = Tensor((1, channels, size))
    if conv.padding == "same" or not all(r.decide() for r in conv.requirements(x)):
        return
    y = conv.output(x)
    (window,) = conv.windows(x)
    dropped = (size + 2 * window.before - window.extent) % window.stride
    back = KINDS["ConvTranspose1d"](
        out_channels=channels,
        kernel_size=conv.kernel_size,
        stride=conv.stride,
        padding=window.before,
        dilation=conv.dilation,
        output_padding=dropped,
    )
    assert back.output(y) == x


def test_a_convolution_adds_its_bias_once_to_every_output() -> None:
    x = Tensor((2, 3, 8, 8))
    conv = KINDS["Conv2d"](out_channels=4, kernel_size=3)
    assert conv.elementwise(x, conv.output(x)) == 2 * 4 * 6 * 6
    conv = KINDS["Conv2d"](out_channels=4, kernel_size=3, bias=False)
    assert conv.elementwise(x, conv.output(x)) == 0


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_padding_same_with_a_symbolic_stride_wants_a_stride_of_one(rank):
    s = Formula.symbol("S")
    conv = KINDS[f"Conv{rank}d"](out_channels=8, kernel_size=3, padding="same", stride=s)
    needs = {each.decide() for each in conv.requirements(Tensor((1, 3, *[9] * rank)))} - {True}
    assert {(need.symbol, str(need.equation)) for need in needs} == {("S", "S == 1")}


@pytest.mark.parametrize("kind", ["Conv2d", "MaxPool2d"])
def test_a_layer_whose_windows_were_asked_for_is_the_same_value(kind: str) -> None:
    x = Tensor((1, 3, 9, 9))
    asked, other = (KINDS[kind](**KINDS[kind].example).bound(x) for _ in range(2))
    assert asked.windows(x) is asked.windows(x)
    assert (asked, hash(asked), repr(asked)) == (other, hash(other), repr(other))
    assert asked.is_plain
    assert pickle.loads(pickle.dumps(asked)).windows(x) == other.windows(x)
