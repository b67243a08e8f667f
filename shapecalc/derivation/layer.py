"""One layer explained: where each of its numbers comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import known, prod, total
from shapecalc.algebra.requirement import Condition, equal
from shapecalc.algebra.trace import Leaf, Traced, untraced
from shapecalc.algebra.window import IDENTITY, Window, extent, spread
from shapecalc.catalogue import summary
from shapecalc.derivation import padding
from shapecalc.derivation.equation import Chain, Derivation
from shapecalc.derivation.letters import Lettered, Sizes, axes, lettered
from shapecalc.layers.field import SameAs
from shapecalc.layers.reshaping import Flatten
from shapecalc.layers.tensor import times
from shapecalc.report import LayerReport, ReceptiveField, Report

MOST_WINDOWS = 8
"""How many windows of an adaptive pool are listed."""


class Line(NamedTuple):
    """A line of an explanation: a named number with its derivation, and a remark in words."""

    name: str
    value: Derivation = None
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


class Setting(NamedTuple):
    """A field of the layer, the letter it has in formulas if it has one, and its value."""

    field: str
    letter: str
    value: Any


class Explanation(NamedTuple):
    """Everything there is to say about a layer; inputs are told with where they come from."""

    path: str
    kind: str
    doc: str
    inputs: list[tuple[str, Sizes]]
    output: Sizes
    settings: list[Setting]
    sections: list[Section]


def explain(report: Report, path: str, closed: Report | None = None) -> Explanation:
    """Explain a layer of a report; raises ``KeyError`` with the nearest path if there is none.

    ``closed`` is a report of the same network whose input sizes are symbols: the closed forms from
    the network's input are taken from there.
    """
    layer = report[path]
    told = lettered(layer.node)
    sections = [
        Section("shape", [*_shape(layer, told), *_flattened(report, layer)]),
        _padding(layer),
        Section("cost", list(_cost(layer, told))),
        Section(
            "seen from the input", list(_from_input(report, layer, told.axes, closed or report))
        ),
    ]
    return Explanation(
        path=layer.path,
        kind=layer.kind,
        doc=summary(type(layer.node.layer)),
        inputs=list(zip(layer.inputs, map(_behind_batch, told.inputs))),
        output=_behind_batch(told.output),
        settings=list(_settings(layer, told)),
        sections=[section for section in sections if section.lines],
    )


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
        if declared.is_required or value not in (None, _default(declared, own.rank)):
            yield Setting(name, "", value)


def _default(declared: Any, rank: int) -> Any:
    return None if declared.default is None else declared.type.read(declared.default, rank)


# -- shape -------------------------------------------------------------------------------------


def _shape(layer: LayerReport, told: Lettered) -> Iterator[Line]:
    """The derivation of every size, alike axes drawn together."""
    kept = [_kept(layer, told, i) for i in range(len(told.output))]
    alone = not layer.node.layer.joins
    if all(kept[1:]) and alone and len(told.output) == len(told.inputs[0]):
        yield Line("", remark="the output has the shape of the input")
    else:
        lines: dict[Any, list[str]] = {}
        for i, (name, size) in enumerate(zip(told.axes, told.shape[1:]), start=1):
            key = size.tree if isinstance(size, Traced) else size
            lines.setdefault((key, kept[i]), []).append(name)
        for (tree, remark), own in lines.items():
            yield _size(_and(own), tree, remark, told, "as set" if alone else "")
    yield from _remainders(layer)
    yield from _bins(layer)


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
        return f"as it comes from {_and([layer.inputs[i] for i in own])}"
    alike = len({shape[place] for shape in layer.input_shapes}) == 1
    return "the same in all inputs" if alike else "has to be the same in all inputs"


def _size(name: str, tree: Any, kept: str, told: Lettered, fixed: str) -> Line:
    if isinstance(tree, int) or hasattr(tree, "symbols"):
        return Line(name, tree, fixed)
    if kept:
        return Line(name, tree.value, kept)
    if isinstance(tree, Leaf) and tree.letter in told.settings:
        field = told.fields[tree.letter][0]
        return Line(name, Traced(tree), field if field != tree.letter else "")
    return Line(name, Traced(tree))


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _flattened(report: Report, layer: LayerReport) -> Iterator[Line]:
    """Where a linear layer's features come from, if they were an image once."""
    if "in_features" not in layer.node.layer.fields:
        return
    source = layer.inputs[0]
    while source in report:
        before = report[source]
        if isinstance(before.node.layer, Flatten):
            image, features = before.input_shapes[0][1:], before.output_shape[-1]
            yield Line("in_features", Chain((image, features)), f"from {source}")
        if before.output_shape != before.input_shapes[0]:
            return
        source = before.inputs[0]


