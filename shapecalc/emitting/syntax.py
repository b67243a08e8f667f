"""Python as trees: expressions, statements, functions and classes, and questions to ask of them.

Arithmetic is that of the spec's own expressions, :mod:`shapecalc.language.expression`; what is
here is what a spec has not: attributes, calls, items, tuples and texts. A kind tells its call as
plain source, which :func:`read` makes a tree of. Nothing is asked of text: whether a name is used,
or what has to be imported, is asked of the tree.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, TypeAlias, cast

from shapecalc.language import expression as spec
from shapecalc.language.expression import Binary, Comparison, Conditional, Name, Number, Unary

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

_BINARY: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitOr: "|",
}
_COMPARE: dict[type, str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
}


@lru_cache(maxsize=4096)
def read(text: str) -> Tree:
    """Source as a tree: what a kind says of its call.

    >>> read("x.permute(0, -1)") == call(name("x.permute"), Number(0), Unary("-", Number(1)))
    True
    """
    return _read(ast.parse(text, mode="eval").body)


def _read(node: Any) -> Tree:
    if isinstance(node, ast.Constant):
        value = node.value
        if value is ...:
            return Dots()
        return literal(value) if not isinstance(value, float) else Constant(value)
    if isinstance(node, ast.Name):
        return Name(node.id, 0)
    if isinstance(node, ast.Attribute):
        return Attribute(_read(node.value), node.attr)
    if isinstance(node, ast.Call):
        named = tuple((each.arg or "", _read(each.value)) for each in node.keywords)
        return Invoke(_read(node.func), tuple(map(_read, node.args)), named)
    if isinstance(node, ast.Subscript):
        return Item(_read(node.value), _read(node.slice))
    if isinstance(node, ast.Slice):
        parts = [
            None if each is None else _read(each) for each in (node.lower, node.upper, node.step)
        ]
        return Slice(*parts)
    if isinstance(node, (ast.Tuple, ast.List)):
        brackets = "()" if isinstance(node, ast.Tuple) else "[]"
        return Sequence(tuple(map(_read, node.elts)), brackets)
    if isinstance(node, ast.Starred):
        return Star(_read(node.value))
    return _read_arithmetic(node)


def _read_arithmetic(node: Any) -> Tree:
    if isinstance(node, ast.UnaryOp):
        operator = "not" if isinstance(node.op, ast.Not) else "-"
        return Unary(operator, cast(Any, _read(node.operand)))
    if isinstance(node, ast.BinOp):
        return Binary(
            _BINARY[type(node.op)], cast(Any, _read(node.left)), cast(Any, _read(node.right))
        )
    if isinstance(node, ast.BoolOp):
        operator = "and" if isinstance(node.op, ast.And) else "or"
        first, *others = map(_read, node.values)
        for each in others:
            first = Binary(operator, cast(Any, first), cast(Any, each))
        return first
    if isinstance(node, ast.Compare):
        rest = tuple((_COMPARE[type(o)], _read(c)) for o, c in zip(node.ops, node.comparators))
        return Comparison(cast(Any, _read(node.left)), cast(Any, rest))
    if isinstance(node, ast.IfExp):
        return Conditional(
            *(cast(Any, _read(each)) for each in (node.test, node.body, node.orelse))
        )
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        (one,) = node.generators
        assert isinstance(one.target, ast.Name)
        condition = _read(one.ifs[0]) if one.ifs else None
        loop = Loop(_read(node.elt), one.target.id, _read(one.iter), condition)
        return loop if isinstance(node, ast.GeneratorExp) else Sequence((loop,), "[]")
    raise ValueError(f"{ast.unparse(node)!r} has no place in emitted source")


# -- asking trees --------------------------------------------------------------------------------

_SPEC = (Number, Name, Unary, Binary, Comparison, Conditional, spec.Call)


_OWN = frozenset(
    {Constant, Text, Formatted, Attribute, Item, Slice, Dots, Invoke, Sequence, Keyed, Star, Loop}
    | {Noted}
    | {Assign, Do, Return, Raise, If, For, With, Parameter, Function, Class}
)


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def parts(node: Any) -> Iterator[Any]:
    """What a tree, a statement or a definition is made of directly."""
    if isinstance(node, _SPEC):
        yield from spec.parts(node)
    elif type(node) in _OWN:
        for field in _fields(node.__class__):
            yield from _nodes(getattr(node, field))


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, _SPEC) or type(value) in _OWN:
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _nodes(each)


def walk(*nodes: Any) -> Iterator[Any]:
    """Trees and all that they are made of, a node before its parts."""
    stack = [*reversed(nodes)]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed([*parts(node)]))


def names(*nodes: Any) -> set[str]:
    """The names that are looked up; of an item of a list that is an argument, the list's.

    The variable of a loop is a name of its own.

    >>> sorted(names(read("f(index, *(n + index for index in range(m)))")))
    ['f', 'index', 'm', 'n', 'range']
    """
    found: set[str] = set()
    stack = [*nodes]
    while stack:
        node = stack.pop()
        if isinstance(node, Name):
            found.add(node.name.partition("[")[0])
        elif isinstance(node, Loop):
            inside = names(node.element, *([] if node.condition is None else [node.condition]))
            found |= inside - {node.variable}
            stack.append(node.items)
        else:
            stack.extend(parts(node))
    return found


def size(tree: Tree) -> int:
    """How many names, numbers and operations there are."""
    return sum(1 for _ in walk(tree))


Change: TypeAlias = "Callable[[Any], Any]"


def changed(node: Any, change: Change) -> Any:
    """A tree or statement with some of its nodes replaced; what is replaced is not looked into."""
    found = change(node)
    if found is not None:
        return found
    if isinstance(node, (Number, Name)):
        return node
    if isinstance(node, _SPEC):
        return type(node)(*(_changed(each, change) for each in node))
    if type(node) in _OWN:
        values = [_changed(getattr(node, field), change) for field in _fields(node.__class__)]
        return type(node)(*values)
    return node


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, _SPEC) or type(value) in _OWN:
        return changed(value, change)
    if isinstance(value, tuple):
        return tuple(_changed(each, change) for each in value)
    return value


def replaced(tree: Any, meanings: Mapping[str, Any]) -> Any:
    """A tree with names replaced by what they mean."""

    def meant(node: Any) -> Any:
        return meanings.get(node.name) if isinstance(node, Name) else None

    return changed(tree, meant) if meanings else tree


def statements(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements of a body, those inside of others included."""
    for each in body:
        yield each
        if isinstance(each, If):
            yield from statements((*each.then, *each.otherwise))
        elif isinstance(each, (For, With)):
            yield from statements(each.body)
