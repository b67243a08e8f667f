"""Sizes that are not known yet: formulas in symbols, kept in one canonical form.

This module, and no other, imports sympy. A :class:`Formula` answers to Python's operators as a
number does, so a rule written for numbers runs on it unchanged. Sums and products are sympy's;
floor division is ours, because its canonical form is what makes formulas comparable:

* whole multiples of the divisor leave the floor: ``(H - 1)//32 + 1`` is ``(H + 31)//32``;
* nested floors collapse: ``(H//2)//2`` is ``H//4``;
* a common factor cancels: ``(2*H + 1)//4`` is ``H//2``.

These identities hold for all integers (Graham, Knuth and Patashnik, "Concrete Mathematics", 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb, gcd, lcm, prod
from typing import Any

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from shapecalc.algebra.arithmetic import Dim, Quantity, Symbolic

MOST_TERMS = 4096
"""The longest sum that products are multiplied out to."""


class FloorDiv(sympy.Function):  # type: ignore[misc]
    """``n // d``, rounded down. Made by :func:`_floordiv`, which brings it into canonical form."""

    nargs = 2
    is_integer = True
    precedence = PRECEDENCE["Add"]  # so that a product puts it in parentheses

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        top, bottom = map(printer._print, self.args)
        floor = rf"\left\lfloor \frac{{{top}}}{{{bottom}}} \right\rfloor"
        return floor if exp is None else rf"{{{floor}}}^{{{exp}}}"


class Smallest(sympy.Function):  # type: ignore[misc]
    """The least of its arguments; sympy's own ``Min`` would reason about them at length."""

    def _eval_is_integer(self) -> bool | None:
        return sympy.core.logic.fuzzy_and(each.is_integer for each in self.args)  # type: ignore[no-any-return]


class Largest(sympy.Function):  # type: ignore[misc]
    """The greatest of its arguments."""

    def _eval_is_integer(self) -> bool | None:
        return sympy.core.logic.fuzzy_and(each.is_integer for each in self.args)  # type: ignore[no-any-return]


