"""Functions of single elements, as arithmetic has them; each counts one operation per element.

Functions with a fractional result turn whole numbers into ``float32``, as torch does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, prod
from shapecalc.algebra.requirement import Requirement, refuse
from shapecalc.layers.calling import call, function_name
from shapecalc.layers.compound import Maybe
from shapecalc.layers.field import field
from shapecalc.layers.pointwise import Pointwise
from shapecalc.layers.tensor import FLOATS, NUMBERS, Tensor
from shapecalc.layers.types import Choice, Number


class _Function(Pointwise, abstract=True):
    """A function of each element on its own.

    >>> x = Tensor((1, 64, 56, 56))
    >>> Abs().output(x) == x, Abs().elementwise(x, x)
    (True, 200704)
    """

    in_torch = False
    work = "one for every output"
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 4, 8, 8),)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call(function_name(self), self, settings, inputs[0])


class _Fractional(_Function, abstract=True):
    """A function whose results are no whole numbers.

    >>> Sqrt().output(Tensor((1, 8), "int64")).dtype, Sqrt().output(Tensor((1, 8), "float16")).dtype
    ('float32', 'float16')
    """

    def output(self, x: Tensor) -> Tensor:
        return x if x.dtype in FLOATS else Tensor(x.shape)


class Neg(_Function):
    """Change the sign, ``-x``."""

    keeps = ()

    called = ("torch.neg", "Tensor.neg", "torch.negative", "Tensor.negative")
    dtypes = NUMBERS

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"-{inputs[0]}"


class Abs(_Function):
    """Drop the sign, ``|x|``."""

    called = ("torch.abs", "Tensor.abs", "torch.absolute", "Tensor.absolute")
    dtypes = NUMBERS


class Sign(_Function):
    """Keep the sign alone: -1, 0 or 1."""

    keeps = ()

    called = ("torch.sign", "Tensor.sign")


class Floor(_Function):
    """Round down."""

    keeps = ()

    called = ("torch.floor", "Tensor.floor")
    dtypes = NUMBERS


class Ceil(_Function):
    """Round up."""

    keeps = ()

    called = ("torch.ceil", "Tensor.ceil")
    dtypes = NUMBERS


class Round(_Function):
    """Round to the nearest whole number, halves to the even one."""

    keeps = ()

    called = ("torch.round", "Tensor.round")
    dtypes = NUMBERS


class Square(_Function):
    """Multiply by itself, ``x**2``."""

    called = ("torch.square", "Tensor.square")
    dtypes = NUMBERS


class Exp(_Fractional):
    """Raise e to it, ``exp(x)``."""

    keeps = ("output",)

    called = ("torch.exp", "Tensor.exp")


class Expm1(_Fractional):
    """Raise e to it and subtract 1."""

    keeps = ("output",)

    called = ("torch.expm1", "Tensor.expm1", "torch.special.expm1")


class Log(_Fractional):
    """Take the natural logarithm."""

    called = ("torch.log", "Tensor.log")


class Log1p(_Fractional):
    """Add 1 and take the natural logarithm."""

    called = ("torch.log1p", "Tensor.log1p")


class Sqrt(_Fractional):
    """Take the square root."""

    keeps = ("output",)

    called = ("torch.sqrt", "Tensor.sqrt")


class Rsqrt(_Fractional):
    """Divide 1 by the square root."""

    keeps = ("output",)

    called = ("torch.rsqrt", "Tensor.rsqrt")


class Reciprocal(_Fractional):
    """Divide 1 by it."""

    keeps = ("output",)

    called = ("torch.reciprocal", "Tensor.reciprocal")


class Sin(_Fractional):
    """Take the sine."""

    called = ("torch.sin", "Tensor.sin")


class Cos(_Fractional):
    """Take the cosine."""

    called = ("torch.cos", "Tensor.cos")


class Erf(_Fractional):
    """Take the error function."""

    called = ("torch.erf", "Tensor.erf", "torch.special.erf")


class Clamp(_Function):
    """Cut off below a least value, above a greatest, or both.

    >>> Clamp(min=0).output(Tensor((1, 8))).shape
    (1, 8)
    """

    called = ("torch.clamp", "Tensor.clamp", "torch.clip", "Tensor.clip",
              "torch.clamp_min(min)", "Tensor.clamp_min(min)",
              "torch.clamp_max(max)", "Tensor.clamp_max(max)")  # fmt: skip
    of_tensors: ClassVar[Mapping[str, str]] = {"min": "Maximum", "max": "Minimum"}
    dtypes = NUMBERS

    min: int | Fraction | float | None = field(
        Maybe(Number(infinite=True), "none"), "least value", default=None
    )
    max: int | Fraction | float | None = field(
        Maybe(Number(infinite=True), "none"), "greatest value", default=None
    )

    example: ClassVar[Mapping[str, object]] = {"min": 0, "max": 6}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.min is None and self.max is None:
            yield refuse("has neither min nor max", hint="state one of them, or both")

    def output(self, x: Tensor) -> Tensor:
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        whole = all(isinstance(bound, int) for bound in bounds)
        return x if whole or x.dtype in FLOATS else Tensor(x.shape)


class LogicalNot(_Function):
    """Tell what is false, or 0."""

    keeps = ()

    called = ("torch.logical_not", "Tensor.logical_not")

    def output(self, x: Tensor) -> Tensor:
        return Tensor(x.shape, "bool")


class To(Pointwise):
    """Convert the elements to another type.

    >>> To(dtype="float16").output(Tensor((1, 8)))
    Tensor(shape=(1, 8), dtype='float16')
    """

    keeps = ()

    called = ("Tensor.to",)
    in_torch = False

    dtype: str = field(Choice(*NUMBERS, "bool"), "the type")

    example: ClassVar[Mapping[str, object]] = {"dtype": "float16"}

    def output(self, x: Tensor) -> Tensor:
        return Tensor(x.shape, self.dtype)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.to(torch.{self.dtype})"
