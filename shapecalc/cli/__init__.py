"""The command line: commands parse their arguments, call the library, and print."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

COMMANDS = (
    "show",
    "diff",
    "explain",
    "solve",
    "solve-padding",
    "render",
    "emit",
    "check",
    "layers",
)
"""The commands; one lives in the module of its name, with _ for -, as a function of that name."""


class Commands(click.Group):
    """Commands that are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: Any = getattr(import_module(f"shapecalc.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shapecalc-nn", prog_name="shapecalc")
def main() -> None:
    """Shapes, parameters and costs of neural networks, from declarative specs."""
