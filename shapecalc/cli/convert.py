"""``shapecalc convert``: the spec of a network, written down."""

from __future__ import annotations

from pathlib import Path

import click

from shapecalc.cli.common import limit_option, open_spec, reports_errors, spec_argument
from shapecalc.cli.output import echo, note_approximated, refuse_source, write
from shapecalc.language.writer import as_json, as_yaml
from shapecalc.pace import now


@click.command()
@spec_argument
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write to a file, not to standard output.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    help="The language to write; YAML unless FILE ends in .json.",
)
@limit_option
@reports_errors
def convert(spec: str, output: Path | None, form: str | None, max_layers: int) -> None:
    """Write the spec of a network.

    SPEC is PyTorch source, FILE.py:EXPR with --input 3,224,224; or a spec, to turn YAML into JSON
    and back.
    """
    network = open_spec(spec, max_layers)
    refuse_source(output, network.spec.source.name)
    network.report()
    now.begin("writing")
    is_json = form == "json" or (form is None and str(output).endswith(".json"))
    text = as_json(network.spec) if is_json else as_yaml(network.spec)
    note_approximated(network.spec)
    if output is None or str(output) == "-":
        echo(text.rstrip("\n"))
        return
    write(output, text.encode())
