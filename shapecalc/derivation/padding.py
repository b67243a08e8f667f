"""Padding, derived in two ways: by solving the size rule, and by laying the kernel on the corner.

Everything here asks the rule itself (:class:`~shapecalc.algebra.window.Window`): it is run on
letters and solved for P, or run on sizes and inverted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import ceildiv, known, largest
from shapecalc.algebra.trace import Leaf, Style, Sum, Traced, steps, write
from shapecalc.algebra.window import Window, extent

class Same(NamedTuple):
    """What keeps a size at stride 1: the padding before and after, and how it follows."""

    before: Any
    after: Any
    total: Any
    lines: list[str]

    @property
    def is_even(self) -> bool:
        """Whether both sides get the same."""
        return bool(self.before == self.after)


def same(kernel: Any, dilation: Any, style: Style) -> Same:
    """The padding that keeps the size at stride 1, by the formula.

    >>> from shapecalc.algebra.trace import ASCII
    >>> print("\\n".join(same(5, 1, ASCII).lines))
    out = in:  N + 2P - F + 1 = N
    2P = F - 1 = 5 - 1 = 4
    P = 4/2 = 2
    """
    n, p = Traced.letter("N", 0), Traced.letter("P", 0)
    f = Traced.letter("F", kernel)
    d = Traced.letter("D", dilation) if dilation != 1 else 1
    rule = Window.symmetric(f, 1, p, d).output(n)
    factor, rest = _isolate(rule - n, "P")
    window = Window.same(kernel, dilation)
    lines = [
        f"out = in:  {write(rule.tree, style)} = N",
        f"{factor}P = {' = '.join(steps(rest, style))}",
    ]
    total = rest.value
    if window.before == window.after:
        lines.append(f"P = {total}/{factor} = {window.before}")
    else:
        lines.append(
            f"P = {total}/{factor} is no whole number: no P on both sides keeps the size; "
            f"{window.before} before and {window.after} after do"
        )
    return Same(window.before, window.after, total, lines)


def hanging_over(kernel: int, style: Style) -> str:
    """By the picture: how far a kernel reaches over the edge if its centre is on the first pixel."""
    return " = ".join(steps(Traced.letter("F", kernel) // 2, style))


def same_total(size: int, window_extent: int, stride: int) -> int:
    """All the padding that gives ceil(N/S) outputs: TensorFlow's ``same``.

    The last window starts at (ceil(N/S) - 1)S and ends one extent later; what lies beyond the
    input is padding.

    >>> same_total(224, 7, 2), same_total(225, 7, 2)
    (5, 6)
    """
    out: Any = ceildiv(size, stride)
    return known(largest((out - 1) * stride + window_extent - size, 0))


def same_everywhere(window_extent: int, stride: int) -> list[tuple[int, list[int]]]:
    """Fixed paddings that give ceil(N/S) outputs, each with the remainders N % S it does so for.

    Both sides move on by one where N grows by S, so one size for each remainder decides.

    >>> same_everywhere(3, 2), same_everywhere(2, 2)
    ([(1, [0, 1])], [(0, [0]), (1, [1])])
    """
    found = []
    for padding in range(window_extent):
        window = Window(window_extent, stride, padding, padding)
        sizes = range(stride * window_extent, stride * (window_extent + 1))
        good = [size % stride for size in sizes if window.output(size) == ceildiv(size, stride)]
        if good:
            found.append((padding, good))
    most = max((len(good) for _, good in found), default=0)
    return [each for each in found if len(each[1]) == most or most < stride]


class Answer(NamedTuple):
    """A stride and padding that give the wanted size.

    ``unused`` cells at the end of the padded input are seen by no window; ``beyond`` says that
    the padding is as wide as the kernel or wider, so that a window can see nothing else.
    """

    stride: int
    padding: int
    unused: int
    beyond: bool


FURTHER = 8
"""How many strides are tried whose answers may pad beyond the kernel."""

MOST_STRIDES = 1000
"""How many strides are tried from the least that can do."""


def for_sizes(
    kernel: int, dilation: int, size: int, wanted: int, stride: int | None, ceil_mode: bool
) -> list[Answer]:
    """Every stride and padding that lead from one size to another, the plainest first.

    The plainest pads less than the kernel is wide, has the smallest stride, leaves nothing
    unused, and pads least. Beyond the kernel's width there is an answer for every stride; the
    first few are given.

    >>> for_sizes(5, 1, 32, 32, None, False)[:2]
    [Answer(stride=1, padding=2, unused=0, beyond=False), Answer(stride=2, padding=18, unused=1, beyond=True)]
    """
    span = known(extent(kernel, dilation))
    if ceil_mode:  # a pool, whose padding torch bounds by half the kernel
        return _rounded_up(kernel, dilation, size, wanted, stride)
    found = [
        Answer(step, each, known(Window(span, step, each, each).remainder(size)), each >= span)
        for step in ([stride] if stride else _strides(span, size, wanted))
        for each in _paddings(Window(span, step, 0, 0), size, wanted)
    ]
    return sorted(found, key=lambda a: (a.beyond, a.stride, a.unused, a.padding))


def _strides(span: int, size: int, wanted: int) -> list[int]:
    """The strides for which less padding than the kernel may do, and the first few."""
    least = max(1, known(ceildiv(size - span + 1, wanted)))
    most = (size + span - 2) // (wanted - 1) if wanted > 1 else least
    most = min(most, least + MOST_STRIDES)
    return sorted({*range(1, FURTHER + 1), *range(least, most + 1)})


def _paddings(window: Window, size: int, wanted: int) -> range:
    """The paddings on both sides with which a window makes one size of another."""
    first, last = map(known, window.inputs(wanted))
    return range(max(0, known(ceildiv(first - size, 2))), (last - size) // 2 + 1)


def _rounded_up(
    kernel: int, dilation: int, size: int, wanted: int, stride: int | None
) -> list[Answer]:
    return [
        Answer(step, padding, 0, False)
        for step in ([stride] if stride else range(1, size + kernel + 1))
        for padding in range(kernel // 2 + 1)
        if size + 2 * padding >= known(extent(kernel, dilation))
        and Window.rounded_up(kernel, step, padding, dilation).output(size) == wanted
    ]


def nearest(
    kernel: int, dilation: int, size: int, wanted: int, stride: int | None, ceil_mode: bool
) -> list[int]:
    """The sizes nearest to a wanted one that can be had, the smaller first."""
    make = Window.rounded_up if ceil_mode else Window.symmetric
    span = known(extent(kernel, dilation))
    outputs = {
        known(make(kernel, step, padding, dilation).output(size))
        for step in ([stride] if stride else range(1, size + 1))
        for padding in (range(kernel // 2 + 1) if ceil_mode else range(span))
        if size + 2 * padding >= span
    }
    below = [output for output in outputs if 0 < output < wanted]
    above = [output for output in outputs if output > wanted]
    return [*([max(below)] if below else []), *([min(above)] if above else [])]


def _isolate(value: Traced, letter: str) -> tuple[int, Traced]:
    """Solve ``value = 0`` for a letter it holds once: ``factor * letter = rest``."""
    tree = value.tree
    assert isinstance(tree, Sum)
    factor = 0
    rest: Any = 0
    for times, term in tree.terms:
        if isinstance(term, Leaf) and term.letter == letter:
            factor = times
        else:
            rest = rest - times * Traced(term)
    assert factor > 0
    return factor, rest
