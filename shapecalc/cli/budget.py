"""``shapecalc budget``: whether networks are what they are required to be, for hooks and CI."""

from __future__ import annotations

import sys
from typing import Any

import click

from shapecalc.cli.common import (
    code_options,
    limit_options,
    open_spec,
    read_settings,
    reports_errors,
    require_option,
    settings_option,
    tell_errors,
)
from shapecalc.cli.completion import completed_spec
from shapecalc.cli.output import echo
from shapecalc.language.problem import SpecError
from shapecalc.language.signs import one_line
from shapecalc.network import Network


@click.command()
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...", shell_complete=completed_spec)
@code_options
@settings_option
@require_option
@limit_options
@reports_errors
def budget(
    specs: tuple[str, ...],
    settings: tuple[str, ...],
    required: tuple[str, ...],
    max_layers: int,
) -> None:
    """Hold networks to what they require, and to --require: exit 1 where one is not so.

    \b
    shapecalc budget specs/*.yaml --require "params <= 5e6"
    shapecalc budget model.py --input 3,224,224 --require "macs < 600e6"
    """
    given = read_settings(settings)
    broken = 0
    for spec in specs:
        try:
            network = open_spec(spec, max_layers).requiring(required, f"{one_line(spec)} --require")
            for line in _held(network, given):
                echo(f"{one_line(spec)}: {line}")
        except SpecError as error:
            broken += 1
            tell_errors(error)
    if broken:
        sys.exit(1)


def _held(network: Network, settings: dict[str, Any]) -> list[str]:
    """Each condition, which holds, with the values of what it names."""
    from shapecalc.analysis.budget import Facts

    report = network.report(settings)
    facts = Facts(report)
    lines = []
    for each in network.spec.require:
        values = [facts[name] for name in each.names]
        told = ", ".join(f"{value:,}" if isinstance(value, int) else str(value) for value in values)
        lines.append(f"{each.text} ({told})" if told else each.text)
    return lines or ["a network, of which nothing is required"]
