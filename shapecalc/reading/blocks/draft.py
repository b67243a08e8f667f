"""What a spec is made of while it is put together: items of lists, and the blocks they stand in.

Here an item knows what feeds it as such. Names are given at the end, when nothing moves any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from shapecalc.language.expression import Comparison, Conditional, Expression, Name, Number
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Setting
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.compound import PerAxis


class Link(NamedTuple):
    """Where an item is fed from: another item or an input by name, and which output of it."""

    source: Item | str
    output: str = ""


class Item:
    """What becomes an entry: a kind or a block, with settings and what feeds it.

    ``path`` is the name that the code has for it; nobody named it if that is empty. ``links`` are
    None where it is fed by the item before it.
    """

    __slots__ = (
        "block",
        "copies",
        "kind",
        "links",
        "mark",
        "path",
        "pieces",
        "repeat",
        "settings",
        "shape",
        "share",
        "silence",
        "when",
    )

    def __init__(self, kind: str, mark: Mark, path: str = "") -> None:
        self.kind = kind
        self.mark = mark
        self.path = path
        self.copies: tuple[str, int, str] | None = None  # their names: text, first number, text
        self.block: Draft | None = None
        self.settings: dict[str, Setting] = {}
        self.shape: tuple[Any, ...] | None = None  # of what comes in first
        self.pieces = 1  # how many outputs a layer has
        self.links: list[Link] | None = None
        self.share: Item | None = None
        self.repeat: Setting | None = None
        self.when: Setting | None = None
        self.silence: tuple[str, ...] = ()  # codes of warnings that are not wanted

    @property
    def has_weights(self) -> bool:
        """Whether its name matters to whoever loads weights."""
        return self.block is not None or _has_tensors(self.kind)

    def setting(self, name: str) -> Setting | None:
        """A setting, or the number that is its default."""
        found = self.settings.get(name)
        if found is not None:
            return found
        if self.block is not None:
            return self.block.arguments.get(name)
        return default_of(self.kind, name)

    def reads(self) -> Iterator[Item]:
        """The items that it refers to."""
        for link in self.links or ():
            if isinstance(link.source, Item):
                yield link.source
        if self.share is not None:
            yield self.share

    def copy(self) -> Item:
        """An item like it."""
        made = Item(self.kind, self.mark, self.path)
        made.block, made.settings, made.links = self.block, dict(self.settings), self.links
        made.share, made.repeat, made.when = self.share, self.repeat, self.when
        made.shape, made.copies, made.pieces = self.shape, self.copies, self.pieces
        return made


class Made(NamedTuple):
    """How the instance behind a block was made: its class, and what the constructor was given.

    For a sequence that is the module whose it is: its numbers follow from those arguments.
    """

    cls: Any = None
    given: dict[str, Any] = {}
    defaults: dict[str, Any] = {}


class Draft:
    """What becomes a block.

    ``role`` tells blocks that may become one: those of one class, or sequences in one place of it.
    """

    def __init__(
        self, title: str, role: Any, made: Made, mark: Mark, is_sequence: bool = False
    ) -> None:
        self.title = title
        self.role = role
        self.is_sequence = is_sequence  # an ``nn.Sequential``, whose items have numbers
        self.made = made
        self.mark = mark
        self.name = ""
        self.items: list[Item] = []
        self.inputs: list[str] = ["input"]
        self.shape: tuple[Any, ...] | None = None  # of what comes in first
        self.outputs: dict[str, Link] = {}
        self.arguments: dict[str, Setting | None] = {}
        self.is_numbered = False  # whether its items are called by their numbers


@cache
def default_of(kind: str, name: str) -> Setting | None:
    """The number that a kind's field has where nothing is said."""
    default = KINDS[kind].fields[name].default
    if default is None or isinstance(default, str) or not is_plain(default):
        return None
    return Setting(Setting.CONSTANT, default, Mark(1, 1))


def rest_of(kind: str) -> str:
    """The field of sizes of a kind one of which may be -1: what is left; a block has none."""
    return KINDS[kind].rest if kind in KINDS else ""


def is_plain(value: Any) -> bool:
    """Whether a value is a number, or true or false."""
    return isinstance(value, (int, float)) or type(value) is Fraction


def _has_tensors(kind: str) -> bool:
    declared = KINDS[kind]
    return declared.weights is not Layer.weights or declared.buffers is not Layer.buffers


def constant(value: Any, mark: Mark) -> Setting:
    """A setting that is a plain value."""
    return Setting(Setting.CONSTANT, value, mark)


def key(setting: Setting) -> Any:
    """A setting as a value that can be compared."""
    if setting.kind == Setting.LIST:
        return tuple([key(each) for each in setting.content])
    content = setting.content
    if isinstance(content, dict):
        return tuple([(name, key(each)) for name, each in content.items()])
    return (setting.kind, type(content).__name__, content)


