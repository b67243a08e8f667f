"""The modules of a list that is run as a Sequential runs them: by number, or under their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.constructor import written_out
from shapecalc.emitting.emission import Unlike
from shapecalc.emitting.names import variable
from shapecalc.emitting.order import is_chain
from shapecalc.emitting.roles import Role
from shapecalc.emitting.scope import Scope
from shapecalc.emitting.syntax import Assign, Do, For, If, Invoke, Loop, Sequence, Star, Statement
from shapecalc.language.expression import Name
from shapecalc.language.tree import Entry

if TYPE_CHECKING:
    from shapecalc.emitting.body import Body

CONTAINER = "layers"
"""The variable that modules are added to where some may be left out."""

MODULES = syntax.read("list[nn.Module]")


class Member(NamedTuple):
    """What an entry is among the modules of a Sequential.

    ``items`` are calls that make modules, or, where it ``is_list``, lists of modules; many copies
    are a starred loop. ``name`` is None where a number is all that it is called. ``loop`` makes the
    names of copies and what has them.
    """

    condition: Any | None
    name: Any | None
    items: list[Any]
    is_list: bool = False
    loop: Loop | None = None


class Members:
    """Writes lists that are chains of modules."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def of(self, scope: Scope) -> list[Member] | None:
        """The modules of a list that is a Sequential; None where it is none, or has plain names."""
        built = [each for each in scope.entries if scope.is_built(each)]
        are_places = [each.name for each in built] == [str(i) for i in range(len(built))]
        if not built or not is_chain(scope):
            return None
        if not are_places and not any(map(is_called_anew, built)):
            return None
        scope.check_left_out(built)
        found = [self.member(scope, entry) for entry in built]
        is_fixed = all(entry.has_name for entry in built)
        if is_fixed and are_places and any(each.condition is not None for each in found):
            return None
        return found

    def member(self, scope: Scope, entry: Entry) -> Member:
        """One entry among the modules."""
        if self.body.conditions.hoisted(scope, entry) is not None:
            raise Unlike(entry.kind)
        condition = scope.presence(entry, is_missed=False)
        constructor = self.body.constructor.inner(scope)
        one = constructor.one(entry)
        name = None if entry.is_numbered or entry.name.isdigit() else syntax.Text(entry.name)
        if name is not None and entry.copy_names is None:
            self.body.check_name(entry.name, entry.mark)
        if not scope.is_repeated(entry):
            return Member(condition, name, [one], entry.is_inline)
        self.body.copies.require(scope, entry)
        if not entry.is_flat:
            return Member(condition, name, [constructor.copies(entry, one)])
        loop = constructor.loop(entry, one)
        if entry.copy_names is not None:
            named = Sequence((self.copy_name(scope, entry), one))
            return Member(condition, named.items[0], [], False, replace(loop, element=named))
        items = [Star(loop)]
        if loop.condition is None:
            is_some = entry in scope.known.required
            items = written_out(one, scope.count(entry), is_some=is_some)
        return Member(condition, None, items, entry.is_inline)

    def copy_name(self, scope: Scope, entry: Entry) -> Any:
        """What a copy is called, as text with numbers in braces."""
        assert entry.copy_names is not None
        copies = scope.copies(entry)
        parts = (
            syntax.Text(part) if isinstance(part, str) else scope.argument(part, Role.WHOLE, copies)
            for part in entry.copy_names.parts
        )
        return syntax.Formatted(tuple(parts))


def is_called_anew(entry: Entry) -> bool:
    """Whether what an entry is called is not certain, or is told of each copy."""
    return entry.is_numbered or entry.is_inline or entry.copy_names is not None


