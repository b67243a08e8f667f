"""A sweep as a picture, by Altair: SVG and PNG, or a page that needs no network.

With a front of two columns, these against each other. Else a column against the symbol with the
most values, in a colour for each value of the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shapecalc.sweep.choose import Columns
from shapecalc.sweep.grid import Over
from shapecalc.sweep.run import MEASURES, rows

FORMS = (".svg", ".png", ".html")

MOST_POINTS = 5_000
"""How many rows a picture shows; of more, some at even distances."""

MOST_SERIES = 12
"""For how many values of a symbol lines can be told apart."""

MOST_SHAPES = 5
"""For how many values of a symbol dashes, or shapes of points, can be told apart."""

MOST_MARKED = 300
"""On how many rows lines have points."""

BIG = (*MEASURES, "peak_memory")
"""What is told with k, M and G on an axis."""

WIDTH, HEIGHT, SCALE = 560, 340, 2


class Axes(NamedTuple):
    """What is drawn against what, and which symbols tell rows apart: by colour, and by shape."""

    x: str
    y: str
    colour: str | None
    shape: str | None
    is_front: bool
    is_line: bool = True


def axes(over: Sequence[Over], front: Sequence[str], wanted: str) -> Axes:
    """What to draw: two columns of a front, or a column over the symbols.

    >>> over = [Over("depth", (18, 34)), Over("H", (64, 96, 128))]
    >>> axes(over, (), "macs")
    Axes(x='H', y='macs', colour='depth', shape=None, is_front=False, is_line=True)
    >>> axes(over, ("params", "-H"), "macs")
    Axes(x='params', y='H', colour='depth', shape=None, is_front=True, is_line=True)
    """
    ordered = sorted(over, key=lambda axis: -len(axis.values))
    names = [axis.name for axis in ordered if len(axis.values) > 1]
    names += [axis.name for axis in ordered if len(axis.values) == 1][: 0 if names else 1]
    if len(front) > 1:
        x, y = (name.removeprefix("-") for name in front[:2])
        colour, shape, *_ = [*(name for name in names if name not in (x, y)), None, None]
        return Axes(x, y, colour, shape, True, is_line=len(front) == 2)
    colour, shape, *_ = [*names[1:], None, None]
    return Axes(names[0], wanted, colour, shape, False)


class Sampled:
    """Rows for a picture, at even distances where there are too many."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.seen = 0
        self.step = 1

    def add(self, table: Columns) -> None:
        """Take in some of the rows of a table."""
        length = len(next(iter(table.values())))
        first = -self.seen % self.step
        self.rows += rows({name: each[first :: self.step] for name, each in table.items()})
        self.seen += length
        while len(self.rows) > MOST_POINTS:
            self.step *= 2
            self.rows = self.rows[::2]

    def end(self) -> None:
        """All rows are there."""


def draw(path: Path, title: str, sampled: Sampled, drawn: Axes) -> None:
    """Write the picture of a sweep's rows."""
    chart = _chart(title, sampled.rows, drawn)
    if path.suffix == ".html":
        chart.save(str(path), inline=True)
    else:
        chart.save(str(path), scale_factor=SCALE if path.suffix == ".png" else 1)


def _chart(title: str, found: Sequence[Mapping[str, Any]], on: Axes) -> Any:
    import altair

    names = list(found[0]) if found else [each for each in on[:4] if each]
    keys = {name: f"c{i}" for i, name in enumerate(names)}  # names have dots, which keys may not
    data = altair.InlineData(
        [
            {keys[name]: float(value) for name, value in row.items()}
            | {f"{keys[name]}told": _told(value) for name, value in row.items()}
            for row in found
        ]
    )
    places = {"x": _axis(altair.X, on.x, keys), "y": _axis(altair.Y, on.y, keys)}
    tips = [altair.Tooltip(f"{key}told", type="nominal", title=name) for name, key in keys.items()]
    colours, is_continuous = _colours(found, on, keys)
    base = altair.Chart(data, title=title).encode(**places, **colours, tooltip=tips)
    if on.is_front:
        chart = base.mark_point(filled=True, size=50, opacity=0.9)
        if on.is_line:
            line = altair.Chart(data).mark_line(color="#bbb", strokeWidth=1).encode(**places)
            chart = line + chart
    elif is_continuous:
        chart = base.mark_point(filled=True, size=18, opacity=0.8)
    else:
        few = len(found) <= MOST_MARKED
        chart = base.mark_line(point=altair.OverlayMarkDef(size=25) if few else False)
    return chart.properties(width=WIDTH, height=HEIGHT).configure_view(stroke=None)


def _axis(channel: Any, name: str, keys: Mapping[str, str]) -> Any:
    import altair

    scale = altair.Scale(zero=False, nice=True)
    axis = altair.Axis(format="~s" if name in BIG else ",")
    return channel(keys[name], type="quantitative", title=name, scale=scale, axis=axis)


def _colours(
    found: Sequence[Mapping[str, Any]], on: Axes, keys: Mapping[str, str]
) -> tuple[dict[str, Any], bool]:
    """Colours and shapes, and whether there are too many colours for lines."""
    import altair

    made: dict[str, Any] = {}
    is_continuous = False
    if on.colour is not None and len(told := _values(found, on.colour)) > 1:
        is_continuous = len(told) > MOST_SERIES
        key = keys[on.colour]
        if is_continuous:
            scale = altair.Scale(scheme="viridis")
            made["color"] = altair.Color(key, type="quantitative", title=on.colour, scale=scale)
        else:
            made["color"] = altair.Color(f"{key}told", type="nominal", title=on.colour, sort=told)
    if on.shape is not None and len(told := _values(found, on.shape)) > 1:
        key = f"{keys[on.shape]}told"
        if len(told) <= MOST_SHAPES:
            channel = altair.Shape if on.is_front else altair.StrokeDash
            made["shape" if on.is_front else "strokeDash"] = channel(
                key, type="nominal", title=on.shape, sort=told
            )
        else:
            made["detail"] = altair.Detail(key, type="nominal")
    return made, is_continuous


def _values(found: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """The values of a symbol in the rows, as they are told, in their order."""
    return [_told(value) for value in sorted({row[name] for row in found})]


def _told(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
