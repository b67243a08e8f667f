"""What windows do to a size beyond the rule: what rounding drops, and what padding is for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import known
from shapecalc.algebra.requirement import Condition, equal
from shapecalc.algebra.window import Window, evened, extent, spread
from shapecalc.analysis.layer import LayerReport
from shapecalc.derivation import padding
from shapecalc.derivation.lines import Line, Picture, Section, listed, said
from shapecalc.derivation.numbers import decimal
from shapecalc.layers.axes import behind_batch

MOST_WINDOWS = 8
"""How many windows of an adaptive pool are listed."""


def remainders(layer: LayerReport) -> Iterator[Line]:
    """What rounding drops or adds, and the sizes near by at which it does nothing."""
    own = layer.node.layer
    if not own.rank or own.joins:
        return
    windows = own.windows(*layer.node.inputs)
    told: dict[str, list[str]] = {}
    names = behind_batch(len(layer.output_shape))[1:]
    remainder = _rounded_up if own.rounds_up else _remainder
    for name, window, size in zip(names, windows or (), layer.node.inputs[0].spatial):
        if isinstance(window.stride, int) and window.stride > 1:
            told.setdefault(remainder(window, size), []).append(name)
    for remark, of in told.items():
        if remark:
            inside = f" in {listed(of)}" if len(told) > 1 else ""
            yield Line(f"remainder{inside}", remark=remark)


def _remainder(window: Window, size: Any) -> str:
    left: Any = window.remainder(size)
    stride: Any = window.stride
    if not isinstance(left, int):
        decided = equal(left, 0).decide()
        if isinstance(decided, Condition):
            return f"nothing is dropped where {said(decided)}"
        return "nothing is ever dropped" if decided else "something is dropped at every size"
    if left == 0:
        return "the last window ends exactly at the edge: nothing is dropped"
    padded = " of the padded input" if (window.before, window.after) != (0, 0) else ""
    unrounded = ""
    is_known = _are_numbers([window, (size,)])
    if is_known:
        outputs = Fraction(size + window.before + window.after - window.extent, stride) + 1
        unrounded = f", unrounded {outputs} {decimal(outputs)}"
    dropped = (
        f"the division leaves {left}{unrounded}: {_cells(left)} at the end{padded} "
        "no window reaches"
    )
    if not is_known:
        return f"{dropped}, at every size"
    nearest = [n for n in (size - left, size + stride - left) if n > 0]
    fuller = evened(window, size)
    padding_too = f", and so would P = {fuller}" if fuller is not None else ""
    return f"{dropped}; a size of {' or '.join(map(str, nearest))} would leave nothing{padding_too}"


def _rounded_up(window: Window, size: Any) -> str:
    """What ceil mode changes: a window more that sticks out at the end."""
    if not _are_numbers([window, (size,)]):
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


def bins(layer: LayerReport) -> Iterator[Line]:
    """The window each output of an adaptive pool gets."""
    own = layer.node.layer
    if not own.rank:
        return
    names = behind_batch(len(layer.output_shape))[1:]
    told: dict[str, list[str]] = {}
    for name, size, out in zip(names, layer.input_shapes[0][2:], layer.output_shape[2:]):
        if isinstance(size, int) and isinstance(out, int):
            edges = [own.bin(i, size, out) for i in range(min(out, MOST_WINDOWS))]
            cells = [f"{edge[0]}..{edge[1] - 1}" for edge in edges if edge is not None]
            if cells:
                more = ", ..." if out > len(cells) else ""
                remark = f"cells {', '.join(cells)}{more} of {size}, counted from 0"
                told.setdefault(remark, []).append(name)
    for remark, of in told.items():
        yield Line(f"windows in {listed(of)}", remark=remark)


def section(layer: LayerReport) -> Section:
    """Why the padding is what it is: by the formula, and by the picture of the corner."""
    own: Any = layer.node.layer
    if own.spreads:
        return Section("padding", list(_taken_off(own)))
    if not own.slides:
        return Section("padding", [])
    windows, dilation = own.windows(*layer.node.inputs), own.dilations
    if windows is None or not _are_numbers([*windows, own.kernel_size, dilation]):
        return Section("padding", [])
    if own.rounds_up:  # what rounding up adds at the end is no padding
        windows = [window._replace(after=window.before) for window in windows]
    if not any(window.before or window.after for window in windows):
        return Section("padding", [])
    lines: list[Line] = []
    told = dict.fromkeys(zip(own.kernel_size, dilation, windows))
    for name, setting in zip(behind_batch(own.rank + 2)[1:], told):
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
    for name, (kernel, stride, dilation, extra, taken) in zip(
        behind_batch(layer.rank + 2)[1:], told
    ):
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
