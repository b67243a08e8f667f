"""Attention and transformers: what test_differential.py does not ask of torch's modules."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula
from shapecalc.layers import KINDS, Tensor
from tests.layers.torch_oracle import facts_of_torch, our_facts

MultiheadAttention = KINDS["MultiheadAttention"]
ScaledDotProductAttention = KINDS["ScaledDotProductAttention"]


def problem(layer, x):
    """What is told of the first requirement that does not hold."""
    return next(r.problem() for r in layer.requirements(*x) if r.decide() is not True)


def takes_what_torch_takes(x, **settings):
    """The same facts as of torch's function, or both refuse; tells whether they take x."""
    layer = ScaledDotProductAttention(**settings)
    facts = our_facts(layer, x)
    assert facts == facts_of_torch(layer, x)
    return facts is not None


sizes = st.integers(1, 4)


@given(st.lists(sizes, max_size=2), sizes, sizes, sizes, sizes, st.booleans())
def test_attention_of_two_sequences_is_torchs_function(leading, length, places, e, v, is_causal):
    x = tuple(Tensor((*leading, *rest)) for rest in ((length, e), (places, e), (places, v)))
    assert takes_what_torch_takes(x, is_causal=is_causal)


@given(sizes, sizes, sizes, sizes)
def test_heads_are_shared_as_in_torch(shared, times, other, length):
    heads = shared * times
    x = tuple(Tensor((2, n, length, 3)) for n in (heads, shared, shared))
    assert takes_what_torch_takes(x, enable_gqa=True)
    takes_what_torch_takes((*x[:2], Tensor((2, other, length, 3))), enable_gqa=True)


