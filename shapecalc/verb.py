"""Packages that are named like what they do, and can be called to do it.

``shapecalc.explain`` is the package with all that belongs to explaining, and called as in
``shapecalc.explain("lenet5")`` it explains: by the function of that name in :mod:`shapecalc.api`.
A plain function would not stay there: an import of anything in the package puts the package itself
in the place of the function.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Verb(ModuleType):
    """A package that is called like the function of its name."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Do it; see the function of that name in :mod:`shapecalc.api`."""
        return _function(self)(*args, **named)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_function(self))


def _function(package: ModuleType) -> Any:
    return getattr(import_module("shapecalc.api"), package.__name__.rpartition(".")[2])


def callable_package(name: str) -> None:
    """Let the package of that name, which is being imported, be called."""
    sys.modules[name].__class__ = Verb
