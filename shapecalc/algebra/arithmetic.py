"""Integer arithmetic that reads the same on whole numbers and on formulas.

A rule such as ``(n + 2*p - k)//s + 1`` needs nothing from here. What Python's operators cannot
say on a formula (a maximum, a greatest common divisor, a sum of many terms) stands here, and
takes a formula wherever it takes a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from shapecalc.algebra.formula import Formula

Dim = Union[int, "Formula"]
"""The size of one dimension, or a count: a whole number or a formula."""

Shape = tuple[Dim, ...]
"""The sizes of a tensor's dimensions, the batch first."""

Quantity = Union[int, Fraction, "Formula"]
"""The value of an expression: like a size, but it may be a fraction."""

LARGEST = 2**63 - 1
"""The largest size a tensor's dimension can have."""


class Calculable:
    """What rules run on beside plain numbers: formulas, and numbers with their derivation.

    It answers to Python's operators as a number does, and has what they cannot say: ``extreme``,
    ``sum`` and ``gcd``, for the functions below.
    """

    __slots__ = ()


class Symbolic(Calculable):
    """What depends on symbols. Its one kind is the formula; sympy is loaded only with that."""

    __slots__ = ()


def is_symbolic(value: object) -> TypeIs[Formula]:
    """Tell a formula from a number, or from anything else.

    >>> from shapecalc.algebra.formula import Formula
    >>> is_symbolic(Formula.symbol("H")), is_symbolic(3), is_symbolic(None)
    (True, False, False)
    """
    return isinstance(value, Symbolic)


def is_number(value: object) -> bool:
    """Tell a number from a formula (and from a flag, which is not a number)."""
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def untraced(value: Any) -> Any:
    """The number alone of one that knows how it comes about; anything else as it is.

    >>> from shapecalc.algebra.trace import Traced
    >>> untraced(Traced.letter("N", 32)), untraced(32)
    (32, 32)
    """
    return getattr(value, "value", value) if isinstance(value, (int, Calculable)) else value


def known(size: Dim) -> int:
    """A size that is a number, where nothing else can have come.

    >>> known(3)
    3
    """
    if not isinstance(size, int):
        raise TypeError(f"expected a number, got the formula {size}")
    return size


def ceildiv(a: Dim, b: Dim) -> Dim:
    """Divide and round up.

    >>> ceildiv(7, 2), ceildiv(8, 2)
    (4, 4)
    """
    return -(-a // b)


def exactdiv(a: Dim, b: Dim) -> Dim:
    """Divide what is known to leave no remainder; on formulas no floor is left behind.

    A formula's quotient is known to be whole from then on.

    >>> exactdiv(96, 2)
    48
    """
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    quotient: Any = a / b
    return quotient.known_whole() if is_symbolic(quotient) else quotient


def smallest(*values: Dim) -> Dim:
    """The least of the values.

    >>> smallest(3, 1, 2)
    1
    """
    least: Dim = _extreme("smallest", values)
    return least


def largest(*values: Dim) -> Dim:
    """The greatest of the values.

    >>> largest(3, 1, 2)
    3
    """
    greatest: Dim = _extreme("largest", values)
    return greatest


def _extreme(which: str, values: tuple[Any, ...]) -> Any:
    if len(values) == 1:
        return values[0]
    for value in values:
        if not is_number(value):
            return value.extreme(which, values)
    return min(values) if which == "smallest" else max(values)


def gcd(n: Dim, m: Dim) -> Dim | None:
    """The greatest common divisor; of two formulas where one divides the other, else None.

    >>> from shapecalc.algebra.formula import Formula
    >>> H, A = Formula.symbol("H"), Formula.symbol("A")
    >>> gcd(12, 18), gcd(2, A), gcd(A, 4 * A), gcd(H, A)
    (6, Formula('2 - A % 2'), Formula('A'), None)
    """
    if isinstance(n, int):
        return math.gcd(n, m) if isinstance(m, int) else m.gcd(n)
    found: Dim | None = n.gcd(m)
    return found


def prod(values: Iterable[Dim]) -> Dim:
    """The product of the values, 1 if there are none.

    >>> prod((2, 3, 4))
    24
    """
    return math.prod(values)


def total(values: Iterable[Dim]) -> Dim:
    """The sum of the values; many formulas are added in one go, not one after another.

    >>> total([1, 2, 3])
    6
    """
    numbers = 0
    formulas = []
    for value in values:
        if isinstance(value, int):
            numbers += value
        else:
            formulas.append(value)
    if not formulas:
        return numbers
    whole: Dim = formulas[0].sum([*formulas, numbers])
    return whole
