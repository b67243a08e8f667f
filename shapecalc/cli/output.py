"""How results and errors leave: in signs that the stream has, in colour on terminals, to files."""

from __future__ import annotations

import codecs
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from shapecalc.cli import progress
from shapecalc.files import is_same, save
from shapecalc.language.signs import one_line, visible
from shapecalc.pace import now

if TYPE_CHECKING:
    from shapecalc.language.tree import Spec

MOST_NOTES = 10
"""How many notes are printed."""

SIGNS = "⌊⌋⌈⌉−·²⁹░█"
"""What explanations are written with where the output's encoding has it."""

_INSTEAD = {
    **dict(zip("⌊⌋⌈⌉−·░█", ("floor(", ")", "ceil(", ")", "-", "*", ".", "#"))),
    **{sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """What a codec writes in place of signs that it does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    code = ord(sign)
    escaped = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return _INSTEAD.get(sign, f"\\x{code:02x}" if code < 0x100 else escaped), error.start + 1


def prepare() -> None:
    """Let no sign that standard output or error cannot encode be the end of a command."""
    gc.set_threshold(100_000, 20, 100)  # large networks stay until the end: little is garbage
    codecs.register_error("shapecalc", _replaced)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="shapecalc")


def has_signs(stream: Any = None) -> bool:
    """Whether standard output can encode the signs of explanations."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    try:
        SIGNS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def echo(text: str, *, end: bool = True, color: bool | None = None) -> None:
    """Print a result, with the end of its last line unless it has that."""
    progress.end()
    if sys.stdout is not None:
        click.echo(text, sys.stdout, end, color=color)


def echo_json(data: Any) -> None:
    """Print plain data; signs that cannot be seen or encoded are written as JSON's own escapes."""
    from shapecalc.as_json import indented  # only where it is asked for

    now.begin("writing")
    echo(visible(indented(data), str.isprintable if has_signs() else str.isascii))


def echo_error(text: str) -> None:
    """Print a message of one line to standard error, with the word error in red on a terminal."""
    echo_frame(one_line(text))


def echo_frame(text: str) -> None:
    """The same for an error in the frame that :meth:`Problem.render` makes."""
    progress.end()
    head, mark, tail = text.partition(" error: ")
    colored = wants_color(sys.stderr)
    if mark and colored:
        text = f"{click.style(head, bold=True)} {click.style('error:', fg='red', bold=True)} {tail}"
    if sys.stderr is not None:
        click.echo(text, sys.stderr, color=colored)


def note_approximated(spec: Spec) -> None:
    """Say on standard error where a spec computes other numbers than the source it was read of."""
    places = [each.rpartition(": ") for each in spec.approximated]
    for place, _, what in places[:MOST_NOTES]:
        echo_error(f"{place}: note: {what}")
    if len(places) > MOST_NOTES:
        echo_error(f"... and {len(places) - MOST_NOTES} more notes")
    if places:
        told = "so other numbers come out of it than of the code; shapes and weights are the code's"
        echo_error(f"shapecalc: note: {told}")


def is_terminal(stream: Any) -> bool:
    """Whether a person looks at the stream; None is closed."""
    return stream is not None and stream.isatty()


def wants_color(stream: Any) -> bool:
    """Whether to write in colour: on terminals, unless the user's environment says otherwise.

    ``NO_COLOR`` asks for plain text and ``FORCE_COLOR`` for colour in pipes, too, each where it is
    not empty; with both, text is plain.
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "") not in ("", "0")
    return forced or (is_terminal(stream) and os.environ.get("TERM") != "dumb")


def refuse_source(output: Path | None, source: str) -> None:
    """Wrong usage where the file to be written is the one that the network was read from."""
    read: str | int = 0 if source == "<stdin>" else source
    if output is not None and is_same(read, output):
        message = f"{one_line(str(output))} is the spec itself, which would be lost"
        raise click.BadParameter(message, param_hint="--output")


def write(output: Path, data: bytes) -> None:
    """Write the file; exit with 1 where that cannot be done."""
    try:
        save(output, data)
    except OSError as error:
        cannot_write(output, error)


def cannot_write(output: Path, error: OSError) -> NoReturn:
    """Say that a file cannot be written, and why; exit with 1."""
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError) and not output.parent.is_dir():
        reason = f"there is no folder {output.parent}"
    echo_error(f"shapecalc: error: cannot write {output}: {reason}")
    sys.exit(1)
