"""Tables on a terminal, in colour."""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from shapecalc.table import Table, text

WIDEST = 1_000_000
"""More columns than any table has."""


def print_table(table: Table) -> None:
    """Print a table; plain where it is too wide: broken lines are better than broken cells."""
    console = Console(highlight=False)
    grid = _grid(table)
    anywhere = console.options.update(width=WIDEST)
    if console.measure(grid, options=anywhere).maximum > console.width:
        click.echo(text(table))
        return
    console.print(Text(table.title, "bold"))
    console.print(grid)
    console.print(_summary(table))


def _grid(table: Table) -> Grid:
    grid = Grid(box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        grid.add_column(column.heading, justify="right" if column.is_number else "left")
    kind = next((i for i, column in enumerate(table.columns) if column.heading == "Kind"), None)
    for cells in table.cells:
        grid.add_row(*[Text(c, "cyan" if i == kind else "") for i, c in enumerate(cells)])
    return grid


def _summary(table: Table) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for name, value in table.summary:
        grid.add_row(Text(name, "bold"), Text(value))
    return grid
