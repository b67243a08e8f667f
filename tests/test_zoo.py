"""The bundled networks that torchvision has, against its published figures and torch's counter."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import shapecalc
from shapecalc import bundled

DATA = Path(__file__).parent / "data"
ROWS = list(csv.DictReader((DATA / "torchvision.csv").open()))


PUBLISHED = {
    "gpt2_small": 124_439_808,  # the released checkpoints, as transformers counts them
    "gpt2_medium": 354_823_168,
    "gpt2_large": 774_030_080,
    "gpt2_xl": 1_557_611_200,
    "bert_base": 109_482_240,
    "bert_large": 335_141_888,
    "llama_7b": 6_738_415_616,
    "llama_13b": 13_015_864_320,
    "llama2_70b": 68_976_648_192,
    "llama3_8b": 8_030_261_248,
    "llama3_70b": 70_553_706_496,
    "mixtral_8x7b": 46_702_792_704,
    "mixtral_8x22b": 140_620_634_112,  # vocabulary of the first release, 32,000
    "yolov3": 61_949_149,  # the PyTorch port by Ultralytics, 80 classes
    "dcgan": 3_576_704,  # both as in PyTorch's tutorial
    "dcgan_discriminator": 2_765_568,
    # the paper's figure, and what it leaves out: normalisations, biases of transposed convolutions
    "unet3d": 19_069_955 + 2 * 2336 + 512 + 256 + 128,
    # ten layers between a convolution and two, counted by hand
    "tcn": 256 * 64
    + 64
    + 10 * (2 * 64 * 128 + 128 + 64 * 64 + 64)
    + 64 * 128
    + 128
    + 128 * 256
    + 256,
}
"""Params of networks that torchvision has not."""

NAMED = {"alexnet": "alexnet_torchvision", "googlenet": "googlenet_bn"}
"""Networks whose names the tutorials' versions have."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["model"])
def test_params_and_macs_are_those_measured(row):
    net = shapecalc.load(NAMED.get(row["model"], row["model"]))
    totals = net.report(H=int(row["size"]), W=int(row["size"])).totals
    assert totals.params == int(row["params_measured"])
    assert totals.flops == int(row["torch_flop_counter"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_params_are_those_published(name):
    assert shapecalc.load(name).report().totals.params == PUBLISHED[name]


def test_every_bundled_spec_has_reference_figures():
    """Those of torchvision, by itself or by its members, or those of the tutorials' networks."""
    tutorials = json.loads((DATA / "reference_networks.json").read_text())
    models = {NAMED.get(row["model"], row["model"]) for row in ROWS} | PUBLISHED.keys()
    for path in bundled.folder().glob("*.yaml"):
        own = {path.stem, *shapecalc.load(path).spec.members}
        assert own & models or path.stem in tutorials, path.stem


def test_inception_v3_with_its_auxiliary_head_has_the_published_params():
    row = next(row for row in ROWS if row["model"] == "inception_v3")
    totals = shapecalc.load("inception_v3").report(aux_logits=1).totals
    assert totals.params == int(row["params_published"])


def test_a_member_is_its_family_with_other_defaults():
    member, family = shapecalc.load("resnet101"), shapecalc.load("resnet")
    assert (member.name, member.symbols["depth"]) == ("resnet101", 101)
    assert member.report(H=64, W=64).totals == family.report(depth=101, H=64, W=64).totals
    assert member.report(depth=50).totals == shapecalc.load("resnet50").report().totals


def test_every_member_is_listed_among_the_bundled_names():
    names = bundled.names()
    assert {NAMED.get(row["model"], row["model"]) for row in ROWS} <= set(names)
    assert len(names) == len(set(names))


def test_a_name_that_is_nearly_a_members_is_suggested():
    with pytest.raises(FileNotFoundError, match="did you mean 'resnet152'"):
        shapecalc.load("resnet_152")


def test_a_member_that_sets_no_symbol_of_the_spec_is_an_error():
    spec = "input: [3, 8, 8]\nmembers:\n  a: {depht: 3}\nsymbols: {depth: 2}\nlayers: [ReLU]\n"
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(spec)
    (problem,) = caught.value.problems
    assert (problem.mark.line, problem.message) == (3, "member 'a' has no key 'depht'")
    assert problem.notes == ("did you mean 'depth'?",)
