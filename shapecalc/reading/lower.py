"""From what a network computes to the tree of a spec.

A module's call becomes a block where a tensor goes in and comes out; else what is inside it
stands in the list around it. Weights that are used again are shared by name.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from typing import Any

from shapecalc.language.problem import Mark
from shapecalc.language.tree import Spec
from shapecalc.layers import OUTPUT
from shapecalc.reading.blocks.draft import Draft, Item, Link, Made, exactly
from shapecalc.reading.blocks.naming import Names
from shapecalc.reading.blocks.tidying import Tidying
from shapecalc.reading.flow import Flow, Wire, operations, wire_of
from shapecalc.reading.modules import SEQUENTIAL
from shapecalc.reading.rearranging import hoist, localise
from shapecalc.reading.settings import settings
from shapecalc.reading.traced import Call, Given, Op, TensorValue
from shapecalc.reading.values import Function


class Lowering:
    """Makes the tree of one trace."""

    def __init__(self, spec: Spec, root: Call, results: list[TensorValue]) -> None:
        self.spec = spec
        self.root = root
        self.results = results
        self.inlined: set[int] = {id(root)}
        self.items: list[Item] = []
        self.outputs: list[Link] = []
        self.drafts: dict[Any, Draft] = {}
        self.made_of: dict[int, Item] = {}  # of operations and calls
        self.made_with: dict[int, Any] = {}
        self.shares: dict[int, Call | Op] = {}
        self.joins: list[tuple[Op, list[Wire]]] = []
        hoist(root)
        localise(root)
        self.ops = list(operations(root))
        self.dead = self.needless()
        self.flow = Flow(root, self.ops, results, self.dead)
        self.decide()

    # -- what stands as a block ------------------------------------------------------------------

    def needless(self) -> set[int]:
        """Operations whose results nobody uses, and which cost nothing."""
        used: set[int] = {id(value.source) for value in self.results}
        dead: set[int] = set()
        for op in reversed(self.ops):
            if id(op) not in used and not op.weights:
                y = next(iter(op.outputs.values())).tensor
                if not op.layer.macs(*[each.tensor for each in op.inputs], y=y):
                    dead.add(id(op))
                    continue
            used.update(id(value.source) for value in op.inputs)
        return dead

    def does_nothing(self, call: Call) -> bool:
        """Whether no operation that stays is inside a call."""
        return all(id(op) in self.dead for op in operations(call))

    def decide(self) -> None:
        """Decide which calls are blocks, and which operations share weights with which."""
        for call in self.calls(self.root):
            into = self.flow.inside.get(id(call), [])
            out = self.flow.outside.get(id(call), [])
            if not into or not out or self.does_nothing(call) or self.is_one_layer(call):
                self.inlined.add(id(call))
        changed = True
        while changed:
            changed = False
            self.shares = {}
            for op in self.ops:
                if op.shared is not None and not self.shared(op, op.shared):
                    for call in self.between(op.call, op.shared.call):
                        if id(call) not in self.inlined:
                            self.inlined.add(id(call))
                            changed = True
        for op in self.ops:
            if op.shared is not None:
                self.shared(op, op.shared)

    def is_one_layer(self, call: Call) -> bool:
        """Whether a module is one layer whose weights are its own, with functions around it.

        Its weights have no name of their own in between, as ``weight`` in a subclass of Conv2d.
        """
        items = [item for item in call.items if id(item) not in self.dead]
        ops = [item for item in items if isinstance(item, Op)]
        if len(ops) < len(items):
            return False
        own = [op for op in ops if op.layer.weights() or op.layer.buffers()]
        return len(own) == 1 and is_itself(own[0])

    def calls(self, call: Call) -> Iterable[Call]:
        """All calls inside a call."""
        for item in call.items:
            if isinstance(item, Call):
                yield item
                yield from self.calls(item)

    def list_of(self, call: Call) -> Call:
        """The call in whose list something inside a call stands."""
        found = call
        while id(found) in self.inlined and found.parent is not None:
            found = found.parent
        return found

    def shared(self, op: Op, other: Op) -> bool:
        """Whether the sharing of weights can be said, and where."""
        mine: Call | None = op.call
        theirs: Call | None = other.call
        if self.list_of(op.call) is self.list_of(other.call):
            self.shares[id(op)] = other
            return True
        while mine is not None and theirs is not None and mine is not theirs:
            if mine.instance is None or mine.instance is not theirs.instance:
                return False
            if id(mine) not in self.inlined and id(theirs) not in self.inlined:
                above, below = mine.parent, theirs.parent
                if above is not None and below is not None and self.alike(mine, theirs):
                    if self.list_of(above) is self.list_of(below):
                        self.shares.setdefault(id(mine), theirs)
                        return True
            mine, theirs = mine.parent, theirs.parent
        return False

    def alike(self, call: Call, first: Call) -> bool:
        """Whether a call does what another does, with all its weights in the same order."""
        own, others = ([op for op in operations(each) if op.weights] for each in (call, first))
        if len(own) != len(others) or not all(a.shared is b for a, b in zip(own, others)):
            return False
        return self.does(call) == self.does(first)

    def does(self, call: Call) -> tuple[int, list[str]]:
        """How many tensors a call takes, and the kinds of its operations."""
        kinds = [op.kind for op in operations(call) if id(op) not in self.dead]
        return len(self.flow.inside.get(id(call), [])), kinds

    def between(self, a: Call, b: Call) -> list[Call]:
        """The calls around two, up to where they meet."""
        first, second = self.flow.chain(a), self.flow.chain(b)
        common = {id(call) for call in first} & {id(call) for call in second}
        return [call for call in [*first, *second] if id(call) not in common]

    # -- the lists --------------------------------------------------------------------------------

    def network(self) -> None:
        """Put all that the network computes into lists."""
        known: dict[Wire, Link] = {}
        for given in self.spec_inputs:
            known[(given, OUTPUT)] = Link(given.name)
        first = (self.spec_inputs[0], OUTPUT) if len(self.spec_inputs) == 1 else None
        last = self.fill(self.root, self.items, known, first)
        wires = [wire_of(value) for value in self.results]
        for n, wire in enumerate(wires):
            if isinstance(wire[0], Given):  # an input that is given back
                wires[n] = last = self.passed(self.items, known, wire)
        if wires != [last] or self.spec.output_names:
            self.outputs = [known[wire] for wire in wires]

    spec_inputs: list[Given]

    def passed(self, items: list[Item], known: dict[Wire, Link], wire: Wire) -> Wire:
        """An entry that passes on what something else puts out."""
        item = Item("Identity", items[-1].mark if items else Mark(1, 1))
        item.links = [known[wire]]
        items.append(item)
        again: Wire = (item, OUTPUT)
        known[again] = Link(item)
        return again

    def fill(
        self,
        call: Call,
        items: list[Item],
        known: dict[Wire, Link],
        before: Wire | None,
        prefix: str = "",
    ) -> Wire | None:
        """Put what is inside a call into a list; what the last entry puts out."""
        for each in call.items:
            if isinstance(each, Op):
                if id(each) not in self.dead:
                    before = self.operation(each, items, known, before, prefix)
            elif self.does_nothing(each):
                continue
            elif id(each) in self.inlined:
                before = self.fill(each, items, known, before, joined(prefix, each.name))
            else:
                before = self.use(each, items, known, before, prefix)
        return before

    def operation(
        self,
        op: Op,
        items: list[Item],
        known: dict[Wire, Link],
        before: Wire | None,
        prefix: str,
    ) -> Wire:
        """The entry of an operation; a stored tensor that has one of its name needs no other."""
        path = joined(prefix, op.name) if op.name else ""
        other = self.shares.get(id(op))
        if other is not None and op.layer.is_state:
            first = next((item for item in items if path and item.path == path), None)
            if first is not None and first.kind == op.kind:
                self.made_of[id(op)] = first
                known.update({(op, output): Link(first) for output in [*op.outputs, OUTPUT]})
                return before or (op, OUTPUT)
        if is_itself(op):
            path = prefix if id(op.call) in self.inlined else ""
        item = Item(op.kind, op.place or Mark(1, 1), path)
        item.settings = settings(op, item.mark)
        item.shape = op.inputs[0].shape if op.inputs else None
        item.pieces = len(op.outputs)
        wires = self.with_the_start(op, [wire_of(value) for value in op.inputs], items)
        if wires and (wires != [before] or before is None):
            item.links = [known[wire] for wire in wires]
        if other is not None:
            item.share = self.made_of[id(other)]
        items.append(item)
        self.made_of[id(op)] = item
        for n, output in enumerate(op.outputs):
            known[(op, output)] = Link(item, output if n else "")
        known[(op, OUTPUT)] = Link(item)
        return (op, next(iter(op.outputs)))

    def with_the_start(self, op: Op, wires: list[Wire], items: list[Item]) -> list[Wire]:
        """What is joined, where the first of it has been joined here before."""
        grows = op.layer.grows
        if not grows:
            return wires
        here = {id(item) for item in items}
        found = wires
        for other, joined_wires in self.joins:
            count = len(joined_wires)
            is_start = 1 < count < len(wires) and wires[:count] == joined_wires
            is_here = id(self.made_of.get(id(other))) in here
            if is_start and is_here and other.settings.get(grows) == op.settings.get(grows):
                shorter: list[Wire] = [(other, next(iter(other.outputs))), *wires[count:]]
                found = shorter if len(shorter) < len(found) else found
        self.joins.append((op, wires))
        return found

    def use(
        self,
        call: Call,
        items: list[Item],
        known: dict[Wire, Link],
        before: Wire | None,
        prefix: str,
    ) -> Wire:
        """The entry of a module's call that is a block."""
        into = self.flow.inside[id(call)]
        out = self.flow.outside[id(call)]
        names = self.input_names(call, into)
        inside = {wire: Link(name) for wire, name in zip(into, names)}
        inner: list[Item] = []
        last = self.fill(call, inner, inside, into[0])
        outputs: dict[str, Link] = {}
        if len(out) > 1:
            outputs = dict(zip(output_names(call, out), [inside[wire] for wire in out]))
        elif last != out[0]:
            self.passed(inner, inside, out[0])
        path = joined(prefix, call.name)
        if self.is_one_function(call, inner):
            item = inner[0]
            fed = dict(zip(names, into))
            into = [fed[str(link.source)] for link in item.links or [Link(names[0])]]
            item.path, item.links = path, None
            outputs = {inside[wire].output: inside[wire] for wire in out}
        else:
            item = Item("", call.place or Mark(1, 1), path)
            item.block = self.block(call, inner, names, outputs)
        if into != [before]:
            item.links = [known[wire] for wire in into]
        other = self.shares.get(id(call))
        if other is not None and id(other) in self.made_of:
            item.share = self.made_of[id(other)]
        items.append(item)
        self.made_of[id(call)] = item
        for n, (wire, name) in enumerate(zip(out, outputs or [""])):
            known[wire] = Link(item, name if n else "")
        return out[0]

    def is_one_function(self, call: Call, inner: list[Item]) -> bool:
        """Whether a module does nothing but call one function: then that stands in its place."""
        (*others, last) = inner
        links = last.links or []
        is_plain = last.block is None and not last.has_weights and not last.share
        is_plain = is_plain and all(isinstance(link.source, str) for link in links)
        return not others and is_plain and not is_sequence(call) and not last.path

    def input_names(self, call: Call, into: list[Wire]) -> list[str]:
        """What a block calls the tensors that come in."""
        if len(into) == 1:
            return ["input"]
        taken = Names([])
        called = {wire_of(value): name for name, value in reversed(call.given)}
        return [taken.given(called.get(wire, "input")) for wire in into]

    def block(
        self, call: Call, items: list[Item], inputs: list[str], outputs: dict[str, Link]
    ) -> Draft:
        """The block of a call: one that is there already, or a new one."""
        owner = call
        path = ""
        while is_sequence(owner) and owner.parent is not None:
            path = joined(owner.name, path)
            owner = owner.parent
        cls = owner.instance.cls if owner.instance is not None else None
        given, defaults = self.made_with.get(id(owner.instance), ({}, {}))
        role = (id(cls), "".join(each for each in path if not each.isdecimal()))
        simple = tuple([(name, simply(value)) for name, value in given.items()])
        shape = self.flow.shapes.get(self.flow.inside[id(call)][0])
        found_key = (
            role,
            simple,
            shape and (shape[1:2], shape[-1:]),
            tuple(inputs),
            exactly(items, outputs),
        )
        found = self.drafts.get(found_key)
        if found is None:
            sequence = owner is not call
            title = call.instance.cls.name if call.instance is not None else "Block"
            place = None if call.instance is None else call.instance.cls.place
            made = Made(cls, given, {} if sequence else defaults)
            mark = place or call.place or Mark(1, 1)
            found = self.drafts[found_key] = Draft(title, role, made, mark, sequence)
            found.items, found.inputs, found.outputs = items, inputs, outputs
            found.shape = shape
        return found

    def lone(self, kind: str, path: str, mark: Mark) -> Item:
        """An entry at the end of the network that nothing else is fed by."""
        if not self.outputs:
            self.outputs = [Link(self.items[-1])]
        item = Item(kind, mark, path)
        self.items.append(item)
        return item

    @property
    def all_drafts(self) -> list[Draft]:
        """All blocks, one for each call that differs."""
        return list(self.drafts.values())

    def tidy(self, apart: Collection[Any] = ()) -> None:
        """Write blocks as a person would, and fill the spec; uses of some roles stay apart."""
        Tidying(self.spec, self.items, self.outputs, self.all_drafts, apart).all()


