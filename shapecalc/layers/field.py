"""The fields of a layer kind: their types, defaults and words.

A field is declared once, in the class body of its kind, with :func:`field` or :func:`inferred`.
Reading a spec, the catalogue, the JSON Schema and emission all look at that declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

from shapecalc.algebra.arithmetic import LARGEST, Calculable, Dim, is_number, is_symbolic, untraced
from shapecalc.layers.tensor import MOST_DIMENSIONS

T = TypeVar("T", covariant=True)


class Missing:
    """The default of a field that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Missing()


class SameAs(NamedTuple):
    """A default that is another field's value, as a pool's stride is its kernel_size."""

    name: str


class Mismatch(ValueError):
    """A value is not of its field's type. ``index`` tells which item of a list is to blame."""

    def __init__(self, expected: str, index: int | None = None, hint: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.index = index
        self.hint = hint


EXPRESSION = {"$ref": "#/$defs/expression"}
"""What a JSON Schema of a spec says of an expression."""


def _plain(value: Any) -> Any:
    """A value without its derivation; of a formula the number that it has wherever it is asked."""
    value = untraced(value)
    if not is_symbolic(value):
        return value
    from shapecalc.algebra.enclosure import only_value  # which numbers have no need of

    return only_value(value)


class FieldType(Generic[T]):
    """What values a field takes, read as values of type ``T``.

    ``words`` are strings that stand for themselves in a spec; any other string is an expression.
    ``least`` and ``most`` are the smallest and largest number it takes, if there are such, and so
    of a formula; ``symbolic`` says that a number may be a formula of whole numbers.
    """

    least: int | None = None
    most: int | None = None
    symbolic: bool = False

    words: frozenset[str] = frozenset()
    expected: str = ""

    def is_word(self, text: str) -> bool:
        """Whether text in a spec stands for itself, and is no expression."""
        return text in self.words

    def read(self, value: Any, rank: int) -> T:
        """The value in its one normal form; raises :class:`Mismatch` if it is none."""
        raise NotImplementedError

    def describe(self, rank: int) -> str:
        """What is expected, in words."""
        return self.expected

    def schema(self, rank: int) -> dict[str, Any]:
        """JSON Schema of how a spec writes a value; what may be an expression says so."""
        raise NotImplementedError


class Whole(FieldType[T]):
    """An integer, a formula where ``symbolic``, of at least ``least`` and at most ``most``."""

    most: int

    @overload
    def __init__(
        self: Whole[Dim],
        least: int | None = 1,
        *,
        most: int = LARGEST,
        symbolic: Literal[True] = True,
    ) -> None: ...

    @overload
    def __init__(
        self: Whole[int], least: int | None = 1, *, most: int = LARGEST, symbolic: Literal[False]
    ) -> None: ...

    def __init__(
        self, least: int | None = 1, *, most: int = LARGEST, symbolic: bool = True
    ) -> None:
        self.least = least
        self.most = most
        self.symbolic = symbolic
        self.expected = {None: "an integer", 0: "an integer of at least 0"}.get(
            least, "a positive integer" if least == 1 else f"an integer of at least {least}"
        )

    def read(self, value: Any, rank: int) -> T:
        if not self.symbolic:
            value = _plain(value)
        if isinstance(value, int) and not isinstance(value, bool):
            if (self.least is None or value >= self.least) and -LARGEST <= value <= self.most:
                return value  # type: ignore[return-value]
            if value > self.most:
                most = "below 2**63" if self.most == LARGEST else f"of at most {self.most:,}"
                raise Mismatch(f"{self.expected} {most}")
        elif self.symbolic and isinstance(value, Calculable):
            return value  # type: ignore[return-value]
        raise Mismatch(self.expected)

    def schema(self, rank: int) -> dict[str, Any]:
        least = {} if self.least is None else {"minimum": self.least}
        most = {} if self.most == LARGEST else {"maximum": self.most}
        return {"anyOf": [{"type": "integer", **least, **most}, EXPRESSION]}


class Dimension(Whole[int]):
    """A dimension by its number, a negative one counted from the end; a kind says which there are.

    No tensor has more than ``MOST_DIMENSIONS``.
    """

    def __init__(self) -> None:
        super().__init__(None, symbolic=False)
        self.least, self.most = -MOST_DIMENSIONS, MOST_DIMENSIONS

    def read(self, value: Any, rank: int) -> int:
        value = _plain(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Mismatch(self.expected)
        return value


class SizeOrRest(Whole[Dim]):
    """A size, or -1 for one that follows from the others; a formula is a size, so positive."""

    def __init__(self) -> None:
        super().__init__()
        self.expected = "a positive integer, or -1"

    def read(self, value: Any, rank: int) -> Dim:
        if type(value) is int and value in (-1, 0):  # 0 is told of with the other sizes
            return value
        return super().read(value, rank)

    def schema(self, rank: int) -> dict[str, Any]:
        return {"anyOf": [{"const": -1}, *super().schema(rank)["anyOf"]]}


class Parts(Whole[Dim]):
    """A number of equal parts that sizes are split into, which have to be multiples of it."""


class Flag(FieldType[bool]):
    """True or false; 1 and 0 serve, so that a symbol can switch it."""

    least, most = 0, 1
    expected = "true or false"

    def read(self, value: Any, rank: int) -> bool:
        value = _plain(value)
        if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise Mismatch(self.expected)

    def schema(self, rank: int) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, EXPRESSION]}


