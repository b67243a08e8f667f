"""A network for all numbers of copies at once, where the copies differ as their numbers say.

The first copies are built of numbers. The next, in which ``index`` is a symbol, stands for all that
follow: if it turns what its predecessor puts out into the same, one further, so does each of them.
That is proven by building it: sizes between copies are taken to lie on straight lines through those
of the last two, and what the copy puts out has to be what was taken. Totals are sums over the
copies, which are polynomials in their number where those of a copy are in its index.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from fractions import Fraction
from itertools import pairwise
from typing import Any

from shapecalc.algebra import residues
from shapecalc.algebra.arithmetic import Dim, Quantity, is_symbolic
from shapecalc.algebra.enclosure import supposed, supposing
from shapecalc.algebra.form import degree, function_of, period
from shapecalc.algebra.formula import Formula, expanded
from shapecalc.algebra.requirement import Claim, Condition, decide
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.measures import Totals
from shapecalc.graph.build import Builder
from shapecalc.graph.graph import Need, Wire
from shapecalc.graph.scope import Over, Place, Scope
from shapecalc.language.evaluation import Undecided
from shapecalc.language.naming import may_be_copy
from shapecalc.language.tree import Entry, every_entry
from shapecalc.layers import Tensor
from shapecalc.solving.sets import Stretch

FEWEST, MOST = 4, 64
"""How many copies are built of numbers before the one that stands for all others."""

INDEX = "index"
"""The symbol for the number of a copy; no symbol of a spec is called so."""


class Following:
    """The copies of an entry that follow the first ones: ``first`` is the number of their first.

    ``count`` is how many copies there are, as a formula; ``tensors`` what the last two copies of
    numbers put out, ``layers`` and ``steps`` how many each of the following has and takes.
    """

    def __init__(self, entry: Entry, prefix: str, count: Formula, first: int) -> None:
        self.entry = entry
        self.prefix = prefix
        self.count = count
        self.first = first
        self.at = -1
        self.tensors: dict[int, Tensor] = {}
        self.paths: frozenset[str] = frozenset()
        self.known: frozenset[str] = frozenset()  # names in the list before
        self.layers = self.steps = 0
        self.is_left = False
        self.inside = ExitStack()

    @property
    def number(self) -> Any:
        """How many follow."""
        return self.count - self.first

    def taken(self, index: Any) -> Tensor | None:
        """What a copy puts out if sizes lie on straight lines; None if they cannot."""
        if not {self.first - 2, self.first - 1} <= self.tensors.keys():
            return None
        before, last = self.tensors[self.first - 2], self.tensors[self.first - 1]
        if before.dtype != last.dtype or len(before.shape) != len(last.shape):
            return None
        ahead = index - (self.first - 1)
        sizes: list[Any] = [
            b if a == b else b + (b - a) * ahead for a, b in zip(before.shape, last.shape)
        ]
        return last.with_shape(sizes)

    def moves(self, path: str) -> bool:
        """Whether a path may be that of a copy that follows, or of a layer inside one."""
        if not path.startswith(self.prefix):
            return False
        name, _, rest = path.removeprefix(self.prefix).partition(".")
        if self.entry.is_flat:
            return name not in self.known and may_be_copy(name, self.entry.name)
        number = rest.partition(".")[0]
        return name == self.entry.name and number.isdecimal() and int(number) >= self.first

    def condition(self, need: Need) -> Need | None:
        """What a copy needs at its index as a need of their number; None if all have what it is."""
        condition = need.condition
        if INDEX not in {name for claim in condition.claims for name in claim.symbols}:
            return need
        if condition.symbol != INDEX or condition.solutions is None:
            raise Undecided(self.count)
        wrong = condition.solutions.complement(self.first).above(self.first)
        if wrong is None:
            return None
        enough = decide([Claim(wrong, ">=", self.count)], None)
        if enough is False:
            raise Undecided(self.count)
        return Need(enough, need.path) if isinstance(enough, Condition) else None

    def total(self, value: Dim) -> Any:
        """The sum over all that follow of what is a formula in the index: Newton's, added up."""
        value = expanded(value)
        if not is_symbolic(value) or not has_index(value):
            return value * self.number
        if value.symbols != {INDEX} or period(value) != 1:
            raise Undecided(self.count)
        at = function_of(value)
        row = [at(self.first + n) for n in range(degree(value) + 1)]
        found: Any = 0
        choices: Any = self.number  # the binomials of their number
        for n in range(len(row)):
            found = found + row[0] * choices
            choices = choices * (self.number - n - 1) * Fraction(1, n + 2)
            row = [after - before for before, after in pairwise(row)]
        return found.known_whole() if is_symbolic(found) else found


