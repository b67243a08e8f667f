"""The sliding window: convolutions and pools along one axis.

A window has an extent (a kernel of F cells spread out by dilation D covers D(F-1)+1), a stride and
padding on either side. Windows compose into windows, so a chain of layers has one receptive field
and one closed form, whatever its depth (Dumoulin and Visin, "A guide to convolution arithmetic for
deep learning", 2016; Araujo, Norris and Sim, "Computing receptive fields of convolutional neural
networks", 2019).
"""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.algebra.arithmetic import Dim, is_symbolic, smallest, untraced


def extent(kernel: Dim, dilation: Dim = 1) -> Dim:
    """The cells from a kernel's first to its last, gaps included: D(F-1) + 1.

    >>> extent(3), extent(3, dilation=2)
    (3, 5)
    """
    return dilation * (kernel - 1) + 1


class Window(NamedTuple):
    """A window of a given extent that moves along one axis in steps of ``stride``.

    ``before`` and ``after`` are the padding on the two sides, in cells of the input.

    >>> Window(11, 4, 2, 2).output(224)
    55
    """

    extent: Dim
    stride: Dim
    before: Dim
    after: Dim

    @classmethod
    def symmetric(cls, kernel: Dim, stride: Dim = 1, padding: Dim = 0, dilation: Dim = 1) -> Window:
        """A kernel padded alike on both sides.

        >>> Window.symmetric(3, stride=2, padding=1).output(56)
        28
        """
        return cls(extent(kernel, dilation), stride, padding, padding)

    @classmethod
    def same(cls, kernel: Dim, dilation: Dim = 1) -> Window:
        """The window of stride 1 that keeps its input's size; an even kernel pads more after.

        >>> Window.same(5), Window.same(4).output(32)
        (Window(extent=5, stride=1, before=2, after=2), 32)
        """
        span = extent(kernel, dilation)
        before = (span - 1) // 2
        after = (
            span - 1 - before if is_symbolic(untraced(span)) else span // 2
        )  # equal: the size is left
        return cls(span, 1, before, after)

    @classmethod
    def rounded_up(
        cls, kernel: Dim, stride: Dim = 1, padding: Dim = 0, dilation: Dim = 1
    ) -> Window:
        """A pool in ceil mode: a window that sticks out at the end counts, if it starts inside.

        Rounding up is padding at the end: torch takes ceil((N + 2P - k)/S) + 1 positions, less one
        where the last would start beyond the input and its left padding. Both together are a
        single floor, since ``min`` is over settings and not over the size.

        >>> Window.rounded_up(3, stride=2).output(112), Window.symmetric(3, stride=2).output(112)
        (56, 55)
        """
        span = extent(kernel, dilation)
        reach = smallest(2 * padding - span + 2 * stride, padding + stride) - 1
        return cls(span, stride, padding, reach - padding + span - stride)

    def output(self, size: Dim) -> Dim:
        """How many positions the window has on an input of this size: (N + 2P - k)//S + 1."""
        return (size + self.before + self.after - self.extent) // self.stride + 1

    def inputs(self, output: Dim) -> tuple[Dim, Dim]:
        """The least and the greatest input with this output: the rule run backwards.

        >>> Window(3, 2, 1, 1).inputs(7)
        (13, 14)
        """
        least = (output - 1) * self.stride + self.extent - self.before - self.after
        return least, least + self.stride - 1

    def remainder(self, size: Dim) -> Dim:
        """How many cells at the end of the padded input no position reaches.

        >>> Window(11, 4, 2, 2).remainder(224), Window(11, 4, 2, 2).remainder(227)
        (1, 0)
        """
        return (size + self.before + self.after - self.extent) % self.stride

    def filled(self, size: int) -> Window | None:
        """The window with the least more padding, alike on both sides, that leaves no remainder.

        It is None where there is none: an even stride and an odd number of cells that lack.

        >>> Window(3, 3, 0, 0).filled(7), Window(2, 2, 0, 0).filled(7)
        (Window(extent=3, stride=3, before=1, after=1), None)
        """
        assert isinstance(self.stride, int)
        lacking = -self.remainder(size) % self.stride
        if lacking % 2:
            if self.stride % 2 == 0:
                return None
            lacking += self.stride
        more = lacking // 2
        return self._replace(before=self.before + more, after=self.after + more)

    def then(self, following: Window) -> Window:
        """The one window that does what this and a following one do.

        Its extent is the receptive field, its stride the distance between neighbouring outputs.

        >>> Window(3, 1, 1, 1).then(Window(3, 2, 1, 1))
        Window(extent=5, stride=2, before=2, after=2)
        """
        return Window(
            self.extent + (following.extent - 1) * self.stride,
            self.stride * following.stride,
            self.before + following.before * self.stride,
            self.after + following.after * self.stride,
        )


def evened(window: Window, size: Dim) -> Dim | None:
    """The padding on both sides, of at most half the window, that leaves no remainder.

    None if there is none, if both sides are not padded alike, or where numbers are not known.

    >>> evened(Window(3, 3, 0, 0), 7), evened(Window(2, 2, 0, 0), 7)
    (1, None)
    """
    if window.before != window.after or not all(isinstance(n, int) for n in (*window, size)):
        return None
    found = window.filled(size)  # type: ignore[arg-type]
    is_narrow = found is not None and 2 * found.before <= window.extent  # type: ignore[operator]
    return found.before if found is not None and is_narrow else None


def spread(
    size: Dim, kernel: Dim, stride: Dim, padding: Dim, output_padding: Dim, dilation: Dim
) -> Dim:
    """The size behind a transposed convolution: a window's rule run backwards, and what is added.

    >>> spread(16, kernel=2, stride=2, padding=0, output_padding=0, dilation=1)
    32
    """
    return (size - 1) * stride - 2 * padding + extent(kernel, dilation) + output_padding


IDENTITY = Window(1, 1, 0, 0)
"""The window that looks at one cell and passes it on."""
