"""Layers with several outputs: unpacked as torch returns them, and only what is asked for."""

from __future__ import annotations

import math
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import assert_emits, assert_is_clean, made, torch
from tests.emitting.stepwise import assert_computes


def emitted(layers: str, outputs: str = "", shape: str = "[16, 8, 8]") -> str:
    text = f"input: {shape}\nlayers:\n{layers}" + (f"outputs: {outputs}\n" if outputs else "")
    source = assert_emits(shapecalc.load(text))
    assert_is_clean(source)
    return source


def test_states_are_unpacked() -> None:
    layers = "  - {LSTM: 16, name: lstm1}\n  - {Linear: 3, from: lstm1.c_n}\n"
    source = emitted(layers, "[linear1, lstm1, lstm1.h_n]", "[5, 8]")
    assert "lstm1, (h_n, c_n) = self.lstm1(x)" in source


def test_what_is_not_asked_for_has_no_name() -> None:
    assert "x, _ = self.gru1(x)" in emitted("  - {GRU: 16}\n  - {Linear: 3}\n", "", "[5, 8]")


def test_attention_does_without_its_weights_unless_they_are_asked_for() -> None:
    source = emitted("  - {MultiheadAttention: 4}\n  - ReLU\n", "", "[5, 8]")
    assert "need_weights=False" in source
    asked = "[multiheadattention1.attn_output_weights, relu1]"
    source = emitted("  - {MultiheadAttention: 4}\n  - ReLU\n", asked, "[5, 8]")
    assert "need_weights" not in source


def test_the_pieces_of_a_split_are_taken_together() -> None:
    layers = (
        "  - {Split: {split_size: [4, 12]}, name: cut}\n"
        "  - {Conv2d: {out_channels: 4, kernel_size: 1}, from: cut.1, name: c}\n"
        "  - {Add: , from: [cut, c]}\n"
    )
    assert "x, cut_1 = x.split((4, 12), dim=1)" in emitted(layers)


def test_two_parts_that_are_taken_one_by_one_are_one_call() -> None:
    layers = (
        "  - Concat:\n      dim: 1\n      branches:\n"
        "        kept: [{Chunk: {chunks: 2}}]\n"
        "        worked:\n          - {Chunk: {chunks: 2, index: 1}}\n"
        "          - {Conv2d: {out_channels: 8, kernel_size: 1}}\n"
    )
    source = emitted(layers)
    assert "kept, worked = x.chunk(2, dim=1)" in source
    assert source.count("chunk") == 1


def test_the_places_of_maxima_are_asked_for() -> None:
    source = emitted("  - {MaxPool2d: 2}\n  - ReLU\n", "[relu1, maxpool1.indices]")
    assert "nn.MaxPool2d(2, return_indices=True)" in source


def test_a_copy_is_named() -> None:
    layers = (
        "  - {Conv2d: {out_channels: 16, kernel_size: 1}, repeat: 4, name: convs}\n"
        "  - {Add: , from: [convs, convs.1]}\n"
    )
    source = emitted(layers)
    assert "convs_1 = self.convs[:2](x)" in source


def test_a_decoder_starts_where_its_encoder_stopped() -> None:
    layers = (
        "  - {LSTM: 16, name: encoder}\n"
        "  - {LSTM: 16, name: decoder, from: [input, encoder.h_n, encoder.c_n]}\n"
        "  - {GRU: 16, name: last, from: [decoder, decoder.h_n]}\n"
    )
    source = emitted(layers, "", "[5, 8]")
    assert "_, (h_n, c_n) = self.encoder(x)" in source
    assert ", (h_n, c_n))" in source
    assert "x, _ = self.last(" in source


def test_named_outputs_are_a_dictionary() -> None:
    layers = (
        "  - {Conv2d: {out_channels: 8, kernel_size: 1}, name: c}\n"
        "  - {Linear: 4, name: fc, when: scored}\n"
    )
    text = f"symbols: {{scored: 1}}\ninput: [16, 8, 8]\nlayers:\n{layers}"
    source = assert_emits(shapecalc.load(f"{text}outputs: {{features: c, scores: fc}}\n"))
    assert_is_clean(source)
    assert "-> dict[str, Tensor | None]:" in source
    assert 'return {"features": c, "scores": fc}' in source


def test_an_only_output_keeps_its_name() -> None:
    source = emitted("  - {Linear: 4, name: fc}\n", "{scores: fc}")
    assert "-> dict[str, Tensor]:" in source
    assert 'return {"scores": ' in source


