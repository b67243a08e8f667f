"""What commands share: reading a spec, settings of symbols, and how errors leave."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from shapecalc.cli import progress
from shapecalc.cli.completion import completed_setting, completed_spec, completed_symbols
from shapecalc.cli.output import echo_error, echo_frame
from shapecalc.graph.build import MOST_LAYERS
from shapecalc.graph.place import MOST_TERMS
from shapecalc.language.problem import SpecError
from shapecalc.language.signs import one_line
from shapecalc.language.symbols import SettingError
from shapecalc.language.text import LARGEST_FILE, decode
from shapecalc.language.words import WIDTHS
from shapecalc.loading import is_code, load, parsed
from shapecalc.network import MOST_WORK, Network
from shapecalc.pace import now

Function = TypeVar("Function", bound=Callable[..., Any])

_SECOND = re.compile(r",\s*\w+\s*=(?!=)")
"""A second setting behind a first, which no expression contains."""

MOST_SHOWN = 20
"""How many errors are printed; a spec with more has one cause for most."""


class Count(click.IntRange):
    """A whole number of at least some other, called so in messages."""

    name = "whole number"


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    ctx.meta[f"shapecalc.{param.name}"] = value


def code_options(function: Function) -> Function:
    """The options that say how PyTorch source is read; :func:`open_spec` looks at them."""
    for option in (
        click.option(
            "--assume",
            multiple=True,
            metavar="NAME=SHAPE",
            expose_value=False,
            callback=_remember,
            help="Of PyTorch source: what a call that is not known puts out, as fft=[B, 64, 8, 8].",
        ),
        click.option(
            "--max-steps",
            type=Count(1),
            expose_value=False,
            callback=_remember,
            help="Of PyTorch source: how many steps its reading may take, where it needs more.",
        ),
        click.option(
            "--training",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Of PyTorch source: read what it does while training.",
        ),
        click.option(
            "--input",
            multiple=True,
            metavar="SHAPE",
            expose_value=False,
            callback=_remember,
            help="Of PyTorch source: the shape of an input without its batch, as 3,224,224, "
            "3,H=224,W=224, 128:int64 or image=3,32,32; once for each. A name in front is the "
            "input's if forward has a parameter of it, else a symbol.",
        ),
    ):
        function = option(function)
    return function


def spec_argument(function: Function) -> Function:
    """The argument SPEC."""
    return click.argument("spec", shell_complete=completed_spec)(code_options(function))


def limit(name: str, most: int, told: str, **more: Any) -> Callable[[Function], Function]:
    """An option that bounds something, and how much there may be of it by default."""
    return click.option(name, type=Count(1), default=most, show_default=True, help=told, **more)


def limit_options(function: Function) -> Function:
    """The options that bound a network's size, and its formulas; :func:`open_spec` has the last."""
    told = "How many terms the formulas of a network may have."
    terms = limit("--max-terms", MOST_TERMS, told, expose_value=False, callback=_remember)
    return limit_option(terms(function))


def limit_option(function: Function) -> Function:
    """The option that bounds a network's size."""
    return limit("--max-layers", MOST_LAYERS, "How many layers a network may have.")(function)


def work_option(function: Function) -> Function:
    """The option that bounds the writing of a module; :func:`open_spec` looks at it."""
    told = "How many steps it may take to write a module."
    work = limit("--max-work", MOST_WORK, told, expose_value=False, callback=_remember)
    return work(function)


def dtype_option(function: Function) -> Function:
    """The option --dtype."""
    return click.option(
        "--dtype",
        type=click.Choice(WIDTHS),
        help="The type of floats, for memory; the spec's, or float32, if left out.",
    )(function)


def require_option(function: Function) -> Function:
    """The option --require."""
    return click.option(
        "--require",
        "required",
        multiple=True,
        metavar="CONDITION",
        help="What has to hold, as in 'params <= 5e6' or 'conv5.height == 14'; exit 1 if not.",
    )(function)


