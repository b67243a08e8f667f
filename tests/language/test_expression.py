"""Expressions against Python's own reading of the same text."""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shapecalc.algebra.formula import Formula
from shapecalc.algebra.formula import evaluate as evaluate_formula
from shapecalc.language import evaluation
from shapecalc.language.evaluation import Undecided, evaluate
from shapecalc.language.expression import ExpressionError, names, parse

SCOPE = {"n": 7, "m": -3, "width": Fraction(3, 4), "zero": 0}


# -- an independent reading: Python's parser, and fractions in place of floats --------------------

_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: Fraction(a) / Fraction(b),
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda a, b: Fraction(a) ** b,
}
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "ceil": lambda x: -((-x) // 1),
    "floor": lambda x: x // 1,
    "round": round,
    "abs": abs,
}


def oracle(text: str):
    return _meaning(ast.parse(text, mode="eval").body, text)


def _meaning(tree, text):
    def value(part):
        return _meaning(part, text)

    match tree:
        case ast.Constant():
            return Fraction(ast.get_source_segment(text, tree))
        case ast.Name():
            return SCOPE[tree.id]
        case ast.UnaryOp(op=ast.Not()):
            return not value(tree.operand)
        case ast.UnaryOp(op=ast.USub()):
            return -value(tree.operand)
        case ast.UnaryOp():
            return value(tree.operand)
        case ast.BinOp():
            return _BINARY[type(tree.op)](value(tree.left), value(tree.right))
        case ast.BoolOp(op=ast.And()):
            return all(value(part) for part in tree.values)
        case ast.BoolOp():
            return any(value(part) for part in tree.values)
        case ast.Compare():
            parts = [tree.left, *tree.comparators]
            return all(
                _COMPARE[type(op)](value(a), value(b))
                for a, op, b in zip(parts, tree.ops, parts[1:], strict=False)
            )
        case ast.IfExp():
            return value(tree.body) if value(tree.test) else value(tree.orelse)
        case ast.Call():
            return _FUNCTIONS[tree.func.id](*map(value, tree.args))
    raise AssertionError(tree)


spaces = st.sampled_from(["", " "])
literals = st.integers(0, 20).map(str) | st.sampled_from(["0.75", ".5", "2.", "1e2", "2.5e-1"])
atoms = literals | st.sampled_from(sorted(SCOPE))


def joined(*parts):
    return st.tuples(*[st.just(p) if isinstance(p, str) else p for p in parts]).map("".join)


def _arithmetic(inner):
    binary = st.sampled_from(["+", "-", "*", "/", "//", "%"])
    return st.one_of(
        joined(inner, spaces, binary, spaces, inner),
        joined("(", inner, ")**", st.sampled_from(["2", "-1", "0", "-2 ** 2"])),
        joined("(", spaces, inner, spaces, ")"),
        joined(st.sampled_from(["-", "+", "- -"]), inner),
        joined(st.sampled_from(["ceil", "floor", "round", "abs", "max"]), "(", inner, ")"),
        joined(st.sampled_from(["min", "max"]), "(", inner, ", ", inner, ")"),
        joined("(", inner, " if ", inner, " < ", inner, " else ", inner, ")"),
    )


sums = st.recursive(atoms, _arithmetic, max_leaves=8)
comparisons = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def _logic(inner):
    return st.one_of(
        joined(inner, st.sampled_from([" and ", " or "]), inner),
        joined("not ", inner),
        joined("(", inner, ")"),
    )


conditions = st.recursive(
    joined(sums, comparisons, sums) | joined(sums, " < ", sums, " <= ", sums), _logic, max_leaves=5
)


@st.composite
def expressions(draw):
    return draw(sums | conditions | joined(sums, " if ", conditions, " else ", sums))


