"""What an ``if`` has decided is not asked again inside it, and nothing else changes."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.implied import without_implied
from shapecalc.emitting.printer import body as lines_of
from shapecalc.emitting.syntax import Assign, For, If
from shapecalc.language.expression import Binary, Conditional, Name, Number, Unary

NAMES = ("a", "b", "c")


def test_a_condition_in_a_branch_that_it_implies_is_gone() -> None:
    inner = Assign(syntax.read("k"), syntax.read("f(1 if b == 4 or on else 3, 2 if not on else 5)"))
    (found,) = without_implied([If(syntax.read("on"), (inner,))])
    assert found.then == (Assign(syntax.read("k"), syntax.read("f(1, 5)")),)


def test_what_is_assigned_or_bound_anew_is_asked_again() -> None:
    test = syntax.read("on")
    again = Assign(syntax.read("k"), syntax.read("1 if on else 3"))
    changed = If(test, (Assign(syntax.read("on"), syntax.read("x")), again))
    assert without_implied([changed]) == [changed]
    looped = If(test, (For(syntax.read("on"), syntax.read("row"), (again,)),))
    assert without_implied([looped]) == [looped]


def _test(chance: Random, depth: int) -> Any:
    if depth == 0 or chance.random() < 0.3:
        return Name(chance.choice(NAMES), 0)
    if chance.random() < 0.3:
        return Unary("not", _test(chance, depth - 1))
    word = chance.choice(("and", "or"))
    return Binary(word, _test(chance, depth - 1), _test(chance, depth - 1))


def _value(chance: Random, depth: int) -> Any:
    if depth == 0:
        return Number(chance.randrange(9))
    parts = _value(chance, depth - 1), _value(chance, depth - 1)
    return Conditional(_test(chance, 2), *parts)


def _statements(chance: Random, depth: int) -> tuple[Any, ...]:
    made: list[Any] = [Assign(Name(f"v{chance.randrange(4)}", 0), _value(chance, 2))]
    if depth:
        then, otherwise = _statements(chance, depth - 1), _statements(chance, depth - 1)
        made.append(If(_test(chance, 2), then, otherwise))
    return tuple(made)


@pytest.mark.parametrize("seed", range(60))
def test_random_statements_do_what_they_did_for_all_truths(seed: int) -> None:
    body = _statements(Random(seed), 2)
    before, after = (compiled(each) for each in (body, without_implied(body)))
    for truths in product((False, True), repeat=len(NAMES)):
        names = dict(zip(NAMES, truths))
        found = [dict(names), dict(names)]
        for code, scope in zip((before, after), found):
            exec(code, {}, scope)
        assert found[0] == found[1]


def compiled(body: Any) -> Any:
    return compile("\n".join(lines_of(body, 0)), "body", "exec")
