"""What a rule needs of its sizes, as an object rather than a yes or no.

On numbers a requirement holds or it does not. On formulas it is decided where it can be; where it
depends on the symbols, :meth:`Requirement.decide` answers with the :class:`Condition` on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity

if TYPE_CHECKING:
    from shapecalc.algebra.formula import Formula
    from shapecalc.algebra.solutions import Solutions

Text = Callable[[], str]


class Condition(NamedTuple):
    """What must hold of the symbols: ``symbol`` in ``solutions``, or an undecided ``equation``."""

    equation: str
    symbol: str | None = None
    solutions: Solutions | None = None


class Requirement:
    """``left == right`` or ``left >= right``, and what to tell where it does not hold.

    ``problem`` and ``hint`` say what is wrong and what to do about it, and are called only then.
    ``field`` is the field to blame; ``equation`` says the requirement where it is not plainly
    its two sides.
    """

    __slots__ = ("equation", "field", "hint", "left", "problem", "relation", "right")

    def __init__(
        self,
        left: Quantity,
        relation: str,
        right: Quantity,
        problem: Text,
        field: str | None,
        hint: Text | None,
        equation: Text | None = None,
    ) -> None:
        self.left = left
        self.relation = relation
        self.right = right
        self.problem = problem
        self.field = field
        self.hint = hint
        self.equation = equation

    def decide(self) -> bool | Condition:
        """True, False, or the condition on the symbols under which it holds."""
        left, right = self.left, self.right
        if isinstance(left, int) and isinstance(right, int):
            return left == right if self.relation == "==" else left >= right
        if left == right:
            return True
        found = _decide_formulas(left, self.relation, right)
        if isinstance(found, Condition) and self.equation is not None:
            return found._replace(equation=self.equation())
        return found


def equal(
    a: Quantity, b: Quantity, problem: Text, *, field: str | None = None, hint: Text | None = None
) -> Requirement:
    """Two sizes must be the same."""
    return Requirement(a, "==", b, problem, field, hint)


def at_least(
    a: Quantity, b: Quantity, problem: Text, *, field: str | None = None, hint: Text | None = None
) -> Requirement:
    """A size must reach another."""
    return Requirement(a, ">=", b, problem, field, hint)


def divides(
    divisor: Dim, number: Dim, problem: Text, *, field: str | None = None, hint: Text | None = None
) -> Requirement:
    """A number must be a multiple of another."""
    return Requirement(
        number % divisor,
        "==",
        0,
        problem,
        field,
        hint,
        lambda: f"{number if isinstance(number, int) else f'({number})'} % {divisor} == 0",
    )


def whole(
    size: Formula, least: int | None, problem: Text, *, field: str | None = None
) -> Iterator[Requirement]:
    """A formula must be a whole number, and reach ``least``."""
    from shapecalc.algebra.formula import as_ratio, is_integral

    if not is_integral(size):
        numerator, denominator = as_ratio(size)
        yield divides(denominator, numerator, problem, field=field)
    if least is not None:
        yield at_least(size, least, problem, field=field)


def refuse(problem: Text, *, field: str | None = None, hint: Text | None = None) -> Requirement:
    """What can be seen not to hold without comparing sizes."""
    return Requirement(0, "==", 1, problem, field, hint)


def _decide_formulas(left: Quantity, relation: str, right: Quantity) -> bool | Condition:
    from shapecalc.algebra.formula import Formula
    from shapecalc.algebra.residues import solve

    difference = left - right
    if not isinstance(difference, Formula):
        return difference == 0 if relation == "==" else difference >= 0
    found = solve(difference, relation)
    if isinstance(found, bool):
        return found
    if relation == ">=" and found is None and difference.never_negative():
        return True
    if found is None:
        return Condition(f"{left} {relation} {right}")
    (symbol,) = difference.symbols
    return Condition(f"{left} {relation} {right}", symbol, found)
