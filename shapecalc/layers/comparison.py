"""Comparisons of tensors, with one another and with numbers, and choices between elements.

Each compares element by element, as torch broadcasts, and counts once per output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Dim, prod
from shapecalc.algebra.requirement import Requirement, refuse
from shapecalc.layers.arithmetic import NUMBER, Operation, is_whole, with_numbers
from shapecalc.layers.calling import call, function_name
from shapecalc.layers.field import field
from shapecalc.layers.joining import Broadcast
from shapecalc.layers.tensor import Tensor


class _Comparison(Operation, abstract=True):
    """An operation that tells true or false.

    >>> rows, columns = Tensor((1, 8, 1)), Tensor((1, 1, 8))
    >>> Le().output(rows, columns), Gt(other=0).output(rows).dtype
    (Tensor(shape=(1, 8, 8), dtype='bool'), 'bool')
    """

    keeps = ()

    arity = (1, 2)

    example: ClassVar[Mapping[str, object]] = {"other": 0}
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 4, 8, 8),)

    does = "compares"

    def output(self, *x: Tensor) -> Tensor:
        return Tensor(super().output(*x).shape, "bool")


class Eq(_Comparison):
    """Tell where the first operand equals the second."""

    commutes = True
    called = ("torch.eq", "Tensor.eq")
    sign = "=="


class Ne(_Comparison):
    """Tell where the operands differ."""

    commutes = True
    called = ("torch.ne", "Tensor.ne", "torch.not_equal", "Tensor.not_equal")
    sign = "!="


class Lt(_Comparison):
    """Tell where the first operand is less than the second."""

    called = ("torch.lt", "Tensor.lt", "torch.less", "Tensor.less")
    sign = "<"


class Le(_Comparison):
    """Tell where the first operand is at most the second."""

    called = ("torch.le", "Tensor.le", "torch.less_equal", "Tensor.less_equal")
    sign = "<="


class Gt(_Comparison):
    """Tell where the first operand is greater than the second."""

    called = ("torch.gt", "Tensor.gt", "torch.greater", "Tensor.greater")
    sign = ">"


class Ge(_Comparison):
    """Tell where the first operand is at least the second."""

    called = ("torch.ge", "Tensor.ge", "torch.greater_equal", "Tensor.greater_equal")
    sign = ">="


class _OfTwo(Broadcast, abstract=True):
    """A function of two tensors, which broadcast.

    >>> Maximum().output(Tensor((1, 64, 8, 8)), Tensor((1, 64, 1, 1))).shape
    (1, 64, 8, 8)
    """

    arity = (2, 2)

    does = "compares"

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call(function_name(self), self, settings, *inputs)


class Maximum(_OfTwo):
    """Take the greater of two elements."""

    commutes = True
    called = ("torch.maximum", "Tensor.maximum")


class Minimum(_OfTwo):
    """Take the lesser of two elements."""

    commutes = True
    called = ("torch.minimum", "Tensor.minimum")


class LogicalAnd(_OfTwo):
    """Tell where both are true, or not 0."""

    keeps = ()

    commutes = True
    called = ("torch.logical_and", "Tensor.logical_and")

    def output(self, *x: Tensor) -> Tensor:
        return Tensor(super().output(*x).shape, "bool")


class LogicalOr(LogicalAnd):
    """Tell where one or both are true, or not 0."""

    called = ("torch.logical_or", "Tensor.logical_or")


class Where(Broadcast):
    """Take the second operand where the first, a condition, is true, and else the third.

    >>> mask, scores = Tensor((1, 1, 16, 16), "bool"), Tensor((1, 12, 16, 16))
    >>> Where(other=float("-inf")).output(mask, scores).shape
    (1, 12, 16, 16)
    """

    called = ("torch.where",)
    arity = (1, 3)
    work = "one for every output"
    number_fields = ("input", "other")

    input: int | Fraction | float | None = field(
        NUMBER, "a number to take where it is true", default=None
    )
    other: int | Fraction | float | None = field(
        NUMBER, "a number to take where it is false", default=None
    )

    example: ClassVar[Mapping[str, object]] = {"other": 0}

    @classmethod
    def example_inputs(cls) -> tuple[Tensor, ...]:
        return Tensor((1, 1, 8, 8), "bool"), Tensor((1, 4, 8, 8))

    does = "chooses between"

    def numbers(self) -> list[Any]:
        return [value for value in (self.input, self.other) if value is not None]

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        count = len(x) + len(self.numbers())
        if count != 3:
            yield refuse(
                "takes a condition and two operands but receives {count} in all",
                hint="each operand is a tensor, by 'from', or a number",
                count=count,
            )
        if x[0].dtype != "bool":
            yield refuse(
                "takes a condition of type bool first but receives {x.dtype}: {x}",
                hint="a comparison, such as Gt: 0, makes one",
                x=x[0],
            )
        yield from super().requires(*x)

    def output(self, *x: Tensor) -> Tensor:
        numbers = self.numbers()
        if len(x) > 1:
            dtype = with_numbers(x[1:], numbers)
        else:
            dtype = "int64" if all(map(is_whole, numbers)) else "float32"
        return Tensor(super().output(*x).shape, dtype)

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        condition, *tensors = inputs
        operands = [
            tensors.pop(0) if settings[name] == "None" else settings[name]
            for name in self.number_fields
        ]
        return f"torch.where({', '.join([condition, *operands])})"
