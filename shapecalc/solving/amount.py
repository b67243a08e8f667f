"""Amounts of a network in words: ``300M``, ``<=1.5G``."""

from __future__ import annotations

import re
from fractions import Fraction

UNITS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
"""What a letter behind a number multiplies it by."""

_AMOUNT = re.compile(r"\s*(<=|>=|<|>|==?)?\s*([0-9]+(?:\.[0-9]+)?)\s*([kKMGT]?)\s*")


def read_amount(value: int | str) -> tuple[str, int]:
    """A relation and a number; raises ``ValueError`` where it is none.

    >>> read_amount("<= 1.5G"), read_amount("300M"), read_amount(12)
    (('<=', 1500000000), ('==', 300000000), ('==', 12))
    """
    if isinstance(value, int):
        return "==", value
    found = _AMOUNT.fullmatch(value)
    if found is None or len(found[2]) > 40:
        raise ValueError(f"{value!r} is no amount such as 300M or '<=1.5G'")
    amount = Fraction(found[2]) * UNITS[found[3]]
    if amount.denominator != 1:
        raise ValueError(f"{value!r} is {amount}, no whole number")
    return "==" if found[1] in (None, "=") else found[1], amount.numerator
