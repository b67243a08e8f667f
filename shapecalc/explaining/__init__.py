"""``shapecalc explain``: why a number is what it is."""

from shapecalc.derivation.closed import closed
from shapecalc.derivation.layer import Explanation, explain
from shapecalc.derivation.lines import Line, Section
from shapecalc.explaining.network import brief, inside, whole
from shapecalc.explaining.write import as_dict, markdown, text

__all__ = [
    "Explanation",
    "Line",
    "Section",
    "as_dict",
    "brief",
    "closed",
    "explain",
    "inside",
    "markdown",
    "text",
    "whole",
]
