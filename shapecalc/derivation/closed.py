"""A network told from the sizes of its input: the same analysis, with symbols for these sizes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.analysis.report import Report
from shapecalc.language import expression
from shapecalc.language.expression import Name
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import known
from shapecalc.language.tree import Setting, Spec
from shapecalc.layers import axes
from shapecalc.network import Network


def closed(network: Network, report: Report, settings: Mapping[str, Any]) -> Report | None:
    """A report in which the sizes of the inputs are symbols; None where it cannot be made.

    A size that the spec gives as a number gets a letter: height is H, width is W.
    """
    spec, names = _freed(network.spec, report)
    names += [
        name
        for name, value in report.symbols.items()
        if is_symbolic(value) and name not in {*settings, *names}
    ]
    kept = {name: value for name, value in settings.items() if name not in names}
    try:
        return Network(spec, network.most_layers).report(kept, symbolic=names) if names else None
    except SpecError:
        return None


def open_report(
    network: Network, report: Report, settings: Mapping[str, Any]
) -> tuple[Report, Report] | None:
    """Two reports with symbols for the sizes of inputs: one for the same values, one for none.

    A symbol that the structure hangs on keeps the value that it has in ``report``, as does one
    that is set to a formula. None where it cannot be made.
    """
    spec, _ = _freed(network.spec, report)
    freed = Network(spec, network.most_layers)
    symbols = {name for name, value in report.symbols.items() if is_symbolic(value)}
    values = {name: value for name, value in report.symbols.items() if name not in symbols}
    kept = {name: value for name, value in settings.items() if name in symbols}
    try:
        own = freed.report({**kept, **values}, symbolic=symbols - kept.keys())
        while True:
            found = freed.report(kept, symbolic=[n for n in known(spec) if n not in kept])
            fixed = {
                name: values[name]
                for name, value in found.symbols.items()
                if name in values and name not in kept and not is_symbolic(value)
            }
            if not fixed:
                return own, found
            kept |= fixed
    except SpecError:
        return None


def _freed(spec: Spec, report: Report) -> tuple[Spec, list[str]]:
    """The spec with the sizes of its inputs as symbols, and the names of these.

    Numbers are freed only in images, inputs whose sizes behind the channels are spatial.
    """
    images = {source for layer in report for source in layer.inputs if layer.node.layer.rank}
    spec = copy.copy(spec)
    spec.symbols, spec.inputs = dict(spec.symbols), dict(spec.inputs)
    names: dict[str, None] = {}
    for given in spec.inputs.values():
        shape = list(given.shape)
        letters = axes.letters(len(shape) - 1) if given.name in images else ""
        for place, size in enumerate(shape):
            if size.expression is not None:
                names.update((each.name, None) for each in expression.names(size.expression))
            elif place and letters and size.is_constant:
                name = _fresh(letters[place - 1], spec)
                names[name] = None
                spec.symbols[name] = size
                shape[place] = Setting(Setting.EXPRESSION, Name(name, 0), size.mark)
        spec.inputs[given.name] = given._replace(shape=shape)
    return spec, list(names)


def _fresh(name: str, spec: Spec) -> str:
    while name in spec.symbols or name in spec.inputs:
        name += "_"
    return name
