"""Errors in a spec: where they are, what is wrong, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.algebra.arithmetic import Quantity


_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Where YAML ends a line; ``str.splitlines`` knows more places."""


class Source(NamedTuple):
    """The text of a spec and the name it is known by."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """A line of the text, counted from 1; empty beyond its end."""
        lines = _lines(self.text)
        return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=1)
def _lines(text: str) -> list[str]:
    return _BREAK.split(text)


class Mark(NamedTuple):
    """A place in a spec: line and column from 1, and how many characters it takes."""

    line: int
    column: int
    length: int = 1


class Problem(NamedTuple):
    """One thing that is wrong with a spec.

    ``notes`` are whole sentences below the source line: what came from where, what to do.
    ``uses`` are the block uses that lead to the place, the innermost first. Where a layer's
    requirement does not hold, ``path`` is the layer's, and ``stated`` the size that the spec states
    although it follows from the input.
    """

    mark: Mark
    message: str
    notes: tuple[str, ...] = ()
    uses: tuple[tuple[str, Mark], ...] = ()
    path: str = ""
    stated: Quantity | None = None

    def render(self, source: Source) -> str:
        """The problem in the one frame all errors share."""
        line, column, length = self.mark
        text = source.line(line)
        out = [f"{source.name}:{line}:{column}: error: {self.message}"]
        if text.strip():
            out += _excerpt(line, text, column, length)
        out += [f"   {note}" for note in self.notes if note]
        out += [
            f"   in block {block!r}, used at {source.name}:{mark.line}:{mark.column}"
            for block, mark in self.uses
        ]
        return "\n".join(out)


class SpecError(Exception):
    """A spec is wrong. ``problems`` holds everything that one reading found.

    >>> import shapecalc
    >>> shapecalc.load({"input": [3, 8, 8], "layers": ["Relu"]})
    Traceback (most recent call last):
    shapecalc.spec.problem.SpecError: <dict>:8:5: error: unknown kind 'Relu'
        8 |     "Relu"
          |     ^^^^^^
       did you mean 'ReLU'?
    """

    def __init__(self, source: Source, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = sorted(dict.fromkeys(problems), key=lambda p: p.mark[:2])
        super().__init__("\n".join(problem.render(source) for problem in self.problems))


class Problems:
    """Collects problems, each at a place, so that one reading tells them all."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, mark: Mark, message: str, *notes: str) -> None:
        """Note a problem and go on."""
        self.found.append(Problem(mark, message, notes))


MOST_SHOWN = 96
"""The widest excerpt of a source line, in columns."""


def _excerpt(line: int, text: str, column: int, length: int) -> list[str]:
    """The source line with its place underlined; a long line is cut around the place."""
    start = max(0, column - 1 - MOST_SHOWN // 2) if len(text) > MOST_SHOWN else 0
    shown = text[start : start + MOST_SHOWN].replace("\t", " ")
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    at = column - 1 - start
    carets = "^" * max(1, min(length, len(shown) - at))
    gutter = f"{line:5} | "
    return [gutter + shown.rstrip(), " " * 5 + " | " + " " * at + carets]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant; empty if nothing is near.

    >>> did_you_mean("kernal_size", ["out_channels", "kernel_size"])
    "did you mean 'kernel_size'?"
    """
    meant = nearest(name, known)
    return f"did you mean {meant!r}?" if meant else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known word that is most like a name, whatever its case; empty if none is near."""
    from difflib import get_close_matches  # only where something is wrong

    by_case = {word.casefold(): word for word in known}
    close = get_close_matches(name.casefold(), by_case, n=1, cutoff=0.6)
    return by_case[close[0]] if close else ""


def listing(words: Iterable[str], most: int = 12) -> str:
    """Words in a row, cut short if there are many.

    >>> listing(["a", "b", "c"], most=2)
    'a, b, ...'
    """
    words = list(words)
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "")
