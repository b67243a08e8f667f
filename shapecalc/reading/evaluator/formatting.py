"""``text.format(...)``, within bounds and without attributes of Python's own."""

from __future__ import annotations

import re
import string
from typing import Any

from shapecalc.reading.evaluator.texts import formatted


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