def settings_option(function: Function) -> Function:
    """The option --set."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        shell_complete=completed_setting,
        help="Give a symbol a value, a number or an expression as in H=32*h; once for each symbol.",
    )(function)


def settings_options(function: Function) -> Function:
    """The options --set and --symbolic."""
    symbolic = click.option(
        "--symbolic",
        is_flag=False,
        flag_value="*",
        default=None,
        metavar="[=NAMES]",
        shell_complete=completed_symbols,
        help="Leave symbols as symbols: all, or the ones named, as in --symbolic=H,W.",
    )
    return settings_option(symbolic(function))


def open_spec(spec: str, most_layers: int, beside: str | None = None) -> Network:
    """Load a file, a bundled spec by its name, or standard input for ``-``.

    Where it stands beside another network, how source is read may be said for that one alone.
    """
    now.begin(f"reading {one_line(spec)}")
    meta = click.get_current_context().meta
    limits: dict[str, Any] = {
        "most_layers": most_layers,
        "most_terms": meta.get("shapecalc.max_terms", MOST_TERMS),
        "most_work": meta.get("shapecalc.max_work", MOST_WORK),
    }
    if spec == "-":
        if sys.stdin is None:
            raise click.BadParameter("standard input is closed", param_hint="SPEC")
        data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        return Network(parsed(decode(data, "<stdin>")), **limits)
    try:
        is_plain = "\n" not in spec and "{" not in spec  # what load would take for a spec's text
        if is_plain or is_code(spec):
            is_meant = is_code(spec) or beside is None or not is_code(beside)
            read_as = _read_as() if is_meant else {}
            if any(read_as.values()) and not is_code(spec):
                message = "--input, --assume, --max-steps and --training are for PyTorch source"
                raise click.UsageError(f"{message}; symbols of a spec are set as in --set H=64")
            return load(spec, **limits, **read_as)
        return load(Path(spec), **limits)
    except OSError as error:
        reason = str(error) if error.strerror is None else f"{spec}: {error.strerror}"
        raise click.BadParameter(reason, param_hint="SPEC") from None


def _read_as() -> dict[str, Any]:
    """How PyTorch source is read, by the options of the command that runs."""
    meta = click.get_current_context().meta
    assumed = read_settings(meta.get("shapecalc.assume", ()), "--assume")
    return {
        "inputs": meta.get("shapecalc.input", ()),
        "training": meta.get("shapecalc.training", False),
        "assume": assumed,
        "most_steps": meta.get("shapecalc.max_steps"),
    }


def read_settings(settings: tuple[str, ...], option: str = "--set") -> dict[str, str]:
    """``NAME=VALUE`` settings of an option as a mapping."""
    found = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.strip() or not value.strip():
            found_pair = re.fullmatch(r"\s*(\w+)\s*[:= ]\s*(\S.*)", setting)
            hint = f"; written {found_pair[1]}={found_pair[2]}" if found_pair else ", as in H=64"
            raise click.BadParameter(f"{setting!r} is not NAME=VALUE{hint}", param_hint=option)
        if _SECOND.search(value):
            message = f"{setting!r} sets more than one symbol; give {option} once for each"
            raise click.BadParameter(message, param_hint=option)
        if name.strip() in found:
            raise click.BadParameter(f"{name.strip()} is set twice", param_hint=option)
        found[name.strip()] = value.strip()
    return found


def read_symbolic(symbolic: str | None) -> bool | list[str]:
    """The value of --symbolic: all symbols, or those named."""
    if symbolic is None:
        return False
    names = [name.strip() for name in symbolic.split(",") if name.strip()]
    if not names:
        message = "no symbol is named; --symbolic without '=' leaves all open"
        raise click.BadParameter(message, param_hint="--symbolic")
    return True if symbolic == "*" else names


def tell_errors(error: SpecError) -> None:
    """Print the errors of one reading in their frames."""
    for problem in error.problems[:MOST_SHOWN]:
        echo_frame(problem.render(error.source))
    if len(error.problems) > MOST_SHOWN:
        echo_error(f"... and {len(error.problems) - MOST_SHOWN} more errors")


def reports_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn errors into messages on standard error: exit 1 for a wrong spec, 2 for wrong usage."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        progress.begin()
        try:
            return function(*args, **kwargs)
        except SpecError as error:
            tell_errors(error)
            sys.exit(1)
        except SettingError as error:
            raise click.UsageError(str(error)) from None
        finally:
            progress.end()

    return wrapped
