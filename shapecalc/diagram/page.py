"""The report page: a network's diagram, table and derivations in one HTML file.

The file needs nothing from the network and may not reach it: its own policy forbids that, as it
forbids every script but those written here. What comes from a spec is data, never markup. The
diagram is laid out in the page by Viz.js, a build of Graphviz for browsers.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from shapecalc.analysis.measures import MEASURES
from shapecalc.as_json import compact
from shapecalc.diagram.colours import BORDERS, THEMES, Theme
from shapecalc.diagram.data import page_data
from shapecalc.language.signs import one_line
from shapecalc.network import Network

SCRIPTS = ("exact", "mathml", "drawing", "memory", "page")
"""The scripts of a page in the order in which they run."""


def page(
    network: Network,
    settings: Mapping[str, Any] | None = None,
    symbolic: bool | Iterable[str] = (),
    *,
    depth: int | None = None,
    title: str | None = None,
) -> str:
    """The report page of a network, where symbols have these values at first.

    Those of ``symbolic`` have none, and the page shows formulas until they get one. Blocks nested
    deeper than ``depth`` are folded at first; without it, those of a small network are not.
    Raises what :meth:`shapecalc.Network.report` raises.

    >>> import shapecalc
    >>> page(shapecalc.load("lenet5")).count("<script>")
    5
    """
    import shapecalc

    data = page_data(network, settings or {}, symbolic, depth)
    parts = {
        **{name: _asset(f"{name}.js") for name in SCRIPTS},
        "layout": _asset("layout.js"),
        "viz": _asset("viz-global.js"),
        "style": f"{_colours()}\n{_asset('page.css')}",
    }
    told = {
        **parts,
        "policy": _policy([parts[name] for name in SCRIPTS], parts["style"]),
        "data": _embedded(data),
        "columns": "\n".join(map(_column, data["columns"])),
        "title": escape(one_line(data["name"] if title is None else title)),
        "about": escape("\n".join(map(one_line, network.about.expandtabs().splitlines()))),
        "version": escape(shapecalc.__version__),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: told[found[1]], _asset("page.html"))


def _column(measure: str) -> str:
    """The heading of a measure's column, which sorts by it."""
    label = MEASURES[measure].label
    return f'<th scope="col"><button type="button" data-column="{measure}">{label}</button></th>'


def _asset(name: str) -> str:
    return (files("shapecalc.diagram") / "assets" / name).read_text(encoding="utf-8")


def _embedded(data: Any) -> str:
    """Data as JSON in which nothing can end the element that it stands in."""
    return compact(data).replace("<", "\\u003c")


def _policy(scripts: list[str], style: str) -> str:
    """What the page may do: run these scripts and Graphviz, and look as it does."""
    allowed = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {allowed} 'wasm-unsafe-eval' blob:; worker-src blob:; "
        f"style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


# -- colours -----------------------------------------------------------------------------------


def _colours() -> str:
    """The colours of diagrams as variables of the style sheet, by the reader's own preference."""
    light, dark = (_variables(THEMES[name], name == "dark") for name in ("light", "dark"))
    rules = ["svg .node path, svg .node polygon { fill: var(--plain); stroke: var(--border); }"]
    rules += [
        f"svg .node.{name} path, svg .node.{name} polygon "
        f"{{ fill: var(--{name}); stroke: {border}; }}"
        for name, border in BORDERS.items()
    ]
    boxes = "\n".join(rules)
    return (
        f":root {{ {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{boxes}"
    )


def _variables(theme: Theme, is_dark: bool) -> str:
    own = {
        "ground": theme.ground,
        "text": theme.text,
        "edge": theme.edge,
        "border": theme.border,
        "level0": theme.frames[0],
        "level1": theme.frames[1],
        "plain": theme.plain,
        "faint": "#aab3bd" if is_dark else "#5a6068",
        "line": "#3a424b" if is_dark else "#d0d5da",
        "field": theme.frames[0],
        "link": "#7cc0f4" if is_dark else "#0b5a92",
        "focus": "#f0b429" if is_dark else "#c25700",
        "wrong": "#ff8a80" if is_dark else "#b3261e",
        "bar": BORDERS["convolution"],
        **theme.fills,
    }
    scheme = f"color-scheme: {'dark' if is_dark else 'light'}; "
    return scheme + " ".join(f"--{name}: {value};" for name, value in own.items())
