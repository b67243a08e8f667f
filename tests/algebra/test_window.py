"""Windows against positions counted one by one."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.window import IDENTITY, Window, extent

H = Formula.symbol("H")

kernels = st.integers(1, 7)
strides = st.integers(1, 5)
dilations = st.integers(1, 4)
paddings = st.integers(0, 6)
sizes = st.integers(1, 60)
windows = st.builds(Window, st.integers(1, 9), strides, paddings, paddings)
chains = st.lists(windows, min_size=1, max_size=6)


def cells(kernel, dilation):
    """The cells of a kernel, from its first."""
    return [i * dilation for i in range(kernel)]


def positions(size, kernel, stride, before, after, dilation=1):
    """Where a kernel can stand on a padded input: every one of its cells on a cell."""
    padded = range(-before, size + after)
    starts = range(-before, size + after, stride)
    return [s for s in starts if all(s + cell in padded for cell in cells(kernel, dilation))]


def positions_rounded_up(size, kernel, stride, padding, dilation=1):
    """The same where the last may stick out at the end, if it starts before the right padding."""
    last = cells(kernel, dilation)[-1]
    found = positions(size, kernel, stride, padding, padding, dilation)
    following = -padding + stride * len(found)
    out_by_less_than_a_stride = following + last - (size + padding - 1) < stride
    if out_by_less_than_a_stride and following < size:
        found.append(following)
    return found


@given(sizes, kernels, strides, paddings, dilations)
def test_the_output_is_the_number_of_positions(n, kernel, stride, padding, dilation):
    counted = positions(n, kernel, stride, padding, padding, dilation)
    window = Window.symmetric(kernel, stride, padding, dilation)
    assert max(window.output(n), 0) == len(counted)
    assert extent(kernel, dilation) == cells(kernel, dilation)[-1] + 1


@given(sizes, windows)
def test_the_two_sides_are_padded_apart(n, window):
    counted = positions(n, window.extent, window.stride, window.before, window.after)
    assert max(window.output(n), 0) == len(counted)


@given(sizes, kernels, strides, st.data(), dilations)
def test_ceil_mode_is_torchs_clamped_rule(n, kernel, stride, data, dilation):
    padding = data.draw(st.integers(0, kernel // 2))
    if n + 2 * padding < extent(kernel, dilation):
        return
    counted = positions_rounded_up(n, kernel, stride, padding, dilation)
    assert Window.rounded_up(kernel, stride, padding, dilation).output(n) == len(counted)


@given(sizes, kernels, strides, st.data())
def test_ceil_mode_keeps_the_first_positions_place(n, kernel, stride, data):
    padding = data.draw(st.integers(0, kernel // 2))
    assert Window.rounded_up(kernel, stride, padding).before == padding
    assert Window.rounded_up(kernel, stride, padding).extent == kernel


@given(sizes, kernels, dilations)
def test_same_keeps_the_size_and_pads_an_even_window_more_after(n, kernel, dilation):
    window = Window.same(kernel, dilation)
    assert window.output(n) == n
    assert window.after - window.before == (extent(kernel, dilation) - 1) % 2


@given(chains, sizes)
def test_a_chain_of_windows_is_one_window(chain, n):
    together = reduce(Window.then, chain)
    size = n
    for window in chain:
        size = window.output(size)
    assert together.output(n) == size


@given(chains, sizes)
def test_a_chain_on_a_formula_is_one_floor(chain, n):
    size = H
    for window in chain:
        size = window.output(size)
    assert str(size).count("//") <= 1
    assert evaluate(size, {"H": n}) == reduce(Window.then, chain).output(n)
    assert size == reduce(Window.then, chain).output(H)


@given(windows)
def test_the_window_on_one_cell_is_the_identity(window):
    assert IDENTITY.then(window) == window == window.then(IDENTITY)


@given(windows, windows, windows)
def test_composition_is_associative(a, b, c):
    assert a.then(b).then(c) == a.then(b.then(c))


@given(windows, windows)
def test_the_composed_window_sees_what_the_two_see(first, second):
    """The receptive field and the jump, by looking at the cells themselves."""

    def seen(index):
        middle = range(
            index * second.stride - second.before,
            index * second.stride - second.before + second.extent,
        )
        starts = [i * first.stride - first.before for i in middle]
        return [cell for start in starts for cell in range(start, start + first.extent)]

    together = first.then(second)
    here, there = seen(0), seen(1)
    assert max(here) - min(here) + 1 == together.extent
    assert min(there) - min(here) == together.stride
    assert -min(here) == together.before


@given(chains, st.integers(1, 20))
def test_the_inputs_of_an_output_are_an_interval(chain, wanted):
    window = reduce(Window.then, chain)
    found = [n for n in range(-400, 2000) if window.output(n) == wanted]
    pad = window.before + window.after
    first = window.stride * (wanted - 1) + window.extent - pad
    last = window.stride * wanted - 1 + window.extent - pad
    assert found == [n for n in range(-400, 2000) if first <= n <= last]


def test_five_layers_of_stride_2_give_7_for_32_sizes():
    halving = Window.symmetric(3, stride=2, padding=1)
    window = reduce(Window.then, [halving] * 5)
    assert str(window.output(H)) == "(H + 31)//32"
    assert [n for n in range(1, 400) if window.output(n) == 7] == list(range(193, 225))
