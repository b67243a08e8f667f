"""Operators on tensors: kinds of the catalogue, or numbers where a small constant's are known."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from shapecalc.layers import KINDS
from shapecalc.layers.joining import broadcast, promoted
from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.evaluator.operators import plain, type_name
from shapecalc.reading.evaluator.values import Unknown
from shapecalc.reading.tensors.dtypes import COMPARISONS
from shapecalc.reading.tensors.numbers import FUNCTIONS, is_small, stretched
from shapecalc.reading.tensors.rows import moved
from shapecalc.reading.tensors.traced import MOST_KNOWN, TensorValue, same_source

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


_SHIFTS = {"<<": "*", ">>": "//"}
"""What it is by a power of two to shift bits."""


_TURNED = {"Lt": "Gt", "Gt": "Lt", "Le": "Ge", "Ge": "Le"}


_NUMBERS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _computed(word: str, x: Any, y: Any) -> Any:
    """An operator on two numbers; OverflowError where torch's 64 bits do not hold what it makes."""
    are_whole = isinstance(x, int) and isinstance(y, int)
    if word == "**" and are_whole and abs(y) * x.bit_length() > _MOST_BITS:
        raise OverflowError
    found = _NUMBERS[word](x, y)
    if are_whole and isinstance(found, int) and found.bit_length() > _MOST_BITS:
        raise OverflowError
    return found


_MOST_BITS = 63


def _as_array(value: Any) -> Any:
    """A list of numbers, beside an array of numpy's, as an array as well."""
    numbers = plain(value)
    if not isinstance(numbers, (list, tuple)):
        return value
    numbers = [plain(each) for each in numbers]
    if not all(type(each) in (int, float) for each in numbers):
        return value
    is_whole = all(type(each) is int for each in numbers)
    found = TensorValue((len(numbers),), "int64" if is_whole else "float32")
    found.data, found.is_array = numbers, True
    return found


def _as_number(value: Any, other: Any) -> Any:
    """The number of a tensor that is a single one and known, where the other is no constant."""
    if not isinstance(value, TensorValue) or not isinstance(other, TensorValue):
        return value
    is_single = all(type(size) is int and size == 1 for size in value.shape)
    is_known = value.is_constant and value.data is not None
    if not (is_single and is_known) or other.is_constant or len(value.shape) > len(other.shape):
        return value
    (number,) = value.data
    return number if isinstance(number, (int, float)) and math.isfinite(number) else value


def _is_rounded(number: Any) -> bool:
    """Whether a float32 holds a number as it is."""
    try:
        return bool(struct.unpack("f", struct.pack("f", number))[0] == number)
    except OverflowError:
        return False


