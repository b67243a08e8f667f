"""Blocks as a person would write them: one for a class, with arguments; repeats; plain names.

Blocks of one class that differ in numbers alone become one. What differs is an argument: a
parameter of the constructor where the numbers follow from one, else one of its own. That the
arguments give every use its numbers is seen from the uses themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from shapecalc.language.expression import RESERVED, Binary, Expression, Name, Number
from shapecalc.language.tree import Block, Entry, Reference, Setting, Spec
from shapecalc.language.words import BATCH, TENSOR_NAMES
from shapecalc.layers import KINDS

Position = tuple[int, str, int | None]
"""Where a number stands in a block: an entry's number, a field, and the item of a list."""


LEAST_WIDTH = 8
"""The least number that is said to be a multiple or a part of another."""


class Tidying:
    """Rewrites the blocks of one spec.

    ``made`` gives the arguments that the instance behind a block was constructed with, and the
    defaults of its constructor; ``automatic`` are the entries that nobody named.
    """

    def __init__(
        self,
        spec: Spec,
        blocks: list[Block],
        classes: dict[int, str],
        made: dict[int, tuple[dict[str, Any], dict[str, Any]]],
        automatic: set[int],
    ) -> None:
        self.spec = spec
        self.blocks = blocks
        self.classes = classes
        self.made = made
        self.automatic = automatic

    def all(self) -> None:
        """Merge, repeat and name."""
        for _ in range(64):
            if not self.merge():
                break
        for entries in self.lists():
            self.repeat(entries)
        for _ in range(64):
            if not self.merge():
                break
        self.name_blocks()
        for entries in self.lists():
            self.rename(entries)

    def lists(self) -> Iterator[list[Entry]]:
        """The lists of the network and of its blocks."""
        yield self.spec.entries
        for block in self.blocks:
            yield block.entries

    def uses(self) -> Iterator[Entry]:
        """The entries that use blocks."""
        for entries in self.lists():
            for entry in entries:
                if entry.block is not None:
                    yield entry

    # -- merging --------------------------------------------------------------------------------

    def merge(self) -> bool:
        """Make one block of those that differ in numbers alone; whether there were any."""
        groups: dict[Any, list[Block]] = {}
        for block in self.blocks:
            groups.setdefault(self.skeleton(block), []).append(block)
        replaced: dict[int, tuple[Block, dict[str, Setting]]] = {}
        for group in groups.values():
            if len(group) > 1:
                for block, settings in zip(group, self.merged(group)):
                    replaced[id(block)] = (group[0], settings)
        if not replaced:
            return False
        for entry in self.uses():
            assert entry.block is not None
            if id(entry.block) in replaced:
                own = entry.settings
                entry.block, settings = replaced[id(entry.block)]
                entry.settings = {**own, **settings}
        kept = {id(block) for block, _ in replaced.values()}
        self.blocks = [b for b in self.blocks if id(b) not in replaced or id(b) in kept]
        return True

    def skeleton(self, block: Block) -> Any:
        """A block without its numbers."""
        if block.arguments:
            return id(block)
        plain = {
            entry.name: number
            for number, entry in enumerate(block.entries)
            if id(entry) in self.automatic
        }
        return (self.classes[id(block)], tuple([self.bones(e, plain) for e in block.entries]))

    def bones(self, entry: Entry, plain: dict[str, int]) -> Any:
        """An entry without its numbers; one that nobody named is known by its place."""
        sources = None
        if entry.sources is not None:
            heads = [source.name.partition(".") for source in entry.sources]
            sources = tuple([(plain.get(head, head), rest) for head, _, rest in heads])
        if entry.block is not None:
            fields: Any = tuple([(n, _bone(s)) for n, s in sorted(entry.settings.items())])
        else:
            fields = tuple(
                [
                    (name, _bone(entry.settings.get(name) or _default(declared)))
                    for name, declared in KINDS[entry.kind].fields.items()
                    if declared.infer is None
                ]
            )
        share = plain.get(entry.share.name, entry.share.name) if entry.share else None
        kind = entry.kind if entry.block is None else id(entry.block)
        repeat = None if entry.repeat is None else _key(entry.repeat)
        return (kind, plain.get(entry.name, entry.name), fields, sources, share, repeat)

    def merged(self, group: list[Block]) -> list[dict[str, Setting]]:
        """Make the first block of a group stand for all; the arguments of each."""
        first = group[0]
        columns: dict[tuple[Any, ...], list[Position]] = {}
        for position in self.positions(group):
            values = [self.at(block, position) for block in group]
            keys = tuple([_key(value) for value in values])
            if len(set(keys)) > 1:
                columns.setdefault(keys, []).append(position)
        arguments = Arguments(first, [self.made.get(id(block), ({}, {})) for block in group])
        for positions in columns.values():
            values = [self.at(block, positions[0]) for block in group]
            expression = arguments.of(values, self.wanted(first, positions[0]))
            for position in positions:
                self.put(first, position, expression)
        first.arguments = arguments.declared()
        return arguments.given()

    def positions(self, group: list[Block]) -> Iterator[Position]:
        """Where numbers stand in blocks that have one skeleton."""
        first = group[0]
        for number in range(len(first.entries)):
            names = dict.fromkeys(
                name for block in group for name in block.entries[number].settings
            )
            for name in names:
                settings = [self.whole(block, number, name) for block in group]
                if any(setting is None for setting in settings):
                    continue
                longest = settings[0]
                assert longest is not None
                if longest.kind == Setting.LIST:
                    for index in range(len(longest.content)):
                        yield (number, name, index)
                elif _is_number(longest):
                    yield (number, name, None)

    def whole(self, block: Block, number: int, name: str) -> Setting | None:
        """A setting of an entry, or its default."""
        entry = block.entries[number]
        found = entry.settings.get(name)
        if found is None and entry.block is None:
            return _default(KINDS[entry.kind].fields[name])
        return found

    def at(self, block: Block, position: Position) -> Setting:
        """The number at a place."""
        number, name, index = position
        setting = self.whole(block, number, name)
        assert setting is not None
        return setting if index is None else setting.content[index]

    def put(self, block: Block, position: Position, expression: Expression) -> None:
        """Write an expression in a place."""
        number, name, index = position
        entry = block.entries[number]
        setting = self.whole(block, number, name)
        assert setting is not None
        made = Setting(Setting.EXPRESSION, expression, entry.mark)
        if index is None:
            entry.settings[name] = made
        else:
            content = [*setting.content]
            content[index] = made
            entry.settings[name] = Setting(Setting.LIST, content, entry.mark)

    def wanted(self, block: Block, position: Position) -> str:
        """What an argument would be called that no parameter of the constructor is."""
        number, name, _ = position
        same = [entry for entry in block.entries if name in entry.settings]
        entry = block.entries[number]
        if len(same) < 2 or id(entry) in self.automatic:
            return name
        return f"{entry.name}_{name}"

    # -- repeats --------------------------------------------------------------------------------

    def repeat(self, entries: list[Entry]) -> None:
        """Say entries that follow each other and are the same once, with how many there are."""
        named = self.referred(entries)
        found: list[Entry] = []
        at = 0
        while at < len(entries):
            entry, end = entries[at], at + 1
            while end < len(entries) and self.follows(entry, entries[end]):
                if entries[end - 1].name in named:
                    break
                end += 1
            if end - at > 1 and entry.share is None and entry.repeat is None:
                entry.repeat = Setting(Setting.CONSTANT, end - at, entry.mark)
                last = entries[end - 1].name
                if id(entry) not in self.automatic:
                    stem = _stem(entry.name)
                    if all(other.name != stem for other in (*found, *entries[end:])):
                        entry.name = stem
                self.renamed(entries, last, entry.name)
                found.append(entry)
            else:
                end = at + 1
                found.append(entry)
            at = end
        entries[:] = found

    def referred(self, entries: list[Entry]) -> set[str]:
        """The names that entries of a list refer to."""
        found = {s.name.partition(".")[0] for e in entries for s in e.sources or ()}
        found |= {entry.share.name for entry in entries if entry.share is not None}
        if entries is self.spec.entries:
            found |= {output.name.partition(".")[0] for output in self.spec.outputs}
        return found

    def follows(self, entry: Entry, other: Entry) -> bool:
        """Whether an entry is the same again, fed by the one before it."""
        if other.sources is not None or other.share is not None or entry.kind != other.kind:
            return False
        if entry.block is not other.block or entry.block is None:
            return False
        if (id(entry) in self.automatic) is not (id(other) in self.automatic):
            return False
        if id(entry) not in self.automatic and _stem(entry.name) != _stem(other.name):
            return False
        if entry.settings.keys() != other.settings.keys():
            return False
        return all(_key(s) == _key(other.settings[n]) for n, s in entry.settings.items())

    def renamed(self, entries: list[Entry], before: str, after: str) -> None:
        """Let what refers to a name refer to another."""
        if before == after:
            return

        def new(reference: Reference) -> Reference:
            head, dot, rest = reference.name.partition(".")
            return reference._replace(name=f"{after}{dot}{rest}") if head == before else reference

        for entry in entries:
            if entry.sources is not None:
                entry.sources = [new(each) for each in entry.sources]
            if entry.share is not None:
                entry.share = new(entry.share)
        if entries is self.spec.entries:
            self.spec.outputs = [new(each) for each in self.spec.outputs]

    # -- names ----------------------------------------------------------------------------------

    def name_blocks(self) -> None:
        """Name blocks after their classes, numbered where one class makes several."""
        taken: set[str] = set()
        for block in self.blocks:
            name = self.classes[id(block)]
            if name == "Sequential":
                name = _camel(self.first_name(block)) or name
            if name in KINDS:
                name = f"{name}Block"
            free, number = name, 1
            while free in taken or free in KINDS:
                number += 1
                free = f"{name}{number}" if not name[-1].isdigit() else f"{name}_{number}"
            taken.add(free)
            block.name = free
        for entry in self.uses():
            assert entry.block is not None
            entry.kind = entry.block.name
        self.spec.blocks = {block.name: block for block in self.blocks}

    def first_name(self, block: Block) -> str:
        """The name of a block's first use that has one."""
        for entry in self.uses():
            if entry.block is block and id(entry) not in self.automatic:
                return entry.name
        return ""

    def rename(self, entries: list[Entry]) -> None:
        """Number the entries that nobody named, as the spec language does."""
        from shapecalc.reading.lower import Names

        own = [entry.name for entry in entries if id(entry) not in self.automatic]
        given = self.spec.inputs if entries is self.spec.entries else ["input"]
        names = Names([*own, *given])
        change: dict[str, str] = {}
        for entry in entries:
            if id(entry) in self.automatic:
                change[entry.name] = names.automatic(entry.kind)
        marked = {before: f"\0{after}" for before, after in change.items()}
        for entry in entries:
            if id(entry) in self.automatic:
                entry.name = change[entry.name]
        for before, after in marked.items():
            self.renamed(entries, before, after)
        for after in marked.values():
            self.renamed(entries, after, after[1:])


