"""Linear layers against torch on the meta device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula
from shapecalc.algebra.window import IDENTITY
from shapecalc.layers import KINDS, Tensor
from tests.layers.torch_oracle import as_torch, ours, shapes, torch, torch_macs

Linear, Bilinear, Identity = KINDS["Linear"], KINDS["Bilinear"], KINDS["Identity"]

sizes = st.integers(1, 6)
leading = st.lists(sizes, min_size=1, max_size=3)


def problems(layer, *x):
    """What is told of the first requirement that does not hold."""
    return next((r.problem() for r in layer.requirements(*x) if r.decide() is not True), None)


@given(leading, sizes, sizes, st.booleans())
def test_linear_is_torchs(leading, features, out, bias):
    layer, x = Linear(out_features=out, bias=bias), Tensor((*leading, features))
    assert ours(layer, x) == shapes(layer, x) is not None
    assert layer.bound(x).macs(x, layer.output(x)) == torch_macs(layer, x)


@given(leading, leading, sizes, sizes, sizes, st.booleans())
def test_bilinear_is_torchs(leading, others, in1, in2, out, bias):
    layer = Bilinear(out_features=out, bias=bias)
    for other in (leading, others):
        x = Tensor((*leading, in1)), Tensor((*other, in2))
        assert ours(layer, *x) == shapes(layer, *x)


def test_bilinear_counts_what_an_outer_product_and_a_linear_layer_do():
    x = Tensor((2, 3)), Tensor((2, 5))
    layer = Bilinear(out_features=7).bound(*x)
    products = Tensor((2, 3 * 5))
    follows = Linear(out_features=7).bound(products)
    y = layer.output(*x)
    assert layer.macs(*x, y=y) == follows.macs(products, y) == torch_macs(follows, products)
    assert layer.elementwise(*x, y=y) == 2 * 15 + follows.elementwise(products, y)


@pytest.mark.parametrize("received", [1, 3])
def test_bilinear_takes_two_inputs_and_says_so(received):
    x = (Tensor((1, 4)),) * received
    assert problems(Bilinear(out_features=2), *x) == f"takes 2 inputs but receives {received}"


def test_a_wrong_number_of_features_is_told():
    layer = Linear(in_features=400, out_features=120)
    assert problems(layer, Tensor((1, 576))) == "states in_features 400 but receives 576"
    assert problems(layer, Tensor((1, 400))) is None


@pytest.mark.parametrize(
    ("dtype", "hint"),
    [
        ("int64", "an Embedding turns indices into numbers"),
        ("uint8", "an input is declared with the type that it is converted to"),
    ],
)
def test_whole_numbers_are_refused_with_what_to_do_about_them(dtype, hint):
    (wrong, *_) = Linear(out_features=2).requirements(Tensor((1, 5), dtype))
    assert wrong.problem().endswith(f"but receives {dtype}: 5")
    assert wrong.hint() == hint


def test_the_first_field_is_the_number_of_outputs():
    assert next(iter(Linear.fields)) == next(iter(Bilinear.fields)) == "out_features"


def test_a_batch_alone_has_no_features():
    assert problems(Linear(out_features=2), Tensor((4,))) == (
        "takes 1 or more dimensions (behind the batch) but receives a single number"
    )


def test_linear_runs_on_formulas():
    width = Formula.symbol("C")
    x = Tensor((1, width))
    layer = Linear(out_features=3 * width).bound(x)
    assert layer.macs(x, layer.output(x)) == 3 * width * width
    assert layer.weights() == {"weight": (3 * width, width), "bias": (3 * width,)}


def test_identity_passes_its_input_on():
    x = Tensor((2, 3, 4, 5), "float16")
    assert Identity().output(x) is x
    assert not Identity().writes
    assert Identity().windows(x) == (IDENTITY, IDENTITY)
    assert isinstance(as_torch(Identity()), torch.nn.Identity)
