"""What a report holds as plain data, for programs that read it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from shapecalc.algebra.decimals import quotient


def plain(value: Any) -> Any:
    """Numbers as they are, formulas and fractions as text, tuples as lists."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, (tuple, list)):
        return [item if type(item) is int else plain(item) for item in value]
    if isinstance(value, dict):
        return {name: item if type(item) is int else plain(item) for name, item in value.items()}
    return quotient(value) if isinstance(value, Fraction) else str(value)
