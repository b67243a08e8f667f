"""Names and order of a state dict are torchvision's, so that its checkpoints load by name."""

from __future__ import annotations

import csv
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.bundled import thorough
from tests.emitting import torchvisions
from tests.emitting.emitted import made

NAMES = Path(__file__).parents[1] / "data" / "torchvision_names.csv"
ROWS = list(csv.DictReader(NAMES.open(encoding="utf-8")))
MODELS = [row["model"] for row in ROWS]
BY_SIZE = sorted(ROWS, key=lambda row: -int(row["tensors"]))
SMALLEST = {re.match("[a-z]+", row["model"]).group(): row["model"] for row in BY_SIZE}  # type: ignore[union-attr]
"""Of each family the smallest; the others are tried with ``--thorough`` alone."""
OTHERS = [model for model in MODELS if model not in SMALLEST.values()]
TRIED = [*SMALLEST.values(), *thorough(OTHERS)]
SPECS = {"alexnet": "alexnet_torchvision", "googlenet": "googlenet_bn", "vgg16": "vgg"}
AUXILIARY = ("googlenet", "inception_v3")


@cache
def emitted(model: str) -> Any:
    """The network as it is emitted, with auxiliary heads, which torchvision has by default."""
    knobs = {"aux_logits": True} if model in AUXILIARY else {}
    return made(module(shapecalc.load(SPECS.get(model, model))), **knobs)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("model", TRIED)
def test_a_state_dict_has_torchvisions_names_in_its_order(model: str) -> None:
    row = ROWS[MODELS.index(model)]
    names = list(emitted(model).state_dict())
    assert len(names) == int(row["tensors"])
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    assert digest == row["sha256"], names[:20]


@pytest.mark.one_in(8)
@pytest.mark.skipif(not torchvisions.HAS_TORCHVISION, reason="torchvision is not installed")
@pytest.mark.parametrize("model", TRIED)
def test_torchvisions_state_dict_loads(model: str) -> None:
    own, theirs = emitted(model), torchvisions.model(model).state_dict()
    own.load_state_dict(theirs, strict=True)
    assert list(own.state_dict()) == list(theirs)


@pytest.mark.skipif(not torchvisions.HAS_TORCHVISION, reason="torchvision is not installed")
@pytest.mark.parametrize("model", AUXILIARY)
def test_without_auxiliary_heads_names_are_torchvisions_as_well(model: str) -> None:
    own = made(module(shapecalc.load(SPECS.get(model, model))))
    theirs = torchvisions.model(model, aux_logits=False)
    assert list(own.state_dict()) == list(theirs.state_dict())
    own.load_state_dict(theirs.state_dict(), strict=True)
