"""Files of source: found by their imports, read as text, evaluated as far as they are asked.

A statement at the level of a file is evaluated when a name that it binds, or changes, is asked
for: what else a script does is never looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shapecalc.reading.evaluator.source import SourceModule
from shapecalc.reading.evaluator.values import Builtin, CannotRead, Frame, Unknown

LARGEST = 4_000_000
"""The most bytes a file of source may have."""

MOST_FILES = 400
"""How many files one reading opens."""


class Files:
    """The part of the runtime that finds what is imported."""

    modules: dict[str, Any]
    own: set[str]
    tries: int
    error: Any
    cannot: Any
    attribute: Any
    bind: Any
    known: dict[str, Any]
    root: Path
    texts: Mapping[Path, str]

    def text_of(self, path: Path) -> str:
        """The text of a file, as an editor holds it or as it is saved."""
        text = self.texts.get(path.resolve())
        return read_text(path) if text is None else text

    def open_file(self, path: Path, name: str, package: str) -> SourceModule:
        """Read a file of source."""
        if name in self.modules:
            found: SourceModule = self.modules[name]
            return found
        if len(self.modules) >= MOST_FILES:
            raise self.cannot(f"more than {MOST_FILES} files lead to here")
        module = SourceModule(self, name, path, package, self.text_of(path))
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
        for folder in self.roots():
            inner = folder.joinpath(*name.split("."))
            if any(inner.glob("*.py")):
                return _Folder(self, inner, name)
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
        if isinstance(origin, Builtin):  # a function that has the name of the file it is in
            return origin if item == name.rpartition(".")[2] else self.attribute(origin, item)
        return origin.known_attribute(self, item)

    def import_all(self, name: str, level: int, frame: Frame) -> None:
        """``from name import *``, in a branch or a function."""
        origin = self.origin(name, level, frame.module)
        for each in self.exported(origin, set()):
            self.import_one(origin, each, frame)

    def import_one(self, origin: Any, name: str, frame: Frame) -> None:
        """Bind what ``from ... import *`` gives for a name, if it gives anything."""
        if isinstance(origin, SourceModule):
            if not self.is_exported(origin, name):
                return
            try:
                frame.names[name] = origin.lookup(self, name)
            except KeyError:
                inner = self.submodule(origin, name)
                if inner is not None and "__all__" in origin.assigned:
                    frame.names[name] = inner
                frame.module.unread += origin.unread
        elif isinstance(origin, Unknown):
            frame.module.unread.append(origin)
        elif hasattr(origin, "known_names") and name in origin.known_names():
            frame.names[name] = origin.known_attribute(self, name)

    def is_exported(self, origin: SourceModule, name: str) -> bool:
        """Whether ``import *`` of a file takes a name, should the file have it."""
        listed = self.listed_in(origin)
        return not name.startswith("_") if listed is None else name in listed

    def listed_in(self, origin: SourceModule) -> list[str] | None:
        """The names that a file's ``__all__`` lists, None if there is none yet."""
        try:
            return list(origin.lookup(self, "__all__"))
        except KeyError:
            return None

    def exported(self, origin: Any, seen: set[str]) -> list[str]:
        """The names that ``import *`` takes."""
        if not isinstance(origin, SourceModule):
            return origin.known_names() if hasattr(origin, "known_names") else []
        if origin.name in seen:
            return []
        seen.add(origin.name)
        listed = self.listed_in(origin)
        if listed is not None:
            return listed
        return [name for name in self.all_names(origin, seen) if not name.startswith("_")]

    def all_names(self, module: SourceModule, seen: set[str]) -> list[str]:
        """The names that a file has, those of ``import *`` among them."""
        found = [*module.names(), *module.frame.names]
        for node in module.star_imports():
            found += self.exported(self.origin(node.module or "", node.level, module), seen)
        return found


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