class Formula(Symbolic):
    """A whole number that depends on symbols.

    It supports ``+ - * // % **`` and exact ``/`` with numbers and other formulas, and turns back
    into a number as soon as no symbol is left. Two formulas are ``==`` if they are written alike;
    whether they are equal *for all values* is decided in :mod:`shapecalc.algebra.residues`.
    Ordering has no answer, so ``<`` raises ``TypeError``.

    >>> H = Formula.symbol("H")
    >>> ((H - 1) // 2) // 2 + 1
    Formula('(H + 3)//4')
    >>> ((H - 1) // 2 + 1).at(H=224)
    112
    """

    __slots__ = ("expr",)

    def __init__(self, expr: sympy.Expr) -> None:
        self.expr = expr

    @staticmethod
    def symbol(name: str, *, rational: bool = False) -> Formula:
        """A symbol: a positive integer unless ``rational`` says otherwise."""
        return Formula(_symbol(name, rational))

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the symbols it depends on."""
        return frozenset(symbol.name for symbol in self.expr.free_symbols)

    def at(self, **values: Quantity) -> Quantity:
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
        return _SIGNS[expr.func], tuple(map(_wrap, expr.args))

    def factored(self) -> Formula:
        """The formula with common factors drawn out, for reading.

        >>> (16 * (Formula.symbol("H") // 4 - 3)).factored()
        Formula('16*(H//4 - 3)')
        """
        return Formula(sympy.factor_terms(self.expr))

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
        return _wrap(
            _extreme(values, Smallest, -1) if which == "smallest" else _extreme(values, Largest, 1)
        )

    @staticmethod
    def sum(values: Sequence[Quantity]) -> Any:
        """The sum of many values at once."""
        return _wrap(sympy.Add(*map(_unwrap, values)))

    def gcd(self, m: int) -> Any:
        """The greatest common divisor with a number, written with floors alone (Polezzi, 1997).

        >>> Formula.symbol("H").gcd(2)
        Formula('-H + 2*(H//2) + 2')
        """
        return m + self - self * m + 2 * Formula.sum([k * self // m for k in range(m)])

    def never_negative(self) -> bool:
        """Whether it is at least 0 for all values, as far as a look at its signs can tell.

        A formula without minus signs grows with its symbols, so its value where they are all 1
        is its least.

        >>> H, W = Formula.symbol("H"), Formula.symbol("W")
        >>> ((H + 1) // 2 * W - 1).never_negative(), (H - W).never_negative()
        (True, False)
        """
        return _grows_from_zero(_expanded(self.expr))

    def _sympy_(self) -> sympy.Expr:
        return self.expr

    def __str__(self) -> str:
        return _write(self.expr)

    def __repr__(self) -> str:
        return f"Formula({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and bool(self.expr == other.expr)

    def __hash__(self) -> int:
        return hash(self.expr)

    def __add__(self, other: Quantity) -> Any:
        return _wrap(self.expr + _unwrap(other))

    __radd__ = __add__

    def __sub__(self, other: Quantity) -> Any:
        return _wrap(self.expr - _unwrap(other))

    def __rsub__(self, other: Quantity) -> Any:
        return _wrap(_unwrap(other) - self.expr)

    def __mul__(self, other: Quantity) -> Any:
        return _wrap(self.expr * _unwrap(other))

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return _wrap(-self.expr)

    def __pos__(self) -> Formula:
        return self

    def __pow__(self, other: Quantity) -> Any:
        return _wrap(self.expr ** _unwrap(other))

    def __rpow__(self, other: Quantity) -> Any:
        return _wrap(_unwrap(other) ** self.expr)

    def __truediv__(self, other: Quantity) -> Any:
        if other == 0:
            raise ZeroDivisionError(f"{self} is divided by zero")
        return _wrap(self.expr / _unwrap(other))

    def __rtruediv__(self, other: Quantity) -> Any:
        return _wrap(_unwrap(other) / self.expr)

    def __floordiv__(self, other: Quantity) -> Any:
        return _wrap(_floordiv(self.expr, _unwrap(other)))

    def __rfloordiv__(self, other: Quantity) -> Any:
        return _wrap(_floordiv(_unwrap(other), self.expr))

    def __mod__(self, other: Quantity) -> Any:
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


def evaluate(value: Quantity, symbols: Mapping[str, Quantity]) -> Quantity:
    """A formula's value where symbols have the given values; a number is returned as it is."""
    return _evaluate(value.expr, symbols) if isinstance(value, Formula) else value


def expanded(value: Dim) -> Any:
    """The formula multiplied out, which makes equal polynomials alike."""
    return _wrap(_expanded(value.expr)) if isinstance(value, Formula) else value


def as_ratio(value: Formula) -> tuple[Dim, Dim]:
    """Numerator and denominator: ``3*H/4`` is ``3*H`` over ``4``."""
    numerator, denominator = value.expr.as_numer_denom()
    return _wrap(numerator), _wrap(denominator)


def is_integral(value: Formula) -> bool:
    """Whether the formula is a whole number for all whole values of its symbols."""
    return bool(value.expr.is_integer) and all(s.is_integer for s in value.expr.free_symbols)


def period(value: Formula) -> int | None:
    """The period of a formula in one symbol: on each residue class it is one polynomial.

    ``H//2 + (H + 1)//3`` is a line plus something that repeats every 6. None if no period is
    known: the formula has several symbols, a division by one, or a minimum.

    >>> H = Formula.symbol("H")
    >>> period(H // 2 + (H + 1) // 3), period(2 * ((3 * (H // 2) + 1) // 4)), period(H * (H // 2))
    (6, 8, 2)
    """
    symbols = value.expr.free_symbols
    if len(symbols) != 1 or not all(symbol.is_integer for symbol in symbols):
        return None
    return _period(_multiplied_out(value.expr))


def degree(value: Formula) -> int:
    """The highest power that a formula with a period grows with.

    >>> H = Formula.symbol("H")
    >>> degree((H + 1) // 2 * H + 5 * H)
    2
    """
    return _degree(value.expr)


def split_extreme(value: Formula) -> tuple[Quantity, Quantity, Quantity] | None:
    """A minimum or maximum in a formula told apart by the order of two of its arguments.

    ``(d, a, b)``: the formula is a where d >= 0, and b elsewhere. None if there is none in it.

    >>> split_extreme(3 * Formula.extreme("smallest", [Formula.symbol("H"), 7]))
    (Formula('7 - H'), Formula('3*H'), 21)
    """
    nodes = value.expr.atoms(Smallest, Largest)
    innermost = [n for n in nodes if not any(a.has(Smallest, Largest) for a in n.args)]
    if not innermost:
        return None
    node = min(innermost, key=sympy.default_sort_key)
    first, second, *others = node.args
    order = [first, second] if isinstance(node, Largest) else [second, first]
    reached, otherwise = (
        value.expr.xreplace({node: node.func(kept, *others) if others else kept}) for kept in order
    )
    return _wrap(first - second), _wrap(reached), _wrap(otherwise)


def function_of(value: Formula) -> Callable[[int], Any]:
    """The formula as a fast function of its one symbol; exact, a fraction where need be."""
    return _compile(_multiplied_out(value.expr))


class Abbreviations:
    """Short names for the floors in formulas: ``h2`` for ``(H + 1)//2``.

    ``taken`` are names that mean something else, such as those of all symbols.

    >>> H = Formula.symbol("H")
    >>> short = Abbreviations()
    >>> short.write(64 * ((H + 1) // 2)), short.write((H + 1) // 2 * (H // 2))
    ('64*h2', 'h2*h2b')
    >>> short.meanings
    {'h2': '(H + 1)//2', 'h2b': 'H//2'}
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.meanings: dict[str, str] = {}
        self._taken = set(taken)
        self._names: dict[sympy.Expr, sympy.Symbol] = {}

    def write(self, value: Quantity) -> str:
        """The value with its floors abbreviated, and common factors drawn out."""
        if not isinstance(value, Formula):
            return str(value)
        self._taken |= value.symbols
        for floor in sorted(_outermost_floors(value.expr), key=sympy.default_sort_key):
            if floor not in self._names:
                self._names[floor] = self._named(floor)
        return str(Formula(value.expr.xreplace(self._names)).factored())

    def _named(self, floor: sympy.Expr) -> sympy.Symbol:
        symbols = sorted(symbol.name for symbol in floor.free_symbols)
        stem = "".join(symbols).lower() + (str(floor.args[1]) if floor.args[1].is_Integer else "")
        taken = {*self.meanings, *self._taken}
        endings = ["", *"bcdefghijklmnopqrstuvwxyz", *(f"_{i}" for i in range(1, len(taken) + 2))]
        name = next(stem + ending for ending in endings if stem + ending not in taken)
        self.meanings[name] = _write(floor)
        return _symbol(name, False)


def _outermost_floors(expr: sympy.Expr) -> set[sympy.Expr]:
    if isinstance(expr, FloorDiv):
        return {expr}
    return {floor for argument in expr.args for floor in _outermost_floors(argument)}


@lru_cache(maxsize=4096)
def _symbol(name: str, rational: bool) -> sympy.Symbol:
    return sympy.Symbol(
        name, positive=True, **({"rational": True} if rational else {"integer": True})
    )


def _unwrap(value: Quantity) -> sympy.Expr:
    if isinstance(value, Formula):
        return value.expr
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    return sympy.Integer(value)


def _wrap(expr: sympy.Expr) -> Any:
    if expr.is_Integer:
        return int(expr)
    if expr.is_Rational:
        return Fraction(int(expr.p), int(expr.q))
    return Formula(expr)


@lru_cache(maxsize=65536)
def _floordiv(n: sympy.Expr, d: sympy.Expr) -> sympy.Expr:
    """Floor division in canonical form."""
    if not d.is_Integer:
        quotient = n / d
        if _length(n) * _length(d) <= MOST_TERMS:
            quotient = sympy.cancel(quotient)
        if quotient.is_integer:
            return quotient
        n, d = quotient.as_numer_denom()
        return _floordiv(n, d) if d.is_Integer else FloorDiv(n, d)
    if d == 0:
        raise ZeroDivisionError(f"{_write(n)} is divided by zero")
    divisor = int(d)
    if divisor < 0:
        return _floordiv(-n, -d)
    terms = {term: Fraction(int(c.p), int(c.q)) for term, c in _terms(n)}
    scale = lcm(*(c.denominator for c in terms.values()))
    divisor *= scale
    terms = {term: c * scale for term, c in terms.items()}
    constant = int(terms.pop(sympy.S.One, 0))
    if not all(term.is_integer for term in terms):
        whole, rest = divmod(constant, divisor)
        return FloorDiv(_sum(terms, rest), sympy.Integer(divisor)) + whole
    return _floor_of_integers({t: int(c) for t, c in terms.items()}, constant, divisor)


def _floor_of_integers(terms: dict[sympy.Expr, int], constant: int, d: int) -> sympy.Expr:
    outside = {t: c // d for t, c in terms.items() if c % d == 0}
    inside = {t: c for t, c in terms.items() if c % d}
    common = gcd(d, *inside.values())
    if common > 1:
        inside = {t: c // common for t, c in inside.items()}
        constant, d = constant // common, d // common
    whole, constant = divmod(constant, d)
    rest = _sum(outside, whole)
    if not inside or d == 1:
        return rest + _sum(inside, constant)
    if max(inside.values()) < 0:  # floor(-x/d) = -floor((x + d - 1)/d)
        return rest - _floordiv(
            _sum({t: -c for t, c in inside.items()}, d - 1 - constant), sympy.Integer(d)
        )
    floors = [
        t for t, c in inside.items() if c == 1 and isinstance(t, FloorDiv) and t.args[1].is_Integer
    ]
    if len(floors) == 1:  # floor((floor(m/e) + r)/d) = floor((m + e r)/(e d))
        numerator, e = floors[0].args
        others = {t: c for t, c in inside.items() if t is not floors[0]}
        return rest + _floordiv(numerator + e * _sum(others, constant), e * d)
    return rest + FloorDiv(_sum(inside, constant), sympy.Integer(d))


def _terms(expr: sympy.Expr) -> list[tuple[sympy.Expr, sympy.Rational]]:
    """The summands of an expression multiplied out, each with its rational coefficient."""
    return [(t, c) for t, c in _multiplied_out(expr).as_coefficients_dict().items() if c]


def _expanded(expr: sympy.Expr) -> sympy.Expr:
    """Products and powers multiplied out, unless nobody could read the result."""
    return sympy.expand(expr) if _length(expr) <= MOST_TERMS else expr


def _multiplied_out(expr: sympy.Expr) -> sympy.Expr:
    """Products multiplied out, unless nobody could read the result."""
    return sympy.expand_mul(expr) if _length(expr) <= MOST_TERMS else expr


def _length(expr: sympy.Expr) -> int:
    """About how many terms an expression has when it is multiplied out."""
    if expr.is_Add:
        return sum(map(_length, expr.args))
    if expr.is_Mul:
        return prod(map(_length, expr.args))
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return comb(_length(expr.base) + int(expr.exp) - 1, int(expr.exp))
    return max(map(_length, expr.args), default=1)


def _sum(terms: Mapping[sympy.Expr, Any], constant: int) -> sympy.Expr:
    return sympy.Add(constant, *(term * sympy.Rational(c) for term, c in terms.items()))


def _extreme(values: Sequence[Dim], kind: type[sympy.Function], keep: int) -> sympy.Expr:
    kept: list[sympy.Expr] = []
    for value in map(_unwrap, values):
        for i, other in enumerate(kept):
            difference = value - other
            if difference.is_number:
                if difference * keep > 0:
                    kept[i] = value
                break
        else:
            kept.append(value)
    kept = list(dict.fromkeys(kept))
    return kept[0] if len(kept) == 1 else kind(*sorted(kept, key=sympy.default_sort_key))


def _period(expr: sympy.Expr) -> int | None:
    if expr.is_Rational or expr.is_Symbol:
        return 1
    if expr.is_Add or expr.is_Mul:
        periods = [_period(part) for part in expr.args]
        return None if None in periods else lcm(*periods)  # type: ignore[arg-type]
    if expr.is_Pow and expr.args[1].is_Integer and expr.args[1] > 0:
        return _period(expr.args[0])
    if isinstance(expr, FloorDiv) and expr.args[1].is_Integer and _is_whole(expr.args[0]):
        inner = _period(_multiplied_out(expr.args[0]))
        return None if inner is None else inner * int(expr.args[1])
    return None


def _is_whole(expr: sympy.Expr) -> bool:
    """Whether all coefficients are whole numbers, on which a floor's period counts."""
    return all(number.is_Integer for number in expr.atoms(sympy.Rational))


def _degree(expr: sympy.Expr) -> int:
    if expr.is_Symbol:
        return 1
    if expr.is_Add:
        return max(map(_degree, expr.args))
    if expr.is_Mul:
        return sum(map(_degree, expr.args))
    if expr.is_Pow:
        return _degree(expr.args[0]) * int(expr.args[1])
    return _degree(expr.args[0]) if isinstance(expr, FloorDiv) else 0


def _grows(expr: sympy.Expr) -> bool:
    """Whether the expression never falls as a symbol grows: its only negative term is constant."""
    if expr.is_Symbol:
        return bool(expr.is_integer)
    if expr.is_Number:
        return True
    if expr.is_Mul:
        return all(map(_grows_from_zero, expr.args))
    if expr.is_Add or isinstance(expr, (Smallest, Largest)):
        return all(map(_grows, expr.args))
    if isinstance(expr, FloorDiv) or expr.is_Pow:
        grows = _grows if isinstance(expr, FloorDiv) else _grows_from_zero
        return grows(expr.args[0]) and bool(expr.args[1].is_Integer and expr.args[1] > 0)
    return False


def _grows_from_zero(expr: sympy.Expr) -> bool:
    """Whether it grows and, where all symbols are 1, is at least 0."""
    ones = dict.fromkeys((symbol.name for symbol in expr.free_symbols), 1)
    return _grows(expr) and bool(_evaluate(expr, ones) >= 0)


def _compile(expr: sympy.Expr) -> Callable[[int], Any]:
    if expr.is_Symbol:
        return lambda n: n
    if expr.is_Rational:
        number = _wrap(expr)
        return lambda n: number
    parts = [_compile(argument) for argument in expr.args]
    if expr.is_Add:
        return lambda n: sum(part(n) for part in parts)
    if expr.is_Mul:
        return lambda n: prod(part(n) for part in parts)
    if isinstance(expr, FloorDiv):
        top, bottom = parts
        return lambda n: top(n) // bottom(n)
    if expr.is_Pow:
        base, exponent = parts[0], int(expr.args[1])
        return lambda n: base(n) ** exponent
    raise TypeError(f"no function for {expr}")


def _evaluate(expr: sympy.Expr, symbols: Mapping[str, Quantity]) -> Any:
    if expr.is_Symbol:
        return symbols[expr.name] if expr.name in symbols else Formula(expr)
    if expr.is_Rational:
        return _wrap(expr)
    values = [_evaluate(argument, symbols) for argument in expr.args]
    if expr.is_Add or expr.is_Mul:
        result = values[0]
        for value in values[1:]:
            result = result + value if expr.is_Add else result * value
        return _whole(result)
    if expr.is_Pow:
        return _power(*values)
    if isinstance(expr, FloorDiv):
        return _whole(values[0] // values[1])
    from shapecalc.algebra import arithmetic

    return (arithmetic.smallest if isinstance(expr, Smallest) else arithmetic.largest)(*values)


def _power(base: Quantity, exponent: Quantity) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent < 0:
        return Fraction(base) ** exponent
    return _whole(base**exponent)


def _whole(value: Any) -> Any:
    """A fraction of denominator 1 as the integer it is."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


class _Printer(StrPrinter):  # type: ignore[misc]
    """Writes Python's integer arithmetic."""

    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        numerator, divisor = expr.args
        top = self.parenthesize(numerator, PRECEDENCE["Mul"], strict=True)
        bottom = self.parenthesize(divisor, PRECEDENCE["Pow"])
        return f"{top}//{bottom}"

    def _print_Smallest(self, expr: Smallest) -> str:
        return f"min({', '.join(map(_write, expr.args))})"

    def _print_Largest(self, expr: Largest) -> str:
        return f"max({', '.join(map(_write, expr.args))})"


_printer = _Printer()


@lru_cache(maxsize=65536)
def _write(expr: sympy.Expr) -> str:
    numerator, denominator = expr.as_numer_denom()
    if denominator != 1:  # the value is whole, so rounding down changes nothing
        expr = FloorDiv(numerator, denominator)
    return str(_printer.doprint(expr))
