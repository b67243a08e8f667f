"""A network built on letters: every size knows how it follows from arguments and inputs.

Inside a block sizes are told in the block's own terms (its arguments, ``in_channels`` and the
like), so that what has to be inferred can be written in its constructor.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from shapecalc.algebra.trace import Number, Traced, Tree, as_tree, untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.numbers.behind import Behind
from shapecalc.emitting.numbers.choices import choice
from shapecalc.emitting.numbers.entries import every, lists, settings_of
from shapecalc.emitting.numbers.incoming import Asked, asked
from shapecalc.emitting.numbers.lettered import (
    behind_copies,
    in_numbers,
    is_flag,
    is_power,
    lettered,
    note,
    outcome,
    plain,
    size_names,
    sizes_of,
    told_again,
    told_by_next,
    where_holds,
    with_choices,
)
from shapecalc.emitting.numbers.python import tests
from shapecalc.emitting.work import BUILT, READ, Work
from shapecalc.graph.build import Builder
from shapecalc.graph.graph import Built, Node, Part, Wire
from shapecalc.graph.scope import Fatal, Over, Place, Scope
from shapecalc.language.expression import Expression, names
from shapecalc.language.problem import Problems, SpecError
from shapecalc.language.tree import Block, Entry, Setting, Spec
from shapecalc.language.words import BATCH
from shapecalc.layers import FieldError, Layer, Tensor

MANY = 2
"""As many copies of an entry are written as any larger number of them."""


class Inside(NamedTuple):
    """What is known in a use of a block, or in the whole network.

    ``letters`` are the values of all letters; ``outside`` says how arguments and the inputs'
    sizes follow from the letters outside, and ``sizes`` are the letters of the first input's.
    ``inputs`` are what comes in, by the block's names, on these letters.
    """

    letters: dict[str, Any]
    outside: dict[str, Tree]
    sizes: tuple[str, ...]
    inputs: dict[str, Tensor]


class Lettered(NamedTuple):
    """A network on letters.

    ``decisions`` are the outcomes of all conditions, in order, and ``empty`` are the entries
    that were somewhere repeated not even once. ``changed`` are the symbols that do not have their
    own values. ``steps`` is how much there was to build, and ``asked`` are the settings that ask
    for sizes of tensors.
    """

    built: Built
    decisions: tuple[int, ...]
    empty: frozenset[Entry]
    changed: frozenset[str]
    steps: int
    asked: tuple[Asked, ...] = ()


class _Use(NamedTuple):
    """The inside of a block for certain arguments and a certain input, built once for all uses."""

    children: list[Node | Part]
    output: Wire
    outputs: dict[str, Wire | None]
    nodes: tuple[Node, ...]
    decisions: tuple[int, ...]
    empty: frozenset[Entry]
    layers: int


class Memory:
    """What is known of all builds of a network.

    ``inside`` tells what is known in uses of blocks by the identity of their parts. A block is
    built once for the same arguments, input and symbols, for inside it all is told in its letters.
    """

    def __init__(self, spec: Spec, work: Work) -> None:
        self.work = work
        self.behind = Behind(spec)
        self.inside: dict[int, Inside] = {}
        self.uses: dict[Any, _Use] = {}
        self.symbols: dict[str, tuple[str, ...]] = {}
        self.tests: dict[int, list[Expression]] = {}  # by the identity of expressions of the spec
        self.lifted: dict[int, bool] = {}  # the same
        self.sharing = _sharing(spec)
        for block in spec.blocks.values():
            self.symbols[block.name] = tuple(sorted(_symbols(block, spec) - {"index"}))

    def tests_in(self, tree: Expression) -> list[Expression]:
        """The conditions that choose something in an expression of the spec."""
        if id(tree) not in self.tests:
            self.tests[id(tree)] = tests(tree)
        return self.tests[id(tree)]

    def is_lifted(self, tree: Expression) -> bool:
        """Whether more than arithmetic decides a value: conditions, or an exponent."""
        if id(tree) not in self.lifted:
            powers = any(map(is_power, syntax.walk(tree)))
            self.lifted[id(tree)] = powers or is_flag(tree) or bool(self.tests_in(tree))
        return self.lifted[id(tree)]


def _sharing(spec: Spec) -> set[str]:
    """The blocks in which each use has paths of its own, for weights are shared by path.

    They are those in which an entry shares weights, those of which a use shares another's, and
    what these are made of.
    """
    sharing = [each for _, own in lists(spec) for each in every(own) if each.share is not None]
    used = [each.block for each in sharing if each.block is not None]
    found = {inner.name for block in used for inner in _blocks_in(block)}
    for block in spec.blocks.values():
        inside = (each for inner in _blocks_in(block) for each in every(inner.entries))
        if sharing and any(each.share is not None for each in inside):
            found.add(block.name)
    return found


def _blocks_in(block: Block) -> list[Block]:
    """A block and the blocks that it is made of, each once."""
    found, met = [block], {block.name}
    for each in found:
        for entry in every(each.entries):
            if entry.block is not None and entry.block.name not in met:
                met.add(entry.block.name)
                found.append(entry.block)
    return found


def _symbols(block: Block, spec: Spec) -> set[str]:
    """The symbols that a block asks for, and the blocks in it."""
    found: set[str] = set()
    for inner in _blocks_in(block):
        for entry in every(inner.entries):
            for setting in settings_of(entry):
                found |= setting.names()
        for default in inner.arguments.values():
            found |= default.names() if default is not None else set()
    return found & {*spec.symbols, BATCH}


def build(
    spec: Spec,
    values: Mapping[str, Any],
    knobs: frozenset[str],
    most_layers: int,
    memory: Memory,
    changed: frozenset[str] = frozenset(),
) -> Lettered:
    """Build the network on letters for knobs."""
    on_letters = {
        name: lettered(name, value) if name in knobs or name == BATCH else value
        for name, value in values.items()
    }
    builder = _LetteredBuilder(spec, on_letters, most_layers, memory)
    builder.is_base = not changed
    built = builder.network()
    builder.ensure_right()
    memory.inside[id(built.root)] = Inside(dict(values), {}, (), built.inputs)
    decisions, empty = tuple(builder.decisions), frozenset(builder.empty)
    return Lettered(built, decisions, empty, changed, builder.steps, tuple(builder.asked))


class _LetteredBuilder(Builder):
    def __init__(
        self, spec: Spec, values: Mapping[str, Any], most_layers: int, memory: Memory
    ) -> None:
        super().__init__(spec, values, most_layers)
        self.memory = memory
        self.inside = memory.inside
        self.decisions: list[int] = []
        self.is_base = False  # whether it is noted what asks for sizes
        self.asked: list[Asked] = []
        self.empty: set[Entry] = set()
        self.outputs_inside: dict[int, tuple[Wire | None, dict[str, Wire | None]]] = {}

    def ensure_right(self) -> None:
        """Raise what is wrong, the first of it: the rest would be built for nothing."""
        if self.problems:
            raise SpecError(self.spec.source, self.problems)

    def step(self, entry: Entry, place: Place) -> None:
        super().step(entry, place)
        self.ensure_right()
        self.memory.work.at = entry.mark
        self.memory.work.add(BUILT)

    def satisfied(
        self,
        entry: Entry,
        path: str,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        wires: list[Wire],
        place: Place,
    ) -> bool:
        """What a layer requires is asked of numbers without their derivations."""
        self.memory.work.add(READ + len(inputs))
        try:
            own = layer if layer.is_plain else in_numbers(layer)
        except FieldError as error:
            self.problem(entry.mark, str(error))
            return False
        inputs = tuple([x.with_shape(map(plain, x.shape)) for x in inputs])
        return super().satisfied(entry, path, own, inputs, wires, place)

    def use(
        self,
        entry: Entry,
        part: Part,
        place: Place,
        arguments: Mapping[str, Any],
        wires: list[Wire | None],
    ) -> Wire | None:
        assert entry.block is not None
        fed = [wire for wire in wires if wire is not None]
        if len(fed) < len(wires) or entry.block.name in self.memory.sharing or entry.block.inline:
            return super().use(entry, part, place, arguments, wires)
        key = self.key(entry.block, self.with_values(arguments), fed)
        known = self.memory.uses.get(key)
        if known is None:
            decisions, layers, problems = len(self.decisions), self.layers, len(self.problems)
            before, self.empty = self.empty, set()
            found = super().use(entry, part, place, arguments, wires)
            own, outputs = self.outputs_inside.get(id(part), (None, {}))
            if found is not None and own is not None and problems == len(self.problems):
                origins = {wire.origin: wire for wire in (own, *outputs.values()) if wire}
                held = [self.nodes[name] for name in origins if name in self.nodes]
                self.memory.uses[key] = _Use(
                    part.children,
                    own,
                    outputs,
                    tuple(held),
                    tuple(self.decisions[decisions:]),
                    frozenset(self.empty),
                    self.layers - layers,
                )
            self.empty |= before
            return found
        self.enter_block(part, arguments, wires)
        part.children = known.children
        self.decisions += known.decisions
        self.empty |= known.empty
        self.layers += known.layers
        if self.layers > self.most_layers:
            self.too_many(entry.mark)
        for node in known.nodes:
            self.nodes.setdefault(node.path, node)
        part.outputs = {**known.outputs}
        return self.leave_block(part, known.output)

    def with_values(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that have a value: a default that nothing asks for here may have none."""
        found: dict[str, Any] = {}
        noted = self.noted
        for name in arguments:
            self.noted = Problems(self.spec.source)  # if it is asked for, it is noted there
            with suppress(Fatal):
                found[name] = arguments[name]
        self.noted = noted
        return found

    def key(self, block: Block, arguments: Mapping[str, Any], wires: list[Wire]) -> Any:
        """What the inside of a use hangs on."""
        given = tuple((name, plain(value)) for name, value in arguments.items())
        symbols = tuple(untraced(self.values[name]) for name in self.memory.symbols[block.name])
        fed = tuple((tuple(map(untraced, w.tensor.shape)), w.tensor.dtype) for w in wires)
        return block.name, given, symbols, fed

    def value(self, setting: Setting, scope: Scope, place: Place) -> Any:
        found = super().value(setting, scope, place)
        tree = setting.expression
        if tree is None:
            return found
        if self.is_base and (own := asked(setting, scope, place.part)) is not None:
            self.asked.append(own)
        self.decisions += [outcome(test, scope) for test in self.memory.tests_in(tree)]
        return with_choices(tree, scope, found) if self.memory.is_lifted(tree) else found

    def condition(self, entry: Entry, scope: Scope, place: Place) -> bool:
        found = super().condition(entry, scope, place)
        self.decisions.append(found)
        return found

    def count(self, entry: Entry, scope: Scope, place: Place) -> int:
        found = super().count(entry, scope, place)
        self.decisions.append(min(found, MANY))
        if found == 0:
            self.empty.add(entry)
        return found

    def entry(self, entry: Entry, place: Place, wire: Wire | None) -> Wire | None:
        test = entry.when.expression if entry.when is not None else None
        if test is None or wire is None:
            return super().entry(entry, place, wire)
        if entry.repeat is not None and any(each.name == "index" for each in names(test)):
            return super().entry(entry, place, wire)  # some copies are there, and others are not
        inside = wire
        if entry.sources is None:
            inside = where_holds(test, Scope(place.values, wire.tensor, place.names), wire)
        result = super().entry(entry, place, inside)
        if result is None or result is inside:
            return result and wire
        if len(result.tensor.shape) != len(wire.tensor.shape):
            return result
        fed = wire if entry.sources is None else self.sources(entry, place)[0]
        scope = Scope(place.values, fed and fed.tensor, place.names)
        built = place.part.children[-1]
        joins = isinstance(built, Node) and _joins(built, inside)
        sizes = [
            otherwise
            if as_tree(then) == as_tree(otherwise) or (joins and then == otherwise)
            else choice(test, scope, then, otherwise)
            for then, otherwise in zip(result.tensor.shape, wire.tensor.shape)
        ]
        return result._replace(tensor=result.tensor.with_shape(sizes))

    def enter_block(
        self, part: Part, arguments: Mapping[str, Any], wires: list[Wire | None]
    ) -> tuple[Mapping[str, Any], list[Wire | None]]:
        known = self.with_values(arguments)
        inside: Mapping[str, Any] = {name: lettered(name, value) for name, value in known.items()}
        if len(known) < len(arguments):
            inside = Over(inside, arguments)
        values = {n: untraced(value) for n, value in self.values.items() if n not in arguments}
        outside: dict[str, Tree] = {}
        for name, value in known.items():
            note(name, value, values, outside)
        if any(wire is None for wire in wires):  # what should have come in is reported
            return arguments, wires
        inputs = part.entry.block.inputs if part.entry and part.entry.block else []
        found: list[Wire] = []
        own: tuple[str, ...] = ()
        for n, wire in enumerate(wires):
            assert wire is not None
            names = size_names(len(wire.tensor.shape), frozenset(arguments))
            own = own or names
            if n:
                names = sizes_of(inputs[n], names, frozenset(arguments))
            sizes: list[Any] = []
            for name, size in zip(names, wire.tensor.shape):
                values[name] = untraced(size)
                outside[name] = as_tree(size)
                sizes.append(Traced.letter(name, untraced(size)))
            found.append(wire._replace(tensor=wire.tensor.with_shape(sizes)))
        fed = {name: wire.tensor for name, wire in zip(inputs, found)}
        self.inside[id(part)] = Inside(values, outside, own, fed)
        return inside, [*found]

    def leave_block(self, part: Part, wire: Wire | None) -> Wire | None:
        self.outputs_inside[id(part)] = wire, part.outputs
        if wire is None or id(part) not in self.inside:  # what failed is reported
            return None
        outside, work = self.inside[id(part)].outside, self.memory.work
        part.outputs = {
            name: own and told_again(own, outside, work) for name, own in part.outputs.items()
        }
        return told_again(wire, outside, work)

    def enter_copy(self, place: Place, index: int) -> Mapping[str, Any]:
        return Over({"index": Traced.letter("index", index)}, place.values)

    def leave_copy(self, wire: Wire | None, values: Mapping[str, Any]) -> Wire | None:
        return wire and told_by_next(wire, values["index"], self.memory.work)

    def leave_repeat(
        self, entry: Entry, place: Place, wires: list[Wire | None], scope: Scope
    ) -> Wire | None:
        first, last = wires[0], wires[-1]
        if first is None or last is None:
            return last
        assert entry.repeat is not None
        count, work = self.value(entry.repeat, scope, place), self.memory.work
        shapes = [wire.tensor.shape for wire in wires if wire is not None]
        if entry.when is not None and "index" in entry.when.names():  # some copies are left out
            return told_again(last, {"index": Number(None)}, work)
        if isinstance(as_tree(count), Number) or len({len(shape) for shape in shapes}) > 1:
            return told_again(last, {"index": Number(None)}, work)
        sizes = [behind_copies(count, list(sizes), work) for sizes in zip(*shapes)]
        return last._replace(tensor=last.tensor.with_shape(sizes))


def _joins(node: Node, wire: Wire) -> bool:
    """Whether a layer adds something to what passes by, or the like, and so keeps its shape."""
    return node.layer.joins and any(x is wire.tensor for x in node.inputs)
