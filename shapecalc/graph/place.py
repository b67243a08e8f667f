"""One layer into the graph: its rule is run, and what it requires is decided.

A requirement that does not hold is a problem in the spec, told with both sides; one that depends
on symbols is a need of the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import LARGEST, Quantity, is_symbolic
from shapecalc.algebra.requirement import Condition, Requirement, equal
from shapecalc.graph.graph import Need, Node, Part, Role, Source, Wire
from shapecalc.language.expression import ExpressionError, Undecided
from shapecalc.language.problem import Mark, Problem, Problems, SpecError
from shapecalc.language.text import shown
from shapecalc.language.tree import Entry, Setting, Spec, Word
from shapecalc.language.words import parted
from shapecalc.layers import KINDS, FieldError, Layer, Tensor
from shapecalc.layers.tensor import times
from shapecalc.pace import now

if TYPE_CHECKING:
    import networkx as nx

MOST_DIMENSIONS = 64
"""How many dimensions a tensor may have, the batch among them; most of torch takes no more."""

DEEPEST_FORMULA = 40
"""How many quotients, minima, maxima and products of sums may stand in one another in a size."""

MOST_TERMS = 20_000
"""How many terms the formulas of all sizes that layers put out may have together."""


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
            copy = {child.name: child for child in self.built.children}[name]
            assert isinstance(copy, Part)
            return of_copy(copy)
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
    "features_of": dict.fromkeys(range(1, MOST_DIMENSIONS), -1),
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
    axis = int(dim or 0) if function == "size_of" else _AXES_OF[function].get(n)
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


class Place(NamedTuple):
    """Where an entry is built: its list's path, names and values, and the part it belongs to."""

    prefix: str
    names: Names
    values: Mapping[str, Any]
    part: Part
    shared: tuple[str, str] | None  # this path and the path whose weights it uses
    depth: int
    numbering: Numbering | None = None


class _Placed(NamedTuple):
    """What follows for a layer from its inputs: itself with all fields, and its outputs."""

    inputs: tuple[Tensor, ...]
    layer: Layer
    outputs: dict[str, Tensor]


