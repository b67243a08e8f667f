"""Pools against windows that are counted one by one, against torch, and on formulas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.layers import KINDS, FieldError, Tensor
from tests.layers.symbolic import H, assert_formulas_agree

RANKS = (1, 2, 3)


def positions(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """Try every place a window could start at and count those it may."""
    found = 0
    for start in range(-padding, size + padding, stride):
        last = start + dilation * (kernel - 1)
        sticks_out = last - (size + padding - 1)
        if sticks_out <= 0 or (ceil_mode and sticks_out < stride and start < size):
            found += 1
    return found


@st.composite
def sliding_pools(draw: st.DrawFn, ranks: tuple[int, ...] = RANKS) -> Any:
    """A pool with settings of each axis its own."""
    rank = draw(st.sampled_from(ranks))
    name = draw(st.sampled_from(("MaxPool", "AvgPool", "LPPool")))

    def per_axis(least: int, most: int) -> st.SearchStrategy[Any]:
        one = st.integers(least, most)
        return one | st.lists(one, min_size=rank, max_size=rank)

    chosen: dict[str, Any] = {
        "kernel_size": draw(st.integers(1, 5) if name + str(rank) == "LPPool1" else per_axis(1, 5)),
        "stride": draw(st.none() | per_axis(1, 5)),
        "ceil_mode": draw(st.booleans()),
    }
    if name != "LPPool":
        chosen["padding"] = draw(per_axis(0, 2))
    if name == "MaxPool":
        chosen["dilation"] = draw(per_axis(1, 3))
    if name == "AvgPool":
        chosen["count_include_pad"] = draw(st.booleans())
        if rank > 1:
            chosen["divisor_override"] = draw(st.none() | st.integers(1, 3))
    if name == "LPPool":
        chosen["norm_type"] = draw(st.sampled_from((1, 2, 0, -1, float("inf"))))
    return KINDS[f"{name}{rank}d"](**chosen)


@given(
    size=st.integers(1, 20),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 7),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    ceil_mode=st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_a_pool_has_as_many_outputs_as_windows_can_be_placed(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> None:
    assume(2 * padding <= kernel)
    pool = KINDS["MaxPool1d"](
        kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    x = Tensor((1, 1, size))
    count = positions(size, kernel, stride, padding, dilation, ceil_mode)
    fits = all(requirement.decide() for requirement in pool.requirements(x))
    assert fits == (count > 0)
    if fits:
        assert pool.output(x).shape == (1, 1, count)
        assert pool.elementwise(x, pool.output(x)) == count * kernel


@given(pool=sliding_pools(), sizes=st.lists(st.integers(1, 12), min_size=3, max_size=3))
@settings(max_examples=400, deadline=None)
def test_pools_accept_and_give_what_torch_does(pool: Any, sizes: list[int]) -> None:
    oracle = pytest.importorskip("tests.layers.torch_oracle")
    x = Tensor((2, 3, *sizes[: pool.rank]))
    assert oracle.ours(pool, x) == oracle.shapes(pool, x)


@given(pool=sliding_pools(ranks=(1, 2)), width=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_pools_of_a_symbolic_size_agree_with_those_of_numbers(pool: Any, width: int) -> None:
    assert_formulas_agree(pool, (2, 3, H, width)[: pool.rank + 2], range(1, 25))


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("name", ["MaxPool", "AvgPool", "LPPool"])
def test_the_stride_is_the_kernel_where_none_is_given(name: str, rank: int) -> None:
    kind = KINDS[f"{name}{rank}d"]
    pool = kind(**{**kind.example, "kernel_size": 3})
    assert pool.stride == pool.kernel_size == (3,) * rank


def test_a_pool_passes_its_windows_on_for_the_receptive_field() -> None:
    pool = KINDS["MaxPool2d"](kernel_size=[3, 2], stride=2, padding=[1, 0], dilation=[2, 1])
    assert pool.windows(Tensor((1, 1, 9, 9))) == ((5, 2, 1, 1), (2, 2, 0, 0))


@pytest.mark.parametrize("dilation", [1, 3])
def test_padding_is_at_most_half_the_kernel_whatever_the_dilation(dilation: int) -> None:
    pool = KINDS["MaxPool2d"](kernel_size=3, padding=2, dilation=dilation)
    broken = [r for r in pool.requirements(Tensor((1, 1, 20, 20))) if r.decide() is False]
    assert broken[0].field == "padding"
    assert broken[0].problem() == "has padding 2, more than half of kernel_size 3"


def test_a_kernel_that_does_not_fit_is_told_with_what_is_missing() -> None:
    pool = KINDS["AvgPool1d"](kernel_size=5)
    (broken,) = (r for r in pool.requirements(Tensor((1, 1, 3))) if r.decide() is False)
    assert broken.problem() == "has a kernel of 5 that does not fit its input of 3"
    assert "larger by at least 2" in broken.hint()


def windows_of_adaptive_pool(size: int, outputs: int) -> list[range]:
    """Torch's own windows, one for each output."""
    return [range(i * size // outputs, -(-(i + 1) * size // outputs)) for i in range(outputs)]


@given(size=st.integers(1, 60), outputs=st.integers(1, 60))
@settings(max_examples=400, deadline=None)
def test_an_adaptive_pool_works_once_for_every_cell_of_its_windows(size: int, outputs: int) -> None:
    pool = KINDS["AdaptiveAvgPool1d"](output_size=outputs)
    x = Tensor((2, 3, size))
    cells = sum(map(len, windows_of_adaptive_pool(size, outputs)))
    assert pool.elementwise(x, pool.output(x)) == 2 * 3 * cells


@pytest.mark.parametrize("size", [1, 7, 12, 16, 49, 60])
def test_the_windows_of_a_symbolic_output_size_have_the_cells_that_are_counted(size: int) -> None:
    a = Formula.symbol("A")
    x = Tensor((2, 3, size))
    pool = KINDS["AdaptiveAvgPool1d"](output_size=a)
    work = pool.elementwise(x, pool.output(x))
    for outputs in range(1, 70):
        cells = sum(map(len, windows_of_adaptive_pool(size, outputs)))
        assert evaluate(work, {"A": outputs}) == 2 * 3 * cells


def test_an_output_size_that_divides_the_input_stays_a_symbol_and_any_other_has_a_value() -> None:
    a = Formula.symbol("A")
    pool = KINDS["AdaptiveAvgPool2d"](output_size=[a, None])
    for size in (a, 3 * a, 28):
        assert [*pool.decisive(Tensor((1, 1, size, H)))] == []
    x = Tensor((1, 1, 3 * a, H))
    assert pool.elementwise(x, pool.output(x)) == 3 * a * H  # windows do not overlap
    assert [*pool.decisive(Tensor((1, 1, H, H)))] == [a]


def test_an_adaptive_pool_works_once_for_every_pair_of_cells_of_its_axes() -> None:
    pool = KINDS["AdaptiveMaxPool2d"](output_size=[None, 3])
    x = Tensor((2, 3, 7, 8))
    cells = sum(map(len, windows_of_adaptive_pool(8, 3)))
    assert pool.elementwise(x, pool.output(x)) == 2 * 3 * 7 * cells


@st.composite
def adaptive_pools(draw: st.DrawFn, ranks: tuple[int, ...] = RANKS) -> Any:
    """An adaptive pool; from two axes on, some keep their size."""
    rank = draw(st.sampled_from(ranks))
    one = st.integers(1, 9) if rank == 1 else st.none() | st.integers(1, 9)
    wanted = draw(st.integers(1, 9) | st.lists(one, min_size=rank, max_size=rank))
    return KINDS[f"Adaptive{draw(st.sampled_from(('Avg', 'Max')))}Pool{rank}d"](output_size=wanted)


@given(pool=adaptive_pools(ranks=(1, 2)))
@settings(max_examples=40, deadline=None)
def test_adaptive_pools_of_a_symbolic_size_agree_with_those_of_numbers(pool: Any) -> None:
    assert_formulas_agree(pool, (2, 3, H, H + 1)[: pool.rank + 2], range(1, 25))


def test_one_adaptive_pool_fits_every_size() -> None:
    pool = KINDS["AdaptiveAvgPool2d"](output_size=1)
    y = pool.output(Tensor((1, 512, H, H)))
    assert y.shape == (1, 512, 1, 1)
    assert pool.elementwise(Tensor((1, 512, H, H)), y) == 512 * H**2
    assert pool.windows(Tensor((1, 512, H, H))) is None


@pytest.mark.parametrize(
    "name", [f"Adaptive{what}Pool{rank}d" for what in ("Avg", "Max") for rank in (1, 2, 3)]
)
def test_null_keeps_a_size_in_a_list_only_as_in_torch(name):
    with pytest.raises(FieldError, match="expected"):
        KINDS[name](output_size=None)
    kept = [None, *[1] * (KINDS[name].rank - 1)]
    if KINDS[name].rank > 1:
        x = Tensor((1, 4, *[7] * KINDS[name].rank))
        assert KINDS[name](output_size=kept).output(x).spatial == (7, *kept[1:])


def test_the_norm_along_a_length_takes_no_list():
    with pytest.raises(FieldError, match="expected a positive integer"):
        KINDS["LPPool1d"](norm_type=2, kernel_size=[3])
    assert KINDS["LPPool1d"](norm_type=2, kernel_size=3, stride=[2]).stride == (2,)
