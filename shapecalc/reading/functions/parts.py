"""Parts of tensors: pieces, places that are taken, and tensors that places make."""

from __future__ import annotations

import itertools
from typing import Any

from shapecalc.layers.tensor import BYTES
from shapecalc.reading.functions.base import OPERATIONS, listed, number, numbers, prod, tensor
from shapecalc.reading.functions.shapes import flatten
from shapecalc.reading.tensors.numbers import are_known, is_small, stretched
from shapecalc.reading.tensors.traced import MOST_KNOWN, Op, TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function


def _pieces(rt: Any, x: TensorValue, dim: int, sizes: list[Any]) -> tuple[TensorValue, ...]:
    """Parts of a dimension, one behind the other."""
    if x.data is not None and len(x.shape) == 1:
        found, at = [], 0
        for size in sizes:
            part = TensorValue((size,), x.dtype)
            part.data = x.data[at : at + size]
            part.sees(x)
            found.append(part)
            at += size
        return tuple(found)
    if len(sizes) == 1:
        return (x,)
    even = len(set(map(int, sizes[:-1]))) == 1 and sizes[-1] <= sizes[0]
    wanted = sizes[0] if even else list(sizes)
    return tuple(rt.add("Split", [x], {"dim": dim, "split_size": wanted}).values())