class Placer:
    """Puts layers into a graph, and collects the problems and needs that come up."""

    def __init__(self, spec: Spec, most_layers: int) -> None:
        import networkx as nx  # here, for commands that build no network to start without it

        self.spec = spec
        self.most_layers = most_layers
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.needs: list[Need] = []
        self.least: dict[str, int] = {}
        self.noted = Problems(spec.source)
        self.layers = 0
        self.terms = 0
        self.placed: dict[Entry | Layer, _Placed] = {}
        """What last followed for an entry, or for a layer: copies and chains are mostly alike."""

    @property
    def problems(self) -> list[Problem]:
        """The problems noted so far."""
        return self.noted.found

    # -- layers -------------------------------------------------------------------------------

    def leaf(
        self, entry: Entry, name: str, path: str, place: Place, wires: list[Wire], scope: Scope
    ) -> Wire | None:
        """Put a layer into the graph; None if a requirement does not hold."""
        layer = entry.layer or self.make(entry, scope, place)
        inputs = tuple([wire.tensor for wire in wires])
        known = self.placed.get(entry)
        if known is None and entry.layer is not None:
            known = self.placed.get(layer)
        if known is not None and _are_numbers(inputs, known.inputs):
            inputs, layer, outputs = known
        else:
            made, needs, problems = layer, len(self.needs), len(self.problems)
            self.arity(entry, layer, len(wires), place)
            if not self.satisfied(entry, path, layer, inputs, wires, place):
                return None
            layer = layer.bound(*inputs)
            for size in layer.decisive(*inputs):
                if is_symbolic(size):
                    raise Undecided(size.symbols)
            outputs = layer.outputs(*inputs)
            if not all(self.possible(entry, path, each, place) for each in outputs.values()):
                return None
            if entry.layer is made and needs == len(self.needs):
                self.placed[entry] = found = _Placed(inputs, layer, outputs)
                if problems == len(self.problems):  # what is wrong is told of each entry
                    self.placed[made] = found
        shared = self.shared_path(entry, place, path)
        sources = tuple([wire.source for wire in wires])
        node = Node(path, name, layer, entry, place.part, sources, inputs, outputs, shared)
        if shared is not None:
            self.same_weights(node, place)
        self.layers += layer.depth()
        now.count = self.layers
        if self.layers > self.most_layers:
            self.too_many(entry.mark)
        self.link(node)
        place.part.children.append(node)
        return Wire(Source(path), node.output)

    def link(self, node: Node) -> None:
        """Put a node into the graph, with an edge from each layer that it takes outputs of."""
        self.graph.add_node(node.path, node=node)
        taken: dict[str, tuple[str, ...]] = {}
        for path, output in node.sources:
            taken[path] = (*taken[path], output) if path in taken else (output,)
        for path, outputs in taken.items():
            held = self.graph.nodes.get(path)
            if held is not None:
                held["node"].request(outputs)
                self.graph.add_edge(path, node.path, outputs=outputs)

    def make(self, entry: Entry, scope: Scope, place: Place) -> Layer:
        """The layer with its settings read; made once where they are the same in every scope."""
        settings = {name: self.value(s, scope, place) for name, s in entry.settings.items()}
        try:
            layer = KINDS[entry.kind](**settings)
        except FieldError as error:
            if is_symbolic(error.received):
                raise Undecided(error.received.symbols) from None
            setting = entry.settings[error.field]
            message = f"{entry.kind}: {error.field} expects {error.expected}, got "
            if isinstance(error.received, Word):
                self.problem(
                    error.received.mark, f"unknown name {str(error.received)!r}", message + "a word"
                )
            else:
                mark = setting.item_mark(error.index)
                is_fraction = isinstance(error.received, Fraction)
                hint = "floor, round or ceil make it whole" if is_fraction else ""
                self.problem(
                    mark,
                    message + shown(error.received),
                    scope.values_in(setting),
                    hint,
                    uses=place.part,
                )
            raise Fatal from None
        if all(setting.is_constant for setting in entry.settings.values()):
            entry.layer = layer
        return layer

    def arity(self, entry: Entry, layer: Layer, count: int, place: Place) -> None:
        """Refuse a number of inputs that the kind does not take."""
        least, most = layer.arity
        if not least <= count <= (count if most is None else most):
            places = "one place" if count == 1 else f"{count} places"
            self.problem(
                entry.mark,
                f"{entry.kind} takes {layer.inputs_wanted()}, but is fed from {places}",
                uses=place.part,
            )
            raise Fatal

    def satisfied(
        self,
        entry: Entry,
        path: str,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        wires: list[Wire],
        place: Place,
    ) -> bool:
        """Whether all requirements hold; conditions on symbols are noted, breaches reported.

        A stated size that disagrees is reported, but what the layer puts out is known all the
        same, so that the rest of the network can be read.
        """
        is_told = False
        for requirement in layer.requirements(*inputs):
            decided = requirement.decide(self.least)
            if decided is True:
                continue
            if decided is False:
                if not is_told:  # what else breaks follows from it
                    self.broken(entry, path, layer, requirement, wires, place)
                is_told = True
                stated = layer.fields.get(requirement.field or "")
                if stated is None or stated.infer is None:
                    return False
            else:
                self.need(decided, path)
        return True

    def need(self, condition: Condition, path: str) -> None:
        """Note a condition; where it says what is understood, symbols have these least values."""
        understood = condition.least
        for symbol, least in understood.items():
            self.least[symbol] = max(least, self.least.get(symbol, least))
        if not understood:
            self.needs.append(Need(condition, path))

    def broken(
        self,
        entry: Entry,
        path: str,
        layer: Layer,
        requirement: Requirement,
        wires: list[Wire],
        place: Place,
    ) -> None:
        """Report a requirement that does not hold, with what comes in from where."""
        from shapecalc.graph.hints import told  # only where something is wrong

        setting = entry.settings.get(requirement.field or "")
        mark = setting.mark if setting is not None else entry.mark
        received = "; ".join(f"{_origin(self.graph, wire)}" for wire in wires)
        field = layer.fields.get(requirement.field or "")
        stated = requirement.left if field is not None and field.infer is not None else None
        found = told(self.graph, self.spec.inputs, layer, requirement, wires)
        self.problem(
            mark,
            f"{entry.kind} {path!r} {found.problem}",
            f"receives {received}" if wires else "",
            *found.hints,
            uses=place.part,
            path=path,
            stated=stated,
            is_of_input=found.is_of_input,
        )

    def possible(self, entry: Entry, path: str, output: Tensor, place: Place) -> bool:
        """Whether the output's sizes are ones that a tensor can have."""
        message = hint = ""
        if any(isinstance(size, int) and not 0 <= size <= LARGEST for size in output.shape):
            message = f"would put out {output}, larger than any tensor"
        elif len(output.shape) > MOST_DIMENSIONS:
            message = f"would put out more than {MOST_DIMENSIONS} dimensions"
        else:
            formulas = [size for size in output.shape if is_symbolic(size)]
            self.terms += sum(size.length for size in formulas)
            if any(size.depth > DEEPEST_FORMULA for size in formulas):
                message = f"would put out a formula of more than {DEEPEST_FORMULA} levels"
            elif self.terms > MOST_TERMS:
                message = f"would make the formulas longer than {MOST_TERMS:,} terms together"
            hint = "leave fewer symbols open, as with --symbolic=H"
        if message:
            self.problem(entry.mark, f"{entry.kind} {path!r} {message}", hint, uses=place.part)
        return not message

    def shared_path(self, entry: Entry, place: Place, path: str) -> str | None:
        """The path of the layer whose weights this one uses."""
        if entry.share is not None:
            target = place.names.find(entry.share.name).path
            if target is None:
                message = f"shares the weights of {entry.share.name!r}, which is left out"
                self.problem(entry.share.mark, message, uses=place.part)
                raise Fatal
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
            raise Fatal
        other: Node = known["node"]
        theirs, ours = other.layer.weights(), node.layer.weights()
        if other.layer.kind == node.layer.kind:
            node.tied = frozenset([*ours, *node.layer.buffers()])
        elif "weight" in theirs and "weight" in ours:
            node.tied = frozenset(["weight"])
        else:
            message = (
                f"a {node.layer.kind} cannot share the weights of {node.shared!r}, "
                f"a {other.layer.kind}"
            )
            hint = "layers of two kinds can share the matrix, or the filters, called 'weight'"
            self.problem(mark, message, hint, uses=place.part)
            raise Fatal
        for name in sorted(node.tied - node.layer.buffers().keys()):
            wanted, shape = theirs.get(name, ()), ours.get(name, ())
            needs = [equal(a, b).decide(self.least) for a, b in zip(shape, wanted)]
            if len(shape) != len(wanted) or any(need is False for need in needs):
                told = (
                    f"shares {name} of {node.shared!r}, which is {times(wanted)}, "
                    f"but would need {times(shape)}"
                )
                notes = [
                    f"{node.path!r} receives {mine}, {node.shared!r} {their}"
                    for mine, their in zip(node.inputs[:1], other.inputs[:1])
                ]
                self.problem(mark, told, *notes, uses=place.part)
                raise Fatal
            for need in needs:
                if isinstance(need, Condition):
                    self.need(need, node.path)

    def too_many(self, mark: Mark) -> None:
        """Stop, for the network is larger than it may be."""
        self.problem(
            mark,
            f"the network has more than {self.most_layers:,} layers",
            "if it is meant, --max-layers allows more",
        )
        raise SpecError(self.spec.source, self.problems)

    # -- values and problems ------------------------------------------------------------------

    def value(self, setting: Setting, scope: Scope, place: Place) -> Any:
        """The value of a setting; an error in it is reported at its place."""
        if setting.kind == Setting.CONSTANT:
            return setting.content
        if setting.kind == Setting.LIST:
            return [self.value(item, scope, place) for item in setting.content]
        if setting.kind == Setting.MAPPING:
            named = setting.content.items()
            return {name: self.value(item, scope, place) for name, item in named}
        try:
            return setting.value(scope)
        except ExpressionError as error:
            self.problem(setting.mark, error.message, error.hint, uses=place.part)
            raise Fatal from None

    def problem(
        self,
        mark: Mark,
        message: str,
        *notes: str,
        uses: Part | None = None,
        path: str = "",
        stated: Quantity | None = None,
        is_of_input: bool = True,
    ) -> None:
        """Note a problem and go on."""
        places = tuple((use.kind, use.mark) for use in uses.uses()) if uses else ()
        self.noted.add(Problem(mark, message, notes, places, path, stated, is_of_input))


def _are_numbers(inputs: tuple[Tensor, ...], known: tuple[Tensor, ...]) -> bool:
    """Whether the inputs are the known ones, in plain numbers without a derivation."""
    if inputs != known:
        return False
    for tensor in inputs:  # written out: it is asked of every copy of a layer
        for n in tensor.shape:
            if type(n) is not int:
                return False
    return True


def _origin(graph: nx.DiGraph[str], wire: Wire) -> str:
    """A tensor and where it comes from; behind a Flatten, the sizes it multiplied."""
    origin = graph.nodes.get(wire.origin)
    node: Node | None = origin["node"] if origin else None
    if node is not None and node.layer.merges and len(wire.tensor.shape) == 2:
        return f"{times(node.inputs[0].shape[1:])} = {wire.tensor} from {str(wire.source)!r}"
    return f"{wire.tensor} from {str(wire.source)!r}"
