"""The same layer in shapecalc and in torch.

Shapes come from the meta device, which computes nothing else. It lets through some inputs that
torch then refuses to compute with, so whether torch accepts a layer is asked of the CPU as well.
Where torch leaves an empty tensor, which depends on the kind and the device, it counts as refusal:
here every size is at least 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor

torch = pytest.importorskip("torch")
flop_counter = pytest.importorskip("torch.utils.flop_counter")

REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, ZeroDivisionError)
"""What torch raises for settings or inputs that do not fit."""

Shapes = tuple[tuple[int, ...], dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]


def as_torch(layer: Layer) -> Any:
    """The torch module of the same name with the fields of this bound layer."""
    settings = {name: _plain(getattr(layer, name), layer.rank) for name in layer.fields}
    with torch.device("meta"):
        return getattr(torch.nn, layer.kind)(**settings).eval()


def shapes(layer: Layer, *tensors: Tensor) -> Shapes | None:
    """Torch's output, parameter and buffer shapes; None if it refuses."""
    try:
        module = as_torch(layer.bound(_joined(layer, tensors)))
        output = _run(module, tensors)
        _run(module.to_empty(device="cpu"), tensors, "cpu")
    except REFUSALS:
        return None
    if 0 in output.shape:
        return None
    return (
        tuple(output.shape),
        {name: tuple(weight.shape) for name, weight in module.named_parameters()},
        {name: tuple(buffer.shape) for name, buffer in module.named_buffers()},
    )


def accepted_by_torch(layer: Layer, *tensors: Tensor) -> bool:
    """Whether torch builds the layer and runs it on such tensors."""
    return shapes(layer, *tensors) is not None


def ours(layer: Layer, *tensors: Tensor) -> Shapes | None:
    """The same from the declaration; None if a requirement does not hold."""
    x = _joined(layer, tensors)
    if not all(requirement.decide() is True for requirement in layer.requirements(x)):
        return None
    layer = layer.bound(x)
    buffers = {name: buffer.shape for name, buffer in layer.buffers().items()}
    return layer.output(x).shape, layer.weights(), buffers


def torch_macs(layer: Layer, *tensors: Tensor) -> float:
    """Half of the FLOPs that torch counts."""
    module = as_torch(layer.bound(_joined(layer, tensors)))
    with flop_counter.FlopCounterMode(display=False) as counter:
        _run(module, tensors)
    return counter.get_total_flops() / 2


def _joined(layer: Layer, tensors: tuple[Tensor, ...]) -> Any:
    return tensors if layer.joins else tensors[0]


def _run(module: Any, tensors: tuple[Tensor, ...], device: str = "meta") -> Any:
    with torch.no_grad():
        output = module(
            *(torch.zeros(x.shape, dtype=getattr(torch, x.dtype), device=device) for x in tensors)
        )
    return output[0] if isinstance(output, tuple) else output


def _plain(value: Any, rank: int) -> Any:
    if isinstance(value, tuple):
        # LPPool1d takes no tuple; every kind of one axis takes a plain number.
        if rank == len(value) == 1:
            return _plain(value[0], rank)
        return tuple(_plain(item, rank) for item in value)
    return float(value) if isinstance(value, Fraction) else value