class Arguments:
    """The arguments of one block for several uses."""

    def __init__(self, block: Block, made: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        self.block = block
        self.made = made
        self.count = len(made)
        self.values: dict[str, list[Setting]] = {}
        self.parameters: dict[str, list[int]] = {}
        for name in sorted(made[0][0], key=_comes_in):
            column: list[Any] = [arguments.get(name) for arguments, _ in made]
            is_free = not name.startswith("_") and name not in _TAKEN
            if is_free and all(isinstance(value, int) for value in column):
                self.parameters[name] = [int(value) for value in column]

    def of(self, values: list[Setting], wanted: str) -> Expression:
        """An expression that gives every use its number."""
        if all(value.kind == Setting.CONSTANT for value in values):
            numbers = [value.content for value in values]
            known = {n: c for n, c in self.parameters.items() if n in self.values}
            tries = [(make, each) for make in _WAYS for each in (known, self.parameters)]
            for make, parameters in tries:
                found = make(numbers, parameters)
                if found is not None:
                    expression, used = found
                    for name in used:
                        self.use(name, values[0])
                    return expression
        name, number = wanted, 1
        while name in self.values or name in self.parameters or name in _TAKEN:
            number += 1
            name = f"{wanted}_{number}"
        self.values[name] = values
        return Name(name, 0)

    def use(self, name: str, near: Setting) -> None:
        """Make a parameter of the constructor an argument."""
        if name not in self.values:
            self.values[name] = [
                Setting(Setting.CONSTANT, number, near.mark) for number in self.parameters[name]
            ]

    def ordered(self) -> list[str]:
        """The arguments in the constructor's order, then those of their own."""
        own = [name for name in self.values if name not in self.parameters]
        return [name for name in self.made[0][0] if name in self.values] + own

    def default(self, name: str) -> Setting | None:
        """The constructor's default of an argument, where it has one and it is used."""
        if name not in self.parameters:
            return None
        default = self.made[0][1].get(name)
        if type(default) not in (int, bool):
            return None
        uses = [value for value in self.values[name] if value.content == default]
        return uses[0] if uses else None

    def declared(self) -> dict[str, Setting | None]:
        """The arguments as a block declares them: those that must be given first."""
        names = sorted(self.ordered(), key=lambda name: self.default(name) is not None)
        return {name: self.default(name) for name in names}

    def given(self) -> list[dict[str, Setting]]:
        """What each use gives."""
        found = []
        for number in range(self.count):
            settings = {}
            for name, default in self.declared().items():
                value = self.values[name][number]
                if default is None or _key(default) != _key(value):
                    settings[name] = value
            found.append(settings)
        return found


_TAKEN = frozenset({*RESERVED, *TENSOR_NAMES, BATCH, "index", "input"})

Found = tuple[Expression, list[str]]


def _same(numbers: list[Any], parameters: dict[str, list[int]]) -> Found | None:
    """A parameter with these values."""
    for name, column in parameters.items():
        if column == numbers:
            return Name(name, 0), [name]
    return None


def _scaled(
    numbers: list[Any], parameters: dict[str, list[int]], operator: str, apply: Callable[..., Any]
) -> Found | None:
    for name, column in parameters.items():
        is_width = all(type(n) is int and n >= LEAST_WIDTH for n in [*numbers, *column])
        if len(set(column)) < 2 or not is_width:
            continue  # small numbers, as strides, have many a reason
        big, small = (numbers, column) if operator == "*" else (column, numbers)
        if big[0] % small[0] == 0:
            factor = big[0] // small[0]
            if 1 < factor <= 64 and [apply(n, factor) for n in column] == numbers:
                sides = (Name(name, 0), Number(factor))
                first, second = sides if operator == "//" else sides[::-1]
                return Binary(operator, first, second), [name]
    return None


def _multiple(numbers: list[Any], parameters: dict[str, list[int]]) -> Found | None:
    """A multiple of a parameter."""
    return _scaled(numbers, parameters, "*", lambda n, factor: n * factor)


def _part(numbers: list[Any], parameters: dict[str, list[int]]) -> Found | None:
    """A part of a parameter."""
    return _scaled(numbers, parameters, "//", lambda n, factor: n // factor)


def _product(numbers: list[Any], parameters: dict[str, list[int]]) -> Found | None:
    """A product of two parameters."""
    names = [name for name, column in parameters.items() if len(set(column)) > 1]
    for n, first in enumerate(names[:8]):
        for second in names[n + 1 : 8] if min(numbers) >= LEAST_WIDTH else ():
            pairs = zip(parameters[first], parameters[second])
            if [a * b for a, b in pairs] == numbers:
                return Binary("*", Name(first, 0), Name(second, 0)), [first, second]
    return None


def _comes_in(name: str) -> bool:
    """Whether a parameter is what comes in, which is inferred: others are put first."""
    return name.lower().startswith(("in", "cin", "c_in", "c1"))


_WAYS = (_same, _multiple, _part, _product)
"""How a number may follow from parameters, the plainest first."""


def _camel(name: str) -> str:
    """A name as a class's: ``layer_1`` is ``Layer``."""
    words = [word for word in re.split(r"[_\d]+", name) if word]
    return "".join(word[0].upper() + word[1:] for word in words)


def _stem(name: str) -> str:
    """A name without its number: ``layers_3`` is one of ``layers``."""
    head, _, number = name.rpartition("_")
    return head if head and number.isdigit() else name


def _default(declared: Any) -> Setting | None:
    default = declared.default
    if isinstance(default, (int, float, Fraction)):
        from shapecalc.language.problem import Mark

        return Setting(Setting.CONSTANT, default, Mark(1, 1))
    return None


def _is_number(setting: Setting) -> bool:
    if setting.kind == Setting.EXPRESSION:
        return True
    return setting.kind == Setting.CONSTANT and isinstance(setting.content, (int, Fraction, float))


def _bone(setting: Setting | None) -> Any:
    """A setting without its number."""
    if setting is None:
        return None
    if setting.kind == Setting.LIST:
        return tuple([_bone(each) for each in setting.content])
    if _is_number(setting):
        return "number" if not isinstance(setting.content, bool) else "flag"
    return _key(setting)


def _key(setting: Setting) -> Any:
    from shapecalc.reading.lower import value_key

    return value_key(setting)


__all__ = ["Arguments", "Tidying"]
