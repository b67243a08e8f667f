"""``shapecalc conventions``: what other tools count of the same network, side by side."""

from __future__ import annotations

import click

from shapecalc.analysis.conventions import CONVENTIONS, counted
from shapecalc.analysis.data import plain
from shapecalc.cli.common import (
    limit_options,
    open_spec,
    read_settings,
    read_symbolic,
    reports_errors,
    settings_options,
    spec_argument,
)
from shapecalc.cli.output import echo, echo_json
from shapecalc.cli.terminal import print_table
from shapecalc.conventions import as_dict, lay_out
from shapecalc.layout import markdown


@click.command()
@spec_argument
@settings_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
@limit_options
@reports_errors
def conventions(
    spec: str, settings: tuple[str, ...], symbolic: str | None, form: str, max_layers: int
) -> None:
    """Show what other tools would count, and which part each difference comes from."""
    network = open_spec(spec, max_layers)
    report = network.report(read_settings(settings), symbolic=read_symbolic(symbolic))
    found = [counted(report, name) for name in CONVENTIONS]
    if form == "json":
        echo_json({"name": report.name, "conventions": plain([as_dict(each) for each in found])})
    elif form == "markdown":
        echo(markdown(lay_out(report, found)))
    else:
        print_table(lay_out(report, found))
