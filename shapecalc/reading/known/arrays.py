"""numpy, as networks use it."""

from __future__ import annotations

import math
import statistics
from typing import Any

from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.evaluator.builtins import BUILTINS
from shapecalc.reading.functions import OPERATIONS
from shapecalc.reading.known.base import NAMES, resolve
from shapecalc.reading.known.python import binary, elementwise
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function


def _made(rt: Any, found: TensorValue, dtype: Any = None) -> TensorValue:
    """An array of numpy's, of the element type that is asked for, where one is."""
    if dtype is not None:
        found = OPERATIONS["Tensor.astype"].run(rt, found, dtype)
    if not found.is_constant:
        return found
    made = TensorValue(found.shape, found.dtype)
    made.data = found.data
    made.is_array = True
    return made


@known("numpy.array", "numpy.asarray")
def _array_of(rt: Any, values: Any, dtype: Any = None, **kwargs: Any) -> Any:
    return _made(rt, OPERATIONS["torch.tensor"].run(rt, values), dtype)


known("numpy.atleast_1d")(
    lambda rt, value: _array_of(rt, [value] if isinstance(value, (int, float)) else value)
)


@known("numpy.linspace")
def _linspace(
    rt: Any, start: Any, stop: Any, num: int = 50, endpoint: Any = True, dtype: Any = None
) -> Any:
    if not rt.truth(endpoint):
        stop = start + (stop - start) * max(0, num - 1) / max(1, num)
    return _made(rt, OPERATIONS["torch.linspace"].run(rt, start, stop, num), dtype)


@known("numpy.arange")
def _arange(
    rt: Any, *args: Any, start: Any = 0, stop: Any = None, step: Any = 1, dtype: Any = None
) -> Any:
    args, dtype = args[:3], args[3] if len(args) > 3 else dtype
    given = {"start": start, "end": stop, "step": step}
    return _made(rt, OPERATIONS["torch.arange"].run(rt, *args, **given), dtype)


known("numpy.cumsum")(
    lambda rt, values, *args: OPERATIONS["torch.cumsum"].run(
        rt, OPERATIONS["torch.tensor"].run(rt, list(rt.iterate(values)))
    )
)


def _filled(name: str) -> Any:
    return lambda rt, shape, dtype=None, **kwargs: _made(
        rt, OPERATIONS[f"torch.{name}"].run(rt, shape), dtype
    )


for _name in ("zeros", "ones"):
    known(f"numpy.{_name}")(_filled(_name))


def _reduced(of_numbers: Any, name: str) -> Any:
    """What numbers come to, or an array: of all of it, or along an axis."""

    def run(rt: Any, a: Any, axis: Any = None, *args: Any, keepdims: Any = False) -> Any:
        found = _array(rt, [a] if isinstance(a, (int, float)) else a)
        is_array = isinstance(found, TensorValue)
        if is_array and (found.data is None or len(found.shape) != 1):
            given = {} if axis is None else {"dim": axis, "keepdim": keepdims}
            return rt.call(resolve(f"torch.{name}"), [found], given)
        return of_numbers(rt, found.data if is_array else list(rt.iterate(found)))

    return run


def _builtin(name: str) -> Any:
    return lambda rt, values: BUILTINS[name].run(rt, values)


def _deviation(rt: Any, values: list[Any]) -> float:
    return math.sqrt(statistics.pvariance(values))


for _names, _of_numbers, _torch in (
    (("sum",), _builtin("sum"), "sum"),
    (("max", "amax"), _builtin("max"), "amax"),
    (("min", "amin"), _builtin("min"), "amin"),
    (("mean", "average"), lambda rt, values: sum(values) / max(1, len(values)), "mean"),
    (("std",), _deviation, "std"),
    (("median",), lambda rt, values: statistics.median(values), "median"),
    (("prod", "product"), lambda rt, values: resolve("math.prod").run(rt, values), "prod"),
):
    for _name in _names:
        known(f"numpy.{_name}")(_reduced(_of_numbers, _torch))


