"""What convolutions, pools and unfolding share: a window has to fit what it slides over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.algebra.requirement import Requirement, at_least
from shapecalc.algebra.window import Window
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import PerAxis
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Whole

STEP = PerAxis(Whole(), short="repeated")
"""A stride or dilation, of pools a kernel, too: torch takes ``[2]`` as it takes 2."""

CELLS = PerAxis(Whole(0), short="repeated")
"""Padding, which torch takes in a list of one as well."""


class Sliding(Layer, abstract=True):
    """A layer whose windows hang on its settings alone: they are made once, and asked for often."""

    __slots__ = ("_windows",)  # beside the settings, which alone tell layers apart
    _windows: tuple[Window, ...]

    slides = True

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def bound(self, *x: Tensor) -> Layer:
        layer = super().bound(*x)
        if layer is not self:  # what follows from the inputs changes no window
            object.__setattr__(layer, "_windows", self.windows(*x))
        return layer

    def _slid(self) -> tuple[Window, ...]:
        """The windows along every axis."""
        raise NotImplementedError

    def windows(self, x: Tensor) -> tuple[Window, ...]:
        try:
            return self._windows
        except AttributeError:
            object.__setattr__(self, "_windows", self._slid())
            return self._windows


def fits(x: Tensor, windows: tuple[Window, ...], what: str = "input") -> Iterator[Requirement]:
    """The requirement that every window finds at least one position on the padded ``x``.

    ``what`` names it: a layer slides over its input, unless it runs backwards.
    """
    for size, window in zip(x.spatial, windows):
        padded = size + window.before + window.after
        yield at_least(
            padded,
            window.extent,
            "has a kernel of {right} that does not fit its {what} of {size}"
            if padded == size
            else "has a kernel of {right} that does not fit its {what} of {size}, "
            "{left} with what is added around it",
            field="kernel_size",
            hint="make its {what} larger by at least {short}, or pad, or take a smaller kernel",
            what=what,
            size=size,
        )
