"""``shapecalc explain``: the derivation of a network's numbers."""

from __future__ import annotations

import click

from shapecalc.cli.common import (
    limit_options,
    open_spec,
    read_settings,
    read_symbolic,
    reports_errors,
    settings_options,
    spec_argument,
)
from shapecalc.cli.completion import completed_path
from shapecalc.cli.output import echo, echo_json, has_signs
from shapecalc.cli.terminal import print_lines


@click.command()
@spec_argument
@click.argument("layer", required=False, shell_complete=completed_path)
@settings_options
@click.option("--ascii", "plain", is_flag=True, help="Plain ASCII, no other signs.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text")
@limit_options
@reports_errors
def explain(
    spec: str,
    layer: str | None,
    settings: tuple[str, ...],
    symbolic: str | None,
    plain: bool,
    form: str,
    max_layers: int,
) -> None:
    """Explain how a layer's numbers come about.

    LAYER is a layer's path, or that of a block or branch for all inside it in brief; without it
    the whole network is explained in brief.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input.
    """
    from shapecalc.algebra.steps import ASCII, UNICODE
    from shapecalc.explaining import as_dict, closed, inside, markdown, text, whole
    from shapecalc.explaining import explain as derived

    network = open_spec(spec, max_layers)
    given = read_settings(settings)
    report = network.report(given, symbolic=read_symbolic(symbolic))
    plain = plain or not has_signs()
    style = ASCII if plain else UNICODE
    try:
        own = inside(report, layer)
    except KeyError as error:
        raise click.BadParameter(str(error.args[0]), param_hint="LAYER") from None
    if layer is None or layer not in report:
        (print_lines if form == "text" else echo)(whole(report, own, style, form))
        return
    told = derived(report, layer, closed(network, report, given))
    if form == "json":
        echo_json(as_dict(told))
    elif form == "markdown":
        echo(markdown(told))
    else:
        print_lines(text(told, style, ascii=plain))
