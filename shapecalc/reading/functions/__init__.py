"""What torch's functions and a tensor's methods do, as kinds of the catalogue.

Most stand on the kinds themselves, in ``called``, and are made of that in ``catalogue``; in the
other files are those whose arguments decide which kind it is, or that only code has: sizes of
other tensors, weights given by hand, constants. ``base`` holds the table that all are put into,
``signatures`` what torch calls their parameters, by which ``arguments`` finds them.
"""

from __future__ import annotations

from shapecalc.reading.functions import catalogue  # the other files are imported by the table
from shapecalc.reading.functions.base import OPERATIONS, QUIET, listed, prod

__all__ = ["OPERATIONS", "QUIET", "catalogue", "listed", "prod"]
