"""What forward would compute for nobody: values that are asked for nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.forward import assigned
from shapecalc.emitting.syntax import Assign, Do, Statement

_BY_PATH, _BY_NAME = syntax.name("self.get_submodule"), syntax.name("getattr")


def without_unasked(body: Sequence[Statement], result: Any) -> list[Statement]:
    """Statements without values that nobody asks for; submodules are called all the same.

    >>> from shapecalc.emitting.printer import flat
    >>> call = syntax.read("torch.cat((self.conv(x), x), dim=1)")
    >>> [only] = without_unasked([Assign(syntax.name("y"), call)], syntax.name("x"))
    >>> flat(only.value)
    'self.conv(x)'
    """
    asked = syntax.names(result)
    found: list[Statement] = []
    for each in reversed(body):
        if isinstance(each, (Assign, Do)) and _is_unasked(each, asked):
            calls = [*_of_modules(each.value)]
            is_call = isinstance(each, Do) and calls == [each.value]
            found += [each] if is_call else map(Do, reversed(calls))
            asked |= syntax.names(*calls)
        elif isinstance(each, Assign):
            asked = (asked - assigned(each)) | syntax.names(each.value)
            found.append(each)
        else:
            asked |= syntax.names(each)
            found.append(each)
    return found[::-1]


def _is_unasked(statement: Assign | Do, asked: set[str]) -> bool:
    return isinstance(statement, Do) or not assigned(statement) & asked


def _of_modules(tree: Any) -> Iterator[Any]:
    """The calls of submodules in an expression, but not those inside of others."""
    if isinstance(tree, syntax.Invoke) and _is_submodule(tree.function):
        yield tree
        return
    for part in syntax.parts(tree):
        yield from _of_modules(part)


def _is_submodule(tree: Any) -> bool:
    """Whether it is an attribute of the module, an item of one, or what it is asked for by name."""
    if tree == _BY_PATH:
        return False
    while isinstance(tree, (syntax.Attribute, syntax.Item)):
        tree = tree.owner
    is_asked = isinstance(tree, syntax.Invoke) and tree.function in (_BY_PATH, _BY_NAME)
    return is_asked or tree == syntax.SELF
