"""``pathlib``: what a path is called, and the paths beside it; nothing is looked for or opened."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.values import Builtin, Class, Instance, Property
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.modules.holding import method

KNOWN = NAMES.part(__name__)

PATH = Class("Path", (OBJECT,))

for _name in ("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath"):
    KNOWN[_name] = PATH


def _made(path: PurePosixPath) -> Instance:
    found = Instance(PATH)
    found.attributes["path"] = path
    for name in ("name", "stem", "suffix", "parts"):
        found.attributes[name] = getattr(path, name)
    return found


def _text(rt: Any, value: Any) -> str:
    """A path, or a part of one, as a text."""
    if isinstance(value, Instance) and value.cls is PATH:
        return str(value.attributes["path"])
    if not isinstance(value, str):
        raise rt.error("TypeError", "a path is made of texts and paths")
    return value


@method(PATH, "__new__")
def _new(rt: Any, cls: Any, *parts: Any, **kwargs: Any) -> Instance:
    return _made(PurePosixPath(*[_text(rt, part) for part in parts]))


@method(PATH, "__truediv__", "joinpath")
def _join(rt: Any, self: Instance, *parts: Any) -> Instance:
    return _made(self.attributes["path"].joinpath(*[_text(rt, part) for part in parts]))


@method(PATH, "__rtruediv__")
def _join_behind(rt: Any, self: Instance, start: Any) -> Instance:
    return _made(PurePosixPath(_text(rt, start)) / self.attributes["path"])


@method(PATH, "__str__", "__repr__", "__fspath__", "as_posix")
def _str(rt: Any, self: Instance) -> str:
    return _text(rt, self)


@method(PATH, "resolve", "absolute", "expanduser")
def _same(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> Instance:
    return self


@method(PATH, "with_suffix")
def _with_suffix(rt: Any, self: Instance, suffix: Any) -> Instance:
    return _made(self.attributes["path"].with_suffix(_text(rt, suffix)))


@method(PATH, "exists", "is_file", "is_dir")
def _exists(rt: Any, self: Instance) -> bool:
    return False


@method(PATH, "mkdir")
def _mkdir(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
    """Nothing is made."""


PATH.names["parent"] = Property(
    Builtin("parent", lambda rt, self: _made(self.attributes["path"].parent))
)
