"""One layer explained: where each of its numbers comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from shapecalc.algebra.trace import Leaf, Number, Traced, untraced
from shapecalc.algebra.window import Window
from shapecalc.derivation.letters import Lettered, axes, lettered
from shapecalc.layers.tensor import times
from shapecalc.report import LayerReport, Report


class Line(NamedTuple):
    """A line of an explanation: a named number with its derivation, or a remark in words."""

    name: str
    value: Any = None
    remark: str = ""


class Picture(NamedTuple):
    """A kernel on the corner of its input: its padding, extent and dilation along each axis."""

    before: tuple[int, ...]
    extent: tuple[int, ...]
    dilation: tuple[int, ...]


class Section(NamedTuple):
    """Lines under a heading, and a picture to be drawn below them."""

    heading: str
    lines: list[Line]
    picture: Picture | None = None


class Explanation(NamedTuple):
    """Everything there is to say about a layer."""

    path: str
    kind: str
    doc: str
    inputs: list[tuple[str, str]]
    output: str
    settings: dict[str, Any]
    sections: list[Section]
    layer: LayerReport


def explain(report: Report, path: str, closed: Report | None = None) -> Explanation:
    """Explain a layer of a report; raises ``KeyError`` with the nearest path if there is none.

    ``closed`` is a report of the same network whose input sizes are symbols: the closed forms from
    the network's input are taken from there.
    """
    layer = report[path]
    told = lettered(layer.node)
    sections = [
        Section("shape", list(_shape(layer, told))),
        _padding(layer),
        Section("cost", list(_cost(layer, told))),
        Section("seen from the input", list(_from_input(report, layer, closed))),
    ]
    return Explanation(
        path=layer.path,
        kind=layer.kind,
        doc=(type(layer.node.layer).__doc__ or "").strip().partition("\n")[0],
        inputs=[
            (source, times(shape[1:])) for source, shape in zip(layer.inputs, layer.input_shapes)
        ],
        output=times(layer.output_shape[1:]),
        settings={letter: untraced(value) for letter, value in told.settings.items()},
        sections=[section for section in sections if section.lines],
        layer=layer,
    )


def _shape(layer: LayerReport, told: Lettered) -> Iterator[Line]:
    """The derivation of every size that is computed, alike axes drawn together."""
    names = axes(len(told.shape))
    lines: dict[Any, list[str]] = {}
    for name, size in zip(names, told.shape[1:]):
        if isinstance(size, Traced) and not isinstance(size.tree, Number):
            lines.setdefault(size, []).append(name)
    for size, own in lines.items():
        if not isinstance(size.tree, Leaf):
            yield Line(_and(own), size)
        elif size.tree.letter in told.settings:
            yield Line(_and(own), size)
        elif not layer.node.layer.joins:
            yield Line(_and(own), remark=f"{size.value}, as it comes in")
    yield from _remainders(layer)
    yield from _joined(layer)
    yield from _bins(layer)


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _remainders(layer: LayerReport) -> Iterator[Line]:
    """What the floor drops, and the sizes near by at which it would drop nothing."""
    node = layer.node
    windows = node.layer.windows(node.x) if node.layer.rank else None
    if windows is None or node.layer.joins or getattr(node.layer, "ceil_mode", False):
        return
    told: dict[str, list[str]] = {}
    names = axes(len(layer.output_shape))[1:]
    for name, window, size in zip(names, windows, node.inputs[0].spatial):
        if isinstance(size, int) and isinstance(window.stride, int) and window.stride > 1:
            told.setdefault(_remainder(window, size), []).append(name)
    for remark, own in told.items():
        yield Line("remainder" if len(told) == 1 else f"remainder in {_and(own)}", remark=remark)


def _remainder(window: Window, size: int) -> str:
    left: Any = window.remainder(size)
    stride: Any = window.stride
    if left == 0:
        return "the windows end exactly at the edge: nothing is dropped"
    cells = "1 cell" if left == 1 else f"{left} cells"
    padded = " of the padded input" if window.before or window.after else ""
    nearest = [n for n in (size - left, size + stride - left) if n > 0]
    return (
        f"the division leaves {left}: {cells} at the end{padded} no window reaches; "
        f"nothing is left at {' or '.join(map(str, nearest))}"
    )


def _joined(layer: LayerReport) -> Iterator[Line]:
    """What comes into a join, and that it agrees."""
    if not layer.node.layer.joins:
        return
    for source, shape in zip(layer.inputs, layer.input_shapes):
        yield Line(f"from {source}", remark=times(shape[1:]))
    agreeing = [
        name
        for i, name in enumerate(axes(len(layer.output_shape)), start=1)
        if len({len(shape) for shape in layer.input_shapes}) == 1
        and len({shape[i] for shape in layer.input_shapes}) == 1
    ]
    if agreeing:
        yield Line("agree in", remark=_and(agreeing))


def _bins(layer: LayerReport) -> Iterator[Line]:
    """The window each output of an adaptive pool gets, where they are few enough to list."""
    if not layer.kind.startswith("Adaptive"):
        return
    names = axes(len(layer.output_shape))[1:]
    told: dict[str, list[str]] = {}
    for name, size, out in zip(names, layer.input_shapes[0][2:], layer.output_shape[2:]):
        if isinstance(size, int) and isinstance(out, int):
            told.setdefault(_edges(layer.node.layer, size, out), []).append(name)
    for remark, own in told.items():
        yield Line(_and(own), remark=remark)


def _edges(layer: Any, size: int, out: int) -> str:
    edges = [layer.bin(i, size, out) for i in range(min(out, 8))]
    listed = ", ".join(f"{first}..{last - 1}" for first, last in edges)
    more = ", ..." if out > len(edges) else ""
    return f"{out} windows over {size} cells: {listed}{more}"


def _cost(layer: LayerReport, told: Lettered) -> Iterator[Line]:
    for name, sizes in told.weights.items():
        yield Line(name, sizes)
    if layer.weights:
        yield Line("params", told.params)
    for name, tensor in layer.buffers_of.items():
        yield Line(name, remark=f"buffer of {times(tensor.shape) or 1}")
    if layer.node.shared is not None:
        yield Line("shared", remark=f"the weights are those of {layer.node.shared!r}: they count there")
    if untraced(told.macs) != 0:
        yield Line("MACs", told.macs)
    if untraced(told.elementwise) != 0:
        yield Line("elementwise", told.elementwise)


def _padding(layer: LayerReport) -> Section:
    """Why the padding is what it is: by the formula, and by the picture of the corner."""
    own: Any = layer.node.layer
    windows = own.windows(layer.node.x) if own.rank and "padding" in own.fields else None
    if windows is None or "kernel_size" not in own.fields:
        return Section("padding", [])
    dilation = getattr(own, "dilation", (1,) * own.rank)
    if own.padding != "same":  # what rounding up adds at the end is no padding
        windows = [window._replace(after=window.before) for window in windows]
    settings = list(zip(own.kernel_size, dilation, windows))
    if not all(isinstance(n, int) for k, d, w in settings for n in (k, d, w.before)):
        return Section("padding", [])
    if not (own.padding == "same" or any(window.before for window in windows)):
        return Section("padding", [])
    lines = []
    for name, (kernel, step, window) in zip(axes(own.rank + 2)[1:], dict.fromkeys(settings)):
        own_name = name if len(set(settings)) > 1 else ""
        keeps = Keeping(kernel, step, window)
        lines.append(Line(own_name, keeps))
    before, extent = (tuple(getattr(w, each) for w in windows) for each in ("before", "extent"))
    return Section("padding", lines, Picture(before, extent, tuple(dilation)))


class Keeping(NamedTuple):
    """The padding that keeps a size at stride 1, beside the one that is there."""

    kernel: int
    dilation: int
    window: Window


def _from_input(report: Report, layer: LayerReport, closed: Report | None) -> Iterator[Line]:
    field = report.receptive_fields[layer.path]
    if field is not None and layer.node.output.spatial:
        yield Line("receptive field", remark=times(field.size))
        yield Line("jump", remark=times(field.stride))
        yield Line("padding", remark=times(field.padding))
    if closed is None or layer.path not in closed:
        return
    shape = closed[layer.path].output_shape
    for name, size in zip(axes(len(shape)), shape[1:]):
        if hasattr(size, "symbols"):
            yield Line(name, remark=f"= {size.factored()}")
