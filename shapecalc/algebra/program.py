"""Formulas as a program: one list of steps, in which what several formulas share stands once.

Whoever can add, multiply and divide whole numbers can run it, step after step. That is how a
report is taken to where there is no Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import Quantity, is_number
from shapecalc.algebra.intervals import whole

Step = tuple[Any, ...]
"""``("number", "3/4")``, ``("name", "H")``, or an operation and the steps it takes results of."""


class Program:
    """Steps that compute the formulas put into it, in an order in which each can be taken.

    >>> from shapecalc.algebra.formula import Formula
    >>> H = Formula.symbol("H")
    >>> program = Program()
    >>> program.add((H + 1) // 2), program.add(H + 1)
    (4, 2)
    >>> program.steps
    [('number', '1'), ('name', 'H'), ('+', 0, 1), ('number', '2'), ('//', 2, 3)]
    """

    def __init__(self) -> None:
        self._places: dict[Step, int] = {}
        self._known: dict[Any, int] = {}

    @property
    def steps(self) -> list[Step]:
        """The steps in order."""
        return list(self._places)

    def add(self, value: Quantity) -> int:
        """The step that a number or formula is the result of."""
        known = self._known.get(value)
        if known is not None:
            return known
        if is_number(value):
            place = self._place("number", str(value))
        else:
            place = self._operation(*value.operation)  # type: ignore[union-attr]
        self._known[value] = place
        return place

    def run(self, settings: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        """The results of each step at each of some settings of the symbols.

        Raises ``ZeroDivisionError`` if one of them divides by zero.

        >>> from shapecalc.algebra.formula import Formula
        >>> H = Formula.symbol("H")
        >>> program = Program()
        >>> place = program.add((H + 1) // 2)
        >>> program.run([{"H": 7}, {"H": 32}])[place]
        [4, 16]
        """
        results: list[list[Any]] = []
        for sign, *operands in self._places:
            if sign == "number":
                results.append([number(operands[0])] * len(settings))
            elif sign == "name":
                results.append([setting[operands[0]] for setting in settings])
            else:
                columns = [results[place] for place in operands]
                results.append([*map(OPERATIONS[sign], *columns)])
        return results

    def _operation(self, sign: str, operands: tuple[Any, ...]) -> int:
        if sign == "name":
            return self._place(sign, *operands)
        return self._place(sign, *[self.add(operand) for operand in operands])

    def _place(self, *step: Any) -> int:
        return self._places.setdefault(step, len(self._places))


# -- what steps do to numbers ---------------------------------------------------------------------


def number(text: str) -> int | Fraction:
    """The number of a step.

    >>> number("6"), number("3/4")
    (6, Fraction(3, 4))
    """
    return whole(Fraction(text))  # type: ignore[no-any-return]


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int) and exponent < 0:
        return whole(Fraction(1) / Fraction(base) ** -exponent)
    return whole(base**exponent)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": lambda *values: whole(sum(values)),
    "*": lambda *values: whole(math.prod(values)),
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": _power,
    "min": min,
    "max": max,
}
"""What operations make of numbers, by their signs.

>>> OPERATIONS["//"](7, 2), OPERATIONS["+"](1, 2, 3)
(3, 6)
"""
