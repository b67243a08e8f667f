"""Layers whose weights the code gives: learned tensors of the network."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.functions.base import OPERATIONS, prod, tensor
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function


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
    if _is_learned(running_mean):  # frozen, for batches alone to be normalised by
        running_mean = running_var = None
    kind = f"BatchNorm{min(3, max(1, len(x.shape) - 2))}d"
    settings = {"affine": weight is not None, "track_running_stats": running_mean is not None}
    given = {
        "weight": weight,
        "bias": bias,
        "running_mean": running_mean,
        "running_var": running_var,
    }
    _keep_statistics(rt, running_mean, running_var)
    given |= (counted := _counted(running_mean))
    if counted:
        rt.goes_by_training("F.batch_norm counts no batches")
    return rt.with_weights(kind, x, settings, given)


def _is_learned(value: Any) -> bool:
    stored = value.stored if isinstance(value, TensorValue) else None
    return stored is not None and not stored.is_buffer and stored.weight_of is None


def _counted(statistic: Any) -> dict[str, Any]:
    """What a layer counts its batches in, beside the statistics of it that are given."""
    from shapecalc.reading.modules import leaf_tensors  # which make use of functions

    stored = statistic.stored if isinstance(statistic, TensorValue) else None
    if stored is None or stored.weight_of is None:
        return {}
    tensors = leaf_tensors(stored.weight_of[0])
    return {name: tensors[name] for name in ("num_batches_tracked",) if name in tensors}


def _keep_statistics(rt: Any, *given: Any) -> None:
    """Buffers that the code keeps for running statistics are used, though no layer has them."""
    for each in given:
        stored = each.stored if isinstance(each, TensorValue) else None
        if stored is not None and stored.is_buffer and stored.weight_of is None:
            stored.is_part = True
            rt.approximates("statistics of a batch stand for those that the code keeps")


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
def _attention(
    rt: Any,
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: Any,
    num_heads: Any,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any = None,
    bias_v: Any = None,
    add_zero_attn: Any = False,
    dropout_p: Any = 0.0,
    out_proj_weight: Any = None,
    out_proj_bias: Any = None,
    training: Any = True,
    key_padding_mask: Any = None,
    need_weights: Any = True,
    attn_mask: Any = None,
    use_separate_proj_weight: Any = False,
    **kwargs: Any,
) -> Any:
    """Attention of a sequence by sizes (length, batch, features), from its projections on."""
    if bias_k is not None or add_zero_attn or len(query.shape) != 3:
        raise rt.cannot("attention with biases or zeros behind the keys is not known")
    run = {name: OPERATIONS[f"torch.{name}"].run for name in ("chunk", "matmul", "softmax")}
    if use_separate_proj_weight:
        weights = [kwargs[f"{name}_proj_weight"] for name in "qkv"]
    else:
        weights = list(run["chunk"](rt, in_proj_weight, 3, 0))
    biases: list[Any] = [None] * 3
    if in_proj_bias is not None:
        biases = list(run["chunk"](rt, in_proj_bias, 3, 0))
    if query is key and key is value and not use_separate_proj_weight:
        packed = _linear(rt, query, in_proj_weight, in_proj_bias)
        inputs = list(run["chunk"](rt, packed, 3, 2))
    else:
        inputs = [_linear(rt, *each) for each in zip((query, key, value), weights, biases)]
    q, k, v = [_by_head(rt, each, num_heads) for each in inputs]
    scores = run["matmul"](rt, q, rt.put("Transpose", [k], {"dim0": -2, "dim1": -1}))
    chances = run["softmax"](rt, scores, -1)
    found = rt.put("Permute", [run["matmul"](rt, chances, v)], {"dims": [2, 0, 1, 3]})
    length, batch = query.shape[:2]
    features = v.shape[1] * v.shape[3]
    found = rt.put("Reshape", [found], {"shape": [length, batch, features]})
    found = _linear(rt, found, out_proj_weight, out_proj_bias)
    averaged = rt.put("Mean", [chances], {"dim": [1]}) if need_weights else None
    return found, averaged


def _by_head(rt: Any, x: TensorValue, heads: Any) -> TensorValue:
    """(length, batch, features) as (batch, heads, length, features of one)."""
    length, batch, features = x.shape
    shape = [length, batch, heads, features // heads]
    return rt.put("Permute", [rt.put("Reshape", [x], {"shape": shape})], {"dims": [1, 2, 0, 3]})
