"""A network built on letters: every size knows how it follows from arguments and inputs.

Inside a block sizes are told in the block's own terms (its arguments, ``in_channels`` and the
like), so that what has to be inferred can be written in its constructor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shapecalc.algebra import arithmetic
from shapecalc.algebra.trace import Apply, Leaf, Number, Product, Quotient, Sum, Traced, Tree, untraced
from shapecalc.build import Builder
from shapecalc.graph import Built, Part, Wire
from shapecalc.place import Place
from shapecalc.layers import Tensor
from shapecalc.spec.problem import SpecError
from shapecalc.spec.tree import Spec

DIMENSIONS = {
    2: ("in_features",),
    3: ("in_channels", "in_features"),
    4: ("in_channels", "in_height", "in_width"),
    5: ("in_channels", "in_depth", "in_height", "in_width"),
}
"""What the sizes of a block's input are called inside it, behind the batch."""

KNOWN = ("in_channels", "in_features")
"""Those of them that a constructor may ask for; the others change with the input's size."""


class Lettered(NamedTuple):
    """A network on letters. For the parts that are uses of blocks, and the whole network, by
    identity: what the letters stand for inside, and how they follow outside.
    """

    built: Built
    letters: dict[int, dict[str, Any]]
    outside: dict[int, dict[str, Tree]]


def build(spec: Spec, values: Mapping[str, Any]) -> Lettered:
    """Build the network on letters."""
    lettered = {name: _lettered(name, value) for name, value in values.items()}
    lettered["B"] = values["B"]
    builder = _LetteredBuilder(spec, lettered, 10**9)
    built = builder.network()
    if builder.problems:
        raise SpecError(spec.source, builder.problems)
    builder.letters[id(built.root)] = dict(values)
    return Lettered(built, builder.letters, builder.outside)


class _LetteredBuilder(Builder):
    def __init__(self, spec: Spec, values: Mapping[str, Any], most_layers: int) -> None:
        super().__init__(spec, values, most_layers)
        self.letters: dict[int, dict[str, Any]] = {}
        self.outside: dict[int, dict[str, Tree]] = {}

    def enter_block(
        self, part: Part, arguments: dict[str, Any], wire: Wire | None
    ) -> tuple[dict[str, Any], Wire | None]:
        inside = {name: _lettered(name, value) for name, value in arguments.items()}
        plain = {name: untraced(value) for name, value in self.values.items()}
        plain |= {name: _plain(value) for name, value in arguments.items()}
        outside = _trees(arguments)
        assert wire is not None
        shape = wire.tensor.shape
        names = DIMENSIONS.get(len(shape), tuple(f"in_size{i}" for i in range(1, len(shape))))
        sizes: list[Any] = [shape[0]]
        for name, size in zip(names, shape[1:]):
            plain[name] = untraced(size)
            outside[name] = size.tree if isinstance(size, Traced) else Number(size)
            sizes.append(Traced.letter(name, untraced(size)))
        self.letters[id(part)] = plain
        self.outside[id(part)] = outside
        return inside, Wire(wire.origin, Tensor(tuple(sizes), wire.tensor.dtype))

    def leave_block(self, part: Part, wire: Wire | None) -> Wire | None:
        return wire and _told(wire, self.outside[id(part)])

    def enter_copy(self, place: Place, index: int) -> dict[str, Any]:
        return {**place.values, "index": Traced.letter("index", index)}

    def leave_copy(self, wire: Wire | None, values: Mapping[str, Any]) -> Wire | None:
        return wire and _told(wire, {"index": Number(untraced(values["index"]))})


def _lettered(name: str, value: Any) -> Any:
    """A number under a name; lists item by item; words and flags as they are."""
    if isinstance(value, list):
        return [_lettered(f"{name}[{i}]", item) for i, item in enumerate(value)]
    number = untraced(value)
    return Traced.letter(name, number) if arithmetic.is_number(number) else value


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, list) else untraced(value)


def _trees(arguments: Mapping[str, Any]) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for name, value in arguments.items():
        if isinstance(value, list):
            found |= _trees({f"{name}[{i}]": item for i, item in enumerate(value)})
        elif isinstance(value, Traced):
            found[name] = value.tree
        elif arithmetic.is_number(value):
            found[name] = Number(value)
    return found


def _told(wire: Wire, meanings: Mapping[str, Tree]) -> Wire:
    """The wire's sizes with letters replaced by what they stand for."""
    shape = tuple(
        substituted(size.tree, meanings) if isinstance(size, Traced) else size
        for size in wire.tensor.shape
    )
    return Wire(wire.origin, Tensor(shape, wire.tensor.dtype))


def substituted(tree: Tree, meanings: Mapping[str, Tree]) -> Any:
    """The tree with letters replaced, computed anew."""
    if isinstance(tree, Leaf):
        return Traced(meanings.get(tree.letter, tree))
    if isinstance(tree, Number):
        return Traced(tree)
    if isinstance(tree, Sum):
        return Traced.sum(factor * substituted(term, meanings) for factor, term in tree.terms)
    if isinstance(tree, Product):
        return arithmetic.prod(substituted(factor, meanings) for factor in tree.factors)
    if isinstance(tree, Quotient):
        top, bottom = substituted(tree.top, meanings), substituted(tree.bottom, meanings)
        if tree.rounding == "exact":
            return top / bottom
        return top // bottom if tree.rounding == "floor" else -(-top // bottom)
    assert isinstance(tree, Apply)
    arguments = [substituted(argument, meanings) for argument in tree.arguments]
    if tree.function in ("min", "max"):
        return Traced.extreme("smallest" if tree.function == "min" else "largest", arguments)
    return arguments[0].gcd(arguments[1]) if tree.function == "gcd" else round(arguments[0])
