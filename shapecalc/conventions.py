"""The figures of other tools as a table, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecalc.analysis.conventions import PARTS, Counted
from shapecalc.analysis.report import Report
from shapecalc.layout import Heading, Table
from shapecalc.table import Writer, title


def as_dict(counted: Counted) -> dict[str, Any]:
    """A tool's figure for programs: its name and unit, the total, and the parts that make it."""
    tool = counted.convention.tool
    found = {
        "name": tool.name,
        "unit": tool.unit,
        "total": counted.total,
        "parts": dict(counted.parts),
    }
    if counted.macs is not None:
        found["macs"] = counted.macs
    return found


def lay_out(report: Report, figures: Sequence[Counted]) -> Table:
    """A row for each tool, a column for each part that one of them counts; how they do below."""
    write = Writer()
    told = [part for part in PARTS if any(part in each.parts for each in figures)]
    headings = [Heading("Tool", False), Heading("Total", True)]
    headings += [Heading(part.capitalize(), True) for part in told]
    rows = [
        [
            each.convention.tool.name,
            write(each.total),
            *(write(each.parts[part]) if part in each.parts else "-" for part in told),
        ]
        for each in figures
    ]
    notes = [(each.convention.tool.name, _note(each, write)) for each in figures]
    notes += [(name, f"= {meaning}") for name, meaning in write.abbreviations.items()]
    return Table(title(report, write), headings, rows, notes)


def _note(counted: Counted, write: Writer) -> str:
    """The unit and what is counted; the second figure of a tool that tells two."""
    unit, doc = counted.convention.tool.unit, counted.convention.tool.doc
    second = f", and {write(counted.macs)} MACs" if counted.macs is not None else ""
    return f"{unit}{second}: {doc}"
