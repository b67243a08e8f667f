"""Padding that is derived is the padding there is: counted by hand, and in torch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.steps import ASCII
from shapecalc.derivation import padding
from shapecalc.derivation.equation import written
from shapecalc.derivation.picture import corner

torch = pytest.importorskip("torch")

kernels = st.integers(1, 9)
dilations = st.integers(1, 4)
strides = st.integers(1, 6)
sizes = st.integers(1, 60)


def positions(size: int, extent: int, stride: int, before: int, after: int) -> int:
    """How many windows fit on a padded input, counted one by one."""
    return sum(start + extent <= size + before + after for start in range(0, 200, stride))


def span(kernel: int, dilation: int) -> int:
    """From a kernel's first cell to its last, counted."""
    return len(range((kernel - 1) * dilation + 1))


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@given(kernels, dilations, sizes)
def test_same_keeps_the_size_and_splits_as_torch_does(kernel, dilation, size):
    found = padding.same(kernel, dilation)
    extent = span(kernel, dilation)
    assert positions(size, extent, 1, found.before, found.after) == size
    assert found.before + found.after == found.total
    assert found.is_even == (found.total % 2 == 0)
    conv = torch.nn.Conv1d(1, 1, kernel, dilation=dilation, padding="same", device="meta")
    assert conv._reversed_padding_repeated_twice == [found.before, found.after]
    assert conv(torch.empty(1, 1, size, device="meta")).shape[-1] == size


@given(kernels, dilations)
def test_half_the_total_keeps_the_size_where_it_is_whole_and_no_padding_where_not(kernel, dilation):
    found = padding.same(kernel, dilation)
    extent = span(kernel, dilation)
    keeping = [p for p in range(50) if positions(100, extent, 1, p, p) == 100]
    assert keeping == ([found.half.right.value] if found.is_even else [])


@given(st.integers(0, 20).map(lambda n: 2 * n + 1), dilations)
def test_the_picture_and_the_formula_agree_on_odd_kernels(kernel, dilation):
    hangs_over = padding.hanging_over(kernel, dilation).right.value
    assert hangs_over == padding.same(kernel, dilation).before


@given(kernels, strides, sizes)
def test_needed_padding_is_the_least_that_gives_as_many_outputs(extent, stride, size):
    total = padding.needed(size, extent, stride)
    outputs = len(range(0, size, stride))
    enough = [n for n in range(100) if positions(size, extent, stride, 0, n) >= outputs]
    assert total == enough[0]


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [  # TensorFlow, tf.nn, notes on padding: N % S == 0 pads max(F - S, 0), else max(F - N % S, 0)
        (n, f, s, max(f - s, 0) if n % s == 0 else max(f - n % s, 0))
        for n in (13, 14, 224, 225)
        for f in (1, 2, 3, 5, 7)
        for s in (1, 2, 3, 5)
    ],
)
def test_needed_padding_is_tensorflows(size, kernel, stride, expected):
    assert padding.needed(size, kernel, stride) == expected


@given(st.integers(1, 12), st.integers(1, 9))
def test_fixed_paddings_do_the_same_for_all_sizes_but_those_told(extent, stride):
    good = {
        p: {
            n % stride
            for n in range(5 * stride, 7 * stride)
            if positions(n, extent, stride, p, p) == len(range(0, n, stride))
        }
        for p in range(extent)
    }
    most = max(map(len, good.values()), default=0)
    expected = {p for p, remainders in good.items() if len(remainders) == most > 0}
    found = padding.same_everywhere(extent, stride)
    assert all(set(range(stride)) - good[p] == ({wrong} - {None}) for p, wrong in found)
    assert {p for p, _ in found} == expected


@given(kernels, strides, dilations, st.integers(0, 5), sizes)
def test_a_transposed_convolution_multiplies_every_size(kernel, stride, dilation, extra, size):
    extra = min(extra, max(stride, dilation) - 1)
    found = padding.multiplied(kernel, stride, dilation, extra)
    if not found.is_even or found.before < 0:
        return
    up = torch.nn.ConvTranspose1d(
        1, 1, kernel, stride, found.before, extra, dilation=dilation, device="meta"
    )
    assert up(torch.empty(1, 1, size, device="meta")).shape[-1] == size * stride


def test_equations_are_written_out():
    found = padding.same(5, 2)
    assert written(found.condition, ASCII) == "N + 2P - D*(F - 1) = N"
    assert written(found.solved, ASCII) == "2P = D*(F - 1) = 2*(5 - 1) = 8"
    assert written(found.half, ASCII) == "P = 8/2 = 4"
    up = padding.multiplied(3, 2, 1, 1)
    assert written(up.condition, ASCII) == "-2P + F + A = S"
    assert written(up.solved, ASCII) == "2P = F + A - S = 3 + 1 - 2 = 2"


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 6), st.integers(0, 6))
def test_the_picture_shows_every_cell_of_the_kernel_where_it_lies(kernel, dilation, top, left):
    extent = span(kernel, dilation)
    drawn = corner((top, left), (extent,) * 2, (dilation,) * 2, ascii=True).splitlines()
    cells = [
        (row, column) for row in range(0, extent, dilation) for column in range(0, extent, dilation)
    ]
    if not drawn:  # too wide to be drawn
        return
    for row, column in cells:
        inside = row >= top and column >= left
        assert drawn[row][2 * column] == ("O" if inside else "x")
    assert sum(line.count("x") + line.count("O") for line in drawn) == kernel**2


def test_kernels_too_wide_or_of_three_axes_are_not_drawn():
    assert corner((8, 8), (17, 17), (1, 1)) == ""
    assert corner((1, 1, 1), (3, 3, 3), (1, 1, 1)) == ""


def test_a_padding_too_wide_to_be_drawn_is_not_drawn():
    from shapecalc.derivation.picture import WIDEST, corner

    assert corner((100_000, 100_000), (3, 3), (1, 1)) == ""
    assert corner((WIDEST,), (3,), (1,)) != ""
