"""Which rows of a sweep are told: those that a condition holds for, the best, the Pareto front."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from shapecalc.language.expression import Expression, ExpressionError, evaluate, parse, truth
from shapecalc.language.problem import did_you_mean
from shapecalc.language.symbols import SettingError

Row = Mapping[str, Any]


def condition(text: str, columns: Sequence[str]) -> Expression:
    """A condition on columns; raises :class:`SettingError` where it cannot be read."""
    from shapecalc.language.expression import names

    try:
        tree = parse(text)
    except ExpressionError as error:
        raise SettingError(f"--where {text!r}: {error.message}") from None
    for name in names(tree):
        known_column(name.name, columns)
    return tree


def known_column(name: str, columns: Sequence[str]) -> str:
    """The name of a column; raises :class:`SettingError` if there is none."""
    if name in columns:
        return name
    hint = did_you_mean(name, columns) or f"there are {', '.join(columns)}"
    raise SettingError(f"no column {name!r}; {hint}")


def holding(rows: Iterable[Row], conditions: Sequence[Expression]) -> Iterator[Row]:
    """The rows for which all conditions hold."""
    for row in rows:
        if all(truth(evaluate(each, row)) for each in conditions):
            yield row


def top(rows: Iterable[Row], count: int, by: str) -> list[Row]:
    """The rows with the least values of a column; with ``-`` before its name the greatest."""
    sign, name = (-1, by[1:]) if by.startswith("-") else (1, by)
    return nsmallest(count, rows, key=lambda row: sign * row[name])


def pareto(rows: Iterable[Row], by: Sequence[str]) -> list[Row]:
    """The rows than which none is better: no more in any column, and less in one.

    A ``-`` before a name wants more of it. Rows that are alike in all columns stay together.

    >>> found = pareto([{"a": 1, "b": 3}, {"a": 2, "b": 2}, {"a": 3, "b": 2}], ["a", "b"])
    >>> [row["a"] for row in found]
    [1, 2]
    """
    wanted = [(-1, name[1:]) if name.startswith("-") else (1, name) for name in by]
    front: list[tuple[tuple[Any, ...], Row]] = []
    for row in rows:
        own = tuple(sign * row[name] for sign, name in wanted)
        if any(_dominates(other, own) for other, _ in front):
            continue
        front = [(other, each) for other, each in front if not _dominates(own, other)]
        front.append((own, row))
    return [row for _, row in sorted(front, key=lambda each: each[0])]


def _dominates(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b))
