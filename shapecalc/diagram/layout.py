"""Where the main path of a diagram runs, and how a long one is broken to fit a page.

Sizes are rough, in points: Graphviz measures anew. They decide on the shape alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import sqrt
from typing import NamedTuple

from shapecalc.diagram.plan import Edge, Item, Plan, Vertex

PAGE = 780
"""The height of a page within its margins; what is lower stays in one column."""

PROPORTIONS = {True: 1.1, False: 2}
"""The length of good columns, or of rows, over how far all of them reach together."""

DETOUR = 60
"""How much lower or higher a column may end for each edge less that has to go on in the next."""

WORTH = 0.75
"""How high the highest column may be, over the height of all in one."""

LINE, CHARACTER, PAD, GAP, TEXT, HEADING = 11.5, 5.2, 11, 26, 90, 36


class Layout(NamedTuple):
    """The edges of the main path by their places, and the columns.

    ``climbs`` says that the second column runs upwards, so that the two of them make a U. In it
    the edges ``level`` run from a join to the right, and the edges ``back`` lead from there to
    the box below the next join.
    """

    spine: frozenset[int]
    columns: list[list[Item]]
    climbs: bool = False
    level: frozenset[int] = frozenset()
    back: frozenset[int] = frozenset()


def lay_out(plan: Plan, texts: Mapping[str, Sequence[str]], *, is_down: bool = True) -> Layout:
    """Lay a plan out, given the lines of its boxes; left to right where it is not ``is_down``.

    What is said here of height and columns then holds of width and rows.
    """
    spine = main_path(plan)
    items = plan.root.items
    tops, height, width = _measure(plan, texts, is_down)
    if height <= PAGE:
        return Layout(frozenset(spine), [items])
    spans = _spans(plan)
    count = sqrt(height / (PROPORTIONS[is_down] * (width + GAP)))
    bottom = _bottom(spans)
    if bottom is not None and is_down:
        columns = [items[: bottom + 1], items[bottom + 1 :]]
        return Layout(frozenset(spine), columns, True, *_steps(plan, spine, columns[1]))
    columns = _columns(items, tops, _free(plan, spans), height, round(count))
    return Layout(frozenset(spine), columns)


def main_path(plan: Plan) -> list[int]:
    """The places of the edges on the longest way from an input to the first output.

    Of several it is the middle one.
    """
    far: dict[str, int] = {}
    best: dict[str, list[int]] = {}
    for i, edge in _in_order(plan):
        distance = far.get(edge.source, 0) + 1
        if distance > far.get(edge.target, 0):
            far[edge.target] = distance
            best[edge.target] = []
        if distance == far[edge.target]:
            best[edge.target].append(i)
    found = []
    place = "output0"
    while place in best:
        middle = best[place][(len(best[place]) - 1) // 2]
        found.append(middle)
        place = plan.edges[middle].source
    return found[::-1]


def _in_order(plan: Plan) -> list[tuple[int, Edge]]:
    """The edges by the order of their targets."""
    order = {vertex.id: i for i, vertex in enumerate(plan.root.vertices())}
    return sorted(enumerate(plan.edges), key=lambda each: order[each[1].target])


def _measure(
    plan: Plan, texts: Mapping[str, Sequence[str]], is_down: bool
) -> tuple[list[float], float, float]:
    """Where each of the outermost items begins, the height of it all, and the width."""
    y: dict[str, float] = {}
    rank: dict[str, int] = {}
    into: dict[str, list[str]] = {}
    for edge in plan.edges:
        into.setdefault(edge.target, []).append(edge.source)
    widths: dict[int, float] = {}
    tops = []
    height = 0.0
    for item in plan.root.items:
        own = list(_vertices(item))
        frames = 0 if isinstance(item, Vertex) else _nesting(item) * HEADING
        top = None
        for vertex in own:
            above = into.get(vertex.id, ())
            start = max((y[source] for source in above), default=0.0)
            start += frames if top is None else 0
            top = start if top is None else top
            high = LINE * len(texts[vertex.id]) + PAD
            wide = CHARACTER * max(map(len, texts[vertex.id])) + 2 * PAD
            along, across = (high + GAP, wide) if is_down else (wide + TEXT, high)
            y[vertex.id] = start + along
            rank[vertex.id] = place = max((rank[source] + 1 for source in above), default=0)
            widths[place] = widths.get(place, 0) + across
            height = max(height, y[vertex.id])
        tops.append(top or 0.0)
    return tops, height, max(widths.values(), default=0.0)


def _vertices(item: Item) -> Iterator[Vertex]:
    return iter((item,)) if isinstance(item, Vertex) else item.vertices()


def _nesting(item: Item) -> int:
    if isinstance(item, Vertex):
        return 0
    return 1 + max(map(_nesting, item.items), default=0)


def _spans(plan: Plan) -> list[tuple[int, int]]:
    """From which to which of the outermost items each edge goes."""
    places = {}
    for i, item in enumerate(plan.root.items):
        for vertex in _vertices(item):
            places[vertex.id] = i
    return [(places[edge.source], places[edge.target]) for edge in plan.edges]


def _bottom(spans: list[tuple[int, int]]) -> int | None:
    """The item at the bottom of an hourglass: skips over it are nested in each other."""
    skips = sorted({(i, j) for i, j in spans if j > i + 1})
    nested = all(a < c and d < b for (a, b), (c, d) in pairwise(skips))
    if len(skips) < 2 or not nested or skips[-1][1] - skips[-1][0] < 2:
        return None
    return sum(skips[-1]) // 2


def _steps(
    plan: Plan, spine: Sequence[int], climbing: Sequence[Item]
) -> tuple[frozenset[int], frozenset[int]]:
    """The edges of a U that run level, and those that lead back, see :class:`Layout`."""
    inside = {vertex.id for item in climbing for vertex in _vertices(item)}
    way = [i for i in spine if plan.edges[i].source in inside]
    joins = {
        edge.target
        for i, edge in enumerate(plan.edges)
        if edge.target in inside and edge.source not in inside and i not in spine
    }
    joined = [(plan.edges[i].source in joins, plan.edges[i].target in joins) for i in way]
    level = [k for k, each in enumerate(joined) if each == (True, False)]
    back = [
        k
        for k, (each, (_, is_last)) in enumerate(pairwise(joined))
        if each == (False, False) and is_last and level and level[0] < k
    ]
    return frozenset(way[k] for k in level), frozenset(way[k] for k in back)


def _free(plan: Plan, spans: list[tuple[int, int]]) -> dict[int, int]:
    """The items before which a column may end, and how many edges go on there, of one tensor."""
    reach: dict[str, tuple[int, int]] = {}
    for edge, (i, j) in zip(plan.edges, spans):
        reach[edge.source] = (i, max(j, reach.get(edge.source, (i, j))[1]))
    tensors = _crossings(reach.values(), len(plan.root.items))
    edges = _crossings(spans, len(plan.root.items))
    return {i: edges[i] for i, count in enumerate(tensors) if i and count == 1}


def _crossings(spans: Iterable[tuple[int, int]], count: int) -> list[int]:
    """How many spans begin before each item and end at it or behind it."""
    change = [0] * (count + 1)
    for i, j in spans:
        change[i + 1] += 1
        change[j + 1] -= 1
    return list(accumulate(change[:-1]))


def _columns(
    items: list[Item], tops: list[float], free: Mapping[int, int], height: float, count: int
) -> list[list[Item]]:
    """Break the items into that many columns of about the same height, or not at all.

    Where shortcuts leave few places to break, that may not make the picture much lower.
    """
    ends = set()
    for goal in (height * i / count for i in range(1, count) if free):
        ends.add(min(free, key=lambda i: abs(tops[i] - goal) + DETOUR * (free[i] - 1)))
    cuts = sorted(ends)
    marks = [0.0, *(tops[i] for i in cuts), height]
    if max(b - a for a, b in pairwise(marks)) > WORTH * height:
        return [items]
    return [items[a:b] for a, b in zip([0, *cuts], [*cuts, len(items)])]
