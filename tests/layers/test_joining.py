"""Joins against torch's functions on the meta device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.requirement import Condition
from shapecalc.layers import KINDS, Tensor
from shapecalc.layers.joining import plainest, promoted
from tests.layers.torch_oracle import ours, torch

H, W = Formula.symbol("H"), Formula.symbol("W")

sizes = st.integers(1, 3)
shapes = st.lists(sizes, min_size=1, max_size=4).map(tuple)
dims = st.integers(-5, 5)


def output(layer, x):
    """Our output shape; None where we refuse."""
    found = ours(layer, *x)
    return found and found[0]


def told(layer, x):
    """Problem and hint of the first requirement that does not hold."""
    failed = next(r for r in layer.requirements(*x) if r.decide() is not True)
    return failed.problem(), failed.hint() if failed.hint else ""


@pytest.mark.parametrize("name", ["Add", "Mul"])
def test_each_further_input_is_one_operation_for_every_output(name):
    x = Tensor((2, 3, 4)), Tensor((3, 1)), Tensor((2, 1, 4))
    layer = KINDS[name]()
    assert layer.elementwise(*x, y=layer.output(*x)) == 2 * (2 * 3 * 4)


@pytest.mark.parametrize("name", ["MatMul", "ScaledDotProductAttention", "Bilinear"])
def test_products_are_of_one_element_type(name):
    kind = KINDS[name]
    first, *others = kind.example_inputs()
    x = (first, *(Tensor(other.shape, "float64") for other in others))
    assert told(kind(**kind.example), x)[0] == (
        "takes inputs of one element type but receives float32 and float64"
    )


@pytest.mark.parametrize("name", ["Concat", "Add", "Mul", "Stack"])
def test_a_single_input_can_be_joined_and_none_cannot(name):
    one = (Tensor((1, 4, 8, 8)),)
    assert output(KINDS[name](), one) is not None
    assert told(KINDS[name](), ())[0] == "takes at least one input but receives 0"


@pytest.mark.parametrize(
    ("name", "inputs", "problem", "hint"),
    [
        (
            "Add",
            [(1, 3, 4, 4), (1, 3, 9, 9)],
            "adds 3 x 4 x 4 and 3 x 9 x 9, which differ in height (4 and 9)",
            "",
        ),
        (
            "Add",
            [(1, 64, 56, 56), (1, 256, 56, 56)],
            "adds 64 x 56 x 56 and 256 x 56 x 56, which differ in channels (64 and 256)",
            "",
        ),
        (
            "Mul",
            [(1, 8, 6, 5), (1, 8, 6, 1), (1, 8, 6, 10)],
            "multiplies 8 x 6 x 5, 8 x 6 x 1 and 8 x 6 x 10, which differ in width (5 and 10)",
            "",
        ),
        (
            "Add",
            [(1, 8), (1, 3, 4)],
            "adds batch x 8 and batch x 3 x 4, which differ in length (8 and 4)",
            "",
        ),
        (
            "Concat",
            [(1, 3, 4, 4), (1, 5, 4, 3)],
            "concatenates along dim 1: 3 x 4 x 4 and 5 x 4 x 3, which differ in width (4 and 3)",
            "",
        ),
        (
            "Concat",
            [(1, 3, 4), (1, 3)],
            "concatenates along dim 1: batch x 3 x 4 and batch x 3, "
            "which differ in the number of dimensions",
            "",
        ),
        (
            "Stack",
            [(1, 3), (2, 3)],
            "stacks along dim 1: 3 and 3, which differ in batch (1 and 2)",
            "",
        ),
        (
            "MatMul",
            [(1, 4, 5), (1, 4, 5)],
            "multiplies the matrices of 4 x 5 and 4 x 5, but 5 columns do not meet 4 rows",
            "a Permute turns a matrix over",
        ),
    ],
)
def test_what_does_not_agree_is_told_with_all_shapes(name, inputs, problem, hint):
    assert told(KINDS[name](), tuple(map(Tensor, inputs))) == (problem, hint)


@pytest.mark.parametrize("name", ["Concat", "Add", "Mul", "Stack", "MatMul"])
def test_formulas_agree_for_even_sizes_only(name):
    batch = (1, 4) if name != "MatMul" else (H // 2,)
    x = Tensor((*batch, 2 * (H // 2), H)), Tensor((*batch, H, H))
    layer = KINDS[name]()
    undecided = [d for d in (r.decide() for r in layer.requirements(*x)) if d is not True]
    if name == "MatMul":
        assert not undecided
    for condition in undecided:
        assert isinstance(condition, Condition)
        assert condition.symbol == "H"
        assert [h for h in range(1, 9) if h in condition.solutions] == [2, 4, 6, 8]
    for h in (2, 4, 10):
        known = tuple(Tensor(tuple(evaluate(s, {"H": h}) for s in t.shape)) for t in x)
        y, expected = layer.output(*x), layer.output(*known)
        assert tuple(evaluate(s, {"H": h}) for s in y.shape) == expected.shape
        assert evaluate(layer.elementwise(*x, y=y), {"H": h}) == layer.elementwise(
            *known, y=expected
        )
        assert evaluate(layer.macs(*x, y=y), {"H": h}) == layer.macs(*known, y=expected)


def test_a_known_1_stretches_to_a_formula():
    x = Tensor((1, 1, H, 1)), Tensor((1, 8, 1, W))
    assert all(r.decide() is True for r in KINDS["Add"]().requirements(*x))
    assert KINDS["Add"]().output(*x).shape == (1, 8, H, W)


def test_the_output_has_the_plainest_of_agreeing_sizes():
    assert plainest([H, 8, 2 * (H // 2)]) == 8
    assert plainest([2 * (H // 2), H, W + H]) == H
    x = Tensor((1, 4, 2 * (H // 2), W)), Tensor((1, 4, H, 7))
    assert KINDS["Add"]().output(*x).shape == (1, 4, H, 7)
    assert KINDS["Concat"]().output(*x).shape == (1, 8, H, 7)


@given(
    st.lists(
        st.sampled_from(
            ["bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
        ),
        min_size=1,
        max_size=3,
    )
)
def test_element_types_are_promoted_as_in_torch(types):
    theirs = torch.cat([torch.empty(2, dtype=getattr(torch, name)) for name in types]).dtype
    assert f"torch.{promoted(tuple(Tensor((2,), name) for name in types))}" == str(theirs)
