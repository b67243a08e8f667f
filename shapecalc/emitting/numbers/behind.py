"""What names hang on: symbols, through the arguments of blocks and the defaults of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from shapecalc.emitting.numbers.entries import every, lists, settings_in, settings_of
from shapecalc.emitting.numbers.python import tests
from shapecalc.language.expression import Comparison, Conditional, Expression, Name, names, parts
from shapecalc.language.tree import Block, Setting, Spec
from shapecalc.language.words import BATCH

Key = tuple[str, str]
"""A block's name, empty for the network, and the name of an argument or symbol."""


def candidates(spec: Spec) -> frozenset[str]:
    """The symbols that settings use: those that decide more than the input's size."""
    used = {name for setting, _ in settings_in(spec) for name in setting.names()}
    for name, default in reversed(spec.symbols.items()):
        if name in used:
            used |= default.names()
    return frozenset(spec.symbols) & used - {BATCH}


class Behind:
    """What the names of a spec hang on, told for as many of them as are asked.

    ``given`` are what the uses of blocks give arguments, each with the block it is told in.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.given: dict[Key, list[tuple[Block | None, Setting]]] = {}
        for block, entries in lists(spec):
            for entry in every(entries):
                for name, setting in entry.settings.items() if entry.block is not None else ():
                    self.given.setdefault((entry.kind, name), []).append((block, setting))

    def symbols(self, names: Iterable[str], block: Block | None) -> frozenset[str]:
        """The symbols that names in a block hang on, arguments looked through."""
        return self._reached([(names, block)], Setting.names)

    @cached_property
    def decisive(self) -> frozenset[str]:
        """The symbols that conditions or numbers of copies ask for, arguments looked through."""
        return self._reached(self._deciding(), Setting.names)

    @cached_property
    def counted(self) -> frozenset[str]:
        """The symbols that numbers hang on, and not conditions alone."""
        numbers = (
            (_numbers_in(setting), block)
            for block, entries in lists(self.spec)
            for entry in every(entries)
            for setting in settings_of(entry)
            if setting is not entry.when and (entry.block is None or setting is entry.repeat)
        )
        return self._reached(numbers, _numbers_in)

    def meanings(self, key: Key) -> Iterator[tuple[Block | None, Setting]]:
        """What a name can stand for, its default and what it is given, each with its block."""
        owner, name = key
        block = self.spec.blocks[owner] if owner else None
        default = (self.spec.symbols if block is None else block.arguments).get(name)
        if default is not None:
            yield block, default
        yield from self.given.get(key, ())

    def _deciding(self) -> Iterator[tuple[Iterable[str], Block | None]]:
        for block, entries in lists(self.spec):
            for entry in every(entries):
                for setting in (entry.when, entry.repeat):
                    if setting is not None:
                        yield setting.names(), block
                for setting in entry.settings.values():
                    for item in setting.items() or [setting]:
                        for test in tests(item.content) if item.expression is not None else ():
                            yield (each.name for each in names(test)), block

    def _reached(
        self,
        starts: Iterable[tuple[Iterable[str], Block | None]],
        names_in: Callable[[Setting], Iterable[str]],
    ) -> frozenset[str]:
        """The symbols that are met on the way from some names, each of which is followed once."""
        waiting = [key_of(name, block) for found, block in starts for name in found]
        met: set[Key] = set()
        while waiting:
            key = waiting.pop()
            if key not in met:
                met.add(key)
                for block, setting in self.meanings(key):
                    waiting += [key_of(name, block) for name in names_in(setting)]
        return frozenset(name for owner, name in met if not owner)


def key_of(name: str, block: Block | None) -> Key:
    """Whose name it is where it stands in a block, or in the network, and the name."""
    return block.name if block is not None and name in block.arguments else "", name


def _numbers_in(setting: Setting) -> frozenset[str]:
    """The names in a setting that are not only asked whether something is so."""
    if (items := setting.items()) is not None:
        return frozenset().union(*map(_numbers_in, items))
    return frozenset() if setting.expression is None else frozenset(_numbers(setting.expression))


def _numbers(tree: Expression) -> Iterator[str]:
    if isinstance(tree, Name):
        yield tree.name
    asked = parts(tree)[:1] if isinstance(tree, Conditional) else ()
    is_flag = isinstance(tree, Comparison) or getattr(tree, "operator", "") in ("and", "or", "not")
    for part in () if is_flag else parts(tree)[len(asked) :]:
        yield from _numbers(part)
