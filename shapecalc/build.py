"""The tree into a graph: every rule is run as its layer is added.

The graph is a networkx ``DiGraph`` whose nodes are the leaf layers and joins, named by their
dotted paths. What sizes a network has depends on its symbols, so a graph is built for given
values: numbers, formulas, or both. An inconsistent graph cannot exist; a spec that would make one
is refused with everything that is wrong with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any, NamedTuple

import networkx as nx

from shapecalc.algebra.arithmetic import LARGEST, Quantity
from shapecalc.algebra.requirement import Condition, Requirement, equal
from shapecalc.layers import KINDS, FieldError, Layer, Tensor
from shapecalc.layers.tensor import times
from shapecalc.spec.expression import ExpressionError, Undecided, truth
from shapecalc.spec.parse import BATCH
from shapecalc.spec.problem import Mark, Problem, SpecError, listing
from shapecalc.spec.text import shown
from shapecalc.spec.tree import Entry, Setting, Spec, Word

MOST_LAYERS = 1_000_000
"""How many layers a network may have unless the caller says more."""

DEEPEST_BLOCKS = 64
"""How deep blocks may use blocks."""


class Wire(NamedTuple):
    """What an entry passes on: a tensor and the layer or input it comes from."""

    origin: str
    tensor: Tensor


class Node:
    """A layer or join in its place: what ``graph.nodes[path]["node"]`` holds."""

    __slots__ = ("entry", "inputs", "layer", "output", "part", "path", "shared", "sources")

    def __init__(
        self,
        path: str,
        layer: Layer,
        entry: Entry,
        part: Part,
        sources: tuple[str, ...],
        inputs: tuple[Tensor, ...],
        output: Tensor,
        shared: str | None,
    ) -> None:
        self.path = path
        self.layer = layer
        self.entry = entry
        self.part = part
        self.sources = sources
        self.inputs = inputs
        self.output = output
        self.shared = shared

    @property
    def x(self) -> Any:
        """The input as the layer's methods take it: a tensor, or a tuple of them for a join."""
        return self.inputs if self.layer.joins else self.inputs[0]

    @property
    def mark(self) -> Mark:
        """Its place in the spec."""
        return self.entry.mark

    def __repr__(self) -> str:
        return f"<{self.layer.kind} {self.path!r}: {self.output}>"


class Part:
    """A stretch of the network that the spec wrote as one: a block's use, a branch, a repeat.

    The parts and nodes of a network are a tree of their own, which folding and emission follow.
    """

    __slots__ = ("children", "entry", "kind", "output", "parent", "path")

    def __init__(self, path: str, kind: str, parent: Part | None, entry: Entry | None) -> None:
        self.path = path
        self.kind = kind
        self.parent = parent
        self.entry = entry
        self.children: list[Part | Node] = []
        self.output: Wire | None = None

    @property
    def is_use(self) -> bool:
        """Whether it is a use of a block."""
        return self.entry is not None and self.entry.block is not None and self.kind != "repeat"

    def uses(self) -> Iterator[Entry]:
        """The uses of blocks that this stands in, the innermost first."""
        part: Part | None = self
        while part is not None:
            if part.is_use:
                assert part.entry is not None
                yield part.entry
            part = part.parent

    def nodes(self) -> Iterator[Node]:
        """All layers and joins inside, in order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
            else:
                yield from child.nodes()


class Need(NamedTuple):
    """A condition on the symbols and the layer that imposes it."""

    condition: Condition
    path: str


class Built(NamedTuple):
    """A network built for given values of its symbols."""

    graph: nx.DiGraph[str]
    root: Part
    inputs: dict[str, Tensor]
    outputs: list[Wire]
    needs: list[Need]


def build(
    spec: Spec,
    values: Mapping[str, Quantity],
    most_layers: int = MOST_LAYERS,
    seconds: float = math.inf,
) -> Built:
    """Build the graph where the symbols have these values.

    Raises :class:`SpecError`, :class:`Undecided` where the structure hangs on a formula, and
    ``TimeoutError`` where it takes much longer than some seconds, as large formulas can.
    """
    builder = Builder(spec, values, most_layers, monotonic() + seconds)
    built = builder.network()
    if builder.problems:
        raise SpecError(spec.source, builder.problems)
    return built


class _Fatal(Exception):
    """Nothing can be said of an entry, and its problem is noted already."""


class _Scope(Mapping[str, Any]):
    """The names an expression can use: symbols, arguments, and sizes of the incoming tensor."""

    __slots__ = ("tensor", "values")

    def __init__(self, values: Mapping[str, Any], tensor: Tensor | None = None) -> None:
        self.values = values
        self.tensor = tensor

    def __getitem__(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        if self.tensor is None:  # what should have come in has failed, and is reported
            raise _Fatal
        shape = self.tensor.shape
        axis = {"in_channels": 1, "in_height": 2, "in_width": 3, "in_features": -1}[name]
        if name in ("in_height", "in_width") and len(shape) != 4:
            raise ExpressionError(
                f"{name} is asked of an incoming tensor without height and width: {self.tensor}"
            )
        if len(shape) < 2:
            raise ExpressionError(f"{name} is asked of an incoming tensor of no dimensions")
        return shape[axis]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)


class _Names:
    """What the names in a list stand for: this list's first, then the enclosing lists'."""

    __slots__ = ("outer", "own")

    def __init__(self, outer: _Names | None = None) -> None:
        self.outer = outer
        self.own: dict[str, tuple[Wire | None, str | None]] = {}

    def find(self, name: str) -> tuple[Wire | None, str | None]:
        """The wire of an entry and its path; no wire if it failed, no path if it is left out."""
        names: _Names | None = self
        while names is not None:
            if name in names.own:
                return names.own[name]
            names = names.outer
        raise KeyError(name)


class Place(NamedTuple):
    """Where an entry is built: its list's path, names and values, and the part it belongs to."""

    prefix: str
    names: _Names
    values: Mapping[str, Any]
    part: Part
    shared: tuple[str, str] | None  # this path and the path whose weights it uses
    depth: int


