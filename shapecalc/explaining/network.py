"""A whole network explained in brief: a line a layer, each with its step of the derivation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from shapecalc.algebra.steps import LATEX, Style, in_numbers, steps
from shapecalc.algebra.trace import Leaf, Traced, Tree, as_tree, leaves, untraced
from shapecalc.analysis.data import plain
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.report import Report
from shapecalc.derivation.equation import sizes
from shapecalc.derivation.letters import lettered
from shapecalc.language.problem import did_you_mean, listing
from shapecalc.layout import column_width
from shapecalc.pace import now

ADVICE = "explain a layer or a block alone; if all is meant, --max-terms allows more"


class Step(NamedTuple):
    """A layer's step: its output, how its sizes follow, and how many parameters it has."""

    path: str
    kind: str
    output: tuple[Any, ...]
    sizes: list[tuple[str, Any]]
    params: Any
    joined: tuple[str, ...]

    @property
    def terms(self) -> int:
        """How many letters and numbers stand in its derivations."""
        told = [*(size for _, size in self.sizes), self.params]
        return sum(leaves(as_tree(each)) for each in told)


def inside(report: Report, path: str | None) -> list[LayerReport]:
    """The layer at a path, or those inside the block or branch there; all where none is given.

    Raises ``KeyError`` with the nearest names if there is nothing at the path.

    >>> import shapecalc
    >>> report = shapecalc.load("lenet5").report()
    >>> [layer.path for layer in inside(report, "conv1")], len(inside(report, None)) == len(report)
    (['conv1'], True)
    """
    if path is None:
        return report.layers
    found = [layer for layer in report if f"{layer.path}.".startswith(f"{path}.")]
    if not found:
        paths = [layer.path.split(".") for layer in report]
        names = dict.fromkeys(".".join(p[: i + 1]) for p in paths for i in range(len(p)))
        raise KeyError(f"no layer or block at {path!r}; {_hint(report, path, names)}")
    return found


def _hint(report: Report, path: str, names: Iterable[str]) -> str:
    """What may have been meant: a name inside a block, or a kind, as it is called anywhere."""
    from shapecalc.language.synonyms import meant  # only where something is wrong

    inner = [name for name in names if name.endswith(f".{path}")]
    if inner:
        return f"there is {listing(inner, 5)}"
    of_kind: dict[str, list[str]] = {}
    for layer in report:
        of_kind.setdefault(layer.kind, []).append(layer.path)
    near = "" if path in of_kind else did_you_mean(path, names)
    for kind in (path, *meant(path, of_kind).kinds):
        if kind in of_kind and not near:
            is_one = len(of_kind[kind]) == 1
            return f"of kind {kind} {'is' if is_one else 'are'} {listing(of_kind[kind], 5)}"
    return near or f"there are {listing(names)}"


def brief(report: Report, layers: Iterable[LayerReport]) -> Iterator[Step]:
    """The steps of layers of a report in order; raises :class:`SpecError` where they are too long.

    >>> import shapecalc
    >>> report = shapecalc.load("lenet5").report()
    >>> (step,) = brief(report, [report["conv1"]])
    >>> step.path, step.kind, str(step.params)
    ('conv1', 'Conv2d', "Traced('K*C*F^2 + K', 456)")
    """
    alike: dict[Any, Step] = {}
    meter = report.meter and report.meter.anew(ADVICE)
    for layer in now.through("explaining", [*layers]):
        key = *layer.node.likeness, layer.node.shared is None
        if key not in alike:
            alike[key] = step = _step(report, layer)
            if meter is not None:
                meter.take(layer.node, step.terms, "the derivations")
        joined = layer.inputs if layer.node.layer.joins else ()
        yield alike[key]._replace(path=layer.path, joined=joined)


