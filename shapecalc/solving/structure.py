"""How a network grows with a symbol that says how often something is repeated.

A repeated entry chains its copies, so a network with more of them begins as the one with fewer.
From that follows what no trying could show: a copy that does not fit its input fits in none of the
deeper networks; what the first copies cost is the least that a deeper one costs; and once a copy
puts out what it took in, all further ones are like it, and every total grows along a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from shapecalc.analysis.measures import Totals
from shapecalc.analysis.report import Report
from shapecalc.graph.graph import Part, Role
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    names,
    parts,
)
from shapecalc.language.problem import SpecError
from shapecalc.language.tree import Entry, Setting, Spec
from shapecalc.layers import KINDS, OUTPUT
from shapecalc.layers.base import MOST_STACKED


class Growth:
    """Where a spec mentions a symbol: as the number of copies, or in other places as well.

    ``repeats`` are the entries that are repeated as often as it says, ``stacks`` the layers that
    are a stack of as many. ``is_all`` tells that it is
    mentioned nowhere else, ``is_first`` that these come before all other places, ``is_rising``
    that the number of copies never falls, ``is_linear`` that it grows along a line, and that copies
    whose index is beyond ``last_index`` do not differ by it.
    """

    def __init__(self, spec: Spec, symbol: str, settings: Mapping[str, Any]) -> None:
        self.repeats: list[Entry] = []
        self.stacks: list[Entry] = []
        self.is_all = True
        self.is_first = False
        self.is_rising = True
        self.is_linear = True
        self.last_index: float = -1
        self._spec = spec
        self._under_way: list[str] = []
        names = self._tied(symbol, settings)
        if any(size.names() & names for each in spec.inputs.values() for size in each.shape):
            self._elsewhere()
        self._scan(spec.entries, names)

    def _tied(self, symbol: str, settings: Mapping[str, Any]) -> frozenset[str]:
        """The symbol and those whose values follow from it."""
        names = {symbol}
        if any(isinstance(value, str) and symbol in value for value in settings.values()):
            self._elsewhere()
        while True:
            more = {
                name
                for name, default in self._spec.symbols.items()
                if name not in names and name not in settings and default.names() & names
            }
            if not more:
                return frozenset(names)
            self._count(*(self._spec.symbols[name] for name in more))
            names |= more

    def _elsewhere(self) -> None:
        self.is_all = False

    def _count(self, *settings: Setting) -> None:
        """Note how numbers of copies, or what they follow from, grow."""
        for setting in settings:
            tree = setting.expression
            is_number = setting.is_constant
            self.is_rising &= is_number or (tree is not None and _rises(tree))
            self.is_linear &= is_number or (tree is not None and _linear(tree))

    def _scan(self, entries: list[Entry], names: frozenset[str]) -> None:
        for entry in entries:
            self._entry(entry, names)

    def _entry(self, entry: Entry, names: frozenset[str]) -> None:
        if entry.when is not None and entry.when.names() & names:
            self._elsewhere()
        if entry.repeat is not None and entry.repeat.names() & names:
            found = len(self.repeats), len(self.stacks), self.is_all
            self._inside(entry, names)
            if found != (len(self.repeats), len(self.stacks), self.is_all):
                self._elsewhere()  # the copies change too
                return
            before = self.repeats or self.stacks
            self.is_first = self.is_first or (self.is_all and not before)
            self._count(entry.repeat)
            self.last_index = max(self.last_index, _last_index(entry))
            self.repeats.append(entry)
            return
        self._inside(entry, names)

    def _inside(self, entry: Entry, names: frozenset[str]) -> None:
        own = {name for name, setting in entry.settings.items() if setting.names() & names}
        for branch in entry.branches or ():
            self._scan(branch.entries, names)
        if entry.block is None:
            if own and own == {KINDS[entry.kind].stacked}:
                self._count(*(entry.settings[name] for name in own))
                self.stacks.append(entry)
            elif own:
                self._elsewhere()
            return
        if entry.kind in self._under_way:
            return
        self._count(*(entry.settings[name] for name in own))
        block = entry.block
        inside = (names - block.arguments.keys()) | own
        for name, default in block.arguments.items():
            if name not in entry.settings and default is not None and default.names() & inside:
                inside |= {name}
                self._count(default)
        self._under_way.append(entry.kind)
        self._scan(block.entries, frozenset(inside))
        self._under_way.pop()

    # -- what a network says ------------------------------------------------------------------

    def parts(self, report: Report) -> list[Part]:
        """The repeated stretches of a network, in order."""
        return list(_repeated(report.built.root, self.repeats))

    def room(self, report: Report, further: Report) -> list[int]:
        """How many steps from one network to the next each stack has room for."""
        found = []
        for node in report.built.root.nodes():
            if node.entry in self.stacks:
                name = node.layer.stacked
                own = getattr(node.layer, name)
                step = getattr(further[node.path].node.layer, name) - own
                if step > 0:
                    found.append((MOST_STACKED - own) // step)
        return found

    def growing(self, report: Report, before: Report) -> list[Part]:
        """Those of the repeated stretches that have more copies than in a network before.

        A block's entry may be repeated in other uses of the block too, where it stays as it is.
        """
        parts, others = self.parts(report), self.parts(before)
        if [part.entry for part in parts] != [part.entry for part in others]:
            return []
        pairs = zip(parts, others, strict=True)
        return [part for part, own in pairs if len(part.children) > len(own.children)]

    def moves(self, report: Report, path: str, is_there: bool) -> bool:
        """Whether a path can become that of a layer, or of another one, as copies are added."""
        for part in self.parts(report):
            holder = part.children[0].path.rpartition(".")[0] if part.children else part.path
            if holder != part.path and path.startswith(f"{holder}." if holder else ""):
                return True  # copies are numbered among the other entries
            if path.startswith(f"{part.path}.") and not is_there:
                return True
        return False

    def least(self, report: Report, before: Report | None, column: str) -> Any:
        """What a total is at least in every deeper network: that up to the first last copy.

        Of a stretch that did not grow along a line there never are more copies; if nothing else
        changes before the first that did, the total up to the last copy there counts.
        """
        parts = self.parts(report)
        if not (self.is_first and self.is_rising) or not parts:
            return 0
        if before is not None and self.is_all and self.is_linear:
            parts = self.growing(report, before) or parts
        inside = {node.path for node in parts[0].nodes()}
        last = max(n for n, layer in enumerate(report.layers) if layer.path in inside)
        return getattr(Totals(report.layers[: last + 1]), column)

    def is_steady(self, report: Report, before: Report) -> bool:
        """Whether every further copy is like the last, ``before`` being the network with one less.

        Where the number of copies grows along a line, what does not grow here never does.
        """
        is_line = self.is_all and self.is_linear and self.is_rising
        if not is_line or not (self.repeats or self.stacks):
            return False
        stacks = {
            node.path: node for node in report.built.root.nodes() if node.entry in self.stacks
        }
        if any(getattr(node.layer, node.layer.stacked) < 2 for node in stacks.values()):
            return False
        taken = [source for layer in report for source in layer.node.sources]
        if any(source.path in stacks and source.output != OUTPUT for source in taken):
            return False  # a last state, say, which has as many places as there are layers
        growing = self.growing(report, before)
        return bool(growing or stacks) and all(map(self._ends_steady, growing))

    def stays(self, error: SpecError, before: Report | None) -> bool:
        """Whether what is wrong in a network, ``before`` with a copy less, is so in deeper ones."""
        if not self.is_rising:
            return False
        if any(_is_limit(problem.message) for problem in error.problems):
            return self.is_all
        failed = next((problem.path for problem in error.problems if problem.path), "")
        own = [entry.name for entry in self.repeats if _is_copy(failed, entry.name)]
        if not own or not (self.is_first or self.is_all):
            return False
        if own[0] == self.repeats[0].name and self.is_first:
            return True
        if before is None or not self.is_all:
            return False
        for part in self.parts(before):
            if failed.startswith(f"{part.path}."):
                break
            if not self._ends_steady(part):
                return False
        return True

    def _ends_steady(self, part: Part) -> bool:
        """Whether the last copy puts out what the one before it did, and all further ones do."""
        copies = [copy for copy in part.children if isinstance(copy, Part)]
        tensors = [copy.output.tensor for copy in copies if copy.output is not None]
        if not len(tensors) == len(copies) > 1 or copies[-1].number <= self.last_index:
            return False
        return tensors[-1] == tensors[-2]


def _is_limit(message: str) -> bool:
    return message.startswith("the network has more than")


def _is_copy(path: str, name: str) -> bool:
    """Whether a path leads through a numbered copy of an entry."""
    words = path.split(".")
    return any(word == name and after.isdigit() for word, after in pairwise(words))


def _repeated(part: Part, entries: list[Entry]) -> Iterator[Part]:
    for child in part.children:
        if isinstance(child, Part):
            if child.role == Role.REPEAT and child.entry in entries:
                yield child
            else:
                yield from _repeated(child, entries)


def _linear(tree: Expression) -> bool:
    """Whether an expression is a sum of names and numbers, these perhaps times a number."""
    if isinstance(tree, (Number, Name)):
        return True
    if not isinstance(tree, Binary) or tree.operator not in ("+", "-", "*"):
        return False
    if tree.operator == "*" and not isinstance(tree.left, Number):
        return isinstance(tree.right, Number) and _linear(tree.left)
    return _linear(tree.left) and _linear(tree.right)


def _rises(tree: Expression) -> bool:
    """Whether an expression is seen never to fall as the names in it grow."""
    if isinstance(tree, (Number, Name)):
        return True
    if isinstance(tree, Call):
        return tree.function != "abs" and all(map(_rises, tree.arguments))
    if not isinstance(tree, Binary):
        return False
    left, right = tree.left, tree.right
    if tree.operator == "+":
        return _rises(left) and _rises(right)
    if tree.operator == "-":
        return _rises(left) and isinstance(right, Number)
    if tree.operator == "*" and isinstance(left, Number):
        left, right = right, left
    if tree.operator not in ("*", "/", "//") or not isinstance(right, Number):
        return False
    return right.value > 0 and _rises(left)


def _last_index(entry: Entry) -> float:
    """The last copy that can differ from the next by its index; -1 if none does."""
    settings = [*entry.settings.values(), *([entry.when] if entry.when else [])]
    own = max((_compared(tree) for setting in settings for tree in _trees(setting)), default=-1.0)
    return max(
        own,
        *(
            _last_index(inside)
            for branch in entry.branches or ()
            for inside in branch.entries
            if inside.repeat is None  # its own copies are what their index counts
        ),
        -1,
    )


def _trees(setting: Setting) -> Iterator[Expression]:
    if setting.kind == Setting.LIST:
        for item in setting.content:
            yield from _trees(item)
    elif setting.expression is not None:
        yield setting.expression


def _compared(tree: Expression) -> float:
    """The largest number that ``index`` is compared with; infinite where it is used otherwise."""
    if isinstance(tree, Name):
        return math.inf if tree.name == "index" else -1
    if isinstance(tree, Comparison):
        sides = [tree.first, *(side for _, side in tree.rest)]
        numbers = [side.value for side in sides if isinstance(side, Number)]
        if len(sides) == 2 and len(numbers) == 1 and "index" in [n.name for n in names(tree)]:
            is_plain = any(isinstance(side, Name) for side in sides)
            return math.ceil(numbers[0]) if is_plain else math.inf
    return max((_compared(part) for part in parts(tree)), default=-1.0)
