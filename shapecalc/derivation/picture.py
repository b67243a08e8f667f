"""The kernel laid on the corner of the input, drawn in characters."""

from __future__ import annotations

WIDEST = 15
"""The widest kernel that is drawn."""


SIGNS = ("░", "█", "·")
"""Kernel over padding, kernel over the input, input alone."""

PLAIN_SIGNS = ("x", "O", ".")
"""The same in ASCII."""


def legend(*, ascii: bool = False) -> str:
    """What the signs of a picture mean."""
    over, on, image = PLAIN_SIGNS if ascii else SIGNS
    return f"{over} kernel over padding   {on} kernel over the input   {image} input"


def corner(
    before: tuple[int, ...],
    extent: tuple[int, ...],
    dilation: tuple[int, ...],
    *,
    ascii: bool = False,
) -> str:
    """The first position of a kernel on a padded input of one or two dimensions.

    ``before`` is the padding on the near side and ``extent`` the kernel's reach along each axis.
    Empty if kernel or padding are too wide to be drawn, or there are more than two axes.

    >>> print(corner((1, 1), (3, 3), (1, 1), ascii=True))
    x x x
    x O O . .
    x O O . .
      . . . .
      . . . .
    """
    if not 1 <= len(extent) <= 2 or max(*extent, *before) > WIDEST:
        return ""
    over, on, image = PLAIN_SIGNS if ascii else SIGNS
    if len(extent) == 1:
        before, extent, dilation = (0, *before), (1, *extent), (1, *dilation)
    rows = []
    for row in range(-before[0], max(extent[0] - before[0], 1) + (2 if extent[0] > 1 else 0)):
        cells = []
        for column in range(-before[1], max(extent[1] - before[1], 1) + 2):
            inside = row >= 0 and column >= 0
            hit = all(
                0 <= place + pad < reach and (place + pad) % step == 0
                for place, pad, reach, step in zip((row, column), before, extent, dilation)
            )
            cells.append((on if inside else over) if hit else image if inside else " ")
        rows.append(" ".join(cells).rstrip())
    return "\n".join(rows)
