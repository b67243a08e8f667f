"""Two reports side by side: every layer with its counterpart, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity, Shape, is_symbolic
from shapecalc.algebra.requirement import equal
from shapecalc.analysis.constraints import Constraint
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.measures import Totals
from shapecalc.analysis.report import Report
from shapecalc.comparing.alignment import Pair, align
from shapecalc.graph.graph import Node
from shapecalc.pace import now
from shapecalc.table import Row, rows


class Values(NamedTuple):
    """The same count on both sides."""

    left: Dim
    right: Dim

    @classmethod
    def of(cls, left: Totals, right: Totals, name: str) -> Values:
        """The sums of one measure: ``params``, ``macs``, ``buffers``, ..."""
        return cls(getattr(left, name), getattr(right, name))

    @property
    def change(self) -> Any:
        """What is more on the right: a number, or a formula multiplied out.

        0 if the two are equal for all values of the symbols, however they are written.

        >>> Values(204_832, 12_832).change
        -192000
        """
        return difference(self.left, self.right)

    @property
    def ratio(self) -> Fraction | None:
        """How many times the left the right is; None if that depends on the symbols.

        >>> Values(204_800, 16_896).ratio
        Fraction(33, 400)
        """
        left, right = self
        if isinstance(left, int) and isinstance(right, int):
            return Fraction(right, left) if left else None
        if left == 0:
            return None
        return _constant_ratio(left, right)


def _constant_ratio(left: Dim, right: Dim) -> Fraction | None:
    """A ratio that holds at one place holds everywhere, or there is none."""
    from shapecalc.algebra.formula import evaluate

    symbols: set[str] = set()
    for value in (left, right):
        symbols |= getattr(value, "symbols", frozenset())
    somewhere = dict.fromkeys(symbols, 2**6)
    at_left: Any = evaluate(left, somewhere)
    at_right: Any = evaluate(right, somewhere)
    if not at_left:
        return None
    ratio = Fraction(at_right) / Fraction(at_left)
    holds = difference(ratio.numerator * left, ratio.denominator * right) == 0
    return ratio if holds else None


def difference(left: Quantity, right: Quantity) -> Any:
    """``right - left``; 0 where the two are known to be equal for all values of the symbols."""
    if left == right:
        return 0
    change: Any = right - left
    if not is_symbolic(change):
        return change
    from shapecalc.algebra.formula import expanded

    change = expanded(change)
    return 0 if equal(change, 0).decide() is True else change


def alike(left: Shape | None, right: Shape | None) -> bool:
    """Whether two shapes are the same for all values of the symbols."""
    if left is None or right is None or len(left) != len(right):
        return left == right
    return all(difference(a, b) == 0 for a, b in zip(left, right))


class Change(NamedTuple):
    """Rows of the left report and their counterparts in the right one.

    Mostly one of each, or one and none. Several where parts are folded that the other network
    divides differently. ``pairs`` are the layers in them.

    >>> import shapecalc
    >>> narrow, wide = shapecalc.load("lenet5"), shapecalc.load("lenet5").report(num_classes=100)
    >>> (change,) = compare(narrow.report(), wide).changes
    >>> change.outputs, change.values("params"), change.totals[1].macs, change.is_different
    (((1, 10), (1, 100)), Values(left=850, right=8500), 8400, True)
    """

    left: tuple[Row, ...]
    right: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    settings: dict[str, tuple[Any, Any]]
    different_inside: int

    @property
    def totals(self) -> tuple[Totals, Totals]:
        """The sums over the layers of either side."""
        return Totals(_layers(self.left)), Totals(_layers(self.right))

    def values(self, name: str) -> Values:
        """A count on both sides: ``params``, ``macs``, ``buffers``, ..."""
        return Values.of(*self.totals, name)

    @property
    def outputs(self) -> tuple[Shape | None, Shape | None]:
        """The shape that comes out at the end on either side, the batch included."""
        return _output(self.left), _output(self.right)

    @property
    def is_different(self) -> bool:
        """Whether anything but a name differs."""
        return self.different_inside > 0


class Comparison:
    """Two reports, and every row of either with its counterpart.

    >>> import shapecalc
    >>> direct = shapecalc.load("conv5x5_direct").report()
    >>> comparison = compare(direct, shapecalc.load("conv5x5_reduced").report())
    >>> [(len(change.left), len(change.right)) for change in comparison.changes]
    [(0, 1), (1, 1)]
    >>> comparison.totals["macs"].ratio
    Fraction(33, 400)

    >>> comparison.is_different, comparison.symbols, comparison.constraints
    (True, {}, ([], []))
    >>> sorted(comparison.counterparts.items()), sorted(comparison.counterparts_of_right)
    ([('conv1', 'conv2'), ('input', 'input')], ['conv2', 'input'])
    >>> comparison.orders
    {}
    """

    def __init__(self, left: Report, right: Report, depth: int | None = None) -> None:
        now.begin("comparing")
        self.left = left
        self.right = right
        self.pairs = list(align(left.built.root, right.built.root))
        self.rows = list(_changes(self, depth))

    def __str__(self) -> str:
        from shapecalc.comparing.write import text  # which writes comparisons

        return text(self)

    def _repr_html_(self) -> str:
        """The table of what differs, as notebooks show it."""
        from shapecalc.comparing.write import lay_out
        from shapecalc.layout import html

        return html(lay_out(self))

    @property
    def changes(self) -> list[Change]:
        """The rows in which something differs."""
        return [row for row in self.rows if row.is_different]

    @cached_property
    def counterparts(self) -> dict[str, str]:
        """The right path for every left one that has a counterpart.

        Inputs go by their names where both networks have the same, else by their order.
        """
        ours, theirs = self.left.inputs, self.right.inputs
        found = dict(zip(ours, ours if set(ours) == set(theirs) else theirs))
        found.update((a.path, b.path) for a, b in self.pairs if a is not None and b is not None)
        return found

    @cached_property
    def counterparts_of_right(self) -> frozenset[str]:
        """The right paths that have a counterpart."""
        return frozenset(self.counterparts.values())

    @property
    def totals(self) -> dict[str, Values]:
        """Every total on both sides."""
        left, right = self.left.totals, self.right.totals
        return {name: self.total(name) for name in left.by_name | right.by_name}

    def total(self, name: str) -> Values:
        """A total on both sides: ``params``, ``macs``, ``buffers``, ...

        >>> import shapecalc
        >>> shapecalc.diff("resnet18", "resnet34").total("params")
        Values(left=11689512, right=21797672)
        """
        return Values.of(self.left.totals, self.right.totals, name)

    @property
    def symbols(self) -> dict[str, tuple[Quantity, Quantity]]:
        """The symbols that both have, with values that differ."""
        left, right = self.left.symbols, self.right.symbols
        both = {name: (left[name], right[name]) for name in left if name in right}
        return {name: values for name, values in both.items() if values[0] != values[1]}

    @property
    def constraints(self) -> tuple[list[Constraint], list[Constraint]]:
        """What only the left network asks of its symbols, and what only the right one does."""
        left, right = self.left.constraints, self.right.constraints
        return _without(left, right), _without(right, left)

    @property
    def is_different(self) -> bool:
        """Whether anything but names differs."""
        outputs = [[tensor.shape for _, tensor in each.outputs] for each in (self.left, self.right)]
        same = len(outputs[0]) == len(outputs[1]) and all(map(alike, *outputs))
        return bool(self.changes or any(self.constraints) or not same or self.orders)

    @property
    def orders(self) -> dict[str, tuple[list[str], list[str]]]:
        """The inputs and outputs that the networks have alike, but in another order."""
        known = self.counterparts
        both = {
            "inputs": [list(each.inputs) for each in (self.left, self.right)],
            "outputs": [[path for path, _ in each.outputs] for each in (self.left, self.right)],
        }
        return {
            what: (ours, theirs)
            for what, (ours, theirs) in both.items()
            if (there := [known.get(path) for path in ours]) != theirs and set(there) == set(theirs)
        }


def compare(left: Report, right: Report, depth: int | None = None) -> Comparison:
    """Match the layers of two networks along their trees; parts below ``depth`` are one row.

    >>> import shapecalc
    >>> small, large = shapecalc.load("resnet18").report(), shapecalc.load("resnet34").report()
    >>> compare(small, large).totals["params"]
    Values(left=11689512, right=21797672)
    """
    return Comparison(left, right, depth)


def _without(some: Iterable[Constraint], others: Iterable[Constraint]) -> list[Constraint]:
    known = {each.condition for each in others}
    return [each for each in some if each.condition not in known]


def _layers(own: tuple[Row, ...]) -> Iterator[LayerReport]:
    return (layer for row in own for layer in row.layers)


def _output(own: tuple[Row, ...]) -> Shape | None:
    return own[-1].output.shape if own and own[-1].output else None


def _changes(comparison: Comparison, depth: int | None) -> Iterator[Change]:
    """The pairs of layers, those of the same rows together.

    A layer without a counterpart goes to the row that it is folded into, wherever that stands.
    """
    homes = [_homes(report, depth) for report in (comparison.left, comparison.right)]
    groups: dict[int, list[Pair]] = {}
    group_of: dict[tuple[int, str], int] = {}
    for number, pair in enumerate(comparison.pairs):
        keys = [(side, homes[side][node.path].path) for side, node in enumerate(pair) if node]
        known = sorted({group_of[key] for key in keys if key in group_of})
        group = known[0] if known else number
        groups.setdefault(group, [])
        for other in known[1:]:  # this pair joins two groups
            groups[group] += groups.pop(other)
            group_of.update({key: group for key, own in group_of.items() if own == other})
        groups[group].append(pair)
        group_of.update(dict.fromkeys(keys, group))
    for pairs in groups.values():
        left, right = (
            tuple({home[p.path].path: home[p.path] for p in side if p is not None}.values())
            for home, side in zip(homes, zip(*pairs))
        )
        settings = _settings(comparison, *pairs[0]) if len(pairs) == 1 else {}
        different = sum(_is_different(comparison, a, b) for a, b in pairs)
        yield Change(left, right, tuple(pairs), settings, different)


def _homes(report: Report, depth: int | None) -> dict[str, Row]:
    """The row that every layer stands in."""
    return {
        layer.path: row for row in rows(report, depth) if not row.is_heading for layer in row.layers
    }


def _is_different(comparison: Comparison, left: Node | None, right: Node | None) -> bool:
    if left is None or right is None or left.layer.kind != right.layer.kind:
        return True
    if _settings(comparison, left, right) or not alike(left.output.shape, right.output.shape):
        return True
    a, b = comparison.left[left.path], comparison.right[right.path]
    return any(
        difference(a.counts[name], b.counts[name]) != 0 for name in ("params", "buffers", "macs")
    )


def _settings(
    comparison: Comparison, left: Node | None, right: Node | None
) -> dict[str, tuple[Any, Any]]:
    """The settings that differ, those that follow from the input included, and the sources."""
    if left is None or right is None:
        return {}
    ours, theirs = vars(left.layer), vars(right.layer)
    found = {
        name: (ours[name], theirs[name])
        for name in left.layer.fields
        if name in theirs and ours[name] != theirs[name]
    }
    if _is_rewired(comparison, left, right):
        found["from"] = (comparison.left[left.path].inputs, comparison.right[right.path].inputs)
    return found


def _is_rewired(comparison: Comparison, left: Node, right: Node) -> bool:
    """Whether it is fed from elsewhere; a source that only one side has says so itself."""
    if len(left.sources) != len(right.sources):
        return True
    known, there = comparison.counterparts, comparison.counterparts_of_right
    if left.layer.commutes:
        ours = Counter((known[a.path], a.output) for a in left.sources if a.path in known)
        theirs = Counter((b.path, b.output) for b in right.sources if b.path in there)
        return bool(ours - theirs and theirs - ours)
    return any(
        a.path in known and b.path in there and (known[a.path], a.output) != b
        for a, b in zip(left.sources, right.sources)
    )
