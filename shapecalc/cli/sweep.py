"""``shapecalc sweep``: a table over many settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
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
from shapecalc.cli.completion import completed_list, completed_setting
from shapecalc.cli.output import echo, echo_error, refuse_source
from shapecalc.cli.stopping import Stopping
from shapecalc.cli.terminal import print_table
from shapecalc.language.signs import one_line
from shapecalc.layout import Heading, Table
from shapecalc.layout import text as laid_out
from shapecalc.pace import now
from shapecalc.sweep import MEASURES, Best, Result, Selection, Sweep, read_over, rows
from shapecalc.sweep.choose import Columns
from shapecalc.sweep.write import Parquet, Text, Writer

MOST_REASONS = 10
"""How many reasons for which settings are left out are told."""

MOST_ROWS = 10_000
"""How many rows a table for people has."""

EXTRA = "pip install 'shapecalc-nn[sweep]'"


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
@click.option(
    "--columns",
    metavar="COLUMNS",
    default=",".join(MEASURES),
    shell_complete=completed_list((*MEASURES, "peak_memory")),
    help="What rows tell: totals, and facts that a requirement can name, as peak_memory and "
    "conv5.height.",
)
@require_option
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table"
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The file to write.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Compute on the workers of this scheduler of Dask, or 'local' for one a processor; "
    "parquet is then a folder of files.",
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
    columns: str,
    required: tuple[str, ...],
    form: str,
    output: Path | None,
    scheduler: str | None,
    max_layers: int,
) -> None:
    """Show totals over many settings of symbols, each row as 'show' would tell it.

    \b
    shapecalc sweep resnet18 --over H=128,160,192,224 --over B=1,8
    shapecalc sweep vgg16 --over H=32:512:32 --where 'macs <= 20e9' --top 5 --by=-macs
    """
    _needs("numpy", "a sweep")
    if (count is None) != (by is None):
        raise click.UsageError("--top and --by go together: how many, and the least of what")
    if form == "parquet":
        _needs("pyarrow", "parquet")
        if output is None:
            raise click.UsageError("parquet is no text: name a file with -o")
    if scheduler is None and output is not None and output.is_dir():
        raise click.BadParameter(f"{one_line(str(output))} is a folder", param_hint="--output")
    network = open_spec(spec, max_layers).requiring(required, "--require")
    refuse_source(output, network.spec.source.name)
    selection = Selection(where, _names(front), count, by)
    axes = [read_over(each) for each in over]
    swept = Sweep(network, axes, read_settings(settings), _names(columns), selection)
    with Stopping() as stopping:
        if scheduler is None:
            _run(swept, swept.results(), _writer(swept, form, output), stopping)
        else:
            _run_on(scheduler, swept, form, output, stopping)
    _left_out(swept)
    if stopping.signal is not None:
        echo_error(f"stopped after {swept.seen:,} of {swept.total:,} settings")
        sys.exit(stopping.status)


def _run_on(
    scheduler: str, swept: Sweep, form: str, output: Path | None, stopping: Stopping
) -> None:
    """The same on workers of Dask; a table that is not reduced is written there, in parts."""
    _needs("distributed", "--scheduler")
    from shapecalc.sweep.cluster import ClusterError, connected, results

    swept.check()
    folder = output if form == "parquet" and not swept.selection.reduces else None
    if folder is not None:
        _make(folder)
    writer = Written() if folder else _writer(swept, form, output)
    try:
        with connected(scheduler) as client:
            found = results(swept, client, folder, lambda: stopping.signal is not None)
            _run(swept, found, writer, stopping)
    except ClusterError as error:
        echo_error(f"shapecalc: error: {error}")
        sys.exit(1)


def _make(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise click.BadParameter(
            f"{one_line(str(folder))} is there already; name a new folder", param_hint="--output"
        )
    folder.mkdir(parents=True, exist_ok=True)


class Written:
    """Where workers have written the rows, nothing is left to do."""

    def add(self, table: Columns) -> None:
        """Rows that travel although they need not."""

    def end(self) -> None:
        """All is written."""


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _needs(package: str, what: str) -> None:
    if find_spec(package) is None:
        raise click.UsageError(f"{what} needs {package}: {EXTRA}")


def _run(swept: Sweep, found: Iterable[Result], writer: Writer, stopping: Stopping) -> None:
    """Take what comes of each piece until all are done, or no more are wanted."""
    best = Best(swept)
    for result in found:
        swept.take(result)
        now.begin("sweeping", swept.total)
        now.count = swept.seen
        if swept.selection.reduces:
            best.add(result.tables)
        else:
            for table in result.tables:
                writer.add(table)
        if stopping.signal is not None or getattr(writer, "is_full", False):
            break
    if swept.selection.reduces:
        writer.add(best.table())
    writer.end()


def _writer(swept: Sweep, form: str, output: Path | None) -> Writer:
    if form == "parquet":
        assert output is not None
        return Parquet(output, swept.columns, swept.over)
    if form == "table":
        return Shown(swept, output)
    return Text(swept.columns, form, _put(output))


def _put(output: Path | None) -> Callable[[str], None]:
    """Where text goes: as it comes, so that a run that is stopped keeps what it wrote."""
    if output is None:
        return lambda text: echo(text, end=False)
    opened: list[Any] = []

    def put(text: str) -> None:
        try:
            if not opened:
                opened.append(output.open("w", encoding="utf-8", newline=""))
            opened[0].write(text)
            opened[0].flush()
        except OSError as error:
            echo_error(f"shapecalc: error: cannot write {output}: {error.strerror or error}")
            sys.exit(1)

    return put


class Shown:
    """A table for people, which is laid out when all its rows are known."""

    def __init__(self, swept: Sweep, output: Path | None) -> None:
        self.swept = swept
        self.output = output
        self.cells: list[list[str]] = []

    @property
    def is_full(self) -> bool:
        """Whether no more rows are wanted."""
        return len(self.cells) > MOST_ROWS

    def add(self, table: Columns) -> None:
        """Take rows in, as many as there is room for."""
        for row in rows(table):
            if self.is_full:
                break
            self.cells.append([_cell(value) for value in row.values()])

    def end(self) -> None:
        """Print the table; say so where there would be more."""
        headings = [Heading(each, True) for each in self.swept.columns]
        name = one_line(self.swept.network.name)
        table = Table(name, headings, self.cells[:MOST_ROWS], [])
        if self.output is None:
            print_table(table)
        else:
            _put(self.output)(laid_out(table) + "\n")
        if self.is_full:
            echo_error(f"a table ends after {MOST_ROWS:,} rows; --format csv tells all")


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _left_out(swept: Sweep) -> None:
    """Say on standard error which settings do not work, and why."""
    told = swept.left_out.most_common()
    if not told:
        return
    total = sum(count for _, count in told)
    echo_error(f"{total:,} of {swept.seen:,} settings are left out:")
    for reason, count in told[:MOST_REASONS]:
        echo_error(f"  {count:,}: {reason}")
    if len(told) > MOST_REASONS:
        echo_error(f"  and {len(told) - MOST_REASONS} more reasons")
