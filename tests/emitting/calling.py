"""What the entries of random lists are called: names, paths, numbers, or text with braces."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

STYLES = ("plain", "plain", "plain", "paths", "copies")
"""What the names of a list are like, but of one that is numbered."""

BEHIND = ("index", "index + 1", "2*index + 1", "index + {x}")
"""What stands in the braces of names; x is a name of a number."""

WORDS = ("stem", "body", "last")


class Calling:
    """Calls the entries of one list; ``next`` is the number of the next, where that is certain."""

    def __init__(self, chance: Random, letter: str, style: str) -> None:
        self.chance = chance
        self.letter = letter
        self.style = style
        self.place = 0
        self.paths = 0
        self.next: int | None = 0

    def plain(self) -> str:
        """A name of its own for what comes next."""
        self.place += 1
        return f"{self.letter}{self.place - 1}"

    def name(self, entry: dict[str, Any], numbers: Sequence[str]) -> list[str]:
        """Give an entry a name, or none; by what it, or one of its copies, can be asked for."""
        plain = self.plain()
        if self.style == "numbered" and self.chance.randrange(4):
            return self.number(entry)
        if self.style == "paths" and self.chance.randrange(4):
            plain = self.path()
        if self.style == "copies" and "repeat" in entry and self.chance.randrange(4):
            told = self.chance.choice(BEHIND).format(x=self.chance.choice(numbers))
            entry["name"] = f"{plain}_{{{told}}}"
            return [f"{plain}_{self.chance.randint(0, 2)}"] if self.chance.randrange(2) else []
        entry["name"] = plain
        self.count(entry)
        return [plain]

    def path(self) -> str:
        """A path, mostly with a number at its end."""
        if self.chance.randrange(4) == 0:
            return f"{self.letter}s.{self.chance.choice(WORDS)}{self.place}"
        self.paths += 1
        middle = self.chance.choice(["", "", "", ".inner"])
        return f"{self.letter}s{middle}.{self.paths - 1}"

    def number(self, entry: dict[str, Any]) -> list[str]:
        """Leave an entry its number."""
        entry.pop("name", None)
        own, is_one = self.next, "repeat" not in entry
        self.count(entry)
        return [str(own)] if own is not None and self.next is not None and is_one else []

    def count(self, entry: dict[str, Any]) -> None:
        """Count an entry of a numbered list."""
        repeat = entry.get("repeat", 1)
        is_sure = self.next is not None and "when" not in entry and isinstance(repeat, int)
        is_flat = "name" not in entry
        is_sure = is_sure and "Row" not in entry
        self.next = (self.next or 0) + (repeat if is_flat else 1) if is_sure else None
