"""Errors in a spec: where they are, what is wrong, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.language.signs import columns, one_line

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


@lru_cache(maxsize=64)
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
    although it follows from the input; ``is_of_input`` says whether another input would help.
    ``is_of_formulas`` says that formulas are longer than they may be; numbers may well be right.
    """

    mark: Mark
    message: str
    notes: tuple[str, ...] = ()
    uses: tuple[tuple[str, Mark], ...] = ()
    path: str = ""
    stated: Quantity | None = None
    is_of_input: bool = True
    is_of_formulas: bool = False

    def render(self, source: Source) -> str:
        """The problem in the one frame all errors share."""
        source = getattr(self.mark, "source", source)  # of several files, a place knows its own
        line, column, length = self.mark
        text = source.line(line)
        out = [_line(f"{source.name}:{line}:{column}: error: {self.message}")]
        if text.strip():
            out += _excerpt(line, text, column, length)
        out += [_line(f"   {note}") for note in self.notes if note]
        out += [
            _line(f"   in block {block!r}, used at {source.name}:{mark.line}:{mark.column}")
            for block, mark in self.uses
        ]
        return "\n".join(out)


class SpecError(Exception):
    """A spec is wrong. ``problems`` holds everything that one reading found.

    >>> import shapecalc
    >>> shapecalc.load({"input": [3, 8, 8], "layers": ["Relu"]})
    Traceback (most recent call last):
    shapecalc.language.problem.SpecError: <dict>:8:5: error: unknown kind 'Relu'
        8 |     "Relu"
          |     ^^^^^^
       did you mean 'ReLU'?
    """

    def __init__(self, source: Source, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = sorted(dict.fromkeys(problems), key=lambda p: p.mark[:2])
        super().__init__("\n".join(problem.render(source) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes it again in another process, whatever a subclass is made of."""
        return _again, (type(self), self.source, self.problems)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a stack: the spec is wrong, not the program."""
        return str(self).splitlines()


def _again(kind: type[SpecError], source: Source, problems: Iterable[Problem]) -> SpecError:
    """An error that another process has passed on."""
    error = kind.__new__(kind)
    SpecError.__init__(error, source, problems)
    return error


class Problems:
    """Collects problems, each at a place, so that one reading tells them all."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Note a problem and go on; raises :class:`SpecError` where there are too many."""
        self.found.append(problem)
        if len(self.found) >= MOST_PROBLEMS:
            raise SpecError(self.source, self.found)


MOST_PROBLEMS = 100
"""How many problems one reading finds before it ends; so many have one cause for most."""

MOST_SHOWN = 96
"""The widest excerpt of a source line, in columns."""

LONGEST_LINE = 1000
"""The most characters of a message or a note that are printed."""


def _line(text: str) -> str:
    """The text, fit for a line on a terminal."""
    shown = one_line(text)
    return shown if len(shown) <= LONGEST_LINE else shown[: LONGEST_LINE - 3] + "..."


def _excerpt(line: int, text: str, column: int, length: int) -> list[str]:
    """The source line with its place underlined; a long line is cut around the place."""
    start = max(0, column - 1 - MOST_SHOWN // 2) if len(text) > MOST_SHOWN else 0
    excerpt = text[start : start + MOST_SHOWN].replace("\t", " ")
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in excerpt)
    at = column - 1 - start
    carets = "^" * max(1, columns(shown[at : at + length]))
    gutter = f"{line:5} | "
    return [gutter + shown.rstrip(), " " * 5 + " | " + " " * columns(shown.ljust(at)[:at]) + carets]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant; empty if nothing is near.

    >>> did_you_mean("kernal_size", ["out_channels", "kernel_size"])
    "did you mean 'kernel_size'?"
    >>> did_you_mean("Conv", ["Conv1d", "Conv2d", "Linear"])
    "did you mean 'Conv1d' or 'Conv2d'?"
    """
    meant = [repr(word) for word in nearest(name, known)]
    if not meant:
        return ""
    others = f"{', '.join(meant[:-1])} or " if len(meant) > 1 else ""
    return f"did you mean {others}{meant[-1]}?"


LONGEST_WORD = 100
"""The longest word that near ones are looked for."""

LIKE = 0.61
"""How like a word has to be that is near: ``loss`` is not meant for ``blocks``."""

MOST_COMPARED = 1000
"""How many words are looked at for a near one."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known words that are most like a name, whatever their case: at most three, all as near.

    There is none if no word is near.
    """
    from difflib import SequenceMatcher, get_close_matches  # only where something is wrong

    def likeness(word: str) -> float:
        return SequenceMatcher(None, word, name.casefold()).ratio()

    if len(name) > LONGEST_WORD:
        return []
    by_case = {word.casefold(): word for word in islice(known, MOST_COMPARED)}
    close = get_close_matches(name.casefold(), by_case, n=3, cutoff=LIKE)
    best = [word for word in close if likeness(word) == likeness(close[0])]
    return [by_case[word] for word in sorted(best)]


def listing(words: Iterable[str], most: int = 12) -> str:
    """Words in a row, cut short if there are many.

    >>> listing(["a", "b", "c"], most=2)
    'a, b, ...'
    """
    words = list(words)
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "")
