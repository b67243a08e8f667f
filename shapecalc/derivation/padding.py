"""Padding, derived in two ways: by solving the size rule, and by laying the kernel on the corner.

Everything here asks the rule itself (:class:`~shapecalc.algebra.window.Window`): it is run on
letters and solved for P, or run on sizes and inverted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import ceildiv, largest
from shapecalc.algebra.trace import Leaf, Style, Sum, Traced, steps, write
from shapecalc.algebra.window import Window, extent

Rule = Callable[[Any], Any]


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
    total: Any = largest((out - 1) * stride + window_extent - size, 0)
    return int(total)


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
    """A stride and padding that give the wanted size, and the pixels that no window reaches."""

    stride: int
    padding: int
    dropped: int


def for_sizes(
    kernel: int, dilation: int, size: int, wanted: int, stride: int | None, make: Callable[..., Window]
) -> list[Answer]:
    """Every stride and padding that lead from one size to another, the plainest first.

    Padding reaches from none to less than the kernel, beyond which a window would see nothing but
    padding. ``make`` makes the window: :meth:`Window.symmetric` or :meth:`Window.rounded_up`.
    The plainest has the smallest stride, drops no pixel, and pads least.
    """
    span = extent(kernel, dilation)
    found = []
    for step in [stride] if stride else range(1, size + 2 * span):
        for padding in range(span):
            window = make(kernel, step, padding, dilation)
            if size + 2 * padding >= span and window.output(size) == wanted:
                dropped = max(0, window.remainder(size))
                found.append(Answer(step, padding, dropped))
    found.sort(key=lambda each: (each.stride, each.dropped, each.padding))
    return [each for each in found if each.stride <= size or each.stride == 1]


def reachable(
    kernel: int, dilation: int, size: int, stride: int | None, make: Callable[..., Window]
) -> list[int]:
    """The sizes that some padding, and some stride if it is open, lead to."""
    span = extent(kernel, dilation)
    outputs = {
        make(kernel, step, padding, dilation).output(size)
        for step in ([stride] if stride else range(1, size + 1))
        for padding in range(span)
        if size + 2 * padding >= span
    }
    return sorted(int(output) for output in outputs)  # type: ignore[arg-type]


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
