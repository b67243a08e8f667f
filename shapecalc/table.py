"""A report as a table: rows that follow the network's parts, columns, a summary; and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity, exactdiv, is_symbolic, total
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.measures import MEASURES, Measure, Totals
from shapecalc.analysis.report import Report
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.signs import one_line
from shapecalc.layers import Tensor
from shapecalc.layers.tensor import times
from shapecalc.layout import Heading, Table, decimal

if TYPE_CHECKING:
    from shapecalc import lint
    from shapecalc.algebra.abbreviations import Abbreviations
    from shapecalc.analysis.constraints import Constraint
    from shapecalc.analysis.roofline import Bound, Device
    from shapecalc.language.problem import Mark

DEFAULT_COLUMNS = ("layer", "kind", "output", "params", "macs")
RECORD_COLUMNS = ("path", *DEFAULT_COLUMNS[1:])

MOST_WARNINGS = 10
"""How many warnings a table tells; the report has them all."""


class Row(NamedTuple):
    """A layer, or a part of the network: folded into one row, or as a heading over its own."""

    path: str
    name: str
    depth: int
    kind: str
    layers: list[LayerReport]
    output: Tensor | None
    is_heading: bool = False

    def total(self, measure: str) -> Dim:
        """The sum of a measure over the layers of the row."""
        return total([layer.counts[measure] for layer in self.layers])


def rows(report: Report, depth: int | None = None) -> Iterator[Row]:
    """The rows of a report in order; parts deeper than ``depth`` are folded into one row each."""
    yield from _rows(report, report.built.root, 0, depth)


def _rows(report: Report, part: Part, level: int, depth: int | None) -> Iterator[Row]:
    for child in part.members:
        name = child.called
        if isinstance(child, Node):
            yield Row(child.path, name, level, child.layer.kind, [report[child.path]], child.output)
            continue
        layers = report.within(child)
        output = child.output.tensor if child.output else None
        folded = depth is not None and level + 1 >= depth
        if folded and layers:
            yield Row(child.path, name, level, _kind(child), layers, output)
        elif layers:
            yield Row(child.path, name, level, _kind(child), layers, output, is_heading=True)
            yield from _rows(report, child, level + 1, depth)


def _kind(part: Part) -> str:
    return f"{len(part.children)} x {part.written}" if part.role == Role.REPEAT else part.written


class Writer:
    """Writes sizes and counts: numbers with separators, formulas with their floors abbreviated."""

    def __init__(self) -> None:
        self._short: Abbreviations | None = None

    def __call__(self, value: Any) -> str:
        """The value as text."""
        if isinstance(value, int):
            return f"{value:,}"
        if not is_symbolic(value):
            return str(value)
        if self._short is None:
            from shapecalc.algebra.abbreviations import Abbreviations

            self._short = Abbreviations()
        return self._short.write(value)

    def shape(self, sizes: Iterable[Dim]) -> str:
        """Sizes in a row, ``64 x 112 x 112``; ``1`` for a single number."""
        return times(size if isinstance(size, int) else self(size) for size in sizes) or "1"

    @property
    def abbreviations(self) -> dict[str, str]:
        """The names used for floors and what they stand for."""
        return self._short.meanings if self._short else {}


class PlainWriter(Writer):
    """Writes for programs."""

    def __call__(self, value: Any) -> str:
        """The value as text: a number without separators, a formula in full."""
        return str(value)


class Column(NamedTuple):
    """A column: its heading, what a cell holds, and whether it is a sum over the row's layers."""

    heading: str
    cell: Callable[[Report, Row, Writer], str]
    is_number: bool = False


def _count(name: str) -> Callable[[Report, Row, Writer], str]:
    def cell(report: Report, row: Row, write: Writer) -> str:
        return "" if row.is_heading else write(row.total(name))

    return cell


def _output(report: Report, row: Row, write: Writer) -> str:
    if row.output is None or row.is_heading:
        return ""
    return write.shape(report.told(row.output.shape))


def _input(report: Report, row: Row, write: Writer) -> str:
    if row.is_heading:
        return ""
    return ", ".join(write.shape(report.told(shape)) for shape in row.layers[0].input_shapes)


def _weights(report: Report, row: Row, write: Writer) -> str:
    if row.is_heading or len(row.layers) > 1:
        return ""
    own = row.layers[0].weights.items()
    return ", ".join(f"{name} {write.shape(shape)}" for name, shape in own)


def _active_params(report: Report, row: Row, write: Writer) -> str:
    """The params that a token uses: of experts, those it chose."""
    idle = [report.passed_by.get(layer.path, 0) for layer in row.layers]
    return "" if row.is_heading else write(row.total("params") - total(idle))


