"""The shapes that stand beside the statements of forward, in comments.

A shape is told where it is right at all values of all symbols that the constructor takes, and for
an input of the size that the spec declares.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapecalc.algebra.trace import Leaf, Tree, untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.numbers.agree import Sample, agree
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.numbers.python import over_one_line
from shapecalc.emitting.numbers.trees import cancelled, length, letters_in, parts_of, stated
from shapecalc.emitting.printer import flat
from shapecalc.emitting.scope.outside import AXES
from shapecalc.emitting.scope.scope import Scope
from shapecalc.graph.graph import Node, Part
from shapecalc.language.expression import Binary, Conditional, Name, Number
from shapecalc.language.tree import Entry
from shapecalc.language.words import BATCH

LONGEST = 60
"""The longest comment of a shape, in characters."""

LARGEST = 24
"""The most names, numbers and operations of one size that is told."""

DEEPEST = 60
"""The most numbers and operations of a derivation that is looked at for a comment."""

SHORT = {"in_depth": "D", "in_height": "H", "in_width": "W"}
"""Shorter names for sizes."""

LAST = {"in_channels": "H", "in_height": "W"}
"""The same where channels are last."""


class Shapes:
    """Tells shapes: in the block's own letters, or in numbers and knobs where it is the network."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.is_network = scope.block is None

    def behind(self, entry: Entry) -> str:
        """The shape behind an entry; empty if it cannot be told shortly."""
        known = self.scope.known
        if not self.scope.is_repeated(entry):
            return self.told((c.built, c) for c in self.scope.copies(entry))
        found = []
        for holder in self.scope.holders:
            there = known.copy(holder.part, holder.use, holder.number)
            found += [(child, there) for child in known.built(holder.part, entry)]
        return self.told(found)

    def of_lists(self) -> str:
        """The shape behind the scope's list of entries."""
        known = self.scope.known
        return self.told(
            (holder.part, known.copy(holder.part, holder.use, holder.number))
            for holder in self.scope.holders
        )

    def told(self, outputs: Iterable[tuple[Node | Part, Copy]]) -> str:
        """One shape for all uses."""
        samples: list[list[Sample]] = []
        for built, copy in outputs:
            shape = _output(built)
            samples.append([copy.sample(n) for n in shape])
        if not samples or len({len(shape) for shape in samples}) > 1:
            return ""
        sizes = [self.size(list(each), axis) for axis, each in enumerate(zip(*samples))]
        text = f"[{', '.join(sizes)}]"
        return "" if "" in sizes or len(text) > LONGEST else text

    def size(self, samples: list[Sample], axis: int) -> str:
        """One size; empty where no expression is right."""
        trees = _derivations(samples)
        if axis == 0 and samples[0].value == self.scope.known.values[BATCH]:
            # a batch of 1 is not told from another 1 where that stands in no derivation
            return BATCH if {*trees} == {Leaf(BATCH, samples[0].value)} else ""
        parts = [part for tree in trees for part in parts_of(tree)]
        self.scope.known.work.add(len(parts))
        letters = {part.letter for part in parts if isinstance(part, Leaf)}
        asked = {letter for letter in letters if not self.is_hidden(letter)}
        is_chance = self.is_network and not all(_changes(letter, samples) for letter in asked)
        if self.is_network and not is_chance:
            values = {untraced(sample.value) for sample in samples}
            if len(values) == 1:
                return flat(stated(values.pop()))
        if any(map(_is_deep, trees)):
            return ""
        found = agree(samples, self.letters(samples), self.scope.known.told)
        if found is None or not _is_short(found):
            return ""
        told = syntax.names(found)
        if BATCH in asked - told or (is_chance and not told):
            return ""
        top, bottom = over_one_line(found)
        if bottom > 1:  # a size is whole
            found = Binary("//", top, Number(bottom))
        elif isinstance(found, Binary) and found.operator == "/":
            found = found._replace(operator="//")
        return flat(syntax.replaced(found, self.short()))

    def letters(self, samples: list[Sample]) -> frozenset[str]:
        """The names that a size may be told in."""
        letters = self.scope.known.letters
        if self.is_network:
            return letters
        scopes = {id(each.letters): each.letters for each in samples}
        inside = {name for each in scopes.values() for name in each}
        return letters.union(name for name in inside if not self.is_hidden(name))

    def short(self) -> dict[str, Any]:
        """What names of sizes stand for: shorter ones, or the parameters that they are."""
        owner = self.scope.owner
        told = LAST if owner.features else {owner.length: "L"} if owner.length else SHORT
        names = {**told, **owner.features, **owner.same}
        kept = {*owner.features.values()}
        if owner.block is not None:
            kept |= self.scope.known.given_to(owner.block)
        for name, default in self.scope.arguments.items():
            if name not in kept and default is not None and isinstance(default.content, Name):
                same = default.content.name
                if same in AXES or same in self.scope.allowed:
                    names[name] = names.get(same, same)
        return {name: Name(told, 0) for name, told in names.items()}

    def is_hidden(self, name: str) -> bool:
        """Whether no constructor is given it: it is fixed, or a symbol, mostly an input's size."""
        known = self.scope.known
        is_symbol = name in known.spec.symbols and name not in known.knobs
        is_unasked = is_symbol and name not in self.scope.arguments
        return is_unasked or name in self.scope.owner.fixed


def _derivations(samples: list[Sample]) -> list[Tree]:
    """The derivations of a size, of short ones each once, without a batch that cancels out."""
    found = [*{id(each.tree): each.tree for each in samples}.values()]
    if any(map(_is_deep, found)):
        return found
    return [cancelled(tree) if BATCH in letters_in(tree) else tree for tree in dict.fromkeys(found)]


def _is_deep(tree: Tree) -> bool:
    """Whether a derivation is too long to be looked at."""
    return length(tree, DEEPEST) > DEEPEST


def _changes(letter: str, samples: list[Sample]) -> bool:
    """Whether a number is known at several values of a letter, as it never is of the batch."""
    values = {each.number if letter == "index" else each.letters.get(letter) for each in samples}
    return len(values) > 1


def _is_short(size: Any) -> bool:
    """Whether a size is one that a comment tells: the same for all copies, and no choice."""
    if "index" in syntax.names(size) or syntax.size(size) > LARGEST:
        return False
    return not any(isinstance(node, Conditional) for node in syntax.walk(size))


def _output(built: Node | Part) -> tuple[Any, ...]:
    if isinstance(built, Node):
        return built.output.shape
    return built.output.tensor.shape if built.output is not None else ()