def _remainders(layer: LayerReport) -> Iterator[Line]:
    """What rounding drops or adds, and the sizes near by at which it does nothing."""
    own = layer.node.layer
    windows = own.windows(layer.node.x) if own.rank and not own.joins else None
    told: dict[str, list[str]] = {}
    names = axes(len(layer.output_shape))[1:]
    remainder = _rounded_up if getattr(own, "ceil_mode", False) else _remainder
    for name, window, size in zip(names, windows or (), layer.node.inputs[0].spatial):
        if isinstance(window.stride, int) and window.stride > 1:
            told.setdefault(remainder(window, size), []).append(name)
    for remark, of in told.items():
        if remark:
            yield Line("remainder" if len(told) == 1 else f"remainder in {_and(of)}", remark=remark)


def _remainder(window: Window, size: Any) -> str:
    left: Any = window.remainder(size)
    stride: Any = window.stride
    if not isinstance(left, int):
        decided = equal(left, 0, lambda: "").decide()
        if isinstance(decided, Condition):
            return f"nothing is dropped where {_said(decided)}"
        return "nothing is ever dropped" if decided else "something is dropped at every size"
    if left == 0:
        return "the last window ends exactly at the edge: nothing is dropped"
    padded = " of the padded input" if window.before or window.after else ""
    nearest = [n for n in (size - left, size + stride - left) if n > 0]
    return (
        f"the division leaves {left}: {_cells(left)} at the end{padded} no window reaches; "
        f"a size of {' or '.join(map(str, nearest))} would leave nothing"
    )


def _rounded_up(window: Window, size: Any) -> str:
    """What ceil mode changes: a window more that sticks out at the end."""
    if not isinstance(size, int):
        return ""
    plain = window._replace(after=window.before)
    fewer: Any = plain.output(size)
    output: Any = window.output(size)
    left: Any = plain.remainder(size)
    stride: Any = window.stride
    if output > fewer:
        return (
            f"one window more than the {fewer} of rounding down; "
            f"it sticks out by {_cells(stride - left)} at the end"
        )
    if left == 0:
        return "the last window ends exactly at the edge: rounding up changes nothing"
    return (
        f"the division leaves {left}, but a window more would begin behind the input, "
        "where torch does not count it"
    )


def _cells(n: int) -> str:
    return "1 cell" if n == 1 else f"{n} cells"


def _said(condition: Condition) -> str:
    """A condition on the symbols in words."""
    if condition.symbol is None or condition.solutions is None:
        return condition.equation
    return " and ".join(condition.solutions.conditions(condition.symbol).values())


def _bins(layer: LayerReport) -> Iterator[Line]:
    """The window each output of an adaptive pool gets."""
    own: Any = layer.node.layer
    if not hasattr(own, "bin"):
        return
    names = axes(len(layer.output_shape))[1:]
    told: dict[str, list[str]] = {}
    for name, size, out in zip(names, layer.input_shapes[0][2:], layer.output_shape[2:]):
        if isinstance(size, int) and isinstance(out, int):
            told.setdefault(_edges(own, size, out), []).append(name)
    for remark, of in told.items():
        yield Line(f"windows in {_and(of)}", remark=remark)


def _edges(layer: Any, size: int, out: int) -> str:
    edges = [layer.bin(i, size, out) for i in range(min(out, MOST_WINDOWS))]
    listed = ", ".join(f"{first}..{last - 1}" for first, last in edges)
    more = ", ..." if out > len(edges) else ""
    return f"cells {listed}{more} of {size}, counted from 0"


# -- padding -----------------------------------------------------------------------------------


