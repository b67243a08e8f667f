"""``shapecalc schema``: the spec language for editors, as JSON Schema."""

from __future__ import annotations

import click

from shapecalc.cli.output import echo_json


@click.command()
@click.option("--report", is_flag=True, help="The schema of what 'show --format json' prints.")
def schema(report: bool) -> None:
    """Print the JSON Schema of specs, draft 2020-12, which editors check and complete with.

    \b
    shapecalc schema > shapecalc.schema.json
    """
    from shapecalc.analysis.schema import report_schema
    from shapecalc.language.schema import spec_schema

    echo_json(report_schema() if report else spec_schema())
