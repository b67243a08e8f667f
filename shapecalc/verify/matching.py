"""Which weight of the module is which of the spec: by order of use, else by what it does.

However a match was found, only the numbers that come out prove it right; so a match may be a
guess, and must only be a good one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple, TypeVar

from shapecalc.verify.tracing import Use

SAME = 1e-9
"""Gradients that are no further apart, in parts of the largest number, may be the same."""

Pairs = dict[str, str]
"""The module's name of what the spec calls so."""


class State(NamedTuple):
    """A weight or buffer: its full name, whether it is learned, its shape, and its layer's kind.

    ``kind`` is the class of torch that holds it, ``""`` if that is a class of the user's;
    ``put_out`` is the shape of what came out of its first use.
    """

    name: str
    is_learned: bool
    shape: tuple[int, ...]
    kind: str
    put_out: tuple[int, ...] = ()

    @property
    def leaf(self) -> str:
        """Its name in its layer."""
        return self.name.rpartition(".")[2]

    @property
    def size(self) -> int:
        """The number of its elements."""
        return math.prod(self.shape)

    @property
    def owner(self) -> str:
        """The path of its layer, ``""`` for the network itself."""
        return self.name.rpartition(".")[0]


def states(model: Any, uses: Mapping[str, Use]) -> list[State]:
    """The weights and buffers of a module: in the order of their use, then those not used."""
    learned = dict(model.named_parameters())
    every = {**learned, **dict(model.named_buffers())}
    modules = dict(model.named_modules())
    found = []
    for name in dict.fromkeys([*(name for name in uses if name in every), *every]):
        kind, shape = kind_of(modules, name), tuple(every[name].shape)
        put_out = uses[name].shape if name in uses else ()
        found.append(State(name, name in learned, shape, kind, put_out))
    return found


def kind_of(modules: Mapping[str, Any], name: str) -> str:
    """The class of torch that the holder of a weight is or derives from, its rank left out."""
    holder = modules.get(name.rpartition(".")[0])
    for base in type(holder).__mro__:
        if base.__module__.startswith("torch.nn.modules") and base.__name__ != "Module":
            return _plain(base.__name__)
    return ""


def _plain(kind: str) -> str:
    """A kind without its rank; a synchronised batch norm is one, and a lazy layer its layer."""
    kind = kind.removeprefix("Sync").removeprefix("Lazy").removeprefix("NonDynamicallyQuantizable")
    return "BatchNorm" if kind.startswith(("BatchNorm", "_BatchNorm")) else kind


def by_use(ours: Sequence[State], theirs: Sequence[State], *, are_named: bool = False) -> Pairs:
    """Alike weights matched in order of use, then in any order, then those alike but in shape.

    Layers are matched as a whole where they can be. Names tell nothing of what is alike, unless
    the two ``are_named`` alike, or something is not, and it is to be told what: then those of the
    same name come first, and those that put out the same shape.
    """
    found = _Found(ours, theirs)
    if are_named:
        found.match(lambda each: (each.name, each.is_learned, each.shape))
    if not found.are_same():
        found.match(lambda each: (each.name, _full(each)))
        found.match_layers(lambda each: (each.put_out, _full(each)))
    found.match_layers(_full)
    found.match(_full)
    if found.are_same():
        found.match(lambda each: (each.is_learned, each.shape))
    elif list(map(_in_place, ours)) == list(map(_in_place, theirs)):
        return {a.name: b.name for a, b in zip(ours, theirs)}
    own = [each for each in found.theirs if not each.kind]
    found.pairs.update(_aligned(found.ours, own, lambda each: (each.is_learned, each.shape)))
    found.match_layers(_but_shape)
    found.match(_but_shape, is_ordered=True)
    return {a.name: b.name for a, b in found.pairs.items()}


def _full(each: State) -> Hashable:
    return each.kind, each.leaf, each.is_learned, each.shape


def _in_place(each: State) -> Hashable:
    return each.kind, each.leaf, each.is_learned


def _but_shape(each: State) -> Hashable:
    return each.kind, each.leaf, each.is_learned, len(each.shape)


class _Found:
    """The pairs that have been found so far of two sides, and what is left of them."""

    def __init__(self, ours: Sequence[State], theirs: Sequence[State]) -> None:
        self.every = ours, theirs
        self.pairs: dict[State, State] = {}

    @property
    def ours(self) -> list[State]:
        """What is left of the spec's."""
        return [each for each in self.every[0] if each not in self.pairs]

    @property
    def theirs(self) -> list[State]:
        """What is left of the module's."""
        met = set(self.pairs.values())
        return [each for each in self.every[1] if each not in met]

    def are_same(self) -> bool:
        """Whether what is left has the same shapes on both sides."""
        ours, theirs = (
            sorted((each.is_learned, each.shape) for each in side)
            for side in (self.ours, self.theirs)
        )
        return ours == theirs

    def match(self, key: Callable[[State], Hashable], *, is_ordered: bool = False) -> None:
        """Match what is alike by its key, in order and then in any."""
        self.pairs.update(_aligned(self.ours, self.theirs, key))
        if not is_ordered:
            self.pairs.update(_paired(self.ours, self.theirs, key))

    def match_layers(self, key: Callable[[State], Hashable]) -> None:
        """Match whole layers, alike in all of their weights and buffers, in their order."""
        ours, theirs = map(_layers, (self.ours, self.theirs))
        for a, b in _aligned(ours, theirs, lambda layer: frozenset(map(key, layer))).items():
            named = {each.leaf: each for each in b}
            self.pairs.update({each: named[each.leaf] for each in a})


