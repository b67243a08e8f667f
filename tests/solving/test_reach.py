"""Strides and paddings that are found are all there are: against exhaustive search, and torch."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.window import Window, spread
from shapecalc.solving.reach import MOST, Slide, Spread

torch = pytest.importorskip("torch")

GREAT = 2**31 - 1

sizes = st.integers(1, 20)
strides = st.one_of(st.none(), st.integers(1, 7))
slides = st.builds(Slide, st.integers(1, 6), st.integers(1, 3), strides, st.booleans())
spreads = st.builds(
    Spread, st.integers(1, 5), st.integers(1, 3), strides, st.one_of(st.none(), st.integers(0, 2))
)


def every_output(slide: Slide, size: int, widest: int) -> dict[tuple[int, int], int]:
    """The output for every stride and padding with which the kernel fits."""
    make = Window.rounded_up if slide.ceil_mode else Window.symmetric
    steps = [slide.stride] if slide.stride else range(1, size + 2 * widest + 2)
    extent = slide.dilation * (slide.kernel - 1) + 1
    return {
        (step, padding): make(slide.kernel, step, padding, slide.dilation).output(size)
        for step in steps
        for padding in range(widest + 1)
        if size + 2 * padding >= extent
    }


@given(slides, sizes, sizes)
def test_all_answers_without_waste_are_found_and_the_others_are_true(slide, size, wanted):
    found = list(islice(slide.answers(size, wanted), MOST))
    plain = {(a.stride, a.padding) for a in found if a.padding == a.after and not a.beyond}
    outputs = every_output(slide, size, slide.widest)
    assert plain >= {each for each, output in outputs.items() if output == wanted}
    for answer in found:
        window = slide.window(answer.stride, answer.padding)
        if answer.after != answer.padding:
            assert not any(stride == 1 for stride, _ in plain)
            window = window._replace(after=answer.after)
        assert window.output(size) == wanted
        assert answer.beyond == (answer.after > slide.widest)
        if not slide.ceil_mode:
            assert answer.unused == window.remainder(size)


@given(slides, sizes, sizes)
def test_answers_come_plainest_first(slide, size, wanted):
    found = list(islice(slide.answers(size, wanted), MOST))
    if not slide.ceil_mode:
        assert found == sorted(found, key=lambda a: (a.beyond, a.stride, a.unused, a.padding))


@given(slides, sizes, sizes)
def test_where_there_is_no_answer_the_nearest_sizes_are_told(slide, size, wanted):
    if next(slide.answers(size, wanted), None) is not None:
        return
    widest = 60 if slide.stride and not slide.ceil_mode else slide.widest
    outputs = set(every_output(slide, size, widest).values())
    below = [output for output in outputs if output < wanted]
    above = [output for output in outputs if output > wanted]
    expected = [max(below)] if below else []
    expected += [min(above)] if above else []
    assert slide.nearest(size, wanted) == expected


@given(slides, sizes, sizes)
def test_torch_agrees_on_pools(slide, size, wanted):
    for answer in islice(slide.answers(size, wanted), 3):
        if answer.padding > slide.kernel // 2 or answer.padding != answer.after:
            continue
        pool = torch.nn.MaxPool1d(
            slide.kernel,
            answer.stride,
            answer.padding,
            slide.dilation,
            ceil_mode=slide.ceil_mode,
        )
        assert pool(torch.empty(1, 1, size, device="meta")).shape[-1] == wanted


@given(spreads, sizes, st.integers(1, 60))
def test_all_answers_of_a_transposed_convolution_are_found(spreading, size, wanted):
    found = set(islice(spreading.answers(size, wanted), MOST))
    extent = spreading.dilation * (spreading.kernel - 1) + 1
    expected = {
        (stride, padding, extra)
        for stride in ([spreading.stride] if spreading.stride else range(1, wanted + 2 * extent))
        for extra in range(max(stride, spreading.dilation))
        if spreading.output_padding in (None, extra)
        for padding in range(extent)
        if spread(size, spreading.kernel, stride, padding, extra, spreading.dilation) == wanted
    }
    if size > 1 or spreading.stride:  # of a single cell any large stride makes anything
        assert found >= expected
    for stride, padding, extra in found:
        assert extra < max(stride, spreading.dilation)
        made = spread(size, spreading.kernel, stride, padding, extra, spreading.dilation)
        assert made == wanted


@given(spreads, sizes, st.integers(1, 60))
def test_torch_agrees_on_transposed_convolutions(spreading, size, wanted):
    for stride, padding, extra in islice(spreading.answers(size, wanted), 2):
        up = torch.nn.ConvTranspose1d(
            1,
            1,
            spreading.kernel,
            stride,
            padding,
            extra,
            dilation=spreading.dilation,
            device="meta",
        )
        assert up(torch.empty(1, 1, size, device="meta")).shape[-1] == wanted


@given(spreads, sizes, st.integers(1, 60))
def test_the_nearest_of_a_transposed_convolution_can_be_had(spreading, size, wanted):
    for near in spreading.nearest(size, wanted):
        assert next(spreading.answers(size, near))


@pytest.mark.parametrize("kernel", [1, 2, 3, GREAT])
@pytest.mark.parametrize("stride", [None, 1, GREAT - 1])
@pytest.mark.parametrize(("size", "wanted"), [(GREAT, GREAT), (GREAT, 1), (1, GREAT), (7, 3)])
def test_large_numbers_are_no_more_work_than_small_ones(kernel, stride, size, wanted):
    for ceil_mode in (False, True):
        slide = Slide(kernel, GREAT if kernel == 3 else 1, stride, ceil_mode)
        assert len(list(islice(slide.answers(size, wanted), MOST))) <= MOST
        slide.nearest(size, wanted)
    for extra in (None, 1):
        spreading = Spread(kernel, 1, stride, extra)
        assert len(list(islice(spreading.answers(size, wanted), MOST))) <= MOST
        spreading.nearest(size, wanted)
