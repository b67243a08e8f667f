"""Reshaping against torch's modules and functions on the meta device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.formula import evaluate
from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.layers import KINDS, Tensor
from tests.layers.symbolic import H, assert_formulas_agree
from tests.layers.torch_oracle import ours

sizes = st.integers(1, 8)
tensors = st.lists(sizes, min_size=1, max_size=4).map(lambda s: Tensor(tuple(s)))
dims = st.integers(-5, 5)
places = st.integers(-10, 10)


def output(layer, x):
    """Our output shape; None where we refuse."""
    found = ours(layer, x)
    return found and found[0]


def problem(layer, x):
    """What is told of the first requirement that does not hold."""
    return next(r.problem() for r in layer.requirements(x) if r.decide() is not True)


@given(st.lists(sizes, min_size=2, max_size=3), st.data())
def test_unflatten_undoes_flatten(split, data):
    merged = KINDS["Flatten"]().output(Tensor((2, *split)))
    index = data.draw(st.integers(0, len(split) - 1))
    for given_sizes in (split, [*split[:index], -1, *split[index + 1 :]]):
        layer = KINDS["Unflatten"](dim=1, unflattened_size=given_sizes)
        assert output(layer, merged) == (2, *split)


@pytest.mark.parametrize("name", [n for n, k in KINDS.items() if k.family == "reshaping"])
def test_all_are_views(name):
    kind = KINDS[name]
    layer, x = kind(**kind.example), Tensor(kind.example_shapes[0])
    assert not kind.writes
    assert layer.elementwise(x, layer.output(x)) == 0


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize(("start", "end", "step"), [(1, None, 1), (0, -1, 2), (-3, None, 2)])
def test_the_window_of_a_slice_gives_its_size(size, start, end, step):
    layer, x = KINDS["Slice"](dim=-1, start=start, end=end, step=step), Tensor((1, 3, 7, size))
    if ours(layer, x) is not None:
        first, second = layer.windows(x)
        assert first == IDENTITY
        assert second.output(size) == layer.output(x).shape[-1]


def test_a_piece_of_the_channels_keeps_every_place():
    assert KINDS["Chunk"](chunks=2).windows(Tensor((1, 8, 5, 5))) == (IDENTITY, IDENTITY)
    cropped = KINDS["Slice"](dim=2, start=2, end=-1).windows(Tensor((1, 8, 5, 5)))
    assert cropped == (Window(1, 1, -2, -1), IDENTITY)


@pytest.mark.parametrize(
    ("name", "settings", "shape"),
    [
        ("Flatten", {}, (1, 3, H // 2, H)),
        ("Unflatten", {"dim": 1, "unflattened_size": [3, -1]}, (1, H)),
        ("Unflatten", {"dim": 1, "unflattened_size": [3, 4]}, (1, 2 * H)),
        ("Permute", {"dims": [0, 2, 1]}, (1, H, 2 * H)),
        ("Squeeze", {"dim": 2}, (1, 8, H // 3)),
        ("Unsqueeze", {"dim": 1}, (1, H)),
        ("Slice", {"dim": 1, "start": 2}, (1, H)),
        ("Slice", {"dim": 1, "start": -4, "step": 2}, (1, H)),
        ("Slice", {"dim": 1, "start": 1, "end": 5}, (1, H)),
        ("Slice", {"dim": 1, "start": -6, "end": -2}, (1, H)),
        ("Chunk", {"chunks": 2, "index": 1}, (1, H)),
        ("Chunk", {"chunks": 4, "index": 2}, (1, H)),
        ("Chunk", {"chunks": 4, "index": 3}, (1, H)),
        ("Mean", {"dim": [2, 3]}, (1, H, H // 2, 3)),
    ],
)
def test_formulas_say_what_numbers_give(name, settings, shape):
    assert_formulas_agree(KINDS[name](**settings), shape, range(1, 14))


@pytest.mark.parametrize(
    ("name", "settings", "shape"),
    [
        ("Unflatten", lambda h: {"dim": 1, "unflattened_size": [h, -1]}, lambda h: (1, 6 * h)),
        ("Slice", lambda h: {"dim": 1, "end": h // 2}, lambda h: (1, h)),
        ("Slice", lambda h: {"dim": 1, "start": h, "step": 2}, lambda h: (1, 3 * h)),
    ],
)
def test_settings_may_be_formulas(name, settings, shape):
    general, x = KINDS[name](**settings(H)), Tensor(shape(H))
    assert not any(r.decide() is False for r in general.requirements(x))
    for h in range(2, 9):
        known = KINDS[name](**settings(h)).output(Tensor(shape(h)))
        assert tuple(evaluate(s, {"H": h}) for s in general.output(x).shape) == known.shape


@pytest.mark.parametrize(
    ("name", "settings", "shape", "told"),
    [
        ("Flatten", {"start_dim": 3}, (1, 3, 4), "has start_dim 3 but receives 3 dimensions"),
        ("Unflatten", {"dim": 1, "unflattened_size": [3, -1]}, (1, 8), "3 does not divide 8"),
        ("Permute", {"dims": [0, 1]}, (1, 3, 4), "has dims [0, 1] but receives 3 dimensions"),
        ("Squeeze", {"dim": 2}, (1, 3, 4), "which has size 4 and not 1"),
        ("Slice", {"dim": 1, "start": 3}, (1, 3), "takes 3: of dim 1 of batch x 3"),
        ("Chunk", {"chunks": 4, "index": 3}, (1, 5), "5 cut into 4 makes 3 pieces of up to 2"),
        ("Mean", {"dim": [1, -1]}, (1, 3), "names a dimension twice"),
    ],
)
def test_what_is_wrong_is_told(name, settings, shape, told):
    assert told in problem(KINDS[name](**settings), Tensor(shape))


def test_a_formula_never_counts_from_the_end():
    layer = KINDS["Slice"](dim=1, end=H - 5)
    (condition, *_) = [
        r.decide() for r in layer.requirements(Tensor((1, H))) if r.decide() is not True
    ]
    assert [h for h in range(1, 8) if h in condition.solutions] == [5, 6, 7]
