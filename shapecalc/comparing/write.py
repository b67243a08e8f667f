"""A comparison as a table, in text and Markdown, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from shapecalc import table as tables
from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.analysis.constraints import Constraint
from shapecalc.analysis.data import plain
from shapecalc.analysis.measures import MEASURES
from shapecalc.analysis.report import Report
from shapecalc.comparing.comparison import Change, Comparison, Values, alike
from shapecalc.layout import Heading, Table
from shapecalc.layout import markdown as _markdown
from shapecalc.layout import text as _text
from shapecalc.table import Row, Writer

COLUMNS = ("params", "macs")
"""The measures that have columns."""


def text(comparison: Comparison, everything: bool = False) -> str:
    """The rows that differ, or all of them, and the totals, as plain text.

    >>> import shapecalc
    >>> comparison = shapecalc.diff("lenet5", "lenet5", settings_b={"num_classes": 100})
    >>> text(comparison).splitlines()[-4]
    'total params       62,006 -> 69,656 (+7,650, 12.3 % more)'
    """
    return _text(lay_out(comparison, everything))


def markdown(comparison: Comparison, everything: bool = False) -> str:
    """The same in Markdown.

    >>> import shapecalc
    >>> comparison = shapecalc.diff("lenet5", "lenet5", settings_b={"num_classes": 100})
    >>> markdown(comparison).splitlines()[2]
    '| Layer | Kind | Output | Params A | Params B | Change | MACs A | MACs B | Change | Settings |'
    """
    return _markdown(lay_out(comparison, everything))


def lay_out(comparison: Comparison, everything: bool = False) -> Table:
    """Lay a comparison out as a table of the rows that differ, or of all rows.

    Rows begin with ``-`` where only A has them, ``+`` where only B does, ``~`` where they differ.

    >>> import shapecalc
    >>> comparison = shapecalc.diff("lenet5", "lenet5", settings_b={"num_classes": 100})
    >>> [name for name, _ in lay_out(comparison).summary]
    ['alike', 'num_classes', 'total params', 'total MACs', 'total activations', 'output']
    """
    write = Writer()
    shown = comparison.rows if everything else comparison.changes
    columns = [
        (Heading("Layer"), [f"{_mark(row)} {_name(row)}" for row in shown]),
        (Heading("Kind"), [_arrow(_kind(row.left), _kind(row.right)) for row in shown]),
        (Heading("Output"), [_output(row, write) for row in shown]),
    ]
    totals = [row.totals for row in shown]
    for name in COLUMNS:
        counts = [(row, Values.of(*own, name)) for row, own in zip(shown, totals)]
        columns += _count_columns(MEASURES[name].heading, counts, write)
    settings = [_settings(row, write) for row in shown]
    if any(settings):
        columns.append((Heading("Settings"), settings))
    left, right = (tables.title(each, write) for each in (comparison.left, comparison.right))
    cells = [list(row) for row in zip(*(column for _, column in columns))]
    summary = _summary(comparison, len(comparison.rows) - len(shown), write)
    return Table(f"A = {left}; B = {right}", [heading for heading, _ in columns], cells, summary)


def _mark(row: Change) -> str:
    if not row.right:
        return "-"
    if not row.left:
        return "+"
    return "~" if row.is_different else " "


def _name(row: Change) -> str:
    left, right = (
        " .. ".join(dict.fromkeys((own[0].path, own[-1].path))) if own else ""
        for own in (row.left, row.right)
    )
    return _arrow(left, right)


def _kind(own: tuple[Row, ...]) -> str:
    return ", ".join(dict.fromkeys(row.kind for row in own if row.kind))


def _arrow(left: str, right: str) -> str:
    """Both sides, or one if there is but one or they are the same."""
    return " -> ".join(dict.fromkeys(side for side in (left, right) if side))


def _output(row: Change, write: Writer) -> str:
    left, right = row.outputs
    if alike(left, right):
        right = None
    return _arrow(*(write.shape(shape[1:]) if shape else "" for shape in (left, right)))


def _count_columns(
    heading: str, counts: Sequence[tuple[Change, Values]], write: Writer
) -> list[tuple[Heading, list[str]]]:
    """The count in A, in B and the change; one column where nothing changes."""
    left = [write(values.left) if row.left else "" for row, values in counts]
    right = [write(values.right) if row.right else "" for row, values in counts]
    changes = [_signed(values.change, write) for _, values in counts]
    if not any(changes):
        return [(Heading(heading, True), [a or b for a, b in zip(left, right)])]
    return [
        (Heading(f"{heading} A", True), left),
        (Heading(f"{heading} B", True), right),
        (Heading("Change", True), changes),
    ]


def _signed(change: Any, write: Writer) -> str:
    """A change with its sign, nothing if there is none: ``-192,000``, ``+ 9*C**2``."""
    if not is_symbolic(change):
        return ("+" if change > 0 else "") + write(change) if change else ""
    written = write(change)
    return f"- {written[1:]}" if written.startswith("-") else f"+ {written}"


def _settings(row: Change, write: Writer) -> str:
    if row.settings:
        return ", ".join(_setting(name, *pair, write) for name, pair in row.settings.items())
    if 0 < row.different_inside < len(row.pairs):
        return f"{row.different_inside} of {len(row.pairs)} layers differ"
    return ""


def _setting(name: str, left: Any, right: Any, write: Writer) -> str:
    if name == "from" and len(left) != len(right):
        return f"{len(left)} -> {len(right)} inputs"
    return f"{name} {_value(left, write)} -> {_value(right, write)}"


def _value(value: Any, write: Writer) -> str:
    if isinstance(value, tuple):
        same = len(set(value)) == 1 and not isinstance(value[0], str)
        return _value(value[0], write) if same else ", ".join(_value(v, write) for v in value)
    return str(value) if isinstance(value, (bool, int)) else write(value)


def _summary(comparison: Comparison, hidden: int, write: Writer) -> list[tuple[str, str]]:
    lines = []
    if hidden:
        which = f"{hidden:,} more" if comparison.changes else f"all {hidden:,}"
        lines.append(("alike", f"{which} {'row' if hidden == 1 else 'rows'} (--all shows them)"))
    for name, (left, right) in comparison.symbols.items():
        lines.append((name, f"{left} -> {right}"))
    lines += [
        (f"total {MEASURES[name].label}", _total(comparison.total(name), write))
        for name in (*COLUMNS, "activations")
    ]
    buffers = comparison.total("buffers")
    if buffers.change != 0:
        lines.append(("total buffers", _total(buffers, write)))
    outputs = [_outputs(report, write) for report in (comparison.left, comparison.right)]
    if outputs[0] != outputs[1]:
        lines.append(("output", _arrow(*outputs)))
    lines += [
        (f"order of {what}", f"{', '.join(ours)} -> {', '.join(theirs)}")
        for what, (ours, theirs) in comparison.orders.items()
    ]
    lines += [(name, f"= {meaning}") for name, meaning in write.abbreviations.items()]
    for side, own in zip("AB", comparison.constraints):
        lines += [(f"only {side} needs", f"{each}  ({', '.join(each.paths)})") for each in own]
    return lines


def _outputs(report: Report, write: Writer) -> str:
    return ", ".join(write.shape(tensor.shape[1:]) for _, tensor in report.outputs)


def _total(values: Values, write: Writer) -> str:
    if values.change == 0:
        return f"{write(values.left)} (the same)"
    told = [_signed(values.change, write), ratio(values)]
    return f"{write(values.left)} -> {write(values.right)} ({', '.join(filter(None, told))})"


def ratio(values: Values) -> str:
    """A ratio in words, to three digits: a factor from two on, below that per cent.

    >>> ratio(Values(160_563_200, 13_246_464)), ratio(Values(100, 398)), ratio(Values(200, 199))
    ('12.1 x fewer', '3.98 x as many', '0.5 % fewer')
    """
    exact = values.ratio
    if exact is None or exact == 0:
        return ""
    if exact >= 2:
        return f"{_three_digits(exact)} x as many"
    if exact <= Fraction(1, 2):
        return f"{_three_digits(1 / exact)} x fewer"
    return f"{_three_digits(100 * abs(exact - 1))} % {'fewer' if exact < 1 else 'more'}"


def _three_digits(value: Fraction) -> str:
    rounded = Context(prec=3).divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{rounded:f}"


def as_dict(comparison: Comparison, everything: bool = False) -> dict[str, Any]:
    """The comparison as plain data; numbers, or formulas as text, as in a report.

    >>> import shapecalc
    >>> comparison = shapecalc.diff("lenet5", "lenet5", settings_b={"num_classes": 100})
    >>> as_dict(comparison)["layers"][0]["params"]
    {'left': 850, 'right': 8500, 'change': 7650, 'ratio': '10/1'}
    """
    shown = comparison.rows if everything else comparison.changes
    constraints = [[_constraint(each) for each in own] for own in comparison.constraints]
    return {
        "left": _side(comparison.left),
        "right": _side(comparison.right),
        "different": comparison.is_different,
        "layers": [_row(row) for row in shown],
        "outputs": {
            side: [{"path": path, "shape": plain(tensor.shape)} for path, tensor in report.outputs]
            for side, report in (("left", comparison.left), ("right", comparison.right))
        },
        "totals": {name: _values(values) for name, values in comparison.totals.items()},
        "constraints": dict(zip(("left", "right"), constraints)),
    }


def _side(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "symbols": plain(report.symbols),
        "inputs": [
            {"name": name, "shape": plain(tensor.shape), "dtype": tensor.dtype}
            for name, tensor in report.inputs.items()
        ],
    }


def _row(row: Change) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for side, own, shape in zip(("left", "right"), (row.left, row.right), row.outputs):
        found[side] = {
            "paths": [each.path for each in own],
            "kind": _kind(own),
            "output_shape": None if shape is None else plain(shape),
        }
    found["different"] = row.is_different
    totals = row.totals
    for name in MEASURES:
        found[name] = _values(Values.of(*totals, name))
    found["settings"] = {
        name: {"left": plain(left), "right": plain(right)}
        for name, (left, right) in row.settings.items()
    }
    return found


def _values(values: Values) -> dict[str, Any]:
    ratio = values.ratio
    return {
        "left": plain(values.left),
        "right": plain(values.right),
        "change": plain(values.change),
        "ratio": None if ratio is None else plain(ratio),
    }


def _constraint(each: Constraint) -> dict[str, Any]:
    return {"condition": each.condition, "layers": list(each.paths)}
