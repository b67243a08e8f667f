"""What the names in a list stand for while the network is built.

An expression asks for symbols, arguments and sizes of tensors; an entry, for what stands before it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from shapecalc.graph.graph import Node, Part, Role, Wire
from shapecalc.language.expression import ExpressionError
from shapecalc.language.text import shown
from shapecalc.language.tree import Setting
from shapecalc.language.words import parted
from shapecalc.layers import Tensor


class Fatal(Exception):
    """Nothing can be said of an entry, and its problem is noted already."""


class Scope(Mapping[str, Any]):
    """The names an expression can use: symbols, arguments, and sizes of tensors.

    These are of the incoming one, and of entries by the names that they have here.
    """

    __slots__ = ("known", "names", "tensor")

    def __init__(
        self, known: Mapping[str, Any], tensor: Tensor | None = None, names: Names | None = None
    ) -> None:
        self.known = known
        self.tensor = tensor
        self.names = names

    def __getitem__(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        if name.endswith(")"):
            return _size_of(name, self.names or Names())
        if self.tensor is None:  # what should have come in has failed, and is reported
            raise Fatal
        shape = self.tensor.shape
        axis = {"in_channels": 1, "in_height": 2, "in_width": 3, "in_features": -1}[name]
        if name in ("in_height", "in_width") and len(shape) != 4:
            raise ExpressionError(
                f"{name} is asked of an incoming tensor without height and width: {self.tensor}"
            )
        if len(shape) < 2:
            raise ExpressionError(f"{name} is asked of an incoming tensor of no dimensions")
        return shape[axis]

    def values_in(self, setting: Setting) -> str:
        """The values of the names that a setting looks up, for a note; empty if there are none.

        A name that has none, as ``in_height`` where there is no height, was not needed.
        """
        values = []
        for name in sorted(setting.names()):
            with suppress(ExpressionError):
                values.append(f"{name} is {shown(self[name])}")
        return f"where {' and '.join(values)}" if values else ""

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


class Over(Mapping[str, Any]):
    """Values over others, which stay as they are: of arguments over symbols, which may be many."""

    __slots__ = ("below", "own")

    def __init__(self, own: Mapping[str, Any], below: Mapping[str, Any]) -> None:
        self.own = own
        self.below = below

    def __getitem__(self, name: str) -> Any:
        return self.own[name] if name in self.own else self.below[name]

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.below

    def __iter__(self) -> Iterator[str]:
        return iter({**self.below, **self.own})

    def __len__(self) -> int:
        return len({**self.below, **self.own})


class Named(NamedTuple):
    """What a name stands for: no wire if that failed, no path if it is left out."""

    wire: Wire | None
    path: str | None
    built: Node | Part | None = None

    def member(self, name: str) -> Named:
        """An output of a layer, or a copy of a repeated entry; ``KeyError`` if there is none."""
        if isinstance(self.built, Node):
            return Named(self.built.wire(name), self.path)
        if self.built is not None and self.built.role == Role.REPEAT:
            return of_copy(_copy(self.built, name))
        if self.built is not None and name in self.built.outputs:
            return Named(self.built.outputs[name], self.path)
        raise KeyError(name)

    def members(self) -> list[str]:
        """The names that :meth:`member` knows."""
        if isinstance(self.built, Node):
            return list(self.built.outputs)
        if self.built is not None and self.built.role == Role.REPEAT:
            return [child.name for child in self.built.children]
        return [] if self.built is None else list(self.built.outputs)


def _copy(repeat: Part, name: str) -> Part:
    """The copy of a repeat that has a number for its name; ``KeyError`` if there is none."""
    copies: Any = repeat.children
    if name.isdecimal():
        place = bisect_left(copies, int(name), key=lambda copy: copy.number)
        if place < len(copies) and copies[place].name == name:
            found: Part = copies[place]
            return found
    raise KeyError(name)


def of_copy(copy: Part) -> Named:
    """What the name of a copy stands for."""
    inside = (child for child in reversed(copy.children) if child.path == copy.path)
    return Named(copy.output, copy.path, next(inside, None))  # none where it failed


class Names:
    """What the names in a list stand for: this list's first, then the enclosing lists'."""

    __slots__ = ("outer", "own")

    def __init__(self, outer: Names | None = None) -> None:
        self.outer = outer
        self.own: dict[str, Named] = {}

    def __contains__(self, name: object) -> bool:
        names: Names | None = self
        while names is not None:
            if name in names.own:
                return True
            names = names.outer
        return False

    def find(self, name: str) -> Named:
        """What a name stands for; raises ``KeyError`` where no list has it."""
        names: Names | None = self
        while names is not None:
            if name in names.own:
                return names.own[name]
            names = names.outer
        raise KeyError(name)


_AXES_OF = {
    "channels_of": {3: 1, 4: 1, 5: 1},
    "length_of": {3: 2},
    "depth_of": {5: 2},
    "height_of": {4: 2, 5: 3},
    "width_of": {4: 3, 5: 4},
}
"""Which dimension each of these asks for, by the number of dimensions."""


def _size_of(asked: str, names: Names) -> Any:
    """A size of an entry, as ``height_of(encoder3)`` or ``size_of(encoder3, 2)`` asks for it."""
    function, _, rest = asked.rstrip(")").partition("(")
    entry, _, dim = rest.partition(", ")
    whole, members = parted(entry, names)
    try:
        named = names.find(whole)
        for member in members:
            named = named.member(member)
    except KeyError:
        raise ExpressionError(f"{asked} asks for a size of no entry before this one") from None
    if named.path is None:
        raise ExpressionError(f"{asked} asks for a size of an entry that is left out")
    if named.wire is None:
        raise Fatal
    tensor = named.wire.tensor
    n = len(tensor.shape)
    if function == "size_of":
        axis: int | None = int(dim or 0)
    else:
        axis = -1 if function == "features_of" else _AXES_OF[function].get(n)
    if axis is None or not -n <= axis < n or bool(dim) != (function == "size_of"):
        raise ExpressionError(f"{asked} is asked of batch x {tensor}")
    return tensor.shape[axis]


class Numbering:
    """The entries of a numbered list that are there so far: how many, and the names they have."""

    __slots__ = ("count", "names")

    def __init__(self) -> None:
        self.count = 0
        self.names: set[str] = set()

    @classmethod
    def of(cls, is_numbered: bool) -> Numbering | None:
        """That of a list, if it is numbered."""
        return cls() if is_numbered else None


class Place:
    """Where an entry is built: its list's path, names and values, and the part it belongs to."""

    __slots__ = ("depth", "names", "numbering", "part", "prefix", "shared", "values")

    def __init__(
        self,
        prefix: str,
        names: Names,
        values: Mapping[str, Any],
        part: Part,
        shared: tuple[str, str] | None,
        depth: int,
        numbering: Numbering | None = None,
    ) -> None:
        self.prefix = prefix
        self.names = names
        self.values = values
        self.part = part
        self.shared = shared  # this path and the path whose weights it uses
        self.depth = depth
        self.numbering = numbering
