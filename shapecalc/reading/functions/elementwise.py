"""Operators and functions of every element, products of matrices, element types."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS
from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.functions.base import OPERATIONS, number, tensor
from shapecalc.reading.tensors.dtypes import DTYPES, element_type
from shapecalc.reading.tensors.numbers import are_known, as_type, triangle
from shapecalc.reading.tensors.traced import TensorValue, same_source

OWN = OPERATIONS.part(__name__)
operation = OWN.function


def _binary(word: str) -> Any:
    def run(rt: Any, a: Any, b: Any, *more: Any, alpha: Any = None, **kwargs: Any) -> Any:
        sign = "//" if word == "/" and kwargs.get("rounding_mode") is not None else word
        if not isinstance(a, TensorValue) and not isinstance(b, TensorValue):
            return rt.binary(sign, a, b)
        if alpha is not None and alpha != 1:
            b = rt.tensor_operator("*", b, alpha) if isinstance(b, TensorValue) else b * alpha
        return rt.tensor_operator(sign, a, b)

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
    "torch.spmm",
    "torch.sparse.mm",
)
def _matmul(rt: Any, a: Any, b: Any) -> Any:
    return rt.put("MatMul", [tensor(rt, a), tensor(rt, b)])


@operation("torch.inner")
def _inner(rt: Any, input: Any, other: Any) -> Any:
    a, b = tensor(rt, input), tensor(rt, other)
    if not a.shape or not b.shape:
        return rt.tensor_operator("*", a, b)
    letters = "abcdefghijklmnop"
    mine, its = letters[: len(a.shape) - 1], letters[8 : 7 + len(b.shape)]
    return rt.put("Einsum", [a, b], {"equation": f"{mine}z, {its}z -> {mine}{its}"})


@operation("torch.baddbmm", "torch.addmm", "Tensor.addmm", "Tensor.baddbmm")
def _addmm(
    rt: Any, bias: Any, a: Any, b: Any, *more: Any, beta: Any = 1, alpha: Any = 1, **kwargs: Any
) -> Any:
    found = _times(rt, _matmul(rt, a, b), alpha)
    return found if beta == 0 else rt.tensor_operator("+", found, _times(rt, bias, beta))


def _times(rt: Any, x: Any, number: Any) -> Any:
    return x if number == 1 else rt.tensor_operator("*", x, number)


@operation("torch.addcmul", "Tensor.addcmul")
def _addcmul(rt: Any, a: Any, b: Any, c: Any, value: Any = 1) -> Any:
    return rt.tensor_operator("+", a, _times(rt, rt.tensor_operator("*", b, c), value))


@operation("torch.addcdiv", "Tensor.addcdiv")
def _addcdiv(rt: Any, a: Any, b: Any, c: Any, value: Any = 1) -> Any:
    return rt.tensor_operator("+", a, _times(rt, rt.tensor_operator("/", b, c), value))


@operation("torch.lerp", "Tensor.lerp")
def _lerp(rt: Any, start: Any, end: Any, weight: Any) -> Any:
    way = rt.tensor_operator("-", end, start)
    return rt.tensor_operator("+", start, rt.tensor_operator("*", way, weight))


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


@operation("Tensor.where")
def _where_else(rt: Any, x: TensorValue, condition: Any, other: Any) -> Any:
    return _where(rt, condition, x, other)


@operation("torch.where")
def _where(rt: Any, condition: Any, a: Any = None, b: Any = None) -> Any:
    if a is None:
        raise rt.cannot("how many places torch.where finds depends on what the tensor holds")
    found = [each for each in (condition, a, b) if isinstance(each, TensorValue)]
    return rt.broadcasting("Where", found, [a, b])


@operation("Tensor.masked_fill", "torch.masked_fill")
def _masked_fill(rt: Any, x: TensorValue, mask: Any, value: Any) -> Any:
    if not isinstance(mask, TensorValue):
        return x
    if isinstance(value, TensorValue) and value.is_constant and value.data is not None:
        (value,) = value.data
    found = [each for each in (mask, value, x) if isinstance(each, TensorValue)]
    return rt.broadcasting("Where", found, [value, x])


@operation("Tensor.tril", "torch.tril")
def _lower(rt: Any, x: TensorValue, diagonal: Any = 0) -> Any:
    return _side(rt, x, diagonal, is_upper=False)


@operation("Tensor.triu", "torch.triu")
def _upper(rt: Any, x: TensorValue, diagonal: Any = 0) -> Any:
    return _side(rt, x, diagonal, is_upper=True)


def _side(rt: Any, x: TensorValue, diagonal: Any, is_upper: bool) -> TensorValue:
    """What is on one side of a diagonal."""
    found = same_source(x, x.shape, x.dtype)
    if not x.is_constant:
        rt.approximates("all of a tensor stands for what is on one side of its diagonal")
    if are_known([x]) and len(x.shape) > 1:
        rt.step(len(x.data))
        found.data = triangle(x, number(rt, diagonal), is_upper)
    return found


@operation("torch.relu_")
def _relu(rt: Any, x: TensorValue) -> Any:
    return x.become(rt.put("ReLU", [x]))


_UNARY = """
acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh
bitwise_not cosh deg2rad digamma erfc erfinv exp2 fix frac i0 isfinite
isinf isnan isneginf isposinf isreal lgamma log10 log2 logit mvlgamma nan_to_num
rad2deg relu6 sgn signbit sinc sinh tan trunc
"""
"""Functions of every element that no kind has, at the cost of one that has."""

for _name in _UNARY.split():

    @operation(f"torch.{_name}", f"Tensor.{_name}")
    def _unary(rt: Any, x: TensorValue, *more: Any, _name: str = _name, **kwargs: Any) -> Any:
        dtype = "bool" if _name.startswith("is") else x.dtype
        rt.approximates(f"torch.{_name} stands as another function")
        return rt.elementwise([tensor(rt, x)], dtype, "Exp" if dtype != "bool" else "Isnan")


_BINARY = """
arctan2 atan2 copysign float_power fmax fmin gcd heaviside hypot igamma igammac lcm ldexp
logaddexp logaddexp2 nextafter xlogy
"""
"""Functions of two tensors, element by element, that no kind has."""

for _name in _BINARY.split():

    @operation(f"torch.{_name}", f"Tensor.{_name}")
    def _binary(rt: Any, a: Any, b: Any, _name: str = _name) -> Any:
        rt.approximates(f"torch.{_name} stands as a sum")
        return rt.tensor_operator("+", a, b)


operation("torch.isclose", "Tensor.isclose")(
    lambda rt, a, b, *more, **kwargs: rt.tensor_operator("==", a, b)
)


@operation("torch.rsub")
def _rsub(rt: Any, input: Any, other: Any, alpha: Any = 1) -> Any:
    if alpha != 1:
        input = rt.tensor_operator("*", input, alpha)
    return rt.tensor_operator("-", other, input)


@operation("torch.polygamma")
def _polygamma(rt: Any, n: int, input: Any) -> Any:
    rt.approximates("torch.polygamma stands as another function")
    return rt.elementwise([tensor(rt, input)], "float32", "Exp")


@operation("Tensor.polygamma")
def _polygamma_of(rt: Any, x: TensorValue, n: int) -> Any:
    return _polygamma(rt, n, x)


@operation("Tensor.to", "Tensor.type", "Tensor.type_as")
def _to(rt: Any, x: TensorValue, *args: Any, **kwargs: Any) -> Any:
    for each in [*args, *kwargs.values()]:
        dtype = element_type(each)
        if dtype is not None:
            return typed(rt, x, dtype)
        if isinstance(each, TensorValue):
            return typed(rt, x, each.dtype)
    return x


@operation("Tensor.astype")
def _astype(rt: Any, x: TensorValue, dtype: Any, **kwargs: Any) -> Any:
    name = str(getattr(dtype, "name", dtype)).rpartition(".")[2]
    return typed(rt, x, DTYPES.get("float32" if name == "float" else name, "float32"))


def typed(rt: Any, x: TensorValue, dtype: str) -> TensorValue:
    """A tensor as one of another element type."""
    if x.dtype == dtype:
        return x
    if "To" in KINDS and not x.is_constant and not (x.dtype in FLOATS and dtype in FLOATS):
        return rt.put("To", [x], {"dtype": dtype})
    if not x.is_constant:
        rt.approximates(f"numbers are not rounded to {dtype}")
    found = same_source(x, x.shape, dtype)
    if x.data is not None:
        found.data = as_type(x.data, dtype)
    found.own_row = x.row
    return found


_CASTS = ("float", "double", "half", "long", "int", "bool", "bfloat16", "short")

for _name, _type in (*zip(_CASTS, _CASTS), ("byte", "uint8"), ("char", "int8")):

    @operation(f"Tensor.{_name}")
    def _cast(rt: Any, x: TensorValue, *more: Any, _type: str = _type) -> Any:
        return typed(rt, x, DTYPES[_type])


@operation("Tensor.detach", "torch.detach")
def _detached(rt: Any, x: TensorValue) -> Any:
    rt.cuts_gradients(x, "detach")
    return _clone(rt, x)


@operation("Tensor.clone", "torch.clone", "Tensor.contiguous")
@operation("Tensor.copy")  # of an array of numpy
def _clone(rt: Any, x: TensorValue, *args: Any, **kwargs: Any) -> Any:
    """The same elements: in-place operations on the copy do not change the original."""
    found = same_source(x, x.shape, x.dtype)
    found.data = x.data
    found.own_row = x.row
    return found
