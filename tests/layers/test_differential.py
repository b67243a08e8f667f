"""Every kind against torch, on random layers drawn from its declaration.

Output, element types, weights, buffers and multiply-accumulates are to be torch's, and what one
refuses the other refuses; formulas are to give what numbers give. A failure ends with the layer as
a spec to paste. ``--long`` draws many times as much.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.layers import KINDS, FieldError
from shapecalc.layers.compound import PerAxis
from tests.layers.strategies import Draw, draws
from tests.layers.symbolic import assert_symbols_agree
from tests.layers.torch_oracle import Facts, facts_of_torch, our_facts


class Lenient(NamedTuple):
    """Draws that torch may accept and this does not, of kinds whose names start so."""

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


def _states_unused_channels(draw: Draw) -> bool:
    """Whether a number of channels is stated that is the size of nothing."""
    stated = {"num_features", "num_channels"} & {*draw.settings, *draw.outside}
    layer = draw.layer
    return bool(stated) and not (layer.affine or getattr(layer, "track_running_stats", False))


def _cuts_and_fills(draw: Draw) -> bool:
    return min(draw.layer.padding) < 0 < max(draw.layer.padding)


def _scales_by_nothing(draw: Draw) -> bool:
    factor = draw.layer.scale_factor
    return draw.layer.size is not None and factor == 0


def _has_an_infinite_norm(draw: Draw) -> bool:
    return math.isinf(draw.layer.norm_type)


def _takes_out_several(draw: Draw) -> bool:
    shape = draw.inputs[0].shape
    return -len(shape) <= draw.layer.dim < len(shape) and shape[draw.layer.dim] > 1


def _has_whole_numbers(draw: Draw) -> bool:
    return any(x.dtype == "int64" for x in draw.inputs)


def _has_several_types(draw: Draw) -> bool:
    return len({x.dtype for x in draw.inputs}) > 1


_ALL = ("",)
_NORMS = (
    *("BatchNorm", "InstanceNorm", "GroupNorm", "LayerNorm", "RMSNorm", "Transformer"),
    "Normalize",
)
_CHANNEL_NORMS = ("BatchNorm", "InstanceNorm", "GroupNorm")
_OF_FLOATS = (
    *("Sigmoid", "Tanh", "Softsign", "LocalResponseNorm"),
    *("AvgPool", "LPPool", "CosineSimilarity", "PairwiseDistance"),
)

LENIENT = (
    Lenient(_ALL, "it takes single samples; here the batch is always there", _lacks_batch),
    Lenient(_NORMS, "it does not check an eps", _is_outside("eps", "layer_norm_eps")),
    Lenient(("Multihead",), "it checks dropout when it trains", _is_outside("dropout")),
    Lenient(_CHANNEL_NORMS, "it does not check what it does not use", _states_unused_channels),
    Lenient(("ZeroPad", "ConstantPad"), "it pads any input that has the axes", _has_other_ndim),
    Lenient(("PixelShuffle", "PixelUnshuffle"), "it takes several batches", _has_other_ndim),
    Lenient(("ConvTranspose",), "it takes a dilation of 0 now and then", _is_outside("dilation")),
    Lenient(("MaxUnpool",), "it does not look", _is_outside("kernel_size", "stride", "padding")),
    Lenient(("CropTo",), "a negative start counts from the end", _is_outside("start")),
    Lenient(("CropTo",), "it cuts along all axes there are", _has_other_ndim),
    Lenient(("FractionalMaxPool",), "it does not look", _is_outside("kernel_size")),
    Lenient(("AdaptiveAvgPool",), "it averages any input to size 1", _has_other_ndim),
    Lenient(("Circular",), "it copies what was never written", _cuts_and_fills),
    Lenient(("UpsamplingNearest2d",), "it scales all axes there are", _has_other_ndim),
    Lenient(_OF_FLOATS, "it makes floats of whole numbers, or rounds", _has_whole_numbers),
    Lenient(("Chunk",), "Python counts from the end", _is_outside("index")),
    Lenient(("Squeeze",), "it passes over a size that is not 1", _takes_out_several),
    Lenient(("ScaledDotProduct",), "a fourth is its mask", lambda draw: len(draw.inputs) > 3),
    Lenient(("LPPool1d",), "of infinite order it takes a list", _has_an_infinite_norm),
    Lenient(("LSTMCell",), "its steps promote a state of another type", _has_several_types),
    Lenient(("Einsum",), "it promotes where nothing is summed up", _has_several_types),
    Lenient(("Upsampl",), "a scale_factor of 0 is none to it", _scales_by_nothing),
)
"""Where torch accepts what is refused here. In all else both are compared."""

UNCOUNTED: dict[str, Callable[[Draw], bool]] = {
    "Bilinear": lambda draw: True,
    "Einsum": lambda draw: not draw.layer.output(*draw.inputs).shape,
    "MatMul": lambda draw: min(len(x.shape) for x in draw.inputs) == 1,
}
"""Where torch's counter passes over products: of three tensors, and with single vectors."""


