"""What a rule needs of its sizes, as an object rather than a yes or no.

On numbers a requirement holds or it does not. On formulas it is decided where it can be; where it
depends on the symbols, :meth:`Requirement.decide` answers with the :class:`Condition` on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import LARGEST, Dim, Quantity, is_symbolic
from shapecalc.algebra.message import written

if TYPE_CHECKING:
    from shapecalc.algebra.formula import Formula
    from shapecalc.algebra.solutions import Solutions

Least = Mapping[str, int]
"""The least values of symbols, as far as they are known."""

LOWEST = -LARGEST
"""No symbol is asked for a value below this."""


class Claim(NamedTuple):
    """``left == right``, ``left >= right``, or that ``left`` is a multiple of ``right``: ``%``."""

    left: Quantity
    relation: str
    right: Quantity

    @property
    def difference(self) -> Any:
        """What has to be 0, or where the relation is ``>=``, at least 0."""
        return self.left % self.right if self.relation == "%" else self.left - self.right

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that it speaks of."""
        sides: list[Any] = [self.left, self.right]
        return frozenset().union(*(side.symbols for side in sides if is_symbolic(side)))

    @property
    def length(self) -> int:
        """How many terms its formulas have, about."""
        return sum(side.length for side in (self.left, self.right) if is_symbolic(side))

    def at(self, values: Mapping[str, Quantity]) -> Claim:
        """The claim with symbols replaced by numbers."""
        from shapecalc.algebra.formula import evaluate

        if self.symbols.isdisjoint(values):
            return self
        left, right = evaluate(self.left, values), evaluate(self.right, values)
        return Claim(left, self.relation, right)


class Condition(NamedTuple):
    """What must hold of the symbols: ``symbol`` in ``solutions``, or an undecided ``equation``.

    Of its ``claims`` one has to hold. Of a single one, ``difference`` is what decides it, and the
    ``words`` are found when they are asked for.
    """

    words: str
    symbol: str | None = None
    solutions: Solutions | None = None
    claims: tuple[Claim, ...] = ()
    difference: Formula | None = None

    @property
    def equation(self) -> str:
        """The condition in Python's arithmetic."""
        if self.difference is None:
            return self.words
        return _said(self.claims[0], self.difference)

    def at(self, values: Mapping[str, Quantity], least: Least) -> bool | Condition:
        """The condition where some symbols have values, and others least ones."""
        return decide([claim.at(values) for claim in self.claims], least)

    @property
    def least(self) -> dict[str, int]:
        """What it says of its symbols where it does no more than call sizes and settings so.

        That a size is positive and a padding not negative is understood. Empty where it says more.
        """
        from shapecalc.algebra.form import monomial

        if len(self.claims) != 1 or self.claims[0].relation != ">=":
            return {}
        left, _, right = self.claims[0]
        found = monomial(left) if is_symbolic(left) and left.is_whole else None
        if found is None or right not in (0, 1) or not isinstance(found[0], int) or found[0] < 1:
            return {}
        least = 1 if right == 1 else 0
        return dict.fromkeys(found[1], least) if least or len(found[1]) == 1 else {}


class Requirement(NamedTuple):
    """``left == right`` or ``left >= right``, and what to tell where it does not hold.

    ``says`` and ``advises`` are templates of the message and of its hint, written out by
    :meth:`problem` and :meth:`hint`. Their places are those of ``places``, and ``left``,
    ``right``, ``field`` and ``short``, which is how far left is from reaching right. ``field`` is
    the field to blame; ``claims`` are what is required where that is not plainly the two sides:
    one of them has to hold.

    >>> needed = at_least(3, 5, "has {left} {what}, {short} short of {right}", what="rows")
    >>> needed.decide(), needed.problem()
    (False, 'has 3 rows, 2 short of 5')
    """

    left: Quantity
    relation: str
    right: Quantity
    says: str
    advises: str
    places: Mapping[str, Any]
    field: str | None
    claims: tuple[Claim, ...] = ()

    def problem(self, **otherwise: Any) -> str:
        """What is wrong where it does not hold; places can be given other values than their own."""
        return written(self.says, self._places() | otherwise)

    def hint(self) -> str:
        """What to do about it; empty where nothing is known."""
        return written(self.advises, self._places())

    def _places(self) -> dict[str, Any]:
        sides = self.claims[0] if self.claims else self
        places: dict[str, Any] = {"left": sides.left, "right": sides.right, "field": self.field}
        if self.relation == ">=":
            places["short"] = self.right - self.left
        return places | dict(self.places)

    def decide(self, least: Least | None = None) -> bool | Condition:
        """True, False, or the condition on the symbols under which it holds.

        Symbols have at least the values in ``least``, any value if they are not there; all are
        positive where it is left out.
        """
        left, right = self.left, self.right
        if isinstance(left, int) and isinstance(right, int):
            return left == right if self.relation == "==" else left >= right
        if left == right:
            return True
        return decide(self.claims or (Claim(left, self.relation, right),), least)


