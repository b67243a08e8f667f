"""``shapecalc explain``: why a number is what it is."""

from shapecalc.derivation.closed import closed
from shapecalc.derivation.layer import Explanation, explain
from shapecalc.derivation.lines import Line, Section
from shapecalc.explain.network import brief, inside, whole
from shapecalc.explain.write import as_dict, markdown, text
from shapecalc.verb import callable_package

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

callable_package(__name__)