def _memory(report: Report, row: Row, write: Writer) -> str:
    """The most that is held while the layers of the row run."""
    if row.is_heading:
        return ""
    return write(report.memory.most(row.layers))


def _intensity(report: Report, row: Row, write: Writer) -> str:
    from shapecalc.analysis.roofline import intensity

    return "" if row.is_heading else intensity(row.layers).told(write)


def _receptive_field(report: Report, row: Row, write: Writer) -> str:
    if row.is_heading:
        return ""
    field = report.receptive_fields[row.layers[-1].path]
    if field is None:
        return "-"
    return write.shape(field.least) if field.least == field.size else times(field.size)


COLUMNS: dict[str, Column] = {
    "layer": Column("Layer", lambda report, row, write: "  " * row.depth + row.name),
    "path": Column("Path", lambda report, row, write: row.path),
    "kind": Column("Kind", lambda report, row, write: row.kind),
    "input": Column("Input", _input),
    "output": Column("Output", _output),
    "weights": Column("Weights", _weights),
    **{name: Column(measure.heading, _count(name), True) for name, measure in MEASURES.items()},
    "active_params": Column("Active", _active_params, True),
    "memory": Column("Memory", _memory, True),
    "intensity": Column("FLOP/byte", _intensity, True),
    "receptive_field": Column("Receptive field", _receptive_field),
}
"""The columns a table can have, by their names."""


def lay_out(
    report: Report,
    columns: Sequence[str] = DEFAULT_COLUMNS,
    depth: int | None = None,
    convention: str | None = None,
    device: Device | None = None,
) -> Table:
    """Lay a report out as a table; see :data:`COLUMNS` for the names of columns.

    A convention adds a column, and a total, of what another tool counts; a device the time that
    layers take at least.
    """
    write = Writer()
    chosen = _chosen(columns, convention)
    if device is not None:
        chosen += _timed(device)
    cells = [[column.cell(report, row, write) for column in chosen] for row in rows(report, depth)]
    headings = [Heading(column.heading, column.is_number) for column in chosen]
    more = _of_memory(report, write) if "memory" in columns else []
    if device is not None or "intensity" in columns:
        more += _of_time(report, device, write)
    summary = _summary(report, write, convention, more)
    return Table(title(report, write), headings, cells, summary)


def title(report: Report, write: Writer) -> str:
    """The network's name and what it takes in: ``LeNet-5: input 1 x 32 x 32``."""
    inputs = ", ".join(
        f"{name} {write.shape(tensor.shape[1:])}" for name, tensor in report.inputs.items()
    )
    return f"{one_line(report.name)}: {inputs}{_batch(report.symbols['B'])}"


def _batch(batch: Quantity) -> str:
    if batch == 1:
        return ""
    return f", batch B = {batch}" if str(batch) != "B" else ", batch B"


