"""An answer in words and as plain data."""

from __future__ import annotations

from itertools import islice
from typing import Any

from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.formula import Formula, as_ratio, is_integral
from shapecalc.algebra.solutions import Solutions, in_words
from shapecalc.language.problem import listing
from shapecalc.solve.network import Answer, Want, value_at

LONGEST_FORMULA = 60
"""A longer formula is left to JSON; the text has its value."""


def text(answer: Answer) -> str:
    """The answer in its first line, and below it what it follows from."""
    name = answer.symbol
    lines = [_with_examples(answer.solutions, name), ""]
    lines += [f"wanted   {_wanted(want, answer)}" for want in answer.wants]
    for solutions, paths in answer.needs:
        lines.append(f"needs    {in_words(solutions, name)}  ({listing(paths, 3)})")
    lines += [f"open     {condition}  ({listing(paths, 3)})" for condition, paths in answer.open]
    if answer.is_exact:
        lines.append("exact    no window drops a pixel")
    elif answer.without_remainder is not None:
        lines.append(f"exact    {in_words(answer.without_remainder, name)}: no pixel is dropped")
    if answer.values:
        given = ", ".join(f"{other} = {_plain(value)}" for other, value in answer.values.items())
        lines.append(f"where    {given}")
    return "\n".join(lines).rstrip()


def _with_examples(solutions: Solutions, name: str) -> str:
    """The set in words; where they are not plain, with its first members or the largest."""
    said = in_words(solutions, name)
    if "%" in said:
        first = listing(map(str, islice(solutions.members(), 5)), 4)
        said = f"{said}: {first}"
    greatest = solutions.greatest
    if greatest is not None and "<=" in said:
        said += f" (largest: {greatest})"
    return said


def _wanted(want: Want, answer: Answer) -> str:
    """The condition; of a total, its value where the answer ends."""
    if isinstance(want.formula, int):
        told = f"{want.formula:,}, whatever {answer.symbol} is"
        return f"{want.subject} {want.relation} {want.value:,}: {told}"
    if want.relation == "==" and len(str(want.formula)) <= LONGEST_FORMULA:
        return f"{want}  ({want.subject})"
    greatest = answer.solutions.greatest
    at = answer.solutions.least if greatest is None else greatest
    value = value_at(want.formula, answer.symbol, at)
    return f"{want.subject} {want.relation} {want.value:,}: {value:,} at {answer.symbol} = {at}"


def as_dict(answer: Answer) -> dict[str, Any]:
    """The answer as plain data, as ``solve --format json`` prints it.

    The values are those of ``intervals``: every ``step``-th number from ``first`` to ``last``,
    without end if that is null. ``condition`` says the same as an expression of Python.
    """
    return {
        "symbol": answer.symbol,
        **_set(answer.solutions, answer.symbol),
        "exact": answer.is_exact,
        "without_remainder": answer.without_remainder
        and _set(answer.without_remainder, answer.symbol),
        "wanted": [
            {
                "of": want.subject,
                "formula": _plain(want.formula),
                "relation": want.relation,
                "value": want.value,
            }
            for want in answer.wants
        ],
        "needs": [
            {"condition": _condition(solutions, answer.symbol), "layers": list(paths)}
            for solutions, paths in answer.needs
        ],
        "open": [
            {"condition": condition, "layers": list(paths)} for condition, paths in answer.open
        ],
        "symbols": {name: _plain(value) for name, value in answer.values.items()},
    }


def _set(solutions: Solutions, name: str) -> dict[str, Any]:
    return {
        "condition": _condition(solutions, name),
        "intervals": [
            {"first": first, "last": last, "step": solutions.modulus}
            for first, last in sorted(solutions.intervals())
        ],
        "count": solutions.size,
        "least": None if solutions.is_empty else solutions.least,
        "greatest": None if solutions.is_empty else solutions.greatest,
    }


def _condition(solutions: Solutions, name: str) -> str:
    said = list(solutions.conditions(name).values())
    return " and ".join(said) if said else f"{name} >= 1"


def _plain(value: Quantity) -> int | str:
    if isinstance(value, Formula) and not is_integral(value):
        return "/".join(f"({part})" if " " in str(part) else str(part) for part in as_ratio(value))
    return value if isinstance(value, int) else str(value)
