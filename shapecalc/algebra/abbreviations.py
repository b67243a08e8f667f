"""Short names for what recurs in formulas: ``h2`` for ``(H + 1)//2``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count

import sympy

from shapecalc.algebra import factoring, nodes, ordering, sums, writing
from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.formula import Formula
from shapecalc.algebra.nodes import FloorDiv


class Abbreviations:
    """Short names for the floors in formulas: ``h2`` for ``(H + 1)//2``.

    ``taken`` are names that mean something else, such as those of all symbols.

    >>> H = Formula.symbol("H")
    >>> short = Abbreviations()
    >>> short.write(64 * ((H + 1) // 2)), short.write((H + 1) // 2 * (H // 2))
    ('64*h2', 'h2*h2b')
    >>> short.meanings
    {'h2': '(H + 1)//2', 'h2b': 'H//2'}
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.meanings: dict[str, str] = {}
        self._taken = set(taken)
        self._names: dict[sympy.Expr, sympy.Symbol] = {}
        self._endings: dict[str, Iterator[str]] = {}

    def write(self, value: Quantity) -> str:
        """The value with its floors abbreviated, and common factors drawn out."""
        if not isinstance(value, Formula):
            return str(value)
        self._taken |= value.symbols
        expr = writing.with_remainders(value.expr)
        if nodes.contains(expr, FloorDiv):
            for floor in sorted(_outermost_floors(expr), key=ordering.sort_key):
                if floor not in self._names:
                    self._names[floor] = self._named(floor)
            expr = sums.replaced(expr, self._names)
        return writing.write(factoring.drawn_out(expr))

    def _named(self, floor: sympy.Expr) -> sympy.Symbol:
        symbols = sorted(nodes.names(floor))
        stem = "".join(symbols).lower() + (str(floor.args[1]) if floor.args[1].is_Integer else "")
        if stem not in self._endings:
            numbered = (f"_{i}" for i in count(1))
            self._endings[stem] = chain(["", *"bcdefghijklmnopqrstuvwxyz"], numbered)
        names = (stem + ending for ending in self._endings[stem])  # those tried stay taken
        name = next(n for n in names if n not in self.meanings and n not in self._taken)
        self.meanings[name] = writing.write(floor)
        return nodes.symbol(name, False)


def _outermost_floors(expr: sympy.Expr) -> set[sympy.Expr]:
    if isinstance(expr, FloorDiv):
        return {expr}
    return {floor for argument in expr.args for floor in _outermost_floors(argument)}
