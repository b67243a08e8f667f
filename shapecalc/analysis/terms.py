"""How long the formulas of a report may be together, so that whoever reads it does not wait."""

from __future__ import annotations

from collections.abc import Iterable

from shapecalc.algebra.arithmetic import Dim, is_symbolic
from shapecalc.graph.graph import Node
from shapecalc.language.problem import Problem, Source, SpecError


class Meter:
    """Counts the terms of all formulas that are told of layers, and refuses too many.

    ``advice`` is what to do about it, and ``source`` the spec that is to be shown.

    >>> import shapecalc
    >>> spec = {"symbols": {"a": 2}, "input": ["a"], "layers": [{"Linear": "a"}, {"Linear": 3}]}
    >>> shapecalc.load(spec, most_terms=8).report(symbolic=True)
    Traceback (most recent call last):
    shapecalc.language.problem.SpecError: ... would make the formulas ...
    ...
    """

    def __init__(self, most: int, source: Source, advice: str) -> None:
        self.most = most
        self._source = source
        self._advice = advice
        self._terms = 0
        self._told: set[Dim] = set()

    def anew(self, advice: str = "", times: int = 1) -> Meter:
        """A meter that has counted nothing yet, with so many times the limit."""
        return Meter(times * self.most, self._source, advice or self._advice)

    def add(self, node: Node, told: Iterable[Dim], what: str = "what is counted") -> None:
        """Count what is told of a layer; raises :class:`SpecError` where that is too much."""
        terms = 0
        for each in told:
            if is_symbolic(each) and each not in self._told:
                self._told.add(each)  # what is told again takes no time
                terms += each.terms
        self.take(node, terms, f"the formulas of {what}")

    def take(self, node: Node, terms: int, what: str) -> None:
        """Count the terms that a layer adds to something; raises :class:`SpecError` as well."""
        self._terms += terms
        if self._terms > self.most:
            layer = f"{node.layer.kind} {node.path!r}"
            message = f"{layer} would make {what} longer than {self.most:,} terms together"
            raise SpecError(self._source, [Problem(node.entry.mark, message, (self._advice,))])
