"""Expressions as Python: exact, where Python's own division would round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from shapecalc.emit.source import literal
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    Name,
    Number,
    Unary,
    evaluate,
    names,
    truth,
)

_STRENGTH = {"or": 1, "and": 2, "not": 3, "<": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6}
_UNARY, _POWER, _ATOM = 7, 8, 9
_FUNCTIONS = {"ceil": "math.ceil", "floor": "math.floor"}
_WHOLE_FUNCTIONS = {"ceil", "floor", "round", "int"}


def mapped(tree: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """The tree with some of its nodes changed; what is changed is not looked into."""
    changed = change(tree)
    if changed is not None:
        return changed
    if isinstance(tree, Unary):
        return Unary(tree.operator, mapped(tree.operand, change))
    if isinstance(tree, Binary):
        return Binary(tree.operator, mapped(tree.left, change), mapped(tree.right, change))
    if isinstance(tree, Comparison):
        rest = tuple((operator, mapped(part, change)) for operator, part in tree.rest)
        return Comparison(mapped(tree.first, change), rest)
    if isinstance(tree, Conditional):
        return Conditional(*(mapped(part, change) for part in tree))
    if isinstance(tree, Call):
        return Call(tree.function, tuple(mapped(part, change) for part in tree.arguments))
    return tree


def replaced(tree: Expression, meanings: Mapping[str, Expression]) -> Expression:
    """The tree with names replaced by what they mean."""

    def meant(node: Expression) -> Expression | None:
        return meanings.get(node.name) if isinstance(node, Name) else None

    return mapped(tree, meant) if meanings else tree


def settled_choices(tree: Expression) -> Expression:
    """The tree without conditions that have no names, which are decided."""

    def chosen(node: Expression) -> Expression | None:
        if isinstance(node, Conditional):
            test, then, otherwise = map(settled_choices, node)
            if used(test):
                return Conditional(test, then, otherwise)
            return then if evaluate(test, {}) else otherwise
        if isinstance(node, Binary) and node.operator in ("and", "or"):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if not used(side):
                    decides = truth(evaluate(side, {})) is (node.operator == "or")
                    return Number(node.operator == "or") if decides else settled_choices(other)
        return None

    return mapped(tree, chosen)


def tests(tree: Expression) -> list[Expression]:
    """The conditions that choose something in an expression."""
    found: list[Expression] = []

    def seen(node: Expression) -> None:
        if isinstance(node, Conditional):
            found.append(node.test)

    mapped(tree, seen)
    return found


def is_whole(tree: Expression, fractions: Iterable[str]) -> bool:
    """Whether Python gives a whole number, where these names stand for fractions.

    >>> from shapecalc.language.expression import parse
    >>> is_whole(parse("2*n + 1"), ()), is_whole(parse("n/2"), ()), is_whole(parse("2*n"), {"n"})
    (True, False, False)
    """
    if isinstance(tree, Number):
        return not isinstance(tree.value, Fraction)
    if isinstance(tree, Name):
        return tree.name not in fractions
    if isinstance(tree, Unary):
        return tree.operator == "not" or is_whole(tree.operand, fractions)
    if isinstance(tree, Comparison):
        return True
    if isinstance(tree, Conditional):
        return is_whole(tree.then, fractions) and is_whole(tree.otherwise, fractions)
    if isinstance(tree, Call):
        parts = tree.arguments
        return tree.function in _WHOLE_FUNCTIONS or all(is_whole(p, fractions) for p in parts)
    if tree.operator in ("and", "or", "//"):
        return True
    if tree.operator == "/" or (tree.operator == "**" and _may_be_negative(tree.right)):
        return False
    return is_whole(tree.left, fractions) and is_whole(tree.right, fractions)


def _may_be_negative(exponent: Expression) -> bool:
    return any(isinstance(part, Unary) or part == "-" for part in (exponent, *exponent))


def is_flag(tree: Expression) -> bool:
    """Whether Python gives true or false."""
    if isinstance(tree, Binary):
        return tree.operator in ("and", "or") and is_flag(tree.left) and is_flag(tree.right)
    return isinstance(tree, Comparison) or (isinstance(tree, Unary) and tree.operator == "not")


def whole(tree: Expression, fractions: Iterable[str]) -> Expression:
    """An expression whose value is known to be whole, so that Python gives a whole number.

    >>> from shapecalc.language.expression import parse
    >>> write(whole(parse("3*n/4"), ())), write(whole(parse("w*64"), {"w"}))
    ('3 * n // 4', 'int(w * 64)')
    """
    if isinstance(tree, Conditional):
        parts = [whole(part, fractions) for part in (tree.then, tree.otherwise)]
        return Conditional(exact(tree.test, fractions), *parts)
    if is_whole(tree, fractions):
        return exact(tree, fractions)
    over, under = ([exact(part, fractions) for part in parts] for parts in _ratio(tree))
    if not under:
        return Call("int", (exact(tree, fractions),))
    if all(is_whole(part, fractions) for part in (*over, *under)):
        return Binary("//", _product(over), _product(under))
    return Call("int", (Binary("/", _product(over), _product(under)),))


def _ratio(tree: Expression) -> tuple[list[Expression], list[Expression]]:
    """The factors above and below the line of a product of quotients."""
    if isinstance(tree, Number) and isinstance(tree.value, Fraction):
        return [Number(tree.value.numerator)], [Number(tree.value.denominator)]
    if isinstance(tree, Binary) and tree.operator in ("*", "/"):
        (top, bottom), (over, under) = _ratio(tree.left), _ratio(tree.right)
        if tree.operator == "/":
            over, under = under, over
        return top + over, bottom + under
    return [tree], []


def _product(factors: list[Expression]) -> Expression:
    found: Expression = Number(1)
    for factor in factors:
        found = factor if found == Number(1) else Binary("*", found, factor)
    return found


def exact(tree: Expression, fractions: Iterable[str]) -> Expression:
    """An expression for which Python makes fractions, not floats.

    >>> from shapecalc.language.expression import parse
    >>> write(exact(parse("n/3 + 1"), ())), write(exact(parse("ceil(n/3)"), ()))
    ('Fraction(n, 3) + 1', '-(-n // 3)')
    >>> write(exact(parse("round(n)"), ())), write(exact(parse("round(n/3)"), ()))
    ('n', 'round(Fraction(n, 3))')
    """

    def change(node: Expression) -> Expression | None:
        if isinstance(node, Call) and node.function in ("floor", "ceil", "round"):
            return _rounded(node, fractions)
        if not isinstance(node, Binary) or is_whole(node, fractions):
            return None
        left, right = exact(node.left, fractions), exact(node.right, fractions)
        if node.operator == "/":  # what stands for a fraction may be given a whole number
            return Call("Fraction", (left, right))
        if node.operator == "**" and is_whole(left, fractions):
            return Binary("**", Call("Fraction", (left,)), right)
        return Binary(node.operator, left, right)

    return mapped(tree, change)


def as_float(tree: Expression, fractions: Iterable[str]) -> Expression:
    """An expression for a number that may be a float, as torch takes it.

    >>> from shapecalc.language.expression import parse
    >>> write(as_float(parse("p/2 + 1/4"), ())), write(as_float(parse("p/2"), {"p"}))
    ('p / 2 + 1 / 4', 'float(p / 2)')
    """

    def change(node: Expression) -> Expression | None:
        if isinstance(node, Number) and isinstance(node.value, Fraction):
            return Number(float(node.value))  # type: ignore[arg-type]
        return None

    if used(tree) & set(fractions):
        return Call("float", (tree,))
    return mapped(tree, change)


def _rounded(tree: Call, fractions: Iterable[str]) -> Expression:
    """A quotient rounded, down or up as a floor division; what is whole needs no rounding."""
    inside = tree.arguments[0]
    if is_whole(inside, fractions):
        return exact(inside, fractions)
    if isinstance(inside, Binary) and inside.operator == "/" and tree.function != "round":
        top, bottom = exact(inside.left, fractions), exact(inside.right, fractions)
        if tree.function == "floor":
            return Binary("//", top, bottom)
        return Unary("-", Binary("//", Unary("-", top), bottom))
    return Call(tree.function, (exact(inside, fractions),))


def write(tree: Expression, parameters: Mapping[str, str] | None = None) -> str:
    """An expression as Python, some names under another.

    >>> from shapecalc.language.expression import parse
    >>> write(parse("2*(n-1)**2 if n>1 else -n"))
    '2 * (n - 1) ** 2 if n > 1 else -n'
    """
    return _write(tree, parameters or {})[0]


def _write(tree: Expression, parameters: Mapping[str, str]) -> tuple[str, int]:
    if isinstance(tree, Number):
        value: Any = tree.value
        if isinstance(value, (Fraction, str)):
            return literal(value, exact=True), _ATOM
        return str(value), _ATOM if value >= 0 else _UNARY
    if isinstance(tree, Name):
        name, bracket, item = tree.name.partition("[")
        return f"{parameters.get(name, name)}{bracket}{item}", _ATOM
    if isinstance(tree, Call):
        if tree.function in ("min", "max") and len(tree.arguments) == 1:
            return _write(tree.arguments[0], parameters)
        inside = ", ".join(_write(each, parameters)[0] for each in tree.arguments)
        return f"{_FUNCTIONS.get(tree.function, tree.function)}({inside})", _ATOM
    if isinstance(tree, Conditional):
        if _write(tree.then, parameters) == _write(tree.otherwise, parameters):
            return _write(tree.then, parameters)
        then, test, otherwise = (
            _held(part, parameters, strength)
            for part, strength in ((tree.then, 1), (tree.test, 1), (tree.otherwise, 0))
        )
        return f"{then} if {test} else {otherwise}", 0
    if isinstance(tree, Unary):
        if tree.operator == "not":
            return f"not {_held(tree.operand, parameters, 3)}", 3
        return f"-{_held(tree.operand, parameters, _UNARY)}", _UNARY
    if isinstance(tree, Comparison):
        text = _held(tree.first, parameters, 5)
        return text + "".join(f" {op} {_held(part, parameters, 5)}" for op, part in tree.rest), 4
    return _binary(tree, parameters)


def _binary(tree: Binary, parameters: Mapping[str, str]) -> tuple[str, int]:
    if tree.operator == "**":
        left, right = (
            _held(tree.left, parameters, _ATOM),
            _held(tree.right, parameters, _UNARY),
        )
        # ruff closes up powers of simple operands
        simple = all(side.lstrip("-").replace("_", "").isalnum() for side in (left, right))
        return f"{left}**{right}" if simple else f"{left} ** {right}", _POWER
    strength = _STRENGTH[tree.operator]
    left = _held(tree.left, parameters, strength)
    right = _held(tree.right, parameters, strength + 1)
    return f"{left} {tree.operator} {right}", strength


def _held(tree: Expression, parameters: Mapping[str, str], strength: int) -> str:
    text, own = _write(tree, parameters)
    return text if own >= strength else f"({text})"


def size(tree: Expression) -> int:
    """How many names, numbers and operations there are."""
    count = 0

    def seen(node: Expression) -> None:
        nonlocal count
        count += 1

    mapped(tree, seen)
    return count


def used(tree: Expression) -> set[str]:
    """The names in an expression; of an item of a list, the list's."""
    return {name.name.partition("[")[0] for name in names(tree)}
