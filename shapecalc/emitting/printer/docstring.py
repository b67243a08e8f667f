"""Texts of a spec as docstrings, in which they can do no harm."""

from __future__ import annotations

import re
from textwrap import dedent, wrap

from shapecalc.emitting.printer.line import WIDTH


def docstring(text: str, indent: int) -> list[str]:
    """Text as a docstring, its paragraphs wrapped; a table, which is indented, stays as it is.

    >>> docstring("One line.", 4)[0].replace('"', "'")
    "    '''One line.'''"
    """
    pad = " " * indent
    paragraphs = re.split(r"\n{2,}", f'"""{printable(text).strip()}')
    if len(paragraphs) == 1:
        paragraphs[0] += '"""'  # if it fits on the one line
    first, *rows = [row for each in paragraphs for row in ("", *_wrapped(each, WIDTH - indent))][1:]
    if not rows:
        return [pad + first]
    rows[-1] = rows[-1].removesuffix('"""')
    body = dedent("\n".join(rows)).split("\n")
    return [pad + first, *(f"{pad}{row}" if row else "" for row in body), f'{pad}"""']


def _wrapped(paragraph: str, width: int) -> list[str]:
    rows = paragraph.split("\n")
    if any(row.startswith(" ") for row in rows):
        return rows
    told = " ".join(paragraph.split()).replace(" x ", "\xa0x\xa0")  # sizes are not broken apart
    told = re.sub(r"batch (?=\d)", "batch\xa0", told)
    wrapped = wrap(told, width, break_long_words=False, break_on_hyphens=False)
    return [row.replace("\xa0", " ") for row in wrapped]


def printable(text: str) -> str:
    r"""Text without what would end a docstring, or mean something in it, and no space at line ends.

    >>> printable('a "quoted" word, a slash \\ and\fanother line')
    "a 'quoted' word, a slash / and\nanother line"
    """
    safe = text.replace("\\", "/").replace('"', "'")
    rows = ("".join(map(_shown, row.expandtabs())) for row in safe.splitlines())
    return "\n".join(row.rstrip() for row in rows)


def _shown(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}"
