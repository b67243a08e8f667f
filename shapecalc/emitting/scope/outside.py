"""What names inside a use of a block stand for around it, and sizes of what comes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.trace import Leaf, Traced, Tree
from shapecalc.emitting import syntax
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.numbers import python
from shapecalc.emitting.numbers.agree import Sample
from shapecalc.emitting.numbers.choices import moved
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.numbers.trees import stated
from shapecalc.graph.graph import Node, Part, Source, Wire
from shapecalc.graph.scope import Named, Names
from shapecalc.graph.scope import Scope as PlaceScope
from shapecalc.language.expression import ExpressionError, Name
from shapecalc.language.tree import Entry, Setting
from shapecalc.layers import Tensor

if TYPE_CHECKING:
    from shapecalc.emitting.scope.scope import Scope

AXES = {"in_channels": 1, "in_height": 2, "in_width": 3, "in_features": -1}
"""The sizes of an incoming tensor that expressions can ask for, and their axes."""


def incoming(scope: Scope, name: str, copy: Copy) -> Sample:
    """A size of a copy's input."""
    axis = AXES[name]
    if isinstance(copy.built, Node):
        shape = copy.built.inputs[0].shape if copy.built.inputs else _ahead(copy.built)
        if shape is not None:
            return copy.sample(shape[axis])
        inside = copy.inside
        return copy.sample(Traced.letter(inside.sizes[axis], inside.letters[inside.sizes[axis]]))
    inside = scope.known.inside(copy.built)
    letter = inside.sizes[axis]
    if copy.built is copy.use:
        value = inside.letters[letter]
        return copy.sample(value)._replace(tree=Leaf(letter, value))
    return outside(scope, letter, copy)


def outside(scope: Scope, letter: str, copy: Copy) -> Sample:
    """What a letter inside a use of a block is, told in the letters around it."""
    inside = scope.known.inside(copy.built)
    sample = copy.sample(inside.letters[letter])
    return sample._replace(tree=inside.outside[letter])


def told_outside(scope: Scope, tree: Tree, copy: Copy) -> Sample:
    """A number inside a use of a block, told in the letters around it."""
    outside = scope.known.inside(copy.built).outside

    def meaning(leaf: Leaf) -> Tree:
        return outside.get(leaf.letter, leaf)

    return copy.sample(moved(tree, meaning))


def told_by_use(scope: Scope, tree: Any, entry: Entry, copies: list[Copy]) -> Any | None:
    """An expression in the names of a block in those around one use of it; None if none is."""
    assert entry.block is not None
    block = entry.block

    def meaning(name: str) -> Any:
        setting = entry.settings.get(name) or block.arguments.get(name)
        if setting is None:
            if name in scope.known.values:
                allowed = name in scope.allowed and name not in scope.arguments
                return Name(name, 0) if allowed else stated(scope.known.values[name])
            axis = AXES[name]
            letters = [scope.known.inside(copy.built).sizes[axis] for copy in copies]
            samples = [outside(scope, own, copy) for own, copy in zip(letters, copies)]
            found = scope.agreed(samples)
            if found is None:
                raise ExpressionError(f"{name} differs from use to use")
            return found
        if setting.kind == Setting.EXPRESSION:
            is_given = name in entry.settings
            return (
                scope.meant(setting, copies) if is_given else within(syntax.plain(setting.content))
            )
        if setting.kind == Setting.CONSTANT:
            return stated(setting.content)
        raise ExpressionError(f"{name} is a list")

    def within(inner: Any) -> Any:
        meanings = {name: meaning(name) for name in syntax.names(inner)}
        return python.settled_choices(syntax.replaced(inner, meanings))

    try:
        return within(syntax.plain(tree))
    except (ExpressionError, EmitError, RecursionError):
        return None


def size_before(name: str, copy: Copy) -> Any:
    """A size of an earlier entry that an expression asks for by its name."""
    return PlaceScope({}, None, _named_before(copy))[name]


def tensor_before(name: str, copy: Copy) -> Tensor | None:
    """What an earlier entry, or an input, of a name puts out; None if it is not known."""
    found = _named_before(copy).own.get(name)
    return found.wire.tensor if found is not None and found.wire is not None else None


def _named_before(copy: Copy) -> Names:
    names = _names_before(copy.built)
    for own, tensor in copy.inside.inputs.items():
        names.own.setdefault(own, Named(Wire(Source(own), tensor), own))
    return names


def _ahead(built: Node) -> Sequence[Any] | None:
    """The sizes that stand before what takes no input; None where it stands first in a block."""
    child: Node | Part = built
    part: Part | None = built.part
    while part is not None:
        place = part.children.index(child)
        if place:
            before = part.children[place - 1]
            tensor = (
                before.output
                if isinstance(before, Node)
                else before.output and before.output.tensor
            )
            return tensor.shape if tensor is not None else None
        if part.is_use:
            return None
        child, part = part, part.parent
    return None


def _names_before(built: Node | Part) -> Names:
    """What the names of entries mean where something was built, up to the use of a block."""
    names = Names()
    part = built.part if isinstance(built, Node) else built.parent
    while part is not None:
        for child in part.members:
            wire = child.wire() if isinstance(child, Node) else child.output
            names.own.setdefault(child.name, Named(wire, child.path, child))
        part = None if part.is_use else part.parent
    return names
