"""The values that a sweep goes through."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from shapecalc.language import evaluation, expression
from shapecalc.language.expression import ExpressionError
from shapecalc.language.symbols import SettingError

MOST_VALUES = 10_000_000
"""How many values one symbol may go through."""


class Over(NamedTuple):
    """A symbol and the values that it goes through.

    >>> Over("width", (Fraction(1, 2), 1)).range, Over("H", (32, 64, 48)).range
    (None, (32, 64))
    """

    name: str
    values: tuple[int | Fraction, ...]

    @property
    def range(self) -> tuple[int, int] | None:
        """The least and greatest value; None if there are fractions among them."""
        if all(isinstance(value, int) for value in self.values):
            return int(min(self.values)), int(max(self.values))
        return None


def read_over(text: str) -> Over:
    """Read ``NAME=VALUES``: a list, or first, last and step with colons, the last included.

    >>> read_over("H=128,160"), read_over("width=1/4:1:1/4").values
    (Over(name='H', values=(128, 160)), (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), 1))
    >>> read_over("H=224:288:32").values
    (224, 256, 288)
    """
    name, equals, values = text.partition("=")
    if not equals or not name.strip() or not values.strip():
        raise SettingError(f"{text!r} is not NAME=VALUES, as in H=128,160,192 or H=128:256:32")
    found: list[int | Fraction] = []
    for part in values.split(","):
        found += _stretch(part, text)
    return Over(name.strip(), tuple(dict.fromkeys(found)))


_SPAN = re.compile(r"\s*([0-9]+)\s*(?:-|\.\.\.?)\s*([0-9]+)\s*")
"""A first and a last value as they are written elsewhere; a difference of numbers is no use."""


def _stretch(part: str, text: str) -> Sequence[int | Fraction]:
    if span := _SPAN.fullmatch(part):
        raise SettingError(f"{part!r} is no stretch of values; written {span[1]}:{span[2]}")
    ends = [_value(each, text) for each in part.split(":")]
    if len(ends) == 1:
        return ends
    if len(ends) > 3:
        raise SettingError(f"{part!r} has more than a first value, a last one and a step")
    first, last, step = (*ends, 1)[:3]
    if step <= 0 or last < first:
        raise SettingError(f"{part!r} goes nowhere: first, last, and a step of more than 0")
    count = int((last - first) // step) + 1
    if count > MOST_VALUES:
        raise SettingError(f"{part!r} has {count:,} values; at most {MOST_VALUES:,} are allowed")
    return [_plain(first + step * i) for i in range(count)]


def _value(text: str, whole: str) -> int | Fraction:
    try:
        found = evaluation.evaluate(expression.parse(text), {})
    except ExpressionError as error:
        told = "; ".join(filter(None, (error.message, error.hint)))
        raise SettingError(f"{whole}: {told}") from None
    except KeyError as error:
        raise SettingError(f"{whole}: {error.args[0]!r} is no number") from None
    if isinstance(found, bool) or not isinstance(found, (int, Fraction)):
        raise SettingError(f"{whole}: {text.strip()!r} is no number")
    return found


def _plain(value: int | Fraction) -> int | Fraction:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def size(axes: Sequence[Over]) -> int:
    """How many settings there are."""
    return math.prod(len(axis.values) for axis in axes)


def pieces(axes: Sequence[Over], most: int) -> Iterator[list[Over]]:
    """The settings cut into grids of their own, each of at most so many, in their order.

    >>> axes = [Over("B", (1, 2, 3)), Over("H", (8, 9))]
    >>> [[axis.values for axis in piece] for piece in pieces(axes, 4)]
    [[(1, 2), (8, 9)], [(3,), (8, 9)]]
    """
    for cuts in _slices([len(axis.values) for axis in axes], most):
        yield [Over(axis.name, axis.values[a:b]) for axis, (a, b) in zip(axes, cuts)]


def blocks(axes: Sequence[Over], most: int) -> Iterator[dict[str, Any]]:
    """The settings in blocks of a grid, the last symbol fastest.

    A symbol's values lie along an axis of their own, so that what depends on few symbols is
    computed once for all values of the others.

    >>> axes = [Over("B", (1, 2, 3)), Over("H", (8, 9))]
    >>> [(block["B"].shape, block["H"].shape) for block in blocks(axes, 4)]
    [((2, 1), (1, 2)), ((1, 1), (1, 2))]
    """
    values = [array(axis) for axis in axes]
    for cuts in _slices([len(axis.values) for axis in axes], most):
        yield {
            axis.name: each[a:b].reshape([-1 if at == i else 1 for at in range(len(axes))])
            for i, (axis, each, (a, b)) in enumerate(zip(axes, values, cuts))
        }


def array(axis: Over) -> Any:
    """A symbol's values, of 64 bits where they fit."""
    import numpy as np

    fits = axis.range is not None and max(map(abs, axis.range)) < 2**62
    return np.array(axis.values, dtype=np.int64 if fits else object)


def _slices(lengths: Sequence[int], most: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """Where each axis begins and ends in a block: the last ones whole, as far as there is room."""
    if not lengths:
        yield ()
        return
    first, *rest = lengths
    room = max(1, most // math.prod(rest))
    for start in range(0, first, room):
        for more in _slices(rest, most) if room == 1 else (tuple((0, n) for n in rest),):
            yield ((start, min(start + room, first)), *more)


def combinations(axes: Sequence[Over]) -> Iterator[Mapping[str, int | Fraction]]:
    """The settings one by one."""
    from itertools import product

    for values in product(*(axis.values for axis in axes)):
        yield dict(zip((axis.name for axis in axes), values))
