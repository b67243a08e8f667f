"""Words of the language of Graphviz.

What is written in quotes there is still read for escapes and entities: here it is made to stand
for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def text(lines: Iterable[str], end: str = "") -> str:
    r"""Lines as a label, centred, or each ended by ``end``, where nothing is markup.

    >>> print(text(["a", r"\N & <b>"]))
    a\n\\N &amp; <b>
    """
    safe = [line.replace("\\", "\\\\").replace("&", "&amp;") for line in lines]
    return "".join(line + end for line in safe) if end else "\\n".join(safe)


def attributes(values: Mapping[str, Any]) -> str:
    r"""Attributes in brackets.

    >>> print(attributes({"label": 'the "net"', "width": 0.5}))
    [label="the \"net\"", width=0.5]
    """
    return f"[{', '.join(f'{name}={_quoted(value)}' for name, value in values.items())}]"


def _quoted(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) else '"' + value.replace('"', '\\"') + '"'
