"""One layer into the graph: its rule is run, and what it requires is decided.

A requirement that does not hold is a problem in the spec, told with both sides; one that depends
on symbols is a need of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.algebra.arithmetic import LARGEST, Quantity, is_symbolic
from shapecalc.algebra.requirement import Condition, Requirement, equal
from shapecalc.graph.evaluate import Evaluator
from shapecalc.graph.following import Following, Known
from shapecalc.graph.graph import Need, Node, Source, Wire
from shapecalc.graph.scope import Fatal, Place, Scope
from shapecalc.language.evaluation import Undecided
from shapecalc.language.problem import Problem
from shapecalc.language.text import shown
from shapecalc.language.tree import Entry, Spec, Word
from shapecalc.language.words import BATCH
from shapecalc.layers import KINDS, FieldError, Layer, Tensor
from shapecalc.layers.tensor import MOST_DIMENSIONS, times
from shapecalc.pace import now

DEEPEST_FORMULA = 40
"""How many quotients, minima, maxima and products of sums may stand in one another in a size."""

MOST_TERMS = 10_000
"""How many terms formulas may have together, those of sizes and of conditions on them.

It is several times what large known networks come to. The caller may say more.
"""


class Placer(Evaluator):
    """Puts layers into a graph, and collects the needs that come up."""

    def __init__(
        self, spec: Spec, values: Mapping[str, Quantity], most_layers: int, most_terms: int
    ) -> None:
        super().__init__(spec, values, most_layers)
        self.most_terms = most_terms
        self.nodes: dict[str, Node] = {}
        self.needs: list[Need] = []
        self.least: dict[str, int] = {}
        self.layers = 0
        self.terms = 0
        self.placed: dict[int | Entry | Layer, Known] = {}
        """What has followed for a layer, the same or one that equals it, or for an entry."""
        self.made: dict[tuple[Any, ...], Layer] = {}
        """The layers that there are, by their kinds and settings where these are plain."""

    @property
    def problems(self) -> list[Problem]:
        """The problems noted so far."""
        return self.noted.found

    def leaf(
        self, entry: Entry, name: str, path: str, place: Place, wires: list[Wire], scope: Scope
    ) -> Wire | None:
        """Put a layer into the graph; None if a requirement does not hold."""
        layer = entry.layer or self.make(entry, scope, place)
        sources, inputs = zip(*wires) if wires else ((), ())
        followed = self.placed.get(entry) or self.placed.get(id(layer))
        if followed is None or followed.made is not layer:
            followed = self.placed.get(layer) if layer.is_plain else None
        known = followed.of(inputs) if followed is not None else None
        if known is None:
            known = self.follow(entry, path, layer, inputs, wires, place)
            if known is None:
                return None
        elif known.needs:
            self.needs += [Need(condition, path) for condition in known.needs]
        layer, inputs, outputs = known.layer, known.inputs, known.outputs
        shared = self.shared_path(entry, place, path)
        node = Node(path, name, layer, entry, place.part, sources, inputs, outputs, shared)
        if shared is not None:
            self.same_weights(node, place)
        self.layers += layer.depth()
        now.count = self.layers
        if self.layers > self.most_layers:
            self.too_many(entry.mark)
        self.nodes[path] = node
        for source in sources:
            self.take(source)
        place.part.children.append(node)
        return Wire(Source(path), node.output)

    def follow(
        self,
        entry: Entry,
        path: str,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        wires: list[Wire],
        place: Place,
    ) -> Following | None:
        """What follows for a layer from its inputs; None if a requirement does not hold."""
        needs, problems = len(self.needs), len(self.problems)
        self.arity(entry, layer, len(wires), place)
        for size in layer.decisive(*inputs):
            if is_symbolic(size):
                raise Undecided(size)
        if not self.satisfied(entry, path, layer, inputs, wires, place):
            return None
        bound = layer.bound(*inputs)
        outputs = bound.outputs(*inputs)
        if not all(self.possible(entry, path, each, place) for each in outputs.values()):
            return None
        own = tuple([need.condition for need in self.needs[needs:]])
        found = Following(inputs, bound, outputs, own)
        if layer.is_plain:
            if problems != len(self.problems):  # what is wrong is told of each entry
                self.placed[entry] = Known(layer, found)
                return found
            first = Known(layer, found)
            known = self.placed.setdefault(layer, first)
            if known is first:
                self.placed[id(layer)] = first
            else:
                known.add(found)
        return found

    def take(self, source: Source) -> None:
        """Note that an output is taken, and what of the symbols that asks for."""
        path, output = source
        node = self.nodes.get(path)
        if node is None or node.layer.offers_all:  # an input of the network always is as well
            return
        node.request(output)
        for requirement in node.layer.offers(output, *node.inputs):
            decided = requirement.decide(self.least)
            if isinstance(decided, Condition):
                self.need(decided, node.path)

    def make(self, entry: Entry, scope: Scope, place: Place) -> Layer:
        """The layer with its settings read; made once where they are the same."""
        settings = {name: self.value(s, scope, place) for name, s in entry.settings.items()}
        key = (entry.kind, *settings, *map(type, settings.values()), *settings.values())
        is_plain = all(
            type(value) in (int, bool) or (is_symbolic(value) and value.is_plain)
            for value in settings.values()
        )
        layer = self.made.get(key) if is_plain else None
        if layer is None:
            layer = self.read(entry, settings, scope, place)
            if is_plain:
                self.made[key] = layer
        if all(setting.is_constant for setting in entry.settings.values()):
            entry.layer = layer
        return layer

    def read(self, entry: Entry, settings: dict[str, Any], scope: Scope, place: Place) -> Layer:
        """The layer of an entry with such settings; one that its field does not take is told."""
        try:
            return KINDS[entry.kind](**settings)
        except FieldError as error:
            if is_symbolic(error.received) and not _is_refused(entry, error):
                raise Undecided(error.received) from None
            setting = entry.settings[error.field]
            message = f"{entry.kind}: {error.field} expects {error.expected}, got "
            if isinstance(error.received, Word):
                self.problem(
                    error.received.mark, f"unknown name {str(error.received)!r}", message + "a word"
                )
            else:
                self.problem(
                    setting.item_mark(error.index),
                    message + shown(error.received),
                    scope.values_in(setting),
                    error.hint,
                    uses=place.part,
                )
            raise Fatal from None

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
            self.terms += sum(claim.length for claim in condition.claims)

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
        received = "; ".join(f"{_origin(self.nodes, wire)}" for wire in wires)
        field = layer.fields.get(requirement.field or "")
        stated = requirement.left if field is not None and field.infer is not None else None
        found = told(self.nodes, self.spec.inputs, layer, requirement, wires)
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
            elif self.terms > self.most_terms:
                message = f"would make the formulas longer than {self.most_terms:,} terms together"
            if message:
                is_long = self.terms > self.most_terms
                hint = fewer_symbols(self.spec, self.values, is_long)
        if message:
            told, of_formulas = f"{entry.kind} {path!r} {message}", bool(hint)
            self.problem(entry.mark, told, hint, uses=place.part, is_of_formulas=of_formulas)
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
        known = self.nodes.get(target)
        return known.shared or target if known else target

    def same_weights(self, node: Node, place: Place) -> None:
        """Shared weights must have the shapes that this place would give them."""
        other = self.nodes.get(node.shared or "")
        mark = (node.entry.share or node.entry).mark
        if other is None:
            message = f"shares the weights of {node.shared!r}, which has none of its own"
            inside = next((path for path in self.nodes if path.startswith(f"{node.shared}.")), "")
            hint = f"it stands for several layers: name one, such as {inside}" if inside else ""
            self.problem(mark, message, hint, uses=place.part)
            raise Fatal
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


def fewer_symbols(spec: Spec, values: Mapping[str, Quantity], is_long: bool) -> str:
    """What to do where formulas are too much: symbols that may well stay open, and the option."""
    sizes = [size for setting in spec.inputs.values() for size in setting.shape]
    names = sorted({name for size in sizes for name in size.names()} & values.keys())
    hint = f"leave fewer symbols open, as with --symbolic={','.join(names[:2]) or BATCH}"
    return f"{hint}; if it is meant, --max-terms allows more" if is_long else hint


def _is_refused(entry: Entry, error: FieldError) -> bool:
    """Whether a formula is out of its field's bounds, for all that is supposed of its symbols."""
    from shapecalc.algebra.enclosure import is_outside  # which numbers have no need of

    kind = KINDS[entry.kind].fields[error.field].type
    assert is_symbolic(error.received)
    return is_outside(error.received, kind.least, kind.most)


def _origin(nodes: Mapping[str, Node], wire: Wire) -> str:
    """A tensor and where it comes from; behind a Flatten, the sizes it multiplied."""
    node = nodes.get(wire.origin)
    if node is not None and node.layer.merges and len(wire.tensor.shape) == 2:
        return f"{times(node.inputs[0].shape[1:])} = {wire.tensor} from {str(wire.source)!r}"
    return f"{wire.tensor} from {str(wire.source)!r}"
