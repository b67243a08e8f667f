"""Numbers on letters: named, told again in other letters, and chosen by conditions."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeGuard

from shapecalc.algebra.trace import Leaf, Number, Sum, Traced, Tree, as_tree, untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.names import variable
from shapecalc.emitting.numbers.choices import (
    Chosen,
    Decide,
    choice,
    meanings_in,
    moved,
    plainest,
    power,
    under,
)
from shapecalc.emitting.numbers.trees import length, letters_in
from shapecalc.emitting.work import FOLLOWED, Work
from shapecalc.graph.graph import Wire
from shapecalc.language.evaluation import evaluate, truth
from shapecalc.language.expression import (
    Binary,
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Name,
    Unary,
    names,
)
from shapecalc.language.words import BATCH
from shapecalc.layers import Layer
from shapecalc.layers.compound import PerAxis

DIMENSIONS = {
    2: ("in_features",),
    3: ("in_channels", "in_features"),
    4: ("in_channels", "in_height", "in_width"),
    5: ("in_channels", "in_depth", "in_height", "in_width"),
}
"""What the sizes of a block's input are called inside it, behind the batch."""

KNOWN = ("in_channels", "in_features")
"""Those of them that a constructor may ask for; the others change with the input's size."""


def lettered(name: str, value: Any) -> Any:
    """A number or a flag under a name; lists item by item; words as they are."""
    if isinstance(value, list):
        return [lettered(f"{name}[{i}]", item) for i, item in enumerate(value)]
    number = untraced(value)
    return Traced.letter(name, number) if isinstance(number, (int, Fraction)) else value


def plain(value: Any) -> Any:
    """A value without derivations, a whole one as such; lists as tuples."""
    if type(value) is int:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(map(plain, value))
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    number = untraced(value)
    is_whole = isinstance(number, Fraction) and number.denominator == 1
    return number.numerator if is_whole else number


def note(name: str, value: Any, values: dict[str, Any], outside: dict[str, Tree]) -> None:
    """Note an argument's value and how it follows, and those of a list's items."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            note(f"{name}[{i}]", item, values, outside)
        values[name] = [values[f"{name}[{i}]"] for i in range(len(value))]
    else:
        values[name] = untraced(value)
        outside[name] = as_tree(value)


def size_names(ndim: int, arguments: frozenset[str]) -> tuple[str, ...]:
    """What the sizes of an input are called inside a block that has these arguments.

    >>> size_names(4, frozenset({"in_channels"}))
    ('B', 'in_channels_', 'in_height', 'in_width')
    """
    names = [BATCH, *DIMENSIONS.get(ndim, (f"in_size{i}" for i in range(1, ndim)))]
    return tuple(variable(name, arguments) for name in names[:ndim])


def sizes_of(name: str, sizes: tuple[str, ...], arguments: frozenset[str]) -> tuple[str, ...]:
    """What the sizes of a further input are called, after those of the first.

    >>> sizes_of("skip", ("B", "in_channels", "in_height"), frozenset())
    ('B', 'skip_channels', 'skip_height')
    """
    own = (f"{name}_{size.removeprefix('in_')}" for size in sizes[1:])
    return (BATCH, *[variable(size, arguments) for size in own])


LONGEST = 400
"""The most numbers and operations of a derivation that is followed: none so long is written."""


def told_again(
    wire: Wire, meanings: Mapping[str, Tree], work: Work, decide: Decide = lambda _: None
) -> Wire:
    """The wire's sizes with letters replaced by what they mean, and choices as they are decided."""
    sizes = [followed(as_tree(size), meanings, work, decide) for size in wire.tensor.shape]
    return wire._replace(tensor=wire.tensor.with_shape(sizes))


