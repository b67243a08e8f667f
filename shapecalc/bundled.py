"""The specs that come with the package: files, and members of the families in them."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path


def folder() -> Path:
    """Where the bundled specs lie: in the package, or beside it in a checkout."""
    inside = Path(__file__).with_name("specs")
    return inside if inside.is_dir() else Path(__file__).parent.with_name("specs")


def file(name: str) -> Path | None:
    """The file of a bundled spec."""
    path = folder() / f"{name}.yaml"
    return path if path.exists() else None


def member(name: str) -> tuple[Path, str] | None:
    """The file of the family that a bundled name is a member of, and the name.

    >>> path, name = member("vgg19")
    >>> path.name, name
    ('vgg.yaml', 'vgg19')
    """
    if not name.isidentifier() or Path(name).exists() or file(name):
        return None
    for path in folder().glob("*.yaml"):
        if name in _members(path):
            return path, name
    return None


def families() -> dict[str, list[str]]:
    """The names of all bundled specs, each with those of its members.

    >>> families()["vgg"][:3], families()["lenet5"]
    (['vgg11', 'vgg13', 'vgg16'], [])
    """
    return {path.stem: _members(path) for path in sorted(folder().glob("*.yaml"))}


def names() -> list[str]:
    """The names of all bundled networks."""
    found = families()
    return sorted({*found}.union(*found.values()))


def _members(path: Path) -> list[str]:
    """The members that a file's text names, a line each, without reading it as a spec."""
    _, _, behind = path.read_text(encoding="utf-8").partition("\nmembers:\n")
    lines = takewhile(lambda line: line.startswith("  "), behind.splitlines())
    return [line.strip().partition(":")[0] for line in lines]
