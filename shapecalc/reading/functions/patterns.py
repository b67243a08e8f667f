"""einops' functions."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS
from shapecalc.reading.functions.base import number, operation, tensor
from shapecalc.reading.functions.shapes import stack


def _pattern(kind: str) -> Any:
    def run(rt: Any, /, *args: Any, **sizes: Any) -> Any:
        given = list(args)
        for place, name in enumerate(("tensor", "pattern")):
            if len(given) <= place and name in sizes:
                given.append(sizes.pop(name))
        if len(given) < 2:
            raise rt.error("TypeError", f"{kind.lower()}() takes a tensor and a pattern")
        x, pattern, *more = given
        if isinstance(x, (list, tuple)):
            x = stack(rt, x)
        settings: dict[str, Any] = {"pattern": pattern}
        if sizes:
            settings["sizes"] = {
                name: number(rt, size) for name, size in sizes.items() if name != "reduction"
            }
        if "reduction" in KINDS[kind].fields:
            reduction = more[0] if more else sizes.get("reduction")
            settings["reduction"] = reduction
        return rt.put(kind, [tensor(rt, x)], {k: v for k, v in settings.items() if v != {}})

    return run


operation("einops.rearrange")(_pattern("Rearrange"))

operation("einops.repeat")(_pattern("Repeat"))

operation("einops.reduce")(_pattern("Reduce"))
