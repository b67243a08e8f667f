"""The same layer in shapecalc and in torch.

Shapes come from the meta device, which computes nothing else. It lets through some inputs that
torch then refuses to compute with, so whether torch accepts a layer is asked of the CPU as well.
Where torch makes an empty tensor, which depends on the kind and the device, it counts as refusal:
here every size is at least 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import pytest

from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor
from tests.layers.accepting import Inputs, accepts

torch = pytest.importorskip("torch")
flop_counter = pytest.importorskip("torch.utils.flop_counter")
einops = pytest.importorskip("einops")

torch.set_num_threads(1)  # tensors are tiny here; several threads only get in their own way

REFUSALS = (
    RuntimeError,
    ValueError,
    AttributeError,
    TypeError,
    IndexError,
    AssertionError,
    ZeroDivisionError,
)
"""What torch raises for settings or inputs that do not fit."""

STACKS = {
    "TransformerEncoder": "TransformerEncoderLayer",
    "TransformerDecoder": "TransformerDecoderLayer",
}
"""Kinds that torch makes of a layer given as a module, and that layer."""


def _operation(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of operands of which some may be numbers, given by name."""

    def operation(*x: Any, input: Any = None, other: Any = None, **more: Any) -> Any:
        condition = x[:1] if function is torch.where else ()
        operands = [input, *x[len(condition) :], other]
        return function(*condition, *(each for each in operands if each is not None), **more)

    return operation


