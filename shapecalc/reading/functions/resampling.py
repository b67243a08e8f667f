"""Resampling, padding, softmax, dropout, attention and pools as functions."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS
from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import Builtin
from shapecalc.reading.functions.base import OPERATIONS, number, numbers, tensor
from shapecalc.reading.functions.reductions import second
from shapecalc.reading.tensors.rows import Row
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function


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
    elif isinstance(value := plain(value), (int, float)) and value != 0:
        settings["value"] = value
    return rt.put("Pad", [x], settings)


@operation("nn.functional.one_hot")
def _one_hot(rt: Any, x: TensorValue, num_classes: Any = -1) -> Any:
    if num_classes == -1:
        raise rt.cannot("how many classes one_hot makes depends on what the tensor holds")
    places = TensorValue((num_classes,), "int64")
    places.own_row = Row(0, num_classes, 1)
    classes = rt.put("Unsqueeze", [x], {"dim": -1})
    return rt.put("To", [rt.put("Eq", [classes, places])], {"dtype": "int64"})


@operation("nn.functional.gumbel_softmax")
def _gumbel(
    rt: Any, x: TensorValue, tau: Any = 1, hard: Any = False, eps: Any = 0, dim: int = -1
) -> Any:
    rt.approximates("gumbel_softmax stands as Softmax, without chance")
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
        if isinstance(input, (int, float)):
            message = f"dropout(): argument 'input' must be Tensor, not {type(input).__name__}"
            raise rt.error("TypeError", message, f"nn.{kind}({input}) is the layer of it")
        if not rt.training and plain(p) != 0 and rt.truth(training):
            rt.approximates(
                "a dropout that is at work in evaluation, too, stands as one that is not"
            )
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
    if isinstance(attn_mask, TensorValue):
        scores = TensorValue((*found[0].shape[:-1], found[1].shape[-2]))
        mask = TensorValue(attn_mask.shape)
        name = "scaled_dot_product_attention: scores and attn_mask"
        rt.require(name, KINDS["Add"](), [scores.tensor, mask.tensor], [scores, mask], None)
        if attn_mask.dtype in FLOATS and not attn_mask.is_constant:
            found.append(attn_mask)  # what is learned or computed is added to the scores
    return rt.put("ScaledDotProductAttention", found, settings)


def _pooled_with_indices(name: str) -> None:
    plainly = OPERATIONS[f"nn.functional.{name}"]

    def run(rt: Any, *args: Any, return_indices: Any = False, **kwargs: Any) -> Any:
        found = plainly.run(rt, *args, **kwargs)
        if not return_indices:
            return found
        if found.source is not None and found.source.kind == "Squeeze":
            raise rt.cannot(f"the indices of {name} are not read where there is no batch")
        return found, second(found)

    OWN[f"nn.functional.{name}"] = Builtin(name, run)


for _axes in "123":
    if _axes != "1":
        _pooled_with_indices(f"fractional_max_pool{_axes}d")
    _pooled_with_indices(f"max_pool{_axes}d")
    _pooled_with_indices(f"adaptive_max_pool{_axes}d")

    @operation(f"nn.functional.max_pool{_axes}d_with_indices")
    def _with_indices(rt: Any, *args: Any, _axes: str = _axes, **kwargs: Any) -> Any:
        kwargs["return_indices"] = True
        return OPERATIONS[f"nn.functional.max_pool{_axes}d"].run(rt, *args, **kwargs)
