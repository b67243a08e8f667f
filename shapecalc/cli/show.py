"""``shapecalc show``: the table of a network's layers."""

from __future__ import annotations

import click

from shapecalc import table as tables
from shapecalc.cli.common import (
    limit_option,
    open_spec,
    read_settings,
    read_symbolic,
    reports_errors,
    require_option,
    settings_options,
    spec_argument,
)
from shapecalc.cli.completion import completed_list
from shapecalc.cli.output import echo, echo_json
from shapecalc.cli.terminal import print_table
from shapecalc.layout import markdown

FORMATS = ("table", "json", "csv", "markdown")


def _columns(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(name.strip().lower() for name in value.split(","))
    for name in names:
        if name not in tables.COLUMNS:
            raise click.BadParameter(f"no column {name!r}; there are {', '.join(tables.COLUMNS)}")
    return names


@click.command()
@spec_argument
@settings_options
@require_option
@click.option("--depth", type=click.IntRange(1), help="Fold what is nested deeper than this.")
@click.option(
    "--columns",
    callback=_columns,
    shell_complete=completed_list(tables.COLUMNS),
    metavar="NAMES",
    help=f"The columns, separated by commas: {', '.join(tables.COLUMNS)}.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@limit_option
@reports_errors
def show(
    spec: str,
    settings: tuple[str, ...],
    symbolic: str | None,
    required: tuple[str, ...],
    depth: int | None,
    columns: tuple[str, ...] | None,
    form: str,
    max_layers: int,
) -> None:
    """Show every layer's output shape, parameters and cost.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input.
    """
    network = open_spec(spec, max_layers).requiring(required, "--require")
    report = network.report(read_settings(settings), symbolic=read_symbolic(symbolic))
    if form == "json":
        echo_json(report.to_dict())
        return
    if form == "csv":
        echo(tables.csv(report, columns or tables.RECORD_COLUMNS, depth))
        return
    table = tables.lay_out(report, columns or tables.DEFAULT_COLUMNS, depth)
    if form == "markdown":
        echo(markdown(table))
    else:
        print_table(table)
