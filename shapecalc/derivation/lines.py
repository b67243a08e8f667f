"""What explanations are made of: sections of lines, each a named number with its derivation."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.algebra.requirement import Condition
from shapecalc.algebra.steps import UNICODE, Style
from shapecalc.derivation.equation import Derivation, written


class Line(NamedTuple):
    """A line of an explanation: a named number with its derivation, and a remark in words.

    >>> rows(Section("", [Line("channels", 3, "as it comes in")]))
    ['channels  3  (as it comes in)']
    """

    name: str
    value: Derivation = None
    remark: str = ""


class Picture(NamedTuple):
    """A kernel on the corner of its input: its padding, extent and dilation along each axis."""

    before: tuple[int, ...]
    extent: tuple[int, ...]
    dilation: tuple[int, ...]


class Section(NamedTuple):
    """Lines under a heading, and a picture to be drawn below them.

    >>> rows(Section("shape", [Line("channels", 3), Line("height and width", 7)]))
    ['channels          3', 'height and width  7']
    """

    heading: str
    lines: list[Line]
    picture: Picture | None = None


def rows(section: Section, style: Style = UNICODE) -> list[str]:
    """The lines of a section as text, their names padded to one width."""
    wide = max(len(line.name) for line in section.lines)
    names = [f"{line.name:<{wide}}  " if wide else "" for line in section.lines]
    return [f"{name}{_told(line, style)}".rstrip() for name, line in zip(names, section.lines)]


def _told(line: Line, style: Style) -> str:
    if line.value is None:
        return line.remark
    return written(line.value, style) + (f"  ({line.remark})" if line.remark else "")


def listed(names: list[str]) -> str:
    """Names in a sentence: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def said(condition: Condition) -> str:
    """A condition on the symbols in words."""
    if condition.symbol is None or condition.solutions is None:
        return condition.equation
    return " and ".join(condition.solutions.conditions(condition.symbol).values())
