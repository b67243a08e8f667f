"""Formulas computed for many values at once, exactly: a program run on arrays of numpy.

Every step is bounded before it is run. Where all bounds fit, a step works on 64-bit integers; from
the first that does not, on Python's own numbers, which are slower and have no bounds.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.program import Program, Step

if TYPE_CHECKING:
    import numpy as np

FITS = 2**63 - 1
"""The largest number of 64 bits."""

Range = tuple[int, int] | None
"""The least and greatest whole number that a step can give; None where that is not known."""


class Vectorised:
    """Formulas by name, compiled for symbols whose values lie in given ranges.

    A range is None for a symbol with fractions among its values.

    >>> import numpy
    >>> from shapecalc.algebra.formula import Formula
    >>> H = Formula.symbol("H")
    >>> compiled = Vectorised({"half": (H + 1) // 2, "many": H**9}, {"H": (1, 10**4)})
    >>> found = compiled.run({"H": numpy.array([3, 10**4])})
    >>> found["half"].dtype.name, found["many"].dtype.name, found["many"][1] == 10**36
    ('int64', 'object', True)
    """

    def __init__(self, formulas: Mapping[str, Quantity], ranges: Mapping[str, Range]) -> None:
        self.program = Program()
        self.places = {name: self.program.add(each) for name, each in formulas.items()}
        self.steps = self.program.steps
        self._orders: dict[frozenset[int], list[int]] = {}
        self._bound(ranges)

    def _bound(self, ranges: Mapping[str, Range]) -> None:
        self.ranges: list[Range] = []
        for step in self.steps:
            self.ranges.append(_bounded(self._range(step, ranges)))

    def within(self, ranges: Mapping[str, Range]) -> Vectorised:
        """The same formulas for symbols in other ranges; where these are small, so are steps."""
        found = copy.copy(self)
        found._bound(ranges)
        return found

    def range_of(self, name: str) -> Range:
        """Numbers that a formula lies between; None where no such are known."""
        return self.ranges[self.places[name]]

    def run(
        self, values: Mapping[str, np.ndarray[Any, Any]], names: Iterable[str] | None = None
    ) -> dict[str, np.ndarray[Any, Any]]:
        """The formulas, or those named, where symbols have these values, arrays that broadcast.

        So do the results: a formula in one symbol is as long as that symbol's values.
        """
        import numpy as np

        places = {name: self.places[name] for name in (self.places if names is None else names)}
        done: dict[int, Any] = {}
        for place in self._needed(frozenset(places.values())):
            step, bounds = self.steps[place], self.ranges[place]
            if step[0] == "number":
                done[place] = _number(step[1])
            elif step[0] == "name":
                done[place] = _typed(values[step[1]], bounds)
            else:
                operands = [_typed(done[i], bounds) for i in step[1:]]
                done[place] = _operate(step[0], operands, bounds)
        return {
            name: done[place] if np.ndim(done[place]) else _constant(done[place])
            for name, place in places.items()
        }

    def _needed(self, results: frozenset[int]) -> list[int]:
        """The steps that some results need, in order."""
        if results not in self._orders:
            needed = set(results)
            for place in reversed(range(len(self.steps))):
                sign, *operands = self.steps[place]
                if place in needed and sign not in ("number", "name"):
                    needed.update(operands)
            self._orders[results] = sorted(needed)
        return self._orders[results]

    def _range(self, step: Step, ranges: Mapping[str, Range]) -> Range:
        sign, *operands = step
        if sign == "number":
            number = _number(operands[0])
            return (number, number) if isinstance(number, int) else None
        if sign == "name":
            return ranges[operands[0]]
        known = [self.ranges[i] for i in operands]
        if any(each is None for each in known):
            return None
        return _combined(sign, [each for each in known if each is not None])


def _bounded(bounds: Range) -> Range:
    return bounds if bounds is not None and max(map(abs, bounds)) <= FITS else None


def _combined(sign: str, known: list[tuple[int, int]]) -> Range:
    """The range of an operation on whole numbers of these ranges."""
    lows, highs = [low for low, _ in known], [high for _, high in known]
    if sign == "+":
        partial = [sum(max(abs(low), abs(high)) for low, high in known)]
        return (sum(lows), sum(highs)) if partial[0] <= FITS else None
    if sign == "*":
        low, high, most = 1, 1, 1
        for a, b in known:
            ends = [low * a, low * b, high * a, high * b]
            low, high = min(ends), max(ends)
            most *= max(abs(a), abs(b), 1)
        return (low, high) if most <= FITS else None
    if sign == "//":
        (a, b), (c, d) = known
        if c <= 0 <= d:
            return None
        ends = [x // y for x in (a, b) for y in (c, d)]
        return min(ends), max(ends)
    if sign == "**":
        (a, b), (c, d) = known
        if c != d or c < 0 or c > FITS.bit_length():
            return None
        ends = [a**c, b**c, *([0] if a < 0 < b else [])]
        return min(ends), max(ends)
    if sign == "min":
        return min(lows), min(highs)
    if sign == "max":
        return max(lows), max(highs)
    return None


def _number(text: str) -> int | Fraction:
    number = Fraction(text)
    return number.numerator if number.denominator == 1 else number


def _typed(value: Any, bounds: Range) -> Any:
    """A value for a step that fits into 64 bits, or one that works on Python's numbers."""
    if bounds is None and getattr(value, "dtype", None) is not None and value.dtype != object:
        return value.astype(object)
    return value


def _constant(number: Any) -> Any:
    import numpy as np

    fits = isinstance(number, int) and abs(number) <= FITS
    return np.array(number, dtype=np.int64 if fits else object)


def _operate(sign: str, values: list[Any], bounds: Range) -> Any:
    import numpy as np

    first, *rest = values
    if sign == "**" and bounds is None:
        return _power(first, rest[0])
    for value in rest:
        if sign == "+":
            first = first + value
        elif sign == "*":
            first = first * value
        elif sign == "//":
            first = first // value
        elif sign == "**":
            first = first**value
        elif sign == "min":
            first = np.minimum(first, value)
        elif sign == "max":
            first = np.maximum(first, value)
        else:
            raise NotImplementedError(sign)
    return first


def _power(base: Any, exponent: Any) -> Any:
    """Powers of Python's numbers; a negative exponent makes fractions, never floats."""
    import numpy as np

    def one(a: Any, b: Any) -> Any:
        found = Fraction(a) ** int(b)
        return found.numerator if found.denominator == 1 else found

    return np.frompyfunc(one, 2, 1)(base, exponent)
