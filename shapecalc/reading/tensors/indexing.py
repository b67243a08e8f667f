"""Indices of tensors: places, slices, new dimensions, and lists or tensors of places."""

from __future__ import annotations

from typing import Any

from shapecalc.layers.joining import broadcast
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import Raised
from shapecalc.reading.tensors.assigned import put_together
from shapecalc.reading.tensors.numbers import are_known, as_type, is_small, stretched
from shapecalc.reading.tensors.traced import TensorValue, constant


class Indexing:
    """The part of the runtime that takes tensors apart."""

    approximates: Any
    cannot: Any
    current: Any
    error: Any
    opaque: Any
    put: Any
    require: Any
    tensor_number: Any

    def select(self, value: TensorValue, dim: int, index: int) -> TensorValue:
        """One place of a dimension."""
        size = value.shape[dim]
        if not -size <= index < size:
            message = f"index {index} is out of bounds for dimension {dim} with size {size}"
            raise self.error("IndexError", message)
        if value.data is not None and len(value.shape) == 1:
            found = constant(value.data[index], value.dtype)
            if not value.is_array:  # of which numpy gives a number of its own
                found.sees(value)
            return found
        return self.put("Select", [value], {"dim": dim, "index": index})

    def tensor_index(self, value: TensorValue, index: Any) -> Any:
        """``tensor[index]``: places, slices, new dimensions and lists of places."""
        parts = list(index) if isinstance(index, tuple) else [index]
        parts = [plain(each) for each in parts]
        taken = sum(
            1 if not isinstance(each, TensorValue) or each.dtype != "bool" else len(each.shape)
            for each in parts
            if each is not None and each is not Ellipsis and not isinstance(each, bool)
        )
        if taken > len(value.shape):
            message = f"too many indices for tensor of dimension {len(value.shape)}"
            raise self.error("IndexError", message)
        if not any(each is Ellipsis for each in parts):
            parts.append(Ellipsis)
        at = next(n for n, each in enumerate(parts) if each is Ellipsis)
        parts[at : at + 1] = [slice(None)] * (len(value.shape) - taken)
        lists = [e for e in parts if isinstance(e, (list, TensorValue)) and not _is_scalar(e)]
        if lists:
            return self.gather(value, parts)
        dim, found = 0, value
        slices: list[tuple[int, slice]] = []
        for each in parts:
            if each is None:
                found = self.sliced(found, slices)
                slices = []
                found = self.put("Unsqueeze", [found], {"dim": dim})
                dim += 1
            elif isinstance(each, slice):
                slices.append((dim, each))
                dim += 1
            elif isinstance(each, (int, TensorValue)) and not isinstance(each, bool):
                found = self.sliced(found, slices)
                slices = []
                number = self.tensor_number(each) if isinstance(each, TensorValue) else each
                found = self.select(found, dim, number)
            else:
                raise self.error("TypeError", f"a tensor cannot be indexed with {each!r}")
        return self.sliced(found, slices)

    def sliced(self, value: TensorValue, slices: list[tuple[int, slice]]) -> TensorValue:
        """Parts of dimensions; one that is taken whole is not mentioned."""
        for dim, each in slices:
            size = value.shape[dim]
            start, stop, step = (plain(part) for part in (each.start, each.stop, each.step))
            for part in (start, stop, step):
                if part is not None and not isinstance(part, (int, TensorValue)):
                    raise self.error("TypeError", "slice indices must be integers or None")
            start, stop, step = (
                self.tensor_number(p) if isinstance(p, TensorValue) else p
                for p in (start, stop, step)
            )
            if start is not None and start <= -size:
                start = None
            if stop is not None and stop >= size:
                stop = None
            if start in (None, 0) and stop is None and step in (None, 1):
                continue
            if value.data is not None and len(value.shape) == 1:
                data = value.data[slice(start, stop, step)]
                part = TensorValue((len(data),), value.dtype)
                part.data = data
                part.sees(value)
                value = part
                continue
            length = len(range(*slice(start, stop, step).indices(int(size))))
            if length == 0:
                shape = list(value.shape)
                shape[dim] = 0
                value = TensorValue(tuple(shape), value.dtype)
                continue
            settings: dict[str, Any] = {"dim": dim}
            for name, part in (("start", start), ("end", stop), ("step", step)):
                if part not in (None, 0 if name == "start" else None):
                    settings[name] = part
            value = self.put("Slice", [value], settings)
        return value

    def gather(self, value: TensorValue, parts: list[Any]) -> TensorValue:
        """Places that lists or tensors of integers name, or that masks take if it is known."""
        parts = [_places(each) for each in parts]
        for each in parts:
            if isinstance(each, TensorValue) and each.dtype == "bool":
                raise self.cannot("how many places a mask takes depends on what it holds")
        at = [n for n, e in enumerate(parts) if isinstance(e, (list, TensorValue))]
        shapes = [_shape_of(parts[n]) for n in at]
        if (
            len(at) == 1
            and isinstance(parts[at[0]], list)
            and all(isinstance(e, int) for e in parts[at[0]])
        ):
            rest = [slice(None) if n == at[0] else e for n, e in enumerate(parts)]
            dim = sum(1 for e in rest[: at[0]] if not isinstance(e, int))
            size = value.shape[at[0]] if None not in parts else value.shape[dim]
            places = [int(e) % int(size) for e in parts[at[0]]]
            found = self.tensor_index(value, tuple(rest))
            return self.put("IndexSelect", [found], {"dim": dim, "index": places})
        if len(at) == 1 and isinstance(parts[at[0]], TensorValue):
            rest = [slice(None) if n == at[0] else e for n, e in enumerate(parts)]
            found = self.tensor_index(value, tuple(rest))
            dim = sum(1 for e in rest[: at[0]] if not isinstance(e, int))
            index = parts[at[0]]
            if index.dtype in FLOATS:
                raise self.error(
                    "IndexError", "tensors used as indices must be long, int, byte or bool tensors"
                )
            return self.put("Index", [found, index], {"dim": dim})
        shape = list(broadcast(shapes))
        together = at == list(range(at[0], at[-1] + 1))
        if together and value.grown is not None and self.are_constant(parts):
            return self.gathered_as_one(value, parts, at, shape)
        rest, dims = [], iter(value.shape)
        place: int | None = None
        for n, each in enumerate(parts):
            if each is None:
                rest.append(1)
                continue
            size = next(dims)
            if n in at or isinstance(each, int):
                if n in at and place is None:
                    place = len(rest)
            elif isinstance(each, slice):
                rest.append(len(range(*each.indices(int(size)))) if each != slice(None) else size)
        where = place if together and place is not None else 0
        made = [*rest[:where], *shape, *rest[where:]]
        indices = [parts[n] for n in at if isinstance(parts[n], TensorValue)]
        return self.opaque(
            [value, *[e for e in indices if e.source is not None]], made, value.dtype, "indexing"
        )

    def are_constant(self, parts: list[Any]) -> bool:
        """Whether all tensors among indices are constants."""
        return all(each.is_constant for each in parts if isinstance(each, TensorValue))

    def gathered_as_one(
        self, value: TensorValue, parts: list[Any], at: list[int], shape: list[Any]
    ) -> TensorValue:
        """Places of several dimensions of a weight, as places of one: its elements in a row."""
        before = sum(each is not None for each in parts[: at[0]])
        settings = {"start_dim": before, "end_dim": before + len(at) - 1}
        flat = self.put("Flatten", [value], settings)
        places = TensorValue(tuple(shape), "int64")
        return self.tensor_index(flat, (*parts[: at[0]], places, *parts[at[-1] + 1 :]))

    def tensor_store(self, value: TensorValue, index: Any, item: Any) -> None:
        """``tensor[index] = item``: the elements change, the shape does not."""
        before = value.snapshot()
        for each in _one_by_one(index) if isinstance(plain(item), (int, float)) else [index]:
            value.data = None if value.data is None else self.stored_numbers(value, each, item)
        if self.current is None or not isinstance(item, TensorValue) or item.is_constant:
            if self.current is not None and not value.is_constant:
                self.approximates("assignment to a part of a tensor is left out")
            if isinstance(item, TensorValue) and _is_of_slices(index):
                self.fits_part(self.shape_of_part(value, index), item.shape)
            return
        if value.is_constant or value.source is not None:
            parts = index if isinstance(index, tuple) else (index,)
            if not any(map(self.is_mask, parts)):
                part = self.shape_of_part(value, index)
                from shapecalc.layers.arithmetic import Add

                sides = [Tensor(part, item.dtype), item.tensor]
                self.require("Add", Add(), sides, [value, item], None)
            assigned = put_together(self, value, before, index, item)
            if assigned is not None:
                value.become(assigned.joined(self))
                value.assigned = assigned
                return
            made = self.opaque(
                [value, item], value.shape, value.dtype, "assignment to a part of a tensor"
            )
            value.become(made)

    def stored_numbers(self, value: TensorValue, index: Any, item: Any) -> list[Any] | None:
        """All numbers of a tensor after ``tensor[index] = item``, where they are known."""
        item = plain(item)
        given = item if isinstance(item, TensorValue) else constant(item, value.dtype)
        is_number = isinstance(item, (int, float))
        if not _is_of_slices(index) or not (is_number or are_known([given])):
            return None
        if not is_small(value.shape):
            return None
        at = TensorValue(value.shape, "int64")
        at.data = list(range(len(value.data)))
        current, self.current = self.current, None
        try:
            part = self.tensor_index(at, index)
        finally:
            self.current = current
        if part.data is None:
            return None
        while len(given.shape) > len(part.shape) and given.shape[0] == 1:
            given = self.select(given, 0, 0)
        if any(size not in (1, part.shape[-n]) for n, size in enumerate(given.shape[::-1], 1)):
            return None
        numbers = list(value.data)
        for place, number in zip(part.data, stretched(given, part.shape)):
            numbers[place] = number
        return as_type(numbers, value.dtype)

    def fits_part(self, part: Any, shape: Any) -> None:
        """Whether what is assigned is as large as the part that it is assigned to."""
        for n in range(1, 1 + min(len(part), len(shape))):
            if shape[-n] not in (1, part[-n]):
                raise self.error(
                    "RuntimeError",
                    f"The expanded size of the tensor ({part[-n]}) must match the existing size "
                    f"({shape[-n]}): {_listed(shape)} is assigned to a part of {_listed(part)}",
                )

    def is_mask(self, index: Any) -> bool:
        """Whether an index is true or false of each place."""
        is_mask = isinstance(index, TensorValue) and index.dtype == "bool"
        return is_mask and (index.data is None or len(index.shape) > 1)

    def masked_store(self, value: Any, mask: TensorValue, other: Any) -> None:
        """``value[mask] = other[mask]``: at each place the element of the one or of the other."""
        if not isinstance(value, TensorValue) or not isinstance(other, TensorValue):
            raise self.cannot("how many places a mask takes depends on what it holds")
        value.data = None
        if self.current is None or (value.is_constant and other.is_constant):
            return
        from shapecalc.reading.functions import OPERATIONS

        while len(mask.shape) < max(len(value.shape), len(other.shape)):
            mask = OPERATIONS["Tensor.unsqueeze"].run(self, mask, -1)
        value.become(OPERATIONS["torch.where"].run(self, mask, other, value))

    def shape_of_part(self, value: TensorValue, index: Any) -> Any:
        """The shape of ``tensor[index]``, without an entry for it."""
        current, self.current = self.current, None
        try:
            return self.tensor_index(TensorValue(value.shape, value.dtype), index).shape
        except Raised:
            raise
        finally:
            self.current = current


