"""What no catalogue knows: a layer whose figures are stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import ListOf
from shapecalc.layers.field import field
from shapecalc.layers.tensor import NUMBERS, Tensor
from shapecalc.layers.types import Choice, Whole


class Opaque(Layer):
    """Stand for something else, with the output and the figures that are stated.

    Nothing of it is derived, so it is told of in a warning, and it can neither be emitted nor
    checked. Its multiply-accumulates and operations are those for one sample.

    >>> roi = Opaque(shape=[256, 7, 7], params=1000)
    >>> roi.output(Tensor((8, 256, 50, 50))).shape
    (8, 256, 7, 7)
    """

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    promotes = True
    is_stated = True
    in_torch = False
    unknown_to_torch = "it stands for something that the catalogue does not know"

    shape: Shape = field(ListOf(Whole(), what="sizes"), "the output, without its batch")
    params: Dim = field(Whole(0), "learned numbers", default=0)
    macs_per_sample: Dim = field(Whole(0), "multiply-accumulates of a sample", default=0)
    elementwise_per_sample: Dim = field(Whole(0), "other operations of a sample", default=0)
    dtype: str = field(Choice(*NUMBERS, "bool"), "its type", default="float32")

    work = "as stated"
    example: ClassVar[Mapping[str, object]] = {"shape": [16, 7, 7], "params": 1000}

    def output(self, *x: Tensor) -> Tensor:
        return Tensor((x[0].batch, *self.shape), self.dtype)

    def weights(self) -> dict[str, Shape]:
        return {"params": (self.params,)} if self.params != 0 else {}

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return x[0].batch * self.macs_per_sample

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return x[0].batch * self.elementwise_per_sample
