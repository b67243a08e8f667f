"""Between which bounds is a formula over ranges of its symbols, and what may be supposed of one.

A formula is compiled once and enclosed over many ranges, as a search that halves them needs it, by
:mod:`shapecalc.algebra.intervals`; where there is one symbol, straight lines in it are kept, so
that what cancels does. (What a formula is where symbols have least values alone, whole and once,
is :mod:`shapecalc.algebra.bounds`.) A comparison that the bounds decide is proven for every value
of the range, one without end too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Quantity, is_number
from shapecalc.algebra.intervals import (
    ANYTHING,
    HOLDS,
    OVER,
    Bounds,
    holds,
    narrowed,
    plus,
    times,
    whole,
)
from shapecalc.algebra.program import OPERATIONS, Program, Step, number

Line = tuple[Any, Any]
"""A straight line: its slope, and its value at 0."""


class _Stretch(NamedTuple):
    """What a step is over a range: between which bounds, a polynomial of which degree.

    ``degree`` is None where it is no polynomial. ``low`` and ``high`` are straight lines in the
    symbol between which it lies, None where none are known.
    """

    bounds: Bounds
    degree: int | None
    low: Line | None = None
    high: Line | None = None

    @property
    def line(self) -> Line | None:
        """The straight line that it is, if it is one."""
        return self.low if self.low == self.high else None


class Compiled:
    """A formula that is evaluated fast, at one value of its symbols or over a range of them.

    >>> from shapecalc.algebra.formula import Formula
    >>> s = Formula.symbol("s")
    >>> size = Compiled((16 - 3) // s + 1)
    >>> size.at({"s": 4}), size.over({"s": (5, 8)}), size.over({"s": (14, math.inf)})
    (4, (2, 3), (1, 1))
    """

    def __init__(self, formula: Quantity) -> None:
        program = Program()
        self._result = program.add(formula)
        self._steps = [_prepared(step) for step in program.steps]

    def at(self, values: Mapping[str, Any]) -> Any:
        """Its value; raises ``ZeroDivisionError`` where it has none."""
        results: list[Any] = []
        for sign, operands in self._steps:
            if sign == "number":
                results.append(operands)
            elif sign == "name":
                results.append(values[operands])
            else:
                results.append(OPERATIONS[sign](*[results[place] for place in operands]))
        return results[self._result]

    def over(self, ranges: Mapping[str, Bounds]) -> Bounds:
        """Bounds of its values where every symbol lies in its range.

        What is a straight line in one symbol is kept as one, so that in ``-n + min(n + 1, 2*n)``
        the symbol cancels.
        """
        return self._over(ranges)[-1].bounds

    def degree(self, ranges: Mapping[str, Bounds]) -> int | None:
        """The degree of the polynomial that it is over a range; None if it is none there.

        A quotient that is rounded to the same number all over the range is a constant of it.

        >>> from shapecalc.algebra.formula import Formula
        >>> h = Formula.symbol("h")
        >>> [Compiled(64 - h * (64 // h)).degree({"h": (n, 64)}) for n in (32, 33)]
        [None, 1]
        """
        return self._over(ranges)[-1].degree

    def _over(self, ranges: Mapping[str, Bounds]) -> list[_Stretch]:
        """What every step is over a range, the last of them the result."""
        results: list[_Stretch] = []
        for sign, operands in self._steps:
            if sign == "number":
                results.append(_Stretch((operands, operands), 0, (0, operands), (0, operands)))
            elif sign == "name":
                own = ranges.get(operands, ANYTHING)
                line = (1, 0) if len(ranges) == 1 and operands in ranges else None
                results.append(_Stretch(own, 1, line, line))
            else:
                parts = [results[place] for place in operands]
                results.append(_stretch(sign, parts, ranges))
        results.append(results[self._result])
        return results

    @property
    def length(self) -> int:
        """How many steps it takes."""
        return len(self._steps)


@lru_cache(maxsize=4096)
def compiled(formula: Quantity) -> Compiled:
    """The formula compiled; each once."""
    return Compiled(formula)


def _prepared(step: Step) -> tuple[str, Any]:
    sign, *operands = step
    if sign == "number":
        return sign, number(operands[0])
    if sign == "name":
        return sign, operands[0]
    if sign not in OVER:
        raise NotImplementedError(f"no bounds of {sign!r}")
    return sign, tuple(operands)


# -- what may be supposed -------------------------------------------------------------------------


class _Supposed(NamedTuple):
    """The ranges that symbols lie in; of those in ``steps`` they are ranges of a number of steps.

    ``steps`` has such a symbol as a formula of that number, which is called as it is.
    """

    ranges: Mapping[str, Bounds]
    steps: Mapping[str, Quantity]

    def bounds(self, value: Quantity) -> Bounds:
        """The bounds of a formula for all that is supposed."""
        return bounds(_in_steps(value, tuple(self.steps.items())), self.ranges)


_supposed: ContextVar[_Supposed | None] = ContextVar("supposed", default=None)


@contextmanager
def supposing(step: Mapping[str, int] | None = None, /, **ranges: Bounds) -> Iterator[None]:
    """Within this, symbols lie in the given ranges, and what follows from that is decided.

    Of one that has a ``step``, the range holds every so many numbers from its first.

    >>> from shapecalc.algebra.formula import Formula
    >>> n = Formula.symbol("n")
    >>> decided(n - 3, ">")
    >>> with supposing(n=(4, math.inf)):
    ...     decided(n - 3, ">"), decided(n % 2, "==")
    (True, None)
    >>> with supposing({"n": 2}, n=(5, math.inf)):
    ...     decided(n - 3, ">"), decided(n % 2, "==")
    (True, False)
    """
    steps = {name: each for name, each in (step or {}).items() if each > 1}
    token = _supposed.set(_stepped(ranges, steps) if steps else _Supposed(ranges, {}))
    try:
        yield
    finally:
        _supposed.reset(token)


def _stepped(ranges: Mapping[str, Bounds], steps: Mapping[str, int]) -> _Supposed:
    from shapecalc.algebra.formula import Formula  # which ranges without steps have no need of

    walked, formulas = dict(ranges), {}
    for name, step in steps.items():
        first, last = ranges[name]
        walked[name] = 0, last if last == math.inf else (last - first) // step
        formulas[name] = first + step * Formula.symbol(name)
    return _Supposed(walked, formulas)


@lru_cache(maxsize=4096)
def _in_steps(value: Quantity, steps: tuple[tuple[str, Quantity], ...]) -> Quantity:
    """A formula with numbers of steps in the place of symbols."""
    if not steps:
        return value
    from shapecalc.algebra.formula import evaluate

    return evaluate(value, dict(steps))


def decided(difference: Quantity, relation: str) -> bool | None:
    """Whether a formula stands in a relation to 0, as far as what is supposed tells."""
    if is_number(difference):
        return HOLDS[relation](difference, 0)
    known = _supposed.get()
    return holds(known.bounds(difference), relation) if known else None


def unsettled(difference: Quantity, relation: str) -> bool:
    """Whether something is supposed, and how a formula compares with 0 does not follow from it.

    >>> from shapecalc.algebra.formula import Formula
    >>> n = Formula.symbol("n")
    >>> with supposing(n=(4, math.inf)):
    ...     unsettled(n - 3, "<"), unsettled(n - 9, "<")
    (False, True)
    >>> unsettled(n - 9, "<")
    False
    """
    return bool(_supposed.get()) and decided(difference, relation) is None


def supposed(value: Quantity) -> Bounds | None:
    """The bounds of a formula for all that is supposed; None where nothing is.

    >>> from shapecalc.algebra.formula import Formula
    >>> with supposing(n=(4, 9)):
    ...     supposed(Formula.symbol("n") // 2)
    (2, 4)
    """
    known = _supposed.get()
    return known.bounds(value) if known else None


def is_outside(value: Quantity, least: Quantity | None, most: Quantity | None) -> bool:
    """Whether a formula is proven, by what is supposed, to be below or above some bounds.

    >>> from shapecalc.algebra.formula import Formula
    >>> n = Formula.symbol("n")
    >>> with supposing(n=(4, math.inf)):
    ...     is_outside(n, 0, 1), is_outside(n // 4, 0, 1), is_outside(-n, 0, None)
    (True, False, True)
    """
    found = supposed(value)
    if found is None:
        return False
    low, high = found
    return (least is not None and high < least) or (most is not None and low > most)


def only_value(value: Quantity) -> Quantity:
    """The one value that a formula has for all that is supposed; else the formula itself."""
    known = _supposed.get()
    if is_number(value) or not known:
        return value
    least, greatest = known.bounds(value)
    return least if least == greatest else value


def bounds(value: Quantity, ranges: Mapping[str, Bounds]) -> Bounds:
    """The bounds of a formula; none at all where no bounds of its operations are known."""
    try:
        return compiled(value).over(ranges)
    except (NotImplementedError, KeyError):
        return ANYTHING


# -- operations on stretches -------------------------------------------------------


def _stretch(sign: str, parts: list[_Stretch], ranges: Mapping[str, Bounds]) -> _Stretch:
    """What an operation makes of its operands over a range."""
    bounds = OVER[sign](*[part.bounds for part in parts])
    low: Line | None = None
    high: Line | None = None
    if sign in ("min", "max"):
        chosen = _chosen(sign, parts, ranges)
        if chosen is not None:
            return chosen
    elif sign == "+":
        bounds, low, high = _over_lines(parts, ranges)
    elif sign == "*":
        low, high = _scaled(parts)
    elif sign == "//":
        bounds = narrowed(bounds, _over_quotient(parts[0], parts[1], ranges))
        low, high = _rounded(parts[0], parts[1])
    if bounds[0] == bounds[1] and not isinstance(bounds[0], float):
        low = high = (0, bounds[0])
        return _Stretch(bounds, 0, low, high)
    return _Stretch(bounds, _degree(sign, parts), low, high)


def _over_lines(
    parts: list[_Stretch], ranges: Mapping[str, Bounds]
) -> tuple[Bounds, Line | None, Line | None]:
    """A sum, whose straight lines are added up to one before their bounds are looked at."""
    others = [part.bounds for part in parts if part.low is None or part.high is None]
    low = _line_sum([part.low for part in parts if part.low and part.high])
    high = _line_sum([part.high for part in parts if part.low and part.high])
    least, greatest = OVER["+"]((_on_line(low, ranges)[0], _on_line(high, ranges)[1]), *others)
    return (least, greatest), *((None, None) if others else (low, high))


def _line_sum(lines: list[Line]) -> Line:
    slopes, starts = [slope for slope, _ in lines], [start for _, start in lines]
    return OPERATIONS["+"](*slopes), OPERATIONS["+"](*starts)


def _on_line(line: Line, ranges: Mapping[str, Bounds]) -> Bounds:
    slope, start = line
    if slope == 0:
        return start, start
    ((low, high),) = ranges.values()
    ends = plus(times(slope, low), start), plus(times(slope, high), start)
    return min(ends), max(ends)


def _scaled(parts: list[_Stretch]) -> tuple[Line | None, Line | None]:
    """Straight lines times numbers."""
    scale: Any = 1
    found: _Stretch | None = None
    for part in parts:
        if part.line is not None and part.line[0] == 0:
            scale = whole(scale * part.line[1])
        elif found is None and part.low is not None and part.high is not None:
            found = part
        else:
            return None, None
    if found is None or found.low is None or found.high is None:
        return (0, scale), (0, scale)
    low, high = (_whole_line(scale * line[0], scale * line[1]) for line in (found.low, found.high))
    return (low, high) if scale >= 0 else (high, low)


def _whole_line(slope: Any, start: Any) -> Line:
    return whole(slope), whole(start)


def _over_quotient(top: _Stretch, bottom: _Stretch, ranges: Mapping[str, Bounds]) -> Bounds:
    """Of a line by a line, which rises or falls throughout: its ends are its bounds."""
    line = bottom.line
    if top.low is None or top.high is None or line is None or not bottom.bounds[0] > 0:
        return ANYTHING
    if len(ranges) != 1:
        return ANYTHING
    least = min(_quotient_at(top.low, line, end) for end in next(iter(ranges.values())))
    greatest = max(_quotient_at(top.high, line, end) for end in next(iter(ranges.values())))
    return least, greatest


def _quotient_at(top: Line, bottom: Line, n: Any) -> Any:
    if not isinstance(n, float):
        return (top[0] * n + top[1]) // (bottom[0] * n + bottom[1])
    if bottom[0]:  # the limit; a line that nears it from below is rounded to less
        return top[0] // bottom[0]
    return times(top[0], n) if top[0] else top[1] // bottom[1]


def _rounded(top: _Stretch, bottom: _Stretch) -> tuple[Line | None, Line | None]:
    """Lines between which a quotient by a number lies that is rounded down."""
    if top.low is None or top.high is None or bottom.line is None:
        return None, None
    slope, divisor = bottom.line
    if slope or not divisor > 0:
        return None, None
    low, high = (
        _whole_line(Fraction(line[0]) / divisor, Fraction(line[1]) / divisor)
        for line in (top.low, top.high)
    )
    return (low[0], low[1] - 1), high


def _chosen(sign: str, parts: list[_Stretch], ranges: Mapping[str, Bounds]) -> _Stretch | None:
    """The line that is least, or greatest, all over a range; None if it changes or is unknown."""
    lines = [part.line for part in parts if part.line]
    if len(lines) < len(parts):
        return None
    for part, own in zip(parts, lines, strict=True):
        apart = [
            _on_line((own[0] - other[0], own[1] - other[1]), ranges)
            for other in lines
            if other is not own
        ]
        if all(high <= 0 if sign == "min" else low >= 0 for low, high in apart):
            return part
    return None


def _degree(sign: str, parts: list[_Stretch]) -> int | None:
    degrees = [part.degree for part in parts]
    known = [degree for degree in degrees if degree is not None]
    if len(known) < len(degrees):
        return None
    if sign == "+":
        return max(known)
    if sign == "*":
        return sum(known)
    exponent = parts[1].bounds[0]
    if sign == "**" and not known[1] and isinstance(exponent, int) and exponent >= 0:
        return known[0] * exponent
    return None
