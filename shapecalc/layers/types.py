"""The types of fields: what values they take, how a spec writes them, and what errors call them.

Those of single values; :mod:`shapecalc.layers.compound` has those that are made of others.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Generic, Literal, TypeVar, cast, overload

from shapecalc.algebra.arithmetic import LARGEST, Calculable, Dim, is_number, is_symbolic, untraced
from shapecalc.layers.tensor import MOST_DIMENSIONS

T = TypeVar("T", covariant=True)


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
    is_place: bool = False
    """Whether numbers are places, in a dimension or of one, which are no sizes."""

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
    """An integer, a formula where ``symbolic``, of at least ``least`` and at most ``most``.

    >>> Whole().read(3, rank=2), Whole(0).describe(rank=2)
    (3, 'an integer of at least 0')
    """

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
                return cast("T", value)
            if value > self.most:
                most = "below 2**63" if self.most == LARGEST else f"of at most {self.most:,}"
                raise Mismatch(f"{self.expected} {most}")
        elif self.symbolic and isinstance(value, Calculable):
            return cast("T", value)
        is_fraction = isinstance(value, Fraction)
        hint = "floor, round or ceil make it whole" if is_fraction else ""
        raise Mismatch(self.expected, hint=hint)

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


class Place(Whole[Dim]):
    """A place in a dimension, counted from 0, or from the end where it is negative."""

    is_place = True

    def __init__(self) -> None:
        super().__init__(None)


class SizeOrRest(Whole[Dim]):
    """A size, or -1 for one that follows from the others; a formula is a size, so positive.

    >>> SizeOrRest().read(-1, rank=2)
    -1
    """

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
    """True or false; 1 and 0 serve, so that a symbol can switch it.

    >>> Flag().read(1, rank=2)
    True
    """

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

    >>> Number(0, 1).read(Fraction(1, 2), rank=2), Number(0, 1).describe(rank=2)
    (Fraction(1, 2), 'a number from 0 to 1')
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
            return cast("T", value)
        if is_symbolic(value) and (
            self.formulas == "any" or (self.formulas == "whole" and value.is_whole)
        ):
            return cast("T", value)
        in_bounds = is_number(value) and (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
        )
        if in_bounds:
            return cast("T", value)
        is_percent = self.most == 1 and is_number(value) and 1 < value <= 100
        raise Mismatch(self.expected, hint=f"a share is a fraction: {value}/100" * is_percent)

    def schema(self, rank: int) -> dict[str, Any]:
        bounds = {"minimum": self.least, "maximum": self.most}
        number = {"type": "number"} | {k: v for k, v in bounds.items() if v is not None}
        return {"anyOf": [number, EXPRESSION]}


class Choice(FieldType[str]):
    """One of some words.

    >>> Choice("valid", "same").describe(rank=2)
    'valid or same'
    """

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
    """Text in a notation of its own, such as a pattern of axes.

    >>> Text("a list of digits", lambda text: [int(sign) for sign in text]).read("12", rank=2)
    '12'
    """

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
