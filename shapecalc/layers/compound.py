"""Types of fields that are made of other types: lists, values for each axis, what may be null."""

from __future__ import annotations

from typing import Any, Literal

from shapecalc.algebra.arithmetic import is_number
from shapecalc.layers.types import EXPRESSION, Choice, FieldType, Mismatch, T


class ByName(FieldType[tuple[tuple[str, T], ...]]):
    """Values of one type by names; read as a tuple of pairs.

    >>> from shapecalc.layers.types import Whole
    >>> ByName(Whole(), "sizes").read({"h": 8, "d": 64}, rank=2)
    (('h', 8), ('d', 64))
    """

    def __init__(self, item: FieldType[T], what: str) -> None:
        self.item = item
        self.least, self.most = item.least, item.most
        self.what = what

    def read(self, value: Any, rank: int) -> tuple[tuple[str, T], ...]:
        if isinstance(value, tuple):
            value = dict(value)
        if not isinstance(value, dict):
            raise Mismatch(self.describe(rank))
        return tuple(zip(map(str, value), _read_items(self.item, list(value.values()), rank)))

    def describe(self, rank: int) -> str:
        return f"{self.what} by name"

    def schema(self, rank: int) -> dict[str, Any]:
        named = {"type": "object", "additionalProperties": self.item.schema(rank)}
        return {"anyOf": [named, EXPRESSION]}


class Maybe(FieldType["T | None"]):
    """A value of another type, or null, which means ``null_means``.

    >>> from shapecalc.layers.types import Whole
    >>> Maybe(Whole(), "the input's size").describe(rank=2)
    "a positive integer, or null for the input's size"
    """

    def __init__(self, item: FieldType[T], null_means: str = "") -> None:
        self.item = item
        self.words = item.words
        self.least, self.most = item.least, item.most
        self.symbolic = item.symbolic
        self.null_means = null_means

    def read(self, value: Any, rank: int) -> T | None:
        return None if value is None else self.item.read(value, rank)

    def describe(self, rank: int) -> str:
        return f"{self.item.describe(rank)}, or null" + (
            f" for {self.null_means}" if self.null_means else ""
        )

    def schema(self, rank: int) -> dict[str, Any]:
        return {"anyOf": [self.item.schema(rank), {"type": "null"}]}


def not_null(type: FieldType[Any]) -> FieldType[Any]:
    """The type of what a field holds where that is not null.

    >>> from shapecalc.layers.types import Flag
    >>> not_null(Maybe(Flag())).describe(1), not_null(Flag()).describe(1)
    ('true or false', 'true or false')
    """
    return not_null(type.item) if isinstance(type, Maybe) else type


def single(type: FieldType[Any]) -> FieldType[Any]:
    """The type of one value of a field: of a list, that of its items.

    >>> from shapecalc.layers.types import Flag, Number
    >>> single(Maybe(PerInputAxis(Number(0)))).describe(1), single(Flag()).describe(1)
    ('a number of at least 0', 'true or false')
    """
    if isinstance(type, (Maybe, ListOf, PerAxis, PerInputAxis)):
        return single(type.item)
    return type


def takes_null(type: FieldType[Any]) -> bool:
    """Whether a value of a field, or one in a list of them, may be null.

    >>> from shapecalc.layers.types import Flag, Whole
    >>> takes_null(PerAxis(Maybe(Whole()))), takes_null(Flag())
    (True, False)
    """
    if isinstance(type, (ListOf, PerAxis, PerInputAxis)):
        return takes_null(type.item)
    return isinstance(type, Maybe)


class ListOf(FieldType[tuple[T, ...]]):
    """A list of values of one type, of ``length`` where it is given; read as a tuple.

    >>> from shapecalc.layers.types import Whole
    >>> ListOf(Whole()).read([2, 3, 4], rank=2)
    (2, 3, 4)
    """

    def __init__(
        self, item: FieldType[T], length: int | None = None, what: str = "integers"
    ) -> None:
        self.item = item
        self.least, self.most = item.least, item.most
        self.symbolic = item.symbolic
        self.length = length
        self.what = what

    def read(self, value: Any, rank: int) -> tuple[T, ...]:
        if not isinstance(value, (list, tuple)) or self.length not in (None, len(value)):
            is_alone = is_number(value) and self.length in (None, 1)
            hint = f"in brackets, though it is one: [{value}]" if is_alone else ""
            raise Mismatch(self.describe(rank), hint=hint)
        return _read_items(self.item, value, rank)

    def describe(self, rank: int) -> str:
        return f"a list of {self.length or ''} {self.what}".replace("  ", " ")

    def schema(self, rank: int) -> dict[str, Any]:
        items = {"type": "array", "items": self.item.schema(rank)} | _length(self.length)
        return {"anyOf": [items, EXPRESSION]}


class PerInputAxis(FieldType["T | tuple[T, ...]"]):
    """One value for every spatial axis, or a list, for kinds that take inputs of several ranks.

    One value is read as it is, so that it is told from a list of one.

    >>> from shapecalc.layers.types import Whole
    >>> PerInputAxis(Whole()).read(7, rank=0), PerInputAxis(Whole()).read([7, 5], rank=0)
    (7, (7, 5))
    """

    def __init__(self, item: FieldType[T]) -> None:
        self.item = item
        self.least, self.most = item.least, item.most
        self.symbolic = item.symbolic

    def read(self, value: Any, rank: int) -> T | tuple[T, ...]:
        if isinstance(value, (list, tuple)):
            return _read_items(self.item, value, rank)
        return self.item.read(value, rank)

    def describe(self, rank: int) -> str:
        return f"{self.item.describe(rank)}, or a list of them"

    def schema(self, rank: int) -> dict[str, Any]:
        item = self.item.schema(rank)
        return {"anyOf": [item, {"type": "array", "items": item}]}


