"""Warnings about the batch: whether a row is still a sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.algebra.arithmetic import is_symbolic, prod
from shapecalc.graph.layout import layout
from shapecalc.lint.base import NEAREST, Finding, check

if TYPE_CHECKING:
    from shapecalc.analysis.report import Report


@check("mixed-batch")
def mixed_batch(report: Report) -> Iterator[Finding]:
    """Maps become rows that are no whole samples, nor whole channels or lines of them.

    That is what ``x.view(-1, n)`` does where ``n`` is not the number of a sample's features.
    """
    for layer in report.of(lambda kind: bool(kind.rest)):
        node = layer.node
        if len(node.output.shape) != 2:
            continue
        (x,) = node.inputs
        row, sample = node.output.shape[1], x.shape[1:]
        if is_symbolic(row) or any(map(is_symbolic, sample)):
            continue
        if row in [prod(sample[place:]) for place in range(len(sample))]:
            continue
        names = layout(report.built.nodes, node.sources[0], x, NEAREST)
        if names is None or names[0] != "channels":
            continue
        yield Finding(
            node.path,
            f"makes rows of {row:,} of samples that have {prod(sample):,} elements: a Flatten "
            "keeps each in a row of its own",
        )
