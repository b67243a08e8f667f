"""``shapecalc solve``: one unknown of a whole network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from shapecalc.cli.common import (
    Function,
    limit_options,
    open_spec,
    read_settings,
    reports_errors,
    settings_option,
    spec_argument,
)
from shapecalc.cli.completion import completed_path, completed_symbol
from shapecalc.cli.output import echo_error, echo_json
from shapecalc.cli.terminal import print_lines

if TYPE_CHECKING:
    from shapecalc.solving.network import Amount, OutputSize

_SIZE = re.compile(r"[0-9]{1,18}(?:x[0-9]{1,18})*")


def _amounts(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, int]]:
    """Relations and numbers, as in ``<=1.5G``."""
    from shapecalc.solving.amount import read_amount

    try:
        return [read_amount(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _one(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str:
    """The one unknown."""
    if len(values) > 1:
        raise click.BadParameter(
            "one unknown is solved for; give the others a value with --set, "
            "or try combinations with 'shapecalc sweep'"
        )
    return values[0]


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Sizes, as in ``64x4x5``."""
    if value is None:
        return None
    if not _SIZE.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no size such as 4, 4x5 or 64x4x5")
    return tuple(map(int, value.split("x")))


def _total(name: str, about: str) -> Callable[[Function], Function]:
    metavar = "[<|<=|>|>=]N[k|M|G|T]"
    return click.option(f"--{name}", callback=_amounts, multiple=True, metavar=metavar, help=about)


@click.command()
@spec_argument
@click.option(
    "--for",
    "symbol",
    required=True,
    multiple=True,
    callback=_one,
    metavar="SYMBOL",
    shell_complete=completed_symbol,
    help="The unknown, a whole number.",
)
@click.option(
    "--at",
    metavar="PATH",
    shell_complete=completed_path,
    help="A layer, block or branch whose output is wanted.",
)
@click.option(
    "--output",
    callback=_size,
    metavar="SIZE",
    help="What it is to put out: 4 for every side that depends on the unknown, 4x5 for height "
    "and width, 64x4x5 for the whole shape without the batch.",
)
@_total("params", "The parameters wanted of the network; twice for a range.")
@_total("macs", "Its multiply-accumulates.")
@_total("flops", "Twice as many.")
@_total("activations", "The elements its layers write.")
@click.option("--exact", is_flag=True, help="Only values at which no window drops a pixel.")
@settings_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@limit_options
@reports_errors
def solve(
    spec: str,
    symbol: str,
    at: str | None,
    output: tuple[int, ...] | None,
    exact: bool,
    settings: tuple[str, ...],
    form: str,
    max_layers: int,
    **amounts: list[tuple[str, int]],
) -> None:
    """Find every value of one symbol that gives what is wanted.

    \b
    shapecalc solve cifar10 --for H --at maxpool3 --output 4
    shapecalc solve unet --for channels --params '<=5M'

    Several conditions must hold together; without any, the values are those that make a network.
    Other symbols keep their values. Exit status 1 if there is no such value.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input.
    """
    if at is not None and output is None:
        raise click.UsageError("--at says where, but --output does not say what is wanted there")
    if output is not None and at is None:
        raise click.UsageError("--output says what is wanted, but --at does not say where")
    network = open_spec(spec, max_layers)
    given = read_settings(settings)

    from shapecalc.solving import network as solving
    from shapecalc.solving.write import as_dict, text

    wanted: list[OutputSize | Amount] = []
    if at is not None and output is not None:
        wanted.append(solving.OutputSize(at, output))
    wanted += [solving.Amount(name, *each) for name, those in amounts.items() for each in those]
    try:
        answer = solving.solve(network, symbol, wanted, given, exact=exact)
    except solving.QuestionError as error:
        raise click.BadParameter(str(error), param_hint=error.option) from None
    except solving.NoSolution as error:
        echo_error(f"shapecalc solve: error: {error}")
        raise SystemExit(1) from None
    if form == "json":
        echo_json(as_dict(answer))
    else:
        print_lines(text(answer))
