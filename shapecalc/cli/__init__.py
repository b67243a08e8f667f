"""The command line: commands parse their arguments, call the library, and print."""

from __future__ import annotations

import atexit
import gc
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from shapecalc import __version__
from shapecalc.cli.output import echo_error, prepare
from shapecalc.language.signs import one_line

COMMANDS = (
    "show",
    "diff",
    "explain",
    "solve",
    "solve-padding",
    "render",
    "emit",
    "check",
    "convert",
    "layer",
    "layers",
    "specs",
    "conventions",
    "budget",
    "sweep",
    "schema",
    "lsp",
)
"""The commands; one lives in the module of its name, with _ for -, as a function of that name."""


_CALLED = {
    "show": "summary info table print params shapes",
    "diff": "compare",
    "render": "draw plot graph visualize picture",
    "emit": "export codegen generate",
    "check": "verify test",
    "convert": "import parse read",
    "layers": "kinds catalogue catalog",
    "specs": "list ls zoo models networks",
    "--help": "help",
    "--version": "version",
}
"""The commands, and what others call them."""


atexit.register(gc.freeze)  # what ends as a whole need not be searched for garbage first


@contextmanager
def _seen_errors() -> Iterator[None]:
    """What a user typed is told in signs that can be seen."""
    try:
        yield
    except click.ClickException as error:
        if not isinstance(error, _HELP):
            error.message = one_line(error.message) + _of_symbols(error)  # type: ignore[misc]
        raise


def _of_symbols(error: click.ClickException) -> str:
    """What to tell of an argument too many that is a symbol with its value."""
    found = re.search(r"\((\w+=[^\s,()]+)\)$", error.message)
    command = error.ctx.command if isinstance(error, click.UsageError) and error.ctx else None
    if found is None or command is None:
        return ""
    is_set = any("--set" in option.opts for option in command.params)
    return f"; symbols are set as in --set {found[1]}" if is_set else ""


_HELP: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""What click raises to show a help text of many lines; before 8.2 it prints it."""


class Commands(click.Group):
    """Commands that are imported when they are used."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command; where its output cannot be written, say so and exit with 1."""
        collected = gc.get_threshold()
        prepare()
        try:
            return super().main(*args, **extra)
        except OSError as error:
            echo_error(f"shapecalc: error: {error.strerror or error}")
            sys.exit(1)
        finally:
            gc.set_threshold(*collected)  # who calls a command, and lives on, collects as before

    def _main_shell_completion(self, *args: Any, **extra: Any) -> None:
        if any(name.endswith("_COMPLETE") for name in os.environ):
            from shapecalc.cli.shells import use  # only where a shell asks

            use()
        super()._main_shell_completion(*args, **extra)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _seen_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _seen_errors():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            echo_error("stopped")
            sys.exit(128 + signal.SIGINT)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: Any = getattr(import_module(f"shapecalc.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from shapecalc.language.problem import did_you_mean

            meant = [name for name, others in _CALLED.items() if args[0] in others.split()]
            hint = f"called {meant[0]!r} here" if meant else did_you_mean(args[0], COMMANDS)
            hint = hint or f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shapecalc")
def main() -> None:
    """Shapes, parameters and costs of neural networks, from declarative specs."""
