"""Shapes and numbers that differ, in words: by how much, and at which layer they first part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.report import Report
from shapecalc.verify.comparing import Gap, relative
from shapecalc.verify.findings import Finding, explained
from shapecalc.verify.matching import Pairs
from shapecalc.verify.telling import FEW, Difference, size, summed
from shapecalc.verify.tracing import Size, Trace, Use

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


Models = tuple[Any, Any]
"""The spec's module and the user's."""


def of_shapes(
    ours: Trace, theirs: Trace, pairs: Pairs, report: Report, models: Models
) -> Finding | None:
    """What layers with weights put out, and where another shape first comes in.

    None where there is nothing to compare.
    """
    found: list[Difference] = []
    because: list[str] = []
    compared = 0
    last: tuple[Use | None, Use | None] = (None, None)
    for owner, use, other in _met(ours, theirs, pairs, report):
        if use.call != other.call:
            continue  # what comes out of other functions may be laid out otherwise
        compared += 1
        if _is_other(use.shape, other.shape):
            is_fed = _is_other(use.taken, other.taken) and not found
            way, a, b = "puts out", use.shape, other.shape
            if is_fed:
                way, a, b = "receives", use.taken, other.taken
                because += _between(report, owner, last[0], theirs, last[1], other)
                before = [layer.path for layer in _before(report, owner, _path(report, last[0]))]
                if before:
                    because += [f"of {before[-1]}, in the spec:"]
                    because += (f"  {row}" for row in explained(report, before[-1], "shape"))
            elif not found:
                because += explained(report, owner, "shape")
                because += _settings(models, use.name, other.name)
            at = other.name.rpartition(".")[0]
            told = f"{owner} {way} {size(a)} in the spec, {size(b)} in the module"
            told += f" ({at})" if at not in ("", owner) else ""
            found.append(Difference(told, "layer that puts out another shape", owner))
        last = use, other
    if not compared:
        return None
    summary = tuple(summed(found)) if len(found) > FEW else ()
    differences = tuple(each.told for each in found)
    return Finding("output shapes", compared, differences, "", tuple(because), summary)


def _is_other(ours: Size, theirs: Size) -> bool:
    """Whether it is no matter of writing, as the order of axes is, and samples laid in a row."""
    return prod(ours) != prod(theirs)


def _met(
    ours: Trace, theirs: Trace, pairs: Pairs, report: Report
) -> Iterator[tuple[str, Use, Use]]:
    """The layers that both sides use, by the spec's paths, each with its first uses."""
    seen: set[str] = set()
    for name, use in ours.uses.items():
        other = theirs.uses.get(pairs.get(name, ""))
        path = _path(report, use)
        if other is None or path in seen or "" in (use.call, other.call):
            continue
        seen.add(path)
        yield path, use, other


def of_alike(what: str, gaps: Sequence[Gap], note: str) -> Finding:
    """The finding of numbers that are the same but for rounding, and how near they came."""
    # a gradient that is nothing but rounding, as that of a bias before a norm, tells nothing
    telling = [gap for gap in gaps if 0 < gap.allowed < 1]
    widest = max(telling, key=Gap.nearness, default=Gap("", 0.0, 0.0))
    rounding = f"{widest.apart:.1g} apart where rounding may do {widest.allowed:.1g}"
    return Finding(what, len(gaps), (), f"at most {rounding}, {note}")


def of_apart(
    what: str, gaps: Sequence[Gap], parted: Sequence[str], pairs: Pairs, models: Models
) -> Finding:
    """The finding of numbers that differ, where they first part, and what settings differ."""
    wrong = [gap for gap in gaps if gap.is_too_wide]
    because = list(parted)
    if not because and wrong[0].of in pairs:
        because += _settings(models, wrong[0].of, pairs[wrong[0].of])
    summary = of_gaps(wrong, gaps)
    if summary:
        summary += tuple(_settings_of_many(models, pairs))
    return Finding(what, len(gaps), tuple(map(of_gap, wrong)), "", tuple(because), summary)


