"""``shapecalc check``: the report and the emitted module against torch."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli import progress
from shapecalc.cli.common import (
    limit_options,
    open_spec,
    read_settings,
    reports_errors,
    settings_option,
    spec_argument,
    work_option,
)
from shapecalc.cli.output import echo, echo_error, echo_json, is_terminal
from shapecalc.language.signs import one_line
from shapecalc.loading import is_code

if TYPE_CHECKING:
    from shapecalc.verify.findings import Finding

MOST_SHOWN = 10
"""How many differences of one comparison are printed."""

LIMIT = 600.0
"""How many seconds a module of the user's may take, if nothing else is said."""

BAR = 24
"""How wide the progress bar is, in characters."""


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
@click.option("--seed", type=int, help="Draw the same random sizes, weights and inputs again.")
@click.option(
    "--time-limit",
    "limit",
    type=click.FloatRange(min=0, min_open=True),
    default=LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="How long a module of your own may take in all.",
)
@click.option(
    "--tensorboard",
    "folder",
    metavar="LOGDIR",
    type=click.Path(path_type=Path),
    help="Also write the emitted module's graph for TensorBoard.",
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@work_option
@limit_options
@reports_errors
def check(
    spec: str,
    settings: tuple[str, ...],
    against: str | None,
    arguments: tuple[str, ...],
    seed: int | None,
    limit: float,
    folder: Path | None,
    form: str,
    max_layers: int,
) -> None:
    """Prove the emitted torch module equal to the spec.

    Layer by layer: shapes at the default and at random sizes, weights by name, operations by
    torch's own counter, and a real forward pass. A module of your own is given the spec's random
    weights, and has to put out the same numbers and gradients. Needs torch, which the extra
    'torch' installs. Exit status 1 if anything differs.

    SPEC is a file, the name of a bundled spec such as googlenet, or - for standard input. Of
    PyTorch source, FILE.py:EXPR with --input, what was read is proved equal to what torch makes of
    it: this runs that code.
    """
    from shapecalc.verify.against import FactoryError, NoFactory
    from shapecalc.verify.findings import MissingPackage
    from shapecalc.verify.supervise import Stopped
    from shapecalc.verify.tensorboard import write_graph

    if arguments and against is None:
        raise click.UsageError("--arg is an argument of the factory of --against")
    if folder is not None and against is not None:
        raise click.UsageError("--tensorboard draws the emitted module, and --against is another")
    network = open_spec(spec, max_layers)
    if folder is not None:
        _make(folder)
    given: dict[str, Any] = dict(read_settings(settings))
    try:
        findings = list(
            _told(_findings(network, spec, given, against, arguments, seed, limit), form)
        )
        if folder is not None:
            write_graph(network, given, folder)
            click.echo(f"graph written: tensorboard --logdir {folder}", err=True)
    except NoFactory as error:
        raise click.BadParameter(str(error), param_hint="--against") from None
    except (MissingPackage, FactoryError, Stopped) as error:
        _clear()
        echo_error(f"shapecalc: error: {error}")
        sys.exit(1)
    if form == "json":
        plain = [{**each._asdict(), "agrees": each.agrees} for each in findings]
        echo_json(plain)
    if not all(each.agrees for each in findings):
        sys.exit(1)


def _findings(
    network: Any,
    text: str,
    given: dict[str, Any],
    against: str | None,
    arguments: tuple[str, ...],
    seed: int | None,
    limit: float,
) -> Iterator[Finding]:
    if against is None and is_code(text):
        from shapecalc.language.problem import SpecError
        from shapecalc.verify.against import FactoryError
        from shapecalc.verify.code import check_code
        from shapecalc.verify.findings import MissingPackage
        from shapecalc.verify.supervise import supervised

        return supervised(
            lambda doing: check_code(network, text, given, seed=seed or 0, doing=doing),
            limit,
            passed_on=(FactoryError, MissingPackage, SpecError),
        )
    if against is None:
        from shapecalc.verify.check import check as check_emitted

        return check_emitted(network, given, seed=seed, progress=_progress())
    from shapecalc.language.problem import SpecError
    from shapecalc.verify.against import FactoryError, check_named
    from shapecalc.verify.findings import MissingPackage
    from shapecalc.verify.supervise import supervised

    named = {name: _value(value) for name, value in read_settings(arguments, "--arg").items()}
    return supervised(
        lambda doing: check_named(network, against, named, given, seed=seed or 0, doing=doing),
        limit,
        passed_on=(FactoryError, MissingPackage, SpecError),
    )


def _value(text: str) -> Any:
    """An argument for the user's factory: JSON where it is that, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        echo_error(f"shapecalc: error: cannot write to {folder}: {error.strerror or error}")
        sys.exit(1)


def _told(findings: Iterator[Finding], form: str) -> Iterator[Finding]:
    """Print each finding as it comes, unless they are to be printed as one."""
    for each in findings:
        _clear()
        if form == "table":
            mark = "agrees" if each.compared else "skipped"
            mark = mark if each.agrees else "DIFFERS"
            note = f"  ({each.note})" if each.note else ""
            echo(f"{mark:<8} {each.what}: {each.compared:,} compared{note}")
            for line in _lines(each):
                echo(f"           {line}")
        yield each


def _lines(finding: Finding) -> Iterator[str]:
    """The first difference with how ours follows; then all others, or a summary of many."""
    for i, difference in enumerate(finding.differences[: 1 if finding.summary else MOST_SHOWN]):
        yield one_line(difference)
        if i == 0:
            yield from (f"  {row}" for row in finding.explanation)
    if finding.summary:
        yield f"in all {len(finding.differences):,} differences:"
        yield from (f"  {row}" for row in finding.summary[:MOST_SHOWN])
        left = len(finding.summary) - MOST_SHOWN
    else:
        left = len(finding.differences) - MOST_SHOWN
    if left > 0:
        yield f"and {left} more"


def _progress() -> Callable[[str, int], None]:
    """A bar of the steps on a terminal's last line, with what is being compared."""
    if not is_terminal(sys.stderr):
        return lambda what, steps: None
    done = 0

    def show(what: str, steps: int) -> None:
        nonlocal done
        progress.end()  # the bar says more
        filled = BAR * done // steps
        bar = "#" * filled + "-" * (BAR - filled)
        line = f"[{bar}] {done}/{steps}  {what}"[: shutil.get_terminal_size().columns - 1]
        click.echo(f"\r\033[K{line}", nl=False, err=True)
        done += 1

    return show


def _clear() -> None:
    if is_terminal(sys.stderr):
        click.echo("\r\033[K", nl=False, err=True)
