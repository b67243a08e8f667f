"""numpy, as networks use it."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.builtins import BUILTINS
from shapecalc.reading.functions import OPERATIONS
from shapecalc.reading.known.base import NAMES, resolve
from shapecalc.reading.known.python import binary, elementwise

KNOWN = NAMES.part(__name__)
known = KNOWN.function

for _name in ("array", "asarray"):
    known(f"numpy.{_name}")(
        lambda rt, values, *args, **kwargs: OPERATIONS["torch.tensor"].run(rt, values)
    )

known("numpy.atleast_1d")(
    lambda rt, value: OPERATIONS["torch.tensor"].run(
        rt, [value] if isinstance(value, (int, float)) else value
    )
)


@known("numpy.linspace")
def _linspace(
    rt: Any, start: Any, stop: Any, num: int = 50, endpoint: Any = True, dtype: Any = None
) -> Any:
    if rt.truth(endpoint):
        return OPERATIONS["torch.linspace"].run(rt, start, stop, num)
    last = start + (stop - start) * max(0, num - 1) / max(1, num)
    return OPERATIONS["torch.linspace"].run(rt, start, last, num)


known("numpy.arange")(lambda rt, *args, **kwargs: OPERATIONS["torch.arange"].run(rt, *args))

known("numpy.cumsum")(
    lambda rt, values, *args: OPERATIONS["torch.cumsum"].run(
        rt, OPERATIONS["torch.tensor"].run(rt, list(rt.iterate(values)))
    )
)


def _filled(name: str) -> Any:
    return lambda rt, shape, *args, **kwargs: OPERATIONS[f"torch.{name}"].run(rt, shape)


for _name in ("zeros", "ones"):
    known(f"numpy.{_name}")(_filled(_name))

known("numpy.sum")(lambda rt, values, *args: BUILTINS["sum"].run(rt, values))

known("numpy.max", "numpy.amax")(lambda rt, values, *args: BUILTINS["max"].run(rt, values))

known("numpy.min", "numpy.amin")(lambda rt, values, *args: BUILTINS["min"].run(rt, values))

known("numpy.mean")(
    lambda rt, values, *args: sum(rt.iterate(values)) / max(1, len(list(rt.iterate(values))))
)


def _truths(rt: Any, values: Any) -> list[bool]:
    items = [values] if isinstance(values, (bool, int, float)) else values
    return [rt.truth(each) for each in rt.iterate(items)]


known("numpy.any")(lambda rt, values, *args: any(_truths(rt, values)))

known("numpy.all")(lambda rt, values, *args: all(_truths(rt, values)))

known("numpy.abs")(lambda rt, value: abs(value))

known("numpy.round", "numpy.around", "numpy.rint")(
    elementwise(lambda value, digits=0: float(round(value, digits)))
)

for _name, _word in (("power", "**"), ("multiply", "*"), ("add", "+"), ("subtract", "-")):
    known(f"numpy.{_name}")(binary(_word))

known("numpy.full")(
    lambda rt, shape, value, **kwargs: OPERATIONS["Tensor.fill_"].run(
        rt, OPERATIONS["torch.zeros"].run(rt, shape), value
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

known("numpy.float32", "numpy.float64")(lambda rt, value=0.0: BUILTINS["float"].run(rt, value))

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
    "sort": "sort",
    "meshgrid": "meshgrid",
    "logspace": "logspace",
    "square": "square",
    "sign": "sign",
    "argmax": "argmax",
    "ravel": "flatten",
}
"""Functions of numpy that one of torch does the work of."""


def _as_torch(name: str) -> Any:
    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        given = {key: each for key, each in kwargs.items() if key not in ("dtype", "order")}
        if "axis" in given:
            given["dim"] = given.pop("axis")
        if "k" in given:
            given["diagonal"] = given.pop("k")
        return rt.call(resolve(f"torch.{name}"), [_array(rt, each) for each in args], given)

    return run


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
):
    known(f"numpy.{_name}")(_joined(_torch))


@known("numpy.clip")
def _clip(rt: Any, a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    if isinstance(a, (int, float)):
        least = a if a_min is None else max(a, a_min)
        return least if a_max is None else min(least, a_max)
    return rt.call(resolve("torch.clamp"), [_array(rt, a), a_min, a_max], {})


@known("numpy.repeat")
def _repeat(rt: Any, a: Any, repeats: Any, axis: Any = None) -> Any:
    return rt.call(resolve("torch.repeat_interleave"), [_array(rt, a), repeats], {"dim": axis})
