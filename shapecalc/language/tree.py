"""The tree a spec is read into: what was written, checked as far as it can be without values.

The tree is the truth about a network and the graph a view of it: every node of the graph points
back to its :class:`Entry` here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.language.evaluation import evaluate
from shapecalc.language.expression import Expression, names
from shapecalc.language.problem import Mark, Source
from shapecalc.layers import KINDS

if TYPE_CHECKING:
    from shapecalc.language.naming import CopyNames
    from shapecalc.language.required import Required


class Word(str):
    """A word given to a block, which the place it ends up in has to make sense of."""

    mark: Mark

    def __new__(cls, text: str, mark: Mark) -> Word:
        """Make a word and note where it stands."""
        word = super().__new__(cls, text)
        word.mark = mark
        return word

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What makes it again in a copy."""
        return str(self), self.mark


class Setting:
    """A value as written: a constant, an expression, a list of settings, or settings by name."""

    __slots__ = ("content", "kind", "mark", "offset")

    CONSTANT, EXPRESSION, LIST, MAPPING = range(4)

    def __init__(self, kind: int, content: Any, mark: Mark, offset: int = 0) -> None:
        self.kind = kind
        self.content = content
        self.mark = mark
        self.offset = offset  # of an expression's first character behind the mark's column

    def value(self, scope: Mapping[str, Any]) -> Any:
        """The value in a scope; see :func:`shapecalc.language.evaluation.evaluate`."""
        if self.kind == Setting.CONSTANT:
            return self.content
        if self.kind == Setting.EXPRESSION:
            return evaluate(self.content, scope)
        if self.kind == Setting.MAPPING:
            return {name: item.value(scope) for name, item in self.content.items()}
        return [item.value(scope) for item in self.content]

    def items(self) -> list[Setting] | None:
        """The settings that it is made of, if it is a list or a mapping."""
        if self.kind == Setting.LIST:
            listed: list[Setting] = self.content
            return listed
        return list(self.content.values()) if self.kind == Setting.MAPPING else None

    @property
    def is_constant(self) -> bool:
        """Whether it has the same value in every scope."""
        if self.items() is not None:
            return all(item.is_constant for item in self.items() or ())
        return self.kind == Setting.CONSTANT

    @property
    def expression(self) -> Expression | None:
        """The expression, if it is one."""
        return self.content if self.kind == Setting.EXPRESSION else None

    def names(self) -> frozenset[str]:
        """The names its expressions look up."""
        if self.items() is not None:
            return frozenset().union(*(item.names() for item in self.items() or ()))
        if self.kind == Setting.EXPRESSION:
            return frozenset(name.name for name in names(self.content))
        return frozenset()

    def item_mark(self, index: int | None) -> Mark:
        """The place of the whole, or of one item of a list or mapping."""
        items = self.items()
        if index is None or items is None or index >= len(items):
            return self.mark
        return items[index].mark


class Reference(NamedTuple):
    """A name that refers to something, and its place."""

    name: str
    mark: Mark


class Branch(NamedTuple):
    """One branch of a join; ``name`` is None where branches are a plain list."""

    name: str | None
    entries: list[Entry]
    mark: Mark


