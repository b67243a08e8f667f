"""Warnings about windows: what they leave out, and what they see beside the input."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.arithmetic import Dim, ceildiv, is_symbolic, largest
from shapecalc.algebra.requirement import Least
from shapecalc.algebra.window import Window, evened
from shapecalc.layers.axes import SPATIAL
from shapecalc.layers.convolution import TransposedConvolution
from shapecalc.layers.pointwise import Pointwise
from shapecalc.layers.scaling import Scaling, parting
from shapecalc.layers.tensor import times
from shapecalc.lint.base import Finding, check, of_alike, surely_at_least

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report
    from shapecalc.layers import Layer


def _sliding(report: Report) -> Iterator[LayerReport]:
    """The layers that slide a kernel over their input.

    Padding and slicing have windows too, but there the cells added or left out are the purpose.
    """
    return report.of(lambda kind: kind.slides)


def _windows(layer: LayerReport) -> tuple[Window, ...]:
    """The windows that a layer slides over its input."""
    return layer.node.layer.windows(*layer.node.inputs) or ()


@check("dropped-pixels")
def dropped_pixels(report: Report) -> Iterator[Finding]:
    """The window's steps do not come out even, and cells at the end of the input are lost."""

    def told(layer: LayerReport) -> str:
        if layer.node.layer.rounds_up:
            return ""
        spatial = layer.node.inputs[0].spatial
        axes = list(zip(spatial, _windows(layer)))
        dropping = [axis for axis in dict.fromkeys(axes) if _drops(*axis, report.least)]
        named = list(zip(SPATIAL[len(spatial)], axes)) if dropping else []
        return "; ".join(
            [
                _dropped([name for name, own in named if own == axis], *axis, report.least)
                for axis in dropping
            ]
        )

    yield from of_alike(_sliding(report), told)


def _drops(size: Dim, window: Window, least: Least) -> bool:
    """Whether the floor costs something that it does not cost by design.

    A window padded so that its output is ceil(size / stride), as 7x7 with stride 2 and padding 3
    is, leaves a cell of padding over at every even size: nothing is missed. Nor where no more is
    lost at the end than is stepped over between any two positions, as with 1x1 and stride 2.
    """
    left = window.remainder(size)
    if not surely_at_least(left, 1, least):
        return False
    if surely_at_least(size, window.output(size) * window.stride + 1, least):
        return True
    stepped_over = largest(window.stride - window.extent, 0)
    return surely_at_least(left - window.after, stepped_over + 1, least)


def _dropped(names: list[str], size: Dim, window: Window, least: Least) -> str:
    left = window.remainder(size)
    padded = size + window.before + window.after
    padding = f", {padded} padded" if padded != size else ""
    cells = "the last cell" if left == 1 else f"the last {left} cells"
    only = "" if surely_at_least(left, window.after + 1, least) else " (padding only)"
    more = evened(window, size)
    padding_too = f" (padding {more} would)" if more is not None else ""
    fitting = [size - left, size - left + window.stride]
    if not surely_at_least(fitting[0], 1, least):
        fitting.pop(0)
    return (
        f"{' and '.join(names)} {size}{padding}: no window of {window.extent} with stride "
        f"{window.stride} reaches {cells}{only}{padding_too}; "
        f"{' or '.join(map(str, fitting))} would fit"
    )


@check("wide-padding")
def wide_padding(report: Report) -> Iterator[Finding]:
    """The padding is wider than half the window: windows at the edge see little else."""

    def told(layer: LayerReport) -> str:
        for window in dict.fromkeys(_windows(layer)):
            after = window.before if layer.node.layer.rounds_up else window.after
            padding = largest(window.before, after)
            if not surely_at_least(2 * padding, window.extent + 1, report.least):
                continue
            sees = (
                "sees nothing but padding"
                if surely_at_least(padding, window.extent, report.least)
                else "sees more padding than input"
            )
            return f"padding {padding} for a window of {window.extent}: at the edge it {sees}"
        return ""

    yield from of_alike(_sliding(report), told)


