"""What a layer of the catalogue tells of itself: what torch's module of its kind does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapecalc.layers import KINDS
from shapecalc.reading.evaluator.values import MISSING, Instance
from shapecalc.reading.modules.constructing import defaults_of
from shapecalc.reading.modules.holding import Leaf, leaf_tensors
from shapecalc.reading.modules.leaf_parts import leaf_part
from shapecalc.reading.tensors.traced import TensorValue


def leaf_attribute(value: Instance, name: str) -> Any:
    """A tensor, a setting or a fact of a layer, which may be None; MISSING where torch has none."""
    leaf: Leaf = value.data
    tensors = leaf_tensors(value)
    if name in tensors:
        return tensors[name]
    fields = KINDS[leaf.kind].fields
    if any(setting in fields for setting in _LEFT_OUT.get(name, ())):
        if name != "bias" or not leaf.kind.startswith(RECURRENT):
            return None
    facts = _FACTS.get(leaf.kind, {})
    if name in facts:
        return facts[name](leaf) if callable(facts[name]) else facts[name]
    part = leaf_part(value, name)
    return part if part is not MISSING or name in _NOT_KEPT else _setting(leaf, name)


def _setting(leaf: Leaf, name: str) -> Any:
    """An argument of the constructor, as torch's module keeps it."""
    of_axes = next((names for start, names in _OF_AXES.items() if leaf.kind.startswith(start)), ())
    layer = leaf.layer
    if layer is not None and (name in of_axes or name in layer.inferred):
        found = layer.__dict__[name]
        return tuple(found) if isinstance(found, (list, tuple)) else found
    found = leaf.raw.get(name, defaults_of(leaf.kind).get(name, MISSING))
    if isinstance(found, TensorValue):  # a number that is computed
        found = leaf.given.get(name, found)
    keep = _KEPT.get(name)
    return found if keep is None or found is MISSING else keep(leaf, found)


RECURRENT = ("RNN", "LSTM", "GRU")

_LEFT_OUT: dict[str, tuple[str, ...]] = {
    "weight": ("affine", "elementwise_affine"),
    **dict.fromkeys(("bias", "bias_ih", "bias_hh"), ("bias",)),
    **dict.fromkeys(
        ("running_mean", "running_var", "num_batches_tracked"), ("track_running_stats",)
    ),
    **dict.fromkeys(("bias_k", "bias_v", "in_proj_bias", "in_proj_weight"), ("add_bias_kv",)),
    **dict.fromkeys(("q_proj_weight", "k_proj_weight", "v_proj_weight"), ("add_bias_kv",)),
}
"""Tensors that are None where a layer that has one of these settings goes without them."""

_NOT_KEPT = ("device", "dtype", "_weight", "_freeze")
"""Arguments that torch's modules do not keep by these names."""

_KERNEL = ("kernel_size", "stride", "padding")

_OF_AXES = {
    "Conv": (*_KERNEL, "dilation", "output_padding"),
    "AvgPool1d": _KERNEL,
    "MaxUnpool": _KERNEL,
    "FractionalMaxPool": ("kernel_size", "output_size", "output_ratio"),
}
"""Settings that torch keeps as a tuple of one for each axis, by how kinds are called."""


def _stride(leaf: Leaf, given: Any) -> Any:
    is_kernels = given is None and not leaf.kind.startswith("LPPool")
    return leaf.raw["kernel_size"] if is_kernels else given


def _shape(leaf: Leaf, given: Any) -> Any:
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)


def _pads(leaf: Leaf, given: Any) -> Any:
    """Of pads, what stands on each side of each axis."""
    cls = KINDS[leaf.kind]
    if not cls.filled:
        return given
    return tuple(given) if isinstance(given, (list, tuple)) else (given,) * (2 * cls.rank)


def _row(leaf: Leaf, given: Any) -> Any:
    is_from_end = given is not None and given < 0
    return given + leaf.raw["num_embeddings"] if is_from_end else given


def _floating(leaf: Leaf, given: Any) -> Any:
    if isinstance(given, (list, tuple)):
        return tuple(float(each) for each in given)
    return float(given) if isinstance(given, int) else given


_KEPT: dict[str, Callable[[Leaf, Any], Any]] = {
    "stride": _stride,
    "normalized_shape": _shape,
    "padding": _pads,
    "padding_idx": _row,
    "scale_factor": _floating,
}
"""How torch's modules keep arguments that they change."""


def _upsampling(name: str, mode: str, align_corners: bool | None) -> dict[str, Any]:
    also = {"align_corners": align_corners, "recompute_scale_factor": None}
    return {"name": name, "mode": mode, **also}


def _convolution(rank: int) -> dict[str, Any]:
    return {"transposed": False, "output_padding": (0,) * rank}


def _own_or_embed_dim(name: str) -> Callable[[Leaf], Any]:
    return lambda leaf: leaf.raw.get(name) or leaf.raw["embed_dim"]


_TRANSPOSED = {"transposed": True}

_ZERO = {"value": 0.0}

_FACTS: dict[str, dict[str, Any]] = {
    "Conv1d": _convolution(1),
    "Conv2d": _convolution(2),
    "Conv3d": _convolution(3),
    "ConvTranspose1d": _TRANSPOSED,
    "ConvTranspose2d": _TRANSPOSED,
    "ConvTranspose3d": _TRANSPOSED,
    "ReLU6": {"min_val": 0.0, "max_val": 6.0},
    "Upsample": {"name": "Upsample"},
    "UpsamplingNearest2d": _upsampling("UpsamplingNearest2d", "nearest", None),
    "UpsamplingBilinear2d": _upsampling("UpsamplingBilinear2d", "bilinear", True),
    "ZeroPad1d": {"value": 0.0},
    "ZeroPad2d": {"value": 0.0},
    "ZeroPad3d": {"value": 0.0},
    "PairwiseDistance": {"norm": lambda leaf: leaf.raw.get("p", 2.0)},
    "RNN": {
        "mode": lambda leaf: f"RNN_{leaf.raw.get('nonlinearity', 'tanh').upper()}",
        "proj_size": 0,
    },
    "LSTM": {"mode": "LSTM"},
    "GRU": {"mode": "GRU", "proj_size": 0},
    "MultiheadAttention": {
        "kdim": _own_or_embed_dim("kdim"),
        "vdim": _own_or_embed_dim("vdim"),
        "head_dim": lambda leaf: leaf.raw["embed_dim"] // leaf.raw["num_heads"],
    },
}
"""What torch's modules tell that is no argument of theirs, or none by that name."""