Formulas = Literal["none", "whole", "any"]


class Number(FieldType[T]):
    """An exact number, a fraction where need be; infinities where ``infinite``.

    ``formulas`` tells which formulas it may be where symbols have no value: any if it decides no
    size, whole ones if it is a factor of sizes, so that products need no rounding.
    """

    @overload
    def __init__(
        self: Number[int | Fraction],
        least: int | None = None,
        most: int | None = None,
        *,
        infinite: Literal[False] = False,
        formulas: Formulas = "none",
    ) -> None: ...

    @overload
    def __init__(
        self: Number[int | Fraction | float],
        least: int | None = None,
        most: int | None = None,
        *,
        infinite: Literal[True],
        formulas: Formulas = "none",
    ) -> None: ...

    def __init__(
        self,
        least: int | None = None,
        most: int | None = None,
        *,
        infinite: bool = False,
        formulas: Formulas = "none",
    ) -> None:
        self.least = least
        self.most = most
        self.infinite = infinite
        self.formulas = formulas
        bounds = [] if least is None else [f"of at least {least}"]
        self.expected = " ".join(["a number", *bounds])
        if least is not None and most is not None:
            self.expected = f"a number from {least} to {most}"

    def read(self, value: Any, rank: int) -> T:
        value = _plain(value)
        if self.infinite and isinstance(value, float):
            return value  # type: ignore[return-value]
        if is_symbolic(value) and (
            self.formulas == "any" or (self.formulas == "whole" and value.is_whole)
        ):
            return value  # type: ignore[return-value]
        in_bounds = is_number(value) and (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
        )
        if in_bounds:
            return value  # type: ignore[no-any-return]
        raise Mismatch(self.expected)

    def schema(self, rank: int) -> dict[str, Any]:
        bounds = {"minimum": self.least, "maximum": self.most}
        number = {"type": "number"} | {k: v for k, v in bounds.items() if v is not None}
        return {"anyOf": [number, EXPRESSION]}


class Choice(FieldType[str]):
    """One of some words."""

    def __init__(self, *words: str) -> None:
        self.words = frozenset(words)
        self.ordered = words
        self.expected = " or ".join(words) if len(words) < 3 else "one of " + ", ".join(words)

    def read(self, value: Any, rank: int) -> str:
        if isinstance(value, str) and value in self.words:
            return value
        raise Mismatch(self.expected)

    def schema(self, rank: int) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(self.ordered)}, EXPRESSION]}


