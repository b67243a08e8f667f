"""Differences in words: which side has what, many by their kind, and where numbers first part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.analysis.report import LayerReport, Report
from shapecalc.layers.tensor import times
from shapecalc.verify.comparing import Gap, relative
from shapecalc.verify.findings import Finding, explained
from shapecalc.verify.matching import Pairs, State
from shapecalc.verify.tracing import Trace, Use

FEW = 3
"""So many differences need no summary."""

SETTINGS = [
    "stride",
    "padding",
    "dilation",
    "groups",
    "padding_mode",
    "output_padding",
    "kernel_size",
    "eps",
    "momentum",
    "p",
    "negative_slope",
    "num_heads",
    "batch_first",
    "affine",
    "track_running_stats",
    "normalized_shape",
    "alpha",
    "num_groups",
    "padding_idx",
    "max_norm",
    "scale_grad_by_freq",
    "bidirectional",
    "num_layers",
    "dropout",
    "approximate",
    "ceil_mode",
    "count_include_pad",
    "norm_first",
]
"""Attributes of torch's modules that decide what they compute from the same weights."""


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
    summary = tuple(_summed(found)) if len(found) > FEW else ()
    return Finding(what, compared, tuple(each.told for each in found), "", because, summary)


def _summed(found: Iterable[Difference]) -> Iterator[str]:
    """How many there are of every sort, and the first few of them."""
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
        *_alone(_Side("spec", ours, set(pairs), kinds, {}), is_learned),
        *_alone(_Side("module", theirs, set(pairs.values()), {}, _behind(theirs)), is_learned),
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


def _behind(states: Sequence[State]) -> dict[str, str]:
    """The kind of the layer with weights that is used before each."""
    found: dict[str, str] = {}
    kinds = {each.owner: each.kind for each in states}
    before = ""
    for owner in dict.fromkeys(each.owner for each in states):
        if before:
            found[owner] = kinds[before]
        before = owner
    return found


def of_uses(ours: Trace, theirs: Trace, pairs: Pairs) -> tuple[int, list[Difference]]:
    """The layers with weights that put out another shape, and how many were compared."""
    seen: set[str] = set()
    found = []
    for name, use in ours.uses.items():
        owner = name.rpartition(".")[0]
        other = theirs.uses.get(pairs.get(name, ""))
        if other is None or owner in seen or use.call == "" or other.call == "":
            continue
        if use.call != other.call:
            continue  # what comes out of other functions may be laid out otherwise
        seen.add(owner)
        if sorted(use.shape) != sorted(other.shape):  # the order of axes is a matter of writing
            at = other.name.rpartition(".")[0]
            found.append(
                Difference(
                    f"{owner} puts out {times(use.shape)} in the spec, "
                    f"{times(other.shape)} in the module{f' ({at})' if at else ''}",
                    f"output of another shape, first of {owner}",
                    owner,
                )
            )
    return len(seen), found


def of_alike(what: str, gaps: Sequence[Gap], note: str) -> Finding:
    """The finding of numbers that are the same but for rounding, and how near they came."""
    # a gradient that is nothing but rounding, as that of a bias before a norm, tells nothing
    telling = [gap for gap in gaps if 0 < gap.allowed < 1]
    widest = max(telling, key=Gap.nearness, default=Gap("", 0.0, 0.0))
    rounding = f"{widest.apart:.1g} apart where rounding may do {widest.allowed:.1g}"
    return Finding(what, len(gaps), (), f"at most {rounding}, {note}")


def of_apart(what: str, gaps: Sequence[Gap], parted: tuple[str, ...]) -> Finding:
    """The finding of numbers that differ, and where they first part."""
    wrong = [gap for gap in gaps if gap.is_too_wide]
    return Finding(what, len(gaps), tuple(map(of_gap, wrong)), "", parted, of_gaps(wrong, gaps))


def of_gap(gap: Gap) -> str:
    """A gap in words."""
    because = gap.because or f"{gap.apart:.2g} of its largest number apart, not {gap.allowed:.2g}"
    return f"{gap.what}: {because}"


