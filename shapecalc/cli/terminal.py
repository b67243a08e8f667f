"""Tables and lines on a terminal: in colour, and no wider than it is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from shapecalc.cli.output import echo, is_terminal, wants_color
from shapecalc.layout import Table, broken, fitted, lines

NARROWEST = 20
"""The narrowest terminal that is laid out for."""

_STYLES: dict[str, Mapping[str, Any]] = {"title": {"bold": True}, "head": {"bold": True}}


def width_of(stream: Any) -> int | None:
    """How many columns a terminal has; None for what is none."""
    return max(NARROWEST, shutil.get_terminal_size().columns) if is_terminal(stream) else None


def print_table(table: Table, styles: Sequence[Mapping[str, Any]] = ()) -> None:
    """Print a table; on a terminal with what there is room for, and each row in its style."""
    width, colored = width_of(sys.stdout), wants_color(sys.stdout)
    if width is not None:
        table = fitted(table, width)
    chosen = {**_STYLES, **{str(number): style for number, style in enumerate(styles) if style}}
    told = lines(table, width)
    if colored:
        told = (
            (what, click.style(text, **chosen[what]) if what in chosen else text)
            for what, text in told
        )
    echo("\n".join(text for _, text in told), color=colored)


def print_lines(text: str) -> None:
    """Print text; on a terminal, lines that are too long are broken between words."""
    width = width_of(sys.stdout)
    if width is not None:
        text = "\n".join(part for line in text.split("\n") for part in broken(line, width))
    echo(text)
