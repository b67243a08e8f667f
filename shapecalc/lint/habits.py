"""Warnings about what stands in a row: what one layer does, the next undoes or does again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.algebra.requirement import Least
from shapecalc.graph.layout import layout
from shapecalc.layers import Layer, activation
from shapecalc.layers.convolution import Convolution
from shapecalc.layers.joining import Broadcast
from shapecalc.layers.linear import Bilinear, Linear
from shapecalc.layers.pointwise import Pointwise
from shapecalc.layers.tensor import times
from shapecalc.lint.base import NEAREST, Finding, check, surely_at_least

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report
    from shapecalc.graph.graph import Node

_SOFTMAXES = (
    activation.Softmax,
    activation.Softmin,
    activation.LogSoftmax,
    activation.Softmax2d,
)
_RECTIFIED = (activation.ReLU, activation.ReLU6)

LARGEST_SIDE_OF_NO_IMAGE = 15
"""Where the first two sizes of an input are larger, a last one of 1 or 3 is colours."""


def _is_activation(kind: type[Layer]) -> bool:
    return kind.family == "activation" and not issubclass(kind, _SOFTMAXES)


def _is_softmax(kind: type[Layer]) -> bool:
    return issubclass(kind, _SOFTMAXES)


def _passes_on(kind: type[Layer]) -> bool:
    """Whether evaluation sees nothing of it, as of a dropout."""
    return issubclass(kind, Pointwise) and not kind.writes


class _Neighbours:
    """Who takes a layer's result, and whose result it takes, past what passes it on."""

    def __init__(self, report: Report) -> None:
        self.nodes = report.built.nodes
        self.readers = report.built.readers
        self.returned = report.built.returned
        self._at_work: dict[str, Node | None] = {}  # where what a layer passes on was made
        for layer in report.of(_passes_on):
            self._at_work[layer.path] = self.before(layer.node)

    def only_reader(self, node: Node) -> Node | None:
        """The only layer that takes a result, past dropouts and batch normalisations."""
        while True:
            readers = self.readers.get(node.path, ())
            if len(readers) != 1 or node.path in self.returned:
                return None
            (reader,) = readers
            if not (_passes_on(type(reader.layer)) or reader.layer.of_batch):
                return reader
            node = reader

    def before(self, node: Node) -> Node | None:
        """The layer whose result it takes, past dropouts; None for an input of the network."""
        if not node.sources:
            return None
        path = node.sources[0].path
        if path in self._at_work:
            return self._at_work[path]
        return self.nodes.get(path)


@check("no-activation")
def no_activation(report: Report) -> Iterator[Finding]:
    """Two layers of weighted sums stand in a row, and together are no more than one of them.

    Not said of what is made of two on purpose: a bottleneck between, narrower than both ends;
    grouped convolutions; weights that are used again; nor of convolutions where a network has no
    activation at all, and so is an exercise about sizes.
    """
    neighbours = _Neighbours(report)
    is_exercise = not any(report.of(_bends))
    for layer in report.of(lambda kind: issubclass(kind, (Linear, Convolution))):
        first = layer.node
        if isinstance(first.layer, Convolution) and (is_exercise or first.layer.groups != 1):
            continue
        second = neighbours.only_reader(first)
        if (
            second is None
            or second.shared is not None
            or not _continues(first, second, report.least)
        ):
            continue
        what = "features" if isinstance(first.layer, Linear) else "channels"
        yield Finding(
            second.path,
            f"weighs the {first.layer.kind} {first.path!r} again with no activation between: "
            f"both together are one {first.layer.kind} from {_ends(first, second, what)}",
        )


def _bends(kind: type[Layer]) -> bool:
    """Whether a layer does anything else than weigh, move or average values."""
    return kind.family in ("activation", "attention", "recurrent", "transformer")


def _continues(first: Node, second: Node, least: Least) -> bool:
    """Whether the second layer weighs the first's sums again, and nothing is narrower between."""
    a, b = first.layer, second.layer
    if isinstance(a, Linear):
        if not isinstance(b, Linear):
            return False
    elif not (isinstance(b, Convolution) and type(a) is type(b)) or b.groups != 1:
        return False
    axis = -1 if isinstance(a, Linear) else 1
    ends = first.inputs[0].shape[axis], second.output.shape[axis]
    between = first.output.shape[axis]
    return any(surely_at_least(between, end, least) for end in ends)


def _ends(first: Node, second: Node, what: str) -> str:
    axis = -1 if what == "features" else 1
    return f"{first.inputs[0].shape[axis]} to {second.output.shape[axis]} {what}"


