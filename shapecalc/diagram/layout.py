"""Where the main path of a diagram runs, and how a long one is broken to fit a page.

Sizes are rough, in points: Graphviz measures anew. They decide on the shape alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

LINE, CHARACTER, PAD, GAP, TEXT, HEADING = 11.5, 5.2, 11, 26, 90, 36


class Layout(NamedTuple):
    """The edges of the main path by their places, and the columns.

    ``climbs`` says that the second column runs upwards, so that the two of them make a U.
    """

    spine: frozenset[int]
    columns: list[list[Item]]
    climbs: bool = False


def lay_out(plan: Plan, texts: Mapping[str, Sequence[str]], *, is_down: bool = True) -> Layout:
    """Lay a plan out, given the lines of its boxes; left to right where it is not ``is_down``.

    What is said here of height and columns then holds of width and rows.
    """
    spine = _spine(plan)
    items = plan.root.items
    tops, height, width = _measure(plan, texts, is_down)
    if height <= PAGE:
        return Layout(spine, [items])
    spans = _spans(plan)
    count = sqrt(height / (PROPORTIONS[is_down] * (width + GAP)))
    bottom = _bottom(spans)
    if bottom is not None:
        return Layout(spine, [items[: bottom + 1], items[bottom + 1 :]], climbs=True)
    return Layout(spine, _columns(items, tops, _free(plan, spans), height, round(count)))


def _spine(plan: Plan) -> frozenset[int]:
    """The longest way from an input to the first output, the middle one of several."""
    far: dict[str, int] = {}
    best: dict[str, list[int]] = {}
    for i, edge in _in_order(plan):
        distance = far.get(edge.source, 0) + 1
        if distance > far.get(edge.target, 0):
            far[edge.target] = distance
            best[edge.target] = []
        if distance == far[edge.target]:
            best[edge.target].append(i)
    found = set()
    place = "output0"
    while place in best:
        middle = best[place][(len(best[place]) - 1) // 2]
        found.add(middle)
        place = plan.edges[middle].source
    return frozenset(found)


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
        own = [item] if isinstance(item, Vertex) else list(item.vertices())
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


def _nesting(item: Item) -> int:
    if isinstance(item, Vertex):
        return 0
    return 1 + max(map(_nesting, item.items), default=0)


def _spans(plan: Plan) -> list[tuple[int, int]]:
    """From which to which of the outermost items each edge goes."""
    places = {}
    for i, item in enumerate(plan.root.items):
        for vertex in (item,) if isinstance(item, Vertex) else item.vertices():
            places[vertex.id] = i
    return [(places[edge.source], places[edge.target]) for edge in plan.edges]


def _bottom(spans: list[tuple[int, int]]) -> int | None:
    """The item at the bottom of an hourglass: skips over it are nested in each other."""
    skips = sorted({(i, j) for i, j in spans if j > i + 1})
    nested = all(a < c and d < b for (a, b), (c, d) in pairwise(skips))
    if len(skips) < 2 or not nested or skips[-1][1] - skips[-1][0] < 2:
        return None
    return sum(skips[-1]) // 2


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
    """Break the items into that many columns of about the same height."""
    ends = set()
    for goal in (height * i / count for i in range(1, count) if free):
        ends.add(min(free, key=lambda i: abs(tops[i] - goal) + DETOUR * (free[i] - 1)))
    cuts = sorted(ends)
    return [items[a:b] for a, b in zip([0, *cuts], [*cuts, len(items)])]
