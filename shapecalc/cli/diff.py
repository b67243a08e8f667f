"""``shapecalc diff``: two networks, or one under two settings, side by side."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from shapecalc.analysis.report import Report
from shapecalc.cli.common import (
    Count,
    code_options,
    limit_options,
    open_spec,
    read_settings,
    read_symbolic,
    reports_errors,
    settings_options,
)
from shapecalc.cli.completion import completed_setting, completed_spec
from shapecalc.cli.output import echo, echo_json
from shapecalc.cli.terminal import print_table
from shapecalc.comparing import as_dict, compare, lay_out
from shapecalc.language.symbols import known
from shapecalc.layout import markdown
from shapecalc.network import Network

FORMATS = ("table", "json", "markdown")

COLOURS = {"-": {"fg": "red"}, "+": {"fg": "green"}}
"""What rows look like on a terminal, by their marks."""


@click.command()
@click.argument("a", metavar="A", shell_complete=completed_spec)
@click.argument("b", metavar="[B]", required=False, shell_complete=completed_spec)
@settings_options
@click.option(
    "--set-a",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completed_setting,
    help="The same, for A alone.",
)
@click.option(
    "--set-b",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completed_setting,
    help="The same, for B alone.",
)
@click.option("--depth", type=Count(1), help="Fold what is nested deeper than this.")
@click.option("--all", "everything", is_flag=True, help="Show also the rows that are alike.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@code_options
@click.option("--exit-code", is_flag=True, help="Exit with status 1 if the two differ.")
@limit_options
@reports_errors
def diff(
    a: str,
    b: str | None,
    settings: tuple[str, ...],
    set_a: tuple[str, ...],
    set_b: tuple[str, ...],
    symbolic: str | None,
    depth: int | None,
    everything: bool,
    form: str,
    exit_code: bool,
    max_layers: int,
) -> None:
    """Show what changes from network A to network B.

    A and B are files, names of bundled specs such as googlenet, or - for standard input. Without B
    it is A under other settings: shapecalc diff googlenet --set-b H=448.
    """
    both = read_settings(settings)
    ours, theirs = read_settings(set_a, "--set-a"), read_settings(set_b, "--set-b")
    if b is None and {**both, **ours} == {**both, **theirs}:
        raise click.UsageError("both sides are the same; name a second spec, or use --set-b")
    left = open_spec(a, max_layers, b)
    right = left if b in (None, a) else open_spec(b or a, max_layers, a)
    comparison = compare(
        _report(left, right, both, ours, symbolic),
        _report(right, left, both, theirs, symbolic),
        depth,
    )
    if form == "json":
        echo_json(as_dict(comparison, everything))
    elif form == "markdown":
        echo(markdown(lay_out(comparison, everything)))
    else:
        table = lay_out(comparison, everything)
        print_table(table, [COLOURS.get(row[0][0], {}) for row in table.cells])
    if exit_code and comparison.is_different:
        sys.exit(1)


def _report(
    network: Network,
    other: Network,
    both: Mapping[str, str],
    own: Mapping[str, str],
    symbolic: str | None,
) -> Report:
    """The report of one side; what is said of a symbol that only the other has is left to it."""
    foreign = set(known(other.spec)) - set(known(network.spec))
    settings = {name: value for name, value in both.items() if name not in foreign}
    names = read_symbolic(symbolic)
    if isinstance(names, list):
        names = [name for name in names if name not in foreign]
    return network.report({**settings, **own}, symbolic=names)
