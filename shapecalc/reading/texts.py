"""Text made from values: ``format``, f-strings and ``%``, within bounds and without attributes."""

from __future__ import annotations

import re
import string
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


class _Formatter(string.Formatter):
    """Python's format with positions and names, items in brackets, and no attributes."""

    def __init__(self, rt: Any) -> None:
        self.rt = rt

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        head, *_rest = re.split(r"[.\[]", field_name)
        value = args[int(head)] if head.isdigit() else kwargs[head]
        for part in re.findall(r"\.(\w+)|\[([^\]]*)\]", field_name[len(head) :]):
            if part[0]:
                value = self.rt.attribute(value, part[0])
            else:
                index = int(part[1]) if part[1].isdigit() else part[1]
                value = self.rt.subscript(value, index)
        return value, head

    def format_field(self, value: Any, format_spec: str) -> str:
        return formatted(self.rt, value, format_spec)

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return repr(value) if conversion == "r" and isinstance(value, str) else value


def format_text(rt: Any, text: str, args: list[Any], kwargs: dict[str, Any]) -> str:
    """``text.format(*args, **kwargs)``."""
    try:
        return _Formatter(rt).vformat(text, args, kwargs)
    except (ValueError, KeyError, IndexError) as wrong:
        raise rt.error(type(wrong).__name__, str(wrong)) from None
