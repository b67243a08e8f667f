"""Layers whose weights the code gives: learned tensors of the network."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.functions.base import operation, prod, tensor
from shapecalc.reading.operators import plain
from shapecalc.reading.traced import TensorValue


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


@operation("nn.functional.layer_norm", "torch.layer_norm")
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


@operation("nn.functional.rms_norm", "torch.rms_norm")
def _rms_norm(
    rt: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None
) -> Any:
    settings = {
        "normalized_shape": list(plain(normalized_shape)),
        "elementwise_affine": weight is not None,
    }
    return rt.with_weights("RMSNorm", tensor(rt, input), settings, {"weight": weight})


@operation("nn.functional.group_norm", "torch.group_norm")
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