class Entry:
    """One entry of a list of layers: a kind or a block with its settings.

    ``name`` is unique in its list. Where ``is_numbered``, it is called by its number among the
    entries that are there; if that is not certain before the network is made, ``name`` is a word
    that nothing refers to. ``copy_names`` are those of its copies, if they have names of their own.
    """

    __slots__ = (
        "block",
        "branches",
        "copy_names",
        "dtype",
        "is_numbered",
        "kind",
        "layer",
        "mark",
        "name",
        "repeat",
        "settings",
        "share",
        "silence",
        "sources",
        "when",
    )

    def __init__(self, kind: str, mark: Mark) -> None:
        self.kind = kind
        self.mark = mark
        self.name = ""
        self.is_numbered = False
        self.copy_names: CopyNames | None = None
        self.dtype = ""  # of the floats in it, where it is not the network's
        self.settings: dict[str, Setting] = {}
        self.block: Block | None = None
        self.branches: list[Branch] | None = None
        self.sources: list[Reference] | None = None
        self.repeat: Setting | None = None
        self.when: Setting | None = None
        self.share: Reference | None = None
        self.silence: tuple[str, ...] = ()  # codes of warnings not wanted here and inside
        self.layer: Any = None  # the layer, once made, where it is the same in every scope

    @property
    def is_fed_by_nothing(self) -> bool:
        """Whether it is of a kind that takes no input."""
        return self.block is None and KINDS[self.kind].arity[1] == 0

    @property
    def stem(self) -> str:
        """What it is called, without the numbers in braces that copies are told apart by."""
        return self.name if self.copy_names is None else self.copy_names.stem

    @property
    def is_inline(self) -> bool:
        """Whether it is a use of a block whose entries stand in the list of the use."""
        return self.block is not None and self.block.inline

    @property
    def is_flat(self) -> bool:
        """Whether its copies are entries of the list that it stands in."""
        is_named = not self.is_numbered and self.copy_names is None
        return self.repeat is not None and not is_named

    @property
    def is_by_number(self) -> bool:
        """Whether it is called by a number among the others of its list."""
        return self.is_numbered or self.name.isdigit()

    @property
    def has_name(self) -> bool:
        """Whether it can be referred to by its name, before the network is made."""
        return not self.is_numbered or self.name.isdigit()


class Block:
    """A reusable piece of network: its arguments with their defaults, and its layers.

    ``inputs`` are the names of what it is fed with. ``outputs`` are what it puts out, by name and
    with what that is inside; where there are none, it puts out what its last entry does. The
    entries of a ``numbered`` one are called by their numbers; those of an ``inline`` one stand in
    the list where it is used. ``state_order`` are entries in the order in which a module makes
    them, where they run in another.
    """

    __slots__ = (
        *("about", "arguments", "entries", "inline", "inputs", "mark", "name", "numbered"),
        *("outputs", "state_order"),
    )

    def __init__(self, name: str, mark: Mark) -> None:
        self.name = name
        self.about = ""
        self.mark = mark
        self.numbered = False
        self.inline = False
        self.arguments: dict[str, Setting | None] = {}
        self.entries: list[Entry] = []
        self.inputs: list[str] = ["input"]
        self.outputs: dict[str, Reference] = {}
        self.state_order: list[Reference] = []


class Input(NamedTuple):
    """An input of the network: its shape without the batch."""

    name: str
    shape: list[Setting]
    dtype: str
    mark: Mark


class Spec:
    """A whole spec."""

    __slots__ = (
        "about",
        "approximated",
        "blocks",
        "by_training",
        "dtype",
        "entries",
        "inputs",
        "members",
        "name",
        "numbered",
        "otherwise",
        "output_names",
        "outputs",
        "require",
        "silence",
        "source",
        "symbols",
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = ""
        self.about = ""
        self.numbered = False  # whether its entries are called by their numbers
        self.symbols: dict[str, Setting] = {}
        self.members: dict[str, dict[str, Setting]] = {}  # what sets the family's networks apart
        self.inputs: dict[str, Input] = {}
        self.blocks: dict[str, Block] = {}
        self.entries: list[Entry] = []
        self.outputs: list[Reference] = []
        self.output_names: list[str] = []  # of each of them, or empty where they have none
        self.dtype = ""
        self.require: list[Required] = []
        self.silence: tuple[str, ...] = ()
        self.approximated: tuple[str, ...] = ()  # what of source it computes other numbers for
        self.otherwise = ""  # why source gives other shapes than were read of it, if it may
        self.by_training: tuple[str, ...] = ()  # where source may go another way in training


def every_entry(spec: Spec) -> Iterator[Entry]:
    """The entries of all lists of a spec: of the network, of its blocks, and of branches."""

    def within(entries: list[Entry]) -> Iterator[Entry]:
        for entry in entries:
            yield entry
            for branch in entry.branches or ():
                yield from within(branch.entries)

    for entries in (spec.entries, *(block.entries for block in spec.blocks.values())):
        yield from within(entries)
