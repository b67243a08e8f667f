"""``shapecalc layer``: one layer on its own, without a spec."""

from __future__ import annotations

import click

from shapecalc.cli.common import read_symbolic, reports_errors
from shapecalc.cli.output import echo_json, has_signs
from shapecalc.cli.terminal import print_lines
from shapecalc.layers import KINDS


class _OfFields(click.Command):
    """A command whose options may be taken for the fields of a layer."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name.strip("-").replace("-", "_")
            if name.isidentifier():
                error.message += f" A field is given as {name}=VALUE."  # type: ignore[misc]
            raise


@click.command(cls=_OfFields)
@click.argument(
    "kind",
    shell_complete=lambda ctx, param, begun: [name for name in KINDS if name.startswith(begun)],
)
@click.argument("settings", nargs=-1, metavar="[FIELD=VALUE]...")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SHAPE",
    help="The shape of an input without its batch, as 3,224,224 or 3,H=224,W=224; once for each.",
)
@click.option(
    "--symbolic",
    is_flag=False,
    flag_value="*",
    default=None,
    metavar="[=NAMES]",
    help="Leave the sizes that have names as symbols: all, or the ones named.",
)
@click.option("--ascii", "plain", is_flag=True, help="Plain ASCII, no other signs.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@reports_errors
def layer(
    kind: str,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    symbolic: str | None,
    plain: bool,
    form: str,
) -> None:
    """Calculate one layer of KIND: its output, parameters and cost, and how they come about.

    A value without a name is the first field's: layer Conv2d 64 kernel_size=7 --input 3,224,224.
    """
    from shapecalc.algebra.steps import ASCII, UNICODE
    from shapecalc.explaining import closed, explain, text
    from shapecalc.language.problem import SpecError
    from shapecalc.loading import load
    from shapecalc.single import NAME, KindError, Single

    try:
        single = Single(kind, settings, inputs)
    except KindError as error:
        raise click.BadParameter(str(error), param_hint="KIND") from None
    try:
        network = load(single.text)
        if not inputs and KINDS[kind].arity[0] > 0:
            raise click.UsageError(f"{kind} needs an input: --input 3,224,224")
        names = read_symbolic(symbolic)
        for name in names if isinstance(names, list) else ():
            if name not in network.symbols:
                message = f"no size is called {name!r}, as in --input 3,{name}=224,224"
                raise click.BadParameter(message, param_hint="--symbolic")
        report = network.report(symbolic=names)
    except SpecError as error:
        raise single.told(error) from None
    if form == "json":
        (found,) = report.to_dict()["layers"]
        echo_json(found)
        return
    plain = plain or not has_signs()
    told = explain(report, NAME, closed(network, report, {}))
    print_lines(text(told, ASCII if plain else UNICODE, ascii=plain))
