"""Pools with an output of a given size, whatever the input has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.algebra.arithmetic import Dim, Shape, gcd, is_symbolic, prod
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe, PerAxis
from shapecalc.layers.field import field
from shapecalc.layers.pooling.maxima import FindsMaxima
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Whole


class AdaptivePool(Layer, abstract=True):
    """Split the input evenly into as many windows as the output has cells.

    Window ``i`` of ``m`` goes from ``floor(i*n/m)`` up to ``ceil((i + 1)*n/m)``; neighbours share
    a cell where a boundary ``i*n/m`` is no whole number. That happens at all but ``gcd(n, m) - 1``
    of the ``m - 1`` inner boundaries, so the windows of one axis have ``n + m - gcd(n, m)`` cells.

    >>> from shapecalc.layers import KINDS
    >>> pool = KINDS["AdaptiveAvgPool2d"](output_size=[None, 1])
    >>> x = Tensor((1, 512, 7, 7))
    >>> y = pool.output(x)
    >>> y.shape, pool.elementwise(x, y)
    ((1, 512, 7, 1), 25088)
    """

    output_size: tuple[Any, ...] = field(
        PerAxis(Maybe(Whole(), "the input's size")),
        "size of the output",
        letter="M",
    )

    dtypes = FLOATS
    by_channel = True
    work = "every cell of every window; those that two windows share count twice"
    example = {"output_size": 1}

    def output(self, x: Tensor) -> Tensor:
        return x.with_spatial(
            size if wanted is None else wanted for size, wanted in zip(x.spatial, self.output_size)
        )

    def decisive(self, x: Tensor) -> Iterator[Dim]:
        """Sizes that share no known divisor with the input's: their windows cannot be counted."""
        for size, wanted in zip(x.spatial, self.output_size):
            if is_symbolic(wanted) and gcd(size, wanted) is None:
                yield wanted

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        cells = map(_cells_of_windows, x.spatial, self.output_size)
        return x.batch * x.channels * prod(cells)

    def bin(self, i: int, n: int, m: int) -> tuple[int, int]:
        return i * n // m, -(-(i + 1) * n // m)


def _cells_of_windows(n: Dim, m: Dim | None) -> Dim:
    if m is None:
        return n
    shared = gcd(n, m)
    assert shared is not None
    return n + m - shared


class _AdaptivePool1d(AdaptivePool, rank=1, abstract=True):
    """Along a length torch has no null that keeps the size."""

    output_size: Shape = field(PerAxis(Whole()), "size of the output", letter="M")


class AdaptiveAvgPool1d(_AdaptivePool1d):
    """Average along a length, to a given number of values."""

    keeps = ()

    called = ("nn.functional.adaptive_avg_pool1d", "torch.adaptive_avg_pool1d")


class AdaptiveAvgPool2d(AdaptivePool, rank=2):
    """Average over height and width, to an output of given size."""

    keeps = ()

    called = ("nn.functional.adaptive_avg_pool2d",)


class AdaptiveAvgPool3d(AdaptivePool, rank=3):
    """Average over depth, height and width, to an output of given size."""

    keeps = ()

    called = ("nn.functional.adaptive_avg_pool3d",)


class AdaptiveMaxPool1d(FindsMaxima, _AdaptivePool1d):
    """Keep the largest values along a length, to a given number of them."""

    called = ("nn.functional.adaptive_max_pool1d", "torch.adaptive_max_pool1d")


class AdaptiveMaxPool2d(FindsMaxima, AdaptivePool, rank=2):
    """Keep the largest values over height and width, to an output of given size."""

    called = ("nn.functional.adaptive_max_pool2d",)


class AdaptiveMaxPool3d(FindsMaxima, AdaptivePool, rank=3):
    """Keep the largest values over depth, height and width, to an output of given size."""

    called = ("nn.functional.adaptive_max_pool3d",)
