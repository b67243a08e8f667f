"""Normalisation: subtract a mean, divide by a deviation, then scale and shift.

Its work is counted in operations per element, in evaluation. Batch normalisation has its
statistics already, so that only two remain: scale and shift, or, without ``affine``, subtract and
divide. The others compute theirs: a sum for the mean, one for the variance, then subtract and
divide make four, and one more, a multiply-add, where scale or shift is learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, at_least, divides, refuse
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe, OneOrMore
from shapecalc.layers.field import field, inferred
from shapecalc.layers.needs import Divisors
from shapecalc.layers.pointwise import KeepsShape, Pointwise
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Flag, Number, Parts, Whole


def _scale_and_shift(sizes: Shape, bias: bool) -> dict[str, Shape]:
    return {"weight": sizes, "bias": sizes} if bias else {"weight": sizes}


class _ChannelNorm(KeepsShape, abstract=True):
    """What the norms with a mean and a variance for every channel have in common."""

    centers = True
    dtypes = FLOATS

    num_features: Dim = inferred(lambda layer, x: x.channels, "channels of the input", letter="C")
    eps: int | Fraction = field(
        Number(0, formulas="any"),
        "added to the variance, against division by zero",
        default=Fraction(1, 100000),
    )
    momentum: int | Fraction | None = field(
        Maybe(Number(formulas="any"), "the average over all batches"),
        "weight of a new batch in the running statistics",
        default=Fraction(1, 10),
    )
    affine: bool = field(Flag(), "learn a scale and a shift for each channel", default=True)
    track_running_stats: bool = field(
        Flag(), "keep running statistics for use in evaluation", default=True
    )
    bias: bool = field(Flag(), "learn a shift too, where a scale is learned", default=True)

    def weights(self) -> dict[str, Shape]:
        return _scale_and_shift((self.num_features,), self.bias) if self.affine else {}

    def buffers(self) -> dict[str, Tensor]:
        if not self.track_running_stats:
            return {}
        statistics = Tensor((self.num_features,))
        return {
            "running_mean": statistics,
            "running_var": statistics,
            "num_batches_tracked": Tensor((), "int64"),
        }


class BatchNorm(_ChannelNorm, Pointwise, abstract=True):
    """Normalise each channel with its mean and variance over batch and positions.

    In evaluation the running statistics stand in for the batch's, and the work is 2 operations per
    element. Ioffe and Szegedy, "Batch normalization" (2015).

    >>> from shapecalc.layers import KINDS
    >>> norm = KINDS["BatchNorm2d"]().bound(Tensor((1, 64, 56, 56)))
    >>> norm.weights()
    {'weight': (64,), 'bias': (64,)}
    >>> list(norm.buffers())
    ['running_mean', 'running_var', 'num_batches_tracked']
    """

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"statistics": Tensor((2, x.channels))}

    of_batch = True
    work = "2 for every element: scale and shift, their statistics known"

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.track_running_stats:
            return
        if self.eps == 0:
            yield refuse("has eps 0, which torch takes with track_running_stats only", field="eps")
        yield _several(self, x, x.batch * prod(x.spatial), "per channel")

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return 2 * prod(y.shape)


class InstanceNorm(_ChannelNorm, abstract=True):
    """Normalise each channel of each sample with its own mean and variance over the positions.

    The work is 4 operations per element, 5 with ``affine``. Ulyanov, Vedaldi and Lempitsky,
    "Instance normalization" (2016).

    >>> from shapecalc.layers import KINDS
    >>> norm = KINDS["InstanceNorm2d"]().bound(Tensor((1, 64, 56, 56)))
    >>> norm.weights(), norm.buffers()
    ({}, {})
    """

    def beside(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"statistics": Tensor((2, x.batch, x.channels))}

    affine: bool = field(Flag(), "learn a scale and a shift for each channel", default=False)
    track_running_stats: bool = field(
        Flag(), "keep running statistics for use in evaluation", default=False
    )

    work = "4 for every element: mean, variance, subtract, divide; 5 with affine"

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if not self.track_running_stats:
            yield _several(self, x, prod(x.spatial), "per channel")

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return (5 if self.affine else 4) * prod(y.shape)


class GroupNorm(KeepsShape):
    """Normalise groups of channels of each sample with their own mean and variance.

    The work is 4 operations per element, 5 with ``affine``. Wu and He, "Group normalization"
    (2018).

    >>> GroupNorm(num_groups=32).bound(Tensor((1, 64, 56, 56))).weights()
    {'weight': (64,), 'bias': (64,)}
    """

    def beside(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"statistics": Tensor((2, x.batch, self.num_groups))}

    signature = ("num_groups", "num_channels", "eps", "affine", "bias")

    ndims = range(2, 99)
    dtypes = FLOATS

    num_groups: Dim = field(Parts(), "parts the channels are split into", letter="G")
    num_channels: Dim = inferred(lambda layer, x: x.channels, "channels of the input", letter="C")
    eps: int | Fraction = field(
        Number(0, formulas="any"),
        "added to the variance, against division by zero",
        default=Fraction(1, 100000),
    )
    affine: bool = field(Flag(), "learn a scale and a shift for each channel", default=True)
    bias: bool = field(Flag(), "learn a shift too, where a scale is learned", default=True)

    work = "4 for every element: mean, variance, subtract, divide; 5 with affine"
    example = {"num_groups": 2}

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        return ("num_groups", "num_channels")

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield divides(
            self.num_groups,
            self.num_channels,
            "has num_groups {right}, which does not divide num_channels {left}",
            field="num_groups",
            hint="{divisors}",
            divisors=Divisors("num_groups", self.num_channels, self.num_groups),
        )
        # torch counts the batch in, though no group reaches beyond its sample
        in_groups = x.batch * (self.num_channels // self.num_groups) * prod(x.spatial)
        yield _several(self, x, in_groups, "per group")

    def weights(self) -> dict[str, Shape]:
        return _scale_and_shift((self.num_channels,), self.bias) if self.affine else {}

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return (5 if self.affine else 4) * prod(y.shape)


def _several(layer: Layer, x: Tensor, values: Dim, where: str) -> Requirement:
    """Statistics that are computed on the spot need more than one value."""
    return at_least(
        values,
        2,
        "needs more than one value {where} to normalise but receives {x}",
        where=where,
        x=x,
    )


def _last_sizes(layer: Any, x: Tensor) -> Shape:
    return x.shape[-len(layer.normalized_shape or (1,)) :]


class _LastDimensionsNorm(KeepsShape, abstract=True):
    """What the norms over the last dimensions have in common."""

    ndims = range(2, 99)
    dtypes = FLOATS

    normalized_shape: Shape = inferred(
        _last_sizes,
        "sizes of the last dimensions, those normalised together; the last one if left out",
        type=OneOrMore(Whole(), what="sizes"),
    )

    example_shapes = ((1, 16, 64),)


class LayerNorm(_LastDimensionsNorm):
    """Normalise the last dimensions with their own mean and variance.

    The work is 4 operations per element, 5 with ``elementwise_affine``. Ba, Kiros and Hinton,
    "Layer normalization" (2016).

    >>> LayerNorm().bound(Tensor((1, 196, 768))).weights()
    {'weight': (768,), 'bias': (768,)}
    >>> list(LayerNorm(normalized_shape=[5, 8]).requirements(Tensor((1, 4, 8))))[0].problem()
    'states normalized_shape 5 x 8 but receives 4 x 8'
    """

    def beside(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"statistics": Tensor((2, *x.shape[: -len(self.normalized_shape)]))}

    eps: int | Fraction = field(
        Number(0, formulas="any"),
        "added to the variance, against division by zero",
        default=Fraction(1, 100000),
    )
    elementwise_affine: bool = field(
        Flag(), "learn a scale for each normalised place", default=True
    )
    bias: bool = field(Flag(), "learn a shift too, where a scale is learned", default=True)

    work = "4 for every element: mean, variance, subtract, divide; 5 with a learned scale"

    def weights(self) -> dict[str, Shape]:
        if not self.elementwise_affine:
            return {}
        return _scale_and_shift(self.normalized_shape, self.bias)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return (5 if self.elementwise_affine else 4) * prod(y.shape)


class RMSNorm(_LastDimensionsNorm):
    """Divide the last dimensions by their root mean square; no mean is subtracted.

    The work is 3 operations per element, 4 with ``elementwise_affine``. Zhang and Sennrich, "Root
    mean square layer normalization" (2019).

    >>> RMSNorm().bound(Tensor((1, 2048, 4096))).weights()
    {'weight': (4096,)}
    """

    takes = ("x",)

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        statistics = Tensor(x.shape[: -len(self.normalized_shape)])
        return {"statistics": statistics, "normalised": y}

    eps: int | Fraction | None = field(
        Maybe(Number(0), "the smallest step of the element type"),
        "added to the mean square, against division by zero",
        default=None,
    )
    elementwise_affine: bool = field(
        Flag(), "learn a scale for each normalised place", default=True
    )

    work = "3 for every element: square, sum up, divide; 4 with a learned scale"

    def weights(self) -> dict[str, Shape]:
        return {"weight": self.normalized_shape} if self.elementwise_affine else {}

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return (4 if self.elementwise_affine else 3) * prod(y.shape)


class LocalResponseNorm(Pointwise):
    """Divide each value by a power of the mean square over neighbouring channels.

    The work is ``size`` squares to add up per element, and three operations to finish: scale,
    raise to the power, divide. Krizhevsky, Sutskever and Hinton, "ImageNet classification with
    deep convolutional neural networks" (2012), section 3.3.

    >>> x = Tensor((1, 96, 55, 55))
    >>> LocalResponseNorm(size=5).elementwise(x, x) == 8 * 96 * 55 * 55
    True
    """

    keeps_more = True

    called = ("nn.functional.local_response_norm",)

    ndims = range(3, 99)
    dtypes = FLOATS

    size: Dim = field(Whole(), "number of neighbouring channels")
    alpha: int | Fraction = field(
        Number(formulas="any"), "factor of the mean square", default=Fraction(1, 10000)
    )
    beta: int | Fraction = field(Number(formulas="any"), "exponent", default=Fraction(3, 4))
    k: int | Fraction = field(Number(formulas="any"), "added to the mean square", default=1)

    work = "a square for every neighbour, then scale, power and division"
    example = {"size": 5}

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * (self.size + 3)


class BatchNorm1d(BatchNorm, rank=1):
    """Normalise each feature, or each channel of a length, over the batch."""

    ndims = (2, 3)


class BatchNorm2d(BatchNorm, rank=2):
    """Normalise each channel over batch, height and width."""


class BatchNorm3d(BatchNorm, rank=3):
    """Normalise each channel over batch, depth, height and width."""


class InstanceNorm1d(InstanceNorm, rank=1):
    """Normalise each channel of each sample over its length."""


class InstanceNorm2d(InstanceNorm, rank=2):
    """Normalise each channel of each sample over height and width."""


class InstanceNorm3d(InstanceNorm, rank=3):
    """Normalise each channel of each sample over depth, height and width."""
