"""What shells are offered where a user asks how a word goes on.

Names of layers and symbols are those of the SPEC that stands on the line already; where it cannot
be read, nothing is offered, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shapecalc.bundled import names
from shapecalc.language.problem import SpecError
from shapecalc.loading import is_code, load
from shapecalc.network import Network

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def completed_spec(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Bundled specs whose names begin so, and files; the shell finds these where they are alone."""
    from click.shell_completion import CompletionItem  # only where a shell asks

    found = [name for name in names() if name.startswith(incomplete)]
    if not found:
        return [CompletionItem(incomplete, type="file")]
    files = sorted(path for path in Path().glob(f"{incomplete}*")) if incomplete else []
    own = [f"{path}/" if path.is_dir() else str(path) for path in files]
    names_and_files = dict.fromkeys([*found, *own])
    return [CompletionItem(name, goes_on=name.endswith("/")) for name in names_and_files]


def completed_path(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Paths of layers, blocks and branches; deeper ones once a part's own name stands there."""
    network = _network(ctx)
    try:
        paths = list(network.graph) if network else []
    except SpecError:
        return []
    depth = incomplete.count(".") + 1
    known = [path.split(".") for path in paths]
    cut = dict.fromkeys(".".join(parts[:depth]) for parts in known if len(parts) >= depth)
    parts = {".".join(parts[:depth]) for parts in known if len(parts) > depth}
    return _items(cut, incomplete, goes_on=parts.__contains__)


def completed_symbol(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of symbols."""
    return _items(_symbols(ctx), incomplete)


def completed_setting(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """``NAME=`` for every symbol; the value is the user's."""
    return _items([f"{name}=" for name in _symbols(ctx)], incomplete)


def completed_symbols(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of symbols, several with commas between them."""
    return _listed(_symbols(ctx), incomplete)


def completed_list(known: Iterable[str]) -> Completer:
    """A completer of known names, several with commas between them."""
    words = tuple(known)

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return _listed(words, incomplete)

    return complete


def _network(ctx: click.Context) -> Network | None:
    """The network that the line names, if it can be read; source is not read for completion."""
    words = [ctx.params.get("spec"), ctx.params.get("a"), *ctx.args]
    spec = next(filter(None, words), None)  # behind an option without its value, words are left
    if not isinstance(spec, str) or spec == "-" or is_code(spec) or "\n" in spec or "{" in spec:
        return None
    try:
        return load(spec)
    except (OSError, SpecError):
        return None


def _symbols(ctx: click.Context) -> list[str]:
    from shapecalc.language.symbols import known

    network = _network(ctx)
    return known(network.spec) if network else []


def _listed(known: Iterable[str], incomplete: str) -> list[CompletionItem]:
    before, comma, _ = incomplete.rpartition(",")
    chosen = before.split(",")
    return _items([f"{before}{comma}{name}" for name in known if name not in chosen], incomplete)


def _items(
    texts: Iterable[str],
    incomplete: str,
    goes_on: Callable[[str], bool] = lambda text: text.endswith(("=", "/")),
) -> list[CompletionItem]:
    """The texts that begin so; ``goes_on`` tells of which a user will write more."""
    from click.shell_completion import CompletionItem

    found = [text for text in texts if text.startswith(incomplete)]
    return [CompletionItem(text, goes_on=goes_on(text)) for text in found]
