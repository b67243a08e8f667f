"""What to tell of a spec that is not there, and what was probably meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from shapecalc import bundled
from shapecalc.language.problem import listing, nearest

SUFFIXES = (".yaml", ".yml", ".json", ".py")
"""What files of networks end in."""

MOST_FILES = 2000
"""How many files are looked at for one that was meant."""

_ALL = "'shapecalc specs' lists all bundled ones"


def no_such_spec(name: str) -> str:
    """Why a name stands for no spec, and which were meant: files beside it, and bundled ones.

    >>> no_such_spec("gogglenet.yaml")
    "no spec 'gogglenet.yaml'; did you mean 'googlenet'? 'shapecalc specs' lists all bundled ones"
    >>> no_such_spec("")
    "no spec is named; give a file or a name: 'shapecalc specs' lists all bundled ones"
    """
    if not name.strip():
        return f"no spec is named; give a file or a name: {_ALL}"
    path = Path(name)
    if path.is_symlink():
        return f"no spec {name!r}; {_of_link(path)}"
    known = bundled.names()
    exact = [*_of_name(path), *(each for each in known if each == path.stem)]
    meant = list(dict.fromkeys(exact)) or _beside(path)[:3] or nearest(path.stem, known)
    if meant:
        told = f"no spec {name!r}; did you mean {' or '.join(map(repr, meant))}?"
        return told if os.path.dirname(name) else f"{told} {_ALL}"
    if not path.parent.is_dir():
        return f"no spec {name!r}; there is no folder {str(path.parent)!r}"
    return f"no spec {name!r}; there is no such file, and {_ALL}"


def is_folder(path: Path) -> str:
    """What to tell of a folder that is given for a spec."""
    inside = sorted(str(each) for each in _specs(path))
    hint = f"it holds {listing(inside, 5)}" if inside else "give a file"
    return f"{str(path)!r} is a folder; {hint}"


def _of_link(path: Path) -> str:
    try:
        path.stat()
    except (OSError, RuntimeError) as error:
        if not isinstance(error, FileNotFoundError):
            return "it is a link that leads back to itself"
    return f"it is a link to {str(Path(os.readlink(path)))!r}, which is not there"


def _of_name(path: Path) -> Iterator[str]:
    """Files of a name with another suffix or in another folder, the likeliest first."""
    stem = path.stem if path.suffix in SUFFIXES else path.name
    for suffix in SUFFIXES:
        other = path.with_name(stem + suffix)
        if other.is_file():
            yield str(other)
    for other in (path.parent / "specs" / path.name, Path(path.name)):  # in another folder
        if other.is_file():
            yield str(other)


def _beside(path: Path) -> list[str]:
    """Files in the same folder whose names are nearest."""
    names = [each.name for each in _specs(path.parent)]
    return [str(path.parent / name) for name in nearest(path.name, names)]


def _specs(folder: Path) -> list[Path]:
    """The files of a folder that may be networks."""
    try:
        found = [each for each in islice(folder.iterdir(), MOST_FILES) if each.suffix in SUFFIXES]
        return [each for each in found if each.is_file()]
    except OSError:
        return []
