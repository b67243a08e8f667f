"""What runs submodules: the statements of forward, and the variables that pass between them.

What goes from entry to entry is ``x``; an output that is asked for later, by its name, has a
variable of that name.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.names import variable, word
from shapecalc.emitting.syntax import Assign, If, Return, Statement
from shapecalc.language.expression import Name, Number
from shapecalc.language.tree import Entry
from shapecalc.layers import OUTPUT

RUNNING = "x"
"""The variable that goes from entry to entry."""

OPTIONAL = syntax.read("Tensor | None")


class Forward:
    """The statements of a forward, as they are added one by one."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = {*taken}
        self.body: list[Statement] = []
        self.first: list[Statement] = []  # what stands before all others
        self.variables: ChainMap[str, str] = ChainMap()
        self.told = ""

    def variable(self, name: str) -> str:
        """A new variable."""
        found = variable(word(name), self.taken)
        self.taken.add(found)
        return found

    def assign(self, target: str, value: Any, comment: str = "") -> None:
        """Assign to a variable, unless it is what it is; a shape is told where it is a new one."""
        if value == Name(target, 0):
            return
        self.body.append(Assign(Name(target, 0), value, comment=comment))

    @contextmanager
    def apart(self) -> Iterator[list[Statement]]:
        """Collect statements that are added meanwhile in a list of their own."""
        before, self.body = self.body, []
        yield self.body
        self.body = before

    @contextmanager
    def inner(self) -> Iterator[None]:
        """The names of a list inside this one, which are its own."""
        self.variables = self.variables.new_child()
        yield
        self.variables = self.variables.parents


def referenced(entries: list[Entry]) -> set[str]:
    """The names that entries of a list are fed from, and lists inside it from outside of them."""
    found: set[str] = set()
    for entry in entries:
        found |= {asked_for(reference.name) for reference in entry.sources or ()}
        for branch in entry.branches or ():
            found |= referenced_inside(branch.entries)
    return found


def referenced_inside(entries: list[Entry]) -> set[str]:
    """The names outside of a list that its entries are fed from."""
    found: set[str] = set()
    known: set[str] = set()
    for entry in entries:
        found |= {name for name in referenced([entry]) if not _is_of(name, known)}
        known.add(entry.name)
        if entry.repeat is None:
            known |= {branch.name for branch in entry.branches or () if branch.name}
    return found


def _is_of(name: str, known: set[str]) -> bool:
    """Whether a name is one of those that are known, or that of an output or a copy of one."""
    words = name.split(".")
    return any(".".join(words[:count]) in known for count in range(1, len(words) + 1))


def asked_for(reference: str) -> str:
    """What a reference names: an entry, or with a dot another output, or a copy, of one."""
    return reference.removesuffix(f".{OUTPUT}")


def names_of(entries: Iterable[Entry]) -> set[str]:
    """The names in a list, those of named branches included."""
    found: set[str] = set()
    for entry in entries:
        found.add(entry.name)
        found |= {branch.name for branch in entry.branches or () if branch.name}
    return found


# -- what is made tidy afterwards ----------------------------------------------------------------


def without_alias(body: list[Statement], alias: str, name: str) -> list[Statement]:
    """Statements without a second name for a variable, if that is not overwritten too early."""
    first = Assign(Name(alias, 0), Name(name, 0))
    if not body or body[0] != first:
        return body
    rest = body[1:]
    last = max((i for i, each in enumerate(rest) if alias in syntax.names(each)), default=-1)
    before = rest[: last + 1]
    if last >= 0 and isinstance(before[-1], Assign):
        before = before[:-1]
    if any(name in assigned(each) for each in before) or _assigns(rest, alias):
        return body
    meanings = {alias: Name(name, 0)}
    found = (syntax.replaced(each, meanings) for each in rest)
    return [each for each in found if not _changes_nothing(each)]


def of_running(body: list[Statement], alias: str, name: str) -> list[Statement]:
    """Statements that ask for a variable, not its second name, as long as that is the same."""
    if not body or body[0] != Assign(Name(alias, 0), Name(name, 0)):
        return body
    found = [body[0]]
    for place, each in enumerate(body[1:], start=1):
        if not isinstance(each, Assign):
            break
        found.append(replace(each, value=syntax.replaced(each.value, {alias: Name(name, 0)})))
        if name in assigned(each):
            return [*found, *body[place + 1 :]]
    return [*found, *body[len(found) :]]


def _changes_nothing(statement: Statement) -> bool:
    return isinstance(statement, Assign) and statement.target == statement.value


def _assigns(body: Iterable[Statement], name: str) -> bool:
    return any(name in assigned(each) for each in body)


