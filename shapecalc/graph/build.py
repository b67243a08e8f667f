"""The tree into a network: every rule is run as its layer is added.

Its nodes are the leaf layers and joins, named by their dotted paths; as a networkx ``DiGraph`` it
is there when that is asked for. What sizes a network has depends on its symbols, so it is built
for given values: numbers, formulas, or both. An inconsistent one cannot exist; a spec that would
make one is refused with everything that is wrong with it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from shapecalc.algebra.arithmetic import LARGEST, Quantity, is_number, is_symbolic, untraced
from shapecalc.algebra.requirement import LOWEST, Condition, whole
from shapecalc.graph.evaluate import DEEPEST
from shapecalc.graph.foresee import foreseen
from shapecalc.graph.graph import Built, Part, Role, Source, Wire
from shapecalc.graph.place import MOST_TERMS
from shapecalc.graph.scope import Fatal, Named, Names, Numbering, Place, Scope
from shapecalc.graph.walk import Walker
from shapecalc.language.expression import ExpressionError
from shapecalc.language.problem import SpecError
from shapecalc.language.text import shown
from shapecalc.language.tree import Spec
from shapecalc.language.words import BATCH
from shapecalc.layers import Tensor
from shapecalc.layers.tensor import MOST_DIMENSIONS
from shapecalc.pace import now

MOST_LAYERS = 1_000_000
"""How many layers a network may have unless the caller says more."""


def build(
    spec: Spec,
    values: Mapping[str, Quantity],
    most_layers: int = MOST_LAYERS,
    most_terms: int = MOST_TERMS,
) -> Built:
    """Build the graph where the symbols have these values.

    Raises :class:`SpecError`, also where its formulas come to more terms than these, and
    :class:`Undecided` where the structure hangs on a formula.
    """
    return Builder(spec, values, most_layers, most_terms).built()


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
        if gc.get_freeze_count() == 0:  # else others keep something there
            gc.freeze()  # to and fro makes all that is there old, without looking through it
            gc.unfreeze()
        gc.enable()


class Builder(Walker):
    """Builds the whole network, from its inputs to what it returns."""

    def built(self) -> Built:
        """The whole network; raises what :func:`build` raises."""
        now.begin("placing layers")
        with uncollected():
            built = self.network()
        if self.problems:
            raise SpecError(self.spec.source, self.problems)
        return built

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
        return Built(self.nodes, root, known, wires, self.needs, self.lowest(), tuple(called))

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
                is_large = type(size) is int and size > LARGEST
                number = f"an integer up to {LARGEST:,}" if is_large else "a positive integer"
                what = f"expected {number} for a size of input {name!r}"
                message = f"{what}, got {shown(size)}"
                hint = (
                    "" if setting.names() else "a size that varies is a symbol: symbols: {H: 224}"
                )
                is_batch = not sizes[1:] and size in (None, -1)
                batch = "an input's shape leaves the batch out" if is_batch else ""
                self.problem(setting.mark, message, scope.values_in(setting), batch, hint)
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
                self.take(wire.source)
        if not wires and not self.problems:
            mark = self.spec.outputs[0].mark
            self.problem(mark, "every output is left out: the network returns nothing")
        return wires
