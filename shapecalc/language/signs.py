"""Text of any origin, made fit for where it is shown: one line of a terminal, Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def one_line(text: str) -> str:
    r"""The text in signs that can be seen and take one line; others are written out.

    >>> print(one_line("first\nsecond, a bell \a and an escape \x1b[31m"))
    first\nsecond, a bell \x07 and an escape \x1b[31m
    """
    return text if text.isprintable() else "".join(map(_seen, text))


def _seen(sign: str) -> str:
    if sign.isprintable():
        return sign
    if unicodedata.category(sign) == "Zs":  # a space of another width
        return " "
    code = ord(sign)
    escaped = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return _SHORT.get(sign) or (escaped if code < 0x10000 else f"\\U{code:08x}")


def _as_json(sign: str) -> str:
    import json  # which most commands have no need of

    return json.dumps(sign)[1:-1]


def visible(
    text: str,
    stays: Callable[[str], bool] = str.isprintable,
    written: Callable[[str], str] = _as_json,
) -> str:
    r"""JSON in which signs that cannot be seen, or turn a line around, are written out.

    What ``stays`` may be asked of a sign and of all the text; ends of lines do in any case.

    >>> print(visible('"caf\u00e9 \x7f"'), visible('"caf\u00e9"', str.isascii))
    "café \u007f" "caf\u00e9"
    """
    if stays(text.replace("\n", "")):
        return text
    return "".join(c if c == "\n" or stays(c) else written(c) for c in text)


def columns(text: str) -> int:
    r"""How many columns a text takes on a terminal, where signs of East Asia take two.

    >>> columns("conv"), columns("\u5377\u7a4d"), columns("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


_MARKS = r"[\\`*<\[\]|~$&]|(?<![-\s])>|(?<![^\W_])_|_(?![^\W_])|(?<=:)/(?=/)"
"""What means something inside a line of Markdown; an underscore does at the edge of a word."""


def markdown(text: str) -> str:
    r"""The text as one line of Markdown that shows the same signs.

    >>> print(markdown("a **b** <b>c</b>, 9*C**2 of conv_1"))
    a \*\*b\*\* \<b\>c\</b\>, 9\*C\*\*2 of conv_1
    """
    return re.sub(_MARKS, r"\\\g<0>", one_line(text))
