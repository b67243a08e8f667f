"""What names hang on: symbols, through the arguments of blocks and the defaults of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from shapecalc.emitting.numbers.letters import every, settings_of
from shapecalc.emitting.numbers.python import tests
from shapecalc.language.expression import Comparison, Conditional, Expression, Name, names, parts
from shapecalc.language.tree import Block, Entry, Setting, Spec
from shapecalc.language.words import BATCH


def candidates(spec: Spec) -> frozenset[str]:
    """The symbols that settings use: those that decide more than the input's size."""
    used = {name for setting, _ in settings_in(spec) for name in setting.names()}
    for name, default in reversed(spec.symbols.items()):
        if name in used:
            used |= default.names()
    return frozenset(spec.symbols) & used - {BATCH}


def settings_in(spec: Spec) -> Iterator[tuple[Setting, Block | None]]:
    """All settings of entries and defaults of arguments, each with the block that it stands in."""
    for block, entries in lists(spec):
        for entry in every(entries):
            for setting in settings_of(entry):
                yield setting, block
        for default in block.arguments.values() if block is not None else ():
            if default is not None:
                yield default, block


def lists(spec: Spec) -> list[tuple[Block | None, list[Entry]]]:
    """The network's entries and those of blocks, each with the block."""
    return [(None, spec.entries), *((block, block.entries) for block in spec.blocks.values())]


def decisive(spec: Spec) -> frozenset[str]:
    """The symbols that conditions or numbers of copies ask for, arguments looked through."""
    found = _Behind(spec)
    for block, entries in found.lists:
        for entry in every(entries):
            for setting in (entry.when, entry.repeat):
                if setting is not None:
                    found.add(setting.names(), block)
            for setting in entry.settings.values():
                found.choices(setting, block)
    return found.symbols


def counted(spec: Spec) -> frozenset[str]:
    """The symbols that numbers hang on, and not conditions alone."""
    found = _Behind(spec, _numbers_in)
    for block, entries in found.lists:
        for entry in every(entries):
            for setting in settings_of(entry):
                if setting is not entry.when and (entry.block is None or setting is entry.repeat):
                    found.add(_numbers_in(setting), block)
    return found.symbols


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


def behind(spec: Spec, names: Iterable[str], block: Block | None) -> frozenset[str]:
    """The symbols that names in a block hang on, arguments looked through."""
    found = _Behind(spec)
    found.add(names, block)
    return found.symbols


class _Behind:
    """What names hang on: those of symbols, and of arguments by their block."""

    def __init__(
        self, spec: Spec, names_in: Callable[[Setting], Iterable[str]] = Setting.names
    ) -> None:
        self.spec = spec
        self.names_in = names_in
        self.met: set[tuple[str, str]] = set()
        self.given: dict[tuple[str, str], list[tuple[Block | None, Setting]]] = {}
        self.lists = lists(spec)
        for block, entries in self.lists:
            for entry in every(entries):
                for name, setting in entry.settings.items() if entry.block is not None else ():
                    self.given.setdefault((entry.kind, name), []).append((block, setting))

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that have been met."""
        return frozenset(name for owner, name in self.met if not owner)

    def choices(self, setting: Setting, block: Block | None) -> None:
        for item in setting.items() or [setting]:
            if item.kind == Setting.EXPRESSION:
                for test in tests(item.content):
                    self.add({each.name for each in names(test)}, block)

    def add(self, found: Iterable[str], block: Block | None) -> None:
        for name in found:
            owner = block.name if block is not None and name in block.arguments else ""
            if (owner, name) in self.met:
                continue
            self.met.add((owner, name))
            default = (block.arguments if owner and block else self.spec.symbols).get(name)
            if default is not None:
                self.add(self.names_in(default), block if owner else None)
            for where, setting in self.given.get((owner, name), []):
                self.add(self.names_in(setting), where)