def _is_scalar(value: Any) -> bool:
    return isinstance(value, TensorValue) and value.shape == () and value.data is not None


def _one_by_one(index: Any) -> list[Any]:
    """The indices that one with a list means, of places or of whether each is taken."""
    parts = index if isinstance(index, tuple) else (index,)
    at = next((n for n, each in enumerate(parts) if isinstance(each, list)), None)
    if at is None:
        return [index]
    return [(*parts[:at], place, *parts[at + 1 :]) for place in _places(parts[at])]


def _places(index: Any) -> Any:
    """The places that are true in a mask of one dimension, where they are known; else the index."""
    held = index
    if isinstance(index, TensorValue) and index.dtype == "bool" and len(index.shape) == 1:
        held = index.data
    known = [plain(each) for each in held] if isinstance(held, list) else []
    if not known or not all(isinstance(each, bool) for each in known):
        return index
    return [n for n, is_taken in enumerate(known) if is_taken]


def _is_of_slices(index: Any) -> bool:
    """Whether an index takes a part that is known without what a tensor holds."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(each, (int, slice)) or each is ... for each in parts)


def _listed(shape: Any) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _shape_of(value: Any) -> Any:
    if isinstance(value, TensorValue):
        return value.shape
    found: list[int] = []
    while isinstance(value, list):
        found.append(len(value))
        value = value[0] if value else None
    return tuple(found)
