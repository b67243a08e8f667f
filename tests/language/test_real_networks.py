"""Networks that need more than modules, said in the language: published figures, conditions."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

SPECS = Path(__file__).parents[1] / "data" / "language"


def load(name):
    return shapecalc.load(SPECS / f"{name}.yaml")


def conditions(report):
    return [each.condition for each in report.constraints]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("vit", 86_567_656),  # torchvision.models.vit_b_16
        ("gpt2", 124_439_808),  # transformers.GPT2LMHeadModel
        ("llama", 8_030_261_248),  # meta-llama/Meta-Llama-3-8B
    ],
)
def test_parameters_are_those_published(name, params):
    assert load(name).report().totals.params == params


def test_a_vision_transformer_takes_images_of_any_size_that_has_a_patch():
    assert conditions(load("vit").report(symbolic=["H", "W"])) == ["H >= 16", "W >= 16"]


def test_windows_ask_for_multiples_of_their_size():
    report = load("swin").report(symbolic=["H", "W"])
    assert conditions(report) == ["H % 7 == 0", "W % 7 == 0"]
    assert str(report["windows"].output_shape[0]) == "(H//7)*(W//7)"


def test_a_window_partition_of_a_wrong_size_is_refused():
    with pytest.raises(shapecalc.SpecError, match="makes 1 x 8 x 7 x 8 x 7 x 96 of 1 x 57"):
        load("swin").report(H=57)


@pytest.mark.parametrize(("height", "width"), [(223, 317), (224, 320), (97, 64), (8, 8)])
def test_a_pyramid_fits_together_at_every_size(height, width):
    report = load("fpn").report(H=height, W=width)
    assert report["p2"].output_shape == report["lateral2"].output_shape
    assert not conditions(load("fpn").report(symbolic=["H", "W"]))


def test_grouped_queries_share_keys_and_values():
    report = load("llama").report(depth=1)
    attention = "decoder1.0.attention.attention1."
    assert report[f"{attention}queries.rearrange1"].output_shape == (1, 32, 128, 128)
    assert report[f"{attention}shared_keys.rearrange1"].output_shape == (1, 8, 128, 128)


def test_an_output_layer_computes_with_weights_that_count_once():
    report = load("gpt2").report(T=16)
    assert report["head"].params == 0
    assert report["head"].macs == 16 * 768 * 50257


SMALL = {
    "vit": {"depth": 1, "H": 32, "W": 32, "features": 24, "heads": 3},
    "gpt2": {"depth": 1, "T": 8, "context": 8, "vocabulary": 100, "features": 24, "heads": 3},
    "llama": {
        "depth": 1,
        "T": 8,
        "vocabulary": 100,
        "hidden": 32,
        "features": 64,
        "heads": 8,
        "shared": 2,
    },
    "swin": {"H": 14, "W": 21},
    "fpn": {"H": 23, "W": 37},
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", SMALL)
def test_torch_runs_what_is_emitted(name):
    pytest.importorskip("torch")
    from shapecalc.emitting.module import module
    from tests.emitting.emitted import assert_is, made

    network = load(name)
    assert_is(made(module(network, SMALL[name])), network.report({"B": 2, **SMALL[name]}))
