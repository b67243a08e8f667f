"""What convolutions, pools and unfolding share: a window has to fit what it slides over."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.algebra.requirement import Requirement, at_least
from shapecalc.algebra.window import Window
from shapecalc.layers.tensor import Tensor


def fits(x: Tensor, windows: tuple[Window, ...], what: str = "input") -> Iterator[Requirement]:
    """The requirement that every window finds at least one position on the padded ``x``.

    ``what`` names it: a layer slides over its input, unless it runs backwards.
    """
    for size, window in zip(x.spatial, windows):
        padded = size + window.before + window.after
        yield at_least(
            padded,
            window.extent,
            lambda size=size, window=window, padded=padded: (  # type: ignore[misc]
                f"has a kernel of {window.extent} that does not fit its {what} of {size}"
                + (f", {padded} with what is added around it" if padded != size else "")
            ),
            field="kernel_size",
            hint=lambda window=window, padded=padded: (  # type: ignore[misc]
                f"make its {what} larger by at least {window.extent - padded}, or pad, "
                f"or take a smaller kernel"
            ),
        )