@given(expressions())
@settings(max_examples=600)
def test_an_expression_means_what_it_means_in_python(text):
    assume(len(re.findall(r"[\w.]+|\S", text)) <= 150)  # the limit of 200 has a test of its own
    try:
        expected = oracle(text)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match=r"division by zero|larger than any size"):
            evaluate(parse(text), SCOPE)
        return
    try:
        found = evaluate(parse(text), SCOPE)
    except ExpressionError as error:
        assert "larger than any size" in error.message, error  # noqa: PT017
        return
    assert found == expected
    if isinstance(found, Fraction):
        assert found.denominator > 1


@given(sums)
@example("min(0.75, n)//1")
@settings(max_examples=100)
def test_formulas_give_what_numbers_give(text):
    general = {"n": Formula.symbol("n"), "m": -3, "width": Fraction(3, 4), "zero": 0}
    try:
        expected = evaluate(parse(text), SCOPE)
        found = evaluate(parse(text), general)
    except (ExpressionError, Undecided):
        return
    assert (found.at(n=7) if isinstance(found, Formula) else found) == expected


@given(st.text("n1(+-*/%<=>!., )ifelsandortmx", max_size=12))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text):
    try:
        tree = parse(text)
    except ExpressionError as error:
        assert 0 <= error.column <= len(text)  # noqa: PT017
        return
    assert all(text[name.column :].startswith(name.name) for name in names(tree))


# -- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3/4", Fraction(3, 4)),
        ("0.75", Fraction(3, 4)),
        ("6/3", 2),
        ("1e3", 1000),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("2 ** -1", Fraction(1, 2)),
        ("round(5/2)", 2),
        ("round(7/2)", 4),
        ("ceil(7/2)", 4),
        ("floor(-7/2)", -4),
        ("abs(-7/2)", Fraction(7, 2)),
        ("max(8, n // 3) * width", 6),
        ("1 if n > 5 else 2", 1),
        ("1 if n < 5 else 2 if n < 7 else 3", 3),
        ("0 < n <= 7", True),
        ("not n == 7 or zero", False),
        ("zero and 1 / zero", False),
        ("n or 1 / zero", True),
        ("2 and 3", True),
    ],
)
def test_values(text, value):
    found = evaluate(parse(text), SCOPE)
    assert found == value
    assert isinstance(found, type(value))
    assert isinstance(found, bool) == isinstance(value, bool)


def test_words_can_be_compared():
    scope = {"mode": "same", "other": "valid"}
    assert evaluate(parse("mode == other"), scope) is False
    assert evaluate(parse("mode != other"), scope) is True
    with pytest.raises(ExpressionError, match="no order"):
        evaluate(parse("mode < other"), scope)


def test_names_are_found_in_order_with_their_columns():
    text = "max(a, b) if c < d else -e // 2 ** f and not g"
    found = names(parse(text))
    assert [name.name for name in found] == ["c", "d", "a", "b", "e", "f", "g"]
    assert all(text[name.column] == name.name for name in found)


@pytest.mark.parametrize("text", ["1 if H else 2", "H < 3", "H == 2 * H", "not H"])
def test_what_a_formula_decides_is_undecided(text):
    with pytest.raises(Undecided) as caught:
        evaluate(parse(text), {"H": Formula.symbol("H")})
    assert caught.value.symbols == {"H"}


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 6, 7])
def test_a_formula_is_rounded_as_a_number_is(divisor):
    tree = parse(f"round((3*H - 20) / {divisor})")
    formula = evaluate(tree, {"H": Formula.symbol("H")})
    for n in range(1, 40):
        known = evaluate_formula(formula, {"H": n})
        assert known == evaluate(tree, {"H": n}) == round(Fraction(3 * n - 20, divisor))


def test_a_difference_without_symbols_is_decided():
    assert evaluate(parse("H + 1 > H"), {"H": Formula.symbol("H")}) is True


