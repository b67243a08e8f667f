"""``shapecalc layers``: the catalogue of layer kinds."""

from __future__ import annotations

import click

from shapecalc import catalogue
from shapecalc.cli.output import echo_json
from shapecalc.cli.terminal import print_lines
from shapecalc.language.unknown import no_kind
from shapecalc.layers import KINDS


@click.command()
@click.argument(
    "kind",
    required=False,
    shell_complete=lambda ctx, param, begun: [name for name in KINDS if name.startswith(begun)],
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def layers(kind: str | None, form: str) -> None:
    """List the kinds of layers, or tell all about one KIND."""
    if kind is None:
        _list(form)
        return
    if KINDS.get(kind) is None:
        raise click.BadParameter(no_kind(kind), param_hint="KIND")
    page = catalogue.page(kind)
    if form == "json":
        echo_json({**page._asdict(), "rule": page.rule._asdict()})
    else:
        print_lines(catalogue.text(page))


def _list(form: str) -> None:
    families = catalogue.families()
    if form == "json":
        echo_json(families)
        return
    wide = max(map(len, KINDS))
    for family, kinds in families.items():
        print_lines(family)
        for kind in kinds:
            print_lines(f"  {kind:<{wide}}  {catalogue.summary(KINDS[kind]).replace('``', '')}")