def _padding(layer: LayerReport) -> Section:
    """Why the padding is what it is: by the formula, and by the picture of the corner."""
    own: Any = layer.node.layer
    if not own.rank or not {"padding", "kernel_size", "stride"} <= own.fields.keys():
        return Section("padding", [])
    if "output_padding" in own.fields:
        return Section("padding", list(_taken_off(own)))
    windows = own.windows(layer.node.x)
    dilation = getattr(own, "dilation", (1,) * own.rank)
    if windows is None or not _are_numbers([*windows, own.kernel_size, dilation]):
        return Section("padding", [])
    if getattr(own, "ceil_mode", False):  # what rounding up adds at the end is no padding
        windows = [window._replace(after=window.before) for window in windows]
    if not any(window.before or window.after for window in windows):
        return Section("padding", [])
    lines: list[Line] = []
    told = dict.fromkeys(zip(own.kernel_size, dilation, windows))
    for name, setting in zip(axes(own.rank + 2)[1:], told):
        lines += _keeping(f"{name}, " if len(told) > 1 else "", *setting)
    before, reach = (tuple(getattr(w, each) for w in windows) for each in ("before", "extent"))
    return Section("padding", lines, Picture(before, reach, tuple(dilation)))


def _are_numbers(settings: list[Any]) -> bool:
    return all(isinstance(n, int) for values in settings for n in values)


def _keeping(name: str, kernel: int, dilation: int, window: Window) -> Iterator[Line]:
    """The padding that keeps the size at stride 1, and what the one that is there does."""
    same = padding.same(kernel, dilation)
    yield Line(f"{name}by the formula", same.condition, "to keep the size at stride 1")
    yield Line("", same.solved)
    if same.is_even:
        yield Line("", same.half)
    else:
        yield Line("", remark=f"odd, so {same.before} before and {same.after} after")
    if known(extent(kernel, dilation)) % 2:
        hangs = "so far the kernel hangs over, its centre on the first pixel"
        yield Line(f"{name}by the picture", padding.hanging_over(kernel, dilation), hangs)
    yield Line(f"{name}here", remark=_compared(same, window))


def _compared(same: padding.Same, window: Window) -> str:
    before: Any = window.before
    after: Any = window.after
    given = f"P = {before}" if before == after else f"{before} before and {after} after"
    if before + after != same.total:
        return f"{given}, {'less' if before + after < same.total else 'more'} than that"
    if window.stride == 1:
        return f"{given}: the size is kept"
    return f"{given}, just that, so that the stride alone divides the size"


def _taken_off(layer: Any) -> Iterator[Line]:
    """Why a transposed convolution's padding is what it is: to multiply the size by the stride."""
    settings = [
        layer.kernel_size,
        layer.stride,
        layer.dilation,
        layer.output_padding,
        layer.padding,
    ]
    if not _are_numbers(settings):
        return
    told = dict.fromkeys(zip(*settings))
    for name, (kernel, stride, dilation, extra, taken) in zip(axes(layer.rank + 2)[1:], told):
        found = padding.multiplied(kernel, stride, dilation, extra)
        own = f"{name}, " if len(told) > 1 else ""
        yield Line(f"{own}by the formula", found.condition, "to multiply every size by S")
        yield Line("", found.solved)
        yield Line("", found.half if found.is_even else None, "" if found.is_even else _ODD)
        more: Any = spread(1, kernel, stride, taken, extra, dilation)
        yield Line(f"{own}here", remark=f"P = {taken}: {_made_of(stride, more - stride)}")


_ODD = "odd, so no padding does it: output_padding can add a cell"


def _made_of(stride: int, more: int) -> str:
    if more == 0:
        return f"the size is multiplied by {stride}"
    return f"N cells become {stride}N {'+' if more > 0 else '-'} {abs(more)}"


# -- cost --------------------------------------------------------------------------------------


def _cost(layer: LayerReport, told: Lettered) -> Iterator[Line]:
    for name, sizes in told.weights.items():
        yield Line(name, sizes)
    if layer.node.shared is not None and told.weights:
        remark = f"the weights are those of {layer.node.shared}, and count there"
        yield Line("params", layer.params, remark)
    elif told.weights:
        yield Line("params", told.params)
    for name, sizes in told.buffers.items():
        yield Line(name, sizes, "kept, not learned")
    if told.buffers and layer.node.shared is None:
        yield Line("buffers", total([prod(sizes) for sizes in told.buffers.values()]))
    if untraced(told.macs) != 0:
        yield Line("MACs", told.macs)
    if untraced(told.elementwise) != 0:
        yield Line("elementwise", told.elementwise, layer.node.layer.work)


