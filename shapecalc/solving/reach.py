"""Which strides and paddings lead from one size to another: the size rules run backwards.

A rule is asked, never retyped. It grows with the padding and falls with the stride, so what gives
a wanted size is found by bisection, however large the numbers are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from shapecalc.algebra.arithmetic import ceildiv, known
from shapecalc.algebra.window import Window, extent, spread

MOST = 1000
"""How many answers are given of more, and strides looked at that may have none."""

FURTHER = 3
"""How many strides are tried whose answers pad beyond the kernel, where there are no others."""

WIDEST = 2**40
"""Wider than any padding that a size below 2**31 can be reached with."""


class Answer(NamedTuple):
    """A stride and padding that give the wanted size.

    ``padding`` goes before the input and ``after`` behind it, as much if that can be. ``unused``
    cells at the end of the padded input are seen by no window; ``beyond`` says that the padding is
    as wide as the kernel or wider, so that a window can see nothing else.
    """

    stride: int
    padding: int
    after: int
    unused: int
    beyond: bool


class Slide(NamedTuple):
    """A convolution or pool whose padding is asked for, and its stride if that is None."""

    kernel: int
    dilation: int
    stride: int | None
    ceil_mode: bool

    @property
    def extent(self) -> int:
        """The kernel's extent, gaps included."""
        return known(extent(self.kernel, self.dilation))

    @property
    def widest(self) -> int:
        """The widest padding that is no waste: a pool's may be half its kernel."""
        return self.kernel // 2 if self.ceil_mode else self.extent - 1

    def least(self, size: int) -> int:
        """The least padding with which the kernel fits."""
        lacking = self.extent - size
        return max(0, known(ceildiv(lacking, 2)))

    def window(self, stride: int, padding: int) -> Window:
        """The window for a stride and a padding on both sides."""
        make = Window.rounded_up if self.ceil_mode else Window.symmetric
        return make(self.kernel, stride, padding, self.dilation)

    def output(self, size: int, stride: int, padding: int) -> int:
        """The size behind it, where the kernel fits."""
        return known(self.window(stride, padding).output(size))

    def paddings(self, size: int, wanted: int, stride: int, least: int, most: int) -> range:
        """The paddings from ``least`` to ``most`` that give the wanted size."""

        def output(padding: int) -> int:
            return self.output(size, stride, padding)

        paddings = range(least, most + 1)
        return paddings[
            bisect_left(paddings, wanted, key=output) : bisect_right(paddings, wanted, key=output)
        ]

    def answers(self, size: int, wanted: int) -> Iterator[Answer]:
        """Every stride and padding that lead from one size to another, the plainest first.

        The plainest pads less than the kernel is wide, has the smallest stride, leaves nothing
        unused, and pads least. At stride 1 what is padded in all is given by the sizes; where that
        is odd, one side gets a cell more. Beyond the kernel's width there is an answer for every
        stride; those are given only for a stride that is known, or where there are no others.

        >>> list(Slide(5, 1, stride=None, ceil_mode=False).answers(32, 32))
        [Answer(stride=1, padding=2, after=2, unused=0, beyond=False)]
        >>> list(Slide(4, 1, stride=None, ceil_mode=False).answers(32, 32))
        [Answer(stride=1, padding=1, after=2, unused=0, beyond=False)]
        """
        found = False
        total = wanted - 1 + self.extent - size  # what stride 1 takes in all
        if not self.ceil_mode and self.stride in (None, 1) and total % 2 and total > 0:
            before, after = total // 2, total - total // 2
            if after <= self.widest:
                found = True
                yield Answer(1, before, after, 0, beyond=False)
        for stride in self._strides(size, wanted):
            for padding in self.paddings(size, wanted, stride, self.least(size), self.widest):
                found = True
                yield self._answer(size, stride, padding)
        if self.ceil_mode or (found and not self.stride):
            return  # torch refuses wider padding of a pool
        start = max(self.extent, self.least(size))
        for stride in self._strides_beyond(size, wanted, start):
            for padding in self.paddings(size, wanted, stride, start, WIDEST):
                found = True
                yield self._answer(size, stride, padding)
        if not found and self.stride == 1 and total > 0:
            yield Answer(1, total // 2, total - total // 2, 0, beyond=True)

    def _answer(self, size: int, stride: int, padding: int) -> Answer:
        unused = 0 if self.ceil_mode else known(self.window(stride, padding).remainder(size))
        return Answer(stride, padding, padding, unused, padding > self.widest)

    def _strides(self, size: int, wanted: int) -> range:
        """The strides that can give the wanted size with padding that is no waste."""
        padding = self.least(size)
        if padding > self.widest:
            return range(0)
        if self.stride:
            return range(self.stride, self.stride + 1)
        top = size + 2 * self.widest + 1  # from here on every stride gives the same
        least = _first(1, top, lambda stride: self.output(size, stride, padding) <= wanted)
        most = _first(
            least, top + 1, lambda stride: self.output(size, stride, self.widest) < wanted
        )
        return range(least, min(most, least + MOST))

    def _strides_beyond(self, size: int, wanted: int, padding: int) -> range:
        """The smallest strides that can give the wanted size with so much padding or more."""
        if self.stride:
            return range(self.stride, self.stride + 1)
        top = size + 2 * padding + 1
        least = _first(1, top, lambda stride: self.output(size, stride, padding) <= wanted)
        return range(least, least + FURTHER)

    def nearest(self, size: int, wanted: int) -> list[int]:
        """The sizes nearest to one that cannot be had, the smaller first."""
        wide = self.stride is not None and not self.ceil_mode
        paddings = range(self.least(size), (WIDEST if wide else self.widest) + 1)
        if not paddings:
            return []
        start, end = self.stride or 1, self.stride or size + 2 * self.widest + 1
        less = _first(start, end + 1, lambda s: self.output(size, s, paddings[0]) < wanted)
        more = _first(start, end + 1, lambda s: self.output(size, s, paddings[-1]) <= wanted) - 1
        found = []
        if less <= end:  # the least stride with less than what is wanted comes nearest to it
            at = bisect_left(paddings, wanted, key=lambda p: self.output(size, less, p)) - 1
            found.append(self.output(size, less, paddings[at]))
        if more >= start:  # and the greatest with more
            at = bisect_right(paddings, wanted, key=lambda p: self.output(size, more, p))
            found.append(self.output(size, more, paddings[at]))
        return found


class Spread(NamedTuple):
    """A transposed convolution whose padding is asked for, and what is None of the others."""

    kernel: int
    dilation: int
    stride: int | None
    output_padding: int | None

    @property
    def extent(self) -> int:
        """The kernel's extent, gaps included."""
        return known(extent(self.kernel, self.dilation))

    def output(self, size: int, stride: int, padding: int, output_padding: int) -> int:
        """The size behind it."""
        return known(spread(size, self.kernel, stride, padding, output_padding, self.dilation))

    def extras(self, stride: int) -> range:
        """The output paddings that torch takes: less than the stride or the dilation."""
        most = max(stride, self.dilation)
        if self.output_padding is None:
            return range(most)
        return range(self.output_padding, min(self.output_padding + 1, most))

    def answers(self, size: int, wanted: int) -> Iterator[tuple[int, int, int]]:
        """Every stride, padding and output_padding that lead from one size to another.

        The plainest first: padding less than the kernel is wide, the smallest stride, the least
        output_padding.

        >>> list(Spread(3, 1, stride=2, output_padding=None).answers(16, 32))
        [(2, 1, 1)]
        """
        for least, most in ((0, self.extent - 1), (self.extent, WIDEST)):
            for stride in self._strides(size, wanted, most):
                lacking = wanted - self.output(size, stride, 0, 0)
                for extra in self._extras(stride, lacking + 2 * least, lacking + 2 * most):
                    yield stride, (extra - lacking) // 2, extra

    def _extras(self, stride: int, least: int, most: int) -> range:
        """Every other output padding between two: what is taken off must be shared by two sides."""
        extras = self.extras(stride)
        if not extras:
            return extras
        first = max(extras[0], least)
        return range(first + (first - least) % 2, min(extras[-1], most) + 1, 2)

    def _strides(self, size: int, wanted: int, padding: int) -> range:
        """The strides with which padding of at most ``padding`` can give the wanted size."""
        if self.stride:
            return range(self.stride, self.stride + 1)

        def most(stride: int) -> int:
            extras = self.extras(stride)
            return self.output(size, stride, 0, extras[-1]) if extras else 0

        top = wanted + padding + self.kernel * self.dilation + 2
        least = _first(1, top, lambda stride: most(stride) >= wanted)
        if padding >= WIDEST or size == 1:
            return range(least, least + FURTHER)
        end = _first(least, 3 * top, lambda stride: self.output(size, stride, padding, 0) > wanted)
        return range(least, min(end, least + MOST))

    def nearest(self, size: int, wanted: int) -> list[int]:
        """The sizes nearest to a wanted one, the smaller first: one of two neighbours is even."""
        found = []
        for near in ((wanted - 1, wanted - 2), (wanted + 1, wanted + 2)):
            found += [n for n in near if n > 0 and next(self.answers(size, n), None)][:1]
        if found or not self.stride:
            return found
        extras = self.extras(self.stride)
        return [self.output(size, self.stride, 0, extras[-1])] if extras else []


def _first(start: int, end: int, holds: Callable[[int], bool]) -> int:
    """The first number of a range for which something holds that then holds for all; or the end."""
    return start + bisect_left(range(start, end), True, key=holds)
