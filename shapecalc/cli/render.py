"""``shapecalc render``: a network's diagram, and the page that reports on it."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from shapecalc.cli.common import (
    Count,
    dtype_option,
    limit,
    limit_options,
    open_spec,
    read_settings,
    read_symbolic,
    reports_errors,
    settings_options,
    spec_argument,
)
from shapecalc.cli.output import refuse_source, write
from shapecalc.diagram.effort import MOST_PIECES
from shapecalc.pace import now

ENDINGS = (".dot", ".svg", ".png", ".pdf", ".html")

OF_DIAGRAMS = ("color_by", "direction", "widths", "legend", "max_pieces")
"""The choices that a picture of memory does not have."""

OF_PICTURES = ("theme", *OF_DIAGRAMS, "memory")
"""The choices that a page does not have: its reader's browser makes them, or it shows it all."""


def _output(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    if value.suffix.lower() not in ENDINGS:
        raise click.BadParameter(f"{value.name!r} ends in none of {', '.join(ENDINGS)}")
    return value


@click.command()
@spec_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    callback=_output,
    metavar="FILE",
    help=f"The file to write; its ending says what: {', '.join(ENDINGS)}.",
)
@settings_options
@click.option(
    "--depth",
    type=Count(1),
    help="Fold what is nested deeper than this; by default a picture folds all blocks.",
)
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True)
@click.option(
    "--colour-by",
    "--color-by",
    "color_by",
    type=click.Choice(["macs", "params", "activations"]),
    help="Shade boxes by their share, in place of colours for kinds.",
)
@click.option(
    "--direction",
    type=click.Choice(["TB", "LR"], case_sensitive=False),
    default="TB",
    show_default=True,
    help="Draw top-down, or from left to right.",
)
@click.option("--widths", is_flag=True, help="Draw edges as thick as their tensors are large.")
@click.option("--title", help="The title, in place of the network's name; '' for none.")
@click.option("--legend", is_flag=True, help="Add what the colours mean.")
@click.option("--memory", is_flag=True, help="Draw what is held in memory while each layer runs.")
@dtype_option
@limit(
    "--max-pieces",
    MOST_PIECES,
    "How many boxes, and ranks that edges cross, Graphviz may lay out in one column; twice as many "
    "in all.",
)
@limit_options
@click.pass_context
@reports_errors
def render(
    ctx: click.Context,
    spec: str,
    output: Path,
    settings: tuple[str, ...],
    symbolic: str | None,
    depth: int | None,
    theme: str,
    color_by: str | None,
    direction: str,
    widths: bool,
    title: str | None,
    legend: bool,
    memory: bool,
    dtype: str | None,
    max_pieces: int,
    max_layers: int,
) -> None:
    """Draw the network, or write a report page for browsers.

    The ending of the file says which: a picture (.svg, .png, .pdf, .dot) or a page (.html).

    A page takes --set, --symbolic, --dtype, --depth and --title; the other choices are those of
    pictures. With --memory the picture is one of memory: a bar for each layer, none folded.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input.
    """
    from shapecalc import diagram
    from shapecalc.diagram import files

    form = output.suffix.lower()[1:]
    is_page = form == "html"
    if is_page:
        refuse(ctx, OF_PICTURES, OF_A_PAGE)
    elif memory:
        refuse(ctx, OF_DIAGRAMS, OF_MEMORY)
    network = open_spec(spec, max_layers)
    network = network.of_type(dtype) if dtype else network
    refuse_source(output, network.spec.source.name)
    given, symbols = read_settings(settings), read_symbolic(symbolic)
    if is_page:
        from shapecalc.diagram import page

        text = page.page(network, given, symbols, depth=depth, title=title)
        write(output, text.encode())
        return
    report = network.report(given, symbolic=symbols)
    now.begin("drawing")
    try:
        if memory:
            text = diagram.memory_dot(report, depth=depth, theme=theme, title=title)
        else:
            text = diagram.dot(
                report,
                depth=depth or 1,
                theme=theme,
                color_by=color_by,
                direction=direction.upper(),
                title=title,
                legend=legend,
                widths=widths,
                most_pieces=None if form == "dot" else max_pieces,
            )
        data = files.drawn(text, form)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except files.NoGraphviz as error:
        raise click.ClickException(str(error)) from None
    write(output, data)


OF_A_PAGE = (
    "for pictures, not for a page (.html), "
    "which takes --set, --symbolic, --dtype, --depth and --title"
)
OF_MEMORY = (
    "for diagrams, not with --memory, which takes --set, --dtype, --depth, --theme and --title"
)


def refuse(ctx: click.Context, names: tuple[str, ...], why: str) -> None:
    """Wrong usage where a choice was made that would not be seen."""
    made = [
        option.opts[0]
        for option in ctx.command.params
        if option.name in names
        and ctx.get_parameter_source(option.name) is not ParameterSource.DEFAULT
    ]
    if made:
        raise click.UsageError(f"{', '.join(made)}: {why}")