class OneOrMore(ListOf[T]):
    """A list of at least one value, or a single value, which is a list of one; read as a tuple.

    >>> from shapecalc.layers.types import Whole
    >>> OneOrMore(Whole()).read(7, rank=2), OneOrMore(Whole()).read([7, 5], rank=2)
    ((7,), (7, 5))
    """

    def read(self, value: Any, rank: int) -> tuple[T, ...]:
        if isinstance(value, (list, tuple)):
            if value:
                return super().read(value, rank)
        else:
            try:
                return (self.item.read(value, rank),)
            except Mismatch:
                pass
        raise Mismatch(self.describe(rank))

    def describe(self, rank: int) -> str:
        return f"{self.item.describe(rank)}, or a list of {self.what}"

    def schema(self, rank: int) -> dict[str, Any]:
        item = self.item.schema(rank)
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


class PerAxis(FieldType[tuple[T, ...]]):
    """One value for every spatial axis, or a list with a value each; read as a tuple.

    ``per`` is how many values an axis takes: two for the padding on its two sides. Where an item
    may be null, it may be so in a list only, as in torch. ``short`` tells what torch makes of a
    list that is too short: nothing, or it takes one value for every axis, or no padding for the
    axes without. ``listed`` is false where it takes no list, though there is one axis.

    >>> from shapecalc.layers.types import Whole
    >>> PerAxis(Whole()).read(3, rank=2), PerAxis(Whole()).read([3, 5], rank=2)
    ((3, 3), (3, 5))
    >>> PerAxis(Whole()).describe(rank=2)
    'a positive integer, or a list of 2 of them'
    """

    def __init__(
        self,
        item: FieldType[T],
        per: int = 1,
        *,
        short: Literal["refused", "repeated", "zeros"] = "refused",
        listed: bool = True,
    ) -> None:
        self.item = item
        self.least, self.most = item.least, item.most
        self.symbolic = item.symbolic
        self.per = per
        self.short = short
        self.listed = listed

    @property
    def single(self) -> FieldType[Any]:
        """The type of a value for all axes."""
        return self.item.item if isinstance(self.item, Maybe) else self.item

    def lengths(self, rank: int) -> list[int]:
        """How many values a list may have, in increasing order."""
        if not self.listed:
            return []
        if self.short == "zeros":
            return [axes * self.per for axes in range(1, rank + 1)]
        return sorted({1, rank}) if self.short == "repeated" else [rank * self.per]

    def read(self, value: Any, rank: int) -> tuple[T, ...]:
        length = rank * self.per
        hint = ""
        try:
            if not isinstance(value, (list, tuple)):
                return (self.single.read(value, rank),) * length
            if len(value) in self.lengths(rank):
                items: tuple[Any, ...] = _read_items(self.item, value, rank)
                more = items if self.short == "repeated" else (0,)
                return items + more * (length - len(items))
        except Mismatch as mismatch:
            if mismatch.index is not None:
                raise
            hint = mismatch.hint
        raise Mismatch(self.describe(rank), hint=hint)

    def describe(self, rank: int) -> str:
        one = self.single.describe(rank)
        if not self.listed:
            return one
        lengths = self.lengths(rank)
        those = "one" if lengths == [1] else " or ".join(map(str, lengths)) + " of them"
        many = f"{one}, or a list of {those}"
        if isinstance(self.item, Maybe):
            many += f", in which null stands for {self.item.null_means}"
        return many

    def schema(self, rank: int) -> dict[str, Any]:
        items = {"type": "array", "items": self.item.schema(rank)}
        lists = [items | _length(length) for length in self.lengths(rank)]
        return {"anyOf": [self.single.schema(rank), *lists]} if lists else self.single.schema(rank)


class Either(FieldType["str | T"]):
    """A word, or else a value of another type.

    >>> from shapecalc.layers.types import Whole
    >>> Either(Choice("valid", "same"), PerAxis(Whole(0))).read("same", rank=2)
    'same'
    """

    def __init__(self, choice: Choice, other: FieldType[T]) -> None:
        self.choice = choice
        self.other = other
        self.least = other.least
        self.symbolic = other.symbolic
        self.words = choice.words

    def read(self, value: Any, rank: int) -> str | T:
        if isinstance(value, str):
            if value in self.words:
                return value
            raise Mismatch(self.describe(rank))
        try:
            return self.other.read(value, rank)
        except Mismatch as mismatch:
            raise Mismatch(self.describe(rank), mismatch.index, mismatch.hint) from None

    def describe(self, rank: int) -> str:
        return f"{self.other.describe(rank)}, or {self.choice.describe(rank)}"

    def schema(self, rank: int) -> dict[str, Any]:
        return {"anyOf": [self.choice.schema(rank), self.other.schema(rank)]}


def _read_items(item: FieldType[T], values: Any, rank: int) -> tuple[T, ...]:
    read = []
    for index, value in enumerate(values):
        try:
            read.append(item.read(value, rank))
        except Mismatch as mismatch:
            raise Mismatch(mismatch.expected, index, mismatch.hint) from None
    return tuple(read)


def _length(length: int | None) -> dict[str, Any]:
    return {} if length is None else {"minItems": length, "maxItems": length}
