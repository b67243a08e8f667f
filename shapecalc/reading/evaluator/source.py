"""One file of source; a statement is evaluated when a name that it binds or changes is asked."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.reading.evaluator.concerning import (
    bound,
    changed,
    rebuilding,
    registers,
    root_of,
    script_of,
    training,
    untrained,
)
from shapecalc.reading.evaluator.statements import Compiler
from shapecalc.reading.evaluator.values import CannotRead, Frame, Raised


class SourceModule:
    """One file of source."""

    def __init__(self, rt: Any, name: str, path: Path, package: str, text: str) -> None:
        self.name = name
        self.path = path
        self.package = package
        self.source = Source(str(path), text)
        self.frame = Frame(self)
        self.frame.names.update({"__name__": name, "__file__": str(path), "__doc__": ""})
        self.tree = parsed(self.source)
        self.compiler = Compiler(rt, self.source)
        self.look_through()
        self.done: set[int] = set()
        self.final: set[str] = set()  # names whose statements are all evaluated
        self.asking: set[str] = set()
        self.unread: list[Any] = []  # of which all is imported, and nothing is known
        self.is_gone_through = False  # by something that asks for all names
        self.running: list[int] = []
        self.asked: list[str] = []  # the names whose values are being found
        self.aside: dict[str, Any] = {}  # bound beside what was asked, and to be changed when asked

    def look_through(self) -> None:
        """Note which statements bind and change each name."""
        self.concerned: dict[str, list[int]] = {}
        self.stars: list[int] = []
        self.assigned: set[str] = set()
        for node in self.tree.body:
            self.assigned.update(bound(node))
        self.training = training(self.tree.body)
        functions = rebuilding(self.tree.body, self.training)
        for number, node in enumerate(self.tree.body):
            for each in dict.fromkeys([*bound(node), *changed(node, functions)]):
                if each == "*":
                    self.stars.append(number)
                else:
                    self.concerned.setdefault(each, []).append(number)
        self.by_text = [] if "globals" in self.assigned else self.concerned.pop("globals", [])
        self.registered()
        self.registering = [n for n, node in enumerate(self.tree.body) if registers(node)]

    def registered(self) -> None:
        """Note what decorators change: what the function that decorates mentions, or is part of.

        So does what a base calls of each class that derives from it.
        """
        functions = {n.name: n for n in self.tree.body if isinstance(n, ast.FunctionDef)}
        variables = {
            name
            for node in self.tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            for name in bound(node)
        }
        hooks = _hooks([node for node in self.tree.body if isinstance(node, ast.ClassDef)])
        for number, node in enumerate(self.tree.body):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                continue
            touched: set[str] = set()
            for decorator in node.decorator_list:
                root = root_of(decorator) or ""
                touched |= {root} & variables
                if root in functions:
                    touched |= _mentioned(functions[root]) & variables
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                name = root_of(base) or ""
                if name in hooks:  # it may note its classes in an attribute of its own
                    touched |= (_mentioned(hooks[name]) & variables) | {name}
            for name in touched:
                self.concerned.setdefault(name, []).append(number)
                self.concerned[name].sort()

    def names(self) -> list[str]:
        """The names that its statements bind."""
        return [name for name in self.concerned if name in self.assigned]

    def as_script(self, text: str) -> bool:
        """See the file as the one that is started, for a name that only ``__main__`` binds."""
        root = text.partition(".")[0].partition("(")[0].strip()
        if root not in self.assigned or self.frame.names["__name__"] == "__main__":
            return False
        self.frame.names["__name__"] = "__main__"
        if guarded := script_of(self.tree.body[-1]):  # of which only what is asked for is evaluated
            self.done.discard(len(self.tree.body) - 1)
            self.tree.body[-1:] = guarded
            self.look_through()
        branches = [n for n, node in enumerate(self.tree.body) if isinstance(node, ast.If)]
        self.done.difference_update(branches)
        self.final.clear()
        return True

    def lookup(self, rt: Any, name: str) -> Any:
        """The value of one of its names; ``KeyError`` if it binds none of the kind."""
        if name in self.final:
            return self.frame.names[name]
        if name not in self.frame.names:
            found = rt.replacement(rt, self.name, name)
            if found is not None:
                return found
        if name in self.aside:
            self.frame.names[name] = self.aside.pop(name)
        self.asked.append(name)
        try:
            return self.settled(rt, name)
        finally:
            self.asked.pop()

    def settled(self, rt: Any, name: str) -> Any:
        """The value of a name, once the statements that it is concerned by are evaluated."""
        if self.registering and not self.running:
            registering, self.registering = self.registering, []
            for number in registering:
                self.run(rt, number)
        limit = self.running[-1] if self.running and not rt.calls else len(self.tree.body)
        numbers: Sequence[int] = self.concerned.get(name, ())
        for number in numbers:
            if number < limit:
                self.run(rt, number)
        names = self.frame.names
        if name not in names:
            for number in numbers:
                self.run(rt, number)
        if name not in names and name not in self.asking and name != "__all__":
            self.look_in_stars(rt, name)
        if name not in names:
            self.assign_by_text(rt, limit)
        if name not in names and "__getattr__" in self.assigned and name != "__getattr__":
            raise KeyError(name)
        if not self.running and not self.stars and self.done.issuperset(numbers):
            self.final.add(name)
        return names[name]

    def assign_by_text(self, rt: Any, limit: int) -> None:
        """Evaluate what assigns to items of ``globals()``, any of which may be a name's value."""
        for number in self.by_text:
            if number < limit:
                with suppress(CannotRead, Raised):  # perhaps it is not meant
                    self.run(rt, number)

    def assign(self, rt: Any, name: str, value: Any) -> None:
        """Give a name of the file a value from inside a function, or from another file.

        What the file's own statements give the name came before, and what they change.
        """
        limit = self.running[-1] if self.running else len(self.tree.body)
        for number in self.concerned.get(name, ()):
            if number < limit:
                with suppress(CannotRead, Raised):  # its value is not asked for any more
                    self.run(rt, number)
        self.aside.pop(name, None)
        self.frame.names[name] = value

    def star_imports(self) -> list[ast.ImportFrom]:
        """The statements ``from ... import *`` that stand in no branch, the last one first."""
        found = [self.tree.body[number] for number in reversed(self.stars)]
        return [node for node in found if isinstance(node, ast.ImportFrom)]

    def look_in_stars(self, rt: Any, name: str) -> None:
        """Bind a name that ``from ... import *`` gives; nothing else of those files is asked."""
        self.asking.add(name)  # files may import one another
        try:
            for node in self.star_imports():
                rt.import_one(rt.origin(node.module or "", node.level, self), name, self.frame)
                if name in self.frame.names:
                    return
        finally:
            self.asking.discard(name)
        for number in self.stars:
            if not isinstance(self.tree.body[number], ast.ImportFrom):
                self.run(rt, number)

    def run(self, rt: Any, number: int) -> None:
        """Evaluate a statement, once."""
        if number in self.done:
            return
        self.done.add(number)
        self.running.append(number)
        calls, rt.calls = rt.calls, []
        node, source = rt.node, rt.source
        try:
            self.compiler.statement(untrained(self.tree.body[number], self.training))(self.frame)
            self.put_aside(number)
        finally:
            self.running.pop()
            rt.calls = calls
            rt.node, rt.source = node, source

    def put_aside(self, number: int) -> None:
        """Keep what a statement binds beside the name that is asked for, until it is asked for.

        Other statements may change it, as those that register something do.
        """
        names = self.frame.names
        for name in bound(self.tree.body[number]):
            is_asked = name in self.asked or name not in names
            if not is_asked and not self.done.issuperset(self.concerned.get(name, ())):
                self.aside[name] = names.pop(name)


