"""The tree into a graph: every rule is run as its layer is added.

The graph is a networkx ``DiGraph`` whose nodes are the leaf layers and joins, named by their
dotted paths. What sizes a network has depends on its symbols, so a graph is built for given
values: numbers, formulas, or both. An inconsistent graph cannot exist; a spec that would make one
is refused with everything that is wrong with it.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

from shapecalc.algebra.arithmetic import LARGEST, Quantity, is_number, is_symbolic, untraced
from shapecalc.algebra.requirement import LOWEST, Condition, whole
from shapecalc.graph.foresee import foreseen
from shapecalc.graph.graph import Built, Part, Role, Source, Wire
from shapecalc.graph.place import (
    MOST_DIMENSIONS,
    Fatal,
    Named,
    Names,
    Numbering,
    Place,
    Placer,
    Scope,
    of_copy,
)
from shapecalc.language.expression import ExpressionError, Undecided, truth
from shapecalc.language.problem import SpecError, did_you_mean, listing
from shapecalc.language.text import shown
from shapecalc.language.tree import Entry, Reference, Spec
from shapecalc.language.words import BATCH, TENSOR_NAMES, parted
from shapecalc.layers import Tensor
from shapecalc.pace import now

MOST_LAYERS = 1_000_000
"""How many layers a network may have unless the caller says more."""

DEEPEST = 64
"""How deep blocks and branches may nest, and defaults of arguments hang on each other."""


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
    now.begin("placing layers")
    with uncollected():
        built = builder.network()
    if builder.problems:
        raise SpecError(spec.source, builder.problems)
    return built


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage in a large network while it grows: all of it stays."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Builder(Placer):
    """Walks the tree, and places the layers it comes to."""

    def __init__(
        self,
        spec: Spec,
        values: Mapping[str, Quantity],
        most_layers: int,
        deadline: float = math.inf,
    ) -> None:
        super().__init__(spec, most_layers)
        self.values = values
        self.deadline = deadline
        self.steps = 0

    def network(self) -> Built:
        """The whole network; its problems, if there are any, are in ``problems``."""
        root = Part("", "", Role.NETWORK, None, None)
        inputs = {name: self.input(name) for name in self.spec.inputs}
        names = Names()
        names.own = {
            name: Named(None if tensor is None else Wire(Source(name), tensor), name)
            for name, tensor in inputs.items()
        }
        numbering = Numbering.of(self.spec.numbered)
        place = Place("", Names(names), self.values, root, None, 0, numbering)
        outputs: dict[int, Wire] = {}
        self.foresee()
        if not self.problems:
            first = next(iter(inputs)) if len(inputs) == 1 else None
            wire = names.own[first].wire if first else None
            last = self.chain(self.spec.entries, place, wire, unfed=first is None)
            outputs = self.outputs(place.names, last)
        known = {name: tensor for name, tensor in inputs.items() if tensor is not None}
        wires = list(outputs.values())
        called = [self.spec.output_names[n] for n in outputs] if self.spec.output_names else []
        return Built(self.graph, root, known, wires, self.needs, self.lowest(), tuple(called))

    def lowest(self) -> dict[str, int]:
        """The least values of symbols: those understood, none where a default is negative."""
        found = dict(self.least)
        for name, setting in self.spec.symbols.items():
            if setting.is_constant and is_number(setting.content) and setting.content < 0:
                found.setdefault(name, LOWEST)
        return found

    def foresee(self) -> None:
        """Refuse what is bound to be too large before building it, as blocks that double blocks."""
        total = 0
        for entry, count in foreseen(self.spec, self.values, DEEPEST):
            total += count
            if total > self.most_layers:
                self.too_many((entry.repeat or entry).mark)

    def input(self, name: str) -> Tensor | None:
        """An input of the network with its batch; None if its shape is wrong."""
        given = self.spec.inputs[name]
        sizes: list[Any] = [self.values[BATCH]]
        self.is_size(sizes[0], name)
        scope = Scope(self.values)
        if len(given.shape) >= MOST_DIMENSIONS:
            message = f"input {name!r} has more than {MOST_DIMENSIONS} dimensions with its batch"
            self.problem(given.mark, message)
            return None
        for setting in given.shape:
            try:
                size = setting.value(scope)
            except ExpressionError as error:
                self.problem(setting.mark, error.message, error.hint)
                return None
            if not self.is_size(size, name):
                what = f"expected a positive integer for a size of input {name!r}"
                message = f"{what}, got {shown(size)}"
                self.problem(setting.mark, message, scope.values_in(setting))
                return None
            sizes.append(size)
        return Tensor(tuple(sizes), given.dtype)

    def is_size(self, size: Any, name: str) -> bool:
        """Whether an input can be of a size; what that asks of a formula's symbols is noted."""
        if not is_symbolic(size):
            number = untraced(size)
            return type(number) is int and 1 <= number <= LARGEST
        for each in whole(size, 1):
            decided = each.decide(self.least)
            if decided is False:
                return False
            if isinstance(decided, Condition):
                self.need(decided, name)
        return True

    def outputs(self, names: Names, last: Wire | None) -> dict[int, Wire]:
        """What the network returns: its outputs by number without those left out, or its last."""
        if not self.spec.outputs:
            if last is None and not self.problems and self.spec.entries:
                mark = self.spec.entries[-1].mark
                self.problem(mark, "every entry is left out: the network returns nothing")
            return {0: last} if last is not None else {}
        wires = {}
        for number, reference in enumerate(self.spec.outputs):
            try:
                wire = self.named(reference, names).wire
            except Fatal:
                continue
            if wire is not None:
                wires[number] = wire
                if wire.origin in self.graph:
                    self.graph.nodes[wire.origin]["node"].request([wire.source.output])
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
                if unfed and entry.sources is None and not entry.is_fed_by_nothing:
                    self.problem(
                        entry.mark,
                        "the network has several inputs, and this entry does not say which it "
                        "takes",
                        f"from: one of {listing(self.spec.inputs)}",
                        uses=place.part,
                    )
                    raise Fatal
                wire = self.entry(entry, place, wire)
            except Fatal:
                wire = None
                self.absent(entry, place, place.prefix + entry.name)
            except Undecided as undecided:
                undecided.mark = undecided.mark or entry.mark
                raise
            unfed = unfed and place.names.own.get(entry.name) == Named(None, None)
        return wire

    def absent(self, entry: Entry, place: Place, path: str | None) -> None:
        """Register what an entry would have named: as failed, or, without a path, as left out."""
        place.names.own[entry.name] = Named(None, path)
        for branch in entry.branches or ():
            if branch.name is not None and entry.repeat is None:
                place.names.own.setdefault(branch.name, Named(None, path))

    def entry(self, entry: Entry, place: Place, wire: Wire | None) -> Wire | None:
        """Build an entry, fed by the wire before it or from where it says; what it passes on."""
        if self.is_absent_with_source(entry, place):
            self.absent(entry, place, None)
            return wire
        wires = [wire] if entry.sources is None else self.sources(entry, place)
        first = wires[0]
        if entry.is_fed_by_nothing and entry.sources is None:
            wires = []  # its expressions may ask for sizes of what stands before it all the same
        if entry.repeat is not None:
            return self.repeated(entry, place, wires, wire)
        scope = Scope(place.values, first.tensor if first else None, place.names)
        if entry.when is not None and not self.condition(entry, scope, place):
            self.absent(entry, place, None)
            return wire
        if entry.is_inline:
            return self.one(entry, "", place.prefix, place, wires, scope)
        name = self.name(entry, place, scope)
        path = place.prefix + name
        result = self.one(entry, name, path, place, wires, scope)
        built = place.part.children[-1] if result is not None else None
        place.names.own[name] = Named(result, path, built)
        return result

    def name(self, entry: Entry, place: Place, scope: Scope) -> str:
        """What an entry that is there, or one of its copies, is called; its number is counted."""
        name, numbering = entry.name, place.numbering
        if entry.is_numbered and numbering is not None:
            name = str(numbering.count)
        if entry.copy_names is not None:
            name = self.copy_name(entry, place, scope)
        known = place.names.own.get(name)
        is_taken = known is not None and known.path is not None
        if numbering is not None:
            is_taken = is_taken or name in numbering.names
            numbering.names.add(name)
            numbering.count += 1
        if is_taken:
            hint = "give it another name, or none" if entry.is_numbered else "choose another"
            mark = entry.copy_names.mark if entry.copy_names is not None else entry.mark
            message = f"the name {name!r} comes twice in this list"
            self.problem(mark, message, hint, uses=place.part)
            raise Fatal
        return name

    def copy_name(self, entry: Entry, place: Place, scope: Scope) -> str:
        """The name of a copy, of text and of numbers in braces."""
        assert entry.copy_names is not None
        try:
            return entry.copy_names.name(scope)
        except ExpressionError as error:
            values = " and ".join(filter(None, map(scope.values_in, entry.copy_names.settings)))
            mark = entry.copy_names.mark
            self.problem(mark, error.message, values, error.hint, uses=place.part)
            raise Fatal from None

    def repeated(
        self, entry: Entry, place: Place, wires: list[Wire | None], before: Wire | None
    ) -> Wire | None:
        """Chain the copies of an entry; what the last of them passes on."""
        assert entry.repeat is not None
        first = wires[0] if wires else before
        outside = Scope(place.values, first.tensor if first else None, place.names)
        count = self.count(entry, outside, place)
        base = None
        if entry.is_flat:
            name = path = ""
            base = place.prefix[:-1]
        elif count:
            name = self.name(entry, place, outside)
            path = place.prefix + name
        else:
            name, path = entry.name, place.prefix + entry.name
        part = Part(path, name, Role.REPEAT, place.part, entry, base)
        passed = [first]
        for index in range(count):
            values = self.enter_copy(place, index)
            scope = Scope(values, first.tensor if first else None, place.names)
            if entry.when is not None and not self.condition(entry, scope, place):
                self.step(entry, place)
                continue
            if base is None:
                copy = Part(f"{path}.{index}", str(index), Role.COPY, part, entry, None, index)
            elif entry.is_inline:
                copy = Part(place.prefix, "", Role.COPY, part, entry, base, index)
            else:
                own = self.name(entry, place, scope)
                copy = Part(place.prefix + own, own, Role.COPY, part, entry, None, index)
            part.children.append(copy)
            prefix = place.prefix if entry.is_inline else f"{copy.path}."
            names = Names(place.names)
            inside = Place(prefix, names, values, copy, place.shared, place.depth, place.numbering)
            copy.output = self.one(entry, copy.name, copy.path, inside, wires, scope)
            if entry.is_flat and not entry.is_inline and copy.output is not None:
                place.names.own[copy.name] = of_copy(copy)
            first = self.leave_copy(copy.output, values)
            wires = [first] if wires else []
            passed.append(first)
        if len(passed) == 1:
            if base is None and count and place.numbering is not None:
                place.numbering.count -= 1
                place.numbering.names.discard(name)
            self.absent(entry, place, None)
            return before
        place.part.children.append(part)
        part.output = self.leave_repeat(entry, place, passed, outside)
        if base is None:
            place.names.own[name] = Named(part.output, path, part)
            return part.output
        called_by_range(part)
        return part.output

    def sources(self, entry: Entry, place: Place) -> list[Wire | None]:
        """The wires that an entry says it is fed from."""
        wires = []
        for reference in entry.sources or ():
            named = self.named(reference, place.names, place.part)
            if named.path is None:
                hint = "give this entry the same 'when', or feed it from elsewhere"
                message = f"feeds from {reference.name!r}, which its 'when' leaves out"
                self.problem(reference.mark, message, hint, uses=place.part)
                raise Fatal
            wires.append(named.wire)
        return wires

    def is_absent_with_source(self, entry: Entry, place: Place) -> bool:
        """Whether an entry is left out, as is one that feeds it: then that is not missed."""
        if entry.sources is None or entry.when is None:
            return False
        if entry.when.names() & {*TENSOR_NAMES, "index"}:
            return False
        named = (self.named(reference, place.names, place.part) for reference in entry.sources)
        if all(each.path is not None for each in named):
            return False
        return not self.condition(entry, Scope(place.values, None, place.names), place)

    def named(self, reference: Reference, names: Names, part: Part | None = None) -> Named:
        """What a name stands for, or a name with dots: an output, or a copy, of what it names."""
        whole, members = parted(reference.name, names)
        try:
            named = names.find(whole)
        except KeyError:  # the name of a copy, of which there are less
            hint = did_you_mean(whole, names.own) or f"there are {listing(names.own)}"
            self.problem(reference.mark, f"no copy is called {whole!r}", hint, uses=part)
            raise Fatal from None
        for member in members:
            if named.path is None or named.wire is None:
                break
            try:
                named = named.member(member)
            except KeyError:
                known = named.members()
                hint = did_you_mean(member, known) or f"it has {listing(known)}" if known else ""
                message = f"{named.path!r} has no output or copy {member!r}"
                self.problem(reference.mark, message, hint, uses=part)
                raise Fatal from None
        return named

    def condition(self, entry: Entry, scope: Scope, place: Place) -> bool:
        """Whether an entry is there."""
        assert entry.when is not None
        try:
            return truth(self.value(entry.when, scope, place))
        except ExpressionError as error:
            self.problem(entry.when.mark, f"'when': {error.message}", error.hint, uses=place.part)
            raise Fatal from None

    def count(self, entry: Entry, scope: Scope, place: Place) -> int:
        """How many copies of an entry there are."""
        assert entry.repeat is not None
        count = self.value(entry.repeat, scope, place)
        count = untraced(count)
        if is_symbolic(count):
            raise Undecided(count.symbols)
        if type(count) is not int or count < 0:
            message = f"'repeat' expects an integer of at least 0, got {shown(count)}"
            self.problem(entry.repeat.mark, message, scope.values_in(entry.repeat), uses=place.part)
            raise Fatal
        if count > self.most_layers:
            self.too_many(entry.repeat.mark)
        return count

    def step(self, entry: Entry, place: Place) -> None:
        """Count the work, so that no spec can ask for more than there is time for."""
        self.steps += 1
        if self.deadline < math.inf and monotonic() > self.deadline:
            raise TimeoutError
        if self.steps > 2 * self.most_layers:
            self.too_many(entry.mark)
        if place.depth > DEEPEST:
            self.problem(entry.mark, f"blocks and branches are nested deeper than {DEEPEST}")
            raise SpecError(self.spec.source, self.problems)

    def one(
        self,
        entry: Entry,
        name: str,
        path: str,
        place: Place,
        wires: list[Wire | None],
        scope: Scope,
    ) -> Wire | None:
        """Build an entry, or one copy of it: a block, a join with branches, or a layer."""
        self.step(entry, place)
        if entry.block is not None:
            return self.block(entry, name, path, place, wires, scope)
        if entry.branches is not None:
            wires = self.branches(entry, path, place, wires[0])
        known = [wire for wire in wires if wire is not None]
        if len(known) < len(wires):
            return None
        return self.leaf(entry, name, path, place, known, scope)

    def block(
        self,
        entry: Entry,
        name: str,
        path: str,
        place: Place,
        wires: list[Wire | None],
        scope: Scope,
    ) -> Wire | None:
        """Build the inside of a block for one use."""
        assert entry.block is not None
        inputs = entry.block.inputs
        if len(wires) != len(inputs):
            hint = "join them first, with Concat or Add, or give the block 'inputs: [x, skip]'"
            takes = "one input" if len(inputs) == 1 else f"{len(inputs)} inputs, {listing(inputs)}"
            if len(inputs) > 1:
                hint = f"from: [{', '.join(inputs)}], by the names that they have here"
            places = "one place" if len(wires) == 1 else f"{len(wires)} places"
            message = f"block {entry.kind!r} takes {takes}, but is fed from {places}"
            self.problem(entry.mark, message, hint, uses=place.part)
            raise Fatal
        base = place.prefix[:-1] if entry.block.inline else None
        part = Part(path, name, Role.USE, place.part, entry, base)
        arguments = self.arguments(entry, scope, place)
        place.part.children.append(part)
        part.output = self.use(entry, part, place, arguments, wires)
        return part.output

    def use(
        self,
        entry: Entry,
        part: Part,
        place: Place,
        arguments: dict[str, Any],
        wires: list[Wire | None],
    ) -> Wire | None:
        """Build the inside of one use of a block, for its arguments; what it puts out."""
        assert entry.block is not None
        arguments, wires = self.enter_block(part, arguments, wires)
        wire = wires[0]
        values = {**self.values, **arguments}
        names = Names()
        for name, each in zip(entry.block.inputs, wires):
            names.own[name] = Named(each, name)
        if entry.block.inline:
            inside = place._replace(
                names=Names(names), values=values, part=part, depth=place.depth + 1
            )
            last = self.chain(entry.block.entries, inside, wire)
            called_by_range(part)
            return self.leave_block(part, last)
        target = self.shared_path(entry, place, part.path)
        shared = None if target is None else (part.path, target)
        numbering = Numbering.of(entry.block.numbered)
        inside = Place(
            f"{part.path}.", Names(names), values, part, shared, place.depth + 1, numbering
        )
        last = self.chain(entry.block.entries, inside, wire)
        for name, reference in entry.block.outputs.items():
            named = self.named(reference, inside.names, part)
            if named.path is None:
                message = f"puts out {reference.name!r}, which its 'when' leaves out"
                self.problem(reference.mark, message, uses=part)
                raise Fatal
            part.outputs[name] = named.wire
        if part.outputs:
            last = next(iter(part.outputs.values()))
        return self.leave_block(part, last)

    # -- what a builder that also writes things down may add -----------------------------------

    def enter_block(
        self, part: Part, arguments: dict[str, Any], wires: list[Wire | None]
    ) -> tuple[dict[str, Any], list[Wire | None]]:
        """The arguments and the inputs as the inside of a block sees them."""
        return arguments, wires

    def leave_block(self, part: Part, wire: Wire | None) -> Wire | None:
        """The output of a block as the outside sees it."""
        return wire

    def enter_copy(self, place: Place, index: int) -> dict[str, Any]:
        """The values that the copy of an entry sees."""
        return {**place.values, "index": index}

    def leave_copy(self, wire: Wire | None, values: Mapping[str, Any]) -> Wire | None:
        """The output of a copy as the next one sees it."""
        return wire

    def leave_repeat(
        self, entry: Entry, place: Place, wires: list[Wire | None], scope: Scope
    ) -> Wire | None:
        """The output of the last copy as what follows sees it, after all that was passed on."""
        return wires[-1]

    def arguments(self, entry: Entry, scope: Scope, place: Place) -> dict[str, Any]:
        """The values of a block's arguments; a default may use the others, in any order."""
        assert entry.block is not None
        given = {name: self.value(s, scope, place) for name, s in entry.settings.items()}
        within = Scope({**self.values, **given}, scope.tensor, scope.names)
        under_way: list[str] = []

        def settle(name: str) -> None:
            default = entry.block.arguments[name] if entry.block else None
            assert default is not None
            message = ""
            if name in under_way:
                ring = " -> ".join([*under_way[under_way.index(name) :], name])
                message = f"the default of {name!r} depends on itself: {ring}"
            elif len(under_way) > DEEPEST:
                message = f"defaults depend on each other through more than {DEEPEST} arguments"
            if message:
                self.problem(default.mark, message, uses=place.part)
                raise Fatal
            under_way.append(name)
            for other in sorted(default.names() & missing - given.keys()):
                settle(other)
            under_way.pop()
            given[name] = self.value(default, within, place)
            within.known = {**within.known, name: given[name]}

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
            raise Fatal
        wires = []
        for index, branch in enumerate(entry.branches):
            own = f"{path}.{index}" if branch.name is None else place.prefix + branch.name
            name = branch.name or f"{entry.name}.{index}"
            part = Part(own, name, Role.BRANCH, place.part, entry)
            inside = place._replace(
                prefix=f"{own}.",
                names=Names(place.names),
                part=part,
                depth=place.depth + 1,
                numbering=None,
            )
            place.part.children.append(part)
            part.output = self.chain(branch.entries, inside, wire)
            wires.append(part.output)
            if branch.name is not None:
                place.names.own[branch.name] = Named(part.output, own, part)
        return wires


def called_by_range(part: Part) -> None:
    """Call a part without a level of its own by what it holds: ``features.3 to 5``."""
    members = part.members
    if members:
        first, last = members[0], members[-1]
        part.name = first.called if first is last else f"{first.called} to {last.called}"
        part.path = f"{part.base}.{part.name}".lstrip(".")
