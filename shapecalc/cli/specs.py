"""``shapecalc specs``: the networks that come with the package."""

from __future__ import annotations

import click

from shapecalc import bundled
from shapecalc.cli.output import echo_json
from shapecalc.cli.terminal import print_lines


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def specs(form: str) -> None:
    """List the networks that come with shapecalc: each name is a SPEC.

    Behind the name of a family stand those of its members.
    """
    families = bundled.families()
    if form == "json":
        echo_json(families)
        return
    wide = max(map(len, families))
    for name, members in families.items():
        print_lines(f"{name:<{wide}}  {', '.join(members)}".rstrip())
