"""Sizes that are not known yet: formulas in symbols, kept in one canonical form.

A :class:`Formula` answers to Python's operators as a number does, so a rule written for numbers
runs on it unchanged. Its form is that of :mod:`shapecalc.algebra.canonical`; this module, those
that it is made of, :mod:`shapecalc.algebra.form`, :mod:`shapecalc.algebra.abbreviations`, and no
others, import sympy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import sympy

from shapecalc.algebra import bounds, canonical, factoring, nodes, sums, writing
from shapecalc.algebra.arithmetic import Dim, Quantity, Symbolic
from shapecalc.algebra.intervals import whole
from shapecalc.algebra.nodes import FloorDiv, Largest, Smallest


class Formula(Symbolic):
    """A whole number that depends on symbols.

    It supports ``+ - * // % **`` and exact ``/`` with numbers and other formulas, and turns back
    into a number as soon as no symbol is left. Two formulas are ``==`` if they are written alike;
    whether they are equal *for all values* is decided in :mod:`shapecalc.algebra.residues`.
    Ordering has no answer, so ``<`` raises ``TypeError``.

    An exact quotient may be known to be whole although its symbols do not tell, as the size that
    a layer divides by its factor; what is whole stays so in sums and products.

    >>> H = Formula.symbol("H")
    >>> ((H - 1) // 2) // 2 + 1
    Formula('(H + 3)//4')
    >>> ((H - 1) // 2 + 1).at(H=224)
    112
    """

    __slots__ = ("_whole", "expr")

    def __init__(self, expr: sympy.Expr, whole: bool = False) -> None:
        self.expr = expr
        self._whole = whole

    @staticmethod
    def symbol(name: str, *, rational: bool = False) -> Formula:
        """A symbol: any integer, or any number where it is ``rational``."""
        return Formula(nodes.symbol(name, rational))

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the symbols it depends on."""
        return nodes.names(self.expr)

    @property
    def depth(self) -> int:
        """How many quotients, minima, maxima and products of sums stand in one another.

        >>> H, S = Formula.symbol("H"), Formula.symbol("S")
        >>> (H + S).depth, ((H // S + 1) // S).depth
        (0, 2)
        """
        return nodes.depth(self.expr)

    @property
    def length(self) -> int:
        """How many terms it has, about, when it is multiplied out.

        >>> H = Formula.symbol("H")
        >>> H.length, ((H + 1) * (H // 2 + 1)).length
        (1, 4)
        """
        return nodes.length(self.expr)

    @property
    def terms(self) -> int:
        """How many terms stand in it as it is, those inside quotients and products too.

        >>> H = Formula.symbol("H")
        >>> H.terms, (2 * (H + 1) * ((H + 1) // 2 + 1)).terms
        (1, 5)
        """
        return nodes.terms(self.expr)

    def at(self, /, **values: Quantity) -> Quantity:
        """The formula with symbols replaced by numbers or by other formulas.

        >>> (64 * Formula.symbol("width", rational=True)).at(width=Fraction(3, 4))
        48
        """
        return evaluate(self, values)

    @property
    def operation(self) -> tuple[str, tuple[Any, ...]]:
        """The outermost operation and what it is done to: numbers and formulas.

        It is ``+``, ``*``, ``//``, ``**``, ``min`` or ``max``; of a symbol it is ``name``.

        >>> H = Formula.symbol("H")
        >>> ((H + 1) // 2).operation, H.operation
        (('//', (Formula('H + 1'), 2)), ('name', ('H',)))
        """
        expr = self.expr
        if expr.is_Symbol:
            return "name", (expr.name,)
        return _SIGNS[expr.func], tuple(map(from_expr, expr.args))

    @property
    def parted(self) -> tuple[int, Formula]:
        """The whole number that stands in front of it, 1 if none does, and the rest.

        >>> H = Formula.symbol("H")
        >>> (6 * H**2).parted, (2 * H + 2).parted
        ((6, Formula('H**2')), (1, Formula('2*H + 2')))
        """
        if self._whole or not self.expr.is_Mul:
            return 1, self
        number, rest = sums.parted(self.expr)
        return (int(number), Formula(rest)) if number.is_Integer else (1, self)

    def factored(self) -> Formula:
        """The formula with common factors drawn out, for reading.

        >>> (16 * (Formula.symbol("H") // 4 - 3)).factored()
        Formula('16*(H//4 - 3)')
        """
        return Formula(factoring.drawn_out(self.expr))

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number, for all whole values of its symbols that may occur.

        >>> H, r = Formula.symbol("H"), Formula.symbol("r")
        >>> (H // r).is_whole, (H / r).is_whole, (H / r).known_whole().is_whole
        (True, False, True)
        """
        return self._whole or nodes.is_whole(self.expr)

    @property
    def is_plain(self) -> bool:
        """Whether its form tells all that is known of it, also whether it is a whole number."""
        return not self._whole

    def known_whole(self) -> Formula:
        """The formula where it is known to be a whole number, whatever its symbols tell."""
        return Formula(self.expr, True)

    def latex(self) -> str:
        r"""The formula in LaTeX.

        >>> print(((Formula.symbol("H") + 1) // 2).latex())
        \left\lfloor \frac{H + 1}{2} \right\rfloor
        """
        return str(sympy.latex(self.expr))

    # -- what arithmetic.py asks of a value that is no number ----------------------------------

    @staticmethod
    def extreme(which: str, values: Sequence[Dim]) -> Any:
        """The least or greatest of some values, as far as it is known.

        >>> H = Formula.symbol("H")
        >>> Formula.extreme("smallest", [H, H + 2]), Formula.extreme("largest", [H, 7])
        (Formula('H'), Formula('max(7, H)'))
        """
        kind = Smallest if which == "smallest" else Largest
        return from_expr(canonical.extreme([*map(as_expr, values)], kind), _known_whole(*values))

    @staticmethod
    def sum(values: Sequence[Quantity]) -> Any:
        """The sum of many values at once.

        Exact quotients by many different divisors, each known to be whole, stand in it each for
        itself: over one denominator every term would be a product of all the others.
        """
        terms = [as_expr(value) for value in values if value != 0]
        if len(terms) == 1 and not terms[0].is_Add:
            return from_expr(terms[0], _known_whole(*values))
        is_whole = _known_whole(*values)
        if is_whole:
            terms = canonical.apart(terms)
        return from_expr(canonical.collected(terms), is_whole)

    def gcd(self, m: Dim) -> Any:
        """The greatest common divisor, with a number prime by prime; None where it is not seen.

        >>> Formula.symbol("H").gcd(7)
        Formula('7 - 6*min(1, H % 7)')
        """
        found = canonical.common_divisor(self.expr, as_expr(m))
        return None if found is None else from_expr(found, _known_whole(self, m))

    def never_negative(self, least: Mapping[str, int] | None = None, quick: bool = False) -> bool:
        """Whether it is at least 0 wherever its symbols have at least these values, 1 if not given.

        True is certain; where it is not seen, the answer is False. A ``quick`` look is at its parts
        alone.

        >>> H, W = Formula.symbol("H"), Formula.symbol("W")
        >>> ((H + 1) // 2 * W - 1).never_negative(), (H - W).never_negative()
        (True, False)
        >>> (H // W).never_negative(), (H - 1).never_negative({"H": 0})
        (True, False)
        """
        if quick:
            return bounds.is_plainly_positive(self.expr, self._least(least))
        return self.range(least).is_never_negative

    def range(self, least: Mapping[str, int] | None = None) -> bounds.Range:
        """Numbers that it lies between where symbols have at least these values, 1 if not given.

        >>> H = Formula.symbol("H")
        >>> tuple((H % 7 + 1).range()), tuple((H // 2 - 3).range())
        ((1, 7), (-3, None))
        """
        return bounds.range_of(self.expr, self._least(least))

    def _least(self, least: Mapping[str, int] | None) -> Mapping[str, int]:
        if least is not None:
            return least
        return {each.name: 1 for each in nodes.symbols(self.expr) if each.is_integer}

    def _sympy_(self) -> sympy.Expr:
        return self.expr

    def __str__(self) -> str:
        return writing.write(self.expr)

    def __repr__(self) -> str:
        return f"Formula({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and bool(self.expr == other.expr)

    def __hash__(self) -> int:
        return hash(self.expr)

    def __add__(self, other: Quantity) -> Any:
        return from_expr(_plus(self.expr, other), _known_whole(self, other))

    __radd__ = __add__

    def __sub__(self, other: Quantity) -> Any:
        return from_expr(_plus(self.expr, -other), _known_whole(self, other))

    def __rsub__(self, other: Quantity) -> Any:
        return from_expr(_plus(sums.scaled(self.expr, -1), other), _known_whole(self, other))

    def __mul__(self, other: Quantity) -> Any:
        return from_expr(_times(self.expr, other), _known_whole(self, other))

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return from_expr(sums.scaled(self.expr, -1), self._whole)

    def __pos__(self) -> Formula:
        return self

    def __pow__(self, other: Quantity) -> Any:
        whole = self._whole and isinstance(other, int) and other >= 0
        return from_expr(self.expr ** as_expr(other), whole)

    def __rpow__(self, other: Quantity) -> Any:
        return from_expr(as_expr(other) ** self.expr)

    def __truediv__(self, other: Quantity) -> Any:
        if other == 0:
            raise ZeroDivisionError(f"{self} is divided by zero")
        return from_expr(self.expr / as_expr(other))

    def __rtruediv__(self, other: Quantity) -> Any:
        return from_expr(as_expr(other) / self.expr)

    def __floordiv__(self, other: Quantity) -> Any:
        if other == 1 and self._whole:
            return self
        return from_expr(_floordiv(self.expr, as_expr(other)))

    def __rfloordiv__(self, other: Quantity) -> Any:
        return from_expr(_floordiv(as_expr(other), self.expr))

    def __mod__(self, other: Quantity) -> Any:
        if other == 1 and self.is_whole:
            return 0
        return self - other * (self // other)

    def __rmod__(self, other: Quantity) -> Any:
        return other - self * (other // self)

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is zero depends on its symbols")


_SIGNS = {
    sympy.Add: "+",
    sympy.Mul: "*",
    sympy.Pow: "**",
    FloorDiv: "//",
    Smallest: "min",
    Largest: "max",
}


def evaluate(
    value: Quantity, symbols: Mapping[str, Quantity], known: dict[Any, Any] | None = None
) -> Quantity:
    """A formula's value where symbols have the given values; a number is returned as it is.

    What stands in it several times is evaluated once, and what stands in several formulas where
    they are given the same ``known``, which keeps the values of parts.

    >>> H, known = Formula.symbol("H"), {}
    >>> [evaluate(each, {"H": 7}, known) for each in ((H + 1) // 2, 3 * ((H + 1) // 2))]
    [4, 12]
    """
    if not isinstance(value, Formula):
        return value
    found = _evaluate(value.expr, symbols, {} if known is None else known)
    return found.known_whole() if value._whole and isinstance(found, Formula) else found


def expanded(value: Dim) -> Any:
    """The formula multiplied out, which makes equal polynomials alike."""
    if not isinstance(value, Formula):
        return value
    return from_expr(sums.expanded(value.expr), value._whole)


def is_integral(value: Formula) -> bool:
    """Whether the formula is a whole number for all whole values of its symbols."""
    return value.is_whole


def as_expr(value: Quantity) -> sympy.Expr:
    """What sympy has in the place of a number or formula."""
    if isinstance(value, Formula):
        return value.expr
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    return sympy.Integer(value)


def _plus(expr: sympy.Expr, other: Quantity) -> sympy.Expr:
    if type(other) is int:
        return sums.shifted(expr, other)
    return sums.added([expr, as_expr(other)])


def _times(expr: sympy.Expr, other: Quantity) -> sympy.Expr:
    if type(other) is int:
        return sums.scaled(expr, other)
    return sums.multiplied(expr, as_expr(other))


def from_expr(expr: sympy.Expr, whole: bool = False) -> Any:
    """The formula of an expression, a number where no symbol is left in it."""
    if expr.is_Integer:
        return int(expr)
    if expr.is_Rational:
        return Fraction(int(expr.p), int(expr.q))
    return Formula(expr, whole)


def _known_whole(*values: Quantity) -> bool:
    """Whether all are whole, and it has to be noted, for of one of them its form does not tell."""
    for each in values:
        if isinstance(each, Formula) and each._whole:
            break
    else:  # as it nearly always is
        return False
    return all(each.is_whole if isinstance(each, Formula) else type(each) is int for each in values)


def _floordiv(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr:
    if d == 0:
        raise ZeroDivisionError(f"{writing.write(n)} is divided by zero")
    return canonical.floordiv(n, d)


def _evaluate(
    expr: sympy.Expr, symbols: Mapping[str, Quantity], known: dict[sympy.Expr, Any]
) -> Any:
    if expr.is_Symbol:
        return symbols[expr.name] if expr.name in symbols else Formula(expr)
    if expr.is_Rational:
        return from_expr(expr)
    if expr not in known:
        values = [_evaluate(argument, symbols, known) for argument in expr.args]
        known[expr] = _operated(expr, values)
    return known[expr]


def _operated(expr: sympy.Expr, values: list[Any]) -> Any:
    """What the outermost operation of an expression makes of the values of its operands."""
    if expr.is_Add or expr.is_Mul:
        if any(isinstance(value, Formula) for value in values):
            return from_expr(expr.func(*map(as_expr, values)), _known_whole(*values))
        return whole(sum(values) if expr.is_Add else prod(values))
    if expr.is_Pow:
        return _power(*values)
    if isinstance(expr, FloorDiv):
        return whole(values[0] // values[1])
    from shapecalc.algebra import arithmetic

    return (arithmetic.smallest if isinstance(expr, Smallest) else arithmetic.largest)(*values)


def _power(base: Quantity, exponent: Quantity) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent < 0:
        return Fraction(base) ** exponent
    return whole(base**exponent)
