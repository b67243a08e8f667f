"""Several outputs: pieces of a dimension, states, places of maxima."""

from __future__ import annotations

import pytest

import shapecalc


def report(layers, shape=(12, 16), **more):
    return shapecalc.load({"input": list(shape), "layers": layers, **more}).report()


def test_queries_keys_and_values_are_pieces_of_one_linear_layer():
    found = report(
        [
            {"Linear": 48},
            {"Chunk": {"chunks": 3, "dim": -1}, "name": "qkv"},
            {"ScaledDotProductAttention": None, "from": ["qkv", "qkv.1", "qkv.2"]},
        ]
    )
    assert found["scaleddotproductattention1"].input_shapes == ((1, 12, 16),) * 3


def test_the_first_piece_is_also_number_0():
    found = report([{"Unbind": {"dim": 1}}, {"Add": None, "from": ["unbind1.0", "unbind1.11"]}])
    assert found["add1"].inputs == ("unbind1", "unbind1.11")
    assert found["add1"].output_shape == (1, 16)


def test_pieces_of_several_sizes_make_the_whole():
    with pytest.raises(shapecalc.SpecError, match=r"cuts 16 into \[8, 4\], which are 12 together"):
        report([{"Split": {"split_size": [8, 4], "dim": -1}}])


def test_a_piece_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(shapecalc.SpecError, match="has no output or copy '2'"):
        report([{"Chunk": {"chunks": 2}}, {"ReLU": None, "from": "chunk1.2"}])


@pytest.mark.parametrize(
    "cut", [{"Split": {"split_size": 1}}, {"Chunk": {"chunks": 10**9}}, {"Unbind": {"dim": 1}}]
)
def test_more_pieces_than_can_be_listed_are_refused(cut):
    with pytest.raises(shapecalc.SpecError, match=r"1,000,000,000 pieces.* 10,000 at most"):
        report([cut], shape=(10**9, 4))


def test_one_piece_of_very_many_can_be_taken():
    found = report([{"Chunk": {"chunks": 10**9, "index": 10**8}}], shape=(10**9, 4))
    assert found["chunk1"].output_shape == (1, 1, 4)


def test_an_encoders_last_state_has_its_layers_and_directions_first():
    lstm = {"LSTM": {"hidden_size": 20, "num_layers": 2, "bidirectional": True}}
    found = report([lstm], outputs=["lstm1.h_n", "lstm1.c_n"])
    assert [tensor.shape for _, tensor in found.outputs] == [(4, 1, 20), (4, 1, 20)]


def test_places_of_maxima_are_written_only_where_something_takes_them():
    pool = {"MaxPool2d": 2}
    alone = report([pool], shape=(8, 16, 16))
    assert alone["maxpool1"].activations == 8 * 8 * 8
    assert "output_shapes" not in alone.to_dict()["layers"][0]
    unpool = {"MaxUnpool2d": 2, "from": ["maxpool1", "maxpool1.indices"]}
    taken = report([pool, unpool], shape=(8, 16, 16))
    assert taken["maxpool1"].activations == 2 * 8 * 8 * 8
    assert taken["maxunpool1"].output_shape == (1, 8, 16, 16)


def test_attention_weights_are_those_of_all_places():
    attention = {"MultiheadAttention": {"num_heads": 4}}
    found = report([attention], outputs=["multiheadattention1.attn_output_weights"])
    assert [tensor.shape for _, tensor in found.outputs] == [(1, 12, 12)]