def initialised(members: list[Member], taken: Iterable[str]) -> list[Statement]:
    """The statements of a Sequential's constructor."""
    parent = syntax.Attribute(syntax.call("super"), "__init__")
    if all(each.name is None for each in members):
        statements, items = gathered(members, taken)
        return [*statements, Do(syntax.call(parent, *items))]
    if len(members) == 1 and members[0].loop is not None and members[0].condition is None:
        return [Do(syntax.call(parent, syntax.call("OrderedDict", members[0].loop)))]
    found: list[Statement] = [Do(syntax.call(parent))]
    for condition, run in groupby(members, lambda each: each.condition):
        added = [statement for each in run for statement in _added_to_self(each)]
        found += added if condition is None else [If(condition, tuple(added))]
    return found


def gathered(members: list[Member], taken: Iterable[str]) -> tuple[list[Statement], list[Any]]:
    """Statements that put modules into a list, where one is needed, and the modules, or the list.

    These are the arguments of a Sequential, or the items of a list.
    """
    if all(each.condition is None and not _loops_over_lists(each) for each in members):
        return [], [_starred(item) if m.is_list else item for m in members for item in m.items]
    layers = Name(variable(CONTAINER, {*taken}), 0)
    found: list[Statement] = []
    for condition, run in groupby(members, lambda each: each.condition):
        added = _added(layers, list(run))
        found += added if condition is None else [If(condition, tuple(added))]
    return _begun(layers, found), [Star(layers)]


def _loops_over_lists(member: Member) -> bool:
    return member.is_list and any(isinstance(item, Star) for item in member.items)


def _starred(item: Any) -> Any:
    return item if isinstance(item, Star) else Star(item)


def _added(layers: Any, members: list[Member]) -> list[Statement]:
    """The statements that add modules to a list."""
    found: list[Statement] = []
    for is_list, run in groupby(members, lambda each: each.is_list):
        items = [item for each in run for item in each.items]
        if is_list:
            found += [_extended(layers, item) for item in items]
        elif len(items) == 1 and not isinstance(items[0], Star):
            found.append(Do(syntax.call(syntax.Attribute(layers, "append"), items[0])))
        elif len(items) == 1:
            value = Sequence((items[0].items,), "[]")
            found.append(Assign(layers, value, operator="+"))
        else:
            found.append(Assign(layers, Sequence(tuple(items), "[]"), operator="+"))
    return found


def _extended(layers: Any, item: Any) -> Statement:
    """The statement that adds a list to a list, or one for each copy."""
    if not isinstance(item, Star):
        return Assign(layers, item, operator="+")
    loop = item.items
    assert isinstance(loop, Loop)
    return _looped(loop, Assign(layers, loop.element, operator="+"))


def _looped(loop: Loop, statement: Statement) -> Statement:
    inside = statement if loop.condition is None else If(loop.condition, (statement,))
    return For(Name(loop.variable, 0), loop.items, (inside,))


def _begun(layers: Any, statements: list[Statement]) -> list[Statement]:
    """Statements of which the first makes the list that the others add to."""
    first, *rest = statements
    if isinstance(first, Assign):
        annotation = None if isinstance(first.value, Invoke) else MODULES
        return [Assign(layers, first.value, annotation), *rest]
    if isinstance(first, Do) and isinstance(first.value, Invoke):
        return [Assign(layers, Sequence(first.value.positional, "[]"), MODULES), *rest]
    return [Assign(layers, Sequence((), "[]"), MODULES), *statements]


def _added_to_self(member: Member) -> list[Statement]:
    """The statements that add modules to the Sequential itself."""
    if member.loop is not None:
        assert isinstance(member.loop.element, Sequence)
        added = syntax.call("self.add_module", *member.loop.element.items)
        return [_looped(member.loop, Do(added))]
    if member.name is not None:
        return [Assign(syntax.own(member.name.value), item) for item in member.items]
    found: list[Statement] = []
    for item in member.items:
        if isinstance(item, Star) and isinstance(item.items, Loop):
            found.append(_looped(item.items, Do(_appended(item.items.element, member))))
        else:
            found.append(Do(_appended(item, member)))
    return found


def _appended(item: Any, member: Member) -> Any:
    return syntax.call("self.extend" if member.is_list else "self.append", item)
