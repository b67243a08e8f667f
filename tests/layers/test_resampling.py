"""Resampling against patches that are cut out one by one, against torch, and on formulas."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.layers import KINDS, FieldError, Tensor
from shapecalc.layers.scaling import parting, scaled
from tests.layers.symbolic import H, assert_formulas_agree

MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "nearest-exact")
AXES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}

# A float holds these exactly, so torch rounds down at the same places.
factors = st.sampled_from([Fraction(n, d) for n in (1, 2, 3, 5, 7) for d in (1, 2, 4, 8)])


def one_or_list(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return one | st.lists(one, min_size=1, max_size=3)


@st.composite
def upsamplings(draw: st.DrawFn) -> Any:
    """An Upsample with settings that fit each other more often than not."""
    chosen: dict[str, Any] = {"mode": draw(st.sampled_from(MODES))}
    given_as = draw(st.sampled_from((("size",), ("scale_factor",), ("size", "scale_factor"), ())))
    for name in given_as:
        one = st.integers(1, 9) if name == "size" else factors
        chosen[name] = draw(one_or_list(one))
    if draw(st.sampled_from((True, False, False))):
        chosen["align_corners"] = draw(st.booleans())
    chosen["recompute_scale_factor"] = draw(st.sampled_from((None, None, True, False)))
    return KINDS["Upsample"](**chosen)


@given(up=upsamplings(), sizes=st.lists(st.integers(1, 8), min_size=0, max_size=4))
@settings(max_examples=600, deadline=None)
def test_upsampling_accepts_and_gives_what_torch_does(up: Any, sizes: list[int]) -> None:
    oracle = pytest.importorskip("tests.layers.torch_oracle")
    x = Tensor((2, 3, *sizes))
    assert oracle.ours(up, x) == oracle.shapes(up, x)


@given(scale=factors)
@settings(max_examples=30, deadline=None)
def test_upsampling_of_a_symbolic_size_agrees_with_that_of_numbers(scale: Fraction) -> None:
    up = KINDS["Upsample"](scale_factor=scale, mode="bilinear")
    assert_formulas_agree(up, (1, 2, H, H + 3), range(1, 20))


def test_a_factor_that_is_a_symbol_is_whole_and_one_that_may_be_none_is_refused() -> None:
    s = Formula.symbol("S")
    up = KINDS["Upsample"](scale_factor=[s, 2 * s])
    y = up.output(Tensor((1, 2, H, 5)))
    for scale in range(1, 9):
        own = KINDS["Upsample"](scale_factor=[scale, 2 * scale])
        for h in range(1, 9):
            sizes = tuple(evaluate(size, {"S": scale, "H": h}) for size in y.shape)
            assert sizes == own.output(Tensor((1, 2, h, 5))).shape
    with pytest.raises(FieldError):
        KINDS["Upsample"](scale_factor=s / 2)


def test_a_number_times_a_factor_is_what_a_double_makes_of_it() -> None:
    x = Tensor((1, 1, 100))
    assert int(100 * 0.29) == 28
    assert KINDS["Upsample"](scale_factor=Fraction("0.29")).output(x).shape == (1, 1, 28)


@pytest.mark.parametrize(
    ("shape", "factor", "sizes"),
    [
        ((3, 88, 88), Fraction(120, 88), (119, 119)),
        ((3, 149, 199), (Fraction(600, 149), Fraction(800, 199)), (600, 799)),
        ((3, 100, 100), Fraction("0.29"), (28, 28)),
        ((3, 100), Fraction("0.29"), (28,)),
        ((3, 100, 50, 2), Fraction("0.58"), (57, 28, 1)),
        ((3, 87, 87), Fraction(120, 88), (118, 118)),
    ],
)
def test_sizes_times_factors_are_those_of_torch(shape, factor, sizes) -> None:
    up = KINDS["Upsample"](scale_factor=factor)
    assert up.output(Tensor((1, *shape))).spatial == sizes
    torch = pytest.importorskip("torch")
    given = tuple(map(float, factor)) if isinstance(factor, tuple) else float(factor)
    there = torch.nn.Upsample(scale_factor=given)(torch.empty(1, *shape, device="meta"))
    assert tuple(there.shape[2:]) == sizes


def test_a_formula_times_a_factor_is_exact() -> None:
    up = KINDS["Upsample"](scale_factor=Fraction(120, 88))
    (height, width) = up.output(Tensor((1, 3, H, 88))).spatial
    assert (height, width) == (15 * H // 11, 119)


@given(numerator=st.integers(1, 400), denominator=st.integers(1, 400), n=st.integers(1, 4000))
def test_a_product_in_double_precision_parts_from_the_exact_one_where_that_is_whole(
    numerator: int, denominator: int, n: int
) -> None:
    factor = Fraction(numerator, denominator)
    found = list(parting(factor, range(n, n + 1)))
    exact = n * factor.numerator // factor.denominator
    assert scaled(n, factor) == int(n * (numerator / denominator)) == exact - len(found)
    assert not found or n * factor.numerator % factor.denominator == 0


@pytest.mark.parametrize(
    ("mode", "taps"),
    [
        ("nearest", 0),
        ("nearest-exact", 0),
        ("linear", 2),
        ("bilinear", 2**2),
        ("trilinear", 2**3),
        ("bicubic", 4**2),
    ],
)
def test_interpolation_works_once_for_every_value_it_weights(mode: str, taps: int) -> None:
    x = Tensor((1, 2, *[4] * AXES.get(mode, 1)))
    up = KINDS["Upsample"](scale_factor=2, mode=mode)
    y = up.output(x)
    assert up.elementwise(x, y) == taps * 2 * 8 ** AXES.get(mode, 1)


def test_a_mode_for_other_axes_is_told_with_the_modes_there_are() -> None:
    up = KINDS["Upsample"](scale_factor=2, mode="linear")
    broken = next(r for r in up.requirements(Tensor((1, 3, 8, 8))) if not r.decide())
    assert (
        broken.problem() == "has mode linear, which takes 1 spatial axes, but receives 2: 3 x 8 x 8"
    )
    assert broken.hint() == ("modes for this input: nearest, nearest-exact, bilinear, bicubic")


@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("name", ["PixelShuffle", "PixelUnshuffle", "ChannelShuffle"])
def test_shuffles_of_symbolic_sizes_agree_with_those_of_numbers(name: str, factor: int) -> None:
    (field,) = KINDS[name].fields
    shuffle = KINDS[name](**{field: factor})
    assert_formulas_agree(shuffle, (1, H, H, 6), range(1, 40))


def test_shuffles_only_copy() -> None:
    x = Tensor((1, 4, 6, 6))
    for name in ("PixelShuffle", "PixelUnshuffle", "ChannelShuffle", "Unfold"):
        layer = KINDS[name](**KINDS[name].example)
        assert layer.elementwise(x, layer.output(x)) == 0


@given(factor=st.integers(1, 4), height=st.integers(1, 5), width=st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_a_pixel_unshuffle_undoes_a_pixel_shuffle(factor: int, height: int, width: int) -> None:
    x = Tensor((1, 3 * factor**2, height, width))
    y = KINDS["PixelShuffle"](upscale_factor=factor).output(x)
    assert KINDS["PixelUnshuffle"](downscale_factor=factor).output(y) == x


patches = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(1, 3) | st.lists(st.integers(1, 3), min_size=2, max_size=2),
        "dilation": st.integers(1, 2) | st.lists(st.integers(1, 2), min_size=2, max_size=2),
        "padding": st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=2, max_size=2),
        "stride": st.integers(1, 3) | st.lists(st.integers(1, 3), min_size=2, max_size=2),
    }
)
images = st.tuples(st.integers(1, 9), st.integers(1, 9))


def count_patches(unfold: Any, image: tuple[int, int]) -> int:
    """Try every pixel of the padded image as the corner of a patch."""
    corners = [
        [
            at
            for at in range(-padding, size + padding, stride)
            if at + dilation * (kernel - 1) < size + padding
        ]
        for size, kernel, stride, padding, dilation in zip(
            image, unfold.kernel_size, unfold.stride, unfold.padding, unfold.dilation, strict=True
        )
    ]
    return len(corners[0]) * len(corners[1])


@given(chosen=patches, image=images)
@settings(max_examples=300, deadline=None)
def test_unfold_gives_a_column_for_every_patch(chosen: Any, image: tuple[int, int]) -> None:
    oracle = pytest.importorskip("tests.layers.torch_oracle")
    unfold = KINDS["Unfold"](**chosen)
    x = Tensor((2, 3, *image))
    columns = count_patches(unfold, image)
    ours = oracle.ours(unfold, x)
    assert (ours is not None) == (columns > 0)
    assert ours == oracle.shapes(unfold, x)
    if ours:
        assert ours[0][2] == columns


@given(chosen=patches, image=images, slip=st.sampled_from((0, 0, 0, 1)))
@settings(max_examples=300, deadline=None)
def test_fold_undoes_what_unfold_does_to_a_shape(
    chosen: Any, image: tuple[int, int], slip: int
) -> None:
    oracle = pytest.importorskip("tests.layers.torch_oracle")
    unfold = KINDS["Unfold"](**chosen)
    fold = KINDS["Fold"](output_size=list(image), **chosen)
    cells = unfold.kernel_size[0] * unfold.kernel_size[1]
    columns = Tensor((2, 3 * cells, max(1, count_patches(unfold, image)) + slip))
    assert oracle.ours(fold, columns) == oracle.shapes(fold, columns)
    if oracle.ours(fold, columns):
        assert fold.output(columns).shape == (2, 3, *image)
        assert fold.elementwise(columns, fold.output(columns)) == 2 * 3 * cells * columns.shape[2]


@given(chosen=patches)
@settings(max_examples=40, deadline=None)
def test_patches_of_a_symbolic_size_agree_with_those_of_numbers(chosen: Any) -> None:
    assert_formulas_agree(KINDS["Unfold"](**chosen), (2, 3, H, 9), range(1, 20))
    fold = KINDS["Fold"](output_size=[4, 5], kernel_size=2)
    assert_formulas_agree(fold, (1, 2 * H, 12), range(1, 12))
    assert_formulas_agree(fold, (1, 8, H), range(1, 20))


@given(st.fractions(min_value=Fraction(1, 1000), max_value=40, max_denominator=2000))
@example(Fraction(3, 4))
@example(Fraction(2**52 + 1, 2**51))
@example(2)
@settings(max_examples=60, deadline=None)
def test_sizes_that_part_are_those_found_one_by_one(factor: Fraction) -> None:
    sizes = range(1, 4097)
    exact = [n * factor.numerator // factor.denominator for n in sizes]
    apart = [n for n, product in zip(sizes, exact) if int(n * float(factor)) != product]
    assert list(parting(factor, sizes)) == apart
