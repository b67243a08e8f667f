"""A whole network explained in brief: a line a layer, each with its step of the derivation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Number, Style, Traced, steps, untraced
from shapecalc.derivation.letters import axes, lettered
from shapecalc.layers.tensor import times
from shapecalc.network import Network
from shapecalc.report import Report
from shapecalc.spec import expression
from shapecalc.spec.problem import SpecError


class Step(NamedTuple):
    """A layer's step: its output, how its sizes follow, and how many parameters it has."""

    path: str
    kind: str
    output: str
    sizes: list[tuple[str, Any]]
    params: Any


def brief(report: Report) -> Iterator[Step]:
    """The steps of a network in order."""
    for layer in report:
        told = lettered(layer.node)
        sizes: dict[Any, list[str]] = {}
        for name, size in zip(axes(len(told.shape)), told.shape[1:]):
            if isinstance(size, Traced) and not isinstance(size.tree, (Leaf, Number)):
                sizes.setdefault(size, []).append(name)
        yield Step(
            layer.path,
            layer.kind,
            times(layer.output_shape[1:]),
            [(", ".join(names), size) for size, names in sizes.items()],
            told.params,
        )


def line(step: Step, style: Style) -> str:
    """What follows in a step, with the numbers put in: ``height, width: ... = 55``."""
    told = [f"{names}: {_numbers(size, style)}" for names, size in step.sizes]
    if untraced(step.params) != 0:
        told.append(f"params: {_numbers(step.params, style)}")
    return "; ".join(told)


def _numbers(size: Any, style: Style) -> str:
    found = steps(size, style)
    return f"{found[1]} = {found[-1]}" if len(found) > 2 else " = ".join(found)


def whole(report: Report, style: Style, form: str = "text", under: str = "") -> str:
    """The steps of a network as text, Markdown or JSON; ``under`` keeps those below a path."""
    steps_of = [step for step in brief(report) if not under or step.path.startswith(f"{under}.")]
    if form == "json":
        return json.dumps([_as_dict(step) for step in steps_of], indent=1, ensure_ascii=False)
    if form == "markdown":
        rows = [
            f"| {step.path} | {step.kind} | {step.output} | {line(step, style)} |".replace("|  |", "| |")
            for step in steps_of
        ]
        head = ["| Layer | Kind | Output | Because |", "| --- | --- | --- | --- |"]
        return "\n".join([*head, *rows])
    wide = max((len(step.path) for step in steps_of), default=0)
    broad = max((len(step.output) for step in steps_of), default=0)
    return "\n".join(
        f"{step.path:<{wide}}  {step.output:<{broad}}  {line(step, style)}".rstrip()
        for step in steps_of
    )


def _as_dict(step: Step) -> dict[str, Any]:
    sizes = [{"name": name, "steps": steps(size)} for name, size in step.sizes]
    params = untraced(step.params)
    return {
        "path": step.path,
        "kind": step.kind,
        "output": step.output,
        "sizes": sizes,
        "params": {
            "steps": steps(step.params),
            "value": params if isinstance(params, int) else str(params),
        },
    }


def closed(network: Network, settings: Mapping[str, Any]) -> Report | None:
    """A report in which the symbols of the input's shape stay symbols; None if that is not one."""
    names = {
        name.name
        for given in network.spec.inputs.values()
        for size in given.shape
        if size.expression is not None
        for name in expression.names(size.expression)
    }
    try:
        others = {name: value for name, value in settings.items() if name not in names}
        return network.report(others, symbolic=sorted(names)) if names else None
    except SpecError:
        return None