def _may_broadcast(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether two shapes go together."""
    return all(x == y or 1 in (x, y) for x, y in zip(reversed(a), reversed(b)))


class TensorOperators:
    """The part of the runtime that knows operators on tensors."""

    approximates: Any
    binary: Any
    cannot: Any
    error: Any
    opaque: Any
    put: Any
    require: Any
    step: Any
    tensor_number: Any

    def tensor_operator(self, word: str, a: Any, b: Any) -> Any:
        """An operator on tensors, or on a tensor and a number; of numpy's arrays, on lists too."""
        arrays = [each for each in (a, b) if isinstance(each, TensorValue) and each.is_array]
        if not any(each.shape for each in arrays):
            return self.operated(word, a, b)
        found = self.operated(word, _as_array(a), _as_array(b))
        if isinstance(found, TensorValue):
            found.is_array = found.is_constant
        return found

    def operated(self, word: str, a: Any, b: Any) -> Any:
        """The same of operands that are tensors and numbers."""
        if word.startswith("u"):
            if word == "u-":
                return self.unary_constant(a) or self.put("Neg", [a])
            return self.elementwise([a], a.dtype, "LogicalNot") if word == "u~" else a
        for each in (a, b):
            if isinstance(each, Unknown):
                raise self.cannot(f"{each.name} is not known", each.why)
        bits = plain(b)
        if word in _SHIFTS and isinstance(bits, int) and 0 <= bits < _MOST_BITS:
            return self.tensor_operator(_SHIFTS[word], a, 2**bits)
        if word not in ARITHMETIC:
            raise self.cannot(f"{word} of a tensor is not in the catalogue")
        given, (a, b) = (a, b), (_as_number(a, b), _as_number(b, a))
        if any(each is not other and not _is_rounded(each) for each, other in zip((a, b), given)):
            self.approximates("a number in a tensor is not rounded to its element type")
        if isinstance(a, TensorValue) and isinstance(b, TensorValue):
            dtype = "bool" if word in COMPARISONS else None
            if a.data is None or b.data is None or word not in _NUMBERS:
                return self.elementwise([a, b], dtype, ARITHMETIC[word])
            found = self.computed(word, a, b)
            if found is not None and a.is_left_out and b.is_left_out:
                return found
            made = self.elementwise([a, b], dtype, ARITHMETIC[word])
            made.data = found.data if found is not None else None
            return made
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
            kinds = ["Tensor" if each is tensor else type_name(each) for each in (a, b)]
            message = f"unsupported operand type(s) for {word}: '{kinds[0]}' and '{kinds[1]}'"
            raise self.error("TypeError", message)
        known = tensor.data is not None and word in _NUMBERS
        row = moved(tensor.row, word, number, is_reversed=tensor is b) if tensor.row else None
        found = self.computed(word, a, b) if known else None
        if found is not None and tensor.is_left_out:
            found.own_row = row
            return found
        made = self.with_number(word, tensor, number, reverse=tensor is b)
        made.data = found.data if found is not None else None
        made.own_row = row
        return made

    def computed(self, word: str, a: Any, b: Any) -> TensorValue | None:
        """An operator on constants whose numbers are known; None where they are too many."""
        tensors = [each for each in (a, b) if isinstance(each, TensorValue)]
        tensor = max(tensors, key=lambda each: (len(each.data), len(each.shape)))
        shape, count = tensor.shape, len(tensor.data)
        if len(tensors) > 1 and max(len(each.shape) for each in tensors) > 1:
            if not (is_small(a.shape) and is_small(b.shape) and _may_broadcast(a.shape, b.shape)):
                return None
            shape = broadcast([a.shape, b.shape])
            sizes: Sequence[Any] = shape
            count = math.prod(sizes)
        if count > MOST_KNOWN or any(
            len(e.data) not in (1, count) for e in tensors if not shape[1:]
        ):
            return None
        self.step(count // 4)
        left, right = (
            [each] * count
            if not isinstance(each, TensorValue)
            else each.data * (count // len(each.data))
            if len(each.data) in (1, count)
            else stretched(each, shape)
            for each in (a, b)
        )
        dtype = "bool" if word in COMPARISONS else "float32" if word == "/" else tensor.dtype
        found = TensorValue(shape, dtype)
        try:
            found.data = [_computed(word, x, y) for x, y in zip(left, right)]
        except (ArithmeticError, TypeError):
            found.data = None
        return found

    def numbers_of(self, kind: str, a: TensorValue) -> TensorValue | None:
        """A function of a constant whose numbers are known."""
        function = FUNCTIONS.get(kind)
        if a.data is None or function is None or not a.is_left_out:
            return None
        found = TensorValue(a.shape, a.dtype)
        try:
            found.data = [function(each) for each in a.data]
        except (ValueError, OverflowError, TypeError, ZeroDivisionError):
            return None
        return found

    def unary_constant(self, a: TensorValue) -> TensorValue | None:
        """A constant with its sign changed."""
        if a.data is None or not a.is_left_out:
            return None
        found = TensorValue(a.shape, a.dtype)
        found.data = [-each for each in a.data]
        return found

    def with_number(
        self, word: str, tensor: TensorValue, number: Any, reverse: bool = False
    ) -> TensorValue:
        """An operator on a tensor and a number."""
        if isinstance(number, complex):  # what is complex stands as a float64
            found = self.with_number(word, tensor, abs(number), reverse)
            self.approximates("a complex number stands as a float64")
            return self.put("To", [found], {"dtype": "float64"})
        kind = ARITHMETIC[word]
        dtype = "bool" if word in COMPARISONS else tensor.dtype
        if dtype not in FLOATS and dtype != "bool" and (word == "/" or isinstance(number, float)):
            dtype = "float32"
        cls = KINDS.get(kind)
        if cls is None or not cls.number_fields:
            return self.elementwise([tensor], dtype, kind)
        if isinstance(number, bool):
            number = int(number)
        is_reversed = reverse and not cls.commutes
        if is_reversed and len(cls.number_fields) < 2:  # 1 < x is x > 1
            kind, is_reversed = _TURNED.get(kind, kind), False
        settings: dict[str, Any] = {cls.number_fields[0 if is_reversed else -1]: number}
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
        from shapecalc.layers.arithmetic import Add  # with its family, where it is needed

        self.require(kind, Add(), list(tensors), inputs, None)
        shape = broadcast([each.shape for each in tensors])
        dtype = dtype or promoted(tensors)
        first = inputs[0]
        if len(inputs) == 1 or (
            all(e.is_constant for e in inputs[1:]) and tuple(shape) == first.shape
        ):
            if not first.is_constant:
                self.approximates(f"{kind} is left out")
            return same_source(first, shape, dtype)  # a view of it, as far as shapes go
        if cls is None and "Add" in KINDS:
            found = self.put("Add", inputs)
            found.dtype = dtype
            self.approximates(f"{kind} stands as a sum")
            return found
        return self.opaque(inputs, shape, dtype, kind)

    def broadcasting(
        self, kind: str, tensors: list[TensorValue], sides: Sequence[Any]
    ) -> TensorValue:
        """A choice between tensors, or tensors and numbers, by a condition."""
        values = [each for each in sides if isinstance(each, TensorValue)]
        dtype = promoted(tuple(each.tensor for each in values)) if values else "float32"
        shapes = [each.shape for each in tensors]
        if all(each.is_constant for each in tensors[:1]) and len(values) == 1:
            (value,) = values
            if tuple(broadcast(shapes)) == tuple(value.shape):
                if not value.is_constant:
                    self.approximates("a choice by a constant, as a mask is one, is left out")
                if value.data is None:
                    return value
                return same_source(value, value.shape, value.dtype)
        cls = KINDS.get(kind)
        if cls is not None:
            settings: dict[str, Any] = {}
            for name, each in zip(("input", "other"), sides):
                if not isinstance(each, TensorValue):
                    number = plain(each)
                    if isinstance(number, float) and (
                        number != number or abs(number) == float("inf")
                    ):
                        number = -1e9 if number < 0 else 1e9
                    settings[name] = int(number) if isinstance(number, bool) else number
            return self.put(kind, tensors, settings)
        return self.opaque(tensors, broadcast(shapes), dtype, kind)
