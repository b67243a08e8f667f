"""Networks and reports as notebooks show them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from shapecalc.layout import html
from shapecalc.table import lay_out, rows

if TYPE_CHECKING:
    from shapecalc.analysis.report import Report

MOST_DRAWN = 120
"""The most boxes, blocks folded, of a network that a notebook draws; a longer one is a table."""

MOST_ROWS = 400
"""The most rows of a table in a notebook; a longer one has its parts folded."""


def table(report: Report) -> str:
    """The table of a report, folded where it is long."""
    for depth in (None, 4, 3, 2):
        if sum(1 for _ in rows(report, depth)) <= MOST_ROWS:
            return html(lay_out(report, depth=depth))
    return html(lay_out(report, depth=1))


def drawing(report: Report) -> str:
    """The diagram of a report with its parts folded, and its table to be opened below.

    The table alone where the program that draws is missing, or the diagram would be long.
    """
    if shutil.which("dot") is None or sum(1 for _ in rows(report, 1)) > MOST_DRAWN:
        return table(report)
    from shapecalc.diagram import dot
    from shapecalc.diagram.effort import MOST_PIECES, TooLarge
    from shapecalc.diagram.files import NoGraphviz, drawn

    try:
        picture = drawn(dot(report, depth=1, ids=False, most_pieces=MOST_PIECES), "svg").decode()
    except (NoGraphviz, TooLarge):
        return table(report)
    svg = picture[picture.index("<svg") :]
    return f"{svg}<details><summary>layers</summary>{table(report)}</details>"
