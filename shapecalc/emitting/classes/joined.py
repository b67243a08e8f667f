"""What is made under a condition and used under the same one later: one ``if`` for both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.forward import OPTIONAL, assigned
from shapecalc.emitting.syntax import Assign, If, Statement
from shapecalc.language.expression import Binary, Comparison, Name, Unary

Tests = Mapping[Any, Any]
"""The condition that each test of forward stands for."""


def joined(body: Iterable[Statement], tests: Tests, result: set[str]) -> list[Statement]:
    """Statements in which a variable has no None where nobody asks whether it has.

    What is made under a condition moves to where it is used, if that is one place and nothing that
    matters changes between them. ``result`` are the names that are returned.
    """
    found = [*body]
    for statement in [*found]:
        name = _name_of_none(statement)
        if name and name not in result:
            _join(found, found.index(statement), name, tests, result)
    return found


def _join(found: list[Statement], start: int, name: str, tests: Tests, result: set[str]) -> None:
    """Leave out the None that a variable has at first, where all that uses it is conditional."""
    places = [i for i in range(start + 1, len(found)) if name in syntax.names(found[i])]
    if len(places) < 2:
        return
    first, *later = places
    made = found[first]
    if not isinstance(made, If) or not _makes(made, name):
        return
    uses: dict[int, If] = {}
    for i in later:
        each = found[i]
        if not isinstance(each, If) or not _is_under(each, made, tests):
            return
        uses[i] = found[i] = If(_both(made.test, each.test), each.then)
    if len(uses) == 1 and _can_move(found, first, later[0], result):
        ((last, use),) = uses.items()
        found[last] = If(use.test, (*made.then, *use.then))
        del found[first]
    del found[start]


def either_or(body: Iterable[Statement]) -> list[Statement]:
    """Statements in which what is done where a test holds, and then where not, is one ``if``."""
    found: list[Statement] = []
    for each in body:
        before = found[-1] if found else None
        if isinstance(before, If) and isinstance(each, If) and _is_opposite(before, each):
            found[-1:] = [If(before.test, before.then, each.then)]
            if len(found) > 1 and _is_overwritten(found[-2], found[-1]):
                del found[-2]
        else:
            found.append(each)
    return found


def _is_opposite(one: If, other: If) -> bool:
    """Whether a statement is run where another is not."""
    is_plain = not one.otherwise and not other.otherwise
    is_kept = not assigned(one) & syntax.names(one.test)
    opposite: Any = Unary("not", one.test)  # type: ignore[arg-type]
    return is_plain and is_kept and bool(other.test == opposite)


def _is_overwritten(statement: Statement, choice: Any) -> bool:
    """Whether both sides of a choice begin by assigning anew what a statement assigns."""
    if not isinstance(statement, Assign) or not isinstance(statement.target, Name):
        return False
    firsts = (choice.then[0], choice.otherwise[0])
    return statement.target.name not in syntax.names(choice.test) and all(
        isinstance(each, Assign)
        and each.target == statement.target
        and statement.target.name not in syntax.names(each.value)
        for each in firsts
    )


def is_asked(setting: Statement, forward: Iterable[Statement]) -> bool:
    """Whether forward asks for an attribute that keeps what the constructor was told."""
    return isinstance(setting, Assign) and setting.target in syntax.walk(*forward)


def _name_of_none(statement: Statement) -> str:
    """The variable of which a statement says that there is nothing in it so far."""
    if not isinstance(statement, Assign) or not isinstance(statement.target, Name):
        return ""
    is_none = statement.annotation == OPTIONAL and statement.value == syntax.NONE
    return statement.target.name if is_none else ""


def _makes(statement: If, name: str) -> bool:
    """Whether it assigns to a variable where its condition holds, and surely there."""
    is_assigned = any(isinstance(e, Assign) and name in assigned(e) for e in statement.then)
    return is_assigned and not statement.otherwise


def _is_under(statement: If, made: If, tests: Tests) -> bool:
    """Whether all of a statement is there under the condition of another."""
    condition = tests.get(made.test)
    is_same = condition is not None and tests.get(statement.test) == condition
    return is_same and not statement.otherwise


def _both(one: Any, other: Any) -> Any:
    """The test of what two tests of the same condition stand before."""
    if one == other or not _asks_for_module(other):
        return one
    return Binary("and", one, other) if _asks_for_module(one) else other


def _asks_for_module(test: Any) -> bool:
    """Whether a test is that of a submodule, which is None where it is not made."""
    none: Any = syntax.NONE
    return isinstance(test, Comparison) and any(value == none for _, value in test.rest)


def _can_move(body: list[Statement], made: int, use: int, result: set[str]) -> bool:
    """Whether what a statement makes can as well be made right before it is used."""
    own = assigned(body[made])
    others = [each for i, each in enumerate(body) if i not in (made, use)]
    after = {name for each in others if not _name_of_none(each) for name in syntax.names(each)}
    changed = {name for each in body[made + 1 : use] for name in assigned(each)}
    return not own & (after | result) and not changed & (syntax.names(body[made]) - own)