def _step(report: Report, layer: LayerReport) -> Step:
    told = lettered(layer.node)
    found: dict[Any, list[str]] = {}
    for name, size in told.named(report.first(layer.output_shape)):
        if isinstance(size, Traced) and not isinstance(size.tree, Leaf):
            found.setdefault(size.tree, []).append(name)
    return Step(
        layer.path,
        layer.kind,
        report.told(layer.output_shape),
        [(", ".join(names), Traced(tree)) for tree, names in found.items()],
        layer.params if layer.node.shared is not None else told.params,
        joined=(),
    )


def fed(report: Report, layers: Sequence[LayerReport]) -> dict[str, tuple[Any, ...]]:
    """What layers get from outside: names of inputs or paths, with the shapes without the batch."""
    own = {layer.path for layer in layers}
    return {
        str(source): report.told(shape)
        for layer in layers
        for source, shape in zip(layer.node.sources, layer.input_shapes)
        if source.path not in own
    }


def whole(report: Report, layers: Sequence[LayerReport], style: Style, form: str = "text") -> str:
    """The steps of layers of a report as text, Markdown or JSON; text tells first what comes in.

    >>> import shapecalc
    >>> report = shapecalc.load("lenet5").report()
    >>> from shapecalc.algebra.steps import ASCII
    >>> print(whole(report, [report["conv1"]], ASCII))
    input  3 x 32 x 32  what comes in
    conv1  6 x 28 x 28  height, width: floor((32 + 2*0 - 5)/1) + 1 = 28; params: 6*3*5^2 + 6 = 456
    """
    found = list(brief(report, layers))
    now.begin("writing")
    if form == "json":
        from shapecalc.as_json import indented  # only where it is asked for

        return indented([{"path": step.path, **own} for step, own in _each(found, _as_dict)])
    if form == "markdown":
        style = LATEX
    math = _math(form)
    rows = [
        (source, "", math(sizes(shape, style)), "what comes in")
        for source, shape in fed(report, layers).items()
    ]
    known: dict[Tree, str] = {}

    def written(value: Any) -> str:
        """A derivation in writing; the same ones recur from layer to layer."""
        tree = as_tree(value)
        if tree not in known:
            known[tree] = in_numbers(value, style)
        return math(known[tree])

    each = _each(found, lambda step: _told(step, math(sizes(step.output, style)), written))
    rows += [(step.path, step.kind, *told) for step, told in each]
    if form == "markdown":
        head = ["| Layer | Kind | Output | Because |", "| --- | --- | --- | --- |"]
        return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])
    wide, broad = (column_width(row[i] for row in rows) for i in (0, 2))
    return "\n".join(f"{r[0]:<{wide}}  {r[2]:<{broad}}  {r[3]}".rstrip() for r in rows)


def _each(found: list[Step], tell: Callable[[Step], Any]) -> Iterator[tuple[Step, Any]]:
    """The steps, each with what is told of it; of layers that are alike it is found once."""
    known: dict[Any, Any] = {}
    for step in found:
        own = id(step.sizes), step.joined
        if own not in known:
            known[own] = tell(step)
        yield step, known[own]


def _math(form: str) -> Callable[[str], str]:
    """Formulas as they stand in a form: between dollar signs in Markdown."""
    return "${}$".format if form == "markdown" else str


def _told(step: Step, output: str, written: Callable[[Any], str]) -> tuple[str, str]:
    """The output of a step, and what follows in it: ``height, width: ... = 55``."""
    told = [f"of {', '.join(step.joined)}"] if step.joined else []
    told += [f"{names}: {written(size)}" for names, size in step.sizes]
    if untraced(step.params) != 0:
        told.append(f"params: {written(step.params)}")
    return output, "; ".join(told)


def _as_dict(step: Step) -> dict[str, Any]:
    def told(value: Any) -> dict[str, Any]:
        return {"steps": steps(value), "value": plain(untraced(value))}

    return {
        "kind": step.kind,
        "output": plain(step.output),
        "sizes": [{"name": name, **told(size)} for name, size in step.sizes],
        "params": told(step.params),
    }
