"""A spec's arithmetic as Python's: exact and whole where Python's own division would round.

The names in ``rationals`` stand for numbers that need not be whole. Constructors hold them as
fractions, so that sizes that are made of them come out as the spec says.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from math import lcm, prod
from typing import Any

from shapecalc.emitting.syntax import (
    FALSE,
    TRUE,
    Constant,
    Text,
    call,
    changed,
    names,
    negated,
    replaced,
)
from shapecalc.language.evaluation import evaluate, truth
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

_WHOLE_FUNCTIONS = ("ceil", "floor", "round", "int")
_ROUNDED = {"ceil": "math.ceil", "floor": "math.floor"}


def settled_choices(tree: Any) -> Any:
    """An expression without conditions that hang on no name, which are decided.

    >>> from shapecalc.emitting.printer import flat
    >>> from shapecalc.emitting.syntax import plain
    >>> from shapecalc.language.expression import parse
    >>> flat(settled_choices(plain(parse("4 if a == a and 1 < 2 else b"))))
    '4'
    """

    def chosen(node: Any) -> Any:
        if isinstance(node, Conditional):
            test, then, otherwise = map(settled_choices, node)
            if names(test):
                return then if then == otherwise else Conditional(test, then, otherwise)
            return then if truth(evaluate(test, {})) else otherwise
        if isinstance(node, Binary) and node.operator in ("and", "or"):
            left, right = settled_choices(node.left), settled_choices(node.right)
            for side, other in ((left, right), (right, left)):
                if not names(side):
                    decides = truth(evaluate(side, {})) is (node.operator == "or")
                    return Number(node.operator == "or") if decides else other
            return Binary(node.operator, left, right)
        if isinstance(node, Comparison) and len({node.first, *(s for _, s in node.rest)}) == 1:
            return Number(all(relation in ("==", "<=", ">=") for relation, _ in node.rest))
        return None

    return changed(tree, chosen)


def tests(tree: Expression) -> list[Expression]:
    """The conditions that choose something in an expression."""
    found: list[Expression] = []

    def seen(node: Any) -> None:
        if isinstance(node, Conditional):
            found.append(node.test)

    changed(tree, seen)
    return found


def is_whole(tree: Any, rationals: Collection[str]) -> bool:
    """Whether Python gives a whole number.

    >>> from shapecalc.language.expression import parse
    >>> is_whole(parse("2*n + 1"), ()), is_whole(parse("n/2"), ()), is_whole(parse("2*n"), {"n"})
    (True, False, False)
    """
    if isinstance(tree, Number):
        return not isinstance(tree.value, Fraction)
    if isinstance(tree, Name):
        return tree.name.partition("[")[0] not in rationals
    if isinstance(tree, Unary):
        return tree.operator == "not" or is_whole(tree.operand, rationals)
    if isinstance(tree, Comparison):
        return True
    if isinstance(tree, Conditional):
        return is_whole(tree.then, rationals) and is_whole(tree.otherwise, rationals)
    if isinstance(tree, Call):
        parts = tree.arguments
        return tree.function in _WHOLE_FUNCTIONS or all(is_whole(p, rationals) for p in parts)
    if not isinstance(tree, Binary) or tree.operator in ("and", "or", "//"):
        return True
    if tree.operator == "/" or (tree.operator == "**" and _may_be_negative(tree.right)):
        return False
    return is_whole(tree.left, rationals) and is_whole(tree.right, rationals)


def _may_be_negative(exponent: Any) -> bool:
    return any(isinstance(part, Unary) or part == "-" for part in (exponent, *exponent))


def is_of_first(test: Any) -> bool:
    """Whether it is the condition that a copy is the first."""
    return bool(test == Comparison(Name("index", 0), (("==", Number(0)),)))


def is_condition(tree: Any) -> bool:
    """Whether Python gives true or false."""
    if isinstance(tree, Binary):
        both = is_condition(tree.left) and is_condition(tree.right)
        return tree.operator in ("and", "or") and both
    return isinstance(tree, (Comparison, Constant)) or (
        isinstance(tree, Unary) and tree.operator == "not"
    )


def whole(tree: Any, rationals: Collection[str]) -> Any:
    """An expression whose value is known to be whole, so that Python gives a whole number.

    >>> from shapecalc.emitting.printer import flat
    >>> from shapecalc.language.expression import parse
    >>> flat(whole(parse("3*n/4"), ())), flat(whole(parse("w*64"), {"w"}))
    ('3 * n // 4', 'int(w * 64)')
    >>> flat(whole(parse("n*2/4 + m/2 - 1"), ()))
    '(n + m - 2) // 2'
    """
    found = _python(_whole(changed(tree, _known_power), rationals))
    return replaced(found, {PREVIOUS.name: _PREVIOUS}) if PREVIOUS.name in names(found) else found


PREVIOUS = Name("index - 1", 0)
"""What stands for the number of the copy before one that is not the first: it is never negative."""

_PREVIOUS = Binary("-", Name("index", 0), Number(1))


def _known_power(node: Any) -> Any:
    """A power whose exponent has no names as one whose exponent is a number, or as a number."""
    if not isinstance(node, Binary) or node.operator != "**" or names(node.right):
        return None
    exponent = worked_out(node.right) or node.right
    power = Binary("**", changed(node.left, _known_power), exponent)
    return worked_out(power) or power


def _of_previous(node: Any) -> Any:
    return PREVIOUS if type(node) is Binary and node == _PREVIOUS else None


def _whole(tree: Any, rationals: Collection[str]) -> Any:
    if isinstance(tree, Conditional):
        is_later = is_of_first(tree.test)
        otherwise = changed(tree.otherwise, _of_previous) if is_later else tree.otherwise
        parts = [_whole(part, rationals) for part in (tree.then, otherwise)]
        return Conditional(_exact(tree.test, rationals), *parts)
    if is_whole(tree, rationals):
        return _exact(tree, rationals)
    over, under = ([_exact(part, rationals) for part in parts] for parts in _ratio(tree))
    if not under:
        top, bottom = over_one_line(tree)
        if bottom > 1 and is_whole(top, rationals):
            return Binary("//", _exact(top, rationals), Number(bottom))
        return Call("int", (_exact(tree, rationals),))
    if all(is_whole(part, rationals) for part in (*over, *under)):
        return Binary("//", _product(over), _product(under))
    return Call("int", (Binary("/", _product(over), _product(under)),))


def _ratio(tree: Any) -> tuple[list[Any], list[Any]]:
    """The factors above and below the line of a product of quotients."""
    if isinstance(tree, Number) and isinstance(tree.value, Fraction):
        return [Number(tree.value.numerator)], [Number(tree.value.denominator)]
    if isinstance(tree, Binary) and tree.operator in ("*", "/"):
        (top, bottom), (over, under) = _ratio(tree.left), _ratio(tree.right)
        if tree.operator == "/":
            over, under = under, over
        return top + over, bottom + under
    return [tree], []


def over_one_line(tree: Any) -> tuple[Any, int]:
    """A sum of quotients by numbers as one: what stands over the line, and the number under it.

    >>> from shapecalc.emitting.printer import flat
    >>> from shapecalc.language.expression import parse
    >>> top, bottom = over_one_line(parse("n/2 + 2*m/6 - 1"))
    >>> flat(top), bottom
    ('3 * n + 2 * m - 6', 6)
    """
    if isinstance(tree, Binary) and tree.operator in ("+", "-"):
        (left, below), (right, under) = map(over_one_line, (tree.left, tree.right))
        bottom = lcm(below, under)
        sides = _times(left, bottom // below), _times(right, bottom // under)
        return Binary(tree.operator, *sides), bottom
    over, under_it = _ratio(tree)
    numbers = [each.value for each in under_it if isinstance(each, Number)]
    if len(numbers) < len(under_it) or not all(numbers):
        return tree, 1
    factor = Fraction(prod(each.value for each in over if isinstance(each, Number)), prod(numbers))
    others = _product([each for each in over if not isinstance(each, Number)])
    return _times(others, factor.numerator), factor.denominator


def _times(tree: Any, factor: int) -> Any:
    if isinstance(tree, Number):
        return Number(tree.value * factor)
    return tree if factor == 1 else Binary("*", Number(factor), tree)


def _product(factors: list[Any]) -> Any:
    found: Any = Number(1)
    for factor in factors:
        found = factor if found == Number(1) else Binary("*", found, factor)
    return found


def exact(tree: Any, rationals: Collection[str]) -> Any:
    """An expression for which Python makes fractions, not floats.

    >>> from shapecalc.emitting.printer import flat
    >>> from shapecalc.language.expression import parse
    >>> flat(exact(parse("n/3 + 1"), ())), flat(exact(parse("ceil(n/3)"), ()))
    ('Fraction(n, 3) + 1', '-(-n // 3)')
    >>> flat(exact(parse("round(n)"), ())), flat(exact(parse("ceil(n*w)"), {"w"}))
    ('n', 'math.ceil(n * w)')
    """
    return _python(_exact(tree, rationals))


def _exact(tree: Any, rationals: Collection[str]) -> Any:
    def change(node: Any) -> Any:
        if isinstance(node, Call) and node.function in _ROUNDED | {"round": ""}:
            return _rounded(node, rationals)
        if isinstance(node, Call) and not is_whole(node, rationals):
            parts = [_exact(part, rationals) for part in node.arguments]
            return Call(node.function, tuple(_fraction(part, rationals) for part in parts))
        if not isinstance(node, Binary) or is_whole(node, rationals):
            return None
        left, right = _exact(node.left, rationals), _exact(node.right, rationals)
        if node.operator == "/":
            is_exact = any(
                names(side) & {*rationals} and not is_whole(side, rationals)
                for side in (node.left, node.right)
            )
            return Binary("/", left, right) if is_exact else Call("Fraction", (left, right))
        if node.operator == "**" and is_whole(left, rationals):
            return Binary("**", Call("Fraction", (left,)), right)
        return Binary(node.operator, left, right)

    return changed(tree, change)


def _fraction(tree: Any, rationals: Collection[str]) -> Any:
    """An operand among fractions as one of them."""
    return Call("Fraction", (tree,)) if is_whole(tree, rationals) else tree


def as_float(tree: Any, rationals: Collection[str]) -> Any:
    """An expression for a number that may be a float, as torch takes it.

    >>> from shapecalc.emitting.printer import flat
    >>> from shapecalc.language.expression import parse
    >>> flat(as_float(parse("p/2 + 1/4"), ())), flat(as_float(parse("p/2"), {"p"}))
    ('p / 2 + 1 / 4', 'float(p / 2)')
    """
    if names(tree) & {*rationals}:
        return call("float", exact(tree, rationals))
    return _python(changed(tree, _as_float))


def _as_float(node: Any) -> Any:
    if isinstance(node, Number) and isinstance(node.value, Fraction):
        return Constant(float(node.value))
    return None


def _rounded(tree: Call, rationals: Collection[str]) -> Any:
    """A quotient rounded, down or up as a floor division; what is whole needs no rounding."""
    inside = tree.arguments[0]
    if is_whole(inside, rationals):
        return _exact(inside, rationals)
    if isinstance(inside, Binary) and inside.operator == "/" and tree.function != "round":
        sides = inside.left, inside.right
        if all(is_whole(side, rationals) for side in sides):
            top, bottom = (_exact(side, rationals) for side in sides)
            if tree.function == "floor":
                return Binary("//", top, bottom)
            return negated(Binary("//", negated(top), bottom))
    return Call(tree.function, (_exact(inside, rationals),))


def condition(tree: Any, flags: Collection[str]) -> Any:
    """An expression for true or false: what is a number is compared with 0.

    >>> from shapecalc.emitting.printer import flat
    >>> from shapecalc.language.expression import parse
    >>> flat(condition(parse("n and not on"), {"on"})), flat(condition(parse("a > 1"), ()))
    ('n != 0 and not on', 'a > 1')
    """
    if isinstance(tree, Name):
        return tree if tree.name in flags else Comparison(tree, (("!=", Number(0)),))
    if isinstance(tree, Binary) and tree.operator in ("and", "or"):
        sides = [condition(side, flags) for side in (tree.left, tree.right)]
        return Binary(tree.operator, *sides)
    if isinstance(tree, Unary) and tree.operator == "not":
        operand = condition(tree.operand, flags)
        if operand == Comparison(tree.operand, (("!=", Number(0)),)):
            return Comparison(tree.operand, (("==", Number(0)),))
        return Unary("not", operand)
    if isinstance(tree, Number):
        return TRUE if tree.value else FALSE
    if isinstance(tree, Conditional):
        sides = [condition(side, flags) for side in (tree.then, tree.otherwise)]
        return Conditional(condition(tree.test, flags), *sides)
    return tree if is_condition(tree) else Comparison(tree, (("!=", Number(0)),))


def _python(tree: Any) -> Any:
    """The functions under Python's own names, and words and flags as what they are."""

    def change(node: Any) -> Any:
        if isinstance(node, Call):
            arguments = [_python(each) for each in node.arguments]
            if node.function in ("min", "max") and len(arguments) == 1:
                return arguments[0]
            if node.function == "gcd":
                return call("math.gcd", *arguments)
            return call(_ROUNDED.get(node.function, node.function), *arguments)
        if isinstance(node, Number):
            value: Any = node.value
            if isinstance(value, Fraction):
                return call("Fraction", Number(value.numerator), Number(value.denominator))
            if isinstance(value, bool):
                return Constant(value)
            return Text(str(value)) if isinstance(value, str) else None
        return None

    return changed(tree, change)


def worked_out(tree: Any) -> Any | None:
    """The whole number that arithmetic without names comes to; None of anything else.

    >>> from shapecalc.language.expression import parse
    >>> worked_out(parse("2*3//4 + 1")), worked_out(parse("2*n")), worked_out(parse("1/2"))
    (Number(value=2), None, None)
    """
    if not isinstance(tree, Binary) or names(tree):
        return None
    try:
        value = evaluate(tree, {})
    except (ExpressionError, KeyError, TypeError):
        return None
    if isinstance(value, Fraction):
        return None
    return Number(value) if value >= 0 else Unary("-", Number(-value))