@check("activation-twice")
def activation_twice(report: Report) -> Iterator[Finding]:
    """An activation goes straight into another one.

    Softplus into Tanh is not told of: so Mish is written in parts.
    """
    neighbours = _Neighbours(report)
    known: dict[tuple[type[Layer], type[Layer]], str | None] = {}  # a network has few such pairs
    for layer in report.of(_is_activation):
        first = neighbours.before(layer.node)
        if first is None:
            continue
        kinds = type(first.layer), type(layer.node.layer)
        if kinds not in known:
            known[kinds] = _twice(*kinds)
        if (effect := known[kinds]) is not None:
            told = f"activates the result of the {first.layer.kind} {first.path!r} once more"
            yield Finding(layer.path, told + effect)


def _twice(first: type[Layer], second: type[Layer]) -> str | None:
    """What comes of a kind behind another; None where nothing is told of them."""
    if not _is_activation(first):
        return None
    if issubclass(first, activation.Softplus) and issubclass(second, activation.Tanh):
        return None
    return ", which changes nothing" if first is second and issubclass(first, _RECTIFIED) else ""


@check("softmax-before-end")
def softmax_before_end(report: Report) -> Iterator[Finding]:
    """A softmax over features goes into a layer of weights, an activation or another softmax.

    Scores of attention are multiplied with values, not weighed, and are not told of.
    """
    if not any(report.of(_is_softmax)):
        return
    neighbours = _Neighbours(report)
    for layer in report.of(_takes_no_probabilities):
        reader = layer.node
        first = neighbours.before(reader)
        if first is None or not isinstance(first.layer, _SOFTMAXES):
            continue
        is_flat = len(first.output.shape) == 2
        if is_flat or _is_activation(type(reader.layer)) or _is_softmax(type(reader.layer)):
            yield Finding(
                first.path,
                f"its probabilities go into the {reader.layer.kind} {reader.path!r}; "
                f"a softmax is for the end of a network",
            )


def _takes_no_probabilities(kind: type[Layer]) -> bool:
    weighs = issubclass(kind, (Linear, Bilinear, Convolution))
    return weighs or kind.of_batch or _is_activation(kind) or _is_softmax(kind)


@check("batch-norm-of-one")
def batch_norm_of_one(report: Report) -> Iterator[Finding]:
    """A batch normalisation has one value for each channel, whose deviation is 0.

    Said once, of the first, for all of them go with the batch.
    """
    for layer in report.of(lambda kind: kind.of_batch):
        (x,) = layer.node.inputs
        if all(size == 1 for size in (x.batch, *x.spatial)):
            yield Finding(
                layer.path,
                "has one value for each channel with a batch of 1, which torch refuses in "
                "training: a batch of at least 2, or another normalisation",
            )
            return


@check("flatten-missing")
def flatten_missing(report: Report) -> Iterator[Finding]:
    """A Linear works on the last dimension of a map, its width or length, as if it were features.

    Where in_features is stated and right, it is meant so.
    """
    for layer in report.of(lambda kind: issubclass(kind, Linear)):
        node = layer.node
        stated = node.entry.settings.get("in_features")
        if len(node.inputs[0].shape) < 3:
            continue
        if stated is not None and stated.content is not None:
            continue
        x = node.inputs[0]
        names = layout(report.built.nodes, node.sources[0], x, NEAREST)
        if names is None or names[0] != "channels":
            continue
        hint = f"a Flatten before it would make features of {x}"
        if len(names) == 2:
            hint += ", and a Permute: [0, 2, 1] of the channels alone"
        yield Finding(node.path, f"works on the {names[-1]}, {x.shape[-1]}, of {x}: {hint}")


@check("channels-last")
def channels_last(report: Report) -> Iterator[Finding]:
    """A convolution takes the height of an image for its channels, which stand last."""
    for layer in report.of(lambda kind: issubclass(kind, Convolution)):
        node = layer.node
        x = node.inputs[0]
        if len(x.shape) != 4 or node.sources[0].path not in report.inputs:
            continue
        height, width, colours = x.shape[1:]
        is_large = all(
            surely_at_least(side, LARGEST_SIDE_OF_NO_IMAGE + 1, report.least)
            for side in (height, width)
        )
        if is_large and colours in (1, 3):
            yield Finding(
                node.path,
                f"takes {x} as {height} channels; those of an image come first: "
                f"{times((colours, height, width))}",
            )


@check("join-of-one")
def join_of_one(report: Report) -> Iterator[Finding]:
    """A join has one input only: what was to be joined to it is missing.

    Where branches were left out by their conditions, that is a choice.
    """
    for layer in report.of(lambda kind: kind.joins):
        node: Node = layer.node
        is_idle = node.layer.is_idle_alone and len(node.inputs) == 1
        if is_idle and node.entry.branches is None:
            yield Finding(node.path, _alone(layer))


def _alone(layer: LayerReport) -> str:
    node = layer.node
    source = node.sources[0]
    return (
        f"joins {str(source)!r} with nothing; with a second input, as in from: "
        f"[{source}, ...], it is a {'skip' if isinstance(node.layer, Broadcast) else 'join'}"
    )
