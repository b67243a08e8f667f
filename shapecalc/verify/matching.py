"""Which weight of the module is which of the spec: by order of use, else by what it does.

However a match was found, only the numbers that come out prove it right; so a match may be a
guess, and must only be a good one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

Pairs = dict[str, str]
"""The module's name of what the spec calls so."""


class State(NamedTuple):
    """A weight or buffer: its full name, whether it is learned, its shape, and its layer's kind.

    ``kind`` is the class of torch that holds it, ``""`` if that is a class of the user's.
    """

    name: str
    is_learned: bool
    shape: tuple[int, ...]
    kind: str

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


def states(model: Any, order: Iterable[str]) -> list[State]:
    """The weights and buffers of a module: in the order of their use, then those not used."""
    learned = dict(model.named_parameters())
    every = {**learned, **dict(model.named_buffers())}
    modules = dict(model.named_modules())
    used = [name for name in order if name in every]
    return [
        State(name, name in learned, tuple(every[name].shape), kind_of(modules, name))
        for name in dict.fromkeys([*used, *every])
    ]


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


def by_use(ours: Sequence[State], theirs: Sequence[State]) -> Pairs:
    """Alike weights matched in order of use, then in any order, then those alike but in shape."""
    found: dict[State, State] = {}

    def align(key: Callable[[State], Hashable], is_in_order: bool) -> None:
        mine = [each for each in ours if each not in found]
        met = set(found.values())
        yours = [each for each in theirs if each not in met]
        found.update(_aligned(mine, yours, key) if is_in_order else _paired(mine, yours, key))

    def full(each: State) -> Hashable:
        return each.kind, each.leaf, each.is_learned, each.shape

    def in_shape(each: State) -> Hashable:
        return each.is_learned, each.shape

    def in_place(each: State) -> Hashable:
        return each.kind, each.leaf, each.is_learned

    def but_shape(each: State) -> Hashable:
        return each.kind, each.leaf, each.is_learned, len(each.shape)

    align(full, True)
    align(full, False)
    left = [each for each in theirs if each not in set(found.values())]
    rest = [each for each in ours if each not in found]
    if sorted(map(in_shape, left), key=str) == sorted(map(in_shape, rest), key=str):
        align(in_shape, True)
        align(in_shape, False)
    if len(found) < len(ours) and list(map(in_place, ours)) == list(map(in_place, theirs)):
        return {a.name: b.name for a, b in zip(ours, theirs)}
    own = [each for each in theirs if not each.kind and each not in set(found.values())]
    rest = [each for each in ours if each not in found]
    found.update(_aligned(rest, own, in_shape))
    align(but_shape, True)
    return {a.name: b.name for a, b in found.items()}


def _aligned(
    ours: Sequence[State], theirs: Sequence[State], key: Callable[[State], Hashable]
) -> dict[State, State]:
    a, b = list(map(key, ours)), list(map(key, theirs))
    if a == b:
        return dict(zip(ours, theirs))
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return {ours[block.a + i]: theirs[block.b + i] for block in blocks for i in range(block.size)}


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
    waiting: dict[Hashable, list[State]] = {}
    for each in theirs:
        if each.name in their_gradients:
            waiting.setdefault(each.shape, []).append(each)
    for each in ours:
        mine = our_gradients.get(each.name)
        rivals = [b for b in waiting.get(each.shape, ()) if b.name not in taken]
        if mine is None or not rivals:
            continue
        nearest = min(rivals, key=lambda b: _apart(mine, their_gradients[b.name]))
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