class Deepening(Builder):
    """Builds a network of which a symbol says how many copies there are of some entries."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.found: list[Following] = []
        self.begun: list[Following] = []
        self._under_way: list[Following | None] = []

    def repeated(
        self, entry: Entry, place: Place, wires: list[Wire | None], before: Wire | None
    ) -> Wire | None:
        """Chain the copies; raises :class:`Undecided` where the following are not alike."""
        self._under_way.append(None)
        try:
            passed = super().repeated(entry, place, wires, before)
            own = self._under_way[-1]
            if own is not None and not own.is_left:
                raise Undecided(own.count)
            return passed
        except Undecided as undecided:
            own = self._under_way[-1]
            if own is not None and INDEX in undecided.symbols:
                raise Undecided(own.count) from None
            raise
        finally:
            own = self._under_way.pop()
            if own is not None:
                own.inside.close()

    def count(self, entry: Entry, scope: Scope, place: Place) -> int:
        """How many copies are built: one more than those of numbers where a symbol says it."""
        try:
            return super().count(entry, scope, place)
        except Undecided:
            assert entry.repeat is not None
            count = self.value(entry.repeat, scope, place)
            bounds = supposed(count)
            least = bounds[0] - 1 if bounds else -math.inf
            is_inside = any(own is not None and own.at == own.first for own in self._under_way)
            if least < FEWEST or is_inside or not count.is_whole or not self._is_named(entry):
                raise
            own = Following(entry, place.prefix, count, int(min(least, MOST)))
            self._under_way[-1] = own
            self.begun.append(own)
            return own.first + 1

    def _is_named(self, entry: Entry) -> bool:
        """Whether further copies move no other entry, nor are called as one."""
        if not entry.is_flat:
            return True
        if entry.copy_names is None:
            return False
        others = (each.name for each in every_entry(self.spec) if each is not entry)
        return not any(may_be_copy(name, entry.name) for name in others)

    def copy_name(self, entry: Entry, place: Place, scope: Scope) -> str:
        """The name of a copy; of the one that stands for others, that of the first of them."""
        own = self._under_way[-1] if self._under_way else None
        if own is not None and own.entry is entry and own.at == own.first:
            numbered = Over({"index": own.first}, place.values)
            scope = Scope(numbered, scope.tensor, scope.names)
        return super().copy_name(entry, place, scope)

    def enter_copy(self, place: Place, index: int) -> Mapping[str, Any]:
        """The values that a copy sees; its number is a symbol if it stands for others."""
        own = self._under_way[-1]
        if own is None:
            return super().enter_copy(place, index)
        own.at = index
        if index < own.first:
            return super().enter_copy(place, index)
        own.inside.enter_context(supposing(**{INDEX: (own.first, math.inf)}))
        own.inside.callback(self._leave, own, len(self.needs), {*self.nodes})
        own.known = frozenset(place.names.own)
        own.layers, own.steps = -self.layers, -self.steps
        return Over({"index": Formula.symbol(INDEX)}, place.values)

    def _leave(self, own: Following, needs: int, before: set[str]) -> None:
        """Note what the copy that stands for others has, when it is built."""
        own.paths = frozenset(self.nodes.keys() - before)
        own.layers += self.layers
        own.steps += self.steps
        if own.is_left:
            mine = [own.condition(need) for need in self.needs[needs:]]
            self.needs[needs:] = [need for need in mine if need is not None]
            self.found.append(own)

    def leave_copy(self, wire: Wire | None, values: Mapping[str, Any]) -> Wire | None:
        """What the next copy sees, or of the last what is behind all that follow."""
        own = self._under_way[-1]
        if own is None or wire is None:
            return wire
        if own.at < own.first:
            own.tensors[own.at] = wire.tensor
            if own.at < own.first - 1:
                return wire
            ahead = own.taken(Formula.symbol(INDEX) - 1)
        else:
            same = own.taken(Formula.symbol(INDEX))
            if same is None or not _is_same(same, wire.tensor):
                raise Undecided(own.count)
            own.is_left = True
            own.inside.close()
            ahead = own.taken(own.count - 1)
        if ahead is None:
            raise Undecided(own.count)
        return wire._replace(tensor=ahead)

    # -- all of them --------------------------------------------------------------------------

    @property
    def inside(self) -> frozenset[str]:
        """The layers of copies that stand for others."""
        return frozenset().union(*(own.paths for own in self.found))

    def check(self, layers: Iterable[LayerReport], paths: Iterable[str]) -> None:
        """Raise :class:`Undecided` if paths may be those of copies, or an index is seen outside."""
        sizes = [
            size
            for layer in layers
            if layer.path not in self.inside
            for tensor in layer.node.outputs.values()
            for size in tensor.shape
        ]
        claims = [claim for need in self.needs for claim in need.condition.claims]
        is_seen = any(map(has_index, sizes)) or any(INDEX in claim.symbols for claim in claims)
        for own in self.found:
            if is_seen or any(map(own.moves, paths)):
                raise Undecided(own.count)

    def totals(self, layers: list[LayerReport], columns: Iterable[str]) -> dict[str, Any]:
        """Totals of the network, each copy that follows counted."""
        fixed = Totals([layer for layer in layers if layer.path not in self.inside])
        found = {column: getattr(fixed, column) for column in columns}
        for own in self.found:
            each = Totals([layer for layer in layers if layer.path in own.paths])
            for column in found:
                found[column] = found[column] + own.total(getattr(each, column))
        return found

    def within(self, stretch: Stretch) -> Stretch:
        """The part of a stretch of numbers for which there are no more layers than there may be."""
        more = [(each, each.number - 1) for each in self.found]
        layers = self.layers + sum(each.layers * number for each, number in more)
        steps = self.steps + sum(each.steps * number for each, number in more)
        fitting = stretch.numbers
        for most, needed in ((self.most_layers, layers), (2 * self.most_layers, steps)):
            room = most - needed
            found = residues.solve(room, ">=") if is_symbolic(room) else room >= 0
            if found is None or found is False:
                raise Undecided(self.found[-1].count)
            fitting = fitting if found is True else fitting.intersect(found)
        part = stretch._replace(last=fitting.greatest)
        if part.numbers != fitting:  # it does not rise all the way
            raise Undecided(self.found[-1].count)
        return part


def has_index(size: Quantity) -> bool:
    """Whether a size hangs on the number of a copy."""
    return is_symbolic(size) and INDEX in size.symbols


def _is_same(a: Tensor, b: Tensor) -> bool:
    if a.dtype != b.dtype or len(a.shape) != len(b.shape):
        return False
    return all(n == m or expanded(n - m) == 0 for n, m in zip(a.shape, b.shape))
