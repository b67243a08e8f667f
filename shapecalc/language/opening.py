"""Symbols left open: what holds of a network for all their values at once.

Not every symbol can be left open: where one decides the structure, in a ``when`` or a ``repeat``,
it has to have a value. Which ones do so shows only as the network is made, so it is made until
none is left that does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from shapecalc.language import expression
from shapecalc.language.evaluation import Undecided
from shapecalc.language.expression import Name
from shapecalc.language.symbols import bind
from shapecalc.language.tree import Setting, Spec, every_entry

Made = TypeVar("Made")


def opened(
    spec: Spec,
    settings: Mapping[str, Any],
    free: set[str],
    make: Callable[[dict[str, Any]], Made],
) -> Made:
    """What is made of the symbols' values, of which those in ``free`` stay symbols where they can.

    One that decides the structure has its value after all, that of the settings or its default,
    and is taken out of ``free``. Raises :class:`Undecided` where the structure hangs on a symbol
    that has none.
    """
    rounds = 0
    while True:
        kept = {name: value for name, value in settings.items() if name not in free}
        try:
            return make(bind(spec, kept, free))
        except Undecided as undecided:
            if not undecided.symbols & free:
                raise
            free -= undecided.symbols
            rounds += 1
            if rounds == MOST_ROUNDS:
                free -= _in_place_of(spec, undecided)
            elif rounds == 2 * MOST_ROUNDS:
                free.clear()


MOST_ROUNDS = 16
"""After so many symbols that decide, those that may decide likewise have their values as well."""


def _in_place_of(spec: Spec, undecided: Undecided) -> set[str]:
    """What stands in a ``when`` or ``repeat``, or in entries of the kind that is undecided."""
    entries = list(every_entry(spec))
    kinds = {entry.kind for entry in entries if entry.mark == undecided.mark}
    found: set[str] = set()
    for entry in entries:
        for setting in (entry.when, entry.repeat):
            found |= setting.names() if setting is not None else set()
        if entry.kind in kinds:
            found.update(*(setting.names() for setting in entry.settings.values()))
    return found


def size_symbols(spec: Spec) -> list[str]:
    """The symbols that occur in the shapes of the inputs."""
    found = [
        name.name
        for given in spec.inputs.values()
        for size in given.shape
        if size.expression is not None
        for name in expression.names(size.expression)
    ]
    return list(dict.fromkeys(found))


def with_sizes_named(spec: Spec, names: Mapping[tuple[str, int], str]) -> Spec:
    """The spec with sizes of its inputs, numbers so far, as symbols, whose defaults they are.

    ``names`` are those of the symbols, by the input and the place in its shape.
    """
    spec = copy.copy(spec)
    spec.symbols, spec.inputs = dict(spec.symbols), dict(spec.inputs)
    for (at, place), name in names.items():
        given = spec.inputs[at]
        shape = list(given.shape)
        size = shape[place]
        spec.symbols[name] = size
        shape[place] = Setting(Setting.EXPRESSION, Name(name, 0), size.mark)
        spec.inputs[at] = given._replace(shape=shape)
    return spec


def fresh(name: str, taken: Collection[str]) -> str:
    """A name that is not taken.

    >>> fresh("H", ["H", "W", "H_"])
    'H__'
    """
    while name in taken:
        name += "_"
    return name
