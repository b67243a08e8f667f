"""The catalogue of layer kinds, a file for each family; see :mod:`shapecalc.layers.kinds`."""

from shapecalc.layers.base import FieldError, Layer
from shapecalc.layers.kinds import KINDS
from shapecalc.layers.tensor import OUTPUT, Tensor

__all__ = ["KINDS", "OUTPUT", "FieldError", "Layer", "Tensor"]
