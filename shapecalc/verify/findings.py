"""What a check compared, and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from shapecalc.analysis.report import Report
from shapecalc.layers.tensor import times


class Finding(NamedTuple):
    """One comparison: what was compared, how many things, and the differences, the first first.

    ``explanation`` tells in lines how the report came to what differs first; ``summary`` tells many
    differences by their kinds.

    >>> Finding("parameters", 10).agrees, Finding("parameters", 10, ("conv1.bias: ...",)).agrees
    (True, False)
    """

    what: str
    compared: int
    differences: tuple[str, ...] = ()
    note: str = ""
    explanation: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


class Pair(NamedTuple):
    """Something of the report and its like in torch.

    ``section`` is that of the explanation of ``layer`` which derives ours: ``shape`` or ``cost``.
    """

    what: str
    ours: Any
    theirs: Any
    layer: str = ""
    section: str = ""


class MissingPackage(Exception):
    """A package that checks with torch need is not installed."""


def compare(what: str, pairs: Iterable[Pair], report: Report, note: str = "") -> Finding:
    """The finding of a comparison pair by pair."""
    every = list(pairs)
    wrong = [pair for pair in every if pair.ours != pair.theirs]
    told = tuple(
        f"{pair.what}: {_told(pair.ours)} by the report, {_told(pair.theirs)} in torch"
        for pair in wrong
    )
    return Finding(what, len(every), told, note, explained(report, *wrong[0][3:]) if wrong else ())


def explained(report: Report, layer: str, section: str) -> tuple[str, ...]:
    """A section of a layer's explanation; empty without a layer."""
    if not layer:
        return ()
    from shapecalc.derivation.layer import explain
    from shapecalc.derivation.lines import rows

    sections = explain(report, layer).sections
    return tuple(row for each in sections if each.heading == section for row in rows(each))


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return times(value) or "a single number"
    return "nothing" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
