"""The numbers that operations on small constants give, in the order in which torch keeps them.

Most operations only take numbers to other places. Where each comes from is told by the distances
that a step along each dimension goes: :func:`places` adds them up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from shapecalc.layers import Layer
from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.tensors.traced import MOST_KNOWN, TensorValue

prod: Any = math.prod

Offsets = list[list[int]]
"""For each dimension of what comes out, how far its places are from the first number."""

_AS_THEY_ARE = ("Flatten", "Reshape", "Squeeze", "Unflatten", "Unsqueeze")
"""The kinds that change nothing but the shape."""

SEEN = (
    *_AS_THEY_ARE,
    "Chunk",
    "Expand",
    "Permute",
    "Select",
    "Slice",
    "Split",
    "Transpose",
    "Unbind",
)
"""The kinds that give another view of the numbers in the memory of what comes in."""

FUNCTIONS: dict[str, Any] = {
    "Abs": abs,
    "Neg": lambda v: -v,
    "Round": lambda v: float(round(v)),
    "Floor": lambda v: float(math.floor(v)),
    "Ceil": lambda v: float(math.ceil(v)),
    "Sqrt": math.sqrt,
    "Exp": math.exp,
    "Log": math.log,
    "Square": lambda v: v * v,
    "Reciprocal": lambda v: 1 / v,
    "Sign": lambda v: (v > 0) - (v < 0),
    "LogicalNot": lambda v: not v,
}
"""What functions do to the numbers of a small constant."""

REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "Sum": sum,
    "Mean": lambda numbers: sum(numbers) / len(numbers),
    "Max": max,
    "Min": min,
}
"""What reductions make of the numbers of a small constant."""


def is_small(shape: Sequence[Any]) -> bool:
    """Whether the numbers of a shape are few enough to be kept, and no symbol tells how many."""
    return not any(isinstance(size, Size) for size in shape) and prod(shape) <= MOST_KNOWN


def are_known(inputs: Sequence[TensorValue]) -> bool:
    """Whether the numbers of all tensors are, and there are any."""
    return bool(inputs) and all(each.data is not None and is_small(each.shape) for each in inputs)


def places(offsets: Offsets) -> list[int]:
    """The places that steps along all dimensions lead to, the last dimension first."""
    found = [0]
    for each in offsets:
        found = [place + step for place in found for step in each]
    return found


def offsets_of(shape: Sequence[int]) -> Offsets:
    """How far the places of each dimension of a tensor are from its first number."""
    found: Offsets = []
    step = 1
    for size in reversed(shape):
        found.insert(0, [n * step for n in range(size)])
        step *= size
    return found


def stretched(x: TensorValue, shape: Sequence[int]) -> list[Any]:
    """The numbers of a tensor where it is broadcast to a shape."""
    offsets = offsets_of([*[1] * (len(shape) - len(x.shape)), *x.shape])
    wide = [each * size if len(each) == 1 else each for each, size in zip(offsets, shape)]
    return [x.data[place] for place in places(wide)]


def reduced(reduce: Callable[[list[Any]], Any], x: TensorValue, dims: Sequence[int]) -> list[Any]:
    """What is made of the numbers along dimensions, for each place of the others."""
    offsets = offsets_of(x.shape)
    gone = {dim % len(x.shape) for dim in dims} if x.shape else set()
    kept = places([each for n, each in enumerate(offsets) if n not in gone])
    inside = places([each for n, each in enumerate(offsets) if n in gone])
    return [reduce([x.data[start + place] for place in inside]) for start in kept]


def triangle(x: TensorValue, diagonal: int, is_upper: bool) -> list[Any]:
    """The numbers of matrices on one side of a diagonal, and zeros on the other."""
    width, height = x.shape[-1], x.shape[-2]
    return [
        each if (n % width - n // width % height - diagonal) * (1 if is_upper else -1) >= 0 else 0
        for n, each in enumerate(x.data)
    ]


def know(
    kind: str, layer: Layer, inputs: Sequence[TensorValue], outputs: dict[str, TensorValue]
) -> None:
    """Keep the numbers that an operation on tensors of known numbers puts out, where it can be."""
    x = inputs[0]
    if kind in SEEN:
        for each in outputs.values():
            each.sees(x)
    if not all(is_small(each.shape) for each in outputs.values()):
        return
    for n, found in enumerate(outputs.values()):
        try:
            numbers = _numbers(kind, layer, inputs, found, n)
        except (ArithmeticError, IndexError, TypeError, ValueError):
            numbers = None
        if numbers is not None and len(numbers) == prod(found.shape):
            found.numbers = numbers


def _numbers(
    kind: str, layer: Layer, inputs: Sequence[TensorValue], found: TensorValue, n: int
) -> list[Any] | None:
    """The numbers of the ``n``-th tensor that an operation puts out; None if it is not known."""
    x = inputs[0]
    data: list[Any] = x.data
    if kind in _AS_THEY_ARE:
        return data
    if kind == "To":
        return as_type(data, found.dtype)
    if kind in FUNCTIONS:
        return [FUNCTIONS[kind](each) for each in data]
    if kind in REDUCTIONS:
        dim = layer.__dict__["dim"]
        return reduced(REDUCTIONS[kind], x, [dim] if isinstance(dim, int) else dim)
    if kind == "Expand":
        return stretched(x, found.shape)
    if kind in ("Concat", "Stack"):
        return _joined(layer.__dict__["dim"], inputs, found, kind == "Stack")
    offsets = _moved(kind, layer.__dict__, inputs, found, n)
    return None if offsets is None else [data[place] for place in places(offsets)]


def as_type(numbers: list[Any], dtype: str) -> list[Any] | None:
    """Numbers as those of another element type, None where it has none of them.

    A size stays what it is, so that its symbols do, where it is not asked whether it is zero.
    """
    kind: Any = bool if dtype == "bool" else float if dtype in FLOATS else int
    try:
        return [
            each if isinstance(each, Size) and kind is not bool else kind(each) for each in numbers
        ]
    except (OverflowError, TypeError, ValueError):
        return None


def _moved(
    kind: str, told: dict[str, Any], inputs: Sequence[TensorValue], found: TensorValue, n: int
) -> Offsets | None:
    """How far the numbers that come out are from the first one that came in."""
    x = inputs[0]
    offsets = offsets_of(x.shape)
    if kind == "Permute":
        return [offsets[dim] for dim in told["dims"]]
    if kind == "Transpose":
        a, b = told["dim0"], told["dim1"]
        offsets[a], offsets[b] = offsets[b], offsets[a]
        return offsets
    if kind == "Flip":
        for dim in told["dims"]:
            offsets[dim] = offsets[dim][::-1]
        return offsets
    if kind == "Tile":
        dims = told["dims"]
        offsets = [*[[0] for _ in range(len(dims) - len(offsets))], *offsets]
        dims = [*[1] * (len(offsets) - len(dims)), *dims]
        return [each * count for each, count in zip(offsets, dims)]
    dim = told.get("dim")
    if not isinstance(dim, int) or len(inputs) > 2:
        return None
    taken = _taken(kind, told, inputs, found, n, offsets[dim])
    if taken is None:
        return None
    dim %= len(offsets)
    return [*offsets[:dim], *taken, *offsets[dim + 1 :]]


def _taken(
    kind: str,
    told: dict[str, Any],
    inputs: Sequence[TensorValue],
    found: TensorValue,
    n: int,
    along: list[int],
) -> Offsets | None:
    """What is taken of the places along one dimension, as none, one or more dimensions."""
    if kind == "Select":
        return [[along[told["index"]]]]
    if kind == "Unbind":
        return [[along[n]]]
    if kind == "Slice":
        return [along[told["start"] : told["end"] : told["step"]]]
    if kind == "IndexSelect":
        return [[along[place] for place in told["index"]]]
    if kind == "Index" and len(inputs) == 2:
        return [[along[int(place)] for place in inputs[1].data]]
    if kind == "RepeatInterleave":
        return [[each for each in along for _ in range(told["repeats"])]]
    if kind in ("Split", "Chunk"):
        size = told.get("split_size")
        if isinstance(size, (list, tuple)):
            start, length = sum(size[:n]), size[n]
        else:
            length = size if size is not None else -(-len(along) // told["chunks"])
            start = n * length
        return [along[start : start + length]]
    return None


def _joined(dim: int, inputs: Sequence[TensorValue], found: TensorValue, is_new: bool) -> list[Any]:
    """The numbers of tensors one behind the other along a dimension."""
    dim %= len(found.shape)
    before = prod(found.shape[:dim])
    rows = [prod(each.shape[dim:]) for each in inputs]
    return [
        number
        for n in range(before)
        for each, length in zip(inputs, rows)
        for number in each.data[n * length : (n + 1) * length]
    ]
