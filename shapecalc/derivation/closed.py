"""A network told from the sizes of its input: the same analysis, with symbols for these sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.analysis.measures import MEASURES
from shapecalc.analysis.report import Report
from shapecalc.language.opening import fresh, size_symbols, with_sizes_named
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import known
from shapecalc.language.tree import Spec
from shapecalc.layers import axes
from shapecalc.network import Network


def closed(network: Network, report: Report, settings: Mapping[str, Any]) -> Report | None:
    """A report in which the sizes of the inputs are symbols; None where it cannot be made.

    A size that the spec gives as a number gets a letter: height is H, width is W.

    >>> import shapecalc
    >>> net = shapecalc.load({"input": [3, 32, 32], "layers": [{"MaxPool2d": 2}]})
    >>> str(closed(net, net.report(), {})["maxpool1"].output_shape[2])
    'H//2'
    """
    spec, names = _freed(network.spec, report)
    names += [
        name
        for name, value in report.symbols.items()
        if is_symbolic(value) and name not in {*settings, *names}
    ]
    if not names or _expected(report) > network.most_terms:
        return None
    try:
        return network.of_spec(spec).opened(settings, names)
    except SpecError:
        return None


def open_report(
    network: Network, report: Report, settings: Mapping[str, Any]
) -> tuple[Report, Report] | None:
    """Two reports with symbols for the sizes of inputs: one for the same values, one for none.

    A symbol that the structure hangs on keeps the value that it has in ``report``, as does one
    that is set to a formula. None where it cannot be made.
    """
    if _batched(report) > network.most_terms:
        return None
    spec, _ = _freed(network.spec, report)
    if all(str(report.symbols.get(name)) == name for name in known(spec)):
        return report, report  # in which all is open already
    freed = network.of_spec(spec)
    symbols = {name for name, value in report.symbols.items() if is_symbolic(value)}
    values = {name: value for name, value in report.symbols.items() if name not in symbols}
    kept = {name: value for name, value in settings.items() if name in symbols}
    try:
        own = report.under(freed.values({**kept, **values}, symbols - kept.keys()))
        # by what is set, so that what others follow from decides the structure as they do
        found = freed.opened(settings, [n for n in known(spec) if n not in kept])
        return (own, found) if found.memory.steps else None  # which may be too long
    except SpecError:
        return None


def _expected(report: Report) -> int:
    """How many terms what is counted is bound to have: one in every count of a map that is left.

    A network that will be refused for them is not built, which would take seconds in vain.
    """
    growing = [measure.name for measure in MEASURES.values() if measure.per_sample]
    unlike = {id(layer.counts): layer for layer in report if layer.node.output.spatial}
    return sum(layer.counts[name] != 0 for layer in unlike.values() for name in growing)


def _batched(report: Report) -> int:
    """How many terms outputs, and what is held with them, are bound to have where batches are open.

    A network that will be refused for them is not built.
    """
    unlike = {layer.node.likeness: layer for layer in report}
    return 2 * sum(report.first(layer.output_shape) for layer in unlike.values())


def _freed(spec: Spec, report: Report) -> tuple[Spec, list[str]]:
    """The spec with the sizes of its inputs as symbols, and the names of these.

    Numbers are freed only in images, inputs whose sizes behind the channels are spatial.
    """
    images = {source for layer in report for source in layer.inputs if layer.node.layer.rank}
    named: dict[tuple[str, int], str] = {}
    for given in spec.inputs.values():
        letters = axes.letters(len(given.shape) - 1) if given.name in images else ""
        for place, size in enumerate(given.shape):
            if place and letters and size.is_constant:
                taken = {*spec.symbols, *spec.inputs, *named.values()}
                named[given.name, place] = fresh(letters[place - 1], taken)
    spec = with_sizes_named(spec, named)
    return spec, size_symbols(spec)
