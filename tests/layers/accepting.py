"""Whether a layer takes its inputs, which the rules alone decide."""

from __future__ import annotations

from typing import Any

from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor

Inputs = tuple[Tensor, ...]


def joined(layer: Layer | type[Layer], inputs: Inputs) -> Any:
    """The inputs as the layer's methods take them: all of them, or the only one."""
    return inputs if layer.joins else inputs[0]


def accepts(layer: Layer, inputs: Inputs) -> bool:
    """Whether all requirements hold."""
    requirements = layer.requirements(joined(layer, inputs))
    return all(requirement.decide() is True for requirement in requirements)