# -- seen from the input -----------------------------------------------------------------------


def _from_input(
    report: Report, layer: LayerReport, names: tuple[str, ...], closed: Report
) -> Iterator[Line]:
    yield from _view(report, layer)
    if layer.path in closed:
        lines = list(_closed_forms(layer, names, closed))
        if lines:
            for name, tensor in closed.inputs.items():
                yield Line(name, tensor.shape[1:])
        yield from lines


def _closed_forms(layer: LayerReport, names: tuple[str, ...], closed: Report) -> Iterator[Line]:
    """The layer's numbers as formulas in the sizes of the network's input, and what it needs."""
    own = closed[layer.path]
    forms = list(zip(names, own.output_shape[1:], layer.output_shape[1:]))
    forms += [("params", own.params, layer.params), ("MACs", own.macs, layer.macs)]
    for name, form, value in forms:
        if hasattr(form, "symbols"):
            yield Line(name, Chain((form, value)))
    conditions = dict.fromkeys(
        _said(need.condition) for need in closed.built.needs if need.path == layer.path
    )
    if layer.node.layer.joins:
        yield from _branches(own, list(conditions))
    elif conditions:
        yield Line("needs", remark=", ".join(conditions))
    together = [each.condition for each in closed.constraints if layer.path in each.paths]
    if not conditions.keys() >= {*together}:
        yield Line("with the others", remark=", ".join(together))


def _branches(own: LayerReport, conditions: list[str]) -> Iterator[Line]:
    """What comes into a join, told from the network's input, and when it agrees."""
    symbols = {
        name
        for shape in own.input_shapes
        for size in shape[1:]
        for name in getattr(size, "symbols", ())
    }
    if symbols:
        for source, shape in zip(own.inputs, own.input_shapes):
            yield Line(f"from {source}", shape[1:])
        every = f"for every {_and(sorted(symbols))}"
        yield Line(
            "they agree", remark=f"where {' and '.join(conditions)}" if conditions else every
        )


def _view(report: Report, layer: LayerReport) -> Iterator[Line]:
    """The receptive field, composed of the one of the layer before and the layer's own window."""
    field = report.receptive_fields[layer.path]
    own = layer.node.layer
    if field is None or not field.size:
        return
    windows = own.windows(layer.node.x) or ()
    if own.joins or all(window == IDENTITY for window in windows):
        of = "all inputs together" if own.joins else layer.inputs[0]
        yield Line("receptive field", remark=f"{times(field.size)}, that of {of}")
        yield Line("jump", remark=times(field.stride))
        yield Line("padding", remark=times(field.padding))
        return
    source = layer.inputs[0]
    before = report.receptive_fields.get(source) or _AT_INPUT
    told: dict[Any, list[str]] = {}
    for i, (name, window) in enumerate(zip(axes(len(windows) + 2)[1:], windows)):
        at = [values[i % len(values)] for values in before]
        told.setdefault((*at, *window[:3]), []).append(name)
    for setting, names in told.items():
        inside = f" in {_and(names)}" if len(told) > 1 else ""
        yield from _composed(inside, source, *setting)


_AT_INPUT = ReceptiveField((1,), (1,), (0,))


def _composed(inside: str, source: str, *setting: Any) -> Iterator[Line]:
    letters: list[Any] = [Traced.letter(name, n) for name, n in zip("RJQkSP", setting)]
    size, jump, ahead, reach, stride, pad = letters
    seen = Window(size, jump, ahead, 0).then(Window(reach, stride, pad, 0))
    of = f"R, J and Q are those of {source}, k is the kernel's extent"
    yield Line(f"receptive field{inside}", seen.extent, of)
    yield Line(f"jump{inside}", seen.stride, "from one output's view to the next")
    yield Line(f"padding{inside}", seen.before, "cells that the first view begins before the input")
