"""What torch's functions are made of: the table of them, and arguments as they come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shapecalc.reading.evaluator.operators import plain, type_name
from shapecalc.reading.evaluator.values import Unknown
from shapecalc.reading.index import FUNCTIONS_IN
from shapecalc.reading.tables import Table
from shapecalc.reading.tensors.traced import TensorValue, constant
from shapecalc.reading.tensors.unknown import not_in_catalogue

OPERATIONS = Table("shapecalc.reading.functions", FUNCTIONS_IN)
"""Functions by what torch calls them: ``torch.cat``, ``nn.functional.relu``, ``Tensor.view``."""

_QUIET = """
clone clone_ contiguous copy_ cpu cuda data detach erfinv_ exponential_ fill_ fill_diagonal_
index_fill_ kaiming_normal_ normal_ pin_memory positive register_hook requires_grad_
resolve_conj retain_grad set_ share_memory_ to_dense to_sparse trunc_normal_ uniform_
xavier_uniform_ zero_
"""

QUIET = frozenset(_QUIET.split())
"""Methods that give back the tensor as it is, as far as shapes go."""


def prod(sizes: Any) -> Any:
    """The product of sizes."""
    return math.prod(sizes)


SAME = {
    "axis": "dim",
    "axis0": "dim0",
    "axis1": "dim1",
    "exponent": "other",
    "keepdims": "keepdim",
    "p": "ord",
    "sizes": "unflattened_size",
    "split_size_or_sections": "split_size",
    "train": "training",
    "unbiased": "correction",
}
"""Other names that arguments of functions have, numpy's among them, which torch takes as well."""


def tensor(rt: Any, value: Any, what: str = "a tensor") -> TensorValue:
    """A value that has to be a tensor."""
    if isinstance(value, TensorValue):
        return value
    if isinstance(value, Unknown):
        raise rt.not_known(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return constant(value, "int64" if isinstance(value, int) else "float32")
    raise rt.error("TypeError", f"{what} must be Tensor, not {type_name(value)}")


def number(rt: Any, value: Any) -> Any:
    """A value as a number, where it is one or a tensor that holds a known one."""
    value = plain(value)
    return rt.tensor_number(value) if isinstance(value, TensorValue) else value


def numbers(rt: Any, values: Sequence[Any]) -> list[Any]:
    """Sizes given one by one, or as one list."""
    if len(values) == 1 and isinstance(plain(values[0]), (list, tuple)):
        values = plain(values[0])
    found = [number(rt, each) for each in values]
    for each in found:
        if isinstance(each, Unknown):
            raise rt.not_known(each)
        if not isinstance(each, int):
            raise rt.error(
                "TypeError", f"a size must be an integer, not {type_name(each)}: {rt.shown(each)}"
            )
    return found


def of_constants(
    rt: Any, name: str, inputs: Sequence[TensorValue], shape: Sequence[Any], dtype: str
) -> Any:
    """What a function gives whose cost no kind tells: it is known of constants alone."""
    if rt.current is None or all(each.is_constant for each in inputs):
        return TensorValue(tuple(shape), dtype)
    return rt.stood_in_of(not_in_catalogue(name), inputs, shape, dtype)


def listed(numbers: list[Any], dtype: str) -> TensorValue:
    """A constant of known numbers in a row."""
    found = TensorValue((len(numbers),), dtype)
    found.data = numbers
    return found
