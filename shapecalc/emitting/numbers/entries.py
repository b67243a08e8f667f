"""The entries of a spec and what they are given, whatever they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapecalc.language.tree import Block, Entry, Setting, Spec


def every(entries: Iterable[Entry]) -> Iterator[Entry]:
    """All entries of a list, those of branches included."""
    for entry in entries:
        yield entry
        for branch in entry.branches or ():
            yield from every(branch.entries)


def settings_of(entry: Entry) -> Iterator[Setting]:
    """All that an entry is given: settings, when it is there, how often, what copies are called."""
    yield from entry.settings.values()
    yield from (each for each in (entry.when, entry.repeat) if each is not None)
    if entry.copy_names is not None:
        yield from entry.copy_names.settings


def lists(spec: Spec) -> list[tuple[Block | None, list[Entry]]]:
    """The network's entries and those of blocks, each with the block."""
    return [(None, spec.entries), *((block, block.entries) for block in spec.blocks.values())]


def settings_in(spec: Spec) -> Iterator[tuple[Setting, Block | None]]:
    """All settings of entries and defaults of arguments, each with the block that it stands in."""
    for block, entries in lists(spec):
        for entry in every(entries):
            for setting in settings_of(entry):
                yield setting, block
        for default in block.arguments.values() if block is not None else ():
            if default is not None:
                yield default, block
