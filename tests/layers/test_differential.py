"""Every kind that torch has against torch, on random layers drawn from its declaration."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from shapecalc.layers import KINDS, FieldError
from tests.layers.strategies import Draw, draws
from tests.layers.torch_oracle import Facts, facts_of_torch, our_facts, torch

TORCH_KINDS = [name for name in KINDS if hasattr(torch.nn, name)]

EXCEPTIONS = {}


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ours_of(draw: Draw) -> Facts | None:
    for name, value in draw.outside.items():
        with pytest.raises(FieldError):
            KINDS[draw.layer.kind](**{**draw.settings, name: value})
        return None
    return our_facts(draw.layer, draw.inputs)


def torchs_of(draw: Draw) -> Facts | None:
    try:
        bound = draw.layer.bound(draw.x)
    except IndexError:
        return None
    stated = {
        name: value
        for name, value in vars(draw.layer).items()
        if KINDS[draw.layer.kind].fields[name].infer is not None and value is not None
    }
    return facts_of_torch(bound, draw.inputs, stated | draw.outside)


@pytest.mark.parametrize("name", TORCH_KINDS)
def test_kind(name, request):
    tally = {"legal": 0, "all": 0}
    @settings(max_examples=request.config.getoption("draws"), database=None, suppress_health_check=list(HealthCheck))
    @given(draw=draws(name))
    def agrees(draw):
        note(draw.spec())
        a, b = ours_of(draw), torchs_of(draw)
        tally["all"] += 1
        tally["legal"] += b is not None
        assert a == b
    agrees()
    print("LEGAL", name, tally["legal"]/tally["all"])
