"""numpy's tables of places: ``numpy.mgrid`` and ``numpy.ogrid``."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.known.base import NAMES, resolve

KNOWN = NAMES.part(__name__)


class Grid:
    """What slices in brackets make: the places along each, over all of them or along it alone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_open = name == "ogrid"

    def known_attribute(self, rt: Any, name: str) -> Any:
        """It has no attributes."""
        raise rt.error("AttributeError", f"'{self.name}' object has no attribute {name!r}")

    def known_item(self, rt: Any, index: Any) -> Any:
        """The places of one slice or of several."""
        several = index if isinstance(index, tuple) else (index,)
        axes = [_places(rt, each) for each in several]
        if not isinstance(index, tuple):
            return axes[0]
        if self.is_open:
            return tuple(_along(rt, each, n, len(axes)) for n, each in enumerate(axes))
        table = rt.call(resolve("torch.meshgrid"), axes, {"indexing": "ij"})
        return rt.call(resolve("numpy.stack"), [list(rt.iterate(table))], {})


def _places(rt: Any, each: Any) -> Any:
    """The places along a slice; an imaginary step is how many they are."""
    if not isinstance(each, slice) or each.stop is None:
        raise rt.cannot("a grid is made of slices that end")
    start = 0 if each.start is None else each.start
    if isinstance(each.step, complex):
        return rt.call(resolve("numpy.linspace"), [start, each.stop, int(abs(each.step))], {})
    step = 1 if each.step is None else each.step
    return rt.call(resolve("numpy.arange"), [start, each.stop, step], {})


def _along(rt: Any, places: Any, axis: int, count: int) -> Any:
    """Places along one of several axes."""
    sizes = [places.shape[0] if n == axis else 1 for n in range(count)]
    return rt.call(resolve("numpy.reshape"), [places, sizes], {})


for _name in ("mgrid", "ogrid"):
    KNOWN[f"numpy.{_name}"] = Grid(_name)