class Builder:
    def __init__(
        self,
        spec: Spec,
        values: Mapping[str, Quantity],
        most_layers: int,
        deadline: float = math.inf,
    ) -> None:
        self.spec = spec
        self.values = values
        self.most_layers = most_layers
        self.deadline = deadline
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.needs: list[Need] = []
        self.problems: list[Problem] = []
        self.steps = 0

    def network(self) -> Built:
        root = Part("", "network", None, None)
        inputs = {name: self.input(name) for name in self.spec.inputs}
        names = _Names()
        names.own = {
            name: (None if tensor is None else Wire(name, tensor), name)
            for name, tensor in inputs.items()
        }
        place = Place("", _Names(names), self.values, root, None, 0)
        outputs: list[Wire] = []
        self.foresee()
        if not self.problems:
            first = next(iter(inputs)) if len(inputs) == 1 else None
            last = self.chain(self.spec.entries, place, names.own[first][0] if first else None, first is None)
            outputs = self.outputs(place.names, last)
        known = {name: tensor for name, tensor in inputs.items() if tensor is not None}
        return Built(self.graph, root, known, outputs, self.needs)

    def foresee(self) -> None:
        """Refuse what is bound to be too large before building it, as blocks that double blocks."""
        known: dict[str, int] = {}

        def steps(entries: list[Entry]) -> int:
            return sum(map(one, entries))

        def one(entry: Entry) -> int:
            if entry.when is not None:
                return 0
            own = sum(steps(branch.entries) for branch in entry.branches or ())
            if entry.block is not None:
                if entry.kind not in known:
                    known[entry.kind] = steps(entry.block.entries)
                own = known[entry.kind]
            count = 1
            if entry.repeat is not None:
                constant = entry.repeat.content if entry.repeat.is_constant else 0
                count = constant if type(constant) is int else 0
            return count * (1 + own)

        total = 0
        for entry in self.spec.entries:
            total += one(entry)
            if total > 2 * self.most_layers:
                self.too_many((entry.repeat or entry).mark)

    def input(self, name: str) -> Tensor | None:
        given = self.spec.inputs[name]
        sizes: list[Any] = [self.values[BATCH]]
        scope = _Scope(self.values)
        for setting in given.shape:
            try:
                size = setting.value(scope)
            except ExpressionError as error:
                self.problem(setting.mark, error.message, error.hint)
                return None
            number = getattr(size, "value", size)
            if not hasattr(size, "symbols") and not (type(number) is int and 1 <= number <= LARGEST):
                what = f"expected a positive integer for a size of input {name!r}"
                self.problem(setting.mark, f"{what}, got {shown(size)}")
                return None
            sizes.append(size)
        return Tensor(tuple(sizes), given.dtype)

    def outputs(self, names: _Names, last: Wire | None) -> list[Wire]:
        if not self.spec.outputs:
            return [last] if last is not None else []
        wires = []
        for name, _ in self.spec.outputs:
            wire, _ = names.own[name]
            if wire is not None:
                wires.append(wire)
        if not wires and not self.problems:
            mark = self.spec.outputs[0].mark
            self.problem(mark, "every output is left out: the network returns nothing")
        return wires

    # -- lists and entries --------------------------------------------------------------------

    def chain(
        self, entries: list[Entry], place: Place, wire: Wire | None, unfed: bool = False
    ) -> Wire | None:
        """Chain the entries of a list; what comes out at its end, None if that is not known.

        ``unfed`` says that nothing feeds the first entry of its own: there are several inputs.
        """
        for entry in entries:
            try:
                if unfed and entry.sources is None:
                    self.problem(
                        entry.mark,
                        "the network has several inputs, and this entry does not say which it takes",
                        f"from: one of {listing(self.spec.inputs)}",
                        uses=place.part,
                    )
                    raise _Fatal
                wire = self.entry(entry, place, wire)
            except _Fatal:
                wire = None
                self.absent(entry, place, place.prefix + entry.name)
            except Undecided as undecided:
                undecided.mark = undecided.mark or entry.mark
                raise
            unfed = unfed and place.names.own[entry.name] == (None, None)
        return wire

    def absent(self, entry: Entry, place: Place, path: str | None) -> None:
        """Register what an entry would have named: as failed, or, without a path, as left out."""
        place.names.own[entry.name] = (None, path)
        for branch in entry.branches or ():
            if branch.name is not None and entry.repeat is None:
                place.names.own.setdefault(branch.name, (None, path))

    def entry(self, entry: Entry, place: Place, wire: Wire | None) -> Wire | None:
        wires = [wire] if entry.sources is None else self.sources(entry, place)
        first = wires[0]
        path = place.prefix + entry.name
        if entry.repeat is None:
            scope = _Scope(place.values, first.tensor if first else None)
            if entry.when is not None and not self.condition(entry, scope, place):
                self.absent(entry, place, None)
                return wire
            result = self.one(entry, path, place, wires, scope)
            place.names.own[entry.name] = (result, path)
            return result
        return self.repeated(entry, path, place, wires, wire)

    def repeated(
        self, entry: Entry, path: str, place: Place, wires: list[Wire | None], before: Wire | None
    ) -> Wire | None:
        assert entry.repeat is not None
        first = wires[0]
        count = self.count(entry, _Scope(place.values, first.tensor if first else None), place)
        part = Part(path, "repeat", place.part, entry)
        built = 0
        for index in range(count):
            values = self.enter_copy(place, index)
            scope = _Scope(values, first.tensor if first else None)
            if entry.when is not None and not self.condition(entry, scope, place):
                self.step(entry, place)
                continue
            copy = place._replace(
                prefix=f"{path}.{index}.", names=_Names(place.names), values=values, part=part
            )
            result = self.one(entry, f"{path}.{index}", copy, wires, scope)
            result = self.leave_copy(result, values)
            wires = [result]
            first = result
            built += 1
        if not built:
            self.absent(entry, place, None)
            return before
        place.part.children.append(part)
        part.output = wires[0]
        place.names.own[entry.name] = (wires[0], path)
        return wires[0]

    def sources(self, entry: Entry, place: Place) -> list[Wire | None]:
        wires = []
        for name, mark in entry.sources or ():
            wire, path = place.names.find(name)
            if path is None:
                hint = "give this entry the same 'when', or feed it from elsewhere"
                self.problem(
                    mark, f"feeds from {name!r}, which its 'when' leaves out", hint, uses=place.part
                )
                raise _Fatal
            wires.append(wire)
        return wires

    def condition(self, entry: Entry, scope: _Scope, place: Place) -> bool:
        assert entry.when is not None
        try:
            return truth(self.value(entry.when, scope, place))
        except ExpressionError as error:
            self.problem(entry.when.mark, f"'when': {error.message}", error.hint, uses=place.part)
            raise _Fatal from None

    def count(self, entry: Entry, scope: _Scope, place: Place) -> int:
        assert entry.repeat is not None
        count = self.value(entry.repeat, scope, place)
        count = getattr(count, "value", count)  # of a number with a derivation
        if hasattr(count, "symbols"):
            raise Undecided(count.symbols)
        if type(count) is not int or count < 0:
            message = f"'repeat' expects an integer of at least 0, got {shown(count)}"
            self.problem(entry.repeat.mark, message, uses=place.part)
            raise _Fatal
        if count > self.most_layers:
            self.too_many(entry.repeat.mark)
        return count

    def step(self, entry: Entry, place: Place) -> None:
        """Count the work, so that no spec can ask for more than there is time for."""
        self.steps += 1
        if monotonic() > self.deadline:
            raise TimeoutError
        if self.steps > 2 * self.most_layers:
            self.too_many(entry.mark)
        if place.depth > DEEPEST_BLOCKS:
            self.problem(entry.mark, f"blocks are nested deeper than {DEEPEST_BLOCKS}")
            raise SpecError(self.spec.source, self.problems)

    def too_many(self, mark: Mark) -> None:
        self.problem(
            mark,
            f"the network has more than {self.most_layers:,} layers",
            "if it is meant, --max-layers allows more",
        )
        raise SpecError(self.spec.source, self.problems)

    def one(
        self, entry: Entry, path: str, place: Place, wires: list[Wire | None], scope: _Scope
    ) -> Wire | None:
        """Build one copy of an entry: a block, a join with branches, or a layer."""
        self.step(entry, place)
        if entry.block is not None:
            return self.block(entry, path, place, wires, scope)
        if entry.branches is not None:
            wires = self.branches(entry, path, place, wires[0])
        known = [wire for wire in wires if wire is not None]
        if len(known) < len(wires):
            return None
        return self.leaf(entry, path, place, known, scope)

    def block(
        self, entry: Entry, path: str, place: Place, wires: list[Wire | None], scope: _Scope
    ) -> Wire | None:
        assert entry.block is not None
        if len(wires) > 1:
            hint = "join them first, with Concat or Add"
            message = f"block {entry.kind!r} takes one input, but is fed from {len(wires)} places"
            self.problem(entry.mark, message, hint, uses=place.part)
            raise _Fatal
        part = Part(path, entry.kind, place.part, entry)
        arguments = self.arguments(entry, scope, place)
        arguments, wire = self.enter_block(part, arguments, wires[0])
        values = {**self.values, **arguments}
        names = _Names()
        names.own["input"] = (wire, "input")
        target = self.shared_path(entry, place, path)
        shared = None if target is None else (path, target)
        inside = Place(f"{path}.", _Names(names), values, part, shared, place.depth + 1)
        place.part.children.append(part)
        part.output = self.leave_block(part, self.chain(entry.block.entries, inside, wire))
        return part.output

    # -- what a builder that also writes things down may add -----------------------------------

    def enter_block(
        self, part: Part, arguments: dict[str, Any], wire: Wire | None
    ) -> tuple[dict[str, Any], Wire | None]:
        """The arguments and the input as the inside of a block sees them."""
        return arguments, wire

    def leave_block(self, part: Part, wire: Wire | None) -> Wire | None:
        """The output of a block as the outside sees it."""
        return wire

    def enter_copy(self, place: Place, index: int) -> dict[str, Any]:
        """The values that the copy of an entry sees."""
        return {**place.values, "index": index}

    def leave_copy(self, wire: Wire | None, values: Mapping[str, Any]) -> Wire | None:
        """The output of a copy as what follows sees it."""
        return wire

    def arguments(self, entry: Entry, scope: _Scope, place: Place) -> dict[str, Any]:
        """The values of a block's arguments; a default may use the others, in any order."""
        assert entry.block is not None
        given = {name: self.value(s, scope, place) for name, s in entry.settings.items()}
        within = _Scope({**self.values, **given}, scope.tensor)
        under_way: list[str] = []

        def settle(name: str) -> None:
            default = entry.block.arguments[name] if entry.block else None
            assert default is not None
            if name in under_way:
                ring = " -> ".join([*under_way[under_way.index(name) :], name])
                message = f"the default of {name!r} depends on itself: {ring}"
                self.problem(default.mark, message, uses=place.part)
                raise _Fatal
            under_way.append(name)
            for other in sorted(default.names() & missing - given.keys()):
                settle(other)
            under_way.pop()
            given[name] = self.value(default, within, place)
            within.values = {**within.values, name: given[name]}

        missing = {name for name in entry.block.arguments if name not in given}
        for name in entry.block.arguments:
            if name not in given:
                settle(name)
        return given

    def branches(
        self, entry: Entry, path: str, place: Place, wire: Wire | None
    ) -> list[Wire | None]:
        """Build every branch from the entry's own input, and register those with a name."""
        assert entry.branches is not None
        if not entry.branches:
            self.problem(entry.mark, f"{entry.kind} has no branches to join", uses=place.part)
            raise _Fatal
        wires = []
        for index, branch in enumerate(entry.branches):
            own = f"{path}.{index}" if branch.name is None else place.prefix + branch.name
            part = Part(own, "branch", place.part, entry)
            inside = place._replace(prefix=f"{own}.", names=_Names(place.names), part=part)
            place.part.children.append(part)
            part.output = self.chain(branch.entries, inside, wire)
            wires.append(part.output)
            if branch.name is not None:
                place.names.own[branch.name] = (part.output, own)
        return wires

    # -- layers -------------------------------------------------------------------------------

    def leaf(
        self, entry: Entry, path: str, place: Place, wires: list[Wire], scope: _Scope
    ) -> Wire | None:
        layer = entry.layer or self.make(entry, scope, place)
        inputs = tuple([wire.tensor for wire in wires])
        self.arity(entry, layer, len(wires), place)
        x: Any = inputs if layer.joins else inputs[0]
        if not self.satisfied(entry, path, layer, x, wires, place):
            return None
        layer = layer.bound(x)
        output = layer.output(x)
        if not self.possible(entry, path, output, place):
            return None
        shared = self.shared_path(entry, place, path)
        node = Node(
            path, layer, entry, place.part, tuple([w.origin for w in wires]), inputs, output, shared
        )
        if shared is not None:
            self.same_weights(node, place)
        if len(self.graph) >= self.most_layers:
            self.too_many(entry.mark)
        self.graph.add_node(path, node=node)
        for wire in wires:
            if wire.origin in self.graph:
                self.graph.add_edge(wire.origin, path)
        place.part.children.append(node)
        return Wire(path, output)

    def make(self, entry: Entry, scope: _Scope, place: Place) -> Layer:
        settings = {name: self.value(s, scope, place) for name, s in entry.settings.items()}
        try:
            layer = KINDS[entry.kind](**settings)
        except FieldError as error:
            if hasattr(error.received, "symbols"):
                raise Undecided(error.received.symbols) from None
            setting = entry.settings[error.field]
            message = f"{entry.kind}: {error.field} expects {error.expected}, got "
            if isinstance(error.received, Word):
                self.problem(error.received.mark, f"unknown name {str(error.received)!r}", message + "a word")
            else:
                mark = setting.item_mark(error.index)
                self.problem(mark, message + shown(error.received), uses=place.part)
            raise _Fatal from None
        if all(setting.is_constant for setting in entry.settings.values()):
            entry.layer = layer
        return layer

    def arity(self, entry: Entry, layer: Layer, count: int, place: Place) -> None:
        wanted = layer.arity if layer.joins else 1
        if wanted is not None and wanted != count:
            inputs = "one input" if wanted == 1 else f"{wanted} inputs"
            places = "one place" if count == 1 else f"{count} places"
            self.problem(
                entry.mark, f"{entry.kind} takes {inputs}, but is fed from {places}", uses=place.part
            )
            raise _Fatal

    def satisfied(
        self, entry: Entry, path: str, layer: Layer, x: Any, wires: list[Wire], place: Place
    ) -> bool:
        """Whether all requirements hold; conditions on symbols are noted, breaches reported.

        A stated size that disagrees is reported, but what the layer puts out is known all the
        same, so that the rest of the network can be read.
        """
        for requirement in layer.requirements(x):
            decided = requirement.decide()
            if decided is True:
                continue
            if decided is False:
                self.broken(entry, path, requirement, wires, place)
                stated = layer.fields.get(requirement.field or "")
                if stated is None or stated.infer is None:
                    return False
            else:
                self.needs.append(Need(decided, path))
        return True

    def broken(
        self, entry: Entry, path: str, requirement: Requirement, wires: list[Wire], place: Place
    ) -> None:
        setting = entry.settings.get(requirement.field or "")
        mark = setting.mark if setting is not None else entry.mark
        received = "; ".join(f"{_origin(self.graph, wire)}" for wire in wires)
        hint = requirement.hint() if requirement.hint is not None else ""
        field = KINDS[entry.kind].fields.get(requirement.field or "")
        self.problem(
            mark,
            f"{entry.kind} {path!r} {requirement.problem()}",
            f"receives {received}",
            hint,
            uses=place.part,
            path=path,
            stated=requirement.left if field is not None and field.infer is not None else None,
        )

    def possible(self, entry: Entry, path: str, output: Tensor, place: Place) -> bool:
        """Whether the output's sizes are ones that a tensor can have."""
        for size in output.shape:
            if isinstance(size, int) and not 0 <= size <= LARGEST:
                message = f"{entry.kind} {path!r} would put out {output}, larger than any tensor"
                self.problem(entry.mark, message, uses=place.part)
                return False
        return True

    def shared_path(self, entry: Entry, place: Place, path: str) -> str | None:
        """The path of the layer whose weights this one uses."""
        if entry.share is not None:
            _, target = place.names.find(entry.share.name)
            if target is None:
                message = f"shares the weights of {entry.share.name!r}, which is left out"
                self.problem(entry.share.mark, message, uses=place.part)
                raise _Fatal
        elif place.shared is not None:
            own, other = place.shared
            target = other + path[len(own) :]
        else:
            return None
        known = self.graph.nodes.get(target)
        return known["node"].shared or target if known else target

    def same_weights(self, node: Node, place: Place) -> None:
        """Shared weights must have the shapes that this place would give them."""
        known = self.graph.nodes.get(node.shared or "")
        mark = (node.entry.share or node.entry).mark
        if known is None:
            message = f"shares the weights of {node.shared!r}, which has none of its own"
            self.problem(mark, message, uses=place.part)
            raise _Fatal
        other: Node = known["node"]
        theirs = other.layer.weights()
        for name, shape in node.layer.weights().items():
            for a, b in zip(shape, theirs.get(name, ())):
                need = equal(a, b, lambda: "").decide()
                if need is False or len(shape) != len(theirs.get(name, ())):
                    self.problem(
                        mark,
                        f"shares {name} of {node.shared!r}, which is {times(theirs.get(name, ()))}, "
                        f"but would need {times(shape)}",
                        f"{node.path!r} receives {node.inputs[0]}, {node.shared!r} {other.inputs[0]}",
                        uses=place.part,
                    )
                    raise _Fatal
                if isinstance(need, Condition):
                    self.needs.append(Need(need, node.path))

    # -- values and problems ------------------------------------------------------------------

    def value(self, setting: Setting, scope: _Scope, place: Place) -> Any:
        """The value of a setting; an error in it is reported at its place."""
        if setting.kind == Setting.CONSTANT:
            return setting.content
        if setting.kind == Setting.LIST:
            return [self.value(item, scope, place) for item in setting.content]
        try:
            return setting.value(scope)
        except ExpressionError as error:
            self.problem(setting.mark, error.message, error.hint, uses=place.part)
            raise _Fatal from None

    def problem(
        self,
        mark: Mark,
        message: str,
        *notes: str,
        uses: Part | None = None,
        path: str = "",
        stated: Quantity | None = None,
    ) -> None:
        places = tuple((use.kind, use.mark) for use in uses.uses()) if uses else ()
        self.problems.append(Problem(mark, message, notes, places, path, stated))


def _origin(graph: nx.DiGraph[str], wire: Wire) -> str:
    """A tensor and where it comes from; behind a Flatten, the sizes it multiplied."""
    origin = graph.nodes.get(wire.origin)
    node: Node | None = origin["node"] if origin else None
    if node is not None and node.layer.kind == "Flatten" and len(wire.tensor.shape) == 2:
        return f"{times(node.inputs[0].shape[1:])} = {wire.tensor} from {wire.origin!r}"
    return f"{wire.tensor} from {wire.origin!r}"
