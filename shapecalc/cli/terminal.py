"""Tables on a terminal, in colour."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from shapecalc.table import Table


def fits(table: Table) -> bool:
    """Whether a table's rows are no wider than the terminal."""
    widths = [max(map(len, column)) for column in zip(*table.cells)]
    headings = [len(column.heading) for column in table.columns]
    needed = sum(map(max, zip(headings, widths))) if widths else sum(headings)
    return needed + 2 * len(headings) <= Console().width


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal allows, and its summary below."""
    console = Console(highlight=False)
    grid = Grid(box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        justify = "right" if column.is_number else "left"
        grid.add_column(column.heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    kind = next((i for i, column in enumerate(table.columns) if column.heading == "Kind"), None)
    for cells in table.cells:
        grid.add_row(*[Text(c, "cyan" if i == kind else "") for i, c in enumerate(cells)])
    console.print(Text(table.title, "bold"))
    console.print(grid)
    summary = Grid.grid(padding=(0, 2))
    for name, value in table.summary:
        summary.add_row(Text(name, "bold"), Text(value))
    console.print(summary)
