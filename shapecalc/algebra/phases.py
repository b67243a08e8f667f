"""What positions see of an input, where neighbours do not all see alike.

Behind a window every position sees as many cells as the next, one stride further on. Behind a
layer that enlarges, such as a transposed convolution, positions take turns: every ``period``-th
sees alike, ``step`` cells further on. Both compose, exactly (Araujo, Norris and Sim, "Computing
receptive fields of convolutional neural networks", 2019, treat windows alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity, is_symbolic, known, largest, smallest
from shapecalc.algebra.window import Window

MOST_PHASES = 256
"""The longest period that is followed: work grows with its square, and views blur to a mean."""


class Span(NamedTuple):
    """The cells from a first to a last one, counted from the input's own first."""

    first: Dim
    last: Dim


class Range(NamedTuple):
    """A size that is not the same everywhere."""

    least: Dim
    most: Dim

    def __str__(self) -> str:
        return f"{self.least} to {self.most}"


class Phases(NamedTuple):
    """What each position sees: ``spans`` of one period, which moves on by ``step`` cells.

    A span is None where a position sees nothing.

    >>> up = Phases.spread(4, stride=2, padding=1)
    >>> seen = Phases.of_window(Window(3, 2, 1, 1)).then(up)
    >>> seen.sizes(), seen.stride
    (5, 1)
    """

    step: Dim
    spans: tuple[Span | None, ...]

    @classmethod
    def of_window(cls, window: Window) -> Phases:
        """What the positions of a window see: all alike."""
        return cls(window.stride, (Span(-window.before, window.extent - window.before - 1),))

    @classmethod
    def spread(cls, kernel: int, stride: int, padding: int, dilation: int = 1) -> Phases | None:
        """What the outputs of a transposed convolution see of its input.

        Every input is written ``stride`` cells behind the one before it, over a whole kernel.
        None where the period is too long to be followed.

        >>> Phases.spread(2, stride=2, padding=0).spans
        (Span(first=0, last=0), Span(first=0, last=0))
        """
        if stride > MOST_PHASES:
            return None
        shared = gcd(stride, dilation)
        every = stride // shared  # of the kernel's cells, one in so many falls on an input
        inverse = pow(dilation // shared, -1, every)
        spans: list[Span | None] = []
        for position in range(padding, padding + stride):
            first = position // shared * inverse % every
            if position % shared or first >= kernel:
                spans.append(None)
                continue
            last = kernel - 1 - (kernel - 1 - first) % every
            spans.append(
                Span(
                    (position - dilation * last) // stride, (position - dilation * first) // stride
                )
            )
        return cls(1, tuple(spans)).shortest()

    def at(self, position: Dim) -> Span | None:
        """What a position sees."""
        if len(self.spans) == 1:
            turn: Dim = position
            span = self.spans[0]
        else:
            turn, phase = divmod(known(position), len(self.spans))
            span = self.spans[phase]
        return span and Span(span.first + turn * self.step, span.last + turn * self.step)

    def over(self, span: Span) -> Span | None:
        """What the positions from a first to a last one see together."""
        period = len(self.spans)
        if period == 1:
            own = self.spans[0]
            ends = own and (own.first + span.first * self.step, own.last + span.last * self.step)
            return Span(*ends) if ends else None
        first, last = map(known, span)
        # beyond a period from either end nothing reaches further
        near = [first + i for i in range(period)] + [last - i for i in range(period)]
        positions = [i for i in near if first <= i <= last]
        seen = [each for each in map(self.at, positions) if each is not None]
        return _hull(seen)

    def then(self, following: Phases) -> Phases | None:
        """What is seen through another layer; None if no period can be told.

        >>> nearest = Phases.spread(3, stride=3, padding=0)
        >>> Phases.of_window(Window(3, 1, 1, 1)).then(nearest).sizes()
        3
        """
        period = len(self.spans)
        if period == 1 == len(following.spans):  # as behind windows, where none take turns
            seen = following.spans[0]
            return Phases(self.step * following.step, (seen and self.over(seen),))
        numbers = [following.step, *(n for span in following.spans for n in span or ())]
        if period > 1 and not all(isinstance(number, int) for number in numbers):
            return None
        turns = 1 if period == 1 else period // gcd(period, following.step)  # type: ignore[arg-type]
        count = turns * len(following.spans)
        if count > MOST_PHASES:
            return None
        spans = [following.at(position) for position in range(count)]
        step = self.step * turns * following.step
        if period > 1:
            step = self.step * (turns * following.step // period)
        return Phases(step, tuple(span and self.over(span) for span in spans)).shortest()

    def shortest(self) -> Phases:
        """The same with the shortest period."""
        period = len(self.spans)
        if period == 1 or not isinstance(self.step, int):
            return self
        for length in range(1, period):
            if period % length == 0 and self.step * length % period == 0:
                shorter = Phases(self.step * length // period, self.spans[:length])
                if all(shorter.at(i) == span for i, span in enumerate(self.spans)):
                    return shorter
        return self

    @property
    def stride(self) -> Quantity:
        """How far the views of neighbours lie apart, on average."""
        period = len(self.spans)
        if period == 1:
            return self.step
        if not isinstance(self.step, int):
            average: Quantity = self.step / period
            return average
        mean = Fraction(self.step, period)
        return mean.numerator if mean.denominator == 1 else mean

    def sizes(self) -> Dim | Range:
        """How many cells positions see: a number, or the least and the most."""
        sizes = [span.last - span.first + 1 if span else 0 for span in self.spans]
        if len(sizes) == 1 or all(size == sizes[0] for size in sizes):
            return sizes[0]
        return Range(smallest(*sizes), largest(*sizes))

    @property
    def before(self) -> Dim:
        """How far the first view begins before the input."""
        span = self.spans[0]
        return -span.first if span else 0


def together(views: list[Phases], least: Mapping[str, int] | None = None) -> Phases | None:
    """What positions see through several branches; None if these move on at different speeds.

    Symbols have at least the values in ``least``.
    """
    if len(views) == 1 or all(view == views[0] for view in views):
        return views[0]
    count = reduce(lcm, [len(view.spans) for view in views])
    steps = {view.step * (count // len(view.spans)) for view in views}
    if len(steps) > 1 or count > MOST_PHASES:
        return None
    spans = []
    for position in range(count):
        seen = [span for view in views if (span := view.at(position)) is not None]
        spans.append(_hull(seen, least))
    return Phases(steps.pop(), tuple(spans)).shortest()


def linear(factor: int) -> Phases | None:
    """What linear interpolation by a whole factor sees: the cells between which a position lies.

    >>> [tuple(span) for span in linear(2).spans], [tuple(span) for span in linear(3).spans]
    ([(-1, 0), (0, 1)], [(-1, 0), (0, 0), (0, 1)])
    """
    return Phases.spread(2 * factor - factor % 2, factor, factor // 2)


def _hull(spans: list[Span], least: Mapping[str, int] | None = None) -> Span | None:
    if not spans:
        return None
    first = _greatest([-span.first for span in spans], least)
    return Span(-first, _greatest([span.last for span in spans], least))


def _greatest(sizes: list[Dim], least: Mapping[str, int] | None) -> Dim:
    """The greatest of some sizes, without those that are never more than another."""
    if not any(map(is_symbolic, sizes)):
        return max(map(known, sizes))
    kept: list[Dim] = []
    for size in dict.fromkeys(sizes):
        if not any(_reaches(other, size, least) for other in kept):
            kept = [other for other in kept if not _reaches(size, other, least)]
            kept.append(size)
    return largest(*kept)


def _reaches(size: Dim, other: Dim, least: Mapping[str, int] | None) -> bool:
    difference = size - other
    if is_symbolic(difference):
        return difference.never_negative(least)
    return bool(difference >= 0)
