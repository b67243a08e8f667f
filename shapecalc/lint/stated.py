"""Warnings about what is stated and not derived."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.lint.base import Finding, check

if TYPE_CHECKING:
    from shapecalc.analysis.report import Report


@check("stated-figures")
def stated_figures(report: Report) -> Iterator[Finding]:
    """The figures of a layer are those that the spec states, derived from nothing."""
    for layer in report.of(lambda kind: kind.is_stated):
        yield Finding(layer.path, "an Opaque: its output and figures are stated, not derived")
