"""Questions about the form of a formula: its period, factors, sides; and it in another form."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import Any

import sympy

from shapecalc.algebra import canonical, factoring, nodes, ordering, periodic, sums, writing
from shapecalc.algebra.arithmetic import Dim, Quantity
from shapecalc.algebra.formula import Formula, as_expr, evaluate, from_expr
from shapecalc.algebra.nodes import Extreme, FloorDiv, Largest


def as_ratio(value: Formula) -> tuple[Dim, Dim]:
    """Numerator and denominator: ``3*H/4`` is ``3*H`` over ``4``."""
    numerator, denominator = value.expr.as_numer_denom()
    return from_expr(numerator), from_expr(denominator)


def rounded(value: Formula) -> Formula:
    """The nearest whole number, and of two the even one, as Python rounds.

    What is half-way goes to the even side: 3/2, 7/2 and so on go up, 1/2, 5/2 and so on go down.

    >>> n = Formula.symbol("n")
    >>> rounded(n / 3), [evaluate(rounded(n / 2), {"n": k}) for k in range(1, 8, 2)]
    (Formula('(n + 1)//3'), [0, 2, 2, 4])
    """
    if value.is_whole:
        return value
    top, bottom = as_ratio(value)
    if isinstance(bottom, int) and bottom % 2 and isinstance(top, Formula) and top.is_whole:
        found: Any = (2 * top + bottom) // (2 * bottom)  # nothing is half-way
    else:
        half = Fraction(1, 2)
        found = (value + half) // 2 - (half - value) // 2
    return found  # type: ignore[no-any-return]


def as_fraction(value: Formula) -> str:
    """The formula as text where it may be a fraction: then it is divided exactly, and not down.

    >>> H = Formula.symbol("H")
    >>> as_fraction((H + 1) / 3), as_fraction((H + 1) // 3)
    ('(H + 1)/3', '(H + 1)//3')
    """
    if value.is_whole:
        return str(value)
    top, bottom = value.expr.as_numer_denom()
    return f"{writing.operand(top)}/{writing.operand(bottom, right=True)}"


def straight_line(value: Formula) -> tuple[int, int] | None:
    """The slope and the value at 0 of a multiple of one symbol plus a number; None of any other.

    >>> H, W = Formula.symbol("H"), Formula.symbol("W")
    >>> straight_line(3 * H - 2), straight_line(H // 2), straight_line(H + W)
    ((3, -2), None, None)
    """
    constant, rest = value.expr.as_coeff_Add(rational=True)
    slope, symbol = sums.parted(rest)
    if not (symbol.is_Symbol and symbol.is_integer and slope.is_Integer and constant.is_Integer):
        return None
    return int(slope), int(constant)


def period(value: Formula) -> int | None:
    """The period of a formula in one symbol: on each residue class it is one polynomial.

    ``H//2 + (H + 1)//3`` is a line plus something that repeats every 6. None if no period is
    known: the formula has several symbols, a division by one, or a minimum.

    >>> H = Formula.symbol("H")
    >>> period(H // 2 + (H + 1) // 3), period(2 * ((3 * (H // 2) + 1) // 4)), period(H * (H // 2))
    (6, 8, 2)
    """
    if not periodic.in_one_integer(value.expr):
        return None
    return periodic.period(sums.multiplied_out(value.expr))


def degree(value: Formula) -> int:
    """The highest power that a formula with a period grows with.

    >>> H = Formula.symbol("H")
    >>> degree((H + 1) // 2 * H + 5 * H)
    2
    """
    return periodic.degree(value.expr)


def split_extreme(value: Formula) -> tuple[Quantity, Quantity | None, Quantity | None] | None:
    """A minimum or maximum in a formula told apart by the order of two of its arguments.

    ``(d, a, b)``: the formula is a where d >= 0, and b elsewhere; None in the place of one that
    divides by zero. None if there is no minimum or maximum in it.

    >>> split_extreme(3 * Formula.extreme("smallest", [Formula.symbol("H"), 7]))
    (Formula('7 - H'), Formula('3*H'), 21)
    """
    found = value.expr.atoms(Extreme)
    innermost = [n for n in found if not any(nodes.contains(a, Extreme) for a in n.args)]
    if not innermost:
        return None
    node = min(innermost, key=ordering.sort_key)
    first, second, *others = node.args
    order = [first, second] if isinstance(node, Largest) else [second, first]
    kind = type(node)
    reached, otherwise = (
        _with_part(value.expr, node, canonical.extreme([kept, *others], kind)) for kept in order
    )
    return from_expr(first - second), reached, otherwise


def _with_part(expr: sympy.Expr, part: sympy.Expr, other: sympy.Expr) -> Quantity | None:
    """An expression with another in the place of a part; None where it divides by zero."""
    try:
        return evaluate(from_expr(expr), {}, {part: from_expr(other)})
    except ZeroDivisionError:
        return None


def factors(value: Formula) -> list[Any]:
    """The factors of a formula that is a product, each once; a sum is factored if it is short.

    >>> H, P = Formula.symbol("H"), Formula.symbol("P")
    >>> factors(2 * H * P - 2 * H), factors(H - P)
    ([2, Formula('H'), Formula('P - 1')], [Formula('H - P')])
    """
    return [from_expr(factor) for factor in factoring.factors(value.expr)]


def sides(value: Formula) -> tuple[Any, Any]:
    """Two formulas whose difference is a positive multiple of it, without common factors or minus.

    >>> H, P = Formula.symbol("H"), Formula.symbol("P")
    >>> sides(4 * H - 2 * P - 6)
    (Formula('2*H'), Formula('P + 3'))
    """
    left, right = canonical.sides(value.expr)
    return from_expr(left), from_expr(right)


def unrounded(value: Formula, is_positive: Callable[[Formula], bool] | None = None) -> Quantity:
    """A formula that is at least 0 where a floor and a number are, without the floor.

    What the floor divides by has to be a number, or a formula that ``is_positive``.

    >>> H, r = Formula.symbol("H"), Formula.symbol("r")
    >>> unrounded((5 * H + 1) // 8 - 3), unrounded(H - 2)
    (Formula('5*H - 23'), Formula('H - 2'))
    >>> unrounded(H // r - 2, lambda divisor: True)
    Formula('H - 2*r')
    """
    constant, rest = value.expr.as_coeff_Add(rational=True)
    factor, floor = rest.as_coeff_Mul(rational=True)
    if not isinstance(floor, FloorDiv) or factor.p < 0:
        return value
    top, divisor = floor.args
    if not divisor.is_Integer:
        is_plain = factor == 1 and constant.is_Integer
        if not is_plain or is_positive is None or not is_positive(Formula(divisor)):
            return value
        undivided: Quantity = from_expr(top + constant * divisor)
        return undivided
    least = ceil(Fraction(-constant.p, constant.q) / Fraction(factor.p, factor.q))
    found: Quantity = from_expr(sums.shifted(top, -int(divisor) * least))
    return found


def monomial(value: Formula) -> tuple[Quantity, tuple[str, ...]] | None:
    """The factor and the symbols of a product of a number and symbols; None if it is none.

    >>> monomial(3 * Formula.symbol("H") * Formula.symbol("W")), monomial(Formula.symbol("H") + 1)
    ((3, ('H', 'W')), None)
    """
    factor, rest = value.expr.as_coeff_Mul()
    symbols = [part.base if part.is_Pow else part for part in sympy.Mul.make_args(rest)]
    powers = [part.exp for part in sympy.Mul.make_args(rest) if part.is_Pow]
    if all(each.is_Symbol for each in symbols) and all(p.is_Integer and p > 0 for p in powers):
        return from_expr(factor), tuple(sorted(each.name for each in symbols))
    return None


def as_modulo(difference: Formula) -> tuple[Any, Any] | None:
    """A number and a divisor whose remainder is 0 where the formula is, if it is one or its minus.

    >>> H, r = Formula.symbol("H"), Formula.symbol("r")
    >>> as_modulo(r * (H // r) - H), as_modulo(H // 8 - 2 * (H // 16)), as_modulo(2 * (H // r) - H)
    ((Formula('H'), Formula('r')), (Formula('H//8'), 2), None)
    """
    sides = difference.expr, -difference.expr
    for term in sympy.Add.make_args(difference.expr):
        for floor in [part for part in sympy.Mul.make_args(term) if isinstance(part, FloorDiv)]:
            divisor = term / floor
            divisor = -divisor if nodes.has_minus(divisor) else divisor
            top, bottom = floor.args
            inner = canonical.cancelled(bottom / divisor)
            if divisor != 1 and nodes.is_whole(inner):
                number = from_expr(top) // from_expr(inner)
                remainder = number - from_expr(divisor * floor)
                if sums.expanded(as_expr(remainder)) in sides:
                    return number, from_expr(divisor)
    return None


def cancelled(number: Quantity, divisor: Quantity) -> tuple[Any, Any]:
    """The two without what both are multiples of: one divides the other where it did before.

    >>> H, G = Formula.symbol("H"), Formula.symbol("G")
    >>> cancelled(6 * G * H, 4 * G)
    (Formula('3*H'), 2)
    """
    top, bottom = _quotient(number, divisor).as_numer_denom()
    return from_expr(top), from_expr(bottom)


def _quotient(value: Quantity, divisor: Quantity) -> sympy.Expr:
    return canonical.cancelled(as_expr(value) / as_expr(divisor))


def as_remainder(value: Quantity, divisor: Quantity) -> tuple[str, bool]:
    """``value % divisor`` in words, cancelled; and whether it is 0 whatever the symbols are.

    Whether it is 0 does not hang on the sign of the value, which is written without a minus.

    >>> as_remainder(8, 2 * Formula.symbol("G")), as_remainder(-8, Formula.symbol("n") - 3)
    (('4 % G', False), ('8 % (n - 3)', False))
    """
    quotient = _quotient(value, divisor)
    top, bottom = quotient.as_numer_denom()
    if nodes.has_minus(top) and not top.is_Add:
        top = -top
    said = f"{writing.operand(top)} % {writing.operand(bottom, right=True)}"
    return said, nodes.is_whole(quotient)


def function_of(value: Formula) -> Callable[[int], Any]:
    """The formula as a fast function of its one symbol; exact, a fraction where need be."""
    return periodic.compiled(sums.multiplied_out(value.expr))
