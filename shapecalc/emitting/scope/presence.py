"""When an entry is there, and how often: conditions and numbers of copies, in a scope's terms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.numbers.agree import value_of
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.numbers.roles import Role
from shapecalc.emitting.scope.scope import Scope, Tied
from shapecalc.language.expression import Binary, Comparison, Number
from shapecalc.language.tree import Entry


class Unlike(Exception):
    """The uses of a block that may be empty cannot tell when it is."""

    def __init__(self, block: str) -> None:
        super().__init__(block)
        self.block = block


def condition_of(scope: Scope, entry: Entry) -> Any | None:
    """The condition of an entry, in the spec's own terms; None if it is always there."""
    is_settled = entry is scope.single or entry in scope.assumed
    if entry.when is None or entry.when.expression is None or is_settled:
        return None
    tree = scope.meant(entry.when, scope.copies(entry), is_size=False)
    if not syntax.names(tree):
        return None
    if "index" not in syntax.names(tree) or entry.repeat is None:
        _check_condition(scope, entry, tree)
    return tree


def _check_condition(scope: Scope, entry: Entry, tree: Any) -> None:
    """A size that a condition asks for must be told right where the entry is left out too."""
    assert entry.when is not None
    is_single = entry is scope.single
    for holder in scope.holders:
        is_there = any(True for _ in scope.known.copies(entry, [holder], single=is_single))
        there = scope.known.copy(holder.part, holder.use, holder.number)
        told = bool(value_of(tree, there.sample(0)))
        if told is not is_there and not (told and entry.repeat is not None):
            message = "'when' asks for a size that cannot be told where the entry is left out"
            raise scope.error(entry.when.mark, message, "give the block an argument for it")


def count_of(scope: Scope, entry: Entry) -> Any:
    """How often an entry is repeated."""
    assert entry.repeat is not None
    first: dict[int, Copy] = {}
    for copy in scope.copies(entry):
        first.setdefault(id(copy.use), copy._replace(number=None))
    return scope.argument(entry.repeat, Role.WHOLE, list(first.values()))


def copy_condition(scope: Scope, entry: Entry) -> Any | None:
    """The condition by which single copies of a repeated entry are left out."""
    condition = condition_of(scope, entry) if scope.is_repeated(entry) else None
    is_of_copies = condition is not None and "index" in syntax.names(condition)
    return condition if is_of_copies else None


def presence(scope: Scope, entry: Entry, *, is_missed: bool) -> Any | None:
    """The condition that an entry is there; None if it is, or is not missed.

    An entry without copies is missed where its output is kept, or where what it passes on is
    not what came before it.
    """
    condition = condition_of(scope, entry)
    if not scope.is_repeated(entry):
        return None if condition is None else scope.tested(condition)
    is_of_copies = condition is not None and "index" in syntax.names(condition)
    if not is_missed or scope.is_always_built(entry):
        return None if condition is None or is_of_copies else scope.tested(condition)
    count = count_of(scope, entry)
    if is_of_copies:
        numbers = syntax.call("range", count)
        return syntax.call("any", syntax.Loop(scope.tested(condition), "index", numbers))
    if entry not in scope.known.empty:
        return None if condition is None else scope.tested(condition)
    some = Comparison(count, ((">", Number(0)),))
    if condition is None:
        return some
    return Binary("and", scope.tested(condition), some)


def check_left_out(scope: Scope, built: Iterable[Entry]) -> None:
    """Entries that are left out everywhere must not depend on symbols that may change."""
    out = {*scope.entries}.difference(built)
    decided = [each for entry in out for each in (entry.when, entry.repeat) if each is not None]
    if not decided:
        return
    names = {name for each in decided for name in each.names()}
    knobs = scope.known.behind.symbols(names, scope.block) & scope.known.knobs
    if knobs:
        raise Tied(knobs, are_all=True)
