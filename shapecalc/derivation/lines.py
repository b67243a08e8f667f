"""What explanations are made of: sections of lines, each a named number with its derivation."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.algebra.requirement import Condition
from shapecalc.derivation.equation import Derivation


class Line(NamedTuple):
    """A line of an explanation: a named number with its derivation, and a remark in words."""

    name: str
    value: Derivation = None
    remark: str = ""


class Picture(NamedTuple):
    """A kernel on the corner of its input: its padding, extent and dilation along each axis."""

    before: tuple[int, ...]
    extent: tuple[int, ...]
    dilation: tuple[int, ...]


class Section(NamedTuple):
    """Lines under a heading, and a picture to be drawn below them."""

    heading: str
    lines: list[Line]
    picture: Picture | None = None


def listed(names: list[str]) -> str:
    """Names in a sentence: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def said(condition: Condition) -> str:
    """A condition on the symbols in words."""
    if condition.symbol is None or condition.solutions is None:
        return condition.equation
    return " and ".join(condition.solutions.conditions(condition.symbol).values())
