"""Dropout against torch on the meta device, in evaluation."""

from __future__ import annotations

import pytest

from shapecalc.layers import KINDS, FieldError, Tensor
from tests.layers.torch_oracle import ours

DROPOUTS = {name: kind for name, kind in KINDS.items() if kind.family == "dropout"}


@pytest.mark.parametrize("name", DROPOUTS)
def test_it_writes_and_computes_nothing(name):
    layer, x = DROPOUTS[name](), Tensor((1, 4, 8, 8))
    assert not layer.writes
    assert layer.elementwise(x, x) == layer.macs(x, x) == 0


@pytest.mark.parametrize("p", [-1, 2])
def test_a_probability_lies_between_0_and_1(p):
    with pytest.raises(FieldError, match="expected a number from 0 to 1"):
        KINDS["Dropout"](p=p)


@pytest.mark.parametrize(
    ("name", "ndims"),
    [("Dropout1d", (2, 3)), ("Dropout2d", range(2, 8)), ("Dropout3d", range(2, 8))],
)
def test_channels_are_dropped_of_what_torch_takes(name, ndims):
    layer = KINDS[name]()
    accepted = [n for n in range(1, 8) if ours(layer, Tensor((2,) * n)) is not None]
    assert accepted == list(ndims)
