"""Plain data as JSON that people can read: what ``json.dumps`` writes with an indent, sooner."""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import JSONEncoder, encode_basestring, encode_basestring_ascii
from typing import Any


def indented(data: Any, indent: int, *, ascii: bool = False) -> str:
    """The text that ``json.dumps`` writes, which goes through large reports sign by sign.

    >>> print(indented({"path": "conv1", "shape": [6, 28], "outputs": []}, 1))
    {
     "path": "conv1",
     "shape": [
      6,
      28
     ],
     "outputs": []
    }
    """
    quoted: Callable[[str], str] = encode_basestring_ascii if ascii else encode_basestring
    other = JSONEncoder(ensure_ascii=ascii).encode
    keys: dict[str, str] = {}
    known: dict[tuple[int, str], str] = {}
    more = " " * indent

    def key(name: Any) -> str:
        if name not in keys:
            keys[name] = f"{quoted(name) if isinstance(name, str) else quoted(other(name))}: "
        return keys[name]

    def written(value: Any, margin: str) -> str:
        kind = type(value)
        if kind is int:
            return repr(value)
        if kind is str:
            return quoted(value)
        if not value or not isinstance(value, (list, tuple, dict)):
            return other(value)
        before = known.get((id(value), margin))
        if before is not None:
            return before
        inner = margin + more
        if isinstance(value, dict):
            items = [key(name) + written(each, inner) for name, each in value.items()]
        else:
            items = [repr(each) if type(each) is int else written(each, inner) for each in value]
        start, end = "{}" if isinstance(value, dict) else "[]"
        text = f"{start}{inner}{f',{inner}'.join(items)}{margin}{end}"
        if len(margin) > 3 * indent:  # what is deep inside may well stand in several places
            known[id(value), margin] = text
        return text

    return written(data, "\n")