@given(sizes, sizes, sizes, sizes, st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_what_is_added_to_the_scores_is_what_torch_adds(heads, length, places, e, mask):
    q, k = Tensor((2, heads, length, e)), Tensor((2, heads, places, e))
    fitting = (q, k, k, Tensor((heads, length, places)))
    assert takes_what_torch_takes(fitting)
    assert not takes_what_torch_takes(fitting, is_causal=True)
    takes_what_torch_takes((q, k, k, Tensor((2, *mask)[-4:])))
    takes_what_torch_takes((q, k, k, Tensor(tuple(mask))))


def test_a_mask_is_one_more_operation_on_each_score():
    q, k, mask = Tensor((2, 3, 5, 8)), Tensor((2, 3, 7, 8)), Tensor((3, 5, 7))
    layer = ScaledDotProductAttention()
    y = layer.output(q, k, k, mask)
    assert y == layer.output(q, k, k)
    assert layer.macs(q, k, k, mask, y=y) == layer.macs(q, k, k, y=y)
    assert layer.elementwise(q, k, k, mask, y=y) == 3 * (2 * 3 * 5 * 7)


def test_values_that_are_stretched_share_the_scores():
    x = Tensor((2, 1, 5, 8)), Tensor((2, 1, 7, 8)), Tensor((2, 3, 7, 6))
    layer = ScaledDotProductAttention()
    y = layer.output(*x)
    assert y.shape == (2, 3, 5, 6)
    assert layer.macs(*x, y=y) == 2 * 5 * 7 * 8 + 2 * 3 * 5 * 7 * 6
    assert layer.elementwise(*x, y=y) == 2 * (2 * 5 * 7)


def test_attention_is_its_two_matrix_products():
    q, k, v = Tensor((2, 3, 5, 8)), Tensor((2, 3, 7, 8)), Tensor((2, 3, 7, 6))
    matmul = KINDS["MatMul"]()
    turned = KINDS["Permute"](dims=[0, 1, 3, 2]).output(k)
    scores = matmul.output(q, turned)
    result = matmul.output(scores, v)
    layer = ScaledDotProductAttention()
    assert layer.output(q, k, v) == result
    macs = matmul.macs(q, turned, y=scores) + matmul.macs(scores, v, y=result)
    assert layer.macs(q, k, v, y=result) == macs
    assert layer.elementwise(q, k, v, y=result) == 2 * prod(scores.shape)


@pytest.mark.parametrize("settings", [{}, {"bias": False}, {"add_bias_kv": True}])
def test_self_attention_is_attention_with_one_tensor_in_three_roles(settings):
    x = Tensor((2, 5, 8))
    layer = MultiheadAttention(num_heads=2, **settings)
    once, thrice = our_facts(layer, (x,)), our_facts(layer, (x, x, x))
    assert once == thrice == our_facts(layer, (x, x))


def test_projections_around_attention_are_linear_layers():
    query, memory = Tensor((2, 5, 8)), Tensor((2, 7, 6))
    x = (query, memory)
    heads = [Tensor((2, 4, n, 2)) for n in (5, 7, 7)]
    inner = ScaledDotProductAttention()
    linear = KINDS["Linear"](out_features=8)
    work = [
        (linear.bound(each), (each,), linear.output(each))
        for each in (query, memory, memory, query)
    ]
    work.append((inner, tuple(heads), inner.output(*heads)))
    layer = MultiheadAttention(num_heads=4).bound(*x)
    y = layer.output(*x)
    assert layer.macs(*x, y=y) == sum(part.macs(*a, y=b) for part, a, b in work)
    assert layer.elementwise(*x, y=y) == sum(part.elementwise(*a, y=b) for part, a, b in work)


@pytest.mark.parametrize("bias", [True, False])
def test_a_transformers_layer_does_what_its_parts_do(bias):
    x = Tensor((2, 5, 8))
    between = Tensor((2, 5, 16))
    norm, attention = KINDS["LayerNorm"](bias=bias), MultiheadAttention(num_heads=4, bias=bias)
    parts = [
        (attention.bound(x), (x,), x),
        (KINDS["Linear"](out_features=16, bias=bias).bound(x), (x,), between),
        (KINDS["ReLU"](), (between,), between),
        (KINDS["Linear"](out_features=8, bias=bias).bound(between), (between,), x),
        *[(norm.bound(x), (x,), x)] * 2,
        *[(KINDS["Add"](), (x, x), x)] * 2,
    ]
    layer = KINDS["TransformerEncoderLayer"](nhead=4, dim_feedforward=16, bias=bias).bound(x)
    assert layer.macs(x, x) == sum(part.macs(*a, y=b) for part, a, b in parts)
    assert layer.elementwise(x, x) == sum(part.elementwise(*a, y=b) for part, a, b in parts)


def test_products_of_attention_are_counted_one_by_one():
    x = Tensor((2, 5, 8)), Tensor((2, 7, 6)), Tensor((2, 7, 10))
    layer = MultiheadAttention(num_heads=4, add_zero_attn=True).bound(*x)
    queries, keys, values = 2 * 5 * 8 * 8, 2 * 7 * 6 * 8, 2 * 7 * 10 * 8
    scores, weighed, behind = 2 * 4 * 5 * 8 * 2, 2 * 4 * 5 * 2 * 8, 2 * 5 * 8 * 8
    expected = queries + keys + values + scores + weighed + behind
    assert layer.macs(*x, y=layer.output(*x)) == expected == 4352


def test_a_decoders_layer_attends_twice():
    x, memory = Tensor((2, 5, 8)), Tensor((2, 7, 8))
    settings = {"nhead": 4, "dim_feedforward": 16}
    encoder = KINDS["TransformerEncoderLayer"](**settings).bound(x)
    decoder = KINDS["TransformerDecoderLayer"](**settings).bound(x, memory)
    extra = [
        (MultiheadAttention(num_heads=4).bound(x, memory), (x, memory)),
        (KINDS["LayerNorm"]().bound(x), (x,)),
        (KINDS["Add"](), (x, x)),
    ]
    for work in ("macs", "elementwise"):
        more = sum(getattr(part, work)(*inputs, y=x) for part, inputs in extra)
        assert getattr(decoder, work)(x, memory, y=x) == getattr(encoder, work)(x, x) + more


def test_a_transformer_is_an_encoder_and_a_decoder_with_norms():
    x = source, target = Tensor((2, 5, 8)), Tensor((2, 7, 8))
    fields = {"nhead": 4, "dim_feedforward": 16}
    whole = KINDS["Transformer"](num_encoder_layers=2, num_decoder_layers=3, **fields).bound(*x)
    stack = {**fields, "norm": True}
    encoder = KINDS["TransformerEncoder"](num_layers=2, **stack).bound(source)
    decoder = KINDS["TransformerDecoder"](num_layers=3, **stack).bound(target, source)
    y = whole.output(*x)
    assert y == decoder.output(target, encoder.output(source))
    for work in ("macs", "elementwise"):
        parts = (
            getattr(encoder, work)(source, source),
            getattr(decoder, work)(target, source, y=y),
        )
        assert getattr(whole, work)(*x, y=y) == sum(parts)
    named = {f"encoder.{name}": shape for name, shape in encoder.weights().items()}
    named |= {f"decoder.{name}": shape for name, shape in decoder.weights().items()}
    assert whole.weights() == named


def test_the_batch_comes_first_unless_said_otherwise():
    x = (Tensor((2, 5, 8)),)
    by_place, by_batch = (
        MultiheadAttention(num_heads=1, batch_first=first).bound(*x).macs(*x, y=x[0])
        for first in (True, False)
    )
    assert by_place - by_batch == 2 * 2 * 5 * 8 * (5 - 2)


@pytest.mark.parametrize(
    ("name", "settings", "shapes", "told"),
    [
        ("MultiheadAttention", {"num_heads": 3}, [(1, 5, 8)], "has num_heads 3, which does not"),
        ("MultiheadAttention", {"num_heads": 2}, [(1, 5, 8), (2, 5, 8)], "which differ in batch"),
        (
            "MultiheadAttention",
            {"num_heads": 2},
            [(1, 5, 8), (1, 6, 8), (1, 7, 8)],
            "which differ in length",
        ),
        (
            "MultiheadAttention",
            {"num_heads": 2},
            [(1, 5, 8)] * 4,
            "takes 1 to 3 inputs but receives 4",
        ),
        ("MultiheadAttention", {"num_heads": 2}, [(1, 8)], "takes length x features (behind"),
        ("ScaledDotProductAttention", {}, [(1, 5, 8), (1, 6, 4), (1, 6, 8)], "features of query"),
        ("ScaledDotProductAttention", {}, [(1, 5, 8), (1, 6, 8), (1, 7, 8)], "length of key and"),
        (
            "ScaledDotProductAttention",
            {"enable_gqa": True},
            [(1, 4, 5, 8), (1, 3, 5, 8), (1, 3, 5, 8)],
            "4 heads cannot share 3",
        ),
        (
            "ScaledDotProductAttention",
            {},
            [(1, 2, 5, 8)] * 3 + [(3, 5, 5)],
            "adds a mask of 3 to scores of 2",
        ),
        (
            "ScaledDotProductAttention",
            {},
            [(1, 5, 8)] * 3 + [(1, 2, 5, 5)],
            "more dimensions than the scores",
        ),
        (
            "ScaledDotProductAttention",
            {"is_causal": True},
            [(1, 5, 8)] * 3 + [(5, 5)],
            "masks by is_causal too",
        ),
        ("TransformerDecoderLayer", {"nhead": 2}, [(1, 5, 8), (1, 6, 4)], "differ in features"),
    ],
)
def test_what_is_wrong_is_told(name, settings, shapes, told):
    assert told in problem(KINDS[name](**settings), tuple(map(Tensor, shapes)))


def test_heads_put_a_condition_on_a_formula():
    features = Formula.symbol("C")
    x = (Tensor((1, 5, features)),)
    (condition,) = [
        r.decide()
        for r in MultiheadAttention(num_heads=3).requirements(*x)
        if r.decide() is not True
    ]
    assert [c for c in range(1, 10) if c in condition.solutions] == [3, 6, 9]
