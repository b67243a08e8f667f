"""Shapes: views, flattening, orders of dimensions, and joining tensors."""

from __future__ import annotations

from typing import Any

from shapecalc.language.problem import Mark
from shapecalc.reading.evaluator.sizes import Size, names
from shapecalc.reading.evaluator.values import Unknown
from shapecalc.reading.functions.base import OPERATIONS, numbers, prod, tensor
from shapecalc.reading.tensors.dtypes import DTYPES, DType, TorchSize
from shapecalc.reading.tensors.traced import TensorValue, key_of, same_source

OWN = OPERATIONS.part(__name__)
operation = OWN.function


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


operation("torch.is_tensor")(lambda rt, x: isinstance(x, TensorValue))

operation("Tensor.item")(lambda rt, x: rt.tensor_number(x))


@operation("Tensor.tolist", "Tensor.numpy")
def _tolist(rt: Any, x: TensorValue) -> Any:
    if x.data is None:
        raise rt.cannot("what a tensor holds is not known, and is asked for here")
    return _nested(x.data, x.shape) if x.shape else x.data[0]


def _nested(numbers: list[Any], shape: tuple[Any, ...]) -> list[Any]:
    """Numbers as lists in lists."""
    if len(shape) == 1:
        return list(numbers)
    step = prod(shape[1:])
    return [_nested(numbers[n * step : (n + 1) * step], shape[1:]) for n in range(shape[0])]


def _one(x: TensorValue, sizes: list[Any]) -> TensorValue:
    """A tensor of one number with one dimension, or with none."""
    found = same_source(x, [1] * len(sizes), x.dtype)
    found.data = x.data
    found.sees(x)
    return found


