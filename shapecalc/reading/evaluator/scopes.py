"""What asks for names by text: ``eval`` of an expression, ``globals()``, ``locals()``.

``eval`` is interpreted as the rest of the source is: no text reaches Python's own.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Any

from shapecalc.reading.evaluator.values import (
    Builtin,
    CannotRead,
    Class,
    Instance,
    Raised,
    Unknown,
)

LONGEST = 10_000
"""The most characters of an expression that ``eval`` reads."""


def evaluated_text(rt: Any, text: Any, *scopes: Any) -> Any:
    """``eval(text)``: the value of an expression where the call stands."""
    if not isinstance(text, str):
        raise rt.error("TypeError", "eval() arg 1 must be a string, bytes or code object")
    if scopes or len(text) > LONGEST:
        raise rt.cannot("eval with names of its own, or of a long text, is not read")
    if rt.frame is None or rt.source is None:
        raise rt.not_known(Unknown("eval", "nothing is run or opened while a file is read"))
    from shapecalc.reading.evaluator.statements import Compiler

    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as wrong:
        raise rt.error("SyntaxError", f"eval of {rt.shown(text)}: {wrong}") from None
    for node in ast.walk(tree):  # what is wrong in it is told where it is asked for
        if isinstance(node, ast.expr):
            ast.copy_location(node, rt.node)
    return Compiler(rt, rt.source).expression(tree)(rt.frame)


class ModuleNames:
    """A module's names and their values: ``globals()``, ``module.__dict__``, ``vars(module)``.

    A value is found when it is asked for, as an attribute of the module is.
    """

    def __init__(self, rt: Any, module: Any) -> None:
        self.rt = rt
        self.module = module

    def known_item(self, rt: Any, name: Any) -> Any:
        """The value of a name."""
        if not isinstance(name, str):
            raise rt.error("KeyError", rt.represented(name))
        try:
            return rt.attribute(self.module, name)
        except Raised as raised:
            if raised.is_a("AttributeError"):
                raise rt.error("KeyError", repr(name)) from None
            raise
        except CannotRead as wrong:
            if not getattr(self.module, "is_gone_through", False):
                raise
            found = Unknown(f"{self.module.name}.{name}", wrong.message)  # it is one of many
            return self.module.frame.names.setdefault(name, found)

    def known_contains(self, name: Any) -> bool:
        """Whether the module has a name."""
        return isinstance(name, str) and bool(self.rt.has_name(self.module, name))

    def known_set_item(self, rt: Any, name: Any, item: Any) -> None:
        """``globals()[name] = item``."""
        if isinstance(name, str):
            rt.set_attribute(self.module, name, item)

    def known_iterate(self, rt: Any) -> list[str]:
        """The names, without their values."""
        found: list[str] = rt.names_in(self.module)
        if hasattr(self.module, "is_gone_through"):
            self.module.is_gone_through = True
        rt.step(len(found))
        return found

    def pairs(self, rt: Any) -> dict[str, Any]:
        """The names that have a value where it is asked, and the values."""
        found = {}
        for name in self.known_iterate(rt):
            if self.known_contains(name):
                with suppress(Raised):  # its own statement is not through
                    found[name] = self.known_item(rt, name)
        return found

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of the dictionary."""
        methods: dict[str, Any] = {
            "get": lambda rt, key, default=None: (
                self.known_item(rt, key) if self.known_contains(key) else default
            ),
            "__getitem__": self.known_item,
            "__contains__": lambda rt, key: self.known_contains(key),
            "keys": self.known_iterate,
            "values": lambda rt: list(self.pairs(rt).values()),
            "items": lambda rt: list(self.pairs(rt).items()),
            "copy": lambda rt: self,
            "update": self.update,
        }
        if name in methods:
            return Builtin(name, methods[name])
        return Unknown(f"globals().{name}", "nothing outside the source is looked at")

    def update(self, rt: Any, given: Any = (), **named: Any) -> None:
        """``globals().update(...)``."""
        pairs = rt.call(rt.builtins["dict"], [given], named)
        for name, value in pairs.items():
            self.known_set_item(rt, name, value)


def _globals(rt: Any) -> Any:
    if rt.frame is None:
        return Unknown("globals()", "nothing outside the source is looked at")
    return ModuleNames(rt, rt.frame.module)


def _locals(rt: Any) -> Any:
    if rt.frame is None:
        return Unknown("locals()", "nothing outside the source is looked at")
    return dict(rt.frame.names)


def _vars(rt: Any, *values: Any) -> Any:
    """``vars(value)``, and ``vars()`` for the names where it stands."""
    if not values:
        return _locals(rt)
    (value,) = values
    if isinstance(value, (Instance, Class)) or rt.is_module_of_names(value):
        return rt.attribute(value, "__dict__")
    return {}


def module_named(rt: Any, name: Any) -> Any:
    """A module by a name that the code makes; it is read as an import of it is."""
    if not isinstance(name, str):
        raise rt.error("TypeError", "module name must be a string")
    return rt.imported(name, rt.frame.module if rt.frame is not None else None)


def _import(rt: Any, name: Any, *more: Any, fromlist: Any = (), **kwargs: Any) -> Any:
    found = module_named(rt, name)
    names = more[2] if len(more) > 2 else fromlist
    return found if names or "." not in name else module_named(rt, name.partition(".")[0])


SCOPES = {
    "__import__": Builtin("__import__", _import),
    "eval": Builtin("eval", evaluated_text),
    "globals": Builtin("globals", _globals),
    "locals": Builtin("locals", _locals),
    "vars": Builtin("vars", _vars),
}
"""Functions of Python's own that ask for names, and for modules, by text."""
