"""``shapecalc emit``: the network as source."""

from __future__ import annotations

from pathlib import Path

import click

from shapecalc.cli.common import (
    limit_options,
    open_spec,
    read_settings,
    reports_errors,
    settings_option,
    spec_argument,
    work_option,
)
from shapecalc.cli.output import echo, note_approximated, refuse_source, write


@click.command()
@spec_argument
@settings_option
@click.option("--torch", "for_torch", is_flag=True, help="Write a torch module.")
@click.option(
    "--style",
    type=click.Choice(["module", "sequential"]),
    default="module",
    show_default=True,
    help="A class for each block, or one nn.Sequential where the network is a chain.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to a file.",
)
@work_option
@limit_options
@reports_errors
def emit(
    spec: str,
    settings: tuple[str, ...],
    for_torch: bool,
    style: str,
    output: Path | None,
    max_layers: int,
) -> None:
    """Write the network as source that a person would write.

    Symbols are parameters of what is written, with the values they have here. torch is not needed
    to write it.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input.
    """
    from shapecalc.emitting import module, sequential

    if not for_torch:
        raise click.UsageError("say what to write: --torch is the one target there is")
    written = module if style == "module" else sequential
    network = open_spec(spec, max_layers)
    refuse_source(output, network.spec.source.name)
    source = written(network, read_settings(settings))
    note_approximated(network.spec)
    if output is None:
        echo(source, end=False)
        return
    write(output, source.encode())
