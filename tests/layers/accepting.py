"""Whether a layer takes its inputs, which the rules alone decide."""

from __future__ import annotations

from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor

Inputs = tuple[Tensor, ...]


def accepts(layer: Layer, inputs: Inputs) -> bool:
    """Whether all requirements hold."""
    requirements = layer.requirements(*inputs)
    return all(requirement.decide() is True for requirement in requirements)