@operation("torch.chunk", "Tensor.chunk")
def _chunk(rt: Any, x: Any, chunks: int, dim: int = 0) -> Any:
    x = tensor(rt, x)
    dim = dim % len(x.shape)
    if (x.data is not None and len(x.shape) == 1) or number(rt, chunks) == 1:
        return _pieces(rt, x, dim, _even(x.shape[dim], -(-x.shape[dim] // chunks)))
    return tuple(rt.add("Chunk", [x], {"chunks": number(rt, chunks), "dim": dim}).values())


def _even(size: Any, each: Any) -> list[Any]:
    count = -(-int(size) // int(each))
    return [each] * (count - 1) + [size - each * (count - 1)]


@operation("torch.split", "Tensor.split", "torch.split_with_sizes", "Tensor.split_with_sizes")
def _split(
    rt: Any, x: Any, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None
) -> Any:
    x = tensor(rt, x)
    wanted = split_size_or_sections if split_size is None else split_size
    dim = dim % len(x.shape)
    size = x.shape[dim]
    if isinstance(wanted, (list, tuple)):
        sizes = numbers(rt, [wanted])
        if sum(sizes) != size:
            message = "split_with_sizes expects split_sizes to sum exactly to "
            message += (
                f"{size} (input tensor's size at dimension {dim}), but got split_sizes={sizes}"
            )
            raise rt.error("RuntimeError", message)
        return _pieces(rt, x, dim, sizes)
    wanted = number(rt, wanted)
    if not isinstance(wanted, int) or wanted <= 0:
        raise rt.error(
            "RuntimeError", f"split expects split_size be positive, but got {rt.shown(wanted)}"
        )
    count = -(-int(size) // int(wanted))
    if count > MOST_KNOWN:
        raise rt.cannot(f"{count} parts of a tensor")
    sizes = [wanted] * (count - 1) + [size - wanted * (count - 1)]
    return _pieces(rt, x, dim, sizes)


@operation("torch.tensor_split", "Tensor.tensor_split")
def _tensor_split(
    rt: Any,
    x: TensorValue,
    indices_or_sections: Any = None,
    dim: int = 0,
    *,
    indices: Any = None,
    sections: Any = None,
) -> Any:
    found = (each for each in (indices_or_sections, indices, sections) if each is not None)
    wanted = next(found)
    size = x.shape[dim]
    if isinstance(wanted, int):
        if wanted > MOST_KNOWN:
            raise rt.cannot(f"{wanted} parts of a tensor")
        small, more = size // wanted, int(size) % wanted
        return _pieces(rt, x, dim % len(x.shape), [small + (n < more) for n in range(wanted)])
    ends = [0, *numbers(rt, [wanted]), size]
    return _pieces(rt, x, dim % len(x.shape), [b - a for a, b in itertools.pairwise(ends)])


@operation("torch.flip", "Tensor.flip", "torch.fliplr", "torch.flipud")
def _flip(rt: Any, x: Any, *dims: Any) -> Any:
    x = tensor(rt, x)
    if x.data is not None and len(x.shape) == 1:
        return listed(x.data[::-1], x.dtype)
    return rt.put("Flip", [x], {"dims": numbers(rt, dims) if dims else [0]})


@operation("torch.repeat_interleave", "Tensor.repeat_interleave")
def _repeat_interleave(rt: Any, x: Any, repeats: Any, dim: Any = None, **kwargs: Any) -> Any:
    x, repeats = tensor(rt, x), number(rt, repeats)
    if x.data is not None and len(x.shape) == 1 and len(x.data) * repeats <= MOST_KNOWN:
        return listed([each for each in x.data for _ in range(repeats)], x.dtype)
    if dim is None:
        x, dim = flatten(rt, x), 0
    return rt.put("RepeatInterleave", [x], {"repeats": repeats, "dim": dim})


@operation("torch.unique", "Tensor.unique", "torch.unique_consecutive")
def _unique(rt: Any, x: TensorValue, *args: Any, **kwargs: Any) -> Any:
    if x.data is None or len(x.shape) != 1:
        raise rt.cannot("how many different numbers a tensor holds is not known")
    values = sorted(set(x.data))
    found = [listed(values, x.dtype)]
    if kwargs.get("return_inverse"):
        found.append(listed([values.index(each) for each in x.data], "int64"))
    if kwargs.get("return_counts"):
        found.append(listed([x.data.count(each) for each in values], "int64"))
    return found[0] if len(found) == 1 else tuple(found)


@operation("torch.unbind", "Tensor.unbind")
def _unbind(rt: Any, x: Any, dim: int = 0) -> Any:
    x = tensor(rt, x)
    if x.data is not None and len(x.shape) == 1:
        return tuple(rt.tensor_items(x))
    return tuple(rt.add("Unbind", [x], {"dim": dim}).values())


def _axis_split(axis: int) -> Any:
    def run(rt: Any, x: TensorValue, wanted: Any) -> Any:
        along = 0 if axis == 1 and len(x.shape) == 1 else axis
        return _tensor_split(rt, x, wanted, along)

    return run


for _name, _axis in (("vsplit", 0), ("hsplit", 1), ("dsplit", 2)):
    operation(f"torch.{_name}", f"Tensor.{_name}")(_axis_split(_axis))


@operation("torch.narrow", "Tensor.narrow")
def _narrow(rt: Any, x: TensorValue, dim: int, start: int, length: int) -> Any:
    return rt.sliced(x, [(dim % len(x.shape), slice(start, start + length))])


@operation("torch.select", "Tensor.select")
def _select(rt: Any, x: TensorValue, dim: int, index: int) -> Any:
    return rt.select(x, dim, index)


@operation("torch.index_select", "Tensor.index_select")
def _index_select(rt: Any, x: TensorValue, dim: int, index: Any) -> Any:
    if isinstance(index, TensorValue) and index.data is not None:
        return rt.put("IndexSelect", [x], {"dim": dim, "index": [int(n) for n in index.data]})
    shape = list(x.shape)
    shape[dim] = prod(index.shape)
    return rt.opaque([x, index], shape, x.dtype, "index_select")


@operation("torch.gather", "Tensor.gather", "torch.take_along_dim")
def _gather(rt: Any, x: TensorValue, dim: int, index: TensorValue) -> Any:
    return rt.opaque([x, index], index.shape, x.dtype, "gather")


@operation(
    "Tensor.scatter",
    "torch.scatter",
    "Tensor.scatter_add",
    "torch.scatter_add",
    "Tensor.index_add",
    "Tensor.scatter_reduce",
)
def _scatter(rt: Any, x: TensorValue, *args: Any, **kwargs: Any) -> Any:
    others = [a for a in args if isinstance(a, TensorValue)]
    return rt.opaque([x, *others], x.shape, x.dtype, "scatter")


@operation("Tensor.unfold")
def _tensor_unfold(rt: Any, x: TensorValue, dimension: int, size: int, step: int) -> Any:
    shape = list(x.shape)
    shape[dimension] = (shape[dimension] - size) // step + 1
    return rt.opaque([x], [*shape, size], x.dtype, "Tensor.unfold")


@operation("torch.as_strided", "Tensor.as_strided")
def _as_strided(rt: Any, x: TensorValue, size: Any, stride: Any, storage_offset: Any = None) -> Any:
    return rt.opaque([x], numbers(rt, [list(rt.iterate(size))]), x.dtype, "as_strided")


@operation("torch.meshgrid")
def _meshgrid(rt: Any, *tensors: Any, indexing: Any = None) -> Any:
    found = (
        list(tensors[0])
        if len(tensors) == 1 and isinstance(tensors[0], (list, tuple))
        else list(tensors)
    )
    shape = [prod(each.shape) for each in found]
    if indexing == "xy" and len(shape) > 1:
        shape[:2] = shape[1::-1]
    made = tuple(rt.opaque([each], shape, each.dtype, "meshgrid") for each in found)
    if are_known(found) and is_small(shape):
        for n, (each, grid) in enumerate(zip(found, made)):
            axis = 1 - n if indexing == "xy" and len(shape) > 1 and n < 2 else n
            sizes = [1] * len(shape)
            sizes[axis] = shape[axis]
            line = TensorValue(tuple(sizes), each.dtype)
            line.data = each.data
            grid.data = stretched(line, shape)
    return made


@operation("torch.diff", "Tensor.diff")
def _diff(
    rt: Any, x: TensorValue, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Any:
    joined = [each for each in (prepend, x, append) if each is not None]
    if len(joined) > 1:
        x = rt.put("Concat", joined, {"dim": dim})
    if x.data is not None and n == 1 and len(x.shape) == 1:
        found = TensorValue((len(x.data) - 1,), x.dtype)
        found.data = [b - a for a, b in itertools.pairwise(x.data)]
        return found
    shape = list(x.shape)
    shape[dim] -= n
    return rt.opaque([x], shape, x.dtype, "diff")


@operation("torch.diagonal", "Tensor.diagonal")
def _diagonal(
    rt: Any, x: TensorValue, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> TensorValue:
    n = len(x.shape)
    first, second = dim1 % n, dim2 % n
    rest = [size for axis, size in enumerate(x.shape) if axis not in (first, second)]
    length = min(x.shape[first] + min(offset, 0), x.shape[second] - max(offset, 0))
    return rt.opaque([x], [*rest, length], x.dtype, "diagonal")


@operation("torch.diag", "Tensor.diag")
def _diag(rt: Any, x: TensorValue, diagonal: int = 0) -> TensorValue:
    if len(x.shape) == 1:
        size = x.shape[0] + abs(diagonal)
        return rt.opaque([x], [size, size], x.dtype, "diag")
    return _diagonal(rt, x, diagonal)


@operation("torch.diag_embed", "Tensor.diag_embed")
def _diag_embed(
    rt: Any, x: TensorValue, offset: int = 0, dim1: int = -2, dim2: int = -1
) -> TensorValue:
    n = len(x.shape) + 1
    shape, size = list(x.shape[:-1]), x.shape[-1] + abs(offset)
    for axis in sorted((dim1 % n, dim2 % n)):
        shape.insert(axis, size)
    return rt.opaque([x], shape, x.dtype, "diag_embed")


@operation("torch.trace", "Tensor.trace")
def _trace(rt: Any, x: TensorValue) -> TensorValue:
    return rt.put("Sum", [_diagonal(rt, x)], {"dim": 0})


@operation("torch.take", "Tensor.take")
def _take(rt: Any, x: TensorValue, index: TensorValue) -> TensorValue:
    return rt.opaque([x, index], index.shape, x.dtype, "take")


_SQUARE = "inverse pinverse cholesky cholesky_inverse matrix_exp matrix_power"

for _name in _SQUARE.split():

    @operation(f"torch.{_name}", f"Tensor.{_name}", f"torch.linalg.{_name}")
    def _of_matrix(rt: Any, x: TensorValue, *more: Any, _name: str = _name, **kwargs: Any) -> Any:
        turned = [*x.shape[:-2], x.shape[-1], x.shape[-2]]
        return rt.opaque([x], turned, x.dtype, _name)


operation("torch.linalg.inv", "torch.linalg.pinv")(_of_matrix)


@operation("torch.det", "Tensor.det", "torch.logdet", "Tensor.logdet", "torch.linalg.det")
def _det(rt: Any, x: TensorValue) -> TensorValue:
    return rt.opaque([x], x.shape[:-2], x.dtype, "det")


@operation("torch.cdist", "Tensor.cdist")
def _cdist(rt: Any, a: TensorValue, b: TensorValue, p: Any = 2.0, **kwargs: Any) -> TensorValue:
    return rt.opaque([a, b], [*a.shape[:-1], b.shape[-2]], a.dtype, "cdist")


@operation("torch.cross", "Tensor.cross", "torch.linalg.cross")
def _cross(rt: Any, a: TensorValue, b: TensorValue, *more: Any, **kwargs: Any) -> TensorValue:
    rt.approximates("a cross product stands as a product")
    return rt.tensor_operator("*", a, b)


@operation("torch.multinomial", "Tensor.multinomial")
def _multinomial(rt: Any, x: TensorValue, num_samples: int, *more: Any, **kwargs: Any) -> Any:
    return rt.opaque([x], [*x.shape[:-1], num_samples], "int64", "multinomial")


@operation("torch.equal", "Tensor.equal", "torch.allclose", "Tensor.allclose")
def _equal(rt: Any, a: Any, b: Any, *more: Any, **kwargs: Any) -> TensorValue:
    return TensorValue((), "bool")


@operation("torch.positive", "torch.atleast_1d", "torch.poisson")
def _as_it_is(rt: Any, x: TensorValue, *more: Any) -> TensorValue:
    return x


operation("Tensor.is_contiguous")(lambda rt, x, *more: True)

operation("Tensor.storage_offset")(lambda rt, x, *more: 0)


_VIEWS = ("Expand", "Flatten", "Permute", "Reshape", "Squeeze", "Transpose", "Unsqueeze")


@operation("Tensor.data_ptr")
def _data_ptr(rt: Any, x: TensorValue) -> int:
    """A number of the memory that a tensor and its views are in, which no other tensor has."""
    while isinstance(x.source, Op) and x.source.kind in _VIEWS:
        x = x.source.inputs[0]
    if isinstance(x.source, Op):
        return id(x.source.outputs[x.output]) * _ALIGNED
    return id(x.source or x.stored or x) * _ALIGNED


_ALIGNED = 64

operation("Tensor.element_size")(lambda rt, x: BYTES[x.dtype])

operation("Tensor.get_device")(lambda rt, x: -1)  # as torch numbers the processor itself


@operation("Tensor.stride")
def _stride(rt: Any, x: TensorValue, dim: Any = None) -> Any:
    """How far elements lie apart, where those of the last dimension are neighbours."""
    steps = tuple(prod(x.shape[n + 1 :]) for n in range(len(x.shape)))
    return steps if dim is None else steps[dim]