def test_copies_in_a_dictionary_may_be_asked_for() -> None:
    text = """
symbols: {a: 3}
input: [16, 8, 8]
blocks:
  Both:
    outputs: [c, r]
    layers: [{Conv2d: {out_channels: 16, kernel_size: 1}, name: c}, {ReLU: , name: r}]
layers:
  - {Both: , repeat: a, when: index != 1, name: body.1}
  - {Concat: , from: [body.1, body.1.0]}
"""
    source = assert_emits(shapecalc.load(text), {"a": 4})
    assert_is_clean(source)


CUTS: dict[str, tuple[dict[str, object], Any]] = {
    "Chunk": ({"chunks": 3}, lambda x: x.chunk(3, dim=1)),
    "Split": ({"split_size": 4}, lambda x: x.split(4, dim=1)),
    "Unbind": ({}, lambda x: x.unbind(1)),
}


@pytest.mark.parametrize("asked", ["0 1", "_ 1", "_ 2", "1 2", "2 2", "0 0", "2 _", "_ 1 2", "2 0"])
@pytest.mark.parametrize("width", ["12", "4*C"])
@pytest.mark.parametrize("kind", CUTS)
def test_some_of_the_pieces_are_those_that_torch_makes(kind: str, width: str, asked: str) -> None:
    fields, cut = CUTS[kind]
    names = [f"cut.{each}".removesuffix("._") for each in asked.split()]
    layers = [{"Linear": width}, {kind: fields, "name": "cut"}, {"Mul": None, "from": names}]
    spec = {"symbols": {"C": 3}, "input": [8], "layers": layers}
    emitted = made(module(shapecalc.load(spec)), device="cpu")
    x = torch.randn(2, 8)
    pieces = cut(emitted.linear1(x))
    expected = math.prod(pieces[0 if each == "_" else int(each)] for each in asked.split())
    assert torch.equal(emitted(x), expected)
    torch.jit.script(emitted)


def test_one_piece_of_several_is_an_item() -> None:
    layers = "  - {Unbind: , name: cut}\n  - {ReLU: , from: cut.2}\n"
    assert "cut_2 = x.unbind(1)[2]" in emitted(layers)


def test_the_first_pieces_are_a_slice() -> None:
    layers = "  - {Unbind: , name: cut}\n  - {Add: , from: [cut.0, cut.1]}\n"
    assert "cut_0, cut_1 = x.unbind(1)[:2]" in emitted(layers)


TWO = """
blocks:
  Two:
    outputs: [c, r]
    layers: [{Conv2d: {out_channels: 4, kernel_size: 1}, name: c}, {ReLU: , name: r}]
  Joined:
    layers:
      - Concat:
          branches:
            p: [{%s, name: l0}, {Concat: , from: [l0, l0.r]}]
            q: [{Chunk: {chunks: 2}, name: l0}, {Concat: , from: [l0, l0.1]}]
      - {Two: , name: l0}
      - {Add: , from: [l0.r, l0]}
"""


@pytest.mark.parametrize("first", ["Two: ", "Parted: "])
@pytest.mark.parametrize("use", ["{Joined: }", "{Joined: , repeat: 2}"])
def test_entries_of_one_name_in_several_lists_have_outputs_of_their_own(first, use) -> None:
    parted = """
  Parted:
    outputs: [c, r]
    layers: [{Chunk: {chunks: 2}, name: c}, {Add: , from: [c, c.1], name: r}]
"""
    text = f"input: [4, 6, 6]{TWO % first}{parted}layers:\n  - {use}\n"
    network = shapecalc.load(text)
    source = assert_emits(network)
    assert_is_clean(source)
    assert_computes(made(source, device="cpu"), network.report())


def test_pieces_in_a_branch_of_functions_are_taken() -> None:
    text = """
input: [4, 6, 6]
layers:
  - Concat:
      branches:
        - [{Conv2d: {out_channels: 4, kernel_size: 1}}]
        - [{Chunk: {chunks: 2}, name: cut}, {Concat: , from: [cut, cut.1]}]
    repeat: 2
"""
    network = shapecalc.load(text)
    source = assert_emits(network)
    assert_computes(made(source, device="cpu"), network.report())


def test_pieces_may_have_a_size_that_is_0_at_other_values_of_a_symbol() -> None:
    split = {"Split": {"split_size": "c // 2"}, "name": "cut"}
    layers = [split, {"Concat": 1, "from": ["cut", "cut.1"]}]
    assert_emits(shapecalc.load({"symbols": {"c": 4}, "input": [4, 4], "layers": layers}))
