"""Normalisation against torch on the meta device, in evaluation."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.layers import KINDS, Tensor
from tests.layers.symbolic import H, assert_formulas_agree
from tests.layers.torch_oracle import ours, shapes, torch

BATCH = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]
INSTANCE = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]

sizes = st.integers(1, 4)
epsilons = st.sampled_from([0, Fraction(1, 1000)])


@pytest.mark.parametrize("name", BATCH + INSTANCE)
@given(
    data=st.data(),
    eps=epsilons,
    momentum=st.sampled_from([None, Fraction(1, 3)]),
    affine=st.booleans(),
    track=st.booleans(),
)
def test_norms_over_channels_are_torchs(name, data, eps, momentum, affine, track):
    kind = KINDS[name]
    ndim = data.draw(st.sampled_from(kind.ndims))
    x = Tensor(tuple(data.draw(st.lists(sizes, min_size=ndim, max_size=ndim))))
    layer = kind(eps=eps, momentum=momentum, affine=affine, track_running_stats=track)
    assert ours(layer, x) == shapes(layer, x)


@given(st.integers(1, 6), st.lists(sizes, min_size=2, max_size=5), st.booleans(), epsilons)
def test_group_norm_is_torchs(groups, shape, affine, eps):
    layer, x = KINDS["GroupNorm"](num_groups=groups, affine=affine, eps=eps), Tensor(tuple(shape))
    assert ours(layer, x) == shapes(layer, x)


@given(
    st.lists(sizes, min_size=2, max_size=4),
    st.lists(sizes, min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
)
def test_norms_over_the_last_dimensions_are_torchs(shape, stated, affine, bias):
    x = Tensor(tuple(shape))
    for name, settings in (("LayerNorm", {"bias": bias}), ("RMSNorm", {})):
        for normalized in (None, *(shape[-k:] for k in range(1, len(shape) + 1)), stated):
            layer = KINDS[name](normalized_shape=normalized, elementwise_affine=affine, **settings)
            fits = normalized is None or shape[-len(normalized) :] == normalized
            found = ours(layer, x)
            assert (found is not None) == fits
            assert found is None or found == shapes(layer, x)


@given(st.lists(sizes, min_size=1, max_size=4), st.lists(sizes, min_size=1, max_size=5))
def test_a_stated_shape_is_checked_against_the_last_sizes_as_torch_does(shape, stated):
    x = torch.empty((1, *shape), device="meta")
    try:
        torch.nn.LayerNorm(stated, device="meta")(x)
        accepted = True
    except RuntimeError:
        accepted = False
    layer = KINDS["LayerNorm"](normalized_shape=stated)
    assert (ours(layer, Tensor(x.shape)) is not None) == accepted


def test_one_size_may_be_stated_without_a_list():
    assert KINDS["LayerNorm"](normalized_shape=768).normalized_shape == (768,)


@given(st.integers(1, 7), st.lists(sizes, min_size=1, max_size=6))
def test_local_response_norm_is_torchs(size, shape):
    layer, x = KINDS["LocalResponseNorm"](size=size), Tensor(tuple(shape))
    assert ours(layer, x) == shapes(layer, x)


@pytest.mark.parametrize(
    ("name", "settings", "operations"),
    [
        ("BatchNorm2d", {}, 2),
        ("BatchNorm2d", {"affine": False}, 2),
        ("InstanceNorm2d", {}, 4),
        ("InstanceNorm2d", {"affine": True}, 5),
        ("GroupNorm", {"num_groups": 2}, 5),
        ("GroupNorm", {"num_groups": 2, "affine": False}, 4),
        ("LayerNorm", {}, 5),
        ("LayerNorm", {"elementwise_affine": False}, 4),
        ("RMSNorm", {}, 4),
        ("RMSNorm", {"elementwise_affine": False}, 3),
        ("LocalResponseNorm", {"size": 5}, 8),
    ],
)
def test_work_is_so_many_operations_per_element(name, settings, operations):
    x = Tensor((2, 4, 5, 3))
    layer = KINDS[name](**settings).bound(x)
    assert layer.elementwise(x, layer.output(x)) == operations * prod(x.shape)


@pytest.mark.parametrize("name", BATCH)
def test_the_first_field_is_the_number_of_features(name):
    assert list(KINDS[name].fields) == [
        "num_features",
        "eps",
        "momentum",
        "affine",
        "track_running_stats",
        "bias",
    ]


def test_a_wrong_number_of_features_is_told():
    (wrong, *_) = KINDS["BatchNorm2d"](num_features=32).requirements(Tensor((1, 64, 8, 8)))
    assert wrong.problem() == "states num_features 32 but receives 64"


def test_groups_that_do_not_divide_are_told():
    (wrong, *_) = KINDS["GroupNorm"](num_groups=3).requirements(Tensor((1, 64, 8, 8)))
    assert wrong.problem() == "has num_groups 3, which does not divide num_channels 64"


def test_groups_put_a_condition_on_a_formula():
    layer = KINDS["GroupNorm"](num_groups=3)
    assert_formulas_agree(layer, (1, H, 4, 4), range(1, 16))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("BatchNorm2d", (2, H, H // 2 + 1, 3)),
        ("InstanceNorm1d", (1, 3, H)),
        ("InstanceNorm1d", (1, H, 4 * H)),
        ("LayerNorm", (1, 5, H)),
        ("RMSNorm", (1, 5, H)),
    ],
)
def test_norms_run_on_formulas(name, shape):
    assert_formulas_agree(KINDS[name](), shape, range(1, 9))


def test_a_stated_size_puts_a_condition_on_a_formula():
    layer = KINDS["LayerNorm"](normalized_shape=[4, 6])
    assert_formulas_agree(layer, (1, 3, H // 2, H - 2), range(3, 12))
