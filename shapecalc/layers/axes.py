"""What the dimensions of a tensor are called, and the letters they have in formulas."""

from __future__ import annotations

SPATIAL: dict[int, tuple[str, ...]] = {
    0: (),
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}
"""The names of spatial axes, by how many there are."""

LETTERS = {
    "batch": "B",
    "channels": "C",
    "features": "C",
    "heads": "N",
    "length": "L",
    "depth": "T",
    "height": "H",
    "width": "W",
}
"""The letters of axes; depth is T, since D is dilation."""


def behind_batch(ndim: int) -> tuple[str, ...]:
    """The names of the dimensions behind the batch of a tensor with ``ndim`` dimensions.

    >>> behind_batch(2), behind_batch(4), behind_batch(6)[:2]
    (('features',), ('channels', 'height', 'width'), ('dimension 1', 'dimension 2'))
    """
    if ndim == 2:
        return ("features",)
    if ndim - 2 in SPATIAL:
        return ("channels", *SPATIAL[ndim - 2])
    return tuple(f"dimension {i}" for i in range(1, ndim))


def name(axis: int, ndim: int) -> str:
    """The name of one dimension, counted from 0, the batch.

    >>> name(0, 4), name(2, 4), name(3, 7)
    ('batch', 'height', 'dimension 3')
    """
    return ("batch", *behind_batch(ndim))[axis]


def letters(rank: int) -> str:
    """The letters of spatial axes in a row; none where they have no names.

    >>> letters(1), letters(3)
    ('L', 'THW')
    """
    return "".join(LETTERS[each] for each in SPATIAL.get(rank, ()))
