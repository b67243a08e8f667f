"""The modules of a list that is run as a Sequential runs them: by number, or under their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import Constructor, written_out
from shapecalc.emitting.classes.order import is_chain
from shapecalc.emitting.names import clash, variable
from shapecalc.emitting.numbers.roles import Role
from shapecalc.emitting.scope.presence import Unlike, check_left_out, count_of, presence
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.syntax import (
    Assign,
    Do,
    For,
    If,
    Invoke,
    Loop,
    Return,
    Sequence,
    Star,
    Statement,
)
from shapecalc.language.expression import Name
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Entry

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
    """Writes lists that are chains of modules.

    ``checks`` collects numbers of copies that have to be at least 1; ``is_empty`` says whether a
    use of a block is left out where a condition of its own does not hold.
    """

    def __init__(
        self,
        constructor: Constructor,
        checks: list[Any],
        is_empty: Callable[[Scope, Entry], bool] = lambda *_: False,
    ) -> None:
        self.constructor = constructor
        self.checks = checks
        self.is_empty = is_empty

    def of(self, scope: Scope) -> list[Member] | None:
        """The modules of a list that is a Sequential; None where it is none, or has plain names."""
        built = [each for each in scope.entries if scope.is_built(each)]
        if not built or not is_chain(scope):
            return None
        are_numbers = all(each.name.isdigit() for each in built)
        if not are_numbers and not any(map(is_called_anew, built)):
            return None
        check_left_out(scope, built)
        found = [self.member(scope, entry) for entry in built]
        return without_sure_numbers(found)

    def member(self, scope: Scope, entry: Entry) -> Member:
        """One entry among the modules."""
        if self.is_empty(scope, entry):
            raise Unlike(entry.kind)
        condition = presence(scope, entry, is_missed=False)
        constructor = self.constructor.inner(scope)
        one = constructor.one(entry)
        name = None if entry.is_numbered else syntax.Text(entry.name)
        if name is not None and entry.copy_names is None:
            check_name(scope, entry.name, entry.mark)
        if not scope.is_repeated(entry):
            return Member(condition, name, [one], entry.is_inline)
        if entry in scope.known.required:
            self.checks += counted(scope, entry)
        if not entry.is_flat:
            return Member(condition, name, [constructor.copies(entry, one)])
        loop = constructor.loop(entry, one)
        if entry.copy_names is not None:
            check_name(scope, entry.stem, entry.copy_names.mark)
            named = Sequence((copy_name(scope, entry), one))
            return Member(condition, named.items[0], [], False, replace(loop, element=named))
        items = [Star(loop)]
        if loop.condition is None:
            is_some = entry in scope.known.required
            items = written_out(one, count_of(scope, entry), is_some=is_some)
        return Member(condition, None, items, entry.is_inline)


def without_sure_numbers(members: list[Member]) -> list[Member]:
    """Modules of which those are not named whose name is the number that they get without it."""
    found: list[Member] = []
    place: int | None = 0
    for each in members:
        is_sure = place is not None and each.name == syntax.Text(str(place))
        found.append(each._replace(name=None) if is_sure else each)
        is_one = len(each.items) == 1 and not isinstance(each.items[0], Star)
        is_certain = is_one and not each.is_list and each.condition is None and each.loop is None
        is_next = is_sure or each.name is None
        place = place + 1 if place is not None and is_certain and is_next else None
    return found


def copy_name(scope: Scope, entry: Entry) -> Any:
    """What a copy is called, as text with numbers in braces."""
    assert entry.copy_names is not None
    copies = scope.copies(entry)
    parts = (
        syntax.Text(part) if isinstance(part, str) else scope.argument(part, Role.WHOLE, copies)
        for part in entry.copy_names.parts
    )
    return syntax.Formatted(tuple(parts))


def check_name(scope: Scope, name: str, mark: Mark) -> None:
    """Refuse a name that an attribute of a module cannot have."""
    if why := clash(name):
        raise scope.error(mark, why, "choose another name")


def counted(scope: Scope, entry: Entry) -> list[Any]:
    """The number of copies of an entry of which there has to be one, if it is one number."""
    count = count_of(scope, entry)
    return [] if "index" in syntax.names(count) else [count]


def is_called_anew(entry: Entry) -> bool:
    """Whether what an entry is called is not certain, or is told of each copy."""
    return entry.is_numbered or entry.is_inline or entry.copy_names is not None


def initialised(members: list[Member], taken: Iterable[str]) -> list[Statement]:
    """The statements of a Sequential's constructor."""
    parent = syntax.Attribute(syntax.call("super"), "__init__")
    if all(each.name is None for each in members):
        statements, items = gathered(members, taken)
        return [*statements, Do(syntax.call(parent, *items))]
    if (only := only_loop(members)) is not None:
        return [Do(syntax.call(parent, only))]
    return [Do(syntax.call(parent)), *_filled(syntax.SELF, members)]


def returned(members: list[Member], taken: Iterable[str]) -> list[Statement]:
    """The statements of a function that makes a Sequential."""
    if all(each.name is None for each in members):
        statements, items = gathered(members, taken)
        return [*statements, Return(syntax.call("nn.Sequential", *items))]
    if (only := only_loop(members)) is not None:
        return [Return(syntax.call("nn.Sequential", only))]
    layers = Name(variable(CONTAINER, {*taken}), 0)
    filled = _filled(layers, members)
    return [Assign(layers, syntax.call("nn.Sequential")), *filled, Return(layers)]


def listed(members: list[Member], taken: Iterable[str]) -> list[Statement]:
    """The statements of a function that makes a list of modules."""
    statements, items = gathered(members, taken)
    made = items[0].items if statements else Sequence(tuple(items), "[]")
    return [*statements, Return(made)]


def only_loop(members: list[Member]) -> Any | None:
    """The dictionary of the copies of an entry that is alone, by their names."""
    (first, *others) = members
    is_alone = not others and first.loop is not None and first.condition is None
    return syntax.call("OrderedDict", first.loop) if is_alone and first.loop else None


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


def _filled(owner: Any, members: list[Member]) -> list[Statement]:
    """The statements that add modules to a Sequential."""
    found: list[Statement] = []
    for condition, run in groupby(members, lambda each: each.condition):
        added = [statement for each in run for statement in _added_to(owner, each)]
        found += added if condition is None else [If(condition, tuple(added))]
    return found


def _added_to(owner: Any, member: Member) -> list[Statement]:
    method = "append" if member.name is None else "add_module"
    add = syntax.Attribute(owner, "extend" if member.is_list else method)
    if member.loop is not None:
        assert isinstance(member.loop.element, Sequence)
        return [_looped(member.loop, Do(syntax.call(add, *member.loop.element.items)))]
    if member.name is not None and owner == syntax.SELF and not member.name.value.isdigit():
        return [Assign(syntax.own(member.name.value), item) for item in member.items]
    if member.name is not None:
        return [Do(syntax.call(add, member.name, item)) for item in member.items]
    return [
        _looped(item.items, Do(syntax.call(add, item.items.element)))
        if isinstance(item, Star) and isinstance(item.items, Loop)
        else Do(syntax.call(add, item))
        for item in member.items
    ]
