"""Which other values of a knob a network is tried at, to tell its numbers apart.

Those between all values at which the spec turns, and there by more than a whole period of what is
rounded; and such as differ from the knob's own in any network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise, zip_longest
from math import inf
from typing import Any, NamedTuple

from shapecalc.emitting.numbers.boundaries import DIVISIONS, Boundaries
from shapecalc.emitting.numbers.entries import settings_in
from shapecalc.emitting.numbers.letters import Memory
from shapecalc.language.expression import Binary, Call, Expression, names, parts
from shapecalc.language.tree import Setting, Spec

PATIENCE = 6
"""At how many values of a knob a network is built, if nothing turns."""

MOST = 12
"""At how many values of a knob it is built, if much does."""

_POINT = re.compile(r"[-+0-9_]*\.")

SMALL = (2, 5, 3, 4, 0, 1, 6, 7, 8)
"""Values that are tried for every knob."""


class Tried(NamedTuple):
    """Other values of a knob, the most telling first, and at how many of them to build it.

    ``turns`` are those from which on something in the spec is another.
    """

    values: list[Any]
    most: int
    turns: list[int]


def tried(
    memory: Memory,
    settings: Mapping[str, Any],
    values: Mapping[str, Any],
    knobs: list[str],
    sizes: Iterable[Expression] = (),
) -> dict[str, Tried]:
    """What is to be tried of each knob, where symbols have certain values.

    ``sizes`` are the numbers that turn something and hang on sizes of tensors.
    """
    boundaries = Boundaries(memory, settings, values, sizes)
    rationals = _rationals(memory.behind.spec)
    numbers = memory.behind.counted
    found = {}
    for name in knobs:
        own, turns = values[name], boundaries.turns(name)
        period = boundaries.periods.get(name, 1) if name in numbers else 1
        first, *more = _between(turns, period, own)
        if name in numbers:
            near = other_values(own, name in rationals)
            between = [value for column in more for value in column if value != own]
            ordered = [*first, *_in_turn([near, between])]
            telling = len(first) + 2 * len(between) if turns or period > 1 else 0
            most = min(max(PATIENCE, telling), MOST)
        else:  # where what it decides is the same, there is nothing to tell apart
            ordered = [*first, *_in_turn(more[:2])]
            most = len(ordered)
        ordered = [value for value in dict.fromkeys(ordered) if value != own]
        found[name] = Tried(ordered, most, turns)
    return found


def _between(turns: list[int], period: int, own: Any) -> list[list[int]]:
    """Values between turns: the first of each, then the second of each, and so on.

    Of few values between turns the first come first, for other values are often between the same;
    and before others 0, at which there is none of something.
    Those around the knob's own value come one later, and are none of the first.
    """
    rows: list[list[int | None]] = []

    def by_length(each: tuple[Any, Any]) -> tuple[Any, ...]:
        start, end = each
        return end - start, start > 0, abs(start - own)

    for start, end in sorted(pairwise([0, *turns, inf]), key=by_length):
        least = int(start) or int(end > 1)  # 0, which is no size, only where it differs from 1
        ahead = dict.fromkeys(least + more for more in (0, 1, period, 2 * period + 1))
        row = [value for value in ahead if value < end]
        rows.append([None, *row] if start <= own < end else [*row])
    return [[value for value in column if value is not None] for column in zip_longest(*rows)]


def _in_turn(lists: list[list[Any]]) -> list[Any]:
    """The items of several lists, one of each after another."""
    return [value for column in zip_longest(*lists) for value in column if value is not None]


def other_values(value: Any, is_rational: bool = False) -> list[Any]:
    """Values that a knob may have as well: near ones, multiples, and both of a switch."""
    near: list[Any] = [value + 1, 2 * value, 1, value - 1, 3 * value]
    if isinstance(value, Fraction) or is_rational:
        half = Fraction(value) / 2
        uneven = [value + Fraction(5, 7), value * Fraction(83, 89)]  # what is rounded shows there
        near = [*uneven, 0, value + 4, 2 * value, half.numerator if half.denominator == 1 else half]
    elif value in (0, 1):
        near = [1 - value]
    return [each for each in dict.fromkeys([*near, *SMALL]) if each != value]


def _rationals(spec: Spec) -> set[str]:
    """The symbols that need not be whole: they are written so, or what they make is rounded."""
    found = [*(setting for setting, _ in settings_in(spec)), *spec.symbols.values()]
    expressions = [each.expression for each in found if each.expression is not None]
    rounded = {name for tree in expressions for name in _rounded_names(tree)}
    return {name for name, own in spec.symbols.items() if name in rounded or has_point(spec, own)}


def _rounded_names(tree: Any) -> set[str]:
    """The names that are rounded in an expression without being divided there."""
    if isinstance(tree, Call) and tree.function in ("ceil", "floor", "round"):
        return set() if divides(tree) else {each.name for each in names(tree)}
    return {name for part in parts(tree) for name in _rounded_names(part)}


def divides(tree: Any) -> bool:
    """Whether there is a division in an expression."""
    if isinstance(tree, Binary) and tree.operator in DIVISIONS:
        return True
    return any(divides(part) for part in parts(tree))


def has_point(spec: Spec, setting: Setting) -> bool:
    """Whether a number is written as one that need not be whole, such as 1.0."""
    if setting.kind != Setting.CONSTANT or not isinstance(setting.content, (int, Fraction)):
        return False
    line, column = setting.mark[:2]
    is_written_so = _POINT.match(spec.source.line(line), column - 1) is not None
    return is_written_so and not isinstance(setting.content, bool)
