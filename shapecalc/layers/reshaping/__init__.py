"""Reshaping: the same elements in another arrangement, or a part of them.

All are views: they write nothing and compute nothing.
"""

# The catalogue has them in this order.
# isort: off
from shapecalc.layers.reshaping.dimensions import (
    Flatten,
    Permute,
    Squeeze,
    Unflatten,
    Unsqueeze,
    names_new_axis,
    with_new_axis,
)
from shapecalc.layers.reshaping.cutting import Chunk, Slice
# isort: on

__all__ = [
    "Chunk",
    "Flatten",
    "Permute",
    "Slice",
    "Squeeze",
    "Unflatten",
    "Unsqueeze",
    "names_new_axis",
    "with_new_axis",
]
