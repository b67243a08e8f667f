"""Places of a spec in a client's count: lines from 0, and characters from 0 in its own units."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from shapecalc.language.problem import Mark

_OF_A_CLIENT = re.compile("\r\n|\n|\r")
_OF_A_SPEC = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Where lines end: YAML, and so a :class:`Mark`, knows more ends than the protocol does."""

Units = Callable[[str], int]
"""How many characters a client counts in some text: those of UTF-16, unless it was agreed."""


class Place(NamedTuple):
    """A line and a character, both from 0."""

    line: int
    character: int


def utf16(text: str) -> int:
    """The units of UTF-16 in a text.

    >>> utf16("3 x 224"), utf16("\N{MATHEMATICAL BOLD SMALL X}")
    (7, 2)
    """
    return len(text) + sum(sign > "\uffff" for sign in text)


class Places:
    """A text whose places are told in a client's count, and the other way round."""

    def __init__(self, text: str, units: Units = utf16) -> None:
        self.text = text
        self.units = units
        self._starts = _starts(_OF_A_SPEC, text)
        self._own = _starts(_OF_A_CLIENT, text)

    def of(self, offset: int) -> Place:
        """Where in a client's count a character of the text is."""
        line = bisect_right(self._own, offset) - 1
        return Place(line, self.units(self.text[self._own[line] : offset]))

    def span(self, mark: Mark) -> tuple[Place, Place]:
        """The place of a mark, and that behind it; never beyond its line."""
        first = self._starts[min(mark.line, len(self._starts)) - 1]
        end = first + len(self._line(first))
        start = min(first + mark.column - 1, end)
        return self.of(start), self.of(min(start + max(mark.length, 1), max(end, start)))

    def line_end(self, mark: Mark) -> Place:
        """The end of the line that a mark is in."""
        first = self._starts[min(mark.line, len(self._starts)) - 1]
        return self.of(first + len(self._line(first).rstrip()))

    def column(self, place: Place) -> int:
        """A client's character as a number of characters of the text, from 0."""
        if place.line >= len(self._own):
            return 0
        line = self._line(self._own[place.line])
        counted = 0
        for column, sign in enumerate(line):
            if counted >= place.character:
                return column
            counted += self.units(sign)
        return len(line)

    def spec_line(self, place: Place) -> int:
        """The line of a place as a :class:`Mark` has it, from 1."""
        start = self._own[min(place.line, len(self._own) - 1)] + self.column(place)
        return bisect_right(self._starts, start)

    def _line(self, start: int) -> str:
        found = _OF_A_SPEC.search(self.text, start)
        return self.text[start : found.start() if found else len(self.text)]


def _starts(breaks: re.Pattern[str], text: str) -> list[int]:
    return [0, *(found.end() for found in breaks.finditer(text))]
