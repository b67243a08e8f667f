"""The walk along the tree: lists are chained, entries repeated, blocks and branches entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.algebra.arithmetic import Quantity
from shapecalc.graph.evaluate import DEEPEST
from shapecalc.graph.graph import Part, Role, Wire
from shapecalc.graph.place import MOST_TERMS, Placer
from shapecalc.graph.scope import Fatal, Named, Names, Numbering, Over, Place, Scope, of_copy
from shapecalc.language.evaluation import Undecided
from shapecalc.language.problem import SpecError, listing
from shapecalc.language.tree import Block, Entry, Spec


class Walker(Placer):
    """Walks lists of entries, and places the layers it comes to."""

    def __init__(
        self,
        spec: Spec,
        values: Mapping[str, Quantity],
        most_layers: int,
        most_terms: int = MOST_TERMS,
    ) -> None:
        super().__init__(spec, values, most_layers, most_terms)
        self.steps = 0

    def chain(
        self, entries: list[Entry], place: Place, wire: Wire | None, unfed: bool = False
    ) -> Wire | None:
        """Chain the entries of a list; what comes out at its end, None if that is not known.

        ``unfed`` says that nothing feeds the first entry of its own: there are several inputs.
        """
        for entry in entries:
            try:
                if unfed and entry.sources is None and not entry.is_fed_by_nothing:
                    message = "the network has several inputs, and this entry does not say which"
                    hint = f"from: one of {listing(self.spec.inputs)}"
                    self.problem(entry.mark, f"{message} it takes", hint, uses=place.part)
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

    def repeated(
        self, entry: Entry, place: Place, wires: list[Wire | None], before: Wire | None
    ) -> Wire | None:
        """Chain the copies of an entry; what the last of them passes on."""
        assert entry.repeat is not None
        first = wires[0] if wires else before
        outside = Scope(place.values, first.tensor if first else None, place.names)
        count = self.count(entry, outside, place)
        part = self.repeat(entry, place, outside, count)
        passed = [first]
        names, is_layer = place.names, entry.block is None and entry.branches is None
        is_named = entry.is_flat and not entry.is_inline
        for index in range(count):
            values = self.enter_copy(place, index)
            scope = Scope(values, first.tensor if first else None, place.names)
            if entry.when is not None and not self.condition(entry, scope, place):
                self.step(entry, place)
                continue
            copy = self.copy(entry, part, index, place, scope)
            prefix = place.prefix if entry.is_inline else f"{copy.path}."
            if not is_layer:  # which has no names inside
                names = Names(place.names)
            inside = Place(prefix, names, values, copy, place.shared, place.depth, place.numbering)
            copy.output = self.one(entry, copy.name, copy.path, inside, wires, scope)
            if is_named and copy.output is not None:
                place.names.own[copy.name] = of_copy(copy)
            first = self.leave_copy(copy.output, values)
            wires = [first] if wires else []
            passed.append(first)
        if len(passed) == 1:
            if not entry.is_flat and count and place.numbering is not None:
                place.numbering.count -= 1
                place.numbering.names.discard(part.name)
            self.absent(entry, place, None)
            return before
        place.part.children.append(part)
        part.output = self.leave_repeat(entry, place, passed, outside)
        if entry.is_flat:
            called_by_range(part)
        else:
            place.names.own[part.name] = Named(part.output, part.path, part)
        return part.output

    def repeat(self, entry: Entry, place: Place, scope: Scope, count: int) -> Part:
        """The part that the copies of an entry belong to; a flat one has no level of its own."""
        if entry.is_flat:
            return Part("", "", Role.REPEAT, place.part, entry, place.prefix[:-1])
        name = self.name(entry, place, scope) if count else entry.name
        return Part(place.prefix + name, name, Role.REPEAT, place.part, entry)

    def copy(self, entry: Entry, repeat: Part, index: int, place: Place, scope: Scope) -> Part:
        """The part of a copy, called by its number or, in a flat repeat, like an entry."""
        if not entry.is_flat:
            name, path, base = str(index), f"{repeat.path}.{index}", None
        elif entry.is_inline:
            name, path, base = "", place.prefix, repeat.base
        else:
            name, base = self.name(entry, place, scope), None
            path = place.prefix + name
        copy = Part(path, name, Role.COPY, repeat, entry, base, index)
        repeat.children.append(copy)
        return copy

    def step(self, entry: Entry, place: Place) -> None:
        """Count the work, so that no spec can ask for more than there is time for."""
        self.steps += 1
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
        known = list(filter(None, wires))
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
        arguments: Mapping[str, Any],
        wires: list[Wire | None],
    ) -> Wire | None:
        """Build the inside of one use of a block, for its arguments; what it puts out."""
        block = entry.block
        assert block is not None
        arguments, wires = self.enter_block(part, arguments, wires)
        names = Names()
        for name, each in zip(block.inputs, wires):
            names.own[name] = Named(each, name)
        inside = self.inside_of(entry, part, place, Names(names), Over(arguments, self.values))
        last = self.chain(block.entries, inside, wires[0])
        if block.inline:
            called_by_range(part)
        else:
            last = self.named_outputs(block, part, inside, last)
        return self.leave_block(part, last)

    def inside_of(
        self, entry: Entry, part: Part, place: Place, names: Names, values: Mapping[str, Any]
    ) -> Place:
        """Where the entries of a block stand; one without a level of its own is at its use's."""
        assert entry.block is not None
        depth = place.depth + 1
        if entry.block.inline:
            shared, numbering = place.shared, place.numbering
            return Place(place.prefix, names, values, part, shared, depth, numbering)
        target = self.shared_path(entry, place, part.path)
        shared = None if target is None else (part.path, target)
        numbering = Numbering.of(entry.block.numbered)
        return Place(f"{part.path}.", names, values, part, shared, depth, numbering)

    def named_outputs(
        self, block: Block, part: Part, inside: Place, last: Wire | None
    ) -> Wire | None:
        """Note what a use of a block puts out by name; the first of it, or its last entry's."""
        for name, reference in block.outputs.items():
            named = self.named(reference, inside.names, part)
            if named.path is None:
                message = f"puts out {reference.name!r}, which its 'when' leaves out"
                self.problem(reference.mark, message, uses=part)
                raise Fatal
            part.outputs[name] = named.wire
        return next(iter(part.outputs.values()), last)

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
            names, depth = Names(place.names), place.depth + 1
            inside = Place(f"{own}.", names, place.values, part, place.shared, depth)
            place.part.children.append(part)
            part.output = self.chain(branch.entries, inside, wire)
            wires.append(part.output)
            if branch.name is not None:
                place.names.own[branch.name] = Named(part.output, own, part)
        return wires

    # -- what a builder that also writes things down may add -----------------------------------

    def enter_block(
        self, part: Part, arguments: Mapping[str, Any], wires: list[Wire | None]
    ) -> tuple[Mapping[str, Any], list[Wire | None]]:
        """The arguments and the inputs as the inside of a block sees them."""
        return arguments, wires

    def leave_block(self, part: Part, wire: Wire | None) -> Wire | None:
        """The output of a block as the outside sees it."""
        return wire

    def enter_copy(self, place: Place, index: int) -> Mapping[str, Any]:
        """The values that the copy of an entry sees."""
        return Over({"index": index}, place.values)

    def leave_copy(self, wire: Wire | None, values: Mapping[str, Any]) -> Wire | None:
        """The output of a copy as the next one sees it."""
        return wire

    def leave_repeat(
        self, entry: Entry, place: Place, wires: list[Wire | None], scope: Scope
    ) -> Wire | None:
        """The output of the last copy as what follows sees it, after all that was passed on."""
        return wires[-1]


def called_by_range(part: Part) -> None:
    """Call a part without a level of its own by what it holds: ``features.3 to 5``."""
    members = part.members
    if members:
        first, last = members[0], members[-1]
        part.name = first.called if first is last else f"{first.called} to {last.called}"
        part.path = f"{part.base}.{part.name}".lstrip(".")
