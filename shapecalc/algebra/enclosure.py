"""Between which bounds is a formula? Interval arithmetic, and what may be supposed of a symbol.

Of a formula over a whole range of its symbol, two numbers are found between which all its values
lie (Moore, Kearfott and Cloud, "Introduction to Interval Analysis", 2009, chapter 5). They need
not be the closest, but they are never wrong, so a comparison that they decide is proven for every
value of the range, one without end too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Quantity, is_number
from shapecalc.algebra.program import Program, Step

Bounds = tuple[Any, Any]
"""The least and the greatest value there can be; infinite where there is none."""

ANYTHING: Bounds = (-math.inf, math.inf)

MOST_BITS = 4096
"""A power with more bits counts as infinite."""


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
                results.append(_AT[sign](*[results[place] for place in operands]))
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
        number = Fraction(operands[0])
        return sign, number.numerator if number.denominator == 1 else number
    if sign == "name":
        return sign, operands[0]
    if sign not in _OVER:
        raise NotImplementedError(f"no bounds of {sign!r}")
    return sign, tuple(operands)


# -- what may be supposed -------------------------------------------------------------------------

_supposed: ContextVar[Mapping[str, Bounds] | None] = ContextVar("supposed", default=None)


@contextmanager
def supposing(**ranges: Bounds) -> Iterator[None]:
    """Within this, symbols lie in the given ranges, and what follows from that is decided.

    >>> from shapecalc.algebra.formula import Formula
    >>> n = Formula.symbol("n")
    >>> decided(n - 3, ">")
    >>> with supposing(n=(4, math.inf)):
    ...     decided(n - 3, ">")
    True
    """
    token = _supposed.set(ranges)
    try:
        yield
    finally:
        _supposed.reset(token)


def decided(difference: Quantity, relation: str) -> bool | None:
    """Whether a formula stands in a relation to 0, as far as what is supposed tells."""
    if is_number(difference):
        return _HOLDS[relation](difference, 0)
    ranges = _supposed.get()
    return holds(bounds(difference, ranges), relation) if ranges else None


def only_value(value: Quantity) -> Quantity:
    """The one value that a formula has for all that is supposed; else the formula itself."""
    ranges = _supposed.get()
    if is_number(value) or not ranges:
        return value
    least, greatest = bounds(value, ranges)
    return least if least == greatest else value


def bounds(value: Quantity, ranges: Mapping[str, Bounds]) -> Bounds:
    """The bounds of a formula; none at all where no bounds of its operations are known."""
    try:
        return compiled(value).over(ranges)
    except (NotImplementedError, KeyError):
        return ANYTHING


def holds(found: Bounds, relation: str) -> bool | None:
    """Whether all values between bounds, or none, stand in a relation to 0; else None."""
    least, greatest = found
    if relation in ("==", "!="):
        if least == greatest == 0:
            return relation == "=="
        return None if least <= 0 <= greatest else relation == "!="
    if relation in ("<", "<="):
        least, greatest, relation = -greatest, -least, ">" + relation[1:]
    if _HOLDS[relation](least, 0):
        return True
    return None if _HOLDS[relation](greatest, 0) else False


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


# -- operations on numbers and on bounds ----------------------------------------------------------


def _whole(value: Any) -> Any:
    is_whole = isinstance(value, Fraction) and value.denominator == 1
    return value.numerator if is_whole else value


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int) and exponent < 0:
        return _whole(Fraction(1) / Fraction(base) ** -exponent)
    return _whole(base**exponent)


def _sum(*values: Any) -> Any:
    return _whole(sum(values))


_AT: dict[str, Callable[..., Any]] = {
    "+": _sum,
    "*": lambda *values: _whole(math.prod(values)),
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": _power,
    "min": min,
    "max": max,
}


def _plus(a: Any, b: Any) -> Any:
    if isinstance(a, float):
        return a
    return b if isinstance(b, float) else a + b


def _times(a: Any, b: Any) -> Any:
    if a == 0 or b == 0:
        return 0
    if isinstance(a, float) or isinstance(b, float):
        return math.inf if (a > 0) == (b > 0) else -math.inf
    return a * b


def _floor(a: Any, b: Any) -> Any:
    """The quotient by a positive number, rounded down."""
    if isinstance(b, float):
        return -1 if a < 0 else 0
    return a if isinstance(a, float) else a // b


def _over_sum(*terms: Bounds) -> Bounds:
    least: Any = 0
    greatest: Any = 0
    for low, high in terms:
        least, greatest = _plus(least, low), _plus(greatest, high)
    return least, greatest


def _over_product(*factors: Bounds) -> Bounds:
    found: Bounds = (1, 1)
    for factor in factors:
        corners = [_times(a, b) for a in found for b in factor]
        found = min(corners), max(corners)
    return found


def _over_floor(top: Bounds, bottom: Bounds) -> Bounds:
    if bottom[1] < 0:
        top, bottom = (-top[1], -top[0]), (-bottom[1], -bottom[0])
    if bottom[0] <= 0:
        return ANYTHING
    corners = [_floor(a, b) for a in top for b in bottom]
    return min(corners), max(corners)


def _over_remainder(top: Bounds, bottom: Bounds) -> Bounds:
    if bottom[0] <= 0:
        return ANYTHING
    if top[0] >= 0 and top[1] < bottom[0]:
        return top
    return 0, _plus(bottom[1], -1)


def _over_power(base: Bounds, exponent: Bounds) -> Bounds:
    low, high = exponent
    if low != high:
        if base[0] != base[1] or not base[0] > 1 or low < 0:
            return ANYTHING
        return _raised(base[0], low), _raised(base[0], high)
    if not isinstance(low, int):
        return ANYTHING
    if low < 0:
        if base[0] <= 0 <= base[1]:
            return ANYTHING
        found = _over_power(base, (-low, -low))
        return _inverse(found[1]), _inverse(found[0])
    ends = _raised(base[0], low), _raised(base[1], low)
    if low % 2 == 0 and base[0] < 0:
        return (0 if base[1] >= 0 else min(ends)), max(ends)
    return ends


def _inverse(value: Any) -> Any:
    return 0 if isinstance(value, float) else _whole(Fraction(1) / value)


def _raised(base: Any, exponent: Any) -> Any:
    if exponent == 0:
        return 1
    if isinstance(base, float):
        return -math.inf if base < 0 and exponent % 2 else math.inf
    if isinstance(exponent, float) or (
        max(abs(base.numerator), base.denominator).bit_length() * exponent > MOST_BITS
        and abs(base) > 1
    ):
        return math.inf if base > 0 else (-math.inf if exponent % 2 else math.inf)
    return _whole(base**exponent)


def _stretch(sign: str, parts: list[_Stretch], ranges: Mapping[str, Bounds]) -> _Stretch:
    """What an operation makes of its operands over a range."""
    bounds = _OVER[sign](*[part.bounds for part in parts])
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
        bounds = _narrowed(bounds, _over_quotient(parts[0], parts[1], ranges))
        low, high = _rounded(parts[0], parts[1])
    if bounds[0] == bounds[1] and not isinstance(bounds[0], float):
        low = high = (0, bounds[0])
        return _Stretch(bounds, 0, low, high)
    return _Stretch(bounds, _degree(sign, parts), low, high)


def _narrowed(a: Bounds, b: Bounds) -> Bounds:
    return max(a[0], b[0]), min(a[1], b[1])


def _over_lines(
    parts: list[_Stretch], ranges: Mapping[str, Bounds]
) -> tuple[Bounds, Line | None, Line | None]:
    """A sum, whose straight lines are added up to one before their bounds are looked at."""
    others = [part.bounds for part in parts if part.low is None or part.high is None]
    low = _line_sum([part.low for part in parts if part.low and part.high])
    high = _line_sum([part.high for part in parts if part.low and part.high])
    least, greatest = _over_sum((_on_line(low, ranges)[0], _on_line(high, ranges)[1]), *others)
    return (least, greatest), *((None, None) if others else (low, high))


def _line_sum(lines: list[Line]) -> Line:
    return _sum(*[slope for slope, _ in lines]), _sum(*[start for _, start in lines])


def _on_line(line: Line, ranges: Mapping[str, Bounds]) -> Bounds:
    slope, start = line
    if slope == 0:
        return start, start
    ((low, high),) = ranges.values()
    ends = _plus(_times(slope, low), start), _plus(_times(slope, high), start)
    return min(ends), max(ends)


def _scaled(parts: list[_Stretch]) -> tuple[Line | None, Line | None]:
    """Straight lines times numbers."""
    scale: Any = 1
    found: _Stretch | None = None
    for part in parts:
        if part.line is not None and part.line[0] == 0:
            scale = _whole(scale * part.line[1])
        elif found is None and part.low is not None and part.high is not None:
            found = part
        else:
            return None, None
    if found is None or found.low is None or found.high is None:
        return (0, scale), (0, scale)
    low, high = (_whole_line(scale * line[0], scale * line[1]) for line in (found.low, found.high))
    return (low, high) if scale >= 0 else (high, low)


def _whole_line(slope: Any, start: Any) -> Line:
    return _whole(slope), _whole(start)


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
    return _times(top[0], n) if top[0] else top[1] // bottom[1]


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


_OVER: dict[str, Callable[..., Bounds]] = {
    "+": _over_sum,
    "*": _over_product,
    "//": _over_floor,
    "%": _over_remainder,
    "**": _over_power,
    "min": lambda *each: (min(e[0] for e in each), min(e[1] for e in each)),
    "max": lambda *each: (max(e[0] for e in each), max(e[1] for e in each)),
}