def equal(
    a: Quantity,
    b: Quantity,
    says: str = "",
    /,
    *,
    field: str | None = None,
    hint: str = "",
    **places: Any,
) -> Requirement:
    """Two sizes must be the same."""
    return Requirement(a, "==", b, says, hint, places, field)


def at_least(
    a: Quantity,
    b: Quantity,
    says: str = "",
    /,
    *,
    field: str | None = None,
    hint: str = "",
    **places: Any,
) -> Requirement:
    """A size must reach another."""
    return Requirement(a, ">=", b, says, hint, places, field)


def divides(
    divisor: Dim,
    number: Dim,
    says: str = "",
    /,
    *,
    field: str | None = None,
    hint: str = "",
    **places: Any,
) -> Requirement:
    """A number must be a multiple of another; in a message they are right and left."""
    claims = (Claim(number, "%", divisor),)
    return Requirement(number % divisor, "==", 0, says, hint, places, field, claims)


def broadcasts(
    a: Dim,
    b: Dim,
    says: str = "",
    /,
    *,
    field: str | None = None,
    hint: str = "",
    **places: Any,
) -> Requirement:
    """Two sizes must be the same, or one of them 1, which stretches to the other.

    >>> from shapecalc.algebra.formula import Formula
    >>> N, S = Formula.symbol("N"), Formula.symbol("S")
    >>> broadcasts(N, N // S).decide().equation
    'N == N//S or N == 1 or N//S == 1'
    """
    if 1 in (a, b):
        return Requirement(1, "==", 1, says, hint, places, field)
    claims = [Claim(a, "==", b)]
    if is_symbolic(a) or is_symbolic(b):
        claims += [Claim(x, "==", 1) for x, y in ((a, b), (b, a)) if may_stretch(x, y)]
    return Requirement(a, "==", b, says, hint, places, field, tuple(claims))


def stretches(
    size: Dim,
    wanted: Dim,
    says: str = "",
    /,
    *,
    field: str | None = None,
    hint: str = "",
    **places: Any,
) -> Requirement:
    """A size must be the one that is wanted, or 1, which stretches to that.

    >>> from shapecalc.algebra.formula import Formula
    >>> stretches(Formula.symbol("B"), 2).decide().equation
    'B == 2 or B == 1'
    """
    claims = [Claim(size, "==", wanted)]
    if is_symbolic(size) and may_stretch(size, wanted):
        claims.append(Claim(size, "==", 1))
    return Requirement(size, "==", wanted, says, hint, places, field, tuple(claims))


def whole(
    size: Formula,
    least: int | None,
    says: str = "",
    /,
    *,
    field: str | None = None,
    **places: Any,
) -> Iterator[Requirement]:
    """A formula must be a whole number, and reach ``least``; in a message it is ``size``."""
    from shapecalc.algebra.form import as_ratio
    from shapecalc.algebra.formula import is_integral

    if not is_integral(size):
        numerator, denominator = as_ratio(size)
        yield divides(denominator, numerator, says, field=field, size=size, **places)
    if least is not None:
        yield at_least(size, least, says, field=field, size=size, **places)


def refuse(
    says: str = "", /, *, field: str | None = None, hint: str = "", **places: Any
) -> Requirement:
    """What can be seen not to hold without comparing sizes."""
    return Requirement(0, "==", 1, says, hint, places, field)


def may_stretch(a: Dim, b: Dim) -> bool:
    """Whether ``a`` may be 1 where ``b`` is larger, as far as can be told.

    >>> from shapecalc.algebra.formula import Formula
    >>> H = Formula.symbol("H")
    >>> may_stretch((H + 1) // 2, H), may_stretch(H, 2 * (H // 2))
    (True, False)
    """
    from shapecalc.algebra.trace import untraced

    a, b = untraced(a), untraced(b)
    one = decide([Claim(a, "==", 1)], {})
    many = decide([Claim(b, ">=", 2)], {})
    if isinstance(one, bool) or isinstance(many, bool):
        return one is not False and many is not False
    if one.solutions is None or many.solutions is None or one.symbol != many.symbol:
        return True
    return not one.solutions.intersect(many.solutions).is_empty


# -- deciding -------------------------------------------------------------------------------------


