"""Differences in words: which side has what, and many by their kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.analysis.report import Report
from shapecalc.layers.tensor import times
from shapecalc.verify.findings import Finding, explained
from shapecalc.verify.matching import Pairs, State

FEW = 3
"""So many differences need no summary."""


class Difference(NamedTuple):
    """A difference in words; its sort, for the summary, and the spec's layer that it is about."""

    told: str
    sort: str
    layer: str = ""


def finding(
    what: str, compared: int, found: Sequence[Difference], report: Report, section: str
) -> Finding:
    """The finding of some differences: all of them, the first derived, many summed up."""
    first = next((each.layer for each in found if each.layer in report), "") if found else ""
    because = explained(report, first, section) if found and found[0].layer == first else ()
    summary = tuple(summed(found)) if len(found) > FEW else ()
    return Finding(what, compared, tuple(each.told for each in found), "", because, summary)


def summed(found: Iterable[Difference]) -> Iterator[str]:
    """How many there are of every sort; what is alone of its sort as it is."""
    sorts: dict[str, list[Difference]] = {}
    for each in found:
        sorts.setdefault(each.sort, []).append(each)
    for sort, several in sorts.items():
        yield f"{len(several)} x {sort}" if len(several) > 1 else several[0].told


def of_states(
    ours: Sequence[State], theirs: Sequence[State], pairs: Pairs, report: Report, is_learned: bool
) -> list[Difference]:
    """Weights, or else buffers, that only one side has, and those of another shape.

    A layer of which one side has nothing is told with its weights, if it has any.
    """
    kinds = {layer.path: layer.kind for layer in report}
    return [
        *_of_shapes([each for each in ours if each.is_learned == is_learned], theirs, pairs),
        *_alone(_Side("spec", ours, set(pairs), kinds, _behind(ours, kinds)), is_learned),
        *_alone(_Side("module", theirs, set(pairs.values()), {}, _behind(theirs, {})), is_learned),
    ]


def _of_shapes(
    ours: Sequence[State], theirs: Sequence[State], pairs: Pairs
) -> Iterator[Difference]:
    named = {each.name: each for each in theirs}
    for each in ours:
        other = named.get(pairs.get(each.name, ""))
        if other is not None and each.shape != other.shape:
            yield Difference(
                f"{each.name} is {size(each.shape)} in the spec, "
                f"{other.name} is {size(other.shape)} in the module",
                f"{each.leaf} of {_article(each.kind)} of another shape",
                each.owner,
            )


class _Side(NamedTuple):
    """The states of one side, the names of those that are paired, and of layers their kinds."""

    name: str
    states: Sequence[State]
    met: set[str]
    kinds: Mapping[str, str]
    behind: Mapping[str, str]

    def kind(self, owner: str) -> str:
        """The kind of a layer, ``""`` if it is none of torch's."""
        own = next((each.kind for each in self.states if each.owner == owner), "")
        return self.kinds.get(owner, own)


def _alone(side: _Side, is_learned: bool) -> Iterator[Difference]:
    """What one side has alone: whole layers as one, else weight by weight."""
    lacks = f"the {'module' if side.name == 'spec' else 'spec'} lacks"
    layers: dict[str, list[State]] = {}
    for each in side.states:
        layers.setdefault(each.owner, []).append(each)
    for owner, every in layers.items():
        alone = [each for each in every if each.name not in side.met]
        asked = [each for each in alone if each.is_learned == is_learned]
        if not asked:
            continue
        layer = owner if side.name == "spec" else ""
        kind = side.kind(owner)
        if len(alone) == len(every) and owner and kind:
            if is_learned or not any(each.is_learned for each in every):
                yield _whole(side, owner, kind, lacks, layer)
            continue
        for each in asked:
            yield Difference(
                f"{each.name} of the {side.name}, {_elements(each.shape)}: {lacks} it",
                f"{each.leaf} of {_article(kind)} that {lacks}",
                layer,
            )


def _whole(side: _Side, owner: str, kind: str, lacks: str, layer: str) -> Difference:
    after = side.behind.get(owner, "")
    follows = f", behind {_article(after)}" if after else ""
    told = f"{owner}, {_article(kind)} of the {side.name}: {lacks} it"
    return Difference(told, f"{kind} that {lacks}{follows}", layer)


def _behind(states: Sequence[State], kinds: Mapping[str, str]) -> dict[str, str]:
    """The kind of the layer with weights that is used before each."""
    used = {each.owner: kinds.get(each.owner, each.kind) for each in states}
    return dict(zip([*used][1:], used.values()))


def size(shape: tuple[Any, ...]) -> str:
    """A shape in words."""
    return times(shape) or "a single number"


def _elements(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} element{'s' if shape[0] != 1 else ''}"
    return size(shape)


def _article(word: str) -> str:
    if not word:
        return "a layer"
    return f"an {word}" if word[0] in "AEIO" or word.startswith("LSTM") else f"a {word}"
