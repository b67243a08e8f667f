"""Weights that are shared: one module called again, or tensors that are tied."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_emits, assert_is_clean, made, state_of


def emitted(text: str) -> str:
    source = assert_emits(shapecalc.load(text))
    assert_is_clean(source)
    return source


def test_what_shares_all_its_settings_is_called_again() -> None:
    source = emitted("""
inputs: {left: [8], right: [8]}
layers:
  - {Linear: 16, name: tower, from: left}
  - {Linear: 16, name: twin, from: right, share: tower}
  - {Concat: 1, from: [tower, twin]}
""")
    assert "twin = self.tower(right)" in source
    assert [*state_of(made(source))] == ["tower.weight", "tower.bias"]


@pytest.mark.parametrize("layers", ["{Linear: 64}", "{Again: }"])
def test_copies_that_share_run_one_module(layers: str) -> None:
    entry = layers.strip("{}")
    source = emitted(f"""
input: [16, 64]
blocks:
  Again: {{layers: [{{Linear: 64}}]}}
layers:
  - {{{entry}, name: first}}
  - {{{entry}, repeat: 3, share: first}}
""")
    assert "for _ in range(3):" in source
    assert sum(each.numel() for each in made(source).parameters()) == 64 * 64 + 64


def test_what_is_set_otherwise_has_tied_weights() -> None:
    source = emitted("""
input: [4, 8, 8]
layers:
  - {Conv2d: {out_channels: 4, kernel_size: 3, padding: 1}, name: first}
  - {Conv2d: {out_channels: 4, kernel_size: 3, padding: 2, dilation: 2}, share: first, name: wide}
""")
    model = made(source)
    assert model.wide.weight is model.first.weight
    assert model.wide.dilation == (2, 2)


def test_a_head_is_tied_to_an_embedding() -> None:
    source = module(
        shapecalc.load("""
inputs: {tokens: {shape: [6], dtype: int64}}
layers:
  - {Embedding: {num_embeddings: 50, embedding_dim: 8}, name: emb}
  - {Linear: {out_features: 50, bias: false}, name: head, share: emb}
""")
    )
    model = made(source)
    assert model.head.weight is model.emb.weight


def test_a_branch_that_is_a_class_is_tied_from_outside() -> None:
    source = emitted("""
input: [4, 8, 8]
layers:
  - {Conv2d: {out_channels: 4, kernel_size: 1}, name: first}
  - Add:
      branches:
        body:
          - {Conv2d: {out_channels: 4, kernel_size: 1}, share: first, name: again}
          - {Permute: [0, 1, 3, 2]}
        same: []
""")
    model = made(source)
    assert model.body.again.weight is model.first.weight


def test_a_repeated_join_is_fed_from_several_places_at_first() -> None:
    source = emitted("""
inputs: {x: [8, 16], y: [8, 16]}
layers:
  - {Linear: 16, name: a, from: x}
  - {MultiheadAttention: 4, repeat: 3, from: [a, y, y]}
  - {Concat: 1, from: [multiheadattention1, y], repeat: 2}
""")
    assert "if index == 0:" in source


def test_a_tensor_in_a_block_is_tied() -> None:
    source = emitted("""
symbols: {a: 1}
input: [4, 8, 8]
blocks:
  Scale: {args: {n: }, layers: [{Parameter: [1, 1, 1, 1], name: p}, {Mul: , from: [input, p]}]}
layers:
  - {Scale: 1, name: one}
  - {Concat: {branches: [[], []]}, name: two}
  - {Scale: 2, name: other, share: one}
""")
    model = made(source)
    assert model.other.p is model.one.p


def test_what_hangs_on_the_size_that_it_is_run_on_is_tied() -> None:
    source = emitted("""
input: [4, 8]
blocks:
  Rows: {layers: [{Linear: 8, name: fc}, {Reshape: [-1, in_channels, 2, 4]}, {Flatten: 2}]}
layers:
  - {Rows: , name: rows}
  - {Slice: {dim: 1, end: 3}}
  - {Rows: , name: again, share: rows}
""")
    model = made(source)
    assert model.again.fc.weight is model.rows.fc.weight


def test_weights_below_numbers_are_tied_whatever_holds_them() -> None:
    source = emitted("""
input: [8]
blocks:
  Tower:
    args: {count: , slope: }
    layers:
      - {Linear: 8, name: f.0}
      - {LeakyReLU: slope}
      - {Linear: 8, name: f.1, when: count > 1}
layers:
  - {Tower: {count: 2, slope: 0.1}, name: a}
  - {Tower: {count: 2, slope: 0.2}, name: b, share: a}
  - {Tower: {count: 1, slope: 0.1}, name: c}
""")
    model = made(source)
    for number in ("0", "1"):
        mine = model.b.get_submodule(f"f.{number}").weight
        assert mine is model.a.get_submodule(f"f.{number}").weight
