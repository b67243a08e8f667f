"""Embeddings: what test_differential.py does not ask of torch."""

from __future__ import annotations

import pytest

from shapecalc.algebra.formula import Formula
from shapecalc.layers import KINDS, Tensor
from tests.layers.torch_oracle import our_facts


@pytest.mark.parametrize("dtype", ["int64", "int32"])
@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
def test_indices_become_floats(name, dtype):
    layer = KINDS[name](num_embeddings=10, embedding_dim=4)
    assert our_facts(layer, (Tensor((2, 3), dtype),)).dtype == "float32"


def test_what_is_no_index_is_refused_with_a_way_to_declare_one():
    layer = KINDS["Embedding"](num_embeddings=10, embedding_dim=4)
    (wrong, *_) = layer.requirements(Tensor((2, 3)))
    assert wrong.problem() == "takes indices but receives float32: 3"
    assert "dtype: int64" in wrong.hint()


def test_looking_up_is_no_arithmetic_and_summing_up_is():
    x, vectors = Tensor((2, 3), "int64"), Tensor((2, 3, 4))
    settings = {"num_embeddings": 10, "embedding_dim": 4}
    single, bag = KINDS["Embedding"](**settings), KINDS["EmbeddingBag"](**settings)
    assert single.elementwise(x, single.output(x)) == single.macs(x, single.output(x)) == 0
    mean = KINDS["Mean"](dim=1)
    assert bag.output(x) == mean.output(vectors)
    assert bag.elementwise(x, bag.output(x)) == mean.elementwise(vectors, mean.output(vectors))


def test_a_padding_index_puts_a_condition_on_the_number_of_embeddings():
    size = Formula.symbol("V")
    layer = KINDS["Embedding"](num_embeddings=size, embedding_dim=4, padding_idx=-3)
    (condition,) = [r.decide() for r in layer.requires(Tensor((1, 5), "int64"))]
    assert [v for v in range(1, 6) if v in condition.solutions] == [3, 4, 5]
