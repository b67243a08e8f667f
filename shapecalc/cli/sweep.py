"""``shapecalc sweep``: a table over many settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from shapecalc.cli.common import (
    Count,
    limit_options,
    open_spec,
    read_settings,
    reports_errors,
    require_option,
    settings_option,
    spec_argument,
)
from shapecalc.cli.completion import completed_list, completed_setting
from shapecalc.cli.output import cannot_write, echo, echo_error, refuse_source
from shapecalc.cli.stopping import Stopping
from shapecalc.cli.terminal import print_table
from shapecalc.language.signs import one_line
from shapecalc.layout import Heading, Table
from shapecalc.layout import text as laid_out
from shapecalc.pace import now
from shapecalc.sweep import MEASURES, Best, Result, Selection, Sweep, read_over, rows
from shapecalc.sweep.choose import Columns
from shapecalc.sweep.plot import FORMS, Sampled, draw
from shapecalc.sweep.plot import axes as drawing_axes
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
@click.option("--top", "count", type=Count(1), help="Only so many rows, the least first.")
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
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the rows, too, as .svg, .png or .html: a front, or a column over the symbols.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Compute on the workers of this scheduler of Dask, or 'local' for one a processor; "
    "parquet is then a folder of files.",
)
@limit_options
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
    plot: Path | None,
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
    _look_at(form, output, plot, scheduler)
    network = open_spec(spec, max_layers).requiring(required, "--require")
    for path in (output, plot):
        refuse_source(path, network.spec.source.name)
    selection = Selection(where, _names(front), count, by)
    axes = [read_over(each) for each in over]
    swept = Sweep(network, axes, read_settings(settings), _names(columns), selection)
    folder = output if form == "parquet" and scheduler and not selection.reduces else None
    if folder and plot:
        raise click.UsageError("rows that workers write are not drawn; --pareto and --top are")
    drawn = Sampled() if plot else None
    writers = [Written() if folder else _writer(swept, form, output), *([drawn] if drawn else [])]
    with Stopping() as stopping:
        if scheduler is None:
            _run(swept, swept.results(), writers, stopping)
        else:
            _run_on(scheduler, swept, folder, writers, stopping)
    if plot and drawn:
        _draw(plot, swept, drawn)
    _left_out(swept)
    if stopping.signal is not None:
        echo_error(f"stopped after {swept.seen:,} of {swept.total:,} settings")
        sys.exit(stopping.status)


def _look_at(form: str, output: Path | None, plot: Path | None, scheduler: str | None) -> None:
    """What options ask for must be there, and go together."""
    if form == "parquet":
        _needs("pyarrow", "parquet")
        if output is None:
            raise click.UsageError("parquet is no text: name a file with -o")
    if scheduler is not None:
        _needs("distributed", "--scheduler")
    elif output is not None and output.is_dir():
        raise click.BadParameter(f"{one_line(str(output))} is a folder", param_hint="--output")
    if plot is not None:
        _needs("altair", "--plot")
        _needs("vl_convert", "--plot")
        if plot.suffix not in FORMS:
            message = f"{one_line(str(plot))} ends in none of {', '.join(FORMS)}"
            raise click.BadParameter(message, param_hint="--plot")


def _draw(plot: Path, swept: Sweep, drawn: Sampled) -> None:
    measures = [name for name in swept.columns if name not in {axis.name for axis in swept.over}]
    wanted = (swept.selection.by or "").removeprefix("-")
    if wanted not in measures:
        wanted = "macs" if "macs" in measures else [*measures, *swept.columns][0]
    axes = drawing_axes(swept.over, swept.selection.front, wanted)
    try:
        draw(plot, swept.network.name, drawn, axes)
    except OSError as error:
        cannot_write(plot, error)
    if len(drawn.rows) < drawn.seen:
        echo_error(f"{plot} shows {len(drawn.rows):,} of {drawn.seen:,} rows")


def _run_on(
    scheduler: str,
    swept: Sweep,
    folder: Path | None,
    writers: Sequence[Writer],
    stopping: Stopping,
) -> None:
    """The same on workers of Dask; all rows of a table in Parquet are written there, in parts."""
    from shapecalc.sweep.cluster import ClusterError, connected, results

    swept.check()
    if folder is not None:
        _make(folder)
    try:
        with connected(scheduler) as client:
            found = results(swept, client, folder, lambda: stopping.signal is not None)
            _run(swept, found, writers, stopping)
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


def _run(
    swept: Sweep, found: Iterable[Result], writers: Sequence[Writer], stopping: Stopping
) -> None:
    """Take what comes of each piece until all are done, or no more are wanted."""
    best = Best(swept)
    now.begin("sweeping", swept.total)
    for result in found:
        swept.take(result)
        now.begin("sweeping", swept.total)
        now.count = swept.seen
        if swept.selection.reduces:
            best.add(result.tables)
        else:
            _write(writers, result.tables)
        if stopping.signal is not None or all(map(_is_full, writers)):
            break
    if swept.selection.reduces:
        _write(writers, [best.table()])
    for writer in writers:
        writer.end()


def _write(writers: Sequence[Writer], tables: Iterable[Columns]) -> None:
    for table in tables:
        for writer in writers:
            writer.add(table)


def _is_full(writer: Writer) -> bool:
    return isinstance(writer, Shown) and writer.is_full


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
            cannot_write(output, error)

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
