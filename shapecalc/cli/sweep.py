"""``shapecalc sweep``: a table over many settings."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from shapecalc.cli.common import (
    limit_option,
    open_spec,
    read_settings,
    reports_errors,
    require_option,
    settings_option,
    spec_argument,
)
from shapecalc.cli.completion import completed_setting
from shapecalc.cli.output import echo, echo_error, write
from shapecalc.cli.terminal import print_table
from shapecalc.language.signs import one_line
from shapecalc.layout import Heading, Table
from shapecalc.sweep import Sweep, read_over
from shapecalc.sweep.choose import condition, holding, known_column, pareto, top
from shapecalc.sweep.run import rows

MOST_REASONS = 10
"""How many reasons for which settings are left out are told."""


@click.command()
@spec_argument
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="NAME=VALUES",
    shell_complete=completed_setting,
    help="The values of a symbol: 128,160,192, or first:last:step, the last included.",
)
@settings_option
@click.option("--where", multiple=True, metavar="CONDITION", help="Only rows for which it holds.")
@click.option("--pareto", "front", metavar="COLUMNS", help="Only rows that none is better than.")
@click.option("--top", "count", type=click.IntRange(1), help="Only so many rows, the least first.")
@click.option("--by", metavar="COLUMN", help="What --top looks at; -COLUMN for the greatest.")
@require_option
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table"
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@limit_option
@reports_errors
def sweep(
    spec: str,
    over: tuple[str, ...],
    settings: tuple[str, ...],
    where: tuple[str, ...],
    front: str | None,
    count: int | None,
    by: str | None,
    required: tuple[str, ...],
    form: str,
    output: Path | None,
    max_layers: int,
) -> None:
    """Show totals over many settings of symbols, each row as 'show' would tell it.

    \b
    shapecalc sweep resnet18 --over H=128,160,192,224 --over B=1,8
    shapecalc sweep vgg16 --over H=32:512:32 --where 'macs <= 20e9' --top 5 --by=-macs
    """
    _needs_numpy()
    if (count is None) != (by is None):
        raise click.UsageError("--top and --by go together: how many, and the least of what")
    network = open_spec(spec, max_layers).requiring(required, "--require")
    swept = Sweep(network, [read_over(each) for each in over], read_settings(settings))
    for name in filter(None, [by, *(front or "").split(",")]):
        known_column(name.strip().removeprefix("-"), swept.columns)
    found: Iterable[Any] = (row for block in swept for row in rows(block))
    found = holding(found, [condition(text, swept.columns) for text in where])
    if front is not None:
        found = pareto(found, [name.strip() for name in front.split(",")])
    if count is not None and by is not None:
        found = top(found, count, by)
    _tell(network.name, swept, found, form, output)
    _left_out(swept)


def _needs_numpy() -> None:
    try:
        import numpy  # noqa: F401
    except ImportError:
        hint = "pip install 'shapecalc-nn[sweep]'"
        raise click.UsageError(f"a sweep needs numpy: {hint}") from None


def _tell(name: str, swept: Sweep, found: Iterable[Any], form: str, output: Path | None) -> None:
    if form == "parquet":
        _parquet(swept, list(found), output)
    elif form == "csv" and output is None:
        for line in _csv(swept.columns, found):
            echo(line, end=False)
    elif form == "csv":
        assert output is not None
        write(output, "".join(_csv(swept.columns, found)).encode())
    elif form == "json":
        text = json.dumps([{key: _plain(each) for key, each in row.items()} for row in found])
        _out(text, output)
    else:
        cells = [[_cell(value) for value in row.values()] for row in found]
        table = Table(one_line(name), [Heading(each, True) for each in swept.columns], cells, [])
        if output is None:
            print_table(table)
        else:
            from shapecalc.layout import text as laid_out

            write(output, (laid_out(table) + "\n").encode())


def _csv(columns: list[str], found: Iterable[Any]) -> Iterator[str]:
    """The lines of a table for programs, each as soon as it is known."""
    yield _line(columns)
    for row in found:
        yield _line(row.values())


def _line(values: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def _parquet(swept: Sweep, found: list[Any], output: Path | None) -> None:
    if output is None:
        raise click.UsageError("parquet is no text: name a file with -o")
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        hint = "pip install 'shapecalc-nn[sweep]'"
        raise click.UsageError(f"parquet needs pyarrow: {hint}") from None
    columns = {name: [_plain(row[name]) for row in found] for name in swept.columns}
    parquet.write_table(pyarrow.table(columns), output)


def _out(text: str, output: Path | None) -> None:
    if output is None:
        echo(text)
    else:
        write(output, (text + "\n").encode())


def _plain(value: Any) -> Any:
    """Integers as they are, fractions as text."""
    return value if isinstance(value, int) else str(value)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _left_out(swept: Sweep) -> None:
    """Say on standard error which settings do not work, and why."""
    told = [(reason, count) for reason, count in swept.left_out.most_common() if count]
    if not told:
        return
    total = sum(count for _, count in told)
    echo_error(f"{total:,} of {swept.seen:,} settings are left out:")
    for reason, count in told[:MOST_REASONS]:
        echo_error(f"  {count:,}: {reason}")
    if len(told) > MOST_REASONS:
        echo_error(f"  and {len(told) - MOST_REASONS} more reasons")
    sys.stderr.flush()
