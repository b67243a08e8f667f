"""``shapecalc explain``: why a number is what it is."""

from shapecalc.explain.layer import Explanation, Line, Section, explain
from shapecalc.explain.network import brief, closed, whole
from shapecalc.explain.write import as_dict, markdown, text

__all__ = [
    "Explanation",
    "Line",
    "Section",
    "as_dict",
    "brief",
    "closed",
    "explain",
    "markdown",
    "text",
    "whole",
]