class Text(FieldType[str]):
    """Text in a notation of its own, such as a pattern of axes."""

    def __init__(self, expected: str, read: Callable[[str], Any]) -> None:
        self.expected = expected
        self._read = read

    def is_word(self, text: str) -> bool:
        return True

    def read(self, value: Any, rank: int) -> str:
        """The text as it is; what its notation refuses is told in its own words."""
        if not isinstance(value, str):
            raise Mismatch(self.expected)
        try:
            self._read(value)
        except ValueError as error:
            raise Mismatch(f"{self.expected}: {error}") from None
        return str(value)

    def schema(self, rank: int) -> dict[str, Any]:
        return {"type": "string"}


class ByName(FieldType[tuple[tuple[str, T], ...]]):
    """Values of one type by names; read as a tuple of pairs."""

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
    """A value of another type, or null, which means ``null_means``."""

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

    >>> not_null(Maybe(Flag())).describe(1), not_null(Flag()).describe(1)
    ('true or false', 'true or false')
    """
    return not_null(type.item) if isinstance(type, Maybe) else type


class ListOf(FieldType[tuple[T, ...]]):
    """A list of values of one type, of ``length`` where it is given; read as a tuple."""

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
    """A list of at least one value, or a single value, which is a list of one; read as a tuple."""

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
        raise Mismatch(self.describe(rank))

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
    """A word, or else a value of another type."""

    def __init__(self, choice: Choice, other: FieldType[T]) -> None:
        self.choice = choice
        self.other = other
        self.least, self.most = other.least, other.most
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
            raise Mismatch(self.describe(rank), mismatch.index) from None

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
            raise Mismatch(mismatch.expected, index) from None
    return tuple(read)


def _length(length: int | None) -> dict[str, Any]:
    return {} if length is None else {"minItems": length, "maxItems": length}


class Field:
    """A field of a kind, as declared.

    ``torch_default`` is what torch takes where the field is not given to it: the default, unless
    declared otherwise.
    """

    __slots__ = ("default", "doc", "infer", "letter", "name", "torch_default", "type")

    def __init__(
        self,
        type: FieldType[Any],
        doc: str,
        letter: str = "",
        default: Any = REQUIRED,
        infer: Callable[..., Any] | None = None,
        torch_default: Any = REQUIRED,
    ) -> None:
        self.name = ""
        self.type = type
        self.doc = doc
        self.letter = letter
        self.default = default
        self.infer = infer
        # without a default of its own, an inferred field has to be given to torch
        own = REQUIRED if infer is not None else default
        self.torch_default = own if torch_default is REQUIRED else torch_default

    @property
    def is_required(self) -> bool:
        """Whether a spec has to give it."""
        return self.default is REQUIRED and self.infer is None


def field(
    type: FieldType[T],
    doc: str,
    *,
    letter: str = "",
    default: Any = REQUIRED,
    torch_default: Any = REQUIRED,
) -> T:
    """Declare a field. ``letter`` is what textbooks call it in formulas.

    ``torch_default`` is torch's default, where that is another. To the type checker the field is
    what a layer has of it, a value of the type's.
    """
    declared: Any = Field(type, doc, letter, default, torch_default=torch_default)
    return declared  # type: ignore[no-any-return]


@overload
def inferred(
    infer: Callable[..., Any],
    doc: str,
    *,
    letter: str = "",
    torch_default: Any = REQUIRED,
) -> Dim: ...


@overload
def inferred(
    infer: Callable[..., Any],
    doc: str,
    *,
    type: FieldType[T],
    letter: str = "",
    torch_default: Any = REQUIRED,
) -> T: ...


def inferred(
    infer: Callable[..., Any],
    doc: str,
    *,
    type: FieldType[Any] | None = None,
    letter: str = "",
    torch_default: Any = REQUIRED,
) -> Any:
    """Declare a field that follows from the layer's inputs: ``infer(layer, *inputs)``.

    A spec may state it; then it is checked.
    """
    return Field(type or Whole(), doc, letter, None, infer, torch_default)