def assigned(statement: Statement) -> set[str]:
    """The names that a statement, and those inside it, assign to."""
    found: set[str] = set()
    for each in syntax.statements([statement]):
        if isinstance(each, Assign):
            targets = (
                each.target.items if isinstance(each.target, syntax.Sequence) else [each.target]
            )
            found |= {
                node.name for t in targets for node in syntax.walk(t) if isinstance(node, Name)
            }
        elif isinstance(each, syntax.For):
            found |= syntax.names(each.variable)
    return found


def returned(body: list[Statement], result: Any, parameters: Iterable[str]) -> list[Statement]:
    """Statements that return a result, typed where calls of modules would leave it untyped."""
    if isinstance(result, Name):
        last = body[-1] if body else None
        if isinstance(last, Assign) and last.target == result and _is_typed(last.value):
            return [*body[:-1], Return(last.value, last.comment)]
        if result.name not in parameters:
            body = _annotated(body, result.name)
    return [*body, Return(result)]


def _is_typed(tree: Any) -> bool:
    """Whether it is a call of a function of torch, which says what it returns."""
    while isinstance(tree, syntax.Invoke):
        tree = tree.function
    return isinstance(tree, syntax.Attribute) and tree.owner == Name("torch", 0)


def _annotated(body: list[Statement], name: str) -> list[Statement]:
    """Statements whose first assignment to a variable says that it is a tensor.

    What is only inferred to be one is taken for what a module, of no type, returns to it later.
    """
    for i, each in enumerate(body):
        if name in assigned(each):
            if (
                isinstance(each, Assign)
                and each.annotation is None
                and each.target == Name(name, 0)
            ):
                typed = Assign(each.target, each.value, syntax.TENSOR, each.comment)
                return [*body[:i], typed, *body[i + 1 :]]
            break
    return body


def parts_together(body: Iterable[Statement]) -> list[Statement]:
    """Statements in which the parts of one call, taken one by one, are taken together.

    ``a = x.chunk(2)[0]`` and ``b = x.chunk(2)[1]`` are ``a, b = x.chunk(2)``, if nothing that
    matters has changed between them.
    """
    found = [_inside(each) for each in body]
    for start in range(len(found)):
        places = _parts_of(found, start) if start < len(found) else []
        if places:
            call = _part_of_call(found[start])[0]
            targets = tuple(Name(_target(found[at]), 0) for at in places)
            found[start] = Assign(syntax.Sequence(targets), call)
            for at in sorted(places, reverse=True):
                if at != start:
                    del found[at]
    return found


def _inside(statement: Statement) -> Statement:
    if isinstance(statement, If):
        return If(
            statement.test,
            tuple(parts_together(statement.then)),
            tuple(parts_together(statement.otherwise)),
        )
    if isinstance(statement, syntax.For):
        return syntax.For(
            statement.variable, statement.items, tuple(parts_together(statement.body))
        )
    return statement


def _parts_of(body: list[Statement], start: int) -> list[int]:
    """Where the parts are taken, in order, of the call of which the first statement takes one."""
    call, count = _part_of_call(body[start])
    places: dict[int, int] = {}
    for at in range(start, len(body) if count > 1 else start):
        if _part_of_call(body[at])[0] == call:
            places[_place_of_part(body[at])] = at
        if len(places) == count:
            break
        if assigned(body[at]) & syntax.names(call):
            return []
    if len(places) < max(count, 1):
        return []
    for at in places.values():  # what is taken later must not matter between here and there
        between = [body[k] for k in range(start, at) if k not in places.values()]
        if any(_target(body[at]) in assigned(each) | syntax.names(each) for each in between):
            return []
    return [places[index] for index in range(count)]


def _target(statement: Statement) -> str:
    assert isinstance(statement, Assign)
    assert isinstance(statement.target, Name)
    return statement.target.name


def _place_of_part(statement: Any) -> int:
    return int(statement.value.place.value)


def _part_of_call(statement: Statement) -> tuple[Any, int]:
    """The call that a statement takes one part of, and how many parts there are."""
    if not isinstance(statement, Assign) or not isinstance(statement.target, Name):
        return None, 0
    tree = statement.value
    if not isinstance(tree, syntax.Item) or not isinstance(tree.place, Number):
        return None, 0
    call = tree.owner
    if not isinstance(call, syntax.Invoke) or not isinstance(call.function, syntax.Attribute):
        return None, 0
    if call.function.name != "chunk" or not isinstance(call.positional[0], Number):
        return None, 0
    return call, int(call.positional[0].value)


def replaced_in(body: Iterable[Statement], meanings: Mapping[str, Any]) -> list[Statement]:
    """Statements with names replaced by what they mean."""
    return [syntax.replaced(each, meanings) for each in body]
