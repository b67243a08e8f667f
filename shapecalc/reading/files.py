"""Files of source: found by their imports, read as text, evaluated as far as they are asked.

A statement at the level of a file is evaluated when a name that it binds, or changes, is asked
for: what else a script does is never looked at.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.reading.statements import Compiler
from shapecalc.reading.values import CannotRead, Frame, Place, Unknown

LARGEST = 4_000_000
"""The most bytes a file of source may have."""

MOST_FILES = 400
"""How many files one reading opens."""


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
        self.concerned: dict[str, list[int]] = {}
        self.stars: list[int] = []
        self.assigned: set[str] = set()
        for node in self.tree.body:
            self.assigned.update(_bound(node))
        for number, node in enumerate(self.tree.body):
            for each in dict.fromkeys([*_bound(node), *_changed(node)]):
                if each == "*":
                    self.stars.append(number)
                else:
                    self.concerned.setdefault(each, []).append(number)
        self.registered()
        self.registering = [n for n, node in enumerate(self.tree.body) if _registers(node)]
        self.done: set[int] = set()
        self.running: list[int] = []

    def registered(self) -> None:
        """Note what decorators change: what the function that decorates mentions, or is part of."""
        functions = {n.name: n for n in self.tree.body if isinstance(n, ast.FunctionDef)}
        variables = {
            name
            for node in self.tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            for name in _bound(node)
        }
        for number, node in enumerate(self.tree.body):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                continue
            for decorator in node.decorator_list:
                root = _root(decorator) or ""
                changed = {root} & variables
                if root in functions:
                    inside = ast.walk(functions[root])
                    changed |= {n.id for n in inside if isinstance(n, ast.Name)} & variables
                for name in changed:
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
        branches = [n for n, node in enumerate(self.tree.body) if isinstance(node, ast.If)]
        self.done.difference_update(branches)
        return True

    def lookup(self, rt: Any, name: str) -> Any:
        """The value of one of its names; ``KeyError`` if it binds none of the kind."""
        if name not in self.frame.names and f"{self.name}.{name}" in rt.replaced:
            return rt.replaced[f"{self.name}.{name}"]
        if self.registering and not self.running:
            registering, self.registering = self.registering, []
            for number in registering:
                self.run(rt, number)
        limit = self.running[-1] if self.running and not rt.calls else len(self.tree.body)
        numbers = self.concerned.get(name, ())
        for number in numbers:
            if number < limit:
                self.run(rt, number)
        names = self.frame.names
        if name not in names:
            for number in numbers:
                self.run(rt, number)
        if name not in names:
            for number in self.stars:
                self.run(rt, number)
        if name not in names and "__getattr__" in self.assigned and name != "__getattr__":
            raise KeyError(name)
        return names[name]

    def run(self, rt: Any, number: int) -> None:
        """Evaluate a statement, once."""
        if number in self.done:
            return
        self.done.add(number)
        self.running.append(number)
        calls, rt.calls = rt.calls, []
        node, source = rt.node, rt.source
        try:
            self.compiler.statement(self.tree.body[number])(self.frame)
        finally:
            self.running.pop()
            rt.calls = calls
            rt.node, rt.source = node, source


def parsed(source: Source) -> ast.Module:
    """The syntax tree of a file; raises :class:`SpecError` where it is no Python."""
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


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for each in node.names:
            name = each.asname or each.name
            yield name if isinstance(node, ast.ImportFrom) else name.partition(".")[0]
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _targets(target)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        if getattr(node, "value", None) is not None:
            yield from _targets(node.target)
    elif isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
        if isinstance(node, ast.For):
            yield from _targets(node.target)
        if isinstance(node, ast.With):
            for item in node.items:
                if item.optional_vars is not None:
                    yield from _targets(item.optional_vars)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _bound(child)
            elif isinstance(child, ast.ExceptHandler):
                for inner in child.body:
                    yield from _bound(inner)
    for walrus in ast.walk(node) if isinstance(node, (ast.Expr, ast.Assign)) else ():
        if isinstance(walrus, ast.NamedExpr):
            yield walrus.target.id


def _registers(node: ast.stmt) -> bool:
    """Whether a statement only calls a function that is named after registering something."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    function = node.value.func
    return isinstance(function, ast.Name) and "register" in function.id.lower()


