"""How much Graphviz has to lay out, counted before it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

MOST_PIECES = 4000
"""How many pieces of a diagram may stand in one column: the time to lay them out grows with the
square of their number, and takes seconds from here on.

The largest bundled networks, all blocks open, come to 2,200.
"""

IN_ALL = 2
"""How many times as many may stand in all columns together, which take time in proportion."""

MANY_PIECES = 2500
"""From so many pieces on, boxes are moved a bounded number of times to straighten edges: with many
long edges Graphviz takes a minute for what is hardly straighter. No bundled network has as many.
"""

MOVES = 1
"""How often, as Graphviz's ``nslimit``: so many times the number of boxes."""


class TooLarge(ValueError):
    """Graphviz would not come to an end with a diagram."""


def ensure_few(count: int, where: str, most: int) -> None:
    """Raise :class:`TooLarge` where Graphviz would have to lay out more than it is given."""
    if count > most:
        raise TooLarge(
            f"{count:,} boxes, and ranks that edges cross,{where} are more than the {most:,} that "
            f"Graphviz is given to lay out: fold more with --depth, write a .dot or a page "
            f"(.html), or raise --max-pieces"
        )


class Link(NamedTuple):
    """An edge as Graphviz is told of it, and how many ranks it spans at least."""

    source: str
    target: str
    ranks: int = 1


def pieces(
    links: Iterable[Link], columns: Mapping[str, int], main: Collection[str]
) -> dict[int, int]:
    """The boxes in each column, and with them the ranks between their ends that edges cross.

    ``columns`` says where each box stands, but for the signs with which columns begin and end.
    What nothing leads to from the ``main`` path or from such a sign is put as near as can be to
    what it feeds.

    >>> chain = [Link("a", "b"), Link("b", "c"), Link("a", "c")]
    >>> pieces(chain, {"a": 0, "b": 0, "c": 0}, ["a"])  # three boxes, and 1 + 1 + 2 ranks
    {0: 7}
    """
    into: dict[str, list[Link]] = {}
    out: dict[str, list[Link]] = {}
    for link in links:
        into.setdefault(link.target, []).append(link)
        out.setdefault(link.source, []).append(link)
    order = _ordered([*dict.fromkeys([*columns, *out, *into])], into, out)
    rank: dict[str, int] = dict.fromkeys(order, 0)
    fed = {*main, *(each for each in out if each not in columns)}
    for each in order:
        for source, _, ranks in into.get(each, ()):
            rank[each] = max(rank[each], rank[source] + ranks)
            if source in fed:
                fed.add(each)
    for each in reversed(order):
        if each not in fed and each in out:
            rank[each] = min(rank[target] - ranks for _, target, ranks in out[each])
    found = Counter(columns.values())
    for source, target, _ in (link for own in out.values() for link in own):
        column = columns[target] if target in columns else columns[source]
        found[column] += abs(rank[target] - rank[source])
    return dict(found)


def _ordered(
    names: list[str], into: Mapping[str, list[Link]], out: Mapping[str, list[Link]]
) -> list[str]:
    """The names with sources before targets, and whatever stands in a circle at the end."""
    left = {name: len(into.get(name, ())) for name in names}
    ready = [name for name in names if not left[name]]
    for name in ready:
        for link in out.get(name, ()):
            left[link.target] -= 1
            if not left[link.target]:
                ready.append(link.target)
    return [*ready, *(name for name in names if left[name] > 0)]
