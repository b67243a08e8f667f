"""einops' functions."""

from __future__ import annotations

import re
from typing import Any

from shapecalc.reading.functions.base import OPERATIONS, number, tensor
from shapecalc.reading.functions.shapes import stack
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function


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
        if kind == "Reduce":
            reduction = more[0] if more else sizes.pop("reduction", None)
            if not isinstance(reduction, str) and reduction is not None:
                return _by_function(rt, tensor(rt, x), pattern, reduction, sizes)
        settings: dict[str, Any] = {"pattern": pattern}
        if sizes:
            settings["sizes"] = {name: number(rt, size) for name, size in sizes.items()}
        if kind == "Reduce":
            settings["reduction"] = reduction
        return rt.put(kind, [tensor(rt, x)], {k: v for k, v in settings.items() if v != {}})

    return run


def _by_function(
    rt: Any, x: TensorValue, pattern: str, function: Any, sizes: dict[str, Any]
) -> Any:
    """``einops.reduce`` by a function of a tensor and dimensions, between two rearrangements."""
    left, _, right = pattern.partition("->")
    beyond = len(x.shape) - len(re.findall(r"\([^)]*\)|[^\s()]+", left)) + 1
    rest = " ".join(f"axis{n}" for n in range(beyond))
    left, right = (side.replace("...", rest) for side in (left, right))
    for n, size in enumerate(re.findall(r"\b(?!1\b)\d+\b", left)):  # sizes that stand for axes
        left = re.sub(rf"\b{size}\b", f"size{n}", left, count=1)
        sizes = {**sizes, f"size{n}": int(size)}
    axes = [name for name in re.findall(r"\w+", left) if name != "1"]
    kept = [name for name in axes if name in re.findall(r"\w+", right)]
    rearrange = OPERATIONS["einops.rearrange"].run
    if left.split() != axes:
        x = rearrange(rt, x, f"{left} -> {' '.join(axes)}", **sizes)
    reduced = tuple(n for n, name in enumerate(axes) if name not in kept)
    found = rt.call(function, [x, reduced], {})
    is_done = right.split() == kept
    return found if is_done else rearrange(rt, found, f"{' '.join(kept)} -> {right}")


operation("einops.rearrange")(_pattern("Rearrange"))

operation("einops.repeat")(_pattern("Repeat"))

operation("einops.reduce")(_pattern("Reduce"))
