"""Weights that several submodules share: one module called twice, or parameters tied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.printer import flat
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.syntax import Assign, Attribute, For, Statement, Text
from shapecalc.graph.graph import Node
from shapecalc.language.expression import Name
from shapecalc.language.tree import Entry

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body


class Shared(NamedTuple):
    """A submodule whose weights others may use: how it is reached, and what it was made of."""

    attribute: Any
    entry: Entry
    scope: Scope


class Tie(NamedTuple):
    """A weight of a submodule, by its path below it, that is an outer one's."""

    path: str
    outer: Any


class Sharing:
    """Ties weights, and finds submodules that are one."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def is_same(self, scope: Scope, entry: Entry, other: Shared) -> bool:
        """Whether two entries are one module, set alike wherever they are."""
        mine, theirs = scope.copies(entry), other.scope.copies(other.entry)
        if other.scope.is_repeated(other.entry) or len(theirs) == 0:
            return False
        written = self.body.constructor.block(entry.block) if entry.block is not None else None
        by_use: dict[int, Copy] = {}
        for each in theirs:
            by_use.setdefault(id(each.use), each)
        for copy in mine:
            first = by_use.get(id(copy.use))
            if first is None:
                return False
            if entry.block is None or written is None:
                if copy.layer != first.layer:
                    return False
                continue
            inside = self.body.scope.known.inside
            one, another = inside(copy.built).letters, inside(first.built).letters
            asked = {*entry.block.arguments, *written.parameters}
            if any(one.get(name) != another.get(name) for name in asked):
                return False
            extras = written.extras.values()
            if any(own.get(id(copy.built)) != own.get(id(first.built)) for own in extras):
                return False
        return True

    def tie(self, scope: Scope, entry: Entry, attribute: Any) -> None:
        """Use the weights of an earlier submodule, which may be in a class outside of this one."""
        assert entry.share is not None
        paths = _state(scope.copies(entry))
        other = self.body.shared.get(entry.share.name)
        outer = None if other is None else other.attribute
        for path in paths:
            if outer is not None:
                self.body.init.append(Assign(_below(attribute, path), _below(outer, path)))
            else:
                outside = f"{entry.share.name}:{path}"
                self.body.ties.append(Tie(f"{entry.name}.{path}", outside))

    def tie_inside(self, attribute: Any, ties: list[Tie], *, is_repeated: bool) -> None:
        """Tie the weights inside a submodule whose class could not, to those here."""
        for tie in ties:
            name, _, path = tie.outer.partition(":")
            if name not in self.body.shared:
                inner = flat(attribute).removeprefix("self.")
                self.body.ties.append(Tie(f"{inner}.{tie.path}", tie.outer))
                continue
            outer = _below(self.body.shared[name].attribute, path)
            if is_repeated:
                each = Name("each", 0)
                tied = Assign(_below(each, tie.path), outer)
                self.body.init.append(For(each, attribute, (tied,)))
            else:
                self.body.init.append(Assign(_below(attribute, tie.path), outer))

    def tie_copies(self, scope: Scope, entry: Entry, attribute: Any) -> None:
        """Let all copies use the weights of one earlier submodule."""
        assert entry.share is not None
        each = Name("each", 0)
        paths = _state(scope.copies(entry)[:1])
        ties = [Tie(path, f"{entry.share.name}:{path}") for path in paths]
        body: list[Statement] = []
        for tie in ties:
            other = self.body.shared.get(entry.share.name)
            if other is None:
                message = "copies cannot use weights of a layer in another class"
                raise scope.error(entry.share.mark, message, "put it in a block, and repeat that")
            body.append(Assign(_below(each, tie.path), _below(other.attribute, tie.path)))
        self.body.init.append(For(each, attribute, tuple(body)))


def _below(owner: Any, path: str) -> Any:
    """What is found on a path below an owner.

    What a number stands for is looked up by torch, for its container may be a list or not.
    """
    within, _, last = path.rpartition(".")
    names = within.split(".") if within else []
    if any(name.isdigit() for name in names):
        owner, names = syntax.call(Attribute(owner, "get_submodule"), Text(within)), []
    for name in (*names, last):
        owner = Attribute(owner, name)
    return owner


def _state(copies: list[Copy]) -> list[str]:
    """The paths of all weights and buffers in what was built, below it."""
    found: dict[str, None] = {}
    for copy in copies:
        built = copy.built
        nodes = [built] if isinstance(built, Node) else [*built.nodes()]
        for node in nodes:
            within = node.path[len(built.path) :].lstrip(".")
            for name in (*node.layer.weights(), *node.layer.buffers()):
                if name in node.tied:
                    found[".".join(filter(None, (within, name)))] = None
    return [*found]
