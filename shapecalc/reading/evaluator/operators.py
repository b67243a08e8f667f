"""Operators on values: what Python does on its own ones, within bounds, and torch on tensors."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from shapecalc.language.operators import ARITHMETIC, RELATIONS
from shapecalc.reading.evaluator.sizes import Size, names
from shapecalc.reading.evaluator.texts import percent
from shapecalc.reading.evaluator.values import (
    CannotRead,
    Class,
    Function,
    Instance,
    Method,
    Partial,
    Unknown,
)

BINARY = {
    **ARITHMETIC,
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
COMPARE = {
    **RELATIONS,
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
FAST: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    **FAST,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DUNDER = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
    "^": "xor",
    "<<": "lshift",
    ">>": "rshift",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}

MOST_ITEMS = 1_000_000
"""The most items, or characters, that anything the source builds may have."""

MOST_BITS = 4096
"""The largest number the source may reach, in bits."""

MOST_STEPS = 2_000_000
"""How much work a reading takes before it is given up: items that are gone through, mostly.

What is built counts by its size too (``Operators.built``), so that the memory of all that a
source may build and keep is bounded as its time is.
"""

EXCEPTION = 50
"""What an exception counts as, with its message and place."""

_COLLECTIONS = (list, tuple, dict, set, frozenset)
_ROWS = (str, bytes, list, tuple)


def parts(value: Any, most: int) -> int:
    """How many values a collection holds all the way down; counting ends above ``most``.

    What is held twice counts twice, as it does to whatever goes through it.

    >>> inner = [1, 2]
    >>> parts([inner, inner], 100)
    6
    """
    count = 0
    waiting = [value]
    while waiting and count <= most:
        inner = waiting.pop()
        if isinstance(inner, _COLLECTIONS):
            count += len(inner)
            if len(inner) <= most:
                values = inner.values() if isinstance(inner, dict) else inner
                waiting.extend(each for each in values if isinstance(each, _COLLECTIONS))
    return count


class Operators:
    """The part of the runtime that knows operators."""

    error: Callable[..., Exception]
    call: Callable[..., Any]
    tensor_type: Any
    pinned: set[str]
    most_steps: int
    iterate: Any
    key: Any

    def not_known(self, value: Unknown, doing: str = "") -> CannotRead:
        """The error where something from elsewhere would have to be known."""
        raise NotImplementedError

    def binary(self, word: str, a: Any, b: Any) -> Any:
        """``a word b``."""
        for value in (a, b):
            if isinstance(value, self.tensor_type):
                return self.tensor_operator(word, a, b)
        for value in (a, b):
            if isinstance(value, Unknown):
                if self.is_lenient:
                    return Unknown(f"{value.name} {word} ...")
                raise self.not_known(value)
        if isinstance(a, Instance) or isinstance(b, Instance):
            return self.instance_operator(word, a, b)
        if word == "|" and (a is None or b is None or isinstance(a, Class) or isinstance(b, Class)):
            return a  # a union of types, which only hints use
        self.within(word, a, b)
        try:
            if word == "%" and isinstance(a, str):
                return self.built(percent(self, a, b))
            return self.built(_PLAIN[word](a, b))
        except KeyError:
            raise self.unsupported(word, a, b) from None
        except TypeError:
            raise self.unsupported(word, a, b) from None
        except (ZeroDivisionError, ValueError, OverflowError) as wrong:
            raise self.error(type(wrong).__name__, str(wrong)) from None

    is_lenient = False

    def tensor_operator(self, word: str, a: Any, b: Any) -> Any:
        """An operator of which one side is a tensor."""
        raise NotImplementedError

    def unsupported(self, word: str, a: Any, b: Any) -> Exception:
        """Python's error for an operator that two values have not."""
        kinds = f"'{type_name(a)}' and '{type_name(b)}'"
        return self.error("TypeError", f"unsupported operand type(s) for {word}: {kinds}")

    def within(self, word: str, a: Any, b: Any) -> None:
        """Refuse what would build something larger than any network needs."""
        too_large = False
        if word == "**" and _number(a) and _number(b):
            if isinstance(a, int) and isinstance(b, int):
                too_large = abs(b) * max(1, a.bit_length()) > MOST_BITS
        elif word == "<<" and isinstance(a, int) and isinstance(b, int):
            too_large = b > MOST_BITS
        elif word == "*":
            if isinstance(a, _ROWS) and isinstance(b, int):
                too_large = len(a) * b > MOST_ITEMS
            elif isinstance(b, _ROWS) and isinstance(a, int):
                too_large = len(b) * a > MOST_ITEMS
            elif isinstance(a, int) and isinstance(b, int):
                too_large = a.bit_length() + b.bit_length() > MOST_BITS
        elif word == "+" and isinstance(a, _ROWS) and isinstance(b, _ROWS):
            too_large = len(a) + len(b) > MOST_ITEMS
        if too_large:
            raise CannotRead(self.here(), "this would be larger than any network needs")

    def here(self) -> Any:
        """The place that is evaluated now."""
        raise NotImplementedError

    def bounded(self, value: Any) -> Any:
        """Something with a length, if it is not too long."""
        if len(value) > MOST_ITEMS:
            raise CannotRead(self.here(), "this would be larger than any network needs")
        return value

    def built(self, value: Any) -> Any:
        """Something new, which counts as work by what it takes to make and to keep."""
        if isinstance(value, (str, bytes, *_COLLECTIONS)):
            self.step(len(self.bounded(value)) // 4)
        elif isinstance(value, int):
            self.step(value.bit_length() // 64)
        return value

    def walked(self, value: Any) -> None:
        """Count as work what a collection holds, before Python goes through all of it."""
        if isinstance(value, (str, bytes)):
            self.step(len(value) // 256)
        elif isinstance(value, _COLLECTIONS):
            self.step(2 * parts(value, self.most_steps // 2))

    def instance_operator(self, word: str, a: Any, b: Any) -> Any:
        """An operator that a class of the source declares."""
        name = _DUNDER[word]
        if isinstance(a, Instance) and a.cls.has(f"__{name}__"):
            return self.call(self.attribute(a, f"__{name}__"), [b], {})
        if isinstance(b, Instance) and b.cls.has(f"__r{name}__"):
            return self.call(self.attribute(b, f"__r{name}__"), [a], {})
        if word in ("==", "!="):
            return self.same(a, b) is (word == "==")
        plain_a, plain_b = plain(a), plain(b)
        if plain_a is not a or plain_b is not b:
            return self.binary(word, plain_a, plain_b)
        raise self.unsupported(word, a, b)

    def same(self, a: Any, b: Any) -> bool:
        """Whether two values, one of them an instance, are equal."""
        if plain(a) is not a or plain(b) is not b:
            return bool(plain(a) == plain(b))
        both = isinstance(a, Instance) and isinstance(b, Instance) and a.cls is b.cls
        if both and a.cls.names.get("__fields__") is not None:
            return bool(a.attributes == b.attributes)
        return a is b

    def attribute(self, value: Any, name: str) -> Any:
        """``value.name``."""
        raise NotImplementedError

    def in_place(self, word: str, a: Any, b: Any) -> Any:
        """``a word= b``: lists grow where they are."""
        if isinstance(a, list) and word == "+":
            a.extend(self.iterate(b))
            return self.bounded(a)
        if isinstance(a, (set, dict)) and word == "|":
            a.update(b)
            return a
        if isinstance(a, Instance) and a.cls.has(f"__i{_DUNDER[word]}__"):
            return self.call(self.attribute(a, f"__i{_DUNDER[word]}__"), [b], {})
        return self.binary(word, a, b)

    def unary(self, word: str, value: Any) -> Any:
        """``-value``, ``+value`` or ``~value``."""
        if isinstance(value, self.tensor_type):
            return self.tensor_operator("u" + word, value, None)
        if isinstance(value, Unknown):
            raise self.not_known(value)
        if isinstance(value, Instance):
            name = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}[word]
            return self.call(self.attribute(value, name), [], {})
        if not _number(value):
            message = f"bad operand type for unary {word}: '{type_name(value)}'"
            raise self.error("TypeError", message)
        signs: dict[str, Any] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
        return signs[word](value)

    def compare(self, word: str, a: Any, b: Any) -> Any:
        """``a word b`` for a comparison."""
        if word in ("is", "is not"):
            return self.identical(a, b) is (word == "is")
        if word in ("in", "not in"):
            return self.contains(b, a) is (word == "in")
        for value in (a, b):
            if isinstance(value, self.tensor_type):
                return self.tensor_operator(word, a, b)
        if isinstance(a, Instance) or isinstance(b, Instance):
            return self.instance_operator(word, a, b)
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            if self.is_lenient:
                return Unknown("a comparison")
            raise self.not_known(a if isinstance(a, Unknown) else b)
        if isinstance(a, Size) or isinstance(b, Size):
            if isinstance(a, int) and isinstance(b, int):
                self.pinned |= names(a - b)
        self.walked(a)
        try:
            return _PLAIN[word](a, b)
        except TypeError:
            kinds = f"'{type_name(a)}' and '{type_name(b)}'"
            raise self.error(
                "TypeError", f"'{word}' not supported between instances of {kinds}"
            ) from None

    def identical(self, a: Any, b: Any) -> bool:
        """``a is b``."""
        if type(a) in (int, str, float) and type(b) in (int, str, float):
            return bool(a == b)
        if (isinstance(a, Unknown) and b is None) or (a is None and isinstance(b, Unknown)):
            return False
        return a is b

    def contains(self, container: Any, item: Any) -> bool:
        """``item in container``."""
        if isinstance(container, str):
            if not isinstance(item, str):
                message = f"'in <string>' requires string as left operand, not {type_name(item)}"
                raise self.error("TypeError", message)
            self.step(len(container) // 64)
            return item in container
        if isinstance(container, range):  # which Python goes through for all but integers
            number = int(item) if isinstance(item, float) and item.is_integer() else self.key(item)
            return isinstance(number, int) and number in container
        if isinstance(container, (dict, set, frozenset)):
            return self.key(item) in container
        if hasattr(container, "known_contains"):
            return bool(container.known_contains(item))
        if isinstance(container, Class) and container.names.get("__members__") is not None:
            members = container.names["__members__"].values()
            return any(each is item or each.attributes["value"] == item for each in members)
        if isinstance(container, Instance) and container.cls.has("__contains__"):
            return self.truth(self.call(self.attribute(container, "__contains__"), [item], {}))
        for each in self.iterate(container):
            self.step(2)
            if each is item or self.truth(self.compare("==", each, item)):
                return True
        return False

    def truth(self, value: Any, asserting: bool = False) -> bool:
        """Whether a value counts as true."""
        if value is None or value is True or value is False:
            return bool(value)
        if isinstance(value, self.tensor_type):
            return self.tensor_truth(value)
        if isinstance(value, Unknown):
            raise self.not_known(value, "decides here")
        if isinstance(value, Size):
            self.pinned |= names(value)
            return bool(value)
        if isinstance(value, Instance):
            for name in ("__bool__", "__len__"):
                if value.cls.has(name):
                    return self.truth(self.call(self.attribute(value, name), [], {}))
            return bool(plain(value)) if plain(value) is not value else True
        if isinstance(value, (int, float, str, list, tuple, dict, set, frozenset, range)):
            return bool(value)
        return True

    def tensor_truth(self, value: Any) -> bool:
        """Whether a tensor counts as true, which what it holds decides."""
        raise NotImplementedError

    def step(self, count: int = 6) -> None:
        """Count the work done."""
        raise NotImplementedError


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, complex))


def plain(value: Any) -> Any:
    """The number, word or collection that an instance of a class derived from one holds."""
    if isinstance(value, Instance) and value.data is not None:
        data = value.data
        if isinstance(data, (int, float, str, list, tuple, dict, set)):
            return data
    return value


def type_name(value: Any) -> str:
    """What Python calls the type of a value."""
    if isinstance(value, Instance):
        return value.cls.name
    if isinstance(value, Size):
        return "int"
    if isinstance(value, Class):
        return "type"
    if isinstance(value, (Function, Partial)):
        return "function"
    if isinstance(value, Method):
        return "method"
    if value is None:
        return "NoneType"
    name = type(value).__name__
    return {"TensorValue": "Tensor", "Builtin": "function"}.get(name, name)
