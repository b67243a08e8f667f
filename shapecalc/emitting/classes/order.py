"""The order of entries: what feeds what, which outputs are kept, and which lists are chains."""

from __future__ import annotations

from typing import Any

from shapecalc.emitting.classes.constructor import is_run_plainly
from shapecalc.emitting.classes.forward import asked_for, names_of, referenced, referenced_inside
from shapecalc.emitting.scope.presence import presence
from shapecalc.emitting.scope.scope import Scope
from shapecalc.graph.graph import Node, Part
from shapecalc.language.tree import Entry
from shapecalc.layers import KINDS


def is_state(entry: Entry) -> bool:
    """Whether an entry is a tensor that the module holds."""
    return entry.block is None and KINDS[entry.kind].is_state


def fed(entry: Entry) -> set[str] | None:
    """The names that an entry is fed from; None if it is what comes before it."""
    if entry.sources is not None:
        return {asked_for(each.name) for each in entry.sources}
    takes_nothing = entry.block is None and KINDS[entry.kind].arity[1] == 0
    return set() if takes_nothing else None


def last_asked(built: list[Entry]) -> dict[str, int]:
    """The place of the last entry of a list that is fed from a name, for each such name."""
    return {name: place for place, entry in enumerate(built) for name in referenced([entry])}


def kept_apart(
    scope: Scope, built: list[Entry], outputs: frozenset[str], last: dict[str, int]
) -> set[str]:
    """The entries whose output needs a variable of its own: it is asked for by its name later.

    ``last`` tells where each name is asked for the last time.
    """

    def is_sure(entry: Entry) -> bool:
        return entry.when is None or presence(scope, entry, is_missed=True) is None

    found = set(outputs)
    if outputs and built and found == {built[-1].name}:
        found = set()
    if any(map(is_state, built)):
        built = [each for each in built if not is_state(each)]
        last = last_asked(built)
    for i, entry in enumerate(built):
        before = {built[i - 1].name} if i else set()
        direct = fed(entry) or set()
        if len(direct) > 2 or (len(direct) == 2 and joins_branches(built, i)):
            before = set()  # what a join of branches takes reads well if all of it has names
        if len(direct) == 2 and i > 1 and not any(goes_on(built, k) for k in (i - 1, i - 2)):
            before = set()  # so does what is made side by side of several inputs
        is_joined = i > 1 and built[i - 2].name in direct and is_beside(built, i - 1, last)
        if is_joined and goes_on(built, i - 2) and is_sure(entry):
            before = {built[i - 2].name}  # what goes on passes by what is made beside it
        found |= direct - before
        for branch in entry.branches or ():
            found |= referenced_inside(branch.entries)
    return (found | pieces_of_one(built)) & names_of(scope.entries)


def goes_on(built: list[Entry], place: int) -> bool:
    """Whether an entry takes what comes before it, and so what goes from entry to entry."""
    sources = fed(built[place])
    return sources is None or (place > 0 and built[place - 1].name in sources)


def pieces_of_one(built: list[Entry]) -> set[str]:
    """The entries that take pieces of one tensor, which are taken together under their names."""
    found: dict[Any, set[str]] = {}
    for entry in built:
        if entry.kind in KINDS and "index" in KINDS[entry.kind].fields and entry.sources:
            of = (entry.kind, *(source.name for source in entry.sources))
            found.setdefault(of, set()).add(entry.name)
    return set().union(*(names for names in found.values() if len(names) > 1))


def joins_branches(built: list[Entry], place: int) -> bool:
    """Whether an entry puts together what is made side by side, each under a name of its own."""
    kind, before = built[place].kind, built[neighbour(built, place, -1)]
    return kind in KINDS and KINDS[kind].takes_list and before.sources is not None


def is_beside(built: list[Entry], place: int, last: dict[str, int]) -> bool:
    """Whether an entry is made beside what goes on, as a shortcut is, and joined right after it."""
    own, after = built[place].name, neighbour(built, place, 1)
    before = built[neighbour(built, place, -1)].name
    sources = fed(built[place])
    if sources is None or before in sources or fed(built[after]) != {own, before}:
        return False
    if joins_branches(built, after):
        return False
    return max(last.get(own, 0), last.get(before, 0)) <= after


def neighbour(built: list[Entry], place: int, step: int) -> int:
    """The place of the entry behind another, or before it with -1, past tensors that are held."""
    place += step
    while 0 <= place < len(built) and is_state(built[place]):
        place += step
    return place


def feeds(built: list[Entry], conditions: list[Any], place: int, last: dict[str, int]) -> bool:
    """Whether what follows an entry takes its output without a name, or may."""
    name, following = built[place].name, neighbour(built, place, 1)
    for i in range(following, len(built)):
        sources = fed(built[i])
        if sources is None or name in sources:
            return True
        if is_state(built[i]) or conditions[i] is not None:
            continue
        after = neighbour(built, i, 1) if i == following else len(built)
        is_joined = after < len(built) and conditions[after] is None
        if not (is_joined and is_beside(built, i, last)):
            return False
    return True


def is_chain(scope: Scope) -> bool:
    """Whether a list is run as a Sequential runs its modules, and holds them itself."""
    return all(
        entry.sources is None
        and "." not in (entry.name if entry.copy_names is None else "")
        and entry.branches is None
        and entry.share is None
        and is_run_plainly(entry)
        for entry in scope.entries
        if scope.is_built(entry)
    )


def is_named_chain(scope: Scope) -> bool:
    """Whether a list is a chain whose modules have the names of their entries."""
    return is_chain(scope) and all(entry.copy_names is None for entry in scope.entries)


def functions_ahead(scope: Scope) -> tuple[Scope | None, Scope]:
    """The functions that a list begins with, if what follows them is a chain, and that."""
    entries = [entry for entry in scope.entries if scope.is_built(entry)]
    count = 0
    while count < len(entries) and is_plain_function(entries[count]):
        count += 1
    rest = scope.inner(entries[count:], scope.holders)
    if count == 0 or len(entries) < len(scope.entries) or not is_chain(rest):
        return None, scope
    return scope.inner(entries[:count], scope.holders), rest


def is_plain_function(entry: Entry) -> bool:
    """Whether an entry is a function of what comes before it, and always there."""
    if entry.block is not None or entry.branches is not None or entry.when or entry.repeat:
        return False
    kind = KINDS[entry.kind]
    return not kind.in_torch and not kind.is_state and fed(entry) is None


def has_modules(part: Part) -> bool:
    """Whether anything in a branch, or in the copies of an entry, is a module."""
    return any(
        child.layer.in_torch or child.layer.is_state
        if isinstance(child, Node)
        else child.is_use or has_modules(child)
        for child in part.children
    )