# -- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column", "phrase"),
    [
        ("", 0, "expected a number or a name in an expression, got the end"),
        ("   ", 0, "got the end"),
        ("1 +", 3, "got the end"),
        ("1 + )", 4, "got ')'"),
        ("(1", 2, "expected ')' in an expression, got the end"),
        ("1 2", 2, "expected an operator in an expression, got '2'"),
        ("n m", 2, "expected an operator"),
        ("1 = 2", 2, "'=' has no meaning"),
        ("a.b", 1, "'.' has no meaning"),
        ("a[0]", 1, "'[' has no meaning"),
        ("'a'", 0, '"\'" has no meaning'),
        ("n & m", 2, "'&' has no meaning"),
        ("n ^ 2", 2, "'^' has no meaning"),
        ("lambda: 1", 6, "':' has no meaning"),
        ("2 * é", 4, "'é' has no meaning"),
        ("٣ + 1", 0, "has no meaning"),
        ("1_000", 1, "expected an operator"),
        ("if", 0, "got 'if'"),
        ("1 if 2", 6, "expected 'else' in an expression, got the end"),
        ("1 else 2", 2, "got 'else'"),
        ("not", 3, "got the end"),
        ("1 == not 2", 5, "got 'not'"),
        ("*2", 0, "got '*'"),
        ("eval(1)", 0, "'eval' is not a function"),
        ("n(1)", 0, "'n' is not a function"),
        ("min()", 4, "got ')'"),
        ("min(1,)", 6, "got ')'"),
        ("ceil(1, 2)", 0, "ceil takes 1 number, not 2"),
        ("(" * 60 + "1" + ")" * 60, 50, "nested deeper than 50"),
        ("2**" * 60 + "1", 150, "nested deeper than 50"),
        ("1 if 1 else " * 49 + "(1)", 589, "nested deeper than 50"),
        ("1+" * 150, 200, "more than 200 numbers, names and signs"),
        ("1 + " * 300 + "1", 0, "more than 1000 characters"),
    ],
)
def test_errors_know_their_column(text, column, phrase):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert phrase in caught.value.message
    assert caught.value.column == column


def test_an_unknown_function_is_told_which_there_are():
    with pytest.raises(ExpressionError) as caught:
        parse("sqrt(2)")
    assert caught.value.hint == "there are min, max, ceil, floor, round, abs"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("1 / zero", "division by zero"),
        ("1 // zero", "division by zero"),
        ("1 % zero", "division by zero"),
        ("zero ** -1", "division by zero"),
        ("2 ** width", "a fraction as exponent"),
        ("2 ** 257", "larger than any size"),
        ("2 ** 2 ** 2 ** 2 ** 2", "larger than any size"),
        ("(1/2) ** 300", "larger than any size"),
        ("9 ** 80 * 9 ** 80", "larger than any size"),
        ("(n < 3) + 1", "expected a number, got false"),
        ("-(n == 7)", "expected a number, got true"),
        ("max(n == 7, 1)", "expected a number, got true"),
        ("mode + 1", "expected a number, got 'same'"),
        ("mode and 1", "expected a condition, got 'same'"),
        ("1 if nothing else 2", "expected a condition"),
        ("listed < 2", "expected a number"),
        ("inf + 1", "expected a number"),
    ],
)
def test_what_has_no_value_is_refused(text, phrase):
    scope = {**SCOPE, "mode": "same", "nothing": None, "listed": [1], "inf": float("inf")}
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text), scope)
    assert phrase in caught.value.message


@pytest.mark.parametrize(
    "text", ["H / 0", "H // 0", "H % 0", "H ** (H/2)", "H ** 65", "2 ** (n*H/2)"]
)
def test_what_has_no_exact_value_on_formulas_is_refused(text):
    with pytest.raises(ExpressionError):
        evaluate(parse(text), {"H": Formula.symbol("H"), "n": 3})


@pytest.mark.parametrize("text", ["not " * 198 + "1", "- " * 198 + "1", "1" + "+1" * 99])
def test_long_expressions_do_not_nest(text):
    assert evaluate(parse(text), {}) in (True, 1, 100)


def test_limits_are_far_beyond_any_tensor():
    assert evaluation.MOST_BITS > 63 * 4
    assert evaluate(parse("(2**63 - 1) ** 4"), {}) == (2**63 - 1) ** 4