def _truths(rt: Any, values: Any) -> list[bool]:
    items = [values] if isinstance(values, (bool, int, float)) else values
    return [rt.truth(each) for each in rt.iterate(items)]


known("numpy.any")(lambda rt, values, *args: any(_truths(rt, values)))

known("numpy.all")(lambda rt, values, *args: all(_truths(rt, values)))

known("numpy.abs")(lambda rt, value: abs(value))

known("numpy.sign")(elementwise(lambda value: float((value > 0) - (value < 0))))

known("numpy.deg2rad", "numpy.radians")(elementwise(math.radians))

known("numpy.round", "numpy.around", "numpy.rint")(
    elementwise(lambda value, digits=0: float(round(value, digits)))
)

for _name, _word in (
    ("power", "**"),
    ("multiply", "*"),
    ("add", "+"),
    ("subtract", "-"),
    ("divide", "/"),
    ("true_divide", "/"),
    ("floor_divide", "//"),
    ("mod", "%"),
    ("remainder", "%"),
):
    known(f"numpy.{_name}")(binary(_word))

known("numpy.square")(lambda rt, value: rt.binary("*", value, value))

known("numpy.full")(
    lambda rt, shape, fill_value, dtype=None, **kwargs: _made(
        rt, OPERATIONS["torch.full"].run(rt, shape, fill_value), dtype
    )
)

known("numpy.unique")(
    lambda rt, values, **kwargs: OPERATIONS["torch.unique"].run(
        rt, OPERATIONS["torch.tensor"].run(rt, values), **kwargs
    )
)

known("numpy.int64", "numpy.int32", "numpy.intp")(
    lambda rt, value=0: BUILTINS["int"].run(rt, value)
)

known("numpy.bool_")(lambda rt, value=False: rt.truth(value))

known("numpy.float16", "numpy.float32", "numpy.float64")(
    lambda rt, value=0.0: BUILTINS["float"].run(rt, value)
)

known("numpy.maximum")(lambda rt, a, b: max(a, b))

known("numpy.minimum")(lambda rt, a, b: min(a, b))

_AS_TORCH = {
    "eye": "eye",
    "identity": "eye",
    "empty": "empty",
    "zeros_like": "zeros_like",
    "ones_like": "ones_like",
    "full_like": "full_like",
    "tile": "tile",
    "expand_dims": "unsqueeze",
    "squeeze": "squeeze",
    "reshape": "reshape",
    "outer": "outer",
    "dot": "matmul",
    "matmul": "matmul",
    "triu": "triu",
    "tril": "tril",
    "diag": "diag",
    "where": "where",
    "flip": "flip",
    "swapaxes": "transpose",
    "argsort": "argsort",
    "logspace": "logspace",
    "einsum": "einsum",
    "diff": "diff",
    "roll": "roll",
    "argmax": "argmax",
    "argmin": "argmin",
    "fliplr": "fliplr",
    "flipud": "flipud",
    "cumprod": "cumprod",
    "broadcast_to": "broadcast_to",
    "moveaxis": "movedim",
    "empty_like": "empty_like",
    "tensordot": "tensordot",
    "inner": "inner",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "logical_not": "logical_not",
    "ravel": "flatten",
}
"""Functions of numpy that one of torch does the work of."""

_OF_ONE_TYPE = ("einsum", "matmul", "outer")
"""Those that torch computes of one element type alone, and numpy of any."""

_OF_SIZES = ("broadcast_to", "flip", "movedim", "reshape", "roll", "tile")
"""Those whose other arguments are sizes and dimensions, and no arrays."""


def _as_torch(name: str) -> Any:
    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        given = {key: each for key, each in kwargs.items() if key not in ("dtype", "order")}
        if "axis" in given:
            given["dim"] = given.pop("axis")
        if "k" in given:
            given["diagonal"] = given.pop("k")
        sized = name in _OF_SIZES
        arrays = [each if n and sized else _array(rt, each) for n, each in enumerate(args)]
        if name in _OF_ONE_TYPE:
            arrays = _of_one_type(rt, arrays)
        return rt.call(resolve(f"torch.{name}"), arrays, given)

    return run


