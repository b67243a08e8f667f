"""A module of the user's own against the spec: layers in order of execution, then real numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from shapecalc.analysis.report import LayerReport, Report
from shapecalc.emit.module import module
from shapecalc.layers.tensor import times
from shapecalc.network import Network
from shapecalc.verify import run
from shapecalc.verify.findings import Finding, Pair, compare, explained
from shapecalc.verify.meta import on_meta

TOLERANCE = 1e-5
"""How far outputs may be apart, relative to the largest of them."""


class FactoryError(ValueError):
    """The user's module cannot be made."""


class NoFactory(FactoryError):
    """What was named is no factory."""


class Theirs(NamedTuple):
    """A submodule of the user's that holds weights and was run."""

    name: str
    kind: str
    output: tuple[int, ...]
    weights: dict[str, tuple[int, ...]]


def factory(target: str) -> Callable[..., Any]:
    """The callable at ``package.module:factory``, imported, which runs the user's code."""
    name, colon, attribute = target.partition(":")
    if not colon or not name or not attribute:
        raise NoFactory(f"{target!r} is not package.module:factory")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = import_module(name)
    except Exception as error:  # whatever the user's code raises
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise NoFactory(f"{target!r}: {error}") from None
        raise FactoryError(f"importing {name} fails: {type(error).__name__}: {error}") from error
    try:
        for part in attribute.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        raise NoFactory(f"{target!r}: {error}") from None
    if not callable(found):
        raise NoFactory(f"{target!r} is no function or class")
    return found  # type: ignore[no-any-return]


def check_against(
    network: Network, make: Callable[[], Any], settings: dict[str, Any] | None = None
) -> Iterator[Finding]:
    """Compare what ``make`` returns with a network: shapes, weights, and the numbers they give.

    Layers that hold weights are matched in the order in which they are run.
    """
    run.torch()
    report = network.report(settings or {})
    with on_meta():
        model = _made(make).eval()
        passed: dict[str, run.Passed] = {}
        output, failure = _run(model, run.inputs(report.inputs, "meta"), passed)
    theirs = list(_with_weights(model, passed))
    ours = [layer for layer in report if layer.weights and layer.node.shared is None]
    pairs = _matched(ours, theirs)
    if failure:
        if pairs:
            yield _shapes(pairs, report)
        yield Finding("a run of the module", 1, (failure,))
        return
    yield _order(ours, theirs, pairs)
    yield _shapes(pairs, report)
    weights = _weights(pairs, model, report)
    yield weights
    expected = [tensor.shape for _, tensor in report.outputs][:1]
    returned = Pair("returned", tuple(expected), tuple(run.returned(output)[:1]))
    yield compare("what is returned", [returned], report)
    if weights.agrees and len(pairs) == len(ours) == len(theirs):
        yield _numbers(network, report, make, pairs, settings or {})


def _run(model: Any, given: list[Any], passed: dict[str, run.Passed]) -> tuple[Any, str]:
    """What the module puts out, or why it fails; noting what passes through its submodules."""
    try:
        return run.watched(model, given, passed), ""
    except Exception as error:  # whatever the user's code raises
        shapes = " and ".join(times(tuple(x.shape)) for x in given)
        last = f", after {next(reversed(passed))}" if passed else ""
        return None, f"it fails on an input of {shapes}{last}: {type(error).__name__}: {error}"


def _made(make: Callable[[], Any]) -> Any:
    try:
        made = make()
    except Exception as error:  # whatever the user's code raises
        raise FactoryError(f"the factory fails: {type(error).__name__}: {error}") from error
    if not isinstance(made, run.torch().nn.Module):
        raise FactoryError(f"it returns {type(made).__name__}, no torch module")
    return made


def _with_weights(model: Any, passed: dict[str, run.Passed]) -> Iterator[Theirs]:
    modules = dict(model.named_modules(remove_duplicate=False))
    for name, each in passed.items():
        own = {key: tuple(p.shape) for key, p in modules[name].named_parameters(recurse=False)}
        inside = any(True for _ in modules[name].children())
        if own and not inside:
            yield Theirs(name, type(modules[name]).__name__, each.output, own)
        elif own:
            deep = {key: tuple(p.shape) for key, p in modules[name].named_parameters()}
            yield Theirs(name, type(modules[name]).__name__, each.output, deep)


