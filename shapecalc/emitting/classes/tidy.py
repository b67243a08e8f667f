"""Constructors whose sizes grow from layer to layer, told by one local that grows with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.names import variable
from shapecalc.emitting.printer import flat
from shapecalc.emitting.syntax import Assign, Class, Do, For, Function, If, Invoke, Statement
from shapecalc.language.expression import Binary, Name, Number

LEAST = 5
"""Of how many names, numbers and signs a size is made that is worth a local."""


def with_locals(definition: Class | Function) -> Class | Function:
    """A class with long sizes that come again in its constructor as a local, if it has one."""
    if isinstance(definition, Function) or definition.base != syntax.name("nn.Module"):
        return definition
    first, *others = definition.methods
    if first.name != "__init__":
        return definition
    taken = {*syntax.names(*first.body), *(each.name for each in first.parameters)}
    body = with_running_sizes([*first.body], taken)
    return replace(definition, methods=(replace(first, body=tuple(body)), *others))


def with_running_sizes(body: list[Statement], taken: Collection[str]) -> list[Statement]:
    """Statements in which a long size that comes again is a local, which grows with it.

    Sizes are what stands in calls by position.
    """
    found_in = [[*_sizes(each)] for each in body]
    counts = Counter(size for sizes in found_in for size in sizes)
    again = {size for size, count in counts.items() if count > 1}
    if not again:
        return body
    local = Name(variable("channels", taken), 0)
    found: list[Statement] = []
    current: Any = None
    for each, sizes in zip(body, found_in):
        sizes = [size for size in sizes if size in again and size != current]
        grown = max(sizes, key=syntax.size, default=None)
        is_new = grown is not None and isinstance(each, Assign) and syntax.size(grown) >= LEAST
        if is_new and not (current is not None and grown in syntax.walk(current)):
            found.append(_grown(local, grown, current))
            current = grown
        if current is not None:
            each = syntax.changed(each, partial(_replaced, current, local))
        found.append(each)
    return found


def _replaced(size: Any, local: Any, node: Any) -> Any:
    return local if type(node) is type(size) and node == size else None


def _grown(local: Any, size: Any, before: Any) -> Statement:
    """The statement that brings the local from one size to the next."""
    if before is not None:
        size = syntax.changed(size, partial(_replaced, before, local))
        if isinstance(size, Binary) and size.left == local:
            return Assign(local, size.right, operator=size.operator)
    return Assign(local, size)


def _sizes(statement: Statement) -> Iterator[Any]:
    """The sizes in a statement that are calculated, and those that they are calculated from."""
    for node in syntax.walk(statement):
        if isinstance(node, Invoke) and not _is_of_numbers(node):
            for each in node.positional:
                if _is_whole(each) or (isinstance(each, Binary) and each.operator in _ARITHMETIC):
                    yield from _calculated(each)


def _calculated(tree: Any) -> Iterator[Any]:
    is_size = _is_whole(tree) or (isinstance(tree, Binary) and tree.operator in _ARITHMETIC)
    if is_size and "index" not in syntax.names(tree) and syntax.size(tree) >= LEAST:
        yield tree
    if not _is_of_numbers(tree):
        for part in syntax.parts(tree):
            yield from _calculated(part)


_ARITHMETIC = ("+", "-", "*", "//")

_OF_NUMBERS = ("int", "round", "math.ceil", "math.floor", "math.gcd", "Fraction")
"""The functions whose arguments are no sizes yet."""


def _is_of_numbers(tree: Any) -> bool:
    return isinstance(tree, Invoke) and flat(tree.function) in _OF_NUMBERS


def _is_whole(tree: Any) -> bool:
    """Whether it makes a whole number of what need not be one."""
    return isinstance(tree, Invoke) and tree.function == Name("int", 0)


def without_defaults(
    body: Iterable[Statement], defaults: Mapping[str, Mapping[str, Any]]
) -> list[Statement]:
    """Statements whose calls of our classes leave out what the class takes by default."""
    if not any(defaults.values()):
        return [*body]

    def change(node: Any) -> Any:
        if not isinstance(node, Invoke) or not isinstance(node.function, Name):
            return None
        known = defaults.get(node.function.name)
        if not known:
            return None
        named = tuple(
            (name, syntax.changed(value, change))
            for name, value in node.named
            if known.get(name) != value
        )
        return Invoke(
            node.function, tuple(syntax.changed(each, change) for each in node.positional), named
        )

    return [syntax.changed(each, change) for each in body]


def with_numbered(body: Iterable[Statement]) -> list[Statement]:
    """Statements that add a submodule whose name is a number, which no attribute can have."""

    def change(node: Any) -> Any:
        if isinstance(node, Assign) and isinstance(node.target, Invoke):
            *_, name = node.target.positional
            return Do(syntax.call("self.add_module", name, node.value))
        return None if isinstance(node, (If, For, syntax.With)) else node

    return [syntax.changed(each, change) for each in body]


def in_order(body: list[Statement], names: Sequence[str]) -> list[Statement]:
    """Statements of a constructor in which some submodules are made in the order of their names."""
    made = [[i for i, each in enumerate(body) if name in _made(each)] for name in names]
    wanted = [*dict.fromkeys(i for places in made for i in places)]
    found = [*body]
    for place, i in zip(sorted(wanted), wanted):
        found[place] = body[i]
    return found


def _made(statement: Statement) -> set[str]:
    """The names of the submodules that a statement makes."""
    targets = [each.target for each in syntax.statements([statement]) if isinstance(each, Assign)]
    own = {each.name for each in targets if isinstance(each, syntax.Attribute)}
    return own | {number for each in targets if (number := _number_of(each)) is not None}


def items_of(body: Iterable[Statement]) -> list[Any] | None:
    """The submodules that statements make, if all are called by their numbers from 0 on."""
    found: list[Any] = []
    for each in body:
        if not isinstance(each, Assign) or _number_of(each.target) != str(len(found)):
            return None
        found.append(each.value)
    return found or None


def with_items(body: Iterable[Statement]) -> list[Statement]:
    """Statements in which submodules with numbers for names are items: ``self[0](x)``."""

    def change(node: Any) -> Any:
        number = _number_of(node)
        return syntax.Item(syntax.SELF, Number(int(number))) if number is not None else None

    return [syntax.changed(each, change) for each in body]


def _number_of(tree: Any) -> str | None:
    """The number that a submodule is called by, where it is asked for."""
    if not isinstance(tree, Invoke) or tree.function != Name("getattr", 0):
        return None
    _, name = tree.positional
    return name.value if isinstance(name, syntax.Text) else None


def without_echoes(body: Iterable[Statement], told: str = "") -> tuple[Statement, ...]:
    """Statements that tell a shape only where it is another than the one before."""
    found: list[Statement] = []
    for each in body:
        if isinstance(each, If):
            then, otherwise = without_echoes(each.then, told), without_echoes(each.otherwise, told)
            found.append(If(each.test, then, otherwise))
            told = ""
        elif isinstance(each, For):
            found.append(For(each.variable, each.items, without_echoes(each.body)))
            told = ""
        elif isinstance(each, Assign) and flat(each.target) == flat(each.value):
            continue  # a tensor of the module under its own name
        elif isinstance(each, Assign) and each.comment:
            comment = "" if each.comment == told else each.comment
            found.append(Assign(each.target, each.value, each.annotation, comment))
            told = each.comment
        else:
            found.append(each)
    return tuple(found)


def without_renaming(body: Sequence[Statement]) -> list[Statement]:
    """Statements in which what is computed has the name at once that it is given behind.

    ``p1 = self.p1(x)`` and ``x = p1`` are ``x = self.p1(x)``, if nothing else asks for ``p1``.
    """
    count = Counter(node.name for node in syntax.walk(*body) if isinstance(node, Name))
    return _without_renaming(body, count)


def _without_renaming(body: Sequence[Statement], count: Counter[str]) -> list[Statement]:
    found: list[Statement] = []
    for each in body:
        last = found[-1] if found else None
        if isinstance(each, If):
            then, otherwise = (
                _without_renaming(part, count) for part in (each.then, each.otherwise)
            )
            found.append(If(each.test, tuple(then), tuple(otherwise)))
        elif isinstance(last, Assign) and isinstance(each, Assign) and _renames(each, last, count):
            found[-1] = replace(last, target=each.target, comment=each.comment or last.comment)
        else:
            found.append(each)
    return found


def _renames(each: Assign, last: Assign, count: Counter[str]) -> bool:
    """Whether a statement gives another name to what the last one computed, and nothing else."""
    if last.annotation or last.operator or each.annotation or each.operator:
        return False
    if not isinstance(last.target, Name) or not isinstance(each.target, Name):
        return False
    return each.value == last.target and count[last.target.name] == 2
