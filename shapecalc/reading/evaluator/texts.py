"""Text made from values: ``format``, f-strings and ``%``, within bounds."""

from __future__ import annotations

import re
from typing import Any

_LONG = re.compile(r"\d{4,}")
"""A width that no text needs."""


def shown(rt: Any, value: Any) -> Any:
    """A value that formatting may look at: a number or a word as it is, else its text."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (float, str)):
        return value
    if isinstance(value, rt.tensor_type) and value.shape == () and value.data is not None:
        return shown(rt, value.data[0])
    return rt.text(value)


def formatted(rt: Any, value: Any, spec: str, conversion: str = "") -> str:
    """``format(value, spec)``."""
    if _LONG.search(spec):
        raise rt.error("ValueError", "the width of a format is too large")
    found = shown(rt, value)
    if conversion == "r":
        found = repr(found) if isinstance(value, str) else str(found)
    elif conversion:
        found = str(found)
    try:
        return format(found, spec)
    except (ValueError, TypeError):
        return str(found)


def percent(rt: Any, text: str, values: Any) -> str:
    """``text % values``."""
    if _LONG.search(re.sub(r"%[^a-zA-Z%]*[a-zA-Z%]", lambda m: m[0], text)) and re.search(
        r"%[-+ #0]*\d{4,}", text
    ):
        raise rt.error("ValueError", "the width of a format is too large")
    if "*" in text:
        raise rt.error("ValueError", "a width given by '*' is not read")
    if isinstance(values, tuple):
        given: Any = tuple([shown(rt, each) for each in values])
    elif isinstance(values, dict):
        given = {key: shown(rt, each) for key, each in values.items()}
    else:
        given = shown(rt, values)
    try:
        return text % given
    except (TypeError, ValueError, KeyError) as wrong:
        raise rt.error(type(wrong).__name__, str(wrong)) from None
