"""Activations: a function applied to every element, however it is computed.

Each counts as one operation per element of its output.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, divides, refuse, stretches
from shapecalc.layers.compound import Maybe
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.pointwise import KeepsShape, Pointwise
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Choice, Dimension, Flag, Number, Whole

_INPLACE = field(Flag(), "overwrite the input", default=False)


class _Activation(KeepsShape, abstract=True):
    """What all activations have in common: the shape stays, and each output is one operation.

    >>> x = Tensor((1, 64, 56, 56))
    >>> for activation in (LeakyReLU(negative_slope=Fraction(1, 5)), Sigmoid(), Softmax(dim=1)):
    ...     assert activation.output(x) == x and activation.elementwise(x, x) == 64 * 56 * 56
    """

    dtypes: ClassVar[tuple[str, ...] | None] = FLOATS
    work = "one for every output, however it is computed"

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape)


class _PointwiseActivation(_Activation, Pointwise, abstract=True):
    """An activation that looks at one element at a time."""


class _CutOff(_PointwiseActivation, abstract=True):
    """An activation that passes on or replaces elements, of whatever type."""

    dtypes = None


class ReLU(_CutOff):
    """Cut off below zero, ``max(0, x)``.

    >>> x = Tensor((1, 64, 112, 112))
    >>> relu = ReLU()
    >>> relu.output(x) == x, relu.elementwise(x, x)
    (True, 802816)
    """

    keeps = ("output",)

    called = ("nn.functional.relu", "torch.relu", "Tensor.relu")

    inplace: bool = _INPLACE


class ReLU6(_CutOff):
    """Cut off below 0 and above 6, ``min(max(0, x), 6)``."""

    called = ("nn.functional.relu6",)

    inplace: bool = _INPLACE


class LeakyReLU(_PointwiseActivation):
    """Flatten below zero, ``x`` or ``negative_slope*x``."""

    called = ("nn.functional.leaky_relu",)

    negative_slope: int | Fraction = field(
        Number(formulas="any"), "slope below zero", default=Fraction(1, 100)
    )
    inplace: bool = _INPLACE


class PReLU(_PointwiseActivation):
    """Flatten below zero with a learned slope, one for all channels or one for each.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015).

    >>> PReLU(num_parameters=64).weights()
    {'weight': (64,)}
    """

    num_parameters: Dim = field(Whole(), "number of slopes: 1, or the channels", default=1)
    init: int | Fraction = field(
        Number(formulas="any"), "slope before training", default=Fraction(1, 4)
    )

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.num_parameters != 1:
            channels = x.channels if len(x.shape) > 1 else 1
            yield stretches(
                self.num_parameters,
                channels,
                "has num_parameters {left} but receives {x}",
                field="num_parameters",
                hint="take 1, a slope for all, or {right}, one for each channel",
                x=x,
            )

    def weights(self) -> dict[str, Shape]:
        return {"weight": (self.num_parameters,)}


class RReLU(_PointwiseActivation):
    """Flatten below zero with a slope that is random while training, and their mean after."""

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"slopes": y}

    called = (
        "nn.functional.rrelu(lower, upper, training, inplace)",
        "torch.rrelu(lower, upper, training)",
    )

    lower: int | Fraction = field(Number(), "least slope below zero", default=Fraction(1, 8))
    upper: int | Fraction = field(Number(), "greatest slope below zero", default=Fraction(1, 3))
    inplace: bool = _INPLACE

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.lower > self.upper:
            yield refuse(
                "has upper {upper}, below lower {lower}",
                field="upper",
                upper=self.upper,
                lower=self.lower,
            )


class ELU(_PointwiseActivation):
    """Bend below zero to -alpha, ``x`` or ``alpha*(exp(x) - 1)``."""

    called = ("nn.functional.elu",)

    alpha: int | Fraction = field(Number(formulas="any"), "depth below zero", default=1)
    inplace: bool = _INPLACE


class CELU(_PointwiseActivation):
    """Bend below zero to -alpha without a kink, ``x`` or ``alpha*(exp(x/alpha) - 1)``."""

    called = ("nn.functional.celu", "torch.celu")

    alpha: int | Fraction = field(Number(), "depth below zero", default=1)
    inplace: bool = _INPLACE

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.alpha == 0:
            yield refuse("has alpha 0, by which it divides", field="alpha")


class SELU(_PointwiseActivation):
    """Bend below zero with the scales that keep mean 0 and variance 1 from layer to layer."""

    called = ("nn.functional.selu", "torch.selu")

    inplace: bool = _INPLACE


class GELU(_PointwiseActivation):
    """Weigh by the normal distribution, ``x*Phi(x)``."""

    called = ("nn.functional.gelu",)

    approximate: str = field(
        Choice("none", "tanh"), "compute it exactly, or with a tanh", default="none"
    )


class SiLU(_PointwiseActivation):
    """Weigh by the sigmoid, ``x*sigmoid(x)``, also called swish."""

    called = ("nn.functional.silu",)

    inplace: bool = _INPLACE


class Mish(_PointwiseActivation):
    """Weigh by a tanh, ``x*tanh(softplus(x))``."""

    called = ("nn.functional.mish",)

    inplace: bool = _INPLACE


class Hardswish(_PointwiseActivation):
    """Approximate SiLU by pieces, ``x*min(max(0, x + 3), 6)/6``."""

    called = ("nn.functional.hardswish",)

    inplace: bool = _INPLACE


class Sigmoid(_PointwiseActivation):
    """Squeeze into 0 to 1, ``1/(1 + exp(-x))``."""

    keeps = ("output",)

    called = ("nn.functional.sigmoid", "torch.sigmoid", "torch.special.expit", "Tensor.sigmoid")


class Hardsigmoid(_PointwiseActivation):
    """Approximate the sigmoid by pieces, ``min(max(0, x + 3), 6)/6``."""

    called = ("nn.functional.hardsigmoid",)

    inplace: bool = _INPLACE


class LogSigmoid(_PointwiseActivation):
    """Take the logarithm of the sigmoid, ``-log(1 + exp(-x))``."""

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"intermediate": y}

    called = ("nn.functional.logsigmoid",)


class Tanh(_PointwiseActivation):
    """Squeeze into -1 to 1, ``tanh(x)``."""

    keeps = ("output",)

    called = ("nn.functional.tanh", "torch.tanh", "Tensor.tanh")


class Hardtanh(_CutOff):
    """Cut off below min_val and above max_val."""

    called = ("nn.functional.hardtanh",)

    min_val: int | Fraction | float = field(Number(infinite=True), "lower end", default=-1)
    max_val: int | Fraction | float = field(Number(infinite=True), "upper end", default=1)
    inplace: bool = _INPLACE

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.min_val >= self.max_val:
            yield refuse(
                "has max_val {most}, not above min_val {least}",
                field="max_val",
                most=self.max_val,
                least=self.min_val,
            )


class Tanhshrink(_PointwiseActivation):
    """Subtract the tanh, ``x - tanh(x)``."""

    keeps = ("output",)

    called = ("nn.functional.tanhshrink",)


class Hardshrink(_PointwiseActivation):
    """Set values between -lambd and lambd to zero."""

    called = ("nn.functional.hardshrink", "torch.hardshrink", "Tensor.hardshrink")

    lambd: int | Fraction = field(
        Number(formulas="any"), "half the width of the gap", default=Fraction(1, 2)
    )


class Softshrink(_PointwiseActivation):
    """Move values towards zero by lambd."""

    called = ("nn.functional.softshrink",)

    lambd: int | Fraction = field(
        Number(0, formulas="any"), "how far to move", default=Fraction(1, 2)
    )


class Softplus(_PointwiseActivation):
    """Smooth the ReLU, ``log(1 + exp(beta*x))/beta``."""

    called = ("nn.functional.softplus",)

    beta: int | Fraction = field(Number(formulas="any"), "sharpness of the bend", default=1)
    threshold: int | Fraction = field(
        Number(formulas="any"), "beta*x beyond which it is taken for x", default=20
    )


class Softsign(_PointwiseActivation):
    """Squeeze into -1 to 1 slowly, ``x/(1 + abs(x))``."""

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"intermediate": y}

    called = ("nn.functional.softsign",)


class Threshold(_CutOff):
    """Replace what does not exceed a threshold by a value."""

    called = ("nn.functional.threshold", "torch.threshold")

    threshold: int | Fraction | float = field(Number(infinite=True), "what is to be exceeded")
    value: int | Fraction | float = field(Number(infinite=True), "what is put in place")
    inplace: bool = _INPLACE

    example = {"threshold": 0, "value": 0}


class GLU(_Activation):
    """Weigh one half of a dimension by the sigmoid of the other, ``a*sigmoid(b)``.

    Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks" (2017).

    >>> GLU(dim=1).output(Tensor((1, 64, 56, 56))).shape
    (1, 32, 56, 56)
    """

    called = ("nn.functional.glu",)

    dim: int = field(Dimension(), "dimension that is halved", default=-1)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        size = x.shape[self.dim]
        yield divides(
            2, size, "halves dim {dim} of {x}, which is odd: {left}", field="dim", dim=self.dim, x=x
        )

    def output(self, x: Tensor) -> Tensor:
        return x.with_size(self.dim, x.shape[self.dim] // 2)


class _OverDimension(_Activation, abstract=True):
    """An activation that weighs values along one dimension against each other."""

    keeps = ("output",)

    dim: int | None = field(
        Maybe(Dimension(), "0 of 1 or 3 dimensions, 1 of any other number"),
        "dimension along which the outputs sum to 1",
        default=None,
    )

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.dim is not None:
            yield from names_axis(x, self.dim)


class Softmax(_OverDimension):
    """Turn scores into shares of 1, ``exp(x)/sum(exp(x))`` along one dimension."""

    called = ("nn.functional.softmax", "torch.softmax", "torch.special.softmax", "Tensor.softmax")


class Softmin(_OverDimension):
    """Turn scores into shares of 1, the least score the largest share: softmax of ``-x``."""

    called = ("nn.functional.softmin",)


class LogSoftmax(_OverDimension):
    """Take the logarithm of softmax."""

    called = (
        "nn.functional.log_softmax",
        "torch.log_softmax",
        "torch.special.log_softmax",
        "Tensor.log_softmax",
    )


class Softmax2d(_PointwiseActivation):
    """Turn scores into shares of 1 over the channels, at each place of an image."""

    keeps = ("output",)

    ndims = (4,)