@check("padding-of-some")
def padding_of_some(report: Report) -> Iterator[Finding]:
    """A list of padding is shorter than there are sides: then torch pads the last axes alone."""
    for layer in report.of(_pads_last_axes):
        own: Any = layer.node.layer
        given = layer.node.entry.settings.get("padding")
        if given is None or given.kind != given.LIST:
            continue
        numbers = own.padding[: len(given.content)]
        if len(numbers) < len(own.padding):
            axes = SPATIAL[own.rank]
            padded, others = axes[-(len(numbers) // 2) :], axes[: -(len(numbers) // 2)]
            message = (
                f"padding {list(numbers)} pads {' and '.join(padded)} alone; for "
                f"{' and '.join(others)}, too, give one number, or {len(own.padding)}"
            )
            yield Finding(layer.path, message)


def _pads_last_axes(kind: type[Layer]) -> bool:
    """Whether a list of padding may be shorter than there are sides."""
    padding = kind.fields.get("padding")
    return padding is not None and getattr(padding.type, "short", "") == "zeros"


@check("even-kernel-same")
def even_kernel_same(report: Report) -> Iterator[Finding]:
    """An even kernel is asked to keep its input's size, which takes padding that is uneven."""

    def told(layer: LayerReport) -> str:
        if getattr(layer.node.layer, "padding", None) != "same":
            return ""
        for window in _windows(layer):
            if surely_at_least(window.after, window.before + 1, report.least):
                return (
                    f"a window of {window.extent} keeps its input's size with padding "
                    f"{window.before} before and {window.after} after: results move by half a cell"
                )
        return ""

    yield from of_alike(_sliding(report), told)


@check("uneven-transposed-kernel")
def uneven_transposed_kernel(report: Report) -> Iterator[Finding]:
    """A transposed convolution's kernel is no multiple of its stride: outputs overlap unevenly."""
    least = report.least

    def told(layer: LayerReport) -> str:
        conv: Any = layer.node.layer
        axes = zip(layer.node.inputs[0].spatial, conv.kernel_size, conv.stride, conv.dilation)
        for size, kernel, stride, dilation in axes:
            # a single cell is spread once and overlaps nothing
            if surely_at_least(kernel % stride, 1, least) and surely_at_least(size, 2, least):
                found = f"kernel {kernel} is no multiple of stride {stride}: "
                if dilation == 1:
                    less, more = kernel // stride, ceildiv(kernel, stride)
                    return f"{found}outputs get {less} or {more} cells of it by turns"
                return f"{found}outputs get more and fewer cells of it by turns"
        return ""

    transposed = report.of(lambda kind: issubclass(kind, TransposedConvolution))
    yield from of_alike(transposed, told)


@check("receptive-field-beyond-input")
def receptive_field_beyond_input(report: Report) -> Iterator[Finding]:
    """From here on every output's receptive field is larger than the network's input.

    Said once, where it begins; and not of a layer that leaves one output, which is to see it all.
    """
    inputs = {
        tensor.spatial: [size + 1 for size in tensor.spatial] for tensor in report.inputs.values()
    }
    before = None
    fields = report.receptive_fields
    if any(map(is_symbolic, chain(*inputs))):
        told = fields.symbols
        if all(_is_larger_than_any(size, told) for sizes in inputs for size in sizes):
            return
    for layer in report.layers:
        if isinstance(layer.node.layer, Pointwise):
            continue  # it sees what the layer before it sees
        field = fields[layer.path]
        if field is None or field is before:
            continue
        if not any(surely_at_least(size, 2, report.least) for size in layer.node.output.spatial):
            continue
        before = field
        sizes = [size for size in inputs if len(size) == len(field.size)]
        if sizes and all(
            any(
                surely_at_least(sees, n, report.least) for sees, n in zip(field.least, inputs[size])
            )
            for size in sizes
        ):
            message = (
                f"from here on an output's receptive field, {times(field.size)}, is larger than "
                f"the input, {times(sizes[0])}: the rest is padding"
            )
            yield Finding(layer.path, message)
            return


def _is_larger_than_any(size: Dim, told: Collection[str]) -> bool:
    """Whether a size grows with a symbol that views are not told, and so beyond each of them."""
    if not is_symbolic(size):
        return False
    from shapecalc.algebra.form import straight_line

    line = straight_line(size)
    return line is not None and line[0] > 0 and size.symbols.isdisjoint(told)


@check("inexact-factor")
def inexact_factor(report: Report) -> Iterator[Finding]:
    """A size times a fraction is whole, but torch's double precision makes it one less.

    Of a size that is a formula the first sizes are told at which that is so.
    """

    def told(layer: LayerReport) -> str:
        own: Any = layer.node.layer
        x = layer.node.inputs[0]
        for size, factor in dict.fromkeys(zip(x.spatial, own.factors(x))):
            found = "" if is_symbolic(factor) else _inexact(size, factor)
            if found:
                return found
        return ""

    yield from of_alike(report.of(lambda kind: issubclass(kind, Scaling)), told)


LARGEST_TRIED = 4096
"""The sizes at which a factor is tried where the size is a formula."""


def _inexact(size: Dim, factor: int | Fraction) -> str:
    if isinstance(size, int):
        if not any(parting(factor, range(size, size + 1))):
            return ""
        product = size * factor.numerator // factor.denominator
        return f"{size} x {factor} is {product}, but torch's double precision makes {product - 1}"
    few = _first_parting(factor)
    if not few:
        return ""
    sizes = ", ".join(map(str, few[:3])) + (", ..." if len(few) > 3 else "")
    return f"torch's double precision makes one less of {size} x {factor} where {size} is {sizes}"


@lru_cache(maxsize=4096)
def _first_parting(factor: int | Fraction) -> list[int]:
    """The first sizes at which torch's product is another."""
    return list(islice(parting(factor, range(1, LARGEST_TRIED + 1)), 4))
