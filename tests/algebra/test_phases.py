"""What positions see behind windows and what enlarges, against a count of dependencies."""

from __future__ import annotations

from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from shapecalc.algebra.phases import MOST_PHASES, Phases, Range, linear, together
from shapecalc.algebra.window import Window

FAR = 400
"""Positions far from both ends, where no padding is seen."""

windows = st.builds(
    lambda kernel, stride, padding, dilation: ("window", kernel, stride, padding, dilation),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
)
transposed = st.builds(
    lambda kernel, stride, padding, dilation: ("spread", kernel, stride, padding, dilation),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(1, 4),
)
chains = st.lists(windows | transposed, min_size=1, max_size=5)


def phases(kind, kernel, stride, padding, dilation):
    if kind == "window":
        return Phases.of_window(Window.symmetric(kernel, stride, padding, dilation))
    return Phases.spread(kernel, stride, padding, dilation)


def inputs_of(position, kind, kernel, stride, padding, dilation):
    """The input positions that one output position is computed from, one by one."""
    if kind == "window":
        return {position * stride - padding + dilation * j for j in range(kernel)}
    places = (position + padding - dilation * j for j in range(kernel))
    return {place // stride for place in places if place % stride == 0}


def seen(position, chain):
    cells = {position}
    for layer in reversed(chain):
        cells = {i for cell in cells for i in inputs_of(cell, *layer)}
    return cells


@given(chains)
@settings(max_examples=300, deadline=None)
def test_a_chain_sees_what_its_outputs_depend_on(chain):
    note(chain)
    view = phases(*chain[0])
    for layer in chain[1:]:
        view = view.then(phases(*layer))
        assume(view is not None)  # positions that take turns too long are not followed
    # taps with gaps between them may pass over cells that see more: then more is told than seen
    is_exact = all(d == 1 and (kind == "window" or k >= s) for kind, k, s, _, d in chain)
    sizes = set()
    for position in range(FAR, FAR + 2 * len(view.spans)):
        cells, span = seen(position, chain), view.at(position)
        if is_exact:
            assert span == (min(cells), max(cells))
        elif cells:
            assert span.first <= min(cells)
            assert span.last >= max(cells)
        sizes.add(span.last - span.first + 1 if span else 0)
    told = view.sizes()
    least, most = (told.least, told.most) if isinstance(told, Range) else (told, told)
    assert (least, most) == (min(sizes), max(sizes))


@given(st.integers(1, 9), st.integers(-20, 20))
def test_linear_interpolation_sees_the_cells_between_which_a_position_lies(factor, position):
    place = (2 * position + 1 - factor) / (2 * factor)
    assert linear(factor).at(position) == (place // 1, -(-place // 1))


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 5), st.integers(1, 5))
def test_outputs_of_a_transposed_window_see_the_inputs_written_there(k, s, p, d):
    spans = Phases.spread(k, s, p, d)
    for position in range(3 * s):
        cells = [n for n in range(-99, 99) for j in range(k) if n * s + d * j - p == position]
        assert spans.at(position) == ((min(cells), max(cells)) if cells else None)


def test_a_period_that_is_too_long_is_not_told():
    assert Phases.spread(10**6, 10**6, 0) is None
    assert linear(10**6) is None
    assert Phases.spread(10**6, 4, 0).spans[0] == (1 - 10**6 // 4, 0)


def test_branches_at_the_same_speed_are_seen_together():
    fast, slow = Phases.of_window(Window(3, 1, 1, 1)), Phases.of_window(Window(1, 2, 0, 0))
    assert together([fast, slow]) is None
    back = slow.then(Phases.spread(2, 2, 0))
    assert together([fast, back]).sizes() == 3


def test_positions_that_take_turns_see_a_range():
    behind = Phases.of_window(Window(1, 1, 0, 0)).then(Phases.spread(3, 2, 0))
    assert behind.sizes() == Range(1, 2)
    assert str(behind.sizes()) == "1 to 2"
    assert behind.stride * 2 == 1


def test_a_large_kernel_is_no_more_work_than_a_small_one():
    assert Phases.spread(10**12, stride=2, padding=0).sizes() == 5 * 10**11


def test_a_period_that_is_too_long_is_not_followed():
    assert Phases.spread(3, stride=MOST_PHASES, padding=0) is not None
    assert Phases.spread(3, stride=10**12, padding=0) is None
