"""An answer in words and as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.form import as_ratio
from shapecalc.algebra.formula import Formula, is_integral
from shapecalc.algebra.solutions import Solutions, in_words
from shapecalc.language import evaluation, expression
from shapecalc.language.problem import listing
from shapecalc.solving.conditions import Need
from shapecalc.solving.network import Answer
from shapecalc.solving.wanted import Want

LONGEST_FORMULA = 60
"""A longer formula is left to JSON; the text has its value."""


def text(answer: Answer) -> str:
    """The answer in its first line, and below it what it follows from."""
    name = answer.symbol
    lines = [_with_examples(answer.solutions, name), ""]
    lines += [f"wanted   {_wanted(want, answer)}" for want in answer.wants]
    lines += [
        f"needs    {_need(need, name)}  ({listing(_asking(need.paths), 3)})"
        for need in answer.needs
    ]
    lines += [
        f"open     {need.condition}  ({listing(_asking(need.paths), 3)})" for need in answer.open
    ]
    if answer.is_exact:
        lines.append("exact    no window drops a pixel")
    elif answer.without_remainder is not None:
        lines.append(f"exact    {in_words(answer.without_remainder, name)}: no pixel is dropped")
    if answer.values:
        given = ", ".join(f"{other} = {_plain(value)}" for other, value in answer.values.items())
        lines.append(f"where    {given}")
    lines.append(f"found    {_method(answer)}")
    return "\n".join(lines).rstrip()


def _need(need: Need, name: str) -> str:
    return need.condition if need.solutions is None else in_words(need.solutions, name)


def _method(answer: Answer) -> str:
    """How the answer was found, and why it holds no more."""
    method, name = answer.method, answer.symbol
    if method.how == "inverted":
        return "exactly, each formula inverted" + (
            "" if method.is_complete else ", but what is open"
        )
    if method.last is None:
        found = f"exactly, each formula inverted wherever {name} decides another structure"
        return f"{found}; {method.beyond}" if method.beyond else found
    found = f"all {name} from {method.first} to {method.last} tried or ruled out"
    if method.how == "built":
        found = f"each {name} from {method.first} to {method.last} built and counted"
    if not method.is_complete and method.how == "tried":
        return f"{found}, but what is open"
    if not method.is_complete:
        return f"{found}; beyond, the question stays open"
    if not method.beyond:
        is_endless = method.how == "tried" and answer.solutions.greatest is None
        return found + ("; beyond, it always holds" if is_endless else "")
    never = " never holds" if method.how == "tried" else ""
    return f"{found}; beyond, {method.beyond}{never}"


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
    formula = want.formula
    if isinstance(formula, int):
        told = f"{formula:,}, whatever {answer.symbol} is"
        if not answer.method.is_complete:
            told = f"{formula:,} up to {answer.symbol} = {answer.method.last}"
        return f"{want.subject} {want.relation} {want.value:,}: {told}"
    is_short = formula is not None and len(str(formula)) <= LONGEST_FORMULA
    if want.relation == "==" and is_short:
        return f"{want}  ({want.subject})"
    greatest = answer.solutions.greatest
    at = answer.solutions.least if greatest is None else greatest
    value = want.at(answer.symbol, at)
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
                "formula": None if want.formula is None else _plain(want.formula),
                "relation": want.relation,
                "value": want.value,
            }
            for want in answer.wants
        ],
        "needs": [
            {"condition": _needed(need, answer.symbol), "layers": _asking(need.paths)}
            for need in answer.needs
        ],
        "open": [
            {"condition": need.condition, "layers": _asking(need.paths)} for need in answer.open
        ],
        "found": {
            "how": answer.method.how,
            "first": answer.method.first,
            "last": answer.method.last,
            "beyond": answer.method.beyond,
            "complete": answer.method.is_complete,
        },
        "symbols": {name: _plain(value) for name, value in answer.values.items()},
    }


def _asking(paths: Iterable[str]) -> list[str]:
    """Who asks for a condition: layers, or the spec's own ``require``."""
    return [path or "require" for path in paths]


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


def _needed(need: Need, name: str) -> str:
    if need.solutions is None:
        return need.condition
    return " and ".join(need.solutions.conditions(name).values()) or f"{name} >= 1"


def _condition(solutions: Solutions, name: str) -> str:
    """The set as an expression of Python, true of its members alone among the numbers from 0 on."""
    if solutions.is_empty:
        return "False"
    said = " and ".join(solutions.conditions(name).values()) or f"{name} >= 1"
    holds = None  # at 0, where that is known: a set of residues is no expression of a spec
    with suppress(expression.ExpressionError):
        holds = bool(evaluation.evaluate(expression.parse(said), {name: 0}))
    if 0 in solutions:
        return said if holds else f"{name} == 0 or {said}"
    return said if holds is False else f"{name} >= 1 and ({said})"


def _plain(value: Quantity) -> int | str:
    if isinstance(value, Formula) and not is_integral(value):
        return "/".join(f"({part})" if " " in str(part) else str(part) for part in as_ratio(value))
    return value if isinstance(value, int) else str(value)
