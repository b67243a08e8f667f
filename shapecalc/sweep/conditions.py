"""Conditions compiled: the formulas that they ask for, and their truth where these have values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Quantity, is_symbolic
from shapecalc.algebra.requirement import Claim
from shapecalc.algebra.vectorised import Range
from shapecalc.language.evaluation import Undecided, evaluate, truth
from shapecalc.language.expression import Binary, Comparison, Expression, Unary, names

Arrays = Mapping[str, Any]

_HOLDS: dict[str, Callable[[Any], Any]] = {
    "==": lambda difference: difference == 0,
    "!=": lambda difference: difference != 0,
    ">=": lambda difference: difference >= 0,
    ">": lambda difference: difference > 0,
    "<=": lambda difference: difference <= 0,
    "<": lambda difference: difference < 0,
}


class Test(NamedTuple):
    """A condition in words, the names of the formulas that it looks at, and how it does so.

    ``proven`` tells from the ranges of the formulas whether it holds throughout.
    """

    said: str
    names: tuple[str, ...]
    symbols: frozenset[str]
    holds: Callable[[Arrays], Any]
    proven: Callable[[Callable[[str], Range]], bool] = lambda range_of: False


class Compiler:
    """Gathers the formulas of conditions under names, each formula once."""

    def __init__(self) -> None:
        self.formulas: dict[str, Quantity] = {}
        self._names: dict[Quantity, str] = {}

    def name(self, formula: Quantity) -> str:
        """The name under which a formula's values will be found."""
        found = self._names.setdefault(formula, f"formula {len(self._names)}")
        self.formulas[found] = formula
        return found

    def one_of(self, said: str, claims: Sequence[Claim]) -> Test:
        """A condition of which one claim has to hold."""
        each = [
            (self.name(claim.difference), ">=" if claim.relation == ">=" else "==")
            for claim in claims
        ]

        def holds(found: Arrays) -> Any:
            result: Any = False
            for name, relation in each:
                result = result | _truths(_HOLDS[relation](found[name]))
            return result

        def proven(range_of: Callable[[str], Range]) -> bool:
            return any(
                bounds is not None and bounds[0] >= 0 and (relation == ">=" or bounds == (0, 0))
                for bounds, relation in ((range_of(name), relation) for name, relation in each)
            )

        symbols = frozenset[str]().union(*(claim.symbols for claim in claims))
        return Test(said, tuple(name for name, _ in each), symbols, holds, proven)

    def expression(self, said: str, tree: Expression, scope: Mapping[str, Any]) -> Test:
        """A condition as an expression of what is in scope: numbers and formulas."""
        looked_at: dict[str, None] = {}
        holds = self._truth(tree, scope, looked_at)
        formulas = [self.formulas[name] for name in looked_at]
        symbols = [each.symbols for each in formulas if is_symbolic(each)]
        return Test(said, tuple(looked_at), frozenset[str]().union(*symbols), holds)

    def _truth(
        self, tree: Expression, scope: Mapping[str, Any], looked_at: dict[str, None]
    ) -> Callable[[Arrays], Any]:
        try:
            decided = truth(evaluate(tree, scope))
            return lambda found: decided
        except Undecided:
            pass
        if isinstance(tree, Binary) and tree.operator in ("and", "or"):
            a, b = (self._truth(each, scope, looked_at) for each in (tree.left, tree.right))
            if tree.operator == "and":
                return lambda found: a(found) & b(found)
            return lambda found: a(found) | b(found)
        if isinstance(tree, Unary) and tree.operator == "not":
            inner = self._truth(tree.operand, scope, looked_at)
            return lambda found: inner(found) ^ True
        try:
            if isinstance(tree, Comparison):
                return self._comparison(tree, scope, looked_at)
            return self._compared(evaluate(tree, scope), "!=", looked_at)
        except Undecided:  # it asks inside of a sum, as in (H if H > W else W) * 2
            return self._one_by_one(tree, scope, looked_at)

    def _comparison(
        self, tree: Comparison, scope: Mapping[str, Any], looked_at: dict[str, None]
    ) -> Callable[[Arrays], Any]:
        sides = [evaluate(side, scope) for side in (tree.first, *(part for _, part in tree.rest))]
        parts = [
            self._compared(left - right, operator, looked_at)
            for (operator, _), left, right in zip(tree.rest, sides, sides[1:])
        ]

        def holds(found: Arrays) -> Any:
            result: Any = True
            for part in parts:
                result = result & part(found)
            return result

        return holds

    def _compared(
        self, difference: Quantity, operator: str, looked_at: dict[str, None]
    ) -> Callable[[Arrays], Any]:
        name = self.name(difference)
        looked_at[name] = None
        return lambda found: _truths(_HOLDS[operator](found[name]))

    def _one_by_one(
        self, tree: Expression, scope: Mapping[str, Any], looked_at: dict[str, None]
    ) -> Callable[[Arrays], Any]:
        """What cannot be asked of all settings at once is asked of each."""
        own = {name.name: scope[name.name] for name in names(tree)}
        asked = {name: self.name(each) for name, each in own.items() if is_symbolic(each)}
        looked_at.update(dict.fromkeys(asked.values()))

        def one(*values: Any) -> bool:
            return truth(evaluate(tree, {**own, **dict(zip(asked, map(plain, values)))}))

        def holds(found: Arrays) -> Any:
            import numpy as np

            values = [found[name] for name in asked.values()]
            return _truths(np.frompyfunc(one, len(values), 1)(*values))

        return holds


def plain(value: Any) -> Any:
    """An integer or fraction as Python's own; a whole one an integer."""
    if not hasattr(value, "denominator"):
        return value
    return int(value) if value.denominator == 1 else value


def _truths(values: Any) -> Any:
    import numpy as np

    return np.asarray(values, dtype=bool)
