"""Tables of what is known by dotted names: a file for each subject, imported when it is asked for.

A network of convolutions has no use for distributions. So an index tells which file of a folder has
a name, and only that file is imported; ``./dev docs`` writes it from the tables.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any

from shapecalc.reading.evaluator.values import Builtin


class Table(Mapping[str, Any]):
    """What the files of a folder know, by name; to go through all of it imports none of them."""

    def __init__(self, package: str, file_of: Mapping[str, str]) -> None:
        self.package = package
        self.file_of = file_of
        self.found: dict[str, Any] = {}
        self.written: dict[str, str] = {}  # the file that put a name in
        self.imported: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        file = self.file_of.get(name)
        if file is not None and file not in self.imported:
            self.imported.add(file)
            import_module(f"{self.package}.{file}")
        return self.found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.file_of or name in self.found

    def __iter__(self) -> Iterator[str]:
        return iter({**self.file_of, **self.found})

    def __len__(self) -> int:
        return len({**self.file_of, **self.found})

    @cached_property
    def ordered(self) -> list[str]:
        """All names in the order of the alphabet."""
        return sorted(self)

    def has_below(self, name: str) -> bool:
        """Whether there are names of what is in something."""
        start = f"{name}."
        at = bisect_left(self.ordered, start)
        return at < len(self.ordered) and self.ordered[at].startswith(start)

    def part(self, module: str) -> Part:
        """The part that a file writes, by the name of its module."""
        return Part(self, module.rpartition(".")[2])


class Part:
    """What one file puts into a table, and reads of it."""

    def __init__(self, table: Table, file: str) -> None:
        self.table = table
        self.file = file

    def __getitem__(self, name: str) -> Any:
        return self.table[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.table.found[name] = value
        self.table.written[name] = self.file

    def update(self, values: Mapping[str, Any]) -> None:
        """Put several in."""
        for name, value in values.items():
            self[name] = value

    def function(self, *names: str) -> Callable[[Any], Any]:
        """Make a function known under dotted names."""

        def note(run: Any) -> Any:
            for name in names:
                self[name] = Builtin(name, run)
            return run

        return note
