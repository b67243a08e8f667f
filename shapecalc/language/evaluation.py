"""The values of expressions: exact numbers, formulas, true and false."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import Calculable, is_symbolic, largest, smallest, untraced
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Name,
    Number,
    Unary,
)

MOST_BITS = 256
"""The largest number an expression may reach, in bits; no tensor's size needs more than 63."""


class Undecided(Exception):
    """A decision depends on a ``formula``, and so on ``symbols`` that have no value."""

    def __init__(self, formula: Any) -> None:
        self.formula = formula
        self.symbols: frozenset[str] = formula.symbols
        super().__init__(f"depends on {', '.join(sorted(self.symbols))}")
        self.mark: Any = None  # the place in the spec, where one is known


def _ceil(x: Any) -> Any:
    return -(-x // 1)


def _floor(x: Any) -> Any:
    return x // 1


def _round(x: Any) -> Any:
    if not is_symbolic(x):
        return round(x)
    from shapecalc.algebra.form import rounded  # which numbers have no need of

    return rounded(x)


def _abs(x: Any) -> Any:
    return largest(x, -x)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": smallest,
    "max": largest,
    "ceil": _ceil,
    "floor": _floor,
    "round": _round,
    "abs": _abs,
}


def evaluate(tree: Expression, scope: Mapping[str, Any]) -> Any:
    """The value of an expression: a whole number, a fraction, a formula, or true or false.

    Raises :class:`ExpressionError`, and :class:`Undecided` where a formula would decide.

    >>> from shapecalc.language.expression import parse
    >>> evaluate(parse("max(8, n // 3) * 3/4"), {"n": 96})
    24
    """
    return _EVALUATE[type(tree)](tree, scope)


def _number(tree: Number, scope: Mapping[str, Any]) -> Any:
    return tree.value


def _name(tree: Name, scope: Mapping[str, Any]) -> Any:
    return scope[tree.name]


def _unary(tree: Unary, scope: Mapping[str, Any]) -> Any:
    value = evaluate(tree.operand, scope)
    return not truth(value) if tree.operator == "not" else -_arithmetic(value)


def _binary(tree: Binary, scope: Mapping[str, Any]) -> Any:
    left = evaluate(tree.left, scope)
    if tree.operator in ("and", "or"):
        decided = truth(left)
        if decided is (tree.operator == "or"):
            return decided
        return truth(evaluate(tree.right, scope))
    right = _arithmetic(evaluate(tree.right, scope))
    try:
        return _bounded(_OPERATORS[tree.operator](_arithmetic(left), right))
    except ZeroDivisionError:
        raise ExpressionError("a division by zero") from None


def _comparison(tree: Comparison, scope: Mapping[str, Any]) -> bool:
    left = evaluate(tree.first, scope)
    for operator, part in tree.rest:
        right = evaluate(part, scope)
        if not _compare(operator, left, right):
            return False
        left = right
    return True


def _conditional(tree: Conditional, scope: Mapping[str, Any]) -> Any:
    return evaluate(tree.then if truth(evaluate(tree.test, scope)) else tree.otherwise, scope)


def _call(tree: Call, scope: Mapping[str, Any]) -> Any:
    arguments = [_arithmetic(evaluate(part, scope)) for part in tree.arguments]
    return _normal(_FUNCTIONS[tree.function](*arguments))


_EVALUATE: dict[type, Callable[[Any, Mapping[str, Any]], Any]] = {
    Number: _number,
    Name: _name,
    Unary: _unary,
    Binary: _binary,
    Comparison: _comparison,
    Conditional: _conditional,
    Call: _call,
}


def _divide(a: Any, b: Any) -> Any:
    return _normal(Fraction(a) / b if isinstance(a, int) and isinstance(b, int) else a / b)


def _power(a: Any, b: Any) -> Any:
    b = untraced(b)
    if isinstance(b, Fraction):
        raise ExpressionError("a power with a fraction as exponent")
    if isinstance(a, (int, Fraction)) and isinstance(b, int):
        bits = max(abs(a.numerator), a.denominator).bit_length()
        if abs(b) * (bits - 1) > MOST_BITS:
            raise ExpressionError("a power that is larger than any size could be")
        if a == 0 and b < 0:
            raise ZeroDivisionError
        return _normal((a if isinstance(a, Fraction) else Fraction(a)) ** b)
    if isinstance(b, int) and abs(b) > 64:
        raise ExpressionError("a power that is larger than any size could be")
    if is_symbolic(b):
        from shapecalc.algebra.formula import is_integral

        if not is_integral(b):
            raise ExpressionError("a power with a fraction as exponent")
    return a**b


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": _power,
}

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _compare(operator: str, a: Any, b: Any) -> bool:
    if isinstance(a, str) and isinstance(b, str):  # words, as a padding mode, can only be equal
        if operator in ("==", "!="):
            return _COMPARE[operator](a, b)
        raise ExpressionError("words can be equal or not, but have no order")
    difference = _arithmetic(a) - _arithmetic(b)
    if is_symbolic(difference):
        return _decided(difference, operator)
    return _COMPARE[operator](difference, 0)


def _decided(formula: Any, operator: str) -> bool:
    """How a formula compares with 0, if that follows from what is supposed of its symbols."""
    from shapecalc.algebra.enclosure import decided

    found = decided(formula, operator)
    if found is None:
        raise Undecided(formula)
    return found


def truth(value: Any) -> bool:
    """Whether a value counts as true: every number but 0 does."""
    if is_symbolic(value):
        return _decided(value, "!=")
    if isinstance(value, (bool, int, Fraction, Calculable)):
        return bool(value)
    raise ExpressionError(f"expected a condition, got {value!r}")


def _arithmetic(value: Any) -> Any:
    """The value, if one can calculate with it."""
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return value
    if isinstance(value, Calculable):  # a formula, or a number with its derivation
        return value
    raise ExpressionError(
        f"expected a number, got {str(value).lower() if isinstance(value, bool) else repr(value)}"
    )


def _normal(value: Any) -> Any:
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def _bounded(value: Any) -> Any:
    value = _normal(value)
    if isinstance(value, (int, Fraction)):
        if max(abs(value.numerator), value.denominator).bit_length() > MOST_BITS:
            raise ExpressionError("a number that is larger than any size could be")
    elif isinstance(value, float):
        raise ExpressionError("a number that is not exact")
    return value
