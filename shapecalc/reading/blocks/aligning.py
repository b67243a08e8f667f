"""Lists that are alike but for what is left out, put side by side.

What comes of it is a row of places. Each list fills some of them, in its order, and what fills a
place is the same layer in all: of one kind, of one name, fed from the same places.
"""

from __future__ import annotations

from typing import Any

from shapecalc.reading.blocks.draft import Draft, Item, Link, bones, key

MOST = 250_000
"""How many pairs of items are compared."""

Feeding = tuple[Any, ...]


class Slot:
    """A place: the items that fill it, by the number of their list."""

    __slots__ = ("items", "like")

    def __init__(self, like: Any) -> None:
        self.like = like
        self.items: dict[int, Item] = {}


class Alignment:
    """Lists side by side, the first of them to begin with."""

    def __init__(self, draft: Draft) -> None:
        self.drafts = [draft]
        likes = [likeness(item) for item in draft.items]
        self.numbers = {structure(draft, likes): 0}  # of lists, by what they have in common
        self.slots = [Slot(like) for like in likes]
        for slot, item in zip(self.slots, draft.items):
            slot.items[0] = item

    def with_another(self, draft: Draft) -> Alignment | None:
        """This and another list; None where they are too different to be one."""
        likes = [likeness(item) for item in draft.items]
        same = structure(draft, likes)
        if same in self.numbers:
            return self.with_one_like(self.numbers[same], draft)
        first = self.drafts[0]
        if draft.inputs != first.inputs or [*draft.outputs] != [*first.outputs]:
            return None
        if draft.is_numbered is not first.is_numbered:
            return None
        if len(self.slots) * len(draft.items) > MOST:
            return None
        made = Alignment.__new__(Alignment)
        made.drafts = [*self.drafts, draft]
        number = len(self.drafts)
        made.numbers = {**self.numbers, same: number}
        made.slots = []
        taken = 0
        for at, other in _common(self.slots, draft.items, likes):
            if other is not None:
                made.fill(number, draft.items[taken:other], likes[taken:other])
                taken = other + 1
            slot = Slot(self.slots[at].like)
            slot.items = dict(self.slots[at].items)
            if other is not None:
                slot.items[number] = draft.items[other]
            made.slots.append(slot)
        made.fill(number, draft.items[taken:], likes[taken:])
        return made if made.agrees() else None

    def with_one_like(self, twin: int, draft: Draft) -> Alignment:
        """This and a list that differs from one of these in numbers alone, and fills its places."""
        places = {id(item): n for n, item in enumerate(self.drafts[twin].items)}
        number = len(self.drafts)
        self.drafts.append(draft)
        for slot in self.slots:
            if twin in slot.items:
                slot.items[number] = draft.items[places[id(slot.items[twin])]]
        return self

    def fill(self, number: int, items: list[Item], likes: list[Any]) -> None:
        """Add places that one list alone fills."""
        for item, like in zip(items, likes):
            slot = Slot(like)
            slot.items[number] = item
            self.slots.append(slot)

    def agrees(self) -> bool:
        """Whether what fills a place is fed alike, once places that are not are told apart."""
        place: dict[int, Slot] = {}
        found: list[Slot] = []
        before: list[Any] = ["input"] * len(self.drafts)
        for slot in _regrouped(self.slots):
            ways: dict[Any, Slot] = {}
            is_chain = all(item.links is None for item in slot.items.values())
            for number, item in slot.items.items():
                way = () if is_chain else self.feeding(item, place, before[number])
                ways.setdefault(way, Slot(slot.like)).items[number] = item
            if len(ways) > 1 and _weighty(slot):
                return False
            for other in ways.values():
                found.append(other)
                for number, item in other.items.items():
                    place[id(item)] = before[number] = other
        self.slots = found
        return self.names_differ() and self.ends_alike(place, before)

    def feeding(self, item: Item, place: dict[int, Slot], before: Any) -> Feeding:
        """Where an item is fed from, in places."""

        def of(source: Any, output: str) -> Any:
            source = place[id(source)] if isinstance(source, Item) else source
            return (source if isinstance(source, str) else id(source), output)

        share = id(place[id(item.share)]) if item.share is not None else None
        if item.links is None:
            return (share, of(before, ""))
        return (share, *[of(*link) for link in item.links])

    def names_differ(self) -> bool:
        """Whether no two places have one name."""
        owners: dict[str, Slot] = {}
        for slot in sorted(self.slots, key=lambda slot: not _weighty(slot)):
            paths = {item.path for item in slot.items.values()} - {""}
            if len(paths) > 1 or (_weighty(slot) and paths & owners.keys()):
                return False
            owners.update(dict.fromkeys(paths, slot))
        return not any(path.rpartition(".")[0] in owners for path in owners)

    def ends_alike(self, place: dict[int, Slot], before: list[Any]) -> bool:
        """Whether what is put out by name comes from the same places."""
        outputs = [
            [
                (place[id(e.source)] if isinstance(e.source, Item) else e.source, e.output)
                for e in draft.outputs.values()
            ]
            for draft in self.drafts
        ]
        return all(each == outputs[0] for each in outputs)

    @property
    def shared(self) -> int:
        """How many places all lists fill."""
        return sum(len(slot.items) == len(self.drafts) for slot in self.slots)