def is_number(setting: Setting) -> bool:
    """Whether a setting is one number, or an expression for one."""
    if setting.kind == Setting.EXPRESSION:
        return True
    return setting.kind == Setting.CONSTANT and is_plain(setting.content)


def bone(setting: Setting | None) -> Any:
    """A setting without its number."""
    if setting is None:
        return None
    if setting.kind == Setting.LIST:
        return tuple([bone(each) for each in setting.content])
    if is_indexed(setting) and first_and_rest(setting) is None:
        return key(setting)
    if is_number(setting):
        is_flag = isinstance(setting.content, bool) or setting.content in (FIRST, NOT_FIRST)
        return "flag" if is_flag else "number"
    return key(setting)


FIRST = Comparison(Name("index", 0), (("==", Number(0)),))
"""Whether a copy is the first."""

NOT_FIRST = Comparison(Name("index", 0), (("!=", Number(0)),))
"""Whether it is another."""


def is_indexed(setting: Setting) -> bool:
    """Whether a setting is another in each copy of a repeated entry."""
    return setting.kind != Setting.CONSTANT and "index" in setting.names()


def first_and_rest(setting: Setting) -> tuple[Setting, Setting] | None:
    """What the first copy has, and what all others have; None where there is more to it."""
    if not is_indexed(setting):
        return setting, setting
    tree = setting.content
    if setting.kind != Setting.EXPRESSION:
        return None
    if tree in (FIRST, NOT_FIRST):
        return constant(tree == FIRST, setting.mark), constant(tree != FIRST, setting.mark)
    if not isinstance(tree, Conditional):
        return None
    if tree.test != FIRST:
        return None
    parts = [_as_setting(each, setting.mark) for each in (tree.then, tree.otherwise)]
    return parts[0], parts[1]


def expression_of(setting: Setting) -> Expression:
    """A number, or an expression, as an expression."""
    if setting.kind == Setting.EXPRESSION:
        found: Expression = setting.content
        return found
    return Number(setting.content)


def _as_setting(tree: Expression, mark: Mark) -> Setting:
    if isinstance(tree, Number):
        return constant(tree.value, mark)
    return Setting(Setting.EXPRESSION, tree, mark)


def bones(item: Item) -> Any:
    """What has to be the same of two items for them to be one: all but numbers and feeding."""
    if item.block is not None:
        fields: Any = ()
        if not item.block.arguments:
            fields = tuple([(n, bone(s)) for n, s in sorted(item.settings.items())])
        else:  # what copies have by turns, or more of each, is no number of all of them
            own = {n: s for n, s in item.settings.items() if first_and_rest(s) is None}
            fields = tuple([(n, key(s)) for n, s in sorted(own.items())])
        return (id(item.block), fields, item.repeat is None)
    own = item.settings
    fields = tuple(
        [
            _along_axes(item.kind, name, own[name]) if name in own else default
            for name, default in _default_bones(item.kind).items()
        ]
    )
    return (item.kind, fields, item.repeat is None)


@cache
def _default_bones(kind: str) -> dict[str, Any]:
    """The fields that an entry of a kind says, as what is left where nothing is said."""
    fields = KINDS[kind].fields.items()
    named = [name for name, declared in fields if declared.infer is None]
    return {name: _along_axes(kind, name, default_of(kind, name)) for name in named}


def _along_axes(kind: str, name: str, setting: Setting | None) -> Any:
    """A setting without its numbers, be there one for all axes or one for each."""
    declared = KINDS[kind].fields[name].type
    per = getattr(declared, "other", declared)
    found = bone(setting)
    is_row = isinstance(found, tuple) and set(found) == {"number"}
    return "number" if isinstance(per, PerAxis) and is_row else found


def exactly(items: list[Item], outputs: dict[str, Link]) -> Any:
    """What tells whether two lists are the same."""
    places: dict[int, int] = {id(item): n for n, item in enumerate(items)}

    def link(each: Link) -> Any:
        source = each.source
        return (source if isinstance(source, str) else places[id(source)], each.output)

    return (
        tuple(
            [
                (
                    item.kind if item.block is None else id(item.block),
                    item.path,
                    item.pieces,
                    tuple([(n, key(s)) for n, s in item.settings.items()]),
                    None if item.links is None else tuple(map(link, item.links)),
                    None if item.share is None else places.get(id(item.share), -1),
                )
                for item in items
            ]
        ),
        tuple([(name, link(each)) for name, each in outputs.items()]),
    )


__all__ = [
    "FIRST",
    "NOT_FIRST",
    "Draft",
    "Item",
    "Link",
    "Made",
    "bone",
    "bones",
    "constant",
    "default_of",
    "exactly",
    "expression_of",
    "first_and_rest",
    "is_indexed",
    "is_number",
    "is_plain",
    "key",
]