def of_approximated(places: Sequence[str]) -> str:
    """Why numbers that differ may: what of source stands for something else, and where."""
    told = "; ".join(places[:FEW])
    more = f"; and {len(places) - FEW} more" if len(places) > FEW else ""
    return f"none, since they may differ: {told}{more}"


def of_gap(gap: Gap) -> str:
    """A gap in words."""
    because = gap.because or (
        f"{gap.apart:.2g} of its largest number apart, where rounding may do {gap.allowed:.2g}"
    )
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
    ours: Trace, theirs: Trace, pairs: Pairs, report: Report, models: Models, allowed: float
) -> tuple[str, list[str]]:
    """The layer at which what is computed first differs, ``""`` for the end; and that in words."""
    last: tuple[Use | None, Use | None] = (None, None)
    for owner, use, other in _met(ours, theirs, pairs, report):
        settings = list(_settings(models, use.name, other.name))
        if _differ(use.received, other.received, allowed):
            between = _between(report, owner, last[0], theirs, last[1], other)
            told = f"first apart is what comes into {_labelled(report, owner)}"
            return owner, [told, *between, *settings]
        if use.call == other.call and _differ(use.put_out, other.put_out, allowed):
            told = f"first apart is what comes out of {_labelled(report, owner)}, not what comes in"
            return owner, [told, *settings]
        last = use, other
    end = _path(report, last[0])
    told = f"up to {_labelled(report, end)} all is equal" if end else "nothing is equal"
    return "", [told, *_between(report, "", last[0], theirs, last[1], None)]


def _labelled(report: Report, path: str) -> str:
    return f"{path} ({report[path].kind})" if path in report else path


def _path(report: Report, use: Use | None) -> str:
    """The path of the layer that a use is of: a parameter's own, or that of what holds a weight."""
    if use is None:
        return ""
    return use.name if use.name in report else use.name.rpartition(".")[0]


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
    start = _path(report, last_ours)
    layers = [f"{layer.path} ({layer.kind})" for layer in _before(report, owner, start)]
    since = last_theirs.position + 1 if last_theirs else 0
    calls = theirs.calls[since : use.position if use else None]
    where = f"between {start or 'the input'} and {owner or 'what is returned'}"
    yield f"{where}, the spec has {_chain(layers)}"
    yield f"{' ' * len(where)}  the module calls {_chain(calls)}"


def _chain(steps: Sequence[str]) -> str:
    """Some steps one after the other; of many the first and the last ones."""
    left = len(steps) - 2 * FEW
    if left > 1:
        steps = [*steps[:FEW], f"{left} more", *steps[-FEW:]]
    return " -> ".join(steps) or "nothing"


def _before(report: Report, owner: str, start: str) -> Sequence[LayerReport]:
    """The layers of the report between two of its layers, in order."""
    layers: list[LayerReport] = list(report)
    paths = [layer.path for layer in layers]
    first = paths.index(start) + 1 if start in paths else 0
    return layers[first : paths.index(owner) if owner in paths else len(paths)]


def _settings(models: Models, name: str, other: str) -> Iterator[str]:
    """The settings in which two modules that hold the same weight differ."""
    ours, theirs = (
        dict(model.named_modules()).get(each.rpartition(".")[0])
        for model, each in zip(models, (name, other))
    )
    for setting in SETTINGS:
        a, b = getattr(ours, setting, None), getattr(theirs, setting, None)
        if a != b and hasattr(ours, setting) and hasattr(theirs, setting):
            yield f"{setting} is {a} in the spec, {b} in the module"


def _settings_of_many(models: Models, pairs: Pairs) -> Iterator[str]:
    """The settings in which several layers differ alike, by their kinds."""
    layers = {a.rpartition(".")[0]: (a, b) for a, b in pairs.items()}
    modules = dict(models[0].named_modules())
    told = Counter(
        (type(modules.get(owner)).__name__, setting)
        for owner, (a, b) in layers.items()
        for setting in _settings(models, a, b)
    )
    for (kind, setting), count in told.items():
        if count > 1:
            yield f"{count} x {kind}: {setting}"