MOST_WORDS = 200_000
"""How many words and signs a file may have; each takes a kilobyte to parse and evaluate."""

MOST_BRACES = 20_000
"""How many braces a file with f-strings may have; parsing takes as long as their square."""

_WORD = r"\w+|[^\w\s]+"
_F_STRING = r"\b[rR]?[fF][rR]?[\"']"


def parsed(source: Source) -> ast.Module:
    """The syntax tree of a file; raises :class:`SpecError` where it is no Python, or too long."""
    text, long = source.text, ""
    if len(text) > MOST_WORDS and sum(1 for _ in re.finditer(_WORD, text)) > MOST_WORDS:
        long = f"{MOST_WORDS:,} words and signs"
    elif text.count("{") > MOST_BRACES and re.search(_F_STRING, text):
        long = f"{MOST_BRACES:,} braces beside f-strings"
    if long:
        raise SpecError(source, [Problem(Mark(1, 1), f"the file has more than {long}")])
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as wrong:
        column = max(1, wrong.offset or 1)
        mark = Mark(wrong.lineno or 1, column, max(1, (wrong.end_offset or 0) - column))
        raise SpecError(source, [Problem(mark, f"not Python: {wrong.msg}")]) from None
    except (RecursionError, MemoryError, ValueError) as wrong:
        said = "it nests too deep" if not isinstance(wrong, ValueError) else str(wrong)
        raise SpecError(source, [Problem(Mark(1, 1), f"not Python: {said}")]) from None


def _hooks(classes: list[ast.ClassDef]) -> dict[str, ast.AST]:
    """The ``__init_subclass__`` of classes by their names, also where a base of theirs has it."""
    found: dict[str, ast.AST] = {}
    for node in classes:
        own: list[ast.AST] = [n for n in node.body if getattr(n, "name", "") == "__init_subclass__"]
        own += [found[name] for base in node.bases if (name := root_of(base) or "") in found]
        if own:
            found[node.name] = own[0]
    return found


def _mentioned(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
