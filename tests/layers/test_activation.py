"""Activations against torch on the meta device."""

from __future__ import annotations

import warnings
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.layers import KINDS, FieldError, Tensor
from shapecalc.layers.pointwise import Pointwise
from tests.layers.symbolic import H, assert_formulas_agree
from tests.layers.torch_oracle import ours, shapes, torch

ACTIVATIONS = {name: kind for name, kind in KINDS.items() if kind.family == "activation"}
OVER_A_DIMENSION = ["GLU", "Softmax", "Softmin", "LogSoftmax"]

tensors = st.lists(st.integers(1, 5), min_size=1, max_size=5).map(lambda s: Tensor(tuple(s)))


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's about softmax without a dim
        yield


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_counts_once_per_element_of_its_output(name):
    kind, x = ACTIVATIONS[name], Tensor((2, 4, 3, 6))
    layer = kind(**kind.example)
    y = layer.output(x)
    assert layer.elementwise(x, y) == prod(y.shape)
    assert layer.macs(x, y) == 0


@pytest.mark.parametrize("name", OVER_A_DIMENSION)
@given(x=tensors, dim=st.integers(-6, 6))
def test_a_dimension_is_counted_and_refused_as_torch_does(name, x, dim):
    module = getattr(torch.nn, name)(dim=dim)
    try:
        theirs = module(torch.ones(x.shape)).shape  # the meta device lets wrong dimensions pass
    except (IndexError, RuntimeError):
        theirs = None
    found = ours(KINDS[name](dim=dim), x)
    assert (found and found[0]) == theirs


@given(tensors, st.integers(1, 5))
def test_prelu_has_one_slope_or_one_for_each_channel(x, slopes):
    layer = KINDS["PReLU"](num_parameters=slopes)
    assert ours(layer, x) == shapes(layer, x)


@given(st.integers(-3, 3), st.integers(-3, 3))
def test_ends_the_wrong_way_round_are_refused_as_torch_does(low, high):
    x = Tensor((1, 3, 4))
    for layer in (
        KINDS["Hardtanh"](min_val=low, max_val=high),
        KINDS["RReLU"](lower=low, upper=high),
    ):
        assert ours(layer, x) == shapes(layer, x)


def test_celu_divides_by_alpha():
    (requirement,) = KINDS["CELU"](alpha=0).requirements(Tensor((1, 3)))
    assert requirement.decide() is False
    assert requirement.problem() == "has alpha 0, by which it divides"


def test_softshrink_moves_towards_zero_only():
    with pytest.raises(FieldError, match="lambd: expected a number of at least 0"):
        KINDS["Softshrink"](lambd=-1)


def test_infinite_ends_are_ends():
    x = Tensor((1, 3))
    layer = KINDS["Hardtanh"](min_val=0, max_val=float("inf"))
    assert ours(layer, x) == shapes(layer, x) is not None


def test_softmax2d_takes_images_with_a_batch():
    layer = KINDS["Softmax2d"]()
    assert ours(layer, Tensor((2, 3, 4, 5))) == shapes(layer, Tensor((2, 3, 4, 5)))
    assert ours(layer, Tensor((3, 4, 5))) is None


def test_glu_asks_for_an_even_number_of_channels():
    assert_formulas_agree(KINDS["GLU"](dim=1), (1, H, 8, 8), range(1, 12))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_run_on_formulas(name):
    kind = ACTIVATIONS[name]
    assert_formulas_agree(kind(**kind.example), (1, 4, H // 2, 6), range(2, 9))


def test_slopes_for_each_channel_put_a_condition_on_a_formula():
    assert_formulas_agree(KINDS["PReLU"](num_parameters=3), (1, H // 2, 4), range(1, 12))


def test_all_but_those_over_a_dimension_are_pointwise():
    mixing = [name for name, kind in ACTIVATIONS.items() if not issubclass(kind, Pointwise)]
    assert sorted(mixing) == sorted(OVER_A_DIMENSION)
