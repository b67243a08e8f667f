"""What is public says what it does, and shows it in an example; the suite runs all of them.

docs/python.md tells what is public: what ``import shapecalc`` offers, what that hands out, what the
packages that do the work list in ``__all__``, and every kind of the catalogue.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cached_property
from types import FunctionType
from typing import Any

import pytest

from shapecalc import catalogue
from shapecalc.layers import KINDS, Layer

HANDED_OUT = {
    "analysis.constraints": ["Constraint"],
    "analysis.measures": ["Totals"],
    "analysis.memory": ["Memory"],
    "analysis.views": ["ReceptiveField"],
    "analysis.warning": ["Warning"],
    "comparing.comparison": ["Comparison"],
    "solving.network": ["Answer"],
    "solving.wanted": ["NoSolution", "QuestionError"],
    "verify.findings": ["Finding"],
}
"""What methods and functions of the top level hand out and raise, by the module it stands in."""

PACKAGES = ("comparing", "diagram", "emitting", "explaining", "layers", "lint", "reading", "sweep")
"""The packages that do the work and offer something of it."""


def _of(module: str, names: list[str] | None = None) -> dict[str, Any]:
    """The classes and functions that a module offers, or some of them, by their places."""
    home = importlib.import_module(module)
    found = {f"{module}.{name}": getattr(home, name) for name in names or home.__all__}
    return {
        name: value
        for name, value in found.items()
        if inspect.isclass(value) or isinstance(value, FunctionType)
    }


OWN = _of("shapecalc")
for _home, _names in HANDED_OUT.items():
    OWN |= _of(f"shapecalc.{_home}", _names)

PUBLIC = dict(OWN)
for _package in PACKAGES:
    PUBLIC |= _of(f"shapecalc.{_package}")


def _methods(owner: type) -> dict[str, Any]:
    """The public methods and properties that a class itself defines."""
    found = {}
    for name, value in vars(owner).items():
        function = getattr(value, "__func__", getattr(value, "fget", getattr(value, "func", value)))
        is_method = isinstance(value, (FunctionType, classmethod, staticmethod, property))
        if not name.startswith("_") and (is_method or isinstance(value, cached_property)):
            found[name] = function
    return found


METHODS = [
    pytest.param(value, name, function, id=f"{called}.{name}")
    for called, value in OWN.items()
    if inspect.isclass(value)
    for name, function in _methods(value).items()
]


def examples(value: Any) -> str:
    """The lines of a docstring that are run."""
    return "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) (.*)$", inspect.getdoc(value) or "", re.M))


@pytest.mark.parametrize("value", [pytest.param(v, id=name) for name, v in PUBLIC.items()])
def test_what_is_public_says_what_it_does_and_shows_it(value):
    assert value.__doc__
    assert examples(value)


@pytest.mark.parametrize(("owner", "name", "method"), METHODS)
def test_a_public_method_is_shown_in_its_own_example_or_in_that_of_its_class(owner, name, method):
    assert inspect.getdoc(method)
    assert examples(method) or re.search(rf"\b{name}\b", examples(owner))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_or_its_family_shows_what_it_does(name):
    family = [each for each in KINDS[name].__mro__ if issubclass(each, Layer) and each != Layer]
    assert vars(KINDS[name]).get("__doc__")
    assert any(vars(each).get("__doc__") and examples(each) for each in family)


@pytest.mark.parametrize("name", KINDS)
def test_the_page_of_a_kind_shows_an_entry_and_its_shapes(name):
    page = catalogue.page(name)
    assert page.summary.endswith(".")
    assert page.example.startswith(f"- {name}")
    assert page.example_output
