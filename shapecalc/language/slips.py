"""What an expression was meant to say that cannot be read, as a hint."""

from __future__ import annotations

import re

_SIGNS = {
    "&": "both hold: a and b",
    "|": "either holds: a or b",
    "!": "the opposite is: not a",
    "^": "powers are written with **",
    "?": "a choice is written: a if condition else b",
    "[": "a list stands by itself, and not inside an expression",
    "]": "a list stands by itself, and not inside an expression",
    ".": "names stand alone, without a module or object before them",
    ",": "a list is written with brackets: [1, 2]",
    ";": "commas stand between values",
}
"""What stands in other languages for what is written otherwise here."""

_POWERS = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}

THOUSANDS = r"[1-9][0-9]{0,2}([ ,]000)+"
"""A number of thousands or millions whose noughts are set apart."""

_UNIT = re.compile(r"[kKMGBT][bB]?(?!\w)")


def meant(text: str, column: int) -> str:
    """A hint on an expression that makes no sense at a column, counted from 0; empty if none helps.

    >>> meant("k = 3", 2), meant("1_000", 1)
    ('equal is: k == 3', 'digits stand together: 1000')
    >>> meant("params < 5M", 10), meant("2n", 1)
    ('units are written out: 5e6', 'a product has a sign: 2*n')
    """
    before, behind = text[:column].rstrip(), text[column:].strip()
    digits = re.search(r"[0-9.]+$", before)
    if re.match("=[<>]", behind):
        return f"written {behind[1]}="
    if behind[:1] == "=":
        return f"equal is: {before} == {behind.lstrip('= ')}"
    if before.endswith("%") and not behind:
        share = re.fullmatch(r"\s*([0-9.]+)\s*%", before)
        return f"a share is a fraction: {share[1]}/100" if share else ""
    if re.fullmatch(THOUSANDS, text):
        return f"digits stand together: {re.sub('[ ,]', '', text)}"
    if digits and re.match("[0-9]", behind):
        return f"commas stand between values: {', '.join(text.split())}"
    if digits and re.match("_[0-9]", behind):
        return f"digits stand together: {re.sub('(?<=[0-9])_(?=[0-9])', '', text).strip()}"
    if digits and _UNIT.match(behind):
        return f"units are written out: {digits[0]}e{_POWERS[behind[0]]}"
    if digits and re.match("[x×][ ]*[0-9]", behind):
        return f"sizes are a list: [{', '.join(re.findall('[0-9]+', text))}]"
    if digits and (name := re.match(r"[A-Za-z_]\w*", behind)):
        return f"a product has a sign: {digits[0]}*{name[0]}"
    return _SIGNS.get(behind[:1], "")
