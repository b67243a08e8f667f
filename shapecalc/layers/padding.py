"""Padding as a layer of its own: cells are added around the input, or cut off it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, smallest
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.algebra.window import IDENTITY, Window
from shapecalc.layers.base import Layer
from shapecalc.layers.calling import call
from shapecalc.layers.compound import ListOf, Maybe, PerAxis
from shapecalc.layers.field import field
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Choice, Number, Whole


class Padding(Layer, abstract=True):
    """Add cells on the two sides of every spatial axis; a negative number cuts cells off.

    As in torch a list starts at the last axis: left, right, top, bottom, front, back.

    >>> from shapecalc.layers import KINDS
    >>> pad = KINDS["ZeroPad2d"](padding=[1, 2, 0, -3])
    >>> pad.output(Tensor((1, 8, 20, 20))).shape
    (1, 8, 17, 23)
    """

    padding: Shape = field(
        PerAxis(Whole(None), per=2),
        "cells on each side: left, right, top, bottom, front, back",
        letter="P",
    )

    example = {"padding": 1}
    by_channel = True

    def windows(self, x: Tensor) -> tuple[Window, ...]:
        sides = zip(self.padding[-2::-2], self.padding[::-2])
        return tuple(Window(1, 1, before, after) for before, after in sides)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for size in self.output(x).spatial:
            yield at_least(
                size,
                1,
                "has padding {padding:list}, which leaves nothing of "
                "an input of {x.spatial:times}: the output would be {left} wide",
                field="padding",
                padding=self.padding,
                x=x,
            )

    def output(self, x: Tensor) -> Tensor:
        sizes = [window.output(size) for window, size in zip(self.windows(x), x.spatial)]
        return x.with_spatial(sizes)


def _cut(window: Window) -> Dim:
    """How many cells negative padding takes off the two sides of an axis."""
    return -smallest(window.before, 0) - smallest(window.after, 0)


class _FilledWithConstant(Padding, abstract=True):
    """Cells are cut off before others are added, so there must be as many as are cut off."""

    padding: Shape = field(
        PerAxis(Whole(None), per=2, short="zeros"),
        "cells on each side: left, right, top, bottom, front, back",
        letter="P",
    )

    keeps = ()

    filled = "constant"

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for size, window in zip(x.spatial, self.windows(x)):
            cut = _cut(window)
            yield at_least(
                size,
                cut,
                "has padding {padding:list}, which cuts {right} off a size of {left}",
                field="padding",
                padding=self.padding,
            )
        yield from super().requires(x)


class _FilledFromInput(Padding, abstract=True):
    """Cells are copied from the input, so there must be enough to be copied."""

    def _spare(self, window: Window) -> Dim:
        """How many cells of an axis are not there to be copied."""
        raise NotImplementedError

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for size, window in zip(x.spatial, self.windows(x)):
            spare = self._spare(window)
            for padding in (window.before, window.after):
                yield at_least(
                    size,
                    padding + spare,
                    "pads by {padding}, too much for size {left}: "
                    "at most {there} cells are there to fill it from",
                    field="padding",
                    padding=padding,
                    there=size - spare,
                )
        yield from super().requires(x)


class ZeroPad(_FilledWithConstant, abstract=True):
    """Pad with zeros."""


class ConstantPad(_FilledWithConstant, abstract=True):
    """Pad with a given value."""

    value: int | Fraction | float = field(
        Number(infinite=True, formulas="any"), "what the padding is filled with"
    )

    example = {"padding": 1, "value": 0}


class ReplicationPad(Padding, abstract=True):
    """Pad with copies of the nearest cell."""

    filled = "replicate"


class ReflectionPad(_FilledFromInput, abstract=True):
    """Pad with the input's mirror image; the edge itself is not doubled."""

    filled = "reflect"

    def _spare(self, window: Window) -> Dim:
        return 1


class CircularPad(_FilledFromInput, abstract=True):
    """Pad with cells from the opposite side, as if the input went round."""

    keeps = ()

    filled = "circular"

    def _spare(self, window: Window) -> Dim:
        return _cut(window)


class ZeroPad1d(ZeroPad, rank=1):
    """Pad a length with zeros."""


class ZeroPad2d(ZeroPad, rank=2):
    """Pad height and width with zeros."""


class ZeroPad3d(ZeroPad, rank=3):
    """Pad depth, height and width with zeros."""


class ConstantPad1d(ConstantPad, rank=1):
    """Pad a length with a given value."""


class ConstantPad2d(ConstantPad, rank=2):
    """Pad height and width with a given value."""


class ConstantPad3d(ConstantPad, rank=3):
    """Pad depth, height and width with a given value."""