def _targets(node: ast.expr) -> Iterator[str]:
    if isinstance(node, (ast.Tuple, ast.List)):
        for each in node.elts:
            yield from _targets(each)
    elif isinstance(node, ast.Starred):
        yield from _targets(node.value)
    elif isinstance(node, ast.Name):
        yield node.id


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _changed(node: ast.stmt) -> Iterator[str]:
    """The names whose values a statement changes: by a method, an item or an attribute."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        if isinstance(node.value.func, ast.Attribute) and (root := _root(node.value.func)):
            yield root
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete)):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        for target in targets:
            if isinstance(target, (ast.Attribute, ast.Subscript)) and (root := _root(target)):
                yield root
    elif isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _changed(child)


class Files:
    """The part of the runtime that finds what is imported."""

    modules: dict[str, Any]
    own: set[str]
    tries: int
    error: Any
    cannot: Any
    bind: Any
    known: dict[str, Any]
    root: Path

    def open_file(self, path: Path, name: str, package: str) -> SourceModule:
        """Read a file of source."""
        if name in self.modules:
            found: SourceModule = self.modules[name]
            return found
        if len(self.modules) >= MOST_FILES:
            raise self.cannot(f"more than {MOST_FILES} files lead to here")
        module = SourceModule(self, name, path, package, read_text(path))
        self.modules[name] = module
        if self.is_own(path):
            self.own.add(module.source.name)
        return module

    def is_own(self, path: Path) -> bool:
        """Whether a file is the user's, not an installed package's."""
        return self.root in path.resolve().parents

    def imported(self, name: str, module: SourceModule | None) -> Any:
        """What ``import name`` gives."""
        from shapecalc.reading.known import lends, stays_unread

        found = self.find(name, module) if lends(name) else None
        known = self.known_module(name) if found is None else None
        if known is not None:
            return known
        if stays_unread(name) and not any(_located(folder, name) for folder in self.roots()):
            return Unknown(name, f"{name} is not read")
        found = found or self.find(name, module)
        if found is not None:
            return found
        if self.tries:
            raise self.error("ModuleNotFoundError", f"No module named '{name}'")
        return Unknown(name, f"module {name!r} is not among the files that can be read")

    def known_module(self, name: str) -> Any:
        """A module that is known here."""
        from shapecalc.reading.known import module

        return module(name)

    def find(self, name: str, module: SourceModule | None) -> Any:
        """The file that a name of a module means, beside the file that asks or installed."""
        if name in self.modules:
            return self.modules[name]
        if any(not part.isidentifier() for part in name.split(".")):
            return None
        for folder in self.folders():
            path = _located(folder, name)
            if path is not None:
                package = name if path.name == "__init__.py" else name.rpartition(".")[0]
                return self.open_file(path, name, package)
        return None

    def folders(self) -> Iterator[Path]:
        """Where modules lie: beside the file, then where packages are installed."""
        yield from self.roots()
        for each in sys.path:
            folder = Path(each)
            if (each and "packages" in each) or (folder / "torchvision").is_dir():
                yield folder

    def roots(self) -> list[Path]:
        """The folders that the user's own modules are named from."""
        raise NotImplementedError

    def submodule(self, module: SourceModule, name: str) -> Any:
        """A module inside a package."""
        if module.path.name != "__init__.py":
            return None
        full = f"{module.name}.{name}"
        if full in self.modules:
            return self.modules[full]
        path = _located(module.path.parent, name)
        if path is None:
            return None
        return self.open_file(path, full, full if path.name == "__init__.py" else module.name)

    def origin(self, name: str, level: int, module: SourceModule) -> Any:
        """The module that ``from name import`` means."""
        from shapecalc.reading.known import stays_unread

        if not level:
            return self.imported(name, module)
        package = module.package.split(".") if module.package else []
        folder = module.path.parent
        for _ in range(level - 1):
            package, folder = package[:-1], folder.parent
        full = ".".join([*package, *([name] if name else [])])
        if full in self.modules:
            return self.modules[full]
        if stays_unread(full):
            return Unknown(full, f"{full} is not read")
        path = _located(folder, name) if name else folder / "__init__.py"
        if path is None or not path.exists():
            if not name and folder.is_dir():
                return _Folder(self, folder, full)
            if self.tries:
                raise self.error("ModuleNotFoundError", f"No module named '{full}'")
            return Unknown(full or name, f"there is no {folder / (name or '.')}.py")
        is_package = path.name == "__init__.py"
        return self.open_file(path, full, full if is_package else full.rpartition(".")[0])

    def imported_from(self, name: str, level: int, item: str, module: SourceModule) -> Any:
        """What ``from name import item`` gives."""
        origin = self.origin(name, level, module)
        if isinstance(origin, SourceModule):
            try:
                return origin.lookup(self, item)
            except KeyError:
                pass
            inner = self.submodule(origin, item)
            if inner is not None:
                return inner
            message = f"cannot import name '{item}' from '{origin.name}'"
            raise self.error("ImportError", message)
        if isinstance(origin, Unknown):
            if self.tries:
                raise self.error("ImportError", f"cannot import name '{item}'")
            return Unknown(f"{origin.name}.{item}" if origin.name else item, origin.why)
        return origin.known_attribute(self, item)

    def import_all(self, name: str, level: int, frame: Frame) -> None:
        """``from name import *``."""
        origin = self.origin(name, level, frame.module)
        if isinstance(origin, SourceModule):
            try:
                names = list(origin.lookup(self, "__all__"))
            except KeyError:
                for number in origin.stars:
                    origin.run(self, number)
                names = [n for n in [*origin.names(), *origin.frame.names] if not n.startswith("_")]
            for each in names:
                frame.names.setdefault(each, self.imported_from(name, level, each, frame.module))
        elif hasattr(origin, "known_names"):
            for each in origin.known_names():
                frame.names.setdefault(each, origin.known_attribute(self, each))


class _Folder:
    """A folder without ``__init__.py``, as a package."""

    def __init__(self, files: Files, folder: Path, name: str) -> None:
        self.files = files
        self.folder = folder
        self.name = name

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A module in it."""
        path = _located(self.folder, name)
        if path is None:
            return Unknown(f"{self.name}.{name}")
        full = f"{self.name}.{name}" if self.name else name
        return self.files.open_file(path, full, self.name)


def _located(folder: Path, name: str) -> Path | None:
    """The file of a module below a folder."""
    path = folder.joinpath(*name.split("."))
    for each in (path / "__init__.py", path.with_suffix(".py")):
        if each.is_file():
            return each
    return None


def read_text(path: Path) -> str:
    """The text of a file of source."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise CannotRead(None, f"{path} is larger than {LARGEST:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


__all__ = ["Files", "Place", "SourceModule", "parsed"]
