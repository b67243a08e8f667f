"""Plain data as JSON that people can read."""

from __future__ import annotations

import json
from typing import Any


def indented(data: Any) -> str:
    """What ``json.dumps`` writes with an indent of two, which goes through it sign by sign.

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
    import orjson  # only where it is asked for

    try:
        return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:  # numbers of more than 64 bits, half a pair of surrogates
        return json.dumps(data, indent=2, ensure_ascii=False)