def of_gaps(wrong: Sequence[Gap], every: Sequence[Gap]) -> tuple[str, ...]:
    """How many of the outputs, gradients and statistics differ, if they are many."""
    if len(wrong) <= FEW:
        return ()
    told = []
    for sort, is_one in (
        ("outputs", lambda gap: gap.is_output),
        ("gradients", lambda gap: gap.what.startswith("the gradient")),
        ("statistics", lambda gap: gap.what.endswith((" after a step", " after a run"))),
    ):
        count = sum(map(is_one, wrong))
        if count:
            told.append(f"{count} of {sum(map(is_one, every))} {sort} differ")
    return tuple(told)


def where_numbers_part(
    ours: Trace,
    theirs: Trace,
    pairs: Pairs,
    report: Report,
    models: tuple[Any, Any],
    allowed: float,
) -> tuple[str, list[str]]:
    """The layer at which what is computed first differs, ``""`` for the end; and that in words."""
    last_ours: Use | None = None
    last_theirs: Use | None = None
    seen: set[str] = set()
    for name, use in ours.uses.items():
        other = theirs.uses.get(pairs.get(name, ""))
        owner = name.rpartition(".")[0]
        if other is None or owner in seen or use.put_out is None or other.put_out is None:
            continue
        seen.add(owner)
        if _differ(use.received, other.received, allowed):
            between = _between(report, owner, last_ours, theirs, last_theirs, other)
            told = f"first apart is what comes into {_labelled(report, owner)}"
            return owner, [told, *between, *_settings(models, use.name, other.name)]
        if use.call == other.call and _differ(use.put_out, other.put_out, allowed):
            told = f"first apart is what comes out of {_labelled(report, owner)}, not what comes in"
            return owner, [told, *_settings(models, use.name, other.name)]
        last_ours, last_theirs = use, other
    last = _owner(last_ours)
    told = f"up to {_labelled(report, last)} all is equal" if last else "nothing is equal"
    return "", [told, *_between(report, "", last_ours, theirs, last_theirs, None)]


def _labelled(report: Report, path: str) -> str:
    return f"{path} ({report[path].kind})" if path in report else path


def _owner(use: Use | None) -> str:
    return use.name.rpartition(".")[0] if use else ""


def _differ(a: Any, b: Any, allowed: float) -> bool:
    if a is None or b is None:
        return False
    if a.shape != b.shape:
        if sorted(a.shape) == sorted(b.shape):
            return False  # with axes in another order, which the next layers tell
        if a.numel() != b.numel():
            return True
        b = b.reshape(a.shape)
    return not relative(a, b) <= allowed


def _between(
    report: Report,
    owner: str,
    last_ours: Use | None,
    theirs: Trace,
    last_theirs: Use | None,
    use: Use | None,
) -> Iterator[str]:
    """What stands before a layer, on both sides."""
    start = _owner(last_ours)
    layers = list(_before(report, owner, start))
    since = last_theirs.position + 1 if last_theirs else 0
    calls = theirs.calls[since : use.position if use else None]
    where = f"between {start or 'the input'} and {owner or 'what is returned'}"
    yield f"{where}, the spec has {' -> '.join(layers) or 'nothing'}"
    yield f"{' ' * len(where)}  the module calls {' -> '.join(calls) or 'nothing'}"


def _before(report: Report, owner: str, start: str) -> Iterator[str]:
    """The layers of the report between two of its layers, in order."""
    layers: list[LayerReport] = list(report)
    paths = [layer.path for layer in layers]
    first = paths.index(start) + 1 if start in paths else 0
    last = paths.index(owner) if owner in paths else len(paths)
    for layer in layers[first:last]:
        yield f"{layer.path} ({layer.kind})"


def _settings(models: tuple[Any, Any], name: str, other: str) -> Iterator[str]:
    """The settings in which two modules that hold the same weight differ."""
    ours, theirs = (
        dict(model.named_modules()).get(each.rpartition(".")[0])
        for model, each in zip(models, (name, other))
    )
    for setting in SETTINGS:
        a, b = getattr(ours, setting, None), getattr(theirs, setting, None)
        if a != b and hasattr(ours, setting) and hasattr(theirs, setting):
            yield f"{setting} is {a} in the spec, {b} in the module"


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
