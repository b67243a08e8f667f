"""Linear layers: every output is a weighted sum of all features of the input."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, equal
from shapecalc.layers.base import Layer
from shapecalc.layers.field import field, inferred
from shapecalc.layers.pointwise import Pointwise
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Flag, Whole


class Identity(Pointwise):
    """Pass the input on unchanged.

    >>> Identity().output(Tensor((1, 8))).shape, Identity().weights()
    ((1, 8), {})
    """

    writes = False


class _AnyLinear(Layer, abstract=True):
    """What the linear layers have in common."""

    ndims = range(2, 99)
    dtypes = FLOATS

    out_features: Dim = field(Whole(), "number of outputs", letter="K")
    bias: bool = field(Flag(), "add a learned number to each output", default=True)

    example = {"out_features": 10}

    def _bias(self) -> dict[str, Shape]:
        return {"bias": (self.out_features,)} if self.bias else {}


class Linear(_AnyLinear):
    """Weigh all features with a matrix, ``y = x A^T + b``, over the last dimension.

    Every output is one dot product with all in_features inputs. Dimensions before the last are
    kept, whatever their number.

    >>> Linear(out_features=10).output(Tensor((1, 50, 84))).shape
    (1, 50, 10)
    """

    in_features: Dim = inferred(
        lambda layer, x: x.shape[-1], "features of the input, its last dimension", letter="C"
    )

    work = "the bias, added to every output"
    example_shapes = ((1, 16),)

    def output(self, x: Tensor) -> Tensor:
        return x.with_size(-1, self.out_features)

    def weights(self) -> dict[str, Shape]:
        return {"weight": (self.out_features, self.in_features), **self._bias()}

    def macs(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * self.in_features

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) if self.bias else 0


class Bilinear(_AnyLinear):
    """Weigh all products of a feature of one input with one of the other, ``y = x1^T A x2 + b``.

    The products ``x1[i] * x2[j]`` are the same for all outputs, so they are made once and count as
    element-wise work; a linear layer over them follows, with a multiply-accumulate for each weight
    and position. (torch's own counter passes over bilinear layers.)

    >>> layer = Bilinear(out_features=10)
    >>> inputs = Tensor((1, 20)), Tensor((1, 30))
    >>> layer.bound(*inputs).macs(*inputs, y=layer.output(*inputs))
    6000
    """

    counted_by_torch = False
    arity = (2, 2)
    takes = ("input1", "input2")

    in1_features: Dim = inferred(
        lambda layer, *x: x[0].shape[-1], "features of the first input, its last dimension"
    )
    in2_features: Dim = inferred(
        lambda layer, *x: x[1].shape[-1], "features of the second input, its last dimension"
    )

    work = "the products of features, and the bias"
    example_shapes = ((1, 16), (1, 8))

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        one, other = x
        pairs = zip(one.shape[:-1], other.shape[:-1])
        for a, b in pairs if len(one.shape) == len(other.shape) else [(0, 1)]:
            yield equal(
                a,
                b,
                "receives batch x {one} and batch x {other}, "
                "which may differ in the last dimension only",
                one=one,
                other=other,
            )

    def output(self, *x: Tensor) -> Tensor:
        return x[0].with_size(-1, self.out_features)

    def weights(self) -> dict[str, Shape]:
        return {
            "weight": (self.out_features, self.in1_features, self.in2_features),
            **self._bias(),
        }

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * self.in1_features * self.in2_features

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        products = prod(x[0].shape) * self.in2_features
        return products + (prod(y.shape) if self.bias else 0)
