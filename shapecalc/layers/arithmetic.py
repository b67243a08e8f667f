"""Arithmetic between tensors, and with numbers: element by element, as torch broadcasts them.

The fields ``input`` and ``other`` have torch's names: the number that stands in place of the first
tensor or of the second. Every operation beyond the first operand counts once per output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Dim, is_symbolic, prod
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.layers.calling import held, is_word
from shapecalc.layers.compound import Maybe
from shapecalc.layers.field import field
from shapecalc.layers.joining import Broadcast, promoted
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Choice, Number

NUMBER = Maybe(Number(infinite=True, formulas="any"), "a tensor")


def with_numbers(x: Sequence[Tensor], numbers: Sequence[Any]) -> str:
    """The element type of tensors with numbers: one that is not whole makes whole numbers floats.

    >>> with_numbers([Tensor((1, 8), "int32")], [Fraction(1, 2)])
    'float32'
    >>> with_numbers([Tensor((1, 8), "bool")], [2]), with_numbers([Tensor((8,), "float16")], [2])
    ('int64', 'float16')
    """
    dtype = promoted(tuple(x))
    if not numbers or dtype in FLOATS:
        return dtype
    if not all(map(is_whole, numbers)):
        return "float32"
    return "int64" if dtype == "bool" else dtype


def is_whole(number: Any) -> bool:
    """Whether a number is an integer, as a formula in sizes is."""
    if is_symbolic(number):
        return number.is_whole
    return isinstance(number, int) and not isinstance(number, bool)


class Operation(Broadcast, abstract=True):
    """An operation on tensors, some of which may be numbers."""

    sign: ClassVar[str] = ""
    """Python's operator, where it has one."""
    operands: ClassVar[int | None] = 2
    """How many there are in all, numbers included; None for any number."""
    refuses_truths: ClassVar[bool] = False
    """Whether it refuses tensors of type bool."""

    number_fields: ClassVar[tuple[str, ...]] = ("other",)

    other: int | Fraction | float | None = field(
        NUMBER, "a number in place of the second tensor", default=None
    )

    def numbers(self) -> list[Any]:
        """The operands that are numbers."""
        values = (self.__dict__[name] for name in self.number_fields)
        return [value for value in values if value is not None]

    @property
    def is_idle_alone(self) -> bool:
        return self.operands is None and not self.numbers()

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        wanted, count = self.operands, len(x) + len(self.numbers())
        if wanted is not None and count != wanted:
            yield refuse(
                "takes {wanted} operands but receives {count}",
                hint="each is a tensor, by 'from' or 'branches', or a number",
                wanted=wanted,
                count=count,
            )
        if self.refuses_truths and all(tensor.dtype == "bool" for tensor in x):
            yield refuse(
                "{join.does} numbers but receives bool: {x}",
                hint="a To before it makes numbers of them",
                join=self,
                x=x[0],
            )
        yield from super().requires(*x)

    def output(self, *x: Tensor) -> Tensor:
        return Tensor(super().output(*x).shape, with_numbers(x, self.numbers()))

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return (len(x) + len(self.numbers()) - 1) * prod(y.shape)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        operands = list(inputs)
        if settings.get("input", "None") != "None":
            operands.insert(0, held(settings["input"]))
        if settings.get("other", "None") != "None":
            operands.append(held(settings["other"]))
        return f" {self.sign} ".join(operands)


class Add(Operation):
    """Add the inputs element by element, or a number to them.

    >>> body, shortcut = Tensor((1, 256, 56, 56)), Tensor((1, 256, 1, 1))
    >>> Add().output(body, shortcut).shape, Add(other=1).output(body).shape
    ((1, 256, 56, 56), (1, 256, 56, 56))
    """

    keeps = ()

    called = ("torch.add", "Tensor.add", "Tensor.add_")
    sign = "+"
    operands = None
    commutes = True

    does = "adds"


class Mul(Operation):
    """Multiply the inputs element by element, or by a number.

    >>> image, gate = Tensor((1, 64, 56, 56)), Tensor((1, 64, 1, 1))
    >>> Mul().output(image, gate).shape, Mul(other=Fraction(1, 8)).output(image).shape
    ((1, 64, 56, 56), (1, 64, 56, 56))
    """

    called = ("torch.mul", "Tensor.mul", "Tensor.mul_", "torch.multiply", "Tensor.multiply")
    sign = "*"
    operands = None
    commutes = True

    does = "multiplies"


class _TwoSided(Operation, abstract=True):
    """An operation of which either side may be a number."""

    arity = (1, 2)
    number_fields = ("input", "other")

    input: int | Fraction | float | None = field(
        NUMBER, "a number in place of the first tensor", default=None
    )

    example: ClassVar[Mapping[str, object]] = {}


class Sub(_TwoSided):
    """Subtract the second operand from the first; ``{input: 1}`` is 1 minus the tensor.

    >>> Sub(input=1).output(Tensor((1, 196))).shape
    (1, 196)
    """

    keeps = ()

    called = ("torch.sub", "Tensor.sub", "torch.subtract", "Tensor.subtract")
    sign = "-"
    refuses_truths = True

    does = "subtracts"


class Div(_TwoSided):
    """Divide the first operand by the second; whole numbers make floats.

    >>> Div(other=8).output(Tensor((1, 12, 197, 197), "int64")).dtype
    'float32'
    """

    called = ("torch.div", "Tensor.div", "torch.divide", "Tensor.divide", "torch.true_divide")
    sign = "/"

    rounding_mode: str | None = field(
        Maybe(Choice("trunc", "floor"), "none"), "how results are made whole", default=None
    )

    does = "divides"

    def output(self, *x: Tensor) -> Tensor:
        y = super().output(*x)
        return y if y.dtype in FLOATS or self.rounding_mode else Tensor(y.shape)

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield from super().requires(*x)
        if self.rounding_mode and all(tensor.dtype == "bool" for tensor in x):
            yield refuse("rounds truths, which are no numbers", field="rounding_mode")

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        if self.rounding_mode is None:
            return super().function(inputs, settings)
        operands = list(inputs)
        for name, place in (("input", 0), ("other", len(operands))):
            if settings[name] != "None":
                operands.insert(place, settings[name])
        mode = f"rounding_mode={settings['rounding_mode']}"
        return f"torch.div({', '.join([*operands, mode])})"


class Pow(_TwoSided):
    """Raise the first operand to the second; ``{input: 2}`` raises 2 to the tensor.

    >>> Pow(other=2).output(Tensor((1, 768))).shape
    (1, 768)
    """

    keeps = ("inputs", "output")

    called = ("torch.pow", "Tensor.pow")
    sign = "**"

    does = "raises"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield from super().requires(*x)
        if x[0].dtype in FLOATS:
            return
        if is_symbolic(self.other) and self.other.is_whole:
            yield at_least(
                self.other,
                0,
                "raises whole numbers to {left}, which may be negative",
                field="other",
            )
        elif isinstance(self.other, int) and self.other < 0:
            yield refuse(
                "raises whole numbers to {exponent}",
                field="other",
                hint="a To before it makes floats of them",
                exponent=self.other,
            )

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        sides = super().function(inputs, settings).split(" ** ")
        return ("**" if all(map(is_word, sides)) else " ** ").join(sides)
