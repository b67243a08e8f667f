"""A table laid out: as plain text of a given width, in Markdown, and in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from shapecalc.language.signs import markdown as _marked
from shapecalc.language.signs import one_line

WIDEST = 120
"""The widest that a cell makes its column; what is longer stands out of it, in its own row."""


class Heading(NamedTuple):
    """What stands over a column, and whether numbers stand below it."""

    heading: str
    is_number: bool = False


class Table(NamedTuple):
    """A report laid out: a line above, the cells, and the lines of the summary below."""

    title: str
    columns: list[Heading]
    cells: list[list[str]]
    summary: list[tuple[str, str]]


def text(table: Table) -> str:
    """The table as plain text, numbers aligned to the right."""
    return "\n".join(line for _, line in lines(table))


def lines(table: Table, width: int | None = None) -> Iterator[tuple[str, str]]:
    """The lines of a table as plain text, cells broken between words to fit the width.

    Each comes with what it is: ``title``, ``head``, ``rule``, ``summary``, or its row's number.
    """
    widths = _widths(table, width)
    yield from (("title", each) for each in broken(one_line(table.title), width))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    headings = [column.heading for column in table.columns]
    yield "rule", rule
    yield from (("head", each) for each in _row(headings, widths, table.columns, width))
    yield "rule", rule
    for number, cells in enumerate(table.cells):
        yield from ((str(number), each) for each in _row(cells, widths, table.columns, width))
    yield "rule", rule
    wide = max((len(name) for name, _ in table.summary), default=0)
    for name, value in table.summary:
        for each in broken(f"{name:<{wide}}  {one_line(value)}", width):
            yield "summary", each


def _row(
    cells: Sequence[str], widths: Sequence[int], columns: Sequence[Heading], most: int | None
) -> Iterator[str]:
    """The lines of a row: one, or more where a cell is broken to fit the ``most`` there is."""
    if most is None or all(len(cell) <= width for cell, width in zip(cells, widths)):
        yield _line(cells, widths, columns)
        return
    parts = [_cell(cell, width) for cell, width in zip(cells, widths)]
    for at in range(max(map(len, parts))):
        own = [part[at] if at < len(part) else "" for part in parts]
        yield _line(own, widths, columns)


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Heading]) -> str:
    """Cells side by side, numbers aligned to the right."""
    aligned = [
        cell.rjust(width) if column.is_number else cell.ljust(width)
        for cell, width, column in zip(cells, widths, columns)
    ]
    return "  ".join(aligned).rstrip()


_HANGING = re.compile(r" *(?:[-+~] )?")
"""What a cell begins with and its further lines stand behind: its depth, and the mark of a row."""

_FIGURE = re.compile(r"[-+]?[0-9][0-9,.]*(?: [kMGT])?")


def column_width(cells: Iterable[str]) -> int:
    """How wide a column of cells is.

    >>> column_width(["conv1", "8*" + "H + " * 100 + "W"])
    5
    """
    return max((len(cell) for cell in cells if len(cell) <= WIDEST), default=0)


def _pieces(cell: str) -> list[str]:
    """What is not broken: numbers, words, and shapes with their crosses.

    >>> _pieces("4 x 8 x 8 -> 16 x 4 x 4")
    ['4 x 8 x 8', '->', '16 x 4 x 4']
    """
    return [cell] if _FIGURE.fullmatch(cell) else re.findall(r"\S+(?: x \S+)*", cell)


def _cell(cell: str, width: int) -> list[str]:
    """A cell in lines of a width, where that can be."""
    hanging = _HANGING.match(cell)
    first = hanging[0] if hanging else ""
    found, indent = [first], " " * len(first)
    for piece in _pieces(cell[len(first) :]):
        if not found[-1].strip(" -+~"):
            found[-1] += piece
        elif len(found[-1]) + 1 + len(piece) <= width:
            found[-1] += f" {piece}"
        else:
            found.append(indent + piece)
    return found


def _least(cell: str) -> int:
    """The columns that a cell takes at least."""
    hanging = _HANGING.match(cell)
    start = hanging.end() if hanging else 0
    return start + max(map(len, _pieces(cell[start:])), default=0)


def _widths(table: Table, width: int | None) -> list[int]:
    """The columns' widths: as wide as their widest cells, or less where that is too wide."""
    headings = [column.heading for column in table.columns]
    columns = zip(headings, *table.cells)
    if width is None:
        return [column_width(each) for each in columns]
    widths = [max(map(len, each)) for each in columns]
    least = None
    while (over := sum(widths) + 2 * (len(widths) - 1) - width) > 0:
        least = least or _least_widths(table)
        spare = [own - bound for own, bound in zip(widths, least)]
        widest = max(range(len(widths)), key=lambda at: (spare[at] > 0, widths[at]))
        if spare[widest] <= 0:
            break
        widths[widest] -= min(spare[widest], over)
    return widths


def _least_widths(table: Table) -> list[int]:
    headings = [column.heading for column in table.columns]
    found = []
    for column in zip(headings, *table.cells):
        least = 0
        for cell in column:
            if len(cell) > least:
                least = max(least, _least(cell))
        found.append(least)
    return found


