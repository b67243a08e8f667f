"""Random settings that fit an input, for kinds that take few of all settings."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from hypothesis import strategies as st

from tests.layers.accepting import Inputs
from tests.layers.field_values import once_in

Settings = dict[str, Any]


@st.composite
def split(draw: st.DrawFn, size: int, most: int = 3) -> list[int]:
    """Factors of a size, which seldom slip."""
    factors = []
    for _ in range(draw(st.integers(0, most - 1))):
        factors.append(draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0])))
        size //= factors[-1]
    return [*factors, size]


@st.composite
def shape_for(draw: st.DrawFn, inputs: Inputs) -> Settings:
    """The sizes of an input in another arrangement."""
    sizes = list(inputs[0].shape)
    cut = draw(st.integers(0, len(sizes)))
    merged = [prod(sizes[cut:])] if draw(st.booleans()) else sizes[cut:]
    shape = [n for size in (*sizes[:cut], *merged) for n in draw(split(size))]
    if draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    if draw(once_in(8)):
        shape[draw(st.integers(0, len(shape) - 1))] += 1
    return {"shape": shape}


@st.composite
def size_for(draw: st.DrawFn, inputs: Inputs) -> Settings:
    """The sizes that an input is stretched to."""
    sizes = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(0, 2)))]
    sizes += [
        draw(st.sampled_from((-1, size, 3 if size == 1 else size))) for size in inputs[0].shape
    ]
    if draw(once_in(8)):
        sizes[draw(st.integers(0, len(sizes) - 1))] += 1
    return {"size": sizes}


@st.composite
def pattern_for(
    draw: st.DrawFn, inputs: Inputs, dropped: bool = False, new: bool = False
) -> Settings:
    """A pattern of an input's axes, some of them split, merged, hidden by dots, or left out."""
    left: list[str] = []
    right: list[str] = []
    sizes: Settings = {}
    names = iter("abcdefghijklmnopqrstuvw")
    shape = inputs[0].shape
    hidden = draw(st.integers(0, len(shape))) if draw(once_in(3)) else None
    for axis, size in enumerate(shape):
        if axis == hidden:
            left.append("...")
            right.append("...")
            if draw(st.booleans()):
                continue
        if hidden is not None and axis in (hidden, hidden + 1) and left[-1] == "...":
            continue
        if size == 1 and draw(st.booleans()):
            left.append(draw(st.sampled_from(("1", "()"))))
            continue
        factors = draw(split(size))
        own = [next(names) for _ in factors]
        told = draw(st.permutations(own))
        count = len(own) - (0 if draw(once_in(4)) else 1)
        sizes |= {name: factors[own.index(name)] for name in told[:count]}
        left.append(own[0] if len(own) == 1 else f"({' '.join(own)})")
        right += [name for name in own if not (dropped and draw(once_in(2)))]
    if new:
        for name in "xyz"[: draw(st.integers(0, 2))]:
            sizes[name] = draw(st.integers(1, 3))
            right.append(name)
    right = draw(st.permutations(right))
    written = []
    while right:
        count = draw(st.sampled_from((1, 1, 2, 3)))
        written.append(right[0] if count == 1 else f"({' '.join(right[:count])})")
        right = right[count:]
    if draw(once_in(5)):
        written.insert(draw(st.integers(0, len(written))), "1")
    if sizes and draw(once_in(8)):
        sizes[draw(st.sampled_from(sorted(sizes)))] += 1
    if draw(once_in(12)):
        written.append("elsewhere")
    return {"pattern": f"{' '.join(left)} -> {' '.join(written)}", "sizes": sizes}


@st.composite
def pad_for(draw: st.DrawFn, inputs: Inputs) -> Settings:
    """Pairs for the last dimensions, those that a mode takes or others."""
    mode = draw(st.sampled_from(("constant", "constant", "reflect", "replicate", "circular")))
    n = len(inputs[0].shape)
    fitting = n if mode == "constant" else max(n - draw(st.integers(1, 2)), 1)
    pairs = draw(st.integers(1, n)) if draw(once_in(4)) else fitting
    least = -1 if draw(once_in(3)) else 0
    pad = [draw(st.integers(least, 3)) for _ in range(2 * pairs + draw(once_in(12)))]
    return {"pad": pad, "mode": mode}


@st.composite
def equation_for(draw: st.DrawFn, inputs: Inputs) -> Settings:
    """Letters for inputs, the same for dimensions of the same size, mostly."""
    letters: dict[tuple[int, int], str] = {}
    names = iter("abcdefghijklmnopqrstuvwxyz")
    rows = []
    for x in inputs:
        seen: dict[int, int] = {}
        row = []
        for size in x.shape:
            seen[size] = seen.get(size, 0) + (not draw(once_in(12)))
            key = (size, seen[size])
            if key not in letters or draw(once_in(6)):
                letters[key] = next(names)
            row.append(letters[key])
        rows.append("".join(row))
    if draw(once_in(5)):
        hidden = draw(st.integers(0, 2))
        rows = [f"...{row[hidden:]}" for row in rows]
    every = sorted({letter for row in rows for letter in row} - {"."})
    output = "".join(draw(st.permutations([n for n in every if draw(st.booleans())])))
    dots = "..." if any("." in row for row in rows) else ""
    equation = ",".join(rows)
    if not draw(once_in(5)):
        equation += f"->{dots}{output or ''.join(every[:1])}"
    return {"equation": equation}


@st.composite
def pieces_for(draw: st.DrawFn, inputs: Inputs) -> Settings:
    """Sizes of pieces that make a dimension, or nearly so, or the size of each."""
    axis = draw(st.integers(0, len(inputs[0].shape) - 1))
    size = left = inputs[0].shape[axis]
    if draw(st.booleans()):
        return {"dim": axis, "split_size": draw(st.integers(1, size))}
    pieces = []
    while left and len(pieces) < 4:
        pieces.append(draw(st.integers(1, left)))
        left -= pieces[-1]
    pieces[-1] += left + draw(once_in(8))
    return {"dim": axis - draw(st.sampled_from((0, len(inputs[0].shape)))), "split_size": pieces}


@st.composite
def parts_for(draw: st.DrawFn, inputs: Inputs) -> Settings:
    """Parts of one dimension, or of several, some of them counted from the end."""
    n = len(inputs[0].shape)
    if draw(st.booleans()):
        dim = draw(st.integers(-n, n - 1))
        return {"dim": n if draw(once_in(12)) else dim}
    dims = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3, unique=True))
    found: Settings = {"dim": [dim - draw(st.sampled_from((0, n))) for dim in dims]}
    for name, least in (("start", -3), ("end", -3), ("step", 1)):
        values = [draw(st.integers(least, 4)) for _ in range(len(dims) + draw(once_in(12)))]
        found |= {name: values if draw(st.booleans()) else values[0]}
    if draw(once_in(3)):
        del found["end"]
    return found


SETTINGS: dict[str, Callable[[Inputs], st.SearchStrategy[Settings]]] = {
    "Einsum": equation_for,
    "Expand": size_for,
    "Pad": pad_for,
    "Rearrange": pattern_for,
    "Reduce": lambda inputs: pattern_for(inputs, dropped=True),
    "Repeat": lambda inputs: pattern_for(inputs, new=True),
    "Reshape": shape_for,
    "Slice": parts_for,
    "Split": pieces_for,
}
"""Kinds that refuse most settings of random values, and settings of theirs that fit inputs."""
