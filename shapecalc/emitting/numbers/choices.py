"""Derivations in which conditions choose numbers, and derivations told anew in other letters.

What a condition chose keeps the derivations of both numbers and of what the condition asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, cast

from shapecalc.algebra import arithmetic
from shapecalc.algebra.trace import (
    Apply,
    Leaf,
    Number,
    Product,
    Quotient,
    Sum,
    Traced,
    Tree,
    as_tree,
    untraced,
)
from shapecalc.language import expression as spec
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.expression import Binary, Expression, ExpressionError, Name, Unary

POWER = "pow"
"""What a power is an application of."""

Meanings = tuple[tuple[str, Tree], ...]
"""The derivations of a test's names."""

Assumption = tuple[Expression, Meanings, bool]
"""A test, what its names mean, and whether it is taken to hold."""


class Chosen(NamedTuple):
    """A number that a condition chose; ``meanings`` are the derivations of the test's names.

    Where derivations are written it passes for an application of the function ``if``.
    """

    test: Expression
    meanings: Meanings
    then: Tree
    otherwise: Tree
    value: Any

    @property
    def function(self) -> str:
        """What it passes for."""
        return "if"

    @property
    def arguments(self) -> tuple[Tree, ...]:
        """Both numbers."""
        return self.then, self.otherwise

    @property
    def taken(self) -> Tree:
        """The one that was chosen."""
        return self.then if self.then.value == self.value else self.otherwise

    @property
    def is_flag(self) -> bool:
        """Whether it is just whether the test holds."""
        return self.then.value is True and self.otherwise.value is False


Decide = Callable[[Chosen], "Tree | None"]
"""The derivation that stands for a choice which is decided; None for others."""


def choice(test: Expression, scope: Mapping[str, Any], then: Any, otherwise: Any) -> Any:
    """One of two numbers, or flags, with its derivation, as a condition in a scope decides."""
    taken = then if truth(evaluate(test, scope)) else otherwise
    meanings = meanings_in(test, scope)
    values = [untraced(value) for value in (then, otherwise)]
    if not all(isinstance(value, (int, Fraction)) for value in values) or are_settled(meanings):
        return taken
    return chosen(test, meanings, as_tree(then), as_tree(otherwise), untraced(taken))


def power(base: Any, exponent: Any, value: Any) -> Any:
    """A power with its derivation, whose exponent may hang on letters.

    >>> from shapecalc.emitting.numbers.trees import expression
    >>> from shapecalc.emitting.printer import flat
    >>> n = Traced.letter("n", 3)
    >>> flat(expression((5 * power(2, n + 1, 16)).tree))
    '5 * 2 ** (n + 1)'
    """
    above, below = as_tree(exponent), as_tree(base)
    if isinstance(above, Number):
        return Traced(below) ** above.value
    return Traced(Apply(POWER, (below, above), value))


def meanings_in(test: Expression, scope: Mapping[str, Any]) -> Meanings:
    """What the names of a test stand for in a scope."""
    names = dict.fromkeys(name.name for name in spec.names(test))
    return tuple((name, as_tree(scope[name])) for name in names)


def are_settled(meanings: Meanings) -> bool:
    """Whether all names of a test stand for numbers, so that there is no choice."""
    return all(isinstance(tree, Number) for _, tree in meanings)


def chosen(test: Expression, meanings: Meanings, then: Tree, otherwise: Tree, value: Any) -> Any:
    """A number that a test chose of two; inside of both it is known how the test turned out."""
    test, meanings, holds = plainest(test, meanings, True)
    if not holds:
        then, otherwise = otherwise, then
    numbers = {name: tree.value for name, tree in meanings if isinstance(tree, Number)}
    is_so = _outcome(test, numbers) if numbers else None
    if is_so is not None:
        return Traced(then if is_so else otherwise)
    then = under(then, (test, meanings, True))
    otherwise = under(otherwise, (test, meanings, False))
    if then == otherwise and type(then.value) is type(otherwise.value):
        return Traced(then)
    for holds, other in ((True, otherwise), (False, then)):
        if {then, otherwise} in _said_equal(test, dict(meanings), holds):
            return Traced(other)
    return Traced(cast(Tree, Chosen(test, meanings, then, otherwise, value)))


def _outcome(test: Expression, numbers: Mapping[str, Any]) -> bool | None:
    """How a test turns out whatever its other names stand for; None where it hangs on them."""
    if isinstance(test, Binary) and test.operator in ("and", "or"):
        sides = [_outcome(side, numbers) for side in (test.left, test.right)]
        decisive = test.operator == "or"
        return decisive if decisive in sides else None if None in sides else not decisive
    if any(name.name not in numbers for name in spec.names(test)):
        return None
    try:
        return truth(evaluate(test, numbers))
    except ExpressionError:
        return None