def reshaped(rt: Any, x: TensorValue, sizes: list[Any]) -> TensorValue:
    """A tensor under other sizes, of which one may be -1."""
    if tuple(sizes) == tuple(x.shape) and -1 not in sizes:
        return x
    if x.data is not None and len(sizes) <= 1 and len(x.shape) <= 1 and len(x.data) > 0:
        return x if len(sizes) == len(x.shape) else _one(x, sizes)
    elements = prod(x.shape)
    known = prod(size for size in sizes if size != -1)
    fits = known != 0 and (elements % known == 0 if -1 in sizes else elements == known)
    if not fits and 0 not in sizes:
        listed = ", ".join(map(str, sizes))
        is_of_batch = type(sizes[0]) is int and prod(sizes[1:]) == prod(x.shape[1:])
        if isinstance(elements, Size) and type(known) is int and not is_of_batch:
            rt.unmet.setdefault(key_of(rt.here() or Mark(1, 1)), (known, elements))
        rt.tell(
            f"shape [{listed}] is invalid for input of size {elements}",
            f"receives {' x '.join(map(str, x.shape))} = {elements}{rt.origin_of(x)}",
            f"{sizes[0]} stands for the batch: x.shape[0] there takes any" if is_of_batch else "",
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
    if len(sizes) == 1 and isinstance(sizes[0], Unknown):
        return x
    if len(sizes) == 1 and isinstance(sizes[0], DType):
        if DTYPES.get(sizes[0].name) == x.dtype:
            return x
        raise rt.cannot("the bytes of a tensor seen as another type are not read", "x.to(...)?")
    return reshaped(rt, x, numbers(rt, sizes))


@operation("Tensor.view_as", "Tensor.reshape_as")
def _view_as(rt: Any, x: TensorValue, other: TensorValue) -> Any:
    return reshaped(rt, x, list(other.shape))


@operation("torch.flatten", "Tensor.flatten", "torch.ravel", "Tensor.ravel")
def flatten(rt: Any, x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Dimensions next to each other as one."""
    x = tensor(rt, x)
    if len(x.shape) <= 1 or start_dim % len(x.shape) == end_dim % len(x.shape):
        return x if x.shape else reshaped(rt, x, [1])
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
def _transpose(rt: Any, x: Any, dim0: Any = None, dim1: Any = None, *more: Any) -> Any:
    x = tensor(rt, x)
    if dim1 is None or more:
        return _turned(rt, x, [each for each in (dim0, dim1, *more) if each is not None])
    for dim in (dim0, dim1):
        if not -len(x.shape) <= dim < len(x.shape):
            message = f"Dimension out of range (expected to be in range of [{-len(x.shape)}, "
            raise rt.error("IndexError", f"{message}{len(x.shape) - 1}], but got {dim})")
    if dim0 % len(x.shape) == dim1 % len(x.shape):
        return x
    return rt.put("Transpose", [x], {"dim0": dim0, "dim1": dim1})


def _turned(rt: Any, x: TensorValue, dims: list[Any]) -> Any:
    """An array of numpy, which is a constant, with all its axes in another order."""
    if not x.is_constant:
        raise rt.error("TypeError", f"transpose() takes 2 dimensions but {len(dims)} were given")
    return _permute(rt, x, *(dims or reversed(range(len(x.shape)))))


@operation("torch.t", "Tensor.t", "torch.adjoint", "Tensor.adjoint")
def _t(rt: Any, x: TensorValue) -> Any:
    return rt.turned(x, "T" if len(x.shape) <= 2 else "mT")


@operation("torch.unsqueeze", "Tensor.unsqueeze")
def _unsqueeze(rt: Any, x: Any, dim: int) -> Any:
    x = tensor(rt, x)
    if x.data is not None and not x.shape:
        return _one(x, [1])
    return rt.put("Unsqueeze", [x], {"dim": dim})


@operation("torch.squeeze", "Tensor.squeeze")
def _squeeze(rt: Any, x: Any, dim: Any = None) -> Any:
    x = tensor(rt, x)
    n = len(x.shape)
    is_batched = dim is None and n > 0 and "B" in names(x.shape[0])
    rt.squeezed_batch |= is_batched and x.shape[0] == 1
    dims = (
        range(int(is_batched and rt.keeps_batch), n)
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
    if len(sizes) == 1 and isinstance(sizes[0], TensorValue):
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


def _in_list(rt: Any, tensors: Any) -> Any:
    """What is put together: torch takes it in a list, and not one by one."""
    if isinstance(tensors, TensorValue) and len(tensors.shape) > 0:
        message = "argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        raise rt.error("TypeError", message, "a list holds what is put together: [a, b]")
    return rt.iterate(tensors)


@operation("torch.cat", "torch.concat", "torch.concatenate")
def _cat(rt: Any, tensors: Any, *more: Any, dim: Any = 0, axis: Any = None, out: Any = None) -> Any:
    found = [tensor(rt, each, "each of what is concatenated") for each in _in_list(rt, tensors)]
    if not found:
        raise rt.error("RuntimeError", "torch.cat(): expected a non-empty list of Tensors")
    dim = more[0] if more else axis if axis is not None else dim
    found = [each for each in found if 0 not in each.shape] or found[:1]
    if len(found) == 1:
        return found[0]
    if all(each.data is not None and len(each.shape) == 1 for each in found):
        made = TensorValue((sum(len(each.data or ()) for each in found),), found[0].dtype)
        made.data = [value for each in found for value in each.data or ()]
        return made
    return rt.put("Concat", found, {"dim": dim})


@operation("torch.stack")
def stack(rt: Any, tensors: Any, *more: Any, dim: int = 0, out: Any = None) -> Any:
    """Tensors along a new dimension."""
    found = [tensor(rt, each, "each of what is stacked") for each in _in_list(rt, tensors)]
    if not found:
        raise rt.error("RuntimeError", "stack expects a non-empty TensorList")
    return rt.put("Stack", found, {"dim": more[0] if more else dim})


@operation("torch.hstack")
def _hstack(rt: Any, tensors: Any) -> Any:
    found = [tensor(rt, each) for each in rt.iterate(tensors)]
    return _cat(rt, found, 1 if len(found[0].shape) > 1 else 0)


for _name, _dim in (("vstack", 0), ("dstack", 2)):

    @operation(f"torch.{_name}")
    def _xstack(rt: Any, tensors: Any, _dim: int = _dim) -> Any:
        """Tensors one behind the other along a dimension, which they get where they lack it."""
        found = [tensor(rt, each) for each in rt.iterate(tensors)]
        for n, each in enumerate(found):
            while len(each.shape) < 2:
                each = rt.put("Unsqueeze", [each], {"dim": 0})
            if len(each.shape) <= _dim:
                each = rt.put("Unsqueeze", [each], {"dim": -1})
            found[n] = each
        return _cat(rt, found, _dim)


@operation("torch.column_stack")
def _column_stack(rt: Any, tensors: Any) -> Any:
    found = [tensor(rt, each) for each in rt.iterate(tensors)]
    whole = [
        rt.put("Unsqueeze", [each], {"dim": 1}) if len(each.shape) == 1 else each for each in found
    ]
    return _cat(rt, whole, 1)


def _at_least(rank: int) -> Any:
    def run(rt: Any, x: Any) -> Any:
        found = tensor(rt, x)
        while len(found.shape) < rank:
            found = rt.put("Unsqueeze", [found], {"dim": 0})
        return found

    return run


operation("torch.atleast_2d")(_at_least(2))
