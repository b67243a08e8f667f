"""What layers have in common whose output has the shape of their input."""

from __future__ import annotations

from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor


class KeepsShape(Layer, abstract=True):
    """A layer whose output has its input's shape."""

    def output(self, x: Tensor) -> Tensor:
        return x


class Pointwise(KeepsShape, abstract=True):
    """A layer whose output at one place depends on its input at that place alone."""

    def windows(self, x: Tensor) -> tuple[Window, ...] | None:
        return (IDENTITY,) * len(x.spatial)