def _summary(
    report: Report, write: Writer, convention: str | None, more: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    totals, batch = report.totals, report.symbols["B"]
    lines = [
        (f"total {measure.label}", _total(measure, totals, batch, write))
        for measure in MEASURES.values()
    ]
    if report.passed_by:
        active = totals.active_params
        lines.insert(
            1, ("active params", _with(write(active), "what a token uses", decimal(active)))
        )
    if convention is not None:
        lines.append(_by_convention(report, convention, write))
    lines += more
    lines += [(name, f"= {meaning}") for name, meaning in write.abbreviations.items()]
    for name, value in report.kept.items():
        lines.append(
            ("kept", f"{name} = {value} (it decides the structure, or has to be a number)")
        )
    for each in report.constraints:
        lines.append(("needs", f"{each.condition}  ({_some(_asking(each))})"))
    return lines + [("warning", text) for text in _warnings(report)]


def _timed(device: Device) -> list[Column]:
    """The time that the layers of a row take at least, one after the other, and what bounds it."""
    from shapecalc.analysis.roofline import bound

    def found(report: Report, row: Row) -> Bound:
        return bound(row.layers, device, report.built.least)

    def time(report: Report, row: Row, write: Writer) -> str:
        return "" if row.is_heading else _seconds(found(report, row))

    def side(report: Report, row: Row, write: Writer) -> str:
        return "" if row.is_heading else found(report, row).by

    return [Column("At least", time, True), Column("Bound by", side)]


def _of_time(report: Report, device: Device | None, write: Writer) -> list[tuple[str, str]]:
    """Arithmetic intensity, and on a device the bound on time."""
    from shapecalc.analysis.roofline import bound, intensity

    told = intensity(report.layers).told(write)
    lines = [("FLOP per byte", f"{told} (arithmetic intensity)")]
    if device is not None:
        found = bound(report.layers, device, report.built.least)
        lines.append(("time, at least", f"{_seconds(found)} (a bound, by {found.by})"))
    return lines


def _seconds(found: Bound) -> str:
    """A time in microseconds, the unit in which layers differ; a formula in seconds."""
    if found.seconds is None:
        return f"{found.formula} s"
    return f"{float(found.seconds * 10**6):,.3f} us"


def _chosen(columns: Sequence[str], convention: str | None) -> list[Column]:
    chosen = [COLUMNS[name] for name in columns]
    if convention is not None:
        from shapecalc.analysis.conventions import CONVENTIONS  # which needs all kinds

        own = CONVENTIONS[convention]

        def cell(report: Report, row: Row, write: Writer) -> str:
            counts = [count for layer in row.layers for count in own.of(layer).values()]
            return "" if row.is_heading else write(total(counts))

        chosen.append(Column(own.tool.name, cell, True))
    return chosen


def _by_convention(report: Report, convention: str, write: Writer) -> tuple[str, str]:
    """The total of another tool, and what it is made of."""
    from shapecalc.analysis.conventions import counted

    found = counted(report, convention)
    parts = ", ".join(f"{part} {write(count)}" for part, count in found.parts.items())
    return f"by {convention}", _with(write(found.total), found.convention.tool.unit, parts)


def _of_memory(report: Report, write: Writer) -> list[tuple[str, str]]:
    """What is held in memory, in bytes."""
    memory = report.memory
    at = f"while {memory.peak_at} runs" if memory.peak_at else ""
    least = "at least: attention and the like keep more inside" if memory.is_least else ""
    figures = [
        ("bytes of weights", memory.weights, report.dtype),
        ("peak of a pass", memory.peak, at),
        ("kept to train", memory.saved_for_backward, least),
        ("step with SGD", memory.training("sgd"), "weights, gradients, kept"),
        ("with momentum", memory.training("momentum"), ""),
        ("with Adam", memory.training("adam"), ""),
    ]
    if memory.caching:
        count = len(memory.caching)
        layers = f"keys and values of {count} causal attention{'s' if count > 1 else ''}"
        figures.append(("KV cache", memory.kv_cache, layers))
    return [(name, _with(write(value), size(value), told)) for name, value, told in figures]


def _total(measure: Measure, totals: Totals, batch: Quantity, write: Writer) -> str:
    """A total with what it means in other units."""
    value = getattr(totals, measure.name)
    trainable = "all trainable" if measure.name == "params" and value != 0 else ""
    in_bytes = ""
    if measure.bytes and not is_symbolic(value):
        in_bytes = size(getattr(totals, measure.bytes.name))
    told = _with(write(value), trainable, in_bytes, decimal(value) if measure.is_rounded else "")
    if measure.per_sample and isinstance(batch, int) and batch > 1:
        return f"{told}, {write(exactdiv(value, batch))} a sample"
    return told


def _warnings(report: Report) -> list[str]:
    """One line for all the warnings that one place in the spec causes in its copies."""
    by_place: dict[tuple[str, Mark], list[lint.Warning]] = {}
    for each in report.warnings:
        by_place.setdefault((each.code, each.mark), []).append(each)
    lines = []
    for (code, _), copies in by_place.items():
        more = f", and {len(copies) - 1} more like it" if len(copies) > 1 else ""
        lines.append(f"{copies[0].path}{more}: {copies[0].message} [{code}]")
    rest = len(lines) - MOST_WARNINGS
    return lines if rest <= 0 else [*lines[:MOST_WARNINGS], f"and {rest} more"]


def _asking(constraint: Constraint) -> tuple[str, ...]:
    """Who asks for a constraint: layers, and the spec's own ``require``."""
    return (*(["require"] if constraint.is_required else []), *constraint.layers)


def _some(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _with(text: str, *remarks: str) -> str:
    told = [remark for remark in remarks if remark]
    return f"{text} ({', '.join(told)})" if told else text


def size(count: Dim) -> str:
    """Bytes in decimal units, 1 MB is 10^6 bytes; empty for none or a formula.

    >>> size(53_513_120)
    '53.5 MB'
    """
    if not isinstance(count, int) or count == 0:
        return ""
    return f"{decimal(count)}B" if count >= 1000 else f"{count} B"


def csv(
    report: Report,
    columns: Sequence[str] = RECORD_COLUMNS,
    depth: int | None = None,
    convention: str | None = None,
) -> str:
    """The rows as comma-separated values for programs: a record each, without the summary."""
    import csv as writer
    import io

    write = PlainWriter()
    chosen = _chosen(columns, convention)
    out = io.StringIO()
    lines = writer.writer(out, lineterminator="\n")
    lines.writerow([column.heading for column in chosen])
    for row in rows(report, depth):
        if not row.is_heading:
            lines.writerow([column.cell(report, row, write) for column in chosen])
    return out.getvalue().rstrip("\n")