def followed(
    tree: Tree, meanings: Mapping[str, Tree], work: Work, decide: Decide = lambda _: None
) -> Any:
    """The number anew, with letters replaced; of what is too long to be told, the number alone."""
    count = length(tree, LONGEST)
    work.add(count // FOLLOWED)
    if count > LONGEST:
        return untraced(tree.value)
    if letters_in(tree).isdisjoint(meanings):
        return Traced(tree)
    return moved(tree, meaning_of(meanings), decide)


def told_by_next(wire: Wire, index: Any, work: Work) -> Wire:
    """The wire's sizes as the next copy of an entry sees them, whose number is larger by one.

    What was chosen by the number of a copy before the last stays as it is: no copy but the next
    could tell it by its own number.
    """
    following = Traced.letter("index", untraced(index) + 1)
    return told_again(wire, {"index": (following - 1).tree}, work, _if_of_earlier)


def _if_of_earlier(node: Chosen) -> Tree | None:
    is_earlier = any(
        isinstance(tree, Sum) and any(t == Leaf("index", t.value) for _, t in tree.terms)
        for _, tree in node.meanings
    )
    return node.taken if is_earlier else None


def meaning_of(meanings: Mapping[str, Tree]) -> Callable[[Leaf], Tree]:
    """What a letter means; its value where it does not mean that, as an outer loop's index."""

    def meaning(leaf: Leaf) -> Tree:
        meant = meanings.get(leaf.letter, leaf)
        return meant if meant.value == leaf.value else Number(leaf.value)

    return meaning


def behind_copies(count: Traced, sizes: list[Any], work: Work) -> Any:
    """A size behind a number of copies, of which the sizes behind each are known."""
    steps = [Traced(as_tree(b)) - Traced(as_tree(a)) for a, b in pairwise(sizes)]
    if len(steps) > 1 and all(step.tree == steps[0].tree for step in steps) and steps[0].value:
        return sizes[0] + count * steps[0]
    return followed(as_tree(sizes[-1]), {"index": count.tree}, work)


def with_choices(tree: Expression, scope: Mapping[str, Any], found: Any) -> Any:
    """A value that is found, but with its conditions and exponents remembered.

    A flag is chosen by its own condition.
    """
    if is_flag(tree):
        return choice(tree, scope, True, False)
    parts: dict[str, Any] = {}

    def lifted(node: Expression) -> Expression | None:
        if isinstance(node, Conditional):
            part = _chosen(node, scope)
        elif is_power(node):
            part = _power(node, scope)
        else:
            return None
        name = f"part {len(parts)}"
        parts[name] = part
        return Name(name, 0)

    without = syntax.changed(tree, lifted)
    if not parts:
        return found
    return evaluate(without, ChainMap(parts, scope))  # type: ignore[arg-type]


def where_holds(test: Expression, scope: Mapping[str, Any], wire: Wire) -> Wire:
    """A wire whose sizes are told as they are where a condition holds, if it does."""
    if outcome(test, scope) != 1:
        return wire
    assumption = plainest(test, meanings_in(test, scope), True)
    trees = [as_tree(size) for size in wire.tensor.shape]
    told = [under(tree, assumption) for tree in trees]
    if all(one is other for one, other in zip(told, trees)):
        return wire
    sizes: list[Any] = [Traced(tree) for tree in told]
    return wire._replace(tensor=wire.tensor.with_shape(sizes))


def is_flag(tree: Expression) -> bool:
    """Whether an expression is true or false whatever its names are."""
    if isinstance(tree, Unary):
        return tree.operator == "not"
    return isinstance(tree, Comparison) or (
        isinstance(tree, Binary) and tree.operator in ("and", "or")
    )


def is_power(node: Any) -> TypeGuard[Binary]:
    """Whether a node of an expression is a power whose exponent is no number."""
    return isinstance(node, Binary) and node.operator == "**" and bool(names(node.right))


def outcome(test: Expression, scope: Mapping[str, Any]) -> int:
    """What a condition decides; -1 where it has no value, as that which is not asked may."""
    try:
        return truth(evaluate(test, scope))
    except ExpressionError:
        return -1


def _power(tree: Binary, scope: Mapping[str, Any]) -> Any:
    base, exponent = (
        with_choices(part, scope, evaluate(part, scope)) for part in (tree.left, tree.right)
    )
    return power(base, exponent, untraced(evaluate(tree, scope)))


def _chosen(tree: Conditional, scope: Mapping[str, Any]) -> Any:
    then, otherwise = (_if_any(part, scope) for part in (tree.then, tree.otherwise))
    if then is None or otherwise is None:
        return then if otherwise is None else otherwise
    return choice(tree.test, scope, then, otherwise)


def _if_any(tree: Expression, scope: Mapping[str, Any]) -> Any:
    """The value of a part; None if it has none, as that which is not chosen may."""
    try:
        return with_choices(tree, scope, evaluate(tree, scope))
    except ExpressionError:
        return None


def in_numbers(layer: Layer) -> Layer:
    """The layer without derivations in its settings; raises :class:`FieldError`."""
    settings = {name: plain(value) for name, value in layer.__dict__.items()}
    given = {
        name: value[0] if layer.rank == 1 and _is_per_axis(layer, name) else value
        for name, value in settings.items()
        if value is not None
    }
    return type(layer)(**given)


def _is_per_axis(layer: Layer, name: str) -> bool:
    """Whether a field has a number for each axis, of which a single one may stand alone."""
    field = layer.fields.get(name)
    return field is not None and isinstance(field.type, PerAxis)
