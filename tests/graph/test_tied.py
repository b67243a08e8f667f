"""Weights that two layers share, of one kind or of two."""

from __future__ import annotations

import pytest

import shapecalc


def network(layers, **more):
    return shapecalc.load({"layers": layers, **more}).report()


TOKENS = {"inputs": {"tokens": {"shape": [6], "dtype": "int64"}}}
EMBEDDING = {"Embedding": {"num_embeddings": 50, "embedding_dim": 8}, "name": "embedding"}


def test_an_output_layer_uses_the_matrix_of_the_embedding():
    head = {"Linear": {"out_features": 50, "bias": False}, "share": "embedding", "name": "head"}
    report = network([EMBEDDING, head], **TOKENS)
    assert report.totals.params == 50 * 8
    assert report["head"].params == 0
    assert report["head"].macs == 6 * 8 * 50


def test_what_the_other_kind_has_not_is_the_layers_own():
    head = {"Linear": 50, "share": "embedding", "name": "head"}
    report = network([EMBEDDING, head], **TOKENS)
    assert report["head"].params == 50
    assert report["head"].node.tied == {"weight"}


def test_a_transposed_convolution_uses_the_filters_of_a_convolution():
    encoder = {"Conv2d": {"out_channels": 8, "kernel_size": 3}, "name": "encoder"}
    decoder = {"ConvTranspose2d": {"out_channels": 3, "kernel_size": 3}, "share": "encoder"}
    report = network([encoder, decoder], input=[3, 16, 16])
    assert report.totals.params == 8 * 3 * 3 * 3 + 8 + 3


def test_shapes_of_shared_weights_must_agree():
    head = {"Linear": 51, "share": "embedding"}
    with pytest.raises(shapecalc.SpecError, match="which is 50 x 8, but would need 51 x 8"):
        network([EMBEDDING, head], **TOKENS)


def test_layers_of_one_kind_share_all_they_have():
    twin = {"Linear": 4, "share": "linear1", "from": "input"}
    report = network([{"Linear": 4}, twin], input=[8])
    assert report.totals.params == 4 * 8 + 4
    assert report["linear2"].node.tied == {"weight", "bias"}
