"""One layer explained: where each of its numbers comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import is_symbolic, prod, total
from shapecalc.algebra.trace import Leaf, Traced, untraced
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.report import Report
from shapecalc.catalogue import summary
from shapecalc.derivation import windows
from shapecalc.derivation.equation import Chain
from shapecalc.derivation.letters import Lettered, Sizes, lettered
from shapecalc.derivation.lines import Line, Section, listed
from shapecalc.derivation.view import from_input
from shapecalc.layers.field import SameAs
from shapecalc.layers.linear import Linear
from shapecalc.layers.scaling import Scaling, parting


class Setting(NamedTuple):
    """A field of the layer, the letter it has in formulas if it has one, and its value."""

    field: str
    letter: str
    value: Any


class Explanation(NamedTuple):
    """Everything there is to say about a layer; inputs are told with where they come from.

    >>> import shapecalc
    >>> explain(shapecalc.load("lenet5").report(), "conv1").doc
    'Convolve over height and width.'
    """

    path: str
    kind: str
    doc: str
    inputs: list[tuple[str, Sizes]]
    output: Sizes
    settings: list[Setting]
    sections: list[Section]


class _Alike(NamedTuple):
    """What explanations of the same layer on the same inputs have in common."""

    told: Lettered
    inputs: list[Sizes]
    output: Sizes
    settings: list[Setting]
    shape: Section | None
    padding: Section
    cost: Section


class Explainer:
    """Explains the layers of a report; what those that are alike have in common is found once.

    ``closed`` is a report of the same network whose input sizes are symbols: the closed forms from
    the network's input are taken from there.

    >>> import shapecalc
    >>> net = shapecalc.load({"input": [8], "layers": [{"Linear": 8, "repeat": 2}]})
    >>> explainer = Explainer(net.report())
    >>> first, second = [explainer.explain(path) for path in ("linear1.0", "linear1.1")]
    >>> first.inputs[0][0], second.inputs[0][0], first.settings is second.settings
    ('input', 'linear1.0', True)
    """

    def __init__(self, report: Report, closed: Report | None = None) -> None:
        self.report = report
        self.closed = closed or report
        self._alike: dict[tuple[Any, ...], _Alike] = {}

    def explain(self, path: str) -> Explanation:
        """Explain a layer; raises ``KeyError`` with the nearest path if there is none."""
        layer = self.report[path]
        own = self._of(layer)
        shape, padding, seen = self._beside_cost(layer, own)
        return Explanation(
            path=layer.path,
            kind=layer.kind,
            doc=summary(type(layer.node.layer)),
            inputs=list(zip(layer.inputs, own.inputs)),
            output=own.output,
            settings=own.settings,
            sections=[each for each in (shape, padding, own.cost, seen) if each.lines],
        )

    def in_words(self, path: str) -> dict[str, list[Line]]:
        """The lines of an explanation that are words alone, by the section that they stand in.

        The cost is told in numbers.

        >>> import shapecalc
        >>> told = Explainer(shapecalc.load("lenet5").report()).in_words("relu1")
        >>> [line.remark for line in told["shape"]]
        ['the output has the shape of the input']
        """
        layer = self.report[path]
        return {
            each.heading: [line for line in each.lines if line.value is None]
            for each in self._beside_cost(layer, self._of(layer))
            if each.lines
        }

    def _beside_cost(self, layer: LayerReport, own: _Alike) -> tuple[Section, Section, Section]:
        """The sections but for the cost: some of their lines hang on where the layer stands."""
        shape = own.shape or self._shape(layer, own.told)
        if merged := list(_flattened(self.report, layer)):
            shape = shape._replace(lines=[*shape.lines, *merged])
        seen = list(from_input(self.report, layer, own.told.axes, self.closed))
        return shape, own.padding, Section("seen from the input", seen)

    def _shape(self, layer: LayerReport, told: Lettered) -> Section:
        return Section("shape", list(_shape(self.report, layer, told)))

    def _of(self, layer: LayerReport) -> _Alike:
        """What is told of a layer wherever it stands; of a join, the shape names its inputs."""
        node = layer.node
        key = *node.likeness, node.shared
        if key not in self._alike:
            told = lettered(node)
            self._alike[key] = _Alike(
                told=told,
                inputs=[_behind_batch(shape) for shape in told.inputs],
                output=_behind_batch(told.output),
                settings=list(_settings(layer, told)),
                shape=None if node.layer.joins else self._shape(layer, told),
                padding=windows.section(layer),
                cost=Section("cost", list(_cost(layer, told))),
            )
        return self._alike[key]


def explain(report: Report, path: str, closed: Report | None = None) -> Explanation:
    """Explain one layer of a report, as an :class:`Explainer` of it does.

    >>> import shapecalc
    >>> explanation = explain(shapecalc.load("lenet5").report(), "conv1")
    >>> explanation.kind, explanation.inputs[0][0], [each.heading for each in explanation.sections]
    ('Conv2d', 'input', ['shape', 'cost', 'seen from the input'])
    """
    return Explainer(report, closed).explain(path)


def _behind_batch(sizes: Sizes) -> Sizes:
    """The sizes without a batch of one."""
    return sizes[1:] if untraced(sizes[0]) == 1 else sizes


def _settings(layer: LayerReport, told: Lettered) -> Iterator[Setting]:
    """The settings with letters, and the others that are not as they are by default."""
    own = layer.node.layer
    lettered_fields = set()
    for letter, value in told.settings.items():
        for field in told.fields[letter]:
            lettered_fields.add(field)
            yield Setting(field, letter if letter != field else "", untraced(value))
    for name, declared in own.fields.items():
        value = vars(own)[name]
        if name in lettered_fields or isinstance(declared.default, SameAs):
            continue
        if declared.is_required or value not in (None, own.default_of(name)):
            yield Setting(name, "", value)


# -- shape -------------------------------------------------------------------------------------


def _shape(report: Report, layer: LayerReport, told: Lettered) -> Iterator[Line]:
    """The derivation of every size, alike axes drawn together."""
    kept = [_kept(layer, told, i) for i in range(len(told.output))]
    alone = not layer.node.layer.joins
    if all(kept[1:]) and alone and told.inputs and len(told.output) == len(told.inputs[0]):
        yield Line("", remark="the output has the shape of the input")
    else:
        lines: dict[Any, list[str]] = {}
        first = report.first(layer.output_shape)
        for i, (name, size) in enumerate(told.named(first), start=first):
            key = size.tree if isinstance(size, Traced) else size
            lines.setdefault((key, kept[i]), []).append(name)
        for (tree, remark), own in lines.items():
            yield _size(listed(own), tree, remark, told, "as set" if alone else "")
    yield from windows.remainders(layer)
    yield from windows.bins(layer)
    yield from _in_double_precision(layer)


def _in_double_precision(layer: LayerReport) -> Iterator[Line]:
    """Where torch's product of a size and a factor is not the exact one."""
    own, x = layer.node.layer, layer.node.inputs[:1]
    if not isinstance(own, Scaling):
        return
    for size, factor in dict.fromkeys(zip(x[0].spatial, own.factors(*x))):
        if is_symbolic(size) or is_symbolic(factor):
            continue
        if any(parting(factor, range(size, size + 1))):
            product = size * factor.numerator // factor.denominator
            falls = f"{size} x {factor} in torch's double precision falls short of {product}"
            yield Line("", remark=falls)


