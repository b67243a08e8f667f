"""Convolutions whose weights the code gives: learned ones are a layer's, others are computed with.

A filter that is computed, fixed or made of what comes in is no weight of a layer, and so the
convolution is written as what it is: patches, a matrix product and the patches put together.
"""

from __future__ import annotations

from typing import Any

from shapecalc.algebra.message import times
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.functions.base import OPERATIONS, number, tensor
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function


def _convolution(rank: int, transposed: bool) -> Any:
    kind = f"Conv{'Transpose' if transposed else ''}{rank}d"

    def run(
        rt: Any,
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        *more: Any,
        **kwargs: Any,
    ) -> Any:
        x, weight = tensor(rt, input), tensor(rt, weight, "the weight")
        names = ["output_padding", "groups", "dilation"] if transposed else ["dilation", "groups"]
        given = {**dict(zip(names, more)), **kwargs}
        groups = number(rt, given.get("groups", 1))
        if not rt.is_weight(weight):
            if not transposed:
                return _by_products(rt, x, weight, bias, stride, padding, groups, given)
            return _turned_by_products(rt, x, weight, bias, stride, padding, groups, given)
        first, second = weight.shape[0], weight.shape[1] * groups
        settings: dict[str, Any] = {
            "in_channels": first if transposed else second,
            "out_channels": second if transposed else first,
            "kernel_size": list(weight.shape[2:]),
            "stride": plain(stride),
            "padding": plain(padding),
            "groups": groups,
            "bias": bias is not None,
        }
        settings.update({n: plain(given[n]) for n in names if n in given and n != "groups"})
        return rt.with_weights(kind, x, settings, {"weight": weight, "bias": bias})

    return run


def _pair(rt: Any, value: Any, rank: int) -> list[Any]:
    """A setting of each axis; the first of one axis alone is that of a row of height 1."""
    value = plain(value)
    found = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    found = [number(rt, each) for each in found]
    return found * rank if len(found) == 1 else found


def _flat(rt: Any, x: TensorValue, weight: TensorValue, what: str) -> int:
    """The rank of a convolution that is computed by products."""
    rank = len(weight.shape) - 2
    if rank not in (1, 2) or len(x.shape) != len(weight.shape):
        raise rt.cannot(f"{what} of {rank} axes whose weight is computed is not in the catalogue")
    return rank


def _as_image(rt: Any, x: TensorValue) -> TensorValue:
    return rt.put("Unsqueeze", [x], {"dim": 2}) if len(x.shape) == 3 else x


def _biased(rt: Any, found: TensorValue, bias: Any) -> TensorValue:
    if bias is None:
        return found
    ones = [1] * (len(found.shape) - 2)
    return rt.tensor_operator(
        "+", found, rt.put("Reshape", [bias], {"shape": [1, found.shape[1], *ones]})
    )


def _padding(rt: Any, padding: Any, kernel: list[Any], dilation: list[Any]) -> list[Any]:
    padding = plain(padding)
    if padding == "valid":
        return [0] * len(kernel)
    if padding == "same":
        return [d * (k - 1) // 2 for k, d in zip(kernel, dilation)]
    return _pair(rt, padding, len(kernel))


def _by_products(
    rt: Any,
    x: TensorValue,
    weight: TensorValue,
    bias: Any,
    stride: Any,
    padding: Any,
    groups: Any,
    given: dict[str, Any],
) -> TensorValue:
    """A convolution by weights that are no layer's own, as products with patches."""
    rank = _flat(rt, x, weight, "a convolution")
    kernel = list(weight.shape[2:])
    dilation = _pair(rt, given.get("dilation", 1), rank)
    steps, pads = _pair(rt, stride, rank), _padding(rt, padding, kernel, dilation)
    channels, taken = x.shape[1], weight.shape[1] * groups
    if channels != taken:
        shape = times(weight.shape)
        raise rt.error(
            "RuntimeError",
            f"weight of size {shape} with {groups} groups expects {taken} channels, got {channels}",
        )
    sides = [
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(x.shape[2:], kernel, steps, pads, dilation)
    ]
    first = [1] * (2 - rank)
    settings = {
        "kernel_size": first + kernel,
        "stride": first + steps,
        "padding": [0] * (2 - rank) + pads,
        "dilation": first + dilation,
    }
    patches = rt.put("Unfold", [_as_image(rt, x)], settings)
    batch, out, length = x.shape[0], weight.shape[0], patches.shape[2]
    depth = patches.shape[1] // groups
    if groups == 1:
        rows = rt.put("Reshape", [weight], {"shape": [out, depth]})
    else:
        rows = rt.put("Reshape", [weight], {"shape": [groups, out // groups, depth]})
        patches = rt.put("Reshape", [patches], {"shape": [batch, groups, depth, length]})
    found = rt.put("MatMul", [rows, patches])
    return _biased(rt, rt.put("Reshape", [found], {"shape": [batch, out, *sides]}), bias)


def _turned_by_products(
    rt: Any,
    x: TensorValue,
    weight: TensorValue,
    bias: Any,
    stride: Any,
    padding: Any,
    groups: Any,
    given: dict[str, Any],
) -> TensorValue:
    """A transposed convolution by weights that are no layer's own."""
    rank = _flat(rt, x, weight, "a transposed convolution")
    kernel = list(weight.shape[2:])
    dilation = _pair(rt, given.get("dilation", 1), rank)
    steps, pads = _pair(rt, stride, rank), _pair(rt, padding, rank)
    more = _pair(rt, given.get("output_padding", 0), rank)
    batch, channels, *inner = x.shape
    each = weight.shape[1]
    depth, length = channels // groups, 1
    taps: Any = each
    for size in inner:
        length = size * length
    for size in kernel:
        taps = taps * size
    sides = [
        (size - 1) * s - 2 * p + d * (k - 1) + m + 1
        for size, k, s, p, d, m in zip(inner, kernel, steps, pads, dilation, more)
    ]
    rows = rt.put("Reshape", [weight], {"shape": [groups, depth, taps]})
    columns = rt.put("Reshape", [x], {"shape": [batch, groups, depth, length]})
    turned = rt.put("Transpose", [rows], {"dim0": 1, "dim1": 2})
    found = rt.put("MatMul", [turned, columns])
    found = rt.put("Reshape", [found], {"shape": [batch, groups * taps, length]})
    first = [1] * (2 - rank)
    settings = {
        "output_size": first + sides,
        "kernel_size": first + kernel,
        "stride": first + steps,
        "padding": [0] * (2 - rank) + pads,
        "dilation": first + dilation,
    }
    found = rt.put("Fold", [found], settings)
    if rank == 1:
        found = rt.put("Squeeze", [found], {"dim": 2})
    return _biased(rt, found, bias)


for _rank in (1, 2, 3):
    for _name, _turned in (("conv", False), ("conv_transpose", True)):
        operation(f"nn.functional.{_name}{_rank}d", f"torch.{_name}{_rank}d")(
            _convolution(_rank, _turned)
        )
