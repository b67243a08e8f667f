"""Which layer of one network is which of another.

The two trees are walked together from their roots. In each pair of lists, children are paired so
that the order is kept and the likenesses of the pairs sum to the most, by the dynamic programme of
Needleman and Wunsch (1970); paired parts are then walked in their turn. Children of the same given
name that stand in another order are paired before that. Where parts are left over, because one
network has a block for what the other writes out, the layers inside are paired.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from shapecalc.algebra.arithmetic import Shape
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.words import name_stem

Pair = tuple[Node | None, Node | None]
"""A layer and its counterpart; None on the side that has none."""

MOST_COMPARED = 1_000_000
"""How many pairs of children are looked at for one pair of lists. Longer lists differ throughout
once their like ends are taken off, and are left unpaired."""

T = TypeVar("T", bound="Node | Part")


def align(left: Part, right: Part) -> Iterator[Pair]:
    """The layers of two networks in order, each with its counterpart."""
    found = _paired(left.members, right.members)
    for a, b in _unpaired_together(found):
        if isinstance(a, Part) and isinstance(b, Part):
            yield from align(a, b)
        elif isinstance(a, Node) and isinstance(b, Node):
            yield a, b
        elif a or b:
            yield from _paired(_leaves(a), _leaves(b))


def _unpaired_together(
    pairs: Sequence[tuple[Node | Part | None, Node | Part | None]],
) -> Iterator[tuple[Any, Any]]:
    """The pairs, and what stands unpaired between two of them as a list of either side."""
    only_left: list[Node | Part] = []
    only_right: list[Node | Part] = []
    for a, b in pairs:
        if a is not None and b is not None:
            yield only_left, only_right
            yield a, b
            only_left, only_right = [], []
        elif a is not None:
            only_left.append(a)
        elif b is not None:
            only_right.append(b)
    yield only_left, only_right


def _leaves(children: Sequence[Node | Part]) -> list[Node]:
    found: list[Node] = []
    for child in children:
        found += [child] if isinstance(child, Node) else child.nodes()
    return found


def _paired(left: Sequence[T], right: Sequence[T]) -> list[tuple[T | None, T | None]]:
    """Two lists in the order of the left one, what is alike side by side."""
    ours, theirs = [_Looks.of(each) for each in left], [_Looks.of(each) for each in right]
    moved = _moved(ours, theirs)
    if not moved:
        return _in_order(left, right, ours, theirs)
    there = set(moved.values())
    stay = [i for i in range(len(left)) if i not in moved]
    rest = [j for j in range(len(right)) if j not in there]
    found = _in_order(
        [left[i] for i in stay],
        [right[j] for j in rest],
        [ours[i] for i in stay],
        [theirs[j] for j in rest],
    )
    place = {id(child): i for i, child in enumerate(left)}
    pairs: list[tuple[T | None, T | None]] = []
    waiting = sorted(moved)
    for a, b in found:
        while a is not None and b is not None and waiting and waiting[0] < place[id(a)]:
            i = waiting.pop(0)
            pairs.append((left[i], right[moved[i]]))
        pairs.append((a, b))
    return [*pairs, *[(left[i], right[moved[i]]) for i in waiting]]


def _moved(left: list[_Looks], right: list[_Looks]) -> dict[int, int]:
    """The places of children that have their name on both sides, but stand in another order.

    The most that keep their order stay; it is the others that moved.
    """
    places = {looks.name: j for j, looks in enumerate(right) if looks.name}
    both = {
        i: places[looks.name]
        for i, looks in enumerate(left)
        if looks.name in places and looks.likeness(right[places[looks.name]])
    }
    targets = list(both.values())
    if targets == sorted(targets):
        return {}
    stay = set(_longest_rise(targets))
    return {i: j for i, j in both.items() if j not in stay}


def _longest_rise(numbers: Sequence[int]) -> list[int]:
    """The longest rising subsequence of different numbers.

    >>> _longest_rise([3, 0, 1, 4, 2])
    [0, 1, 2]
    """
    ends: list[int] = []  # the least last number of a rise of each length
    before: dict[int, int | None] = {}
    for number in numbers:
        length = bisect_left(ends, number)
        before[number] = ends[length - 1] if length else None
        ends[length : length + 1] = [number]
    found: list[int] = []
    last: int | None = ends[-1] if ends else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found[::-1]


def _in_order(
    left: Sequence[T], right: Sequence[T], ours: list[_Looks], theirs: list[_Looks]
) -> list[tuple[T | None, T | None]]:
    """The pairs of two lists, both in order."""
    first = 0
    while first < min(len(left), len(right)) and ours[first].is_same(theirs[first]):
        first += 1
    last = 0
    while last < min(len(left), len(right)) - first and ours[-1 - last].is_same(theirs[-1 - last]):
        last += 1
    n, m = len(left) - last, len(right) - last
    return [
        *zip(left[:first], right[:first]),
        *[
            (None if i is None else left[first + i], None if j is None else right[first + j])
            for i, j in _best(ours[first:n], theirs[first:m])
        ],
        *zip(left[n:], right[m:]),
    ]


def _best(left: list[_Looks], right: list[_Looks]) -> Iterator[tuple[int | None, int | None]]:
    """The pairing of the greatest likeness, as places in the lists."""
    n, m = len(left), len(right)
    if n * m > MOST_COMPARED:
        yield from ((i, None) for i in range(n))
        yield from ((None, j) for j in range(m))
        return
    likeness = [[a.likeness(b) for b in right] for a in left]
    best = [[0] * (m + 1) for _ in range(n + 1)]  # of what is left from i and j on
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            together = best[i + 1][j + 1] + likeness[i][j]
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < n or j < m:
        if (
            i < n
            and j < m
            and likeness[i][j]
            and (best[i][j] == best[i + 1][j + 1] + likeness[i][j])
        ):
            yield i, j
            i, j = i + 1, j + 1
        elif i < n and best[i][j] == best[i + 1][j]:
            yield i, None
            i += 1
        else:
            yield None, j
            j += 1


class _Looks(NamedTuple):
    """What layers and parts are recognised by."""

    is_part: bool
    name: str  # empty if it was numbered, which tells where it stands but not what it is
    kind: str
    family: str
    settings: Mapping[str, Any]
    output: Shape | None
    weighs: int  # twice for what is learned, for it makes a network what it is

    @staticmethod
    def of(child: Node | Part) -> _Looks:
        if isinstance(child, Node):
            return _Looks(
                False,
                _given_name(child),
                child.layer.kind,
                child.layer.family,
                _stated(child),
                child.output.shape,
                2 if child.layer.weights() else 1,
            )
        kind = child.written or child.role
        inside = [(node.layer.kind, _stated(node)) for node in child.nodes()]
        output = child.output.tensor.shape if child.output else None
        return _Looks(True, _given_name(child), kind, kind, {"": inside}, output, 2)

    def is_same(self, other: _Looks) -> bool:
        """Whether it is the other without a doubt."""
        if self.is_part != other.is_part or self.kind != other.kind or self.name != other.name:
            return False
        return bool(self.name) or self.settings == other.settings

    def likeness(self, other: _Looks) -> int:
        """How much speaks for being the other, 0 if nothing does.

        A name speaks most, then the kind, then every setting that is the same; what comes out
        decides only where nothing else does, for it follows from what stands before.
        """
        same_name = bool(self.name) and self.name == other.name
        if self.is_part != other.is_part or not (same_name or self.family == other.family):
            return 0
        points = 10 + 30 * same_name + (self.output == other.output)
        if self.kind == other.kind:
            same = sum(other.settings.get(name) == value for name, value in self.settings.items())
            points += 10 + (10 * same // len(self.settings) if self.settings else 10)
        return points * min(self.weighs, other.weighs)


def _stated(node: Node) -> dict[str, Any]:
    """The settings that do not follow from the input."""
    values = vars(node.layer)
    return {n: values[n] for n, field in node.layer.fields.items() if field.infer is None}


def _given_name(child: Node | Part) -> str:
    """The name that a person gave to a child; copies of a repeat have their number.

    What is called by its number among others has none: that shifts with what is there.
    """
    parent = child.part if isinstance(child, Node) else child.parent
    name = child.called
    is_own = not (isinstance(child, Part) and child.role == Role.BRANCH)
    if is_own and child.entry is not None and child.entry.is_by_number:
        return ""
    if parent is not None and parent.role == Role.COPY:
        return name
    if isinstance(child, Part) and child.role == Role.BRANCH:
        return "" if "." in name else name
    entry = child.entry
    return "" if entry is None or name.rstrip("0123456789") == name_stem(entry.kind) else name
