"""``shapecalc check``: the report and the emitted module against torch."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli.common import (
    echo_error,
    open_spec,
    read_settings,
    reports_errors,
    settings_option,
    spec_argument,
    wants_color,
)

if TYPE_CHECKING:
    from shapecalc.verify.findings import Finding

MOST_SHOWN = 10
"""How many differences of one comparison are printed."""


@click.command()
@spec_argument
@settings_option
@click.option(
    "--against",
    metavar="PACKAGE.MODULE:FACTORY",
    help="Check a module of your own instead: what the factory returns. This imports and runs "
    "that code.",
)
@click.option(
    "--arg", "arguments", multiple=True, metavar="NAME=VALUE", help="An argument of the factory."
)
@click.option("--seed", type=int, help="Draw the same random sizes again.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@reports_errors
def check(
    spec: str,
    settings: tuple[str, ...],
    against: str | None,
    arguments: tuple[str, ...],
    seed: int | None,
    form: str,
    max_layers: int,
) -> None:
    """Prove the emitted torch module equal to the spec, layer by layer.

    Shapes at the default and at random sizes, weights by name, operations by torch's own counter,
    and a real forward pass. Needs torch, which the extra 'torch' installs. Exit status 1 if
    anything differs.
    """
    from shapecalc.verify.against import FactoryError
    from shapecalc.verify.findings import TorchMissing

    if arguments and against is None:
        raise click.UsageError("--arg is an argument of the factory of --against")
    network = open_spec(spec, max_layers)
    given: dict[str, Any] = dict(read_settings(settings))
    try:
        findings = list(_told(_findings(network, given, against, arguments, seed), form))
    except (TorchMissing, FactoryError) as error:
        echo_error(f"shapecalc: error: {error}")
        sys.exit(1)
    if form == "json":
        plain = [{**each._asdict(), "agrees": each.agrees} for each in findings]
        click.echo(json.dumps(plain, indent=1, ensure_ascii=False))
    if not all(each.agrees for each in findings):
        sys.exit(1)


def _findings(
    network: Any,
    given: dict[str, Any],
    against: str | None,
    arguments: tuple[str, ...],
    seed: int | None,
) -> Iterator[Finding]:
    if against is None:
        from shapecalc.verify.check import check as check_emitted

        return check_emitted(network, given, seed=seed, progress=_progress())
    from shapecalc.verify.against import check_against, factory

    named = {name: _value(value) for name, value in read_settings(arguments, "--arg").items()}
    return check_against(network, functools.partial(factory(against), **named), given)


def _value(text: str) -> Any:
    """An argument for the user's factory: JSON where it is that, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)


def _told(findings: Iterator[Finding], form: str) -> Iterator[Finding]:
    """Print each finding as it comes, unless they are to be printed as one."""
    for each in findings:
        _clear()
        if form == "table":
            mark = "agrees" if each.agrees else "DIFFERS"
            note = f"  ({each.note})" if each.note else ""
            click.echo(f"{mark:<8} {each.what}: {each.compared:,} compared{note}")
            for difference in each.differences[:MOST_SHOWN]:
                click.echo(f"           {difference}")
            if len(each.differences) > MOST_SHOWN:
                click.echo(f"           and {len(each.differences) - MOST_SHOWN} more")
        yield each


def _progress() -> Callable[[str, int], None]:
    """What is being compared, on a terminal's last line."""
    if not wants_color(sys.stderr):
        return lambda what, steps: None
    done: dict[int, int] = {}

    def show(what: str, steps: int) -> None:
        done[steps] = done.get(steps, 0) + 1
        part = f" {done[steps]}/{steps}" if steps > 1 else ""
        click.echo(f"\r\033[K{what}{part} ...", nl=False, err=True)

    return show


def _clear() -> None:
    if wants_color(sys.stderr):
        click.echo("\r\033[K", nl=False, err=True)