def _weighty(slot: Slot) -> bool:
    return any(item.has_weights for item in slot.items.values())


def _regrouped(slots: list[Slot]) -> list[Slot]:
    """Neighbours that were told apart by what feeds them, as one place again."""
    found: list[Slot] = []
    for slot in slots:
        last = found[-1] if found else None
        if last is not None and last.like == slot.like and not last.items.keys() & slot.items:
            last.items.update(slot.items)
        else:
            found.append(slot)
    return found


def likeness(item: Item) -> Any:
    """What two items need in common to fill one place."""
    count = 1 if item.links is None else len(item.links)
    return (bones(item), item.path, count, item.pieces, item.share is None)


def structure(draft: Draft, likes: list[Any]) -> Any:
    """What lists have in common that differ in numbers alone: layers, and what feeds them.

    ``likes`` are the likenesses of its items.
    """
    places: dict[int, int] = {id(item): n for n, item in enumerate(draft.items)}

    def of(link: Link) -> tuple[Any, str]:
        source = link.source
        return (source if isinstance(source, str) else places[id(source)], link.output)

    fed = [None if item.links is None else tuple(map(of, item.links)) for item in draft.items]
    shares = [None if item.share is None else places[id(item.share)] for item in draft.items]
    ends = [(name, of(link)) for name, link in draft.outputs.items()]
    return (draft.is_numbered, *draft.inputs, *likes, *fed, *shares, *ends)


def _alike(slot: Slot, item: Item) -> int:
    """How much two items of one likeness have in common."""
    other = next(iter(slot.items.values()))
    names = item.settings.keys() & other.settings.keys()
    same = sum(key(item.settings[name]) == key(other.settings[name]) for name in names)
    apart = len(item.settings.keys() ^ other.settings.keys())
    return 1000 + 10 * (same - apart) + len(names)


def _common(slots: list[Slot], items: list[Item], likes: list[Any]) -> list[tuple[int, int | None]]:
    """The places in order, each with the item that fills it, if one does.

    Of all ways to put them side by side that is one with the most, and most alike, in common.
    """
    rows, columns = len(slots), len(items)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    worth: dict[tuple[int, int], int] = {}
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if slots[i].like == likes[j]:
                worth[i, j] = _alike(slots[i], items[j])
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + worth[i, j])
    found: list[tuple[int, int | None]] = []
    i = j = 0
    while i < rows:
        if j < columns and best[i][j] == best[i + 1][j + 1] + worth.get((i, j), -1):
            found.append((i, j))
            i, j = i + 1, j + 1
        elif j < columns and best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found.append((i, None))
            i += 1
    return found
