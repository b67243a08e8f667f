"""Sizes that remember how they follow from the symbols of the network.

A :class:`Size` is a whole number, and a polynomial in names beside it: code decides by the number,
and what is written into the spec is the polynomial. Where a quotient does not come out even it is
a name of its own in the polynomial, so that ``(H + 3)//4`` stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from shapecalc.language.expression import Binary, Expression, Name, Number

Atom = Any
"""A symbol's name, or ``(operator, terms, terms)`` of a quotient or remainder."""

Monomial = tuple[tuple[Atom, int], ...]
Terms = tuple[tuple[Monomial, int], ...]

MOST_TERMS = 24
"""How many terms a size keeps; one with more is a plain number."""

MOST_NAMES = 100
"""How many times a size may mention symbols, those inside quotients of quotients as well."""


class Size(int):
    """A whole number with the polynomial that it is the value of."""

    terms: Terms

    @property
    def value(self) -> int:
        """The number alone."""
        return int(self)

    def extreme(self, which: str, values: Any) -> Any:
        """The smallest or largest of values, as sizes are asked where they are no numbers."""
        return min(values) if which == "smallest" else max(values)

    def __add__(self, other: Any) -> Any:
        return (
            _combined(self, other, 1, int(self) + int(other))
            if _whole(other)
            else int(self) + other
        )

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return (
            _combined(self, other, -1, int(self) - int(other))
            if _whole(other)
            else int(self) - other
        )

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __neg__(self) -> Any:
        return self * -1

    def __pos__(self) -> Any:
        return self

    def __mul__(self, other: Any) -> Any:
        if not _whole(other):
            return int(self) * other
        return made(int(self) * int(other), _product(self.terms, terms_of(other)))

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Any:
        if not _whole(other):
            return int(self) // other
        return _quotient(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _quotient(other, self) if _whole(other) else other // int(self)

    def __truediv__(self, other: Any) -> Any:
        return divided(self, 1, other)

    def __rtruediv__(self, other: Any) -> Any:
        return divided(other, 1, self) if _whole(other) else other / int(self)

    def __mod__(self, other: Any) -> Any:
        return self - (self // other) * other if _whole(other) else int(self) % other

    def __rmod__(self, other: Any) -> Any:
        return other - (other // self) * self if _whole(other) else other % int(self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        if type(other) is int and 0 <= other <= 4 and modulo is None:
            power: Any = 1
            for _ in range(other):
                power = power * self
            return power
        return int(self) ** other

    def __reduce__(self) -> Any:
        return int, (int(self),)


class Ratio(float):
    """A size divided by another or a whole number: a float that knows what it lies between.

    >>> half = symbol("H", 7) / 2
    >>> half, half.below == symbol("H", 7) // 2, int((half * 4).below)
    (3.5, True, 14)
    """

    size: int
    over: int

    @property
    def below(self) -> int:
        """The largest whole number that is no larger."""
        return self.size // self.over

    @property
    def above(self) -> int:
        """The smallest whole number that is no smaller."""
        return -(-self.size // self.over)

    def __truediv__(self, other: Any) -> Any:
        return divided(self.size, self.over, other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Ratio):
            return divided(self.size * other.size, self.over, other.over)
        if not _is_whole_number(other):
            return float(self) * other
        return divided(self.size * (other if _whole(other) else int(other)), 1, self.over)

    __rmul__ = __mul__

    def __reduce__(self) -> Any:
        return float, (float(self),)


def divided(size: int, over: int, other: Any) -> Any:
    """A size over a number, divided by another number."""
    if isinstance(other, Ratio):
        size, other = size * other.over, other.size
    if not _is_whole_number(other) or other <= 0:
        return int(size) / int(over) / other
    over = over * (other if _whole(other) else int(other))
    found = Ratio(int(size) / int(over))
    found.size, found.over = size, over
    return found


def _is_whole_number(value: Any) -> bool:
    return _whole(value) or (isinstance(value, float) and value.is_integer())


def symbol(name: str, value: int) -> Size:
    """The size that a symbol stands for."""
    size = Size(value)
    size.terms = ((((name, 1),), 1),)
    return size


def _whole(value: Any) -> bool:
    return isinstance(value, int)


def told(size: Any) -> Any:
    """A size as the polynomial that it is, so that equal ones are so whatever symbols are."""
    return getattr(size, "terms", size)


def terms_of(value: int) -> Terms:
    """The polynomial of a size, or of a plain number."""
    if isinstance(value, Size):
        return value.terms
    return (((), int(value)),) if value else ()


def made(value: int, terms: dict[Monomial, int]) -> int:
    """A size; a plain number where no symbol is left."""
    kept = {monomial: factor for monomial, factor in terms.items() if factor}
    if not any(kept) or len(kept) > MOST_TERMS or _is_long(kept):
        return value
    size = Size(value)
    size.terms = tuple(sorted(kept.items(), key=repr))
    return size


def _is_long(terms: dict[Monomial, int]) -> bool:
    """Whether more names are mentioned than are kept."""
    found = _names(tuple(terms.items()))
    return next(islice(found, MOST_NAMES, None), None) is not None


def _combined(a: int, b: int, sign: int, value: int) -> int:
    terms = dict(terms_of(a))
    for monomial, factor in terms_of(b):
        terms[monomial] = terms.get(monomial, 0) + sign * factor
    return made(value, terms)


def _product(a: Terms, b: Terms) -> dict[Monomial, int]:
    found: dict[Monomial, int] = {}
    for left, m in a:
        for right, n in b:
            powers = dict(left)
            for atom, power in right:
                powers[atom] = powers.get(atom, 0) + power
            key = tuple(sorted(powers.items(), key=repr))
            found[key] = found.get(key, 0) + m * n
    return found


def _quotient(a: int, b: int) -> int:
    """Divide and round down; what comes out even does so without a rest."""
    value = int(a) // int(b)
    divisor = terms_of(b)
    if len(divisor) != 1:
        if terms_of(a) == divisor:
            return 1
        return made(value, {((("//", terms_of(a), divisor), 1),): 1})
    (below, d), even, rest = divisor[0], {}, {}
    for monomial, factor in terms_of(a):
        left = _without(monomial, below)
        if left is not None and factor % d == 0:
            even[left] = factor // d
        else:
            rest[monomial] = factor
    if rest and not any(rest) and not below:  # a number alone is divided at once
        even[()] = even.get((), 0) + rest[()] // d
    elif rest:
        even[((("//", tuple(sorted(rest.items(), key=repr)), divisor), 1),)] = 1
    return made(value, even)


def _without(monomial: Monomial, below: Monomial) -> Monomial | None:
    powers = dict(monomial)
    for atom, power in below:
        if powers.get(atom, 0) < power:
            return None
        powers[atom] -= power
    return tuple((atom, power) for atom, power in powers.items() if power)


def names(value: int) -> frozenset[str]:
    """The symbols that a size follows from."""
    return frozenset(_names(terms_of(value)))


def _names(terms: Terms) -> Iterator[str]:
    for monomial, _ in terms:
        for atom, _ in monomial:
            if isinstance(atom, str):
                yield atom
            else:
                yield from _names(atom[1])
                yield from _names(atom[2])


def at(value: int, values: dict[str, int]) -> int | None:
    """A size where its symbols have other values; None where it is no size there.

    >>> at((symbol("H", 224) + 3) // 4, {"H": 9})
    3
    """
    return _at(terms_of(value), values)


def _at(terms: Terms, values: dict[str, int]) -> int | None:
    total = 0
    for monomial, factor in terms:
        product = factor
        for atom, power in monomial:
            if isinstance(atom, str):
                each: int | None = values[atom]
            else:
                above, below = _at(atom[1], values), _at(atom[2], values)
                each = above // below if above is not None and above > 0 and below else None
            if each is None:
                return None
            product *= each**power
        total += product
    return total


def expression(value: int) -> Expression:
    """A size as an expression of the spec language.

    >>> from shapecalc.language.writer import written
    >>> written(expression((symbol("H", 224) + 3) // 4 * 8))
    '8*((H + 3)//4)'
    """
    return _sum(terms_of(value)) if isinstance(value, Size) else Number(int(value))


def _sum(terms: Terms) -> Expression:
    found: Expression | None = None
    ordered = sorted(terms, key=lambda term: (term[0] == (), term[1] < 0))
    for monomial, factor in ordered:
        term = _term(monomial, abs(factor))
        if found is None:
            found = term if factor > 0 else Binary("-", Number(0), term)
        else:
            found = Binary("+" if factor > 0 else "-", found, term)
    return found if found is not None else Number(0)


def _term(monomial: Monomial, factor: int) -> Expression:
    found: Expression | None = Number(factor) if factor != 1 or not monomial else None
    for atom, power in monomial:
        if isinstance(atom, str):
            each: Expression = Name(atom, 0)
        else:
            each = Binary(atom[0], _sum(atom[1]), _sum(atom[2]))
        if power > 1:
            each = Binary("**", each, Number(power))
        found = each if found is None else Binary("*", found, each)
    assert found is not None
    return found
