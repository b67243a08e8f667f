"""Messages of requirements: every place of a template is given, whether or not a test meets it."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import shapecalc.layers

FILES = sorted(Path(shapecalc.layers.__file__).parent.glob("*.py"))
RULES = {"equal", "at_least", "divides", "broadcasts", "whole", "refuse", "require", "rule"}
SIDES = {"left", "right", "field"}
WAYS = {"", "times", "list", "and", "or", ","}


ATTRIBUTES = {"does", "dtype", "kind", "near", "shape", "spatial"}


def calls():
    """The calls in all families that make a requirement and say something."""
    return [
        pytest.param(node, id=f"{path.stem}:{node.lineno}")
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and made_by(node.func) & RULES
    ]


def made_by(func: ast.expr) -> set[str]:
    if isinstance(func, ast.IfExp):
        return made_by(func.body) | made_by(func.orelse)
    return {func.id} if isinstance(func, ast.Name) else set()


def templates(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*templates(node.body), *templates(node.orelse)]
    assert isinstance(node, ast.Constant), f"a template is no {type(node).__name__}"
    return [node.value]


@pytest.mark.parametrize("call", calls())
def test_every_place_of_a_message_is_given_and_every_place_given_is_named(call):
    given = {each.arg: each.value for each in call.keywords}
    rules = made_by(call.func)
    said = list(call.args[0 if rules == {"refuse"} else 2 :])
    own = SIDES | ({"short"} if rules == {"at_least"} else set())
    own |= {"size"} if rules == {"whole"} else set()
    places = given.keys() - {"field", "hint"}
    used: set[str] = set()
    for node in [*said, *([given["hint"]] if "hint" in given else [])]:
        for template in templates(node):
            for _, name, way, conversion in string.Formatter().parse(template):
                if name is not None:
                    first, _, attribute = name.partition(".")
                    used.add(first.partition("[")[0])
                    assert attribute in ATTRIBUTES | {""}
                    assert way in WAYS
                    assert conversion in (None, "r")
    assert used <= own | places
    assert places <= used


def test_all_families_are_looked_at():
    assert len(calls()) > 80
