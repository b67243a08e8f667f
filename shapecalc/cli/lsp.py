"""``shapecalc lsp``: the language server, for editors."""

from __future__ import annotations

import gc
import sys

import click

from shapecalc.cli.output import echo_frame


@click.command()
@click.option("--stdio", is_flag=True, help="What it does anyway; some editors say it.")
def lsp(stdio: bool) -> None:
    """Serve an editor: errors, shapes, derivations and completion of specs as they are written.

    An editor starts it, and speaks the Language Server Protocol with it on standard input and
    output.
    """
    try:
        from shapecalc.lsp.server import make_server
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        echo_frame(
            "shapecalc lsp: error: it speaks with editors by way of pygls, which is not installed\n"
            "   pip install 'shapecalc-nn[lsp]'"
        )
        sys.exit(1)
    gc.set_threshold(700, 10, 10)  # it lives on, so that what is left over is not kept for long
    make_server().start_io()
