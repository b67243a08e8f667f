"""Numbers that are written as decimals: exact like any fraction, and told as decimals again."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

MOST_PLACES = 12
"""The most places behind the point of a decimal that is worked out; longer ones are quotients."""


class Decimal(Fraction):
    """A fraction that was written as a decimal, and what is worked out with it and ends as one.

    >>> a = Decimal("3.50")
    >>> a == Fraction(7, 2), str(a), str(3 * a), str(a / 3)
    (True, '3.50', '10.5', '7/6')
    """

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Decimal:
        """The number of a text, which stays its text; raises ``ValueError`` if it is none."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return repr(Fraction(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Decimal, (self.text,)

    def __copy__(self) -> Decimal:
        return self

    def __deepcopy__(self, memo: Any) -> Decimal:
        return self


def quotient(number: Fraction) -> str:
    """A fraction as a quotient, however it was written.

    >>> quotient(Decimal("0.75"))
    '3/4'
    """
    return f"{number.numerator}/{number.denominator}"


def _decimal(value: Any) -> Any:
    """A fraction as a decimal, if it has one that is short."""
    if type(value) is not Fraction or 10**MOST_PLACES % value.denominator:
        return value
    places = next(n for n in range(MOST_PLACES + 1) if not 10**n % value.denominator)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    point = f".{digits[-places:]}" if places else ""
    return Decimal(f"{'-' * (value < 0)}{digits[: len(digits) - places]}{point}")


def _operation(name: str) -> Callable[..., Any]:
    exact = getattr(Fraction, name)

    def operation(self: Decimal, *others: Any) -> Any:
        return _decimal(exact(self, *others))

    operation.__name__ = name
    return operation


for _name in ("add", "sub", "mul", "truediv", "mod"):
    for _way in (f"__{_name}__", f"__r{_name}__"):
        setattr(Decimal, _way, _operation(_way))
for _way in ("__neg__", "__pos__", "__abs__", "__pow__"):
    setattr(Decimal, _way, _operation(_way))
