"""What torch's functions and a tensor's methods do, as kinds of the catalogue.

Most stand on the kinds themselves, in ``called``; here are those whose arguments decide which kind
it is, or that only code has: sizes of other tensors, weights given by hand, constants.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from shapecalc.language.problem import Mark
from shapecalc.layers import KINDS
from shapecalc.layers.base import Layer
from shapecalc.layers.field import Flag
from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.advice import key_of
from shapecalc.reading.modules import stored
from shapecalc.reading.operators import plain, type_name
from shapecalc.reading.sizes import Size
from shapecalc.reading.tensors import DTYPES, DType, TorchSize, constant, same_source
from shapecalc.reading.trace import Stored, TensorValue
from shapecalc.reading.values import Builtin, CannotRead, Instance, Unknown

OPERATIONS: dict[str, Builtin] = {}
"""Functions by what torch calls them: ``torch.cat``, ``nn.functional.relu``, ``Tensor.view``."""

QUIET = frozenset(
    [
        "contiguous",
        "to",
        "cuda",
        "cpu",
        "detach",
        "clone",
        "requires_grad_",
        "float",
        "half",
        "double",
        "type",
        "float",
        "type_as",
        "bfloat16",
        "to_dense",
        "data",
        "retain_grad",
        "share_memory_",
        "pin_memory",
        "normal_",
        "uniform_",
        "zero_",
        "fill_",
        "copy_",
        "xavier_uniform_",
        "kaiming_normal_",
        "register_hook",
        "trunc_normal_",
        "bernoulli_",
        "exponential_",
        "long",
        "int",
        "bool",
        "positive",
        "resolve_conj",
        "set_",
        "index_fill_",
        "fill_diagonal_",
        "erfinv_",
        "clone_",
    ]
) - {
    "float",
    "half",
    "double",
    "long",
    "int",
    "bool",
    "type",
    "to",
    "bfloat16",
    "type_as",
    "bernoulli_",
}
"""Methods that give back the tensor as it is, as far as shapes go."""


def prod(sizes: Any) -> Any:
    """The product of sizes."""
    return math.prod(sizes)


_DROPPED = ("training", "inplace", "out", "_stacklevel", "generator", "layout", "memory_format")
_SAME = {
    "axis": "dim",
    "keepdims": "keepdim",
    "dim0": "dim0",
    "unbiased": "correction",
    "exponent": "other",
}


def operation(*names: str) -> Callable[[Any], Any]:
    """Make a function known under what torch calls it."""

    def note(run: Any) -> Any:
        for name in names:
            OPERATIONS[name] = Builtin(name, run)
        return run

    return note


def tensor(rt: Any, value: Any, what: str = "a tensor") -> TensorValue:
    """A value that has to be a tensor."""
    if isinstance(value, TensorValue):
        return value
    if isinstance(value, Unknown):
        raise rt.not_known(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return constant(value, "int64" if isinstance(value, int) else "float32")
    raise rt.error("TypeError", f"{what} must be Tensor, not {type_name(value)}")


def number(rt: Any, value: Any) -> Any:
    """A value as a number, where it is one or a tensor that holds a known one."""
    value = plain(value)
    return rt.tensor_number(value) if isinstance(value, TensorValue) else value


def numbers(rt: Any, values: Sequence[Any]) -> list[Any]:
    """Sizes given one by one, or as one list."""
    if len(values) == 1 and isinstance(plain(values[0]), (list, tuple)):
        values = plain(values[0])
    found = [number(rt, each) for each in values]
    for each in found:
        if isinstance(each, Unknown):
            raise rt.not_known(each)
        if not isinstance(each, int):
            raise rt.error(
                "TypeError", f"a size must be an integer, not {type_name(each)}: {rt.shown(each)}"
            )
    return found


# -- what stands on the kinds ------------------------------------------------------------------


def _from_kind(kind: type[Layer], name: str, takes: tuple[str, ...]) -> Builtin:
    least, most = kind.arity
    defaults = {p.partition("=")[0]: p.partition("=")[2] for p in takes if "=" in p}
    names = [p.partition("=")[0] for p in takes]
    star = next((p[1:] for p in names if p.startswith("*") and not p.startswith("**")), None)
    double = next((p[2:] for p in names if p.startswith("**")), None)
    plain_names = [p for p in names if not p.startswith("*")]

    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        inputs: list[TensorValue] = []
        rest = list(args)
        for key in ("input", "x", "self", "tensor", "query", "input1", "x1"):
            if key in kwargs and key not in kind.fields:
                rest.insert(0, kwargs.pop(key))
        for key in ("key", "value", "other", "x2", "input2", "mat2"):
            if key in kwargs and isinstance(kwargs[key], TensorValue) and len(rest) < least + 2:
                rest.append(kwargs.pop(key))
        if most is None and rest and isinstance(rest[0], (list, tuple)):
            inputs = [tensor(rt, each) for each in rest.pop(0)]
        else:
            while (
                rest and (most is None or len(inputs) < most) and isinstance(rest[0], TensorValue)
            ):
                inputs.append(rest.pop(0))
        if len(inputs) < least:
            what = rt.shown(rest[0]) if rest else "nothing"
            if rest and isinstance(rest[0], Unknown):
                raise rt.not_known(rest[0])
            short = name.rpartition(".")[2]
            raise rt.error("TypeError", f"{short}(): argument must be Tensor, not {what}")
        given: dict[str, Any] = {}
        if star is not None and rest:
            taken = plain(rest[0])
            given[star] = (
                list(taken) if len(rest) == 1 and isinstance(taken, (list, tuple)) else rest
            )
            rest = []
        for key, value in zip(plain_names, rest):
            given[key] = value
        if len(rest) > len(plain_names):
            raise rt.error(
                "TypeError", f"{name.rpartition('.')[2]}() takes fewer arguments than given"
            )
        sizes: dict[str, Any] = {}
        for key, value in kwargs.items():
            key = _SAME.get(key, key)
            if key in kind.fields:
                given[key] = value
            elif double is not None:
                sizes[key] = value
        if double is not None and sizes:
            given[double] = sizes
        for key, text in defaults.items():
            given.setdefault(key, int(text))
        settings = {}
        for key, value in given.items():
            if key not in kind.fields:
                continue
            value = plain(value)
            if isinstance(value, TensorValue):
                value = rt.tensor_number(value)
            if isinstance(kind.fields[key].type, Flag):
                value = rt.truth(value)
            if isinstance(value, DType):
                value = DTYPES.get(value.name, value.name)
            if isinstance(value, Unknown):
                raise rt.not_known(value)
            if value is None and kind.fields[key].default is None:
                continue
            settings[key] = (
                [number(rt, v) for v in value] if isinstance(value, (list, tuple)) else value
            )
        known = rt.numbers_of(kind.kind, inputs[0]) if len(inputs) == 1 else None
        return rt.put(kind.kind, inputs, settings) if known is None else known

    return Builtin(name, run)


for _kind in KINDS.values():
    for _name, _takes in _kind.calls():
        OPERATIONS[_name] = _from_kind(_kind, _name, _takes)


# -- shapes ------------------------------------------------------------------------------------


@operation("Tensor.size")
def _size(rt: Any, x: TensorValue, dim: Any = None) -> Any:
    if dim is None:
        return TorchSize(x.shape)
    if not -len(x.shape) <= dim < len(x.shape):
        message = f"Dimension out of range (expected to be in range of [{-len(x.shape)}, "
        raise rt.error("IndexError", f"{message}{len(x.shape) - 1}], but got {dim})")
    return x.shape[dim]


operation("Tensor.dim", "Tensor.ndimension")(lambda rt, x: len(x.shape))
operation("Tensor.numel", "torch.numel", "Tensor.nelement")(lambda rt, x: prod(x.shape))
operation("Tensor.get_device", "Tensor.element_size")(lambda rt, x: 0)
operation("torch.is_tensor")(lambda rt, x: isinstance(x, TensorValue))
operation("Tensor.item")(lambda rt, x: rt.tensor_number(x))


@operation("Tensor.tolist", "Tensor.numpy")
def _tolist(rt: Any, x: TensorValue) -> Any:
    if x.data is None or len(x.shape) > 1:
        raise rt.cannot("what a tensor holds is not known, and is asked for here")
    return list(x.data) if x.shape else x.data[0]


def _reshaped(rt: Any, x: TensorValue, sizes: list[Any]) -> TensorValue:
    if tuple(sizes) == tuple(x.shape) and -1 not in sizes:
        return x
    if x.data is not None and len(sizes) <= 1:
        return x
    elements = prod(x.shape)
    known = prod(size for size in sizes if size != -1)
    fits = known != 0 and (elements % known == 0 if -1 in sizes else elements == known)
    if not fits and 0 not in sizes:
        listed = ", ".join(map(str, sizes))
        if isinstance(elements, Size) and type(known) is int:
            rt.unmet.setdefault(key_of(rt.here() or Mark(1, 1)), (known, elements))
        rt.tell(
            f"shape [{listed}] is invalid for input of size {elements}",
            f"receives {' x '.join(map(str, x.shape))} = {elements}{rt.origin_of(x)}",
        )
        whole = [
            size if size != -1 else max(1, int(elements) // max(1, int(known))) for size in sizes
        ]
        return TensorValue(tuple(whole), x.dtype, x.source, x.output)
    return rt.put("Reshape", [x], {"shape": list(sizes)})


@operation("Tensor.view", "Tensor.reshape", "torch.reshape", "Tensor.view_copy")
def _view(rt: Any, x: Any, *sizes: Any, shape: Any = None) -> Any:
    x = tensor(rt, x)
    if shape is not None:
        sizes = (shape,)
    if len(sizes) == 1 and isinstance(sizes[0], (DType, Unknown)):
        return x
    return _reshaped(rt, x, numbers(rt, sizes))


@operation("Tensor.view_as", "Tensor.reshape_as")
def _view_as(rt: Any, x: TensorValue, other: TensorValue) -> Any:
    return _reshaped(rt, x, list(other.shape))


@operation("torch.flatten", "Tensor.flatten", "torch.ravel", "Tensor.ravel")
def _flatten(rt: Any, x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    x = tensor(rt, x)
    if len(x.shape) <= 1 or start_dim % len(x.shape) == end_dim % len(x.shape):
        return x if x.shape else _reshaped(rt, x, [1])
    return rt.put("Flatten", [x], {"start_dim": start_dim, "end_dim": end_dim})


@operation("torch.unflatten", "Tensor.unflatten")
def _unflatten(rt: Any, x: TensorValue, dim: int, sizes: Any) -> Any:
    return rt.put("Unflatten", [x], {"dim": dim, "unflattened_size": numbers(rt, [sizes])})


@operation("torch.permute", "Tensor.permute")
def _permute(rt: Any, x: Any, *dims: Any) -> Any:
    x = tensor(rt, x)
    order = numbers(rt, dims)
    if len(order) != len(x.shape):
        message = (
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
        )
        message += (
            f"length of the desired ordering of dimensions i.e. input.dim() = {len(x.shape)} is "
        )
        raise rt.error("RuntimeError", f"{message}not equal to len(dims) = {len(order)}")
    if [d % len(order) for d in order] == list(range(len(order))):
        return x
    return rt.put("Permute", [x], {"dims": order})


@operation(
    "torch.transpose",
    "Tensor.transpose",
    "torch.swapaxes",
    "Tensor.swapaxes",
    "Tensor.swapdims",
    "torch.swapdims",
)
def _transpose(rt: Any, x: Any, dim0: Any, dim1: Any) -> Any:
    x = tensor(rt, x)
    for dim in (dim0, dim1):
        if not -len(x.shape) <= dim < len(x.shape):
            message = f"Dimension out of range (expected to be in range of [{-len(x.shape)}, "
            raise rt.error("IndexError", f"{message}{len(x.shape) - 1}], but got {dim})")
    if dim0 % len(x.shape) == dim1 % len(x.shape):
        return x
    return rt.put("Transpose", [x], {"dim0": dim0, "dim1": dim1})


@operation("torch.t", "Tensor.t", "torch.adjoint", "Tensor.adjoint")
def _t(rt: Any, x: TensorValue) -> Any:
    return rt.turned(x, "T" if len(x.shape) <= 2 else "mT")


@operation("torch.unsqueeze", "Tensor.unsqueeze")
def _unsqueeze(rt: Any, x: Any, dim: int) -> Any:
    x = tensor(rt, x)
    if x.data is not None and not x.shape:
        found = TensorValue((1,), x.dtype)
        found.data = x.data
        return found
    return rt.put("Unsqueeze", [x], {"dim": dim})


@operation("torch.squeeze", "Tensor.squeeze")
def _squeeze(rt: Any, x: Any, dim: Any = None) -> Any:
    x = tensor(rt, x)
    n = len(x.shape)
    dims = (
        range(n)
        if dim is None
        else [d % n for d in (dim if isinstance(dim, (tuple, list)) else [dim])]
        if n
        else []
    )
    for each in sorted(dims, reverse=True):
        if x.shape[each] == 1:
            if isinstance(x.shape[each], Size):
                rt.truth(x.shape[each] - 1)
            x = rt.put("Squeeze", [x], {"dim": each})
    return x


@operation("Tensor.expand", "torch.broadcast_to", "Tensor.broadcast_to", "Tensor.expand_as")
def _expand(rt: Any, x: TensorValue, *sizes: Any, size: Any = None) -> Any:
    if size is not None:
        sizes = (size,)
    if len(sizes) == 1 and isinstance(sizes[0], TensorValue) and sizes[0].data is None:
        wanted = list(sizes[0].shape)
    else:
        wanted = numbers(rt, sizes)
    extra = len(wanted) - len(x.shape)
    whole = [*([None] * extra), *x.shape]
    same = all(a == -1 or (a == b and type(a) is type(b)) for a, b in zip(wanted, whole))
    return x if same else rt.put("Expand", [x], {"size": wanted})


@operation("Tensor.repeat", "torch.tile", "Tensor.tile")
def _repeat(rt: Any, x: TensorValue, *dims: Any) -> Any:
    wanted = numbers(rt, dims)
    if len(wanted) <= len(x.shape) and all(n == 1 and type(n) is int for n in wanted):
        return x
    return rt.put("Tile", [x], {"dims": wanted})


@operation("torch.cat", "torch.concat", "torch.concatenate")
def _cat(rt: Any, tensors: Any, dim: Any = 0, *, axis: Any = None, out: Any = None) -> Any:
    found = [tensor(rt, each, "each of what is concatenated") for each in rt.iterate(tensors)]
    if not found:
        raise rt.error("RuntimeError", "torch.cat(): expected a non-empty list of Tensors")
    dim = axis if axis is not None else dim
    found = [each for each in found if 0 not in each.shape] or found[:1]
    if len(found) == 1:
        return found[0]
    if all(each.data is not None and len(each.shape) == 1 for each in found):
        made = TensorValue((sum(len(each.data or ()) for each in found),), found[0].dtype)
        made.data = [value for each in found for value in each.data or ()]
        return made
    return rt.put("Concat", found, {"dim": dim})


@operation("torch.stack")
def _stack(rt: Any, tensors: Any, dim: int = 0, *, out: Any = None) -> Any:
    found = [tensor(rt, each, "each of what is stacked") for each in rt.iterate(tensors)]
    if not found:
        raise rt.error("RuntimeError", "stack expects a non-empty TensorList")
    return rt.put("Stack", found, {"dim": dim})


for _name, _dim in (("vstack", 0), ("hstack", 1), ("dstack", 2)):

    @operation(f"torch.{_name}")
    def _xstack(rt: Any, tensors: Any, _dim: int = _dim) -> Any:
        found = [tensor(rt, each) for each in rt.iterate(tensors)]
        return rt.put("Concat", found, {"dim": _dim if len(found[0].shape) > 1 else 0})


def _pieces(rt: Any, x: TensorValue, dim: int, sizes: list[Any]) -> tuple[TensorValue, ...]:
    """Parts of a dimension, one behind the other."""
    if x.data is not None and len(x.shape) == 1:
        found, at = [], 0
        for size in sizes:
            part = TensorValue((size,), x.dtype)
            part.data = x.data[at : at + size]
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
    if x.data is not None or number(rt, chunks) == 1:
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
    if count > 4096:
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
    if x.data is not None and len(x.shape) == 1:
        return listed([each for each in x.data for _ in range(repeats)], x.dtype)
    if dim is None:
        x, dim = _flatten(rt, x), 0
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


def listed(numbers: list[Any], dtype: str) -> TensorValue:
    """A constant of known numbers in a row."""
    found = TensorValue((len(numbers),), dtype)
    found.data = numbers
    return found


@operation("torch.unbind", "Tensor.unbind")
def _unbind(rt: Any, x: Any, dim: int = 0) -> Any:
    x = tensor(rt, x)
    if x.data is not None and len(x.shape) == 1:
        return tuple(rt.tensor_items(x))
    return tuple(rt.add("Unbind", [x], {"dim": dim}).values())


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


@operation("torch.meshgrid")
def _meshgrid(rt: Any, *tensors: Any, indexing: str = "ij") -> Any:
    found = (
        list(tensors[0])
        if len(tensors) == 1 and isinstance(tensors[0], (list, tuple))
        else list(tensors)
    )
    shape = [prod(each.shape) for each in found]
    if indexing == "xy" and len(shape) > 1:
        shape[:2] = shape[1::-1]
    return tuple(rt.opaque([each], shape, each.dtype, "meshgrid") for each in found)


@operation("torch.diff", "Tensor.diff")
def _diff(rt: Any, x: TensorValue, n: int = 1, dim: int = -1) -> Any:
    if x.data is not None and n == 1:
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
def _diag_embed(rt: Any, x: TensorValue) -> TensorValue:
    return rt.opaque([x], [*x.shape, x.shape[-1]], x.dtype, "diag_embed")


@operation("torch.cdist", "Tensor.cdist")
def _cdist(rt: Any, a: TensorValue, b: TensorValue, p: Any = 2.0, **kwargs: Any) -> TensorValue:
    return rt.opaque([a, b], [*a.shape[:-1], b.shape[-2]], a.dtype, "cdist")


@operation("torch.cross", "Tensor.cross", "torch.linalg.cross")
def _cross(rt: Any, a: TensorValue, b: TensorValue, *more: Any, **kwargs: Any) -> TensorValue:
    return rt.tensor_operator("*", a, b)


@operation("torch.multinomial", "Tensor.multinomial")
def _multinomial(rt: Any, x: TensorValue, num_samples: int, *more: Any, **kwargs: Any) -> Any:
    return rt.opaque([x], [*x.shape[:-1], num_samples], "int64", "multinomial")


@operation("torch.equal", "Tensor.equal", "torch.allclose", "Tensor.allclose")
def _equal(rt: Any, a: Any, b: Any, *more: Any, **kwargs: Any) -> TensorValue:
    return TensorValue((), "bool")


@operation("torch.real", "torch.positive", "torch.atleast_1d", "Tensor.random_", "torch.poisson")
def _as_it_is(rt: Any, x: TensorValue, *more: Any) -> TensorValue:
    return x


operation("Tensor.is_contiguous")(lambda rt, x, *more: True)
operation("Tensor.stride", "Tensor.data_ptr", "Tensor.storage_offset")(lambda rt, x, *more: 0)


# -- reductions --------------------------------------------------------------------------------


def _dims(rt: Any, x: TensorValue, dim: Any) -> Any:
    if dim is None:
        return list(range(len(x.shape)))
    dims = [number(rt, d) for d in (dim if isinstance(dim, (list, tuple)) else [dim])]
    for each in dims:
        if not isinstance(each, int):
            raise rt.error(
                "TypeError", f"dim must be an int or a list of them, not {rt.shown(each)}"
            )
        if not -max(1, len(x.shape)) <= each < max(1, len(x.shape)):
            message = f"Dimension out of range (expected to be in range of [{-len(x.shape)}, "
            raise rt.error("IndexError", f"{message}{len(x.shape) - 1}], but got {each})")
    return dims or list(range(len(x.shape)))


def _reduced(kind: str) -> Any:
    def run(
        rt: Any,
        x: Any,
        dim: Any = None,
        keepdim: Any = False,
        *more: Any,
        axis: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> Any:
        x = tensor(rt, x)
        if isinstance(dim, bool):
            dim = None
        dims = _dims(rt, x, dim if axis is None else axis)
        if x.data is not None and kind in ("Sum", "Mean", "Max", "Min") and dim is None:
            made: Any = {"Sum": sum, "Mean": lambda d: sum(d) / len(d), "Max": max, "Min": min}
            return constant(made[kind](x.data), x.dtype)
        if not x.shape:
            return x
        settings: dict[str, Any] = {"dim": dims[0] if len(dims) == 1 else dims}
        if rt.truth(keepdim) or rt.truth(kwargs.get("keepdims", False)):
            settings["keepdim"] = True
        return rt.put(kind, [x], settings)

    return run


for _name, _kind_name in (
    ("mean", "Mean"),
    ("sum", "Sum"),
    ("nansum", "Sum"),
    ("amax", "Max"),
    ("amin", "Min"),
    ("var", "Var"),
    ("std", "Std"),
    ("nanmean", "Mean"),
    ("any", "Max"),
    ("all", "Min"),
):
    operation(f"torch.{_name}", f"Tensor.{_name}")(_reduced(_kind_name))


def second(first: TensorValue) -> TensorValue:
    """The places of the values that an operation puts out first."""
    outputs = getattr(first.source, "outputs", {})
    return outputs.get("indices") or TensorValue(first.shape, "int64", first.source, first.output)


class ValuesIndices(tuple):
    """What ``torch.max`` along a dimension gives: values and indices, in order or by name."""

    __slots__ = ()
    names = ("values", "indices")


def _extreme(kind: str, pair: str) -> Any:
    whole = _reduced(kind)

    def run(rt: Any, x: Any, dim: Any = None, keepdim: Any = False, **kwargs: Any) -> Any:
        other = kwargs.pop("other", None) if dim is None else dim
        if isinstance(other, TensorValue):
            return rt.put(pair, [tensor(rt, x), other])
        if dim is None and "axis" in kwargs:
            dim = kwargs.pop("axis")
        keepdim = kwargs.pop("keepdims", keepdim)
        if dim is None:
            return whole(rt, x)
        values = whole(rt, x, dim, keepdim)
        return ValuesIndices((values, second(values)))

    return run


operation("torch.max", "Tensor.max")(_extreme("Max", "Maximum"))
operation("torch.min", "Tensor.min")(_extreme("Min", "Minimum"))


def _opaque_reduction(rt: Any, x: TensorValue, dim: Any, keepdim: Any, what: str) -> TensorValue:
    """A reduction that is no kind of the catalogue: its shape is known."""
    dims = {d % max(1, len(x.shape)) for d in _dims(rt, x, dim)}
    sizes = [1 if n in dims else size for n, size in enumerate(x.shape)]
    shape = sizes if keepdim else [size for n, size in enumerate(x.shape) if n not in dims]
    return rt.opaque([x], shape, x.dtype, what)


@operation("torch.prod", "Tensor.prod", "torch.logsumexp", "Tensor.logsumexp")
def _prod(rt: Any, x: Any, dim: Any = None, keepdim: Any = False, **kwargs: Any) -> Any:
    x = tensor(rt, x)
    if x.data is not None and dim is None:
        return constant(prod(x.data), x.dtype)
    return _opaque_reduction(rt, x, dim, keepdim, "a product")


@operation("torch.median", "Tensor.median", "torch.mode", "Tensor.mode")
def _median(rt: Any, x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    x = tensor(rt, x)
    found = _opaque_reduction(rt, tensor(rt, x), dim, keepdim, "a median")
    if dim is None:
        return found
    return ValuesIndices((found, rt.opaque([x], found.shape, "int64", "a median")))


@operation("torch.var_mean", "torch.std_mean")
def _var_mean(rt: Any, x: Any, dim: Any = None, keepdim: Any = False, **kwargs: Any) -> Any:
    return _reduced("Var")(rt, x, dim, keepdim), _reduced("Mean")(rt, x, dim, keepdim)


@operation("torch.topk", "Tensor.topk")
def _topk(
    rt: Any, x: TensorValue, k: int, dim: int = -1, largest: Any = True, sorted: Any = True
) -> Any:
    settings = {"k": k, **({"dim": dim} if dim != -1 else {})}
    values = rt.put("TopK", [x], settings if largest else {**settings, "largest": False})
    return ValuesIndices((values, second(values)))


@operation("torch.sort", "Tensor.sort")
def _sort(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return ValuesIndices((x, rt.opaque([x], x.shape, "int64", "sort")))


@operation("torch.argsort", "Tensor.argsort")
def _argsort(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return rt.opaque([x], x.shape, "int64", "argsort")


@operation("torch.argmax", "Tensor.argmax", "torch.argmin", "Tensor.argmin")
def _argmax(rt: Any, x: TensorValue, dim: Any = None, keepdim: Any = False) -> Any:
    if dim is None:
        x, dim = _flatten(rt, x), 0
    return rt.put("ArgMax", [x], {"dim": dim, **({"keepdim": True} if keepdim else {})})


@operation("torch.norm", "Tensor.norm", "torch.linalg.norm", "torch.linalg.vector_norm")
def _norm(
    rt: Any, x: TensorValue, p: Any = 2, dim: Any = None, keepdim: Any = False, **kwargs: Any
) -> Any:
    return _reduced("Norm")(rt, x, dim, keepdim)


@operation("torch.cumsum", "Tensor.cumsum", "torch.cumprod", "Tensor.cumprod")
def _cumsum(rt: Any, x: TensorValue, dim: int = 0, dtype: Any = None) -> Any:
    if x.data is not None:
        found = TensorValue(x.shape, x.dtype)
        found.data = [sum(x.data[: n + 1]) for n in range(len(x.data))]
        return found
    return rt.put("CumSum", [x], {"dim": dim})


@operation("nn.functional.normalize")
def _normalize(
    rt: Any, x: TensorValue, p: Any = 2, dim: Any = 1, eps: Any = 1e-12, out: Any = None
) -> Any:
    found = rt.put("Normalize", [x], {"dim": dim, "p": p, "eps": eps})
    found.grown = x.grown
    return found


# -- element by element ------------------------------------------------------------------------


def _binary(word: str) -> Any:
    def run(rt: Any, a: Any, b: Any, *more: Any, alpha: Any = None, **kwargs: Any) -> Any:
        if word == "/" and kwargs.get("rounding_mode") is not None:
            return rt.tensor_operator("//", a, b)
        if not isinstance(a, TensorValue) and not isinstance(b, TensorValue):
            return rt.binary(word, a, b)
        return rt.tensor_operator(word, a, b)

    return run


for _word, _names in {
    "+": "add",
    "-": "sub subtract",
    "*": "mul multiply",
    "/": "div divide true_divide",
    "**": "pow",
    "//": "floor_divide",
    "%": "remainder fmod",
    "==": "eq",
    "!=": "ne not_equal",
    "<": "lt less",
    "<=": "le less_equal",
    ">": "gt greater",
    ">=": "ge greater_equal",
    "&": "logical_and bitwise_and",
    "|": "logical_or bitwise_or",
    "^": "logical_xor bitwise_xor",
}.items():
    for _name in _names.split():
        operation(f"torch.{_name}", f"Tensor.{_name}")(_binary(_word))


@operation(
    "torch.matmul",
    "Tensor.matmul",
    "torch.bmm",
    "Tensor.bmm",
    "torch.mm",
    "Tensor.mm",
    "torch.mv",
    "Tensor.mv",
    "torch.dot",
    "Tensor.dot",
    "torch.inner",
)
def _matmul(rt: Any, a: Any, b: Any) -> Any:
    return rt.put("MatMul", [tensor(rt, a), tensor(rt, b)])


@operation("torch.baddbmm", "torch.addmm", "Tensor.addmm", "Tensor.baddbmm")
def _addmm(rt: Any, bias: Any, a: Any, b: Any, **kwargs: Any) -> Any:
    return rt.tensor_operator("+", _matmul(rt, a, b), bias)


@operation("torch.addcmul", "torch.addcdiv", "torch.lerp", "Tensor.lerp", "Tensor.addcmul")
def _addcmul(rt: Any, a: Any, b: Any, c: Any = 1, **kwargs: Any) -> Any:
    found = rt.tensor_operator("*", b, c) if isinstance(b, TensorValue) else b
    return rt.tensor_operator("+", a, found)


@operation("torch.outer", "torch.ger", "Tensor.outer")
def _outer(rt: Any, a: TensorValue, b: TensorValue) -> Any:
    return rt.tensor_operator("*", rt.put("Unsqueeze", [a], {"dim": 1}), b)


@operation("torch.einsum", "einops.einsum")
def _einsum(rt: Any, *args: Any) -> Any:
    texts = [each for each in args if isinstance(each, str)]
    found = [each for each in args if not isinstance(each, str)]
    if len(found) == 1 and isinstance(found[0], (list, tuple)):
        found = list(found[0])
    if not texts:
        raise rt.cannot("torch.einsum with lists of dimensions is not read")
    return rt.put("Einsum", [tensor(rt, each) for each in found], {"equation": _equation(texts[0])})


def _equation(text: str) -> str:
    """An equation of ``einsum`` with letters for axes, where einops has words."""
    text = text.replace("->", " -> ").replace(",", " , ")
    words = text.split()
    if all(len(w) == 1 or w in ("->", ",") for w in words) or not any(
        "_" in w or len(w) > 6 for w in words
    ):
        pass
    sides = list(text.replace("->", ",").split(","))
    is_words = any(len(side.split()) > 1 for side in sides)
    if not is_words:
        return "".join(text.split())
    letters: dict[str, str] = {}
    made = ""
    for word in words:
        if word in ("->", ",", "..."):
            made += word
        else:
            made += letters.setdefault(word, "abcdefghijklmnopqrstuvwxyz"[len(letters) % 26])
    return made


@operation("torch.tensordot")
def _tensordot(rt: Any, a: TensorValue, b: TensorValue, dims: Any = 2) -> Any:
    if isinstance(dims, int):
        left, right = list(range(len(a.shape) - dims, len(a.shape))), list(range(dims))
    else:
        left, right = [[d] if isinstance(d, int) else list(d) for d in dims]
    letters = "abcdefghijklmnopqrstuvwxyz"
    first = list(letters[: len(a.shape)])
    second = list(letters[len(a.shape) : len(a.shape) + len(b.shape)])
    for x, y in zip(left, right):
        second[y] = first[x]
    gone = {first[x % len(first)] for x in left}
    out = [c for c in first + second if c not in gone]
    equation = f"{''.join(first)},{''.join(second)}->{''.join(out)}"
    return rt.put("Einsum", [a, b], {"equation": equation})


@operation("torch.where", "Tensor.where")
def _where(rt: Any, condition: Any, a: Any = None, b: Any = None) -> Any:
    if a is None:
        raise rt.cannot("how many places torch.where finds depends on what the tensor holds")
    found = [each for each in (condition, a, b) if isinstance(each, TensorValue)]
    return rt.broadcasting("Where", found, [a, b])


@operation("Tensor.masked_fill", "torch.masked_fill")
def _masked_fill(rt: Any, x: TensorValue, mask: Any, value: Any) -> Any:
    if not isinstance(mask, TensorValue):
        return x
    return rt.broadcasting("Where", [mask, x], [value, x])


@operation("Tensor.tril", "torch.tril", "Tensor.triu", "torch.triu")
def _tril(rt: Any, x: TensorValue, diagonal: int = 0) -> Any:
    return same_source(x, x.shape, x.dtype)


@operation("torch.relu_")
def _relu(rt: Any, x: TensorValue) -> Any:
    return x.become(rt.put("ReLU", [x]))


for _name in [
    "exp2",
    "log2",
    "log10",
    "sinh",
    "cosh",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinc",
    "lgamma",
    "digamma",
    "isnan",
    "isinf",
    "isfinite",
    "signbit",
    "trunc",
    "frac",
    "logit",
    "erfinv",
    "erfc",
    "bitwise_not",
    "nan_to_num",
    "relu6",
    "deg2rad",
    "angle",
    "conj",
]:

    @operation(f"torch.{_name}", f"Tensor.{_name}")
    def _unary(rt: Any, x: TensorValue, *more: Any, _name: str = _name, **kwargs: Any) -> Any:
        dtype = "bool" if _name.startswith("is") else x.dtype
        return rt.elementwise([tensor(rt, x)], dtype, "Exp" if dtype != "bool" else "Isnan")


@operation("torch.atan2", "torch.hypot", "Tensor.atan2")
def _atan2(rt: Any, a: TensorValue, b: TensorValue) -> Any:
    return rt.tensor_operator("+", a, b)


@operation("torch.rsub")
def _rsub(rt: Any, a: Any, b: Any) -> Any:
    return rt.tensor_operator("-", b, a)


@operation("Tensor.to", "Tensor.type", "Tensor.type_as")
def _to(rt: Any, x: TensorValue, *args: Any, **kwargs: Any) -> Any:
    for each in [*args, *kwargs.values()]:
        if isinstance(each, DType):
            return _typed(rt, x, DTYPES.get(each.name, "float32"))
        if isinstance(each, TensorValue):
            return _typed(rt, x, each.dtype)
    return x


@operation("Tensor.astype")
def _astype(rt: Any, x: TensorValue, dtype: Any, **kwargs: Any) -> Any:
    name = str(getattr(dtype, "name", dtype)).rpartition(".")[2]
    return _typed(rt, x, DTYPES.get("float32" if name == "float" else name, "float32"))


def _typed(rt: Any, x: TensorValue, dtype: str) -> TensorValue:
    if x.dtype == dtype:
        return x
    if "To" in KINDS and not x.is_constant and not (x.dtype in FLOATS and dtype in FLOATS):
        return rt.put("To", [x], {"dtype": dtype})
    found = same_source(x, x.shape, dtype)
    found.data = x.data
    if x.data is not None and dtype in ("int64", "int32"):
        found.data = [int(each) for each in x.data]
    return found


for _name in ("float", "double", "half", "long", "int", "bool", "bfloat16", "short"):

    @operation(f"Tensor.{_name}")
    def _cast(rt: Any, x: TensorValue, *more: Any, _name: str = _name) -> Any:
        return _typed(rt, x, DTYPES[_name])


@operation("Tensor.clone", "torch.clone", "Tensor.contiguous", "Tensor.detach", "torch.detach")
def _clone(rt: Any, x: TensorValue, *args: Any, **kwargs: Any) -> Any:
    """The same elements: in-place operations on the copy do not change the original."""
    found = same_source(x, x.shape, x.dtype)
    found.data = x.data
    return found


# -- layers with weights given by hand ---------------------------------------------------------


def _own_weights(rt: Any, weight: Any, bias: Any) -> bool:
    """Whether tensors given as weights are learned ones, used nowhere else as such."""
    found = [each for each in (weight, bias) if each is not None]
    return all(isinstance(each, TensorValue) and rt.is_weight(each) for each in found)


@operation("nn.functional.linear")
def _linear(rt: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    x, weight = tensor(rt, x), tensor(rt, weight, "the weight")
    if _own_weights(rt, weight, bias) and len(weight.shape) == 2:
        settings = {
            "in_features": weight.shape[1],
            "out_features": weight.shape[0],
            "bias": bias is not None,
        }
        return rt.with_weights("Linear", x, settings, {"weight": weight, "bias": bias})
    turned = rt.turned(weight, "T") if len(weight.shape) == 2 else weight
    found = rt.put("MatMul", [x, turned])
    return found if bias is None else rt.tensor_operator("+", found, bias)


@operation("nn.functional.embedding")
def _embedding(rt: Any, input: Any, weight: Any, *more: Any, **kwargs: Any) -> Any:
    if not rt.is_weight(weight):
        return rt.put("Index", [weight, tensor(rt, input)], {"dim": 0})
    settings = {"num_embeddings": weight.shape[0], "embedding_dim": weight.shape[1]}
    return rt.with_weights("Embedding", tensor(rt, input), settings, {"weight": weight})


@operation("nn.functional.layer_norm")
def _layer_norm(
    rt: Any,
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: Any = 1e-5,
) -> Any:
    shape = plain(normalized_shape)
    settings = {
        "normalized_shape": list(shape) if isinstance(shape, (list, tuple)) else [shape],
        "eps": eps,
        "elementwise_affine": weight is not None,
    }
    if weight is not None and bias is None:
        settings["bias"] = False
    return rt.with_weights(
        "LayerNorm", tensor(rt, input), settings, {"weight": weight, "bias": bias}
    )


@operation("nn.functional.rms_norm")
def _rms_norm(
    rt: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None
) -> Any:
    settings = {
        "normalized_shape": list(plain(normalized_shape)),
        "elementwise_affine": weight is not None,
    }
    return rt.with_weights("RMSNorm", tensor(rt, input), settings, {"weight": weight})


@operation("nn.functional.group_norm")
def _group_norm(
    rt: Any, input: Any, num_groups: Any, weight: Any = None, bias: Any = None, eps: Any = 1e-5
) -> Any:
    settings = {"num_groups": num_groups, "eps": eps, "affine": weight is not None}
    return rt.with_weights(
        "GroupNorm", tensor(rt, input), settings, {"weight": weight, "bias": bias}
    )


@operation("nn.functional.batch_norm")
def _batch_norm(
    rt: Any,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    *more: Any,
    **kwargs: Any,
) -> Any:
    x = tensor(rt, input)
    kind = f"BatchNorm{min(3, max(1, len(x.shape) - 2))}d"
    settings = {"affine": weight is not None, "track_running_stats": running_mean is not None}
    given = {
        "weight": weight,
        "bias": bias,
        "running_mean": running_mean,
        "running_var": running_var,
    }
    return rt.with_weights(kind, x, settings, given)


@operation("nn.functional.instance_norm")
def _instance_norm(
    rt: Any,
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    *more: Any,
    **kwargs: Any,
) -> Any:
    x = tensor(rt, input)
    kind = f"InstanceNorm{min(3, max(1, len(x.shape) - 2))}d"
    return rt.with_weights(
        kind, x, {"affine": weight is not None}, {"weight": weight, "bias": bias}
    )


@operation("nn.functional.prelu", "torch.prelu")
def _prelu(rt: Any, input: Any, weight: Any) -> Any:
    return rt.with_weights(
        "PReLU", tensor(rt, input), {"num_parameters": prod(weight.shape)}, {"weight": weight}
    )


@operation("nn.functional.bilinear")
def _bilinear(rt: Any, a: Any, b: Any, weight: Any, bias: Any = None) -> Any:
    return rt.opaque([a, b], [*a.shape[:-1], weight.shape[0]], a.dtype, "bilinear")


@operation("nn.functional.multi_head_attention_forward")
def _mha(rt: Any, *args: Any, **kwargs: Any) -> Any:
    raise rt.cannot("nn.functional.multi_head_attention_forward is not known")


# -- resampling --------------------------------------------------------------------------------


@operation("nn.functional.interpolate", "nn.functional.upsample")
def _interpolate(
    rt: Any,
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: Any = False,
) -> Any:
    x = tensor(rt, input)
    settings: dict[str, Any] = {}
    if size is not None:
        size = number(rt, size)
        settings["size"] = numbers(rt, [size]) if isinstance(size, (list, tuple)) else size
    if scale_factor is not None:
        settings["scale_factor"] = (
            list(scale_factor)
            if isinstance(scale_factor, (list, tuple))
            else number(rt, scale_factor)
        )
    if mode != "nearest":
        settings["mode"] = "nearest" if mode == "nearest-exact" else mode
    if align_corners is not None:
        settings["align_corners"] = rt.truth(align_corners)
    kind = (
        "Interpolate"
        if "Interpolate" in KINDS and "scale_factor" in KINDS["Interpolate"].fields
        else "Upsample"
    )
    return rt.put(kind, [x], settings)


operation("nn.functional.upsample_nearest")(
    lambda rt, x, size=None, scale_factor=None: _interpolate(rt, x, size, scale_factor)
)
operation("nn.functional.upsample_bilinear")(
    lambda rt, x, size=None, scale_factor=None: _interpolate(
        rt, x, size, scale_factor, "bilinear", True
    )
)


@operation("nn.functional.grid_sample")
def _grid_sample(rt: Any, x: TensorValue, grid: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return rt.opaque([x, grid], [x.shape[0], x.shape[1], *grid.shape[1:-1]], x.dtype, "grid_sample")


@operation("nn.functional.affine_grid")
def _affine_grid(rt: Any, theta: TensorValue, size: Any, *more: Any, **kwargs: Any) -> Any:
    sizes = list(size)
    return rt.opaque([theta], [sizes[0], *sizes[2:], len(sizes) - 2], theta.dtype, "affine_grid")


@operation("nn.functional.pad", "nn.functional.pad")
def _pad(rt: Any, input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    x = tensor(rt, input)
    pads = numbers(rt, [list(rt.iterate(pad))])
    if len(pads) % 2 or len(pads) > 2 * len(x.shape):
        raise rt.error(
            "RuntimeError", f"pad has {len(pads)} numbers for a tensor of {len(x.shape)} dimensions"
        )
    if all(type(each) is int and each == 0 for each in pads):
        return x
    settings: dict[str, Any] = {"pad": pads}
    if mode != "constant":
        settings["mode"] = mode
    return rt.put("Pad", [x], settings)


@operation("nn.functional.one_hot")
def _one_hot(rt: Any, x: TensorValue, num_classes: Any = -1) -> Any:
    if num_classes == -1:
        raise rt.cannot("how many classes one_hot makes depends on what the tensor holds")
    return rt.opaque([x], [*x.shape, num_classes], "int64", "one_hot")


@operation("nn.functional.gumbel_softmax")
def _gumbel(
    rt: Any, x: TensorValue, tau: Any = 1, hard: Any = False, eps: Any = 0, dim: int = -1
) -> Any:
    return rt.put("Softmax", [x], {"dim": dim})


@operation(
    "nn.functional.softmax",
    "torch.softmax",
    "Tensor.softmax",
    "nn.functional.log_softmax",
    "torch.log_softmax",
    "Tensor.log_softmax",
    "nn.functional.softmin",
)
def _softmax(rt: Any, input: Any, dim: Any = None, *more: Any, **kwargs: Any) -> Any:
    return rt.put("Softmax", [tensor(rt, input)], {} if dim is None else {"dim": dim})


def _log(kind: str) -> Any:
    def run(rt: Any, input: Any, dim: Any = None, *more: Any, **kwargs: Any) -> Any:
        return rt.put(kind, [tensor(rt, input)], {} if dim is None else {"dim": dim})

    return run


operation("nn.functional.log_softmax", "torch.log_softmax", "Tensor.log_softmax")(
    _log("LogSoftmax")
)
operation("nn.functional.softmin")(_log("Softmin"))


def _idle_dropout(kind: str) -> Any:
    def run(rt: Any, input: Any, p: Any = 0.5, training: Any = True, inplace: Any = False) -> Any:
        return rt.put(kind, [tensor(rt, input)], {"p": number(rt, p)})

    return run


for _name, _kind_name in (
    ("dropout", "Dropout"),
    ("dropout1d", "Dropout1d"),
    ("dropout2d", "Dropout2d"),
    ("dropout3d", "Dropout3d"),
    ("alpha_dropout", "AlphaDropout"),
    ("feature_dropout", "Dropout2d"),
):
    operation(f"nn.functional.{_name}")(_idle_dropout(_kind_name))
operation("torch.dropout")(_idle_dropout("Dropout"))


@operation("nn.functional.scaled_dot_product_attention")
def _attention(
    rt: Any,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: Any = 0.0,
    is_causal: Any = False,
    scale: Any = None,
    enable_gqa: Any = False,
) -> Any:
    settings: dict[str, Any] = {}
    if is_causal:
        settings["is_causal"] = True
    if scale is not None:
        settings["scale"] = scale
    if enable_gqa:
        settings["enable_gqa"] = True
    found = [tensor(rt, each) for each in (query, key, value)]
    return rt.put("ScaledDotProductAttention", found, settings)


def _pooled_with_indices(name: str) -> None:
    plainly = OPERATIONS[f"nn.functional.{name}"]

    def run(rt: Any, *args: Any, return_indices: Any = False, **kwargs: Any) -> Any:
        found = plainly.run(rt, *args, **kwargs)
        if not return_indices:
            return found
        return found, second(found)

    OPERATIONS[f"nn.functional.{name}"] = Builtin(name, run)


for _axes in "123":
    _pooled_with_indices(f"max_pool{_axes}d")
    _pooled_with_indices(f"adaptive_max_pool{_axes}d")

    @operation(f"nn.functional.max_pool{_axes}d_with_indices")
    def _with_indices(rt: Any, *args: Any, _axes: str = _axes, **kwargs: Any) -> Any:
        kwargs["return_indices"] = True
        return OPERATIONS[f"nn.functional.max_pool{_axes}d"].run(rt, *args, **kwargs)


# -- constants ---------------------------------------------------------------------------------


def _dtype_of(kwargs: dict[str, Any], default: str = "float32") -> str:
    found = kwargs.get("dtype")
    return DTYPES.get(found.name, default) if isinstance(found, DType) else default


def _filled(value: Any) -> Any:
    def run(rt: Any, *sizes: Any, size: Any = None, **kwargs: Any) -> Any:
        if size is not None:
            sizes = (size,)
        found = TensorValue(tuple(numbers(rt, sizes)), _dtype_of(kwargs))
        if value is not None and (
            (len(found.shape) == 1 and found.shape[0] <= 64) or not found.shape
        ):
            found.data = [value] * (int(found.shape[0]) if found.shape else 1)
        return found

    return run


operation("torch.zeros")(_filled(0.0))
operation("torch.ones")(_filled(1.0))
operation("torch.empty", "torch.rand", "torch.randn")(_filled(None))


def _typed_tensor(dtype: str) -> Any:
    """``torch.LongTensor`` and the like: of sizes, or of the elements as one list."""

    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(plain(args[0]), (list, tuple, TensorValue)):
            if not isinstance(args[0], TorchSize):
                return OPERATIONS["torch.tensor"].run(rt, args[0], DType(dtype))
        return _filled(None)(rt, *args, **{**kwargs, "dtype": DType(dtype)})

    return run


for _name, _dtype in (
    ("Tensor", "float32"),
    ("FloatTensor", "float32"),
    ("DoubleTensor", "float64"),
    ("HalfTensor", "float16"),
    ("LongTensor", "int64"),
    ("IntTensor", "int32"),
    ("BoolTensor", "bool"),
    ("ByteTensor", "uint8"),
):
    operation(f"torch.{_name}", f"torch.cuda.{_name}")(_typed_tensor(_dtype))


@operation("torch.full")
def _full(rt: Any, size: Any, fill_value: Any, **kwargs: Any) -> Any:
    return TensorValue(tuple(numbers(rt, [size])), _dtype_of(kwargs))


@operation(
    "torch.zeros_like",
    "torch.ones_like",
    "torch.empty_like",
    "torch.rand_like",
    "torch.randn_like",
    "torch.full_like",
)
def _like(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return TensorValue(x.shape, _dtype_of(kwargs, x.dtype))


@operation(
    "Tensor.new_zeros", "Tensor.new_ones", "Tensor.new_empty", "Tensor.new", "Tensor.new_full"
)
def _new(rt: Any, x: TensorValue, *sizes: Any, **kwargs: Any) -> Any:
    if len(sizes) == 2 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[:1]
    return TensorValue(tuple(numbers(rt, sizes)), _dtype_of(kwargs, x.dtype))


@operation("Tensor.new_tensor")
def _new_tensor(rt: Any, x: TensorValue, data: Any, **kwargs: Any) -> Any:
    return OPERATIONS["torch.tensor"].run(rt, data, **kwargs)


@operation(
    "torch.tensor",
    "torch.as_tensor",
    "torch.from_numpy",
    "torch.asarray",
)
def _tensor(rt: Any, data: Any = (), dtype: Any = None, **kwargs: Any) -> Any:
    if isinstance(data, TensorValue):
        return data if dtype is None else _typed(rt, data, DTYPES.get(dtype.name, "float32"))
    shape: list[int] = []
    inner = plain(data)
    flat: Any = inner
    if isinstance(inner, Unknown):
        raise rt.not_known(inner)
    while isinstance(inner, (list, tuple)):
        shape.append(len(inner))
        inner = plain(inner[0]) if inner else None
    named = {bool: "bool", int: "int64", Size: "int64"}.get(type(inner), "float32")
    found = TensorValue(
        tuple(shape), DTYPES.get(dtype.name, named) if isinstance(dtype, DType) else named
    )
    if isinstance(inner, TensorValue):
        return TensorValue((*shape, *inner.shape), inner.dtype)
    if len(shape) <= 1:
        found.data = list(flat) if shape else [flat]
    return found


@operation("torch.arange", "torch.range")
def _arange(
    rt: Any, *args: Any, start: Any = 0, end: Any = None, step: Any = 1, **kwargs: Any
) -> Any:
    given = [number(rt, each) for each in args]
    if end is not None:
        given = [start, end, *given]
    if len(given) == 1:
        given = [0, *given]
    first, last = given[:2]
    step = number(rt, given[2] if len(given) > 2 else step)
    if isinstance(first, Unknown) or isinstance(last, Unknown):
        raise rt.not_known(first if isinstance(first, Unknown) else last)
    is_whole = all(isinstance(each, int) for each in (first, last, step))
    if is_whole:
        count = -(-(last - first) // step)
    else:
        import math

        count = math.ceil((last - first) / step)
    found = TensorValue((max(count, 0),), _dtype_of(kwargs, "int64" if is_whole else "float32"))
    if not isinstance(count, Size) and count <= 64:
        found.data = [first + n * step for n in range(count)]
    return found


@operation("torch.linspace", "torch.logspace")
def _linspace(rt: Any, start: Any, end: Any, steps: Any = 100, **kwargs: Any) -> Any:
    start, end, steps = number(rt, start), number(rt, end), number(rt, steps)
    found = TensorValue((steps,), _dtype_of(kwargs))
    if steps <= 4096:
        gap = (end - start) / max(1, steps - 1)
        found.data = [start + n * gap for n in range(steps)]
    return found


@operation("torch.eye")
def _eye(rt: Any, n: Any, m: Any = None, **kwargs: Any) -> Any:
    return TensorValue((n, n if m is None else m), _dtype_of(kwargs))


@operation("torch.randint")
def _randint(rt: Any, low: Any, high: Any = None, size: Any = None, **kwargs: Any) -> Any:
    found = size if size is not None else high
    return TensorValue(tuple(numbers(rt, [found])), _dtype_of(kwargs, "int64"))


@operation("torch.randperm")
def _randperm(rt: Any, n: Any, **kwargs: Any) -> Any:
    return TensorValue((n,), "int64")


@operation("torch.normal")
def _normal(rt: Any, mean: Any = 0.0, std: Any = 1.0, size: Any = None, **kwargs: Any) -> Any:
    if isinstance(mean, TensorValue):
        return TensorValue(mean.shape, mean.dtype)
    return TensorValue(tuple(numbers(rt, [size])), "float32")


@operation("torch.tril_indices", "torch.triu_indices")
def _indices(rt: Any, row: int, col: int, offset: int = 0, **kwargs: Any) -> Any:
    return TensorValue((2, sum(max(0, min(col, r + offset + 1)) for r in range(row))), "int64")


@operation("Tensor.bernoulli", "Tensor.bernoulli_", "torch.bernoulli", "nn.init.normal_of")
def _bernoulli(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return x


@operation("Tensor.uniform_", "Tensor.normal_", "Tensor.copy_")
def _noise(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    x.data = None
    return x


@operation("Tensor.zero_", "Tensor.fill_")
def _fill(rt: Any, x: TensorValue, value: Any = 0) -> Any:
    value = plain(value)
    is_known = x.data is not None and isinstance(value, (int, float))
    x.data = [value] * len(x.data) if is_known else None
    return x


@operation("nn.Parameter", "nn.parameter.Parameter")
def _parameter(rt: Any, data: Any = None, requires_grad: Any = True) -> Any:
    if data is None:
        data = TensorValue((0,))
    if isinstance(data, Instance):
        raise rt.error("TypeError", "a Parameter is made of a Tensor")
    found = tensor(rt, data)
    return stored(found.shape, found.dtype if found.dtype in FLOATS else "float32", False)


@operation("nn.Buffer", "nn.parameter.Buffer")
def _buffer(rt: Any, data: Any, persistent: Any = True) -> Any:
    return stored(data.shape, data.dtype, True)


# -- losses, which end in one number ---------------------------------------------------------------


def _loss(rt: Any, input: Any, *others: Any, reduction: Any = "mean", **kwargs: Any) -> Any:
    """A loss: one number of all elements, or one for each where it is not reduced."""
    x = tensor(rt, input)
    if reduction == "none" or not x.shape:
        return x
    return rt.put("Mean", [x], {"dim": list(range(len(x.shape)))})


LOSSES = {
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "kl_div": "KLDivLoss",
    "ctc_loss": "CTCLoss",
    "gaussian_nll_loss": "GaussianNLLLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
    "margin_ranking_loss": "MarginRankingLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
    "triplet_margin_loss": "TripletMarginLoss",
    "cosine_embedding_loss": "CosineEmbeddingLoss",
    "soft_margin_loss": "SoftMarginLoss",
    "multilabel_soft_margin_loss": "MultiLabelSoftMarginLoss",
    "multi_margin_loss": "MultiMarginLoss",
}
"""Loss functions, and the modules that compute the same."""

for _name in LOSSES:
    operation(f"nn.functional.{_name}")(_loss)


# -- einops ------------------------------------------------------------------------------------


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
            x = _stack(rt, x)
        settings: dict[str, Any] = {"pattern": pattern}
        if sizes:
            settings["sizes"] = {
                name: number(rt, size) for name, size in sizes.items() if name != "reduction"
            }
        if kind == "Reduce":
            reduction = more[0] if more else sizes.get("reduction")
            settings["reduction"] = reduction
        return rt.put(kind, [tensor(rt, x)], {k: v for k, v in settings.items() if v != {}})

    return run


operation("einops.rearrange")(_pattern("Rearrange"))
operation("einops.repeat")(_pattern("Repeat"))
operation("einops.reduce")(_pattern("Reduce"))

__all__ = ["OPERATIONS", "QUIET", "CannotRead", "Stored", "operation"]