def _said_equal(test: Expression, meanings: dict[str, Tree], holds: bool) -> list[set[Tree]]:
    """The pairs of numbers that are equal where a test holds, or where it does not."""
    if isinstance(test, Binary) and test.operator == ("and" if holds else "or"):
        sides = (test.left, test.right)
        return [pair for side in sides for pair in _said_equal(side, meanings, holds)]
    relations = [relation for relation, _ in getattr(test, "rest", ())]
    if relations != ["==" if holds else "!="]:
        return []
    found = {meanings[each.name] for each in spec.parts(test) if isinstance(each, Name)}
    return [found] if len(found) == 2 else []


def plainest(test: Expression, meanings: Meanings, holds: bool) -> Assumption:
    """A test as another that says the same: without ``not``, and flags by what they are.

    >>> from shapecalc.language.expression import parse
    >>> deep = chosen(parse("n > 3"), (("n", as_tree(Traced.letter("n", 5))),), Number(True),
    ...     Number(False), True)
    >>> test, meanings, holds = plainest(parse("not deep"), (("deep", deep.tree),), True)
    >>> test == parse("n > 3"), meanings[0][0], holds
    (True, 'n', False)
    """
    while True:
        if isinstance(test, Unary) and test.operator == "not":
            test, holds = test.operand, not holds
            continue
        flag: Any = dict(meanings)[test.name] if isinstance(test, Name) else None
        if not isinstance(flag, Chosen) or not flag.is_flag:
            return test, meanings, holds
        test, meanings = flag.test, flag.meanings


def under(tree: Any, assumption: Assumption) -> Any:
    """A derivation where it is known how a test turns out."""
    if not _asks(tree, assumption):
        return tree

    def decide(node: Chosen) -> Tree | None:
        if node[:2] != assumption[:2]:
            return None
        return node.then if assumption[2] else node.otherwise

    try:
        return as_tree(moved(tree, lambda leaf: leaf, decide))
    except ZeroDivisionError:  # of what is not chosen in the end
        return tree


def _asks(tree: Any, assumption: Assumption) -> bool:
    """Whether a derivation asks for a test."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if type(node) is Chosen:
            if node[:2] == assumption[:2]:
                return True
            stack += [node.then, node.otherwise, *(each for _, each in node.meanings)]
        else:
            stack += [each for each in node if isinstance(each, tuple)]
    return False


def moved(tree: Any, meaning: Callable[[Leaf], Tree], decide: Decide = lambda _: None) -> Any:
    """The number anew, with letters replaced by what they mean, and choices as they are decided."""
    if isinstance(tree, Leaf):
        return Traced(meaning(tree))
    if isinstance(tree, Number):
        return Traced(tree)
    if isinstance(tree, Sum):
        return Traced.sum(factor * moved(term, meaning, decide) for factor, term in tree.terms)
    if isinstance(tree, Product):
        return arithmetic.prod(moved(factor, meaning, decide) for factor in tree.factors)
    if isinstance(tree, Quotient):
        top, bottom = moved(tree.top, meaning, decide), moved(tree.bottom, meaning, decide)
        if tree.rounding == "exact":
            return top / bottom
        return top // bottom if tree.rounding == "floor" else -(-top // bottom)
    if isinstance(tree, Chosen):
        return _moved_choice(tree, meaning, decide)
    assert isinstance(tree, Apply)
    arguments = [moved(argument, meaning, decide) for argument in tree.arguments]
    if all(isinstance(argument.tree, Number) for argument in arguments):
        return Traced(Number(tree.value))
    if tree.function in ("min", "max"):
        return Traced.extreme("smallest" if tree.function == "min" else "largest", arguments)
    if tree.function == POWER:
        return power(arguments[0], arguments[1], tree.value)
    return arguments[0].gcd(arguments[1]) if tree.function == "gcd" else round(arguments[0])


def _moved_choice(tree: Chosen, meaning: Callable[[Leaf], Tree], decide: Decide) -> Any:
    found = decide(tree)
    if found is not None:
        return moved(found, meaning, decide)
    meanings = tuple((name, moved(each, meaning, decide).tree) for name, each in tree.meanings)
    if are_settled(meanings):
        return moved(tree.taken, meaning, decide)
    then, otherwise = (moved(e, meaning, decide).tree for e in (tree.then, tree.otherwise))
    return chosen(tree.test, meanings, then, otherwise, tree.value)
