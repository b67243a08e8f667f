"""``shapecalc show``: the table of a network's layers."""

from __future__ import annotations

from fractions import Fraction

import click

from shapecalc import table as tables
from shapecalc.analysis.data import as_data, plain
from shapecalc.analysis.tools import TOOLS
from shapecalc.cli.common import (
    Count,
    dtype_option,
    limit_options,
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
from shapecalc.language.problem import did_you_mean
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
            hint = did_you_mean(name, tables.COLUMNS) or f"there are {', '.join(tables.COLUMNS)}"
            raise click.BadParameter(f"no column {name!r}; {hint}")
    return names


def _rate(ctx: click.Context, param: click.Parameter, value: str | None) -> Fraction | None:
    try:
        rate = None if value is None else Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{value!r} is no number such as 10e12") from None
    if rate is not None and rate <= 0:
        raise click.BadParameter("it has to be more than 0")
    return rate


@click.command()
@spec_argument
@settings_options
@require_option
@click.option(
    "--convention",
    type=click.Choice(list(TOOLS)),
    help="Count as another tool does, in a column and a total of its own.",
)
@dtype_option
@click.option("--depth", type=Count(1), help="Fold what is nested deeper than this.")
@click.option(
    "--columns",
    callback=_columns,
    shell_complete=completed_list(tables.COLUMNS),
    metavar="NAMES",
    help=f"The columns, separated by commas: {', '.join(tables.COLUMNS)}.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--device-flops",
    callback=_rate,
    metavar="N",
    help="Operations a second of a device, as 10e12: with --device-bandwidth a bound on time.",
)
@click.option(
    "--device-bandwidth", callback=_rate, metavar="N", help="Its bytes a second, as 900e9."
)
@limit_options
@reports_errors
def show(
    spec: str,
    settings: tuple[str, ...],
    symbolic: str | None,
    required: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    depth: int | None,
    columns: tuple[str, ...] | None,
    form: str,
    device_flops: Fraction | None,
    device_bandwidth: Fraction | None,
    max_layers: int,
) -> None:
    """Show every layer's output shape, parameters and cost.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input.
    """
    if (device_flops is None) != (device_bandwidth is None):
        raise click.UsageError("--device-flops and --device-bandwidth go together")
    device = None
    if device_flops is not None and device_bandwidth is not None:
        from shapecalc.analysis.roofline import Device

        device = Device(device_flops, device_bandwidth)
    network = open_spec(spec, max_layers).requiring(required, "--require")
    network = network.of_type(dtype) if dtype else network
    report = network.report(read_settings(settings), symbolic=read_symbolic(symbolic))
    if form == "json":
        found = as_data(report, memory="memory" in (columns or ()))
        if convention:
            from shapecalc.analysis.conventions import counted  # which needs all kinds
            from shapecalc.conventions import as_dict

            found["totals"]["convention"] = plain(as_dict(counted(report, convention)))
        if device is not None:
            from shapecalc.analysis.roofline import bound

            least = report.built.least
            for told, layer in zip(found["layers"], report.layers, strict=True):
                told["seconds_at_least"] = bound([layer], device, least).told
            found["totals"]["seconds_at_least"] = bound(report.layers, device, least).told
        echo_json(found)
        return
    if form == "csv":
        echo(tables.csv(report, columns or tables.RECORD_COLUMNS, depth, convention))
        return
    table = tables.lay_out(report, columns or tables.DEFAULT_COLUMNS, depth, convention, device)
    if form == "markdown":
        echo(markdown(table))
    else:
        print_table(table)