Layer = tuple[State, ...]


def _layers(states: Sequence[State]) -> list[Layer]:
    """The weights and buffers of each of torch's layers."""
    found: dict[str, list[State]] = {}
    for each in states:
        if each.kind:
            found.setdefault(each.owner, []).append(each)
    return [tuple(each) for each in found.values()]


Part = TypeVar("Part", State, Layer)


def _aligned(
    ours: Sequence[Part], theirs: Sequence[Part], key: Callable[[Part], Hashable]
) -> dict[Part, Part]:
    """Those in the longest runs that both sides have; where one has less, the first before all."""
    a, b = list(map(key, ours)), list(map(key, theirs))
    both = min(len(a), len(b)) if len(a) != len(b) else 0
    start = next((i for i in range(both) if a[i] != b[i]), both)
    found = dict(zip(ours[:start], theirs[:start]))
    blocks = SequenceMatcher(None, a[start:], b[start:], autojunk=False).get_matching_blocks()
    for block in blocks:
        for i in range(start, start + block.size):
            found[ours[block.a + i]] = theirs[block.b + i]
    return found


def _paired(
    ours: Iterable[State], theirs: Iterable[State], key: Callable[[State], Hashable]
) -> dict[State, State]:
    """The first of a sort with the first of that sort, and so on."""
    waiting: dict[Hashable, list[State]] = {}
    for each in theirs:
        waiting.setdefault(key(each), []).append(each)
    found = {}
    for each in ours:
        queue = waiting.get(key(each))
        if queue:
            found[each] = queue.pop(0)
    return found


def by_gradient(
    ours: Sequence[State],
    theirs: Sequence[State],
    our_gradients: Mapping[str, Any],
    their_gradients: Mapping[str, Any],
    fallback: Pairs,
) -> Pairs:
    """Weights of one shape matched by the nearest gradient; the others as they were.

    The gradients are those of two modules in which all weights of a shape have the same values.
    A weight at the same place of the same network has the same gradient, wherever it stands in
    the order of use.
    """
    found: Pairs = {}
    taken: set[str] = set()
    layers: dict[str, str] = {}
    waiting: dict[Hashable, list[State]] = {}
    for each in theirs:
        if each.name in their_gradients:
            waiting.setdefault(each.shape, []).append(each)
    for each in ours:
        mine = our_gradients.get(each.name)
        rivals = [b for b in waiting.get(each.shape, ()) if b.name not in taken]
        if mine is None or not rivals:
            continue
        far = {b: _apart(mine, their_gradients[b.name]) for b in rivals}
        least = min(far.values())
        near = [b for b in rivals if far[b] <= least + SAME]
        if not near:  # where gradients are no numbers
            continue
        own = [b for b in near if b.owner == layers.get(each.owner, "")]
        nearest = (own or near)[0]
        layers.setdefault(each.owner, nearest.owner)
        found[each.name] = nearest.name
        taken.add(nearest.name)
    rest = {a: b for a, b in fallback.items() if a not in found and b not in taken}
    return {**found, **rest, **_siblings(ours, theirs, found, fallback)}


def _apart(a: Any, b: Any) -> float:
    size = max(float(a.abs().max()), float(b.abs().max()), 1e-300) if a.numel() else 1.0
    return float((a - b).abs().max()) / size if a.numel() else 0.0


def _siblings(
    ours: Sequence[State], theirs: Sequence[State], found: Pairs, fallback: Pairs
) -> Pairs:
    """Buffers follow the weights of their layer."""
    layers = {a.rpartition(".")[0]: b.rpartition(".")[0] for a, b in found.items()}
    names = {each.name for each in theirs}
    moved = {}
    for each in ours:
        if each.name not in found and not each.is_learned and each.owner in layers:
            theirs_at = f"{layers[each.owner]}.{each.leaf}".lstrip(".")
            if theirs_at in names:
                moved[each.name] = theirs_at
    return moved


def counted(model: Any) -> tuple[int, int]:
    """How many elements a module's parameters and buffers have."""
    return (
        sum(each.numel() for each in model.parameters()),
        sum(each.numel() for each in model.buffers()),
    )
