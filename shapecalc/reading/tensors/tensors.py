"""Tensors as the source sees them: their attributes and methods, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecalc.algebra.arithmetic import prod
from shapecalc.layers.tensor import BYTES, FLOATS
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.evaluator.values import Builtin, Method, Unknown
from shapecalc.reading.index import CALLED
from shapecalc.reading.tensors.dtypes import DEVICE, DType, TorchSize
from shapecalc.reading.tensors.indexing import Indexing
from shapecalc.reading.tensors.tensor_operators import TensorOperators
from shapecalc.reading.tensors.traced import MOST_KNOWN, TensorValue, same, same_source
from shapecalc.reading.tensors.unknown import not_in_catalogue


class Tensors(Indexing, TensorOperators):
    """The part of the runtime that knows tensors."""

    tensor_type: Any = TensorValue
    add: Any
    call: Any
    cannot: Any
    error: Any
    current: Any
    iterate: Any
    cuts_gradients: Any
    truth: Any
    binary: Any
    set_attribute: Any

    def put(
        self,
        kind: str,
        inputs: Sequence[TensorValue],
        settings: dict[str, Any] | None = None,
        **more: Any,
    ) -> TensorValue:
        """Write an operation down; its first output."""
        outputs = self.add(kind, inputs, settings, **more)
        found: TensorValue = next(iter(outputs.values()))
        roots = {id(e.grown): e.grown for e in inputs if e.grown is not None}
        if len(roots) == 1 and all(e.grown is not None or e.is_constant for e in inputs):
            (found.grown,) = roots.values()
        return found

    def opaque(
        self, inputs: Sequence[TensorValue], shape: Sequence[Any], dtype: str, what: str
    ) -> TensorValue:
        """A tensor of a stated shape, where the catalogue has no kind for what makes it."""
        if self.current is None or all(each.is_constant for each in inputs):
            return TensorValue(tuple(shape), dtype)
        first = next((each for each in inputs if each.shape), None)
        if first is None:
            raise self.cannot(f"{what} is not known")
        settings: dict[str, Any] = {"shape": list(shape[1:])}
        if dtype != "float32":
            settings["dtype"] = dtype
        given = sorted(inputs, key=lambda each: not (each.shape and same(each.shape[0], shape)))
        if same(given[0].shape[0] if given[0].shape else 0, shape):
            return self.put("Opaque", given, settings)
        size = prod(shape)
        if size % first.shape[0] != 0:
            raise self.cannot(f"{what} is not known")
        settings["shape"] = [size // first.shape[0]]
        found = self.put("Opaque", [first, *(e for e in inputs if e is not first)], settings)
        return self.put("Reshape", [found], {"shape": list(shape)})

    # -- attributes -----------------------------------------------------------------------------

    def tensor_attribute(self, value: TensorValue, name: str) -> Any:
        """An attribute or method of a tensor."""
        if name == "shape":
            return TorchSize(value.shape)
        if name in ("T", "mT", "H"):
            return self.turned(value, name)
        if name == "ndim":
            return len(value.shape)
        if name == "size" and value.is_array:
            return prod(value.shape)
        if name == "dtype":
            return DType(value.dtype)
        if name == "data":
            self.cuts_gradients(value, "data")
            return value
        if name in ("itemsize", "nbytes"):
            return BYTES[value.dtype] * (prod(value.shape) if name == "nbytes" else 1)
        if name == "__len__":
            return Builtin(name, lambda rt: rt.tensor_length(value))
        if name in ("real", "imag"):
            return same_source(value, value.shape, "float32") if value.dtype == "float64" else value
        if name in _CONSTANT:
            return _CONSTANT[name]
        if name == "is_floating_point":
            return Builtin(name, lambda rt: value.dtype in FLOATS)
        from shapecalc.reading.functions import OPERATIONS, QUIET

        found = OPERATIONS.get(f"Tensor.{name}")
        if found is not None:
            is_kind_in_place = name.endswith("_") and f"Tensor.{name}" in CALLED
            return Method(Builtin(name, _in_place(found)) if is_kind_in_place else found, value)
        if name in QUIET:
            if name.endswith("_") and name != "requires_grad_":
                value.data = None  # other numbers come in
            return Builtin(name, lambda rt, *args, **kwargs: value)
        if name.endswith("_") and not name.startswith("_"):
            plainly = OPERATIONS.get(f"Tensor.{name[:-1]}") or OPERATIONS.get(f"torch.{name[:-1]}")
            if plainly is not None:
                return Method(Builtin(name, _in_place(plainly)), value)
        found = OPERATIONS.get(f"torch.{name}")
        if found is not None and not name.startswith("_"):
            return Method(found, value)
        import_error = self.no_attribute(value, name) if name in _NO_ATTRIBUTES else None
        if import_error is not None:
            raise import_error
        return not_in_catalogue(f"Tensor.{name}")

    no_attribute: Any

    def tensor_set(self, value: TensorValue, name: str, item: Any) -> None:
        """``tensor.name = item``; only the elements can change."""

    def turned(self, value: TensorValue, name: str) -> TensorValue:
        """``tensor.T``."""
        n = len(value.shape)
        if name == "mT":
            return self.put("Transpose", [value], {"dim0": -2, "dim1": -1})
        if n < 2:
            return value
        if n == 2:
            return self.put("Transpose", [value], {"dim0": 0, "dim1": 1})
        return self.put("Permute", [value], {"dims": list(range(n))[::-1]})

    def tensor_length(self, value: TensorValue) -> Any:
        """``len(tensor)``."""
        if not value.shape:
            raise self.error("TypeError", "len() of a 0-d tensor")
        return value.shape[0]

    def tensor_number(self, value: TensorValue) -> Any:
        """The number that a tensor holds, where it is known."""
        if value.data is not None and len(value.data) == 1:
            return value.data[0]
        raise self.cannot("what a tensor holds is not known, and is asked for here")

    def tensor_text(self, value: TensorValue) -> str:
        """``str(tensor)`` in one line, where its numbers are known; else its shape."""
        if value.data is None or len(value.shape) > 1:
            return f"<tensor of {tuple(map(str, value.shape))}>".replace("'", "")
        numbers = f"[{', '.join(map(str, value.data))}]" if value.shape else str(value.data[0])
        return numbers.replace(",", "") if value.is_array else f"tensor({numbers})"

    def tensor_truth(self, value: TensorValue) -> bool:
        if value.data is not None and len(value.data) == 1:
            return bool(value.data[0])
        raise self.cannot(
            "which way this goes depends on what a tensor holds, which no shape tells",
            f"the tensor has the shape {tuple(map(str, value.shape))}".replace("'", ""),
        )

    def tensor_items(self, value: TensorValue) -> list[Any]:
        if not value.shape:
            raise self.error("TypeError", "iteration over a 0-d tensor")
        count = value.shape[0]
        if value.data is not None and len(value.shape) == 1:
            return [self.select(value, 0, n) for n in range(len(value.data))]
        if isinstance(count, Size):
            self.truth(count)
        if count > MOST_KNOWN:
            raise self.cannot(f"a loop over the {count} parts of a tensor")
        return [self.select(value, 0, n) for n in range(count)]

    require: Any


_CONSTANT: dict[str, Any] = {
    "device": DEVICE,
    "grad": None,
    "requires_grad": False,
    "is_cuda": False,
    "is_sparse": False,
    "is_quantized": False,
    "is_nested": False,
    "layout": Unknown("layout"),
    "names": (),
}
_NO_ATTRIBUTES = (
    "append",
    "items",
    "keys",
    "values",
    "extend",
    "logits",
    "last_hidden_state",
    "tensors",
    "mask",
    "decompose",
)


def _in_place(function: Builtin) -> Any:
    def run(rt: Any, self: TensorValue, *args: Any, **kwargs: Any) -> Any:
        found = function.run(rt, self, *args, **kwargs)
        if rt.current is None or self.stored is not None:
            self.data = found.data
            return self
        return self.become(found)

    return run