def _kept(layer: LayerReport, told: Lettered, place: int) -> str:
    """Where a size of the output comes from that is an input's at the same place."""
    size = told.output[place]
    if not isinstance(size, Traced):
        return ""
    own = [
        i
        for i, shape in enumerate(told.inputs)
        if place < len(shape) and getattr(shape[place], "tree", None) == size.tree
    ]
    if not own or not layer.node.layer.joins:
        return "as it comes in" if own else ""
    if len(own) < len(told.inputs):
        return f"as it comes from {listed([layer.inputs[i] for i in own])}"
    alike = len({shape[place] for shape in layer.input_shapes}) == 1
    return "the same in all inputs" if alike else "has to be the same in all inputs"


def _size(name: str, tree: Any, kept: str, told: Lettered, fixed: str) -> Line:
    if isinstance(tree, int) or is_symbolic(tree):
        return Line(name, tree, fixed)
    if kept:
        return Line(name, tree.value, kept)
    if isinstance(tree, Leaf) and tree.letter in told.settings:
        field = told.fields[tree.letter][0]
        return Line(name, Traced(tree), field if field != tree.letter else "")
    return Line(name, Traced(tree))


def _flattened(report: Report, layer: LayerReport) -> Iterator[Line]:
    """Where a linear layer's features come from, if they were an image once."""
    if not isinstance(layer.node.layer, Linear):
        return
    source = layer.node.sources[0].path
    while source in report:
        before = report[source]
        if before.node.layer.merges:
            image, features = before.input_shapes[0][1:], before.output_shape[-1]
            yield Line("in_features", Chain((image, features)), f"from {source}")
        if not before.inputs or before.output_shape != before.input_shapes[0]:
            return
        source = before.node.sources[0].path


# -- cost --------------------------------------------------------------------------------------


def _cost(layer: LayerReport, told: Lettered) -> Iterator[Line]:
    for name, sizes in told.weights.items():
        yield Line(name, sizes)
    if layer.node.shared is not None and told.weights:
        remark = f"the weights are those of {layer.node.shared}, and count there"
        if any(map(layer.owns, told.weights)):
            remark = f"weight is that of {layer.node.shared}, and counts there"
        yield Line("params", layer.params, remark)
    elif told.weights:
        yield Line("params", told.params)
    for name, sizes in told.buffers.items():
        yield Line(name, sizes, "kept, not learned")
    if told.buffers and layer.node.shared is None:
        yield Line("buffers", total([prod(sizes) for sizes in told.buffers.values()]))
    macs, elementwise = told.macs, told.elementwise
    if untraced(macs) != 0:
        yield Line("MACs", macs)
    if untraced(elementwise) != 0:
        yield Line("elementwise", elementwise, layer.node.layer.work)
