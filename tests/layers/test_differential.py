"""Every kind that torch has against torch, on random layers drawn from its declaration.

Output, element types, weights, buffers and multiply-accumulates are to be torch's, and what one
refuses the other refuses; formulas are to give what numbers give. A failure ends with the layer as
a spec to paste. ``--long`` draws a hundred times as much.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.layers import KINDS, FieldError
from shapecalc.spec.problem import SpecError
from tests.layers.strategies import Draw, draws
from tests.layers.symbolic import assert_symbols_agree
from tests.layers.torch_oracle import Facts, facts_of_torch, our_facts, torch

TORCH_KINDS = [name for name in KINDS if hasattr(torch.nn, name)]


class Apart(NamedTuple):
    """Draws that are not compared: those of some kinds, named by how they start."""

    kinds: tuple[str, ...]
    why: str
    covers: Callable[[Draw], bool]


def _has_other_ndim(draw: Draw) -> bool:
    ndims = draw.layer.ndims
    return ndims is not None and any(len(x.shape) not in ndims for x in draw.inputs)


def _lacks_batch(draw: Draw) -> bool:
    ndims = draw.layer.ndims or ()
    return _has_other_ndim(draw) and any(len(x.shape) + 1 in ndims for x in draw.inputs)


def _is_outside(*names: str) -> Callable[[Draw], bool]:
    return lambda draw: any(name in draw.outside for name in names)


def _states_other(name: str) -> Callable[[Draw], bool]:
    """Whether a size is stated that does not follow from the input."""

    def covers(draw: Draw) -> bool:
        infer = draw.layer.fields[name].infer
        return name in draw.settings and infer(draw.layer, draw.x) != draw.settings[name]

    return covers


def _cuts_and_fills(draw: Draw) -> bool:
    return min(draw.layer.padding) < 0 < max(draw.layer.padding)


_ANY = ("",)
_NORMS = ("BatchNorm", "InstanceNorm", "GroupNorm", "LayerNorm", "RMSNorm", "Transformer")

APART = (
    Apart(_ANY, "torch takes single samples; here the batch is always there", _lacks_batch),
    Apart(_NORMS, "torch does not check them", _is_outside("eps", "layer_norm_eps")),
    Apart(("Multihead",), "torch checks it when it trains", _is_outside("dropout")),
    Apart(("InstanceNorm",), "torch only warns", _states_other("num_features")),
    Apart(("ZeroPad", "ConstantPad"), "torch pads any input that has the axes", _has_other_ndim),
    Apart(("Dropout3d",), "torch takes any input", _has_other_ndim),
    Apart(("Circular",), "torch copies what was never written", _cuts_and_fills),
)
"""The exceptions. All other draws are compared."""

UNCOUNTED = {"Bilinear": "torch's counter passes over it"}
"""Kinds whose multiply-accumulates torch does not count, and why."""


def is_apart(draw: Draw) -> bool:
    return any(draw.layer.kind.startswith(each.kinds) and each.covers(draw) for each in APART)


def found_here(draw: Draw) -> Facts | None:
    for name, value in draw.outside.items():
        with pytest.raises(FieldError):
            type(draw.layer)(**draw.settings | {name: value})
        return None
    return our_facts(draw.layer, draw.inputs)


def found_in_torch(draw: Draw) -> Facts | None:
    kind = KINDS[draw.layer.kind]
    try:
        layer = draw.layer.bound(draw.x)
    except IndexError:  # no input, or one without the dimension a size follows from
        return None
    stated = {
        name: getattr(draw.layer, name)
        for name, field in kind.fields.items()
        if field.infer is not None and name in draw.settings
    }
    facts = facts_of_torch(layer, draw.inputs, stated | draw.outside)
    if facts is not None and layer.kind in UNCOUNTED:
        return facts._replace(macs=layer.macs(draw.x, layer.output(draw.x)))  # type: ignore[arg-type]
    return facts


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about settings that are allowed
        yield


EVERY_CHECK = list(HealthCheck)


@pytest.mark.parametrize("name", TORCH_KINDS)
def test_a_kind_is_torchs(name, request):
    legal = 0

    @settings(max_examples=request.config.getoption("draws"), suppress_health_check=EVERY_CHECK, database=None)
    @given(draw=draws(name), data=st.data())
    def agrees(draw, data):
        nonlocal legal
        note(draw.spec())
        here = found_here(draw)
        legal += here is not None
        if not is_apart(draw):
            assert here == found_in_torch(draw)
        if not draw.outside:
            sizes = sorted({size for x in draw.inputs for size in x.shape[1:] if size > 1})
            symbols = [size for size in sizes if data.draw(st.booleans())]
            assert_symbols_agree(draw.layer, draw.inputs, symbols)

    agrees()
    print("LEGAL", name, legal)
