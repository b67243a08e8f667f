"""Parts of a tensor that are assigned one after another: it is a join of them in the end.

So decoders put their steps into a tensor of zeros. As long as nothing has used what came of one
assignment, the next one takes its operations back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.sizes import Size, told
from shapecalc.reading.tensors.traced import Op, TensorValue

MOST_PARTS = 128
"""Of dimensions that are longer no parts are put together."""


class Part(NamedTuple):
    """A part along one dimension; a single place has no dimension of its own."""

    axis: int
    start: int
    stop: int
    is_single: bool


class Assigned:
    """What is assigned to parts of a tensor along one dimension, and what was written for it."""

    def __init__(self, base: TensorValue, axis: int) -> None:
        self.base = base
        self.axis = axis
        self.parts: dict[Part, TensorValue] = {}
        self.made: list[Any] = []
        self.source: Any = None

    def goes_on(self, rt: Any, value: TensorValue, part: Part) -> bool:
        """Whether one more part may be assigned to it, and nothing else has happened meanwhile."""
        is_unused = self.source is value.source and isinstance(self.source, Op)
        is_apart = part in self.parts or all(
            part.stop <= each.start or each.stop <= part.start for each in self.parts
        )
        is_here = is_unused and self.source.uses == 0 and self.source.call is rt.current
        return is_here and self.axis == part.axis and is_apart

    def joined(self, rt: Any) -> TensorValue:
        """The tensor of all parts, and of what it was between them."""
        length, first = self.base.shape[self.axis], len(rt.current.items)
        found: list[TensorValue] = []
        are_single, end = True, 0
        for part in sorted(self.parts):
            if part.start > end:
                found.append(self.kept(rt, end, part.start))
                are_single = False
            found.append(self.parts[part])
            are_single &= part.is_single
            end = part.stop
        if end < length:
            found.append(self.kept(rt, end, length))
            are_single = False
        if len(found) == 1 and not are_single:
            return found[0]
        if not are_single:
            singles = {id(own) for part, own in self.parts.items() if part.is_single}
            found = [
                rt.put("Unsqueeze", [each], {"dim": self.axis}) if id(each) in singles else each
                for each in found
            ]
        kind = "Stack" if are_single else "Concat"
        (made,) = rt.add(kind, found, {"dim": self.axis}).values()
        own = rt.current.items[first:]
        self.made = [op for op in own if isinstance(op, Op) and not op.layer.is_state]
        self.source = made.source
        whole: TensorValue = made
        return whole

    def kept(self, rt: Any, start: int, stop: int) -> TensorValue:
        """What the tensor was in a part."""
        before = [slice(None)] * self.axis
        kept: TensorValue = rt.tensor_index(self.base, (*before, slice(start, stop)))
        return kept


def put_together(
    rt: Any, value: TensorValue, before: TensorValue, index: Any, item: TensorValue
) -> Assigned | None:
    """What a tensor is made of after ``value[index] = item``; None where that is not plain.

    ``before`` is what it was.
    """
    part = _part(value.shape, index)
    if part is None or item.dtype != value.dtype or value.stored is not None:
        return None
    shape = list(value.shape)
    shape[part.axis : part.axis + 1] = [] if part.is_single else [part.stop - part.start]
    if [*map(told, shape)] != [*map(told, item.shape)]:
        return None
    found = value.assigned
    if found is not None and found.goes_on(rt, value, part):
        rt.take_back(found.made)
    else:
        found = Assigned(before, part.axis)
    found.parts[part] = item.snapshot()
    return found


def _part(shape: Sequence[Any], index: Any) -> Part | None:
    """The part that an index means, where it is one along a single dimension."""
    given = [plain(each) for each in (index if isinstance(index, tuple) else (index,))]
    if any(each is None or isinstance(each, (bool, list, TensorValue)) for each in given):
        return None
    if Ellipsis in given:
        at = given.index(Ellipsis)
        given[at : at + 1] = [slice(None)] * (len(shape) - len(given) + 1)
    own = [(axis, each) for axis, each in enumerate(given) if each != slice(None)]
    if not own:  # the whole of it, along any dimension
        own = [(axis, slice(None)) for axis, size in enumerate(shape) if type(size) is int][:1]
    if len(own) != 1 or len(given) > len(shape):
        return None
    (axis, each), length = own[0], shape[own[0][0]]
    if isinstance(length, Size) or length > MOST_PARTS:
        return None
    if isinstance(each, slice):
        start, stop, step = each.indices(int(length))
        return Part(axis, start, stop, False) if step == 1 and start < stop else None
    if not isinstance(each, int) or not -length <= each < length:
        return None
    return Part(axis, each % length, each % length + 1, True)
