"""A picture of memory: a bar for what is held while each layer runs, in Graphviz's language."""

from __future__ import annotations

from html import escape

from shapecalc.algebra.arithmetic import is_symbolic, known
from shapecalc.analysis.memory import Step
from shapecalc.analysis.report import Report
from shapecalc.diagram.colours import BORDERS, THEMES, Theme
from shapecalc.diagram.write import FONT
from shapecalc.language.signs import one_line
from shapecalc.table import Row, Writer, rows, size
from shapecalc.table import title as title_of

WIDEST = 360
"""The width of the longest bar, in points."""

MOST_BARS = 2000
"""How many bars are drawn; what has more layers is drawn with its blocks folded."""


def memory_dot(
    report: Report, *, depth: int | None = None, theme: str = "light", title: str | None = None
) -> str:
    """The source of a picture of memory over the layers, from the first to the last.

    A bar is what is held while a layer runs: in full colour what the layer reads and writes, pale
    what waits for later layers. Of a part that is folded it is the most that is held in it. Raises
    ``ValueError`` where sizes are formulas, and where there are too many bars.

    >>> import shapecalc
    >>> picture = memory_dot(shapecalc.load("lenet5").report())
    >>> "31.1 kB, the peak" in picture
    True
    """
    shown = [row for row in rows(report, depth) if not row.is_heading]
    if any(is_symbolic(step.live) for step in report.memory.steps):
        raise ValueError("memory is drawn of numbers, and here are formulas: leave out --symbolic")
    if len(shown) > MOST_BARS:
        raise ValueError(f"{len(shown):,} bars are too many: --depth folds blocks")
    steps = [max(report.memory.steps_of(row.layers), key=_live) for row in shown]
    peak = max(steps, key=_live)
    scale = WIDEST / max(_live(peak), 1)
    own = THEMES[theme]
    bars = [
        _line(row, step, scale, own, is_peak=step is peak)
        for row, step in zip(shown, steps, strict=True)
    ]
    told = title_of(report, Writer()) if title is None else one_line(title)
    head = f'<tr><td colspan="3" align="left"><b>{_text(told)}</b></td></tr>' if told else ""
    table = "\n".join(
        [
            '<table border="0" cellspacing="0" cellpadding="2">',
            *filter(None, [head]),
            *bars,
            *_legend(own),
            "</table>",
        ]
    )
    return "\n".join(
        [
            "digraph memory {",
            f'  graph [bgcolor="{own.ground}", fontname="{FONT}", pad=0.2]',
            f'  memory [shape=plain, fontname="{FONT}", fontsize=11, fontcolor="{own.text}",',
            f"    label=<{table}>]",
            "}",
            "",
        ]
    )


def _live(step: Step) -> int:
    return known(step.live)


def _line(row: Row, step: Step, scale: float, theme: Theme, *, is_peak: bool) -> str:
    name, told = _text(row.path), size(step.live) or "0 B"
    if is_peak:
        name, told = f"<b>{name}</b>", f"<b>{told}, the peak</b>"
    whole = round(_live(step) * scale)
    busy = round((_live(step) - known(step.waiting)) * scale)
    widths = busy, whole - busy, WIDEST - whole
    cells = "".join(map(_cell, widths, (*_colours(theme), theme.ground)))
    bar = f'<table border="0" cellspacing="0" cellpadding="0"><tr>{cells}</tr></table>'
    return (
        f'<tr><td align="right">{name}</td><td fixedsize="true" width="{WIDEST + 4}" height="14">'
        f'{bar}</td><td align="left">{told}</td></tr>'
    )


def _cell(width: int, colour: str) -> str:
    size = f'fixedsize="true" width="{width}" height="10"'
    return f'<td {size} bgcolor="{colour}"></td>' if width > 0 else ""


def _colours(theme: Theme) -> tuple[str, str]:
    """Of what a layer reads and writes, and of what waits."""
    return BORDERS["convolution"], theme.fills["convolution"]


def _legend(theme: Theme) -> list[str]:
    said = "read and written by the layer", "waiting for later layers"
    return [
        f'<tr><td></td><td align="left">'
        f'<font color="{colour}">\N{BLACK SQUARE}</font> {text}</td></tr>'
        for colour, text in zip(_colours(theme), said, strict=True)
    ]


def _text(text: str) -> str:
    return escape(one_line(text))