def decide(claims: tuple[Claim, ...] | list[Claim], least: Least | None) -> bool | Condition:
    """Whether one of some claims holds: True, False, or the condition under which one does."""
    found: list[Condition] = []
    for claim in claims:
        decided = _decide_one(claim, least)
        if decided is True:
            return True
        if isinstance(decided, Condition):
            found.append(decided)
    if not found:
        return False
    if len(found) == 1:
        return found[0]
    open_ones = tuple(claim for each in found for claim in each.claims)
    equation = " or ".join(dict.fromkeys(each.equation for each in found))
    union = None
    for each in found:
        if each.solutions is None or each.symbol != found[0].symbol:
            return Condition(equation, claims=open_ones)
        union = each.solutions if union is None else union.union(each.solutions)
    return Condition(equation, found[0].symbol, union, open_ones)


def _decide_one(claim: Claim, least: Least | None) -> bool | Condition:
    from shapecalc.algebra.form import as_modulo, as_remainder, unrounded
    from shapecalc.algebra.formula import expanded

    relation = "==" if claim.relation == "%" else claim.relation
    try:
        difference = expanded(claim.difference)
    except ZeroDivisionError:
        return False
    if relation == ">=" and is_symbolic(difference):
        difference = unrounded(difference, lambda divisor: _is_positive(divisor, least))
    if not is_symbolic(difference):
        return bool(difference == 0 if relation == "==" else difference >= 0)
    if claim.relation == "==" and (found := as_modulo(difference)):
        claim = Claim(found[0], "%", found[1])
    if claim.relation == "%":
        said, always = as_remainder(claim.left, claim.right)
        return always or _decide_sign(difference, "==", least, claim, f"{said} == 0")
    if len(difference.symbols) == 1:
        alone = _decide_sign(difference, relation, least, claim)
        if isinstance(alone, bool) or alone.solutions is not None:
            return alone
    return _decide_product(difference, relation, least, claim)


def _decide_product(
    difference: Formula, relation: str, least: Least | None, claim: Claim
) -> bool | Condition:
    """A product is 0 where a factor is; factors that cannot be 0 do no more than turn its sign."""
    from shapecalc.algebra.form import as_ratio, factors
    from shapecalc.algebra.formula import Formula

    if relation == "==" or not difference.is_whole:
        above, below = as_ratio(difference)
        if relation == "==" and not isinstance(above, Formula):
            return above == 0  # what it is divided by is never 0
        if isinstance(above, Formula) and (relation == "==" or _is_positive(below, least)):
            difference = above
    low, high = difference.range(least)
    if relation == ">=" and low is not None and low >= 0:
        return True
    if (high is not None and high < 0) or (relation == "==" and low is not None and low > 0):
        return False
    kept: list[Formula] = []
    sign = 1
    for factor in factors(difference):
        if not isinstance(factor, Formula):
            sign = -sign if factor < 0 else sign
            continue
        low, high = factor.range(least)
        if high is not None and high < 0:
            sign = -sign
        elif low is None or low <= 0:
            kept.append(factor)
    if not kept:
        return relation == ">=" and sign > 0
    if relation == "==" and len(kept) > 1:
        return decide([Claim(factor, "==", 0) for factor in kept], least)
    if len(factors(difference)) > 1:
        difference = kept[0] if relation == "==" else _product(kept) * sign
        if relation == ">=" and not isinstance(difference, Formula):
            return bool(difference >= 0)
    return _decide_sign(difference, relation, least, claim)


def _is_positive(divisor: Dim, least: Least | None) -> bool:
    """Whether what something is divided by, and so is not 0, is known to be more than that."""
    low = divisor.range(least)[0] if is_symbolic(divisor) else divisor
    return low is not None and low >= 0


def _product(factors: list[Formula]) -> Any:
    product: Any = 1
    for factor in factors:
        product = product * factor
    return product


def _decide_sign(
    difference: Formula, relation: str, least: Least | None, claim: Claim, said: str = ""
) -> bool | Condition:
    """Whether a difference is 0, or at least that; ``said`` is the claim in words of its own."""
    from shapecalc.algebra.residues import solve

    if len(difference.symbols) == 1:
        (symbol,) = difference.symbols
        lowest = 1 if least is None else least.get(symbol, LOWEST)
        found = solve(difference, relation, lowest)
        if isinstance(found, bool):
            return found
        if found is not None:
            return Condition(said, symbol, found, (claim,), None if said else difference)
    low, high = difference.range(least)
    if relation == ">=" and low is not None and low >= 0:
        return True
    if (high is not None and high < 0) or (relation == "==" and low is not None and low > 0):
        return False
    return Condition(said, claims=(claim,), difference=None if said else difference)


def _said(claim: Claim, difference: Formula) -> str:
    """A claim in Python's arithmetic: as it was made, or shorter."""
    from shapecalc.algebra.form import sides

    own = f"{claim.left} {claim.relation} {claim.right}"
    relation = claim.relation
    left, right = sides(difference)
    if not is_symbolic(left):
        left, right = right, left
        relation = {">=": "<="}.get(relation, relation)
    short = f"{left} {relation} {right}"
    return short if len(short) <= len(own) else own