def broken(line: str, width: int | None) -> list[str]:
    """A line in parts that fit, broken between words; what follows stands further in.

    Where columns stand in the line, two spaces or more apart, it stands below the last of them.

    >>> for part in broken("conv1  28 x 28  height: (32 - 5)//1 + 1 = 28", 36):
    ...     print(part)
    conv1  28 x 28  height: (32 - 5)//1
                    + 1 = 28
    """
    if width is None or len(line) <= width:
        return [line]
    start = len(line) - len(line.lstrip())
    ends = [found.end() for found in re.finditer(r"\S {2,}(?=\S)", line)]
    indent = max((end for end in ends if end <= width // 2), default=start + 2)
    parts = [""]
    for word in re.findall(r" *[^ ]+", line):
        if parts[-1].strip() and len(parts[-1]) + len(word) > width:
            word = word.lstrip()
            parts.append(" " * min(indent, max(start + 2, width - len(word))) + word)
        else:
            parts[-1] += word
    return parts


LEFT_OUT = (
    "Buffers",
    "Weights",
    "Elementwise",
    "Activations",
    "Receptive field",
    "FLOPs",
    "Input",
    "Settings",
    "Change",
    "Kind",
    "MACs A",
    "MACs B",
    "Params A",
    "Params B",
    "Output",
)
"""The columns that are left out where there is no room, the first one first; then those that are
not named here, from the right. The first column of a table always stays."""

_COUNT = re.compile(r"([-+]?)([0-9]{1,3}(?:,[0-9]{3})+)")


def fitted(table: Table, width: int) -> Table:
    """The table with what a width has room for.

    Cells can be broken between words. Where that is not enough, counts are written in three digits,
    and then columns are left out in the order of :data:`LEFT_OUT`; the summary says which.
    """
    least = _least_widths(table)
    if _together(least) > width:
        cells = [
            [_short(cell) if each.is_number else cell for each, cell in zip(table.columns, row)]
            for row in table.cells
        ]
        table = table._replace(cells=cells)
        least = _least_widths(table)
    stays = list(range(len(table.columns)))
    left_out = []
    while len(stays) > 1 and _together([least[at] for at in stays]) > width:
        headings = [table.columns[at].heading for at in stays]
        first = next((name for name in LEFT_OUT if name in headings[1:]), headings[-1])
        at = len(headings) - 1 - headings[::-1].index(first)
        left_out.append(first)
        stays.pop(at)
    if not left_out:
        return table
    told = f"{', '.join(left_out)} (the terminal is {width} columns wide)"
    return Table(
        table.title,
        [table.columns[at] for at in stays],
        [[row[at] for at in stays] for row in table.cells],
        [*table.summary, ("left out", told)],
    )


def _together(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _short(cell: str) -> str:
    """A count in three digits; what is none as it is."""
    found = _COUNT.fullmatch(cell)
    return found[1] + decimal(int(found[2].replace(",", ""))) if found else cell


def decimal(count: object) -> str:
    """A large number in three digits: ``1.59 G``; empty for a small one or a formula.

    >>> decimal(1_591_044_096), decimal(999_999), decimal(999)
    ('1.59 G', '1.00 M', '')
    """
    if not isinstance(count, int) or count < 1000:
        return ""
    step = 10 ** (len(str(count)) - 3)
    rounded = (count + step // 2) // step * step
    power = min(4, (len(str(rounded)) - 1) // 3)
    whole, part = divmod(rounded, 1000**power)
    places = max(0, 3 - len(str(whole)))
    fraction = f".{part * 10**places // 1000**power:0{places}d}" if places else ""
    return f"{whole:,}{fraction} {' kMGT'[power]}"


def markdown(table: Table) -> str:
    """The table in Markdown, the summary as a list below it."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(map(_nonbreaking, cells))} |"

    marks = ["---:" if column.is_number else "---" for column in table.columns]
    head = [line(column.heading for column in table.columns), "| " + " | ".join(marks) + " |"]
    below = [f"* {_marked(name)}: {_marked(value)}" for name, value in table.summary]
    return "\n".join(
        [f"**{_marked(table.title)}**", "", *head, *map(line, table.cells), "", *below]
    )


def _nonbreaking(cell: str) -> str:
    indent = len(cell) - len(cell.lstrip())
    return "&nbsp;" * indent + _marked(cell.lstrip())


def html(table: Table) -> str:
    """The table as a piece of HTML, for notebooks."""

    def line(cells: Iterable[str], tag: str) -> str:
        written = []
        for cell, column in zip(cells, table.columns):
            style = ' style="text-align:right"' if column.is_number else ' style="text-align:left"'
            inside = escape(cell.lstrip())
            indent = "&nbsp;" * (len(cell) - len(cell.lstrip())) * 2
            written.append(f"<{tag}{style}>{indent}{inside}</{tag}>")
        return f"<tr>{''.join(written)}</tr>"

    head = line([column.heading for column in table.columns], "th")
    body = "".join(line(cells, "td") for cells in table.cells)
    below = "".join(
        f"<br>{escape(name)}: {escape(one_line(value))}" for name, value in table.summary
    )
    return (
        f"<table><caption>{escape(one_line(table.title))}</caption><thead>{head}</thead>"
        f"<tbody>{body}</tbody></table><p>{below[4:]}</p>"
    )