class ReplicationPad1d(ReplicationPad, rank=1):
    """Pad a length with copies of the cells at its ends."""


class ReplicationPad2d(ReplicationPad, rank=2):
    """Pad height and width with copies of the cells at the edges."""


class ReplicationPad3d(ReplicationPad, rank=3):
    """Pad depth, height and width with copies of the cells at the faces."""


class ReflectionPad1d(ReflectionPad, rank=1):
    """Pad a length with its mirror image."""


class ReflectionPad2d(ReflectionPad, rank=2):
    """Pad height and width with their mirror image."""


class ReflectionPad3d(ReflectionPad, rank=3):
    """Pad depth, height and width with their mirror image."""


class CircularPad1d(CircularPad, rank=1):
    """Pad a length as if its ends met."""


class CircularPad2d(CircularPad, rank=2):
    """Pad height and width as if opposite edges met."""


class CircularPad3d(CircularPad, rank=3):
    """Pad depth, height and width as if opposite faces met."""


class Pad(Layer):
    """Add cells on the two sides of any dimensions, or cut them off where a number is negative.

    Numbers come in pairs, before and behind, and start at the last dimension: left, right, top,
    bottom and so on. Where cells are copied, the two pairs of an image pad height and width.

    >>> Pad(pad=[1, 2, 0, -3]).output(Tensor((1, 8, 20, 20))).shape
    (1, 8, 17, 23)
    >>> Pad(pad=[0, 0, 1, 0]).output(Tensor((1, 196, 768))).shape
    (1, 197, 768)
    """

    keeps = ()

    called = ("nn.functional.pad",)
    in_torch = False

    near = "ZeroPad2d, ReflectionPad2d and the like pad the axes of an image: ZeroPad2d: 1"

    pad: Shape = field(
        ListOf(Whole(None), what="integers"),
        "cells before and behind: of the last dimension, then of the one before it",
        letter="P",
    )
    mode: str = field(
        Choice("constant", "reflect", "replicate", "circular"),
        "what they are filled with",
        default="constant",
    )
    value: int | Fraction | float | None = field(
        Maybe(Number(infinite=True), "0"), "the constant", default=None
    )

    example: ClassVar[Mapping[str, object]] = {"pad": [1, 1, 2, 2]}

    def _windows(self) -> list[Window]:
        """Of every dimension that is padded, the last first."""
        return [Window(1, 1, *sides) for sides in zip(self.pad[::2], self.pad[1::2])]

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        n, count = len(x.shape), len(self.pad)
        if count % 2 or not 0 < count <= 2 * n:
            yield refuse(
                "has {count} numbers in pad but receives batch x {x}",
                field="pad",
                hint="it takes two for a dimension, up to {most}",
                count=count,
                x=x,
                most=2 * n,
            )
        if self.mode != "constant":
            yield from self._copies(x)
        for size, window in zip(reversed(x.shape), self._windows()):
            for least, left in ((_cut(window), size), (1, window.output(size))):
                yield at_least(
                    left,
                    least,
                    "has pad {pad:list}, which leaves nothing of a size of {size}",
                    field="pad",
                    pad=self.pad,
                    size=size,
                )

    def _copies(self, x: Tensor) -> Iterator[Requirement]:
        """What filling with cells of the input needs."""
        n, axes = len(x.shape), len(self.pad) // 2
        if n not in (axes + 1, axes + 2) or axes > 3:
            yield refuse(
                "has mode {mode}, which pads all dimensions behind the channels, "
                "but {count} numbers for {n} dimensions",
                field="mode",
                hint="mode constant pads any dimensions",
                mode=self.mode,
                count=len(self.pad),
                n=n,
            )
        if self.value is not None and self.value != 0:
            yield refuse(
                "has a value, but mode {mode} copies cells",
                field="value",
                hint="leave it out",
                mode=self.mode,
            )
        if self.mode == "replicate":
            return
        for size, window in zip(reversed(x.shape), self._windows()):
            spare = 1 if self.mode == "reflect" else _cut(window)
            for padding in (window.before, window.after):
                yield at_least(
                    size,
                    padding + spare,
                    "pads by {padding}, too much for size {left}: "
                    "at most {there} cells are there to fill it from",
                    field="pad",
                    padding=padding,
                    there=size - spare,
                )

    def output(self, x: Tensor) -> Tensor:
        for axis, window in enumerate(self._windows(), 1):
            x = x.with_size(-axis, window.output(x.shape[-axis]))
        return x

    def windows(self, x: Tensor) -> tuple[Window, ...]:
        axes = len(x.spatial)
        own = self._windows()[:axes]
        return (*[IDENTITY] * (axes - len(own)), *reversed(own))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return call("nn.functional.pad", self, settings, inputs[0])
