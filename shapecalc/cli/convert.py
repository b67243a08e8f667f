"""``shapecalc convert``: the spec of a network, written down."""

from __future__ import annotations

from pathlib import Path

import click

from shapecalc.cli.common import limit_option, open_spec, reports_errors, spec_argument
from shapecalc.cli.output import echo
from shapecalc.language.writer import as_json, as_yaml


@click.command()
@spec_argument
@click.option("-o", "--output", metavar="FILE", help="Write to a file, not to standard output.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    help="The language to write; YAML unless FILE ends in .json.",
)
@limit_option
@reports_errors
def convert(spec: str, output: str | None, form: str | None, max_layers: int) -> None:
    """Write the spec of a network.

    SPEC is PyTorch source, FILE.py:EXPR with --input 3,224,224; or a spec, to turn YAML into JSON
    and back.
    """
    network = open_spec(spec, max_layers)
    network.report()
    is_json = form == "json" or (form is None and str(output).endswith(".json"))
    text = as_json(network.spec) if is_json else as_yaml(network.spec)
    if output is None or output == "-":
        echo(text.rstrip("\n"))
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{output}: {error.strerror}", param_hint="-o") from None
