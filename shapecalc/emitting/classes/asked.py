"""Which outputs and copies of an entry are asked for by a name with a dot, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapecalc.emitting.classes.forward import asked_for
from shapecalc.language.tree import Entry, Reference


def members_asked_for(
    entries: Iterable[Entry], outputs: Iterable[Reference]
) -> dict[Entry, set[str]]:
    """What is asked for of each entry of a list, and of lists inside it.

    A name is that of the nearest entry before it: in its own list, else in those around it.
    """
    found: dict[Entry, set[str]] = {}
    names = _walked(entries, (), found)
    for reference in outputs:
        _note(reference, (names,), found)
    return found


Named = dict[str, "Entry | None"]
"""The entries of a list by their names; None for a branch, of which nothing can be asked."""


def _walked(
    entries: Iterable[Entry], around: Sequence[Named], found: dict[Entry, set[str]]
) -> Named:
    own: Named = {}
    for entry in entries:
        for reference in entry.sources or ():
            _note(reference, (*around, own), found)
        for branch in entry.branches or ():
            _walked(branch.entries, (*around, own), found)
        own[entry.name] = entry
        own.update((each.name, None) for each in entry.branches or () if each.name)
    return own


def _note(reference: Reference, lists: Sequence[Named], found: dict[Entry, set[str]]) -> None:
    words = asked_for(reference.name).split(".")
    for count in range(len(words), 0, -1):  # the longest path that is known
        name, member = ".".join(words[:count]), ".".join(words[count:])
        known = next((each for each in reversed(lists) if name in each), None)
        if known is None:
            continue
        entry = known[name]
        if member and entry is not None:
            found.setdefault(entry, set()).add(member)
        return