def _extreme(along_one: Any, over_several: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The greatest or least element: with its place along one dimension, else alone."""
    if dim is not None and len(dim) == 1:
        return along_one(x, dim[0], keepdim)
    return over_several(x, dim or (), keepdim)


def _interpolated(x: Any, like: Any = None, /, **settings: Any) -> Any:
    """An image interpolated to a size that is given once, that of another or by settings."""
    if like is not None:
        assert settings["size"] is None
        assert settings["scale_factor"] is None
        settings["size"] = like.shape[2:]
    return torch.nn.functional.interpolate(x, **settings)


def _axis(dim: int, ndim: int) -> int:
    """A dimension counted from the first."""
    assert -ndim <= dim < ndim
    return dim % ndim


def _sliced(x: Any, dim: Any, start: Any, end: Any, step: Any) -> Any:
    """Parts of one dimension after another."""
    dims = dim if isinstance(dim, tuple) else (dim,)
    assert len({d % x.dim() for d in dims}) == len(dims)
    given = [v if isinstance(v, tuple) else (v,) * len(dims) for v in (start, end, step)]
    for each, a, b, c in zip(dims, *given, strict=True):
        x = x.movedim(each, 0)[a:b:c].movedim(0, each)
    return x


def _crop(x: Any, like: Any, start: Any) -> Any:
    """The part of an image that is as large as another: of its middle, or from a start."""
    assert x.dim() == like.dim() > 2
    for axis, (n, m) in enumerate(zip(x.shape[2:], like.shape[2:], strict=True)):
        first = (n - m) // 2 if start is None else start
        assert not isinstance(start, tuple) or len(start) == x.dim() - 2
        x = x.narrow(axis + 2, first[axis] if isinstance(first, tuple) else first, m)
    return x


def _chosen(tokens: Any, choice: Any, experts: Any) -> Any:
    """Every token times the matrices that it chose, as a product of many small matrices."""
    assert experts.dim() == 3
    assert choice.dim() == tokens.dim() - 1 > 1
    assert choice.dtype in (torch.int64, torch.int32)
    assert choice.shape[-1] <= len(experts)
    return (experts[choice] @ tokens.unsqueeze(-1)).squeeze(-1)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(torch, name.lower())
        for name in (
            *("Abs", "Ceil", "Cos", "Erf", "Exp", "Expm1", "Floor", "Log", "Log1p", "Neg"),
            *("Reciprocal", "Round", "Rsqrt", "Sign", "Sin", "Sqrt", "Square"),
            *("ArgMax", "ArgMin", "Clamp", "CumSum", "Flip", "MatMul", "Mean", "MoveDim"),
            *("Permute", "Reshape", "Roll", "Squeeze", "Std", "Sum", "Tile", "Transpose"),
            *("Unsqueeze", "Var"),
        )
    },
    **{
        name: _operation(function)
        for name, function in {
            "Add": lambda *x: reduce(torch.add, x),
            "Mul": lambda *x: reduce(torch.mul, x),
            **{
                name: getattr(torch, name.lower())
                for name in ("Sub", "Div", "Pow", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Where")
            },
        }.items()
    },
    "Chunk": lambda x, chunks, dim, index: (
        x.chunk(chunks, dim)[index] if index else x.chunk(chunks, dim)
    ),
    "Concat": lambda *x, dim: torch.cat(x, dim),
    "Einsum": lambda *x, equation: torch.einsum(equation, *x),
    "DropPath": lambda x, p: torch.nn.functional.dropout(x, p, training=False),
    "Expand": torch.Tensor.expand,
    "ExpertLinear": _chosen,
    "Index": lambda x, index, dim: x[(*[slice(None)] * _axis(dim, x.dim()), index)],
    "IndexSelect": lambda x, dim, index: x.index_select(
        dim, torch.tensor(index, dtype=torch.int64, device=x.device)
    ),
    "CropTo": _crop,
    "Interpolate": _interpolated,
    "LogicalAnd": torch.logical_and,
    "LogicalNot": torch.logical_not,
    "LogicalOr": torch.logical_or,
    "Maximum": torch.maximum,
    "Minimum": torch.minimum,
    "Max": lambda x, dim, keepdim: (
        torch.max(x, dim[0], keepdim)
        if dim and len(dim) == 1
        else torch.amax(x, dim or (), keepdim)
    ),
    "Min": lambda x, dim, keepdim: (
        torch.min(x, dim[0], keepdim)
        if dim and len(dim) == 1
        else torch.amin(x, dim or (), keepdim)
    ),
    "Norm": torch.linalg.vector_norm,
    "Normalize": torch.nn.functional.normalize,
    "Pad": torch.nn.functional.pad,
    "Rearrange": lambda x, pattern, sizes: einops.rearrange(x, pattern, **dict(sizes)),
    "Arange": lambda end, start, step, dtype: torch.arange(
        start, end, step, dtype=getattr(torch, dtype)
    ),
    **{
        name: lambda shape, dtype, make=make: make(shape, dtype=getattr(torch, dtype))
        for name, make in {"Ones": torch.ones, "Zeros": torch.zeros}.items()
    },
    "Reduce": lambda x, pattern, sizes, reduction: einops.reduce(
        x, pattern, reduction, **dict(sizes)
    ),
    "Repeat": lambda x, pattern, sizes: einops.repeat(x, pattern, **dict(sizes)),
    "RepeatInterleave": torch.repeat_interleave,
    "ScaledDotProductAttention": torch.nn.functional.scaled_dot_product_attention,
    "Select": torch.select,
    "Slice": _sliced,
    "Stack": lambda *x, dim: torch.stack(x, dim),
    "Split": lambda x, split_size, dim: x.split(split_size, dim),
    "Unbind": torch.unbind,
    "TopK": torch.topk,
    "To": lambda x, dtype: x.to(getattr(torch, dtype)),
}
"""What torch computes with functions in place of modules."""

Sizes = tuple[int, ...]
Shapes = tuple[Sizes, dict[str, Sizes], dict[str, Sizes]]


class Function(torch.nn.Module):  # type: ignore[misc]
    """A function with settings, as a module without weights."""

    def __init__(self, function: Callable[..., Any], settings: dict[str, Any]) -> None:
        super().__init__()
        self.function = function
        self.settings = settings

    def forward(self, *x: Any) -> Any:
        return self.function(*x, **self.settings)


class State(torch.nn.Module):  # type: ignore[misc]
    """A module that holds one tensor and puts it out."""

    def __init__(self, kind: str, shape: Any, dtype: str, **more: Any) -> None:
        super().__init__()
        tensor = torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
        self.tensor = getattr(torch.nn, kind)(tensor, **more)

    def forward(self) -> Any:
        return self.tensor


STATES = ("Parameter", "Buffer")
"""Tensors that a module holds under their own names, which have no name of their own in them."""


class Facts(NamedTuple):
    """What shapecalc and torch both know of a layer and its input."""

    output: Sizes
    dtype: str
    others: list[tuple[Sizes, str]]
    parameters: dict[str, Sizes]
    buffers: dict[str, tuple[Sizes, str]]
    macs: float


def as_torch(layer: Layer) -> Any:
    """The torch module of the same name with the fields of this bound layer."""
    return module_of(layer, {})


def module_of(layer: Layer, other: dict[str, Any]) -> Any:
    """The torch module with the fields of this bound layer, some of them with other values."""
    settings = {
        name: _plain(value, layer.rank)
        for name, value in ({name: getattr(layer, name) for name in layer.fields} | other).items()
    }
    if layer.kind in STATES:
        return State(layer.kind, **settings)
    if layer.kind in FUNCTIONS:
        return Function(FUNCTIONS[layer.kind], settings)
    with torch.device("meta"):
        if "indices" in layer.on_request:
            settings["return_indices"] = True
        if layer.kind in STACKS:
            return _stack(layer.kind, settings).eval()
        return getattr(torch.nn, layer.kind)(**settings).eval()


def _stack(kind: str, settings: dict[str, Any]) -> Any:
    """An encoder or decoder, whose settings but two are those of its layers."""
    num_layers, has_norm = settings.pop("num_layers"), settings.pop("norm")
    layer = getattr(torch.nn, STACKS[kind])(**settings)
    norm = None
    if has_norm:
        eps, bias = settings["layer_norm_eps"], settings["bias"]
        norm = torch.nn.LayerNorm(settings["d_model"], eps=eps, bias=bias)
    return getattr(torch.nn, kind)(layer, num_layers, norm)


def facts_of_torch(
    layer: Layer, tensors: Inputs, other: dict[str, Any] | None = None
) -> Facts | None:
    """Torch's facts, with other values for some fields; None if it refuses."""
    try:
        module = module_of(layer, other or {})
        with flop_counter.FlopCounterMode(display=False) as counter:
            output, *others = _run(module, tensors)
        _run(module.to_empty(device="cpu"), tensors, "cpu")
    except REFUSALS:
        return None

    def own(name: str) -> str:
        return "" if isinstance(module, State) else name

    if any(0 in each.shape for each in (output, *others)) or any(
        0 in weight.shape for weight in module.parameters()
    ):
        return None
    return Facts(
        tuple(output.shape),
        _name(output.dtype),
        [(tuple(each.shape), _name(each.dtype)) for each in others],
        {own(name): tuple(weight.shape) for name, weight in module.named_parameters()},
        {own(name): (tuple(b.shape), _name(b.dtype)) for name, b in module.named_buffers()},
        counter.get_total_flops() / 2,
    )


def our_facts(layer: Layer, tensors: Inputs) -> Facts | None:
    """The same from the declaration; None if a requirement does not hold."""
    if not accepts(layer, tensors):
        return None
    layer = layer.bound(*tensors)
    y, *others = layer.outputs(*tensors).values()
    assert y == layer.output(*tensors)
    return Facts(
        y.shape,  # type: ignore[arg-type]
        y.dtype,
        [(each.shape, each.dtype) for each in others],  # type: ignore[misc]
        layer.weights(),  # type: ignore[arg-type]
        {name: (buffer.shape, buffer.dtype) for name, buffer in layer.buffers().items()},  # type: ignore[misc]
        layer.macs(*tensors, y=y),  # type: ignore[arg-type]
    )


def shapes(layer: Layer, *tensors: Tensor) -> Shapes | None:
    """Torch's output, parameter and buffer shapes; None if it refuses."""
    facts = facts_of_torch(layer.bound(*tensors), tensors)
    return facts and _shapes(facts)


def ours(layer: Layer, *tensors: Tensor) -> Shapes | None:
    """The same from the declaration; None if a requirement does not hold."""
    facts = our_facts(layer, tensors)
    return facts and _shapes(facts)


def _shapes(facts: Facts) -> Shapes:
    buffers = {name: shape for name, (shape, _) in facts.buffers.items()}
    return facts.output, facts.parameters, buffers


def torch_macs(layer: Layer, *tensors: Tensor) -> float:
    """Half of the FLOPs that torch counts."""
    module = as_torch(layer.bound(*tensors))
    with flop_counter.FlopCounterMode(display=False) as counter:
        _run(module, tensors)
    return counter.get_total_flops() / 2


def _run(module: Any, tensors: Inputs, device: str = "meta") -> list[Any]:
    """All outputs, the first first."""
    x = [torch.zeros(x.shape, dtype=getattr(torch, x.dtype), device=device) for x in tensors]
    if isinstance(module, torch.nn.MultiheadAttention) and len(x) < 3:
        x = [x[0], x[-1], x[-1]]
    if isinstance(module, (torch.nn.LSTM, torch.nn.LSTMCell)) and len(x) > 1:
        x = [x[0], tuple(x[1:])]
    with torch.no_grad():
        output = module(*x)
    return list(_flat(output))


def _flat(outputs: Any) -> Iterator[Any]:
    for each in outputs if isinstance(outputs, (tuple, list)) else [outputs]:
        yield from _flat(each) if isinstance(each, tuple) else [each]


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _plain(value: Any, rank: int) -> Any:
    if isinstance(value, tuple):
        # LPPool1d takes no tuple; every kind of one axis takes a plain number.
        if rank == len(value) == 1:
            return _plain(value[0], rank)
        return tuple(_plain(item, rank) for item in value)
    if isinstance(value, list):  # as it was written, for all axes or for each
        return tuple(_plain(item, rank) for item in value)
    return float(value) if isinstance(value, Fraction) else value
