"""Reductions along dimensions, and what they give beside the values."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.functions.base import OPERATIONS, listed, number, prod, tensor
from shapecalc.reading.functions.elementwise import typed
from shapecalc.reading.functions.shapes import flatten
from shapecalc.reading.tensors.numbers import REDUCTIONS, are_known, reduced
from shapecalc.reading.tensors.traced import TensorValue, constant, same_source

OWN = OPERATIONS.part(__name__)
operation = OWN.function


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


def _reduced(kind: str, is_of_truth: bool = False) -> Any:
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
        if is_of_truth and x.data is not None and x.dtype != "bool":
            x = typed(rt, x, "bool")
        is_kept = rt.truth(keepdim) or rt.truth(kwargs.get("keepdims", False))
        dim = None if isinstance(dim, bool) else dim
        return _reduction(rt, kind, x, dim if axis is None else axis, is_kept, {})

    return run


def _reduction(
    rt: Any, kind: str, x: TensorValue, dim: Any, keepdim: bool, more: dict[str, Any]
) -> Any:
    """What a kind of reduction gives, with ``more`` settings beside its dimensions."""
    dims = _dims(rt, x, dim)
    if x.data and kind in REDUCTIONS and dim is None and x.is_left_out:
        return constant(REDUCTIONS[kind](x.data), x.dtype)
    if not x.shape:
        return x
    settings = {
        "dim": dims[0] if len(dims) == 1 else dims,
        **({"keepdim": True} if keepdim else {}),
    }
    return rt.put(kind, [x], settings | more)


def _spread(kind: str) -> Any:
    """A variance, or its root: with Bessel's correction, unless it is to be ``unbiased=False``."""

    def run(
        rt: Any,
        x: Any,
        dim: Any = None,
        unbiased: Any = None,
        keepdim: Any = False,
        *,
        correction: Any = None,
        **kwargs: Any,
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        dim, keepdim = kwargs.get("axis", dim), kwargs.get("keepdims", keepdim)
        if unbiased is not None:
            correction = int(rt.truth(unbiased))
        found = 1 if correction is None else number(rt, correction)
        more = {} if found == 1 else {"correction": found}
        return _reduction(rt, kind, tensor(rt, x), dim, rt.truth(keepdim), more)

    return run


for _name, _kind_name in (
    ("mean", "Mean"),
    ("sum", "Sum"),
    ("nansum", "Sum"),
    ("amax", "Max"),
    ("amin", "Min"),
    ("nanmean", "Mean"),
    ("any", "Max"),
    ("all", "Min"),
):
    operation(f"torch.{_name}", f"Tensor.{_name}")(_reduced(_kind_name, _name in ("any", "all")))


for _name, _kind_name in (("var", "Var"), ("std", "Std")):
    operation(f"torch.{_name}", f"Tensor.{_name}")(_spread(_kind_name))


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
    found: TensorValue = rt.opaque([x], shape, x.dtype, what)
    return found


@operation("torch.prod", "Tensor.prod")
def _prod(rt: Any, x: Any, dim: Any = None, keepdim: Any = False, **kwargs: Any) -> Any:
    x = tensor(rt, x)
    if x.data is not None and dim is None and x.is_left_out:
        return constant(prod(x.data), x.dtype)
    found = _opaque_reduction(rt, x, dim, keepdim, "a product")
    if are_known([x]):
        found.data = reduced(prod, x, _dims(rt, x, dim))
    return found


@operation("torch.logsumexp", "Tensor.logsumexp")
def _logsumexp(rt: Any, x: Any, dim: Any = None, keepdim: Any = False, **kwargs: Any) -> Any:
    return _opaque_reduction(rt, tensor(rt, x), dim, keepdim, "a logarithm of a sum")


@operation("torch.mode", "Tensor.mode")
def _mode(rt: Any, x: Any, dim: int = -1, keepdim: Any = False) -> Any:
    return _median(rt, x, dim, keepdim)


@operation("torch.median", "Tensor.median")
def _median(rt: Any, x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    x = tensor(rt, x)
    found = _opaque_reduction(rt, tensor(rt, x), dim, keepdim, "a median")
    if dim is None:
        return found
    return ValuesIndices((found, rt.opaque([x], found.shape, "int64", "a median")))


@operation("torch.kthvalue", "Tensor.kthvalue")
def _kthvalue(rt: Any, x: TensorValue, k: int, dim: int = -1, keepdim: Any = False) -> Any:
    return _median(rt, x, dim, keepdim)


@operation("torch.quantile", "Tensor.quantile", "torch.nanquantile", "Tensor.nanquantile")
def _quantile(rt: Any, x: Any, q: Any, dim: Any = None, keepdim: Any = False, **kwargs: Any) -> Any:
    if not isinstance(q, float):
        raise rt.cannot("quantiles of several fractions are not read")
    return _opaque_reduction(rt, tensor(rt, x), dim, keepdim, "a quantile")


@operation("torch.count_nonzero", "Tensor.count_nonzero")
def _count_nonzero(rt: Any, x: Any, dim: Any = None) -> Any:
    return _opaque_reduction(rt, tensor(rt, x), dim, False, "a count")


@operation("torch.aminmax", "Tensor.aminmax")
def _aminmax(rt: Any, x: Any, *, dim: Any = None, keepdim: Any = False) -> Any:
    return _reduced("Min")(rt, x, dim, keepdim), _reduced("Max")(rt, x, dim, keepdim)


@operation("torch.cummax", "Tensor.cummax", "torch.cummin", "Tensor.cummin")
def _cummax(rt: Any, x: TensorValue, dim: int) -> Any:
    return ValuesIndices((_rearranged(rt, x), rt.opaque([x], x.shape, "int64", "cummax")))


def _rearranged(rt: Any, x: TensorValue) -> TensorValue:
    """A tensor whose elements change places; which are where is no longer known."""
    if not x.is_constant:
        rt.approximates("elements that change places stay in theirs")
    return x if x.data is None else same_source(x, x.shape, x.dtype)


def _with_mean(kind: str) -> Any:
    spread, mean = _spread(kind), _reduced("Mean")

    def run(
        rt: Any, x: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, **kwargs: Any
    ) -> Any:
        found = spread(rt, x, dim, unbiased, keepdim, **kwargs)
        return found, mean(rt, x, kwargs.get("axis", dim), keepdim)

    return run


operation("torch.var_mean")(_with_mean("Var"))
operation("torch.std_mean")(_with_mean("Std"))


@operation("torch.topk", "Tensor.topk")
def _topk(
    rt: Any, x: TensorValue, k: int, dim: int = -1, largest: Any = True, sorted: Any = True
) -> Any:
    settings = {"k": k, **({"dim": dim} if dim != -1 else {})}
    values = rt.put("TopK", [x], settings if largest else {**settings, "largest": False})
    return ValuesIndices((values, second(values)))


@operation("torch.sort", "Tensor.sort")
def _sort(
    rt: Any, x: TensorValue, dim: int = -1, descending: Any = False, stable: Any = False
) -> Any:
    if x.data is None or len(x.shape) != 1:
        return ValuesIndices((_rearranged(rt, x), rt.opaque([x], x.shape, "int64", "sort")))
    order = _order(x.data, rt.truth(descending))
    return ValuesIndices((listed([x.data[n] for n in order], x.dtype), listed(order, "int64")))


def _order(values: list[Any], descending: bool) -> list[int]:
    return sorted(range(len(values)), key=values.__getitem__, reverse=descending)


@operation("torch.argsort", "Tensor.argsort")
def _argsort(
    rt: Any, x: TensorValue, dim: int = -1, descending: Any = False, stable: Any = False
) -> Any:
    return _sort(rt, x, dim, descending)[1]


@operation("torch.searchsorted")
def _searchsorted(rt: Any, sorted_sequence: TensorValue, values: Any, **kwargs: Any) -> Any:
    found = tensor(rt, values)
    return rt.opaque([sorted_sequence, found], found.shape, "int64", "searchsorted")


@operation("torch.bucketize")
def _bucketize(rt: Any, x: Any, boundaries: TensorValue, **kwargs: Any) -> Any:
    return _searchsorted(rt, boundaries, x)


@operation("torch.argmax", "Tensor.argmax", "torch.argmin", "Tensor.argmin")
def _argmax(rt: Any, x: TensorValue, dim: Any = None, keepdim: Any = False) -> Any:
    ones = [1] * len(x.shape)
    if dim is None:
        x, dim = flatten(rt, x), 0
        found = rt.put("ArgMax", [x], {"dim": dim})
        return rt.put("Reshape", [found], {"shape": ones}) if keepdim and ones else found
    return rt.put("ArgMax", [x], {"dim": dim, **({"keepdim": True} if keepdim else {})})


@operation("torch.norm", "Tensor.norm", "torch.linalg.norm", "torch.linalg.vector_norm")
def _norm(
    rt: Any, x: TensorValue, p: Any = 2, dim: Any = None, keepdim: Any = False, **kwargs: Any
) -> Any:
    p = plain(kwargs.get("ord", p))
    if not isinstance(p, (int, float)) or p == 2:  # "fro" is 2, too
        return _reduced("Norm")(rt, x, dim, keepdim)
    return _reduction(rt, "Norm", tensor(rt, x), dim, rt.truth(keepdim), {"ord": p})


@operation("torch.cumprod", "Tensor.cumprod", "torch.logcumsumexp", "Tensor.logcumsumexp")
def _cumprod(rt: Any, x: TensorValue, dim: int = 0, dtype: Any = None) -> Any:
    rt.approximates("what runs along a dimension stands as CumSum")
    return rt.put("CumSum", [x], {"dim": dim})


@operation("torch.cumsum", "Tensor.cumsum")
def _cumsum(rt: Any, x: TensorValue, dim: int = 0, dtype: Any = None) -> Any:
    if x.data is not None and len(x.shape) == 1:
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
