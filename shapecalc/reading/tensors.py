"""Tensors as the source sees them: attributes, operators and indices, each a kind or none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shapecalc.algebra.arithmetic import prod
from shapecalc.layers import KINDS, OUTPUT
from shapecalc.layers.joining import broadcast, promoted
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.reading.frameworks import DEVICE
from shapecalc.reading.operators import plain
from shapecalc.reading.trace import Op, TensorValue
from shapecalc.reading.values import Builtin, Instance, Method, Raised, Unknown

ARITHMETIC = {
    "+": "Add",
    "-": "Sub",
    "*": "Mul",
    "/": "Div",
    "//": "Div",
    "%": "Remainder",
    "**": "Pow",
    "@": "MatMul",
    "==": "Eq",
    "!=": "Ne",
    "<": "Lt",
    "<=": "Le",
    ">": "Gt",
    ">=": "Ge",
    "&": "LogicalAnd",
    "|": "LogicalOr",
    "^": "LogicalXor",
}
"""The kinds of the operators."""

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")

DTYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "bool": "bool",
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

_FUNCTIONS: dict[str, Any] = {
    "Abs": abs,
    "Neg": lambda v: -v,
    "Round": lambda v: float(round(v)),
    "Floor": lambda v: float(math.floor(v)),
    "Ceil": lambda v: float(math.ceil(v)),
    "Sqrt": math.sqrt,
    "Exp": math.exp,
    "Log": math.log,
    "Square": lambda v: v * v,
    "Reciprocal": lambda v: 1 / v,
}
"""What functions do to the numbers of a small constant."""

_TURNED = {"Lt": "Gt", "Gt": "Lt", "Le": "Ge", "Ge": "Le"}

_NUMBERS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "**": lambda a, b: a**b,
}


class DType:
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
        return Unknown(f"torch.{self.name}.{name}")


class TorchSize(tuple):
    """``torch.Size``: a tuple that can be asked for its product."""

    __slots__ = ()


class Tensors:
    """The part of the runtime that knows tensors."""

    tensor_type: Any = TensorValue
    add: Any
    call: Any
    cannot: Any
    error: Any
    current: Any
    iterate: Any
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
        if name == "dtype":
            return DType(value.dtype)
        if name in ("data", "real"):
            return value
        if name in _CONSTANT:
            return _CONSTANT[name]
        if name == "is_floating_point":
            return Builtin(name, lambda rt: value.dtype in FLOATS)
        from shapecalc.reading.functions import OPERATIONS, QUIET

        found = OPERATIONS.get(f"Tensor.{name}")
        if found is not None:
            return Method(found, value)
        if name in QUIET:
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
        return Unknown(f"Tensor.{name}", "no kind of the catalogue is known by this name")

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
            return [constant(each, value.dtype) for each in value.data]
        from shapecalc.reading.sizes import Size

        if isinstance(count, Size):
            self.truth(count)
        if count > 4096:
            raise self.cannot(f"a loop over the {count} parts of a tensor")
        return [self.select(value, 0, n) for n in range(count)]

    # -- operators ------------------------------------------------------------------------------

    def tensor_operator(self, word: str, a: Any, b: Any) -> Any:
        """An operator on tensors, or on a tensor and a number."""
        if word.startswith("u"):
            if word == "u-":
                return self.unary_constant(a) or self.put("Neg", [a])
            return self.elementwise([a], a.dtype, "LogicalNot") if word == "u~" else a
        for each in (a, b):
            if isinstance(each, Unknown):
                raise self.cannot(f"{each.name} is not known", each.why)
        if isinstance(a, TensorValue) and isinstance(b, TensorValue):
            known = a.data is not None and b.data is not None and len(a.data) == len(b.data)
            if known and word in _NUMBERS:
                return self.computed(word, a, b)
            dtype = "bool" if word in COMPARISONS else None
            return self.elementwise([a, b], dtype, ARITHMETIC[word])
        tensor, number = (a, b) if isinstance(a, TensorValue) else (b, a)
        number = plain(number)
        if isinstance(number, (list, tuple)) and word in "+*" and tensor.shape == ():
            return self.binary(
                word, *(number if e is not tensor else self.tensor_number(tensor) for e in (a, b))
            )
        if isinstance(number, (list, tuple)) and word in COMPARISONS:
            return word == "!="
        if number is None and word in ("==", "!="):
            return word == "!="
        if not isinstance(number, (int, float, bool, complex)):
            kinds = ["Tensor" if each is tensor else _kind_of(each) for each in (a, b)]
            message = f"unsupported operand type(s) for {word}: '{kinds[0]}' and '{kinds[1]}'"
            raise self.error("TypeError", message)
        if tensor.data is not None and word in _NUMBERS and len(tensor.data) <= 4096:
            return self.computed(word, a, b)
        return self.with_number(word, tensor, number, reverse=tensor is b)

    def computed(self, word: str, a: Any, b: Any) -> TensorValue:
        """An operator on constants whose numbers are known."""
        tensor = a if isinstance(a, TensorValue) else b
        left = a.data if isinstance(a, TensorValue) else [a] * len(tensor.data)
        right = b.data if isinstance(b, TensorValue) else [b] * len(tensor.data)
        found = TensorValue(tensor.shape, "float32" if word == "/" else tensor.dtype)
        try:
            found.data = [_NUMBERS[word](x, y) for x, y in zip(left, right)]
        except (ArithmeticError, TypeError):
            found.data = None
        return found

    def numbers_of(self, kind: str, a: TensorValue) -> TensorValue | None:
        """A function of a constant whose numbers are known."""
        function = _FUNCTIONS.get(kind)
        if a.data is None or function is None:
            return None
        found = TensorValue(a.shape, a.dtype)
        try:
            found.data = [function(each) for each in a.data]
        except (ValueError, OverflowError, TypeError, ZeroDivisionError):
            return None
        return found

    def unary_constant(self, a: TensorValue) -> TensorValue | None:
        """A constant with its sign changed."""
        if a.data is None:
            return None
        found = TensorValue(a.shape, a.dtype)
        found.data = [-each for each in a.data]
        return found

    def with_number(
        self, word: str, tensor: TensorValue, number: Any, reverse: bool = False
    ) -> TensorValue:
        """An operator on a tensor and a number."""
        kind = ARITHMETIC[word]
        dtype = "bool" if word in COMPARISONS else tensor.dtype
        if dtype not in FLOATS and dtype != "bool" and (word == "/" or isinstance(number, float)):
            dtype = "float32"
        cls = KINDS.get(kind)
        if cls is None or "other" not in cls.fields:
            return self.elementwise([tensor], dtype, kind)
        if isinstance(number, bool):
            number = int(number)
        is_reversed = reverse and not getattr(cls, "commutes", False)
        if is_reversed and "input" not in cls.fields:  # 1 < x is x > 1
            kind, is_reversed = _TURNED.get(kind, kind), False
        settings: dict[str, Any] = {"input" if is_reversed else "other": number}
        if word == "//":
            settings["rounding_mode"] = "floor"
        return self.put(kind, [tensor], settings)

    def elementwise(self, inputs: list[TensorValue], dtype: str | None, kind: str) -> TensorValue:
        """An operation on every element, broadcast, whatever the catalogue calls it."""
        cls = KINDS.get(kind)
        if cls is not None:
            least, most = cls.arity
            if least <= len(inputs) <= (len(inputs) if most is None else most):
                if not any(field.is_required for field in cls.fields.values()):
                    return self.put(kind, inputs)
        tensors = tuple(each.tensor for each in inputs)
        from shapecalc.layers.arithmetic import Add

        self.require(kind, Add(), list(tensors), inputs, None)
        shape = broadcast([each.shape for each in tensors])
        dtype = dtype or promoted(tensors)
        first = inputs[0]
        if len(inputs) == 1 or (
            all(e.is_constant for e in inputs[1:]) and tuple(shape) == first.shape
        ):
            return same_source(first, shape, dtype)  # a view of it, as far as shapes go
        if cls is None and "Add" in KINDS:
            found = self.put("Add", inputs)
            found.dtype = dtype
            return found
        return self.opaque(inputs, shape, dtype, kind)

    require: Any

    # -- indices --------------------------------------------------------------------------------

    def select(self, value: TensorValue, dim: int, index: int) -> TensorValue:
        """One place of a dimension."""
        size = value.shape[dim]
        if not -size <= index < size:
            message = f"index {index} is out of bounds for dimension {dim} with size {size}"
            raise self.error("IndexError", message)
        if value.data is not None and len(value.shape) == 1:
            return constant(value.data[index], value.dtype)
        return self.put("Select", [value], {"dim": dim, "index": index})

    def tensor_index(self, value: TensorValue, index: Any) -> Any:
        """``tensor[index]``: places, slices, new dimensions and lists of places."""
        parts = list(index) if isinstance(index, tuple) else [index]
        parts = [plain(each) for each in parts]
        taken = sum(
            1 if not isinstance(each, TensorValue) or each.dtype != "bool" else len(each.shape)
            for each in parts
            if each is not None and each is not Ellipsis and not isinstance(each, bool)
        )
        if taken > len(value.shape):
            message = f"too many indices for tensor of dimension {len(value.shape)}"
            raise self.error("IndexError", message)
        if not any(each is Ellipsis for each in parts):
            parts.append(Ellipsis)
        at = next(n for n, each in enumerate(parts) if each is Ellipsis)
        parts[at : at + 1] = [slice(None)] * (len(value.shape) - taken)
        lists = [e for e in parts if isinstance(e, (list, TensorValue)) and not _is_scalar(e)]
        if lists:
            return self.gather(value, parts)
        dim, found = 0, value
        slices: list[tuple[int, slice]] = []
        for each in parts:
            if each is None:
                found = self.sliced(found, slices)
                slices = []
                found = self.put("Unsqueeze", [found], {"dim": dim})
                dim += 1
            elif isinstance(each, slice):
                slices.append((dim, each))
                dim += 1
            elif isinstance(each, (int, TensorValue)) and not isinstance(each, bool):
                found = self.sliced(found, slices)
                slices = []
                number = self.tensor_number(each) if isinstance(each, TensorValue) else each
                found = self.select(found, dim, number)
            else:
                raise self.error("TypeError", f"a tensor cannot be indexed with {each!r}")
        return self.sliced(found, slices)

    def sliced(self, value: TensorValue, slices: list[tuple[int, slice]]) -> TensorValue:
        """Parts of dimensions; one that is taken whole is not mentioned."""
        for dim, each in slices:
            size = value.shape[dim]
            start, stop, step = (plain(part) for part in (each.start, each.stop, each.step))
            for part in (start, stop, step):
                if part is not None and not isinstance(part, (int, TensorValue)):
                    raise self.error("TypeError", "slice indices must be integers or None")
            start, stop, step = (
                self.tensor_number(p) if isinstance(p, TensorValue) else p
                for p in (start, stop, step)
            )
            if start is not None and start <= -size:
                start = None
            if stop is not None and stop >= size:
                stop = None
            if start in (None, 0) and stop is None and step in (None, 1):
                continue
            if value.data is not None and len(value.shape) == 1:
                data = value.data[slice(start, stop, step)]
                value = TensorValue((len(data),), value.dtype)
                value.data = data
                continue
            length = len(range(*slice(start, stop, step).indices(int(size))))
            if length == 0:
                shape = list(value.shape)
                shape[dim] = 0
                value = TensorValue(tuple(shape), value.dtype)
                continue
            settings: dict[str, Any] = {"dim": dim}
            for name, part in (("start", start), ("end", stop), ("step", step)):
                if part not in (None, 0 if name == "start" else None):
                    settings[name] = part
            value = self.put("Slice", [value], settings)
        return value

    def gather(self, value: TensorValue, parts: list[Any]) -> TensorValue:
        """Places that lists or tensors of integers name."""
        for each in parts:
            if isinstance(each, TensorValue) and each.dtype == "bool":
                raise self.cannot("how many places a mask takes depends on what it holds")
        at = [n for n, e in enumerate(parts) if isinstance(e, (list, TensorValue))]
        shapes = [_shape_of(parts[n]) for n in at]
        if (
            len(at) == 1
            and isinstance(parts[at[0]], list)
            and all(isinstance(e, int) for e in parts[at[0]])
        ):
            rest = [slice(None) if n == at[0] else e for n, e in enumerate(parts)]
            dim = sum(1 for e in rest[: at[0]] if not isinstance(e, int))
            size = value.shape[at[0]] if None not in parts else value.shape[dim]
            places = [int(e) % int(size) for e in parts[at[0]]]
            found = self.tensor_index(value, tuple(rest))
            return self.put("IndexSelect", [found], {"dim": dim, "index": places})
        if len(at) == 1 and isinstance(parts[at[0]], TensorValue):
            rest = [slice(None) if n == at[0] else e for n, e in enumerate(parts)]
            found = self.tensor_index(value, tuple(rest))
            dim = sum(1 for e in rest[: at[0]] if not isinstance(e, int))
            index = parts[at[0]]
            if index.dtype in FLOATS:
                raise self.error(
                    "IndexError", "tensors used as indices must be long, int, byte or bool tensors"
                )
            return self.put("Index", [found, index], {"dim": dim})
        shape = list(broadcast(shapes))
        rest, dims = [], iter(value.shape)
        together = at == list(range(at[0], at[-1] + 1))
        place: int | None = None
        for n, each in enumerate(parts):
            if each is None:
                rest.append(1)
                continue
            size = next(dims)
            if n in at or isinstance(each, int):
                if n in at and place is None:
                    place = len(rest)
            elif isinstance(each, slice):
                rest.append(len(range(*each.indices(int(size)))) if each != slice(None) else size)
        where = place if together and place is not None else 0
        made = [*rest[:where], *shape, *rest[where:]]
        indices = [parts[n] for n in at if isinstance(parts[n], TensorValue)]
        return self.opaque(
            [value, *[e for e in indices if e.source is not None]], made, value.dtype, "indexing"
        )

    def tensor_store(self, value: TensorValue, index: Any, item: Any) -> None:
        """``tensor[index] = item``: the elements change, the shape does not."""
        if self.current is None or not isinstance(item, TensorValue) or item.is_constant:
            return
        if value.is_constant or value.source is not None:
            part = self.shape_of_part(value, index)
            from shapecalc.layers.arithmetic import Add

            self.require("Add", Add(), [Tensor(part, item.dtype), item.tensor], [value, item], None)
            made = self.opaque(
                [value, item], value.shape, value.dtype, "assignment to a part of a tensor"
            )
            value.become(made)

    def shape_of_part(self, value: TensorValue, index: Any) -> Any:
        """The shape of ``tensor[index]``, without an entry for it."""
        current, self.current = self.current, None
        try:
            return self.tensor_index(TensorValue(value.shape, value.dtype), index).shape
        except Raised:
            raise
        finally:
            self.current = current


_CONSTANT: dict[str, Any] = {
    "device": DEVICE,
    "grad": None,
    "requires_grad": False,
    "is_cuda": False,
    "is_sparse": False,
    "is_quantized": False,
    "is_nested": False,
    "is_complex": Builtin("is_complex", lambda rt: False),
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
            return self
        return self.become(found)

    return run


def same_source(value: TensorValue, shape: Any, dtype: str) -> TensorValue:
    """The same tensor under another shape or type, without an operation."""
    found = TensorValue(tuple(shape), dtype, value.source, value.output)
    found.stored, found.grown = value.stored, value.grown
    return found


def constant(number: Any, dtype: str = "float32") -> TensorValue:
    """A single number as a tensor."""
    found = TensorValue((), dtype)
    found.data = [number]
    return found


def same(size: Any, shape: Sequence[Any]) -> bool:
    """Whether a shape begins with a size."""
    return len(shape) > 0 and size == shape[0] and type(size) is type(shape[0])


def _is_scalar(value: Any) -> bool:
    return isinstance(value, TensorValue) and value.shape == () and value.data is not None


def _shape_of(value: Any) -> Any:
    if isinstance(value, TensorValue):
        return value.shape
    found: list[int] = []
    while isinstance(value, list):
        found.append(len(value))
        value = value[0] if value else None
    return tuple(found)


def _kind_of(value: Any) -> str:
    from shapecalc.reading.operators import type_name

    return type_name(value)


__all__ = [
    "DTYPES",
    "OUTPUT",
    "DType",
    "Instance",
    "Op",
    "Tensors",
    "TorchSize",
    "constant",
    "prod",
]
