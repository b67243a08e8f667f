"""Numbers in a row, as ``arange`` makes them, under whatever views of them: they have a kind.

Other constants stand as zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.reading.evaluator.sizes import told

if TYPE_CHECKING:
    from shapecalc.reading.tensors.traced import TensorValue


class Row(NamedTuple):
    """Numbers along one dimension of a tensor, the same along all others."""

    start: Any
    end: Any
    step: Any
    axis: int = 0


def seen(row: Row, kind: str, x: Sequence[Any], found: Sequence[Any]) -> Row | None:
    """A row that an operation has put from one shape into another; None if it may be none there."""
    if kind in ("Expand", "Tile"):  # new dimensions come first
        axis = row.axis + len(found) - len(x)
        return row._replace(axis=axis) if told(found[axis]) == told(x[row.axis]) else None
    if kind not in ("Unsqueeze", "Squeeze", "Reshape", "To"):
        return None
    (axis, *more), own = _wide(found) or [0], [told(x[n]) for n in _wide(x)]
    if more or own != [told(x[row.axis])] or own != [told(found[axis])]:
        return None  # which dimension is whose is not plain
    return row._replace(axis=axis)


def leaves(kind: str) -> bool:
    """Whether an operation makes no new numbers of those that it takes."""
    return kind in _MOVING


_MOVING = frozenset(
    (
        *("Unsqueeze", "Squeeze", "Reshape", "Flatten", "Unflatten", "Expand", "Tile", "Slice"),
        *("Select", "Permute", "Transpose", "Chunk", "Split", "Concat", "Stack", "Flip", "Roll"),
        "RepeatInterleave",
    )
)


def moved(row: Row | None, word: str, number: Any, *, is_reversed: bool) -> Row | None:
    """A row to which a number is added, or from which one is taken; None where it is no row."""
    if row is None or type(number) is not int or word not in ("+", "-"):
        return None
    if word == "-" and (is_reversed or number > row.start):
        return None
    by = number if word == "+" else -number
    return row._replace(start=row.start + by, end=row.end + by) if row.start + by >= 0 else None


def _wide(shape: Sequence[Any]) -> list[int]:
    """The dimensions of a shape that are not 1, whatever the batch."""
    return [n for n, size in enumerate(shape) if type(size) is not int or size != 1]


def entry(rt: Any, value: TensorValue) -> TensorValue:
    """The entries that put out a row of a tensor's shape; the last of them."""
    row = value.row
    assert row is not None
    settings = {"end": row.end, "start": row.start, "step": row.step, "dtype": value.dtype}
    (found,) = rt.add("Arange", [], settings).values()
    for _ in value.shape[row.axis + 1 :]:
        (found,) = rt.add("Unsqueeze", [found], {"dim": -1}).values()
    for _ in value.shape[: row.axis]:
        (found,) = rt.add("Unsqueeze", [found], {"dim": 0}).values()
    if [*map(told, found.shape)] != [*map(told, value.shape)]:
        (found,) = rt.add("Expand", [found], {"size": list(value.shape)}).values()
    made: TensorValue = found
    return made
