"""What asks for names by text: ``eval`` of an expression, ``globals()``, ``locals()``.

``eval`` is interpreted as the rest of the source is: no text reaches Python's own.
"""

from __future__ import annotations

import ast
from typing import Any

from shapecalc.reading.evaluator.values import Builtin, Unknown

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


class Globals:
    """``globals()``: the names of the file, and their values."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def known_item(self, rt: Any, name: Any) -> Any:
        """The value of a name."""
        try:
            return self.module.lookup(rt, name)
        except KeyError:
            raise rt.error("KeyError", repr(name)) from None

    def known_contains(self, name: Any) -> bool:
        """Whether the file has a name."""
        return name in self.module.concerned

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of the dictionary."""
        if name == "get":
            return Builtin(
                name,
                lambda rt, key, default=None: (
                    self.known_item(rt, key) if self.known_contains(key) else default
                ),
            )
        return Unknown(f"globals().{name}", "nothing outside the source is looked at")


def _globals(rt: Any) -> Any:
    if rt.frame is None:
        return Unknown("globals()", "nothing outside the source is looked at")
    return Globals(rt.frame.module)


def _locals(rt: Any) -> Any:
    if rt.frame is None:
        return Unknown("locals()", "nothing outside the source is looked at")
    return dict(rt.frame.names)


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
}
"""Functions of Python's own that ask for names, and for modules, by text."""