NUMBERED = ("Split", "Unbind")
"""Kinds whose number of outputs hangs on a size, which has to be a number."""


def torch_is_lenient(draw: Draw) -> bool:
    return any(draw.layer.kind.startswith(each.kinds) and each.covers(draw) for each in LENIENT)


def found_here(draw: Draw) -> Facts | None:
    for name, value in draw.outside.items():
        with pytest.raises(FieldError):
            type(draw.layer)(**draw.settings | {name: value})
        return None
    return our_facts(draw.layer, draw.inputs)


def _lists(draw: Draw) -> dict[str, list]:
    """Lists with a value for each axis, or with one for all, as they are written."""
    return {
        name: value
        for name, value in draw.settings.items()
        if isinstance(value, list) and isinstance(draw.layer.fields[name].type, PerAxis)
    }


def found_in_torch(draw: Draw) -> Facts | None:
    kind = KINDS[draw.layer.kind]
    try:
        layer = draw.layer.bound(*draw.inputs)
    except IndexError:  # no input, or one without the dimension a size follows from
        return None
    stated = {
        name: getattr(draw.layer, name)
        for name, field in kind.fields.items()
        if field.infer is not None and name in draw.settings
    }
    facts = facts_of_torch(layer, draw.inputs, stated | _lists(draw) | draw.outside)
    if facts is not None and UNCOUNTED.get(layer.kind, lambda draw: False)(draw):
        return facts._replace(macs=layer.macs(*draw.inputs, y=layer.output(*draw.inputs)))  # type: ignore[arg-type]
    return facts


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about settings that are allowed
        yield


@pytest.mark.parametrize("name", [n for n, kind in KINDS.items() if not kind.unknown_to_torch])
def test_a_kind_is_torchs(name, request):
    draws_wanted = 120 if request.config.getoption("--thorough") else 5
    if request.config.getoption("--long"):
        draws_wanted = 20_000
    drawn = accepted = 0

    @settings(max_examples=draws_wanted, suppress_health_check=list(HealthCheck), database=None)
    @given(draw=draws(name), data=st.data())
    def agrees(draw, data):
        nonlocal drawn, accepted
        note(draw.spec())
        here, there = found_here(draw), found_in_torch(draw)
        drawn, accepted = drawn + 1, accepted + (here is not None)
        event("refused" if here is None else "accepted")
        if not (here is None and torch_is_lenient(draw)):
            assert here == there
        if not draw.outside:
            if name in NUMBERED:
                return
            sizes = sorted({size for x in draw.inputs for size in x.shape[1:] if size > 1})
            symbols = [size for size in sizes if data.draw(st.booleans())]
            assert_symbols_agree(draw.layer, draw.inputs, symbols)

    agrees()
    if drawn > 100:  # of few, none may be legal
        assert accepted > drawn / 4


@pytest.mark.thorough
@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_what_a_failure_prints_is_a_spec(name, data):
    draw = data.draw(draws(name))
    assume(len({x.batch for x in draw.inputs}) <= 1)
    facts = found_here(draw)
    try:
        (layer,) = shapecalc.load(draw.spec()).report().layers
    except SpecError:
        layer = None
    assert (facts and facts.output) == (layer and layer.output_shape), draw.spec()
