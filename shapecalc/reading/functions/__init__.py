"""What torch's functions and a tensor's methods do, as kinds of the catalogue.

Most stand on the kinds themselves, in ``called``, and are made of that in ``catalogue``; in the
other files are those whose arguments decide which kind it is, or that only code has: sizes of
other tensors, weights given by hand, constants. ``base`` holds the table that all are put into.
"""

from __future__ import annotations

from shapecalc.reading.functions import (  # each puts its functions into the table
    catalogue,
    constants,
    convolutions,
    decompositions,
    elementwise,
    losses,
    parts,
    patterns,
    reductions,
    resampling,
    shapes,
    spectral,
    weights,
)
from shapecalc.reading.functions.base import OPERATIONS, QUIET, listed, prod
from shapecalc.reading.functions.losses import LOSSES

__all__ = [
    "LOSSES",
    "OPERATIONS",
    "QUIET",
    "catalogue",
    "constants",
    "convolutions",
    "decompositions",
    "elementwise",
    "listed",
    "losses",
    "parts",
    "patterns",
    "prod",
    "reductions",
    "resampling",
    "shapes",
    "spectral",
    "weights",
]
