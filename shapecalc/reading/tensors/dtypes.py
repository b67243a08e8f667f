"""Element types, devices, and shapes as code sees them."""

from __future__ import annotations

from typing import Any

from shapecalc.algebra.arithmetic import prod
from shapecalc.layers.tensor import BYTES, FLOATS
from shapecalc.reading.evaluator.methods import native_attribute
from shapecalc.reading.evaluator.values import Builtin, Shown, Unknown

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


DTYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "bool": "bool",
    "cfloat": "float64",
    "complex64": "float64",
    "complex128": "float64",
    "chalf": "float32",
    "bfloat16": "bfloat16",
    "short": "int32",
    "float32": "float32",
    "float64": "float64",
    "float16": "float16",
    "int64": "int64",
    "int32": "int32",
    "int16": "int32",
    "int8": "uint8",
    "uint8": "uint8",
}
"""Torch's element types, as specs name them."""


class DType(Shown):
    """A torch element type."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DType) and DTYPES.get(other.name) == DTYPES.get(self.name)

    def __hash__(self) -> int:
        return hash(DTYPES.get(self.name))

    def known_attribute(self, rt: Any, name: str) -> Any:
        """What code asks of an element type."""
        if name == "is_floating_point":
            return DTYPES.get(self.name) in FLOATS
        if name == "itemsize":
            return BYTES[DTYPES[self.name]]
        return Unknown(f"torch.{self.name}.{name}")

    def __repr__(self) -> str:
        return f"torch.{DTYPES.get(self.name, self.name)}"


_OF_PYTHON = {"bool": "bool", "float": "float64", "int": "int64"}
"""What torch takes Python's types for."""


def element_type(value: Any) -> str | None:
    """The element type that an argument means, as specs name it; None if it means none."""
    if isinstance(value, DType):
        return DTYPES.get(value.name, "float32")
    return _OF_PYTHON.get(value.name) if isinstance(value, Builtin) else None


class TorchSize(Shown, tuple):
    """``torch.Size``: a tuple that can be asked for its product."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return TorchSize(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def known_attribute(self, rt: Any, name: str) -> Any:
        """The product of its sizes, or what a tuple has."""
        if name == "numel":
            return Builtin("Size.numel", lambda rt: prod(self))
        found = native_attribute(rt, self, name)
        if found is None:
            raise rt.no_attribute(self, name)
        return found


class Device(Shown):
    """A device: there is one, and nothing depends on which."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """Its kind, or its number."""
        return {"type": "cpu", "index": None}.get(name)

    def __repr__(self) -> str:
        return "cpu"


DEVICE = Device()