def _of_one_type(rt: Any, given: list[Any]) -> list[Any]:
    """Arrays as numpy takes them together: as floats where any is of floats."""
    arrays = [each for each in given if isinstance(each, TensorValue)]
    floats = [each.dtype for each in arrays if each.dtype in FLOATS]
    if not floats:
        return given
    return [
        OPERATIONS["Tensor.astype"].run(rt, each, floats[0])
        if isinstance(each, TensorValue)
        else each
        for each in given
    ]


def _joined(name: str) -> Any:
    def run(rt: Any, arrays: Any, axis: int = 0, **kwargs: Any) -> Any:
        found = [_array(rt, each) for each in rt.iterate(arrays)]
        given = {"dim": axis} if name in ("cat", "stack") else {}
        return rt.call(resolve(f"torch.{name}"), [found], given)

    return run


def _array(rt: Any, value: Any) -> Any:
    """A list of numbers, or of such lists, as an array; anything else as it is."""
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    is_array = isinstance(value, list) and isinstance(first, (int, float))
    return OPERATIONS["torch.tensor"].run(rt, value) if is_array else value


for _name, _torch in _AS_TORCH.items():
    known(f"numpy.{_name}")(_as_torch(_torch))

for _name, _torch in (
    ("concatenate", "cat"),
    ("stack", "stack"),
    ("vstack", "vstack"),
    ("hstack", "hstack"),
    ("dstack", "dstack"),
    ("column_stack", "column_stack"),
):
    known(f"numpy.{_name}")(_joined(_torch))


@known("numpy.append")
def _append(rt: Any, arr: Any, values: Any, axis: Any = None) -> Any:
    found = [_array(rt, each) for each in (arr, values)]
    if axis is None:
        found = [rt.call(resolve("torch.flatten"), [each], {}) for each in found]
    return rt.call(resolve("torch.cat"), [found], {"dim": axis or 0})


known("numpy.ascontiguousarray", "numpy.copy")(lambda rt, a, **kwargs: _array(rt, a))


@known("numpy.sort")
def _sort(rt: Any, a: Any, axis: int = -1, **kwargs: Any) -> Any:
    return rt.call(resolve("torch.sort"), [_array(rt, a), axis], {})[0]


@known("numpy.meshgrid")
def _meshgrid(rt: Any, *arrays: Any, indexing: str = "xy", **kwargs: Any) -> Any:
    found = [_array(rt, each) for each in arrays]
    return rt.call(resolve("torch.meshgrid"), found, {"indexing": indexing})


@known("numpy.transpose")
def _transpose(rt: Any, a: Any, axes: Any = None) -> Any:
    found = _array(rt, a)
    dims = list(range(len(found.shape)))[::-1] if axes is None else list(rt.iterate(axes))
    return rt.call(resolve("torch.permute"), [found, dims], {})


@known("numpy.array_split", "numpy.split")
def _split(rt: Any, ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    given = [_array(rt, ary), indices_or_sections, axis]
    return list(rt.iterate(rt.call(resolve("torch.tensor_split"), given, {})))


@known("numpy.random.permutation")
def _permutation(rt: Any, x: Any) -> Any:
    if isinstance(x, int):
        return rt.call(resolve("torch.randperm"), [x], {})
    found = _array(rt, x)
    return TensorValue(tuple(found.shape), found.dtype)


@known("numpy.clip")
def _clip(rt: Any, a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    if isinstance(a, (int, float)):
        least = a if a_min is None else max(a, a_min)
        return least if a_max is None else min(least, a_max)
    return rt.call(resolve("torch.clamp"), [_array(rt, a), a_min, a_max], {})


@known("numpy.repeat")
def _repeat(rt: Any, a: Any, repeats: Any, axis: Any = None) -> Any:
    found = _array(rt, [a] if isinstance(a, (int, float)) else a)
    return rt.call(resolve("torch.repeat_interleave"), [found, repeats], {"dim": axis})