def is_itself(op: Op) -> bool:
    """Whether an operation has the weights of the very module that is called."""
    is_own = op.instance is not None and op.instance is op.call.instance
    return op.name == "." or (is_own and not op.name)


def joined(prefix: str, name: str) -> str:
    """A path in a list around a call that is no block."""
    return ".".join(part for part in (prefix, name) if part)


def is_sequence(call: Call) -> bool:
    """Whether a call is of an ``nn.Sequential``, and of no class of the source's."""
    return call.instance is not None and call.instance.cls is SEQUENTIAL


def simply(value: Any) -> Any:
    """An argument of a constructor, as far as it tells uses of a class apart."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return (type(value).__name__, value)
    return type(value).__name__


def output_names(call: Call, out: list[Wire]) -> list[str]:
    """What a block calls the tensors that it puts out: as ``forward`` does where it returns."""
    names = Names([])
    found = returned(call)
    return [names.given(found.get(wire, "output")) for wire in out]


def returned(call: Call) -> dict[Wire, str]:
    """The names of tensors in the only ``return`` of a module's ``forward``."""
    try:
        forward = call.instance.cls.find("forward") if call.instance is not None else None
    except KeyError:
        forward = None
    if not isinstance(forward, Function) or not isinstance(call.result, tuple):
        return {}
    made = [n.value for n in ast.walk(forward.code.node) if isinstance(n, ast.Return)]
    if len(made) != 1 or not isinstance(made[0], ast.Tuple):
        return {}
    return {
        wire_of(value): node.id
        for node, value in zip(made[0].elts, call.result)
        if isinstance(node, ast.Name) and isinstance(value, TensorValue)
    }
