"""Patches of an image as columns, and columns as patches of an image."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.algebra.arithmetic import Dim, Shape, exactdiv, prod
from shapecalc.algebra.requirement import Requirement, divides, equal
from shapecalc.algebra.window import Window
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import PerAxis
from shapecalc.layers.field import field
from shapecalc.layers.sliding import fits
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Whole


class _Patches(Layer, rank=2, abstract=True):
    """What Fold and Unfold have in common: an image on one side, its patches on the other."""

    keeps = ()

    kernel_size: Shape = field(PerAxis(Whole()), "size of a patch", letter="F")
    dilation: Shape = field(PerAxis(Whole()), "step inside a patch", letter="D", default=1)
    padding: Shape = field(PerAxis(Whole(0)), "zeros on each side", letter="P", default=0)
    stride: Shape = field(PerAxis(Whole()), "step between patches", letter="S", default=1)

    def _positions(self) -> tuple[Window, ...]:
        settings = self.kernel_size, self.stride, self.padding, self.dilation
        return tuple(map(Window.symmetric, *settings))

    def _patches_of(self, image: Tensor) -> Dim:
        return prod(window.output(size) for window, size in zip(self._positions(), image.spatial))


class Unfold(_Patches):
    """Lay the patches that a convolution would see side by side, each as one column.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["Unfold"](kernel_size=3, padding=1).output(Tensor((1, 16, 8, 8))).shape
    (1, 144, 64)
    """

    called = ("nn.functional.unfold",)

    example = {"kernel_size": 3, "padding": 1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from fits(x, self._positions())

    def output(self, x: Tensor) -> Tensor:
        return x.with_shape((x.batch, x.channels * prod(self.kernel_size), self._patches_of(x)))


class Fold(_Patches):
    """Add columns up to the image whose patches they are: an Unfold run backwards.

    >>> from shapecalc.layers import KINDS
    >>> fold = KINDS["Fold"](output_size=8, kernel_size=3, padding=1)
    >>> fold.output(Tensor((1, 144, 64))).shape
    (1, 16, 8, 8)
    """

    called = ("nn.functional.fold",)
    signature = ("output_size", "kernel_size", "dilation", "padding", "stride")

    output_size: Shape = field(PerAxis(Whole()), "height and width of the image")

    work = "every element is added once"
    ndims = (3,)
    example = {"output_size": 8, "kernel_size": 2, "stride": 2}
    example_shapes = ((1, 16, 16),)

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        return ("output_size",)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        cells = prod(self.kernel_size)
        yield divides(
            cells,
            x.channels,
            "receives columns of {left}, no multiple of the {right} cells of a patch",
            field="kernel_size",
        )
        image = self.output(x)
        yield from fits(image, self._positions(), "output")
        (columns,) = x.spatial
        patches = self._patches_of(image)
        yield equal(
            columns,
            patches,
            "receives {left} columns but an output of {size:times} has {right} patches",
            field="output_size",
            size=self.output_size,
        )

    def output(self, x: Tensor) -> Tensor:
        return x.with_shape(
            (x.batch, exactdiv(x.channels, prod(self.kernel_size)), *self.output_size)
        )

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape)