Pairs = list[tuple[LayerReport, Theirs]]


def _matched(ours: list[LayerReport], theirs: list[Theirs]) -> Pairs:
    """Layers of one kind and size matched in order; others of one kind where they stand alike."""
    a = [(layer.kind, tuple(layer.weights.values())) for layer in ours]
    b = [(each.kind, tuple(each.weights.values())) for each in theirs]
    if len(a) == len(b) and [kind for kind, _ in a] == [kind for kind, _ in b]:
        return list(zip(ours, theirs))
    pairs: Pairs = []
    for sort, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if sort == "equal" or (sort == "replace" and i2 - i1 == j2 - j1):
            pairs += [(x, y) for x, y in zip(ours[i1:i2], theirs[j1:j2]) if x.kind == y.kind]
    return pairs


def _order(ours: list[LayerReport], theirs: list[Theirs], pairs: Pairs) -> Finding:
    matched, met = {layer.path for layer, _ in pairs}, {each.name for _, each in pairs}
    missing = [
        f"{layer.path}, a {layer.kind}, has no counterpart in the module"
        for layer in ours
        if layer.path not in matched
    ]
    extra = [
        f"{each.name}, a {each.kind}, has no counterpart in the spec"
        for each in theirs
        if each.name not in met
    ]
    return Finding("layers with weights, in order", len(pairs), (*missing, *extra))


def _shapes(pairs: Pairs, report: Report) -> Finding:
    apart = [(layer, each) for layer, each in pairs if layer.output_shape != each.output]
    told = tuple(
        f"{layer.path} puts out {times(layer.output_shape)}, {each.name} {times(each.output)}"
        for layer, each in apart
    )
    because = explained(report, apart[0][0].path, "shape") if apart else ()
    return Finding("output shapes", len(pairs), told, explanation=because)


def _weights(pairs: Pairs, model: Any, report: Report) -> Finding:
    compared, found = 0, []
    for layer, each in pairs:
        for name in dict.fromkeys([*layer.weights, *each.weights]):
            compared += 1
            ours, theirs = layer.weights.get(name), each.weights.get(name)
            if ours is None:
                found.append(f"{each.name} has {name}, which {layer.path} does not have")
            elif theirs is None:
                found.append(f"{layer.path} has {name}, which {each.name} does not have")
            elif ours != theirs:
                found.append(
                    f"{name} of {layer.path} is {times(ours)}, of {each.name} {times(theirs)}"
                )
    params = sum(each.numel() for each in model.parameters())
    if params != report.totals.params:
        found.append(f"the spec has {report.totals.params:,} parameters, the module {params:,}")
    return Finding("weights", compared + 1, tuple(found))


def _numbers(
    network: Network,
    report: Report,
    make: Callable[[], Any],
    pairs: Pairs,
    settings: dict[str, Any],
) -> Finding:
    """The emitted module, given the module's weights, on the same random input."""
    torch = run.torch()
    theirs = _made(make).eval()
    emitted = run.made(module(network, settings))
    state = theirs.state_dict()
    named = {
        layer.path_of(name): f"{each.name}.{name}" if each.name else name
        for layer, each in pairs
        for name in [*layer.weights, *layer.buffers_of]
    }
    given = {ours: state[own] for ours, own in named.items() if own in state}
    emitted.load_state_dict(given, strict=False)
    inputs = run.inputs(report.inputs, "cpu")
    what = "the same numbers from the same weights"
    with torch.no_grad():
        a = run.first(emitted(*inputs))
        try:
            b = run.first(theirs(*inputs))
        except Exception as error:  # whatever the user's code raises
            return Finding(what, 1, (f"the module fails: {type(error).__name__}: {error}",))
    if a.shape != b.shape:
        return Finding(what, 1, (f"{times(tuple(a.shape))} and {times(tuple(b.shape))} come out",))
    apart = float((a - b).abs().max())
    scale = max(float(b.abs().max()), 1e-30)
    note = f"largest difference {apart:.3g}, {apart / scale:.3g} relative"
    wrong = () if apart <= TOLERANCE * scale else (f"with the same weights, the {note}",)
    return Finding(what, 1, wrong, note)
