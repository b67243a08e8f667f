"""Python as trees: expressions, statements, functions and classes.

Arithmetic is that of the spec's own expressions, :mod:`shapecalc.language.expression`; what is
here is what a spec has not: attributes, calls, items, tuples and texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, cast

from shapecalc.language import expression as spec
from shapecalc.language.expression import Comparison, Name, Number, Unary

# -- expressions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant:
    """None, true or false, or a float."""

    value: Any


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Formatted:
    """``f"layer{index + 1}"``: texts and expressions in turn."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """``owner.name``."""

    owner: Tree
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """``owner[place]``."""

    owner: Tree
    place: Tree


@dataclass(frozen=True, slots=True)
class Slice:
    """``start:stop:step`` in an item's brackets."""

    start: Tree | None
    stop: Tree | None
    step: Tree | None


@dataclass(frozen=True, slots=True)
class Dots:
    """``...``."""


@dataclass(frozen=True, slots=True)
class Invoke:
    """``function(a, b, name=c)``."""

    function: Tree
    positional: tuple[Tree, ...] = ()
    named: tuple[tuple[str, Tree], ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple, or a list; a tuple that stands alone, as behind return, has no brackets.

    In braces it is a dictionary of :class:`Keyed` items.
    """

    items: tuple[Tree, ...]
    brackets: str = "()"


@dataclass(frozen=True, slots=True)
class Keyed:
    """``key: value`` in a dictionary."""

    key: Tree
    value: Tree


@dataclass(frozen=True, slots=True)
class Star:
    """``*items`` among arguments."""

    items: Tree


@dataclass(frozen=True, slots=True)
class Loop:
    """``element for variable in items if condition``."""

    element: Tree
    variable: str
    items: Tree
    condition: Tree | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """An argument with a comment behind it."""

    tree: Tree
    comment: str


Tree: TypeAlias = (
    "spec.Expression | Constant | Text | Formatted | Attribute | Item | Slice | Dots | Invoke "
    "| Sequence | Keyed | Star | Loop | Noted"
)

# -- statements -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assign:
    """``target: annotation = value  # comment``; with an operator, ``target += value``."""

    target: Tree
    value: Tree
    annotation: Tree | None = None
    comment: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Do:
    """An expression for its effect."""

    value: Tree
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """``return value  # comment``."""

    value: Tree
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Raise:
    """``raise value``."""

    value: Tree


@dataclass(frozen=True, slots=True)
class If:
    """``if test: ...``."""

    test: Tree
    then: Statements
    otherwise: Statements = ()


@dataclass(frozen=True, slots=True)
class For:
    """``for variable in items: ...``."""

    variable: Tree
    items: Tree
    body: Statements


@dataclass(frozen=True, slots=True)
class With:
    """``with context: ...``."""

    context: Tree
    body: Statements


Statement: TypeAlias = "Assign | Do | Return | Raise | If | For | With"
Statements: TypeAlias = "tuple[Statement, ...]"

# -- definitions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """``name: annotation = default``."""

    name: str
    annotation: Tree
    default: Tree | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function; of a class, a method."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: Tree
    body: Statements
    told: str = ""
    is_method: bool = False


@dataclass(frozen=True, slots=True)
class Class:
    """A class with its methods, and attributes whose types it declares."""

    name: str
    base: Tree
    methods: tuple[Function, ...]
    told: str = ""
    declared: tuple[Parameter, ...] = ()


# -- making trees --------------------------------------------------------------------------------

NONE, TRUE, FALSE = Constant(None), Constant(True), Constant(False)
SELF, TENSOR = Name("self", 0), Name("Tensor", 0)


def name(text: str) -> Tree:
    """A name, or names joined by dots.

    >>> name("nn.Conv2d")
    Attribute(owner=Name(name='nn', column=0), name='Conv2d')
    """
    first, *others = text.split(".")
    tree: Tree = Name(first, 0)
    for each in others:
        tree = Attribute(tree, each)
    return tree


def call(function: Tree | str, *positional: Tree, **named: Tree) -> Invoke:
    """A call."""
    return Invoke(
        name(function) if isinstance(function, str) else function, positional, tuple(named.items())
    )


def own(attribute: str) -> Tree:
    """``self.attribute``."""
    return Attribute(SELF, attribute)


def negated(tree: Any) -> Any:
    """An expression with the other sign; what has a sign loses it."""
    is_signed = isinstance(tree, spec.Unary) and tree.operator == "-"
    return tree.operand if is_signed else spec.Unary("-", tree)


def is_there(tree: Any) -> Any:
    """The condition that something is not None."""
    return Comparison(tree, (("is not", cast(Any, NONE)),))


def is_missing(tree: Any) -> Any:
    """The condition that something is None."""
    return Comparison(tree, (("is", cast(Any, NONE)),))


def literal(value: Any) -> Tree:
    """A value as Python has it, a fraction as a float, which torch takes.

    >>> literal(Fraction(1, 4)), literal(("same", 3))
    (Constant(value=0.25), Sequence(items=(Text(value='same'), Number(value=3)), brackets='()'))
    """
    if isinstance(value, (tuple, list)):
        return Sequence(tuple(map(literal, value)))
    if value is None or isinstance(value, bool):
        return Constant(value)
    if isinstance(value, Fraction):
        return Constant(float(value))
    if isinstance(value, float):
        return (
            call("float", Text(str(value))) if value in (_INFINITE, -_INFINITE) else Constant(value)
        )
    if isinstance(value, str):
        return Text(str(value))
    return Number(value) if value >= 0 else Unary("-", Number(-value))


_INFINITE = float("inf")
