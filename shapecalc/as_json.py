"""Plain data as JSON, by orjson; numbers of more than 64 bits are left to Python."""

from __future__ import annotations

import json
from typing import Any

import orjson


def indented(data: Any) -> str:
    """As people read it: what ``json.dumps`` writes with an indent of two.

    >>> print(indented({"path": "conv1", "shape": [6, 28], "outputs": []}))
    {
      "path": "conv1",
      "shape": [
        6,
        28
      ],
      "outputs": []
    }
    """
    try:
        return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:
        return json.dumps(data, indent=2, ensure_ascii=False)


def compact(data: Any) -> str:
    """As a page's script reads it: without a space.

    >>> compact({"path": "conv1", "in": {0: [[1, 2**70]]}})
    '{"path":"conv1","in":{"0":[[1,1180591620717411303424]]}}'
    """
    try:
        return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return json.dumps(data, separators=(",", ":"))
